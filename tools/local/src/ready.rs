//! Ready means: each function has answered a sign-up of the local credential, or refused it if it takes none.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use shared::{
    domain::sign_up::{Protocol, Step},
    http::{OTP_SEND, Route},
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
    let serves = |step| {
        let route = Route {
            step,
            protocol: Protocol::Connector,
        };
        patiently(port, route.path(), "200")
    };
    tokio::try_join!(
        serves(Step::AfterFederation),
        serves(Step::BeforeCreatingUser),
        serves(Step::BeforeToken),
        // Nobody but Entra calls it, which is what the answer says.
        patiently(port, format!("/extensions/{OTP_SEND}"), "401"),
    )?;
    Ok(())
}

async fn patiently(port: u16, path: String, expected: &str) -> Result<(), Problem> {
    let answered = timeout(PATIENCE, answers(port, &path, expected)).await;
    answered.unwrap_or_else(|_| {
        Err(Problem::NotReady {
            path,
            seconds: PATIENCE.as_secs(),
        })
    })
}

async fn answers(port: u16, path: &str, expected: &str) -> Result<(), Problem> {
    loop {
        match status(port, path).await.as_deref() {
            Ok(found) if found == expected => return Ok(()),
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
