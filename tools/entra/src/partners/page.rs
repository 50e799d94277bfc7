//! The page with all systems, and their switches as JSON, such as `{"crm": "down"}`.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form, Json, Router,
    extract::State,
    http::StatusCode,
    response::{Redirect, Response},
    routing::{get, post},
};

use super::{
    Call, Condition, Conditions, Partner,
    crm::{PEOPLE, Person},
    erp::SUPPLIERS,
};
use crate::{Simulator, pages::page};

/// `/partners` for people, `/simulator/partners` for tests.
pub(super) fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/partners", get(show).post(save))
        .route("/partners/reset", post(reset))
        .route("/simulator/partners", get(read).put(replace))
}

#[derive(Template)]
#[template(path = "partners/page.html")]
struct Page<'s> {
    origin: &'s str,
    conditions: Conditions,
    people: &'static [Person],
    suppliers: &'static [(&'static str, &'static str)],
    calls: Vec<Arc<Call>>,
}

impl Page<'_> {
    /// Those that go wrong on purpose, for the notice.
    fn disturbed(&self) -> Vec<&'static str> {
        let disturbed = Partner::ALL
            .into_iter()
            .filter(|partner| self.conditions.of(*partner) != Condition::Working);
        disturbed.map(Partner::name).collect()
    }
}

async fn show(State(sim): State<Arc<Simulator>>) -> Response {
    page(
        StatusCode::OK,
        &Page {
            origin: &sim.origin,
            conditions: sim.partners.conditions(),
            people: &PEOPLE,
            suppliers: &SUPPLIERS,
            calls: sim.partners.calls(),
        },
    )
}

async fn save(State(sim): State<Arc<Simulator>>, Form(conditions): Form<Conditions>) -> Redirect {
    sim.partners.set(conditions);
    Redirect::to("/partners")
}

async fn reset(State(sim): State<Arc<Simulator>>) -> Redirect {
    sim.partners.set(Conditions::default());
    Redirect::to("/partners")
}

async fn read(State(sim): State<Arc<Simulator>>) -> Json<Conditions> {
    Json(sim.partners.conditions())
}

/// Takes a whole document: what it leaves out works.
async fn replace(
    State(sim): State<Arc<Simulator>>,
    Json(conditions): Json<Conditions>,
) -> Json<Conditions> {
    sim.partners.set(conditions);
    Json(conditions)
}
