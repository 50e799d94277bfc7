//! What the engines of patterns and expressions add to a program: three small ones, linked as the functions are.

use serde::{Deserialize, Serialize};

use crate::{
    Failure,
    report::{Section, Table, grouped},
    results::Machine,
};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sizes {
    machine: Machine,
    programs: Vec<Program>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Program {
    name: String,
    octets: u64,
}

/// Of programs that have one thing more each, as NAME=FILE.
pub(crate) fn measure(programs: &[String]) -> Result<Sizes, Failure> {
    let machine = Machine::of_this()?;
    let programs: Result<Vec<Program>, Failure> =
        programs.iter().map(|program| weighed(program)).collect();
    Ok(Sizes {
        machine: machine.done()?,
        programs: programs?,
    })
}

fn weighed(program: &str) -> Result<Program, Failure> {
    let (name, file) = program
        .split_once('=')
        .ok_or_else(|| format!("found `{program}`, expected NAME=FILE"))?;
    let metadata = std::fs::metadata(file).map_err(|error| format!("{file}: {error}"))?;
    Ok(Program {
        name: name.to_owned(),
        octets: metadata.len(),
    })
}

impl Section for Sizes {
    const NAME: &'static str = "size";

    fn parts(&self) -> Vec<(&'static str, String)> {
        let columns = ["octets", "more than the one before"];
        let mut table = Table::new("A program that reads a policy", columns.map(str::to_owned));
        let mut before = None;
        for Program { name, octets } in &self.programs {
            let more = before.map(|before| grouped(octets.saturating_sub(before)));
            table.row(name, [grouped(*octets), more.unwrap_or_default()]);
            before = Some(*octets);
        }
        vec![(Self::NAME, table.text)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_is_told_with_what_it_has_more() {
        let folder = tempfile::TempDir::new().unwrap();
        let programs = [("and no more", 1000), ("and matches patterns", 2500)];
        let programs = programs.map(|(name, octets)| {
            let file = folder.path().join(name);
            std::fs::write(&file, vec![0; octets]).unwrap();
            format!("{name}={}", file.display())
        });
        let parts = measure(&programs).unwrap().parts();
        let (_, text) = parts.first().unwrap();
        assert!(text.contains("| and no more | 1,000 |  |\n"), "{text}");
        assert!(text.contains("| and matches patterns | 2,500 | 1,500 |\n"));
    }

    #[test]
    fn a_program_without_a_name_is_told() {
        let error = measure(&["target/weighed".to_owned()]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "found `target/weighed`, expected NAME=FILE"
        );
    }
}
