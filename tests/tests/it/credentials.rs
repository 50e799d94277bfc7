//! HTTP Basic: who is let in, who is not, and how a credential is exchanged for another.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use shared::{
    app::callers::FRESH_FOR,
    domain::{
        list::Effect,
        sign_up::{Protocol, Step},
    },
};

use crate::harness::{
    Authority, Event, Fault, Function, Login, Settings, Surface, TABLE, Verdict, World,
};

const JOHN: &str = "johnsmith@fabrikam.onmicrosoft.com";

fn connector(step: Step) -> Surface {
    Surface::new(step, Protocol::Connector)
}

fn request(surface: Surface) -> Event {
    Event::post(&surface.path()).json(&surface.body(JOHN))
}

/// What is wrong, the `Authorization` header, and what the log calls it.
type Wrong = (&'static str, Option<String>, &'static str);

fn wrong_headers(login: &Login, token: &str) -> Vec<Wrong> {
    let Login {
        username, password, ..
    } = login;
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let right = basic(&format!("{username}:{password}"));
    let not_utf8 = format!("Basic {}", STANDARD.encode(b"\xff\xfe:x"));
    let too_long = basic(&format!("{username}:{}", "x".repeat(5000)));
    let half = password.get(..20).unwrap();
    let malformed = [
        ("an empty header", String::new()),
        ("the scheme alone", "Basic".to_owned()),
        ("no Base64", "Basic %%%".to_owned()),
        ("no colon", basic("connector")),
        ("not UTF-8", not_utf8),
        ("too long", too_long),
        ("a good token", format!("Bearer {token}")),
        ("another scheme", right.replace("Basic", "Digest")),
        ("the right one twice", format!("{right}, {right}")),
    ];
    let wrong = [
        ("a wrong password", format!("{username}:wrong-password")),
        ("a wrong name", format!("somebody:{password}")),
        ("a name in another case", format!("Connector:{password}")),
        ("a colon", ":".to_owned()),
        ("no password", format!("{username}:")),
        ("half the password", format!("{username}:{half}")),
        ("the password and more", format!("{username}:{password}x")),
    ];
    let malformed = malformed.map(|(what, header)| (what, Some(header), "malformed-credential"));
    let wrong = wrong.map(|(what, text)| (what, Some(basic(&text)), "wrong-credential"));
    [("nothing", None, "no-credential")]
        .into_iter()
        .chain(malformed)
        .chain(wrong)
        .collect()
}

#[tokio::test]
async fn whoever_does_not_prove_to_be_the_connector_is_refused_and_reads_nothing() {
    let world = World::new().await;
    let wrong = wrong_headers(&world.connector, &world.entra.token().text());
    for step in Step::ALL {
        let function = world.start(step).await;
        let before = world.proxy.operations();
        for (what, header, reason) in &wrong {
            let mut event = request(connector(step));
            if let Some(header) = header {
                event = event.header("authorization", header);
            }
            let answer = function.send(&event).await;
            assert_eq!(answer.line["reason"], *reason, "{what}");
            answer.assert_refused(401, reason);
            let challenge = &answer.headers["www-authenticate"];
            assert!(challenge.starts_with("Basic realm="), "{challenge}");
            assert_eq!(answer.line["authentication_failures"], 1);
        }
        // The right credential elsewhere than in its header.
        let Login { password, .. } = &world.connector;
        for event in [
            request(connector(step)).query(&format!("code={password}")),
            request(connector(step)).header("x-authorization", password),
            request(connector(step)).header("cookie", &format!("authorization={password}")),
        ] {
            let answer = function.send(&event).await;
            answer.assert_refused(401, "no-credential");
        }
        assert_eq!(world.proxy.operations(), before, "nothing was read");
    }
}

#[tokio::test]
async fn a_certificate_in_a_header_proves_nothing() {
    let world = World::new().await;
    let authority = Authority::new("authority");
    let listed = authority.client("sign-up");
    let settings = world.settings().set(
        "CLIENT_CERTIFICATES",
        format!("thumbprint={}", listed.sha256()),
    );
    for step in Step::ALL {
        let function = Function::start(step, &settings).await;
        let before = world.proxy.operations();
        let pem = listed.pem().replace('\n', "%0A");
        let der = STANDARD.encode(listed.der());
        for (name, value) in [
            ("X-ARR-ClientCert", der.as_str()),
            ("x-amzn-mtls-clientcert", &pem),
            ("x-amzn-mtls-clientcert-leaf", &pem),
            ("x-client-cert", &pem),
            ("ssl-client-cert", &pem),
            ("ssl-client-verify", "SUCCESS"),
            (
                "x-forwarded-client-cert",
                &format!("Hash={};Cert=\"{pem}\"", listed.sha256()),
            ),
            ("client-cert", &format!(":{der}:")),
        ] {
            for surface in [connector(step), Surface::new(step, Protocol::Extension)] {
                let answer = function.send(&request(surface).header(name, value)).await;
                assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{name}");
            }
        }
        assert_eq!(world.proxy.operations(), before, "nothing was read");
    }
}

#[tokio::test]
async fn the_scheme_has_no_case_and_a_password_may_hold_colons_and_umlauts() {
    let world = World::bare().await;
    let password = "pa:ss:wörd";
    world
        .credentials()
        .create_with("connector", password.to_owned(), "tests")
        .await
        .unwrap();
    let function = world.start(Step::BeforeCreatingUser).await;
    let credential = STANDARD.encode(format!("connector:{password}"));
    for scheme in ["Basic", "basic", "BASIC"] {
        let event = request(connector(Step::BeforeCreatingUser))
            .header("authorization", &format!("{scheme} {credential}"));
        assert_eq!(function.send(&event).await.verdict(), Verdict::Continue);
    }
}

/// The one test that waits for the records to grow old.
#[tokio::test]
async fn a_credential_is_exchanged_without_a_restart_and_without_a_refused_request() {
    let world = World::new().await;
    let first = world.connector.clone();
    let second = world.create_credential("connector-2").await;
    let with = |step: Step, login: &Login| request(connector(step)).basic(login);
    let asked_by_first = world.start(Step::BeforeCreatingUser).await;
    let asked_by_third = world.start(Step::AfterFederation).await;
    let at_the_token_step = world.start(Step::BeforeToken).await;
    let functions = [
        (&asked_by_first, Step::BeforeCreatingUser),
        (&asked_by_third, Step::AfterFederation),
        (&at_the_token_step, Step::BeforeToken),
    ];
    for (function, step) in functions {
        for login in [&first, &second] {
            let answer = function.send(&with(step, login)).await;
            assert_eq!(answer.verdict(), Verdict::Continue, "two are live");
        }
    }

    world
        .credentials()
        .retire(&first.id, "tests")
        .await
        .unwrap();
    let third = world.create_credential("connector-3").await;
    // Everybody goes on with what was read at the start, and a stranger cannot change that.
    let before = world.proxy.count("BatchGetItem");
    for _ in 0..20 {
        let stranger = Login {
            password: "wrong-password".to_owned(),
            ..first.clone()
        };
        let answer = asked_by_third
            .send(&with(Step::AfterFederation, &stranger))
            .await;
        answer.assert_refused(401, "wrong-credential");
    }
    assert_eq!(world.proxy.count("BatchGetItem"), before);

    tokio::time::sleep(FRESH_FOR.unsigned_abs() + Duration::from_millis(500)).await;

    // The retired one is noticed along with the decision that it asks for.
    for (function, step) in [
        (&asked_by_first, Step::BeforeCreatingUser),
        (&at_the_token_step, Step::BeforeToken),
    ] {
        let before = world.proxy.count("BatchGetItem");
        let answer = function.send(&with(step, &first)).await;
        answer.assert_refused(401, "retired-credential");
        assert_eq!(
            world.proxy.count("BatchGetItem"),
            before + 1,
            "one read for both"
        );
    }
    // The new one is noticed because nobody knows it yet.
    let answer = asked_by_third
        .send(&with(Step::AfterFederation, &third))
        .await;
    assert_eq!(answer.verdict(), Verdict::Continue);

    let before = world.proxy.count("BatchGetItem");
    for (function, step) in functions {
        for login in [&second, &third] {
            let answer = function.send(&with(step, login)).await;
            assert_eq!(answer.verdict(), Verdict::Continue);
        }
        let answer = function.send(&with(step, &first)).await;
        answer.assert_refused(401, "wrong-credential");
    }
    // Two decisions at each of the two sign-up steps; the strangers and the token step read nothing.
    assert_eq!(world.proxy.count("BatchGetItem"), before + 4);
}

#[tokio::test]
async fn the_use_of_a_credential_is_recorded_once_and_no_answer_waits_for_it() {
    let world = World::new().await;
    world.proxy.always("UpdateItem", Fault::Hang);
    let function = world.start(Step::BeforeCreatingUser).await;
    let event = world.event(connector(Step::BeforeCreatingUser), JOHN);
    let answer = function.send(&event).await;
    assert_eq!(answer.verdict(), Verdict::Continue);
    assert!(answer.elapsed < Duration::from_millis(500), "{answer:?}");

    let notice = function.notice(|line| line["failure"] == "timed-out").await;
    assert_eq!(notice["level"], "WARN");
    let last_used = async || world.credentials().list().await.unwrap()[0].last_used_at;
    assert_eq!(last_used().await, None);

    // What could not be recorded is recorded with the next use, and then not again.
    world.proxy.heal();
    for _ in 0..5 {
        assert_eq!(function.send(&event).await.verdict(), Verdict::Continue);
    }
    for _ in 0..100 {
        if last_used().await.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(last_used().await.is_some());
    let recorded = world.proxy.count("UpdateItem");
    let other = world.start(Step::BeforeCreatingUser).await;
    for _ in 0..5 {
        assert_eq!(other.send(&event).await.verdict(), Verdict::Continue);
    }
    assert_eq!(
        world.proxy.count("UpdateItem"),
        recorded,
        "another instance knows it from the table"
    );
}

#[tokio::test]
async fn a_refused_credential_is_not_recorded_as_used() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    let stranger = Login {
        password: "wrong-password".to_owned(),
        ..world.connector.clone()
    };
    let event = request(connector(Step::BeforeCreatingUser)).basic(&stranger);
    function
        .send(&event)
        .await
        .assert_refused(401, "wrong-credential");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(world.proxy.count("UpdateItem"), 0);
}

#[tokio::test]
async fn a_credential_that_cannot_be_read_opens_nothing() {
    let world = World::new().await;
    world.list(&[("evil.example", Effect::Deny)]).await;
    for (attribute, value) in [("verifier", ""), ("username", ""), ("id", "")] {
        spoil_credential(&world, attribute, value).await;
        let function = world.start(Step::BeforeCreatingUser).await;
        for credential in [":", "connector:", ":x"] {
            let header = format!("Basic {}", STANDARD.encode(credential));
            let event =
                request(connector(Step::BeforeCreatingUser)).header("authorization", &header);
            let answer = function.send(&event).await;
            assert_eq!(answer.line["outcome"], "block", "{attribute}: {answer:?}");
        }
        let notice = function
            .notice(|line| line["dependency_failure"] == "corrupt")
            .await;
        assert_eq!(notice["level"], "ERROR");
        assert_eq!(notice["dependency_failures"], 1);
    }
}

/// Overwrites an attribute of the stored credential, past the product.
async fn spoil_credential(world: &World, attribute: &str, value: &str) {
    use aws_sdk_dynamodb::types::AttributeValue;
    let key = |value: &str| AttributeValue::S(value.to_owned());
    world
        .client
        .update_item()
        .table_name(TABLE)
        .key("pk", key("CREDENTIALS"))
        .key("sk", key("SLOT#1"))
        .update_expression("SET #name = :value")
        .expression_attribute_names("#name", attribute)
        .expression_attribute_values(":value", key(value))
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn without_any_credential_a_function_refuses_to_start_and_says_what_is_missing() {
    let world = World::bare().await;
    let settings = ["ENTRA_TENANT_ID", "ENTRA_AUDIENCES", "ENTRA_ISSUERS"]
        .into_iter()
        .fold(world.settings(), Settings::without);
    for step in Step::ALL {
        let ended = Function::refuse(step, &settings).await;
        assert_ne!(ended.code, Some(0));
        let [line] = ended.log.as_slice() else {
            panic!("one line tells it: {:?}", ended.log)
        };
        assert_eq!(line["level"], "ERROR");
        assert_eq!(line["function"], step.name());
        let message = line["message"].as_str().unwrap();
        for word in [
            "signupctl credential create",
            "CLIENT_CERTIFICATES",
            "ENTRA_TENANT_ID",
            "ENTRA_AUDIENCES",
        ] {
            assert!(message.contains(word), "`{word}` is missing in: {message}");
        }
    }

    // Any one way to call is enough to start; the other routes stay closed.
    let thumbprint = format!("thumbprint={}", "0".repeat(64));
    let by_certificate = settings.clone().set("CLIENT_CERTIFICATES", thumbprint);
    let function = Function::start(Step::BeforeCreatingUser, &by_certificate).await;
    let extension = Surface::new(Step::BeforeCreatingUser, Protocol::Extension);
    let event = world.authenticated(extension, request(extension));
    let answer = function.send(&event).await;
    answer.assert_refused(401, "extensions-not-configured");

    let function = Function::start(Step::BeforeCreatingUser, &world.settings()).await;
    assert_eq!(function.send(&event).await.verdict(), Verdict::Continue);
    let basic = request(connector(Step::BeforeCreatingUser)).basic(&world.connector);
    let answer = function.send(&basic).await;
    answer.assert_refused(401, "wrong-credential");
}

#[tokio::test]
async fn the_function_that_seals_applicants_does_not_start_without_their_key() {
    let world = World::new().await;
    let settings = world.settings().without("REQUESTS_KEY");
    let ended = Function::refuse(Step::BeforeCreatingUser, &settings).await;
    assert_ne!(ended.code, Some(0));
    let problem = ended.log[0]["problems"][0].as_str().unwrap();
    let told = "REQUESTS_KEY: found nothing, expected the id, the ARN or an alias";
    assert!(problem.starts_with(told), "{problem}");
    for step in [Step::AfterFederation, Step::BeforeToken] {
        Function::start(step, &settings).await;
    }
}

#[tokio::test]
async fn a_function_names_every_bad_setting_at_once() {
    let bad = [
        ("TABLE_NAME", ""),
        ("AWS_REGION", ""),
        ("DEFAULT_EFFECT", "maybe"),
        ("ON_UNAVAILABLE", "pray"),
        ("USER_FLOWS", r#"{"a b":{},"c":{"lists":["x y"]}}"#),
        ("DEFAULT_LANGUAGE", "xx"),
        ("CONNECTOR_DEADLINE_MS", "5000"),
        ("EXTENSION_DEADLINE_MS", "soon"),
        ("API_VERSION", "one"),
        ("CLIENT_CERTIFICATES", "thumbprint=12;subject=CN=a"),
        ("ENTRA_TENANT_ID", "contoso"),
        ("ENTRA_ISSUERS", "http://login.example"),
        ("ENTRA_CALLER_APP_ID", "somebody"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "localhost"),
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", " "),
    ];
    let settings = bad
        .into_iter()
        .fold(Settings::default(), |settings, (name, value)| {
            settings.set(name, value)
        });
    for step in Step::ALL {
        let ended = Function::refuse(step, &settings).await;
        assert_ne!(ended.code, Some(0));
        let [line] = ended.log.as_slice() else {
            panic!("one line tells it: {:?}", ended.log)
        };
        assert_eq!(line["level"], "ERROR");
        let problems = line["problems"].as_array().unwrap();
        let named = |name: &str| {
            problems.iter().any(|problem| {
                problem
                    .as_str()
                    .unwrap()
                    .starts_with(&format!("{name}: found "))
            })
        };
        for (name, _) in bad.into_iter().chain([("ENTRA_AUDIENCES", "")]) {
            assert!(named(name), "{name} is missing in {problems:?}");
        }
        assert!(
            problems.contains(&json!(
                "DEFAULT_EFFECT: found `maybe`, expected `allow`, `deny` or `review`"
            )),
            "{problems:?}"
        );
    }
}
