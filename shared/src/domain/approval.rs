//! Approval: a sign-up that a person decides about (PROTOCOL 3).
//!
//! An [`ApprovalRequest`] is what is known of it without knowing the person. Who that is, the [`Applicant`], is sealed.

mod applicant;
mod grants;
mod keep_days;
mod mark;
mod matched;
mod notice;
mod state;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

pub use self::{
    applicant::{Applicant, Applied, AppliedIdentity},
    grants::{AppRole, Grants, ObjectId},
    keep_days::KeepDays,
    mark::Mark,
    notice::{Call, Due, Happening, NoticeId, Recipient, Tidings},
    state::{Action, State},
};
use super::{
    digest,
    person::PersonKey,
    policy::UserFlow,
    publication::PolicyVersion,
    sign_up::{Protocol, SignUp},
};

/// Names a request: the millisecond of its creation, then chance; the order of the texts is that of time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// Crockford's Base 32, in lower case: no letter is taken for a digit when the id is read out.
    const ALPHABET: &'static [u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    const LENGTH: usize = 26;

    pub fn new(at: Timestamp, chance: [u8; 10]) -> Self {
        let [.., c2, c3, c4, c5, c6, c7] = at.as_millisecond().max(0).to_be_bytes();
        let mut number = [0; 16];
        number
            .iter_mut()
            .zip([c2, c3, c4, c5, c6, c7].into_iter().chain(chance))
            .for_each(|(to, from)| *to = from);
        let number = u128::from_be_bytes(number);
        let digits = (0..Self::LENGTH).rev().map(|place| {
            let digit = (number >> (5 * place)) & 31;
            let digit = usize::try_from(digit).unwrap_or_default();
            char::from(Self::ALPHABET.get(digit).copied().unwrap_or(b'0'))
        });
        Self(digits.collect())
    }

    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let known = text.bytes().all(|octet| Self::ALPHABET.contains(&octet));
        (known && text.len() == Self::LENGTH).then_some(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whoever can have one open request: the fingerprint of an identity (provider and subject), else of the canonical address.
///
/// A one-time passcode proves an address, so its identity is the address. Two providers are two applicants, even with the
/// same address: nobody waits, or is let in, for what was decided about somebody else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicantKey(String);

impl ApplicantKey {
    /// `None` for a sign-up that names nobody.
    pub fn of(sign_up: &SignUp) -> Option<Self> {
        let federated = sign_up.identities.iter();
        let mut federated = federated.filter(|identity| !identity.provider.is_mail());
        let identity = federated.find_map(PersonKey::of_identity);
        let key = identity.or_else(|| {
            let address = sign_up.addresses.first()?;
            Some(PersonKey::of_address(address.canonical().as_str()))
        });
        key.or_else(|| PersonKey::of(sign_up)).map(Self::from)
    }

    /// From where it is stored.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digest = text.len() == 64 && text.bytes().all(|octet| octet.is_ascii_hexdigit());
        is_digest.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<PersonKey> for ApplicantKey {
    fn from(person: PersonKey) -> Self {
        Self(person.as_str().to_owned())
    }
}

/// Tells two versions of what an applicant typed apart, without telling what it is: nothing else has the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentKey(String);

impl ContentKey {
    pub fn of(request: &RequestId, content: &[u8]) -> Self {
        Self(digest::hexadecimal(&[request.as_str().as_bytes(), content]))
    }

    /// From where it is stored.
    pub const fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// When somebody who was denied may ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Reapply {
    #[default]
    Never,
    AtOnce,
    AfterDays(u32),
}

/// What a policy says of its requests. A request keeps the terms under which it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Terms {
    pub reapply: Reapply,
    /// An undecided request expires after this.
    pub expire_after_days: u32,
    /// How many different people must approve: one or two.
    pub approvals: u8,
    /// Whether a denial needs a reason.
    pub reason_required: bool,
    /// A closed request is deleted after this.
    pub keep_days: KeepDays,
}

impl Terms {
    /// Without an `[approval]` in the policy.
    pub const USUAL: Self = Self {
        reapply: Reapply::Never,
        expire_after_days: 30,
        approvals: 1,
        reason_required: false,
        keep_days: KeepDays::alike(365),
    };
}

impl Default for Terms {
    fn default() -> Self {
        Self::USUAL
    }
}

/// What a decision must know of the applicant's latest request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub request: RequestId,
    pub state: State,
    /// Of the request.
    pub version: u64,
    /// Of what was applied with.
    pub content: ContentKey,
    /// From when a denied applicant may ask again.
    pub may_reapply_from: Option<Timestamp>,
}

impl Standing {
    /// Whether another request can be made at `now`.
    pub fn may_apply(&self, now: Timestamp) -> bool {
        match self.state {
            State::Denied => self.may_reapply_from.is_some_and(|from| from <= now),
            State::Expired | State::Withdrawn | State::Provisioned => true,
            State::Pending | State::Approved | State::Provisioning | State::ProvisioningFailed => {
                false
            }
        }
    }
}

/// Who changed a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The sign-up itself.
    Applicant,
    /// The approver or operator of that name.
    Person(String),
    /// This program, such as for an expiry.
    System,
}

impl Actor {
    /// The name of the kind, in items and logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::Person(_) => "person",
            Self::System => "system",
        }
    }
}

/// One change of a request, never changed itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The version that the change made: 1 for the creation.
    pub version: u64,
    pub at: Timestamp,
    pub by: Actor,
    pub action: Action,
    /// `None` at the creation.
    pub from: Option<State>,
    pub to: State,
    /// What the approver said, or why provisioning failed.
    pub reason: Option<String>,
    /// What the applicant is told of it, in the approver's words.
    pub message: Option<String>,
    /// Which edition of the applicant's data it was about.
    pub edition: u32,
}

/// A request, without the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRequest {
    pub id: RequestId,
    pub applicant: ApplicantKey,
    /// Under which evidence and earlier requests are found.
    pub person: PersonKey,
    pub user_flow: Option<UserFlow>,
    pub protocol: Protocol,
    /// Of the first address; what scopes and filters go by.
    pub domain: Option<String>,
    /// `None` for Microsoft Entra and Microsoft accounts, which name none.
    pub provider: Option<String>,
    pub state: State,
    /// Counts up with each change; the condition of the next one.
    pub version: u64,
    /// Counts what was applied with: 1, and one more for each correction.
    pub edition: u32,
    pub content: ContentKey,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    /// Until when somebody has to decide.
    pub expires_at: Timestamp,
    pub terms: Terms,
    pub grants: Grants,
    /// The policy that asked for the review.
    pub policy: Option<PolicyVersion>,
    /// What asked for it: `default`, `list NAME`, `rule ID`, …
    pub asked_by: String,
    /// Those who have approved so far.
    pub approved_by: Vec<String>,
    /// Why provisioning failed, in words.
    pub failure: Option<String>,
    /// The object id of the account.
    pub account: Option<String>,
}

/// Most editions of a request: every edition is two items, and all items of a request get their end together.
pub const MOST_EDITIONS: u32 = 20;

/// Why a change is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The state does not have it.
    #[error("a request that is {} cannot be changed by `{}`", .from.name(), .action.name())]
    State { from: State, action: Action },
    #[error("{0} has approved this request already; another person must")]
    SamePerson(String),
    #[error("a denial needs a reason")]
    ReasonMissing,
}

/// A change that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub action: Action,
    pub by: Actor,
    /// For the history.
    pub reason: Option<String>,
    /// For the applicant.
    pub message: Option<String>,
}

impl Change {
    pub const fn new(action: Action, by: Actor) -> Self {
        Self {
            action,
            by,
            reason: None,
            message: None,
        }
    }

    #[must_use]
    pub fn because(self, reason: Option<String>) -> Self {
        let reason = said(reason);
        Self { reason, ..self }
    }

    #[must_use]
    pub fn telling(self, message: Option<String>) -> Self {
        let message = said(message);
        Self { message, ..self }
    }
}

fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

impl ApprovalRequest {
    /// The request after a change, with the entry of its history.
    pub fn after(&self, change: &Change, now: Timestamp) -> Result<(Self, HistoryEntry), Refused> {
        let Change {
            action,
            by,
            reason,
            message,
        } = change;
        if *action == Action::Deny && self.terms.reason_required && reason.is_none() {
            return Err(Refused::ReasonMissing);
        }
        let mut next = self.clone();
        let action = match (action, by) {
            (Action::Approve, Actor::Person(name)) => next.approved(name)?,
            _ => *action,
        };
        let refused = Refused::State {
            from: self.state,
            action,
        };
        next.state = self.state.after(action).ok_or(refused)?;
        next.version += 1;
        next.changed_at = now;
        next.failure = None;
        match action {
            Action::Reopen => {
                next.approved_by.clear();
                next.expires_at = later(now, self.terms.expire_after_days);
            }
            Action::Correct => {
                next.approved_by.clear();
                next.edition += 1;
            }
            Action::Fail => next.failure.clone_from(reason),
            _ => {}
        }
        let entry = HistoryEntry {
            version: next.version,
            at: now,
            by: by.clone(),
            action,
            from: Some(self.state),
            to: next.state,
            reason: reason.clone(),
            message: message.clone(),
            edition: next.edition,
        };
        Ok((next, entry))
    }

    /// The request after its applicant has applied with other data.
    pub fn corrected(
        &self,
        content: ContentKey,
        now: Timestamp,
    ) -> Result<(Self, HistoryEntry), Refused> {
        let change = Change::new(Action::Correct, Actor::Applicant);
        let (next, entry) = self.after(&change, now)?;
        Ok((Self { content, ..next }, entry))
    }

    /// The first entry of the history.
    pub fn opening(&self) -> HistoryEntry {
        HistoryEntry {
            version: self.version,
            at: self.created_at,
            by: Actor::Applicant,
            action: Action::Open,
            from: None,
            to: self.state,
            reason: None,
            message: None,
            edition: self.edition,
        }
    }

    /// Counts an approval: what the request needs more of is an endorsement.
    fn approved(&mut self, name: &str) -> Result<Action, Refused> {
        if self.state != State::Pending {
            return Ok(Action::Approve);
        }
        if self.approved_by.iter().any(|earlier| earlier == name) {
            return Err(Refused::SamePerson(name.to_owned()));
        }
        self.approved_by.push(name.to_owned());
        let is_enough = self.approved_by.len() >= usize::from(self.terms.approvals);
        Ok(if is_enough {
            Action::Approve
        } else {
            Action::Endorse
        })
    }

    pub fn standing(&self) -> Standing {
        let may_reapply_from = match (self.state, self.terms.reapply) {
            (State::Denied, Reapply::AtOnce) => Some(self.changed_at),
            (State::Denied, Reapply::AfterDays(days)) => Some(later(self.changed_at, days)),
            _ => None,
        };
        Standing {
            request: self.id.clone(),
            state: self.state,
            version: self.version,
            content: self.content.clone(),
            may_reapply_from,
        }
    }

    /// Since when somebody has to decide: its creation, or when it was opened again last.
    pub fn waits_since(&self) -> Timestamp {
        let term = days(self.terms.expire_after_days);
        self.expires_at.checked_sub(term).unwrap_or(self.created_at)
    }

    /// Whether nobody has decided in time.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.state == State::Pending && self.expires_at <= now
    }

    /// When DynamoDB may delete it: never while it is open.
    pub fn kept_until(&self) -> Option<Timestamp> {
        let days = self.terms.keep_days.of(self.state)?;
        Some(later(self.changed_at, days))
    }
}

/// So many days later.
pub fn later(than: Timestamp, by: u32) -> Timestamp {
    than.checked_add(days(by)).unwrap_or(Timestamp::MAX)
}

fn days(number: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(number))
}

/// The applicant's data under a key of its own, which is wrapped by a key that only those have who may read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Nonce, ciphertext and tag.
    pub octets: Vec<u8>,
    /// Without it nobody reads `octets` any more: erasing it erases the person.
    pub key: WrappedKey,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// A data key, encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey(pub Vec<u8>);

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrappedKey(…)")
    }
}

#[cfg(test)]
mod tests;
