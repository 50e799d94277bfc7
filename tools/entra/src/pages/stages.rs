//! What the page of each stage shows.

use askama::Template;
use serde_json::Value;

use super::{
    attribute_form::{MAX_CHARACTERS, PASSWORD, PASSWORD_AGAIN},
    person_form::PersonForm,
    sign_up::is_local,
    texts::{Language, Texts},
    wire::{ShownAnswer, Wire, time},
};
use crate::{
    Simulator, clock,
    config::UserFlow,
    model::{Attribute, AttributeType, Provider, TenantKind},
    sign_up::{IssuedToken, SignUp, Stage},
    verdict::Rejection,
};

#[derive(Template)]
#[template(path = "flow/sign_up.html")]
pub(super) struct SignUpPage<'s> {
    language: &'static Language,
    t: Texts,
    id: &'s str,
    tenant: &'s str,
    flow: &'s UserFlow,
    heading: String,
    view: View<'s>,
    wire: Wire,
    max_characters: usize,
}

enum View<'s> {
    ChooseProvider,
    Provider {
        form: PersonForm,
        provider: Provider,
    },
    Code {
        sent: String,
        inbox: String,
        wrong: bool,
    },
    Attributes(AttributePage<'s>),
    Blocked {
        message: &'s str,
    },
    Failed(Failure<'s>),
    SignedIn {
        name: String,
        account: &'s str,
    },
    Token(TokenPage<'s>),
}

/// The page on which the person tells the rest.
struct AttributePage<'s> {
    email: &'s str,
    message: Option<&'s str>,
    fields: Vec<Field<'s>>,
}

struct Field<'s> {
    name: &'s str,
    label: String,
    kind: FieldKind,
    required: bool,
    error: Option<&'s str>,
}

enum FieldKind {
    Text(String),
    Integer(String),
    Box { ticked: bool },
    Password,
}

impl AttributePage<'_> {
    fn has_errors(&self) -> bool {
        self.fields.iter().any(|field| field.error.is_some())
    }
}

impl FieldKind {
    /// The `type` of the input.
    const fn input(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "number",
            Self::Box { .. } => "checkbox",
            Self::Password => "password",
        }
    }

    /// What stands in the field.
    fn typed(&self) -> &str {
        match self {
            Self::Text(value) | Self::Integer(value) => value,
            Self::Box { .. } | Self::Password => "",
        }
    }
}

struct Failure<'s> {
    /// As Microsoft documents it; what it writes of others is not known.
    code: Option<&'s str>,
    again: bool,
    correlation_id: &'s str,
    time: String,
}

struct TokenPage<'s> {
    claims: Vec<Claim<'s>>,
    encoded: String,
    account: &'s str,
}

struct Claim<'s> {
    name: &'s str,
    value: String,
    from_deployment: bool,
}

impl<'s> SignUpPage<'s> {
    pub(super) fn of(simulator: &'s Simulator, sign_up: &'s SignUp) -> Self {
        let language = Language::of(&sign_up.language);
        let t = language.texts();
        Self {
            language,
            t,
            id: &sign_up.id,
            tenant: &simulator.config.tenant.name,
            flow: &sign_up.flow,
            heading: heading(sign_up, t),
            view: view(simulator, sign_up, t),
            wire: Wire::of(sign_up),
            max_characters: MAX_CHARACTERS,
        }
    }
}

fn heading(sign_up: &SignUp, t: Texts) -> String {
    let flow = &sign_up.flow;
    match &sign_up.stage {
        Stage::ChooseProvider => t.text("create-account"),
        Stage::AtProvider(provider) => name_of(*provider, t),
        Stage::Code { .. } => t.text("enter-code"),
        Stage::Attributes { .. } => t.text("add-details"),
        Stage::Blocked { title, .. } => title.clone().unwrap_or_else(|| t.text("cannot-continue")),
        Stage::Failed { .. } if flow.kind == TenantKind::Workforce => {
            t.text("something-went-wrong")
        }
        Stage::Failed { .. } => t.text("trouble-signing-in"),
        Stage::SignedIn { created: true } => t.text("account-created"),
        Stage::SignedIn { created: false } => t.text("account-known"),
        Stage::Token(_) => t.with("signed-in-to", "application", &flow.application.name),
    }
}

fn name_of(provider: Provider, t: Texts) -> String {
    match provider {
        Provider::Google => "Google".to_owned(),
        Provider::Facebook => "Facebook".to_owned(),
        Provider::Entra => t.text("provider-entra"),
        Provider::Microsoft => t.text("provider-microsoft"),
        Provider::EmailCode => t.text("provider-email-code"),
        Provider::Local => t.text("provider-local"),
    }
}

fn view<'s>(simulator: &Simulator, sign_up: &'s SignUp, t: Texts) -> View<'s> {
    match &sign_up.stage {
        Stage::ChooseProvider => View::ChooseProvider,
        Stage::AtProvider(provider) => View::Provider {
            form: PersonForm::example(sign_up, *provider),
            provider: *provider,
        },
        Stage::Code { wrong, .. } => View::Code {
            sent: t.with("code-sent", "email", email(sign_up)),
            inbox: inbox(email(sign_up)),
            wrong: *wrong,
        },
        Stage::Attributes { message, fields } => {
            View::Attributes(attribute_page(sign_up, message.as_deref(), fields, t))
        }
        Stage::Blocked { message, .. } => View::Blocked { message },
        Stage::Failed { rejection, .. } => View::Failed(failure(sign_up, rejection)),
        Stage::SignedIn { .. } => View::SignedIn {
            name: t.with("signed-in-as", "name", signed_in_name(sign_up)),
            account: account(sign_up),
        },
        Stage::Token(issued) => View::Token(token_page(simulator, sign_up, issued)),
    }
}

fn email(sign_up: &SignUp) -> &str {
    sign_up.person.as_ref().map_or("", |person| &person.email)
}

fn account(sign_up: &SignUp) -> &str {
    sign_up.account.as_deref().unwrap_or_default()
}

/// The address, else the name; a provider may assert neither.
fn signed_in_name(sign_up: &SignUp) -> &str {
    let Some(person) = &sign_up.person else {
        return "";
    };
    let known = [&person.email, &person.display_name, &person.subject];
    known
        .into_iter()
        .find(|one| !one.is_empty())
        .map_or("", String::as_str)
}

/// The inbox with the mails to one address.
fn inbox(to: &str) -> String {
    format!("/inbox?to={}", percent_encoded(to))
}

/// As a value of a query (RFC 3986 section 2.1).
fn percent_encoded(text: &str) -> String {
    let octets = text.bytes().map(|octet| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(octet).to_string()
        }
        _ => format!("%{octet:02X}"),
    });
    octets.collect()
}

fn attribute_page<'s>(
    sign_up: &'s SignUp,
    message: Option<&'s str>,
    problems: &'s [(String, String)],
    t: Texts,
) -> AttributePage<'s> {
    let attributes = sign_up.flow.attributes.iter();
    let mut fields: Vec<_> = attributes
        .map(|attribute| Field {
            name: &attribute.name,
            label: label(attribute, t),
            kind: field_kind(attribute, sign_up.attributes.get(&attribute.name)),
            required: attribute.required && attribute.value_type != AttributeType::Boolean,
            error: error(problems, |field| attribute.is_called(field)),
        })
        .collect();
    if is_local(sign_up) {
        fields.push(password(PASSWORD, t.text("new-password"), problems));
        fields.push(password(
            PASSWORD_AGAIN,
            t.text("repeat-password"),
            problems,
        ));
    }
    AttributePage {
        email: email(sign_up),
        message,
        fields,
    }
}

fn password<'s>(name: &'s str, label: String, problems: &'s [(String, String)]) -> Field<'s> {
    Field {
        name,
        label,
        kind: FieldKind::Password,
        required: true,
        error: error(problems, |field| field == name),
    }
}

fn error(problems: &[(String, String)], is_meant: impl Fn(&str) -> bool) -> Option<&str> {
    let mut problems = problems.iter();
    problems
        .find(|(field, _)| is_meant(field))
        .map(|(_, problem)| problem.as_str())
}

/// Built-in attributes are called the same in every flow of a tenant; custom ones as their administrator called them.
fn label(attribute: &Attribute, t: Texts) -> String {
    let built_in = attribute
        .custom
        .is_none()
        .then(|| format!("attribute-{}", attribute.name));
    let translated = built_in.and_then(|id| t.find(&id));
    translated.unwrap_or_else(|| attribute.label.clone())
}

fn field_kind(attribute: &Attribute, value: Option<&Value>) -> FieldKind {
    match attribute.value_type {
        AttributeType::Boolean => FieldKind::Box {
            ticked: value == Some(&Value::Bool(true)),
        },
        AttributeType::Integer => FieldKind::Integer(value.map_or_else(String::new, shown)),
        AttributeType::String => FieldKind::Text(value.map_or_else(String::new, shown)),
    }
}

/// Text without quotation marks, all else as JSON.
pub(super) fn shown(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn failure<'s>(sign_up: &'s SignUp, rejection: &Rejection) -> Failure<'s> {
    let called = sign_up.calls.last();
    Failure {
        code: match sign_up.flow.kind {
            TenantKind::External => Some("AADSTS1100001"),
            TenantKind::B2c => rejection.code,
            TenantKind::Workforce => None,
        },
        again: sign_up.flow.kind == TenantKind::Workforce,
        correlation_id: &sign_up.correlation_id,
        time: time(called.map_or_else(clock::now, |call| call.at)),
    }
}

fn token_page<'s>(
    simulator: &Simulator,
    sign_up: &'s SignUp,
    issued: &'s IssuedToken,
) -> TokenPage<'s> {
    let claims = issued.claims.iter().map(|(name, value)| Claim {
        name,
        value: shown(value),
        from_deployment: issued.from_deployment.contains(name),
    });
    TokenPage {
        claims: claims.collect(),
        encoded: simulator
            .tokens
            .id_token(sign_up.flow.kind, issued.claims.clone()),
        account: account(sign_up),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_a_link_is_encoded() {
        assert_eq!(
            inbox("a+b&c=d@é.example"),
            "/inbox?to=a%2Bb%26c%3Dd%40%C3%A9.example"
        );
    }
}
