//! Entra's signing keys, from an issuer on this machine.

use shared::{
    domain::key_set::SigningKeys,
    ports::{
        Deadline,
        sign_up_reader::{LookedUp, SignUpReader, Wanted},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::{Duration, Instant},
};

use crate::{
    audit::told,
    desk::{Desk, ran},
};

/// Serves the discovery document and one key; gives the issuer.
async fn issuer() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}/tenant/v2.0", listener.local_addr().unwrap());
    let documents = [
        (
            "/tenant/v2.0/.well-known/openid-configuration",
            format!(r#"{{"issuer":"{issuer}","jwks_uri":"{issuer}/keys"}}"#),
        ),
        (
            "/tenant/v2.0/keys",
            r#"{"keys":[{"kty":"RSA","use":"sig","kid":"k1","n":"AQID","e":"AQAB"}]}"#.to_owned(),
        ),
    ];
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default();
            let found = documents.iter().find(|(known, _)| path == *known);
            let (status, body) = found.map_or(("404 Not Found", ""), |(_, body)| ("200 OK", body));
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    issuer
}

async fn stored(desk: &Desk) -> SigningKeys {
    let wanted = Wanted {
        matchers: &[],
        applicant: None,
        caller_records: true,
        looked_up: &LookedUp::default(),
    };
    let deadline = Deadline(Instant::now() + Duration::from_secs(5));
    let facts = desk.table().read(wanted, deadline).await.unwrap();
    facts.caller_records.unwrap().signing_keys
}

#[tokio::test]
async fn the_keys_of_an_issuer_are_saved_where_functions_find_them() {
    let (desk, issuer) = (Desk::new().await, issuer().await);
    let out = desk.output(&["keys", "refresh", "--issuer", &issuer]).await;
    assert_eq!(out, format!("{issuer}: signing keys saved: 1\n"));
    assert_eq!(
        stored(&desk).await.find(&issuer, "k1").unwrap().modulus,
        [1, 2, 3]
    );
    let told = told(&desk).await;
    assert_eq!(told[0][1..], ["keys.refresh".to_owned(), issuer]);
}

#[tokio::test]
async fn the_issuers_follow_from_the_functions_settings() {
    let (desk, issuer) = (Desk::new().await, issuer().await);
    let mut command = desk.command(&["keys", "refresh"]);
    command
        .env("ENTRA_TENANT_ID", "aaaabbbb-0000-cccc-1111-dddd2222eeee")
        .env("ENTRA_ISSUERS", &issuer);
    let ran = ran(command).await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(stored(&desk).await.find(&issuer, "k1").is_some());
}

#[tokio::test]
async fn an_issuer_that_cannot_be_reached_is_told_and_the_others_are_saved() {
    let (desk, issuer) = (Desk::new().await, issuer().await);
    let missing = issuer.replace("/tenant/", "/nobody/");
    let refresh = ["keys", "refresh", "--issuer", &missing, "--issuer", &issuer];
    let ran = desk.run(&refresh).await;
    assert_eq!(
        (ran.code, ran.out),
        (1, format!("{issuer}: signing keys saved: 1\n"))
    );
    let told = format!("signupctl: the signing keys of `{missing}` cannot be fetched: ");
    assert!(ran.err.starts_with(&told), "{}", ran.err);
    assert!(stored(&desk).await.find(&issuer, "k1").is_some());
}

#[tokio::test]
async fn when_nothing_can_be_fetched_the_old_keys_stay() {
    let (desk, issuer) = (Desk::new().await, issuer().await);
    desk.output(&["keys", "refresh", "--issuer", &issuer]).await;
    let ran = desk
        .run(&["keys", "refresh", "--issuer", "http://login.example/x"])
        .await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(
        ran.err.contains("is not HTTPS") && ran.err.contains("nothing was saved"),
        "{}",
        ran.err
    );
    assert!(stored(&desk).await.find(&issuer, "k1").is_some());
}

#[tokio::test]
async fn without_any_issuer_it_says_what_is_missing() {
    let desk = Desk::new().await;
    let found = desk.run(&["keys", "refresh"]).await;
    assert_eq!(found.code, 1);
    assert_eq!(
        found.err,
        "signupctl: --issuer: found nothing, expected an issuer's URL (or ENTRA_TENANT_ID)\n"
    );
    let mut command = desk.command(&["keys", "refresh"]);
    command.env("ENTRA_TENANT_ID", "contoso");
    let found = ran(command).await;
    assert_eq!(
        (found.code, found.err.as_str()),
        (
            1,
            "signupctl: ENTRA_TENANT_ID: found `contoso`, expected a GUID\n"
        )
    );
}
