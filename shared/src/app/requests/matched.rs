//! Which requests an entry of a list is about.

use super::{BESIDE, RequestError, Requests};
use crate::{
    domain::{
        approval::{ApprovalRequest, RequestId, State},
        list::Matcher,
        person::PersonKey,
    },
    ports::{StoreError, request_store::Order},
};

/// Requests that are read at once.
const READ: u16 = 100;

/// Reads of a long queue: with 100 requests each of at most 4 KB, they cost 250 read units at the most.
const READS: usize = 5;

/// Requests that wait and that an entry is about.
#[derive(Debug)]
pub struct Matched {
    /// The oldest first.
    pub requests: Vec<ApprovalRequest>,
    /// Whether requests wait that were not looked at.
    pub is_part: bool,
}

impl Requests {
    /// The requests that wait and that an entry with this matcher is about: those of the queue's beginning, and the latest of the
    /// address or the domain.
    pub async fn matched_by(&self, matcher: &Matcher) -> Result<Matched, RequestError> {
        let (latest, is_whole) = self.latest_of(matcher).await?;
        let mut requests = self.all(&latest).await?;
        let is_part = !is_whole && self.walk(&mut requests).await?;
        requests.retain(|one| one.state == State::Pending && one.is_matched_by(matcher));
        requests.sort_by(|one, other| one.id.cmp(&other.id));
        requests.dedup_by(|one, other| one.id == other.id);
        Ok(Matched { requests, is_part })
    }

    /// Those of an address or a domain, and whether they are all of it: of anything else there is no index.
    async fn latest_of(&self, matcher: &Matcher) -> Result<(Vec<RequestId>, bool), StoreError> {
        let ids = match matcher {
            Matcher::Address(address) => {
                let person = PersonKey::of_address(address.as_str());
                self.store.of_person(&person, BESIDE).await?
            }
            Matcher::Domain(domain) => self.store.of_domain(domain.as_str(), BESIDE).await?,
            Matcher::Suffix(_) | Matcher::Provider(_) | Matcher::Identity(..) => {
                return Ok((Vec::new(), false));
            }
        };
        let is_whole = ids.len() < usize::from(BESIDE);
        Ok((ids, is_whole))
    }

    /// Reads the beginning of the queue; whether it goes on.
    async fn walk(&self, requests: &mut Vec<ApprovalRequest>) -> Result<bool, StoreError> {
        let mut after = None;
        for _ in 0..READS {
            let order = Order::OldestFirst;
            let read = self
                .store
                .queue(State::Pending, order, after.as_ref(), READ);
            let page = read.await?;
            requests.extend(page.requests);
            after = page.next;
            if after.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
