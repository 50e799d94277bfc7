//! Requests of Entra's as Lambda gets them from an HTTP API, payload format 2.0.

use serde_json::{Value, json};

/// Where those work who sign up.
pub(crate) const DOMAIN: &str = "fabrikam.onmicrosoft.com";

/// The requests of one step, each of somebody else.
#[derive(Debug, Clone)]
pub(crate) struct Requests {
    pub(crate) path: String,
    pub(crate) authorization: String,
    pub(crate) body: Value,
}

impl Requests {
    pub(crate) fn event(&self, number: usize) -> String {
        let mut body = self.body.clone();
        if let Some(members) = body.as_object_mut() {
            let address = format!("person-{number}@{DOMAIN}");
            members.insert("email".to_owned(), address.into());
        }
        let body = body.to_string();
        let route = format!("ANY {}", self.path);
        let context = json!({
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "sign-up.example.com",
            "domainPrefix": "sign-up",
            "http": {
                "method": "POST",
                "path": self.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.77",
                "userAgent": "Azure-AD-API-Connector",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route,
            "stage": "$default",
            "time": "22/Nov/2026:09:03:58 +0000",
            "timeEpoch": 1_795_338_238_390_i64,
        });
        let event = json!({
            "version": "2.0",
            "routeKey": route,
            "rawPath": self.path,
            "rawQueryString": "",
            "headers": {
                "accept": "application/json",
                "authorization": self.authorization,
                "content-length": body.len().to_string(),
                "content-type": "application/json",
                "host": "sign-up.example.com",
                "user-agent": "Azure-AD-API-Connector",
                "x-amzn-trace-id": "Root=1-5f4c1f2e-3d1f6d0d4bd5e2a1c9d8e7f6",
                "x-forwarded-for": "203.0.113.77",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https",
            },
            "requestContext": context,
            "isBase64Encoded": false,
            "body": body,
        });
        event.to_string()
    }
}
