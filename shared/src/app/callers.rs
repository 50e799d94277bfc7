//! What proves a caller, kept in memory and renewed without a deployment.
//!
//! The records are read once during init and again along with a decision's own read when they are older
//! than [`FRESH_FOR`], so that renewing them costs no call of its own. Only a caller whom the known
//! records do not accept may cause a read of their own, and no more than one in [`FRESH_FOR`].

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::{sync::Mutex, time::Instant};

use crate::{
    domain::{
        caller::{Caller, Slot},
        key_set::{SigningKey, SigningKeys},
    },
    ports::{
        Deadline, StoreError,
        clock::Clock,
        credential_use::CredentialUse,
        journal::{Journal, Notice},
        key_source::KeySource,
        sign_up_reader::{CallerRecords, LookedUp, SignUpReader, Wanted},
    },
};

/// How long records count as current. A credential that was created or retired takes effect within
/// this time on an instance that is called.
pub const FRESH_FOR: SignedDuration = SignedDuration::from_secs(20);

/// How soon records that could not be read at the start are tried again.
const RETRY_START: SignedDuration = SignedDuration::from_secs(1);

/// How often Entra's keys are fetched at the most, for each issuer.
const FETCH_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// How long a fetch may take.
const FETCH_TAKES: Duration = Duration::from_secs(3);

/// Keys fetched longer ago are fetched again before they are trusted, so that a key which Entra has
/// withdrawn does not live on in a busy instance.
const KEYS_TRUSTED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The time of the last use is recorded at this grain.
const USE_GRAIN: SignedDuration = SignedDuration::from_hours(1);

/// Ages are told by the time of day: while Lambda has an instance frozen, its own clock may stand still.
pub struct Callers {
    reader: Arc<dyn SignUpReader>,
    key_source: Arc<dyn KeySource>,
    credential_use: Arc<dyn CredentialUse>,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    known: RwLock<Known>,
    /// Held while records are read, so that many waiting requests cause one read.
    renewal: Mutex<()>,
    fetches: Mutex<Vec<(String, Timestamp)>>,
}

#[derive(Debug, Clone, Default)]
struct Known {
    records: Option<Arc<CallerRecords>>,
    read_at: Option<Timestamp>,
    /// When this instance last asked, also in vain.
    tried_at: Option<Timestamp>,
    /// Keys that this instance fetched itself, newer than those of the table.
    fetched: Arc<SigningKeys>,
    /// By issuer.
    fetched_at: HashMap<String, Timestamp>,
    /// The last use that this instance has recorded or seen recorded, by credential.
    uses: Vec<(String, Timestamp)>,
}

impl std::fmt::Debug for Callers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Callers")
    }
}

impl Callers {
    pub fn new(
        reader: Arc<dyn SignUpReader>,
        key_source: Arc<dyn KeySource>,
        credential_use: Arc<dyn CredentialUse>,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
    ) -> Self {
        Self {
            reader,
            key_source,
            credential_use,
            clock,
            journal,
            known: RwLock::default(),
            renewal: Mutex::default(),
            fetches: Mutex::default(),
        }
    }

    /// The records as known now; `None` before the table could be read for the first time.
    pub fn records(&self) -> Option<Arc<CallerRecords>> {
        self.known().records
    }

    /// Whether the records should be read again along with the next decision.
    pub fn are_stale(&self) -> bool {
        self.is_past(self.known().read_at, FRESH_FOR)
    }

    /// Takes over records that were read along with a decision.
    pub fn renewed(&self, records: CallerRecords) {
        let now = self.clock.now();
        self.update(|known| {
            known.records = Some(Arc::new(records));
            known.read_at = Some(now);
            known.tried_at = Some(now);
        });
    }

    /// Reads the records for a caller whom the known ones do not accept. Does nothing when they were
    /// read, or tried to be read, within [`FRESH_FOR`]; so a stranger cannot cause a read at will.
    pub async fn renew_for_stranger(&self, deadline: Deadline) -> Result<(), StoreError> {
        let _one_at_a_time = self.renewal.lock().await;
        let known = self.known();
        let pause = if known.records.is_some() {
            FRESH_FOR
        } else {
            RETRY_START
        };
        if self.is_past(known.tried_at, pause) {
            return self.renew(deadline).await;
        }
        let never_read =
            || StoreError::Unavailable("the callers' records were never read".to_owned());
        known.records.map(|_| ()).ok_or_else(never_read)
    }

    /// Reads the records now.
    pub async fn renew(&self, deadline: Deadline) -> Result<(), StoreError> {
        let wanted = Wanted {
            matchers: &[],
            applicant: None,
            caller_records: true,
            looked_up: &LookedUp::default(),
        };
        let read = self.reader.read(wanted, deadline).await;
        let now = self.clock.now();
        self.update(|known| known.tried_at = Some(now));
        match read {
            Ok(facts) => {
                self.renewed(facts.caller_records.unwrap_or_default());
                Ok(())
            }
            Err(failure) => {
                self.journal.notice(&Notice::CallerRecordsUnavailable {
                    failure: failure.code(),
                    detail: failure.detail(),
                });
                Err(failure)
            }
        }
    }

    /// Whether a caller who was accepted by older records still is.
    pub fn still_accepts(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Credential { id, .. } => self
                .records()
                .is_some_and(|records| records.credentials.iter().any(|known| known.id == *id)),
            Caller::Certificate { .. } | Caller::Entra { .. } => true,
        }
    }

    /// The key of an issuer that the caller has checked to be trusted; fetched when it is unknown, or
    /// known for too long, and at most once in [`FETCH_EVERY`].
    pub async fn signing_key(
        self: &Arc<Self>,
        issuer: &str,
        kid: &str,
        deadline: Deadline,
    ) -> Option<SigningKey> {
        if let Some(key) = self.trusted_key(issuer, kid) {
            return Some(key);
        }
        // An old key is better than none when Entra cannot be reached, if there is time left to use it.
        let wait = match self.old_key(issuer, kid) {
            Some(_) => Deadline(Instant::now() + deadline.left() / 2),
            None => deadline,
        };
        self.fetch_keys(issuer, wait).await;
        self.trusted_key(issuer, kid)
            .or_else(|| self.old_key(issuer, kid))
    }

    fn is_trusted(&self, records: &CallerRecords) -> bool {
        !self.is_past(records.keys_fetched_at, KEYS_TRUSTED_FOR)
    }

    /// Whether Entra has told the keys of an issuer within [`KEYS_TRUSTED_FOR`].
    fn has_fetched(&self, known: &Known, issuer: &str) -> bool {
        !self.is_past(known.fetched_at.get(issuer).copied(), KEYS_TRUSTED_FOR)
    }

    /// Whether something is so long ago, or was never; a clock that was set back counts as long ago.
    fn is_past(&self, at: Option<Timestamp>, limit: SignedDuration) -> bool {
        at.is_none_or(|at| {
            let age = self.clock.now().duration_since(at);
            age.is_negative() || age >= limit
        })
    }

    fn trusted_key(&self, issuer: &str, kid: &str) -> Option<SigningKey> {
        let known = self.known();
        if self.has_fetched(&known, issuer)
            && let Some(key) = known.fetched.find(issuer, kid)
        {
            return Some(key.clone());
        }
        let records = known.records.filter(|records| self.is_trusted(records))?;
        records.signing_keys.find(issuer, kid).cloned()
    }

    /// A key that was trusted once; none when Entra has answered since, for then it is withdrawn.
    fn old_key(&self, issuer: &str, kid: &str) -> Option<SigningKey> {
        let known = self.known();
        if self.has_fetched(&known, issuer) {
            return None;
        }
        let of_table = || {
            known
                .records
                .as_ref()
                .and_then(|r| r.signing_keys.find(issuer, kid))
        };
        known.fetched.find(issuer, kid).or_else(of_table).cloned()
    }

    /// Waits for the fetch until the deadline. The fetch itself goes on, so that one slow answer of
    /// Entra costs one request, and not every request of the next minute.
    async fn fetch_keys(self: &Arc<Self>, issuer: &str, deadline: Deadline) {
        let (callers, issuer) = (Arc::clone(self), issuer.to_owned());
        let fetch = tokio::spawn(async move { callers.fetch_unless_recent(&issuer).await });
        let _ = tokio::time::timeout_at(deadline.0, fetch).await;
    }

    async fn fetch_unless_recent(&self, issuer: &str) {
        // Held during the fetch: requests that need the same key wait for it instead of failing.
        let mut fetches = self.fetches.lock().await;
        if fetches
            .iter()
            .any(|(of, at)| of == issuer && !self.is_past(Some(*at), FETCH_EVERY))
        {
            return;
        }
        fetches.retain(|(of, _)| of != issuer);
        fetches.push((issuer.to_owned(), self.clock.now()));
        let deadline = Deadline(Instant::now() + FETCH_TAKES);
        match self.key_source.fetch(issuer, deadline).await {
            Ok(keys) => {
                let issuer = issuer.to_owned();
                self.journal.notice(&Notice::KeysFetched {
                    issuer: issuer.clone(),
                    keys: keys.len(),
                });
                let now = self.clock.now();
                self.update(|known| {
                    Arc::make_mut(&mut known.fetched).replace(&issuer, keys);
                    known.fetched_at.insert(issuer, now);
                });
            }
            Err(error) => {
                self.journal.notice(&Notice::KeysUnavailable {
                    problem: error.to_string(),
                });
            }
        }
    }

    /// Records the use of a credential in the background, at most once an hour. The answer never waits
    /// for it, and a use that could not be recorded is recorded with the next one.
    pub fn used(self: &Arc<Self>, slot: Slot, credential_id: &str) {
        let now = self.clock.now();
        let recent = |at| !self.is_past(Some(at), USE_GRAIN);
        let known = self.known();
        let of_table = known.records.as_ref().and_then(|records| {
            records
                .credentials
                .iter()
                .find(|c| c.id == credential_id)?
                .last_used_at
        });
        let of_instance = known
            .uses
            .iter()
            .find(|(id, _)| id == credential_id)
            .map(|(_, at)| *at);
        if of_table.is_some_and(recent) || of_instance.is_some_and(recent) {
            return;
        }
        let (callers, id) = (Arc::clone(self), credential_id.to_owned());
        callers.note_use(&id, Some(now));
        tokio::spawn(async move {
            let deadline = Deadline(Instant::now() + Duration::from_secs(2));
            if let Err(failure) = callers
                .credential_use
                .record(slot, &id, now, deadline)
                .await
            {
                callers.note_use(&id, None);
                callers.journal.notice(&Notice::CredentialUseNotRecorded {
                    failure: failure.code(),
                    detail: failure.detail(),
                });
            }
        });
    }

    fn note_use(&self, credential_id: &str, at: Option<Timestamp>) {
        self.update(|known| {
            known.uses.retain(|(id, _)| id != credential_id);
            known
                .uses
                .extend(at.map(|at| (credential_id.to_owned(), at)));
        });
    }

    fn known(&self) -> Known {
        self.known
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    fn update(&self, change: impl FnOnce(&mut Known)) {
        change(
            &mut self
                .known
                .write()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
    }
}
