//! Mailboxes that anyone gets without charge: their domain says nothing of an employer.
//!
//! Source: `shared/data/free-mail.tsv`, which says what is on it and why.

use crate::{domain::email::EmailDomain, policy::table};

const DOMAINS: &str = include_str!("../../../data/free-mail.tsv");

/// Whether a free-mail provider gives out addresses right at a domain. Subdomains are other people's.
pub fn is_free_mail(domain: &EmailDomain) -> bool {
    table::find(DOMAINS, domain.as_str()).is_some()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{super::disposable::BUILT_IN, *};

    #[rstest]
    #[case::google("gmail.com", true)]
    #[case::second_name("googlemail.com", true)]
    #[case::country("hotmail.co.uk", true)]
    #[case::other_spelling("Outlook.COM", true)]
    #[case::china("qq.com", true)]
    #[case::czechia("seznam.cz", true)]
    #[case::company("contoso.com", false)]
    #[case::google_itself("google.com", false)]
    #[case::microsoft_itself("microsoft.com", false)]
    #[case::tenant("contoso.onmicrosoft.com", false)]
    #[case::subdomain("students.gmail.com", false)]
    #[case::disposable("mailinator.com", false)]
    fn knows(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_free_mail(&EmailDomain::parse(name).unwrap()), expected);
    }

    #[test]
    fn every_line_of_the_list_is_found_and_not_disposable() {
        for (name, _) in table::rows(DOMAINS) {
            let domain = EmailDomain::parse(name).unwrap();
            assert!(is_free_mail(&domain), "{name}");
            assert!(!BUILT_IN.contains(&domain), "{name}");
        }
    }
}
