//! Why somebody does not get the page that they asked for, and what they get instead.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    QUEUE, SIGN_IN,
    application::SaidPage,
    desk::EntryError,
    destination::Destination,
    guard::Reader,
    pages::{ProblemPage, page},
    texts::Texts,
};
use crate::{
    app::requests::RequestError,
    ports::{outgoing::OutgoingError, secrets::SecretError},
};

/// For the line of the log, beside the answer.
#[derive(Debug, Clone)]
pub(super) struct Cause(pub(super) String);

#[derive(Debug, Clone)]
pub(super) enum Problem {
    /// Nobody is signed in.
    SignIn,
    /// A form that was sent too late.
    SessionOver,
    /// Signed in, and without a role of the console.
    NoRole,
    /// Signed in, and without the role of an administrator.
    AdministratorsOnly,
    /// The sign-in did not come to its end. The code says why.
    SignInFailed(String),
    /// A form that no page of this session has made.
    Forged(&'static str),
    /// A form that says what no form here says.
    BadForm,
    Missing,
    /// Something behind the console does not work.
    Unavailable(String),
}

impl Problem {
    const fn id(&self) -> &'static str {
        match self {
            Self::SignIn | Self::SessionOver => "session-over",
            Self::NoRole => "no-role",
            Self::AdministratorsOnly => "administrators-only",
            Self::SignInFailed(_) => "sign-in-failed",
            Self::Forged(_) => "forged",
            Self::BadForm => "bad-form",
            Self::Missing => "missing",
            Self::Unavailable(_) => "unavailable",
        }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::SignIn => StatusCode::SEE_OTHER,
            Self::SessionOver | Self::NoRole | Self::AdministratorsOnly | Self::Forged(_) => {
                StatusCode::FORBIDDEN
            }
            Self::SignInFailed(_) | Self::BadForm => StatusCode::BAD_REQUEST,
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// For the log.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::SignInFailed(why) | Self::Unavailable(why) => format!("{}: {why}", self.id()),
            Self::Forged(why) => format!("{}: {why}", self.id()),
            _ => self.id().to_owned(),
        }
    }

    /// The answer in the reader's language, who asked for that.
    pub(super) fn told(
        &self,
        t: &'static Texts,
        reader: Reader,
        asked: Option<&Destination>,
    ) -> Response {
        let sign_in = || asked.map_or_else(|| SIGN_IN.to_owned(), Destination::sign_in);
        let mut response = match (self, reader) {
            (Self::SignIn, _) => Redirect::to(&sign_in()).into_response(),
            (_, Reader::Approver) => self.to_approver(t),
            (_, Reader::Applicant) => page(self.status(), &SaidPage::new(t, self.to_applicant())),
        };
        response.extensions_mut().insert(Cause(self.cause()));
        response
    }

    fn to_approver(&self, t: &'static Texts) -> Response {
        let problem = ProblemPage {
            t,
            session: None,
            title: t.text(&format!("{}-title", self.id())),
            sentence: t.text(&format!("{}-sentence", self.id())),
            on: QUEUE,
        };
        page(self.status(), &problem)
    }

    /// What an applicant is told: of a link that opens nothing, nothing but that.
    const fn to_applicant(&self) -> &'static str {
        match self {
            Self::Forged(_) => "application-forged",
            Self::Unavailable(_) => "application-unavailable",
            _ => "application-missing",
        }
    }
}

impl IntoResponse for Problem {
    /// Without words: the guard has those.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Unknown => Self::Missing,
            RequestError::Store(error) => Self::Unavailable(error.to_string()),
            RequestError::Keys(error) => Self::Unavailable(error.to_string()),
            RequestError::Refused(_)
            | RequestError::ChangedMeanwhile { .. }
            | RequestError::NoSuchVersion { .. }
            | RequestError::StaysClosed { .. } => Self::BadForm,
        }
    }
}

impl From<EntryError> for Problem {
    fn from(error: EntryError) -> Self {
        match error {
            EntryError::NotTheirs => Self::AdministratorsOnly,
            EntryError::Requests(error) => error.into(),
        }
    }
}

impl From<SecretError> for Problem {
    fn from(error: SecretError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<OutgoingError> for Problem {
    fn from(error: OutgoingError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{console::texts::texts, domain::language::Language};

    #[test]
    fn every_problem_has_its_texts() {
        let problems = [
            Problem::SessionOver,
            Problem::NoRole,
            Problem::AdministratorsOnly,
            Problem::SignInFailed(String::new()),
            Problem::Forged(""),
            Problem::BadForm,
            Problem::Missing,
            Problem::Unavailable(String::new()),
        ];
        let t = texts(Language::English);
        for problem in problems {
            for name in [problem.id(), problem.to_applicant()] {
                for part in ["title", "sentence"] {
                    let id = format!("{name}-{part}");
                    assert_ne!(t.text(&id), id);
                }
            }
        }
    }
}
