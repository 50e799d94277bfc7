//! E-mail addresses: parsed, never split, and compared in one canonical form.
//!
//! A list entry and the address of a sign-up meet only as [`CanonicalAddress`] or [`EmailDomain`],
//! so nothing that is merely spelled differently slips past an entry.

use std::fmt;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::normal_form::nfc;

/// Deepest domain that is looked at. A sign-up asks for one key per parent domain in a single
/// `BatchGetItem` of at most 100 keys, so the depth must have a bound; real mail domains have two to
/// six labels.
pub const MAX_LABELS: usize = 16;

/// Longest address in octets (RFC 5321 section 4.5.3.1.3, without the angle brackets).
const MAX_ADDRESS_OCTETS: usize = 254;

/// Longest local part in octets (RFC 5321 section 4.5.3.1.1).
const MAX_LOCAL_OCTETS: usize = 64;

/// Why a text is not an address or a domain. The text itself is never part of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailAddressError {
    #[error("it is longer than {MAX_ADDRESS_OCTETS} octets")]
    TooLong,
    #[error("it is not an address of the form `local@domain`")]
    Syntax,
    #[error("its domain is not a domain name")]
    Domain,
    #[error("its domain has fewer than two labels")]
    DomainNotQualified,
    #[error("its domain has more than {MAX_LABELS} labels")]
    DomainTooDeep,
}

/// A syntactically valid address, as RFC 5321 and RFC 6531 (internationalised mail) define it.
///
/// Two are equal when their canonical forms are.
#[derive(Clone)]
pub struct EmailAddress {
    text: String,
    canonical_local: String,
    domain: EmailDomain,
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        (&self.canonical_local, &self.domain) == (&other.canonical_local, &other.domain)
    }
}

impl Eq for EmailAddress {}

impl EmailAddress {
    /// Parses one bare address: no display name, no comment, no domain literal, no trailing dot.
    pub fn parse(text: &str) -> Result<Self, EmailAddressError> {
        if text.len() > MAX_ADDRESS_OCTETS {
            return Err(EmailAddressError::TooLong);
        }
        let (raw_local, raw_domain) = text.rsplit_once('@').ok_or(EmailAddressError::Syntax)?;
        if raw_local.len() > MAX_LOCAL_OCTETS {
            return Err(EmailAddressError::TooLong);
        }
        let domain = EmailDomain::parse(raw_domain)?;
        let local = plain_local(raw_local).ok_or(EmailAddressError::Syntax)?;
        let canonical_local = canonical_local(&local, domain.is_gmail());
        if canonical_local.is_empty() {
            return Err(EmailAddressError::Syntax);
        }
        // Folding can make a part longer; the canonical form has to be an address, too.
        let local_octets = quoted_if_needed(&canonical_local).len();
        let octets = local_octets + "@".len() + domain.as_str().len();
        if local_octets > MAX_LOCAL_OCTETS || octets > MAX_ADDRESS_OCTETS {
            return Err(EmailAddressError::TooLong);
        }
        Ok(Self {
            text: text.to_owned(),
            canonical_local,
            domain,
        })
    }

    /// As it was written: what mail is sent to.
    pub fn as_asserted(&self) -> &str {
        &self.text
    }

    pub fn domain(&self) -> &EmailDomain {
        &self.domain
    }

    /// The form in which addresses are compared and stored in lists.
    pub fn canonical(&self) -> CanonicalAddress {
        CanonicalAddress(format!(
            "{}@{}",
            quoted_if_needed(&self.canonical_local),
            self.domain
        ))
    }
}

impl fmt::Debug for EmailAddress {
    /// Personal data stays out of logs and test output by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

/// An address with everything folded that does not change the mailbox: letter case, Unicode
/// composition, quoting, the tag after `+`, the dots and the second name of Gmail, IDN to ASCII.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanonicalAddress(String);

impl CanonicalAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CanonicalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CanonicalAddress(…)")
    }
}

/// A mail domain in lower-case ASCII, `googlemail.com` folded into `gmail.com`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailDomain(String);

impl EmailDomain {
    pub fn parse(text: &str) -> Result<Self, EmailAddressError> {
        let ascii = ascii_domain(text)?;
        if !ascii.contains('.') {
            return Err(EmailAddressError::DomainNotQualified);
        }
        if ascii == "googlemail.com" {
            return Ok(Self("gmail.com".to_owned()));
        }
        Ok(Self(ascii))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `a.b.example` → `b.example`, `example`: what a `*.` entry can name.
    pub fn parents(&self) -> impl Iterator<Item = DomainSuffix> + '_ {
        self.0.match_indices('.').filter_map(|(dot, _)| {
            self.0
                .get(dot + 1..)
                .map(|parent| DomainSuffix(parent.to_owned()))
        })
    }

    fn is_gmail(&self) -> bool {
        self.0 == "gmail.com"
    }
}

impl fmt::Display for EmailDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The `example.com` of `*.example.com`: every domain below it, not the domain itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainSuffix(String);

impl DomainSuffix {
    pub fn parse(text: &str) -> Result<Self, EmailAddressError> {
        ascii_domain(text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// More labels name fewer domains.
    pub fn labels(&self) -> usize {
        self.0.split('.').count()
    }
}

/// UTS 46 with the rules of host names, within the lengths of DNS; a trailing dot is refused.
fn ascii_domain(text: &str) -> Result<String, EmailAddressError> {
    let ascii = Uts46::new()
        .to_ascii(
            text.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .map_err(|_| EmailAddressError::Domain)?;
    if ascii.split('.').count() > MAX_LABELS {
        return Err(EmailAddressError::DomainTooDeep);
    }
    Ok(ascii.into_owned())
}

fn canonical_local(local: &str, gmail: bool) -> String {
    let small: String = nfc(local).chars().flat_map(char::to_lowercase).collect();
    let folded = nfc(&small).into_owned();
    // A local part that starts with the plus is a name, not a tag.
    let untagged = match folded.split_once('+') {
        Some((name, _)) if !name.is_empty() => name.to_owned(),
        _ => folded,
    };
    if gmail {
        untagged.replace('.', "")
    } else {
        untagged
    }
}

/// The local part without its quotes (RFC 5321 section 4.1.2: dot-string or quoted-string), or nothing
/// when it is neither.
fn plain_local(local: &str) -> Option<String> {
    let Some(content) = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return is_dot_string(local).then(|| local.to_owned());
    };
    let mut plain = String::with_capacity(content.len());
    let mut characters = content.chars();
    while let Some(c) = characters.next() {
        let c = match c {
            '"' => return None,
            '\\' => characters.next()?,
            c => c,
        };
        if c != ' ' && !is_visible(c) {
            return None;
        }
        plain.push(c);
    }
    Some(plain)
}

fn is_dot_string(local: &str) -> bool {
    local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

/// Puts quotes back where an unquoted local part would read as something else.
fn quoted_if_needed(local: &str) -> String {
    let is_dot_string = local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atext));
    if is_dot_string {
        return local.to_owned();
    }
    let mut quoted = String::with_capacity(local.len() + 2);
    quoted.push('"');
    for c in local.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// RFC 5322 `atext`, with RFC 6531's UTF-8 letters.
fn is_atext(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
    } else {
        is_visible(c)
    }
}

/// Characters that nobody sees make two addresses look like one: they are refused, although RFC 6531
/// permits them.
fn is_visible(c: char) -> bool {
    let invisible = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !invisible && !c.is_control() && !c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn canonical(text: &str) -> String {
        EmailAddress::parse(text)
            .unwrap()
            .canonical()
            .as_str()
            .to_owned()
    }

    #[rstest]
    #[case::letter_case("John.Smith@Example.COM", "john.smith@example.com")]
    #[case::plus_tag("john+sales@example.com", "john@example.com")]
    #[case::two_plus_tags("john+a+b@example.com", "john@example.com")]
    #[case::leading_plus_is_a_name("+john@example.com", "+john@example.com")]
    #[case::gmail_dots("j.o.h.n@gmail.com", "john@gmail.com")]
    #[case::googlemail("J.ohn+x@googlemail.com", "john@gmail.com")]
    #[case::quoted_like_an_atom("\"john.smith\"@example.com", "john.smith@example.com")]
    #[case::quoted_with_space("\"john smith\"@example.com", "\"john smith\"@example.com")]
    #[case::quoted_at_sign("\"a@evil.example\"@good.example", "\"a@evil.example\"@good.example")]
    #[case::quoted_escape("\"a\\b\"@example.com", "ab@example.com")]
    #[case::idn("user@bücher.example", "user@xn--bcher-kva.example")]
    #[case::idn_in_ascii("user@XN--BCHER-KVA.example", "user@xn--bcher-kva.example")]
    #[case::fullwidth_dot("user@example。com", "user@example.com")]
    #[case::composed_local("jos\u{e9}@example.com", "jos\u{e9}@example.com")]
    #[case::decomposed_local("jose\u{301}@example.com", "jos\u{e9}@example.com")]
    #[case::sharp_s_domain("user@straße.example", "user@xn--strae-oqa.example")]
    fn folds_what_does_not_change_the_mailbox(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(canonical(text), expected);
    }

    #[rstest]
    #[case::empty("")]
    #[case::no_at("john.example.com")]
    #[case::no_local("@example.com")]
    #[case::no_domain("john@")]
    #[case::two_at("a@evil.example@good.example")]
    #[case::trailing_dot("john@example.com.")]
    #[case::trailing_dot_in_local("john.@example.com")]
    #[case::leading_dot_in_local(".john@example.com")]
    #[case::double_dot("jo..hn@example.com")]
    #[case::double_dot_in_domain("john@example..com")]
    #[case::single_label("john@localhost")]
    #[case::address_literal("john@[192.0.2.1]")]
    #[case::display_name("John <john@example.com>")]
    #[case::angle_brackets("<john@example.com>")]
    #[case::leading_space(" john@example.com")]
    #[case::trailing_space("john@example.com ")]
    #[case::line_break("john@example.com\r\nBcc: x@example.com")]
    #[case::zero_width_space("jo\u{200b}hn@example.com")]
    #[case::no_break_space("jo\u{a0}hn@example.com")]
    #[case::right_to_left_override("jo\u{202e}hn@example.com")]
    #[case::line_break_in_quotes("\"jo\\\nhn\"@example.com")]
    #[case::nul("john\0@example.com")]
    #[case::underscore_domain("john@exa_mple.com")]
    #[case::hyphen_edge("john@-example.com")]
    #[case::comment("john(comment)@example.com")]
    #[case::unclosed_quote("\"john@example.com")]
    #[case::only_dots_at_gmail("\"..\"@gmail.com")]
    fn refuses(#[case] text: &str) {
        assert!(EmailAddress::parse(text).is_err(), "{text:?} was accepted");
    }

    #[test]
    fn refuses_more_than_the_longest_address() {
        let local = "a".repeat(64);
        let domain = format!(
            "{}.{}.{}.example",
            "b".repeat(60),
            "c".repeat(60),
            "d".repeat(60)
        );
        assert_eq!(
            EmailAddress::parse(&format!("{local}@{domain}")),
            Err(EmailAddressError::TooLong)
        );
        assert!(EmailAddress::parse(&format!("{}@example.com", "a".repeat(65))).is_err());
    }

    #[rstest]
    #[case::domain_in_ascii(format!("{}@{}example", "a".repeat(64), "bücherverzeichnis.".repeat(9)))]
    #[case::composed_local(format!("{}@example.com", "\u{fb2c}".repeat(20)))]
    fn refuses_what_folding_makes_too_long(#[case] text: String) {
        assert!(text.len() <= MAX_ADDRESS_OCTETS);
        assert_eq!(EmailAddress::parse(&text), Err(EmailAddressError::TooLong));
    }

    #[test]
    fn refuses_a_domain_deeper_than_the_lookup() {
        let deep = format!("x@{}example.com", "a.".repeat(MAX_LABELS));
        assert_eq!(
            EmailAddress::parse(&deep),
            Err(EmailAddressError::DomainTooDeep)
        );
    }

    #[test]
    fn names_every_parent_domain() {
        let domain = EmailDomain::parse("a.b.example.com").unwrap();
        let parents: Vec<_> = domain.parents().map(|p| p.as_str().to_owned()).collect();
        assert_eq!(parents, ["b.example.com", "example.com", "com"]);
    }

    #[test]
    fn keeps_the_address_out_of_debug_output() {
        let address = EmailAddress::parse("john@example.com").unwrap();
        assert!(!format!("{address:?} {:?}", address.canonical()).contains("john"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn canonical_form_is_idempotent(text in "(\"[ -~éßΣσİ]{1,12}\"|[a-zA-Z0-9.+_éßΣσİ]{1,16})@[a-zA-Z0-9ü.-]{1,16}\\.(com|Example|gmail\\.com)") {
            if let Ok(address) = EmailAddress::parse(&text) {
                let once = address.canonical();
                let again = EmailAddress::parse(once.as_str()).map(|a| a.canonical());
                prop_assert_eq!(again, Ok(once));
            }
        }

        #[test]
        fn letter_case_never_matters(text in "[a-zA-Z0-9.+_-]{1,16}@[a-zA-Z0-9-]{1,16}\\.com") {
            if let Ok(address) = EmailAddress::parse(&text) {
                let upper = EmailAddress::parse(&text.to_uppercase()).map(|a| a.canonical());
                prop_assert_eq!(upper, Ok(address.canonical()));
            }
        }

        #[test]
        fn never_panics(text in "\\PC{0,64}") {
            let _ = EmailAddress::parse(&text);
        }
    }
}
