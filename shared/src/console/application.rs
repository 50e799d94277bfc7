//! The applicant's page: how a request stands, and what its applicant can do about it. Whoever has the signed link is the
//! applicant; nothing is read for anybody else.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, Uri, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;

use super::{
    APPLICATIONS, Console,
    choice::chosen,
    pages::{moment, page},
    problem::{Cause, Problem},
    texts::{Texts, texts},
};
use crate::{
    app::{links::Purpose, requests::RequestError},
    domain::{
        approval::{self, Action, Applicant, ApprovalRequest, HistoryEntry, Refused},
        language::{Language, LanguageWishes},
    },
};

/// What an applicant can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Withdraw,
    Erase,
}

impl Way {
    const ALL: [Self; 2] = [Self::Withdraw, Self::Erase];

    const fn name(self) -> &'static str {
        match self {
            Self::Withdraw => "withdraw",
            Self::Erase => "erase",
        }
    }

    /// Nobody can make an account for somebody who cannot be read.
    const fn is_open(self, state: approval::State) -> bool {
        match self {
            Self::Withdraw => state.after(Action::Withdraw).is_some(),
            Self::Erase => state.after(Action::Withdraw).is_some() || !state.is_open(),
        }
    }
}

/// A request that was opened by its applicant's link.
pub(super) struct Opened {
    t: &'static Texts,
    request: ApprovalRequest,
    place: Place,
}

/// Where an applicant is.
struct Place {
    token: String,
    /// The language that was chosen by hand: without cookies each link says it again.
    language: Option<Language>,
}

impl Place {
    fn page(&self) -> String {
        self.address("")
    }

    fn way(&self, way: Way) -> String {
        self.address(&format!("/{}", way.name()))
    }

    fn address(&self, below: &str) -> String {
        let query = self.language.map(|language| format!("?lang={language}"));
        let query = query.unwrap_or_default();
        format!("{APPLICATIONS}{}{below}{query}", self.token)
    }
}

#[derive(Template)]
#[template(path = "application/standing.html")]
struct StandingPage {
    t: &'static Texts,
    title: String,
    /// Why something that was asked for was not done.
    refused: Option<String>,
    sentence: String,
    /// What the organisation says to somebody who was denied.
    message: Option<String>,
    again: Option<String>,
    ways: Vec<Offer>,
    /// Why there is no way to be erased.
    later: Option<String>,
}

struct Offer {
    address: String,
    name: String,
}

/// Asks before something is done that cannot be undone.
#[derive(Template)]
#[template(path = "application/confirm.html")]
struct ConfirmPage {
    t: &'static Texts,
    title: String,
    sentence: String,
    /// Where the form is sent.
    to: String,
    back: String,
}

/// A title and a sentence.
#[derive(Template)]
#[template(path = "application/said.html")]
pub(super) struct SaidPage {
    t: &'static Texts,
    title: String,
    sentence: String,
}

impl SaidPage {
    pub(super) fn new(t: &'static Texts, name: &str) -> Self {
        Self {
            t,
            title: t.text(&format!("{name}-title")),
            sentence: t.text(&format!("{name}-sentence")),
        }
    }
}

pub(super) async fn standing(
    State(console): State<Arc<Console>>,
    opened: Opened,
) -> Result<Response, Problem> {
    console.told(&opened, None).await
}

pub(super) async fn ask_withdraw(opened: Opened) -> Response {
    opened.asked(Way::Withdraw)
}

pub(super) async fn ask_erase(opened: Opened) -> Response {
    opened.asked(Way::Erase)
}

pub(super) async fn withdraw(
    State(console): State<Arc<Console>>,
    opened: Opened,
) -> Result<Response, Problem> {
    match console.desk.requests.withdraw(&opened.request.id).await {
        Ok(_) => Ok(Redirect::to(&opened.place.page()).into_response()),
        Err(RequestError::Refused(Refused::State { .. })) => {
            console.refused(opened, "application-decided").await
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn erase(
    State(console): State<Arc<Console>>,
    opened: Opened,
) -> Result<Response, Problem> {
    match console.desk.requests.forget(&opened.request.id).await {
        Ok(_) => {
            let erased = SaidPage::new(opened.t, "application-erased");
            Ok(page(StatusCode::OK, &erased))
        }
        Err(RequestError::Refused(Refused::State { .. })) => {
            console.refused(opened, "application-erase-later").await
        }
        Err(error) => Err(error.into()),
    }
}

impl FromRequestParts<Arc<Console>> for Opened {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Arc<Console>,
    ) -> Result<Self, Problem> {
        let token = Path::<String>::from_request_parts(parts, console).await;
        let Path(token) = token.map_err(|_| Problem::Missing)?;
        let negotiated = parts.extensions.get::<&'static Texts>();
        let english = || texts(Language::English);
        let t = negotiated.copied().unwrap_or_else(english);
        console.opened(token, &parts.uri, t).await
    }
}

impl Console {
    /// The request of a link, in its applicant's language. A link that is not good, and one to somebody who is erased, open
    /// nothing.
    async fn opened(
        &self,
        token: String,
        address: &Uri,
        t: &'static Texts,
    ) -> Result<Opened, Problem> {
        let link = self.link(Purpose::Applicant, &token).await?;
        let link = link.ok_or(Problem::Missing)?;
        let requests = &self.desk.requests;
        let request = requests.find(&link.request).await?;
        let applicant = match requests.applicant(&request, self.desk.keys.as_ref()).await {
            Ok(applicant) => Some(applicant.ok_or(Problem::Missing)?),
            // How a request stands can be told without knowing whose it is.
            Err(RequestError::Keys(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let language = chosen(address);
        let t = match (language, applicant) {
            (None, Some(applicant)) => texts(spoken(&applicant, t.language())),
            _ => t,
        };
        Ok(Opened {
            t,
            request,
            place: Place { token, language },
        })
    }

    /// How a request stands.
    async fn told(&self, opened: &Opened, refused: Option<&str>) -> Result<Response, Problem> {
        let history = self.desk.requests.history(&opened.request.id).await?;
        let status = match refused {
            None => StatusCode::OK,
            Some(_) => StatusCode::CONFLICT,
        };
        Ok(page(status, &opened.standing(&history, refused)))
    }

    /// The same as it is now, after something came too late.
    async fn refused(&self, opened: Opened, why: &str) -> Result<Response, Problem> {
        let request = self.desk.requests.find(&opened.request.id).await?;
        let opened = Opened { request, ..opened };
        let mut response = self.told(&opened, Some(why)).await?;
        let refused = Cause("refused".to_owned());
        response.extensions_mut().insert(refused);
        Ok(response)
    }
}

impl Opened {
    /// The page that asks, or that of the request when it is no longer possible.
    fn asked(&self, way: Way) -> Response {
        if !way.is_open(self.request.state) {
            return Redirect::to(&self.place.page()).into_response();
        }
        let (t, name) = (self.t, way.name());
        let asked = ConfirmPage {
            t,
            title: t.text(&format!("application-{name}")),
            sentence: t.text(&format!("application-{name}-sentence")),
            to: self.place.way(way),
            back: self.place.page(),
        };
        page(StatusCode::OK, &asked)
    }

    fn standing(&self, history: &[HistoryEntry], refused: Option<&str>) -> StandingPage {
        let Self { t, request, .. } = self;
        let state = request.state;
        let denial = history.iter().rfind(|entry| entry.action == Action::Deny);
        let denial = denial.filter(|_| state == approval::State::Denied);
        let again = request.standing().may_reapply_from;
        let can_be_erased = Way::Erase.is_open(state);
        let ways = Way::ALL.into_iter().filter(|way| way.is_open(state));
        StandingPage {
            t,
            title: t.text("application-title"),
            refused: refused.map(|why| t.text(why)),
            sentence: sentence(t, request, history),
            message: denial.and_then(|denial| denial.message.clone()),
            again: again.map(|from| t.with("application-again", &[("from", &moment(from))])),
            ways: ways.map(|way| self.offer(way)).collect(),
            // Whoever just heard it need not hear it twice.
            later: (!can_be_erased && refused.is_none()).then(|| t.text("application-erase-later")),
        }
    }

    fn offer(&self, way: Way) -> Offer {
        Offer {
            address: self.place.way(way),
            name: self.t.text(&format!("application-{}", way.name())),
        }
    }
}

/// How a request stands, with the dates that matter.
fn sentence(t: &Texts, request: &ApprovalRequest, history: &[HistoryEntry]) -> String {
    let made = moment(request.created_at);
    let until = moment(request.expires_at);
    let decided = moment(decided_at(history).unwrap_or(request.changed_at));
    let dates = [
        ("made", made.as_str()),
        ("until", &until),
        ("decided", &decided),
    ];
    t.with(&format!("application-{}", request.state.name()), &dates)
}

fn decided_at(history: &[HistoryEntry]) -> Option<Timestamp> {
    let is_decision = |entry: &&HistoryEntry| {
        let decisions = [Action::Approve, Action::Deny, Action::Withdraw];
        decisions.contains(&entry.action)
    };
    Some(history.iter().rfind(is_decision)?.at)
}

/// The language of the sign-up, else another one.
fn spoken(applicant: &Applicant, other: Language) -> Language {
    LanguageWishes::parse(&applicant.languages.join(" ")).best(other)
}
