//! The lists, for the operator: changes with a preview, and what would be decided for an address.

mod browse;

use std::{collections::HashMap, sync::Arc};

pub use self::browse::Bookmark;
pub use super::place::Place;
use crate::{
    domain::{
        audit::Signature,
        list::{ListEntry, ListName, Matcher},
    },
    ports::{
        StoreError,
        list_store::{Change, ListStore, MAX_BATCH, PARTS, Page},
    },
};

/// What a change does to the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    Added(ListEntry),
    Changed {
        from: ListEntry,
        to: ListEntry,
    },
    Removed(ListEntry),
    Unchanged(ListEntry),
    /// Nothing there to remove.
    Absent {
        matcher: Matcher,
        list: ListName,
    },
}

pub struct Lists {
    store: Arc<dyn ListStore>,
}

impl std::fmt::Debug for Lists {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lists")
    }
}

impl Lists {
    pub fn new(store: Arc<dyn ListStore>) -> Self {
        Self { store }
    }

    /// What up to [`MAX_BATCH`] changes would do, in their order. When two changes name the same place,
    /// the later one is compared with the earlier.
    pub async fn preview(&self, changes: &[Change]) -> Result<Vec<Difference>, StoreError> {
        let mut matchers: Vec<Matcher> = changes.iter().map(|c| c.matcher().clone()).collect();
        matchers.sort();
        matchers.dedup();
        let mut places: HashMap<(Matcher, ListName), ListEntry> = HashMap::new();
        for batch in matchers.chunks(MAX_BATCH) {
            let found = self.store.find(batch).await?;
            places.extend(
                found
                    .into_iter()
                    .map(|e| ((e.matcher.clone(), e.list.clone()), e)),
            );
        }
        Ok(changes
            .iter()
            .map(|change| difference(&mut places, change))
            .collect())
    }

    /// Applies changes and tells what they did; unchanged places are not written. What is written is recorded under the
    /// signature.
    pub async fn apply(
        &self,
        changes: &[Change],
        signature: &Signature,
    ) -> Result<Vec<Difference>, StoreError> {
        let differences = self.preview(changes).await?;
        let effective: Vec<Change> = changes
            .iter()
            .zip(&differences)
            .filter(|(_, difference)| {
                !matches!(
                    difference,
                    Difference::Unchanged(_) | Difference::Absent { .. }
                )
            })
            .map(|(change, _)| change.clone())
            .collect();
        for batch in effective.chunks(MAX_BATCH) {
            self.store.apply(batch, signature).await?;
        }
        Ok(differences)
    }

    /// Makes a change where the place still is as expected; see [`ListStore::exchange`].
    pub async fn exchange(
        &self,
        expected: Option<&ListEntry>,
        change: &Change,
        signature: &Signature,
    ) -> Result<bool, StoreError> {
        self.store.exchange(expected, change, signature).await
    }

    /// The entries of these matchers.
    pub async fn find(&self, matchers: &[Matcher]) -> Result<Vec<ListEntry>, StoreError> {
        let mut found = Vec::new();
        for batch in matchers.chunks(MAX_BATCH) {
            found.extend(self.store.find(batch).await?);
        }
        Ok(found)
    }

    /// All entries, page by page: start with [`Place::default`] and go on with what is returned.
    pub async fn page(&self, place: Place) -> Result<(Vec<ListEntry>, Option<Place>), StoreError> {
        let Page { entries, next } = self.store.part(place.part, place.cursor).await?;
        Ok((entries, Place::after(place.part, next, PARTS)))
    }
}

impl Difference {
    /// What a change does where an entry stood, or nothing.
    pub fn of(before: Option<ListEntry>, change: &Change) -> Self {
        match (change, before) {
            (Change::Put(entry), None) => Self::Added(entry.clone()),
            (Change::Put(entry), Some(from)) if from == *entry => Self::Unchanged(from),
            (Change::Put(entry), Some(from)) => Self::Changed {
                from,
                to: entry.clone(),
            },
            (Change::Remove { .. }, Some(entry)) => Self::Removed(entry),
            (Change::Remove { matcher, list }, None) => Self::Absent {
                matcher: matcher.clone(),
                list: list.clone(),
            },
        }
    }
}

fn difference(places: &mut HashMap<(Matcher, ListName), ListEntry>, change: &Change) -> Difference {
    let before = match change {
        Change::Put(entry) => {
            places.insert((entry.matcher.clone(), entry.list.clone()), entry.clone())
        }
        Change::Remove { matcher, list } => places.remove(&(matcher.clone(), list.clone())),
    };
    Difference::of(before, change)
}
