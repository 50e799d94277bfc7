//! What a policy needs before the first sign-up needs it: its secrets are read when it starts to decide, and one that is not
//! there is told by the name of the source.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::policies::Active;
use crate::{
    domain::publication::PolicyVersion,
    ports::{
        Deadline,
        journal::{Journal, Notice},
        secrets::{SecretError, Secrets},
    },
};

/// How long reading one secret may take; nobody waits for it.
const TAKES: Duration = Duration::from_secs(3);

pub struct Readiness {
    secrets: Arc<dyn Secrets>,
    journal: Arc<dyn Journal>,
    /// Versions that have been looked at.
    seen: Mutex<BTreeSet<PolicyVersion>>,
}

impl std::fmt::Debug for Readiness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Readiness")
    }
}

impl Readiness {
    pub fn new(secrets: Arc<dyn Secrets>, journal: Arc<dyn Journal>) -> Self {
        Self {
            secrets,
            journal,
            seen: Mutex::default(),
        }
    }

    /// Reads the secrets of a version that has not been looked at yet, behind the request.
    pub fn prepare(&self, active: &Arc<Active>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.insert(active.version.clone()) {
            return;
        }
        let named = active.policy.secrets();
        let named = named.map(|(source, secret)| (source.to_string(), secret.to_owned()));
        let named: BTreeSet<(String, String)> = named.collect();
        if named.is_empty() {
            return;
        }
        let (secrets, journal) = (Arc::clone(&self.secrets), Arc::clone(&self.journal));
        tokio::spawn(async move {
            for (source, name) in named {
                let deadline = Deadline(Instant::now() + TAKES);
                if let Err(error) = secrets.secret(&name, deadline).await {
                    journal.notice(&notice(source, &error));
                }
            }
        });
    }
}

fn notice(source: String, error: &SecretError) -> Notice {
    Notice::SourceMisconfigured {
        source,
        problem: error.to_string(),
    }
}
