//! What the simulator takes in: mail by SMTP and by Amazon SES, webhooks, and the switches of its faults.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use http_body_util::BodyExt;
use local_entra::{
    Simulator,
    config::{Config, Deployment},
    faults::{FirstAttempt, Switches},
    mail::serve_smtp,
};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt;

fn simulator() -> Arc<Simulator> {
    let deployment = Deployment {
        base_url: "http://127.0.0.1:9000".to_owned(),
    };
    let config = Config::parse(
        include_str!("../../../examples/local-entra.toml"),
        &deployment,
    );
    Simulator::new("http://127.0.0.1:7000".to_owned(), config.unwrap()).unwrap()
}

/// An answer, read whole.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn send(sim: &Arc<Simulator>, request: Request<Body>) -> Answer {
    let response = sim.router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

async fn get(sim: &Arc<Simulator>, path: &str) -> Answer {
    send(sim, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn post_form(sim: &Arc<Simulator>, path: &str, form: &str) -> Answer {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()));
    send(sim, request.unwrap()).await
}

fn switch(sim: &Arc<Simulator>, change: impl FnOnce(&mut Switches)) {
    let mut switches = sim.faults.now();
    change(&mut switches);
    sim.faults.set(switches);
}

mod smtp {
    use super::*;

    /// Everything that the server says to a client that sends this and then waits for it to close.
    async fn dialogue(sim: &Arc<Simulator>, input: &[u8]) -> String {
        let address = serve(sim).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(input).await.unwrap();
        let mut replies = String::new();
        client.read_to_string(&mut replies).await.unwrap();
        replies
    }

    async fn serve(sim: &Arc<Simulator>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve_smtp(listener, Arc::clone(sim)));
        address
    }

    /// The code of each reply, whose last line has a space after it.
    fn codes(replies: &str) -> Vec<&str> {
        let codes = replies.lines().filter_map(|line| line.split_once(' '));
        codes
            .map(|(code, _)| code)
            .filter(|code| code.len() == 3)
            .collect()
    }

    const MESSAGE: &str = "EHLO client.example\r\nMAIL FROM:<no-reply@contoso.example>\r\n\
        RCPT TO:<johnsmith@fabrikam.com>\r\nRCPT TO:<blind@fabrikam.com>\r\nDATA\r\n\
        From: Contoso <no-reply@contoso.example>\r\nTo: John <johnsmith@fabrikam.com>\r\n\
        Subject: Hello\r\n\r\nFirst\r\n..dot\r\n...\r\n.\r\nQUIT\r\n";

    #[tokio::test]
    async fn a_pipelined_message_arrives_with_its_dots() {
        let sim = simulator();
        let replies = dialogue(&sim, MESSAGE.as_bytes()).await;
        assert_eq!(
            codes(&replies),
            ["220", "250", "250", "250", "250", "354", "250", "221"]
        );

        let mails = get(&sim, "/simulator/mails").await.json();
        let mail = &mails[0];
        assert_eq!(mail["from"], "Contoso <no-reply@contoso.example>");
        assert_eq!(
            mail["to"],
            json!(["johnsmith@fabrikam.com", "blind@fabrikam.com"])
        );
        assert_eq!(mail["subject"], "Hello");
        assert_eq!(mail["text"], "First\r\n.dot\r\n..\r\n");
        assert_eq!(mail["html"], Value::Null);
    }

    #[tokio::test]
    async fn a_message_without_headers_is_kept_as_text() {
        let sim = simulator();
        let input = "HELO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n\
            \r\n.\r\nQUIT\r\n";
        assert!(dialogue(&sim, input.as_bytes()).await.contains("250 2.6.0"));
        let mail = &get(&sim, "/simulator/mails").await.json()[0];
        assert_eq!(mail["from"], "a@example.com");
        assert_eq!(mail["subject"], "");
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_costs_only_itself() {
        let sim = simulator();
        let long = "x".repeat(100_000);
        let input = format!("NOOP {long}\r\nNOOP\r\nQUIT\r\n");
        assert_eq!(
            codes(&dialogue(&sim, input.as_bytes()).await),
            ["220", "500", "250", "221"]
        );
    }

    #[tokio::test]
    async fn a_message_with_a_line_that_is_too_long_is_refused() {
        let sim = simulator();
        let input = MESSAGE.replace("First", &"x".repeat(100_000));
        let replies = dialogue(&sim, input.as_bytes()).await;
        assert_eq!(
            codes(&replies),
            ["220", "250", "250", "250", "250", "354", "554", "221"]
        );
        assert_eq!(get(&sim, "/simulator/mails").await.json(), json!([]));
    }

    #[tokio::test]
    async fn a_connection_that_ends_within_a_message_leaves_nothing() {
        let sim = simulator();
        let end = MESSAGE.find("..dot").unwrap() + 3;
        let mut client = TcpStream::connect(serve(&sim).await).await.unwrap();
        client.write_all(&MESSAGE.as_bytes()[..end]).await.unwrap();
        client.shutdown().await.unwrap();
        let mut replies = String::new();
        client.read_to_string(&mut replies).await.unwrap();
        assert_eq!(codes(&replies).last(), Some(&"354"));
        assert_eq!(get(&sim, "/simulator/mails").await.json(), json!([]));
    }

    #[tokio::test]
    async fn octets_that_mean_nothing_end_one_session_and_no_other() {
        let sim = simulator();
        let address = serve(&sim).await;
        let line = (0..=u8::MAX).chain([b'\n']);
        let input: Vec<u8> = line.cycle().take(257 * 40).collect();
        let mut client = TcpStream::connect(address).await.unwrap();
        let mut other = TcpStream::connect(address).await.unwrap();

        // It is closed before everything was read, which this side can see as a reset.
        client.write_all(&input).await.ok();
        client.read_to_end(&mut Vec::new()).await.ok();

        other.write_all(MESSAGE.as_bytes()).await.unwrap();
        let mut replies = String::new();
        other.read_to_string(&mut replies).await.unwrap();
        assert_eq!(codes(&replies).last(), Some(&"221"));
        assert_eq!(sim.mail.to(None).len(), 1);
    }

    #[rstest]
    #[case::refused(true, false, "451")]
    #[case::throttled(false, true, "454")]
    #[tokio::test]
    async fn it_is_refused_on_purpose(
        #[case] refused: bool,
        #[case] throttled: bool,
        #[case] code: &str,
    ) {
        let sim = simulator();
        switch(&sim, |now| {
            now.mail.refused = refused;
            now.mail.throttled = throttled;
        });
        let replies = dialogue(&sim, MESSAGE.as_bytes()).await;
        assert_eq!(
            codes(&replies),
            ["220", "250", "250", "250", "250", "354", code, "221"]
        );
        assert_eq!(get(&sim, "/simulator/mails").await.json(), json!([]));
    }
}

mod ses {
    use super::*;

    async fn send_email(sim: &Arc<Simulator>, body: impl Into<Body>) -> Answer {
        let request = Request::post("/v2/email/outbound-emails")
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.into());
        send(sim, request.unwrap()).await
    }

    fn simple() -> Value {
        json!({
            "FromEmailAddress": "Contoso <no-reply@contoso.example>",
            "Destination": {
                "ToAddresses": ["John Smith <johnsmith@fabrikam.com>"],
                "BccAddresses": ["blind@fabrikam.com"],
            },
            "Content": {"Simple": {
                "Subject": {"Data": "Hej på dig", "Charset": "UTF-8"},
                "Body": {"Text": {"Data": "Text"}, "Html": {"Data": "<p>Html</p>"}},
                "Headers": [{"Name": "X-Entity-Ref-ID", "Value": "1"}],
            }},
            "EmailTags": [{"Name": "a", "Value": "b"}],
        })
    }

    fn raw(message: &[u8]) -> Value {
        json!({"Content": {"Raw": {"Data": BASE64_STANDARD.encode(message)}}})
    }

    #[tokio::test]
    async fn a_simple_mail_is_taken() {
        let sim = simulator();
        let answer = send_email(&sim, simple().to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert!(answer.headers.contains_key("x-amzn-requestid"));

        let mails = get(&sim, "/simulator/mails").await.json();
        let mail = &mails[0];
        assert_eq!(mail["id"], answer.json()["MessageId"]);
        assert_eq!(mail["from"], "Contoso <no-reply@contoso.example>");
        assert_eq!(
            mail["to"],
            json!(["johnsmith@fabrikam.com", "blind@fabrikam.com"])
        );
        assert_eq!(mail["subject"], "Hej på dig");
        assert_eq!(mail["text"], "Text");
        assert_eq!(mail["html"], "<p>Html</p>");
        let mail = get(&sim, &format!("/inbox/{}", mail["id"].as_str().unwrap())).await;
        assert!(mail.body.contains("X-Entity-Ref-ID"), "{}", mail.body);
    }

    #[tokio::test]
    async fn a_raw_mail_says_itself_from_whom_and_to_whom() {
        let sim = simulator();
        let message = b"From: no-reply@contoso.example\r\nTo: johnsmith@fabrikam.com\r\n\
            Subject: =?utf-8?q?Hej_p=C3=A5_dig?=\r\n\r\nText\r\n";
        let answer = send_email(&sim, raw(message).to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let mail = &get(&sim, "/simulator/mails").await.json()[0];
        assert_eq!(mail["to"], json!(["johnsmith@fabrikam.com"]));
        assert_eq!(mail["subject"], "Hej på dig");
        assert_eq!(mail["text"], "Text\r\n");
    }

    #[tokio::test]
    async fn the_destination_of_a_raw_mail_wins() {
        let sim = simulator();
        let mut request = raw(b"From: a@example.com\r\nTo: b@example.com\r\n\r\nText\r\n");
        request["Destination"] = json!({"ToAddresses": ["c@example.com"]});
        request["FromEmailAddress"] = json!("d@example.com");
        send_email(&sim, request.to_string()).await;
        let mail = &get(&sim, "/simulator/mails").await.json()[0];
        assert_eq!(mail["to"], json!(["c@example.com"]));
        assert_eq!(mail["from"], "d@example.com");
    }

    fn with(path: &str, value: Value) -> Value {
        let mut request = simple();
        *request.pointer_mut(path).unwrap() = value;
        request
    }

    #[rstest]
    #[case::no_json(json!("x"), "BadRequestException")]
    #[case::no_recipient(with("/Destination", json!({})), "BadRequestException")]
    #[case::no_body(with("/Content/Simple/Body", json!({})), "BadRequestException")]
    #[case::no_content(with("/Content", json!({})), "BadRequestException")]
    #[case::a_wrong_sender(with("/FromEmailAddress", json!("contoso")), "BadRequestException")]
    #[case::no_sender(with("/FromEmailAddress", json!(null)), "BadRequestException")]
    #[case::a_wrong_recipient(
        with("/Destination/ToAddresses", json!(["a@example.com\r\nBcc: b@example.com"])),
        "BadRequestException"
    )]
    #[case::not_base64(json!({"Content": {"Raw": {"Data": "?"}}}), "BadRequestException")]
    #[case::no_headers(raw(b""), "MessageRejected")]
    #[case::too_large(raw(&vec![b'x'; 1_048_577]), "MessageRejected")]
    #[case::too_large_by_far(raw(&vec![b'x'; 4_000_000]), "BadRequestException")]
    #[case::too_many_recipients(
        with("/Destination/ToAddresses", json!(vec!["a@example.com"; 50])),
        "MessageRejected"
    )]
    #[tokio::test]
    async fn what_is_wrong_is_an_error_of_the_service(#[case] body: Value, #[case] kind: &str) {
        let sim = simulator();
        let answer = send_email(&sim, body.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.headers["x-amzn-ErrorType"], kind, "{}", answer.body);
        assert!(answer.json()["message"].is_string());
        assert_eq!(get(&sim, "/simulator/mails").await.json(), json!([]));
    }

    #[rstest]
    #[case::refused(true, false, 503, "ServiceUnavailable")]
    #[case::throttled(false, true, 429, "TooManyRequestsException")]
    #[tokio::test]
    async fn it_is_refused_on_purpose(
        #[case] refused: bool,
        #[case] throttled: bool,
        #[case] status: u16,
        #[case] kind: &str,
    ) {
        let sim = simulator();
        switch(&sim, |now| {
            now.mail.refused = refused;
            now.mail.throttled = throttled;
        });
        let answer = send_email(&sim, simple().to_string()).await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.headers["x-amzn-ErrorType"], kind);
        assert_eq!(get(&sim, "/simulator/mails").await.json(), json!([]));
    }
}

mod inbox {
    use super::*;

    const SCRIPT: &str = "<script>alert(1)</script>";

    #[tokio::test]
    async fn the_newest_is_first_and_one_recipient_can_be_chosen() {
        let sim = simulator();
        sim.mail
            .deliver("a@example.com", "one@example.com", "First", "1");
        sim.mail
            .deliver("a@example.com", "two@example.com", "Second", "2");
        sim.mail
            .deliver("a@example.com", "One@example.com", "Third", "3");

        let subjects = |answer: Answer| {
            let mails = answer.json();
            let subjects = mails
                .as_array()
                .unwrap()
                .iter()
                .map(|mail| mail["subject"].clone());
            Value::from(subjects.collect::<Vec<_>>())
        };
        let all = subjects(get(&sim, "/simulator/mails").await);
        assert_eq!(all, json!(["Third", "Second", "First"]));
        let one = subjects(get(&sim, "/simulator/mails?to=one%40example.com").await);
        assert_eq!(one, json!(["Third", "First"]));

        let page = get(&sim, "/inbox?to=two@example.com").await.body;
        assert!(
            page.contains(">Second</a>") && !page.contains(">First</a>"),
            "{page}"
        );

        let cleared = post_form(&sim, "/inbox/clear", "").await;
        assert_eq!(cleared.status, StatusCode::SEE_OTHER);
        assert!(get(&sim, "/inbox").await.body.contains("No mail."));
    }

    #[tokio::test]
    async fn at_most_500_are_kept() {
        let sim = simulator();
        for number in 0..501 {
            sim.mail
                .deliver("a@example.com", "b@example.com", &number.to_string(), "");
        }
        let mails = get(&sim, "/simulator/mails").await.json();
        assert_eq!(mails.as_array().unwrap().len(), 500);
        assert_eq!(mails[0]["subject"], "500");
        assert_eq!(mails[499]["subject"], "1");
    }

    #[tokio::test]
    async fn a_script_is_shown_as_text() {
        let sim = simulator();
        sim.mail.deliver(SCRIPT, SCRIPT, SCRIPT, SCRIPT);
        let mail = &get(&sim, "/simulator/mails").await.json()[0];
        let message = get(&sim, &format!("/inbox/{}", mail["id"].as_str().unwrap())).await;
        let filter = "/inbox?to=%3Cscript%3Ealert(1)%3C/script%3E";
        for page in [get(&sim, "/inbox").await, get(&sim, filter).await, message] {
            assert_eq!(page.status, StatusCode::OK);
            assert!(page.body.contains("alert(1)"));
            assert!(!page.body.contains("<script"), "{}", page.body);
        }
    }

    #[tokio::test]
    async fn html_stays_in_its_frame() {
        let sim = simulator();
        let html = format!("\"></iframe>{SCRIPT}<img src='https://example.com/'>");
        let request = json!({
            "FromEmailAddress": "a@example.com",
            "Destination": {"ToAddresses": ["b@example.com"]},
            "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Html": {"Data": html}}}},
        });
        let request = Request::post("/v2/email/outbound-emails").body(request.to_string().into());
        let id = send(&sim, request.unwrap()).await.json()["MessageId"].clone();
        let page = get(&sim, &format!("/inbox/{}", id.as_str().unwrap())).await;

        let policy = page.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("script-src"),
            "{policy}"
        );
        assert!(
            !page.body.contains("<script") && !page.body.contains("<img"),
            "{}",
            page.body
        );
        let frame = page
            .body
            .split_once("<iframe ")
            .unwrap()
            .1
            .split_once('>')
            .unwrap()
            .0;
        assert!(
            frame.contains(" sandbox=\"") && frame.contains(" title=\""),
            "{frame}"
        );
        assert!(
            !frame.contains("allow-scripts") && !frame.contains("allow-same-origin"),
            "{frame}"
        );
        assert!(frame.contains("alert(1)"), "{frame}");
    }

    #[rstest]
    #[case::unknown("/inbox/00000000-0000-4000-8000-000000000000")]
    #[case::no_id("/inbox/x")]
    #[tokio::test]
    async fn a_mail_that_is_not_there(#[case] path: &str) {
        let page = get(&simulator(), path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert!(page.body.contains("That mail is not here"));
    }
}

mod receiver {
    use super::*;

    fn webhook(name: &str, id: &str, body: &str) -> Request<Body> {
        let request = Request::post(format!("/receiver/{name}?x=1"))
            .header("webhook-id", id)
            .header("webhook-timestamp", "1700000000")
            .header(header::CONTENT_TYPE, "application/json");
        request.body(Body::from(body.to_owned())).unwrap()
    }

    #[tokio::test]
    async fn a_webhook_is_kept_as_it_came() {
        let sim = simulator();
        let body = r#"{"b": 1.0, "a": "<script>"}"#;
        let answer = send(&sim, webhook("crm/events", "msg_1", body)).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);

        let received = get(&sim, "/simulator/received").await.json();
        let request = &received[0];
        assert_eq!(request["name"], "crm/events");
        assert_eq!(request["method"], "POST");
        assert_eq!(request["path"], "/receiver/crm/events?x=1");
        assert_eq!(request["body"], body);
        assert_eq!(request["webhookId"], "msg_1");
        assert_eq!(request["answered"], 204);
        assert_eq!(
            request["headers"],
            json!([
                ["webhook-id", "msg_1"],
                ["webhook-timestamp", "1700000000"],
                ["content-type", "application/json"],
            ])
        );

        let page = get(
            &sim,
            &format!("/received/{}", request["id"].as_str().unwrap()),
        )
        .await;
        assert!(
            page.body.contains("{\n  &#34;b&#34;: 1.0,\n"),
            "{}",
            page.body
        );
        assert!(!page.body.contains("<script"), "{}", page.body);
    }

    /// Signed by another's library, so many seconds from now.
    fn signed(id: &str, secret: &str, seconds: i64, body: &str) -> Request<Body> {
        let at = local_entra::clock::now().as_second() + seconds;
        let webhook = standardwebhooks::Webhook::new(secret).unwrap();
        let signature = webhook.sign(id, at, body.as_bytes()).unwrap();
        let request = Request::post("/receiver/events")
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", signature);
        request.body(Body::from(body.to_owned())).unwrap()
    }

    /// `whsec_` and `local-webhook-key-of-32-octets!!`, which the stand-in for AWS Secrets Manager gives out.
    const OWN: &str = "whsec_bG9jYWwtd2ViaG9vay1rZXktb2YtMzItb2N0ZXRzISE=";
    const OTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    async fn signature(sim: &Arc<Simulator>, request: Request<Body>) -> Value {
        send(sim, request).await;
        let received = get(sim, "/simulator/received").await.json();
        received.pointer("/0/signature").unwrap().clone()
    }

    #[tokio::test]
    async fn it_says_whether_a_signature_is_good() {
        let sim = simulator();
        let body = r#"{"type":"sign_up.blocked"}"#;
        for (seconds, expected) in [(0, "good"), (-290, "good"), (-310, "bad"), (310, "bad")] {
            let found = signature(&sim, signed("evt_1", OWN, seconds, body)).await;
            assert_eq!(found, expected, "{seconds}");
        }
        let page = get(&sim, "/received").await.body;
        assert!(
            page.contains("<td class=\"anywhere\">sign_up.blocked</td>"),
            "{page}"
        );
        assert!(
            page.contains("<td>good</td>") && page.contains("<td>bad</td>"),
            "{page}"
        );
        let other_body = signed("evt_1", OWN, 0, body).map(|_| Body::from("{}"));
        assert_eq!(signature(&sim, other_body).await, "bad");
        assert_eq!(
            signature(&sim, webhook("a", "msg_1", "{}")).await,
            Value::Null
        );
    }

    #[tokio::test]
    async fn secrets_that_were_made_here_are_known_too() {
        let sim = simulator();
        let request = || signed("evt_1", OTHER, 0, "{}");
        assert_eq!(signature(&sim, request()).await, "bad");
        for (name, expected) in [("other", "bad"), ("webhooks/ep_0000000000000002", "good")] {
            let secret = json!({
                "Name": format!("signup-connectors/{name}"),
                "SecretString": json!({ "keys": [OTHER] }).to_string(),
            });
            let create = Request::post("/secrets")
                .header("x-amz-target", "secretsmanager.CreateSecret")
                .body(Body::from(secret.to_string()))
                .unwrap();
            assert_eq!(send(&sim, create).await.status, StatusCode::OK);
            assert_eq!(signature(&sim, request()).await, expected, "{name}");
        }
        // Both signatures of a rotation.
        let (mut both, other) = (
            signed("evt_1", OWN, 0, "{}"),
            signed("evt_1", "AAAA", 0, "{}"),
        );
        let headers = [&other, &both].map(|one| one.headers()["webhook-signature"].clone());
        let headers = headers.map(|one| one.to_str().unwrap().to_owned());
        let joined = headers.join(" ").parse().unwrap();
        both.headers_mut().insert("webhook-signature", joined);
        assert_eq!(signature(&sim, both).await, "good");
    }

    #[tokio::test]
    async fn repeats_are_marked_for_each_name() {
        let sim = simulator();
        for (name, id) in [
            ("a", "msg_1"),
            ("a", "msg_2"),
            ("a", "msg_1"),
            ("b", "msg_1"),
            ("a", "msg_1"),
        ] {
            send(&sim, webhook(name, id, "{}")).await;
        }
        // Without an id nothing is a repeat.
        for _ in 0..2 {
            send(
                &sim,
                Request::put("/receiver/b").body(Body::empty()).unwrap(),
            )
            .await;
        }
        let received = get(&sim, "/simulator/received").await.json();
        let attempts = received
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["attempt"].clone());
        assert_eq!(attempts.collect::<Vec<_>>(), [1, 1, 3, 1, 2, 1, 1]);

        let page = get(&sim, "/received").await.body;
        for row in [
            "<td class=\"anywhere\">a</td><td>4</td><td>2</td>",
            "<td class=\"anywhere\">b</td><td>3</td><td>0</td>",
        ] {
            assert!(page.contains(row), "{page}");
        }
        assert!(page.contains("attempt 3"));

        post_form(&sim, "/received/clear", "").await;
        assert!(
            get(&sim, "/received")
                .await
                .body
                .contains("Nothing was received.")
        );
    }

    #[tokio::test]
    async fn it_answers_as_it_is_told() {
        let sim = simulator();
        switch(&sim, |now| now.receiver.status = 503);
        let answer = send(&sim, webhook("a", "msg_1", "{}")).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            get(&sim, "/simulator/received").await.json()[0]["answered"],
            503
        );
    }

    #[rstest]
    #[case::the_largest(1_048_576, StatusCode::NO_CONTENT, false)]
    #[case::too_large(1_048_577, StatusCode::PAYLOAD_TOO_LARGE, true)]
    #[tokio::test]
    async fn a_body_has_its_limit(
        #[case] octets: usize,
        #[case] status: StatusCode,
        #[case] incomplete: bool,
    ) {
        let sim = simulator();
        let answer = send(&sim, webhook("a", "msg_1", &"x".repeat(octets))).await;
        assert_eq!(answer.status, status);
        assert_eq!(
            get(&sim, "/simulator/received").await.json()[0]["incomplete"],
            incomplete
        );
    }

    #[tokio::test]
    async fn a_request_that_is_not_there() {
        let page = get(&simulator(), "/received/x").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert!(page.body.contains("That request is not here"));
    }
}

mod faults {
    use super::*;

    const FORM: &str = "calls.delayMs=250&calls.firstAttempt=answer-lost&calls.twice=on&graph.throttledPercent=10\
        &graph.failingPercent=20&graph.lostAfterCommitPercent=30&graph.latePercent=35\
        &graph.lateMs=45&graph.latencyMs=40&graph.hiddenAfterCreationMs=50\
        &receiver.status=500&receiver.latencyMs=60&mail.throttled=on&mail.latencyMs=70";

    async fn put(sim: &Arc<Simulator>, document: &str) -> Answer {
        let request = Request::put("/simulator/faults").body(Body::from(document.to_owned()));
        send(sim, request.unwrap()).await
    }

    #[tokio::test]
    async fn the_form_switches_everything_and_shows_it() {
        let sim = simulator();
        assert!(
            get(&sim, "/faults")
                .await
                .body
                .contains("Everything works.")
        );
        let saved = post_form(&sim, "/faults", FORM).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER);
        assert_eq!(
            get(&sim, "/simulator/faults").await.json(),
            json!({
                "calls": {"delayMs": 250, "firstAttempt": "answer-lost", "twice": true},
                "graph": {
                    "throttledPercent": 10, "failingPercent": 20, "lostAfterCommitPercent": 30,
                    "latePercent": 35, "lateMs": 45, "latencyMs": 40, "hiddenAfterCreationMs": 50,
                },
                "receiver": {"status": 500, "latencyMs": 60},
                "mail": {"refused": false, "throttled": true, "latencyMs": 70},
            })
        );

        let page = get(&sim, "/faults").await.body;
        assert!(page.contains("goes wrong on purpose"), "{page}");
        assert!(page.contains("requests to the deployment, Graph, the webhook receiver, mail"));
        assert!(
            page.contains(r#"value="250""#) && page.contains(r#"value="answer-lost" selected"#)
        );
        assert!(page.contains(r#"name="mail.throttled" type="checkbox" checked"#));
        assert!(page.contains(r#"name="mail.refused" type="checkbox">"#));

        let reset = post_form(&sim, "/faults/reset", "").await;
        assert_eq!(reset.status, StatusCode::SEE_OTHER);
        assert!(!sim.faults.now().any());
    }

    #[rstest]
    #[case::too_much(
        "calls.delayMs=250",
        "calls.delayMs=60001",
        "calls.delayMs",
        "expected 0 to 60000"
    )]
    #[case::no_number(
        "receiver.status=500",
        "receiver.status=ok",
        "receiver.status",
        "expected a whole number"
    )]
    #[case::too_little(
        "receiver.status=500",
        "receiver.status=99",
        "receiver.status",
        "expected 200 to 599"
    )]
    #[case::missing(
        "&graph.failingPercent=20",
        "",
        "graph.failingPercent",
        "expected a whole number"
    )]
    #[case::over_100(
        "Percent=30",
        "Percent=101",
        "graph.lostAfterCommitPercent",
        "expected 0 to 100"
    )]
    #[case::no_choice("=answer-lost", "=lost", "calls.firstAttempt", "choose one")]
    #[tokio::test]
    async fn bad_input_changes_nothing_and_is_named_beside_its_field(
        #[case] good: &str,
        #[case] bad: &str,
        #[case] field: &str,
        #[case] message: &str,
    ) {
        let sim = simulator();
        switch(&sim, |now| now.calls.first_attempt = FirstAttempt::Dropped);
        let before = sim.faults.now();
        let form = FORM.replace(good, bad);
        assert_ne!(form, FORM);
        let page = post_form(&sim, "/faults", &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        let beside = format!("<p class=\"error\" id=\"{field}-problem\">{message}");
        assert!(page.body.contains(&beside), "{}", page.body);
        assert!(
            page.body
                .contains(&format!("aria-describedby=\"{field}-problem\""))
        );
        assert_eq!(page.body.matches("-problem\">").count(), 2, "{}", page.body);
        assert!(page.body.contains(r#"value="70""#), "what was typed stays");
        assert_eq!(sim.faults.now(), before);
    }

    #[tokio::test]
    async fn a_document_replaces_all_switches() {
        let sim = simulator();
        switch(&sim, |now| now.mail.refused = true);
        let answer = put(&sim, r#"{"receiver": {"status": 410}}"#).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json(), get(&sim, "/simulator/faults").await.json());
        let now = sim.faults.now();
        assert_eq!(now.receiver.status, 410);
        assert!(!now.mail.refused, "what is left out works");
    }

    #[rstest]
    #[case::unknown(r#"{"mail": {"lost": true}}"#, "mail.lost")]
    #[case::outside_its_limits(r#"{"graph": {"throttledPercent": 101}}"#, "graph.throttledPercent")]
    #[case::another_type(r#"{"calls": {"delayMs": "1"}}"#, "calls.delayMs")]
    #[case::two_documents("{} {}", ".")]
    #[tokio::test]
    async fn a_wrong_document_changes_nothing(#[case] document: &str, #[case] field: &str) {
        let sim = simulator();
        let answer = put(&sim, document).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(
            answer.json()["problems"][0]["field"],
            field,
            "{}",
            answer.body
        );
        assert!(!sim.faults.now().any());
    }
}
