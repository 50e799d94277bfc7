//! Submission to a mail server (RFC 6409, RFC 8314).

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};
use serde::Deserialize;
use tokio::time::{timeout, timeout_at};

use super::mime;
use crate::{
    domain::mail::{SmtpServer, Tls},
    ports::{
        Deadline,
        mailer::{MailError, Mailer, Message},
        secrets::{SecretError, Secrets},
    },
};

/// For saying good-bye.
const FAREWELL: Duration = Duration::from_millis(50);

/// Sends through a mail server, with a connection for each mail.
pub struct Smtp {
    server: SmtpServer,
    credentials: Option<(Arc<dyn Secrets>, String)>,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// What the secret says.
#[derive(Deserialize)]
struct UserAndPassword {
    username: String,
    password: String,
}

impl Smtp {
    /// `credentials` is the name of a secret with `username` and `password` as JSON, and where it is kept.
    pub fn new(server: SmtpServer, credentials: Option<(Arc<dyn Secrets>, String)>) -> Self {
        Self {
            server,
            credentials,
        }
    }

    async fn deliver(&self, message: &Message, deadline: Deadline) -> Result<(), MailError> {
        let mime = mime::message(message)?;
        let mut connection = self.connect(deadline).await?;
        if let Some((secrets, name)) = &self.credentials {
            let credentials = credentials(secrets.as_ref(), name, deadline).await?;
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            let welcome = connection.auth(&mechanisms, &credentials).await;
            welcome.map_err(|error| mail_error(&error))?;
        }
        let sent = connection.send(mime.envelope(), &mime.formatted()).await;
        sent.map_err(|error| mail_error(&error))?;
        // The server has the mail now, whatever it makes of a farewell.
        let _ = timeout(FAREWELL, connection.quit()).await;
        Ok(())
    }

    async fn connect(&self, deadline: Deadline) -> Result<AsyncSmtpConnection, MailError> {
        let SmtpServer { host, port, tls } = &self.server;
        let parameters = || TlsParameters::new(host.clone());
        let name = ClientId::default();
        let connect = async {
            let implicit = (*tls == Tls::Implicit).then(parameters).transpose()?;
            let mut connection = AsyncSmtpConnection::connect_tokio1(
                (host.as_str(), *port),
                Some(deadline.left()),
                &name,
                implicit,
                None,
            )
            .await?;
            if *tls == Tls::StartTls {
                // An error when the server does not offer it.
                connection.starttls(parameters()?, &name).await?;
            }
            Ok(connection)
        };
        connect.await.map_err(|error| mail_error(&error))
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, message: &Message, deadline: Deadline) -> Result<(), MailError> {
        let delivered = timeout_at(deadline.0, self.deliver(message, deadline)).await;
        delivered.unwrap_or(Err(MailError::TimedOut))
    }
}

async fn credentials(
    secrets: &dyn Secrets,
    name: &str,
    deadline: Deadline,
) -> Result<Credentials, MailError> {
    let secret = secrets.secret(name, deadline).await;
    let secret = secret.map_err(|error| match error {
        SecretError::TimedOut(_) => MailError::TimedOut,
        other => MailError::Unavailable(other.to_string()),
    })?;
    let read: Result<UserAndPassword, _> = serde_json::from_str(secret.reveal());
    // The error of serde may tell of what is in the secret.
    let read = read.map_err(|_| {
        MailError::Unavailable("the secret has no `username` and `password`".to_owned())
    })?;
    Ok(Credentials::new(read.username, read.password))
}

/// By kind and status: what a server writes beside it names addresses.
fn mail_error(error: &Error) -> MailError {
    if error.is_timeout() {
        return MailError::TimedOut;
    }
    let status = error.status().map(|status| format!("SMTP status {status}"));
    match status {
        Some(status) if error.is_permanent() => MailError::Rejected(status),
        Some(status) => MailError::Unavailable(status),
        None => MailError::Unavailable(told(error)),
    }
}

/// The kind of fault alone.
fn told(error: &Error) -> String {
    let kind = if error.is_tls() {
        "TLS failed"
    } else if error.is_client() {
        "the server does not offer what is needed"
    } else if error.is_response() {
        "an answer without meaning"
    } else {
        "no connection"
    };
    kind.to_owned()
}
