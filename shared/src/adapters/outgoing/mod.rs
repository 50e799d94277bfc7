//! Calls to other systems, guarded: to public addresses or named hosts, by a deadline, with the credentials of a call.

mod address;
mod assertion;
mod clients;
mod credentials;
mod exchange;
mod resolver;
mod tokens;

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::{Certificate, StatusCode};
use tokio::time::timeout_at;

pub use self::resolver::{Lookup, SystemLookup};
use self::{clients::Clients, credentials::Prepared, exchange::Exchange, tokens::Tokens};
use super::private_hosts::PrivateHosts;
use crate::ports::{
    Deadline,
    clock::Clock,
    outgoing::{Call, Outgoing, OutgoingError, Reply},
    secrets::Secrets,
};

/// How far a client reaches. Each reach has clients of its own, so that no connection of the one serves the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Reach {
    /// Public addresses only.
    Public,
    /// Any address of a host that the deployment names.
    Named,
}

/// The guarded HTTP client. Nothing is built or connected before the first call.
pub struct GuardedHttp {
    exchange: Exchange,
    secrets: Arc<dyn Secrets>,
    tokens: Tokens,
}

impl GuardedHttp {
    /// With the system's resolver and its root certificates.
    pub fn new(
        private_hosts: PrivateHosts,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::within(
            private_hosts,
            secrets,
            clock,
            Vec::new(),
            Arc::new(SystemLookup),
        )
    }

    /// In a world where more root certificates count and names are looked up elsewhere.
    pub fn within(
        private_hosts: PrivateHosts,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
        more_roots: Vec<Certificate>,
        lookup: Arc<dyn Lookup>,
    ) -> Self {
        Self {
            exchange: Exchange {
                private_hosts,
                clients: Clients::new(more_roots, lookup),
            },
            secrets,
            tokens: Tokens::new(clock),
        }
    }

    async fn answer(&self, call: &Call, deadline: Deadline) -> Result<Reply, OutgoingError> {
        let first = self.prepare(call, deadline).await?;
        let reply = self.exchange.send(&first.message).await?;
        if reply.status != StatusCode::UNAUTHORIZED || call.credentials.is_empty() {
            return Ok(reply);
        }
        // What proved the call may have been rotated.
        self.forget(call, &first);
        let second = self.prepare(call, deadline).await?;
        self.exchange.send(&second.message).await
    }

    fn forget(&self, call: &Call, refused: &Prepared) {
        for credential in &call.credentials {
            self.secrets.forget(credentials::secret_of(credential));
        }
        for (key, token) in &refused.tokens {
            self.tokens.forget(key, token);
        }
    }
}

impl std::fmt::Debug for GuardedHttp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuardedHttp")
            .field("private_hosts", &self.exchange.private_hosts)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Outgoing for GuardedHttp {
    async fn call(&self, call: &Call, deadline: Deadline) -> Result<Reply, OutgoingError> {
        timeout_at(deadline.0, self.answer(call, deadline))
            .await
            .unwrap_or(Err(OutgoingError::TimedOut))
    }
}
