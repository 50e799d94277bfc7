//! The deployment that is tried, and who calls it.

use std::{net::IpAddr, time::Duration};

use reqwest::{StatusCode, Url};

use crate::{
    call,
    config::{Authentication, Endpoint},
    model::{Step, TenantKind},
    scenario::Scenario,
};

/// A deployment and the credential of its API connectors.
#[derive(Debug, Clone)]
pub struct Target {
    /// As [`base_url`] gives it.
    pub base_url: String,
    pub connectors: Authentication,
}

impl Target {
    pub(super) fn endpoint(&self, scenario: &Scenario, step: Step) -> Endpoint {
        let extensions = scenario.kind.calls_extensions();
        let surface = if extensions {
            "extensions"
        } else {
            "connectors"
        };
        let user_flow = scenario.user_flow.as_ref();
        let user_flow = user_flow.map(|name| format!("/{name}")).unwrap_or_default();
        Endpoint {
            url: format!(
                "{}/{surface}{user_flow}/{}",
                self.base_url,
                segment(step, extensions)
            ),
            authentication: if extensions {
                Authentication::Bearer
            } else {
                self.connectors.clone()
            },
            time_out: scenario.time_out,
            retries: 1,
        }
    }
}

/// The steps of a sign-up, as far as that kind of tenant has them (PROTOCOL 1.1, 5.1).
pub(super) const fn steps(kind: TenantKind) -> &'static [Step] {
    match kind {
        TenantKind::Workforce => &[Step::AfterFederation, Step::BeforeCreatingUser],
        TenantKind::B2c | TenantKind::External => &[
            Step::AfterFederation,
            Step::BeforeCreatingUser,
            Step::BeforeToken,
        ],
    }
}

/// The end of a step's URL. A deployment chooses it; these are the paths that are configured in Entra.
const fn segment(step: Step, extensions: bool) -> &'static str {
    match (step, extensions) {
        (Step::AfterFederation, true) => "attribute-collection-start",
        (Step::BeforeCreatingUser, true) => "attribute-collection-submit",
        (Step::BeforeToken, true) => "token-issuance-start",
        (step, _) => step.key(),
    }
}

/// The URL under which a server is found, without a slash at its end. Credentials and tokens are sent there: so in
/// clear text only within this machine.
pub fn base_url(text: &str) -> Result<String, String> {
    let expected = |wanted: &str| format!("found `{text}`, expected {wanted}");
    let url =
        Url::parse(text).map_err(|_| expected("a URL such as https://sign-up.contoso.com"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("found a URL with a credential, expected one without".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(expected("a URL without `?` and `#`"));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(text) => {}
        "http" => return Err(expected("https, as only this machine is called without it")),
        _ => return Err(expected("a URL that starts with https://")),
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Whether a URL leads to this machine.
pub fn is_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Longest token that is taken; Entra's have some two thousand octets.
const MAX_TOKEN_OCTETS: usize = 16 * 1024;
const FETCH: Duration = Duration::from_secs(5);

/// A token for the extension calls of one sign-up, from the simulator that the deployment trusts.
pub async fn extension_token(simulator: &str) -> Result<String, String> {
    let url = format!("{simulator}/simulator/extension-token");
    let text = fetched(&url).await;
    let token = text.and_then(|text| token(&text));
    token.map_err(|problem| format!("{url}: {problem}"))
}

async fn fetched(url: &str) -> Result<String, String> {
    let client = call::client_builder().timeout(FETCH).build();
    let request = client.map_err(call::problem)?.get(url);
    let mut answer = request.send().await.map_err(call::problem)?;
    if answer.status() != StatusCode::OK {
        let found = answer.status().as_u16();
        return Err(format!("found HTTP status {found}, expected 200"));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(call::problem)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_TOKEN_OCTETS {
            return Err("found a long text, expected a signed token".to_owned());
        }
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// The token of a file, a variable or an answer.
pub fn token(text: &str) -> Result<String, String> {
    let token = text.trim();
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
    };
    if token.split('.').count() == 3 && token.split('.').all(is_part) {
        return Ok(token.to_owned());
    }
    Err("found something else, expected a signed token (three parts with dots between)".to_owned())
}

#[cfg(test)]
mod tests {
    use axum::{Router, http::StatusCode, routing::get};
    use rstest::rstest;
    use tokio::net::TcpListener;

    use super::*;

    #[rstest]
    #[case::ipv4("http://127.0.0.1:9000", true)]
    #[case::all_of_its_network("http://127.9.8.7", true)]
    #[case::ipv6("http://[::1]:9000/", true)]
    #[case::by_name("https://LOCALHOST", true)]
    #[case::a_name_that_starts_like_it("http://127.0.0.1.example", false)]
    #[case::a_name_that_ends_like_it("http://localhost.example", false)]
    #[case::every_interface("http://0.0.0.0:9000", false)]
    #[case::another_machine("https://192.0.2.1", false)]
    #[case::no_url("localhost", false)]
    fn this_machine_is_known_by_its_addresses(#[case] url: &str, #[case] expected: bool) {
        assert_eq!(is_loopback(url), expected);
    }

    #[rstest]
    #[case::slashes("https://a.example//", "https://a.example")]
    #[case::a_path("https://a.example/prod/", "https://a.example/prod")]
    #[case::upper_case("HTTPS://A.example", "https://a.example")]
    fn a_base_url_ends_without_a_slash(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(base_url(text).unwrap(), expected);
    }

    #[rstest]
    #[case::with_a_line_end("ab.c-d.e_f\n", true)]
    #[case::unsigned("ab.cd.", false)]
    #[case::two_parts("ab.cd", false)]
    #[case::a_page("<html>1.2.3</html>", false)]
    #[case::two_lines("a.b.c\nd", false)]
    #[case::nothing("", false)]
    fn a_token_has_three_parts(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(token(text).is_ok(), expected);
    }

    #[rstest]
    #[case::a_token(StatusCode::OK, "a.b.c".to_owned(), "Ok(\"a.b.c\")")]
    #[case::not_found(StatusCode::NOT_FOUND, "a.b.c".to_owned(), "found HTTP status 404, expected 200")]
    #[case::a_page(StatusCode::OK, "<html></html>".to_owned(), "found something else, expected a signed token")]
    #[case::without_end(StatusCode::OK, "a".repeat(MAX_TOKEN_OCTETS + 1), "found a long text, expected a signed token")]
    #[tokio::test]
    async fn only_a_token_is_taken(
        #[case] status: StatusCode,
        #[case] body: String,
        #[case] expected: &str,
    ) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let simulator = format!("http://{}", listener.local_addr().unwrap());
        let answer = get(move || async move { (status, body) });
        let router = Router::new().route("/simulator/extension-token", answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let found = format!("{:?}", extension_token(&simulator).await);
        assert!(found.contains(expected), "{found}");
    }
}
