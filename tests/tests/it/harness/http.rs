//! A small HTTP/1.1 server, and the one HTTP client of the harness.

use std::{
    net::SocketAddr,
    sync::{Arc, Once},
};

use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

pub(crate) type Request = hyper::Request<Bytes>;
pub(crate) type Response = hyper::Response<Full<Bytes>>;

/// A server on a free port of this machine; it stops, with all its connections, when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    accepting: JoinHandle<()>,
    severed: watch::Sender<()>,
}

impl Server {
    /// Answers each request by `handler`; `None` drops the connection without an answer.
    pub(crate) async fn start<H, F>(handler: H) -> Self
    where
        H: Fn(Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Option<Response>> + Send + 'static,
    {
        Self::accept(move |stream| serve(stream, handler.clone())).await
    }

    /// Hands each connection to `connection`.
    pub(crate) async fn accept<C, F>(connection: C) -> Self
    where
        C: Fn(TcpStream) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let severed = watch::Sender::new(());
        let sever = severed.clone();
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let mut severed = sever.subscribe();
                let connection = connection(stream);
                connections.spawn(async move {
                    tokio::select! {
                        () = connection => {}
                        _ = severed.changed() => {}
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            accepting,
            severed,
        }
    }

    /// Ends every open connection; new ones are welcome.
    pub(crate) fn sever(&self) {
        self.severed.send_replace(());
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Serves one connection until either side ends it.
pub(crate) async fn serve<S, H, F>(stream: S, handler: H)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Option<Response>> + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let handler = handler.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
            let request = Request::from_parts(parts, body);
            handler(request).await.ok_or(Dropped)
        }
    });
    // An error is a connection that was dropped, by the function or on purpose by the test.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the test drops the connection")
    }
}

impl std::error::Error for Dropped {}

pub(crate) fn response(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response {
    hyper::Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(Full::new(body.into()))
        .unwrap()
}

/// `ring`, as everywhere in the tree.
pub(crate) fn crypto() -> Arc<rustls::crypto::CryptoProvider> {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Connects to this machine only, whatever proxy the environment names.
pub(crate) fn client() -> reqwest::ClientBuilder {
    let _ = crypto();
    reqwest::Client::builder().no_proxy()
}
