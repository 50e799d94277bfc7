//! Which hosts a call may go to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// Hosts that may be inside of a private network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrivateHosts(Vec<PrivateHost>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct PrivateHost {
    /// As in a URL: in lower case, an IPv6 address in brackets.
    host: String,
    /// Without one every port is meant.
    port: Option<u16>,
}

impl PrivateHosts {
    /// Hosts as an operator writes them, each with or without a port. The error is the one that is none.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let host = |text: &String| PrivateHost::parse(text).ok_or_else(|| text.clone());
        texts.iter().map(host).collect::<Result<_, _>>().map(Self)
    }

    /// Where the local Entra runs.
    pub(super) fn this_machine() -> Self {
        let any_port = |host: &str| PrivateHost {
            host: host.to_owned(),
            port: None,
        };
        Self(["localhost", "127.0.0.1", "[::1]"].map(any_port).to_vec())
    }

    pub(super) fn names(&self, url: &Url) -> bool {
        let same = |known: &PrivateHost| {
            url.host_str() == Some(&known.host)
                && (known.port.is_none() || known.port == url.port_or_known_default())
        };
        self.0.iter().any(same)
    }

    /// HTTPS everywhere, plain HTTP to a loopback host that is named.
    pub(super) fn permit_scheme_of(&self, url: &Url) -> bool {
        match url.scheme() {
            "https" => url.has_host(),
            "http" => is_loopback(url) && self.names(url),
            _ => false,
        }
    }
}

impl PrivateHost {
    fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(&format!("https://{text}")).ok()?;
        let host = url.host_str()?.to_owned();
        // To a URL an asterisk is a letter like others; to an operator it would be a promise.
        if host.contains('*') {
            return None;
        }
        // The URL forgets its scheme's own port.
        let port = url.port().or_else(|| text.ends_with(":443").then_some(443));
        let written = match port {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        written
            .eq_ignore_ascii_case(text)
            .then_some(Self { host, port })
    }
}

/// The address that a URL has in place of a name. `url` has read every spelling of it (RFC 3986 leaves octal and others open).
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let v6 = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match v6 {
        Some(address) => address.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

fn is_loopback(url: &Url) -> bool {
    url.host_str() == Some("localhost") || literal(url).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(texts: &[&str]) -> Result<PrivateHosts, String> {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        PrivateHosts::parse(&texts)
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn plain_http_is_for_loopback_hosts_that_are_named() {
        let this_machine = PrivateHosts::this_machine();
        let permitted = |text: &str| this_machine.permit_scheme_of(&url(text));
        assert!(permitted("https://login.microsoftonline.com/x"));
        assert!(permitted("http://127.0.0.1:7000/x"));
        assert!(permitted("http://[::1]:7000/x"));
        assert!(!permitted("http://login.microsoftonline.com/x"));
        assert!(!permitted("http://127.0.0.1.example.com/x"));
        assert!(!permitted("http://127.0.0.2/x"));
        assert!(!permitted("file:///etc/passwd"));
        let named = hosts(&["crm.contoso.com", "127.0.0.2"]).unwrap();
        assert!(named.permit_scheme_of(&url("http://127.0.0.2/x")));
        assert!(!named.permit_scheme_of(&url("http://crm.contoso.com/x")));
        assert!(!named.permit_scheme_of(&url("http://127.0.0.1/x")));
    }

    #[test]
    fn a_host_is_named_exactly() {
        let known = hosts(&["CRM.contoso.com", "erp.contoso.com:8443", "[fd00::1]:443"]).unwrap();
        let names = |text: &str| known.names(&url(text));
        assert!(names("https://crm.contoso.com/a"));
        assert!(names("https://crm.contoso.com:9/a"));
        assert!(names("https://erp.contoso.com:8443/a"));
        assert!(names("https://[fd00:0::1]/a"));
        assert!(!names("https://erp.contoso.com/a"));
        assert!(!names("https://a.crm.contoso.com/"));
        assert!(!names("https://crm.contoso.com.example/"));
    }

    #[test]
    fn what_is_no_host_is_told() {
        for text in [
            "https://a.example",
            "a.example/x",
            "u@a.example",
            "a.example?x",
            "a b",
            "*.example",
            "a.example:x",
            "0x7f.1",
            "::1",
        ] {
            assert_eq!(hosts(&["a.example", text]), Err(text.to_owned()));
        }
    }

    #[test]
    fn an_address_is_known_in_every_spelling() {
        for text in ["127.0.0.1", "2130706433", "0x7f000001", "0177.1", "127.1"] {
            let address = literal(&url(&format!("https://{text}/")));
            assert_eq!(address, Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), "{text}");
        }
        assert_eq!(
            literal(&url("https://[0:0::1]/")),
            Some(IpAddr::V6(Ipv6Addr::LOCALHOST))
        );
        assert_eq!(literal(&url("https://a.example/")), None);
    }
}
