//! What other systems are told of, and what is kept of each decision.
//!
//! An [`Event`] names nobody: ids, the step, the outcome, what decided. What says who somebody is stands beside it
//! ([`Personal`]), and only as far as an operator asks for it.

mod id;
mod kind;

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::{
    id::{EventId, Hour},
    kind::{EventFilter, EventKind},
};
use super::{approval::Applicant, attribute::short, list::Effect, sign_up::Step};

/// Something that happened, as other systems read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// The same each time when it is told more than once.
    pub id: EventId,
    /// Of what the fields of `data` mean. It changes when one of them is taken away or means something else.
    pub version: u32,
    /// When it happened (RFC 3339).
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub timestamp: Timestamp,
    #[serde(flatten)]
    pub fact: Fact,
}

/// The version of every kind of event.
const VERSION: u32 = 1;

impl Event {
    /// `of` is what tells it apart from all others, and is the same whenever it is told.
    pub fn new(at: Timestamp, fact: Fact, of: &[&[u8]]) -> Self {
        let kind = fact.kind();
        let parts: Vec<&[u8]> = [kind.name().as_bytes()]
            .into_iter()
            .chain(of.iter().copied())
            .collect();
        Self {
            id: EventId::derive(at, &parts),
            version: VERSION,
            timestamp: at,
            fact,
        }
    }
}

/// What happened. The catalogue: its names and fields are a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "data")]
pub enum Fact {
    /// A step of a sign-up was let through.
    #[serde(rename = "sign_up.continued")]
    SignUpContinued(DecisionFact),
    /// A sign-up ended on a block page.
    #[serde(rename = "sign_up.blocked")]
    SignUpBlocked(DecisionFact),
    /// Somebody was asked to correct the form.
    #[serde(rename = "sign_up.invalid")]
    SignUpInvalid(DecisionFact),
    /// Somebody has to be approved first.
    #[serde(rename = "sign_up.reviewed")]
    SignUpReviewed(DecisionFact),
    /// Something that the decision needed was slow or down, and the answer is what the policy says of that.
    #[serde(rename = "sign_up.failed")]
    SignUpFailed(DecisionFact),
    /// Claims were put into a token.
    #[serde(rename = "claims.added_to_token")]
    ClaimsAdded(DecisionFact),
    #[serde(rename = "approval_request.created")]
    RequestCreated(RequestFact),
    /// The applicant corrected it, one of several approvals was given, or its account is to be tried once more.
    #[serde(rename = "approval_request.updated")]
    RequestUpdated(RequestFact),
    #[serde(rename = "approval_request.approved")]
    RequestApproved(RequestFact),
    #[serde(rename = "approval_request.denied")]
    RequestDenied(RequestFact),
    #[serde(rename = "approval_request.expired")]
    RequestExpired(RequestFact),
    #[serde(rename = "approval_request.withdrawn")]
    RequestWithdrawn(RequestFact),
    #[serde(rename = "approval_request.reopened")]
    RequestReopened(RequestFact),
    #[serde(rename = "account.provisioned")]
    AccountProvisioned(AccountFact),
    #[serde(rename = "account.provisioning_failed")]
    AccountFailed(AccountFact),
    /// An entry is new, or says something else than before.
    #[serde(rename = "list_entry.added")]
    EntryAdded(EntryFact),
    #[serde(rename = "list_entry.removed")]
    EntryRemoved(EntryFact),
    /// An entry was deleted after its end. It had stopped counting to the second; this may come up to some days later.
    #[serde(rename = "list_entry.expired")]
    EntryExpired(EntryFact),
    #[serde(rename = "policy.published")]
    PolicyPublished(PolicyFact),
    /// An earlier version decides again.
    #[serde(rename = "policy.rolled_back")]
    PolicyRolledBack(PolicyFact),
}

impl Fact {
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::SignUpContinued(_) => EventKind::SignUpContinued,
            Self::SignUpBlocked(_) => EventKind::SignUpBlocked,
            Self::SignUpInvalid(_) => EventKind::SignUpInvalid,
            Self::SignUpReviewed(_) => EventKind::SignUpReviewed,
            Self::SignUpFailed(_) => EventKind::SignUpFailed,
            Self::ClaimsAdded(_) => EventKind::ClaimsAdded,
            Self::RequestCreated(_) => EventKind::RequestCreated,
            Self::RequestUpdated(_) => EventKind::RequestUpdated,
            Self::RequestApproved(_) => EventKind::RequestApproved,
            Self::RequestDenied(_) => EventKind::RequestDenied,
            Self::RequestExpired(_) => EventKind::RequestExpired,
            Self::RequestWithdrawn(_) => EventKind::RequestWithdrawn,
            Self::RequestReopened(_) => EventKind::RequestReopened,
            Self::AccountProvisioned(_) => EventKind::AccountProvisioned,
            Self::AccountFailed(_) => EventKind::AccountFailed,
            Self::EntryAdded(_) => EventKind::EntryAdded,
            Self::EntryRemoved(_) => EventKind::EntryRemoved,
            Self::EntryExpired(_) => EventKind::EntryExpired,
            Self::PolicyPublished(_) => EventKind::PolicyPublished,
            Self::PolicyRolledBack(_) => EventKind::PolicyRolledBack,
        }
    }
}

/// One decision about a step of a sign-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DecisionFact {
    pub step: Step,
    /// What the answer says: `continue`, `invalid`, `review` or `block`.
    pub outcome: &'static str,
    /// `connector` or `extension`.
    pub protocol: &'static str,
    /// The segment of the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_flow: Option<String>,
    /// The code that the person was shown.
    pub reference: String,
    /// Why it was blocked or failed: the same codes as in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// `default`, `list NAME`, `rule ID`, `source NAME`, `verification NAME`, `code` or `request`.
    pub decided_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyNumber>,
    /// The approval request that it made or came upon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Names of the claims that were overwritten, added or have to be corrected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// Entra's, when it is a GUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The application signed in to, when it is a GUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
}

/// A version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicyNumber {
    /// The user flow, or `*`.
    pub flow: String,
    pub version: u32,
}

/// What became of an approval request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RequestFact {
    pub request: String,
    /// Of the request: counts up with each change.
    pub revision: u64,
    /// `open`, `correct`, `endorse`, `approve`, `deny`, `withdraw`, `expire`, `reopen` or `retry`.
    pub action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<&'static str>,
    /// `pending`, `approved`, `denied`, `expired` or `withdrawn`.
    pub to: &'static str,
    /// `applicant`, `person` or `system`.
    pub by: &'static str,
}

/// What became of the account of an approved request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountFact {
    pub request: String,
    /// The object id in Entra.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_flow: Option<String>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What became of a matcher's place in a list. The matcher itself is personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EntryFact {
    pub list: String,
    /// `address`, `domain`, `suffix`, `provider` or `identity`.
    pub matcher: &'static str,
    /// Of the entry that is there, or that was.
    pub effect: Effect,
    /// That of the entry in whose place it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Effect>,
    /// When the entry ends or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub expires_at: Option<Timestamp>,
}

/// Which version decides from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicyFact {
    #[serde(flatten)]
    pub policy: PolicyNumber,
    /// The one that decided before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u32>,
}

/// For how long records of decisions are kept, and what they say of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordTerms {
    pub days: u16,
    /// See [`Personal::of`].
    pub fields: Vec<String>,
}

/// What says who somebody is, by the names of fields. Its `Debug` shows the names alone.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal(pub BTreeMap<String, Value>);

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Personal {
    /// The fields of these names that somebody has: `email`, `identities`, or an attribute, if custom then in either form.
    pub fn of(applicant: &Applicant, names: &[String]) -> Self {
        let said = names.iter();
        let said = said.filter_map(|name| Some((name.clone(), field(applicant, name)?)));
        Self(said.collect())
    }

    /// Only the fields of these names.
    #[must_use]
    pub fn only(&self, names: &[String]) -> Self {
        let wanted = self.0.iter().filter(|(name, _)| names.contains(name));
        Self(wanted.map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn field(applicant: &Applicant, name: &str) -> Option<Value> {
    match name {
        "email" => applicant.addresses.first().map(|one| one.as_str().into()),
        "identities" if applicant.identities.is_empty() => None,
        "identities" => serde_json::to_value(&applicant.identities).ok(),
        name => {
            let mut attributes = applicant.attributes.iter();
            let (_, value) = attributes.find(|(own, _)| short(own) == short(name))?;
            serde_json::to_value(value).ok()
        }
    }
}

/// An event as it is kept: its text never changes, so that it is told alike each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEvent {
    pub id: EventId,
    pub kind: EventKind,
    /// Milliseconds count.
    pub at: Timestamp,
    /// The [`Event`] as a JSON object.
    pub text: String,
    pub personal: Personal,
}

impl KeptEvent {
    pub fn new(event: &Event, personal: Personal) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id: event.id.clone(),
            kind: event.fact.kind(),
            at: event.timestamp,
            text: serde_json::to_string(event)?,
            personal,
        })
    }

    /// The event of a text; `None` for every other text.
    pub fn read(text: &str) -> Option<Self> {
        let told: Told = serde_json::from_str(text).ok()?;
        let is_of_its_hour = told.id.hour() == Hour::of(told.timestamp);
        is_of_its_hour.then_some(Self {
            id: told.id,
            kind: EventKind::parse(&told.kind)?,
            at: told.timestamp,
            text: text.to_owned(),
            personal: Personal::default(),
        })
    }
}

/// What every event says of itself.
#[derive(Deserialize)]
struct Told {
    id: EventId,
    timestamp: Timestamp,
    #[serde(rename = "type")]
    kind: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AT: Timestamp = Timestamp::constant(1_768_478_400, 0);

    fn entry_fact() -> EntryFact {
        EntryFact {
            list: "default".to_owned(),
            matcher: "address",
            effect: Effect::Deny,
            replaces: None,
            expires_at: None,
        }
    }

    #[test]
    fn an_event_is_one_flat_object() {
        let event = Event::new(AT, Fact::EntryAdded(entry_fact()), &[b"1"]);
        assert_eq!(
            serde_json::to_value(&event).unwrap(),
            json!({
                "id": event.id.as_str(),
                "version": 1,
                "timestamp": "2026-01-15T12:00:00Z",
                "type": "list_entry.added",
                "data": { "list": "default", "matcher": "address", "effect": "deny" },
            })
        );
    }

    #[test]
    fn the_same_fact_has_the_same_id_and_another_kind_another() {
        let fact = || Fact::EntryAdded(entry_fact());
        let event = Event::new(AT, fact(), &[b"1"]);
        assert_eq!(event, Event::new(AT, fact(), &[b"1"]));
        assert_ne!(event.id, Event::new(AT, fact(), &[b"2"]).id);
        let removed = Event::new(AT, Fact::EntryRemoved(entry_fact()), &[b"1"]);
        assert_ne!(event.id, removed.id);
    }

    #[test]
    fn an_event_is_read_from_its_text() {
        let event = Event::new(AT, Fact::EntryAdded(entry_fact()), &[b"1"]);
        let kept = KeptEvent::new(&event, Personal::default()).unwrap();
        assert_eq!(KeptEvent::read(&kept.text), Some(kept.clone()));
        let of_another_hour = kept.text.replace("T12:00:00Z", "T13:00:00Z");
        for other in ["", "{}", "1", &of_another_hour] {
            assert_eq!(KeptEvent::read(other), None);
        }
    }

    #[test]
    fn only_what_is_asked_for_is_told_of_a_person() {
        let both = [("email", "a@example.com"), ("city", "Redmond")];
        let both = both.map(|(name, value)| (name.to_owned(), json!(value)));
        let personal = Personal(both.into());
        let city = personal.only(&["city".to_owned(), "country".to_owned()]);
        assert_eq!(city.0.keys().collect::<Vec<_>>(), ["city"]);
        assert!(personal.only(&[]).is_empty());
    }
}
