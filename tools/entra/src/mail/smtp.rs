//! The connections of SMTP sessions.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinSet,
    time::timeout,
};

use super::{
    Content, Refusal, mime,
    session::{
        Envelope, GREETING, IDLE, MAX_COMMAND_OCTETS, Reaction, Session, TAKEN, THROTTLED,
        UNAVAILABLE,
    },
};
use crate::Simulator;

/// How long a server waits for the next line (RFC 5321 4.5.3.2.7).
const PATIENCE: Duration = Duration::from_mins(5);

/// Takes mail from everybody who connects, until the future is dropped.
pub async fn serve_smtp(listener: TcpListener, sim: Arc<Simulator>) {
    let mut sessions = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let sim = Arc::clone(&sim);
                // A connection that breaks concerns nobody but its client.
                sessions.spawn(async move { converse(stream, &sim).await.ok() });
            }
            // Such as too many open files: give those that are open time to end.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
        while sessions.try_join_next().is_some() {}
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, sim: &Simulator) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut session = Session::default();
    reply(&mut stream, GREETING).await?;
    let mut line = Vec::new();
    loop {
        match timeout(PATIENCE, read_line(&mut stream, &mut line)).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Err(_) => return reply(&mut stream, IDLE).await,
        }
        match session.line(&line) {
            Reaction::Silence => {}
            Reaction::Reply(text) => reply(&mut stream, text).await?,
            Reaction::Message(envelope) => {
                let text = take(sim, envelope).await;
                reply(&mut stream, text).await?;
            }
            Reaction::Close(text) => {
                reply(&mut stream, text).await?;
                return stream.shutdown().await;
            }
        }
    }
}

async fn reply(stream: &mut (impl AsyncWrite + Unpin), text: &str) -> io::Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// Reads up to the next LF; of a line that is too long only as much as shows that. `false` when the connection was
/// closed, perhaps in the middle of a line.
async fn read_line(
    stream: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
) -> io::Result<bool> {
    line.clear();
    loop {
        let chunk = stream.fill_buf().await?;
        if chunk.is_empty() {
            return Ok(false);
        }
        let end = chunk.iter().position(|octet| *octet == b'\n');
        let used = end.map_or(chunk.len(), |place| place + 1);
        let room = (MAX_COMMAND_OCTETS + 1).saturating_sub(line.len());
        line.extend(chunk.iter().take(used.min(room)));
        stream.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// Keeps a message, and says what became of it.
async fn take(sim: &Simulator, envelope: Envelope) -> &'static str {
    let faults = sim.faults.now().mail;
    match sim.mail.take(content(envelope), &faults).await {
        Ok(_) => TAKEN,
        Err(Refusal::Unavailable) => UNAVAILABLE,
        Err(Refusal::Throttled) => THROTTLED,
    }
}

/// The recipients are those of the envelope: the message need not name them.
fn content(envelope: Envelope) -> Content {
    let Envelope {
        sender,
        recipients,
        source,
    } = envelope;
    let mut content = mime::read(&source).unwrap_or_else(|| {
        let source = String::from_utf8_lossy(&source).into_owned();
        Content {
            text: Some(source.clone()),
            source: Some(source),
            ..Content::default()
        }
    });
    content.to = recipients;
    if content.from.is_empty() {
        content.from = sender;
    }
    content
}
