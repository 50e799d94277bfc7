//! Group K of Microsoft's contract: what Graph is asked for an approved request, call by call.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use shared::{
    adapters::graph::{Graph, GraphSettings},
    app::provisioning::{Outcome, Provisioning, Settings},
    domain::approval::{Applicant, Applied, AppliedIdentity},
    ports::{
        Deadline,
        outgoing::{Call, Method, Outgoing, OutgoingError, Reply},
    },
};

use crate::world::{AT_ONCE, Requests};

#[tokio::test]
async fn every_case_of_the_contract_holds() {
    let cases = cases();
    assert!(cases.len() >= 7, "only {} cases", cases.len());
    let mut failures = Vec::new();
    for (name, case) in cases {
        if let Err(problem) = run(&case).await {
            failures.push(format!("{name}: {problem}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn cases() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases");
    let files = std::fs::read_dir(folder).unwrap().map(|file| {
        let file = file.unwrap();
        let case = serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap();
        (file.file_name().into_string().unwrap(), case)
    });
    files
        .filter(|(_, case): &(_, Value)| case["surface"] == "graph-provisioning")
        .collect()
}

async fn run(case: &Value) -> Result<(), String> {
    let (given, expected) = (&case["given"], &case["expected"]);
    let script = Arc::new(Script {
        expected: expected["outbound"].as_array().unwrap().clone(),
        calls: Mutex::default(),
    });
    let settings = GraphSettings {
        url: "https://graph.microsoft.com/v1.0".to_owned(),
        token_url: String::new(),
        scope: String::new(),
        secret: String::new(),
    };
    let requests = Requests::new().await;
    let graph = Graph::new(Arc::clone(&script) as _, settings);
    let redirect = given["redirect_url"].as_str().unwrap_or_default();
    let provisioning = Provisioning {
        settings: Settings::of(given["tenant"].as_str().unwrap(), redirect),
        ..requests.provisioning(Arc::new(graph), AT_ONCE)
    };
    let applicant = applicant(given["approved_record"].as_object().unwrap());
    let id = requests.approved(&applicant).await;
    let outcome = provisioning.provision(&id).await;
    script.compare()?;
    let request = requests.request(&id).await;
    match (expected["state"].as_str(), outcome.unwrap()) {
        (Some("failed"), Outcome::Failed(reason)) => {
            let part = expected["operator_message_contains"].as_str().unwrap();
            let shows_nobody = !reason.contains(&applicant.addresses[0]);
            let is_told = request.failure.as_ref() == Some(&reason) && reason.contains(part);
            (is_told && shows_nobody).then_some(()).ok_or(reason)
        }
        (Some("provisioned") | None, Outcome::Provisioned(account)) => {
            let is_kept = request.account.as_ref() == Some(&account.0);
            is_kept.then_some(()).ok_or("no account".to_owned())
        }
        (state, outcome) => Err(format!("{outcome:?}, expected {state:?}")),
    }
}

/// As the sign-up would have stored it; every other member is an attribute, even those that may not be passed on.
fn applicant(record: &Map<String, Value>) -> Applicant {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let identities = record.get("identities").and_then(Value::as_array);
    let identities = identities.into_iter().flatten();
    let identities = identities.map(|identity| AppliedIdentity {
        issuer: text(&identity["issuer"]),
        subject: Some(text(&identity["issuerAssignedId"])),
    });
    let others = record.iter().filter(|(name, _)| *name != "identities");
    let attributes = others.map(|(name, value)| {
        let value = match value {
            Value::String(text) => Applied::Text(text.clone()),
            Value::Bool(flag) => Applied::Flag(*flag),
            Value::Number(number) => Applied::Number(number.as_i64().unwrap()),
            other => panic!("no attribute: {other}"),
        };
        (name.clone(), value)
    });
    Applicant {
        addresses: vec![text(&record["email"])],
        identities: identities.collect(),
        attributes: attributes.collect(),
        languages: Vec::new(),
    }
}

/// Answers call after call as the case says, and remembers them.
struct Script {
    expected: Vec<Value>,
    calls: Mutex<Vec<Call>>,
}

#[async_trait]
impl Outgoing for Script {
    async fn call(&self, call: &Call, _: Deadline) -> Result<Reply, OutgoingError> {
        let mut calls = self.calls.lock().unwrap();
        let answer = self.expected.get(calls.len()).map(|one| &one["respond"]);
        calls.push(call.clone());
        let usual =
            json!({ "status": 201, "body": { "id": "00aa00aa-bb11-cc22-dd33-44ee44ee44ee" } });
        let answer = answer.filter(|answer| answer.is_object()).unwrap_or(&usual);
        Ok(Reply {
            status: u16::try_from(answer["status"].as_u64().unwrap()).unwrap(),
            retry_after: None,
            body: answer["body"].to_string().into_bytes(),
        })
    }
}

impl Script {
    fn compare(&self) -> Result<(), String> {
        let calls = self.calls.lock().unwrap();
        if calls.len() != self.expected.len() {
            return Err(format!("{} calls", calls.len()));
        }
        let mut pairs = calls.iter().zip(&self.expected);
        pairs.try_for_each(|(call, expected)| compare(call, expected))
    }
}

fn compare(call: &Call, expected: &Value) -> Result<(), String> {
    let method = match call.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Patch => "PATCH",
    };
    let url = &expected["url"];
    let part = expected["url_contains"].as_str().unwrap_or_default();
    if expected["method"] != method
        || !call.url.contains(part)
        || !(url.is_null() || *url == call.url)
    {
        return Err(format!("{method} {}", call.url));
    }
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        let mut headers = call.headers.iter();
        if !headers.any(|(known, its)| known.eq_ignore_ascii_case(name) && *value == **its) {
            return Err(format!("no header {name}: {value}"));
        }
    }
    let body = call.body.as_deref().unwrap_or(b"null");
    let body: Value = serde_json::from_slice(body).unwrap();
    for (name, value) in expected["body_contains"].as_object().into_iter().flatten() {
        if body[name] != *value {
            return Err(format!("{name} is {}, expected {value}", body[name]));
        }
    }
    let absent = expected["body_absent"].as_array().into_iter().flatten();
    match absent
        .map(|name| name.as_str().unwrap())
        .find(|name| body.get(name).is_some())
    {
        Some(name) => Err(format!("{name} is in the body")),
        None => Ok(()),
    }
}
