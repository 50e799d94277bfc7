//! The pages: what is asked for, what is shown, what is sent.

mod queue;
mod request;

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use serde::Deserialize;

use self::{
    queue::{Asked, QueuePage},
    request::{RequestPage, Retold},
};
use super::{
    Console, QUEUE, REQUESTS, Seated,
    cookies::Cookie,
    desk::Wish,
    destination::Destination,
    problem::{Cause, Problem},
    session::Session,
    sign_in::{Answer, Attempt},
    soon,
    texts::Texts,
};
use crate::{
    app::links::Purpose,
    domain::approval::{Action, Applicant, ApprovalRequest, RequestId},
};

/// Longest reason, in characters.
const MAX_REASON: usize = 1000;

/// Instead of a page.
#[derive(Template)]
#[template(path = "console/problem.html")]
pub(super) struct ProblemPage<'p> {
    pub(super) t: &'static Texts,
    pub(super) session: Option<&'p Session>,
    pub(super) title: String,
    pub(super) sentence: String,
    /// Where to go on.
    pub(super) on: &'static str,
}

#[derive(Deserialize)]
pub(super) struct Afterwards {
    request: Option<String>,
    link: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    done: Option<String>,
    link: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Decision {
    token: String,
    action: String,
    version: u64,
    reason: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SignOut {
    token: String,
}

/// What became of a decision, for the page that is shown next.
enum Became {
    /// There was none.
    Unsaid,
    /// The address says so, which anybody can write.
    Done,
    /// There was none: a mail's link leads here, made for this version. `None` when the link is not good.
    Led(Option<u64>),
    Refused(Retold),
}

/// A rendered page; templates only fail when a value cannot be formatted.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

pub(super) async fn style() -> Response {
    let css = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (css, include_str!("../../../static/console.css")).into_response()
}

/// Sends the browser to Entra.
pub(super) async fn sign_in(
    State(console): State<Arc<Console>>,
    Query(afterwards): Query<Afterwards>,
) -> Result<Response, Problem> {
    let wanted = afterwards
        .request
        .and_then(|request| Destination::new(&request, afterwards.link));
    let credentials = console.credentials(soon()).await?;
    let (url, cookie) = console
        .authorization(wanted.as_ref(), &credentials)
        .ok_or_else(without_chance)?;
    let cookie = [(header::SET_COOKIE, cookie)];
    Ok((cookie, Redirect::to(&url)).into_response())
}

/// Takes the browser back from Entra.
pub(super) async fn signed_in(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Response {
    let answered = after_sign_in(&console, &headers, answer).await;
    let mut response = answered.into_response();
    // An attempt is good for one answer.
    let cleared = Cookie::SIGN_IN.clear();
    let cleared = cleared
        .into_iter()
        .map(|cookie| (header::SET_COOKIE, cookie));
    for (name, cookie) in cleared {
        response.headers_mut().append(name, cookie);
    }
    response
}

async fn after_sign_in(
    console: &Console,
    headers: &HeaderMap,
    answer: Answer,
) -> Result<Response, Problem> {
    let deadline = soon();
    let credentials = console.credentials(deadline).await?;
    let attempt: Option<Attempt> = Cookie::SIGN_IN.read(&credentials.cookie_key, headers);
    let attempt = attempt.ok_or_else(|| Problem::SignInFailed("no-attempt".to_owned()))?;
    let approver = console
        .signed_in(&attempt, answer, &credentials, deadline)
        .await?;
    let session = Session::begin(approver, console.clock.now()).ok_or_else(without_chance)?;
    let to = attempt
        .wanted()
        .map_or_else(|| QUEUE.to_owned(), |wanted| wanted.address());
    let seated = Seated {
        session,
        credentials,
    };
    seated.keep(Redirect::to(&to).into_response())
}

fn without_chance() -> Problem {
    Problem::Unavailable("no source of chance".to_owned())
}

/// Ends the session in this browser. Entra's own goes on, as people may be signed in elsewhere.
pub(super) async fn sign_out(
    State(console): State<Arc<Console>>,
    Extension(t): Extension<&'static Texts>,
    headers: HeaderMap,
    Form(form): Form<SignOut>,
) -> Result<Response, Problem> {
    console.sender(&headers, &form.token).await?;
    let signed_out = ProblemPage {
        t,
        session: None,
        title: t.text("signed-out-title"),
        sentence: t.text("signed-out-sentence"),
        on: QUEUE,
    };
    let mut response = page(StatusCode::OK, &signed_out);
    let cleared = Cookie::SESSION.clear().ok_or_else(without_chance)?;
    response.headers_mut().append(header::SET_COOKIE, cleared);
    Ok(response)
}

pub(super) async fn queue(
    State(console): State<Arc<Console>>,
    Extension(t): Extension<&'static Texts>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let seated = console.seated(&headers, None).await?;
    let wanted = asked.wanted();
    let (found, counts) = console
        .desk
        .overview(&seated.session.approver, &wanted)
        .await?;
    let shown = QueuePage::new(t, &seated.session, &wanted, &found, &counts);
    seated.keep(page(StatusCode::OK, &shown))
}

pub(super) async fn request(
    State(console): State<Arc<Console>>,
    Extension(t): Extension<&'static Texts>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let wanted = Destination::new(&id, shown.link).ok_or(Problem::Missing)?;
    let seated = console.seated(&headers, Some(&wanted)).await?;
    let became = match (&wanted.link, shown.done) {
        (Some(link), _) => Became::Led(console.led_by(link, &wanted.request).await?),
        (None, Some(_)) => Became::Done,
        (None, None) => Became::Unsaid,
    };
    console.show(t, &seated, &wanted.request, became).await
}

/// Decides about the version that the form was made for.
pub(super) async fn decide(
    State(console): State<Arc<Console>>,
    Extension(t): Extension<&'static Texts>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(form): Form<Decision>,
) -> Result<Response, Problem> {
    let id = RequestId::parse(&id).ok_or(Problem::Missing)?;
    let seated = console.sender(&headers, &form.token).await?;
    let wish = form.wish().ok_or(Problem::BadForm)?;
    let typed = wish.reason.clone();
    let approver = &seated.session.approver;
    match console.desk.decide(approver, &id, wish).await {
        Ok(_) => {
            let to = format!("{}?done", address(&id));
            seated.keep(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let retold = Retold::refused(t, &error, typed).ok_or(error)?;
            console.show(t, &seated, &id, Became::Refused(retold)).await
        }
    }
}

impl Console {
    /// The version that a mail's link was made for.
    async fn led_by(&self, link: &str, id: &RequestId) -> Result<Option<u64>, Problem> {
        let link = self.link(Purpose::Approver, link).await?;
        let link = link.filter(|link| link.request == *id);
        Ok(link.map(|link| link.version))
    }

    async fn show(
        &self,
        t: &'static Texts,
        seated: &Seated,
        id: &RequestId,
        became: Became,
    ) -> Result<Response, Problem> {
        let session = &seated.session;
        let dossier = self.desk.dossier(&session.approver, id).await?;
        let (status, retold) = match became {
            Became::Unsaid => (StatusCode::OK, None),
            Became::Done => (StatusCode::OK, Retold::done(t, &session.approver, &dossier)),
            Became::Led(seen) => (StatusCode::OK, Retold::led(t, seen, &dossier)),
            Became::Refused(retold) => (StatusCode::CONFLICT, Some(retold)),
        };
        let mut response = page(status, &RequestPage::new(t, session, &dossier, retold));
        if status == StatusCode::CONFLICT {
            let refused = Cause("refused".to_owned());
            response.extensions_mut().insert(refused);
        }
        seated.keep(response)
    }
}

impl Decision {
    /// `None` when no form here says so.
    fn wish(self) -> Option<Wish> {
        let reason = one_line(&self.reason.unwrap_or_default());
        if reason.chars().count() > MAX_REASON {
            return None;
        }
        Some(Wish {
            action: Action::parse(&self.action)?,
            seen: self.version,
            reason: (!reason.is_empty()).then_some(reason),
        })
    }
}

/// Without line ends and other control characters: reasons are shown in lines, in terminals too.
fn one_line(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

fn address(id: &RequestId) -> String {
    format!("{REQUESTS}{id}")
}

/// To the minute; nobody here needs more.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Microsoft's own accounts come without a name of their provider.
fn provider(request: &ApprovalRequest) -> &str {
    request.provider.as_deref().unwrap_or("microsoft")
}

/// The display name, else what it is mostly made of.
fn name(applicant: &Applicant) -> Option<String> {
    let named = |attribute| applicant.text(attribute).map(str::to_owned);
    named("displayName").or_else(|| {
        let parts = [named("givenName"), named("surname")];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    })
}
