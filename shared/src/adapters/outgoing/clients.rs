//! The HTTP clients, each with its pool of connections, built when they are first needed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Certificate, Client, ClientBuilder, Identity};

use super::{
    Reach,
    resolver::{Lookup, Resolver},
};
use crate::{
    adapters::{https, told},
    ports::{
        outgoing::OutgoingError,
        secrets::{Secret, SecretError},
    },
};

/// Most servers end an idle connection after a minute or later.
const IDLE: Duration = Duration::from_secs(50);

/// A client certificate with its key, and the secret's name.
#[derive(Clone)]
pub(super) struct ClientCertificate {
    pub(super) secret: String,
    pub(super) pem: Secret,
}

pub(super) struct Clients {
    roots: Vec<Certificate>,
    lookup: Arc<dyn Lookup>,
    built: Mutex<HashMap<(Reach, Option<String>), Built>>,
}

struct Built {
    pem: Option<Secret>,
    client: Client,
}

impl Clients {
    pub(super) fn new(roots: Vec<Certificate>, lookup: Arc<dyn Lookup>) -> Self {
        Self {
            roots,
            lookup,
            built: Mutex::default(),
        }
    }

    /// The client for a reach and a certificate. It is built anew when the certificate's secret has changed.
    pub(super) fn client(
        &self,
        reach: Reach,
        certificate: Option<&ClientCertificate>,
    ) -> Result<Client, OutgoingError> {
        let key = (reach, certificate.map(|known| known.secret.clone()));
        let pem = certificate.map(|known| &known.pem);
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = built.get(&key)
            && known.pem.as_ref() == pem
        {
            return Ok(known.client.clone());
        }
        let client = match certificate {
            None => self.plain(reach)?,
            Some(certificate) => self.with_certificate(reach, certificate)?,
        };
        let entry = Built {
            pem: pem.cloned(),
            client: client.clone(),
        };
        built.insert(key, entry);
        Ok(client)
    }

    fn plain(&self, reach: Reach) -> Result<Client, OutgoingError> {
        self.builder(reach)
            .build()
            .map_err(|error| OutgoingError::Connection(told(&error)))
    }

    /// What fails here is the secret's form: the same client without a certificate can be built.
    fn with_certificate(
        &self,
        reach: Reach,
        certificate: &ClientCertificate,
    ) -> Result<Client, OutgoingError> {
        let form = |_| SecretError::Form {
            name: certificate.secret.clone(),
            expected: "PEM with a certificate chain and its private key (PKCS #8)",
        };
        let identity = Identity::from_pem(certificate.pem.reveal().as_bytes()).map_err(form)?;
        let client = self.builder(reach).identity(identity).build();
        Ok(client.map_err(form)?)
    }

    fn builder(&self, reach: Reach) -> ClientBuilder {
        let resolver = Resolver {
            lookup: Arc::clone(&self.lookup),
            reach,
        };
        https::builder()
            .no_proxy()
            .pool_idle_timeout(IDLE)
            .tls_certs_merge(self.roots.iter().cloned())
            .dns_resolver(Arc::new(resolver))
    }
}
