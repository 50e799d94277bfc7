//! What policies look up, and what is kept of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{SCHEMA, corrupt, instant, timestamp};
use crate::{
    adapters::dynamodb::keys::Key,
    domain::{
        attribute::{AttributeValue, ClaimValue},
        code::{CodeDigest, InvitationCode},
        directory::{ClaimsSubject, DirectoryRecord},
        list::Matcher,
        source::{Breaker, Extract, KeptAnswer, SourceName},
        value_set::{Member, SetName, SetValue},
        verification::{Evidence, VerificationOutcome},
    },
    ports::{Lease, StoreError, attempts::Attempt},
};

/// A claim in DynamoDB's own types: `S`, `BOOL`, `N`, or `L` of `S`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum StoredClaim {
    Flag(bool),
    Number(i64),
    Text(String),
    Many(Vec<String>),
}

impl From<ClaimValue> for StoredClaim {
    fn from(value: ClaimValue) -> Self {
        match value {
            ClaimValue::One(AttributeValue::Text(text)) => Self::Text(text),
            ClaimValue::One(AttributeValue::Flag(flag)) => Self::Flag(flag),
            ClaimValue::One(AttributeValue::Number(number)) => Self::Number(number),
            ClaimValue::Many(texts) => Self::Many(texts),
        }
    }
}

impl From<StoredClaim> for ClaimValue {
    fn from(stored: StoredClaim) -> Self {
        match stored {
            StoredClaim::Text(text) => Self::One(AttributeValue::Text(text)),
            StoredClaim::Flag(flag) => Self::One(AttributeValue::Flag(flag)),
            StoredClaim::Number(number) => Self::One(AttributeValue::Number(number)),
            StoredClaim::Many(texts) => Self::Many(texts),
        }
    }
}

type StoredClaims = BTreeMap<String, StoredClaim>;

fn stored(claims: &BTreeMap<String, ClaimValue>) -> StoredClaims {
    let claims = claims.iter();
    claims
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect()
}

fn claims(stored: StoredClaims) -> BTreeMap<String, ClaimValue> {
    let stored = stored.into_iter();
    stored.map(|(name, value)| (name, value.into())).collect()
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct DirectoryItem {
    schema: u32,
    subject: String,
    claims: StoredClaims,
}

impl From<&DirectoryRecord> for DirectoryItem {
    fn from(record: &DirectoryRecord) -> Self {
        Self {
            schema: SCHEMA,
            subject: record.subject.to_string(),
            claims: stored(&record.claims),
        }
    }
}

impl DirectoryItem {
    pub(in crate::adapters::dynamodb) fn record(
        self,
        key: &Key,
    ) -> Result<DirectoryRecord, StoreError> {
        Ok(DirectoryRecord {
            subject: ClaimsSubject::parse(&self.subject).map_err(|error| corrupt(key, error))?,
            claims: claims(self.claims),
        })
    }
}

/// That there is a set of values; its name is the key's.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct ValueSetItem {
    schema: u32,
    name: String,
}

impl From<&SetName> for ValueSetItem {
    fn from(name: &SetName) -> Self {
        Self {
            schema: SCHEMA,
            name: name.to_string(),
        }
    }
}

impl ValueSetItem {
    pub(in crate::adapters::dynamodb) fn name(self, key: &Key) -> Result<SetName, StoreError> {
        SetName::parse(&self.name).ok_or_else(|| corrupt(key, "its name"))
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct MemberItem {
    schema: u32,
    set: String,
    value: String,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    note: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<i64>,
}

impl From<&Member> for MemberItem {
    fn from(member: &Member) -> Self {
        let end = member.expires_at.map(Timestamp::as_second);
        Self {
            schema: SCHEMA,
            set: member.set.to_string(),
            value: member.value.as_str().to_owned(),
            note: member.note.clone(),
            expires_at: end,
            ttl: end,
        }
    }
}

impl MemberItem {
    pub(in crate::adapters::dynamodb) fn member(self, key: &Key) -> Result<Member, StoreError> {
        Ok(Member {
            set: SetName::parse(&self.set).ok_or_else(|| corrupt(key, "the name of its set"))?,
            value: SetValue::parse(&self.value).ok_or_else(|| corrupt(key, "its value"))?,
            note: self.note,
            expires_at: self.expires_at.map(|s| timestamp(key, s)).transpose()?,
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct CodeItem {
    schema: u32,
    digest: String,
    uses: u32,
    /// Counted by an update expression.
    used: u32,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    bound_to: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    claims: StoredClaims,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    note: String,
    revoked: bool,
}

impl From<&InvitationCode> for CodeItem {
    fn from(code: &InvitationCode) -> Self {
        Self {
            schema: SCHEMA,
            digest: code.digest.to_string(),
            uses: code.uses,
            used: code.used,
            created_at: code.created_at.as_second(),
            expires_at: code.expires_at.map(Timestamp::as_second),
            bound_to: code.bound_to.as_ref().map(ToString::to_string),
            claims: stored(&code.claims),
            note: code.note.clone(),
            revoked: code.revoked,
        }
    }
}

impl CodeItem {
    pub(in crate::adapters::dynamodb) fn code(
        self,
        key: &Key,
    ) -> Result<InvitationCode, StoreError> {
        let bound_to = self.bound_to.map(|text| Matcher::parse(&text)).transpose();
        Ok(InvitationCode {
            digest: CodeDigest::parse(&self.digest).ok_or_else(|| corrupt(key, "its digest"))?,
            uses: self.uses,
            used: self.used,
            created_at: timestamp(key, self.created_at)?,
            expires_at: self.expires_at.map(|s| timestamp(key, s)).transpose()?,
            bound_to: bound_to.map_err(|error| corrupt(key, error))?,
            claims: claims(self.claims),
            note: self.note,
            revoked: self.revoked,
        })
    }
}

/// That a person has used a code. Only its being there counts.
#[derive(Debug, Serialize)]
pub(in crate::adapters::dynamodb) struct RedemptionItem {
    schema: u32,
    redeemed_at: i64,
}

impl RedemptionItem {
    pub(in crate::adapters::dynamodb) fn new(at: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            redeemed_at: at.as_second(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct AnswerItem {
    schema: u32,
    found: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    claims: StoredClaims,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    facts: StoredClaims,
    /// Milliseconds since 1970.
    expires_at: i64,
    ttl: i64,
}

impl From<&KeptAnswer> for AnswerItem {
    fn from(answer: &KeptAnswer) -> Self {
        Self {
            schema: SCHEMA,
            found: answer.found,
            claims: stored(&answer.extract.claims),
            facts: stored(&answer.extract.facts),
            expires_at: answer.expires_at.as_millisecond(),
            ttl: answer.expires_at.as_second(),
        }
    }
}

impl AnswerItem {
    pub(in crate::adapters::dynamodb) fn answer(self, key: &Key) -> Result<KeptAnswer, StoreError> {
        Ok(KeptAnswer {
            found: self.found,
            extract: Extract {
                claims: claims(self.claims),
                facts: claims(self.facts),
            },
            expires_at: instant(key, self.expires_at)?,
        })
    }
}

/// Times are in milliseconds since 1970: pauses are a matter of seconds.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct BreakerItem {
    schema: u32,
    failures: u32,
    since: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    open_until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    trial_until: Option<i64>,
    openings: u32,
    /// The condition of the next change.
    version: u64,
    /// Who made this one.
    #[serde(default)]
    writer: u64,
}

impl BreakerItem {
    pub(in crate::adapters::dynamodb) fn new(breaker: &Breaker, writer: u64) -> Self {
        Self {
            schema: SCHEMA,
            failures: breaker.failures,
            since: breaker.since.as_millisecond(),
            open_until: breaker.open_until.map(Timestamp::as_millisecond),
            trial_until: breaker.trial_until.map(Timestamp::as_millisecond),
            openings: breaker.openings,
            version: breaker.version,
            writer,
        }
    }

    pub(in crate::adapters::dynamodb) fn breaker(self, key: &Key) -> Result<Breaker, StoreError> {
        Ok(Breaker {
            failures: self.failures,
            since: instant(key, self.since)?,
            open_until: self.open_until.map(|ms| instant(key, ms)).transpose()?,
            trial_until: self.trial_until.map(|ms| instant(key, ms)).transpose()?,
            openings: self.openings,
            version: self.version,
        })
    }
}

/// An attempt at a verification: held by somebody, or with what came of it. Times are in milliseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct AttemptItem {
    schema: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    held_until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    holder: Option<u64>,
    /// Nobody is making it any more, and nobody knows what came of it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    unclear: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    evidence: Option<StoredEvidence>,
    /// The moment of the evidence, where conditions see it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    made_at: Option<i64>,
    ttl: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredEvidence {
    verification: String,
    provider: String,
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reference: Option<String>,
}

impl AttemptItem {
    pub(in crate::adapters::dynamodb) fn held(lease: &Lease) -> Self {
        Self {
            holder: Some(lease.holder),
            ..Self::closed_until(lease.until)
        }
    }

    fn closed_until(until: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            held_until: Some(until.as_millisecond()),
            holder: None,
            unclear: false,
            evidence: None,
            made_at: None,
            // A lease that nobody ended is of no use, but must outlive its last second.
            ttl: until.as_second().saturating_add(1),
        }
    }

    pub(in crate::adapters::dynamodb) fn unclear(until: Timestamp) -> Self {
        Self {
            unclear: true,
            ..Self::closed_until(until)
        }
    }

    pub(in crate::adapters::dynamodb) fn made(evidence: &Evidence, keep_until: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            held_until: None,
            holder: None,
            unclear: false,
            evidence: Some(StoredEvidence {
                verification: evidence.verification.to_string(),
                provider: evidence.provider.clone(),
                outcome: evidence.outcome.name().to_owned(),
                reference: evidence.reference.clone(),
            }),
            made_at: Some(evidence.at.as_millisecond()),
            ttl: keep_until.as_second(),
        }
    }

    pub(in crate::adapters::dynamodb) fn attempt(self, key: &Key) -> Result<Attempt, StoreError> {
        if self.unclear {
            return Ok(Attempt::Unclear);
        }
        let evidence = self.evidence(key)?;
        Ok(evidence.map_or(Attempt::Running, Attempt::Done))
    }

    /// `None` while it is held.
    pub(in crate::adapters::dynamodb) fn evidence(
        self,
        key: &Key,
    ) -> Result<Option<Evidence>, StoreError> {
        let (Some(evidence), Some(made_at)) = (self.evidence, self.made_at) else {
            return Ok(None);
        };
        Ok(Some(Evidence {
            verification: SourceName::parse(&evidence.verification)
                .ok_or_else(|| corrupt(key, "the name of its verification"))?,
            provider: evidence.provider,
            outcome: VerificationOutcome::parse(&evidence.outcome)
                .ok_or_else(|| corrupt(key, "its outcome"))?,
            reference: evidence.reference,
            at: instant(key, made_at)?,
        }))
    }
}
