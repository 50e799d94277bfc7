//! Where somebody is led after the sign-in.

use super::{REQUESTS, SIGN_IN};
use crate::domain::approval::RequestId;

/// A signed link has about a hundred.
const MAX_LINK: usize = 256;

/// A request that somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    pub(super) request: RequestId,
    /// The signed link that led there, which is read when the page is shown.
    pub(super) link: Option<String>,
}

impl Destination {
    /// `None` when there cannot be such a request. A link that nobody can have signed is shortened, and stays none.
    pub(super) fn new(request: &str, link: Option<String>) -> Option<Self> {
        Some(Self {
            request: RequestId::parse(request)?,
            link: link.map(|link| link.chars().take(MAX_LINK).collect()),
        })
    }

    pub(super) fn address(&self) -> String {
        let path = format!("{REQUESTS}{}", self.request);
        match &self.link {
            None => path,
            Some(link) => format!("{path}?{}", query(&[("link", link)])),
        }
    }

    /// Where to sign in first.
    pub(super) fn sign_in(&self) -> String {
        let link = self.link.as_deref().map(|link| ("link", link));
        let request = ("request", self.request.as_str());
        let pairs: Vec<_> = [request].into_iter().chain(link).collect();
        format!("{SIGN_IN}?{}", query(&pairs))
    }
}

fn query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_comes_as_a_link_stays_a_parameter() {
        let id = "0".repeat(26);
        let destination = Destination::new(&id, Some("a&b=/é".repeat(100))).unwrap();
        let address = destination.address();
        assert_eq!(address.matches(['&', '=']).count(), 1, "{address}");
        assert!(address.len() < 1024);
        let sign_in = destination.sign_in();
        assert_eq!(sign_in.matches(['&', '=']).count(), 3, "{sign_in}");
        assert_eq!(Destination::new("another", None), None);
    }
}
