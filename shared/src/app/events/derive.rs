//! What a change of the table is as an event. The same change gives the same events with the same ids.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    domain::{
        approval::{Action, ApprovalRequest, HistoryEntry, RequestId, State},
        event::{
            AccountFact, EntryFact, Event, Fact, Personal, PolicyFact, PolicyNumber, RequestFact,
        },
        list::{ListEntry, ListName},
        publication::CurrentPolicies,
    },
    ports::table_changes::{Change, EntriesChange},
};

/// An event, and what of it says who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    pub event: Event,
    pub personal: Personal,
}

impl From<Event> for Derived {
    fn from(event: Event) -> Self {
        Self {
            event,
            personal: Personal::default(),
        }
    }
}

/// The events of a change, which the record of this id tells.
pub fn derive(record: &str, change: &Change) -> Vec<Derived> {
    match change {
        Change::RequestChanged { request, entry } => {
            of_history(request, entry).into_iter().collect()
        }
        Change::RequestStands { from, request } => of_account(*from, request).into_iter().collect(),
        Change::EntriesChanged(change) => of_entries(record, change),
        Change::PoliciesChanged { at, before, after } => of_policies(*at, before, after),
        Change::Other | Change::EventKept(_) | Change::Recorded(_) => Vec::new(),
    }
}

fn of_history(request: &RequestId, entry: &HistoryEntry) -> Option<Derived> {
    let about = RequestFact {
        request: request.to_string(),
        revision: entry.version,
        action: entry.action.name(),
        from: entry.from.map(State::name),
        to: entry.to.name(),
        by: entry.by.kind(),
    };
    let fact = match entry.action {
        Action::Open => Fact::RequestCreated(about),
        Action::Correct | Action::Endorse | Action::Retry => Fact::RequestUpdated(about),
        Action::Approve => Fact::RequestApproved(about),
        Action::Deny => Fact::RequestDenied(about),
        Action::Expire => Fact::RequestExpired(about),
        Action::Withdraw => Fact::RequestWithdrawn(about),
        Action::Reopen => Fact::RequestReopened(about),
        // What becomes of its account is told by events of its own.
        Action::Provision | Action::Finish | Action::Fail => return None,
    };
    Some(of_version(entry.at, fact, request, entry.version))
}

fn of_account(from: Option<State>, request: &ApprovalRequest) -> Option<Derived> {
    if from == Some(request.state) {
        return None;
    }
    let flow = request.user_flow.as_ref();
    let about = AccountFact {
        request: request.id.to_string(),
        account: request.account.clone(),
        user_flow: flow.map(|flow| flow.as_str().to_owned()),
        problem: request.failure.clone(),
    };
    let fact = match request.state {
        State::Provisioned => Fact::AccountProvisioned(about),
        State::ProvisioningFailed => Fact::AccountFailed(about),
        _ => return None,
    };
    Some(of_version(
        request.changed_at,
        fact,
        &request.id,
        request.version,
    ))
}

/// Nothing else happens to a request in one version of it.
fn of_version(at: Timestamp, fact: Fact, request: &RequestId, version: u64) -> Derived {
    let version = version.to_be_bytes();
    Event::new(at, fact, &[request.as_str().as_bytes(), &version]).into()
}

/// A place in a list, before and after.
type Place<'c> = (Option<&'c ListEntry>, Option<&'c ListEntry>);

fn of_entries(record: &str, change: &EntriesChange) -> Vec<Derived> {
    let mut places: BTreeMap<&ListName, Place<'_>> = BTreeMap::new();
    for entry in &change.before {
        places.entry(&entry.list).or_default().0 = Some(entry);
    }
    for entry in &change.after {
        places.entry(&entry.list).or_default().1 = Some(entry);
    }
    let changed = places.into_values();
    changed
        .filter_map(|place| of_place(record, change, place))
        .collect()
}

fn of_place(record: &str, change: &EntriesChange, place: Place<'_>) -> Option<Derived> {
    let (entry, fact): (_, fn(EntryFact) -> Fact) = match place {
        (before, Some(after)) if before != Some(after) => (after, Fact::EntryAdded),
        (Some(before), None) if change.by_expiry && !before.is_active(change.at) => {
            (before, Fact::EntryExpired)
        }
        (Some(before), None) => (before, Fact::EntryRemoved),
        _ => return None,
    };
    let replaced = place.0.filter(|_| place.1.is_some());
    let about = EntryFact {
        list: entry.list.to_string(),
        matcher: entry.matcher.kind().name(),
        effect: entry.effect,
        replaces: replaced.map(|before| before.effect),
        expires_at: entry.expires_at,
    };
    // Not the matcher: whoever is not told of it could try out of which one an id was made.
    let of = [record.as_bytes(), entry.list.as_str().as_bytes()];
    let matcher = ("matcher".to_owned(), entry.matcher.to_string().into());
    Some(Derived {
        event: Event::new(change.at, fact(about), &of),
        personal: Personal([matcher].into()),
    })
}

fn of_policies(at: Timestamp, before: &CurrentPolicies, after: &CurrentPolicies) -> Vec<Derived> {
    let current = after.all();
    current
        .filter_map(|version| {
            let earlier = before.versions.get(&version.flow).copied();
            let about = PolicyFact {
                policy: PolicyNumber {
                    flow: version.flow.to_string(),
                    version: version.number,
                },
                before: earlier,
            };
            let fact = match earlier {
                Some(earlier) if earlier == version.number => return None,
                Some(earlier) if earlier > version.number => Fact::PolicyRolledBack(about),
                _ => Fact::PolicyPublished(about),
            };
            let of = [
                version.flow.as_str().as_bytes(),
                &after.revision.to_be_bytes(),
            ];
            Some(Event::new(at, fact, &of).into())
        })
        .collect()
}

#[cfg(test)]
mod tests;
