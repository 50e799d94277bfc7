//! What a large policy costs beside parsing a request and serialising its answer: a decision, compiling, the first use in a
//! fresh process.
//!
//! `make bench-policy` fails when a bound is exceeded.

mod cold;
pub(crate) mod large;
mod measure;
mod scene;

use std::{io::Write, process::ExitCode};

use serde::{Deserialize, Serialize};
use shared::{domain::sign_up::Protocol, policy::prepared};

use self::{
    large::Parts,
    measure::{Samples, measure, operation, operation_on},
    scene::{Scene, compiled, example, golden},
};
use crate::{
    Failure,
    report::{Places, Section, Table},
    results::Machine,
};

const WHOLE: Parts = Parts {
    patterns: true,
    expressions: true,
};

/// Most times the CPU of parsing and serialising that a decision may take.
const DECIDING: f64 = 10.0;

/// The same of compiling, with everything that is put off until the first decision.
const COMPILING: f64 = 200.0;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    machine: Machine,
    rows: Vec<Row>,
    cold: Vec<Cold>,
}

/// One line of the table.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    name: String,
    samples: Samples,
    /// Over parsing and serialising, and the most that it may be.
    ratio: Samples,
    bound: Option<f64>,
}

/// Something that is paid once in a process, and what it takes a second time.
#[derive(Debug, Serialize, Deserialize)]
struct Cold {
    name: String,
    first: Samples,
    second: Samples,
}

impl Row {
    fn new(name: impl Into<String>, samples: Samples, base: &Samples, bound: Option<f64>) -> Self {
        Self {
            name: name.into(),
            ratio: samples.over(base),
            samples,
            bound,
        }
    }

    fn is_exceeded(&self) -> bool {
        self.bound.is_some_and(|bound| self.ratio.median() > bound)
    }
}

/// Measures, and fails when something takes more than it may.
pub(crate) fn measured(places: &Places, rounds: usize) -> Result<ExitCode, Failure> {
    let machine = Machine::of_this()?;
    let mut rows = large_policy(rounds)?;
    for name in ["partners.toml", "customers.toml", "strict.toml"] {
        rows.extend(small_policy(name, rounds)?);
    }
    let cold = cold::measure_parts()?;
    let machine = machine.done()?;
    let measured = Measured {
        machine,
        rows,
        cold,
    };
    places.keep(&measured)?;
    let mut exceeded = measured
        .rows
        .iter()
        .filter(|row| row.is_exceeded())
        .peekable();
    let code = match exceeded.peek() {
        Some(_) => ExitCode::FAILURE,
        None => ExitCode::SUCCESS,
    };
    for row in exceeded {
        writeln!(std::io::stderr(), "exceeded: {}", row.name)?;
    }
    Ok(code)
}

/// Runs a part of a cold start, and tells the nanoseconds of the first and the second time.
pub(crate) fn run_part(part: &str, out: &mut impl Write) -> Result<(), Failure> {
    let [first, second] = cold::run_part(part)?;
    Ok(writeln!(out, "{} {}", first.as_nanos(), second.as_nanos())?)
}

fn large_policy(rounds: usize) -> Result<Vec<Row>, Failure> {
    let whole = large::document(WHOLE);
    let without = |patterns, expressions| {
        large::document(Parts {
            patterns,
            expressions,
        })
    };
    let (no_patterns, no_expressions) = (without(false, true), without(false, false));
    let policy = compiled(&whole)?;
    let octets = prepared::encode(&policy).ok_or("the policy cannot be written")?;
    let connector = golden(Protocol::Connector)?;
    let connector = Scene::of(Protocol::Connector, &large::connector_body(&connector))?;
    let extension = golden(Protocol::Extension)?;
    let extension = Scene::of(Protocol::Extension, &large::extension_body(&extension))?;
    for scene in [&connector, &extension] {
        scene.goes_through(&policy, large::RULES)?;
    }
    let (of_connector, of_extension) = (connector.answer(&policy), extension.answer(&policy));
    let [
        wire,
        decision,
        wire_of_extension,
        decision_of_extension,
        compile,
        plain,
        bare,
        read,
        again,
        first,
    ] = measure(
        rounds,
        [
            operation(|| connector.parse_and_serialise(&of_connector)),
            operation(|| connector.decide(&policy)),
            operation(|| extension.parse_and_serialise(&of_extension)),
            operation(|| extension.decide(&policy)),
            operation(|| compiled(&whole)),
            operation(|| compiled(&no_patterns)),
            operation(|| compiled(&no_expressions)),
            operation(|| scene::read(&whole)),
            operation(|| prepared::decode(&octets)),
            operation_on(
                || compiled(&whole).ok(),
                |fresh| fresh.as_ref().map(|policy| connector.decide(policy)),
            ),
        ],
    );
    let row = |name: &str, samples: &Samples, bound| Row::new(name, samples.clone(), &wire, bound);
    Ok(vec![
        row("connector: parse and serialise", &wire, None),
        row("connector: decide", &decision, Some(DECIDING)),
        Row::new(
            "extension: parse and serialise",
            wire_of_extension.clone(),
            &wire_of_extension,
            None,
        ),
        Row::new(
            "extension: decide",
            decision_of_extension,
            &wire_of_extension,
            Some(DECIDING),
        ),
        row("compile", &compile, None),
        row("compile: read the JSON document", &read, None),
        row("compile: patterns", &compile.minus(&plain), None),
        row("compile: expressions", &plain.minus(&bare), None),
        row("compile: the rest", &bare.minus(&read), None),
        row("read as it was published", &again, None),
        row(
            "first decision, above a later one",
            &first.minus(&decision),
            None,
        ),
        row(
            "compile and what the first decision adds",
            &compile.plus(&first).minus(&decision),
            Some(COMPILING),
        ),
    ])
}

/// A policy as most are, for documented requests.
fn small_policy(name: &str, rounds: usize) -> Result<Vec<Row>, Failure> {
    let json = example(name)?;
    let policy = compiled(&json)?;
    let connector = Scene::of(Protocol::Connector, &golden(Protocol::Connector)?)?;
    let extension = Scene::of(Protocol::Extension, &golden(Protocol::Extension)?)?;
    let (of_connector, of_extension) = (connector.answer(&policy), extension.answer(&policy));
    let [
        wire,
        decision,
        wire_of_extension,
        decision_of_extension,
        compile,
    ] = measure(
        rounds,
        [
            operation(|| connector.parse_and_serialise(&of_connector)),
            operation(|| connector.decide(&policy)),
            operation(|| extension.parse_and_serialise(&of_extension)),
            operation(|| extension.decide(&policy)),
            operation(|| compiled(&json)),
        ],
    );
    Ok(vec![
        Row::new(
            format!("{name}, connector: decide"),
            decision,
            &wire,
            Some(DECIDING),
        ),
        Row::new(
            format!("{name}, extension: decide"),
            decision_of_extension,
            &wire_of_extension,
            Some(DECIDING),
        ),
        Row::new(format!("{name}: compile"), compile, &wire, None),
    ])
}

impl Section for Measured {
    const NAME: &'static str = "policy";

    fn parts(&self) -> Vec<(&'static str, String)> {
        let columns = [
            "CPU µs",
            "10 % to 90 %",
            "times parsing and serialising",
            "at most",
        ];
        let mut table = Table::new("", columns.map(str::to_owned));
        for row in &self.rows {
            let [low, median, high] =
                [10, 50, 90].map(|percent| row.samples.percentile(percent) / 1e3);
            let cells = [
                format!("{median:.1}"),
                format!("{low:.1} to {high:.1}"),
                format!("{:.1}", row.ratio.median()),
                row.bound.map(|bound| bound.to_string()).unwrap_or_default(),
            ];
            table.row(&row.name, cells);
        }
        let columns = ["CPU µs", "a second time"];
        let mut cold = Table::new("In a fresh process", columns.map(str::to_owned));
        for part in &self.cold {
            let medians = [&part.first, &part.second].map(|samples| samples.median() / 1e3);
            cold.row(&part.name, medians.map(|time| format!("{time:.1}")));
        }
        let texts = [self.machine.to_string() + "\n", table.text, cold.text];
        vec![(Self::NAME, texts.join("\n"))]
    }
}
