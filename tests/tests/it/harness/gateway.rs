//! API Gateway's custom domain with mutual TLS: it demands a client certificate of its truststore,
//! verifies the chain, and passes the certificate on in the request context.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, UnixTime},
    server::WebPkiClientVerifier,
    time_provider::{DefaultTimeProvider, TimeProvider},
};
use tokio_rustls::TlsAcceptor;

use super::{
    certificates::{Authority, ClientIdentity},
    event::Event,
    http::{Request, Response, Server, client, crypto, response, serve},
    runtime::{Answer, Function},
};

pub(crate) struct Gateway {
    server: Server,
    /// Signs the server's own certificate.
    authority: Authority,
    refused: Arc<AtomicUsize>,
}

/// The clock by which the gateway checks certificates.
#[derive(Debug)]
struct FixedTime(u64);

impl TimeProvider for FixedTime {
    fn current_time(&self) -> Option<UnixTime> {
        let time = std::time::Duration::from_secs(self.0);
        Some(UnixTime::since_unix_epoch(time))
    }
}

impl Gateway {
    /// Trusts client certificates of `truststore`.
    pub(crate) async fn start(function: Arc<Function>, truststore: &Authority) -> Self {
        Self::with_clock(function, truststore, Arc::new(DefaultTimeProvider)).await
    }

    /// Checks certificates as of another time: it lets through what has expired by now.
    pub(crate) async fn start_at(
        function: Arc<Function>,
        truststore: &Authority,
        unix_seconds: u64,
    ) -> Self {
        Self::with_clock(function, truststore, Arc::new(FixedTime(unix_seconds))).await
    }

    async fn with_clock(
        function: Arc<Function>,
        truststore: &Authority,
        clock: Arc<dyn TimeProvider>,
    ) -> Self {
        let authority = Authority::new("authority of the gateway");
        let mut roots = RootCertStore::empty();
        roots.add(truststore.der()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), crypto())
            .build()
            .unwrap();
        let own = authority.server();
        let config = ServerConfig::builder_with_details(crypto(), clock)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![own.der()], own.key())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let refused = Arc::new(AtomicUsize::default());
        let server = {
            let refused = Arc::clone(&refused);
            Server::accept(move |stream| {
                let (acceptor, function, refused) = (
                    acceptor.clone(),
                    Arc::clone(&function),
                    Arc::clone(&refused),
                );
                async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        refused.fetch_add(1, Ordering::Relaxed);
                        return;
                    };
                    let (_, session) = stream.get_ref();
                    let certificate = session.peer_certificates().unwrap()[0].clone().into_owned();
                    serve(stream, move |request| {
                        invoke(Arc::clone(&function), request, certificate.clone())
                    })
                    .await;
                }
            })
            .await
        };
        Self {
            server,
            authority,
            refused,
        }
    }

    /// Handshakes that failed.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    /// Posts as Entra does, with or without a client certificate.
    pub(crate) async fn post(
        &self,
        identity: Option<&ClientIdentity>,
        path: &str,
        headers: &[(&str, &str)],
        body: &serde_json::Value,
    ) -> Result<(u16, String), reqwest::Error> {
        let root = reqwest::Certificate::from_pem(self.authority.pem().as_bytes())?;
        let mut builder = client().tls_certs_only([root]);
        if let Some(identity) = identity {
            let pem = identity.pem_with_key();
            builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes())?);
        }
        let mut request = builder
            .build()?
            .post(format!("https://{}{path}", self.server.address()))
            .header("content-type", "application/json")
            .body(body.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }
}

async fn invoke(
    function: Arc<Function>,
    request: Request,
    certificate: CertificateDer<'static>,
) -> Option<Response> {
    let mut event = Event::new(request.method().as_str(), request.uri().path())
        .query(request.uri().query().unwrap_or_default())
        .certificate(&pem(&certificate))
        .body(request.body().to_vec());
    for (name, value) in request.headers() {
        event = event.header(name.as_str(), value.to_str().ok()?);
    }
    let Answer { status, body, .. } = function.send(&event).await;
    Some(response(status, "application/json", body))
}

/// Lines of 64 characters between the markers, as API Gateway writes them.
fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = STANDARD.encode(certificate);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----",
        lines.join("\n")
    )
}
