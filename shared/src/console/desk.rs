//! The one place in which a scope holds: nothing is read or decided but through it.

use std::sync::Arc;

use futures_util::future::{join_all, try_join};

use super::roles::{Approver, flow};
use crate::{
    app::requests::{Dossier, RequestError, Requests},
    domain::approval::{
        Action, Actor, Applicant, ApprovalRequest, Change, Refused, RequestId, State,
    },
    ports::{data_keys::DataKeyReader, request_store::Order},
};

/// Requests on a page.
const PAGE: u16 = 25;

/// Requests that are read at once when only some are wanted.
const READ: u16 = 100;

/// Reads for a page: with 100 requests each of at most 4 KB, a page costs 250 read units at the most.
const READS: usize = 5;

/// Counting a longer queue costs more than knowing its length is worth.
pub(super) const COUNTED: u32 = 1000;

/// Which part of a queue somebody wants to see.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) state: State,
    pub(super) order: Order,
    /// `*` for URLs without a user flow.
    pub(super) flow: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) after: Option<RequestId>,
}

/// What was found of it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) rows: Vec<Row>,
    /// After which request to go on; `None` at the end.
    pub(super) next: Option<RequestId>,
}

#[derive(Debug)]
pub(super) struct Row {
    pub(super) request: ApprovalRequest,
    pub(super) who: Who,
}

#[derive(Debug)]
pub(super) enum Who {
    Applicant(Box<Applicant>),
    Erased,
    /// The keys cannot be had, which keeps nobody from deciding about others.
    Unreadable,
}

/// A decision that somebody wants.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) action: Action,
    /// The version that they have seen.
    pub(super) seen: u64,
    pub(super) reason: Option<String>,
}

pub(super) struct Desk {
    pub(super) requests: Requests,
    pub(super) keys: Arc<dyn DataKeyReader>,
}

impl Desk {
    /// A page of a queue with those who applied.
    async fn queue(&self, approver: &Approver, wanted: &Wanted) -> Result<Found, RequestError> {
        let (requests, next) = self.wanted(approver, wanted).await?;
        let rows = requests.into_iter().map(async |request| Row {
            who: self.who(&request).await,
            request,
        });
        let rows = join_all(rows).await;
        Ok(Found { rows, next })
    }

    /// How many requests there are in each state; nothing for those who may not see all of them.
    async fn counts(&self, approver: &Approver) -> Result<Vec<(State, u32)>, RequestError> {
        if !approver.covers_all() {
            return Ok(Vec::new());
        }
        self.requests.counts(COUNTED).await
    }

    /// Everything about a request.
    pub(super) async fn dossier(
        &self,
        approver: &Approver,
        id: &RequestId,
    ) -> Result<Dossier, RequestError> {
        // Nobody's keys are asked for before it is known to be theirs to read.
        self.find(approver, id).await?;
        let mut dossier = self.requests.show(id, self.keys.as_ref()).await?;
        let Dossier {
            of_person,
            of_domain,
            ..
        } = &mut dossier;
        for beside in [of_person, of_domain] {
            beside.retain(|other| approver.covers(other));
        }
        Ok(dossier)
    }

    /// Decides about the version that was seen, and about no other.
    pub(super) async fn decide(
        &self,
        approver: &Approver,
        id: &RequestId,
        wish: Wish,
    ) -> Result<ApprovalRequest, RequestError> {
        let Wish {
            action,
            seen,
            reason,
        } = wish;
        let request = self.find(approver, id).await?;
        if !approver.may(action) {
            let from = request.state;
            return Err(RequestError::Refused(Refused::State { from, action }));
        }
        let mut approved_by = request.approved_by.iter();
        if let Some(earlier) = approved_by.find(|author| approver.has_signed(author))
            && action == Action::Approve
        {
            let refused = Refused::SamePerson(earlier.clone());
            return Err(RequestError::Refused(refused));
        }
        let by = Actor::Person(approver.signature());
        let change = Change::new(action, by).because(reason);
        self.requests.decide(id, Some(seen), &change).await
    }

    /// A request outside of the scope is as unknown as one that never was.
    async fn find(
        &self,
        approver: &Approver,
        id: &RequestId,
    ) -> Result<ApprovalRequest, RequestError> {
        let request = self.requests.find(id).await?;
        if approver.covers(&request) {
            Ok(request)
        } else {
            Err(RequestError::Unknown)
        }
    }

    /// Filters while reading, and ends a page early rather than reading on for a rare one.
    async fn wanted(
        &self,
        approver: &Approver,
        wanted: &Wanted,
    ) -> Result<(Vec<ApprovalRequest>, Option<RequestId>), RequestError> {
        let is_all = approver.covers_all() && wanted.flow.is_none() && wanted.domain.is_none();
        let size = if is_all { PAGE } else { READ };
        let mut found = Vec::new();
        let mut after = wanted.after.clone();
        for _ in 0..READS {
            let page = self
                .requests
                .list(wanted.state, wanted.order, after.as_ref(), size)
                .await?;
            after = page.next;
            let theirs = page.requests.into_iter();
            found.extend(theirs.filter(|one| approver.covers(one) && wanted.includes(one)));
            if found.len() >= PAGE.into() || after.is_none() {
                break;
            }
        }
        if found.len() > PAGE.into() {
            found.truncate(PAGE.into());
            after = found.last().map(|last| last.id.clone());
        }
        Ok((found, after))
    }

    async fn who(&self, request: &ApprovalRequest) -> Who {
        let applicant = self.requests.applicant(request, self.keys.as_ref()).await;
        match applicant {
            Ok(Some(applicant)) => Who::Applicant(Box::new(applicant)),
            Ok(None) => Who::Erased,
            Err(_) => Who::Unreadable,
        }
    }

    /// The queue and its counts, read side by side.
    pub(super) async fn overview(
        &self,
        approver: &Approver,
        wanted: &Wanted,
    ) -> Result<(Found, Vec<(State, u32)>), RequestError> {
        try_join(self.queue(approver, wanted), self.counts(approver)).await
    }
}

impl Wanted {
    fn includes(&self, request: &ApprovalRequest) -> bool {
        let (own_flow, own_domain) = (flow(request), request.domain.as_deref());
        self.flow.as_ref().is_none_or(|wanted| wanted == own_flow)
            && self
                .domain
                .as_ref()
                .is_none_or(|wanted| own_domain == Some(wanted))
    }
}
