//! From a [`Decision`] or a refusal to the answer that the caller's protocol has for it.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::Serialize;

use super::{Answer, Notes, Refusal, Route, Service};
use crate::{
    domain::{
        attribute::{AttributeName, AttributeValue, ClaimValue, Claims},
        decision::{BlockReason, Decision, Violation},
        language::Language,
        sign_up::{Protocol, Step},
    },
    i18n::MessageId,
    policy,
    wire::{
        api_connector::{self, ConnectorResponse, RESERVED, Scalar},
        auth_extension::{
            self, ExtensionResponse, MAX_TOKEN_CLAIMS_OCTETS, TokenValue, token_claims_octets,
        },
    },
};

/// The HTTP status and the JSON, if the protocol has an answer at all.
type Rendered = Option<(StatusCode, Vec<u8>)>;

impl Service {
    pub(super) fn render(&self, route: Route, notes: &Notes, decision: &Decision) -> Answer {
        let rendered = match route.protocol {
            Protocol::Connector => self.connector(route.step, notes, decision),
            Protocol::Extension => self.extension(route, notes, decision),
        };
        let reason = match decision {
            Decision::Block(reason) => Some(reason.code()),
            Decision::Continue(_) | Decision::Invalid(_) => None,
        };
        match rendered {
            Some((status, json)) => Answer {
                status,
                json: Some(json),
                outcome: decision.outcome(),
                reason,
                fault: None,
            },
            None => Answer {
                status: failed_call(route.protocol),
                json: None,
                outcome: "refused",
                reason: reason.or(Some("not-expressible")),
                fault: None,
            },
        }
    }

    pub(super) fn refuse(&self, route: Route, notes: &Notes, refusal: &Refusal) -> Answer {
        match refusal {
            Refusal::Unavailable | Refusal::Panicked => {
                self.render(route, notes, &Decision::Block(BlockReason::Unavailable))
            }
            Refusal::Body {
                reason,
                fault,
                languages,
            } => {
                let not_this_events_body =
                    *reason != BlockReason::Unidentified && route.protocol == Protocol::Extension;
                if not_this_events_body || route.step == Step::BeforeToken {
                    return Answer::bare(refusal);
                }
                let language = languages.best(self.default_language);
                let mut answer = self.block(route, notes, *reason, language);
                answer.fault.clone_from(fault);
                answer
            }
            bare => Answer::bare(bare),
        }
    }

    fn block(
        &self,
        route: Route,
        notes: &Notes,
        reason: BlockReason,
        language: Language,
    ) -> Answer {
        let notes = Notes {
            reference: notes.reference,
            languages: crate::domain::language::LanguageWishes::parse(language.tag()),
            ..Notes::default()
        };
        self.render(route, &notes, &Decision::Block(reason))
    }

    fn connector(&self, step: Step, notes: &Notes, decision: &Decision) -> Rendered {
        let action = match decision {
            Decision::Continue(claims) => api_connector::Action::Continue(scalars(step, claims)),
            _ if step == Step::BeforeToken => return None,
            Decision::Block(reason) => api_connector::Action::ShowBlockPage {
                user_message: self.message(notes, *reason),
            },
            Decision::Invalid(violations) => {
                let user_message = self.sentences(notes, violations);
                if step == Step::BeforeCreatingUser {
                    api_connector::Action::ValidationError { user_message }
                } else {
                    api_connector::Action::ShowBlockPage { user_message }
                }
            }
        };
        let status = match action {
            api_connector::Action::ValidationError { .. } => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        };
        json(
            status,
            &ConnectorResponse {
                version: &self.api_version,
                action,
            },
        )
    }

    fn extension(&self, route: Route, notes: &Notes, decision: &Decision) -> Rendered {
        use auth_extension::Action;
        let action = match (decision, route.step) {
            (Decision::Continue(claims), Step::BeforeToken) => {
                let claims = token_claims(claims);
                if token_claims_octets(&claims) > MAX_TOKEN_CLAIMS_OCTETS {
                    return None;
                }
                Action::ProvideClaimsForToken { claims }
            }
            (_, Step::BeforeToken) => return None,
            (Decision::Continue(claims), _) if claims.is_empty() => {
                Action::ContinueWithDefaultBehavior {}
            }
            (Decision::Continue(claims), Step::AfterFederation) => Action::SetPrefillValues {
                inputs: values(claims),
            },
            (Decision::Continue(claims), Step::BeforeCreatingUser) => {
                Action::ModifyAttributeValues {
                    attributes: values(claims),
                }
            }
            (Decision::Block(reason), _) => Action::ShowBlockPage {
                title: self.title(notes, *reason),
                message: self.message(notes, *reason),
            },
            (Decision::Invalid(violations), Step::AfterFederation) => Action::ShowBlockPage {
                title: self.text(notes, MessageId::TitleProblem),
                message: self.sentences(notes, violations),
            },
            (Decision::Invalid(violations), Step::BeforeCreatingUser) => {
                Action::ShowValidationError {
                    message: self.text(notes, MessageId::InvalidPage),
                    attribute_errors: violations
                        .iter()
                        .map(|v| (v.field.as_str().to_owned(), self.sentence(notes, v)))
                        .collect(),
                }
            }
        };
        json(
            StatusCode::OK,
            &ExtensionResponse::new(route.event(), action),
        )
    }

    fn title(&self, notes: &Notes, reason: BlockReason) -> String {
        let own = notes.block_title.clone();
        own.unwrap_or_else(|| self.text(notes, MessageId::title_of(reason)))
    }

    /// The policy's own words, or the catalogue's for the rule or the reason.
    fn message(&self, notes: &Notes, reason: BlockReason) -> String {
        let own = notes.block_text.as_ref();
        own.map_or_else(
            || {
                let code = notes.block_code.as_deref();
                let message = code.and_then(MessageId::of_code);
                self.text(notes, message.unwrap_or(MessageId::of(reason)))
            },
            |text| with_reference(text, notes),
        )
    }

    /// Every field that is to be corrected, by its name: a connector has one message for all of them (PROTOCOL 1.3). A
    /// sentence of the policy itself stands as it is written.
    fn sentences(&self, notes: &Notes, violations: &[Violation]) -> String {
        let named = violations.iter().map(|violation| {
            if let Some(text) = &violation.text {
                return with_reference(text, notes);
            }
            let field = self.field(notes, violation);
            let problem = self.sentence(notes, violation);
            let arguments = [("field", field.as_str()), ("problem", problem.as_str())];
            self.catalogue
                .text(self.language(notes), MessageId::InvalidField, &arguments)
        });
        named.collect::<Vec<_>>().join(" ")
    }

    fn field(&self, notes: &Notes, violation: &Violation) -> String {
        let short = violation.field.short();
        let translated = || {
            let message = MessageId::field(short)?;
            Some(self.catalogue.text(self.language(notes), message, &[]))
        };
        let label = violation.label.clone().or_else(translated);
        label.unwrap_or_else(|| short.to_owned())
    }

    fn sentence(&self, notes: &Notes, violation: &Violation) -> String {
        if let Some(text) = &violation.text {
            return with_reference(text, notes);
        }
        let arguments: Vec<(&str, &str)> = violation
            .arguments
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        // The policy is refused when it names a code that nobody knows.
        let message = MessageId::of_code(&violation.code).unwrap_or(MessageId::InvalidPage);
        self.catalogue
            .text(self.language(notes), message, &arguments)
    }

    fn language(&self, notes: &Notes) -> Language {
        notes.languages.best(self.default_language)
    }

    fn text(&self, notes: &Notes, message: MessageId) -> String {
        self.catalogue.text(
            self.language(notes),
            message,
            &[("reference", &reference(notes))],
        )
    }
}

impl Answer {
    /// A refusal without a body.
    pub(super) fn bare(refusal: &Refusal) -> Self {
        let (status, reason) = match refusal {
            Refusal::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method"),
            Refusal::Unauthenticated(reason) => (StatusCode::UNAUTHORIZED, *reason),
            Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            Refusal::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type"),
            Refusal::Body { reason, .. } => (StatusCode::BAD_REQUEST, reason.code()),
            Refusal::Unavailable => (StatusCode::INTERNAL_SERVER_ERROR, "unavailable"),
            Refusal::Panicked => (StatusCode::INTERNAL_SERVER_ERROR, "panic"),
        };
        let fault = match refusal {
            Refusal::Body { fault, .. } => fault.clone(),
            _ => None,
        };
        Self {
            status,
            json: None,
            outcome: "refused",
            reason: Some(reason),
            fault,
        }
    }
}

/// A sentence of the policy.
fn with_reference(text: &str, notes: &Notes) -> String {
    policy::message::fill(text, &[("reference", &reference(notes))])
}

fn reference(notes: &Notes) -> String {
    let code = notes.reference.map(|code| code.to_string());
    code.unwrap_or_default()
}

/// What cannot be said at the token step fails the call, and with it the sign-in. A connector knows no
/// other status than 200 and 400 (PROTOCOL 1.4).
const fn failed_call(protocol: Protocol) -> StatusCode {
    match protocol {
        Protocol::Connector => StatusCode::BAD_REQUEST,
        Protocol::Extension => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn json(status: StatusCode, body: &impl Serialize) -> Rendered {
    serde_json::to_vec(body).ok().map(|json| (status, json))
}

/// Claims as members of a connector's answer: scalars, for user attributes cannot be lists.
fn scalars(step: Step, claims: &Claims) -> Vec<(String, Scalar)> {
    // The address cannot be returned in a token (PROTOCOL 1.3).
    let returnable = |name: &AttributeName| {
        let name = name.as_str();
        let email_of_token = step == Step::BeforeToken && name.eq_ignore_ascii_case("email");
        !email_of_token && !RESERVED.contains(&name)
    };
    let scalar = |value: &ClaimValue| match value {
        ClaimValue::One(AttributeValue::Text(text)) => Scalar::Text(text.clone()),
        ClaimValue::One(AttributeValue::Flag(flag)) => Scalar::Flag(*flag),
        ClaimValue::One(AttributeValue::Number(number)) => Scalar::Number(*number),
        ClaimValue::Many(texts) => Scalar::Text(texts.join(" ")),
    };
    claims
        .iter()
        .filter(|(name, _)| returnable(name))
        .map(|(name, value)| (name.as_str().to_owned(), scalar(value)))
        .collect()
}

/// Attribute values of an extension: a list is one comma-delimited text (PROTOCOL 5.3).
fn values(claims: &Claims) -> BTreeMap<String, auth_extension::Value> {
    use auth_extension::Value;
    let value = |value: &ClaimValue| match value {
        ClaimValue::One(AttributeValue::Text(text)) => Value::Text(text.clone()),
        ClaimValue::One(AttributeValue::Flag(flag)) => Value::Flag(*flag),
        ClaimValue::One(AttributeValue::Number(number)) => Value::Number(*number),
        ClaimValue::Many(texts) => Value::Text(texts.join(",")),
    };
    claims
        .iter()
        .map(|(name, claim)| (name.as_str().to_owned(), value(claim)))
        .collect()
}

/// Token claims are texts and lists of texts (PROTOCOL 5.6).
fn token_claims(claims: &Claims) -> BTreeMap<String, TokenValue> {
    let value = |value: &ClaimValue| match value {
        ClaimValue::One(AttributeValue::Text(text)) => TokenValue::Text(text.clone()),
        ClaimValue::One(AttributeValue::Flag(flag)) => TokenValue::Text(flag.to_string()),
        ClaimValue::One(AttributeValue::Number(number)) => TokenValue::Text(number.to_string()),
        ClaimValue::Many(texts) => TokenValue::Texts(texts.clone()),
    };
    claims
        .iter()
        .map(|(name, claim)| (name.as_str().to_owned(), value(claim)))
        .collect()
}
