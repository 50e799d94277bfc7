//! Telephone numbers (ITU-T E.164), read by the numbering plans in `shared/data/`.
//!
//! What is checked is the calling code, the first two digits of the number and its length, so that a number block that was
//! opened yesterday is not refused. Whether a number is in use nobody can know from its digits.

use super::{Country, FormatFault, typed};
use crate::policy::table;

/// By country: calling code, international prefix, area code of shortened numbers.
const REGIONS: &str = include_str!("../../../data/phone-regions.tsv");

/// By calling code: trunk prefixes, and lengths by the first digits.
const PLANS: &str = include_str!("../../../data/phone-plans.tsv");

/// Longest number in digits, with its calling code (E.164, 6.1).
const MAX_DIGITS: usize = 15;

/// Longest digit string that is looked at: a number with an international prefix and a trunk prefix before it.
const MAX_TYPED_DIGITS: usize = 24;

/// The prefix that ITU-T E.164 recommends for calls abroad.
const USUAL_INTERNATIONAL_PREFIX: &str = "00";

/// The number as `+46701234567`. A number without its calling code is read as somebody in `country` would dial it.
///
/// An extension cannot be written in E.164, so a number with one is refused.
pub(in crate::policy) fn e164(
    value: &str,
    country: Option<Country>,
) -> Result<String, FormatFault> {
    let typed = Typed::read(value).ok_or(FormatFault::Phone)?;
    let number = if typed.has_plus {
        international(&typed.digits)
    } else {
        let region = country.and_then(|country| Region::of(country.code()));
        match region {
            Some(region) => national(&typed.digits, &region),
            None => Some(
                after_prefix(&typed.digits, USUAL_INTERNATIONAL_PREFIX)
                    .ok_or(FormatFault::PhoneCountry)?,
            ),
        }
    };
    let number = number.ok_or(FormatFault::Phone)?;
    Ok(format!("+{number}"))
}

/// What was typed, without its punctuation.
struct Typed {
    has_plus: bool,
    digits: String,
}

impl Typed {
    /// `None` for anything else than digits, a plus before them, and the punctuation of numbers (ITU-T E.123).
    fn read(value: &str) -> Option<Self> {
        if value.len() > typed::MAX_OCTETS {
            return None;
        }
        let mut has_plus = false;
        let mut digits = String::new();
        for c in value.chars().filter(|c| !typed::is_invisible(*c)) {
            match typed::plain(c) {
                digit if digit.is_ascii_digit() => digits.push(digit),
                '+' if digits.is_empty() && !has_plus => has_plus = true,
                ' ' | '-' | '.' | '/' | '(' | ')' => {}
                _ => return None,
            }
        }
        (1..=MAX_TYPED_DIGITS)
            .contains(&digits.len())
            .then_some(Self { has_plus, digits })
    }
}

/// How a country dials.
struct Region {
    calling_code: &'static str,
    international_prefix: &'static str,
    /// `268+7`: a number of seven digits is short for one with 268 before it.
    local: Option<(&'static str, usize)>,
}

impl Region {
    fn of(country: &str) -> Option<Self> {
        let mut columns = table::find(REGIONS, country)?.split('\t');
        Some(Self {
            calling_code: columns.next()?,
            international_prefix: columns.next()?,
            local: columns.next().and_then(|local| {
                let (area_code, length) = local.split_once('+')?;
                Some((area_code, length.parse().ok()?))
            }),
        })
    }
}

/// The numbers of one calling code, which several countries may share.
struct Plan {
    trunk_prefixes: &'static str,
    lengths: &'static str,
}

impl Plan {
    fn of(calling_code: &str) -> Option<Self> {
        let (trunk_prefixes, lengths) = table::find(PLANS, calling_code)?.split_once('\t')?;
        Some(Self {
            trunk_prefixes,
            lengths,
        })
    }

    /// Whether the plan has numbers that begin like this one and are as long.
    fn has(&self, number: &str) -> bool {
        let Some(prefix) = number.get(..2) else {
            return false;
        };
        let numbers = self
            .lengths
            .split(' ')
            .filter_map(|entry| entry.split_once(':'));
        let mut lengths = numbers.filter(|(prefixes, _)| is_in_span(prefixes, prefix));
        lengths.any(|(_, lengths)| has_length(lengths, number.len()))
    }

    /// The number itself, as it is or without the digit that is dialled before it inside the country.
    fn number<'n>(&self, digits: &'n str) -> Option<&'n str> {
        let without_trunk_prefix = || {
            let mut prefixes = self.trunk_prefixes.split(',').filter(|p| !p.is_empty());
            prefixes.find_map(|prefix| {
                digits
                    .strip_prefix(prefix)
                    .filter(|number| self.has(number))
            })
        };
        self.has(digits)
            .then_some(digits)
            .or_else(without_trunk_prefix)
    }
}

/// `20-29` or `20`; all have two digits, so they compare as texts.
fn is_in_span(span: &str, prefix: &str) -> bool {
    let (first, last) = span.split_once('-').unwrap_or((span, span));
    (first..=last).contains(&prefix)
}

/// `7,9-10`.
fn has_length(lengths: &str, length: usize) -> bool {
    lengths.split(',').any(|span| {
        let (first, last) = span.split_once('-').unwrap_or((span, span));
        let bound = |text: &str| text.parse::<usize>().ok();
        matches!((bound(first), bound(last)), (Some(first), Some(last)) if (first..=last).contains(&length))
    })
}

/// Reads digits that begin with a calling code. A trunk prefix after it, as in `+46 (0)70`, is left out.
fn international(digits: &str) -> Option<String> {
    // No calling code begins with another one.
    let (code, plan, rest) = (1..=3).find_map(|length| {
        let (code, rest) = digits.split_at_checked(length)?;
        Some((code, Plan::of(code)?, rest))
    })?;
    complete(code, plan.number(rest)?)
}

fn complete(calling_code: &str, number: &str) -> Option<String> {
    (calling_code.len() + number.len() <= MAX_DIGITS).then(|| format!("{calling_code}{number}"))
}

fn after_prefix(digits: &str, prefix: &str) -> Option<String> {
    digits.strip_prefix(prefix).and_then(international)
}

/// Reads digits as they are dialled in a country: abroad, inside the country, inside its only area, or with the calling
/// code and no plus.
fn national(digits: &str, region: &Region) -> Option<String> {
    let plan = Plan::of(region.calling_code)?;
    let inside = || complete(region.calling_code, plan.number(digits)?);
    let in_the_area = || {
        let (area_code, length) = region.local?;
        let number = format!("{area_code}{digits}");
        (digits.len() == length && plan.has(&number))
            .then(|| complete(region.calling_code, &number))?
    };
    let with_the_calling_code = || {
        let rest = digits.strip_prefix(region.calling_code)?;
        complete(region.calling_code, plan.number(rest)?)
    };
    after_prefix(digits, region.international_prefix)
        .or_else(|| after_prefix(digits, USUAL_INTERNATIONAL_PREFIX))
        .or_else(inside)
        .or_else(|| argentine_mobile(digits, region, &plan))
        .or_else(in_the_area)
        .or_else(with_the_calling_code)
}

/// In Argentina a mobile number is dialled with 15 after the area code (of two to four digits), and called from abroad with
/// 9 before it: `011 15-3456-7890` is `+54 9 11 3456 7890` (ENACOM, Plan Fundamental de Numeración Nacional).
fn argentine_mobile(digits: &str, region: &Region, plan: &Plan) -> Option<String> {
    if region.calling_code != "54" {
        return None;
    }
    let digits = digits.strip_prefix('0').unwrap_or(digits);
    (2..=4).find_map(|length| {
        let (area_code, rest) = digits.split_at_checked(length)?;
        let number = format!("9{area_code}{}", rest.strip_prefix("15")?);
        plan.has(&number).then(|| complete("54", &number))?
    })
}

#[cfg(test)]
mod tests;
