//! `try --client-certificate`, against a server that demands a client certificate as API Gateway does.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::PrivateKeyDer,
    server::WebPkiClientVerifier,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::Command,
};
use tokio_rustls::TlsAcceptor;

use crate::desk::ran;

const SCENARIO: &str = r#"
[[sign-up]]
name = "A partner"
tenant = "workforce"
provider = "email-code"
[sign-up.person]
email = "johnsmith@example.com"
[sign-up.expect]
after-federation = "block"
"#;

struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate in PEM and its key.
struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, usage: ExtendedKeyUsagePurpose) -> Identity {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        Identity {
            certificate: params.signed_by(&key, &self.0).unwrap(),
            key,
        }
    }
}

fn acceptor(authority: &Authority) -> TlsAcceptor {
    let crypto: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&crypto));
    let own = authority.issue(ExtendedKeyUsagePurpose::ServerAuth);
    let key = PrivateKeyDer::try_from(own.key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![own.certificate.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Blocks whoever gets through the handshake.
async fn answer(acceptor: TlsAcceptor, stream: TcpStream) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let body = r#"{"version":"1.0.0","action":"ShowBlockPage","userMessage":"No."}"#;
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    stream.shutdown().await
}

#[tokio::test]
async fn a_client_certificate_opens_what_demands_one() {
    let authority = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let acceptor = acceptor(&authority);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(acceptor.clone(), stream));
        }
    });
    let folder = TempDir::new().unwrap();
    let client = authority.issue(ExtendedKeyUsagePurpose::ClientAuth);
    for (name, content) in [
        ("authority.pem", authority.0.pem()),
        (
            "client.pem",
            client.certificate.pem() + &client.key.serialize_pem(),
        ),
        ("partners.toml", SCENARIO.to_owned()),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let command = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signupctl"));
        command
            .args(["try", "partners.toml", "--url", &url])
            .args(more)
            .current_dir(folder.path())
            .env_clear()
            // Where the trust anchors of this machine are.
            .env("SSL_CERT_FILE", folder.path().join("authority.pem"));
        command
    };
    let with = ran(command(&["--client-certificate", "client.pem"])).await;
    assert_eq!(with.code, 0, "{with:?}");
    let without = ran(command(&[])).await;
    assert_eq!(without.code, 5, "{without:?}");
    assert!(
        without.out.contains("found unreachable, expected block"),
        "{without:?}"
    );
}
