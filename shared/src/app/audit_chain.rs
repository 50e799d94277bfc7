//! The audit chain: what is audited becomes segments, which are objects that are written once.
//!
//! The objects alone decide what is in the chain: a segment is whoever's comes first, and everybody else goes on behind it. The
//! heads in the table only say where to begin.

pub mod verify;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::{
    domain::{
        audit::day,
        chain::{ChainRecord, Head, Place, Sealed},
    },
    ports::{
        StoreError,
        audit_chain::{AuditChain, AuditLine},
        chain_heads::ChainHeads,
        clock::Clock,
        event_bus::SinkError,
        objects::Objects,
    },
};

/// Most octets of the records of a segment; one record alone may have more.
const MAX_SEGMENT: usize = 4 * 1024 * 1024;

/// Most segments of others that an append goes behind.
const MAX_STEPS: usize = 1000;

impl From<&AuditLine> for ChainRecord {
    fn from(line: &AuditLine) -> Self {
        Self::new(&line.id, line.at, &line.text)
    }
}

/// A chain of segments.
pub struct SegmentChain {
    objects: Arc<dyn Objects>,
    heads: Arc<dyn ChainHeads>,
    clock: Arc<dyn Clock>,
    /// Where the next segment goes, as far as this instance knows.
    place: Mutex<Option<Place>>,
}

impl std::fmt::Debug for SegmentChain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentChain")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl AuditChain for SegmentChain {
    async fn append(&self, lines: &[AuditLine]) -> Result<(), SinkError> {
        if lines.is_empty() {
            return Ok(());
        }
        // One at a time, and after a failure the place is looked up again.
        let mut known = self.place.lock().await;
        let mut place = match known.take() {
            Some(place) => place,
            None => self.end().await?,
        };
        for records in parts(lines.iter().map(ChainRecord::from)) {
            place = self.add(place, &records).await?;
        }
        *known = Some(place);
        Ok(())
    }
}

impl SegmentChain {
    pub fn new(
        objects: Arc<dyn Objects>,
        heads: Arc<dyn ChainHeads>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            objects,
            heads,
            clock,
            place: Mutex::default(),
        }
    }

    /// Where the chain ended when its head was last written.
    async fn end(&self) -> Result<Place, SinkError> {
        let newest = self.heads.newest().await.map_err(unusable)?;
        let today = day(self.clock.now());
        Ok(newest.map_or_else(|| Place::first(today), |newest| newest.head.next()))
    }

    /// Adds a segment at this place, or behind what others have put there. Gives the place after it.
    async fn add(&self, mut place: Place, records: &[ChainRecord]) -> Result<Place, SinkError> {
        for _ in 0..MAX_STEPS {
            let now = self.clock.now();
            // A clock that is behind adds to the day that the chain has reached.
            let closes = place.day < day(now);
            let sealed = if closes {
                place.close(day(now))
            } else {
                place.seal(records)
            };
            let Some(head) = self.put(&place, &sealed).await? else {
                continue;
            };
            // The same hash is the same segment: whoever does not hear of their own finds it there.
            let is_ours = head == sealed.head;
            if is_ours {
                let advanced = self.heads.advance(&head, now).await;
                advanced.map_err(unusable)?;
            }
            place = head.next();
            if is_ours && !closes {
                return Ok(place);
            }
        }
        let problem = format!("{MAX_STEPS} segments of others were in the way");
        Err(SinkError::Unavailable(problem))
    }

    /// What is at a place now; `None` when somebody was about to write and did not.
    async fn put(&self, place: &Place, sealed: &Sealed) -> Result<Option<Head>, SinkError> {
        let object = place.object();
        if self.objects.put_if_absent(&object, &sealed.text).await? {
            return Ok(Some(sealed.head.clone()));
        }
        let Some(octets) = self.objects.get(&object).await? else {
            return Ok(None);
        };
        let segment = place.read(&octets);
        let segment = segment.map_err(|broken| SinkError::Refused(broken.to_string()))?;
        Ok(Some(segment.head))
    }
}

/// Records in parts that fit into a segment.
fn parts(records: impl Iterator<Item = ChainRecord>) -> Vec<Vec<ChainRecord>> {
    let (mut parts, mut octets) = (vec![Vec::new()], 0);
    for record in records {
        octets += record.octets();
        if octets > MAX_SEGMENT {
            octets = record.octets();
            parts.push(Vec::new());
        }
        if let Some(last) = parts.last_mut() {
            last.push(record);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn unusable(error: StoreError) -> SinkError {
    match error {
        StoreError::TimedOut => SinkError::TimedOut,
        StoreError::Throttled => SinkError::Throttled,
        error => SinkError::Unavailable(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
