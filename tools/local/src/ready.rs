//! Ready means: each function has answered a sign-up of the local credential.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use shared::{
    domain::sign_up::{Protocol, Step},
    http::Route,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    flags::HOST,
    problem::Problem,
    table::{PASSWORD, USERNAME},
};

/// A function is compiled at its first request, when `make` has not done so before.
const PATIENCE: Duration = Duration::from_mins(5);
const PAUSE: Duration = Duration::from_millis(200);

/// All at once: they start side by side.
pub(crate) async fn wait(port: u16) -> Result<(), Problem> {
    let answers = |step| {
        let route = Route {
            step,
            protocol: Protocol::Connector,
        };
        async move {
            let path = route.path();
            timeout(PATIENCE, answers(port, &path))
                .await
                .unwrap_or_else(|_| {
                    Err(Problem::NotReady {
                        path,
                        seconds: PATIENCE.as_secs(),
                    })
                })
        }
    };
    tokio::try_join!(
        answers(Step::AfterFederation),
        answers(Step::BeforeCreatingUser),
        answers(Step::BeforeToken),
    )?;
    Ok(())
}

async fn answers(port: u16, path: &str) -> Result<(), Problem> {
    loop {
        match status(port, path).await.as_deref() {
            Ok("200") => return Ok(()),
            // The server does not listen yet, or the function was just restarted after a change.
            Err(_) | Ok("" | "500" | "502" | "503") => sleep(PAUSE).await,
            Ok(found) => {
                return Err(Problem::Answer {
                    path: path.to_owned(),
                    found: found.to_owned(),
                });
            }
        }
    }
}

/// The status of one request. One line of HTTP/1.1 needs no client library.
async fn status(port: u16, path: &str) -> std::io::Result<String> {
    const BODY: &str = r#"{"email":"ready@example.com"}"#;
    let credential = STANDARD.encode(format!("{USERNAME}:{PASSWORD}"));
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nAuthorization: Basic {credential}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{BODY}",
        BODY.len()
    );
    let mut connection = TcpStream::connect((HOST, port)).await?;
    connection.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    connection.read_to_end(&mut response).await?;
    let response = String::from_utf8_lossy(&response);
    Ok(response
        .split_ascii_whitespace()
        .nth(1)
        .unwrap_or_default()
        .to_owned())
}
