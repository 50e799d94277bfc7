//! One request and its answer, within what is permitted.

use std::{error::Error, io, time::Duration};

use reqwest::{
    Response, Url,
    header::{HeaderMap, RETRY_AFTER},
};

use super::{
    Reach,
    address::is_public,
    clients::{ClientCertificate, Clients},
    resolver::Inside,
};
use crate::{
    adapters::{
        private_hosts::{PrivateHosts, literal},
        told,
    },
    ports::outgoing::{MAX_REPLY_OCTETS, Method, OutgoingError, Reply},
};

/// A request with everything that proves it.
pub(super) struct Message {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    pub(super) certificate: Option<ClientCertificate>,
    /// See [`Call::once`](crate::ports::outgoing::Call::once).
    pub(super) once: bool,
}

pub(super) struct Exchange {
    pub(super) private_hosts: PrivateHosts,
    pub(super) clients: Clients,
}

impl Exchange {
    /// Sends a message and reads the answer.
    pub(super) async fn send(&self, message: &Message) -> Result<Reply, OutgoingError> {
        let url = Url::parse(&message.url)
            .map_err(|_| OutgoingError::NotPermitted("its address is no URL".to_owned()))?;
        let reach = self.reach(&url)?;
        let client = self
            .clients
            .client(reach, message.certificate.as_ref(), message.once)?;
        let first = request(&client, message, &url).send().await;
        let answer = match first {
            // The other side may have closed a kept connection while Lambda had this instance frozen.
            Err(error) if !message.once && died_before_an_answer(&error) => {
                request(&client, message, &url).send().await
            }
            other => other,
        };
        match answer {
            Ok(response) => read(response, &url).await,
            Err(error) => Err(failure(&url, error)),
        }
    }

    fn reach(&self, url: &Url) -> Result<Reach, OutgoingError> {
        let host = host(url);
        if !self.private_hosts.permit_scheme_of(url) {
            return Err(OutgoingError::NotPermitted(format!(
                "`{host}` is called without HTTPS"
            )));
        }
        if self.private_hosts.names(url) {
            return Ok(Reach::Named);
        }
        match literal(url) {
            Some(address) if !is_public(address) => {
                Err(OutgoingError::NotPermitted(Inside(host).to_string()))
            }
            _ => Ok(Reach::Public),
        }
    }
}

fn request(client: &reqwest::Client, message: &Message, url: &Url) -> reqwest::RequestBuilder {
    let method = match message.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
    };
    let request = client
        .request(method, url.clone())
        .headers(message.headers.clone());
    match &message.body {
        Some(body) => request.body(body.clone()),
        None => request,
    }
}

async fn read(mut response: Response, url: &Url) -> Result<Reply, OutgoingError> {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| failure(url, error))?
    {
        if body.len() + chunk.len() > MAX_REPLY_OCTETS {
            return Err(OutgoingError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply {
        status,
        retry_after,
        body,
    })
}

/// RFC 9110 section 10.2.3; a moment instead of seconds says nothing without the other side's clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// The host and the fault, without the rest of the URL.
fn failure(url: &Url, error: reqwest::Error) -> OutgoingError {
    let error = error.without_url();
    if let Some(inside) = causes(&error).find_map(|cause| cause.downcast_ref::<Inside>()) {
        return OutgoingError::NotPermitted(inside.to_string());
    }
    let fault = format!("{}: {}", host(url), told(&error));
    if error.is_connect() {
        OutgoingError::Connection(fault)
    } else {
        OutgoingError::Broken(fault)
    }
}

/// Whether a connection that was made ended before the head of an answer was whole.
fn died_before_an_answer(error: &reqwest::Error) -> bool {
    !error.is_connect() && causes(error).any(is_end_of_connection)
}

fn is_end_of_connection(cause: &(dyn Error + 'static)) -> bool {
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return error.is_incomplete_message() || error.is_canceled() || error.is_closed();
    }
    cause.downcast_ref::<io::Error>().is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::UnexpectedEof
        )
    })
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}
