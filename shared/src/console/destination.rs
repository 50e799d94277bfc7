//! Where somebody is led after the sign-in.

use axum::http::{Method, Uri};

use super::{AUDIT, AUDIT_EXPORT, EXPORT, LISTS, QUEUE, REQUESTS, SIGN_IN};
use crate::domain::approval::RequestId;

/// Filters and a signed link have about three hundred. All of it is in a cookie meanwhile.
const MAX_OCTETS: usize = 1024;

/// A page of the console with its parameters, and never an address of another site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination(String);

impl Destination {
    /// What was asked for, when it can be asked for once more; without its parameters when those are too long.
    pub(super) fn of(method: &Method, asked: &Uri) -> Option<Self> {
        let whole = asked.path_and_query().filter(|_| *method == Method::GET)?;
        Self::parse(whole.as_str()).or_else(|| Self::parse(whole.path()))
    }

    pub(super) fn parse(address: &str) -> Option<Self> {
        let (path, parameters) = address.split_once('?').unwrap_or((address, ""));
        let is_address = address.len() <= MAX_OCTETS
            && address.bytes().all(|octet| octet.is_ascii_graphic())
            && is_page(path);
        let address = if parameters.is_empty() { path } else { address };
        is_address.then(|| Self(address.to_owned()))
    }

    pub(super) fn address(&self) -> &str {
        &self.0
    }

    /// Where to sign in first.
    pub(super) fn sign_in(&self) -> String {
        let to = form_urlencoded::Serializer::new(String::new())
            .append_pair("to", &self.0)
            .finish();
        format!("{SIGN_IN}?{to}")
    }
}

fn is_page(path: &str) -> bool {
    let request = path.strip_prefix(REQUESTS).and_then(RequestId::parse);
    request.is_some() || [QUEUE, EXPORT, AUDIT, AUDIT_EXPORT, LISTS].contains(&path)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const REQUEST: &str = "/console/requests/01kf0j2r3s4t5v6w7x8y9zabcd";

    #[rstest]
    #[case("/console")]
    #[case("/console?state=denied&page=2")]
    #[case("/console/lists?effect=deny")]
    #[case("/console/audit?day=2026-01-15")]
    #[case(REQUEST)]
    fn a_page_is_found_again(#[case] address: &str) {
        let destination = Destination::of(&Method::GET, &address.parse().unwrap()).unwrap();
        assert_eq!(destination.address(), address);
        let sign_in = destination.sign_in();
        assert_eq!(sign_in.matches(['&', '=', '?']).count(), 2, "{sign_in}");
        let (_, parameters) = sign_in.split_once('?').unwrap();
        let (_, to) = form_urlencoded::parse(parameters.as_bytes())
            .next()
            .unwrap();
        assert_eq!(Destination::parse(&to), Some(destination));
    }

    #[rstest]
    #[case::another_site("https://evil.example/console")]
    #[case::another_site_without_a_scheme("//evil.example/console")]
    #[case::another_path("/console/sign-out")]
    #[case::a_path_that_begins_alike("/console.evil.example")]
    #[case::no_request("/console/requests/1")]
    #[case::another_header("/console?\r\nset-cookie:")]
    #[case::of_an_applicant("/application/x")]
    fn nothing_else_is_one(#[case] address: &str) {
        assert_eq!(Destination::parse(address), None);
    }

    #[test]
    fn a_form_is_not_sent_again() {
        assert_eq!(
            Destination::of(&Method::POST, &REQUEST.parse().unwrap()),
            None
        );
    }

    #[test]
    fn what_is_too_long_is_left_out() {
        let long = format!("/console?state={}", "x".repeat(MAX_OCTETS));
        let destination = Destination::of(&Method::GET, &long.parse().unwrap());
        assert_eq!(destination.unwrap().address(), "/console");
    }
}
