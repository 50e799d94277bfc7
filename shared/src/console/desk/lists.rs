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

/// A wish, and what it does with the entry that it was planned with.
struct Plan<'w> {
    wish: &'w EntryWish,
    before: Option<ListEntry>,
    /// `None` where there is nothing to change.
    change: Option<Change>,
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
        let difference = self.plan(approver, wish, now).await?.difference();
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
        let signature = Signature {
            at: now,
            by: approver.signature(),
        };
        let plan = self.plan(approver, wish, now).await?;
        if seen(plan.before.as_ref()) == as_seen && self.carry_out(&plan, &signature).await? {
            return Ok(Confirmed::Done(EntryPreview {
                difference: plan.difference(),
                matched,
            }));
        }
        let again = self.plan(approver, wish, now).await?;
        Ok(Confirmed::Overtaken(EntryPreview {
            difference: again.difference(),
            matched,
        }))
    }

    /// What a wish comes to with the entry as it is now.
    async fn plan<'w>(
        &self,
        approver: &Approver,
        wish: &'w EntryWish,
        now: Timestamp,
    ) -> Result<Plan<'w>, StoreError> {
        let found = self.lists.find(slice::from_ref(&wish.matcher)).await?;
        let before = found.into_iter().find(|entry| entry.list == wish.list);
        let change = wish.change(before.as_ref(), approver, now);
        Ok(Plan {
            wish,
            before,
            change,
        })
    }

    /// `false`, and nothing, when the entry is no longer as it was planned with.
    async fn carry_out(&self, plan: &Plan<'_>, signature: &Signature) -> Result<bool, StoreError> {
        let Some(change) = &plan.change else {
            return Ok(true);
        };
        let before = plan.before.as_ref();
        self.lists.exchange(before, change, signature).await
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
fn seen(before: Option<&ListEntry>) -> String {
    before.map(ListEntry::fingerprint).unwrap_or_default()
}

impl Plan<'_> {
    fn difference(&self) -> Difference {
        let before = self.before.clone();
        match &self.change {
            Some(change) => Difference::of(before, change),
            None => self.wish.idle(before),
        }
    }
}

impl EntryPreview {
    /// What a form says of the place that it was made for.
    pub(in crate::console) fn seen(&self) -> String {
        seen(match &self.difference {
            Difference::Added(_) | Difference::Absent { .. } => None,
            Difference::Changed { from: entry, .. }
            | Difference::Removed(entry)
            | Difference::Unchanged(entry) => Some(entry),
        })
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
