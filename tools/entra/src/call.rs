//! Calls to the deployment: time-outs, one retry with the same content, faults on purpose.

#[cfg(test)]
mod tests;

use std::{
    error::Error,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::future::{Either, select};
use reqwest::{
    Method, Request, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderValue},
};

use crate::{
    StartError,
    config::{Authentication, Endpoint},
    exchange::{Exchange, Outcome, Response},
    faults::{CallFaults, FirstAttempt},
    model::Step,
};

/// Largest body of an answer that is read.
pub const MAX_ANSWER_OCTETS: usize = 1024 * 1024;

/// As long as the slowest caller waits (PROTOCOL 1.4); the time-out of an endpoint covers connecting too.
const CONNECT_TIME_OUT: Duration = Duration::from_secs(20);

/// The client of all calls.
#[derive(Debug)]
pub struct Caller {
    client: reqwest::Client,
}

impl Caller {
    pub fn new() -> Result<Self, StartError> {
        Self::of(client_builder())
    }

    /// One that shows a client certificate (PROTOCOL 2.2): its chain and its private key, in PEM.
    pub fn with_certificate(pem: &[u8]) -> Result<Self, StartError> {
        let identity = reqwest::Identity::from_pem(pem);
        let identity = identity.map_err(|error| StartError::Client(problem(error)))?;
        Self::of(client_builder().identity(identity))
    }

    fn of(client: reqwest::ClientBuilder) -> Result<Self, StartError> {
        let client = client.build();
        let client = client.map_err(|error| StartError::Client(problem(error)))?;
        Ok(Self { client })
    }

    /// Sends the body until there is an answer or no attempt is left; the last exchange is the one that counts.
    /// `token` is the bearer of an endpoint that is called with one.
    pub async fn call(
        &self,
        step: Step,
        endpoint: &Endpoint,
        token: Option<&str>,
        body: String,
        faults: &CallFaults,
    ) -> Vec<Exchange> {
        let call = Call {
            client: &self.client,
            step,
            endpoint,
            content: content(endpoint, token, &body),
            body,
            faults,
        };
        let mut exchanges = Vec::new();
        for attempt in 1..=endpoint.retries.saturating_add(1) {
            exchanges.extend(call.attempt(attempt).await);
            let last = exchanges.last().map(|exchange| &exchange.outcome);
            if matches!(last, Some(Outcome::Answered(_))) {
                break;
            }
        }
        exchanges
    }
}

/// A client that does what it is told and nothing by itself.
pub(crate) fn client_builder() -> reqwest::ClientBuilder {
    // `ring` for the whole process; an error means that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .connect_timeout(CONNECT_TIME_OUT)
        // Each attempt is one request on a connection of its own: nothing is repeated behind our back.
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
}

/// What each attempt sends, or why nothing can be sent.
type Content = Result<(Url, HeaderMap), String>;

/// Every header that goes on the wire, so that what is recorded is what was sent.
fn content(endpoint: &Endpoint, token: Option<&str>, body: &str) -> Content {
    let url = Url::parse(&endpoint.url).map_err(|error| format!("the URL: {error}"))?;
    let host = url.host_str().ok_or("the URL names no host")?;
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let authorization = match (&endpoint.authentication, token) {
        (Authentication::Basic { username, password }, _) => {
            let credential = BASE64_STANDARD.encode(format!("{username}:{password}"));
            Some(format!("Basic {credential}"))
        }
        (Authentication::Bearer, Some(token)) => Some(format!("Bearer {token}")),
        (Authentication::Bearer, None) | (Authentication::None, _) => None,
    };
    let mut headers = HeaderMap::new();
    headers.insert(HOST, value(&host)?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    if let Some(authorization) = authorization {
        headers.insert(AUTHORIZATION, value(&authorization)?);
    }
    // The client adds it otherwise.
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    Ok((url, headers))
}

fn value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|error| format!("a header: {error}"))
}

/// One call and what is to go wrong with it.
struct Call<'c> {
    client: &'c reqwest::Client,
    step: Step,
    endpoint: &'c Endpoint,
    content: Content,
    body: String,
    faults: &'c CallFaults,
}

impl Call<'_> {
    async fn attempt(&self, attempt: u8) -> Vec<Exchange> {
        let fate = match attempt {
            1 => self.faults.first_attempt,
            _ => FirstAttempt::Sent,
        };
        if fate == FirstAttempt::Dropped {
            return vec![self.dropped(attempt)];
        }
        let mut exchanges = if self.faults.twice {
            self.twice(attempt).await
        } else {
            vec![self.exchange(attempt).await]
        };
        if fate == FirstAttempt::AnswerLost {
            exchanges.iter_mut().for_each(lose);
        }
        exchanges
    }

    fn dropped(&self, attempt: u8) -> Exchange {
        let problem = "the connection broke before anything was sent".to_owned();
        Exchange {
            injected: Some("the request was dropped: it was never sent".to_owned()),
            ..self.record(attempt, Outcome::Unreachable { problem }, Duration::ZERO)
        }
    }

    /// Two requests at once. The first answer counts and so stands last.
    async fn twice(&self, attempt: u8) -> Vec<Exchange> {
        let duplicate = async {
            let mut exchange = self.exchange(attempt).await;
            let duplicate = "a duplicate of the request, sent at the same time";
            exchange.injected = Some(join(exchange.injected.take(), duplicate));
            exchange
        };
        let both = select(Box::pin(self.exchange(attempt)), Box::pin(duplicate)).await;
        let (first, second) = match both {
            Either::Left((first, other)) => (first, other.await),
            Either::Right((first, other)) => (first, other.await),
        };
        let answered = |exchange: &Exchange| matches!(exchange.outcome, Outcome::Answered(_));
        if answered(&second) && !answered(&first) {
            vec![first, second]
        } else {
            vec![second, first]
        }
    }

    async fn exchange(&self, attempt: u8) -> Exchange {
        let start = Instant::now();
        let time_out = self.endpoint.time_out;
        let outcome = match tokio::time::timeout(time_out, self.send()).await {
            Ok(Ok(response)) => Outcome::Answered(response),
            Ok(Err(problem)) => Outcome::Unreachable { problem },
            Err(_) => Outcome::TimedOut { after: time_out },
        };
        let delay = self.faults.delay;
        let held = format!("the request was held back for {} ms", delay.as_millis());
        Exchange {
            injected: (!delay.is_zero()).then_some(held),
            ..self.record(attempt, outcome, start.elapsed())
        }
    }

    async fn send(&self) -> Result<Response, String> {
        tokio::time::sleep(self.faults.delay).await;
        let (url, headers) = self.content.clone()?;
        let mut request = Request::new(Method::POST, url);
        *request.headers_mut() = headers;
        *request.body_mut() = Some(self.body.clone().into());
        let sent = self.client.execute(request).await;
        match sent {
            Ok(answer) => read(answer).await.map_err(problem),
            Err(error) => Err(problem(error)),
        }
    }

    fn record(&self, attempt: u8, outcome: Outcome, elapsed: Duration) -> Exchange {
        let headers = self.content.as_ref().map(|(_, headers)| text(headers));
        Exchange {
            step: self.step,
            attempt,
            url: self.endpoint.url.clone(),
            request_headers: headers.unwrap_or_default(),
            request_body: self.body.clone(),
            outcome,
            elapsed,
            injected: None,
        }
    }
}

/// The whole answer, as far as it is read at all.
async fn read(mut answer: reqwest::Response) -> Result<Response, reqwest::Error> {
    let status = answer.status().as_u16();
    let headers = text(answer.headers());
    let mut body = Vec::new();
    while body.len() <= MAX_ANSWER_OCTETS
        && let Some(chunk) = answer.chunk().await?
    {
        body.extend_from_slice(&chunk);
    }
    let truncated = body.len() > MAX_ANSWER_OCTETS;
    body.truncate(MAX_ANSWER_OCTETS);
    Ok(Response {
        status,
        headers,
        body,
        truncated,
    })
}

fn text(headers: &HeaderMap) -> Vec<(String, String)> {
    let all = headers.iter();
    all.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), value.into_owned())
    })
    .collect()
}

/// An error with all that caused it: "connection refused" stands at the very end.
pub(crate) fn problem(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Takes the answer away, if there is one.
fn lose(exchange: &mut Exchange) {
    if let Outcome::Answered(response) = &exchange.outcome {
        let status = response.status;
        let lost =
            format!("the request was answered with HTTP status {status}, and the answer lost");
        exchange.injected = Some(join(exchange.injected.take(), &lost));
        exchange.outcome = Outcome::Unreachable {
            problem: "the connection broke before the answer was there".to_owned(),
        };
    }
}

fn join(injected: Option<String>, also: &str) -> String {
    match injected {
        Some(injected) => format!("{injected}; {also}"),
        None => also.to_owned(),
    }
}
