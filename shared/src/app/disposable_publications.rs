//! Publishing lists of disposable domains, for the operator: a newer one, which one counts, and the way back.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;

use super::audit::of_setting;
use crate::{
    domain::{
        audit::{Record, SettingAction, SettingChange, Signature},
        publication::CurrentPolicies,
    },
    policy::predicate::disposable::{BUILT_IN, DisposableDomains, NotSorted},
    ports::{
        StoreError,
        clock::Clock,
        disposable_store::{DisposableList, DisposableStore},
        policy_store::MAX_TEXT_OCTETS,
    },
};

/// How often a change is tried again when others change policies.
const TRIES: u32 = 8;

/// Why no list was published or found.
#[derive(Debug, thiserror::Error)]
pub enum DisposableError {
    #[error("the list has {found} octets, expected at most {most}")]
    TooLarge { found: usize, most: usize },
    #[error(
        "the list lacks {lost} of the {had} domains of the list in use: is it whole? With --force it is published as it is"
    )]
    Shrunk { lost: usize, had: usize },
    #[error("somebody else has changed the list of disposable domains in the meantime: try again")]
    Overtaken,
    #[error(
        "version {number} of the list is not in the table: go back to the built-in one with `signupctl disposable reset`"
    )]
    Missing { number: u32 },
    #[error(
        "version {number} of the list cannot be read: {problem}; go back to the built-in one with `signupctl disposable \
         reset`"
    )]
    Unreadable { number: u32, problem: NotSorted },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A list that an operator publishes.
#[derive(Debug, Clone, Copy)]
pub struct NewList<'l> {
    pub domains: &'l DisposableDomains,
    /// The URL or file that it comes from.
    pub source: &'l str,
    /// Whether it may lack most of the domains of the list in use.
    pub force: bool,
    /// Who publishes it.
    pub author: &'l str,
}

/// The list in use.
#[derive(Debug)]
pub struct ListInUse {
    /// `None` for the built-in list.
    pub version: Option<Version>,
    pub domains: DisposableDomains,
}

/// What is told of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub number: u32,
    pub source: String,
    pub at: Timestamp,
}

/// What came of a new list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refreshed {
    /// The version that was published; `None` when the list in use has the same domains.
    pub version: Option<u32>,
    pub domains: usize,
    pub added: usize,
    pub removed: usize,
}

pub struct DisposablePublications {
    store: Arc<dyn DisposableStore>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for DisposablePublications {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DisposablePublications")
    }
}

impl DisposablePublications {
    pub fn new(store: Arc<dyn DisposableStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    pub async fn in_use(&self) -> Result<ListInUse, DisposableError> {
        self.list(self.store.current().await?.disposable).await
    }

    /// Publishes a list as the next version, unless the list in use has the same domains.
    pub async fn refresh(&self, new: NewList<'_>) -> Result<Refreshed, DisposableError> {
        let (found, most) = (new.domains.text().len(), MAX_TEXT_OCTETS);
        if found > most {
            return Err(DisposableError::TooLarge { found, most });
        }
        let from = self.store.current().await?.disposable;
        let in_use = self.list(from).await?.domains;
        let mut refreshed = compared(&in_use, new.domains);
        let had = in_use.iter().count();
        if refreshed.removed * 2 > had && !new.force {
            let lost = refreshed.removed;
            return Err(DisposableError::Shrunk { lost, had });
        }
        if refreshed.added + refreshed.removed > 0 {
            refreshed.version = Some(self.publish(new, from).await?);
        }
        Ok(refreshed)
    }

    /// Makes the built-in list count again, for whoever `by` names; gives the version that did.
    pub async fn reset(&self, by: &str) -> Result<Option<u32>, DisposableError> {
        let from = self.store.current().await?.disposable;
        if from.is_some() {
            let change = SettingChange::new(SettingAction::DisposableReset);
            let record = self.record(by, change);
            let reset = async |seen: &CurrentPolicies| self.store.reset_list(seen, &record).await;
            self.change(from, reset).await?;
        }
        Ok(from)
    }

    fn record(&self, by: &str, change: SettingChange) -> Record {
        of_setting(&Signature::new(by, self.clock.now()), change)
    }

    async fn list(&self, number: Option<u32>) -> Result<ListInUse, DisposableError> {
        let Some(number) = number else {
            return Ok(ListInUse {
                version: None,
                domains: BUILT_IN.clone(),
            });
        };
        let list = self.store.disposable_list(number).await?;
        let list = list.ok_or(DisposableError::Missing { number })?;
        let domains = DisposableDomains::published(list.text)
            .map_err(|problem| DisposableError::Unreadable { number, problem })?;
        Ok(ListInUse {
            version: Some(Version {
                number,
                source: list.source,
                at: list.at,
            }),
            domains,
        })
    }

    /// The newest version so far stays for the functions that have not followed yet; those before it go.
    async fn publish(&self, new: NewList<'_>, from: Option<u32>) -> Result<u32, DisposableError> {
        let mut numbers = self.store.numbers().await?;
        let newest = numbers.pop().unwrap_or_default();
        for old in numbers {
            self.store.delete_list(old).await?;
        }
        let list = DisposableList {
            number: newest + 1,
            text: new.domains.text().to_owned(),
            source: new.source.to_owned(),
            at: self.clock.now(),
        };
        let change = SettingChange::new(SettingAction::DisposableRefresh);
        let record = self.record(new.author, change.with_version(list.number));
        self.change(from, async |seen| {
            self.store.publish_list(&list, seen, &record).await
        })
        .await?;
        Ok(list.number)
    }

    /// The version stands in one item with the current policies: a change of a policy is no reason to give up, a change of
    /// the list is.
    async fn change(
        &self,
        from: Option<u32>,
        write: impl AsyncFn(&CurrentPolicies) -> Result<(), StoreError>,
    ) -> Result<(), DisposableError> {
        for _ in 0..TRIES {
            let seen = self.store.current().await?;
            if seen.disposable != from {
                return Err(DisposableError::Overtaken);
            }
            match write(&seen).await {
                Err(StoreError::Conflict) => {}
                ended => return Ok(ended?),
            }
        }
        Err(StoreError::Conflict.into())
    }
}

fn compared(before: &DisposableDomains, after: &DisposableDomains) -> Refreshed {
    let (before, after): (BTreeSet<&str>, BTreeSet<&str>) =
        (before.iter().collect(), after.iter().collect());
    Refreshed {
        version: None,
        domains: after.len(),
        added: after.difference(&before).count(),
        removed: before.difference(&after).count(),
    }
}
