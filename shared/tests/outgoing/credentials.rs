//! What proves a call, and what happens when it is refused.

use rstest::rstest;
use shared::ports::{
    outgoing::{Credential, Outgoing, OutgoingError},
    secrets::SecretError,
};

use crate::{
    World, broken, far, get,
    servers::{Answer, Received, Server, certificates::Authority},
    status, with,
};

fn api_key() -> Credential {
    Credential::ApiKey {
        header: "X-Api-Key".to_owned(),
        secret: "crm".to_owned(),
    }
}

fn basic() -> Credential {
    Credential::Basic {
        secret: "crm".to_owned(),
    }
}

fn certificate() -> Credential {
    Credential::ClientCertificate {
        secret: "pem".to_owned(),
    }
}

fn token() -> Credential {
    Credential::ClientCredentials {
        token_url: "https://login.example/".to_owned(),
        scope: None,
        secret: "crm".to_owned(),
    }
}

async fn plain() -> (Server, World) {
    let server = Server::start().await;
    server.on("/", [Answer::status(200)]);
    let world = World::naming(&[&server.authority()]);
    (server, world)
}

fn header(request: &Received, name: &str) -> String {
    request.header(name).unwrap().to_owned()
}

#[tokio::test]
async fn an_api_key_is_the_text_of_its_header() {
    let (server, world) = plain().await;
    world.secrets.put("crm", "hush\n");
    let call = with(&server.url("/"), &[api_key()]);
    assert_eq!(status(world.http().call(&call, far()).await), 200);
    assert_eq!(header(&server.received()[0], "x-api-key"), "hush");
}

#[tokio::test]
async fn a_password_is_sent_as_rfc_7617_has_it() {
    let (server, world) = plain().await;
    world.secrets.put(
        "crm",
        r#"{"username":"Aladdin","password":"open sesame","engine":"x"}"#,
    );
    let call = with(&server.url("/"), &[basic()]);
    assert_eq!(status(world.http().call(&call, far()).await), 200);
    assert_eq!(
        header(&server.received()[0], "authorization"),
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    );
}

#[rstest]
#[case::rotated(200)]
#[case::refused_again(401)]
#[tokio::test]
async fn a_refused_secret_is_read_anew_once(#[case] then: u16) {
    let (server, world) = plain().await;
    server.on("/", [Answer::status(401), Answer::status(then)]);
    world.secrets.put("crm", "old");
    world.secrets.rotate("crm", "new");
    let call = with(&server.url("/"), &[api_key()]);
    assert_eq!(status(world.http().call(&call, far()).await), then);
    let keys: Vec<String> = server
        .received()
        .iter()
        .map(|request| header(request, "x-api-key"))
        .collect();
    assert_eq!(keys, ["old", "new"]);
    assert_eq!(world.secrets.forgotten(), 1);
}

#[tokio::test]
async fn a_refusal_of_a_call_without_credentials_is_an_answer() {
    let (server, world) = plain().await;
    server.on("/", [Answer::status(401), Answer::status(200)]);
    assert_eq!(
        status(world.http().call(&get(&server.url("/")), far()).await),
        401
    );
}

#[tokio::test]
async fn an_absent_secret_is_told_by_its_name() {
    let (server, world) = plain().await;
    for credential in [api_key(), basic()] {
        let call = with(&server.url("/"), &[credential]);
        let result = world.http().call(&call, far()).await;
        assert_eq!(
            result,
            Err(OutgoingError::Secret(SecretError::Absent("crm".to_owned())))
        );
    }
    assert!(server.received().is_empty());
}

#[rstest]
#[case::no_key(api_key(), "")]
#[case::two_lines(api_key(), "hush\nhush")]
#[case::no_json(basic(), "hush")]
#[case::no_password(basic(), r#"{"username":"hush"}"#)]
#[case::a_number(basic(), r#"{"username":"hush","password":7}"#)]
#[case::a_colon(basic(), r#"{"username":"hu:sh","password":"hush"}"#)]
#[case::no_client(token(), r#"{"username":"hush","password":"hush"}"#)]
#[tokio::test]
async fn another_form_is_told_without_the_secret(
    #[case] credential: Credential,
    #[case] text: &str,
) {
    let (server, world) = plain().await;
    world.secrets.put("crm", text);
    let http = world.http();
    let call = with(&server.url("/"), &[credential]);
    let error = http.call(&call, far()).await.unwrap_err();
    assert!(
        matches!(&error, OutgoingError::Secret(SecretError::Form { name, .. }) if name == "crm")
    );
    let told = format!("{error} {error:?} {call:?} {http:?}");
    assert!(!told.contains("hush"), "{told}");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn what_cannot_be_a_header_is_refused() {
    let (server, world) = plain().await;
    let mut call = get(&server.url("/"));
    call.headers = vec![("X-Name".to_owned(), "a\r\nhush: b".to_owned())];
    let text = crate::refusal(world.http().call(&call, far()).await);
    assert!(
        text.contains("`X-Name`") && !text.contains("hush"),
        "{text}"
    );
}

async fn demanding(of_clients: &Authority) -> (Server, World) {
    let authority = Authority::new();
    let config = authority.issue("127.0.0.1").server(Some(of_clients));
    let server = Server::start_tls(config).await;
    server.on("/", [Answer::status(200)]);
    let world = World::naming(&[&server.authority()]).trusting(&authority);
    (server, world)
}

#[tokio::test]
async fn a_client_certificate_opens_what_demands_it() {
    let clients = Authority::new();
    let (server, world) = demanding(&clients).await;
    world.secrets.put("pem", clients.issue("contoso").pem());
    world.secrets.put("crm", "key");
    let http = world.http();
    let call = with(&server.url("/"), &[certificate(), api_key()]);
    for _ in 0..2 {
        assert_eq!(status(http.call(&call, far()).await), 200);
    }
    let received = server.received();
    assert_eq!(header(&received[0], "x-api-key"), "key");
    assert_eq!(received[0].connection, received[1].connection);
    // The connection that the certificate opened is not lent to a call without it.
    broken(http.call(&get(&server.url("/")), far()).await);
}

#[tokio::test]
async fn a_new_client_certificate_replaces_the_old_one() {
    let clients = Authority::new();
    let (server, world) = demanding(&clients).await;
    let http = world.http();
    let call = with(&server.url("/"), &[certificate()]);
    world
        .secrets
        .put("pem", Authority::new().issue("contoso").pem());
    broken(http.call(&call, far()).await);
    world.secrets.put("pem", clients.issue("contoso").pem());
    assert_eq!(status(http.call(&call, far()).await), 200);
}

#[tokio::test]
async fn a_client_certificate_of_another_form_is_told() {
    let clients = Authority::new();
    let (server, world) = demanding(&clients).await;
    let (one, another) = (clients.issue("contoso"), clients.issue("contoso"));
    let (_, key) = one
        .pem()
        .split_once("-----BEGIN PRIVATE")
        .map(|(a, b)| (a.to_owned(), format!("-----BEGIN PRIVATE{b}")))
        .unwrap();
    let forms = [
        "hush".to_owned(),
        one.certificate_pem(),
        key.clone(),
        format!("{}{key}", another.certificate_pem()),
        "-----BEGIN CERTIFICATE-----\nhush\n-----END CERTIFICATE-----\n".to_owned(),
    ];
    for text in forms {
        world.secrets.put("pem", text);
        let call = with(&server.url("/"), &[certificate()]);
        let error = world.http().call(&call, far()).await.unwrap_err();
        let expected = "the secret `pem` has another form: expected PEM with a certificate chain and its private key (PKCS #8)";
        assert_eq!(error.to_string(), expected);
    }
    assert!(server.received().is_empty());
}
