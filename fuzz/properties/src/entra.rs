//! Whatever a caller sends: an answer that Entra understands, and nothing for a stranger.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use shared::{
    domain::sign_up::{Protocol, Step},
    http::{Route, UnverifiedToken, parse_basic},
};

use crate::service::{Answer, PASSWORD, USERNAME, World};

thread_local! {
    static WORLD: World = World::new();
}

/// A good body for the routes whose header is looked at.
const CONNECTOR_BODY: &[u8] = br#"{"email":"john@example.com"}"#;

/// A connector gets exactly one of the contract's answers; the same request gets the same answer; what
/// is not a JSON object is never let through.
pub fn connector_body(body: &[u8]) {
    let credential = basic(USERNAME, PASSWORD);
    for step in Step::ALL {
        let route = Route {
            step,
            protocol: Protocol::Connector,
        };
        let ask = || WORLD.with(|world| world.ask(route, credential.as_bytes(), body));
        let answer = ask().unwrap();
        assert_eq!(ask().as_ref(), Some(&answer), "the retry differs");
        let action = connector_action(step, &answer);
        let is_object = serde_json::from_slice(body).is_ok_and(|value: Value| value.is_object());
        assert!(
            is_object || action != Some("Continue"),
            "{step:?}: {answer:?} for what is not an object"
        );
    }
}

fn connector_action(step: Step, answer: &Answer) -> Option<&str> {
    let text = |name: &str| answer.body.get(name).and_then(Value::as_str);
    let said = text("userMessage").is_some_and(|message| !message.is_empty());
    let action = text("action");
    let holds = match (answer.status.as_u16(), action) {
        // The token step has no page to show: a bare refusal.
        (400, None) => step == Step::BeforeToken && answer.body.is_null(),
        (200, Some("Continue")) => answer.body.get("userMessage").is_none(),
        (200, Some("ShowBlockPage")) => step != Step::BeforeToken && said,
        (400, Some("ValidationError")) => {
            let status = answer.body.get("status").and_then(Value::as_u64);
            step == Step::BeforeCreatingUser && said && status == Some(400)
        }
        _ => false,
    };
    assert!(holds, "{step:?}: {answer:?}");
    assert!(answer.body.is_null() || text("version") == Some("1.0.0"));
    action
}

/// An extension gets 200 with one action of its event, or a bare refusal.
pub fn extension_body(body: &[u8]) {
    for step in Step::ALL {
        let route = Route {
            step,
            protocol: Protocol::Extension,
        };
        let ask = || WORLD.with(|world| world.ask(route, world.token().as_bytes(), body));
        let answer = ask().unwrap();
        assert_eq!(ask().as_ref(), Some(&answer), "the retry differs");
        match answer.status.as_u16() {
            200 => {
                let actions = answer
                    .body
                    .pointer("/data/actions")
                    .and_then(Value::as_array);
                let [action] = actions.unwrap().as_slice() else {
                    panic!("{step:?}: not one action: {answer:?}");
                };
                let kind = action.get("@odata.type").and_then(Value::as_str);
                let event = match step {
                    Step::AfterFederation => "microsoft.graph.attributeCollectionStart.",
                    Step::BeforeCreatingUser => "microsoft.graph.attributeCollectionSubmit.",
                    Step::BeforeToken => "microsoft.graph.tokenIssuanceStart.",
                };
                assert!(kind.unwrap().starts_with(event), "{step:?}: {answer:?}");
            }
            // Not this event's body, or the body of another tenant.
            400 | 401 => assert!(answer.body.is_null()),
            _ => panic!("{step:?}: {answer:?}"),
        }
    }
}

/// A mail is claimed exactly when one was handed over, to one address and with a code that the body has; all else is a bare
/// refusal.
pub fn otp_body(body: &[u8]) {
    WORLD.with(|world| {
        let answer = world.ask_to_mail(world.token().as_bytes(), body);
        let mails = world.outbox.take();
        match answer.status.as_u16() {
            200 => {
                let action = answer.body.pointer("/data/actions/0/@odata.type");
                let expected = "microsoft.graph.OtpSend.continueWithDefaultBehavior";
                assert_eq!(action.and_then(Value::as_str), Some(expected));
                let [mail] = mails.as_slice() else {
                    panic!("{} mails", mails.len());
                };
                assert!(
                    !mail
                        .to
                        .as_str()
                        .contains(|c: char| c.is_whitespace() || c == ',')
                );
                assert!(!mail.subject.contains(char::is_control), "a header more");
            }
            // Not this event's body, or the body of another tenant.
            400 | 401 => assert!(answer.body.is_null() && mails.is_empty()),
            _ => panic!("{answer:?}"),
        }
    });
}

/// One spelling of one credential opens the door: whatever is decoded is what was encoded.
pub fn basic_header(header: &[u8]) {
    let read = parse_basic(header);
    if let Some((username, password)) = &read {
        assert!(!username.contains(':'));
        let again = parse_basic(basic(username, password).as_bytes());
        assert_eq!(again, read);
    }
    let route = Route {
        step: Step::BeforeCreatingUser,
        protocol: Protocol::Connector,
    };
    if let Some(answer) = WORLD.with(|world| world.ask(route, header, CONNECTOR_BODY)) {
        let proven = read == Some((USERNAME.to_owned(), PASSWORD.to_owned()));
        let expected = if proven { 200 } else { 401 };
        assert_eq!(answer.status.as_u16(), expected, "{answer:?}");
    }
}

/// Nothing but a token that Entra signed opens the door, whatever it is made of.
pub fn bearer_token(token: &[u8]) {
    if let Ok(text) = std::str::from_utf8(token) {
        let _ = UnverifiedToken::parse(text);
    }
    let route = Route {
        step: Step::AfterFederation,
        protocol: Protocol::Extension,
    };
    let header = [b"Bearer ", token].concat();
    WORLD.with(|world| {
        if let Some(answer) = world.ask(route, &header, b"{}") {
            let spaces = |text: &[u8]| String::from_utf8_lossy(text).trim_matches(' ').to_owned();
            let genuine = world.tokens.contains(&format!("Bearer {}", spaces(token)));
            // Authenticated, and then refused for a body that is not the event's.
            let expected = if genuine { 400 } else { 401 };
            assert_eq!(answer.status.as_u16(), expected, "{answer:?}");
        }
    });
}

fn basic(username: &str, password: &str) -> String {
    format!(
        "Basic {}",
        STANDARD.encode(format!("{username}:{password}"))
    )
}
