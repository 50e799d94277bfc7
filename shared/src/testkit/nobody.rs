//! A world without other systems: whoever asks them fails.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::Remembered;
use crate::{
    app::{
        breakers::Breakers, decide::Others, last_steps::LastSteps, look_ups::LookUps,
        readiness::Readiness, verifications::Verifications,
    },
    domain::{
        approval::WrappedKey,
        code::CodeDigest,
        person::PersonKey,
        source::{AnswerKey, Breaker, KeptAnswer, SourceName},
        verification::{AttemptKey, Evidence, VerificationOutcome},
    },
    ports::{
        Deadline, Lease, StoreError,
        answer_store::AnswerStore,
        attempts::{Attempt, Attempts},
        clock::Clock,
        code_redeemer::{CodeRedeemer, Redeemed},
        data_keys::{DataKey, DataKeyError, DataKeyMaker},
        outgoing::{Call, Outgoing, OutgoingError, Reply},
        secrets::{Secret, SecretError, Secrets},
        sign_up_reader::SignUpReader,
        verifier::{Inquiry, Verified, Verifier},
    },
};

/// For policies that ask nobody.
pub fn others(reader: Arc<dyn SignUpReader>, clock: Arc<dyn Clock>) -> Others {
    let breakers = Breakers {
        store: Arc::new(Nobody),
        clock: Arc::clone(&clock),
    };
    Others {
        readiness: Readiness::new(Arc::new(Nobody), Arc::new(Remembered::default())),
        look_ups: LookUps {
            reader,
            outgoing: Arc::new(Nobody),
            answers: Arc::new(Nobody),
            breakers: breakers.clone(),
            clock: Arc::clone(&clock),
        },
        last_steps: LastSteps {
            verifications: Verifications {
                verifier: Arc::new(Nobody),
                attempts: Arc::new(Nobody),
                breakers,
                clock: Arc::clone(&clock),
            },
            codes: Arc::new(Nobody),
            clock,
        },
        approvals: None,
    }
}

/// The other side of every port to other systems, which is not there.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

fn nobody() -> StoreError {
    StoreError::Unavailable("nobody is there".to_owned())
}

#[async_trait]
impl Outgoing for Nobody {
    async fn call(&self, _: &Call, _: Deadline) -> Result<Reply, OutgoingError> {
        Err(OutgoingError::Connection("nobody is there".to_owned()))
    }
}

#[async_trait]
impl Secrets for Nobody {
    async fn secret(&self, name: &str, _: Deadline) -> Result<Secret, SecretError> {
        Err(SecretError::Absent(name.to_owned()))
    }

    fn forget(&self, _: &str) {}
}

#[async_trait]
impl Verifier for Nobody {
    async fn verify(&self, _: &Inquiry, _: Deadline) -> Verified {
        Verified {
            outcome: VerificationOutcome::Unavailable,
            reference: None,
            problem: Some("nobody".to_owned()),
            may_have_happened: false,
        }
    }
}

#[async_trait]
impl AnswerStore for Nobody {
    async fn keep(&self, _: &AnswerKey, _: &KeptAnswer, _: Deadline) -> Result<(), StoreError> {
        Err(nobody())
    }

    async fn set_breaker(
        &self,
        _: &SourceName,
        _: &Breaker,
        _: Deadline,
    ) -> Result<(), StoreError> {
        Err(nobody())
    }
}

#[async_trait]
impl Attempts for Nobody {
    async fn begin(
        &self,
        _: &PersonKey,
        _: &AttemptKey,
        _: Timestamp,
        _: &Lease,
        _: Deadline,
    ) -> Result<Attempt, StoreError> {
        Err(nobody())
    }

    async fn finish(
        &self,
        _: &PersonKey,
        _: &AttemptKey,
        _: &Evidence,
        _: Timestamp,
        _: Deadline,
    ) -> Result<(), StoreError> {
        Err(nobody())
    }

    async fn hold(
        &self,
        _: &PersonKey,
        _: &AttemptKey,
        _: &Lease,
        _: Timestamp,
        _: Deadline,
    ) -> Result<(), StoreError> {
        Err(nobody())
    }

    async fn release(
        &self,
        _: &PersonKey,
        _: &AttemptKey,
        _: &Lease,
        _: Deadline,
    ) -> Result<(), StoreError> {
        Err(nobody())
    }
}

#[async_trait]
impl DataKeyMaker for Nobody {
    async fn make(&self, _: &str, _: Deadline) -> Result<(DataKey, WrappedKey), DataKeyError> {
        Err(DataKeyError::Unavailable("nobody is there".to_owned()))
    }
}

#[async_trait]
impl CodeRedeemer for Nobody {
    async fn redeem(
        &self,
        _: &CodeDigest,
        _: &PersonKey,
        _: Timestamp,
        _: Deadline,
    ) -> Result<Redeemed, StoreError> {
        Err(nobody())
    }
}
