//! Events of an HTTP API, payload format 2.0, with every field that API Gateway sends.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::world::Login;

/// Where the connectors' requests seem to come from (a documentation range).
const SOURCE_IP: &str = "203.0.113.77";

/// What the platform says of the time that a request has.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PlatformDeadline {
    In(Duration),
    /// The header's text, as it is.
    Literally(&'static str),
}

/// One request, before it becomes an event.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Option<Vec<u8>>,
    base64: bool,
    certificate: Option<Value>,
    pub(crate) platform_deadline: PlatformDeadline,
}

impl Event {
    /// A request as Entra sends it, without a credential.
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let headers = [
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("host", "sign-up.example.com"),
            ("user-agent", "Azure-AD-API-Connector"),
            (
                "x-amzn-trace-id",
                "Root=1-5f4c1f2e-3d1f6d0d4bd5e2a1c9d8e7f6",
            ),
            ("x-forwarded-for", SOURCE_IP),
            ("x-forwarded-port", "443"),
            ("x-forwarded-proto", "https"),
        ];
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            body: None,
            base64: false,
            certificate: None,
            platform_deadline: PlatformDeadline::In(Duration::from_secs(5)),
        }
    }

    pub(crate) fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    /// A body as it is; one that is not UTF-8 goes into the event in Base64.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        self.base64 = std::str::from_utf8(&body).is_err();
        self.body = Some(body);
        self
    }

    pub(crate) fn base64(mut self) -> Self {
        self.base64 = true;
        self
    }

    pub(crate) fn without_body(mut self) -> Self {
        self.body = None;
        self
    }

    /// Names in lower case, as API Gateway passes them on.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .insert(name.to_ascii_lowercase(), value.to_owned());
        self
    }

    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub(crate) fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    pub(crate) fn basic(self, login: &Login) -> Self {
        let Login {
            username, password, ..
        } = login;
        let credential = STANDARD.encode(format!("{username}:{password}"));
        self.header("authorization", &format!("Basic {credential}"))
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// The client certificate that the TLS layer verified.
    pub(crate) fn certificate(mut self, pem: &str) -> Self {
        self.certificate = Some(json!({
            "clientCertPem": pem,
            "subjectDN": "CN=as API Gateway reads it",
            "issuerDN": "CN=as API Gateway reads it",
            "serialNumber": "a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1",
            "validity": {
                "notBefore": "May 28 12:30:02 2019 GMT",
                "notAfter": "Aug  5 09:36:04 2021 GMT",
            },
        }));
        self
    }

    pub(crate) fn deadline(mut self, deadline: PlatformDeadline) -> Self {
        self.platform_deadline = deadline;
        self
    }

    pub(crate) fn to_json(&self) -> Value {
        let segments: Vec<&str> = self.path.split('/').skip(1).collect();
        let (route_key, path_parameters) = match segments.as_slice() {
            [folder, user_flow, step] => (
                format!("ANY /{folder}/{{user_flow}}/{step}"),
                Some(json!({ "user_flow": user_flow })),
            ),
            _ => (format!("ANY {}", self.path), None),
        };
        let mut headers = self.headers.clone();
        if let Some(body) = &self.body {
            headers
                .entry("content-length".to_owned())
                .or_insert_with(|| body.len().to_string());
        }
        let mut context = json!({
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "sign-up.example.com",
            "domainPrefix": "sign-up",
            "http": {
                "method": self.method,
                "path": self.path,
                "protocol": "HTTP/1.1",
                "sourceIp": SOURCE_IP,
                "userAgent": headers.get("user-agent"),
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route_key,
            "stage": "$default",
            "time": "21/Nov/2026:09:03:58 +0000",
            "timeEpoch": 1_795_251_838_390_i64,
        });
        if let (Some(certificate), Value::Object(context)) = (&self.certificate, &mut context) {
            context.insert(
                "authentication".to_owned(),
                json!({ "clientCert": certificate }),
            );
        }
        let mut event = json!({
            "version": "2.0",
            "routeKey": route_key,
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": headers,
            "requestContext": context,
            "isBase64Encoded": self.base64,
        });
        let Value::Object(members) = &mut event else {
            unreachable!()
        };
        if !self.query.is_empty() {
            let parameters: Map<String, Value> = self
                .query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), json!(value)))
                .collect();
            members.insert(
                "queryStringParameters".to_owned(),
                Value::Object(parameters),
            );
        }
        if let Some(parameters) = path_parameters {
            members.insert("pathParameters".to_owned(), parameters);
        }
        if let Some(body) = &self.body {
            let text = if self.base64 {
                STANDARD.encode(body)
            } else {
                String::from_utf8(body.clone()).unwrap()
            };
            members.insert("body".to_owned(), json!(text));
        }
        event
    }

    /// What must never stand in a log line about this request: the credential, the source, and every
    /// text of the body that is more than a word of the contract.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets = vec![SOURCE_IP.to_owned()];
        if let Some((_, credential)) = self
            .headers
            .get("authorization")
            .and_then(|header| header.split_once(' '))
        {
            secrets.push(credential.to_owned());
            if let Some((_, password)) = STANDARD
                .decode(credential)
                .ok()
                .and_then(|octets| String::from_utf8(octets).ok())
                .as_deref()
                .and_then(|text| text.split_once(':'))
            {
                secrets.push(password.to_owned());
            }
        }
        if let Some(body) = &self.body
            && let Ok(body) = serde_json::from_slice::<Value>(body)
        {
            texts(&body, &mut secrets);
        }
        secrets.retain(|secret| secret.len() >= 6 && !is_guid(secret));
        secrets
    }
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_guid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}
