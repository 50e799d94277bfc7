//! Keys, discovery, extension tokens and the sign-in with an authorization code, as a client on the wire sees them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http_body_util::BodyExt;
use local_entra::{
    Simulator,
    config::{Config, Deployment},
};
use reqwest::Url;
use ring::{
    digest::{SHA256, digest},
    signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};
use rstest::rstest;
use serde_json::Value;
use tower::ServiceExt;

const ORIGIN: &str = "http://127.0.0.1:7000";
const TENANT: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const AUDIENCE: &str = "a13d0fc1-04ab-4ede-b215-63de0174cbb4";
const EVENTS_SERVICE: &str = "99045fe1-7639-4a75-9d4a-577b6ca3810f";
const CONSOLE: &str = "5f1b1c3e-6a0d-4c39-9d3a-0c8f6c2f7b11";
const CONFIDENTIAL: &str = "6a1b1c3e-6a0d-4c39-9d3a-0c8f6c2f7b22";
const DAEMON: &str = "c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52";
const BACK: &str = "http://127.0.0.1:9000/signed-in?from=entra";
const APPROVER: &str = "0a8e7c1d-52f4-4f7e-9d57-8f3f2b9c1e01";
const WITHOUT_ROLE: &str = "0a8e7c1d-52f4-4f7e-9d57-8f3f2b9c1e03";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

const CONFIG: &str = r#"
[tenant]
id = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
name = "contoso"
extensions-app-id = "00001111aaaa2222bbbb3333cccc4444"
extension-audience = "a13d0fc1-04ab-4ede-b215-63de0174cbb4"

[[application]]
id = "5f1b1c3e-6a0d-4c39-9d3a-0c8f6c2f7b11"
name = "Console"
redirect-uris = ["http://127.0.0.1:9000/signed-in?from=entra", "http://127.0.0.1:7000/sign-in/done"]

[[application]]
id = "6a1b1c3e-6a0d-4c39-9d3a-0c8f6c2f7b22"
name = "Confidential console"
redirect-uris = ["http://127.0.0.1:9000/signed-in?from=entra"]
secret = "its: s&cret%"

[[application]]
id = "c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52"
name = "Daemon"
secret = "local-graph-secret"

[[person]]
id = "0a8e7c1d-52f4-4f7e-9d57-8f3f2b9c1e01"
name = "Alex Approver"
email = "alex@contoso.example"
roles = ["approver"]

[[person]]
id = "0a8e7c1d-52f4-4f7e-9d57-8f3f2b9c1e03"
name = "Kim Colleague"
email = "kim@contoso.example"
"#;

/// The simulator by way of its router.
struct Entra(Arc<Simulator>);

/// One for all tests that leave keys and switches alone: keys take a while to make.
static SHARED: LazyLock<Arc<Simulator>> = LazyLock::new(|| Entra::start().0);

struct Answer {
    status: StatusCode,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// Where a browser is sent, and with which parameters.
    fn sent_to(&self) -> (String, BTreeMap<String, String>) {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        let url = Url::parse(&self.headers["location"]).unwrap();
        let parameters = url.query_pairs().into_owned().collect();
        let mut address = url;
        address.set_query(None);
        (address.into(), parameters)
    }

    fn is_error(&self, status: StatusCode, error: &str, number: u32) {
        let body = self.json();
        assert_eq!(
            (self.status, &body["error"]),
            (status, &Value::from(error)),
            "{body}"
        );
        assert_eq!(body["error_codes"], serde_json::json!([number]));
        let description = body["error_description"].as_str().unwrap();
        assert!(
            description.starts_with(&format!("AADSTS{number}: ")),
            "{description}"
        );
        assert_eq!(self.headers["cache-control"], "no-store");
    }
}

impl Entra {
    fn start() -> Self {
        let deployment = Deployment {
            base_url: "http://127.0.0.1:9000".to_owned(),
        };
        let config = Config::parse(CONFIG, &deployment).unwrap();
        Self(Simulator::new(ORIGIN.to_owned(), config).unwrap())
    }

    fn shared() -> Self {
        Self(Arc::clone(&SHARED))
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.0.router().oneshot(request).await.unwrap();
        let headers = response.headers().iter();
        let text = |value: &header::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = headers
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer {
            status,
            headers,
            body,
        }
    }

    /// By path or by whole address.
    async fn get(&self, address: &str) -> Answer {
        let path = address.strip_prefix(ORIGIN).unwrap_or(address);
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.post_as(path, form, None).await
    }

    async fn post_as(&self, path: &str, form: &[(&str, &str)], basic: Option<&str>) -> Answer {
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(credential) = basic {
            let credential = STANDARD.encode(credential);
            request = request.header(header::AUTHORIZATION, format!("Basic {credential}"));
        }
        self.send(request.body(Body::from(encoded(form))).unwrap())
            .await
    }

    /// The key document behind an issuer, found as a verifier finds it.
    async fn keys(&self, issuer: &str) -> Vec<Value> {
        let base = issuer.trim_end_matches('/');
        let document = self
            .get(&format!("{base}/.well-known/openid-configuration"))
            .await;
        assert_eq!(document.status, StatusCode::OK, "{issuer}");
        let keys = self
            .get(document.json()["jwks_uri"].as_str().unwrap())
            .await;
        assert_eq!(keys.status, StatusCode::OK, "{issuer}");
        keys.json()["keys"].as_array().unwrap().clone()
    }

    async fn key_ids(&self, issuer: &str) -> Vec<String> {
        let keys = self.keys(issuer).await;
        keys.iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The claims of a token that the keys of its own issuer vouch for.
    async fn verified(&self, token: &str) -> Option<Value> {
        let parts = Parts::of(token);
        let issuer = parts.claims["iss"].as_str().unwrap();
        let keys = self.keys(issuer).await;
        let key = keys.iter().find(|key| key["kid"] == parts.header["kid"])?;
        let number = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
        let (n, e) = (number("n"), number("e"));
        let public = RsaPublicKeyComponents { n, e };
        let signed = parts.signed.as_bytes();
        let verified = public.verify(&RSA_PKCS1_2048_8192_SHA256, signed, &parts.signature);
        (parts.header["alg"] == "RS256" && verified.is_ok()).then_some(parts.claims)
    }

    async fn extension_token(&self, switches: &[(&str, &str)]) -> String {
        if !switches.is_empty() {
            let set = self.post("/tokens/extension", switches).await;
            assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.body);
        }
        let token = self.get("/simulator/extension-token").await;
        assert_eq!(token.headers["content-type"], "text/plain; charset=utf-8");
        token.body
    }

    /// Signs somebody in and brings the code back.
    async fn code(&self, changed: &[(&str, Option<&str>)], person: &str) -> String {
        let address = authorize(changed);
        assert_eq!(self.get(&address).await.status, StatusCode::OK);
        let (_, back) = self.post(&address, &[("choice", person)]).await.sent_to();
        back["code"].clone()
    }

    async fn redeem(&self, code: &str, changed: &[(&str, Option<&str>)]) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", CONSOLE),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
            ("code", code),
        ];
        self.post(&token_endpoint(), &with(&form, changed)).await
    }
}

struct Parts {
    header: Value,
    claims: Value,
    signed: String,
    signature: Vec<u8>,
}

impl Parts {
    fn of(token: &str) -> Self {
        let parts: Vec<_> = token.split('.').collect();
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        Self {
            header: serde_json::from_slice(&decoded(parts[0])).unwrap(),
            claims: serde_json::from_slice(&decoded(parts[1])).unwrap(),
            signed: format!("{}.{}", parts[0], parts[1]),
            signature: decoded(parts[2]),
        }
    }
}

fn encoded(form: &[(&str, &str)]) -> String {
    let mut url = Url::parse(ORIGIN).unwrap();
    url.query_pairs_mut().extend_pairs(form);
    url.query().unwrap_or_default().to_owned()
}

/// Replaces or leaves out parameters.
fn with<'p>(
    parameters: &[(&'p str, &'p str)],
    changed: &[(&'p str, Option<&'p str>)],
) -> Vec<(&'p str, &'p str)> {
    let kept = parameters
        .iter()
        .filter(|(name, _)| changed.iter().all(|(other, _)| name != other));
    let new = changed
        .iter()
        .filter_map(|(name, value)| Some((*name, (*value)?)));
    kept.copied().chain(new).collect()
}

fn token_endpoint() -> String {
    format!("/{TENANT}/oauth2/v2.0/token")
}

fn authorize(changed: &[(&str, Option<&str>)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
    let right = [
        ("client_id", CONSOLE),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", "openid profile email"),
        ("state", "the state & more"),
        ("nonce", "the nonce"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    format!(
        "/{TENANT}/oauth2/v2.0/authorize?{}",
        encoded(&with(&right, changed))
    )
}

fn by_id() -> String {
    format!("{ORIGIN}/ciamlogin/{TENANT}/{TENANT}/v2.0")
}

fn by_name() -> String {
    format!("{ORIGIN}/ciamlogin/contoso/{TENANT}/v2.0")
}

fn workforce() -> String {
    format!("{ORIGIN}/{TENANT}/v2.0")
}

fn workforce_v1() -> String {
    format!("{ORIGIN}/{TENANT}/")
}

#[tokio::test]
async fn the_document_of_every_issuer_names_the_issuer_that_tokens_have() {
    let entra = Entra::shared();
    assert_eq!(
        entra.0.tokens.issuers(),
        [by_id(), by_name(), workforce(), workforce_v1()]
    );
    for (issuer, named) in [
        (by_id(), by_id()),
        (by_name(), by_id()),
        (workforce(), workforce()),
        (workforce_v1(), workforce_v1()),
    ] {
        let base = issuer.trim_end_matches('/');
        let document = entra
            .get(&format!("{base}/.well-known/openid-configuration"))
            .await
            .json();
        assert_eq!(document["issuer"], named);
        assert_eq!(
            document["code_challenge_methods_supported"],
            serde_json::json!(["S256"])
        );
        for endpoint in [
            "authorization_endpoint",
            "token_endpoint",
            "end_session_endpoint",
        ] {
            let answer = entra.get(document[endpoint].as_str().unwrap()).await;
            assert_ne!(answer.status, StatusCode::NOT_FOUND, "{issuer} {endpoint}");
        }
        for key in entra.keys(&issuer).await {
            let members: Vec<_> = key.as_object().unwrap().keys().collect();
            assert_eq!(members, ["e", "kid", "kty", "n", "use", "x5t"]);
            assert_eq!((&key["kty"], &key["use"]), (&"RSA".into(), &"sig".into()));
        }
    }
}

#[tokio::test]
async fn the_two_kinds_of_tenant_have_no_key_in_common() {
    let entra = Entra::shared();
    let external = entra.key_ids(&by_id()).await;
    assert_eq!(external, entra.key_ids(&by_name()).await);
    let workforce = entra.key_ids(&workforce()).await;
    assert_eq!(workforce, entra.key_ids(&workforce_v1()).await);
    assert!(external.iter().all(|kid| !workforce.contains(kid)));
}

#[tokio::test]
async fn another_tenant_is_not_found() {
    let entra = Entra::shared();
    for path in [
        "/bbbbcccc-1111-dddd-2222-eeee3333ffff/v2.0/.well-known/openid-configuration",
        "/ciamlogin/fabrikam/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0/.well-known/openid-configuration",
    ] {
        entra
            .get(path)
            .await
            .is_error(StatusCode::BAD_REQUEST, "invalid_tenant", 90_002);
    }
    let by_domain = "/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration";
    assert_eq!(entra.get(by_domain).await.json()["issuer"], workforce());
}

#[rstest]
#[case::unchanged("", by_id(), "2.0", AUDIENCE)]
#[case::by_id("issuer=external-by-id", by_id(), "2.0", AUDIENCE)]
#[case::by_name("issuer=external-by-name", by_name(), "2.0", AUDIENCE)]
#[case::workforce("issuer=workforce", workforce(), "2.0", AUDIENCE)]
#[case::version_1("issuer=workforce-v1", workforce_v1(), "1.0", AUDIENCE)]
#[case::app_id_uri(
    "issuer=workforce-v1&app_id_uri_host=signup.example.com",
    workforce_v1(),
    "1.0",
    "api://signup.example.com/a13d0fc1-04ab-4ede-b215-63de0174cbb4"
)]
#[tokio::test]
async fn an_extension_token_is_good_by_the_keys_of_its_issuer(
    #[case] switches: &str,
    #[case] issuer: String,
    #[case] version: &str,
    #[case] audience: &str,
) {
    let entra = Entra::start();
    let switches: Vec<_> = switches
        .split('&')
        .filter_map(|one| one.split_once('='))
        .collect();
    let token = entra.extension_token(&switches).await;
    let claims = entra.verified(&token).await.unwrap();
    let (caller, other) = if version == "1.0" {
        ("appid", "azp")
    } else {
        ("azp", "appid")
    };
    assert_eq!(claims["iss"], issuer);
    assert_eq!(claims["aud"], audience);
    assert_eq!(claims["tid"], TENANT);
    assert_eq!(claims["ver"], version);
    assert_eq!(claims[caller], EVENTS_SERVICE);
    assert_eq!(claims.get(other), None);
    let time = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!(time("nbf"), time("iat"));
    assert!(time("exp") > time("nbf"));
    assert_eq!(
        entra.0.tokens.for_extension().split('.').next(),
        token.split('.').next()
    );
}

#[rstest]
#[case::expired("expired")]
#[case::not_yet_valid("not-yet-valid")]
#[case::audience("audience")]
#[case::application("application")]
#[case::tenant("tenant")]
#[tokio::test]
async fn a_spoilt_token_is_wrong_in_one_way_and_signed_all_the_same(#[case] spoilt: &str) {
    let entra = Entra::start();
    let right = entra
        .verified(&entra.extension_token(&[]).await)
        .await
        .unwrap();
    let switches = [("issuer", "external-by-id"), ("spoilt", spoilt)];
    let token = entra.extension_token(&switches).await;
    let wrong = Parts::of(&token).claims;
    let key = Parts::of(&token).header["kid"].as_str().unwrap().to_owned();
    assert_eq!(entra.key_ids(&by_id()).await, [key]);
    let hour = 3600;
    let changed: &[&str] = match spoilt {
        "expired" => {
            assert!(wrong["exp"].as_i64() <= right["iat"].as_i64().map(|now| now - hour + 60));
            &[]
        }
        "not-yet-valid" => {
            assert!(wrong["nbf"].as_i64() >= right["iat"].as_i64().map(|now| now + hour));
            &[]
        }
        "audience" => &["aud"],
        "application" => &["azp"],
        _ => &["iss", "tid"],
    };
    for claim in ["aud", "azp", "iss", "tid", "ver"] {
        assert_eq!(
            wrong[claim] != right[claim],
            changed.contains(&claim),
            "{claim}"
        );
    }
}

#[tokio::test]
async fn tokens_of_other_keys_and_of_none_are_not_verified() {
    let entra = Entra::start();
    let mut seen = Vec::new();
    for spoilt in ["unpublished-key", "forged-signature", "unsigned"] {
        let switches = [("issuer", "external-by-id"), ("spoilt", spoilt)];
        let token = entra.extension_token(&switches).await;
        assert_eq!(entra.verified(&token).await, None, "{spoilt}");
        let header = Parts::of(&token).header;
        let published = entra.key_ids(&by_id()).await;
        let known = header["kid"]
            .as_str()
            .is_some_and(|kid| published.iter().any(|one| one == kid));
        seen.push((header["alg"].as_str().unwrap().to_owned(), known));
    }
    let expected = [("RS256", false), ("RS256", true), ("none", false)];
    assert_eq!(seen, expected.map(|(alg, known)| (alg.to_owned(), known)));
    let unknown = [("issuer", "external-by-id"), ("spoilt", "somehow")];
    let answer = entra.post("/tokens/extension", &unknown).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_an_old_key_signed_is_good_until_it_is_withdrawn() {
    let entra = Entra::start();
    let workforce_keys = entra.key_ids(&workforce()).await;
    let external = [("tenant", "external")];
    let first = entra.extension_token(&[]).await;
    entra.post("/tokens/rotate", &external).await;
    let second = entra.extension_token(&[]).await;
    assert_ne!(
        Parts::of(&first).header["kid"],
        Parts::of(&second).header["kid"]
    );
    assert!(entra.verified(&first).await.is_some());
    assert!(entra.verified(&second).await.is_some());
    entra.post("/tokens/rotate", &external).await;
    assert_eq!(entra.verified(&first).await, None);
    assert!(entra.verified(&second).await.is_some());
    let page = entra.get("/tokens").await.body;
    assert!(page.contains("Withdraw the old external key"));
    assert!(!page.contains("Withdraw the old workforce key"));
    entra.post("/tokens/withdraw", &external).await;
    assert_eq!(entra.verified(&second).await, None);
    assert!(
        entra
            .verified(&entra.extension_token(&[]).await)
            .await
            .is_some()
    );
    assert_eq!(entra.key_ids(&workforce()).await, workforce_keys);
}

#[tokio::test]
async fn a_person_signs_in_with_a_code_and_pkce() {
    let entra = Entra::shared();
    let chooser = entra.get(&authorize(&[])).await;
    assert_eq!(chooser.status, StatusCode::OK);
    assert!(chooser.body.contains("Alex Approver") && chooser.body.contains("Roles: approver"));
    assert!(chooser.body.contains("Kim Colleague") && chooser.body.contains("No role"));

    let chosen = entra.post(&authorize(&[]), &[("choice", APPROVER)]).await;
    let (address, back) = chosen.sent_to();
    assert_eq!(address, "http://127.0.0.1:9000/signed-in");
    assert_eq!(back["from"], "entra");
    assert_eq!(back["state"], "the state & more");

    let answer = entra.redeem(&back["code"], &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3600);
    let claims = entra
        .verified(tokens["id_token"].as_str().unwrap())
        .await
        .unwrap();
    for (claim, value) in [
        ("iss", workforce().as_str()),
        ("aud", CONSOLE),
        ("tid", TENANT),
        ("oid", APPROVER),
        ("nonce", "the nonce"),
        ("name", "Alex Approver"),
        ("preferred_username", "alex@contoso.example"),
        ("email", "alex@contoso.example"),
        ("ver", "2.0"),
    ] {
        assert_eq!(claims[claim], value, "{claim}");
    }
    assert_eq!(claims["roles"], serde_json::json!(["approver"]));
    let access = tokens["access_token"].as_str().unwrap();
    assert!(entra.verified(access).await.is_some());
    assert_eq!(entra.0.tokens.graph_caller(access), Err("audience"));
}

#[tokio::test]
async fn an_id_token_says_what_the_scope_asks_for_and_no_empty_roles() {
    let entra = Entra::shared();
    let only = [("scope", Some("openid")), ("nonce", None)];
    let code = entra.code(&only, WITHOUT_ROLE).await;
    let tokens = entra.redeem(&code, &[]).await.json();
    let claims = entra
        .verified(tokens["id_token"].as_str().unwrap())
        .await
        .unwrap();
    for absent in ["roles", "name", "preferred_username", "email", "nonce"] {
        assert_eq!(claims.get(absent), None, "{absent}");
    }
    assert_eq!(claims["oid"], WITHOUT_ROLE);
}

#[tokio::test]
async fn a_subject_is_stable_for_one_application_and_another_for_the_next() {
    let entra = Entra::shared();
    let mut subjects = Vec::new();
    for client in [CONSOLE, CONSOLE, CONFIDENTIAL] {
        let code = entra.code(&[("client_id", Some(client))], APPROVER).await;
        let secret = (client == CONFIDENTIAL).then_some("its: s&cret%");
        let changed = [("client_id", Some(client)), ("client_secret", secret)];
        let tokens = entra.redeem(&code, &changed).await.json();
        let claims = entra
            .verified(tokens["id_token"].as_str().unwrap())
            .await
            .unwrap();
        subjects.push(claims["sub"].as_str().unwrap().to_owned());
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_ne!(subjects[0], subjects[2]);
}

#[tokio::test]
async fn the_sign_in_of_an_external_tenant_has_its_own_issuer_and_codes() {
    let entra = Entra::shared();
    let prefix = "/ciamlogin/contoso";
    let address = format!("{prefix}{}", authorize(&[]));
    let form = |code: &str| {
        vec![
            ("grant_type".to_owned(), "authorization_code".to_owned()),
            ("client_id".to_owned(), CONSOLE.to_owned()),
            ("redirect_uri".to_owned(), BACK.to_owned()),
            ("code_verifier".to_owned(), VERIFIER.to_owned()),
            ("code".to_owned(), code.to_owned()),
        ]
    };
    let (_, back) = entra
        .post(&address, &[("choice", APPROVER)])
        .await
        .sent_to();
    let owned = form(&back["code"]);
    let pairs: Vec<_> = owned
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let tokens = entra
        .post(&format!("{prefix}{}", token_endpoint()), &pairs)
        .await
        .json();
    let claims = entra
        .verified(tokens["id_token"].as_str().unwrap())
        .await
        .unwrap();
    assert_eq!(claims["iss"], by_id());

    let (_, back) = entra
        .post(&address, &[("choice", APPROVER)])
        .await
        .sent_to();
    let answer = entra.redeem(&back["code"], &[]).await;
    answer.is_error(StatusCode::BAD_REQUEST, "invalid_grant", 70_000);
}

#[tokio::test]
async fn a_code_is_good_once() {
    let entra = Entra::shared();
    let code = entra.code(&[], APPROVER).await;
    assert_eq!(entra.redeem(&code, &[]).await.status, StatusCode::OK);
    let again = entra.redeem(&code, &[]).await;
    again.is_error(StatusCode::BAD_REQUEST, "invalid_grant", 54_005);
}

#[rstest]
#[case::wrong_verifier(&[("code_verifier", Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"))], "invalid_grant", 501_481)]
#[case::no_verifier(&[("code_verifier", None)], "invalid_request", 900_144)]
#[case::another_redirect_uri(&[("redirect_uri", Some("http://127.0.0.1:7000/sign-in/done"))], "invalid_grant", 500_112)]
#[case::another_client(&[("client_id", Some(CONFIDENTIAL)), ("client_secret", Some("its: s&cret%"))], "invalid_grant", 70_000)]
#[case::unknown_client(&[("client_id", Some(TENANT))], "unauthorized_client", 700_016)]
#[case::no_client(&[("client_id", None)], "invalid_request", 900_144)]
#[case::guessed_code(&[("code", Some("guess"))], "invalid_grant", 70_000)]
#[case::no_code(&[("code", None)], "invalid_request", 900_144)]
#[case::another_grant(&[("grant_type", Some("password"))], "unsupported_grant_type", 70_003)]
#[tokio::test]
async fn a_wrong_redemption_is_refused(
    #[case] changed: &[(&str, Option<&str>)],
    #[case] error: &str,
    #[case] number: u32,
) {
    let entra = Entra::shared();
    let code = entra.code(&[], APPROVER).await;
    let answer = entra.redeem(&code, changed).await;
    answer.is_error(StatusCode::BAD_REQUEST, error, number);
}

#[rstest]
#[case::without_pkce(&[("code_challenge", None)], "invalid_request")]
#[case::plain(&[("code_challenge_method", Some("plain")), ("code_challenge", Some(VERIFIER))], "invalid_request")]
#[case::plain_by_default(&[("code_challenge_method", None)], "invalid_request")]
#[case::no_digest(&[("code_challenge", Some("short"))], "invalid_request")]
#[case::implicit(&[("response_type", Some("id_token"))], "unsupported_response_type")]
#[case::no_response_type(&[("response_type", None)], "invalid_request")]
#[case::form_post(&[("response_mode", Some("form_post"))], "invalid_request")]
#[case::no_scope(&[("scope", None)], "invalid_request")]
#[case::without_openid(&[("scope", Some("profile"))], "invalid_scope")]
#[case::silent(&[("prompt", Some("none"))], "login_required")]
#[tokio::test]
async fn a_wrong_request_is_sent_back_with_its_state_and_never_a_code(
    #[case] changed: &[(&str, Option<&str>)],
    #[case] error: &str,
) {
    let entra = Entra::shared();
    let address = authorize(changed);
    for answer in [
        entra.get(&address).await,
        entra.post(&address, &[("choice", APPROVER)]).await,
    ] {
        let (to, back) = answer.sent_to();
        assert_eq!(to, "http://127.0.0.1:9000/signed-in");
        assert_eq!(
            (back["error"].as_str(), back["state"].as_str()),
            (error, "the state & more")
        );
        assert_eq!(back.get("code"), None);
    }
}

#[rstest]
#[case::unregistered(&[("redirect_uri", Some("http://evil.example/"))])]
#[case::longer(&[("redirect_uri", Some("http://127.0.0.1:9000/signed-in?from=entra&more"))])]
#[case::shorter(&[("redirect_uri", Some("http://127.0.0.1:9000/signed-in"))])]
#[case::of_another_client(&[("client_id", Some(CONFIDENTIAL)), ("redirect_uri", Some("http://127.0.0.1:7000/sign-in/done"))])]
#[case::of_one_that_has_none(&[("client_id", Some(DAEMON))])]
#[case::none(&[("redirect_uri", None)])]
#[case::unknown_client(&[("client_id", Some(TENANT))])]
#[case::no_client(&[("client_id", None)])]
#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered(
    #[case] changed: &[(&str, Option<&str>)],
) {
    let entra = Entra::shared();
    let address = authorize(changed);
    for answer in [
        entra.get(&address).await,
        entra.post(&address, &[("choice", APPROVER)]).await,
        entra.post(&address, &[("choice", "cancel")]).await,
    ] {
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.headers.get("location"), None);
        assert!(answer.body.contains("AADSTS"));
    }
}

#[tokio::test]
async fn a_parameter_given_twice_is_refused_where_the_person_is() {
    let entra = Entra::shared();
    let twice = format!("{}&client_id={DAEMON}", authorize(&[]));
    let answer = entra.get(&twice).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("AADSTS9000411"));
    let form = [("client_id", CONSOLE), ("client_id", DAEMON)];
    let answer = entra.post(&token_endpoint(), &form).await;
    answer.is_error(StatusCode::BAD_REQUEST, "invalid_request", 9_000_411);
}

#[tokio::test]
async fn somebody_can_go_back_and_nobody_unknown_gets_in() {
    let entra = Entra::shared();
    let (_, back) = entra
        .post(&authorize(&[]), &[("choice", "cancel")])
        .await
        .sent_to();
    assert_eq!(back["error"], "access_denied");
    assert_eq!(back["state"], "the state & more");
    assert_eq!(back.get("code"), None);
    let nobody = entra.post(&authorize(&[]), &[("choice", TENANT)]).await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST);
    assert_eq!(nobody.headers.get("location"), None);
}

const FOR_GRAPH: [(&str, &str); 2] = [
    ("grant_type", "client_credentials"),
    ("scope", "https://graph.microsoft.com/.default"),
];

#[rstest]
#[case::in_the_form(&[("client_id", Some(DAEMON)), ("client_secret", Some("local-graph-secret"))], None, DAEMON)]
#[case::basic(&[], Some("c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52:local-graph-secret"), DAEMON)]
#[case::basic_and_id(&[("client_id", Some(DAEMON))], Some("c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52:local-graph-secret"), DAEMON)]
#[case::encoded_basic(&[], Some("6a1b1c3e-6a0d-4c39-9d3a-0c8f6c2f7b22:its%3A+s%26cret%25"), CONFIDENTIAL)]
#[tokio::test]
async fn an_application_gets_a_token_for_graph(
    #[case] changed: &[(&str, Option<&str>)],
    #[case] basic: Option<&str>,
    #[case] caller: &str,
) {
    let entra = Entra::shared();
    let answer = entra
        .post_as(&token_endpoint(), &with(&FOR_GRAPH, changed), basic)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body.get("id_token"), None);
    let token = body["access_token"].as_str().unwrap();
    let claims = entra.verified(token).await.unwrap();
    assert_eq!(claims["aud"], "https://graph.microsoft.com");
    assert_eq!(
        claims["roles"],
        serde_json::json!(["User.ReadWrite.All", "User.Invite.All"])
    );
    assert_eq!(claims["tid"], TENANT);
    assert_eq!(entra.0.tokens.graph_caller(token), Ok(caller.to_owned()));
}

#[rstest]
#[case::wrong_secret(&[("client_id", Some(DAEMON)), ("client_secret", Some("guess"))], None, 401, "invalid_client", 7_000_215)]
#[case::no_secret(&[("client_id", Some(DAEMON))], None, 401, "invalid_client", 7_000_218)]
#[case::secret_of_a_public_client(&[("client_id", Some(CONSOLE)), ("client_secret", Some("guess"))], None, 401, "invalid_client", 700_025)]
#[case::public_client(&[("client_id", Some(CONSOLE))], None, 400, "unauthorized_client", 700_016)]
#[case::unknown_client(&[("client_id", Some(TENANT)), ("client_secret", Some("guess"))], None, 400, "unauthorized_client", 700_016)]
#[case::wrong_basic(&[], Some("c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52:guess"), 401, "invalid_client", 7_000_215)]
#[case::no_basic(&[], Some("nothing"), 401, "invalid_client", 7_000_215)]
#[case::two_methods(&[("client_secret", Some("x"))], Some("c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52:local-graph-secret"), 400, "invalid_request", 90_023)]
#[case::two_clients(&[("client_id", Some(CONSOLE))], Some("c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52:local-graph-secret"), 401, "invalid_client", 700_016)]
#[case::no_scope(&[("scope", None)], Some("c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52:local-graph-secret"), 400, "invalid_request", 900_144)]
#[case::delegated_scope(&[("scope", Some("https://graph.microsoft.com/User.Read"))], Some("c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52:local-graph-secret"), 400, "invalid_scope", 1_002_012)]
#[case::another_resource(&[("scope", Some("https://example.com/.default"))], Some("c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52:local-graph-secret"), 400, "invalid_resource", 500_011)]
#[tokio::test]
async fn a_wrong_application_gets_none(
    #[case] changed: &[(&str, Option<&str>)],
    #[case] basic: Option<&str>,
    #[case] status: u16,
    #[case] error: &str,
    #[case] number: u32,
) {
    let entra = Entra::shared();
    let answer = entra
        .post_as(&token_endpoint(), &with(&FOR_GRAPH, changed), basic)
        .await;
    answer.is_error(StatusCode::from_u16(status).unwrap(), error, number);
    assert_eq!(
        answer.headers.contains_key("www-authenticate"),
        status == 401
    );
}

#[tokio::test]
async fn a_body_that_is_no_form_is_an_error_of_oauth() {
    let entra = Entra::shared();
    let request = Request::post(token_endpoint())
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{}"));
    let answer = entra.send(request.unwrap()).await;
    answer.is_error(StatusCode::BAD_REQUEST, "invalid_request", 900_144);
}

#[rstest]
#[case::registered(Some("http://127.0.0.1:9000/good-bye"), true)]
#[case::another_port(Some("http://127.0.0.1:9001/good-bye"), false)]
#[case::another_host(Some("http://127.0.0.1:9000@evil.example/"), false)]
#[case::no_address(Some("good-bye"), false)]
#[case::none(None, false)]
#[tokio::test]
async fn signing_out_leads_back_to_registered_origins_only(
    #[case] back: Option<&str>,
    #[case] leads_back: bool,
) {
    let entra = Entra::shared();
    let query = encoded(&with(
        &[("state", "s")],
        &[("post_logout_redirect_uri", back)],
    ));
    let answer = entra
        .get(&format!("/{TENANT}/oauth2/v2.0/logout?{query}"))
        .await;
    if leads_back {
        let (to, parameters) = answer.sent_to();
        assert_eq!(
            (Some(to.as_str()), parameters["state"].as_str()),
            (back, "s")
        );
    } else {
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers.get("location"), None);
    }
}

#[tokio::test]
async fn the_sign_in_can_be_tried_without_a_client() {
    let entra = Entra::shared();
    let page = entra.get("/tokens").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("href=\"/sign-in/start\""));
    let started = entra.get("/sign-in/start").await;
    let address = started.headers["location"].strip_prefix(ORIGIN).unwrap();
    let chosen = entra.post(address, &[("choice", APPROVER)]).await;
    let (to, _) = chosen.sent_to();
    assert_eq!(to, format!("{ORIGIN}/sign-in/done"));
    let done = entra.get(&chosen.headers["location"]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert!(done.body.contains("alex@contoso.example"));
    let again = entra.get(&chosen.headers["location"]).await;
    assert!(
        again
            .body
            .contains("The request did not start on this page")
    );
    let cancelled = entra.post(address, &[("choice", "cancel")]).await;
    let done = entra.get(&cancelled.headers["location"]).await;
    assert!(done.body.contains("access_denied"));
}

#[tokio::test]
async fn pages_escape_what_comes_from_outside() {
    let entra = Entra::start();
    let script = "<script>alert(1)</script>";
    let switches = [("issuer", "workforce-v1"), ("app_id_uri_host", script)];
    entra.extension_token(&switches).await;
    let query = |name| encoded(&[(name, script)]);
    for path in [
        "/tokens".to_owned(),
        authorize(&[("redirect_uri", Some(script))]),
        authorize(&[("client_id", Some(script))]),
        format!(
            "/{TENANT}/oauth2/v2.0/logout?{}",
            query("post_logout_redirect_uri")
        ),
        format!("/sign-in/done?{}", query("code")),
        format!("/sign-in/done?{}", query("error")),
    ] {
        let page = entra.get(&path).await;
        assert!(
            page.headers["content-type"].starts_with("text/html"),
            "{path}"
        );
        assert!(!page.body.contains("<script"), "{path}");
    }
}
