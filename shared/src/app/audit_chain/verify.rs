//! Whether the audit chain is whole, and says of each record what the table says.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp, civil::Date};

use crate::{
    app::events::lines,
    domain::{
        approval::later,
        audit::{KEPT_DAYS, RecordId, day, start},
        chain::{Broken, ChainHash, ChainRecord, Head, Place, readable},
        event::Hour,
    },
    ports::{
        StoreError,
        audit_chain::AuditLine,
        audit_store::AuditStore,
        chain_heads::{ChainHeads, Newest},
        clock::Clock,
        event_bus::SinkError,
        event_log::EventLog,
        objects::ObjectReader,
    },
};

/// How long the stream may take to bring a record into the chain.
const ON_THE_WAY: SignedDuration = SignedDuration::from_mins(5);

/// Records of changes that are read at once.
const PAGE: u16 = 100;

/// Days in UTC, both included.
#[derive(Debug, Clone, Default)]
pub struct Period {
    /// Without it the day on which the chain began.
    pub since: Option<Date>,
    /// Without it today.
    pub until: Option<Date>,
}

/// What was looked at, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Verified {
    pub segments: u64,
    pub records: u64,
    /// Records that the table has, too.
    pub compared: u64,
    pub findings: Vec<Finding>,
}

/// Something that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    Broken(Broken),
    /// A segment that must have been there.
    Missing {
        object: String,
    },
    /// The head in the table says otherwise than the segment.
    Head {
        object: String,
        table: ChainHash,
        found: ChainHash,
    },
    /// A record of the table that never came into the chain, or was taken out of it.
    NotInChain {
        id: String,
    },
    /// A record that says something else in the table.
    Different {
        id: String,
        object: String,
    },
    /// What a person has changed is not in the table any more, before its time.
    NotInTable {
        id: String,
        object: String,
    },
}

impl Finding {
    /// The stable name in output.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Broken(_) => "broken",
            Self::Missing { .. } => "missing",
            Self::Head { .. } => "head",
            Self::NotInChain { .. } => "not-in-chain",
            Self::Different { .. } => "different",
            Self::NotInTable { .. } => "not-in-table",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(broken) => write!(f, "{broken}"),
            Self::Missing { object } => write!(f, "{object}: expected a segment, found nothing"),
            Self::Head {
                object,
                table,
                found,
            } => write!(
                f,
                "{object}: expected the hash {table}, which the head in the table has, found {found}"
            ),
            Self::NotInChain { id } => {
                write!(
                    f,
                    "{id}: the table has it, expected it in the chain, found nothing"
                )
            }
            Self::Different { id, object } => {
                write!(f, "{id}: the table says something else than {object}")
            }
            Self::NotInTable { id, object } => {
                write!(
                    f,
                    "{id}: {object} has it, expected it in the table, found nothing"
                )
            }
        }
    }
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the objects of the chain cannot be read: {0}")]
    Objects(#[from] SinkError),
    #[error("the table has no head of an audit chain: there is none yet, or it was taken away")]
    NoChain,
}

/// Reads the chain again.
pub struct Verification {
    pub objects: Arc<dyn ObjectReader>,
    pub heads: Arc<dyn ChainHeads>,
    pub records: Arc<dyn AuditStore>,
    pub events: Arc<dyn EventLog>,
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verification")
    }
}

impl Verification {
    /// Follows the chain through a period, and beyond it while records of the period are missing: a record can come late.
    pub async fn verify(&self, period: &Period) -> Result<Verified, VerifyError> {
        let newest = self.heads.newest().await?.ok_or(VerifyError::NoChain)?;
        let now = self.clock.now();
        let began = day(newest.began_at);
        let since = period.since.unwrap_or(began).max(began);
        let mut walk = Walk {
            of: self,
            now,
            newest,
            since,
            until: period.until.unwrap_or(day(now)),
            linked: since == began,
            asked: None,
            loaded: since,
            table: Table::default(),
            verified: Verified::default(),
        };
        let mut place = walk.start().await?;
        while let Some(at) = place {
            place = walk.step(at).await?;
        }
        walk.finish().await
    }
}

/// What the table has of the days so far.
#[derive(Default)]
struct Table {
    /// The hashes of texts by id, of what did not come yet.
    awaited: BTreeMap<String, ChainHash>,
    /// The ids of all records of changes.
    changes: HashSet<String>,
}

/// Where a verification is.
struct Walk<'v> {
    of: &'v Verification,
    now: Timestamp,
    newest: Newest,
    since: Date,
    until: Date,
    /// Whether the place knows the hash before it. It does not at the beginning of a later day, and behind a gap.
    linked: bool,
    /// The head of the day that was asked for last.
    asked: Option<(Date, Option<Head>)>,
    /// The first day of which the table was not read yet.
    loaded: Date,
    table: Table,
    verified: Verified,
}

impl Walk<'_> {
    /// The first segment of the period.
    async fn start(&mut self) -> Result<Option<Place>, VerifyError> {
        let mut next = Some(self.since);
        while let Some(day) = next.filter(|day| *day <= self.newest.head.day) {
            let place = Place::first(day);
            let is_known = self.head_of(day).await?.is_some();
            if is_known || self.of.objects.get(&place.object()).await?.is_some() {
                return Ok(Some(place));
            }
            next = day.tomorrow().ok();
        }
        Ok(None)
    }

    /// Looks at a segment. Gives the place of the next one.
    async fn step(&mut self, mut place: Place) -> Result<Option<Place>, VerifyError> {
        self.load(place.day).await?;
        if place.day > self.until && self.table.awaited.is_empty() {
            return Ok(None);
        }
        let object = place.object();
        let Some(octets) = self.of.objects.get(&object).await? else {
            return self.gap(&place).await;
        };
        if !self.linked {
            place = place.as_stated(&octets);
            self.linked = true;
        }
        self.verified.segments += 1;
        match place.read(&octets) {
            Ok(segment) => {
                self.compare_head(&object, &segment.head).await?;
                self.compare(&object, &segment.records);
                Ok(Some(segment.head.next()))
            }
            Err(broken) => {
                self.verified.findings.push(Finding::Broken(broken));
                self.compare(&object, &readable(&octets));
                Ok(Some(place.past(&octets)))
            }
        }
    }

    /// Where there is no segment: at the end of the chain, or where the heads know of more.
    async fn gap(&mut self, place: &Place) -> Result<Option<Place>, VerifyError> {
        if place.day > self.until {
            return Ok(None);
        }
        let known = self.head_of(place.day).await?;
        if let Some(next) = known.as_ref().and_then(|head| closed_before(head, place)) {
            // The segment that says so is broken, which was told.
            self.linked = false;
            return Ok(Some(Place::first(next)));
        }
        let known = known.map(|head| head.segment);
        let is_last = known.is_none_or(|known| known < place.segment);
        if is_last && place.day >= self.newest.head.day {
            return Ok(None);
        }
        let object = place.object();
        self.verified.findings.push(Finding::Missing { object });
        self.linked = false;
        if known.is_some_and(|known| known > place.segment) {
            return Ok(Some(place.following()));
        }
        self.next_day(place.day).await
    }

    /// The first segment of the next day of which a head knows.
    async fn next_day(&mut self, day: Date) -> Result<Option<Place>, VerifyError> {
        let mut next = day.tomorrow().ok();
        while let Some(day) = next.filter(|day| *day <= self.newest.head.day) {
            if self.head_of(day).await?.is_some() {
                return Ok(Some(Place::first(day)));
            }
            next = day.tomorrow().ok();
        }
        Ok(None)
    }

    async fn head_of(&mut self, day: Date) -> Result<Option<Head>, VerifyError> {
        if let Some((asked, head)) = &self.asked
            && *asked == day
        {
            return Ok(head.clone());
        }
        let newest = &self.newest.head;
        let newest = (newest.day == day).then(|| newest.clone());
        let head = self.of.heads.head(day).await?.or(newest);
        self.asked = Some((day, head.clone()));
        Ok(head)
    }

    async fn compare_head(&mut self, object: &str, found: &Head) -> Result<(), VerifyError> {
        let of_day = self.head_of(found.day).await?;
        let newest = Some(self.newest.head.clone());
        let mut known = [of_day, newest].into_iter().flatten();
        let other = known.find(|known| {
            (known.day, known.segment) == (found.day, found.segment) && known.hash != found.hash
        });
        if let Some(other) = other {
            self.verified.findings.push(Finding::Head {
                object: object.to_owned(),
                table: other.hash,
                found: found.hash.clone(),
            });
        }
        Ok(())
    }

    /// Whether the table and the chain have to say the same of something of this time.
    fn is_in_question(&self, at: Timestamp) -> bool {
        let day = day(at);
        let settled = self.now.saturating_sub(ON_THE_WAY).unwrap_or(at);
        let was_chained = self.newest.began_at <= at && at <= settled;
        was_chained && self.since <= day && day <= self.until
    }

    fn compare(&mut self, object: &str, records: &[ChainRecord]) {
        for record in records {
            self.verified.records += 1;
            match self.table.awaited.remove(&record.id) {
                Some(hash) if hash == ChainHash::of(record.text()) => self.verified.compared += 1,
                Some(_) => self.verified.findings.push(Finding::Different {
                    id: record.id.clone(),
                    object: object.to_owned(),
                }),
                None if self.is_missed(record) => {
                    self.verified.findings.push(Finding::NotInTable {
                        id: record.id.clone(),
                        object: object.to_owned(),
                    });
                }
                // It came before, is of another time, or an event that is not kept any more.
                None => {}
            }
        }
    }

    /// Whether the table should still have a record of a change. For how long events are kept is a setting.
    fn is_missed(&self, record: &ChainRecord) -> bool {
        RecordId::parse(&record.id).is_some()
            && !self.table.changes.contains(&record.id)
            && self.is_in_question(record.at)
            && self.now < later(record.at, KEPT_DAYS)
    }

    /// Reads from the table what is in question, to this day.
    async fn load(&mut self, day: Date) -> Result<(), VerifyError> {
        let last = day.min(self.until);
        while self.loaded <= last {
            let day = self.loaded;
            self.load_changes(day).await?;
            self.load_events(day).await?;
            match day.tomorrow() {
                Ok(next) => self.loaded = next,
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    async fn load_changes(&mut self, day: Date) -> Result<(), VerifyError> {
        let mut after = None;
        loop {
            let page = self.of.records.records(day, after.as_ref(), PAGE).await?;
            for record in &page.records {
                self.table.changes.insert(record.id.to_string());
                self.await_line(&lines::of_record(record));
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn load_events(&mut self, day: Date) -> Result<(), VerifyError> {
        let mut hour = Hour::of(start(day));
        let end = day.tomorrow().map_or(Timestamp::MAX, start);
        while hour.start() < end {
            let mut after = None;
            loop {
                let page = self.of.events.hour(hour, after.as_ref()).await?;
                for event in &page.events {
                    self.await_line(&lines::of_event(event));
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            hour = hour.next();
        }
        Ok(())
    }

    fn await_line(&mut self, line: &AuditLine) {
        if self.is_in_question(line.at) {
            let record = ChainRecord::from(line);
            let hash = ChainHash::of(record.text());
            self.table.awaited.insert(record.id, hash);
        }
    }

    async fn finish(mut self) -> Result<Verified, VerifyError> {
        self.load(self.until).await?;
        let missing = self.table.awaited.into_keys();
        let missing = missing.map(|id| Finding::NotInChain { id });
        self.verified.findings.extend(missing);
        Ok(self.verified)
    }
}

/// The day on which the chain goes on, when the head closes its own right before this place.
fn closed_before(head: &Head, place: &Place) -> Option<Date> {
    let is_before = head.segment.checked_add(1) == Some(place.segment);
    head.closed.filter(|next| is_before && *next > head.day)
}
