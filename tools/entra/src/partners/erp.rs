//! The ERP: suppliers by their number.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::Response,
    routing::get,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

use super::{
    Answer, Partner, has_header,
    secrets::{ERP_PASSWORD, ERP_USERNAME},
};
use crate::Simulator;

/// Number and name.
pub(super) const SUPPLIERS: [(&str, &str); 3] = [
    ("S-1001", "Fabrikam"),
    ("S-1002", "Northwind"),
    ("S-1003", "Contoso Parts"),
];

pub(super) fn router() -> Router<Arc<Simulator>> {
    Router::new().route("/partners/erp/suppliers/{number}", get(supplier))
}

async fn supplier(
    State(sim): State<Arc<Simulator>>,
    uri: Uri,
    headers: HeaderMap,
    Path(number): Path<String>,
) -> Response {
    let pair = BASE64_STANDARD.encode(format!("{ERP_USERNAME}:{ERP_PASSWORD}"));
    let authorized = has_header(
        &headers,
        header::AUTHORIZATION.as_str(),
        &format!("Basic {pair}"),
    );
    let answer = Answer::guarded(authorized, || found(&number));
    sim.partners
        .answer(Partner::Erp, Method::GET, &uri, answer)
        .await
}

fn found(number: &str) -> Answer {
    let supplier = SUPPLIERS.iter().find(|(known, _)| *known == number);
    supplier.map_or_else(
        || Answer::error(StatusCode::NOT_FOUND, "no supplier has this number"),
        |(number, name)| Answer::ok(json!({ "number": number, "name": name })),
    )
}
