//! Secrets Manager, as its JSON 1.1 protocol has it.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use serde_json::Value;
use shared::{
    adapters::{
        dynamodb::Connection,
        secrets::{SecretsManager, SecretsSettings},
    },
    ports::{
        secret_store::SecretStore,
        secrets::{Secret, SecretError, Secrets},
    },
    testkit::FixedClock,
};

use crate::{
    far, near,
    servers::{Answer, Server},
};

struct Scene {
    server: Server,
    clock: Arc<FixedClock>,
    secrets: SecretsManager,
}

impl Scene {
    async fn answering(answer: Answer) -> Self {
        let server = Server::start().await;
        server.on("/", [answer]);
        let clock = Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH));
        let settings = SecretsSettings {
            connection: Connection {
                region: "eu-north-1".to_owned(),
                endpoint: Some(server.url("/")),
                access_key_id: "id".to_owned(),
                secret_access_key: "key".to_owned(),
                session_token: None,
            },
            prefix: "contoso".to_owned(),
        };
        let secrets = SecretsManager::new(settings, Arc::clone(&clock) as _);
        Self {
            server,
            clock,
            secrets,
        }
    }

    async fn read(&self) -> Result<String, SecretError> {
        let secret = self.secrets.secret("crm", far()).await;
        secret.map(|secret| secret.reveal().to_owned())
    }

    fn now_answering(&self, answer: Answer) {
        self.server.on("/", [answer]);
    }

    fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    fn requests(&self) -> usize {
        self.server.count("/")
    }
}

fn found(text: &str) -> Answer {
    json(
        200,
        &format!(r#"{{"Name":"contoso/crm","SecretString":"{text}"}}"#),
    )
}

fn fault(status: u16, code: &str) -> Answer {
    json(
        status,
        &format!(r#"{{"__type":"{code}","Message":"hush"}}"#),
    )
}

fn json(status: u16, body: &str) -> Answer {
    Answer::Reply {
        status,
        headers: vec![("content-type", "application/x-amz-json-1.1".to_owned())],
        body: body.into(),
    }
}

const MINUTES: i64 = 60;

#[tokio::test]
async fn a_secret_is_asked_for_under_the_prefix() {
    let scene = Scene::answering(found("hush")).await;
    assert_eq!(scene.requests(), 0);
    assert_eq!(scene.read().await.unwrap(), "hush");
    let asked = &scene.server.received()[0];
    assert_eq!(
        asked.header("x-amz-target"),
        Some("secretsmanager.GetSecretValue")
    );
    assert!(
        asked
            .header("authorization")
            .unwrap()
            .contains("/eu-north-1/secretsmanager/")
    );
    assert_eq!(asked.text(), r#"{"SecretId":"contoso/crm"}"#);
}

#[tokio::test]
async fn a_secret_is_kept_for_five_minutes() {
    let scene = Scene::answering(found("one")).await;
    assert_eq!(scene.read().await.unwrap(), "one");
    scene.now_answering(found("two"));
    for (wait, expected) in [(0, "one"), (5 * MINUTES - 1, "one"), (1, "two")] {
        scene.advance(wait);
        assert_eq!(scene.read().await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_forgotten_secret_is_read_anew() {
    let scene = Scene::answering(found("one")).await;
    assert_eq!(scene.read().await.unwrap(), "one");
    scene.now_answering(found("two"));
    scene.secrets.forget("crm");
    assert_eq!(scene.read().await.unwrap(), "two");
}

#[tokio::test]
async fn calls_at_once_read_a_secret_once() {
    let scene = Scene::answering(found("one")).await;
    let each_another = (1..=32).map(|number| found(&number.to_string()));
    scene.server.on("/", each_another);
    let answers = join_all((0..8).map(|_| scene.read())).await;
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
}

#[rstest]
#[case::fault(fault(500, "InternalServiceError"))]
#[case::no_permission(fault(400, "AccessDeniedException"))]
#[case::garbage(json(200, "what?"))]
#[case::closed(Answer::Close)]
#[tokio::test]
async fn an_old_secret_stands_in_for_an_hour(#[case] outage: Answer) {
    let scene = Scene::answering(found("one")).await;
    assert_eq!(scene.read().await.unwrap(), "one");
    scene.now_answering(outage);
    scene.advance(5 * MINUTES);
    assert_eq!(scene.read().await.unwrap(), "one");
    let tried = scene.requests();
    scene.advance(29);
    assert_eq!(scene.read().await.unwrap(), "one");
    assert_eq!(scene.requests(), tried, "too soon");
    scene.advance(1);
    assert_eq!(scene.read().await.unwrap(), "one");
    assert!(scene.requests() > tried);
    scene.advance(55 * MINUTES);
    let error = scene.read().await.unwrap_err();
    assert!(matches!(error, SecretError::Unavailable { .. }), "{error}");
    scene.now_answering(found("two"));
    assert_eq!(scene.read().await.unwrap(), "two");
}

#[tokio::test]
async fn an_old_secret_stands_in_while_the_new_one_hangs() {
    let scene = Scene::answering(found("one")).await;
    assert_eq!(scene.read().await.unwrap(), "one");
    scene.now_answering(Answer::Hang);
    scene.advance(5 * MINUTES);
    let secret = scene.secrets.secret("crm", near()).await;
    assert_eq!(secret, Ok(Secret::new("one")));
}

#[tokio::test]
async fn a_secret_that_was_removed_has_no_stand_in() {
    let scene = Scene::answering(found("one")).await;
    assert_eq!(scene.read().await.unwrap(), "one");
    scene.now_answering(fault(400, "ResourceNotFoundException"));
    scene.advance(5 * MINUTES);
    for _ in 0..2 {
        assert_eq!(
            scene.read().await,
            Err(SecretError::Absent("crm".to_owned()))
        );
    }
}

#[tokio::test]
async fn an_outage_is_told_by_its_code_alone() {
    let scene = Scene::answering(fault(400, "AccessDeniedException")).await;
    let expected = SecretError::Unavailable {
        name: "crm".to_owned(),
        problem: "AccessDeniedException".to_owned(),
    };
    assert_eq!(scene.read().await, Err(expected));
}

#[tokio::test]
async fn a_read_that_hangs_costs_the_deadline() {
    let scene = Scene::answering(Answer::Hang).await;
    let secret = scene.secrets.secret("crm", near()).await;
    assert_eq!(secret, Err(SecretError::TimedOut("crm".to_owned())));
}

#[tokio::test]
async fn octets_are_another_form() {
    let scene = Scene::answering(json(200, r#"{"SecretBinary":"aHVzaA=="}"#)).await;
    let error = scene.read().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the secret `crm` has another form: expected a text, not octets"
    );
}

#[tokio::test]
async fn what_cannot_be_a_name_is_not_asked_for() {
    let scene = Scene::answering(found("hush")).await;
    for name in ["", "a b", "räksmörgås", "a\u{0}", &"a".repeat(129)] {
        let error = scene.secrets.secret(name, far()).await.unwrap_err();
        assert!(matches!(error, SecretError::Unavailable { .. }), "{error}");
    }
    assert_eq!(scene.requests(), 0);
    assert!(
        scene
            .secrets
            .secret("team/crm_2+a=b.c@d-e", far())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_secret_whose_answer_was_lost_is_kept_once() {
    let scene = Scene::answering(found("one")).await;
    scene.server.on("/", [Answer::Close, found("two")]);
    scene
        .secrets
        .keep("crm", &Secret::new("two"))
        .await
        .unwrap();
    let asked = scene.server.received();
    let tokens = asked.iter().map(|request| {
        let body: Value = serde_json::from_str(request.text()).unwrap();
        body["ClientRequestToken"].as_str().unwrap().to_owned()
    });
    let tokens: Vec<_> = tokens.collect();
    assert!(tokens.len() > 1, "{tokens:?}");
    // Secrets Manager takes 32 to 64 characters.
    let same = |token: &String| *token == tokens[0] && token.len() == 32;
    assert!(tokens.iter().all(same), "{tokens:?}");
}

#[tokio::test]
async fn nobody_who_prints_it_sees_a_secret() {
    let scene = Scene::answering(found("hush")).await;
    let secret = scene.secrets.secret("crm", far()).await;
    let told = format!("{secret:?} {:?}", scene.secrets);
    assert!(!told.contains("hush") && !told.contains("key"), "{told}");
}
