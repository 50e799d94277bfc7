//! Instructions of one warm decision: those of a run with more decisions, less those of a run with fewer. So starting and ending
//! are in neither, and what is left is the same each time.

use std::{fs, path::Path};

use crate::{
    Failure,
    process::{Pace, Process, Program},
};

const FEWER: usize = 50;
const MORE: usize = 200;

/// The first decisions take seconds there, and may come to their deadline. They are in both runs.
const SLOW: usize = 10;

/// As long as a function may be told to take.
const MOST_PATIENT: &str = "4500";

/// Of the program under valgrind, with these events.
pub(crate) async fn of_a_decision(
    valgrind: &Path,
    program: &Program,
    event: impl Fn(usize) -> String,
    pace: Pace,
    folder: &Path,
) -> Result<u64, Failure> {
    let counts = folder.join("callgrind");
    let mut counted = program.clone();
    let tool = [
        valgrind.as_os_str().to_owned(),
        "--tool=callgrind".into(),
        format!("--callgrind-out-file={}", counts.display()).into(),
    ];
    counted.command.splice(0..0, tool);
    counted
        .settings
        .push(("CONNECTOR_DEADLINE_MS", MOST_PATIENT.to_owned()));
    let mut totals = [0, 0];
    for (decisions, total) in [FEWER, FEWER + MORE].into_iter().zip(&mut totals) {
        let log = folder.join("valgrind.log");
        let (mut process, _) = Process::start(&counted, pace, &log).await?;
        for number in 0..decisions {
            let decided = process.decide(event(number)).await;
            if number >= SLOW {
                decided?;
            }
        }
        process.end().await?;
        *total = total_of(&fs::read_to_string(&counts)?)?;
    }
    let [fewer, more] = totals;
    Ok(more.saturating_sub(fewer) / u64::try_from(MORE)?)
}

/// Of a file that callgrind writes.
fn total_of(counts: &str) -> Result<u64, Failure> {
    let total = counts.lines().find_map(|line| line.strip_prefix("totals:"));
    let total = total.or_else(|| {
        counts
            .lines()
            .find_map(|line| line.strip_prefix("summary:"))
    });
    let total = total.ok_or("callgrind: found neither `totals:` nor `summary:`")?;
    Ok(total.trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_whichever_line_has_it() {
        assert_eq!(total_of("events: Ir\n\ntotals: 42\n").unwrap(), 42);
        assert_eq!(total_of("events: Ir\nsummary: 41\nfn=(1)\n").unwrap(), 41);
        assert!(total_of("events: Ir\n").is_err());
    }
}
