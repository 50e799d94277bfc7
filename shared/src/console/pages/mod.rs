//! The pages: what is asked for, what is shown, what is sent.

mod audit;
mod bulk;
mod export;
mod lists;
mod queue;
mod request;
mod search;
mod words;

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

pub(super) use self::{
    audit::{Asked as AuditAsked, audit, audit_export},
    bulk::{bulk, bulk_confirmed},
    export::export,
    lists::{entry, entry_confirmed, entry_preview, lists, more_lists},
    queue::Asked,
    search::search,
    words::Words,
};
use self::{
    queue::QueuePage,
    request::{RequestPage, Retold},
};
use super::{
    Console, QUEUE, REQUESTS, Seated,
    cookies::Cookie,
    desk::{Seen, Who, Wish},
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
    /// The page that is shown then.
    to: Option<String>,
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
    ready: Option<String>,
    reason: Option<String>,
    message: Option<String>,
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
    Refused(Retold, Words),
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

pub(super) async fn script() -> Response {
    let script = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (script, include_str!("../../../static/console.js")).into_response()
}

/// Sends the browser to Entra.
pub(super) async fn sign_in(
    State(console): State<Arc<Console>>,
    Query(afterwards): Query<Afterwards>,
) -> Result<Response, Problem> {
    let wanted = afterwards.to.and_then(|to| Destination::parse(&to));
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
        .map_or_else(|| QUEUE.to_owned(), |wanted| wanted.address().to_owned());
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
    let seated = console.seated(&headers).await?;
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
    let id = RequestId::parse(&id).ok_or(Problem::Missing)?;
    let seated = console.seated(&headers).await?;
    let became = match (&shown.link, shown.done) {
        (Some(link), _) => Became::Led(console.led_by(link, &id).await?),
        (None, Some(_)) => Became::Done,
        (None, None) => Became::Unsaid,
    };
    console.show(t, &seated, &id, became).await
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
    let words = form.words().ok_or(Problem::BadForm)?;
    let wish = Wish {
        action: Action::parse(&form.action).ok_or(Problem::BadForm)?,
        reason: words.reason(),
        message: words.message(),
    };
    let seen = Seen {
        id: id.clone(),
        version: form.version,
    };
    let approver = &seated.session.approver;
    match console.desk.decide(approver, &seen, wish).await {
        Ok(_) => {
            let to = format!("{}?done", address(&id));
            seated.keep(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let retold = Retold::refused(t, &error).ok_or(error)?;
            let became = Became::Refused(retold, words);
            console.show(t, &seated, &id, became).await
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
        let advice = self.desk.advice(&session.approver, &dossier).await;
        let (status, retold, words) = match became {
            Became::Unsaid => (StatusCode::OK, None, Words::default()),
            Became::Done => {
                let retold = Retold::done(t, &session.approver, &dossier);
                (StatusCode::OK, retold, Words::default())
            }
            Became::Led(seen) => (
                StatusCode::OK,
                Retold::led(t, seen, &dossier),
                Words::default(),
            ),
            Became::Refused(retold, words) => (StatusCode::CONFLICT, Some(retold), words),
        };
        let shown = RequestPage::new(t, session, &dossier, advice, retold, words);
        let mut response = page(status, &shown);
        if status == StatusCode::CONFLICT {
            let refused = Cause("refused".to_owned());
            response.extensions_mut().insert(refused);
        }
        seated.keep(response)
    }
}

impl Decision {
    /// `None` when they are too long.
    fn words(&self) -> Option<Words> {
        let (ready, reason) = (self.ready.as_deref(), self.reason.as_deref());
        Words::typed(ready, reason, self.message.as_deref())
    }
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

/// How somebody is called among others.
fn who(t: &Texts, who: &Who) -> String {
    match who {
        Who::Applicant(applicant) => name(applicant).unwrap_or_else(|| t.text("unnamed")),
        Who::Erased => t.text("erased"),
        Who::Unreadable => t.text("unreadable"),
    }
}
