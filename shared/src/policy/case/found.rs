//! What other systems say in a case: their answers are written beside the sign-up, and nobody is asked.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::{RequestFault, Value, fault};
use crate::{
    domain::{
        attribute::{AttributeValue, ClaimValue},
        code::{CodeDigest, InvitationCode},
        list::Matcher,
        source::{Extract, SourceName, SourceOutcome},
        value_set::{Member, SetName, SetValue},
        verification::VerificationOutcome,
    },
    policy::look_up::{Answer, Found},
};

/// What a source says.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Said {
    /// `found`, `absent`, `slow` or `failed`.
    #[serde(default = "found")]
    pub outcome: String,
    #[serde(default)]
    pub claims: BTreeMap<String, SaidValue>,
    #[serde(default)]
    pub facts: BTreeMap<String, SaidValue>,
}

fn found() -> String {
    SourceOutcome::Found.name().to_owned()
}

/// A claim: one value, or a list of texts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum SaidValue {
    One(Value),
    Many(Vec<String>),
}

impl From<SaidValue> for ClaimValue {
    fn from(value: SaidValue) -> Self {
        match value {
            SaidValue::One(value) => Self::One(AttributeValue::from(value)),
            SaidValue::Many(texts) => Self::Many(texts),
        }
    }
}

/// An invitation code that there is.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Invitation {
    pub code: String,
    #[serde(default = "once")]
    pub uses: u32,
    #[serde(default)]
    pub used: u32,
    /// Whether this person has used it before.
    #[serde(default)]
    pub redeemed: bool,
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// The address or domain whose people alone may use it.
    #[serde(default, rename = "for")]
    pub bound_to: Option<String>,
    #[serde(default)]
    pub sets: BTreeMap<String, SaidValue>,
}

const fn once() -> u32 {
    1
}

/// Everything that other systems say in a case.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Others {
    /// By the name of the source; one that is not here was not asked.
    pub sources: BTreeMap<String, Said>,
    /// Values by the name of their set.
    pub sets: BTreeMap<String, Vec<String>>,
    pub codes: Vec<Invitation>,
    /// What each verification says: `verified`, `failed`, `refer` or `unavailable`; without it `verified`.
    pub verifications: BTreeMap<String, String>,
}

impl Others {
    pub(super) fn or(mut self, common: Self) -> Self {
        for (name, said) in common.sources {
            self.sources.entry(name).or_insert(said);
        }
        for (name, values) in common.sets {
            self.sets.entry(name).or_insert(values);
        }
        for (name, outcome) in common.verifications {
            self.verifications.entry(name).or_insert(outcome);
        }
        if self.codes.is_empty() {
            self.codes = common.codes;
        }
        self
    }

    pub(super) fn found(&self) -> Result<Found, RequestFault> {
        let mut found = Found::default();
        for (name, said) in &self.sources {
            let source = SourceName::parse(name).ok_or_else(|| {
                fault(
                    "request.others.sources",
                    name,
                    &"expected the name of a source",
                )
            })?;
            found.answers.insert(source, said.answer()?);
        }
        for (set, values) in &self.sets {
            for value in values {
                let member = SetName::parse(set).zip(SetValue::parse(value));
                let (set, value) = member.ok_or_else(|| {
                    fault(
                        "request.others.sets",
                        set,
                        &"expected a name, and values that are not empty",
                    )
                })?;
                found.members.push(Member {
                    set,
                    value,
                    note: String::new(),
                    expires_at: None,
                });
            }
        }
        for code in &self.codes {
            let invitation = code.invitation()?;
            if code.redeemed {
                found.redeemed.push(invitation.digest.clone());
            }
            found.codes.push(invitation);
        }
        Ok(found)
    }

    pub(super) fn outcomes(&self) -> Result<BTreeMap<String, VerificationOutcome>, RequestFault> {
        let outcomes = self.verifications.iter().map(|(name, outcome)| {
            let parsed = VerificationOutcome::parse(outcome).ok_or_else(|| {
                fault(
                    "request.others.verifications",
                    outcome,
                    &"expected `verified`, `failed`, `refer` or `unavailable`",
                )
            })?;
            Ok((name.clone(), parsed))
        });
        outcomes.collect()
    }
}

impl Said {
    fn answer(&self) -> Result<Answer, RequestFault> {
        let mut outcomes = SourceOutcome::ALL.into_iter();
        let outcome = outcomes
            .find(|outcome| outcome.name() == self.outcome)
            .ok_or_else(|| {
                fault(
                    "request.others.sources",
                    &self.outcome,
                    &"expected `found`, `absent`, `slow` or `failed`",
                )
            })?;
        Ok(Answer {
            outcome,
            extract: Extract {
                claims: claims(&self.claims),
                facts: claims(&self.facts),
            },
        })
    }
}

impl Invitation {
    fn invitation(&self) -> Result<InvitationCode, RequestFault> {
        let digest = CodeDigest::of(&self.code)
            .ok_or_else(|| fault("request.others.codes", &self.code, &"expected a code"))?;
        let bound_to = self.bound_to.as_deref().map(|text| {
            Matcher::parse(text).map_err(|error| fault("request.others.codes", text, &error))
        });
        Ok(InvitationCode {
            digest,
            uses: self.uses,
            used: self.used,
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: self.expires,
            bound_to: bound_to.transpose()?,
            claims: claims(&self.sets),
            note: String::new(),
            revoked: false,
        })
    }
}

fn claims(said: &BTreeMap<String, SaidValue>) -> BTreeMap<String, ClaimValue> {
    said.iter()
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect()
}
