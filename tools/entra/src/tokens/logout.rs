//! The end of a session (OpenID Connect RP-Initiated Logout 1.0). Nobody is signed in for longer than one request here,
//! so it only leads back.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use reqwest::Url;

use super::{answer::send_on, authority::Authority, parameters::Parameters};
use crate::{Simulator, config::Application, pages::page};

#[derive(Template)]
#[template(path = "tokens/signed-out.html")]
struct SignedOutPage {
    /// An address that is none of a registered application.
    refused: Option<String>,
}

pub(super) async fn logout(
    _: Authority,
    State(simulator): State<Arc<Simulator>>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    // Somebody who signs out is signed out, whatever else the request says.
    let parameters = Parameters::read(query).ok();
    let given = |name| parameters.as_ref().and_then(|all| all.get(name));
    let wanted = given("post_logout_redirect_uri");
    let back = wanted.and_then(|uri| registered(uri, &simulator.config.applications));
    match back {
        Some(url) => {
            let state: Vec<_> = given("state")
                .map(|state| ("state", state))
                .into_iter()
                .collect();
            send_on(url, &state)
        }
        None => page(
            StatusCode::OK,
            &SignedOutPage {
                refused: wanted.map(str::to_owned),
            },
        ),
    }
}

/// The address, when an application has a redirect URI of the same origin.
fn registered(uri: &str, applications: &[Application]) -> Option<Url> {
    let url = Url::parse(uri).ok()?;
    let mut known = applications.iter().flat_map(|one| &one.redirect_uris);
    // Two addresses without a host, such as of a native application, never have the same origin.
    known
        .any(|one| Url::parse(one).is_ok_and(|one| one.origin() == url.origin()))
        .then_some(url)
}
