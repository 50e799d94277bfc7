//! Which steps a user flow calls, in sentences and for tables.

use crate::{
    config::{Authentication, Endpoint, UserFlow},
    model::{Provider, Step, TenantKind},
    sign_up::{SignUp, Stage},
};

/// A step that a user flow calls.
pub(super) struct CalledStep<'f> {
    pub(super) name: &'static str,
    pub(super) endpoint: &'f Endpoint,
}

impl<'f> CalledStep<'f> {
    /// In the order in which they come.
    pub(super) fn all(flow: &'f UserFlow) -> Vec<Self> {
        let order = [
            Step::OtpSend,
            Step::AfterFederation,
            Step::BeforeCreatingUser,
            Step::BeforeToken,
        ];
        let called = order.into_iter().filter_map(|step| {
            Some(Self {
                name: step.name(flow.kind),
                endpoint: flow.endpoints.get(&step)?,
            })
        });
        called.collect()
    }

    pub(super) const fn authentication(&self) -> &'static str {
        match self.endpoint.authentication {
            Authentication::None => "no credential",
            Authentication::Basic { .. } => "HTTP Basic",
            Authentication::Bearer => "a bearer token",
        }
    }

    pub(super) const fn attempts(&self) -> u8 {
        self.endpoint.retries.saturating_add(1)
    }
}

/// What is called as soon as the person goes on from a page; nothing when the sign-up is over.
pub(super) fn next(sign_up: &SignUp) -> Option<String> {
    let flow = &sign_up.flow;
    match &sign_up.stage {
        Stage::ChooseProvider => Some(next_of(flow, Step::AfterFederation)),
        Stage::AtProvider(provider) => Some(after_provider(flow, *provider)),
        Stage::Code { .. } => {
            let provider = sign_up.person.as_ref().map(|person| person.provider);
            Some(after_proof(flow, provider))
        }
        Stage::Attributes { .. } => Some(next_of(flow, Step::BeforeCreatingUser)),
        Stage::SignedIn { .. } => Some(next_of(flow, Step::BeforeToken)),
        Stage::Blocked { .. } | Stage::Failed { .. } | Stage::Token(_) => None,
    }
}

fn after_provider(flow: &UserFlow, provider: Provider) -> String {
    if provider.proves_address() && flow.endpoints.contains_key(&Step::OtpSend) {
        next_of(flow, Step::OtpSend)
    } else {
        after_proof(flow, Some(provider))
    }
}

/// Once it is certain who it is. B2C does not call that step for local accounts (PROTOCOL 1.1).
fn after_proof(flow: &UserFlow, provider: Option<Provider>) -> String {
    let step = Step::AfterFederation;
    if flow.kind == TenantKind::B2c && provider == Some(Provider::Local) {
        let name = step.name(flow.kind);
        return format!(
            "“{name}” comes next, but this step is not called for local accounts in B2C."
        );
    }
    next_of(flow, step)
}

pub(super) fn next_of(flow: &UserFlow, step: Step) -> String {
    let name = step.name(flow.kind);
    match flow.endpoints.get(&step) {
        Some(endpoint) => format!("Next is “{name}”: POST {}", endpoint.url),
        None if flow.kind == TenantKind::Workforce && step == Step::BeforeToken => {
            "A workforce tenant calls nothing before it sends the token.".to_owned()
        }
        None => format!("“{name}” comes next, but this user flow does not call it."),
    }
}
