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
            step: service.settings.step,
            protocol,
        };
        let plain = Arc::clone(service);
        let with_flow = Arc::clone(service);
        router = router
            .route(
                &route.path(),
                any(
                    move |request: Request| async move { plain.handle(route, None, request).await },
                ),
            )
            .route(
                &format!("/{}/{{user_flow}}/{}", route.folder(), route.segment()),
                any(
                    move |Path(name): Path<String>, request: Request| async move {
                        match UserFlow::parse(&name) {
                            Some(flow) => with_flow.handle(route, Some(flow), request).await,
                            None => not_found(),
                        }
                    },
                ),
            );
    }
    router.fallback(|| async { not_found() })
}

fn not_found() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
