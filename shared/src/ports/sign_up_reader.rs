//! Everything that a decision reads, in one round trip.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Deadline, StoreError};
pub use crate::domain::look_up::{FoundInTable, LookedUp};
use crate::domain::{
    approval::{ApplicantKey, Standing},
    caller::Credential,
    key_set::SigningKeys,
    list::{ListEntry, Matcher},
    publication::CurrentPolicies,
};

/// What to read together.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// At most [`MAX_MATCHERS`].
    pub matchers: &'a [Matcher],
    /// Whose latest approval request to read.
    pub applicant: Option<&'a ApplicantKey>,
    /// Whether to read the callers' records again along the way.
    pub caller_records: bool,
    /// At most [`MAX_LOOKED_UP`] keys.
    pub looked_up: &'a LookedUp,
}

/// A `BatchGetItem` takes 100 keys; the callers' records need six of them, the applicant one.
pub const MAX_MATCHERS: usize = 93;

/// Most keys that a policy looks up for one sign-up.
pub const MAX_LOOKED_UP: usize = 100;

/// What proves a caller, and which policies decide, as the table has it.
#[derive(Debug, Clone, Default)]
pub struct CallerRecords {
    pub credentials: Vec<Credential>,
    pub signing_keys: SigningKeys,
    /// When `signing_keys` was fetched from Entra.
    pub keys_fetched_at: Option<Timestamp>,
    pub policies: CurrentPolicies,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Facts {
    /// Expired entries included: the domain honours the second.
    pub entries: Vec<ListEntry>,
    /// The applicant's latest request.
    pub standing: Option<Standing>,
    pub caller_records: Option<CallerRecords>,
    pub found: FoundInTable,
    /// Read request units consumed.
    pub read_units: f64,
    /// Calls that were needed: more than one only for more than 100 keys, or after throttling or unprocessed keys.
    pub calls: u32,
}

#[async_trait]
pub trait SignUpReader: Send + Sync {
    /// MUST make one round trip: one `BatchGetItem` call of exact keys, a second one beside it for more than 100 of them, plus
    /// retries for what DynamoDB left unprocessed. MUST return by the deadline.
    async fn read(&self, wanted: Wanted<'_>, deadline: Deadline) -> Result<Facts, StoreError>;
}
