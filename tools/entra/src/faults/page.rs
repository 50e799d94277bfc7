//! The page with all switches, and the same as JSON.

use std::{collections::BTreeMap, str::FromStr, sync::Arc, time::Duration};

use askama::Template;
use axum::{
    Form, Json, Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde_json::json;

use super::{CallFaults, FirstAttempt, GraphFaults, MailFaults, Problem, ReceiverFaults, Switches};
use crate::{Simulator, pages::page};

/// `/faults` for people, `/simulator/faults` for tests.
pub fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/faults", get(show).post(save))
        .route("/faults/reset", post(reset))
        .route("/simulator/faults", get(read).put(replace))
}

#[derive(Template)]
#[template(path = "faults/page.html")]
struct Page {
    /// What is in force, whatever stands in the fields.
    switches: Switches,
    entered: Entered,
    problems: Vec<Problem>,
}

impl Page {
    /// The groups that differ from "everything works", for the notice.
    fn groups_on(&self) -> Vec<&'static str> {
        let (now, works) = (&self.switches, Switches::default());
        let groups = [
            ("requests to the deployment", now.calls != works.calls),
            ("Graph", now.graph != works.graph),
            ("the webhook receiver", now.receiver != works.receiver),
            ("mail", now.mail != works.mail),
        ];
        groups
            .into_iter()
            .filter(|(_, on)| *on)
            .map(|(name, _)| name)
            .collect()
    }

    fn problem(&self, field: &str) -> Option<&str> {
        let mut problems = self.problems.iter();
        problems
            .find(|problem| problem.field == field)
            .map(|problem| problem.message.as_str())
    }
}

async fn show(State(sim): State<Arc<Simulator>>) -> Response {
    let switches = sim.faults.now();
    let entered = Entered::from(&switches);
    page(
        StatusCode::OK,
        &Page {
            switches,
            entered,
            problems: Vec::new(),
        },
    )
}

async fn save(
    State(sim): State<Arc<Simulator>>,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Response {
    let entered = Entered(fields);
    match entered.switches() {
        Ok(switches) => {
            sim.faults.set(switches);
            Redirect::to("/faults").into_response()
        }
        Err(problems) => {
            let switches = sim.faults.now();
            page(
                StatusCode::UNPROCESSABLE_ENTITY,
                &Page {
                    switches,
                    entered,
                    problems,
                },
            )
        }
    }
}

async fn reset(State(sim): State<Arc<Simulator>>) -> Redirect {
    sim.faults.set(Switches::default());
    Redirect::to("/faults")
}

async fn read(State(sim): State<Arc<Simulator>>) -> Json<Switches> {
    Json(sim.faults.now())
}

/// Takes a whole document: what it leaves out works.
async fn replace(State(sim): State<Arc<Simulator>>, body: Bytes) -> Response {
    let problems = match document(&body) {
        Ok(switches) => {
            let problems = switches.problems();
            if problems.is_empty() {
                sim.faults.set(switches.clone());
                return Json(switches).into_response();
            }
            problems
        }
        Err(problem) => vec![problem],
    };
    let answer = Json(json!({ "problems": problems }));
    (StatusCode::BAD_REQUEST, answer).into_response()
}

fn document(body: &[u8]) -> Result<Switches, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let switches = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        Problem::new(&field, error.into_inner().to_string())
    })?;
    let end = deserializer.end();
    end.map_err(|error| Problem::new(".", error.to_string()))?;
    Ok(switches)
}

/// The fields of the form as they were typed, under the names of [`Problem::field`]. A box that is not ticked is not in it.
struct Entered(BTreeMap<String, String>);

impl From<&Switches> for Entered {
    fn from(switches: &Switches) -> Self {
        let Switches {
            calls,
            graph,
            receiver,
            mail,
        } = switches;
        let milliseconds = |delay: Duration| delay.as_millis().to_string();
        let texts = [
            ("calls.delayMs", milliseconds(calls.delay)),
            ("calls.firstAttempt", calls.first_attempt.key().to_owned()),
            (
                "graph.throttledPercent",
                graph.throttled_percent.to_string(),
            ),
            ("graph.failingPercent", graph.failing_percent.to_string()),
            (
                "graph.lostAfterCommitPercent",
                graph.lost_after_commit_percent.to_string(),
            ),
            ("graph.latePercent", graph.late_percent.to_string()),
            ("graph.lateMs", milliseconds(graph.late_by)),
            ("graph.latencyMs", milliseconds(graph.latency)),
            (
                "graph.hiddenAfterCreationMs",
                milliseconds(graph.hidden_after_creation),
            ),
            ("receiver.status", receiver.status.to_string()),
            ("receiver.latencyMs", milliseconds(receiver.latency)),
            ("mail.latencyMs", milliseconds(mail.latency)),
        ];
        let boxes = [
            ("calls.twice", calls.twice),
            ("mail.refused", mail.refused),
            ("mail.throttled", mail.throttled),
        ];
        let ticked = boxes
            .into_iter()
            .filter(|(_, on)| *on)
            .map(|(name, _)| (name, "on".to_owned()));
        let fields = texts.into_iter().chain(ticked);
        Self(fields.map(|(name, text)| (name.to_owned(), text)).collect())
    }
}

impl Entered {
    fn text(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    fn ticked(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    fn switches(&self) -> Result<Switches, Vec<Problem>> {
        let mut reading = Reading {
            entered: self,
            problems: Vec::new(),
        };
        let switches = Switches {
            calls: CallFaults {
                delay: reading.delay("calls.delayMs"),
                first_attempt: reading.first_attempt("calls.firstAttempt"),
                twice: self.ticked("calls.twice"),
            },
            graph: GraphFaults {
                throttled_percent: reading.number("graph.throttledPercent"),
                failing_percent: reading.number("graph.failingPercent"),
                lost_after_commit_percent: reading.number("graph.lostAfterCommitPercent"),
                late_percent: reading.number("graph.latePercent"),
                late_by: reading.delay("graph.lateMs"),
                latency: reading.delay("graph.latencyMs"),
                hidden_after_creation: reading.delay("graph.hiddenAfterCreationMs"),
            },
            receiver: ReceiverFaults {
                status: reading.number("receiver.status"),
                latency: reading.delay("receiver.latencyMs"),
            },
            mail: MailFaults {
                refused: self.ticked("mail.refused"),
                throttled: self.ticked("mail.throttled"),
                latency: reading.delay("mail.latencyMs"),
            },
        };
        // A field that could not be read has said so already; its stand-in may be outside the limits besides.
        let mut problems = reading.problems;
        problems.extend(switches.problems());
        if problems.is_empty() {
            Ok(switches)
        } else {
            Err(problems)
        }
    }
}

/// Reads field after field and gathers what is wrong.
struct Reading<'e> {
    entered: &'e Entered,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn number<N: FromStr + Default>(&mut self, field: &str) -> N {
        self.entered
            .text(field)
            .trim()
            .parse()
            .unwrap_or_else(|_| self.refuse(field, "expected a whole number within the limits"))
    }

    fn delay(&mut self, field: &str) -> Duration {
        Duration::from_millis(self.number(field))
    }

    fn first_attempt(&mut self, field: &str) -> FirstAttempt {
        FirstAttempt::from_key(self.entered.text(field))
            .unwrap_or_else(|| self.refuse(field, "choose one of the list"))
    }

    fn refuse<V: Default>(&mut self, field: &str, message: &str) -> V {
        self.problems.push(Problem::new(field, message));
        V::default()
    }
}
