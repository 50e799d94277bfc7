//! HTTP servers on this machine that do what a test's script says, and remember what they received.
//!
//! A test file that leaves some of it unused takes it in by `#[expect(dead_code, reason = "…")] mod servers;`.

pub(crate) mod certificates;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig, server::TlsStream};

/// What a server does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Reply {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// Another answer, later.
    After(Duration, Box<Answer>),
    /// These very octets, whether HTTP or not, and then the end of the connection.
    Raw(Vec<u8>),
    /// The start of a body, the rest of which comes octet by octet and never ends.
    Drip(Duration),
    /// A body that never ends, as fast as the other side reads.
    Endless,
    /// Half a body, and then a reset of the connection.
    ResetMidBody,
    /// The end of the connection.
    Close,
    /// Nothing, and the connection stays open.
    Hang,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        Self::reply(status, "")
    }

    pub(crate) fn reply(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Reply {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    pub(crate) fn after(self, delay: Duration) -> Self {
        Self::After(delay, Box::new(self))
    }
}

/// One request as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    /// The path with its query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Requests of the same connection have the same number.
    pub(crate) connection: usize,
}

impl Received {
    /// The value of a header, whatever the case of its name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A server on a free port of this machine; it stops, with all its connections, when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    script: Arc<Script>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Script {
    answers: Mutex<HashMap<String, Vec<Answer>>>,
    received: Mutex<Vec<Received>>,
    is_on: AtomicBool,
    connections: AtomicUsize,
    severed: watch::Sender<()>,
}

impl Server {
    /// Without TLS.
    pub(crate) async fn start() -> Self {
        Self::with("http", None).await
    }

    pub(crate) async fn start_tls(config: ServerConfig) -> Self {
        Self::with("https", Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn with(scheme: &'static str, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Script {
            answers: Mutex::default(),
            received: Mutex::default(),
            is_on: AtomicBool::new(true),
            connections: AtomicUsize::new(0),
            severed: watch::Sender::new(()),
        });
        let accepting = tokio::spawn(accept(listener, tls, Arc::clone(&script)));
        Self {
            address,
            scheme,
            script,
            accepting,
        }
    }

    /// What a path (without its query) answers: one after the other, and the last one from then on. Unknown paths answer 404.
    pub(crate) fn on(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        let mut answers: Vec<Answer> = answers.into_iter().collect();
        answers.reverse();
        locked(&self.script.answers).insert(path.to_owned(), answers);
    }

    /// From now on every connection ends as soon as it is made, and those that are open end at once.
    pub(crate) fn switch_off(&self) {
        self.script.is_on.store(false, Ordering::SeqCst);
        self.sever();
    }

    pub(crate) fn switch_on(&self) {
        self.script.is_on.store(true, Ordering::SeqCst);
    }

    /// Ends every open connection; new ones are welcome.
    pub(crate) fn sever(&self) {
        self.script.severed.send_replace(());
    }

    /// Every request so far, in order.
    pub(crate) fn received(&self) -> Vec<Received> {
        locked(&self.script.received).clone()
    }

    /// How many requests there were for a path, whatever its query.
    pub(crate) fn count(&self, path: &str) -> usize {
        locked(&self.script.received)
            .iter()
            .filter(|request| without_query(&request.path) == path)
            .count()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Host and port.
    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, script: Arc<Script>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let mut severed = script.severed.subscribe();
        let (tls, script) = (tls.clone(), Arc::clone(&script));
        connections.spawn(async move {
            tokio::select! {
                () = connection(stream, tls, &script) => {}
                _ = severed.changed() => {}
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, script: &Script) {
    if !script.is_on.load(Ordering::SeqCst) {
        return;
    }
    let _ = stream.set_nodelay(true);
    let number = script.connections.fetch_add(1, Ordering::SeqCst);
    // What the other side does to the connection is the test's business, not the server's.
    let _ = match tls {
        None => serve(stream, number, script).await,
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => serve(stream, number, script).await,
            Err(error) => Err(error),
        },
    };
}

/// A connection, with TLS or without, down to its TCP.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {
    fn tcp(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Wire for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

async fn serve(mut wire: impl Wire, number: usize, script: &Script) -> std::io::Result<()> {
    while let Some(request) = read(&mut wire, number).await? {
        let answer = script.answer(&request.path);
        locked(&script.received).push(request);
        if !play(&mut wire, answer).await? {
            return Ok(());
        }
    }
    Ok(())
}

impl Script {
    fn answer(&self, path: &str) -> Answer {
        match locked(&self.answers).get_mut(without_query(path)) {
            Some(answers) if answers.len() > 1 => answers.pop().unwrap(),
            Some(answers) => answers.first().unwrap().clone(),
            None => Answer::status(404),
        }
    }
}

/// `None` when the other side is done.
async fn read(wire: &mut impl Wire, connection: usize) -> std::io::Result<Option<Received>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match wire.read_u8().await {
            Ok(octet) => head.push(octet),
            Err(_) if head.is_empty() => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let mut request = Received {
        method: first.next().unwrap().to_owned(),
        path: first.next().unwrap().to_owned(),
        headers: lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect(),
        body: Vec::new(),
        connection,
    };
    let length = request
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    request.body.resize(length, 0);
    wire.read_exact(&mut request.body).await?;
    Ok(Some(request))
}

/// Whether the connection goes on.
async fn play(wire: &mut impl Wire, mut answer: Answer) -> std::io::Result<bool> {
    while let Answer::After(delay, next) = answer {
        tokio::time::sleep(delay).await;
        answer = *next;
    }
    match answer {
        Answer::Reply {
            status,
            headers,
            body,
        } => reply(wire, status, &headers, &body).await.map(|()| true),
        Answer::Raw(octets) => wire.write_all(&octets).await.map(|()| false),
        Answer::Drip(every) => drip(wire, every).await,
        Answer::Endless => endless(wire).await,
        Answer::ResetMidBody => reset(wire).await.map(|()| false),
        Answer::Hang => std::future::pending().await,
        Answer::Close | Answer::After(..) => Ok(false),
    }
}

async fn reply(
    wire: &mut impl Wire,
    status: u16,
    headers: &[(&str, String)],
    body: &[u8],
) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head = format!("{head}{name}: {value}\r\n");
    }
    let mut octets = format!("{head}\r\n").into_bytes();
    octets.extend_from_slice(body);
    wire.write_all(&octets).await?;
    wire.flush().await
}

const LONG: &[u8] = b"HTTP/1.1 200 x\r\ncontent-length: 100000\r\n\r\nstart";
const CHUNKED: &[u8] = b"HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n";

async fn drip(wire: &mut impl Wire, every: Duration) -> std::io::Result<bool> {
    wire.write_all(LONG).await?;
    loop {
        wire.flush().await?;
        tokio::time::sleep(every).await;
        wire.write_all(b".").await?;
    }
}

async fn endless(wire: &mut impl Wire) -> std::io::Result<bool> {
    let chunk = format!("10000\r\n{}\r\n", ".".repeat(0x10000));
    wire.write_all(CHUNKED).await?;
    loop {
        wire.write_all(chunk.as_bytes()).await?;
    }
}

async fn reset(wire: &mut impl Wire) -> std::io::Result<()> {
    wire.write_all(LONG).await?;
    wire.flush().await?;
    wire.tcp().set_zero_linger()
}

fn without_query(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
