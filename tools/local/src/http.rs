//! Requests to the functions. A few lines of HTTP/1.1 need no client library.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::flags::HOST;

/// Posts JSON, and gives the status of the answer. `headers` are whole lines.
pub(crate) async fn post(
    port: u16,
    path: &str,
    headers: &str,
    body: &str,
) -> std::io::Result<String> {
    let answer = exchange(port, path, headers, body).await?;
    Ok(status(&answer).to_owned())
}

/// The status of a whole answer.
pub(crate) fn status(answer: &str) -> &str {
    answer.split_ascii_whitespace().nth(1).unwrap_or_default()
}

/// The same, and gives the whole answer.
pub(crate) async fn exchange(
    port: u16,
    path: &str,
    headers: &str,
    body: &str,
) -> std::io::Result<String> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\n{headers}Content-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect((HOST, port)).await?;
    connection.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    connection.read_to_end(&mut response).await?;
    Ok(String::from_utf8_lossy(&response).into_owned())
}
