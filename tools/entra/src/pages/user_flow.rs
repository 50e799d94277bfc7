//! A user flow's first page: with what to sign up.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    missing, page,
    steps::{self, CalledStep},
    texts::{LANGUAGES, Language, Texts},
};
use crate::{
    Simulator,
    config::UserFlow,
    model::{Provider, Step, WireForm},
    sign_up::{SignUp, Stage},
};

#[derive(Template)]
#[template(path = "flow/start.html")]
struct Start<'s> {
    language: &'static Language,
    languages: &'static [Language],
    t: Texts,
    tenant: &'s str,
    flow: &'s UserFlow,
    providers: Vec<Choice>,
    forms: &'static [(WireForm, &'static str)],
    next: String,
    steps: Vec<CalledStep<'s>>,
}

struct Choice {
    key: &'static str,
    label: String,
}

/// What differs between documentation and captures (PROTOCOL 1.2, 5.4, 5.5).
const FORMS: [(WireForm, &str); 3] = [
    (WireForm::Captured, "Captured: as real requests were seen"),
    (
        WireForm::Documented,
        "Documented: as the reference pages have it",
    ),
    (WireForm::Older, "Older: with names of older documentation"),
];

#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    lang: String,
}

pub(super) async fn show(
    State(simulator): State<Arc<Simulator>>,
    Path(flow): Path<String>,
    Query(shown): Query<Shown>,
) -> Response {
    let Some(flow) = simulator.config.user_flow(&flow) else {
        return missing("There is no such user flow.");
    };
    let language = Language::of(&shown.lang);
    let t = language.texts();
    let providers = flow.providers.iter().map(|provider| Choice {
        key: provider.key(),
        label: continue_with(*provider, t),
    });
    let start = Start {
        language,
        languages: &LANGUAGES,
        t,
        tenant: &simulator.config.tenant.name,
        flow,
        providers: providers.collect(),
        forms: &FORMS,
        next: steps::next_of(flow, Step::AfterFederation),
        steps: CalledStep::all(flow),
    };
    page(StatusCode::OK, &start)
}

fn continue_with(provider: Provider, t: Texts) -> String {
    match provider {
        Provider::Google => t.with("continue-with", "provider", "Google"),
        Provider::Facebook => t.with("continue-with", "provider", "Facebook"),
        Provider::Entra => t.text("continue-with-entra"),
        Provider::Microsoft => t.text("continue-with-microsoft"),
        Provider::EmailCode => t.text("continue-with-email-code"),
        Provider::Local => t.text("continue-with-local"),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Choices {
    provider: String,
    #[serde(default)]
    lang: String,
    #[serde(default)]
    form: String,
}

/// A sign-up begins.
pub(super) async fn start(
    State(simulator): State<Arc<Simulator>>,
    Path(flow): Path<String>,
    Form(choices): Form<Choices>,
) -> Response {
    let Some(flow) = simulator.config.user_flow(&flow) else {
        return missing("There is no such user flow.");
    };
    let provider = Provider::from_key(&choices.provider);
    let Some(provider) = provider.filter(|provider| flow.providers.contains(provider)) else {
        return missing("This user flow does not offer that identity provider.");
    };
    let language = Language::of(&choices.lang).tag;
    let form = WireForm::from_key(&choices.form).unwrap_or_default();
    let mut sign_up = SignUp::new(Arc::new(flow.clone()), language, form);
    sign_up.stage = Stage::AtProvider(provider);
    let page = format!("/sign-ups/{}", sign_up.id);
    simulator.sign_ups.add(sign_up);
    Redirect::to(&page).into_response()
}
