//! `signupctl policy diff`: what two policies say and decide differently.

mod compare;
mod tell;

use std::path::{Path, PathBuf};

use serde_json::Value;
use shared::{
    app::publications::Publications,
    domain::publication::PolicyFlow,
    i18n::Catalogue,
    policy::{
        Policy,
        case::{Case, Cases, aspects, sentences},
    },
};

use self::compare::{Change, Difference, KeyChange, compare};
use super::{
    cases::beside,
    source::{self, Source, SourceError, name},
};
use crate::{
    args::DiffArguments,
    exit::{Exit, Failure},
    output::{Output, visible},
};

pub(super) async fn run(
    arguments: &DiffArguments,
    publications: impl AsyncFn() -> Result<Publications, Failure>,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let flow = arguments.flow.as_ref();
    let (old, new) = (
        Place::of(&arguments.old, flow),
        Place::of(&arguments.new, flow),
    );
    let Some(before) = readable(old.read(&publications).await?, output)? else {
        return Ok(Exit::Faulty);
    };
    let Some(after) = readable(new.read(&publications).await?, output)? else {
        return Ok(Exit::Faulty);
    };
    let compared = compare(&before.document, &after.document);
    let mut differences = compared.map_err(|error| Failure::Told(error.to_string()))?;
    let cases = arguments.cases.clone();
    if let Some(cases) = cases.or_else(|| new.cases()).or_else(|| old.cases()) {
        differences.extend(decided(&cases, &before.policy, &after.policy)?);
    }
    if arguments.json {
        tell::json(&differences, output)?;
    } else if differences.is_empty() {
        writeln!(output.results, "no difference")?;
    } else {
        tell::text(&differences, output)?;
    }
    Ok(if differences.is_empty() {
        Exit::Done
    } else {
        Exit::Unexpected
    })
}

/// Every fault is told as `policy check` tells it.
fn readable(
    read: Result<Source, SourceError>,
    output: &mut Output<'_>,
) -> Result<Option<Source>, Failure> {
    match read {
        Ok(source) => Ok(Some(source)),
        Err(error @ SourceError::Faults { .. }) => {
            writeln!(output.notes, "{error}")?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Where a policy is.
enum Place<'a> {
    File(&'a Path),
    /// Without a number the current version.
    Version(&'a PolicyFlow, Option<u32>),
}

impl<'a> Place<'a> {
    /// With a user flow, numbers and `current` are its versions.
    fn of(argument: &'a Path, flow: Option<&'a PolicyFlow>) -> Self {
        let Some((flow, text)) = flow.zip(argument.to_str()) else {
            return Self::File(argument);
        };
        match text.parse() {
            Ok(number) => Self::Version(flow, Some(number)),
            Err(_) if text == "current" => Self::Version(flow, None),
            Err(_) => Self::File(argument),
        }
    }

    async fn read(
        &self,
        publications: &impl AsyncFn() -> Result<Publications, Failure>,
    ) -> Result<Result<Source, SourceError>, Failure> {
        match self {
            Self::File(file) => Ok(source::read(file)),
            Self::Version(flow, number) => {
                let (version, text) = publications().await?.source(flow, *number).await?;
                let name = format!("version {} of `{flow}`", version.number);
                Ok(source::of_text(Path::new(&name), text))
            }
        }
    }

    /// The cases that stand beside a file.
    fn cases(&self) -> Option<PathBuf> {
        match self {
            Self::File(file) => Some(beside(file)).filter(|cases| cases.exists()),
            Self::Version(..) => None,
        }
    }
}

/// The cases that one policy decides otherwise than the other.
fn decided(file: &Path, old: &Policy, new: &Policy) -> Result<Vec<Difference>, Failure> {
    let (_, cases): (String, Cases) = source::read_form(file)?;
    let catalogue = Catalogue::new();
    let told = |case: &Case, problem: &dyn std::fmt::Display| {
        let problem = format!("{}: {problem}", case.name);
        Failure::Told(format!("{}: {}", name(file), visible(&problem)))
    };
    let mut differences = Vec::new();
    for case in &cases.cases {
        let situation = cases.situation(case).map_err(|fault| told(case, &fault))?;
        let verdict = |policy: &Policy| {
            let verdict = situation.decide(policy);
            let language = policy.language_of(&situation.sign_up);
            aspects(&verdict, &sentences(&verdict, language, &catalogue))
        };
        let (before, after) = (verdict(old), verdict(new));
        let pairs = before.into_iter().zip(after);
        let keys: Vec<_> = pairs
            .filter(|((_, from), (_, to))| from != to)
            .map(|((what, from), (_, to))| KeyChange {
                key: what.to_owned(),
                from: something(from),
                to: something(to),
            })
            .collect();
        if !keys.is_empty() {
            differences.push(Difference {
                what: "case",
                name: case.name.clone(),
                change: Change::Decided { keys },
            });
        }
    }
    Ok(differences)
}

fn something(text: String) -> Option<Value> {
    (!text.is_empty()).then_some(Value::String(text))
}
