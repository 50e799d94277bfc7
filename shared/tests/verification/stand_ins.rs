//! The providers, as their samples and documents describe them. What they check is what a genuine one would refuse; the
//! person's name or the token says which of the documented answers comes.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use ring::hmac;
use serde_json::{Value, json};

use crate::{
    fixture,
    loopback::{Answer, Received},
};

const XML: &str = "text/xml";
const JSON: &str = "application/json";

fn form(received: &Received) -> Option<BTreeMap<String, String>> {
    let is_form = received.method == "POST"
        && received.header("content-type") == "application/x-www-form-urlencoded";
    is_form.then(|| {
        form_urlencoded::parse(&received.body)
            .into_owned()
            .collect()
    })
}

fn json(received: &Received) -> Option<Value> {
    let is_json = received.method == "POST" && received.header("content-type") == JSON;
    is_json
        .then(|| serde_json::from_slice(&received.body).ok())
        .flatten()
}

fn bad_request() -> Answer {
    (400, "text/plain", b"bad request".to_vec())
}

/// `ExpectID`: needs a login, a name and an address.
pub(crate) fn idology(received: &Received) -> Answer {
    let Some(form) = form(received) else {
        return bad_request();
    };
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let answer = if (field("username"), field("password")) != ("idology-user", "p&ss=wörd") {
        "login"
    } else if field("invoice").is_empty()
        || field("firstName") != "Zoë"
        || field("address") != "1 Main Street"
    {
        "error"
    } else {
        match field("lastName") {
            "Failure" => "failure",
            "Partial" => "partial",
            "Restricted" => "restricted",
            "Located" => "located",
            "Remarks" => "remarks",
            "Nobody" => "not-located",
            "Failed" => "failed",
            _ => "success",
        }
    };
    (200, XML, fixture(&format!("idology-{answer}.xml")))
}

/// `CrossCore`: needs the tenant, the signature and a name.
pub(crate) fn experian(received: &Received) -> Answer {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"experian-hmac-key");
    let is_signed = BASE64_STANDARD
        .decode(received.header("hmac-signature"))
        .is_ok_and(|signature| hmac::verify(&key, &received.body, &signature).is_ok());
    if !is_signed {
        return (401, JSON, br#"{"message": "Invalid signature"}"#.to_vec());
    }
    let Some(request) = json(received) else {
        return bad_request();
    };
    let surname = request["payload"]["contacts"][0]["person"]["names"][0]["surName"].as_str();
    let answer = match surname {
        _ if request["header"]["tenantId"] != "tenant-1" => fixture("experian-error.json"),
        None | Some("Error") => fixture("experian-error.json"),
        Some("Warn") => fixture("experian-warn.json"),
        Some("Null") => fixture("experian-no-decision-made.json"),
        Some(decision) => text("experian-continue.json")
            .replace("CONTINUE", &decision.to_uppercase())
            .into_bytes(),
    };
    (200, JSON, answer)
}

/// Version 4, and version 3 for the tokens that are called so.
pub(crate) fn arkose(received: &Received) -> Answer {
    let request = json(received).unwrap_or_default();
    if request["private_key"] != "arkose-key" {
        return (400, JSON, fixture("arkose-denied.json"));
    }
    match request["session_token"].as_str() {
        Some("solved") => (200, JSON, fixture("arkose-solved.json")),
        Some("unsolved") => (200, JSON, fixture("arkose-unsolved.json")),
        Some("legit-v3") => (200, JSON, fixture("arkose-v3-legit.json")),
        Some("not-legit-v3") => (200, JSON, fixture("arkose-v3-not-legit.json")),
        Some("error") => (200, JSON, fixture("arkose-error.json")),
        _ => (400, JSON, fixture("arkose-denied.json")),
    }
}

pub(crate) fn recaptcha(received: &Received) -> Answer {
    let Some(form) = form(received) else {
        return (200, JSON, fixture("recaptcha-bad-request.json"));
    };
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let answer = match (field("secret"), field("response")) {
        ("", _) => "missing-input-secret",
        ("recaptcha-key", "") => "missing-input-response",
        ("recaptcha-key", "v2") => "v2",
        ("recaptcha-key", "v3") => "v3",
        ("recaptcha-key", "low") => "low",
        ("recaptcha-key", "elsewhere") => "elsewhere",
        ("recaptcha-key", "used") => "timeout-or-duplicate",
        ("recaptcha-key", "bad") => "bad-request",
        ("recaptcha-key", _) => "invalid-input-response",
        _ => "invalid-input-secret",
    };
    (200, JSON, fixture(&format!("recaptcha-{answer}.json")))
}

/// A JSON API of nobody's: the name of the person comes back as the decision.
pub(crate) fn http(received: &Received) -> Answer {
    let decision = match received.method.as_str() {
        "GET" if received.header("accept") == JSON => received
            .path
            .split_once("?name=")
            .map(|(_, name)| Value::from(name)),
        _ => json(received).map(|request| request["person"]["name"].clone()),
    };
    let answer = json!({"result": {"decision": decision}, "id": 4711});
    (200, JSON, answer.to_string().into_bytes())
}

fn text(name: &str) -> String {
    String::from_utf8(fixture(name)).unwrap()
}
