//! Mailboxes that live for minutes.
//!
//! The built-in list is that of the `disposable-email-domains` project; date and licence are in
//! `shared/data/disposable-domains.txt`. A newer one can be published in the table.

use std::{borrow::Cow, collections::BTreeSet, iter::successors};

use crate::{domain::email::EmailDomain, policy::table};

/// The domains of providers of disposable mail: text of one domain a line, sorted, and searched where it lies.
#[derive(Debug, Clone)]
pub struct DisposableDomains(Cow<'static, str>);

/// The list that the program carries.
pub static BUILT_IN: DisposableDomains = DisposableDomains(Cow::Borrowed(include_str!(
    "../../../data/disposable-domains.txt"
)));

/// A line of a list that is no domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Counts from 1.
    pub line: usize,
    pub found: String,
}

/// A published list whose lines are not in the order in which they are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {0} is not a domain that comes after the one before it")]
pub struct NotSorted(pub usize);

impl DisposableDomains {
    /// Reads a list as its authors write it: in any order and spelling, with comments (`#`) and empty lines.
    pub fn read(list: &str) -> Result<Self, Vec<BadLine>> {
        let (mut domains, mut bad) = (BTreeSet::new(), Vec::new());
        for (index, line) in list.lines().enumerate() {
            let found = line.trim();
            if found.is_empty() || found.starts_with('#') {
                continue;
            }
            match EmailDomain::parse(found) {
                Ok(domain) => {
                    domains.insert(domain.as_str().to_owned());
                }
                Err(_) => bad.push(BadLine {
                    line: index + 1,
                    found: found.to_owned(),
                }),
            }
        }
        if !bad.is_empty() {
            return Err(bad);
        }
        let lines = domains.into_iter().map(|domain| domain + "\n");
        Ok(Self(Cow::Owned(lines.collect())))
    }

    /// Takes a list over as [`text`](Self::text) gives it.
    pub fn published(text: String) -> Result<Self, NotSorted> {
        let mut last = "";
        for (index, line) in text.lines().enumerate() {
            if line <= last {
                return Err(NotSorted(index + 1));
            }
            last = line;
        }
        Ok(Self(Cow::Owned(text)))
    }

    /// The list as it is published.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Every domain, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.lines().filter(|line| !line.starts_with('#'))
    }

    /// Whether a provider of disposable mail is behind a domain: the domain or a parent of it is on the list, for these
    /// providers give out subdomains, too.
    pub fn contains(&self, domain: &EmailDomain) -> bool {
        let with_parents = successors(Some(domain.as_str()), |name| {
            name.split_once('.').map(|(_, parent)| parent)
        });
        with_parents
            .filter(|name| name.contains('.'))
            .any(|name| table::find(&self.0, name).is_some())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn is(list: &DisposableDomains, name: &str) -> bool {
        list.contains(&EmailDomain::parse(name).unwrap())
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
        assert_eq!(is(&BUILT_IN, name), expected);
    }

    #[test]
    fn every_line_of_the_list_is_found() {
        for name in BUILT_IN.iter() {
            assert!(is(&BUILT_IN, name), "{name}");
            assert_eq!(EmailDomain::parse(name).unwrap().as_str(), name);
        }
        let count = BUILT_IN.iter().count();
        assert!(count > 5_000, "{count} domains");
    }

    #[test]
    fn the_list_says_where_it_comes_from() {
        let lines = BUILT_IN.text().lines();
        let header: String = lines.take_while(|line| line.starts_with('#')).collect();
        for word in ["Source:", "commit", "Licence: CC0 1.0"] {
            assert!(header.contains(word), "{word}");
        }
    }

    #[test]
    fn a_list_is_read_in_any_order_and_spelling() {
        let text = "# new ones\r\n\r\n B.Example \na.example\r\nbücher.example\nb.example";
        let list = DisposableDomains::read(text).unwrap();
        assert_eq!(list.text(), "a.example\nb.example\nxn--bcher-kva.example\n");
        for name in ["b.example", "x.y.a.example", "Bücher.example"] {
            assert!(is(&list, name), "{name}");
        }
        assert!(!is(&list, "mailinator.com"));
        let again = DisposableDomains::published(list.text().to_owned()).unwrap();
        assert_eq!(again.text(), list.text());
    }

    #[test]
    fn a_list_without_domains_contains_nothing() {
        let list = DisposableDomains::read("# none\n").unwrap();
        assert_eq!(list.iter().count(), 0);
        assert!(!is(&list, "mailinator.com"));
    }

    #[test]
    fn every_line_that_is_no_domain_is_told() {
        let bad = DisposableDomains::read("a.example\n<html>\n\nlocalhost\na b.example\n");
        let bad = bad.unwrap_err();
        let told: Vec<_> = bad.iter().map(|one| (one.line, &*one.found)).collect();
        assert_eq!(told, [(2, "<html>"), (4, "localhost"), (5, "a b.example")]);
    }

    #[rstest]
    #[case::another_order("b.example\na.example\n", 2)]
    #[case::twice("a.example\na.example\n", 2)]
    #[case::empty_line("\na.example\n", 1)]
    fn a_published_list_that_cannot_be_searched_is_refused(
        #[case] text: &str,
        #[case] line: usize,
    ) {
        let refused = DisposableDomains::published(text.to_owned());
        assert_eq!(refused.unwrap_err(), NotSorted(line));
    }
}
