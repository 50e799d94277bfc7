//! What is decided, over both protocols and at both sign-up steps.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::{
    adapters::system_clock::SystemClock,
    domain::{
        list::Effect,
        sign_up::{Protocol, Step},
    },
    ports::clock::Clock,
};

use crate::harness::{Event, Function, Surface, Verdict, World, connector_body, extension_body};

/// The person of the documented request (PROTOCOL 1.2).
const JOHN: &str = "johnsmith@fabrikam.onmicrosoft.com";

const CONNECTOR: Surface = Surface::new(Step::BeforeCreatingUser, Protocol::Connector);
const EXTENSION: Surface = Surface::new(Step::BeforeCreatingUser, Protocol::Extension);

#[tokio::test]
async fn the_documented_request_gets_exactly_the_documented_answer() {
    let world = World::new().await;
    for step in Step::ALL {
        let function = world.start(step).await;
        let event = world.event(Surface::new(step, Protocol::Connector), JOHN);
        let answer = function.send(&event).await;
        let expected = r#"{"version":"1.0.0","action":"Continue"}"#;
        assert_eq!((answer.status, answer.body.as_str()), (200, expected));
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn each_event_of_an_extension_gets_its_own_response_type_and_action() {
    let world = World::new().await;
    for (step, event, action) in [
        (
            Step::AfterFederation,
            "AttributeCollectionStart",
            "attributeCollectionStart.continueWithDefaultBehavior",
        ),
        (
            Step::BeforeCreatingUser,
            "AttributeCollectionSubmit",
            "attributeCollectionSubmit.continueWithDefaultBehavior",
        ),
        (
            Step::BeforeToken,
            "TokenIssuanceStart",
            "tokenIssuanceStart.provideClaimsForToken",
        ),
    ] {
        let function = world.start(step).await;
        let event_of_step = world.event(Surface::new(step, Protocol::Extension), JOHN);
        let answer = function.send(&event_of_step).await;
        let mut action = json!({ "@odata.type": format!("microsoft.graph.{action}") });
        if step == Step::BeforeToken {
            action["claims"] = json!({});
        }
        let expected = json!({ "data": {
            "@odata.type": format!("microsoft.graph.on{event}ResponseData"),
            "actions": [action],
        }});
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(
            serde_json::from_str::<Value>(&answer.body).unwrap(),
            expected
        );
    }
}

#[tokio::test]
async fn a_denied_person_reads_a_swedish_sentence_with_the_reference_of_the_log_line() {
    let world = World::new().await;
    world
        .list(&[("fabrikam.onmicrosoft.com", Effect::Deny)])
        .await;
    for step in [Step::AfterFederation, Step::BeforeCreatingUser] {
        let function = world.start(step).await;
        let mut connector = connector_body(step, JOHN);
        connector["ui_locales"] = json!("sv-SE");
        let mut extension = extension_body(step, JOHN);
        extension["data"]["authenticationContext"]["client"]["locale"] = json!("sv-se");
        for (protocol, body) in [
            (Protocol::Connector, connector),
            (Protocol::Extension, extension),
        ] {
            let surface = Surface::new(step, protocol);
            let event = Event::post(&surface.path()).json(&body);
            let answer = function.send(&world.authenticated(surface, event)).await;
            let reference = answer.line["reference"].as_str().unwrap();
            assert_eq!(
                answer.block_page(),
                format!(
                    "Det går inte att registrera sig med det här kontot. Om du tror att det har blivit \
                     fel kan du kontakta organisationen och uppge referens {reference}."
                )
            );
            assert_eq!(
                reference.len(),
                9,
                "{reference} is short enough to read out"
            );
            assert_eq!(answer.line["outcome"], "block");
            assert_eq!(answer.line["reason"], "denied");
            assert_eq!(answer.line["list"], "main");
            assert_eq!(answer.line["matcher"], "domain");
            assert_eq!(answer.line["protocol"], protocol.name());
            assert_eq!(answer.line["step"], step.name());
        }
    }
}

#[tokio::test]
async fn the_same_person_gets_the_same_decision_on_every_surface() {
    let world = World::new().await;
    world
        .list(&[
            ("evil.example", Effect::Deny),
            ("good@evil.example", Effect::Allow),
            ("*.suspect.example", Effect::Deny),
            ("fine.suspect.example", Effect::Allow),
            ("jane.doe@gmail.com", Effect::Deny),
            ("bücher.example", Effect::Deny),
        ])
        .await;
    let functions = [
        world.start(Step::AfterFederation).await,
        world.start(Step::BeforeCreatingUser).await,
    ];
    for (address, outcome, reason) in [
        ("someone@elsewhere.example", "continue", Value::Null),
        ("someone@evil.example", "block", json!("denied")),
        ("SomeOne@EVIL.example", "block", json!("denied")),
        ("good@evil.example", "continue", Value::Null),
        ("good+tag@evil.example", "continue", Value::Null),
        ("a@mail.suspect.example", "block", json!("denied")),
        ("a@fine.suspect.example", "continue", Value::Null),
        ("J.A.N.E.doe+x@googlemail.com", "block", json!("denied")),
        ("a@BÜCHER.example", "block", json!("denied")),
        ("a@xn--bcher-kva.example", "block", json!("denied")),
    ] {
        for surface in Surface::SIGN_UP {
            let function = &functions[usize::from(surface.step == Step::BeforeCreatingUser)];
            let answer = function.send(&world.event(surface, address)).await;
            assert_eq!(answer.line["outcome"], outcome, "{address} at {surface:?}");
            assert_eq!(answer.line["reason"], reason, "{address} at {surface:?}");
            let goes_on = answer.verdict() == Verdict::Continue;
            assert_eq!(goes_on, outcome == "continue", "{address} at {surface:?}");
        }
    }
}

#[tokio::test]
async fn an_identity_is_matched_by_provider_and_by_subject() {
    let world = World::new().await;
    world
        .list(&[
            ("provider:google.com", Effect::Review),
            ("identity:facebook.com#0123456789", Effect::Deny),
        ])
        .await;
    let function = world.start(Step::BeforeCreatingUser).await;
    for (issuer, subject, outcome) in [
        ("facebook.com", "0123456789", "block"),
        ("facebook", "0123456789", "block"),
        ("facebook.com", "9876543210", "continue"),
        ("google.com", "0123456789", "review"),
        ("Google", "117", "review"),
    ] {
        for surface in [CONNECTOR, EXTENSION] {
            let identities = json!([{
                "signInType": "federated",
                "issuer": issuer,
                "issuerAssignedId": subject,
            }]);
            let mut body = surface.body("someone@elsewhere.example");
            if surface == CONNECTOR {
                body["identities"] = identities;
            } else {
                body["data"]["userSignUpInfo"]["identities"] = identities;
            }
            let event = Event::post(&surface.path()).json(&body);
            let answer = function.send(&world.authenticated(surface, event)).await;
            assert_eq!(
                answer.line["outcome"], outcome,
                "{issuer} {subject} {surface:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_review_shows_the_pending_page_at_the_second_step() {
    let world = World::new().await;
    world.list(&[("partner.example", Effect::Review)]).await;
    let first = world.start(Step::AfterFederation).await;
    let function = world.start(Step::BeforeCreatingUser).await;
    let before = Surface::new(Step::AfterFederation, Protocol::Connector);
    let answer = first.send(&world.event(before, "a@partner.example")).await;
    assert_eq!(answer.line["outcome"], "continue", "the form comes first");
    for surface in [CONNECTOR, EXTENSION] {
        let answer = function
            .send(&world.event(surface, "a@partner.example"))
            .await;
        let page = answer.block_page();
        assert!(
            page.starts_with("Your sign-up needs to be reviewed before an account is created."),
            "{page}"
        );
        assert_eq!(answer.line["outcome"], "review");
        assert_eq!(answer.line["reason"], "pending");
    }
    let answer = first.send(&world.event(before, "a@partner.example")).await;
    assert_eq!(answer.line["reason"], "already-pending");
}

#[tokio::test]
async fn a_default_of_deny_lets_in_only_what_is_listed() {
    let world = World::new().await;
    world.list(&[("partner.example", Effect::Allow)]).await;
    let settings = world.settings().set("DEFAULT_EFFECT", "deny");
    let function = Function::start(Step::BeforeCreatingUser, &settings).await;
    for surface in [CONNECTOR, EXTENSION] {
        let listed = world.event(surface, "a@partner.example");
        assert_eq!(function.send(&listed).await.verdict(), Verdict::Continue);
        let answer = function.send(&world.event(surface, JOHN)).await;
        let page = answer.block_page();
        assert!(
            page.starts_with("This e-mail address can’t be used to sign up here."),
            "{page}"
        );
        assert_eq!(answer.line["reason"], "not-allowed");
        assert_eq!(answer.line["list"], Value::Null, "no entry decided");
    }
}

#[tokio::test]
async fn each_user_flow_has_its_own_rules() {
    let world = World::new().await;
    world
        .list_as("partners", "partner.example", Effect::Allow, None)
        .await;
    world
        .list_as("blocked", "partner.example", Effect::Deny, None)
        .await;
    let settings = world.settings().set(
        "USER_FLOWS",
        r#"{"B2X_1_partners":{"default":"deny","lists":["partners"]},"B2X_1_all":{},
            "B2X_1_careful":{"default":"review","lists":["blocked"]}}"#,
    );
    let function = Function::start(Step::BeforeCreatingUser, &settings).await;
    for (flow, address, outcome) in [
        (Some("B2X_1_partners"), "a@partner.example", "continue"),
        (Some("B2X_1_partners"), "a@other.example", "block"),
        (Some("B2X_1_all"), "a@partner.example", "block"),
        (Some("B2X_1_all"), "a@other.example", "continue"),
        (Some("B2X_1_careful"), "a@partner.example", "block"),
        (Some("B2X_1_careful"), "a@other.example", "review"),
        (None, "a@partner.example", "block"),
        (None, "a@other.example", "continue"),
    ] {
        for surface in [CONNECTOR, EXTENSION] {
            let path = flow.map_or_else(|| surface.path(), |flow| surface.path_of(flow));
            let event = Event::post(&path).json(&surface.body(address));
            let answer = function.send(&world.authenticated(surface, event)).await;
            assert_eq!(answer.line["outcome"], outcome, "{flow:?} {address}");
            assert_eq!(answer.line["user_flow"], json!(flow));
        }
    }
}

#[tokio::test]
async fn an_unknown_user_flow_is_a_wiring_mistake_that_lets_nobody_in() {
    let world = World::new().await;
    let settings = world
        .settings()
        .set("USER_FLOWS", r#"{"B2X_1_partners":{"default":"allow"}}"#);
    let function = Function::start(Step::BeforeCreatingUser, &settings).await;
    // A typing mistake in the URL, and the right name in another case.
    for flow in ["B2X_1_partner", "b2x_1_partners"] {
        let event = |surface: Surface| {
            let event = Event::post(&surface.path_of(flow)).json(&surface.body(JOHN));
            world.authenticated(surface, event)
        };
        let answer = function.send(&event(CONNECTOR)).await;
        assert!(
            answer
                .block_page()
                .starts_with("This sign-up page isn’t set up correctly.")
        );
        assert_eq!(answer.line["reason"], "miswired");
        assert_eq!(answer.line["level"], "ERROR");
        let answer = function.send(&event(EXTENSION)).await;
        answer.assert_refused(400, "miswired");
    }
    assert_eq!(
        world.proxy.count("BatchGetItem"),
        1,
        "nothing was looked up"
    );
}

#[tokio::test]
async fn a_change_of_a_list_counts_at_once_and_an_expiry_to_the_second() {
    let world = World::new().await;
    let function = world.start(Step::AfterFederation).await;
    let surface = Surface::new(Step::AfterFederation, Protocol::Connector);
    let event = world.event(surface, "a@temporary.example");
    assert_eq!(function.send(&event).await.verdict(), Verdict::Continue);

    let end = Timestamp::from_second(SystemClock.now().as_second() + 2).unwrap();
    world
        .list_as("main", "temporary.example", Effect::Deny, Some(end))
        .await;
    let answer = function.send(&event).await;
    assert_eq!(answer.line["reason"], "denied");

    while SystemClock.now() < end {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(function.send(&event).await.verdict(), Verdict::Continue);
}

#[tokio::test]
async fn nobody_is_kept_out_at_the_token_step_and_nothing_is_read_there() {
    let world = World::new().await;
    world.list(&[("evil.example", Effect::Deny)]).await;
    let settings = world.settings().set("DEFAULT_EFFECT", "deny");
    let function = Function::start(Step::BeforeToken, &settings).await;
    for protocol in [Protocol::Connector, Protocol::Extension] {
        let surface = Surface::new(Step::BeforeToken, protocol);
        for address in ["a@evil.example", "not an address"] {
            let answer = function.send(&world.event(surface, address)).await;
            assert_eq!(answer.verdict(), Verdict::Continue);
        }
    }
    assert_eq!(world.proxy.count("BatchGetItem"), 1, "the one of the start");
}

#[tokio::test]
async fn the_retry_of_a_request_gets_the_same_answer_and_another_request_another_reference() {
    let world = World::new().await;
    world.list(&[("evil.example", Effect::Deny)]).await;
    let function = world.start(Step::BeforeCreatingUser).await;
    for surface in [CONNECTOR, EXTENSION] {
        let first = function.send(&world.event(surface, "a@evil.example")).await;
        // Another token, as Entra may send with the retry.
        let retry = function.send(&world.event(surface, "a@evil.example")).await;
        assert_eq!(first.body, retry.body);
        assert_eq!(first.line["reference"], retry.line["reference"]);

        let mut other = surface.body("b@evil.example");
        if surface == EXTENSION {
            other["data"]["authenticationContext"]["correlationId"] =
                json!("3333dddd-44ee-ffff-aa55-bbbbbbbb6666");
        }
        let event = Event::post(&surface.path()).json(&other);
        let other = function.send(&world.authenticated(surface, event)).await;
        assert_ne!(first.line["reference"], other.line["reference"]);
    }
}

#[tokio::test]
async fn who_cannot_be_told_gets_a_kind_sentence() {
    let world = World::new().await;
    for step in [Step::AfterFederation, Step::BeforeCreatingUser] {
        let function = world.start(step).await;
        for address in [
            Value::Null,
            json!(""),
            json!(" "),
            json!("not an address"),
            json!("john@"),
            json!("john@localhost"),
        ] {
            let mut connector = connector_body(step, JOHN);
            connector["email"] = address.clone();
            connector["identities"] = Value::Null;
            let mut extension = extension_body(step, JOHN);
            extension["data"]["userSignUpInfo"] = json!({
                "attributes": { "email": { "value": address }, "city": { "value": "Seattle" } },
            });
            for (protocol, body) in [
                (Protocol::Connector, connector),
                (Protocol::Extension, extension),
            ] {
                let surface = Surface::new(step, protocol);
                let event = Event::post(&surface.path()).json(&body);
                let answer = function.send(&world.authenticated(surface, event)).await;
                assert!(
                    answer
                        .block_page()
                        .starts_with("We didn’t receive a usable e-mail address"),
                    "{address} at {surface:?}: {answer:?}"
                );
                assert_eq!(answer.line["reason"], "unidentified");
            }
        }
    }
}

#[tokio::test]
async fn no_spelling_of_an_address_slips_past_a_deny_entry() {
    let world = World::new().await;
    world
        .list(&[
            ("evil.example", Effect::Deny),
            ("good.example", Effect::Allow),
        ])
        .await;
    let function = world.start(Step::BeforeCreatingUser).await;
    for address in [
        "x@evil.example.",
        "x@EVIL.EXAMPLE",
        " x@evil.example ",
        "x@evil.example@good.example",
        "x@good.example@evil.example",
        r#""x@good.example"@evil.example"#,
        "x@ｅｖｉｌ.example",
        "x@evil。example",
        "x@evil\u{ad}.example",
        "x@evil.example\u{200b}",
        "x@evil.example\0@good.example",
        "John <x@evil.example>",
        "x@good.example,x@evil.example",
        "x@[evil.example]",
        "x@good.example\nx@evil.example",
    ] {
        for surface in [CONNECTOR, EXTENSION] {
            let answer = function.send(&world.event(surface, address)).await;
            assert_ne!(
                answer.verdict(),
                Verdict::Continue,
                "{address:?} at {surface:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_address_cannot_hide_behind_another_one() {
    let world = World::new().await;
    world
        .list(&[
            ("evil.example", Effect::Deny),
            ("good.example", Effect::Allow),
        ])
        .await;
    let function = world.start(Step::BeforeCreatingUser).await;
    let value = |address: &str| json!({ "value": address });
    let by_mail = json!([{
        "signInType": "federated",
        "issuer": "mail",
        "issuerAssignedId": "x@evil.example",
    }]);

    let mut connector = connector_body(Step::BeforeCreatingUser, "x@good.example");
    connector["identities"] = by_mail.clone();
    let event = Event::post(&CONNECTOR.path()).json(&connector);
    let answer = function.send(&world.authenticated(CONNECTOR, event)).await;
    assert_eq!(answer.line["reason"], "denied");

    for info in [
        json!({ "attributes": { "email": value("x@good.example") }, "identities": by_mail }),
        json!({ "attributes": {
            "email": value("x@good.example"), "EmailAddress": value("x@evil.example") } }),
        json!({ "attributes": {
            "email": value("x@evil.example"), "Email": value("x@good.example") } }),
        json!({ "attributes": {
            "email": value("x@good.example"), "EMAIL": value("x@evil.example") } }),
        json!({ "attributes": {
            "emailaddress": value("x@evil.example"), "EmailAddress": value("x@good.example") } }),
    ] {
        let mut extension = extension_body(Step::BeforeCreatingUser, "");
        extension["data"]["userSignUpInfo"] = info.clone();
        let event = Event::post(&EXTENSION.path()).json(&extension);
        let answer = function.send(&world.authenticated(EXTENSION, event)).await;
        assert_eq!(answer.line["reason"], "denied", "{info}");
    }
}

#[tokio::test]
async fn the_line_of_a_decision_tells_what_an_operator_needs() {
    let world = World::new().await;
    world
        .list(&[("fabrikam.onmicrosoft.com", Effect::Deny)])
        .await;
    let function = world.start(Step::BeforeCreatingUser).await;
    let connector = function.send(&world.event(CONNECTOR, JOHN)).await.line;
    assert_eq!(connector["cold_start"], true);
    assert_eq!(
        connector["caller"],
        format!("credential:{}", world.connector.id)
    );
    assert_eq!(connector["read_calls"], 1);
    assert!(connector["read_units"].as_f64().unwrap() > 0.0);
    assert!(connector["read_ms"].as_f64().unwrap() > 0.0);
    assert!(connector["duration_ms"].as_f64() >= connector["read_ms"].as_f64());

    let extension = function.send(&world.event(EXTENSION, JOHN)).await.line;
    assert_eq!(extension["cold_start"], Value::Null);
    assert_eq!(extension["caller"], "entra");
    assert_eq!(
        extension["correlation_id"],
        "0c83d76c-b8da-45bb-ac7a-f9bb5e0db340"
    );
    assert_eq!(
        extension["application"],
        "231c70e8-8424-48ac-9b5d-5623b9e4ccf3"
    );

    for line in [connector, extension] {
        assert!(line["timestamp"].is_string());
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["status"], 200);
        // What the metric filters of the template take, and no metric beside it.
        assert_eq!(line["step"], "before-creating-user");
        assert_eq!(line["outcome"], "block");
        assert_eq!(line["_aws"], Value::Null, "{line}");
    }
}
