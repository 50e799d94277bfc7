//! Which path is which step in which protocol.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request},
    http::StatusCode,
    response::Response,
    routing::any,
};

use super::Service;
use crate::{
    domain::{
        policy::UserFlow,
        sign_up::{Protocol, Step},
    },
    wire::auth_extension::Event,
};

/// A served endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    pub step: Step,
    pub protocol: Protocol,
}

impl Route {
    /// The extension event that comes at the route's step.
    pub const fn event(self) -> Event {
        match self.step {
            Step::AfterFederation => Event::AttributeCollectionStart,
            Step::BeforeCreatingUser => Event::AttributeCollectionSubmit,
            Step::BeforeToken => Event::TokenIssuanceStart,
        }
    }

    /// The last segment of the path.
    pub const fn segment(self) -> &'static str {
        match (self.protocol, self.step) {
            (Protocol::Connector, step) => step.name(),
            (Protocol::Extension, Step::AfterFederation) => "attribute-collection-start",
            (Protocol::Extension, Step::BeforeCreatingUser) => "attribute-collection-submit",
            (Protocol::Extension, Step::BeforeToken) => "token-issuance-start",
        }
    }

    /// The path below the base URL, without a user flow.
    pub fn path(self) -> String {
        format!("/{}/{}", self.folder(), self.segment())
    }

    const fn folder(self) -> &'static str {
        match self.protocol {
            Protocol::Connector => "connectors",
            Protocol::Extension => "extensions",
        }
    }
}

pub(super) fn router(service: &Arc<Service>) -> Router {
    let mut router = Router::new();
    for protocol in [Protocol::Connector, Protocol::Extension] {
        let route = Route {
            step: service.step,
            protocol,
        };
        let service = Arc::clone(service);
        let both = both(route.folder(), route.segment(), move |flow, request| {
            Arc::clone(&service).handle(route, flow, request)
        });
        router = router.merge(both);
    }
    router.fallback(not_found)
}

/// A path with a user flow in it and without.
pub(super) fn both<H, A>(folder: &str, segment: &str, handle: H) -> Router
where
    H: Fn(Option<UserFlow>, Request) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response> + Send + 'static,
{
    let plain = handle.clone();
    Router::new()
        .route(
            &format!("/{folder}/{segment}"),
            any(move |request: Request| plain(None, request)),
        )
        .route(
            &format!("/{folder}/{{user_flow}}/{segment}"),
            any(
                move |Path(name): Path<String>, request: Request| async move {
                    match UserFlow::parse(&name) {
                        Some(flow) => handle(Some(flow), request).await,
                        None => not_found().await,
                    }
                },
            ),
        )
}

pub(super) async fn not_found() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
