//! Domains that people are known to come from, beside those of policies. They are for hints alone: what cannot be read soon
//! is not known, and nobody waits for it.

use std::{sync::Arc, time::Duration};

use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};
use tokio::{sync::Mutex, time::timeout};

use crate::{
    domain::{
        approval::{ApprovalRequest, State},
        email::EmailDomain,
        list::{Effect, Matcher},
    },
    policy::predicate::free_mail::is_free_mail,
    ports::{
        StoreError,
        clock::Clock,
        listed_domains::ListedDomains,
        request_store::{Order, RequestStore},
    },
};

/// How long what was read counts.
const KEPT: SignedDuration = SignedDuration::from_mins(5);

/// When what could not be read is tried again.
const RETRY: SignedDuration = SignedDuration::from_secs(30);

/// How long a page waits for it.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// Requests that are read of those whose people have accounts: the latest.
const APPROVED: u16 = 300;

pub struct KnownDomains {
    lists: Arc<dyn ListedDomains>,
    requests: Arc<dyn RequestStore>,
    clock: Arc<dyn Clock>,
    allowed: Kept<String>,
    approved: Kept<ApprovalRequest>,
}

/// What is known at one time. A free-mail provider's domain says nothing about who comes from it.
#[derive(Debug)]
pub struct Known {
    /// Domains that a list lets in.
    pub allowed: Arc<[String]>,
    /// Requests of people who were approved.
    pub approved: Arc<[ApprovalRequest]>,
}

impl std::fmt::Debug for KnownDomains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KnownDomains")
    }
}

impl KnownDomains {
    pub fn new(
        lists: Arc<dyn ListedDomains>,
        requests: Arc<dyn RequestStore>,
        clock: Arc<dyn Clock>,
        patience: Duration,
    ) -> Self {
        Self {
            lists,
            requests,
            clock,
            allowed: Kept::waiting(patience),
            approved: Kept::waiting(patience),
        }
    }

    pub async fn known(&self) -> Known {
        let now = self.clock.now();
        let (allowed, approved) = join(
            self.allowed.get(now, self.read_allowed(now)),
            self.approved.get(now, self.read_approved()),
        )
        .await;
        Known { allowed, approved }
    }

    async fn read_allowed(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let entries = self.lists.listed_domains().await?.into_iter();
        let allowed = entries.filter(|one| one.effect == Effect::Allow && one.is_active(now));
        let domains = allowed.filter_map(|one| match one.matcher {
            Matcher::Domain(domain) => Some(domain.as_str().to_owned()),
            Matcher::Suffix(suffix) => Some(suffix.as_str().to_owned()),
            Matcher::Address(_) | Matcher::Provider(_) | Matcher::Identity(..) => None,
        });
        Ok(domains.filter(|domain| tells_who_comes(domain)).collect())
    }

    async fn read_approved(&self) -> Result<Vec<ApprovalRequest>, StoreError> {
        let (state, order) = (State::Provisioned, Order::NewestFirst);
        let page = self.requests.queue(state, order, None, APPROVED).await?;
        let mut requests = page.requests;
        requests.retain(|request| request.domain.as_deref().is_some_and(tells_who_comes));
        Ok(requests)
    }
}

fn tells_who_comes(domain: &str) -> bool {
    EmailDomain::parse(domain).is_ok_and(|domain| !is_free_mail(&domain))
}

/// What is read now and then.
struct Kept<T> {
    reading: Mutex<Reading<T>>,
    patience: Duration,
}

struct Reading<T> {
    found: Arc<[T]>,
    /// `None` before anything was read.
    until: Option<Timestamp>,
}

impl<T> Kept<T> {
    fn waiting(patience: Duration) -> Self {
        let nothing = Reading {
            found: Arc::default(),
            until: None,
        };
        Self {
            reading: Mutex::new(nothing),
            patience,
        }
    }

    /// Whoever waits beside somebody who reads gets what that one has read. What was known before outlives a failure.
    async fn get(
        &self,
        now: Timestamp,
        read: impl Future<Output = Result<Vec<T>, StoreError>>,
    ) -> Arc<[T]> {
        let mut kept = self.reading.lock().await;
        if kept.until.is_none_or(|until| until <= now) {
            let lasts = match timeout(self.patience, read).await {
                Ok(Ok(found)) => {
                    kept.found = found.into();
                    KEPT
                }
                Ok(Err(_)) | Err(_) => RETRY,
            };
            kept.until = now.checked_add(lasts).ok();
        }
        Arc::clone(&kept.found)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_768_478_400, 0);

    async fn get(kept: &Kept<u8>, at: Timestamp, found: Result<Vec<u8>, StoreError>) -> Vec<u8> {
        kept.get(at, ready(found)).await.to_vec()
    }

    #[tokio::test]
    async fn it_is_read_once_in_a_while() {
        let kept = Kept::waiting(PATIENCE);
        assert_eq!(get(&kept, NOW, Ok(vec![1])).await, [1]);
        let last = NOW + KEPT - SignedDuration::from_millis(1);
        assert_eq!(get(&kept, last, Ok(vec![2])).await, [1]);
        assert_eq!(get(&kept, NOW + KEPT, Ok(vec![3])).await, [3]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_or_lasts_is_not_known_and_tried_again() {
        let kept = Kept::waiting(PATIENCE);
        let failed = || Err(StoreError::Throttled);
        assert!(get(&kept, NOW, failed()).await.is_empty());
        assert!(get(&kept, NOW, Ok(vec![1])).await.is_empty());
        assert!(kept.get(NOW + RETRY, pending()).await.is_empty());
        let later = NOW + RETRY + RETRY;
        assert_eq!(get(&kept, later, Ok(vec![1])).await, [1]);
        // What was known before stays known.
        assert_eq!(get(&kept, later + KEPT, failed()).await, [1]);
    }

    #[tokio::test]
    async fn those_who_come_at_once_cause_one_read() {
        let kept = Kept::waiting(PATIENCE);
        let (one, other) = tokio::join!(
            kept.get(NOW, async {
                tokio::task::yield_now().await;
                Ok(vec![1])
            }),
            kept.get(NOW, ready(Ok(vec![2]))),
        );
        assert_eq!((&*one, &*other), ([1].as_slice(), [1].as_slice()));
    }

    #[test]
    fn everybody_comes_from_a_free_mail_provider() {
        assert!(tells_who_comes("partner.example"));
        for nothing in ["gmail.com", "ru", ""] {
            assert!(!tells_who_comes(nothing), "{nothing}");
        }
    }
}
