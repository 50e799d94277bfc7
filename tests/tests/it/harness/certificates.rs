//! Certificates made anew in each run.

use std::fmt::Write;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certification authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
pub(crate) struct ClientIdentity {
    certificate: Certificate,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = params(name, 2000, 2100);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// A client certificate that is valid now.
    pub(crate) fn client(&self, name: &str) -> ClientIdentity {
        self.client_of_years(name, 2020, 2100)
    }

    /// A client certificate from the start of one year to the start of another.
    pub(crate) fn client_of_years(&self, name: &str, from: i32, until: i32) -> ClientIdentity {
        let mut params = params(name, from, until);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(&params)
    }

    /// A client certificate with nothing but a common name in its subject.
    pub(crate) fn client_without_organization(&self, name: &str) -> ClientIdentity {
        let mut params = params(name, 2020, 2100);
        params.distinguished_name.remove(DnType::OrganizationName);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(&params)
    }

    /// The certificate of a server on this machine.
    pub(crate) fn server(&self) -> ClientIdentity {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2100, 1, 1);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(&params)
    }

    fn issue(&self, params: &CertificateParams) -> ClientIdentity {
        let key = KeyPair::generate().unwrap();
        ClientIdentity {
            certificate: params.signed_by(&key, &self.0).unwrap(),
            key,
        }
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }
}

impl ClientIdentity {
    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// Certificate and key, for a TLS client.
    pub(crate) fn pem_with_key(&self) -> String {
        format!("{}{}", self.pem(), self.key.serialize_pem())
    }

    /// As Entra's portal shows it.
    pub(crate) fn sha1(&self) -> String {
        hex(&SHA1_FOR_LEGACY_USE_ONLY, self.certificate.der())
    }

    pub(crate) fn sha256(&self) -> String {
        hex(&SHA256, self.certificate.der())
    }
}

fn params(name: &str, from: i32, until: i32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Contoso");
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params
}

fn hex(algorithm: &'static Algorithm, der: &[u8]) -> String {
    let mut text = String::new();
    for byte in digest(algorithm, der).as_ref() {
        write!(text, "{byte:02X}").unwrap();
    }
    text
}
