//! Who a mail is from, who gets it, and by which server it goes.

use std::fmt;

use super::email::{EmailAddress, EmailDomain};

/// Longest name of a sender, in characters.
const MAX_NAME: usize = 100;

/// An address as mail is sent to it: what the person wrote, and not the form in which lists compare it.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Address(String);

impl Address {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let syntax = |c: char| c.is_control() || c.is_whitespace() || "<>,;".contains(c);
        if text.contains(syntax) || EmailAddress::parse(text).is_err() {
            return None;
        }
        let (local, domain) = text.rsplit_once('@')?;
        // Mail services take domains in ASCII only.
        if domain.is_ascii() {
            return Some(Self(text.to_owned()));
        }
        let domain = EmailDomain::parse(domain).ok()?;
        Some(Self(format!("{local}@{}", domain.as_str())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

/// An address with a name or without: `Contoso <no-reply@contoso.com>`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mailbox {
    pub name: Option<String>,
    pub address: Address,
}

impl Mailbox {
    pub fn parse(text: &str) -> Option<Self> {
        let Some(rest) = text.trim().strip_suffix('>') else {
            let address = Address::parse(text)?;
            return Some(Self {
                name: None,
                address,
            });
        };
        let (name, address) = rest.split_once('<')?;
        let name = name.trim();
        let unquoted = name
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'));
        let name = unquoted.unwrap_or(name);
        let syntax = |c: char| c.is_control() || "<>\"\\".contains(c);
        if name.contains(syntax) || name.chars().count() > MAX_NAME {
            return None;
        }
        Some(Self {
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            address: Address::parse(address)?,
        })
    }

    /// The name, or the address of a sender without one.
    pub fn told(&self) -> &str {
        self.name.as_deref().unwrap_or(self.address.as_str())
    }
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// From its first octet.
    Implicit,
    /// By `STARTTLS`, which the server must offer.
    StartTls,
    /// Not at all: for a server on this very machine.
    None,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpServer {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::as_it_was_written("John+x@Example.com", Some("John+x@Example.com"))]
    #[case::domain_in_ascii("a@bücher.example", Some("a@xn--bcher-kva.example"))]
    #[case::google_stays("a@googlemail.com", Some("a@googlemail.com"))]
    #[case::line_break("a@b.example\r\nBcc: c@d.example", None)]
    #[case::two("a@b.example,c@d.example", None)]
    #[case::no_address("someone", None)]
    #[case::empty("", None)]
    fn an_address_is_sent_to_as_it_was_written(#[case] text: &str, #[case] expected: Option<&str>) {
        let found = Address::parse(text);
        assert_eq!(found.as_ref().map(Address::as_str), expected);
    }

    #[rstest]
    #[case::bare("a@b.example", Some((None, "a@b.example")))]
    #[case::named("Contoso AB <a@b.example>", Some((Some("Contoso AB"), "a@b.example")))]
    #[case::quoted("\"Contoso, Inc.\" <a@b.example>", Some((Some("Contoso, Inc."), "a@b.example")))]
    #[case::no_name("<a@b.example>", Some((None, "a@b.example")))]
    #[case::line_break("Contoso\n AB <a@b.example>", None)]
    #[case::no_address("Contoso", None)]
    #[case::open("Contoso <a@b.example", None)]
    fn a_mailbox_has_a_name_or_none(
        #[case] text: &str,
        #[case] expected: Option<(Option<&str>, &str)>,
    ) {
        let found = Mailbox::parse(text);
        let found = found
            .as_ref()
            .map(|one| (one.name.as_deref(), one.address.as_str()));
        assert_eq!(found, expected);
    }
}
