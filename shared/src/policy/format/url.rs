//! Web addresses (RFC 3986, and RFC 3987 for characters outside ASCII), stricter than a browser's address bar: what is
//! stored here is shown and followed elsewhere.

use std::net::{Ipv4Addr, Ipv6Addr};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::typed::is_invisible;

/// Longest URL in octets; the length that is safe with every browser and proxy (RFC 9110, 4.1, asks for 8000 at least).
const MAX_OCTETS: usize = 8000;

/// Whether a text is an absolute `https` or `http` URL with a host, and without credentials.
pub(super) fn is_web_url(text: &str) -> bool {
    if text.len() > MAX_OCTETS {
        return false;
    }
    let Some(rest) = after_scheme(text) else {
        return false;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some((authority, path)) = rest.split_at_checked(end) else {
        return false;
    };
    is_authority(authority) && is_path(path)
}

fn after_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let is_web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    is_web.then_some(rest)
}

/// A host with an optional port. An `@` would end a user name, which RFC 9110, 4.2.4, says to treat as a fault.
fn is_authority(authority: &str) -> bool {
    if let Some(literal) = authority.strip_prefix('[') {
        return literal
            .split_once(']')
            .is_some_and(|(address, port)| is_ipv6(address) && is_optional_port(port));
    }
    let end = authority.find(':').unwrap_or(authority.len());
    authority
        .split_at_checked(end)
        .is_some_and(|(host, port)| is_host(host) && is_optional_port(port))
}

fn is_ipv6(address: &str) -> bool {
    address.parse::<Ipv6Addr>().is_ok()
}

fn is_optional_port(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix(':').is_some_and(|port| {
            port.bytes().all(|octet| octet.is_ascii_digit())
                && port.parse::<u16>().is_ok_and(|port| port > 0)
        })
}

/// An IPv4 address, or a name by UTS 46 within the lengths of DNS. A name whose last label is a number would be read as an
/// address by some and as a name by others (WHATWG URL, "ends in a number").
fn is_host(host: &str) -> bool {
    if host.parse::<Ipv4Addr>().is_ok() {
        return true;
    }
    let ascii = Uts46::new().to_ascii(
        host.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::VerifyAllowRootDot,
    );
    ascii.is_ok_and(|name| !ends_in_a_number(&name))
}

fn ends_in_a_number(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or_default();
    last.starts_with("0x") || last.bytes().all(|octet| octet.is_ascii_digit())
}

/// Path, query and fragment: the characters that RFC 3986 and RFC 3987 have there, every `%` before two hexadecimal digits.
fn is_path(path: &str) -> bool {
    let (shown, fragment) = path.split_once('#').unwrap_or((path, ""));
    [shown, fragment].into_iter().all(|part| {
        part.chars().all(is_path_character)
            && part.split('%').skip(1).all(starts_with_two_hex_digits)
    })
}

fn is_path_character(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "-._~:/?@!$&'()*+,;=%[]".contains(c)
    } else {
        !c.is_whitespace() && !c.is_control() && !is_invisible(c)
    }
}

fn starts_with_two_hex_digits(text: &str) -> bool {
    let mut digits = text.bytes().take(2);
    let mut is_hex = || digits.next().is_some_and(|octet| octet.is_ascii_hexdigit());
    is_hex() && is_hex()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::host("https://example.com")]
    #[case::http("http://example.com/")]
    #[case::scheme_in_capitals("HTTPS://EXAMPLE.COM/")]
    #[case::path("https://example.com/a/b.html;v=1?q=1&r=%C3%A5#top")]
    #[case::query_without_a_path("https://example.com?q=a/b")]
    #[case::fragment_without_a_path("https://example.com#top")]
    #[case::at_in_the_path("https://example.com/@jane")]
    #[case::port("https://example.com:8443/")]
    #[case::idn("https://bücher.example/straße")]
    #[case::punycode("https://xn--bcher-kva.example/")]
    #[case::ipv4("http://192.0.2.1/")]
    #[case::ipv6("http://[2001:db8::1]:8080/")]
    #[case::one_label("https://intranet/")]
    #[case::root_dot("https://example.com./")]
    #[case::iri("https://example.com/日本語")]
    fn accepts(#[case] text: &str) {
        assert!(is_web_url(text));
    }

    #[rstest]
    #[case::empty("")]
    #[case::no_scheme("example.com")]
    #[case::no_host("https://")]
    #[case::no_host_but_a_path("https:///path")]
    #[case::only_a_port("https://:443/")]
    #[case::ftp("ftp://example.com/")]
    #[case::script("javascript://example.com/%0aalert(1)")]
    #[case::data("data:text/html,x")]
    #[case::one_slash("https:/example.com")]
    #[case::backslashes(r"https:\\example.com")]
    #[case::backslash_in_the_path(r"https://example.com\@evil.example")]
    #[case::user("https://jane@example.com/")]
    #[case::user_and_password("https://jane:secret@example.com/")]
    #[case::empty_user("https://@example.com/")]
    #[case::space_in_the_host("https://exa mple.com/")]
    #[case::space_in_the_path("https://example.com/a b")]
    #[case::space_before(" https://example.com/")]
    #[case::line_end("https://example.com/\n")]
    #[case::markup("https://example.com/<script>")]
    #[case::quotation_mark("https://example.com/\"")]
    #[case::bad_escape("https://example.com/%zz")]
    #[case::cut_escape("https://example.com/%4")]
    #[case::escape_cut_by_the_fragment("https://example.com/%4#1")]
    #[case::two_fragments("https://example.com/#a#b")]
    #[case::port_zero("https://example.com:0/")]
    #[case::port_too_high("https://example.com:65536/")]
    #[case::port_without_digits("https://example.com:/")]
    #[case::port_with_a_sign("https://example.com:+80/")]
    #[case::ipv4_cut("https://192.0.2/")]
    #[case::ipv4_in_one_number("https://3221225985/")]
    #[case::ipv4_in_hexadecimal("https://192.0.2.0x1/")]
    #[case::ipv6_without_brackets("https://2001:db8::1/")]
    #[case::ipv6_not_closed("https://[2001:db8::1/")]
    #[case::empty_label("https://example..com/")]
    #[case::hyphen_first("https://-example.com/")]
    #[case::underscore("https://my_host.example/")]
    #[case::direction_override("https://example.com/\u{202e}gpj.exe")]
    fn refuses(#[case] text: &str) {
        assert!(!is_web_url(text));
    }
}
