//! Several requests decided alike: what would become of each, and what became of it.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension, Form,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::{
    address, page,
    request::why,
    who,
    words::{Ready, Words},
};
use crate::{
    app::requests::RequestError,
    console::{
        Console,
        desk::{Outcome, PAGE, Seen, Wish},
        problem::Problem,
        session::Session,
        texts::Texts,
    },
    domain::approval::{Action, ApprovalRequest, Refused, RequestId, State as Standing},
};

/// What can be decided about several at once.
pub(super) const ACTIONS: [Action; 2] = [Action::Approve, Action::Deny];

/// The pairs of a form, in which names repeat.
type Pairs = Vec<(String, String)>;

/// What a form says of several requests.
struct Bulk {
    token: String,
    action: Action,
    chosen: Vec<Seen>,
    words: Words,
}

impl Bulk {
    /// `None` when no form here says so.
    fn parse(pairs: &Pairs) -> Option<Self> {
        let value = |name: &str| {
            let mut named = pairs.iter().filter(|(of, _)| of == name);
            named.next().map(|(_, value)| value.as_str())
        };
        let chosen = pairs.iter().filter(|(of, _)| of == "chosen");
        let chosen: Option<Vec<Seen>> = chosen.map(|(_, value)| Seen::parse(value)).collect();
        let mut chosen = chosen?;
        chosen.sort_by(|one, other| one.id.cmp(&other.id));
        chosen.dedup_by(|one, other| one.id == other.id);
        let action = Action::parse(value("action")?)?;
        let is_possible = ACTIONS.contains(&action) && chosen.len() <= PAGE;
        is_possible.then_some(())?;
        Some(Self {
            token: value("token")?.to_owned(),
            action,
            chosen,
            words: Words::typed(value("ready"), value("reason"), value("message"))?,
        })
    }

    fn wish(&self) -> Wish {
        Wish {
            action: self.action,
            reason: self.words.reason(),
            message: self.words.message(),
        }
    }
}

impl Seen {
    /// As a form names it.
    pub(super) fn value(&self) -> String {
        format!("{}:{}", self.id, self.version)
    }

    fn parse(text: &str) -> Option<Self> {
        let (id, version) = text.split_once(':')?;
        Some(Self {
            id: RequestId::parse(id)?,
            version: version.parse().ok()?,
        })
    }
}

/// Shows what a decision would do. Nothing is changed.
pub(in crate::console) async fn bulk(
    State(console): State<Arc<Console>>,
    Extension(t): Extension<&'static Texts>,
    headers: HeaderMap,
    Form(pairs): Form<Pairs>,
) -> Result<Response, Problem> {
    let bulk = Bulk::parse(&pairs).ok_or(Problem::BadForm)?;
    let seated = console.sender(&headers, &bulk.token).await?;
    let (wish, action) = (bulk.wish(), bulk.action);
    let approver = &seated.session.approver;
    let outcomes = console.desk.preview_each(approver, bulk.chosen, &wish);
    let outcomes = outcomes.await;
    let shown = PreviewPage::new(t, &seated.session, action, &outcomes);
    seated.keep(page(StatusCode::OK, &shown))
}

/// Decides about each at the version that was seen, and tells what became of it.
pub(in crate::console) async fn bulk_confirmed(
    State(console): State<Arc<Console>>,
    Extension(t): Extension<&'static Texts>,
    headers: HeaderMap,
    Form(pairs): Form<Pairs>,
) -> Result<Response, Problem> {
    let bulk = Bulk::parse(&pairs).ok_or(Problem::BadForm)?;
    let seated = console.sender(&headers, &bulk.token).await?;
    let wish = bulk.wish();
    let approver = &seated.session.approver;
    let outcomes = console.desk.decide_each(approver, bulk.chosen, &wish).await;
    let shown = DecidedPage::new(t, &seated.session, &outcomes);
    seated.keep(page(StatusCode::OK, &shown))
}

#[derive(Template)]
#[template(path = "console/preview.html")]
struct PreviewPage<'p> {
    t: &'static Texts,
    session: Option<&'p Session>,
    title: String,
    action: &'static str,
    button: String,
    possible: Vec<Line>,
    impossible: Vec<Line>,
    /// Of no policy in particular, for the requests may be of several.
    reasons: Vec<Ready>,
    words: Words,
    is_reason_required: bool,
}

#[derive(Template)]
#[template(path = "console/decided.html")]
struct DecidedPage<'p> {
    t: &'static Texts,
    session: Option<&'p Session>,
    title: String,
    done: Vec<Line>,
    not_done: Vec<Line>,
}

struct Line {
    address: String,
    who: String,
    value: String,
    note: String,
}

impl<'p> PreviewPage<'p> {
    fn new(t: &'static Texts, session: &'p Session, action: Action, outcomes: &[Outcome]) -> Self {
        let (possible, impossible): (Vec<&Outcome>, Vec<&Outcome>) =
            outcomes.iter().partition(|one| is_possible(&one.result));
        let lacks_reason = |one: &&Outcome| {
            let refused = one.result.as_ref().err();
            refused.is_some_and(is_reason_missing)
        };
        let is_reason_required = possible.iter().any(lacks_reason);
        let count = possible.len().to_string();
        let button = format!("bulk-{}-button", action.name());
        Self {
            t,
            session: Some(session),
            title: t.text(&format!("bulk-{}-title", action.name())),
            action: action.name(),
            button: t.with(&button, &[("count", &count)]),
            possible: lines(t, possible),
            impossible: lines(t, impossible),
            reasons: Vec::new(),
            words: Words::default(),
            is_reason_required,
        }
    }
}

impl<'p> DecidedPage<'p> {
    fn new(t: &'static Texts, session: &'p Session, outcomes: &[Outcome]) -> Self {
        let (done, not_done): (Vec<&Outcome>, Vec<&Outcome>) =
            outcomes.iter().partition(|one| one.result.is_ok());
        Self {
            t,
            session: Some(session),
            title: t.text("bulk-decided-title"),
            done: lines(t, done),
            not_done: lines(t, not_done),
        }
    }
}

/// A reason can still be typed.
fn is_possible(result: &Result<ApprovalRequest, RequestError>) -> bool {
    result.as_ref().err().is_none_or(is_reason_missing)
}

const fn is_reason_missing(error: &RequestError) -> bool {
    matches!(error, RequestError::Refused(Refused::ReasonMissing))
}

fn lines(t: &Texts, outcomes: Vec<&Outcome>) -> Vec<Line> {
    outcomes.into_iter().map(|one| line(t, one)).collect()
}

fn line(t: &Texts, outcome: &Outcome) -> Line {
    let seen = &outcome.seen;
    let id = || seen.id.to_string();
    Line {
        address: address(&seen.id),
        who: outcome.who.as_ref().map_or_else(id, |one| who(t, one)),
        value: seen.value(),
        note: match &outcome.result {
            Ok(after) => becomes(t, after),
            Err(error) => not_changed(t, error),
        },
    }
}

fn becomes(t: &Texts, after: &ApprovalRequest) -> String {
    let (so_far, needed) = (after.approved_by.len(), after.terms.approvals);
    if after.state != Standing::Pending {
        return t.state(after.state);
    }
    let (so_far, needed) = (so_far.to_string(), needed.to_string());
    let arguments = [("count", so_far.as_str()), ("needed", needed.as_str())];
    t.with("bulk-endorsed", &arguments)
}

fn not_changed(t: &Texts, error: &RequestError) -> String {
    match error {
        RequestError::Store(_) | RequestError::Keys(_) => t.text("unavailable-sentence"),
        RequestError::ChangedMeanwhile { .. } => t.text("bulk-changed-meanwhile"),
        error => why(t, error).unwrap_or_else(|| t.text("missing-sentence")),
    }
}
