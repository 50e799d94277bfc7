//! `signupctl policy test`: cases of a policy, and what is not as they expect.

use std::path::{Path, PathBuf};

use shared::{
    i18n::Catalogue,
    policy::{
        Policy,
        case::{Case, Cases, Difference},
    },
};

use super::{
    check::counted,
    source::{self, SourceError},
};
use crate::{
    args::TestArguments,
    exit::{Exit, Failure},
    output::{Output, visible},
};

/// The cases of one policy, and what came of each.
pub(super) struct Tested {
    file: PathBuf,
    pub(super) cases: usize,
    pub(super) unexpected: Vec<Unexpected>,
}

/// A case that is not as expected.
pub(super) struct Unexpected {
    line: usize,
    name: String,
    differences: Vec<Difference>,
}

pub(super) fn run(arguments: &TestArguments, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let mut ended = Exit::Done;
    for file in super::policies(&arguments.files) {
        let policy = match source::read(file) {
            Ok(read) => read.policy,
            Err(error @ SourceError::Faults { .. }) => {
                writeln!(output.notes, "{error}")?;
                return Ok(Exit::Faulty);
            }
            Err(error) => return Err(error.into()),
        };
        let cases = arguments.cases.clone();
        let tested = test(&policy, &cases.unwrap_or_else(|| beside(file)))?;
        if !tested.unexpected.is_empty() {
            ended = Exit::Unexpected;
        }
        report(&tested, output)?;
    }
    Ok(ended)
}

/// Where the cases of a policy stand: `partners.test.toml` beside `partners.toml`.
pub(super) fn beside(policy: &Path) -> PathBuf {
    policy.with_extension("test.toml")
}

/// Runs every case of a file.
pub(super) fn test(policy: &Policy, file: &Path) -> Result<Tested, SourceError> {
    let (text, cases): (String, Cases) = source::read_form(file)?;
    let lines = source::lines_of(&text, "case");
    let catalogue = Catalogue::new();
    let unexpected = cases.cases.iter().enumerate().filter_map(|(index, case)| {
        let differences = differences(&cases, case, policy, &catalogue);
        (!differences.is_empty()).then(|| Unexpected {
            line: lines.get(index).copied().unwrap_or(1),
            name: case.name.clone(),
            differences,
        })
    });
    Ok(Tested {
        unexpected: unexpected.collect(),
        cases: cases.cases.len(),
        file: file.to_owned(),
    })
}

/// A request that is none is a difference as well: the other cases still run.
fn differences(
    cases: &Cases,
    case: &Case,
    policy: &Policy,
    catalogue: &Catalogue,
) -> Vec<Difference> {
    cases
        .differences(case, policy, catalogue)
        .unwrap_or_else(|fault| {
            vec![Difference {
                what: fault.key,
                expected: fault.problem,
                found: fault.found,
            }]
        })
}

pub(super) fn report(tested: &Tested, output: &mut Output<'_>) -> Result<(), Failure> {
    let file = source::name(&tested.file);
    for case in &tested.unexpected {
        let name = visible(&case.name);
        writeln!(output.results, "{file}:{}: {name}", case.line)?;
        for one in &case.differences {
            let (expected, found) = (said(&one.expected), said(&one.found));
            writeln!(output.results, "  {:<13}  expected  {expected}", one.what)?;
            writeln!(output.results, "  {:<13}  found     {found}", "")?;
        }
    }
    let cases = counted(tested.cases, "case");
    match tested.unexpected.len() {
        0 => writeln!(output.results, "{file}: {cases}, as expected")?,
        count => writeln!(output.results, "{file}: {cases}, {count} not as expected")?,
    }
    Ok(())
}

fn said(text: &str) -> String {
    if text.is_empty() {
        return "nothing".to_owned();
    }
    visible(text)
}
