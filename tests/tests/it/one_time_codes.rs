//! Codes by mail: the function between Entra, the table and an Amazon SES of the test's own.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use crate::harness::{Answer, Event, Fault, Function, Server, Settings, TENANT, World, response};

const PATH: &str = "/extensions/otp-send";
const RECIPIENT: &str = "johnsmith@fabrikam.onmicrosoft.com";
const CODE: &str = "12345678";

/// What Amazon SES does instead of taking a mail.
#[derive(Clone, Copy)]
enum Trouble {
    Rejects,
    Hangs,
    Drops,
}

/// Amazon SES: what it took, and what is to go wrong next.
#[derive(Clone, Default)]
struct Ses {
    taken: Arc<Mutex<Vec<Value>>>,
    troubles: Arc<Mutex<VecDeque<Trouble>>>,
}

impl Ses {
    async fn start(&self) -> Server {
        let ses = self.clone();
        Server::start(move |request| {
            let ses = ses.clone();
            async move {
                let trouble = ses.troubles.lock().unwrap().pop_front();
                match trouble {
                    None => {}
                    Some(Trouble::Rejects) => {
                        let told = json!({ "message": format!("{RECIPIENT} is not verified") });
                        let mut rejected = response(400, "application/json", told.to_string());
                        let kind = "MessageRejected".parse().unwrap();
                        rejected.headers_mut().insert("x-amzn-errortype", kind);
                        return Some(rejected);
                    }
                    Some(Trouble::Hangs) => std::future::pending().await,
                    Some(Trouble::Drops) => return None,
                }
                let mail = serde_json::from_slice(request.body()).unwrap();
                ses.taken.lock().unwrap().push(mail);
                Some(response(200, "application/json", r#"{"MessageId":"1"}"#))
            }
        })
        .await
    }

    fn troubles(&self, troubles: &[Trouble]) {
        self.troubles.lock().unwrap().extend(troubles);
    }

    fn mails(&self) -> Vec<Value> {
        self.taken.lock().unwrap().clone()
    }
}

fn settings(world: &World, ses: &Server) -> Settings {
    world
        .settings()
        .set("MAIL_FROM", "Contoso <no-reply@contoso.com>")
        .set("AWS_ENDPOINT_URL_SESV2", ses.url())
}

fn body(code: &str) -> Value {
    json!({
        "type": "microsoft.graph.authenticationEvent.emailOtpSend",
        "source": format!("/tenants/{TENANT}/applications/44444444-0000-0000-0000-000000000000"),
        "data": {
            "@odata.type": "microsoft.graph.onOtpSendCalloutData",
            "otpContext": { "identifier": RECIPIENT, "oneTimeCode": code },
            "tenantId": TENANT,
            "authenticationEventListenerId": "00001111-aaaa-2222-bbbb-3333cccc4444",
            "customAuthenticationExtensionId": "11112222-bbbb-3333-cccc-4444dddd5555",
            "authenticationContext": {
                "correlationId": "3333dddd-44ee-ffff-aa55-bbbbbbbb6666",
                "client": { "ip": "192.168.0.0", "locale": "sv-se", "market": "sv-se" },
                "clientServicePrincipal": {
                    "appId": "44444444-0000-0000-0000-000000000000",
                    "appDisplayName": "My Test application",
                },
            },
        },
    })
}

/// The harness searches the log for everything that the request says, the code too.
async fn ask(world: &World, function: &Function, code: &str) -> Answer {
    let event = Event::post(PATH).json(&body(code));
    function
        .send(&event.bearer(&world.entra.token().text()))
        .await
}

fn assert_sent(answer: &Answer) {
    let expected = json!({
        "data": {
            "@odata.type": "microsoft.graph.OnOtpSendResponseData",
            "actions": [{ "@odata.type": "microsoft.graph.OtpSend.continueWithDefaultBehavior" }],
        }
    });
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        serde_json::from_str::<Value>(&answer.body).unwrap(),
        expected
    );
    assert_eq!(answer.line["outcome"], "sent");
}

fn assert_not_sent(answer: &Answer, reason: &str) {
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (502, ""),
        "{answer:?}"
    );
    assert_eq!(answer.line["outcome"], "failed", "{answer:?}");
    assert_eq!(answer.line["reason"], reason, "{answer:?}");
}

#[tokio::test]
async fn a_code_is_mailed_once_whichever_process_the_retry_reaches() {
    let (world, ses) = (World::new().await, Ses::default());
    let server = ses.start().await;
    let settings = settings(&world, &server);
    for _ in 0..2 {
        let function = Function::start_named("otp-send", &settings).await;
        assert_sent(&ask(&world, &function, CODE).await);
        assert_sent(&ask(&world, &function, CODE).await);
    }
    let [mail] = &ses.mails()[..] else {
        panic!("{:?}", ses.mails());
    };
    assert_eq!(mail["FromEmailAddress"], "Contoso <no-reply@contoso.com>");
    assert_eq!(mail["Destination"]["ToAddresses"], json!([RECIPIENT]));
    let simple = &mail["Content"]["Simple"];
    assert_eq!(simple["Subject"]["Data"], "Din verifieringskod");
    for part in ["Html", "Text"] {
        let text = simple["Body"][part]["Data"].as_str().unwrap();
        assert!(
            text.contains(CODE) && text.contains("My Test application"),
            "{text}"
        );
    }
    let function = Function::start_named("otp-send", &settings).await;
    assert_sent(&ask(&world, &function, "87654321").await);
    assert_eq!(ses.mails().len(), 2);
}

#[tokio::test]
async fn what_is_not_handed_over_is_never_claimed_and_the_retry_sends_it() {
    let (world, ses) = (World::new().await, Ses::default());
    let server = ses.start().await;
    let function = Function::start_named("otp-send", &settings(&world, &server)).await;
    ses.troubles(&[Trouble::Rejects]);
    assert_not_sent(&ask(&world, &function, CODE).await, "mail-rejected");
    // It is tried once more within the request.
    ses.troubles(&[Trouble::Drops, Trouble::Drops]);
    assert_not_sent(&ask(&world, &function, CODE).await, "mail-unavailable");
    ses.troubles(&[Trouble::Hangs]);
    let late = ask(&world, &function, CODE).await;
    assert_not_sent(&late, "mail-timed-out");
    assert!(late.elapsed.as_millis() < 2000, "{:?}", late.elapsed);
    assert_sent(&ask(&world, &function, CODE).await);
    assert_eq!(ses.mails().len(), 1);
}

#[tokio::test]
async fn a_table_that_is_down_keeps_no_code_back() {
    let (world, ses) = (World::new().await, Ses::default());
    let server = ses.start().await;
    let function = Function::start_named("otp-send", &settings(&world, &server)).await;
    world.proxy.always("PutItem", Fault::InternalServerError);
    assert_sent(&ask(&world, &function, CODE).await);
    assert_eq!(ses.mails().len(), 1);
    function
        .notice(|line| line["dependency"] == "otp-deliveries" && line["level"] == "ERROR")
        .await;
}

#[tokio::test]
async fn it_serves_nothing_but_its_event_and_nobody_but_entra() {
    let (world, ses) = (World::new().await, Ses::default());
    let server = ses.start().await;
    let function = Function::start_named("otp-send", &settings(&world, &server)).await;
    let event = Event::post(PATH).json(&body(CODE));
    assert_eq!(function.send(&event).await.status, 401);
    assert_eq!(
        function.send(&event.basic(&world.connector)).await.status,
        401
    );
    let token = world.entra.token().text();
    let elsewhere = Event::post("/connectors/otp-send").json(&body(CODE));
    assert_eq!(function.send(&elsewhere.bearer(&token)).await.status, 404);
    let garbage = Event::post(PATH).body("{").bearer(&token);
    function
        .send(&garbage)
        .await
        .assert_refused(400, "malformed");
    let mut other = body(CODE);
    other["type"] = json!("microsoft.graph.authenticationEvent.tokenIssuanceStart");
    let other = Event::post(PATH).json(&other).bearer(&token);
    function.send(&other).await.assert_refused(400, "miswired");
    assert!(ses.mails().is_empty());
}

#[tokio::test]
async fn it_does_not_start_without_a_sender_or_a_tenant() {
    let (world, ses) = (World::new().await, Ses::default());
    let server = ses.start().await;
    let good = settings(&world, &server);
    for (settings, named) in [
        (good.clone().without("MAIL_FROM"), vec!["MAIL_FROM"]),
        (
            good.clone()
                .set("MAIL_TRANSPORT", "smtp")
                .without("TABLE_NAME"),
            vec!["SMTP_URL", "TABLE_NAME"],
        ),
        (
            good.set("ENTRA_TENANT_ID", "")
                .set("ENTRA_AUDIENCES", "")
                .set("ENTRA_ISSUERS", "")
                .set("ENTRA_TENANT_DOMAIN", ""),
            vec!["ENTRA_TENANT_ID"],
        ),
    ] {
        let ended = Function::refuse_named("otp-send", &settings).await;
        assert_ne!(ended.code, Some(0));
        let told = ended.log.last().unwrap().to_string();
        for name in named {
            assert!(told.contains(name), "{told}");
        }
    }
}
