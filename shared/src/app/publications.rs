//! Publishing policies, for the operator: a version, a candidate beside it, the history, and the way back.

use std::{collections::BTreeMap, sync::Arc};

use ring::digest::{SHA256, digest};

use super::audit::of_setting;
use crate::{
    domain::{
        audit::{Record, SettingAction, SettingChange, Signature},
        publication::{CurrentPolicies, PolicyFlow, PolicyVersion, Publication},
    },
    policy::{
        compile,
        document::{Document, MAX_DOCUMENT_OCTETS},
        fault::Fault,
        prepared,
    },
    ports::{
        StoreError,
        clock::Clock,
        policy_store::{MAX_TEXT_OCTETS, NewVersion, PolicyStore},
    },
};

/// How often a change is tried again when others change other user flows.
const TRIES: u32 = 8;

/// Versions that are read at once.
const PAGE: u16 = 100;

/// Why a policy was not published, found or rolled back.
#[derive(Debug, thiserror::Error)]
pub enum PublicationError {
    #[error("the policy has {} faults", .0.len())]
    Faulty(Vec<Fault>),
    #[error("the policy has {found} octets, expected at most {most}")]
    TooLarge { found: usize, most: usize },
    #[error(
        "somebody else has changed which version of `{flow}` is the current one or the candidate in the meantime: look at \
         `signupctl policy history` and try again"
    )]
    Overtaken { flow: PolicyFlow },
    #[error("`{flow}` has no published policy")]
    NothingPublished { flow: PolicyFlow },
    #[error("`{flow}` has no version {number}: see `signupctl policy history`")]
    Unknown { flow: PolicyFlow, number: u32 },
    #[error("`{flow}` has no candidate: see `signupctl policy shadow`")]
    NoCandidate { flow: PolicyFlow },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an operator publishes.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'d> {
    pub flow: &'d PolicyFlow,
    /// As it was written.
    pub source: &'d str,
    /// What the source says.
    pub document: &'d Document,
    pub author: &'d str,
    pub note: &'d str,
}

/// A change of what decides, or of what is compared with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The current version before, or the candidate.
    pub from: Option<u32>,
    pub to: PolicyVersion,
    /// What is pointed at after it.
    pub current: CurrentPolicies,
}

/// The versions of a user flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    pub current: Option<u32>,
    pub candidate: Option<u32>,
    /// The newest first.
    pub publications: Vec<Publication>,
}

pub struct Publications {
    store: Arc<dyn PolicyStore>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Publications {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Publications")
    }
}

impl Publications {
    pub fn new(store: Arc<dyn PolicyStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Publishes a policy that compiles, as the next version, and makes it the current one. A candidate stays.
    pub async fn publish(&self, draft: Draft<'_>) -> Result<Changed, PublicationError> {
        let seen = self.store.current().await?;
        let new = self.next_version(draft).await?;
        let to = new.publication.version.clone();
        let from = seen.versions.get(draft.flow).copied();
        let point = |next: &mut CurrentPolicies| next.point_to(&to);
        let record = self.record(SettingAction::PolicyPublish, &to, draft.author);
        let write = async |next: &CurrentPolicies| self.store.publish(&new, next, &record).await;
        let current = self.change(draft.flow, seen, point, write).await?;
        Ok(Changed { from, to, current })
    }

    /// Publishes a policy that compiles, as the next version, and makes it the candidate, instead of another one. It decides
    /// nothing.
    pub async fn shadow(&self, draft: Draft<'_>) -> Result<Changed, PublicationError> {
        let seen = self.store.current().await?;
        let new = self.next_version(draft).await?;
        let to = new.publication.version.clone();
        let from = seen.candidates.get(draft.flow).copied();
        let point = |next: &mut CurrentPolicies| {
            next.candidates.insert(to.flow.clone(), to.number);
        };
        let record = self.record(SettingAction::PolicyShadow, &to, draft.author);
        let write = async |next: &CurrentPolicies| self.store.publish(&new, next, &record).await;
        let current = self.change(draft.flow, seen, point, write).await?;
        Ok(Changed { from, to, current })
    }

    /// Ends the comparison with the candidate, which stays in the history, for whoever `by` names.
    pub async fn end_shadow(
        &self,
        flow: &PolicyFlow,
        by: &str,
    ) -> Result<PolicyVersion, PublicationError> {
        let seen = self.store.current().await?;
        let candidate = candidate(&seen, flow)?;
        let point = |next: &mut CurrentPolicies| {
            next.candidates.remove(flow);
        };
        let record = self.record(SettingAction::PolicyEndShadow, &candidate, by);
        let write = async |next: &CurrentPolicies| self.store.point(next, &record).await;
        self.change(flow, seen, point, write).await?;
        Ok(candidate)
    }

    /// Makes the candidate the current version, for whoever `by` names.
    pub async fn promote(&self, flow: &PolicyFlow, by: &str) -> Result<Changed, PublicationError> {
        let seen = self.store.current().await?;
        let to = candidate(&seen, flow)?;
        let record = self.record(SettingAction::PolicyPromote, &to, by);
        self.point(to, seen, &record).await
    }

    /// Makes an earlier version the current one again, for whoever `by` names; the current one stays as it is.
    pub async fn roll_back(
        &self,
        to: PolicyVersion,
        by: &str,
    ) -> Result<Changed, PublicationError> {
        let seen = self.store.current().await?;
        let before = Some(to.number.saturating_add(1));
        let found = self.store.history(&to.flow, before, 1).await?;
        if found.first().is_none_or(|found| found.version != to) {
            return Err(unknown(to));
        }
        let record = self.record(SettingAction::PolicyRollback, &to, by);
        self.point(to, seen, &record).await
    }

    pub async fn history(&self, flow: &PolicyFlow) -> Result<History, PublicationError> {
        let pointed_at = self.store.current().await?;
        let mut publications: Vec<Publication> = Vec::new();
        loop {
            let before = publications.last().map(|last| last.version.number);
            let page = self.store.history(flow, before, PAGE).await?;
            let ended = page.len() < usize::from(PAGE);
            publications.extend(page);
            if ended {
                return Ok(History {
                    current: pointed_at.versions.get(flow).copied(),
                    candidate: pointed_at.candidates.get(flow).copied(),
                    publications,
                });
            }
        }
    }

    /// A version as it was written; without a number the current one.
    pub async fn source(
        &self,
        flow: &PolicyFlow,
        number: Option<u32>,
    ) -> Result<(PolicyVersion, String), PublicationError> {
        let number = match number {
            Some(number) => number,
            None => self.current_number(flow).await?,
        };
        let version = PolicyVersion {
            flow: flow.clone(),
            number,
        };
        match self.store.source(&version).await? {
            Some(source) => Ok((version, source)),
            None => Err(unknown(version)),
        }
    }

    async fn current_number(&self, flow: &PolicyFlow) -> Result<u32, PublicationError> {
        let current = self.store.current().await?;
        let nothing = || PublicationError::NothingPublished { flow: flow.clone() };
        current.versions.get(flow).copied().ok_or_else(nothing)
    }

    /// The version that a policy becomes, if it compiles and fits.
    async fn next_version(&self, draft: Draft<'_>) -> Result<NewVersion, PublicationError> {
        let policy = compile(draft.document).map_err(PublicationError::Faulty)?;
        let document = text_of(draft)?;
        let prepared = prepared::encode(&policy).filter(|octets| octets.len() <= MAX_TEXT_OCTETS);
        let newest = self.store.history(draft.flow, None, 1).await?;
        let number = newest.first().map_or(1, |newest| newest.version.number + 1);
        let version = PolicyVersion {
            flow: draft.flow.clone(),
            number,
        };
        Ok(NewVersion {
            publication: self.publication(draft, version),
            source: draft.source.to_owned(),
            document,
            prepared,
        })
    }

    fn record(&self, action: SettingAction, version: &PolicyVersion, by: &str) -> Record {
        let change = SettingChange::of(action, version.flow.as_str());
        let signature = Signature::new(by, self.clock.now());
        of_setting(&signature, change.with_version(version.number))
    }

    fn publication(&self, draft: Draft<'_>, version: PolicyVersion) -> Publication {
        Publication {
            version,
            sha256: sha256(draft.source),
            author: draft.author.to_owned(),
            note: draft.note.to_owned(),
            at: self.clock.now(),
        }
    }

    /// Makes a version that is there the current one, unless it is.
    async fn point(
        &self,
        to: PolicyVersion,
        seen: CurrentPolicies,
        record: &Record,
    ) -> Result<Changed, PublicationError> {
        let from = seen.versions.get(&to.flow).copied();
        let point = |next: &mut CurrentPolicies| next.point_to(&to);
        let mut current = seen.clone();
        point(&mut current);
        if current == seen {
            return Ok(Changed { from, to, current });
        }
        let write = async |next: &CurrentPolicies| self.store.point(next, record).await;
        let current = self.change(&to.flow, seen, point, write).await?;
        Ok(Changed { from, to, current })
    }

    /// What is pointed at stands in one item for all user flows: a change of another flow's is no reason to give up, a
    /// change of this one's is.
    async fn change(
        &self,
        flow: &PolicyFlow,
        mut seen: CurrentPolicies,
        point: impl Fn(&mut CurrentPolicies),
        write: impl AsyncFn(&CurrentPolicies) -> Result<(), StoreError>,
    ) -> Result<CurrentPolicies, PublicationError> {
        let numbers = |seen: &CurrentPolicies| {
            let number = |of: &BTreeMap<PolicyFlow, u32>| of.get(flow).copied();
            (number(&seen.versions), number(&seen.candidates))
        };
        let before = numbers(&seen);
        for _ in 0..TRIES {
            let mut next = seen;
            point(&mut next);
            match write(&next).await {
                Ok(()) => return Ok(next),
                Err(StoreError::Conflict) => seen = self.store.current().await?,
                Err(error) => return Err(error.into()),
            }
            if numbers(&seen) != before {
                return Err(PublicationError::Overtaken { flow: flow.clone() });
            }
        }
        Err(StoreError::Conflict.into())
    }
}

fn candidate(seen: &CurrentPolicies, flow: &PolicyFlow) -> Result<PolicyVersion, PublicationError> {
    let none = || PublicationError::NoCandidate { flow: flow.clone() };
    let number = seen.candidates.get(flow).copied().ok_or_else(none)?;
    let flow = flow.clone();
    Ok(PolicyVersion { flow, number })
}

/// The document as functions read it; refused when one of the texts does not fit.
fn text_of(draft: Draft<'_>) -> Result<String, PublicationError> {
    let document = serde_json::to_string(draft.document)
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    let sizes = [
        (draft.source.len(), MAX_DOCUMENT_OCTETS),
        (document.len(), MAX_TEXT_OCTETS),
    ];
    for (found, most) in sizes {
        if found > most {
            return Err(PublicationError::TooLarge { found, most });
        }
    }
    Ok(document)
}

/// As `sha256sum` prints it.
fn sha256(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    let bytes = digest.as_ref().iter();
    bytes.fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn unknown(version: PolicyVersion) -> PublicationError {
    PublicationError::Unknown {
        flow: version.flow,
        number: version.number,
    }
}
