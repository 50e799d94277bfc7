//! A walk through the queue of a state, page by page, which goes on where the run before stopped.

use jiff::{SignedDuration, Timestamp};

use super::Maintenance;
use crate::{
    domain::approval::{ApprovalRequest, RequestId, State},
    ports::{Deadline, StoreError, request_store::Order, rounds::Place},
};

pub(super) struct Round<'m> {
    maintenance: &'m Maintenance,
    state: State,
    began_at: Timestamp,
    after: Option<RequestId>,
    is_over: bool,
    has_begun: bool,
}

impl Maintenance {
    /// The round that is under way, or the next one: which does not begin before `rest` has passed since the last one began.
    pub(super) async fn round(
        &self,
        state: State,
        rest: SignedDuration,
    ) -> Result<Round<'_>, StoreError> {
        let now = self.clock.now();
        let (began_at, after, is_over) = match self.rounds.place(state).await? {
            Some(Place {
                began_at,
                after: Some(after),
            }) => (began_at, Some(after), false),
            Some(last) => (now, None, now.duration_since(last.began_at) < rest),
            None => (now, None, false),
        };
        Ok(Round {
            maintenance: self,
            state,
            began_at,
            after,
            is_over,
            has_begun: false,
        })
    }
}

impl Round<'_> {
    /// The next requests, the oldest first; `None` at the end of the queue or of the time. One page is always looked at, so that
    /// every run comes further.
    pub(super) async fn next(
        &mut self,
        limit: u16,
        deadline: Deadline,
    ) -> Result<Option<Vec<ApprovalRequest>>, StoreError> {
        if self.is_over || (self.has_begun && deadline.left().is_zero()) {
            return Ok(None);
        }
        let store = &self.maintenance.store;
        let after = self.after.as_ref();
        let page = store
            .queue(self.state, Order::OldestFirst, after, limit)
            .await?;
        self.has_begun = true;
        self.is_over = page.next.is_none();
        self.after = page.next;
        Ok(Some(page.requests))
    }

    /// Notes that everything was looked at that `next` gave.
    pub(super) async fn keep(&self) -> Result<(), StoreError> {
        let place = Place {
            began_at: self.began_at,
            after: self.after.clone(),
        };
        self.maintenance.rounds.keep(self.state, &place).await
    }
}
