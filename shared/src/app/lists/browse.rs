//! Looking through all entries, some at a time.

use std::fmt;

use super::{Lists, Place};
use crate::{
    domain::list::ListEntry,
    ports::{
        StoreError,
        list_store::{Cursor, PARTS},
    },
};

/// Entries after which looking for rare ones ends for now.
const LOOKED_AT: usize = 5000;

/// The longest sort key of DynamoDB, in octets.
const MAX_CURSOR_OCTETS: usize = 1024;

/// Where to go on: after so many entries of what is read from a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bookmark {
    place: Place,
    skip: usize,
}

impl Bookmark {
    /// As [`fmt::Display`] writes it. It may name an address.
    pub fn parse(text: &str) -> Option<Self> {
        let (part, rest) = text.split_once(':')?;
        let (skip, cursor) = rest.split_once(':')?;
        let part = part.parse().ok().filter(|part| *part < PARTS)?;
        let cursor = (cursor.len() <= MAX_CURSOR_OCTETS).then_some(cursor)?;
        let cursor = (!cursor.is_empty()).then(|| Cursor(cursor.to_owned()));
        Some(Self {
            place: Place { part, cursor },
            skip: skip.parse().ok()?,
        })
    }
}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { part, cursor } = &self.place;
        let cursor = cursor.as_ref().map(|Cursor(text)| text.as_str());
        write!(f, "{part}:{}:{}", self.skip, cursor.unwrap_or_default())
    }
}

impl Lists {
    /// Up to `most` wanted entries from a bookmark on, and where to go on. There may be fewer of them, even none, although
    /// others follow. While somebody changes the lists, an entry may come twice or not at all.
    pub async fn browse(
        &self,
        from: Bookmark,
        most: usize,
        is_wanted: impl Fn(&ListEntry) -> bool,
    ) -> Result<(Vec<ListEntry>, Option<Bookmark>), StoreError> {
        let (mut found, mut looked_at) = (Vec::new(), 0);
        let mut here = Some(from);
        while let Some(Bookmark { place, skip }) = here.take_if(|_| looked_at < LOOKED_AT) {
            let (entries, next) = self.page(place.clone()).await?;
            looked_at += entries.len();
            let wanted = entries.into_iter().enumerate().skip(skip);
            for (skip, entry) in wanted.filter(|(_, entry)| is_wanted(entry)) {
                if found.len() == most {
                    return Ok((found, Some(Bookmark { place, skip })));
                }
                found.push(entry);
            }
            here = next.map(|place| Bookmark { place, skip: 0 });
        }
        Ok((found, here))
    }
}

#[cfg(test)]
mod tests;
