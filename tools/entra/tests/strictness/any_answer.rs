//! Whatever comes back: it is judged without a panic, and understood only if it has an action of its step.

use local_entra::{
    connector,
    exchange::{Outcome, Response},
    extension,
    model::{Person, Provider, Step, WireForm},
    verdict::{Answer, Judgement},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::flows::{facts, flow, json as answered};

const FLOWS: [&str; 4] = ["workforce", "b2c", "b2c-mapped", "external"];

/// Names that mean something somewhere, so that chance comes across them.
const NAMES: [&str; 16] = [
    "version",
    "action",
    "status",
    "userMessage",
    "data",
    "actions",
    "@odata.type",
    "claims",
    "inputs",
    "attributes",
    "attributeErrors",
    "message",
    "title",
    "city",
    "companyName",
    "extension_Age",
];

const TEXTS: [&str; 17] = [
    "",
    "1.0.0",
    "400",
    "Continue",
    "ShowBlockPage",
    "ValidationError",
    "Allow",
    "continue",
    "microsoft.graph.onAttributeCollectionStartResponseData",
    "microsoft.graph.onAttributeCollectionSubmitResponseData",
    "microsoft.graph.onTokenIssuanceStartResponseData",
    "microsoft.graph.OnOtpSendResponseData",
    "microsoft.graph.attributeCollectionStart.continueWithDefaultBehavior",
    "microsoft.graph.attributeCollectionStart.setPrefillValues",
    "microsoft.graph.attributeCollectionSubmit.showValidationError",
    "microsoft.graph.tokenIssuanceStart.provideClaimsForToken",
    "microsoft.graph.OtpSend.continueWithDefaultBehavior",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(&TEXTS[..]).prop_map(str::to_owned),
        1 => ".*",
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
        1 => ".*",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        Just(json!(400)),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            object(inner).prop_map(Value::from),
        ]
    })
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(name(), value, 0..8).prop_map(|map| map.into_iter().collect())
}

fn outcome(body: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Outcome> {
    let status = prop_oneof![4 => Just(200), 4 => Just(400), 1 => any::<u16>()];
    let content_type = prop_oneof![8 => Just("application/json".to_owned()), 1 => ".*"];
    (status, content_type, body, prop::bool::weighted(0.1)).prop_map(
        |(status, content_type, body, truncated)| {
            Outcome::Answered(Response {
                status,
                headers: vec![("Content-Type".to_owned(), content_type)],
                body,
                truncated,
            })
        },
    )
}

fn place() -> impl Strategy<Value = (&'static str, Step)> {
    (
        prop::sample::select(&FLOWS[..]),
        prop::sample::select(&Step::ALL[..]),
    )
}

/// What the body must say for the answer to be understood.
fn connector_action(body: &Value) -> Option<&str> {
    body.get("version")?.as_str()?;
    body.get("action")?.as_str()
}

fn extension_action(body: &Value) -> Option<&str> {
    let actions = body.get("data")?.get("actions")?.as_array()?;
    let [action] = actions.as_slice() else {
        return None;
    };
    action.get("@odata.type")?.as_str()
}

fn response(outcome: &Outcome) -> &Response {
    match outcome {
        Outcome::Answered(response) => response,
        other => panic!("{other:?}"),
    }
}

fn assert_only_a_valid_connector_action_counts(
    outcome: &Outcome,
    step: Step,
    judgement: &Judgement,
) {
    let Ok(answer) = &judgement.verdict else {
        return;
    };
    let response = response(outcome);
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    let action = connector_action(&body).unwrap();
    let expected = match answer {
        Answer::Continue(_) if step == Step::BeforeToken => {
            action == "Continue" || action == "ShowBlockPage"
        }
        Answer::Continue(_) => action == "Continue",
        Answer::Block { .. } => action == "ShowBlockPage",
        Answer::Invalid { .. } => action == "ValidationError" && step == Step::BeforeCreatingUser,
    };
    assert!(expected, "{action} became {answer:?}");
    let status = if action == "ValidationError" {
        400
    } else {
        200
    };
    assert_eq!(response.status, status);
    assert!(!response.truncated);
}

fn assert_only_a_valid_extension_action_counts(
    outcome: &Outcome,
    step: Step,
    judgement: &Judgement,
) {
    let Ok(answer) = &judgement.verdict else {
        return;
    };
    let response = response(outcome);
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    let action = extension_action(&body).unwrap();
    let event = match step {
        Step::AfterFederation => "attributeCollectionStart",
        Step::BeforeCreatingUser => "attributeCollectionSubmit",
        Step::BeforeToken => "tokenIssuanceStart",
        Step::OtpSend => "OtpSend",
    };
    let kinds: &[&str] = match answer {
        Answer::Continue(_) => &[
            "continueWithDefaultBehavior",
            "setPrefillValues",
            "modifyAttributeValues",
            "provideClaimsForToken",
        ],
        Answer::Block { .. } => &["showBlockPage"],
        Answer::Invalid { .. } => &["showValidationError"],
    };
    let names = kinds
        .iter()
        .map(|kind| format!("microsoft.graph.{event}.{kind}"));
    assert!(
        names
            .into_iter()
            .any(|name| name.eq_ignore_ascii_case(action)),
        "{action}"
    );
    assert_eq!(response.status, 200);
    assert!(!response.truncated);
}

fn judge_both(outcome: &Outcome, (flow_id, step): (&str, Step)) {
    let flow = flow(flow_id);
    let judgement = connector::judge(flow, step, outcome);
    assert_only_a_valid_connector_action_counts(outcome, step, &judgement);
    let judgement = extension::judge(flow, step, outcome);
    assert_only_a_valid_extension_action_counts(outcome, step, &judgement);
}

proptest! {
    #[test]
    fn octets(
        outcome in outcome(prop::collection::vec(any::<u8>(), 0..200)),
        place in place(),
    ) {
        judge_both(&outcome, place);
    }

    #[test]
    fn any_json(outcome in outcome(value().prop_map(|value| value.to_string().into_bytes())), place in place()) {
        judge_both(&outcome, place);
    }

    #[test]
    fn objects_that_are_nearly_a_connectors_answer(
        rest in object(value()),
        action in text(),
        status in prop_oneof![Just(200), Just(400)],
        place in place(),
    ) {
        let mut body = rest;
        body.insert("version".to_owned(), json!("1.0.0"));
        body.insert("action".to_owned(), json!(action));
        judge_both(&answered(status, &Value::from(body).to_string()), place);
    }

    #[test]
    fn objects_that_are_nearly_an_extensions_answer(
        rest in object(value()),
        data in text(),
        action in text(),
        place in place(),
    ) {
        let mut members = rest;
        members.insert("@odata.type".to_owned(), json!(action));
        let body = json!({ "data": { "@odata.type": data, "actions": [members] } });
        judge_both(&answered(200, &body.to_string()), place);
    }

    /// A claim without a value is left out of a request, in every form of it.
    #[test]
    fn requests_have_no_blank_and_no_null(
        texts in prop::array::uniform5(prop_oneof![Just(String::new()), ".*"]),
        provider in prop::sample::select(&Provider::ALL[..]),
        attributes in prop::collection::btree_map(name(), prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text().prop_map(Value::from),
        ], 0..8),
        form in prop::sample::select(&WireForm::ALL[..]),
        (flow_id, step) in place(),
    ) {
        let [email, subject, display_name, given_name, surname] = texts;
        let person = Person { provider, email, subject, display_name, given_name, surname };
        let facts = local_entra::facts::Facts { form, ..facts(flow(flow_id), step, &person, &attributes) };
        let body = if flow(flow_id).kind.calls_extensions() {
            extension::request(&facts)
        } else {
            connector::request(&facts)
        };
        let value: Value = serde_json::from_str(&body).unwrap();
        prop_assert!(has_only_values(&value), "{}", body);
    }
}

fn has_only_values(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().all(has_only_values),
        Value::Object(members) => {
            let whole = !members.contains_key("attributeType") || members.contains_key("value");
            whole && members.values().all(has_only_values)
        }
        Value::Bool(_) | Value::Number(_) => true,
    }
}
