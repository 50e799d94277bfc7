//! What a policy looks up in the table for one sign-up, together with its lists.

use std::collections::BTreeMap;

use super::{
    code::{CodeDigest, InvitationCode},
    directory::{ClaimsSubject, DirectoryRecord},
    person::PersonKey,
    source::{AnswerKey, Breaker, KeptAnswer, SourceName},
    value_set::{Member, SetName, SetValue},
};

/// The keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookedUp {
    /// Of the directory.
    pub subjects: Vec<ClaimsSubject>,
    pub values: Vec<(SetName, SetValue)>,
    pub codes: Vec<CodeDigest>,
    /// Who would use the codes.
    pub person: Option<PersonKey>,
    pub answers: Vec<AnswerKey>,
    pub breakers: Vec<SourceName>,
}

impl LookedUp {
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
            && self.values.is_empty()
            && self.codes.is_empty()
            && self.answers.is_empty()
            && self.breakers.is_empty()
    }
}

/// What the table has of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundInTable {
    pub records: Vec<DirectoryRecord>,
    /// Expired ones included, as of everything here.
    pub members: Vec<Member>,
    pub codes: Vec<InvitationCode>,
    /// Those of the codes that the person has used already.
    pub redeemed: Vec<CodeDigest>,
    pub answers: BTreeMap<AnswerKey, KeptAnswer>,
    pub breakers: BTreeMap<SourceName, Breaker>,
}
