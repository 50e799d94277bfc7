//! The forms that a value can be asked to have.
//!
//! Each form has one file, which also knows the form's own way of writing, so that checking and normalising never disagree
//! on what a value is. The figures are in `shared/data/`, with their sources.

mod check_digits;
mod company_number;
mod country;
mod date;
pub(super) mod phone;
pub(super) mod postal_code;
mod shape;
mod typed;
mod url;
mod vat_number;

pub use self::country::Country;
#[cfg(test)]
pub(super) use self::country::all as all_countries;
use super::document::Format;
use crate::domain::email::EmailAddress;

/// Why a value does not have its form. The value itself is never part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FormatFault {
    #[error("it is not a telephone number")]
    Phone,
    #[error("it is a national telephone number, and the country is not known")]
    PhoneCountry,
    #[error("it is not a postal code of the country")]
    PostalCode,
    #[error("it is not a country")]
    Country,
    #[error("it is not a date of the calendar in the form `2026-11-21`")]
    Date,
    #[error("it is not an `https` or `http` URL")]
    Url,
    #[error("it is not a VAT number")]
    VatNumber,
    #[error("it is not a company's registration number")]
    CompanyNumber,
    #[error("it is not an e-mail address")]
    Email,
}

impl FormatFault {
    pub const ALL: [Self; 9] = [
        Self::Phone,
        Self::PhoneCountry,
        Self::PostalCode,
        Self::Country,
        Self::Date,
        Self::Url,
        Self::VatNumber,
        Self::CompanyNumber,
        Self::Email,
    ];

    /// Stable, and the end of a message code: `invalid-phone`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::PhoneCountry => "phone-country",
            Self::PostalCode => "postal-code",
            Self::Country => "country",
            Self::Date => "date",
            Self::Url => "url",
            Self::VatNumber => "vat-number",
            Self::CompanyNumber => "company-number",
            Self::Email => "email",
        }
    }
}

/// Whether a value has a form. The country is that of the person's address: by it national telephone numbers, postal codes,
/// company numbers, and VAT numbers without a prefix are read.
pub fn check(format: Format, value: &str, country: Option<Country>) -> Result<(), FormatFault> {
    match format {
        Format::Phone => phone::e164(value, country).map(drop),
        Format::PostalCode => postal_code::check(value, country),
        Format::Country => fault_unless(Country::parse(value).is_some(), FormatFault::Country),
        Format::Date => fault_unless(date::is_date(value), FormatFault::Date),
        Format::Url => fault_unless(url::is_web_url(value), FormatFault::Url),
        Format::VatNumber => fault_unless(
            vat_number::is_vat_number(value, country),
            FormatFault::VatNumber,
        ),
        Format::CompanyNumber => fault_unless(
            company_number::is_company_number(value, country),
            FormatFault::CompanyNumber,
        ),
        Format::Email => fault_unless(EmailAddress::parse(value).is_ok(), FormatFault::Email),
    }
}

fn fault_unless(holds: bool, fault: FormatFault) -> Result<(), FormatFault> {
    if holds { Ok(()) } else { Err(fault) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const FORMATS: [Format; 8] = [
        Format::Phone,
        Format::PostalCode,
        Format::Country,
        Format::Date,
        Format::Url,
        Format::VatNumber,
        Format::CompanyNumber,
        Format::Email,
    ];

    #[test]
    fn codes_are_distinct_and_kebab_case() {
        let codes: BTreeSet<_> = FormatFault::ALL.map(FormatFault::code).into();
        assert_eq!(codes.len(), FormatFault::ALL.len());
        assert!(
            codes
                .iter()
                .all(|code| { code.chars().all(|c| c.is_ascii_lowercase() || c == '-') })
        );
    }

    #[rstest]
    #[case::address("jane@example.com", true)]
    #[case::no_domain("jane", false)]
    #[case::two_addresses("jane@example.com@example.org", false)]
    #[case::display_name("Jane <jane@example.com>", false)]
    #[case::empty("", false)]
    fn checks_addresses(#[case] value: &str, #[case] valid: bool) {
        assert_eq!(check(Format::Email, value, None).is_ok(), valid);
    }

    #[rstest]
    #[case::digits("1")]
    #[case::letters("A")]
    #[case::spaces(" ")]
    #[case::combining_marks("e\u{301}\u{301}")]
    #[case::separators("(-")]
    #[case::brackets("[")]
    #[case::dots("a.")]
    fn refuses_the_longest_values(#[case] repeated: &str) {
        let long = repeated.repeat(16 * 1024 / repeated.len());
        for format in FORMATS {
            let result = check(format, &long, Country::parse("SE"));
            assert!(
                result.is_err(),
                "{format:?} accepted {repeated:?} many times"
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics(value in "\\PC{0,40}|[+0-9 ()./-]{0,24}|[A-Z]{2}[A-Z0-9 .-]{0,16}|https?://[\\PC]{0,24}", code in "[A-Z]{2}") {
            for format in FORMATS {
                let _ = check(format, &value, Country::parse(&code));
                let _ = check(format, &value, None);
            }
        }
    }
}
