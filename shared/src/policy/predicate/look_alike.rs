//! Domains that are meant to be taken for one of ours: `rnicrosoft.com`, `contoso-login.com`, `contoso.co`.
//!
//! Source of the first comparison: Unicode Technical Standard 39, section 4 (skeletons of confusable texts), on the
//! Unicode form of internationalised labels. The others are plain: the distance of Damerau and Levenshtein, and the
//! known name within a longer one. Each is a hint for a rule, not a verdict: a person may well come from such a domain.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, Hyphens, Uts46};

use crate::{
    domain::{
        email::EmailDomain,
        normal_form::{is_mark, nfd},
    },
    policy::table,
};

/// What the characters of host names look like; those that look like themselves alone are not in it.
const CONFUSABLES: &str = include_str!("../../../data/confusables.tsv");

/// Which known domain another one resembles, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resemblance<'k> {
    /// As it was given.
    pub known: &'k str,
    pub how: How,
}

/// How a domain resembles another, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// It looks the same: `rnicrosoft.com`, `c0ntoso.com`, a Cyrillic `о`.
    Confusable,
    /// The same name under another ending: `contoso.co`.
    OtherEnding,
    /// One or two letters away: `contosso.com`.
    Typo,
    /// The name with something added: `contoso-login.com`, `contoso.com.example.net`.
    Embedded,
}

impl How {
    pub const ALL: [Self; 4] = [
        Self::Confusable,
        Self::OtherEnding,
        Self::Typo,
        Self::Embedded,
    ];

    /// The stable name in traces and logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Confusable => "confusable",
            Self::OtherEnding => "other-ending",
            Self::Typo => "typo",
            Self::Embedded => "embedded",
        }
    }
}

/// The known domain that a domain resembles most, the first of several.
///
/// A known domain and its subdomains resemble none, even where two known domains are alike.
pub fn resemblance<'k>(
    domain: &EmailDomain,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<Resemblance<'k>> {
    // What cannot be parsed is no domain that anyone could resemble.
    let parsed = |text: &'k str| Some((text, EmailDomain::parse(text).ok()?));
    let known: Vec<_> = known.into_iter().filter_map(parsed).collect();
    if known.iter().any(|(_, known)| is_within(domain, known)) {
        return None;
    }
    let candidate = Name::of(domain);
    let found = known.iter().filter_map(|(text, known)| {
        let how = candidate.resembles(&Name::of(known))?;
        Some(Resemblance { known: text, how })
    });
    found.min_by_key(|found| found.how)
}

/// Whether a domain is another one or below it.
pub fn is_within(domain: &EmailDomain, parent: &EmailDomain) -> bool {
    let below = |rest: &str| rest.is_empty() || rest.ends_with('.');
    domain
        .as_str()
        .strip_suffix(parent.as_str())
        .is_some_and(below)
}

/// Shortest names for which a comparison says anything: most texts of three or four letters are one letter away from a
/// word, and a part of one.
const SHORTEST_TYPO: usize = 5;
const SHORTEST_WITH_TWO_TYPOS: usize = 11;
const SHORTEST_IN_HYPHENS: usize = 4;
const SHORTEST_WITH_LURE: usize = 3;
const SHORTEST_JOINED_WITH_LURE: usize = 4;
const SHORTEST_JOINED: usize = 7;

/// Words that are put beside a name to make an address look official.
const LURES: &[&str] = &[
    "access", "account", "accounts", "admin", "alert", "app", "auth", "billing", "careers",
    "cloud", "confirm", "connect", "corp", "customer", "delivery", "desk", "direct", "global",
    "group", "help", "helpdesk", "hr", "id", "inc", "info", "invoice", "it", "jobs", "live",
    "login", "logon", "ltd", "mail", "mfa", "my", "notice", "office", "official", "online", "pay",
    "payment", "payments", "payroll", "portal", "reset", "safe", "secure", "security", "service",
    "services", "signin", "signup", "site", "sso", "support", "team", "the", "tracking", "update",
    "updates", "user", "vendor", "verify", "vpn", "web", "webmail",
];

/// A domain in the parts that are compared.
struct Name<'d> {
    /// In ASCII, as a whole.
    domain: &'d str,
    /// What its owner registered: the label before the ending, in Unicode.
    label: Cow<'d, str>,
    /// `com`, `co.uk`.
    ending: &'d str,
    /// The label as it looks.
    skeleton: String,
}

impl<'d> Name<'d> {
    fn of(domain: &'d EmailDomain) -> Self {
        let domain = domain.as_str();
        let (label, ending) = registered(domain);
        let label = unicode(label);
        Self {
            skeleton: skeleton(&label),
            domain,
            label,
            ending,
        }
    }

    fn resembles(&self, known: &Self) -> Option<How> {
        let same_label = self.label == known.label;
        if same_label && self.ending == known.ending {
            return None;
        }
        if same_label {
            return Some(How::OtherEnding);
        }
        if self.skeleton == known.skeleton {
            return Some(How::Confusable);
        }
        if self.is_typo_of(known) {
            return Some(How::Typo);
        }
        self.embeds(known).then_some(How::Embedded)
    }

    fn is_typo_of(&self, known: &Self) -> bool {
        let limit = match known.length() {
            0..SHORTEST_TYPO => return false,
            SHORTEST_TYPO..SHORTEST_WITH_TWO_TYPOS => 1,
            _ => 2,
        };
        // The sites of one owner are numbered: neither of `school1` and `school2` is a slip.
        let numbered = || without_numbers(&self.label) == without_numbers(&known.label);
        is_within_distance(&self.label, &known.label, limit)
            && is_within_distance(self.ending, known.ending, 1)
            && !numbered()
    }

    fn embeds(&self, known: &Self) -> bool {
        let looks_longer = self.skeleton.contains(&known.skeleton);
        self.spells_out(known)
            || looks_longer && (self.has_between_hyphens(known) || self.is_joined_with(known))
    }

    /// `contoso.com.example.net`: the whole known domain to the left of another one.
    fn spells_out(&self, known: &Self) -> bool {
        let label = registered(known.domain).0;
        self.domain.contains(label)
            && format!(".{}", self.domain).contains(&format!(".{label}.{}.", known.ending))
    }

    /// `contoso-login`, `my-contoso`.
    fn has_between_hyphens(&self, known: &Self) -> bool {
        let (whole, part) = (
            format!("-{}-", self.skeleton),
            format!("-{}-", known.skeleton),
        );
        let lured = || self.skeleton.split('-').any(is_lure);
        whole.contains(&part)
            && (known.length() >= SHORTEST_IN_HYPHENS
                || known.length() >= SHORTEST_WITH_LURE && lured())
    }

    /// `contosologin`, `mycontoso`, `contosobakery`.
    fn is_joined_with(&self, known: &Self) -> bool {
        let skeleton = self.skeleton.as_str();
        let before = skeleton.strip_suffix(&*known.skeleton);
        let after = skeleton.strip_prefix(&*known.skeleton);
        before.into_iter().chain(after).any(|added| {
            known.length() >= SHORTEST_JOINED
                || known.length() >= SHORTEST_JOINED_WITH_LURE && is_lure(added.trim_matches('-'))
        })
    }

    fn length(&self) -> usize {
        self.label.chars().count()
    }
}

/// Second levels under which countries register names. Beside these an ending is one label: the whole list of public
/// suffixes is larger than everything else here, and the worst that a missing one does is a hint too few.
const SECOND_LEVELS: &[&str] = &[
    "ac", "co", "com", "edu", "go", "gob", "gouv", "gov", "govt", "ltd", "ne", "net", "nom", "or",
    "org", "plc", "sch",
];

/// The label that was registered, and the ending after it.
fn registered(domain: &str) -> (&str, &str) {
    let (rest, top) = domain.rsplit_once('.').unwrap_or(("", domain));
    let (above, second) = rest.rsplit_once('.').unwrap_or(("", rest));
    if above.is_empty() || top.len() != 2 || !SECOND_LEVELS.contains(&second) {
        return (second, top);
    }
    let ending = domain.get(above.len() + 1..).unwrap_or(top);
    let label = above.rsplit_once('.').map_or(above, |(_, label)| label);
    (label, ending)
}

fn unicode(label: &str) -> Cow<'_, str> {
    if !label.starts_with("xn--") {
        return Cow::Borrowed(label);
    }
    let (text, _) = Uts46::new().to_unicode(label.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow);
    text
}

/// The skeleton of UTS 39, and beyond it without accents and case, and with `vv` as `w`: the standard makes `O` of `0`,
/// and does not compare letters with pairs of letters except `rn` with `m`.
fn skeleton(label: &str) -> String {
    let looks: String = if label.is_ascii() {
        label.chars().flat_map(ascii_prototype).collect()
    } else {
        unicode_prototypes(label)
    };
    if looks.contains("vv") {
        return looks.replace("vv", "w");
    }
    looks
}

fn unicode_prototypes(label: &str) -> String {
    nfd(label).chars().flat_map(prototype).collect()
}

/// Without accents and case.
fn prototype(c: char) -> impl Iterator<Item = char> {
    let looks = table::find(CONFUSABLES, c.encode_utf8(&mut [0; 4]));
    let itself = looks.is_none() && !is_mark(c);
    let itself = itself.then(|| c.to_lowercase()).into_iter().flatten();
    looks.unwrap_or_default().chars().chain(itself)
}

/// What [`unicode_prototypes`] makes of a character of a host name, without the search in the tables of Unicode: most
/// names have no others, and a person's domain is compared with all of ours.
fn ascii_prototype(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'm' => ('r', Some('n')),
        '0' => ('o', None),
        '1' => ('l', None),
        other => (other, None),
    };
    [Some(first), second].into_iter().flatten()
}

/// A word of a skeleton that makes a name look official, or a number: `contoso365`.
fn is_lure(word: &str) -> bool {
    // The skeleton of `m` is `rn`.
    let word = word.replace("rn", "m");
    let number = |c: char| c.is_ascii_digit() || matches!(c, 'o' | 'l');
    LURES.contains(&word.as_str())
        || !word.is_empty() && word.len() <= 4 && word.chars().all(number)
}

fn without_numbers(label: &str) -> String {
    label
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect()
}

/// Whether at most so many letters are wrong, missing, too many, or swapped with their neighbour: the distance of
/// Damerau and Levenshtein in its restricted form, in which no part is changed twice.
fn is_within_distance(one: &str, other: &str, limit: usize) -> bool {
    if one.chars().count().abs_diff(other.chars().count()) > limit {
        return false;
    }
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    distance(&one, &other) <= limit
}

fn distance(one: &[char], other: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    let mut swapped = None;
    for (line, c) in one.iter().enumerate() {
        let mut row = Vec::with_capacity(above.len());
        let mut left = line + 1;
        row.push(left);
        let mut previous = None;
        for (cell, d) in other.iter().enumerate() {
            let at = |row: &[usize], cell: usize| row.get(cell).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&above, cell) + usize::from(c != d);
            let mut least = replaced.min(at(&above, cell + 1) + 1).min(left + 1);
            if swapped == Some(d) && previous == Some(c) {
                least = least.min(at(&before, cell.wrapping_sub(1)) + 1);
            }
            left = least;
            row.push(left);
            previous = Some(d);
        }
        before = std::mem::replace(&mut above, row);
        swapped = Some(c);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const KNOWN: [&str; 9] = [
        "contoso.com",
        "microsoft.com",
        "woodgrove.co.uk",
        "wideworldimporters.com",
        "abb.com",
        "adatum.se",
        "müller.example",
        "school1.example",
        "mail.fabrikam.org",
    ];

    fn found(domain: &str) -> Option<(&'static str, How)> {
        let domain = EmailDomain::parse(domain).unwrap();
        resemblance(&domain, KNOWN).map(|found| (found.known, found.how))
    }

    #[rstest]
    // --- what looks the same
    #[case("rnicrosoft.com", "microsoft.com", How::Confusable)]
    #[case("micr0soft.com", "microsoft.com", How::Confusable)]
    #[case("rnicr0s0ft.com", "microsoft.com", How::Confusable)]
    #[case("c0ntoso.com", "contoso.com", How::Confusable)]
    #[case("c0nt0s0.com", "contoso.com", How::Confusable)]
    #[case("c0nt0s0.net", "contoso.com", How::Confusable)]
    #[case("c\u{43e}ntoso.com", "contoso.com", How::Confusable)]
    #[case("с\u{43e}nt\u{43e}s\u{43e}.com", "contoso.com", How::Confusable)]
    #[case("xn--cntoso-wqf.com", "contoso.com", How::Confusable)]
    #[case("cóntosó.com", "contoso.com", How::Confusable)]
    #[case("c\u{1ecd}nt\u{1ecd}so.com", "contoso.com", How::Confusable)]
    #[case("contøso.com", "contoso.com", How::Confusable)]
    #[case("conto\u{455}o.com", "contoso.com", How::Confusable)]
    #[case("vvoodgrove.co.uk", "woodgrove.co.uk", How::Confusable)]
    #[case("w00dgrove.co.uk", "woodgrove.co.uk", How::Confusable)]
    #[case("muller.example", "müller.example", How::Confusable)]
    #[case("schooll.example", "school1.example", How::Confusable)]
    #[case("mail.fabr\u{456}kam.org", "mail.fabrikam.org", How::Confusable)]
    #[case("wideworldirnporters.com", "wideworldimporters.com", How::Confusable)]
    // --- another ending
    #[case("contoso.co", "contoso.com", How::OtherEnding)]
    #[case("contoso.cm", "contoso.com", How::OtherEnding)]
    #[case("contoso.net", "contoso.com", How::OtherEnding)]
    #[case("contoso.co.uk", "contoso.com", How::OtherEnding)]
    #[case("mail.contoso.org", "contoso.com", How::OtherEnding)]
    #[case("woodgrove.uk", "woodgrove.co.uk", How::OtherEnding)]
    #[case("woodgrove.com", "woodgrove.co.uk", How::OtherEnding)]
    #[case("abb.example", "abb.com", How::OtherEnding)]
    // --- slips of a letter
    #[case("contosso.com", "contoso.com", How::Typo)]
    #[case("contso.com", "contoso.com", How::Typo)]
    #[case("cnotoso.com", "contoso.com", How::Typo)]
    #[case("comtoso.com", "contoso.com", How::Typo)]
    #[case("contosoo.co", "contoso.com", How::Typo)]
    #[case("login.contosso.com", "contoso.com", How::Typo)]
    #[case("micorsoft.com", "microsoft.com", How::Typo)]
    #[case("micros0ft1.com", "microsoft.com", How::Embedded)]
    #[case("wideworldimprters.com", "wideworldimporters.com", How::Typo)]
    #[case("wideworldimpotrer.com", "wideworldimporters.com", How::Typo)]
    #[case("widworldimporterss.com", "wideworldimporters.com", How::Typo)]
    #[case("adatun.se", "adatum.se", How::Typo)]
    #[case("datum.se", "adatum.se", How::Typo)]
    // --- something added
    #[case("contoso-login.com", "contoso.com", How::Embedded)]
    #[case("my-contoso.example", "contoso.com", How::Embedded)]
    #[case("secure-contoso-account.example", "contoso.com", How::Embedded)]
    #[case("c0ntoso-login.com", "contoso.com", How::Embedded)]
    #[case("contosologin.com", "contoso.com", How::Embedded)]
    #[case("mycontoso.com", "contoso.com", How::Embedded)]
    #[case("contoso365.com", "contoso.com", How::Embedded)]
    #[case("contosobakery.com", "contoso.com", How::Embedded)]
    #[case("adatumsupport.com", "adatum.se", How::Embedded)]
    #[case("teamadatum.com", "adatum.se", How::Embedded)]
    #[case("abb-login.com", "abb.com", How::Embedded)]
    #[case("contoso.com.example.net", "contoso.com", How::Embedded)]
    #[case("mail.contoso.com.evil.example", "contoso.com", How::Embedded)]
    #[case("login.woodgrove.co.uk.example.net", "woodgrove.co.uk", How::Embedded)]
    fn flags(#[case] domain: &str, #[case] known: &str, #[case] how: How) {
        assert_eq!(found(domain), Some((known, how)), "{domain}");
    }

    #[rstest]
    // --- ours
    #[case("contoso.com")]
    #[case("CONTOSO.com")]
    #[case("mail.contoso.com")]
    #[case("contoso.contoso.com")]
    #[case("c0ntoso.contoso.com")]
    #[case("woodgrove.co.uk")]
    #[case("north.woodgrove.co.uk")]
    #[case("müller.example")]
    #[case("xn--mller-kva.example")]
    #[case("mail.fabrikam.org")]
    #[case("fabrikam.org")]
    #[case("other.fabrikam.org")]
    // --- other people's
    #[case("consultoso.example")]
    #[case("consul.example")]
    #[case("conto.com")]
    #[case("toso.com")]
    #[case("contour.com")]
    #[case("contessa.com")]
    #[case("contoso.example.net")]
    #[case("microsite.com")]
    #[case("microsaft.de")]
    #[case("macrosoft.example")]
    #[case("soft.com")]
    #[case("abc.com")]
    #[case("abbey.com")]
    #[case("abbott.com")]
    #[case("grabb.com")]
    #[case("ab.com")]
    #[case("wood.co.uk")]
    #[case("grove.co.uk")]
    #[case("co.uk")]
    #[case("bbc.co.uk")]
    #[case("dat.se")]
    #[case("adam.se")]
    #[case("anatomy.se")]
    #[case("metadatum.net")]
    #[case("miller.com")]
    #[case("school2.example")]
    #[case("school9.example")]
    #[case("worldimporters.net")]
    #[case("wideworld.com")]
    #[case("importers.com")]
    #[case("gmail.com")]
    #[case("outlook.com")]
    #[case("xn--80ak6aa92e.com")]
    #[case("例え.example")]
    #[case("fabric.org")]
    fn flags_nothing(#[case] domain: &str) {
        assert_eq!(found(domain), None, "{domain}");
    }

    #[rstest]
    #[case("", "abc", 3)]
    #[case("abc", "", 3)]
    #[case("abc", "abc", 0)]
    #[case("abc", "acb", 1)]
    #[case("ab", "ba", 1)]
    #[case("abcd", "badc", 2)]
    #[case("ca", "abc", 3)]
    #[case("kitten", "sitting", 3)]
    #[case("contoso", "cnotosoo", 2)]
    #[case("é", "e", 1)]
    fn measures_the_distance(#[case] one: &str, #[case] other: &str, #[case] expected: usize) {
        let (one, other): (Vec<_>, Vec<_>) = (one.chars().collect(), other.chars().collect());
        assert_eq!(distance(&one, &other), expected);
        assert_eq!(distance(&other, &one), expected);
    }

    #[rstest]
    #[case("contoso.com", "contoso", "com")]
    #[case("mail.contoso.com", "contoso", "com")]
    #[case("contoso.co.uk", "contoso", "co.uk")]
    #[case("mail.contoso.com.au", "contoso", "com.au")]
    #[case("co.uk", "co", "uk")]
    #[case("contoso.uk", "contoso", "uk")]
    #[case("a.co.example", "co", "example")]
    fn tells_the_label_from_the_ending(
        #[case] domain: &str,
        #[case] label: &str,
        #[case] ending: &str,
    ) {
        assert_eq!(registered(domain), (label, ending));
    }

    /// As the standard has it, in the table of the library.
    fn standard(label: &str) -> String {
        let skeleton = unicode_security::skeleton(label).filter(|c| !is_mark(*c));
        skeleton.flat_map(char::to_lowercase).collect()
    }

    #[test]
    fn every_character_of_a_host_name_looks_as_the_standard_has_it() {
        let labels = (char::MIN..=char::MAX)
            .flat_map(|c| [format!("{c}"), format!("a{c}b"), format!("ا{c}ا")]);
        let domains =
            labels.filter_map(|label| EmailDomain::parse(&format!("{label}.example")).ok());
        let mut compared = 0;
        for domain in domains {
            let label = unicode(registered(domain.as_str()).0);
            assert_eq!(unicode_prototypes(&label), standard(&label), "{label:?}");
            compared += 1;
        }
        assert!(compared > 100_000, "{compared}");
    }

    #[test]
    fn ascii_has_the_prototypes_of_the_standard() {
        for c in ('a'..='z').chain('0'..='9').chain(['-']) {
            let label = c.to_string();
            assert_eq!(ascii_prototype(c).collect::<String>(), standard(&label));
        }
    }

    #[test]
    fn the_most_telling_resemblance_wins_and_then_the_first() {
        let domain = EmailDomain::parse("c0ntoso.com").unwrap();
        let known = ["ccntoso.com", "contoso.com", "contoso.net"];
        let found = resemblance(&domain, known).unwrap();
        assert_eq!((found.known, found.how), ("contoso.com", How::Confusable));
    }

    #[test]
    fn a_known_name_that_is_no_domain_resembles_nothing() {
        let domain = EmailDomain::parse("contoso.com").unwrap();
        assert_eq!(resemblance(&domain, ["", "contoso", "con toso.com"]), None);
        assert_eq!(resemblance(&domain, []), None);
    }

    #[test]
    fn the_tenant_of_a_known_domain_is_no_look_alike() {
        let domain = EmailDomain::parse("contoso.onmicrosoft.com").unwrap();
        assert_eq!(resemblance(&domain, ["contoso.com"]), None);
    }

    #[test]
    fn codes_are_distinct() {
        let codes: std::collections::BTreeSet<_> = How::ALL.iter().map(|how| how.code()).collect();
        assert_eq!(codes.len(), How::ALL.len());
    }

    proptest! {
        #[test]
        fn nobody_of_ours_is_flagged(prefix in "([a-z0-9]{1,8}\\.){0,3}", index in 0..KNOWN.len()) {
            prop_assert_eq!(found(&format!("{prefix}{}", KNOWN[index])), None);
        }

        #[test]
        fn host_names_look_as_the_standard_has_them(label in "[\\p{Alphabetic}\\p{Mn}\\p{Nd}-]{1,12}") {
            if let Ok(domain) = EmailDomain::parse(&format!("{label}.example")) {
                let label = unicode(registered(domain.as_str()).0);
                prop_assert_eq!(unicode_prototypes(&label), standard(&label));
            }
        }

        #[test]
        fn any_two_domains_can_be_compared(one in "[a-z0-9éо.-]{1,20}\\.(com|co\\.uk)", other in "\\PC{0,30}") {
            if let Ok(domain) = EmailDomain::parse(&one) {
                resemblance(&domain, [other.as_str()]);
            }
        }
    }
}
