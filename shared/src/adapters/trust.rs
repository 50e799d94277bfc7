//! Whom clients of AWS trust (docs/decisions/0028).

use reqwest::{Certificate, ClientBuilder};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use rustls_native_certs::load_native_certs;

use super::https;

/// The five authorities of Amazon Trust Services, in octets: reading them of text would be a sixteenth of a start.
const AMAZON: [&[u8]; 5] = [
    include_bytes!("../../data/amazon-roots/root-ca-1.der"),
    include_bytes!("../../data/amazon-roots/root-ca-2.der"),
    include_bytes!("../../data/amazon-roots/root-ca-3.der"),
    include_bytes!("../../data/amazon-roots/root-ca-4.der"),
    include_bytes!("../../data/amazon-roots/starfield-g2.der"),
];

/// What regions begin with in which Amazon's own authorities vouch for every service: those of AWS itself and of `GovCloud`. China, the
/// European Sovereign Cloud (`eusc-`) and the isolated regions have others.
const AREAS: [&str; 9] = ["af", "ap", "ca", "eu", "il", "me", "mx", "sa", "us"];
const ISOLATED: &str = "iso";

/// Authorities by which a service is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    Amazon,
    /// Those that the machine trusts. Reading them is most of what a start would take.
    System,
}

impl Trust {
    /// `endpoint` is one that somebody has named in the place of AWS's own.
    pub(super) fn of(region: &str, endpoint: Option<&str>) -> Self {
        match endpoint {
            // Without TLS there is nobody to verify.
            Some(endpoint) if endpoint.starts_with("http://") => Self::Amazon,
            None if is_amazons(region) => Self::Amazon,
            _ => Self::System,
        }
    }

    /// TLS of the SDK's clients.
    pub(super) fn tls(self) -> ClientConfig {
        https::choose_ring();
        ClientConfig::builder()
            .with_root_certificates(self.roots())
            .with_no_client_auth()
    }

    fn roots(self) -> RootCertStore {
        let certificates = match self {
            Self::Amazon => AMAZON.map(CertificateDer::from).to_vec(),
            Self::System => load_native_certs().certs,
        };
        let mut roots = RootCertStore::empty();
        // Machines have some that nobody can read; none of ours is, a test has looked at them.
        roots.add_parsable_certificates(certificates);
        roots
    }

    /// The same for a client that is none of the SDK's.
    pub(super) fn only(self, client: ClientBuilder) -> Result<ClientBuilder, reqwest::Error> {
        match self {
            Self::Amazon => {
                let roots: Result<Vec<_>, _> =
                    AMAZON.into_iter().map(Certificate::from_der).collect();
                Ok(client.tls_certs_only(roots?))
            }
            Self::System => Ok(client),
        }
    }
}

fn is_amazons(region: &str) -> bool {
    let (area, place) = region.split_once('-').unwrap_or_default();
    AREAS.contains(&area) && !place.starts_with(ISOLATED)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use jiff::Timestamp;
    use ring::digest::{SHA256, digest};
    use rstest::rstest;
    use rustls::pki_types::pem::PemObject;
    use x509_parser::{certificate::X509Certificate, prelude::FromDer};

    use super::*;
    use crate::{adapters::system_clock::SystemClock, ports::clock::Clock};

    /// SHA-256 of each certificate, as <https://www.amazontrust.com/repository/> has them.
    const DIGESTS: [(&str, &str); 5] = [
        (
            "Amazon Root CA 1",
            "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        ),
        (
            "Amazon Root CA 2",
            "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        ),
        (
            "Amazon Root CA 3",
            "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        ),
        (
            "Amazon Root CA 4",
            "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        ),
        (
            "Starfield Services Root Certificate Authority - G2",
            "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
        ),
    ];

    fn certificates() -> [X509Certificate<'static>; 5] {
        AMAZON.map(|root| X509Certificate::from_der(root).unwrap().1)
    }

    fn hexadecimal(octets: &[u8]) -> String {
        octets.iter().fold(String::new(), |mut text, octet| {
            let _ = write!(text, "{octet:02x}");
            text
        })
    }

    #[test]
    fn the_roots_are_those_that_amazon_publishes() {
        let name = |certificate: &X509Certificate<'_>| {
            let mut names = certificate.subject().iter_common_name();
            names.next().unwrap().as_str().unwrap().to_owned()
        };
        let digests = AMAZON.map(|root| hexadecimal(digest(&SHA256, root).as_ref()));
        let names = certificates().map(|certificate| name(&certificate));
        let found: Vec<(String, String)> = names.into_iter().zip(digests).collect();
        let expected = DIGESTS.map(|(name, digest)| (name.to_owned(), digest.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn the_roots_are_those_that_people_read() {
        let text = include_bytes!("../../data/amazon-roots.pem");
        let read = CertificateDer::pem_slice_iter(text).map(Result::unwrap);
        assert!(read.eq(AMAZON.map(CertificateDer::from)));
    }

    /// Long before one of them ends, AWS says what comes after it.
    #[test]
    fn no_root_ends_within_three_years() {
        let in_three_years = SystemClock.now().as_second() + 3 * 366 * 24 * 3600;
        for certificate in certificates() {
            let ends = certificate.validity().not_after.timestamp();
            let told = Timestamp::from_second(ends).unwrap();
            assert!(
                ends > in_three_years,
                "{} ends on {told}",
                certificate.subject()
            );
        }
    }

    #[test]
    fn each_of_amazons_is_trusted() {
        assert_eq!(Trust::Amazon.roots().len(), DIGESTS.len());
    }

    #[test]
    fn a_client_is_made_with_either() {
        use crate::adapters::https::usual;
        for trust in [Trust::Amazon, Trust::System] {
            trust.only(usual()).unwrap().build().unwrap();
        }
    }

    #[rstest]
    #[case::ireland("eu-west-1", None, Trust::Amazon)]
    #[case::mexico("mx-central-1", None, Trust::Amazon)]
    #[case::govcloud("us-gov-west-1", None, Trust::Amazon)]
    #[case::china("cn-north-1", None, Trust::System)]
    #[case::sovereign("eusc-de-east-1", None, Trust::System)]
    #[case::isolated("us-isob-east-1", None, Trust::System)]
    #[case::isolated_in_europe("eu-isoe-west-1", None, Trust::System)]
    #[case::none_known("moon-base-1", None, Trust::System)]
    #[case::no_region("", None, Trust::System)]
    #[case::another_endpoint("eu-west-1", Some("https://dynamodb.corp.example"), Trust::System)]
    #[case::this_machine("local", Some("http://127.0.0.1:8000"), Trust::Amazon)]
    fn amazons_own_vouch_for_aws_alone(
        #[case] region: &str,
        #[case] endpoint: Option<&str>,
        #[case] expected: Trust,
    ) {
        assert_eq!(Trust::of(region, endpoint), expected);
    }
}
