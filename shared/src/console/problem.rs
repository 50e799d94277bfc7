//! Why somebody does not get the page that they asked for, and what they get instead.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    QUEUE, SIGN_IN,
    pages::{ProblemPage, page},
    texts::texts,
};
use crate::{
    app::requests::RequestError,
    domain::approval::RequestId,
    ports::{outgoing::OutgoingError, secrets::SecretError},
};

/// For the line of the log, beside the answer.
#[derive(Debug, Clone)]
pub(super) struct Cause(pub(super) String);

#[derive(Debug)]
pub(super) enum Problem {
    /// Nobody is signed in; where to go afterwards.
    SignIn(Option<RequestId>),
    /// A form that was sent too late.
    SessionOver,
    /// Signed in, and without a role of the console.
    NoRole,
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
            Self::SignIn(_) | Self::SessionOver => "session-over",
            Self::NoRole => "no-role",
            Self::SignInFailed(_) => "sign-in-failed",
            Self::Forged(_) => "forged",
            Self::BadForm => "bad-form",
            Self::Missing => "missing",
            Self::Unavailable(_) => "unavailable",
        }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::SignIn(_) => StatusCode::SEE_OTHER,
            Self::SessionOver | Self::NoRole | Self::Forged(_) => StatusCode::FORBIDDEN,
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

    fn answer(&self) -> Response {
        if let Self::SignIn(request) = self {
            let request = request.as_ref();
            let query = request.map_or_else(String::new, |id| format!("?request={id}"));
            return Redirect::to(&format!("{SIGN_IN}{query}")).into_response();
        }
        let t = texts();
        let problem = ProblemPage {
            t,
            session: None,
            title: t.text(&format!("{}-title", self.id())),
            sentence: t.text(&format!("{}-sentence", self.id())),
            on: QUEUE,
        };
        page(self.status(), &problem)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.answer();
        response.extensions_mut().insert(Cause(self.cause()));
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

    #[test]
    fn every_problem_has_its_texts() {
        let problems = [
            Problem::SessionOver,
            Problem::NoRole,
            Problem::SignInFailed(String::new()),
            Problem::Forged(""),
            Problem::BadForm,
            Problem::Missing,
            Problem::Unavailable(String::new()),
        ];
        for problem in problems {
            for part in ["title", "sentence"] {
                let id = format!("{}-{part}", problem.id());
                assert_ne!(texts().text(&id), id);
            }
        }
    }
}
