//! Mail services over real connections: what each fate of a mail is told as, and that no error tells of the mail.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use rstest::rstest;
use serde_json::Value;
use shared::{
    adapters::{
        dynamodb::Connection,
        mail::{Ses, Smtp},
    },
    domain::mail::{Address, Mailbox, SmtpServer, Tls},
    ports::{
        Deadline,
        mailer::{MailError, Mailer, Message},
        secrets::{Secret, SecretError, Secrets},
    },
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::Instant,
};

fn message() -> Message {
    Message {
        from: Mailbox::parse("Räksmörgås <no-reply@contoso.com>").unwrap(),
        reply_to: Mailbox::parse("help@contoso.com"),
        to: Address::parse("someone@example.com").unwrap(),
        subject: "確認コードのお知らせ".to_owned(),
        html: "<p>12345678</p>".to_owned(),
        text: "12345678 – good for 30 minutes".to_owned(),
    }
}

fn within(time: Duration) -> Deadline {
    Deadline(Instant::now() + time)
}

/// Longer than any answer on one machine takes.
const PATIENT: Duration = Duration::from_mins(1);
/// For those who do not answer.
const SHORT: Duration = Duration::from_millis(300);

fn assert_tells_nothing(error: &MailError) {
    let told = format!("{error} {error:?}");
    for secret in ["12345678", "someone", "example.com"] {
        assert!(!told.contains(secret), "{told}");
    }
}

// --- Amazon SES

/// Answers one request with the bytes, or never.
async fn ses(answer: Option<String>) -> (Ses, JoinHandle<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let mut stream = BufReader::new(listener.accept().await.unwrap().0);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
            head.push_str(&line);
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        match answer {
            Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
            None => std::future::pending().await,
        }
        (head, serde_json::from_slice(&body).unwrap())
    });
    let connection = Connection {
        region: "eu-north-1".to_owned(),
        endpoint: Some(endpoint),
        access_key_id: "local".to_owned(),
        secret_access_key: "local".to_owned(),
        session_token: None,
    };
    (Ses::new(&connection, Some("codes".to_owned())), served)
}

fn http(status: &str, error: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nx-amzn-ErrorType: {error}\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn ses_gets_the_whole_mail() {
    let (mailer, served) = ses(Some(http("200 OK", "", r#"{"MessageId":"1"}"#))).await;
    mailer.send(&message(), within(PATIENT)).await.unwrap();
    let (head, body) = served.await.unwrap();
    assert!(
        head.starts_with("POST /v2/email/outbound-emails "),
        "{head}"
    );
    assert!(head.contains("/eu-north-1/ses/aws4_request"), "{head}");
    assert_eq!(
        body["FromEmailAddress"],
        "=?utf-8?b?UsOka3Ntw7ZyZ8Olcw==?= <no-reply@contoso.com>"
    );
    assert_eq!(body["ReplyToAddresses"][0], "help@contoso.com");
    assert_eq!(body["Destination"]["ToAddresses"][0], "someone@example.com");
    assert_eq!(body["ConfigurationSetName"], "codes");
    let simple = &body["Content"]["Simple"];
    assert_eq!(simple["Subject"]["Data"], "確認コードのお知らせ");
    assert_eq!(simple["Body"]["Html"]["Data"], "<p>12345678</p>");
    assert_eq!(
        simple["Body"]["Text"]["Data"],
        "12345678 – good for 30 minutes"
    );
    assert_eq!(simple["Headers"][0]["Name"], "Auto-Submitted");
}

#[rstest]
#[case::rejected("400 Bad Request", "MessageRejected", MailError::Rejected("MessageRejected".to_owned()))]
#[case::paused("400 Bad Request", "SendingPausedException", MailError::Rejected("SendingPausedException".to_owned()))]
#[case::denied("403 Forbidden", "AccessDeniedException", MailError::Unavailable("AccessDeniedException".to_owned()))]
#[tokio::test]
async fn ses_says_no(#[case] status: &str, #[case] code: &str, #[case] expected: MailError) {
    let body = r#"{"message":"Email address is not verified: someone@example.com"}"#;
    let (mailer, _served) = ses(Some(http(status, code, body))).await;
    let error = mailer.send(&message(), within(PATIENT)).await.unwrap_err();
    assert_eq!(error, expected);
    assert_tells_nothing(&error);
}

#[tokio::test]
async fn ses_hangs() {
    let (mailer, _served) = ses(None).await;
    let error = mailer.send(&message(), within(SHORT)).await.unwrap_err();
    assert_eq!(error, MailError::TimedOut);
}

#[tokio::test]
async fn ses_breaks_the_connection() {
    // It is tried once more, and then nobody listens.
    let (mailer, _served) = ses(Some(String::new())).await;
    let error = mailer.send(&message(), within(PATIENT)).await.unwrap_err();
    assert!(matches!(error, MailError::Unavailable(_)), "{error:?}");
    assert_tells_nothing(&error);
}

// --- SMTP

/// What a server does with the command that begins so.
#[derive(Clone, Copy)]
enum Fate {
    Answers(&'static str, &'static str),
    Resets(&'static str),
    Hangs(&'static str),
    /// An octet at a time, for ever.
    Drips(&'static str),
    Takes,
}

impl Fate {
    fn meets(self, line: &str) -> bool {
        match self {
            Self::Answers(command, _)
            | Self::Resets(command)
            | Self::Hangs(command)
            | Self::Drips(command) => line.starts_with(command),
            Self::Takes => false,
        }
    }

    async fn befall(self, stream: &mut BufReader<TcpStream>) {
        match self {
            Self::Answers(_, answer) => {
                say(stream, answer).await;
            }
            Self::Resets(_) => {
                stream.get_mut().set_zero_linger().unwrap();
            }
            Self::Hangs(_) => std::future::pending().await,
            Self::Drips(_) => loop {
                let _ = stream.write_all(b"2").await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            },
            Self::Takes => {}
        }
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) {
    stream
        .write_all(format!("{line}\r\n").as_bytes())
        .await
        .unwrap();
}

/// A server with `STARTTLS` nowhere; everything that it was told.
async fn smtp(fate: Fate) -> (SmtpServer, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = SmtpServer {
        host: "127.0.0.1".to_owned(),
        port: listener.local_addr().unwrap().port(),
        tls: Tls::None,
    };
    let session = tokio::spawn(async move {
        let mut stream = BufReader::new(listener.accept().await.unwrap().0);
        let (mut told, mut in_data) = (String::new(), false);
        if fate.meets("CONNECT") {
            fate.befall(&mut stream).await;
            return told;
        }
        say(&mut stream, "220 mail.contoso.com").await;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
                return told;
            }
            told.push_str(&line);
            let command = line.trim_end();
            if fate.meets(command) {
                fate.befall(&mut stream).await;
                if !matches!(fate, Fate::Answers(..)) {
                    return told;
                }
                in_data = false;
                continue;
            }
            match command {
                "." if in_data => {
                    in_data = false;
                    say(&mut stream, "250 taken").await;
                }
                _ if in_data => {}
                "DATA" => {
                    in_data = true;
                    say(&mut stream, "354 go on").await;
                }
                "QUIT" => {
                    say(&mut stream, "221 bye").await;
                    return told;
                }
                _ if command.starts_with("EHLO") => {
                    say(&mut stream, "250-mail.contoso.com\r\n250 AUTH PLAIN").await;
                }
                _ if command.starts_with("AUTH") => say(&mut stream, "235 welcome").await,
                _ => say(&mut stream, "250 ok").await,
            }
        }
    });
    (server, session)
}

#[tokio::test]
async fn a_mail_server_gets_the_whole_mail() {
    let (server, session) = smtp(Fate::Takes).await;
    let mailer = Smtp::new(server, None);
    mailer.send(&message(), within(PATIENT)).await.unwrap();
    let told = session.await.unwrap();
    for line in [
        "MAIL FROM:<no-reply@contoso.com>",
        "RCPT TO:<someone@example.com>",
        "Auto-Submitted: auto-generated",
        "Content-Type: multipart/alternative;",
        "<p>12345678</p>",
        "Reply-To: help@contoso.com",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(!told.contains("AUTH"), "{told}");
}

#[rstest]
#[case::rejected(Fate::Answers("RCPT", "550 5.1.1 <someone@example.com> unknown"), MailError::Rejected("SMTP status 550".to_owned()))]
#[case::not_now(Fate::Answers("MAIL", "451 try later, someone@example.com"), MailError::Unavailable("SMTP status 451".to_owned()))]
#[case::content(Fate::Answers(".", "554 12345678 is spam"), MailError::Rejected("SMTP status 554".to_owned()))]
#[case::no_smtp(Fate::Answers("EHLO", "someone@example.com"), MailError::Unavailable("an answer without meaning".to_owned()))]
#[case::reset(Fate::Resets("DATA"), MailError::Unavailable("no connection".to_owned()))]
#[tokio::test]
async fn a_mail_server_says_no(#[case] fate: Fate, #[case] expected: MailError) {
    let (server, _session) = smtp(fate).await;
    let error = Smtp::new(server, None)
        .send(&message(), within(PATIENT))
        .await
        .unwrap_err();
    assert_eq!(error, expected);
    assert_tells_nothing(&error);
}

#[rstest]
#[case::before_it_greets(Fate::Hangs("CONNECT"))]
#[case::in_the_middle(Fate::Hangs("DATA"))]
#[case::drips(Fate::Drips("MAIL"))]
#[tokio::test]
async fn a_mail_server_does_not_answer(#[case] fate: Fate) {
    let (server, _session) = smtp(fate).await;
    let error = Smtp::new(server, None)
        .send(&message(), within(SHORT))
        .await
        .unwrap_err();
    assert_eq!(error, MailError::TimedOut);
}

#[tokio::test]
async fn a_mail_that_was_taken_is_sent_whatever_comes_after_it() {
    let (server, _session) = smtp(Fate::Hangs("QUIT")).await;
    let mailer = Smtp::new(server, None);
    assert_eq!(mailer.send(&message(), within(PATIENT)).await, Ok(()));
}

#[tokio::test]
async fn nobody_listens() {
    let (server, session) = smtp(Fate::Takes).await;
    session.abort();
    assert!(session.await.unwrap_err().is_cancelled());
    let error = Smtp::new(server, None)
        .send(&message(), within(PATIENT))
        .await
        .unwrap_err();
    assert_eq!(error, MailError::Unavailable("no connection".to_owned()));
}

#[rstest]
#[case::start_tls(Tls::StartTls)]
#[case::implicit(Tls::Implicit)]
#[tokio::test]
async fn a_server_without_tls_gets_nothing(#[case] tls: Tls) {
    let (server, session) = smtp(Fate::Takes).await;
    let mailer = Smtp::new(SmtpServer { tls, ..server }, None);
    let error = mailer.send(&message(), within(SHORT)).await.unwrap_err();
    assert_tells_nothing(&error);
    let told = tokio::time::timeout(PATIENT, session)
        .await
        .unwrap()
        .unwrap();
    assert!(
        !told.contains("MAIL") && !told.contains("someone"),
        "{told}"
    );
}

struct OneSecret(Result<&'static str, SecretError>);

#[async_trait]
impl Secrets for OneSecret {
    async fn secret(&self, name: &str, _: Deadline) -> Result<Secret, SecretError> {
        assert_eq!(name, "mail");
        self.0.clone().map(Secret::new)
    }

    fn forget(&self, _: &str) {}
}

#[tokio::test]
async fn user_and_password_come_from_the_secret() {
    let (server, session) = smtp(Fate::Takes).await;
    let secret = OneSecret(Ok(r#"{"username":"user","password":"hush"}"#));
    let mailer = Smtp::new(server, Some((Arc::new(secret), "mail".to_owned())));
    mailer.send(&message(), within(PATIENT)).await.unwrap();
    let told = session.await.unwrap();
    // Base64 of an empty identity, the user and the password (RFC 4616).
    assert!(told.contains("AUTH PLAIN AHVzZXIAaHVzaA=="), "{told}");
    assert!(!format!("{mailer:?}").contains("hush"));
}

#[rstest]
#[case::no_json(Ok("hush"))]
#[case::other_members(Ok(r#"{"user":"hush"}"#))]
#[case::not_there(Err(SecretError::Absent("mail".to_owned())))]
#[tokio::test]
async fn a_secret_that_cannot_be_used_is_not_told(
    #[case] secret: Result<&'static str, SecretError>,
) {
    let (server, _session) = smtp(Fate::Takes).await;
    let mailer = Smtp::new(
        server,
        Some((Arc::new(OneSecret(secret)), "mail".to_owned())),
    );
    let error = mailer.send(&message(), within(PATIENT)).await.unwrap_err();
    let MailError::Unavailable(told) = &error else {
        panic!("{error:?}");
    };
    assert!(!told.contains("hush"), "{told}");
}
