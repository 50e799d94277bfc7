//! Guests that came of no approval, in a tenant in which each has to.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::Maintenance;
use crate::{
    domain::{
        approval::{AppliedIdentity, ApprovalRequest, State},
        email::EmailAddress,
        identity::{Identity, Subject},
        person::PersonKey,
    },
    ports::{
        Deadline, StoreError,
        accounts::AccountError,
        guest_rounds::GuestWindow,
        guests::{Guest, GuestPage, Guests},
        journal::Maintained,
    },
};

/// Until then an account has its request, and Graph finds it.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// A closed request may be kept for a single day: of an older account its request says nothing any more.
const EXPLAINED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How long Graph has for one part.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The latest requests of a person that are looked at.
const LATEST: u16 = 10;

impl Maintenance {
    /// Looks at the guests that were created since the run before. One without an approval is told once; nothing is changed.
    pub(super) async fn look_for_unapproved(
        &self,
        deadline: Deadline,
        told: &mut Maintained,
    ) -> Result<(), StoreError> {
        let Some(guests) = &self.guests else {
            return Ok(());
        };
        // A slow Graph leaves time for those who wait.
        let deadline = Deadline(Instant::now() + deadline.left() / 2);
        let mut under_way = self.guest_window().await?;
        while let Some(window) = under_way.take()
            && told.guests_looked_at < self.bounds.guests.into()
            && !deadline.left().is_zero()
        {
            match part_of(guests, &window, deadline).await {
                Ok(page) => under_way = self.look_at_part(window, page, told).await?,
                Err(error) => {
                    told.problem.get_or_insert(error.to_string());
                    return self.give_up(window, &error).await;
                }
            }
        }
        Ok(())
    }

    /// The window that is under way, or the next one; `None` until time has passed.
    async fn guest_window(&self) -> Result<Option<GuestWindow>, StoreError> {
        let last = self.guest_rounds.window().await?;
        if last.as_ref().is_some_and(|last| last.next.is_some()) {
            return Ok(last);
        }
        let now = self.clock.now();
        let explained_since = before(now, EXPLAINED_FOR);
        let since = last.map_or(explained_since, |last| last.until.max(explained_since));
        let until = before(now, SETTLED_AFTER);
        Ok((since < until).then_some(GuestWindow {
            since,
            until,
            next: None,
        }))
    }

    /// The rest of the window, if there is one.
    async fn look_at_part(
        &self,
        window: GuestWindow,
        page: GuestPage,
        told: &mut Maintained,
    ) -> Result<Option<GuestWindow>, StoreError> {
        let now = self.clock.now();
        for guest in &page.guests {
            self.look_at(guest, now, told).await?;
        }
        let window = GuestWindow {
            next: page.next,
            ..window
        };
        self.guest_rounds.keep_window(&window).await?;
        Ok(window.next.is_some().then_some(window))
    }

    async fn look_at(
        &self,
        guest: &Guest,
        now: Timestamp,
        told: &mut Maintained,
    ) -> Result<(), StoreError> {
        told.guests_looked_at += 1;
        // A window that took long ends with guests that are too old by now.
        let is_known = guest.created_at >= before(now, EXPLAINED_FOR);
        if is_known
            && !self.is_explained(guest).await?
            && self.guest_rounds.found(&guest.id, now).await?
        {
            told.accounts_unapproved.push(guest.id.0.clone());
        }
        Ok(())
    }

    async fn is_explained(&self, guest: &Guest) -> Result<bool, StoreError> {
        for person in people(guest) {
            for id in self.store.of_person(&person, LATEST).await? {
                let request = self.store.request(&id).await?;
                if request.is_some_and(|request| explains(&request, guest)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Graph does not keep its links for ever: the window begins anew when it refuses one.
    async fn give_up(&self, window: GuestWindow, error: &AccountError) -> Result<(), StoreError> {
        if window.next.is_none() || matches!(error, AccountError::Later { .. }) {
            return Ok(());
        }
        let again = GuestWindow {
            until: window.since,
            next: None,
            ..window
        };
        self.guest_rounds.keep_window(&again).await
    }
}

async fn part_of(
    guests: &Arc<dyn Guests>,
    window: &GuestWindow,
    deadline: Deadline,
) -> Result<GuestPage, AccountError> {
    let deadline = Deadline(Instant::now() + ANSWER_WITHIN).min(deadline);
    match &window.next {
        Some(next) => guests.more(next, deadline).await,
        None => guests.created(window.since, window.until, deadline).await,
    }
}

/// While an account is on its way, or failed half-way, the request does not name it yet.
fn explains(request: &ApprovalRequest, guest: &Guest) -> bool {
    match request.state {
        State::Approved | State::Provisioning | State::ProvisioningFailed => true,
        State::Provisioned => request.account.as_ref() == Some(&guest.id.0),
        State::Pending | State::Denied | State::Expired | State::Withdrawn => false,
    }
}

/// Whoever the guest may have been when applying.
fn people(guest: &Guest) -> impl Iterator<Item = PersonKey> {
    let by_mail = guest.mail.as_deref().and_then(by_address);
    let by_identity = guest.identities.iter().filter_map(by_identity);
    by_mail.into_iter().chain(by_identity)
}

fn by_address(address: &str) -> Option<PersonKey> {
    let address = EmailAddress::parse(address).ok()?;
    Some(PersonKey::of_address(address.canonical().as_str()))
}

fn by_identity(identity: &AppliedIdentity) -> Option<PersonKey> {
    let (provider, subject) = (identity.provider()?, identity.subject.as_deref()?);
    if provider.is_mail() {
        return by_address(subject);
    }
    let subject = Some(Subject::parse(subject).ok()?);
    PersonKey::of_identity(&Identity { provider, subject })
}

fn before(now: Timestamp, age: SignedDuration) -> Timestamp {
    now.checked_sub(age).unwrap_or(now)
}
