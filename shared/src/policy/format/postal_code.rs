//! Postal codes, by the shapes that a country's post gives them (`shared/data/postal-codes.tsv`).

use super::{Country, FormatFault, shape};
use crate::policy::table;

const SHAPES: &str = include_str!("../../../data/postal-codes.tsv");

/// Letters and digits of the longest code of any country (Iran).
const LONGEST: usize = 10;

/// A country without a shape has no postal codes, or none that are known here, so nothing is refused there. Without a
/// country only what could be a code somewhere is accepted.
pub(super) fn check(value: &str, country: Option<Country>) -> Result<(), FormatFault> {
    let valid = match country {
        None => could_be_a_code(value),
        Some(country) => !has_shape(country) || written(value, country).is_some(),
    };
    super::fault_unless(valid, FormatFault::PostalCode)
}

/// The code with the spaces and the case of the country's post. A country code before it (`SE-114 55`, `D-10115`) is taken
/// away, and put there where it belongs to the code (`LV-1010`).
pub(in crate::policy) fn written(value: &str, country: Country) -> Option<String> {
    let columns = table::find(SHAPES, country.code())?;
    let (shapes, old_prefix) = columns.split_once('\t').unwrap_or((columns, ""));
    let typed = shape::typed_code(value)?;
    let code = typed.strip_prefix('〒').unwrap_or(&typed).trim_start();
    let bare = without(country.code(), code).or_else(|| without(old_prefix, code));
    let bare = bare.unwrap_or(code);
    shape::written(shapes, code)
        .or_else(|| shape::written(shapes, bare))
        .or_else(|| shape::written(shapes, &format!("{}{bare}", country.code())))
}

fn has_shape(country: Country) -> bool {
    table::find(SHAPES, country.code()).is_some()
}

/// The code after a prefix and its separator.
fn without<'c>(prefix: &str, code: &'c str) -> Option<&'c str> {
    if prefix.is_empty() {
        return None;
    }
    let rest = code.strip_prefix(prefix)?;
    Some(rest.strip_prefix(['-', ' ']).unwrap_or(rest))
}

fn could_be_a_code(value: &str) -> bool {
    let Some(code) = shape::typed_code(value) else {
        return false;
    };
    let characters = code.chars().filter(char::is_ascii_alphanumeric).count();
    (1..=LONGEST).contains(&characters)
        && code
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-'))
}

#[cfg(test)]
mod tests;
