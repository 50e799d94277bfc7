//! How a system is: it works, or goes wrong in one of the ways in which others' systems do.

use std::{future::pending, time::Duration};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::{Answer, Partner};
use crate::graph::no_answer;

/// Longer than anybody waits for an answer.
const SLOW: Duration = Duration::from_secs(5);

const GARBAGE: &str = "<!doctype html><title>Maintenance</title>";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    #[default]
    Working,
    Slow,
    Hanging,
    Failing,
    Garbage,
    Down,
}

/// The condition of each system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conditions {
    pub crm: Condition,
    pub erp: Condition,
    pub identity: Condition,
}

impl Conditions {
    pub const fn of(&self, partner: Partner) -> Condition {
        match partner {
            Partner::Crm => self.crm,
            Partner::Erp => self.erp,
            Partner::Identity => self.identity,
        }
    }
}

impl Condition {
    pub const ALL: [Self; 6] = [
        Self::Working,
        Self::Slow,
        Self::Hanging,
        Self::Failing,
        Self::Garbage,
        Self::Down,
    ];

    /// As in JSON and in the form.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Slow => "slow",
            Self::Hanging => "hanging",
            Self::Failing => "failing",
            Self::Garbage => "garbage",
            Self::Down => "down",
        }
    }

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Working => "works",
            Self::Slow => "is slow: it answers after 5 s",
            Self::Hanging => "hangs: it never answers",
            Self::Failing => "fails: it answers 500",
            Self::Garbage => "answers garbage: 200, and no JSON",
            Self::Down => "is down: it closes the connection",
        }
    }

    /// What becomes of an answer with this status, for people.
    pub(super) fn tell(self, usual: StatusCode) -> String {
        match self {
            Self::Working => usual.as_str().to_owned(),
            Self::Slow => format!("{} after 5 s", usual.as_str()),
            Self::Hanging => "never".to_owned(),
            Self::Failing => "500".to_owned(),
            Self::Garbage => "200, no JSON".to_owned(),
            Self::Down => "connection closed".to_owned(),
        }
    }

    pub(super) async fn apply(self, usual: Answer) -> Response {
        match self {
            Self::Working => usual.into_response(),
            Self::Slow => {
                tokio::time::sleep(SLOW).await;
                usual.into_response()
            }
            // Dropped when the caller closes the connection.
            Self::Hanging => pending().await,
            Self::Failing => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Self::Garbage => {
                ([(header::CONTENT_TYPE, "application/json")], GARBAGE).into_response()
            }
            Self::Down => no_answer(),
        }
    }
}
