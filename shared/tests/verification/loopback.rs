//! Servers on this machine, and the ports over them.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use shared::ports::{
    Deadline,
    outgoing::{Call, MAX_REPLY_OCTETS, Method, Outgoing, OutgoingError, Reply},
    secrets::{Secret, SecretError, Secrets},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A request as it came.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in lower case.
    headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Status, media type and body.
pub(crate) type Answer = (u16, &'static str, Vec<u8>);

/// What is wrong with a connection.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Takes the request and says nothing.
    Hang,
    /// Closes before it has read, which resets the connection.
    Reset,
    /// Something that is no HTTP.
    Garbage,
    /// A body that ends before its length.
    Truncated,
}

/// The URL of a provider that answers so.
pub(crate) async fn provider(answer: fn(&Received) -> Answer) -> String {
    serve(move |mut stream| async move {
        let received = receive(&mut stream).await;
        let (status, media_type, body) = answer(&received);
        let head = format!(
            "HTTP/1.1 {status} -\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        // Whoever has read enough of a huge answer goes away.
        let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
        let _ = stream.shutdown().await;
    })
    .await
}

pub(crate) async fn faulty(fault: Fault) -> String {
    serve(move |mut stream| {
        let fault = fault.clone();
        async move {
            let text: &[u8] = match fault {
                Fault::Reset => return,
                Fault::Hang => {
                    receive(&mut stream).await;
                    return std::future::pending().await;
                }
                Fault::Garbage => b"\x00\xff\x13\x37 no protocol at all\r\n\r\n",
                Fault::Truncated => {
                    b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"success\": true"
                }
            };
            receive(&mut stream).await;
            stream.write_all(text).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    })
    .await
}

async fn serve<F, S>(serve: F) -> String
where
    F: Fn(TcpStream) -> S + Send + Sync + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/verify", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    url
}

async fn receive(stream: &mut TcpStream) -> Received {
    let mut octets = Vec::new();
    let end = loop {
        if let Some(end) = octets.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        assert!(stream.read_buf(&mut octets).await.unwrap() > 0);
    };
    let head = String::from_utf8(octets[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let mut received = Received {
        method: first.next().unwrap().to_owned(),
        path: first.next().unwrap().to_owned(),
        headers: lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: octets[end + 4..].to_vec(),
    };
    let length = received.header("content-length").parse().unwrap_or(0);
    while received.body.len() < length {
        assert!(stream.read_buf(&mut received.body).await.unwrap() > 0);
    }
    received
}

/// Calls loopback, and remembers what it was asked to call.
pub(crate) struct Loopback {
    client: reqwest::Client,
    calls: Mutex<Vec<Call>>,
}

impl Loopback {
    pub(crate) fn new() -> Arc<Self> {
        let provider = rustls::crypto::ring::default_provider();
        // An error means that another test has done it.
        let _ = rustls::crypto::CryptoProvider::install_default(provider);
        Arc::new(Self {
            client: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            calls: Mutex::default(),
        })
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    async fn send(&self, call: &Call) -> Result<Reply, OutgoingError> {
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
        };
        let mut request = self.client.request(method, &call.url);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let told = |error: reqwest::Error| {
            let is_connect = error.is_connect();
            let text = error.without_url().to_string();
            if is_connect {
                OutgoingError::Connection(text)
            } else {
                OutgoingError::Broken(text)
            }
        };
        let mut response = request.send().await.map_err(told)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(told)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_REPLY_OCTETS {
                return Err(OutgoingError::TooLong);
            }
        }
        Ok(Reply {
            status: response.status().as_u16(),
            retry_after: None,
            body,
        })
    }
}

#[async_trait]
impl Outgoing for Loopback {
    async fn call(&self, call: &Call, deadline: Deadline) -> Result<Reply, OutgoingError> {
        self.calls.lock().unwrap().push(call.clone());
        tokio::time::timeout_at(deadline.0, self.send(call))
            .await
            .unwrap_or(Err(OutgoingError::TimedOut))
    }
}

/// Secrets in memory.
pub(crate) struct Known {
    texts: BTreeMap<String, String>,
    forgotten: Mutex<Vec<String>>,
}

impl Known {
    pub(crate) fn of(name: &str, text: &str) -> Arc<Self> {
        Arc::new(Self {
            texts: BTreeMap::from([(name.to_owned(), text.to_owned())]),
            forgotten: Mutex::default(),
        })
    }

    pub(crate) fn forgotten(&self) -> Vec<String> {
        self.forgotten.lock().unwrap().clone()
    }
}

#[async_trait]
impl Secrets for Known {
    async fn secret(&self, name: &str, _: Deadline) -> Result<Secret, SecretError> {
        self.texts
            .get(name)
            .map(Secret::new)
            .ok_or_else(|| SecretError::Absent(name.to_owned()))
    }

    fn forget(&self, name: &str) {
        self.forgotten.lock().unwrap().push(name.to_owned());
    }
}
