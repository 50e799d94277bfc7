//! What keeps other sites out of the simulator: it listens on this machine only, but the browser that opens it has
//! been elsewhere.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// No scripts, nothing from elsewhere. A page that needs more sets a policy of its own.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'",
);

/// The same of the authorization endpoint, whose form leads on to an application: browsers hold redirects, too,
/// against `form-action`.
const SIGN_IN_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
);
const SIGN_IN: &str = "/oauth2/v2.0/authorize";

/// Forms of people are sent to these; the endpoints of programs are elsewhere, and some are meant for other origins.
const PAGES: [&str; 9] = [
    "/directory",
    "/faults",
    "/flows",
    "/inbox",
    "/partners",
    "/received",
    "/sign-ups",
    "/simulator",
    "/tokens",
];

/// Refuses what another site makes a browser send, and adds the headers of all answers.
pub async fn protect(request: Request, next: Next) -> Response {
    if !is_addressed_here(&request) {
        let problem = "this simulator answers on loopback addresses only";
        return (StatusCode::MISDIRECTED_REQUEST, problem).into_response();
    }
    if is_forged(&request) {
        let problem = "this form was sent from another site";
        return (StatusCode::FORBIDDEN, problem).into_response();
    }
    let policy = if request.uri().path().ends_with(SIGN_IN) {
        SIGN_IN_POLICY
    } else {
        POLICY
    };
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    add(
        headers,
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // `no-referrer` would take the origin off the simulator's own forms.
    add(
        headers,
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    if is_html(headers) {
        add(headers, header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn add(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}

fn is_html(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

/// A name that some resolver points to this machine for a moment would make its pages readable to the name's owner.
/// Browsers always name a host.
fn is_addressed_here(request: &Request) -> bool {
    let named = text(request.headers(), &header::HOST).map(str::parse::<Authority>);
    let in_target = request.uri().authority();
    let loopback = named.is_none_or(|host| host.is_ok_and(|host| is_loopback(&host)));
    loopback && in_target.is_none_or(is_loopback)
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// A form on a page of another origin, such as of another port.
fn is_forged(request: &Request) -> bool {
    let path = request.uri().path();
    let to_page = PAGES.iter().any(|page| {
        let rest = path.strip_prefix(page);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if request.method().is_safe() || !to_page {
        return false;
    }
    let headers = request.headers();
    let own = text(headers, &header::HOST).map(|host| format!("http://{host}"));
    headers.contains_key(header::ORIGIN) && text(headers, &header::ORIGIN) != own.as_deref()
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, middleware, routing::any};
    use rstest::rstest;
    use tower::ServiceExt;

    use super::*;

    async fn answer(method: &str, uri: &str, headers: &[(HeaderName, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let router = Router::new()
            .fallback(any(|| async { "reached" }))
            .layer(middleware::from_fn(protect));
        let request = request.body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap()
    }

    #[rstest]
    #[case::none(None, 200)]
    #[case::address(Some("127.0.0.1:7000"), 200)]
    #[case::other_loopback_address(Some("127.8.9.1"), 200)]
    #[case::name(Some("LOCALHOST:7000"), 200)]
    #[case::version_6(Some("[::1]:7000"), 200)]
    #[case::rebound_name(Some("evil.example:7000"), 421)]
    #[case::name_that_begins_alike(Some("127.0.0.1.evil.example"), 421)]
    #[case::local_subdomain(Some("localhost.evil.example"), 421)]
    #[case::address_in_the_user_name(Some("127.0.0.1@evil.example"), 421)]
    #[case::other_address(Some("192.0.2.7:7000"), 421)]
    #[case::no_authority(Some("///"), 421)]
    #[tokio::test]
    async fn only_loopback_hosts_are_answered(#[case] host: Option<&str>, #[case] status: u16) {
        let headers: Vec<_> = host.into_iter().map(|host| (header::HOST, host)).collect();
        assert_eq!(answer("GET", "/directory", &headers).await.status(), status);
    }

    #[tokio::test]
    async fn the_host_of_an_absolute_target_counts_too() {
        let headers = [(header::HOST, "127.0.0.1:7000")];
        let answered = answer("GET", "http://evil.example/directory", &headers).await;
        assert_eq!(answered.status(), 421);
    }

    #[rstest]
    #[case::own("POST", "/faults", Some("http://127.0.0.1:7000"), 200)]
    #[case::program("POST", "/faults", None, 200)]
    #[case::another_port("POST", "/faults", Some("http://127.0.0.1:9000"), 403)]
    #[case::another_scheme("POST", "/faults", Some("https://127.0.0.1:7000"), 403)]
    #[case::opaque("POST", "/sign-ups/1/identity", Some("null"), 403)]
    #[case::delete("DELETE", "/directory/1", Some("http://evil.example"), 403)]
    #[case::reading("GET", "/directory", Some("http://evil.example"), 200)]
    #[case::api("POST", "/graph/v1.0/users", Some("http://evil.example"), 200)]
    #[case::name_that_begins_alike("POST", "/faultsomething", Some("http://evil.example"), 200)]
    #[tokio::test]
    async fn forms_of_other_origins_are_refused(
        #[case] method: &str,
        #[case] path: &str,
        #[case] origin: Option<&str>,
        #[case] status: u16,
    ) {
        let mut headers = vec![(header::HOST, "127.0.0.1:7000")];
        headers.extend(origin.map(|origin| (header::ORIGIN, origin)));
        assert_eq!(answer(method, path, &headers).await.status(), status);
    }

    #[tokio::test]
    async fn pages_get_the_strict_policy_unless_they_have_their_own() {
        let html = || [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        let own = || [(header::CONTENT_SECURITY_POLICY, "default-src 'self'")];
        let router = Router::new()
            .route("/page", any(move || async move { (html(), "") }))
            .route(
                "/contoso/oauth2/v2.0/authorize",
                any(move || async move { (html(), "") }),
            )
            .route("/own", any(move || async move { (html(), own(), "") }))
            .route("/text", any(|| async { "" }))
            .layer(middleware::from_fn(protect));
        let policy = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(
                response.headers()[header::X_CONTENT_TYPE_OPTIONS],
                "nosniff"
            );
            let policy = response.headers().get(header::CONTENT_SECURITY_POLICY);
            policy.map(|value| value.to_str().unwrap().to_owned())
        };
        let strict = policy("/page").await.unwrap();
        assert!(strict.starts_with("default-src 'none'") && strict.contains("form-action 'self'"));
        let sign_in = policy("/contoso/oauth2/v2.0/authorize").await.unwrap();
        assert!(sign_in.starts_with("default-src 'none'") && !sign_in.contains("form-action"));
        assert_eq!(policy("/own").await.unwrap(), "default-src 'self'");
        assert_eq!(policy("/text").await, None);
    }
}
