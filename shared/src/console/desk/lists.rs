//! The lists at the desk: administrators look at entries and change them, and nobody else does.

use std::slice;

use jiff::Timestamp;

use super::{Desk, PAGE};
use crate::{
    app::{
        lists::{Bookmark, Difference},
        requests::{Matched, RequestError},
    },
    console::roles::Approver,
    domain::{
        audit::Signature,
        list::{Effect, ListEntry, ListName, Matcher},
    },
    ports::{StoreError, list_store::Change},
};

/// Which entries somebody wants to see.
#[derive(Debug, Clone, Default)]
pub(in crate::console) struct EntryFilter {
    /// What is no name is that of no list.
    pub(in crate::console) list: Option<String>,
    pub(in crate::console) effect: Option<Effect>,
}

/// What somebody wants of a matcher's place in a list.
#[derive(Debug, Clone)]
pub(in crate::console) struct EntryWish {
    pub(in crate::console) matcher: Matcher,
    pub(in crate::console) list: ListName,
    pub(in crate::console) becomes: Becomes,
}

#[derive(Debug, Clone)]
pub(in crate::console) enum Becomes {
    Entry {
        effect: Effect,
        reason: String,
        expires_at: Option<Timestamp>,
    },
    Expired,
    Removed,
}

/// What a wish does or would do, and whom it is about.
#[derive(Debug)]
pub(in crate::console) struct EntryPreview {
    pub(in crate::console) difference: Difference,
    pub(in crate::console) matched: Matched,
}

/// What became of a wish that was confirmed.
#[derive(Debug)]
pub(in crate::console) enum Confirmed {
    Done(EntryPreview),
    /// The entry is no longer as it was seen. Nothing was changed; this is what would change now.
    Overtaken(EntryPreview),
}

#[derive(Debug)]
pub(in crate::console) enum EntryError {
    /// Whoever asks is no administrator.
    NotTheirs,
    Requests(RequestError),
}

impl From<RequestError> for EntryError {
    fn from(error: RequestError) -> Self {
        Self::Requests(error)
    }
}

impl From<StoreError> for EntryError {
    fn from(error: StoreError) -> Self {
        Self::Requests(error.into())
    }
}

impl Desk {
    /// Entries page by page.
    pub(in crate::console) async fn entries(
        &self,
        approver: &Approver,
        filter: &EntryFilter,
        from: Bookmark,
    ) -> Result<(Vec<ListEntry>, Option<Bookmark>), EntryError> {
        are_theirs(approver)?;
        let found = self
            .lists
            .browse(from, PAGE, |entry| filter.includes(entry));
        Ok(found.await?)
    }

    /// The entries of one matcher.
    pub(in crate::console) async fn entries_of(
        &self,
        approver: &Approver,
        matcher: &Matcher,
    ) -> Result<Vec<ListEntry>, EntryError> {
        are_theirs(approver)?;
        Ok(self.lists.find(slice::from_ref(matcher)).await?)
    }

    /// What a wish would do. Nothing is changed.
    pub(in crate::console) async fn preview_entry(
        &self,
        approver: &Approver,
        wish: &EntryWish,
        now: Timestamp,
    ) -> Result<EntryPreview, EntryError> {
        are_theirs(approver)?;
        let matched = self.matched(approver, wish).await?;
        let (_, difference) = self.plan(approver, wish, now).await?;
        Ok(EntryPreview {
            difference,
            matched,
        })
    }

    /// Changes an entry that is still as it was [`seen`].
    pub(in crate::console) async fn change_entry(
        &self,
        approver: &Approver,
        wish: &EntryWish,
        as_seen: &str,
        now: Timestamp,
    ) -> Result<Confirmed, EntryError> {
        are_theirs(approver)?;
        // What can fail comes before the change.
        let matched = self.matched(approver, wish).await?;
        let (change, difference) = self.plan(approver, wish, now).await?;
        let is_as_seen = seen(&difference) == as_seen;
        if let Some(change) = change.filter(|_| is_as_seen) {
            let signature = Signature {
                at: now,
                by: approver.signature(),
            };
            self.lists.apply(&[change], &signature).await?;
        }
        let preview = EntryPreview {
            difference,
            matched,
        };
        Ok(if is_as_seen {
            Confirmed::Done(preview)
        } else {
            Confirmed::Overtaken(preview)
        })
    }

    /// The change that a wish is of the entry as it is now, and what it does.
    async fn plan(
        &self,
        approver: &Approver,
        wish: &EntryWish,
        now: Timestamp,
    ) -> Result<(Option<Change>, Difference), StoreError> {
        let found = self.lists.find(slice::from_ref(&wish.matcher)).await?;
        let before = found.into_iter().find(|entry| entry.list == wish.list);
        let change = wish.change(before.as_ref(), approver, now);
        let difference = match &change {
            Some(change) => Difference::of(before, change),
            None => wish.idle(before),
        };
        Ok((change, difference))
    }

    async fn matched(
        &self,
        approver: &Approver,
        wish: &EntryWish,
    ) -> Result<Matched, RequestError> {
        let mut matched = self.requests.matched_by(&wish.matcher).await?;
        matched.requests.retain(|request| approver.covers(request));
        Ok(matched)
    }
}

/// Tells whether a place in a list is still as it was in a preview; empty where nothing stood.
pub(in crate::console) fn seen(difference: &Difference) -> String {
    match difference {
        Difference::Added(_) | Difference::Absent { .. } => String::new(),
        Difference::Changed { from: entry, .. }
        | Difference::Removed(entry)
        | Difference::Unchanged(entry) => entry.fingerprint(),
    }
}

fn are_theirs(approver: &Approver) -> Result<(), EntryError> {
    let is_administrator = approver.is_administrator();
    is_administrator.then_some(()).ok_or(EntryError::NotTheirs)
}

impl EntryFilter {
    fn includes(&self, entry: &ListEntry) -> bool {
        let list = self.list.as_deref();
        list.is_none_or(|list| list == entry.list.as_str())
            && self.effect.is_none_or(|effect| effect == entry.effect)
    }
}

impl EntryWish {
    /// `None` where there is nothing to expire.
    fn change(
        &self,
        before: Option<&ListEntry>,
        approver: &Approver,
        now: Timestamp,
    ) -> Option<Change> {
        match &self.becomes {
            Becomes::Entry {
                effect,
                reason,
                expires_at,
            } => Some(Change::Put(ListEntry {
                matcher: self.matcher.clone(),
                list: self.list.clone(),
                effect: *effect,
                reason: reason.clone(),
                owner: approver.signature(),
                expires_at: *expires_at,
            })),
            Becomes::Expired => before
                .filter(|entry| entry.is_active(now))
                .map(|entry| Change::Put(entry.ended(now))),
            Becomes::Removed => Some(Change::Remove {
                matcher: self.matcher.clone(),
                list: self.list.clone(),
            }),
        }
    }

    /// What stays as it is.
    fn idle(&self, before: Option<ListEntry>) -> Difference {
        before.map_or_else(
            || Difference::Absent {
                matcher: self.matcher.clone(),
                list: self.list.clone(),
            },
            Difference::Unchanged,
        )
    }
}
