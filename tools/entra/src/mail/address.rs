//! Addresses of mails, as far as a server looks at them.

/// The address in `Name <user@example.com>`, or the text itself.
pub(super) fn without_name(text: &str) -> &str {
    let text = text.trim();
    let bracketed = text
        .strip_suffix('>')
        .and_then(|text| text.rsplit_once('<'));
    bracketed.map_or(text, |(_, address)| address)
}

/// Whether a server would try to deliver to it (RFC 5321 4.1.2, 4.5.3.1; RFC 6531 3.3): a local part of up to 64 octets,
/// `@`, and a domain of up to 255.
pub(super) fn is_mailbox(address: &str) -> bool {
    address
        .rsplit_once('@')
        .is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain))
}

fn is_local_part(local: &str) -> bool {
    if local.is_empty() || local.len() > 64 || local.chars().any(char::is_control) {
        return false;
    }
    let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    quoted
        || !local.contains([
            ' ', '"', '(', ')', ',', ':', ';', '<', '>', '@', '[', ']', '\\',
        ])
}

fn is_domain(domain: &str) -> bool {
    if domain.len() > 255 {
        return false;
    }
    if let Some(literal) = domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return !literal.is_empty() && literal.chars().all(|c| c.is_ascii_graphic());
    }
    let is_label = |label: &str| {
        let ends_well = !label.starts_with('-') && !label.ends_with('-');
        !label.is_empty() && ends_well && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("johnsmith@fabrikam.com")]
    #[case::tag("john.smith+a'b@fabrikam.com")]
    #[case::quoted(r#""john smith"@fabrikam.com"#)]
    #[case::quoted_at(r#""a@b"@fabrikam.com"#)]
    #[case::literal("user@[127.0.0.1]")]
    #[case::international("jörg@münchen.example")]
    #[case::one_label("user@localhost")]
    fn mailboxes(#[case] address: &str) {
        assert!(is_mailbox(address));
    }

    #[rstest]
    #[case::empty("")]
    #[case::no_at("johnsmith")]
    #[case::no_local("@fabrikam.com")]
    #[case::no_domain("johnsmith@")]
    #[case::two("a@b@fabrikam.com")]
    #[case::a_space("john smith@fabrikam.com")]
    #[case::a_line("john\r\nsmith@fabrikam.com")]
    #[case::an_empty_label("johnsmith@fabrikam..com")]
    #[case::a_dash("johnsmith@-fabrikam.com")]
    #[case::a_long_local_part(
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.com"
    )]
    fn not_mailboxes(#[case] address: &str) {
        assert!(!is_mailbox(address));
    }

    #[rstest]
    #[case::bare(" johnsmith@fabrikam.com ")]
    #[case::named("John Smith <johnsmith@fabrikam.com>")]
    #[case::confusing(r#""a <b@c.com>" <johnsmith@fabrikam.com>"#)]
    fn a_name_is_left_out(#[case] text: &str) {
        assert_eq!(without_name(text), "johnsmith@fabrikam.com");
    }
}
