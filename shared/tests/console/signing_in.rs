//! Who comes in, and who does not.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use shared::{
    compose,
    ports::journal::{Journal, Notice},
    testkit::FixedClock,
};
use tower::ServiceExt;

use crate::world::{APPROVER, Answer, Case, NOBODY, World};

const SESSION: &str = "__Host-approvals-session";
const SIGN_IN: &str = "__Host-approvals-sign-in";

fn assert_guarded(answer: &Answer) {
    let is = |name: &str, value: &str| assert_eq!(answer.headers[name], value);
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    let (own, sign_in) = policy.split_once(" form-action 'self' ").unwrap();
    assert_eq!(
        own,
        "default-src 'none'; style-src 'self'; script-src 'self';"
    );
    let after = "/oauth2/v2.0/authorize; base-uri 'none'; frame-ancestors 'none'";
    assert!(sign_in.ends_with(after), "{policy}");
    is("x-content-type-options", "nosniff");
    is("referrer-policy", "no-referrer");
    is("cache-control", "no-store");
}

#[tokio::test]
async fn nobody_sees_anything_without_signing_in() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.browser();
    let queue = browser.get("/console").await;
    assert_eq!(
        (queue.status, queue.location()),
        (StatusCode::SEE_OTHER, "/console/sign-in?to=%2Fconsole")
    );
    let request = browser.get(&format!("/console/requests/{id}")).await;
    let sign_in = format!("/console/sign-in?to=%2Fconsole%2Frequests%2F{id}");
    assert_eq!(request.location(), sign_in);
    let fields = [("token", ""), ("action", "approve"), ("version", "1")];
    let sent = browser
        .post(&format!("/console/requests/{id}"), &fields)
        .await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    let nothing = browser.get("/console/other").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    let style = browser.get("/console/style.css").await;
    for answer in [&queue, &request, &sent, &nothing, &style] {
        assert_guarded(answer);
    }
    assert_eq!(world.request(&id).await.version, 1);
}

#[tokio::test]
async fn an_approver_comes_in_and_is_led_to_the_request() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.browser();
    let start = format!("/console/sign-in?to=/console/requests/{id}");
    let start = browser.get(&start).await;
    for part in [
        "response_type=code",
        "code_challenge_method=S256",
        "state=",
        "nonce=",
    ] {
        assert!(start.location().contains(part), "{}", start.location());
    }
    let back = browser.at_entra(start.location(), APPROVER).await;
    let answer = browser.get(&back).await;
    assert_eq!(answer.location(), format!("/console/requests/{id}"));
    let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies.len(), 2);
    for cookie in cookies {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        assert!(
            cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"),
            "{cookie}"
        );
    }
    let request = browser.get(answer.location()).await;
    assert_eq!(request.status, StatusCode::OK);
    assert!(request.body.contains("ann@partner.example"));
    assert_guarded(&request);
}

#[rstest]
#[case::filters("/console?state=denied&domain=partner.example", None)]
#[case::the_audit("/console/audit?day=2026-01-15", None)]
#[case::another_site("https://evil.example/console", Some("/console"))]
#[case::another_site_without_a_scheme("//evil.example/console", Some("/console"))]
#[tokio::test]
async fn the_sign_in_leads_to_what_was_asked_for_and_nowhere_else(
    #[case] wanted: &str,
    #[case] instead: Option<&str>,
) {
    let world = World::new().await;
    let browser = world.browser();
    let to = form_urlencoded::byte_serialize(wanted.as_bytes()).collect::<String>();
    let start = browser.get(&format!("/console/sign-in?to={to}")).await;
    let back = browser.at_entra(start.location(), APPROVER).await;
    let answer = browser.get(&back).await;
    assert_eq!(answer.location(), instead.unwrap_or(wanted));
}

#[tokio::test]
async fn whoever_has_no_role_gets_no_page() {
    let world = World::new().await;
    let browser = world.browser();
    let answer = browser.sign_in(NOBODY).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(browser.cookies().is_empty());
    assert_eq!(browser.get("/console").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_answer_of_entra_counts_once_and_for_one_browser() {
    let world = World::new().await;
    let (victim, thief) = (world.browser(), world.browser());
    let start = victim.get("/console/sign-in").await;
    let attempt = victim.cookies()[SIGN_IN].clone();
    let back = victim.at_entra(start.location(), APPROVER).await;

    // Without the attempt's cookie, and with that of another attempt.
    assert_eq!(thief.get(&back).await.status, StatusCode::BAD_REQUEST);
    thief.get("/console/sign-in").await;
    assert_eq!(thief.get(&back).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(victim.get(&back).await.status, StatusCode::SEE_OTHER);

    // The same again: the attempt is over, and so is the code if somebody kept the cookie.
    assert_eq!(victim.get(&back).await.status, StatusCode::BAD_REQUEST);
    thief.set_cookie(SIGN_IN, Some(&attempt));
    assert_eq!(thief.get(&back).await.status, StatusCode::BAD_REQUEST);
    assert!(!thief.cookies().contains_key(SESSION));
}

#[tokio::test]
async fn whoever_goes_back_at_entra_is_told_so() {
    let world = World::new().await;
    let browser = world.browser();
    let answer = browser.sign_in("cancel").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("The sign-in was not finished"));
}

#[tokio::test]
async fn an_attempt_takes_ten_minutes_at_the_most() {
    let world = World::new().await;
    let browser = world.browser();
    let start = browser.get("/console/sign-in").await;
    let back = browser.at_entra(start.location(), APPROVER).await;
    world.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(browser.get(&back).await.status, StatusCode::BAD_REQUEST);
}

#[rstest]
#[case::nothing(|_: &str| String::new())]
#[case::made_up(|_: &str| "c2Vzc2lvbg".to_owned())]
#[case::changed(|own: &str| own.replacen(&own[30..31], if &own[30..31] == "A" { "B" } else { "A" }, 1))]
#[case::cut(|own: &str| own[..own.len() - 4].to_owned())]
#[tokio::test]
async fn a_forged_session_is_none(#[case] forge: fn(&str) -> String) {
    let world = World::new().await;
    let browser = world.signed_in(APPROVER).await;
    let own = browser.cookies()[SESSION].clone();
    browser.set_cookie(SESSION, Some(&forge(&own)));
    assert_eq!(browser.get("/console").await.status, StatusCode::SEE_OTHER);
    browser.set_cookie(SESSION, Some(&own));
    assert_eq!(browser.get("/console").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_cookie_of_an_attempt_is_no_session() {
    let world = World::new().await;
    let browser = world.browser();
    browser.get("/console/sign-in").await;
    let attempt = browser.cookies()[SIGN_IN].clone();
    browser.set_cookie(SESSION, Some(&attempt));
    assert_eq!(browser.get("/console").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_ends_after_an_idle_hour_and_after_eight() {
    let world = World::new().await;
    let idle = world.signed_in(APPROVER).await;
    world.clock.advance(SignedDuration::from_mins(59));
    assert_eq!(idle.get("/console").await.status, StatusCode::OK);
    world.clock.advance(SignedDuration::from_mins(60));
    assert_eq!(idle.get("/console").await.status, StatusCode::SEE_OTHER);

    let world = World::new().await;
    let busy = world.signed_in(APPROVER).await;
    for _ in 0..15 {
        world.clock.advance(SignedDuration::from_mins(30));
        assert_eq!(busy.get("/console").await.status, StatusCode::OK);
    }
    world.clock.advance(SignedDuration::from_mins(30));
    assert_eq!(busy.get("/console").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn whoever_signs_out_is_out() {
    let world = World::new().await;
    let browser = world.signed_in(APPROVER).await;
    let foreign = browser
        .post("/console/sign-out", &[("token", "other")])
        .await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let token = browser.form_token().await;
    let answer = browser
        .post("/console/sign-out", &[("token", &token)])
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(browser.cookies().is_empty());
}

#[tokio::test]
async fn the_log_tells_each_visit_and_nobody_s_name() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(APPROVER).await;
    browser.get(&format!("/console/requests/{id}")).await;
    browser.sign_in(NOBODY).await;
    let notices = world.journal.notices();
    let visits = notices.iter().filter_map(|notice| match notice {
        Notice::Visited(visit) => Some((visit.page, visit.status)),
        _ => None,
    });
    let expected = [
        ("sign-in", 303),
        ("signed-in", 303),
        ("request", 200),
        ("sign-in", 303),
        ("signed-in", 403),
    ];
    assert_eq!(visits.collect::<Vec<_>>(), expected);
    let told = format!("{notices:?}");
    for person in ["alex", "kim", "ann@", APPROVER] {
        assert!(!told.contains(person), "{told}");
    }
}

/// The function as it is deployed, but for Lambda.
#[tokio::test]
async fn the_function_tells_what_is_missing() {
    let world = World::new().await;
    let clock = Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH));
    let journal = || Arc::clone(&world.journal) as Arc<dyn Journal>;
    let refused = compose::console(
        &[("TABLE_NAME", "console")],
        Arc::clone(&clock) as _,
        journal(),
    );
    let problems = refused.unwrap_err().join("\n");
    for setting in [
        "REQUESTS_KEY",
        "CONSOLE_URL",
        "CONSOLE_TENANT_ID",
        "CONSOLE_SECRET",
    ] {
        assert!(problems.contains(setting), "{problems}");
    }

    let (table, secrets) = (
        world.engine.endpoint(),
        format!("{}/secrets", world.entra.origin),
    );
    let settings = [
        ("TABLE_NAME", "console"),
        ("AWS_REGION", "local"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &table),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &secrets),
        ("REQUESTS_KEY", "alias/requests"),
        ("CONSOLE_URL", "https://approvals.contoso.example"),
        ("CONSOLE_TENANT_ID", "aaaabbbb-0000-cccc-1111-dddd2222eeee"),
        ("CONSOLE_SECRET", "absent"),
    ];
    let console = compose::console(&settings, clock, journal()).unwrap();
    let request = Request::get("/console").body(Body::empty()).unwrap();
    let answer = console.router().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let told = format!("{:?}", world.journal.notices());
    assert!(told.contains("there is no secret `absent`"), "{told}");
}
