//! What carries the requests of the SDK's clients: HTTP/1.1 from `hyper`, TLS with `ring`. The one that the SDK brings along can
//! speak HTTP/2 as well, go through proxies, and look names up in its own ways (docs/decisions/0030).

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        connection::{CaptureSmithyConnection, ConnectionMetadata},
        http::{
            HttpConnector as SdkConnector, HttpConnectorFuture, SharedHttpClient,
            SharedHttpConnector, http_client_fn,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
};
use aws_smithy_types::{body::SdkBody, retry::ErrorKind};
use axum::http::{Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{
    client::legacy::{
        Client, Error,
        connect::{HttpConnector, capture_connection},
    },
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use tokio::{
    net::TcpStream,
    time::{error::Elapsed, timeout},
};
use tower::Service;

use super::trust::Trust;

/// `within` is what a connection may take, with TLS.
pub(super) fn client(trust: Trust, within: Duration) -> SharedHttpClient {
    let connections = SharedHttpConnector::new(Connections::new(trust, within));
    http_client_fn(move |_, _| connections.clone())
}

/// Those that are kept between calls.
#[derive(Debug)]
struct Connections(Client<Dial, SdkBody>);

impl Connections {
    fn new(trust: Trust, within: Duration) -> Self {
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(trust.tls())
            .https_or_http()
            .enable_http1();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let dial = Dial {
            https: https.wrap_connector(tcp),
            within,
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(dial);
        Self(client)
    }
}

impl SdkConnector for Connections {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        tell_connection(&mut request);
        let answered = self.0.request(request);
        HttpConnectorFuture::new(async move {
            let answer = answered.await.map_err(failure)?;
            let answer = answer.map(SdkBody::from_body_1_x);
            HttpResponse::try_from(answer)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Opens a connection.
#[derive(Debug, Clone)]
struct Dial {
    https: HttpsConnector<HttpConnector>,
    within: Duration,
}

impl Service<Uri> for Dial {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connected = timeout(self.within, self.https.call(to));
        Box::pin(async move { connected.await? })
    }
}

/// Tells the SDK of the connection, so that it gives up one on which a call failed: the next try has another.
fn tell_connection(request: &mut Request<SdkBody>) {
    let captured = capture_connection(request);
    let Some(told) = request.extensions().get::<CaptureSmithyConnection>() else {
        return;
    };
    told.set_connection_retriever(move || {
        captured.connection_metadata().as_ref()?;
        let captured = captured.clone();
        let give_up = move || {
            if let Some(connection) = captured.connection_metadata().as_ref() {
                connection.poison();
            }
        };
        let connection = ConnectionMetadata::builder().proxied(false);
        Some(connection.poison_fn(give_up).build())
    });
}

/// In the SDK's words, by which it tries again or does not.
fn failure(error: Error) -> ConnectorError {
    let broke = error.is_connect() || caused_by::<std::io::Error>(&error).is_some();
    if caused_by::<Elapsed>(&error).is_some() {
        return ConnectorError::timeout(error.into());
    }
    match caused_by::<hyper::Error>(&error) {
        Some(cause) if cause.is_incomplete_message() => {
            ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
        }
        Some(cause) if broke || cause.is_closed() || cause.is_canceled() => {
            ConnectorError::io(error.into())
        }
        None if broke => ConnectorError::io(error.into()),
        _ => ConnectorError::other(error.into(), None),
    }
}

fn caused_by<E: std::error::Error + 'static>(error: &Error) -> Option<&E> {
    let first: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut causes = std::iter::successors(first, |error| error.source());
    causes.find_map(|cause| cause.downcast_ref())
}
