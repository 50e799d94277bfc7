//! What is only paid once in a process: each part runs in fresh ones.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use shared::{
    domain::sign_up::Protocol,
    policy::expression::{Expression, Vocabulary},
};

use super::{
    Cold, WHOLE, large,
    measure::{Samples, cpu_time, once},
    scene::{Scene, compiled, example, golden},
};
use crate::Failure;

const PROCESSES: usize = 41;

/// The parts, by the name with which this program starts itself.
const PARTS: [(&str, &str); 6] = [
    ("start", "a process, until it does anything"),
    ("expression", "the first expression, `email.free`"),
    ("pattern", "the first pattern, `^[a-z]+$`"),
    (
        "unicode-pattern",
        "the first pattern of Unicode letters, `^\\p{L}+$`",
    ),
    (
        "example",
        "compiling customers.toml, and the first decision",
    ),
    (
        "large",
        "compiling the large policy, and the first decision",
    ),
];

pub(super) fn measure_parts() -> Result<Vec<Cold>, Failure> {
    let measure = |(part, title): &(&str, &str)| {
        let [first, second] = measure_part(part)?;
        Ok(Cold {
            name: (*title).to_owned(),
            first,
            second,
        })
    };
    PARTS.iter().map(measure).collect()
}

fn measure_part(part: &str) -> Result<[Samples; 2], Failure> {
    let program = std::env::current_exe()?;
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..PROCESSES {
        let output = Command::new(&program)
            .args(["policy", "--part", part])
            .stderr(Stdio::inherit())
            .output()?;
        let told = String::from_utf8(output.stdout)?;
        let (one, other) = told.trim().split_once(' ').ok_or("a part told no times")?;
        first.push(Duration::from_nanos(one.parse()?));
        second.push(Duration::from_nanos(other.parse()?));
    }
    Ok([Samples::of(first), Samples::of(second)])
}

/// Runs a part twice in this process, and gives the CPU time of both.
pub(crate) fn run_part(part: &str) -> Result<[Duration; 2], Failure> {
    match part {
        "start" => Ok([cpu_time(), Duration::ZERO]),
        "expression" => twice(|| expression("email.free")),
        "pattern" => twice(|| expression(r#"email.local.matches("^[a-z]+$")"#)),
        "unicode-pattern" => twice(|| expression(r#"email.local.matches(r"^\p{L}+$")"#)),
        "example" => decision(&example("customers.toml")?),
        "large" => decision(&large::document(WHOLE)),
        part => Err(format!("found `{part}`, expected a part of a cold start").into()),
    }
}

fn twice<R>(mut run: impl FnMut() -> Result<R, Failure>) -> Result<[Duration; 2], Failure> {
    let (first, made) = once(&mut run);
    made?;
    let (second, made) = once(&mut run);
    made?;
    Ok([first, second])
}

fn expression(source: &str) -> Result<Expression, Failure> {
    Expression::compile(source, &Vocabulary::default()).map_err(|fault| fault.problem.into())
}

fn decision(json: &str) -> Result<[Duration; 2], Failure> {
    let body = golden(Protocol::Connector)?;
    let scene = Scene::of(Protocol::Connector, &large::connector_body(&body))?;
    twice(|| Ok(scene.decide(&compiled(json)?)))
}
