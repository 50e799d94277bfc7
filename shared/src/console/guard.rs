//! What holds for every page: nothing of another site, nothing kept, and one line of the log.

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use tokio::time::Instant;

use super::{
    APPLICATIONS, AUDIT, AUDIT_EXPORT, BULK, BULK_CONFIRMED, Console, ENTRY, ENTRY_CONFIRMED,
    ENTRY_PREVIEW, EXPORT, LISTS, QUEUE, REQUESTS, SCRIPT, SEARCH, SIGN_IN, SIGN_OUT, SIGNED_IN,
    STYLE,
    api::{API, ApiFault},
    choice::{chosen, negotiated, remembering},
    destination::Destination,
    problem::{Cause, Problem},
    texts::{Texts, texts},
};
use crate::ports::journal::{Notice, Visit};

const HEADERS: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whom a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Approver,
    Applicant,
}

impl Reader {
    fn of(path: &str) -> Self {
        if path.starts_with(APPLICATIONS) {
            Self::Applicant
        } else {
            Self::Approver
        }
    }
}

pub(super) async fn guard(
    State(console): State<Arc<Console>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let path = request.uri().path();
    let (page, reader) = (name_of(path), Reader::of(path));
    let asked = Destination::of(request.method(), request.uri());
    let t = texts(negotiated(request.uri(), request.headers()));
    request.extensions_mut().insert(t);
    // Applicants get no cookies: their links keep the choice.
    let choice = chosen(request.uri()).filter(|_| reader == Reader::Approver);
    let response = console.checked(request, next).await;
    let mut response = in_words(response, t, reader, asked.as_ref());
    if let Some(cookie) = choice.and_then(remembering) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    let policy = policy(&console.settings.endpoint("authorize"));
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    let cause = response.extensions().get::<Cause>();
    console.journal.notice(&Notice::Visited(Visit {
        page,
        status: response.status().as_u16(),
        problem: cause.map(|Cause(why)| why.clone()),
        duration: started.elapsed(),
    }));
    response
}

/// A problem becomes a page here, where the language of the answer is known.
fn in_words(
    mut response: Response,
    t: &'static Texts,
    reader: Reader,
    asked: Option<&Destination>,
) -> Response {
    match response.extensions_mut().remove::<Problem>() {
        None => response,
        Some(problem) => {
            let headers = std::mem::take(response.headers_mut());
            (headers, problem.told(t, reader, asked)).into_response()
        }
    }
}

/// The console's own things alone. A filter that is sent after the session's end leads on to the sign-in, and browsers hold the
/// redirects of forms against `form-action` as well.
fn policy(sign_in: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self' {sign_in}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

impl Console {
    async fn checked(&self, request: Request, next: Next) -> Response {
        // Programs show a token, which no other site makes a browser send.
        let is_api = request.uri().path().starts_with(API);
        let is_safe = is_api || request.method().is_safe();
        if !is_safe && !is_own(request.headers(), &self.settings.origin) {
            return Problem::Forged("another site").into_response();
        }
        let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        answered.unwrap_or_else(|_| {
            if is_api {
                ApiFault::unavailable("panic").into_response()
            } else {
                Problem::Unavailable("panic".to_owned()).into_response()
            }
        })
    }
}

/// Whether a form was sent by a page of the console. `no-referrer` makes browsers say `null` for the origin of their own forms,
/// which counts only beside their word that the site is the same.
fn is_own(headers: &HeaderMap, origin: &str) -> bool {
    let sent = headers.get(header::ORIGIN);
    let is_ours = sent.is_some_and(|sent| sent.as_bytes() == origin.as_bytes());
    match headers.get(SITE) {
        Some(site) => {
            let is_hidden = sent.is_none_or(|sent| sent.as_bytes() == b"null");
            site.as_bytes() == b"same-origin" && (is_ours || is_hidden)
        }
        None => is_ours,
    }
}

/// A page's name in the log: no id, and nothing that somebody made up.
fn name_of(path: &str) -> &'static str {
    match path {
        QUEUE => "queue",
        BULK => "bulk",
        BULK_CONFIRMED => "bulk-confirmed",
        SEARCH => "search",
        EXPORT => "export",
        AUDIT => "audit",
        AUDIT_EXPORT => "audit-export",
        LISTS => "lists",
        ENTRY => "lists-entry",
        ENTRY_PREVIEW => "lists-preview",
        ENTRY_CONFIRMED => "lists-confirmed",
        SIGN_IN => "sign-in",
        SIGNED_IN => "signed-in",
        SIGN_OUT => "sign-out",
        STYLE => "style",
        SCRIPT => "script",
        _ if path.starts_with(REQUESTS) => "request",
        _ if path.starts_with(APPLICATIONS) => match path.rsplit('/').next() {
            Some("withdraw") => "application-withdraw",
            Some("erase") => "application-erase",
            _ => "application",
        },
        _ if path.starts_with(API) => "api",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const OWN: &str = "https://approvals.contoso.com";

    #[rstest]
    #[case::own(Some(OWN), None, true)]
    #[case::own_and_said(Some(OWN), Some("same-origin"), true)]
    #[case::hidden_and_said(Some("null"), Some("same-origin"), true)]
    #[case::said(None, Some("same-origin"), true)]
    #[case::nothing(None, None, false)]
    #[case::hidden(Some("null"), None, false)]
    #[case::another(Some("https://evil.example"), None, false)]
    #[case::begins_alike(Some("https://approvals.contoso.com.evil.example"), None, false)]
    #[case::another_scheme(Some("http://approvals.contoso.com"), None, false)]
    #[case::another_and_said(Some("https://evil.example"), Some("same-origin"), false)]
    #[case::neighbour(Some(OWN), Some("same-site"), false)]
    #[case::cross_site(Some("null"), Some("cross-site"), false)]
    fn only_own_forms_are_taken(
        #[case] origin: Option<&'static str>,
        #[case] site: Option<&'static str>,
        #[case] expected: bool,
    ) {
        let sent = [(header::ORIGIN, origin), (SITE, site)].into_iter();
        let sent: HeaderMap = sent
            .filter_map(|(name, value)| Some((name, HeaderValue::from_static(value?))))
            .collect();
        assert_eq!(is_own(&sent, OWN), expected);
    }
}
