//! TLS before the table, as on AWS: a root, an intermediate authority and a server's certificate, made anew in each run.

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use crate::Failure;

/// Beside the bench's own root, so that as many are read as a function has compiled in.
const AMAZON: &str = include_str!("../../shared/data/amazon-roots.pem");

const HOST: &str = "127.0.0.1";

/// What servers of this run show.
pub(crate) struct Identity(Arc<ServerConfig>);

impl Identity {
    /// Writes whom to trust into a file.
    pub(crate) fn new(trusted: &Path) -> Result<Self, Failure> {
        let root = CertifiedIssuer::self_signed(authority("root")?, KeyPair::generate()?)?;
        fs::write(trusted, format!("{AMAZON}{}", root.pem()))?;
        let intermediate =
            CertifiedIssuer::signed_by(authority("intermediate")?, KeyPair::generate()?, &root)?;
        let mut server = CertificateParams::new(vec![HOST.to_owned()])?;
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let issuer: &Issuer<'_, KeyPair> = &intermediate;
        let server = server.signed_by(&key, issuer)?;
        let chain = vec![server.der().clone(), intermediate.der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der())?;
        let config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Self(Arc::new(config)))
    }
}

fn authority(name: &str) -> Result<CertificateParams, Failure> {
    let mut params = CertificateParams::new(Vec::new())?;
    // OpenSSL tells by the names who has signed whom.
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// Passes on to a plain server what comes by TLS.
pub(crate) struct Tunnel {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Tunnel {
    /// `plain` is a URL with nothing but host and port.
    pub(crate) async fn before(plain: &str, identity: &Identity) -> Result<Self, Failure> {
        let server = plain.strip_prefix("http://").unwrap_or(plain).to_owned();
        let acceptor = TlsAcceptor::from(Arc::clone(&identity.0));
        let listener = TcpListener::bind((HOST, 0)).await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (acceptor, server) = (acceptor.clone(), server.clone());
                // Who is not answered sees that by itself.
                tokio::spawn(async move {
                    let _ = pass(connection, &acceptor, &server).await;
                });
            }
        });
        Ok(Self { address, serving })
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("https://{}", self.address)
    }
}

async fn pass(connection: TcpStream, acceptor: &TlsAcceptor, server: &str) -> Result<(), Failure> {
    connection.set_nodelay(true)?;
    let mut behind = TcpStream::connect(server).await?;
    behind.set_nodelay(true)?;
    let mut before = acceptor.accept(connection).await?;
    copy_bidirectional(&mut before, &mut behind).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::{Router, routing::get};
    use rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    };
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::TlsConnector;

    use super::*;
    use crate::server::serve;

    async fn asked(
        tunnel: &Tunnel,
        trusted: &[CertificateDer<'static>],
    ) -> Result<String, Failure> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(trusted.iter().cloned());
        let config = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connection = TcpStream::connect(tunnel.address).await?;
        let connector = TlsConnector::from(Arc::new(config));
        let mut connection = connector
            .connect(ServerName::try_from(HOST)?, connection)
            .await?;
        connection
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn whoever_trusts_the_root_is_passed_on_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("trusted.pem");
        let identity = Identity::new(&file).unwrap();
        let (address, _serving) = serve(Router::new().route("/", get(|| async { "behind" })))
            .await
            .unwrap();
        let tunnel = Tunnel::before(&format!("http://{address}"), &identity)
            .await
            .unwrap();
        let trusted: Vec<_> = CertificateDer::pem_file_iter(&file)
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(trusted.len(), 6);
        assert!(asked(&tunnel, &trusted).await.unwrap().ends_with("behind"));
        let amazon = trusted.get(..5).unwrap();
        assert!(asked(&tunnel, amazon).await.is_err());
    }
}
