//! Systems of the operator's partners, for policies that ask others: a CRM, an ERP and an identity provider that know a few
//! people and numbers, and the secrets with which they are asked. Each can be switched into going wrong. Beside them stands the key
//! service under which applicants are sealed.

mod aws_json;
mod condition;
mod crm;
mod erp;
mod identity;
mod keys;
mod page;
mod secrets;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Json, Router,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde_json::{Value, json};

pub use self::{
    condition::{Condition, Conditions},
    keys::KEY_ID,
    secrets::ENDPOINT_ID,
};
use crate::{Simulator, clock, recent::Recent};

/// How many calls are kept.
const KEPT: usize = 50;

/// One of the systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partner {
    Crm,
    Erp,
    Identity,
}

impl Partner {
    pub const ALL: [Self; 3] = [Self::Crm, Self::Erp, Self::Identity];

    /// As in addresses, in JSON and in the form.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Crm => "crm",
            Self::Erp => "erp",
            Self::Identity => "identity",
        }
    }

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crm => "CRM",
            Self::Erp => "ERP",
            Self::Identity => "Identity provider",
        }
    }
}

/// All systems: how they are, and who called them.
#[derive(Debug, Default)]
pub struct Partners {
    conditions: Mutex<Conditions>,
    calls: Recent<Call, KEPT>,
    secrets: secrets::Made,
}

/// One request to one system.
#[derive(Debug)]
pub struct Call {
    pub received: Timestamp,
    pub partner: Partner,
    pub method: Method,
    /// With the query.
    pub address: String,
    /// For people: the status, or what became of the answer.
    pub answered: String,
}

impl Partners {
    pub fn conditions(&self) -> Conditions {
        *self.lock()
    }

    pub fn set(&self, conditions: Conditions) {
        *self.lock() = conditions;
    }

    /// What webhooks are signed with.
    pub fn webhook_keys(&self) -> Vec<Vec<u8>> {
        self.secrets.webhook_keys()
    }

    /// Newest first.
    pub fn calls(&self) -> Vec<Arc<Call>> {
        self.calls.all()
    }

    /// Answers as a system in its condition does. The call is kept first: a caller that gave up has been heard all the same.
    async fn answer(
        &self,
        partner: Partner,
        method: Method,
        address: &Uri,
        usual: Answer,
    ) -> Response {
        let condition = self.conditions().of(partner);
        self.calls.add(|_| Call {
            received: clock::now(),
            partner,
            method,
            address: address.to_string(),
            answered: condition.tell(usual.status),
        });
        condition.apply(usual).await
    }

    fn lock(&self) -> MutexGuard<'_, Conditions> {
        self.conditions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a system says when nothing goes wrong.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    status: StatusCode,
    body: Value,
}

impl Answer {
    const fn ok(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body,
        }
    }

    fn error(status: StatusCode, message: &str) -> Self {
        Self {
            status,
            body: json!({ "error": message }),
        }
    }

    /// The answer to somebody with the right credentials, a refusal to everybody else.
    fn guarded(authorized: bool, answer: impl FnOnce() -> Self) -> Self {
        if authorized {
            answer()
        } else {
            Self::error(StatusCode::UNAUTHORIZED, "these credentials are not known")
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

fn has_header(headers: &HeaderMap, name: &str, expected: &str) -> bool {
    headers
        .get(name)
        .is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

/// The systems, their page, their secrets, and the key service.
pub fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .merge(crm::router())
        .merge(erp::router())
        .merge(identity::router())
        .merge(keys::router())
        .merge(secrets::router())
        .merge(page::router())
}
