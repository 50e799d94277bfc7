//! The pages of one sign-up: each shows where it stands, and what is posted from it moves it on.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use ring::rand::SystemRandom;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::{
    attribute_form::{self, Fields},
    missing, page,
    person_form::PersonForm,
    stages::SignUpPage,
    texts::Language,
};
use crate::{
    Simulator,
    model::{Person, Provider},
    sign_up::{Engine, SignUp, Stage},
};

const FORGOTTEN: &str = "This sign-up is not known: the simulator forgets them all when it ends.";

pub(super) async fn show(
    State(simulator): State<Arc<Simulator>>,
    Path(id): Path<String>,
) -> Response {
    let Some(sign_up) = simulator.sign_ups.get(&id) else {
        return missing(FORGOTTEN);
    };
    let sign_up = sign_up.lock().await;
    page(StatusCode::OK, &SignUpPage::of(&simulator, &sign_up))
}

/// What a page posts.
enum Submission {
    Identity(PersonForm),
    Code(String),
    NewCode,
    Attributes(Fields),
    Token,
}

pub(super) async fn identity(
    State(simulator): State<Arc<Simulator>>,
    Path(id): Path<String>,
    Form(form): Form<PersonForm>,
) -> Response {
    submit(simulator, &id, Submission::Identity(form)).await
}

#[derive(Debug, Deserialize)]
pub(super) struct CodeForm {
    #[serde(default)]
    code: String,
}

pub(super) async fn code(
    State(simulator): State<Arc<Simulator>>,
    Path(id): Path<String>,
    Form(form): Form<CodeForm>,
) -> Response {
    submit(simulator, &id, Submission::Code(form.code)).await
}

pub(super) async fn new_code(
    State(simulator): State<Arc<Simulator>>,
    Path(id): Path<String>,
) -> Response {
    submit(simulator, &id, Submission::NewCode).await
}

pub(super) async fn attributes(
    State(simulator): State<Arc<Simulator>>,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Response {
    submit(simulator, &id, Submission::Attributes(fields)).await
}

pub(super) async fn token(
    State(simulator): State<Arc<Simulator>>,
    Path(id): Path<String>,
) -> Response {
    submit(simulator, &id, Submission::Token).await
}

/// Moves the sign-up on and leads back to its page. A task of its own does it: a browser that sends a form twice hangs
/// up on the first, which must come to its end all the same.
async fn submit(simulator: Arc<Simulator>, id: &str, submission: Submission) -> Response {
    let Some(sign_up) = simulator.sign_ups.get(id) else {
        return missing(FORGOTTEN);
    };
    let moved = tokio::spawn(move_on(simulator, sign_up, submission)).await;
    match moved {
        Ok(()) => Redirect::to(&format!("/sign-ups/{id}")).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn move_on(simulator: Arc<Simulator>, sign_up: Arc<Mutex<SignUp>>, submission: Submission) {
    let mut sign_up = sign_up.lock().await;
    let sign_up = &mut *sign_up;
    let faults = simulator.faults.now().calls;
    let bearer = || Some(simulator.tokens.for_extension());
    let engine = simulator.engine(&faults, &bearer);
    match (sign_up.stage.clone(), submission) {
        (Stage::AtProvider(provider), Submission::Identity(form)) => {
            identified(&simulator, engine, sign_up, form.person(provider)).await;
        }
        (Stage::Code { code, .. }, Submission::Code(typed)) => {
            typed_code(engine, sign_up, code, typed.trim()).await;
        }
        (Stage::Code { .. }, Submission::NewCode) => {
            send_code(&simulator, engine, sign_up).await;
        }
        (Stage::Attributes { .. }, Submission::Attributes(fields)) => {
            submitted(engine, sign_up, &fields).await;
        }
        (Stage::SignedIn { .. }, Submission::Token) => engine.token(sign_up).await,
        // Sent twice, or from a page that is no longer the current one.
        _ => {}
    }
}

async fn identified(
    simulator: &Simulator,
    engine: Engine<'_>,
    sign_up: &mut SignUp,
    person: Option<Person>,
) {
    let Some(person) = person else {
        return;
    };
    if person.provider.proves_address() {
        sign_up.person = Some(person);
        send_code(simulator, engine, sign_up).await;
    } else {
        engine.federated(sign_up, person).await;
    }
}

/// Sends a code to the address that is to be proved: through the deployment where the user flow says so. What that does not
/// send is mailed by Microsoft where the user flow says so, and else not at all (PROTOCOL 5.7), which the person does not
/// learn.
async fn send_code(simulator: &Simulator, engine: Engine<'_>, sign_up: &mut SignUp) {
    let (Some(person), Some(code)) = (sign_up.person.clone(), one_time_code()) else {
        return;
    };
    let by_deployment = engine.send_code(sign_up, &person, &code).await;
    let by_microsoft = by_deployment
        .is_none_or(|judgement| judgement.verdict.is_err() && sign_up.flow.otp_send_fallback);
    if by_microsoft {
        mail_code(simulator, &sign_up.language, &person.email, &code);
    }
    sign_up.stage = Stage::Code { code, wrong: false };
}

fn mail_code(simulator: &Simulator, language: &str, to: &str, code: &str) {
    let texts = Language::of(language).texts();
    let tenant = &simulator.config.tenant.name;
    let from = format!("account-security-noreply@{tenant}.example");
    let subject = texts.with("code-mail-subject", "tenant", tenant);
    let text = texts.with("code-mail-text", "code", code);
    simulator.mail.deliver(&from, to, &subject, &text);
}

/// Eight digits; without random numbers there is none.
fn one_time_code() -> Option<String> {
    let random: [u8; 8] = ring::rand::generate(&SystemRandom::new()).ok()?.expose();
    Some(format!("{:08}", u64::from_be_bytes(random) % 100_000_000))
}

async fn typed_code(engine: Engine<'_>, sign_up: &mut SignUp, code: String, typed: &str) {
    match sign_up.person.clone() {
        Some(person) if typed == code => engine.federated(sign_up, person).await,
        _ => sign_up.stage = Stage::Code { code, wrong: true },
    }
}

/// The page refuses by itself what it can judge; only the rest is asked.
async fn submitted(engine: Engine<'_>, sign_up: &mut SignUp, fields: &Fields) {
    let read = attribute_form::read(&sign_up.flow, is_local(sign_up), fields);
    if read.problems.is_empty() {
        engine.submitted(sign_up, read.attributes).await;
        return;
    }
    let texts = Language::of(&sign_up.language).texts();
    let problems = read.problems.into_iter();
    sign_up.attributes = read.attributes;
    sign_up.stage = Stage::Attributes {
        message: Some(texts.text("fields-wrong")),
        fields: problems
            .map(|(field, problem)| (field, problem.text(texts)))
            .collect(),
    };
}

/// Whether the person chooses a password here.
pub(super) fn is_local(sign_up: &SignUp) -> bool {
    let person = sign_up.person.as_ref();
    person.is_some_and(|person| person.provider == Provider::Local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_eight_digits_and_differ() {
        let codes: std::collections::BTreeSet<_> =
            (0..100).map(|_| one_time_code().unwrap()).collect();
        assert!(codes.len() > 95);
        let digits =
            |code: &String| code.len() == 8 && code.bytes().all(|octet| octet.is_ascii_digit());
        assert!(codes.iter().all(digits));
    }
}
