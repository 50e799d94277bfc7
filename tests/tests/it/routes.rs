//! Paths, methods, media types and sizes.

use serde_json::{Value, json};
use shared::domain::sign_up::{Protocol, Step};

use crate::harness::{Event, Surface, Verdict, World};

const JOHN: &str = "johnsmith@fabrikam.onmicrosoft.com";

/// Largest body that is read.
const LIMIT: usize = 256 * 1024;

#[tokio::test]
async fn every_route_answers_with_and_without_a_user_flow() {
    let world = World::new().await;
    for step in Step::ALL {
        let function = world.start(step).await;
        for surface in Surface::ALL.into_iter().filter(|s| s.step == step) {
            for path in [
                surface.path(),
                surface.path_of("B2X_1_partners"),
                surface.path_of("b2c-1"),
            ] {
                let event = Event::post(&path).json(&surface.body(JOHN));
                let event = world.authenticated(surface, event);
                assert_eq!(
                    function.send(&event).await.verdict(),
                    Verdict::Continue,
                    "{path}"
                );
                // A key in the connector's URL is the operator's own business.
                let answer = function.send(&event.query("code=0123456789&x=a%20b")).await;
                assert_eq!(answer.verdict(), Verdict::Continue, "{path}?code=…");
            }
        }
    }
}

#[tokio::test]
async fn a_path_that_nobody_serves_is_not_found_and_causes_nothing() {
    let world = World::new().await;
    for step in Step::ALL {
        let function = world.start(step).await;
        let of_others = Surface::ALL
            .into_iter()
            .filter(|surface| surface.step != step)
            .flat_map(|surface| [surface.path(), surface.path_of("flow")]);
        let own = Surface::new(step, Protocol::Connector);
        let strange = [
            "/".to_owned(),
            "/connectors".to_owned(),
            format!("/connectors//{}", own.segment()),
            format!("{}/", own.path()),
            format!("/{}", own.segment()),
            own.path().to_uppercase(),
            format!("/connectors/a/b/{}", own.segment()),
            // API Gateway decodes the path before it passes it on.
            own.path_of("a b"),
            own.path_of("a%20b"),
            own.path_of("ä"),
            own.path_of("a.b"),
            own.path_of("..%2F"),
            own.path_of(&"x".repeat(65)),
            "/extensions/otp-send".to_owned(),
            "/2015-03-31/functions".to_owned(),
        ];
        let calls = world.proxy.operations().len();
        for path in of_others.chain(strange) {
            for event in [
                Event::post(&path).json(&own.body(JOHN)),
                Event::post(&path)
                    .json(&own.body(JOHN))
                    .basic(&world.connector),
                Event::new("GET", &path),
            ] {
                let answer = function.send(&event).await;
                assert_eq!((answer.status, answer.body.as_str()), (404, ""), "{path}");
            }
        }
        assert_eq!(world.proxy.operations().len(), calls, "nothing was read");
    }
}

#[tokio::test]
async fn another_method_is_told_that_only_post_is_allowed() {
    let world = World::new().await;
    for step in Step::ALL {
        let function = world.start(step).await;
        let calls = world.proxy.operations().len();
        for surface in Surface::ALL.into_iter().filter(|s| s.step == step) {
            for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                for path in [surface.path(), surface.path_of("flow")] {
                    let bare = Event::new(method, &path);
                    let full = world.authenticated(surface, bare.clone());
                    for event in [bare, full.json(&surface.body(JOHN))] {
                        let answer = function.send(&event).await;
                        answer.assert_refused(405, "method");
                        assert_eq!(answer.headers["allow"], "POST");
                    }
                }
            }
        }
        assert_eq!(world.proxy.operations().len(), calls, "nothing was read");
    }
}

#[tokio::test]
async fn a_body_of_256_kib_is_read_and_one_octet_more_is_not() {
    let world = World::new().await;
    for step in Step::ALL {
        let function = world.start(step).await;
        for surface in Surface::ALL.into_iter().filter(|s| s.step == step) {
            let exact = padded(&surface.body(JOHN), LIMIT);
            let longer = padded(&surface.body(JOHN), LIMIT + 1);
            let event = |body: &str| {
                let event = Event::post(&surface.path()).body(body);
                world.authenticated(surface, event)
            };
            for event in [event(&exact), event(&exact).base64()] {
                assert_eq!(function.send(&event).await.verdict(), Verdict::Continue);
            }
            for event in [event(&longer), event(&longer).base64()] {
                function.send(&event).await.assert_refused(413, "too-large");
            }
            let stranger = Event::post(&surface.path()).body(longer);
            assert_eq!(
                function.send(&stranger).await.status,
                401,
                "who calls comes before what is sent"
            );
        }
    }
}

/// The body, filled up to a length with an attribute that nobody knows.
fn padded(body: &Value, length: usize) -> String {
    let mut body = body.clone();
    body["filler"] = json!("");
    let missing = length - body.to_string().len();
    body["filler"] = json!("x".repeat(missing));
    let body = body.to_string();
    assert_eq!(body.len(), length);
    body
}

#[tokio::test]
async fn only_json_in_utf_8_is_read() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    for protocol in [Protocol::Connector, Protocol::Extension] {
        let surface = Surface::new(Step::BeforeCreatingUser, protocol);
        let event = world.event(surface, JOHN);
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=utf-8",
        ] {
            let answer = function
                .send(&event.clone().header("content-type", good))
                .await;
            assert_eq!(answer.verdict(), Verdict::Continue, "{good}");
        }
        let before = world.proxy.operations().len();
        for bad in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "application/json; charset=utf-16",
            "",
        ] {
            let answer = function
                .send(&event.clone().header("content-type", bad))
                .await;
            answer.assert_refused(415, "media-type");
        }
        let answer = function
            .send(&event.clone().without_header("content-type"))
            .await;
        answer.assert_refused(415, "media-type");
        assert_eq!(world.proxy.operations().len(), before, "nothing was read");
        let stranger = event
            .without_header("authorization")
            .header("content-type", "text/plain");
        assert_eq!(function.send(&stranger).await.status, 401);
    }
}
