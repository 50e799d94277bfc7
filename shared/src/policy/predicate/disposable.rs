//! Mailboxes that live for minutes.
//!
//! Source: the list of the `disposable-email-domains` project; date and licence are in
//! `shared/data/disposable-domains.txt`.

use super::domain_list;
use crate::domain::email::EmailDomain;

const DOMAINS: &str = include_str!("../../../data/disposable-domains.txt");

/// Whether a provider of disposable mail is behind a domain: the domain or a parent of it is on the list, for these
/// providers give out subdomains, too.
pub fn is_disposable(domain: &EmailDomain) -> bool {
    let listed = |name: &str| name.contains('.') && domain_list::contains(DOMAINS, name);
    listed(domain.as_str()) || domain.parents().any(|parent| listed(parent.as_str()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn is(name: &str) -> bool {
        is_disposable(&EmailDomain::parse(name).unwrap())
    }

    #[rstest]
    #[case::listed("mailinator.com", true)]
    #[case::other_spelling("YopMail.Com", true)]
    #[case::subdomain("anything.mailinator.com", true)]
    #[case::deep_subdomain("a.b.c.guerrillamail.com", true)]
    #[case::free_is_not_disposable("gmail.com", false)]
    #[case::company("contoso.com", false)]
    #[case::ends_alike("contosomailinator.com", false)]
    #[case::begins_alike("mailinator.com.example", false)]
    #[case::top_level("example.com", false)]
    fn knows(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is(name), expected);
    }

    #[test]
    fn every_line_of_the_list_is_found() {
        let mut count = 0;
        for name in domain_list::domains(DOMAINS) {
            assert!(domain_list::contains(DOMAINS, name), "{name}");
            assert_eq!(EmailDomain::parse(name).unwrap().as_str(), name);
            count += 1;
        }
        assert!(count > 5_000, "{count} domains");
    }

    #[test]
    fn the_list_says_where_it_comes_from() {
        let header: String = DOMAINS
            .lines()
            .take_while(|line| line.starts_with('#'))
            .collect();
        for word in ["Source:", "commit", "Licence: CC0 1.0"] {
            assert!(header.contains(word), "{word}");
        }
    }
}
