//! Amazon SES as far as sending a mail needs it: `SendEmail` of the API version 2. Whoever signs a request is believed.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderName, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{Content, MAX_MESSAGE_OCTETS, Refusal, address, mime};
use crate::Simulator;

/// How many recipients one mail can have.
const MAX_RECIPIENTS: usize = 50;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

pub(super) fn router() -> Router<Arc<Simulator>> {
    Router::new().route("/v2/email/outbound-emails", post(send_email))
}

/// The request body of `SendEmail`. Members that change nothing here, such as tags, are passed over.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: Option<String>,
    #[serde(default)]
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    content: EmailContent,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Destination {
    #[serde(rename = "ToAddresses")]
    to: Vec<String>,
    #[serde(rename = "CcAddresses")]
    cc: Vec<String>,
    #[serde(rename = "BccAddresses")]
    bcc: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EmailContent {
    simple: Option<Simple>,
    raw: Option<Raw>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Data,
    body: Body,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Data>,
    html: Option<Data>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Data {
    data: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    name: String,
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    /// Base64.
    data: String,
}

/// An error in the shape of the AWS JSON protocols: the type in a header, the message in the body.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl Failure {
    fn bad_request(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "BadRequestException",
            message: message.into(),
        }
    }

    fn rejected(message: impl Into<String>) -> Self {
        Self {
            kind: "MessageRejected",
            ..Self::bad_request(message)
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unavailable => Self {
                status: StatusCode::SERVICE_UNAVAILABLE,
                kind: "ServiceUnavailable",
                message: "Refused on purpose, try again later.".to_owned(),
            },
            Refusal::Throttled => Self {
                status: StatusCode::TOO_MANY_REQUESTS,
                kind: "TooManyRequestsException",
                message: "Maximum sending rate exceeded.".to_owned(),
            },
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = Json(json!({ "message": self.message }));
        (self.status, [(ERROR_TYPE, self.kind)], body).into_response()
    }
}

async fn send_email(
    State(sim): State<Arc<Simulator>>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let answer = match send(&sim, body).await {
        Ok(id) => Json(json!({ "MessageId": id })).into_response(),
        Err(failure) => failure.into_response(),
    };
    ([(REQUEST_ID, Uuid::new_v4().to_string())], answer).into_response()
}

async fn send(sim: &Simulator, body: Result<Bytes, BytesRejection>) -> Result<Uuid, Failure> {
    let body = body.map_err(|error| Failure::bad_request(error.body_text()))?;
    let content = content(&body)?;
    let faults = sim.faults.now().mail;
    Ok(sim.mail.take(content, &faults).await?)
}

fn content(body: &[u8]) -> Result<Content, Failure> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let request: SendEmail = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| Failure::bad_request(error.to_string()))?;
    let SendEmail {
        from_email_address: from,
        destination,
        reply_to_addresses,
        content,
    } = request;
    let content = match (content.simple, content.raw) {
        (Some(simple), None) => {
            let source = String::from_utf8_lossy(body).into_owned();
            simple_content(simple, &destination, &reply_to_addresses, source)
        }
        (None, Some(raw)) => raw_content(&raw),
        _ => Err(Failure::bad_request(
            "Content: expected either `Simple` or `Raw`.",
        )),
    }?;
    checked(addressed(content, from, &destination))
}

fn simple_content(
    simple: Simple,
    destination: &Destination,
    reply_to: &[String],
    source: String,
) -> Result<Content, Failure> {
    if simple.body.text.is_none() && simple.body.html.is_none() {
        return Err(Failure::bad_request(
            "Content.Simple.Body: expected `Text` or `Html`.",
        ));
    }
    let lists = [
        ("To", destination.to.as_slice()),
        ("Cc", &destination.cc),
        ("Bcc", &destination.bcc),
        ("Reply-To", reply_to),
    ];
    let addresses = lists.into_iter().filter(|(_, list)| !list.is_empty());
    let addresses = addresses.map(|(name, list)| (name.to_owned(), list.join(", ")));
    let further = simple
        .headers
        .into_iter()
        .map(|header| (header.name, header.value));
    Ok(Content {
        subject: simple.subject.data,
        text: simple.body.text.map(|text| text.data),
        html: simple.body.html.map(|html| html.data),
        headers: addresses.chain(further).collect(),
        source: Some(source),
        ..Content::default()
    })
}

fn raw_content(raw: &Raw) -> Result<Content, Failure> {
    let source = BASE64_STANDARD
        .decode(&raw.data)
        .map_err(|error| Failure::bad_request(format!("Content.Raw.Data: {error}")))?;
    if source.len() > MAX_MESSAGE_OCTETS {
        let message = format!("Message length is more than {MAX_MESSAGE_OCTETS} bytes long.");
        return Err(Failure::rejected(message));
    }
    mime::read(&source).ok_or_else(|| Failure::rejected("The message has no headers."))
}

/// What the request says about sender and recipients counts; a raw message may say it alone.
fn addressed(mut content: Content, from: Option<String>, destination: &Destination) -> Content {
    if let Some(from) = from {
        content.from = from;
    }
    let Destination { to, cc, bcc } = destination;
    let named: Vec<String> = [to, cc, bcc]
        .into_iter()
        .flatten()
        .map(|text| address::without_name(text).to_owned())
        .collect();
    if !named.is_empty() {
        content.to = named;
    }
    content
}

fn checked(content: Content) -> Result<Content, Failure> {
    if content.to.is_empty() {
        return Err(Failure::bad_request(
            "Destination: expected at least one address.",
        ));
    }
    if content.to.len() > MAX_RECIPIENTS {
        let message = format!("Recipient count exceeds {MAX_RECIPIENTS}.");
        return Err(Failure::rejected(message));
    }
    let sender = address::without_name(&content.from);
    let mut addresses = std::iter::once(sender).chain(content.to.iter().map(String::as_str));
    if let Some(wrong) = addresses.find(|address| !address::is_mailbox(address)) {
        return Err(Failure::bad_request(format!("Illegal address: `{wrong}`.")));
    }
    Ok(content)
}
