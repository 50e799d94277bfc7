//! Approval requests, for those who decide about them.

mod matched;
mod told;

use std::{sync::Arc, time::Duration};

use futures_util::future::try_join_all;
use tokio::time::Instant;

pub use self::{matched::Matched, told::told};
use super::{
    audit::of_setting,
    sealing::{self, SealingError},
};
use crate::{
    domain::{
        approval::{
            Action, Actor, Applicant, ApprovalRequest, Change, HistoryEntry, Refused, RequestId,
            State,
        },
        audit::{Record, SettingAction, SettingChange, Signature},
        email::{EmailAddress, EmailDomain},
        person::PersonKey,
        verification::Evidence,
    },
    ports::{
        Deadline, StoreError,
        attempts::EvidenceReader,
        clock::Clock,
        data_keys::DataKeyReader,
        request_store::{Order, Page, RequestStore},
    },
};

/// How often a change is tried again when others change the same request.
const TRIES: u32 = 8;

/// Most requests of a person, and of a domain, that are shown beside one.
const BESIDE: u16 = 20;

/// Nobody waits for an answer within a second here.
const KEYS_ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Why a request was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error("there is no such request: it never was, or the time for which it is kept is over")]
    Unknown,
    #[error("{}", told::refused(.0))]
    Refused(Refused),
    /// Somebody else has changed it since the version that was named.
    #[error("found version {found}, expected {seen}: {}", told::all(.since))]
    ChangedMeanwhile {
        seen: u64,
        found: u64,
        /// What happened since, the oldest first.
        since: Vec<HistoryEntry>,
    },
    #[error("found version {found}, expected {seen}, which never was")]
    NoSuchVersion { seen: u64, found: u64 },
    /// Another one of its applicant is in the way, or parts of it may be deleted by now.
    #[error("it cannot be opened again: {}", told::in_the_way(.newer.as_ref()))]
    StaysClosed { newer: Option<RequestId> },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Keys(#[from] SealingError),
}

/// Everything about a request.
#[derive(Debug)]
pub struct Dossier {
    pub request: ApprovalRequest,
    /// `None` once it is erased.
    pub applicant: Option<Applicant>,
    /// The oldest first.
    pub history: Vec<HistoryEntry>,
    /// Other requests of the person, the newest first.
    pub of_person: Vec<ApprovalRequest>,
    /// Other requests of people of the same domain, the newest first.
    pub of_domain: Vec<ApprovalRequest>,
    /// Of verifications of the person, the newest first.
    pub evidence: Vec<Evidence>,
}

pub struct Requests {
    store: Arc<dyn RequestStore>,
    evidence: Arc<dyn EvidenceReader>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Requests")
    }
}

impl Requests {
    pub fn new(
        store: Arc<dyn RequestStore>,
        evidence: Arc<dyn EvidenceReader>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            evidence,
            clock,
        }
    }

    /// A page of the requests in a state.
    pub async fn list(
        &self,
        state: State,
        order: Order,
        after: Option<&RequestId>,
        limit: u16,
    ) -> Result<Page, RequestError> {
        Ok(self.store.queue(state, order, after, limit).await?)
    }

    /// How many requests are in each state; counting ends at `at_most`.
    pub async fn counts(&self, at_most: u32) -> Result<Vec<(State, u32)>, RequestError> {
        let counts = State::ALL.map(async |state| {
            let count = self.store.count(state, at_most).await?;
            Ok::<_, RequestError>((state, count))
        });
        try_join_all(counts).await
    }

    /// Everything about a request. Who applied is read by `keys`.
    pub async fn show(
        &self,
        id: &RequestId,
        keys: &dyn DataKeyReader,
    ) -> Result<Dossier, RequestError> {
        let request = self.find(id).await?;
        let mut of_person = self.store.of_person(&request.person, BESIDE).await?;
        of_person.retain(|other| other != id);
        let mut of_domain = match &request.domain {
            Some(domain) => self.store.of_domain(domain, BESIDE).await?,
            None => Vec::new(),
        };
        of_domain.retain(|other| other != id && !of_person.contains(other));
        Ok(Dossier {
            applicant: self.applicant(&request, keys).await?,
            history: self.store.history(id).await?,
            of_person: self.all(&of_person).await?,
            of_domain: self.all(&of_domain).await?,
            evidence: self.evidence.evidence(&request.person).await?,
            request,
        })
    }

    /// What was applied with last; `None` once it is erased.
    pub async fn applicant(
        &self,
        request: &ApprovalRequest,
        keys: &dyn DataKeyReader,
    ) -> Result<Option<Applicant>, RequestError> {
        let sealed = self.store.applicant(&request.id, request.edition).await?;
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        let deadline = Deadline(Instant::now() + KEYS_ANSWER_WITHIN);
        Ok(Some(
            sealing::open(keys, &request.id, &sealed, deadline).await?,
        ))
    }

    /// Changes a request. A change that loses against another one is tried again, unless it was meant for the version `seen`
    /// alone.
    pub async fn decide(
        &self,
        id: &RequestId,
        seen: Option<u64>,
        change: &Change,
    ) -> Result<ApprovalRequest, RequestError> {
        let mut before = self.find(id).await?;
        for _ in 0..TRIES {
            self.is_as_seen(&before, seen).await?;
            let after = before.after(change, self.clock.now());
            let (next, entry) = after.map_err(RequestError::Refused)?;
            if self.store.change(&before, &next, &entry).await? {
                return Ok(next);
            }
            let found = self.find(id).await?;
            if found.version == before.version && change.action == Action::Reopen {
                return Err(self.stays_closed(&found).await?);
            }
            before = found;
        }
        Err(StoreError::Conflict.into())
    }

    /// What a change would make of a request that is as it was `seen`; nothing is changed.
    pub async fn preview(
        &self,
        id: &RequestId,
        seen: u64,
        change: &Change,
    ) -> Result<ApprovalRequest, RequestError> {
        let before = self.find(id).await?;
        self.is_as_seen(&before, Some(seen)).await?;
        let after = before.after(change, self.clock.now());
        let (next, _) = after.map_err(RequestError::Refused)?;
        Ok(next)
    }

    /// The latest requests of whoever has an address, the newest first.
    pub async fn of_address(
        &self,
        address: &EmailAddress,
    ) -> Result<Vec<ApprovalRequest>, RequestError> {
        let person = PersonKey::of_address(address.canonical().as_str());
        let ids = self.store.of_person(&person, BESIDE).await?;
        Ok(self.all(&ids).await?)
    }

    /// The latest requests of people of a domain, the newest first.
    pub async fn of_domain(
        &self,
        domain: &EmailDomain,
    ) -> Result<Vec<ApprovalRequest>, RequestError> {
        let ids = self.store.of_domain(domain.as_str(), BESIDE).await?;
        Ok(self.all(&ids).await?)
    }

    /// Makes who applied unreadable for everybody and for ever, for whoever `by` names; gives what is left.
    pub async fn erase(&self, id: &RequestId, by: &str) -> Result<ApprovalRequest, RequestError> {
        let change = SettingChange::of(SettingAction::RequestErase, id.as_str());
        let record = of_setting(&Signature::new(by, self.clock.now()), change);
        self.erased(id, Some(&record)).await
    }

    async fn erased(
        &self,
        id: &RequestId,
        record: Option<&Record>,
    ) -> Result<ApprovalRequest, RequestError> {
        let request = self.find(id).await?;
        self.store.erase(id, record).await?;
        Ok(request)
    }

    /// Withdraws a request for its applicant.
    pub async fn withdraw(&self, id: &RequestId) -> Result<ApprovalRequest, RequestError> {
        let change = Change::new(Action::Withdraw, Actor::Applicant);
        self.decide(id, None, &change).await
    }

    /// Erases an applicant who wishes it: a request that waits is withdrawn first, and refused is one whose account is to be
    /// made, for which the applicant is needed.
    pub async fn forget(&self, id: &RequestId) -> Result<ApprovalRequest, RequestError> {
        match self.withdraw(id).await {
            Err(RequestError::Refused(Refused::State { from, .. })) if !from.is_open() => {}
            withdrawn => {
                withdrawn?;
            }
        }
        self.erased(id, None).await
    }

    /// Every change of a request, the oldest first.
    pub async fn history(&self, id: &RequestId) -> Result<Vec<HistoryEntry>, RequestError> {
        Ok(self.store.history(id).await?)
    }

    /// A request without its person.
    pub async fn find(&self, id: &RequestId) -> Result<ApprovalRequest, RequestError> {
        let found = self.store.request(id).await?;
        found.ok_or(RequestError::Unknown)
    }

    async fn is_as_seen(
        &self,
        request: &ApprovalRequest,
        seen: Option<u64>,
    ) -> Result<(), RequestError> {
        let found = request.version;
        match seen {
            Some(seen) if seen > found => Err(RequestError::NoSuchVersion { seen, found }),
            Some(seen) if seen < found => {
                let mut since = self.store.history(&request.id).await?;
                since.retain(|entry| entry.version > seen);
                Err(RequestError::ChangedMeanwhile { seen, found, since })
            }
            _ => Ok(()),
        }
    }

    /// Why a closed request is not opened that nobody has changed.
    async fn stays_closed(&self, closed: &ApprovalRequest) -> Result<RequestError, StoreError> {
        for id in self.store.of_person(&closed.person, BESIDE).await? {
            let other = self.store.request(&id).await?;
            let same = other.is_some_and(|other| other.applicant == closed.applicant);
            if same && id > closed.id {
                return Ok(RequestError::StaysClosed { newer: Some(id) });
            }
        }
        Ok(RequestError::StaysClosed { newer: None })
    }

    /// Those that are not deleted by now.
    async fn all(&self, ids: &[RequestId]) -> Result<Vec<ApprovalRequest>, StoreError> {
        let found = ids.iter().map(|id| self.store.request(id));
        let found = try_join_all(found).await?;
        Ok(found.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests;
