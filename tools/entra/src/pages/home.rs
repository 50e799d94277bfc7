//! The first page: the tenant's user flows, and the applications of its own people.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{page, steps::CalledStep};
use crate::{Simulator, config::UserFlow, faults::Switches};

#[derive(Template)]
#[template(path = "flow/home.html")]
struct Home<'s> {
    tenant: &'s str,
    flows: Vec<Card<'s>>,
    /// Name and address.
    applications: Vec<(&'s str, &'s str)>,
    has_faults: bool,
}

struct Card<'s> {
    flow: &'s UserFlow,
    steps: Vec<CalledStep<'s>>,
}

pub(super) async fn show(State(simulator): State<Arc<Simulator>>) -> Response {
    let config = &simulator.config;
    let flows = config.user_flows.iter().map(|flow| Card {
        flow,
        steps: CalledStep::all(flow),
    });
    let applications = config.applications.iter();
    let applications =
        applications.filter_map(|one| Some((one.name.as_str(), one.home_page.as_deref()?)));
    let home = Home {
        tenant: &config.tenant.name,
        flows: flows.collect(),
        applications: applications.collect(),
        has_faults: simulator.faults.now() != Switches::default(),
    };
    page(StatusCode::OK, &home)
}
