//! The one place in which a scope holds: nothing is read or decided but through it.

mod lists;

use std::sync::Arc;

use futures_util::future::{join_all, try_join};

pub(super) use self::lists::{
    Becomes, Confirmed, EntryError, EntryFilter, EntryPreview, EntryWish,
};
use super::{
    roles::{Approver, flow},
    soon,
};
use crate::{
    app::{
        advice::{Advice, Advisor},
        audit::Audit,
        lists::Lists,
        requests::{Dossier, RequestError, Requests},
    },
    domain::{
        approval::{Action, Actor, Applicant, ApprovalRequest, Change, Refused, RequestId, State},
        email::{EmailAddress, EmailDomain},
    },
    ports::{data_keys::DataKeyReader, request_store::Order},
};

/// Requests on a page.
pub(super) const PAGE: usize = 25;

/// Requests of an export.
pub(super) const EXPORTED: usize = 1000;

/// Requests that are read at once when only some are wanted.
const READ: u16 = 100;

/// Reads for a page: with 100 requests each of at most 4 KB, a page costs 250 read units at the most.
const READS: usize = 5;

/// The same for an export.
const READS_FOR_EXPORT: usize = 20;

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
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) action: Action,
    pub(super) reason: Option<String>,
    /// For the applicant.
    pub(super) message: Option<String>,
}

/// A request as somebody has seen it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) id: RequestId,
    pub(super) version: u64,
}

/// What becomes, or would become, of one of several requests.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) seen: Seen,
    /// `None` for what is none of theirs.
    pub(super) who: Option<Who>,
    pub(super) result: Result<ApprovalRequest, RequestError>,
}

/// What somebody looks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sought {
    Id(RequestId),
    Address(EmailAddress),
    Domain(EmailDomain),
}

pub(super) struct Desk {
    pub(super) requests: Requests,
    pub(super) lists: Lists,
    pub(super) keys: Arc<dyn DataKeyReader>,
    pub(super) advisor: Advisor,
    pub(super) audit: Audit,
}

impl Desk {
    /// A page of a queue with those who applied.
    async fn queue(&self, approver: &Approver, wanted: &Wanted) -> Result<Found, RequestError> {
        let (requests, next) = self.page(approver, wanted).await?;
        let rows = self.rows(requests).await;
        Ok(Found { rows, next })
    }

    /// A page of a queue without them.
    pub(super) async fn page(
        &self,
        approver: &Approver,
        wanted: &Wanted,
    ) -> Result<(Vec<ApprovalRequest>, Option<RequestId>), RequestError> {
        self.wanted(approver, wanted, PAGE, READS).await
    }

    async fn rows(&self, requests: Vec<ApprovalRequest>) -> Vec<Row> {
        let rows = requests.into_iter().map(async |request| Row {
            who: self.who(&request).await,
            request,
        });
        join_all(rows).await
    }

    /// A long part of a queue, without those who applied.
    pub(super) async fn export(
        &self,
        approver: &Approver,
        wanted: &Wanted,
    ) -> Result<(Vec<ApprovalRequest>, Option<RequestId>), RequestError> {
        self.wanted(approver, wanted, EXPORTED, READS_FOR_EXPORT)
            .await
    }

    /// The latest requests of an address or a domain.
    pub(super) async fn search(
        &self,
        approver: &Approver,
        sought: &Sought,
    ) -> Result<Vec<Row>, RequestError> {
        let mut found = match sought {
            Sought::Id(id) => vec![self.find(approver, id).await?],
            Sought::Address(address) => self.requests.of_address(address).await?,
            Sought::Domain(domain) => self.requests.of_domain(domain).await?,
        };
        found.retain(|request| approver.covers(request));
        Ok(self.rows(found).await)
    }

    /// How many requests there are in each state; nothing for those who may not see all of them.
    pub(super) async fn counts(
        &self,
        approver: &Approver,
    ) -> Result<Vec<(State, u32)>, RequestError> {
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

    /// What helps to decide about it.
    pub(super) async fn advice(&self, approver: &Approver, dossier: &Dossier) -> Advice {
        let may_see = |request: &ApprovalRequest| approver.covers(request);
        self.advisor.advise(dossier, may_see, soon()).await
    }

    /// Decides about the version that was seen, and about no other.
    pub(super) async fn decide(
        &self,
        approver: &Approver,
        seen: &Seen,
        wish: Wish,
    ) -> Result<ApprovalRequest, RequestError> {
        let request = self.find(approver, &seen.id).await?;
        let change = change(approver, &request, wish)?;
        let version = Some(seen.version);
        self.requests.decide(&seen.id, version, &change).await
    }

    /// Decides about each by itself: one that is not changed keeps no other from it.
    pub(super) async fn decide_each(
        &self,
        approver: &Approver,
        all: Vec<Seen>,
        wish: &Wish,
    ) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for seen in all {
            let result = self.decide(approver, &seen, wish.clone()).await;
            outcomes.push(self.outcome(approver, seen, result).await);
        }
        outcomes
    }

    /// What deciding about each would do. Nothing is changed.
    pub(super) async fn preview_each(
        &self,
        approver: &Approver,
        all: Vec<Seen>,
        wish: &Wish,
    ) -> Vec<Outcome> {
        let outcomes = all.into_iter().map(async |seen| {
            let result = self.preview(approver, &seen, wish.clone()).await;
            self.outcome(approver, seen, result).await
        });
        join_all(outcomes).await
    }

    async fn preview(
        &self,
        approver: &Approver,
        seen: &Seen,
        wish: Wish,
    ) -> Result<ApprovalRequest, RequestError> {
        let request = self.find(approver, &seen.id).await?;
        let change = change(approver, &request, wish)?;
        self.requests.preview(&seen.id, seen.version, &change).await
    }

    async fn outcome(
        &self,
        approver: &Approver,
        seen: Seen,
        result: Result<ApprovalRequest, RequestError>,
    ) -> Outcome {
        let who = match self.find(approver, &seen.id).await {
            Ok(request) => Some(self.who(&request).await),
            Err(_) => None,
        };
        Outcome { seen, who, result }
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
        most: usize,
        reads: usize,
    ) -> Result<(Vec<ApprovalRequest>, Option<RequestId>), RequestError> {
        let is_all = approver.covers_all() && wanted.flow.is_none() && wanted.domain.is_none();
        let exactly = u16::try_from(most).unwrap_or(READ).min(READ);
        let size = if is_all { exactly } else { READ };
        let mut found = Vec::new();
        let mut after = wanted.after.clone();
        for _ in 0..reads {
            let page = self
                .requests
                .list(wanted.state, wanted.order, after.as_ref(), size)
                .await?;
            after = page.next;
            let theirs = page.requests.into_iter();
            found.extend(theirs.filter(|one| approver.covers(one) && wanted.includes(one)));
            if found.len() >= most || after.is_none() {
                break;
            }
        }
        if found.len() > most {
            found.truncate(most);
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

/// The change of a request that somebody wishes, if it is theirs to make.
fn change(
    approver: &Approver,
    request: &ApprovalRequest,
    wish: Wish,
) -> Result<Change, RequestError> {
    let Wish {
        action,
        reason,
        message,
    } = wish;
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
    Ok(Change::new(action, by).because(reason).telling(message))
}

impl Sought {
    /// `None` for what is neither an id nor an address nor a domain.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let id = RequestId::parse(text).map(Self::Id);
        let address = || EmailAddress::parse(text).ok().map(Self::Address);
        let domain = || EmailDomain::parse(text).ok().map(Self::Domain);
        id.or_else(address).or_else(domain)
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
