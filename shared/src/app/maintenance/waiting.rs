//! Requests that wait for a decision: those that nobody decides about in time expire, and of the others those are reminded who
//! should decide.

use std::{collections::HashMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::{Maintenance, count};
use crate::{
    domain::{
        approval::{Action, Actor, ApprovalRequest, Change, Mark, RequestId, State, later},
        publication::{CurrentPolicies, PolicyVersion},
    },
    policy::Notices,
    ports::{Deadline, StoreError, journal::Maintained},
};

/// How long one policy may take to be read.
const POLICY_WITHIN: Duration = Duration::from_secs(10);

/// What the current policies say of requests that wait.
struct Rules {
    current: CurrentPolicies,
    notices: HashMap<PolicyVersion, Notices>,
}

impl Rules {
    /// The marks that a request should have by now. Of reminders that were missed the latest one counts.
    fn due(&self, request: &ApprovalRequest, now: Timestamp) -> impl Iterator<Item = Mark> {
        let version = self.current.of(request.user_flow.as_ref());
        let notices = version.and_then(|version| self.notices.get(&version));
        let reminder = notices
            .and_then(|notices| reminder(request, notices.remind_after_days?, now))
            .map(Mark::Reminder);
        let escalation = notices
            .and_then(|notices| notices.escalate_after_days)
            .filter(|days| later(request.waits_since(), *days) <= now)
            .map(|_| Mark::Escalation);
        reminder.into_iter().chain(escalation)
    }
}

/// Which reminder is due. They count from the creation of the request; one that was opened again has as many days to wait
/// as a new one before the next.
fn reminder(request: &ApprovalRequest, every: u32, now: Timestamp) -> Option<u32> {
    let days = now.duration_since(request.created_at).as_hours() / 24;
    let number = u32::try_from(days).ok()?.checked_div(every)?;
    let due = later(request.created_at, number * every);
    (due >= later(request.waits_since(), every)).then_some(number)
}

impl Maintenance {
    /// Walks through those who wait, as far as there is time.
    pub(super) async fn look_at_waiting(
        &self,
        deadline: Deadline,
        told: &mut Maintained,
    ) -> Result<(), StoreError> {
        let rules = self.rules().await?;
        let mut round = self.round(State::Pending, SignedDuration::ZERO).await?;
        while let Some(page) = round.next(self.bounds.page, deadline).await? {
            told.looked_at(&page);
            let now = self.clock.now();
            let (overdue, waiting): (Vec<_>, Vec<_>) = page
                .into_iter()
                .partition(|request| request.is_overdue(now));
            self.expire_all(&overdue, now, told).await;
            self.remind_of(&waiting, &rules, now, told).await?;
            round.keep().await?;
        }
        Ok(())
    }

    /// A policy that cannot be read is told by whoever reads it, and nobody is reminded by it in this run.
    async fn rules(&self) -> Result<Rules, StoreError> {
        let current = self.published.current().await?;
        let mut notices = HashMap::new();
        for version in current.all() {
            let deadline = Deadline(Instant::now() + POLICY_WITHIN);
            if let Some(active) = self.policies.get(&version, deadline).await {
                notices.insert(version, active.policy.approval.notices.clone());
            }
        }
        Ok(Rules { current, notices })
    }

    async fn expire_all(&self, overdue: &[ApprovalRequest], now: Timestamp, told: &mut Maintained) {
        let expire = overdue.iter().map(|request| self.expire(request, now));
        told.expired += count(expire, told).await;
    }

    /// Somebody who was faster is right.
    async fn expire(&self, request: &ApprovalRequest, now: Timestamp) -> Result<bool, StoreError> {
        let expire = Change::new(Action::Expire, Actor::System);
        match request.after(&expire, now) {
            Ok((next, entry)) => self.store.change(request, &next, &entry).await,
            Err(_) => Ok(false),
        }
    }

    async fn remind_of(
        &self,
        waiting: &[ApprovalRequest],
        rules: &Rules,
        now: Timestamp,
        told: &mut Maintained,
    ) -> Result<(), StoreError> {
        let due = waiting
            .iter()
            .flat_map(|request| rules.due(request, now).map(move |mark| (request, mark)));
        let due: Vec<_> = due.collect();
        let wanted: Vec<(RequestId, Mark)> = due
            .iter()
            .map(|(request, mark)| (request.id.clone(), *mark))
            .collect();
        // Reading costs a tenth of writing, and most of them are there.
        let there = self.reminders.marked(&wanted).await?;
        let missing = due.into_iter().zip(wanted);
        let missing = missing.filter(|(_, wanted)| !there.contains(wanted));
        let (escalations, reminders): (Vec<_>, Vec<_>) = missing
            .map(|(due, _)| due)
            .partition(|(_, mark)| *mark == Mark::Escalation);
        let mark = |(request, mark)| self.reminders.mark(request, mark, now);
        told.reminded += count(reminders.into_iter().map(mark), told).await;
        told.escalated += count(escalations.into_iter().map(mark), told).await;
        Ok(())
    }
}
