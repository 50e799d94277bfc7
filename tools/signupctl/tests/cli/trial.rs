//! `try`: without a table, against deployments of the test.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Command};

use crate::desk::{Ran, ran};

/// What Basic makes of `connector` and the password of the tests.
const BASIC: &str = "Basic Y29ubmVjdG9yOnNlY3JldC1wYXNzd29yZA==";
const PASSWORD: &str = "secret-password";
/// Three parts, as a signed token has them.
const TOKEN: &str = "secret.token.signature";

/// A folder with scenario files and a deployment that they are tried with.
struct Bench {
    folder: TempDir,
    deployment: Deployment,
}

#[derive(Clone, Default)]
struct Deployment {
    url: String,
    /// `path authorization` of each request.
    arrived: Arc<Mutex<Vec<String>>>,
}

/// Blocks Mallory, in Swedish and with a letter that would act on a terminal; lets everybody else with a credential in.
async fn connector(
    State(deployment): State<Deployment>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let authorization = headers.get(header::AUTHORIZATION);
    let authorization = authorization.map_or("none", |value| value.to_str().unwrap());
    let path = uri.path();
    let mut arrived = deployment.arrived.lock().unwrap();
    arrived.push(format!("{path} {authorization}"));
    let answer = if authorization == "none" {
        return StatusCode::UNAUTHORIZED.into_response();
    } else if path.starts_with("/extensions/") {
        r#"{"data":{"@odata.type":"microsoft.graph.onAttributeCollectionStartResponseData","actions":[{"@odata.type":"microsoft.graph.attributeCollectionStart.showBlockPage","title":"Nej","message":"Inte här"}]}}"#
    } else if body.contains("mallory@") {
        r#"{"version":"1.0.0","action":"ShowBlockPage","userMessage":"Det går inte att registrera sig\u001b[2J."}"#
    } else {
        r#"{"version":"1.0.0","action":"Continue"}"#
    };
    ([(header::CONTENT_TYPE, "application/json")], answer).into_response()
}

impl Bench {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let deployment = Deployment {
            url: format!("http://{}", listener.local_addr().unwrap()),
            ..Deployment::default()
        };
        let router = Router::new()
            .route("/simulator/extension-token", get(|| async { TOKEN }))
            .fallback(any(connector))
            .with_state(deployment.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            folder: TempDir::new().unwrap(),
            deployment,
        }
    }

    fn file(&self, name: &str, content: &str) {
        std::fs::write(self.folder.path().join(name), content).unwrap();
    }

    /// `try` in an environment that knows no table, no region and no AWS credentials.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signupctl"));
        command
            .arg("try")
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("CONNECTOR_PASSWORD", PASSWORD)
            .kill_on_drop(true);
        command
    }

    /// With this deployment.
    async fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(&[arguments, &["--url", &self.deployment.url]].concat())).await
    }

    fn arrived(&self) -> Vec<String> {
        self.deployment.arrived.lock().unwrap().clone()
    }
}

/// Two sign-ups, of which the second is blocked.
fn partners(expected: &str) -> String {
    format!(
        r#"
[target]
username = "connector"

[[sign-up]]
name = "A partner gets in"
tenant = "workforce"
provider = "facebook"
[sign-up.person]
email = "johnsmith@example.com"
subject = "0123456789"
[sign-up.expect]
before-creating-user = "continue"

[[sign-up]]
name = "Mallory does not"
tenant = "workforce"
user-flow = "partners"
provider = "email-code"
[sign-up.person]
email = "mallory@example.com"
[sign-up.expect]
after-federation = "{expected}"
message = "registrera"
"#
    )
}

const CUSTOMERS: &str = r#"
[[sign-up]]
name = "A customer"
tenant = "external"
provider = "email-code"
[sign-up.person]
email = "johnsmith@example.com"
[sign-up.expect]
after-federation = "block"
"#;

#[tokio::test]
async fn sign_ups_as_expected_are_shown_step_by_step_and_succeed() {
    let bench = Bench::new().await;
    bench.file("partners.toml", &partners("block"));
    let ran = bench.run(&["partners.toml"]).await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let url = &bench.deployment.url;
    for part in [
        "A partner gets in (Workforce tenant, facebook; partners.toml:5)\n  after-federation      continue  HTTP 200, ",
        &format!(
            "    > POST {url}/connectors/after-federation\n    > {{\n    >   \"email\": \"johnsmith@example.com\","
        ),
        "    < 200 application/json\n    < {\"version\":\"1.0.0\",\"action\":\"Continue\"}\n  before-creating-user  continue  HTTP 200, ",
        "Mallory does not (Workforce tenant, partners, email-code; partners.toml:15)\n  after-federation      block     HTTP 200, ",
        " ms: Det går inte att registrera sig\\u{1b}[2J.\n",
        &format!("    > POST {url}/connectors/partners/after-federation\n"),
        "  before-creating-user  not-called\n\n2 sign-ups, as expected\n",
    ] {
        assert!(ran.out.contains(part), "{part}\nis not in\n{}", ran.out);
    }
    assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
}

#[tokio::test]
async fn a_step_that_is_left_out_stands_in_its_place() {
    let bench = Bench::new().await;
    let file = partners("not-called")
        .replace("\"workforce\"", "\"b2c\"")
        .replace("\"email-code\"", "\"local\"");
    bench.file("shop.toml", &file);
    let ran = bench.run(&["shop.toml"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let mallory = ran.out.split("Mallory does not ").nth(1).unwrap();
    let steps = mallory
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let steps: Vec<_> = steps
        .map(|line| line.split("HTTP").next().unwrap().trim_end())
        .collect();
    assert_eq!(
        steps,
        [
            "  after-federation      not-called",
            "  before-creating-user  block",
            "  before-token          not-called",
        ]
    );
}

#[tokio::test]
async fn a_sign_up_that_is_not_as_expected_has_a_code_of_its_own() {
    let bench = Bench::new().await;
    bench.file("partners.toml", &partners("continue"));
    let ran = bench.run(&["partners.toml", "--quiet"]).await;
    assert_eq!((ran.code, ran.err.as_str()), (5, ""), "{ran:?}");
    assert!(ran.out.starts_with("Mallory does not "), "{}", ran.out);
    let told = "  NOT AS EXPECTED: after-federation: found block, expected continue\n\n\
                2 sign-ups, 1 not as expected\n";
    assert!(ran.out.ends_with(told), "{}", ran.out);
}

#[tokio::test]
async fn a_quiet_run_as_expected_is_one_line() {
    let bench = Bench::new().await;
    bench.file("partners.toml", &partners("block"));
    let ran = bench.run(&["partners.toml", "--quiet"]).await;
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "2 sign-ups, as expected\n"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn each_sign_up_is_one_json_document() {
    let bench = Bench::new().await;
    bench.file("partners.toml", &partners("continue"));
    let ran = bench.run(&["partners.toml", "--json"]).await;
    assert_eq!((ran.code, ran.err.as_str()), (5, ""), "{ran:?}");
    let documents: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(documents.len(), 2);
    let mut mallory = documents[1].clone();
    let attempt = &mut mallory["calls"][0]["attempts"][0];
    let request: Value = serde_json::from_str(attempt["request"].as_str().unwrap()).unwrap();
    assert_eq!(request["email"], "mallory@example.com");
    assert!(attempt["duration_ms"].is_u64());
    for varying in ["request", "duration_ms"] {
        attempt[varying] = Value::Null;
    }
    let message = "Det går inte att registrera sig\u{1b}[2J.";
    assert_eq!(
        mallory,
        serde_json::json!({
            "file": "partners.toml",
            "line": 15,
            "name": "Mallory does not",
            "tenant": "workforce",
            "user_flow": "partners",
            "provider": "email-code",
            "as_expected": false,
            "differences": ["after-federation: found block, expected continue"],
            "calls": [{
                "step": "after-federation",
                "verdict": "block",
                "title": null,
                "message": message,
                "fields": null,
                "claims": null,
                "code": null,
                "explanation": null,
                "notes": [],
                "attempts": [{
                    "number": 1,
                    "url": format!("{}/connectors/partners/after-federation", bench.deployment.url),
                    "request": null,
                    "status": 200,
                    "content_type": "application/json",
                    "answer": r#"{"version":"1.0.0","action":"ShowBlockPage","userMessage":"Det går inte att registrera sig\u001b[2J."}"#,
                    "problem": null,
                    "duration_ms": null,
                }],
            }],
        })
    );
}

#[tokio::test]
async fn credentials_are_sent_and_never_printed() {
    let bench = Bench::new().await;
    bench.file("partners.toml", &partners("block"));
    bench.file("customers.toml", CUSTOMERS);
    let files = [
        "partners.toml",
        "customers.toml",
        "--entra",
        &bench.deployment.url,
    ];
    for more in [&[][..], &["--json"]] {
        let ran = bench.run(&[&files[..], more].concat()).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        for secret in [PASSWORD, BASIC, "Y29ubmVj", TOKEN, "uthorization"] {
            assert!(
                !ran.out.contains(secret) && !ran.err.contains(secret),
                "{secret}: {ran:?}"
            );
        }
    }
    let arrived = bench.arrived();
    assert_eq!(arrived[0], format!("/connectors/after-federation {BASIC}"));
    assert_eq!(
        arrived[3],
        format!("/extensions/attribute-collection-start Bearer {TOKEN}")
    );
}

#[tokio::test]
async fn the_password_can_stand_in_a_file() {
    let bench = Bench::new().await;
    bench.file("partners.toml", &partners("block"));
    bench.file("password", &format!("{PASSWORD}\n"));
    let url = &bench.deployment.url;
    let mut command =
        bench.command(&["partners.toml", "--url", url, "--password-file", "password"]);
    command.env_remove("CONNECTOR_PASSWORD");
    let ran = ran(command).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        bench.arrived()[0],
        format!("/connectors/after-federation {BASIC}")
    );
}

#[tokio::test]
async fn the_command_line_wins_over_the_file() {
    let bench = Bench::new().await;
    let elsewhere = partners("block").replace("[target]", "[target]\nurl = \"http://127.0.0.1:1\"");
    bench.file("partners.toml", &elsewhere);
    let ran = bench
        .run(&["partners.toml", "--username", "somebody"])
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    // somebody:secret-password
    let basic = "Basic c29tZWJvZHk6c2VjcmV0LXBhc3N3b3Jk";
    assert_eq!(
        bench.arrived()[0],
        format!("/connectors/after-federation {basic}")
    );
}

#[tokio::test]
async fn a_token_of_the_environment_needs_no_local_entra() {
    let bench = Bench::new().await;
    bench.file("customers.toml", CUSTOMERS);
    let mut command = bench.command(&["customers.toml", "--url", &bench.deployment.url]);
    command.env("EXTENSION_TOKEN", "a.b.c");
    let ran = ran(command).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        bench.arrived(),
        ["/extensions/attribute-collection-start Bearer a.b.c"]
    );
}

#[tokio::test]
async fn only_entra_signs_for_a_deployed_tenant() {
    let bench = Bench::new().await;
    bench.file("customers.toml", CUSTOMERS);
    let deployed = ["customers.toml", "--url", "https://sign-up.contoso.example"];
    let ran = ran(bench.command(&deployed)).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    let told = "signupctl: customers.toml: line 2: `A customer` is a sign-up to an external tenant, and only Entra \
                itself can sign its requests to https://sign-up.contoso.example. The connector routes decide the same";
    assert!(ran.err.starts_with(told), "{}", ran.err);
}

#[tokio::test]
async fn a_local_entra_that_is_not_there_is_told_by_its_url() {
    let bench = Bench::new().await;
    bench.file("customers.toml", CUSTOMERS);
    let ran = bench
        .run(&["customers.toml", "--entra", "http://127.0.0.1:1"])
        .await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    let told = "signupctl: no token for the extensions from http://127.0.0.1:1/simulator/extension-token: ";
    assert!(ran.err.starts_with(told), "{}", ran.err);
    assert!(
        ran.err.ends_with("; does `make dev` run there?\n"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn mistakes_of_all_files_are_told_before_anything_is_sent() {
    let bench = Bench::new().await;
    bench.file("good.toml", &partners("block"));
    bench.file("bad.toml", &partners("continued"));
    let ran = bench.run(&["good.toml", "bad.toml", "missing.toml"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    let lines: Vec<_> = ran.err.lines().collect();
    assert!(
        lines[0].starts_with(
            "signupctl: bad.toml:23:20: unknown variant `continued`, expected one of `continue`"
        ),
        "{lines:?}"
    );
    assert!(
        lines[0].ends_with("; did you mean `continue`?"),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("missing.toml: No such file"),
        "{lines:?}"
    );
    assert_eq!((lines.len(), bench.arrived().len()), (2, 0));
}

#[tokio::test]
async fn a_missing_part_of_the_target_is_told_by_its_name() {
    let bench = Bench::new().await;
    let url = bench.deployment.url.as_str();
    bench.file("partners.toml", &partners("block"));
    bench.file(
        "nobody.toml",
        &partners("block").replace("username = \"connector\"", ""),
    );
    bench.file("empty", "\n");
    bench.file("certificate.pem", "-----BEGIN NOTHING-----\n");
    for (arguments, told) in [
        (
            &["partners.toml"][..],
            "partners.toml: found no url in [target], expected one there or --url\n",
        ),
        (
            &["nobody.toml", "--url", url],
            "nobody.toml: found a password without a user name, expected one in [target] or --username\n",
        ),
        (
            &["partners.toml", "--url", "http://sign-up.contoso.example"],
            "--url: found `http://sign-up.contoso.example`, expected https, as only this machine is called without it\n",
        ),
        (
            &["partners.toml", "--entra", "entra"],
            "--entra: found `entra`, expected a URL such as https://",
        ),
        (
            &["partners.toml", "--password-file", "empty"],
            "empty: found nothing, expected the password\n",
        ),
        (
            &["partners.toml", "--password-file", "nowhere"],
            "nowhere: No such file",
        ),
        (
            &["partners.toml", "--client-certificate", "certificate.pem"],
            "--client-certificate: ",
        ),
    ] {
        let ran = ran(bench.command(arguments)).await;
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{arguments:?}");
        assert!(
            ran.err.starts_with(&format!("signupctl: {told}")),
            "{}",
            ran.err
        );
    }
    let mut command = bench.command(&["partners.toml", "--url", url]);
    command.env_remove("CONNECTOR_PASSWORD");
    let ran = ran(command).await;
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.err,
        "signupctl: partners.toml: found no password for the user name `connector`, expected it in \
         CONNECTOR_PASSWORD or --password-file\n"
    );
    assert_eq!(bench.arrived().len(), 0);
}

#[tokio::test]
async fn without_a_credential_the_refusal_is_an_answer_like_others() {
    let bench = Bench::new().await;
    let file = partners("rejected")
        .replace("username = \"connector\"", "")
        .replace(
            "before-creating-user = \"continue\"",
            "after-federation = \"rejected\"",
        )
        .replace("message = \"registrera\"", "");
    bench.file("nobody.toml", &file);
    let mut command = bench.command(&["nobody.toml", "--url", &bench.deployment.url]);
    command.env_remove("CONNECTOR_PASSWORD");
    let ran = ran(command).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out
            .contains("  after-federation      rejected  HTTP 401, "),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn a_command_line_without_files_or_with_both_forms_is_not_understood() {
    let bench = Bench::new().await;
    for arguments in [
        &[][..],
        &["a.toml", "--json", "--quiet"],
        &["a.toml", "--password", "x"],
    ] {
        let ran = ran(bench.command(arguments)).await;
        assert_eq!((ran.code, ran.out.as_str()), (64, ""), "{arguments:?}");
    }
}

#[tokio::test]
async fn the_help_names_the_code_and_where_secrets_come_from() {
    let bench = Bench::new().await;
    let ran = ran(bench.command(&["--help"])).await;
    assert_eq!(ran.code, 0);
    for part in ["  5    `try`: ", "CONNECTOR_PASSWORD", "EXTENSION_TOKEN"] {
        assert!(ran.out.contains(part), "{part} is not in {}", ran.out);
    }
    // Nor the values that the environment has.
    assert!(!ran.out.contains(PASSWORD), "{}", ran.out);
}
