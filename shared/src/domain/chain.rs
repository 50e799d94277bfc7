//! The audit chain: records in the order in which they came, each bound to all before it.
//!
//! It is cut into segments of lines (JSON Lines), which are objects of a bucket. The first line of a segment is its header:
//!
//! ```json
//! {"segment":2,"day":"2026-11-22","previous":"<the hash of the last line of the segment before>"}
//! ```
//!
//! Each line after it is a record:
//!
//! ```json
//! {"hash":"<64 digits>","id":"…","at":"2026-11-22T10:00:00Z","record":{…}}
//! ```
//!
//! The hash of a header is the SHA-256 of its octets; that of a record is the SHA-256 of the hash of the line before (as its 64
//! digits) and of the octets of its own line from `"id"` to the end. The very first segment has 64 zeros before it. The last
//! segment of a day has no record, and its header names the day on which the chain goes on as `closed`: whoever comes late to
//! a day finds it closed, so that the chain never forks.

use std::fmt::{self, Write};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::{Map, Value};

use super::digest::sha256;

/// The SHA-256 of a line, in 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHash(String);

impl ChainHash {
    const DIGITS: usize = 64;

    pub fn of(text: &str) -> Self {
        Self(sha256(text.as_bytes()))
    }

    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |octet: u8| octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet);
        let is_fine = text.len() == Self::DIGITS && text.bytes().all(is_digit);
        is_fine.then(|| Self(text.to_owned()))
    }

    /// What stands before the very first line.
    fn none() -> Self {
        Self("0".repeat(Self::DIGITS))
    }

    /// That of the line after this one.
    fn then(&self, rest: &str) -> Self {
        Self::of(&format!("{self}{rest}"))
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A record of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainRecord {
    pub id: String,
    pub at: Timestamp,
    /// JSON in one line.
    text: String,
}

impl ChainRecord {
    /// What is no JSON object in one line is kept as a JSON string, so that nothing that is audited can stop the chain.
    pub fn new(id: &str, at: Timestamp, text: &str) -> Self {
        let is_object = serde_json::from_str::<Map<String, Value>>(text).is_ok();
        let is_plain = is_object && !text.contains(['\n', '\r']) && text.trim() == text;
        Self {
            id: id.to_owned(),
            at,
            text: if is_plain {
                text.to_owned()
            } else {
                Value::from(text).to_string()
            },
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// How long it is in a segment.
    pub fn octets(&self) -> usize {
        self.rest().len() + HASH.len() + ChainHash::DIGITS + AFTER_HASH.len() + 1
    }

    /// Its line behind the hash.
    fn rest(&self) -> String {
        format!("{}{}}}", beginning(&self.id, self.at), self.text)
    }

    /// Its line, and the hash of that.
    fn line(&self, before: &ChainHash) -> (String, ChainHash) {
        let rest = self.rest();
        let hash = before.then(&rest);
        (format!("{HASH}{hash}{AFTER_HASH}{rest}"), hash)
    }

    fn read(line: &str, before: &ChainHash) -> Result<(Self, ChainHash), Fault> {
        let (found, rest) = parted(line).ok_or(Fault::NoRecord)?;
        let expected = before.then(rest);
        expect("hash", &expected, &found)?;
        let record = Self::parse(rest).ok_or(Fault::NoRecord)?;
        Ok((record, expected))
    }

    fn parse(rest: &str) -> Option<Self> {
        let named: Named = serde_json::from_str(&format!("{{{rest}")).ok()?;
        let text = rest.strip_prefix(&beginning(&named.id, named.at))?;
        let text = text.strip_suffix('}')?;
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        Some(Self {
            text: text.to_owned(),
            id: named.id,
            at: named.at,
        })
    }
}

/// How the line of a record begins, and what stands behind its hash.
const HASH: &str = "{\"hash\":\"";
const AFTER_HASH: &str = "\",";

/// What names a record in its line.
#[derive(Deserialize)]
struct Named {
    id: String,
    at: Timestamp,
}

fn beginning(id: &str, at: Timestamp) -> String {
    format!("\"id\":{},\"at\":\"{at}\",\"record\":", Value::from(id))
}

/// The hash that the line of a record states, and the rest of the line.
fn parted(line: &str) -> Option<(ChainHash, &str)> {
    let line = line.strip_prefix(HASH)?;
    let (hash, rest) = line.split_at_checked(ChainHash::DIGITS)?;
    Some((ChainHash::parse(hash)?, rest.strip_prefix(AFTER_HASH)?))
}

/// The first line of a segment.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    segment: u32,
    day: Date,
    previous: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    closed: Option<Date>,
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            segment,
            day,
            previous,
            ..
        } = self;
        write!(
            f,
            "{{\"segment\":{segment},\"day\":\"{day}\",\"previous\":\"{previous}\""
        )?;
        match self.closed {
            Some(day) => write!(f, ",\"closed\":\"{day}\"}}"),
            None => f.write_str("}"),
        }
    }
}

/// The last segment of a chain, or of one of its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub day: Date,
    pub segment: u32,
    /// That of its last line.
    pub hash: ChainHash,
    /// The day on which the chain goes on, when the segment closes its own.
    pub closed: Option<Date>,
}

impl Head {
    /// Where the next segment goes.
    pub fn next(&self) -> Place {
        let previous = self.hash.clone();
        match self.closed {
            Some(day) => Place {
                day,
                segment: 1,
                previous,
            },
            None => Place {
                day: self.day,
                segment: self.segment.saturating_add(1),
                previous,
            },
        }
    }
}

/// Where a segment is or goes, and what it has to be linked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub day: Date,
    pub segment: u32,
    previous: ChainHash,
}

/// A segment as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub text: String,
    pub head: Head,
}

/// A segment as it was read: whole, and linked to the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub records: Vec<ChainRecord>,
    pub head: Head,
}

impl Place {
    /// That of the very first segment.
    pub fn first(day: Date) -> Self {
        Self {
            day,
            segment: 1,
            previous: ChainHash::none(),
        }
    }

    /// The name of the object.
    pub fn object(&self) -> String {
        format!("audit/{}/{:08}.jsonl", self.day, self.segment)
    }

    /// That of the segment after one that is gone, whose hash nobody knows.
    #[must_use]
    pub fn following(&self) -> Self {
        Self {
            segment: self.segment.saturating_add(1),
            ..self.clone()
        }
    }

    /// The same with the link that the segment itself states, for whoever does not know the one before.
    #[must_use]
    pub fn as_stated(self, octets: &[u8]) -> Self {
        let stated = header(octets).and_then(|header| ChainHash::parse(&header.previous));
        Self {
            previous: stated.unwrap_or(self.previous),
            ..self
        }
    }

    /// A segment with these records.
    pub fn seal(&self, records: &[ChainRecord]) -> Sealed {
        let header = self.header(None);
        let mut hash = ChainHash::of(&header);
        let mut text = header + "\n";
        for record in records {
            let (line, own) = record.line(&hash);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{line}");
            hash = own;
        }
        let head = self.head(hash, None);
        Sealed { text, head }
    }

    /// The last segment of its day.
    pub fn close(&self, next: Date) -> Sealed {
        let header = self.header(Some(next));
        let head = self.head(ChainHash::of(&header), Some(next));
        Sealed {
            text: header + "\n",
            head,
        }
    }

    /// Reads the segment that has to be here.
    pub fn read(&self, octets: &[u8]) -> Result<Segment, Broken> {
        let broken = |line: usize, fault| Broken {
            object: self.object(),
            line,
            fault,
        };
        let text = str::from_utf8(octets)
            .map_err(|error| broken(line_of(octets, error.valid_up_to()), Fault::NotText))?;
        let text = text
            .strip_suffix('\n')
            .ok_or_else(|| broken(line_of(octets, octets.len()), Fault::Unfinished))?;
        let mut lines = text.split('\n');
        let header = lines.next().unwrap_or_default();
        let closed = self.check(header).map_err(|fault| broken(1, fault))?;
        let mut hash = ChainHash::of(header);
        let mut records = Vec::new();
        for (number, line) in (2..).zip(lines) {
            if closed.is_some() {
                return Err(broken(number, Fault::AfterClose));
            }
            let read = ChainRecord::read(line, &hash);
            let (record, own) = read.map_err(|fault| broken(number, fault))?;
            records.push(record);
            hash = own;
        }
        if closed.is_none() && records.is_empty() {
            return Err(broken(1, Fault::Empty));
        }
        let head = self.head(hash, closed);
        Ok(Segment { records, head })
    }

    /// Where the chain goes on behind a segment that is broken, as far as the segment itself tells.
    #[must_use]
    pub fn past(&self, octets: &[u8]) -> Self {
        let text = String::from_utf8_lossy(octets);
        let stated = text.lines().last().and_then(parted).map(|(hash, _)| hash);
        let hash = stated.unwrap_or_else(|| ChainHash::of(text.lines().next().unwrap_or_default()));
        let closed = header(octets).and_then(|header| header.closed);
        self.head(hash, closed.filter(|day| *day > self.day)).next()
    }

    fn header(&self, closed: Option<Date>) -> String {
        let header = Header {
            segment: self.segment,
            day: self.day,
            previous: self.previous.to_string(),
            closed,
        };
        header.to_string()
    }

    fn head(&self, hash: ChainHash, closed: Option<Date>) -> Head {
        Head {
            day: self.day,
            segment: self.segment,
            hash,
            closed,
        }
    }

    /// The day on which the chain goes on, if the header closes its own.
    fn check(&self, line: &str) -> Result<Option<Date>, Fault> {
        let header: Header = serde_json::from_str(line).map_err(|_| Fault::NoHeader)?;
        let previous = ChainHash::parse(&header.previous).ok_or(Fault::NoHeader)?;
        expect("day", &self.day, &header.day)?;
        expect("segment", &self.segment, &header.segment)?;
        expect("link to the segment before", &self.previous, &previous)?;
        match header.closed {
            Some(next) if next <= self.day => Err(Fault::Backwards(next)),
            _ if header.to_string() != line => Err(Fault::NoHeader),
            closed => Ok(closed),
        }
    }
}

/// The records of a segment that is broken, as far as they can be read, whatever their hashes.
pub fn readable(octets: &[u8]) -> Vec<ChainRecord> {
    let text = String::from_utf8_lossy(octets);
    let records = text.lines().filter_map(parted);
    let records = records.filter_map(|(_, rest)| ChainRecord::parse(rest));
    records.collect()
}

/// The header as it stands there.
fn header(octets: &[u8]) -> Option<Header> {
    let line = octets.split(|octet| *octet == b'\n').next()?;
    serde_json::from_slice(line).ok()
}

/// In which line an octet stands.
fn line_of(octets: &[u8], position: usize) -> usize {
    let before = octets.iter().take(position);
    before.filter(|octet| **octet == b'\n').count() + 1
}

/// Where the chain is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{object}, line {line}: {fault}")]
pub struct Broken {
    pub object: String,
    /// Counts from 1.
    pub line: usize,
    pub fault: Fault,
}

/// What is wrong with a line. The texts name hashes, days and numbers, and nothing of a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("expected UTF-8, found other octets")]
    NotText,
    #[error("expected the end of a line, found the end of the object")]
    Unfinished,
    #[error("expected the header of a segment, found something else")]
    NoHeader,
    #[error("expected a record with its hash, found something else")]
    NoRecord,
    #[error("expected the {what} {expected}, found {found}")]
    Other {
        what: &'static str,
        expected: String,
        found: String,
    },
    #[error("expected at least one record, found none")]
    Empty,
    #[error("expected nothing behind the end of the day, found a line")]
    AfterClose,
    #[error("expected a later day on which the chain goes on, found {0}")]
    Backwards(Date),
}

fn expect<T: PartialEq + fmt::Display>(
    what: &'static str,
    expected: &T,
    found: &T,
) -> Result<(), Fault> {
    if expected == found {
        return Ok(());
    }
    Err(Fault::Other {
        what,
        expected: expected.to_string(),
        found: found.to_string(),
    })
}

#[cfg(test)]
mod tests;
