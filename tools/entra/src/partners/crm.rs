//! The CRM: people at customers, by their address.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::Response,
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Partner, has_header, secrets::CRM_KEY};
use crate::Simulator;

pub(super) struct Person {
    pub(super) email: &'static str,
    pub(super) title: &'static str,
    pub(super) company: &'static str,
    pub(super) number: &'static str,
    pub(super) tier: &'static str,
}

pub(super) const PEOPLE: [Person; 3] = [
    Person {
        email: "ann@fabrikam.com",
        title: "Buyer",
        company: "Fabrikam",
        number: "C-4711",
        tier: "gold",
    },
    Person {
        email: "bo@fabrikam.com",
        title: "Engineer",
        company: "Fabrikam",
        number: "C-4711",
        tier: "silver",
    },
    Person {
        email: "ann@northwind.example",
        title: "Director",
        company: "Northwind",
        number: "C-4712",
        tier: "bronze",
    },
];

impl Person {
    fn json(&self) -> Value {
        let Self {
            email,
            title,
            company,
            number,
            tier,
        } = self;
        let company = json!({ "name": company, "number": number, "tier": tier });
        json!({ "person": { "email": email, "title": title, "company": company } })
    }
}

pub(super) fn router() -> Router<Arc<Simulator>> {
    Router::new().route("/partners/crm/people", get(people))
}

#[derive(Debug, Deserialize)]
struct Search {
    #[serde(default)]
    email: String,
}

async fn people(
    State(sim): State<Arc<Simulator>>,
    uri: Uri,
    headers: HeaderMap,
    Query(search): Query<Search>,
) -> Response {
    let authorized = has_header(&headers, "x-api-key", CRM_KEY);
    let answer = Answer::guarded(authorized, || found(&search.email));
    sim.partners
        .answer(Partner::Crm, Method::GET, &uri, answer)
        .await
}

fn found(email: &str) -> Answer {
    let person = PEOPLE
        .iter()
        .find(|person| person.email.eq_ignore_ascii_case(email));
    person.map_or_else(
        || Answer::error(StatusCode::NOT_FOUND, "nobody has this address"),
        |person| Answer::ok(person.json()),
    )
}
