//! The verifications of a policy: whom a provider is asked about, and what becomes of its outcome.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Circumstances, Policy, Verdict,
    document::{Auth, OnOutcome, ProviderKind},
    expression::Expression,
    look_up::{applies, secret_of},
    prepared::{as_json, as_millis},
    request::{Filling, RequestJson, RequestText},
    values::{Key, Values},
};
use crate::domain::{
    attribute::AttributeName,
    decision::{BlockReason, DecidedBy, Decision, Violation},
    sign_up::Step,
    source::SourceName,
    verification::VerificationOutcome,
};

/// A compiled verification.
#[derive(Debug, Serialize, Deserialize)]
pub struct Verification {
    pub name: SourceName,
    /// The provider and how it is reached, as the policy has it.
    #[serde(with = "as_json")]
    pub settings: super::document::Verification,
    #[serde(with = "as_millis")]
    pub budget: Duration,
    pub remember: Duration,
    pub(super) when: Option<Expression>,
    pub(super) fields: Vec<(String, RequestText)>,
    #[serde(with = "as_json")]
    pub(super) body: Option<RequestJson>,
    /// The attribute with the token of a bot check.
    pub(super) token: Option<(Key, AttributeName)>,
    pub(super) field: Option<(Key, AttributeName)>,
    /// Everything that makes an attempt another one.
    #[serde(with = "serde_bytes")]
    pub(super) fingerprint: Vec<u8>,
}

/// One question to one provider. Its values are personal data.
pub struct Question<'p> {
    pub verification: &'p Verification,
    pub fields: Vec<(String, String)>,
    pub body: Option<Value>,
    /// `None` when a bot check has none: it has failed already.
    pub token: Option<String>,
}

impl std::fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question")
            .field("verification", &self.verification.name)
            .finish_non_exhaustive()
    }
}

impl Verification {
    pub const fn provider(&self) -> ProviderKind {
        self.settings.provider
    }

    /// The names of the secrets that it needs.
    pub(super) fn secrets(&self) -> Vec<&str> {
        let settings = &self.settings;
        let own = settings.secret.as_deref();
        let auth = settings.auth.as_ref().map(secret_of);
        let certificate = settings.client_certificate.as_deref();
        own.into_iter().chain(auth).chain(certificate).collect()
    }

    pub fn auth(&self) -> Option<&Auth> {
        self.settings.auth.as_ref()
    }

    /// What becomes of an outcome.
    pub fn on(&self, outcome: VerificationOutcome) -> OnOutcome {
        let settings = &self.settings;
        match outcome {
            VerificationOutcome::Verified => OnOutcome::Continue,
            VerificationOutcome::Failed => {
                let usual = if self.provider().is_bot_check() {
                    OnOutcome::Invalid
                } else {
                    OnOutcome::Block
                };
                settings.on_failed.unwrap_or(usual)
            }
            VerificationOutcome::Refer => settings.on_refer.unwrap_or(OnOutcome::Review),
            VerificationOutcome::Unavailable => settings.on_unavailable.unwrap_or(OnOutcome::Block),
        }
    }

    fn question(&self, filling: Filling<'_>, values: &Values) -> Question<'_> {
        let fields = self.fields.iter().filter_map(|(name, text)| {
            let value = text.fill(filling, |value| Some(value.to_owned()))?;
            Some((name.clone(), value))
        });
        let token = self.token.as_ref();
        let token = token.and_then(|(key, _)| values.text(key));
        Question {
            verification: self,
            fields: fields.collect(),
            body: self.body.as_ref().and_then(|body| body.fill(filling)),
            token: token.filter(|token| !token.is_empty()).map(str::to_owned),
        }
    }

    /// What parts of an attempt make it this one.
    pub fn fingerprint(&self) -> &[u8] {
        &self.fingerprint
    }
}

impl Policy {
    /// Whom to ask about a sign-up that has passed everything else, one after another.
    pub fn questions(&self, circumstances: Circumstances<'_>) -> Vec<Question<'_>> {
        if circumstances.sign_up.step != Step::BeforeCreatingUser || self.verifications.is_empty() {
            return Vec::new();
        }
        self.with_scope(circumstances, |scope, values| {
            let filling = self.filling(circumstances, values);
            let verifications = self.verifications.iter();
            verifications
                .filter(|one| applies(one.when.as_ref(), scope))
                .map(|verification| verification.question(filling, values))
                .collect()
        })
    }

    /// What an outcome makes of a sign-up. `None` when it goes on.
    pub fn after(
        &self,
        verification: &Verification,
        outcome: VerificationOutcome,
        circumstances: Circumstances<'_>,
    ) -> Option<Verdict> {
        let message = verification.settings.message.as_deref();
        let decision = match verification.on(outcome) {
            OnOutcome::Continue => return None,
            OnOutcome::Review => Decision::Block(BlockReason::PendingReview),
            OnOutcome::Block if outcome == VerificationOutcome::Unavailable => {
                Decision::Block(BlockReason::Unavailable)
            }
            OnOutcome::Block => Decision::Block(BlockReason::Denied),
            OnOutcome::Invalid => {
                let usual = if verification.provider().is_bot_check() {
                    "invalid-bot-check"
                } else {
                    "invalid-identity"
                };
                let field = verification.field.as_ref().or(verification.token.as_ref());
                let (key, name) = field?;
                Decision::Invalid(vec![self.told_to_correct(
                    key,
                    name,
                    message.unwrap_or(usual),
                    circumstances,
                )])
            }
        };
        let block_code = match &decision {
            Decision::Block(_) => message.map(str::to_owned),
            _ => None,
        };
        Some(self.verdict_of(
            decision,
            block_code,
            DecidedBy::Verification(verification.name.to_string()),
            circumstances,
        ))
    }

    /// The verdict on a code that others used up in between.
    pub fn code_used_up(&self, key: &Key, circumstances: Circumstances<'_>) -> Verdict {
        let attribute = self.attributes.iter().find(|one| one.key == *key);
        let violation = attribute.map(|attribute| {
            let code = attribute.message.as_deref();
            let code = code.unwrap_or("invalid-code-used-up");
            self.told_to_correct(key, &attribute.name, code, circumstances)
        });
        self.verdict_of(
            Decision::Invalid(violation.into_iter().collect()),
            None,
            DecidedBy::Code,
            circumstances,
        )
    }

    fn told_to_correct(
        &self,
        key: &Key,
        name: &AttributeName,
        code: &str,
        circumstances: Circumstances<'_>,
    ) -> Violation {
        let values = self.values(circumstances);
        let language = self.language_of(circumstances.sign_up);
        Violation {
            field: values.name(key).unwrap_or(name).clone(),
            label: None,
            code: code.to_owned(),
            arguments: Vec::new(),
            text: self.text(code, language, &[]),
        }
    }

    fn verdict_of(
        &self,
        decision: Decision,
        block_code: Option<String>,
        decided_by: DecidedBy,
        circumstances: Circumstances<'_>,
    ) -> Verdict {
        let language = self.language_of(circumstances.sign_up);
        let block_text = match &decision {
            Decision::Block(reason) => self.block_text(*reason, block_code.as_deref(), language),
            Decision::Continue(_) | Decision::Invalid(_) => None,
        };
        Verdict {
            decision,
            block_text,
            block_code,
            claims_if_approved: Vec::new(),
            trace: super::Trace {
                decided_by: Some(decided_by),
                ..super::Trace::default()
            },
        }
    }
}
