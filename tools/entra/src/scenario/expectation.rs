//! What a file expects of a step, and what came of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    exchange::Outcome,
    model::{Provider, Step, TenantKind},
    sign_up::Call,
    verdict::Answer,
};

/// What came of a step, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The sign-up goes on.
    Continue,
    /// A block page ends it.
    Block,
    /// A validation error: the person corrects the attribute page.
    Invalid,
    /// An answer that Entra does not understand, or none in time.
    Rejected,
    /// The sign-up did not get to this step, or this kind of tenant has none.
    NotCalled,
    /// No connection, or one that broke. Nobody can expect it: it would pass for a deployment that is not there.
    #[serde(skip_deserializing)]
    Unreachable,
}

impl Verdict {
    /// As it stands in files and in what is printed.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Block => "block",
            Self::Invalid => "invalid",
            Self::Rejected => "rejected",
            Self::NotCalled => "not-called",
            Self::Unreachable => "unreachable",
        }
    }

    /// What can come of a step at all.
    pub(super) const fn possible(
        step: Step,
        kind: TenantKind,
        provider: Provider,
    ) -> &'static [Self] {
        match (step, kind, provider) {
            // Neither step exists (PROTOCOL 1.1).
            (Step::BeforeToken, TenantKind::Workforce, _)
            | (Step::AfterFederation, TenantKind::B2c, Provider::Local) => &[Self::NotCalled],
            (Step::BeforeToken | Step::OtpSend, _, _) => {
                &[Self::Continue, Self::Rejected, Self::NotCalled]
            }
            (Step::AfterFederation, _, _) => {
                &[Self::Continue, Self::Block, Self::Rejected, Self::NotCalled]
            }
            (Step::BeforeCreatingUser, _, _) => &[
                Self::Continue,
                Self::Block,
                Self::Invalid,
                Self::Rejected,
                Self::NotCalled,
            ],
        }
    }
}

/// The verdict of one call.
pub fn verdict(call: &Call) -> Verdict {
    let last = call.exchanges.last().map(|exchange| &exchange.outcome);
    match &call.judgement.verdict {
        Ok(Answer::Continue(_)) => Verdict::Continue,
        Ok(Answer::Block { .. }) => Verdict::Block,
        Ok(Answer::Invalid { .. }) => Verdict::Invalid,
        Err(_) if matches!(last, Some(Outcome::Unreachable { .. }) | None) => Verdict::Unreachable,
        Err(_) => Verdict::Rejected,
    }
}

/// What a file expects of one sign-up. What it does not name is not checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expectations {
    /// Of the last call of a step.
    pub steps: BTreeMap<Step, Verdict>,
    /// A part of the last message that the person saw.
    pub message: Option<String>,
    /// Claims that some answer returned, with exactly these values.
    pub claims: BTreeMap<String, Value>,
}
