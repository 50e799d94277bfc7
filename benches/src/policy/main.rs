//! What a large policy costs beside parsing a request and serialising its answer: a decision, compiling, the first use in a
//! fresh process.
//!
//! `make bench-policy`, or `cargo run --release -p benches --bin policy`. Fails when a bound is exceeded.

mod cold;
mod large;
mod measure;
mod scene;

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use serde_json::{Map, Value, json};
use shared::domain::sign_up::Protocol;

use self::{
    large::Parts,
    measure::{Samples, measure, operation, operation_on},
    scene::{Scene, compiled, example, golden},
};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

const WHOLE: Parts = Parts {
    patterns: true,
    expressions: true,
};

/// Most times the CPU of parsing and serialising that a decision may take.
const DECIDING: f64 = 10.0;

/// The same of compiling, with everything that is put off until the first decision.
const COMPILING: f64 = 200.0;

/// One line of the table.
struct Row {
    name: String,
    samples: Samples,
    /// Over parsing and serialising, and the most that it may be.
    ratio: Samples,
    bound: Option<f64>,
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

fn main() -> Result<ExitCode, Failure> {
    let mut out = io::stdout();
    if let Some(part) = std::env::args().nth(1) {
        let [first, second] = cold::run_part(&part)?;
        writeln!(out, "{} {}", first.as_nanos(), second.as_nanos())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = large_policy()?;
    for name in ["partners.toml", "customers.toml", "strict.toml"] {
        rows.extend(small_policy(name)?);
    }
    print(&mut out, &rows)?;
    print_cold(&mut out, &cold::measure_parts()?)?;
    let exceeded = rows.iter().any(Row::is_exceeded);
    Ok(if exceeded {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn large_policy() -> Result<Vec<Row>, Failure> {
    let whole = large::document(WHOLE);
    let without = |patterns, expressions| {
        large::document(Parts {
            patterns,
            expressions,
        })
    };
    let (no_patterns, no_expressions) = (without(false, true), without(false, false));
    let policy = compiled(&whole)?;
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
        first,
    ] = measure([
        operation(|| connector.parse_and_serialise(&of_connector)),
        operation(|| connector.decide(&policy)),
        operation(|| extension.parse_and_serialise(&of_extension)),
        operation(|| extension.decide(&policy)),
        operation(|| compiled(&whole)),
        operation(|| compiled(&no_patterns)),
        operation(|| compiled(&no_expressions)),
        operation(|| scene::read(&whole)),
        operation_on(
            || compiled(&whole).ok(),
            |fresh| fresh.as_ref().map(|policy| connector.decide(policy)),
        ),
    ]);
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
fn small_policy(name: &str) -> Result<Vec<Row>, Failure> {
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
    ] = measure([
        operation(|| connector.parse_and_serialise(&of_connector)),
        operation(|| connector.decide(&policy)),
        operation(|| extension.parse_and_serialise(&of_extension)),
        operation(|| extension.decide(&policy)),
        operation(|| compiled(&json)),
    ]);
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

fn print(out: &mut impl Write, rows: &[Row]) -> Result<(), Failure> {
    writeln!(
        out,
        "| | CPU µs | 10 % to 90 % | times parsing and serialising | at most |"
    )?;
    writeln!(out, "| --- | ---: | ---: | ---: | ---: |")?;
    for row in rows {
        let [low, median, high] = [10, 50, 90].map(|percent| row.samples.percentile(percent) / 1e3);
        let bound = row.bound.map(|bound| bound.to_string()).unwrap_or_default();
        let ratio = row.ratio.median();
        writeln!(
            out,
            "| {} | {median:.1} | {low:.1} to {high:.1} | {ratio:.1} | {bound} |",
            row.name
        )?;
    }
    let machine_readable: Map<String, Value> = rows
        .iter()
        .map(|row| (row.name.clone(), told(row)))
        .collect();
    writeln!(out, "\n{}\n", Value::from(machine_readable))?;
    for row in rows.iter().filter(|row| row.is_exceeded()) {
        writeln!(out, "exceeded: {}", row.name)?;
    }
    Ok(())
}

fn told(row: &Row) -> Value {
    let [low, median, high] = [10, 50, 90].map(|percent| row.samples.percentile(percent).round());
    json!({ "ns": median, "p10": low, "p90": high, "ratio": row.ratio.median(), "bound": row.bound })
}

fn print_cold(out: &mut impl Write, parts: &[(&str, [Samples; 2])]) -> Result<(), Failure> {
    writeln!(out, "| In a fresh process | CPU µs | a second time |")?;
    writeln!(out, "| --- | ---: | ---: |")?;
    for (title, [first, second]) in parts {
        let [first, second] = [first, second].map(|samples| samples.median() / 1e3);
        writeln!(out, "| {title} | {first:.1} | {second:.1} |")?;
    }
    Ok(())
}
