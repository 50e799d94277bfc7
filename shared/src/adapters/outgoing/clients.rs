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
    built: Mutex<HashMap<Kind, Built>>,
}

/// What a client is for.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Kind {
    reach: Reach,
    /// The name of the secret with its certificate.
    certificate: Option<String>,
    /// Whether every call has a connection of its own.
    once: bool,
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

    /// The client for a reach, a certificate, and calls that keep no connection. It is built anew when the certificate's secret has changed.
    pub(super) fn client(
        &self,
        reach: Reach,
        certificate: Option<&ClientCertificate>,
        once: bool,
    ) -> Result<Client, OutgoingError> {
        let key = Kind {
            reach,
            certificate: certificate.map(|known| known.secret.clone()),
            once,
        };
        let pem = certificate.map(|known| &known.pem);
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = built.get(&key)
            && known.pem.as_ref() == pem
        {
            return Ok(known.client.clone());
        }
        let client = match certificate {
            None => self.plain(&key)?,
            Some(certificate) => self.with_certificate(&key, certificate)?,
        };
        let entry = Built {
            pem: pem.cloned(),
            client: client.clone(),
        };
        built.insert(key, entry);
        Ok(client)
    }

    fn plain(&self, kind: &Kind) -> Result<Client, OutgoingError> {
        self.builder(kind)
            .build()
            .map_err(|error| OutgoingError::Connection(told(&error)))
    }

    /// What fails here is the secret's form: the same client without a certificate can be built.
    fn with_certificate(
        &self,
        kind: &Kind,
        certificate: &ClientCertificate,
    ) -> Result<Client, OutgoingError> {
        let form = |_| SecretError::Form {
            name: certificate.secret.clone(),
            expected: "PEM with a certificate chain and its private key (PKCS #8)",
        };
        let identity = Identity::from_pem(certificate.pem.reveal().as_bytes()).map_err(form)?;
        let client = self.builder(kind).identity(identity).build();
        Ok(client.map_err(form)?)
    }

    fn builder(&self, kind: &Kind) -> ClientBuilder {
        let resolver = Resolver {
            lookup: Arc::clone(&self.lookup),
            reach: kind.reach,
        };
        let idle = if kind.once { 0 } else { usize::MAX };
        https::builder()
            .no_proxy()
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(idle)
            .tls_certs_merge(self.roots.iter().cloned())
            .dns_resolver(Arc::new(resolver))
    }
}
