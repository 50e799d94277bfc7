//! Instructions, as callgrind counts them.
//!
//! Of one warm decision: those of a run with more decisions, less those of a run with fewer. So starting and ending are in neither,
//! and what is left is hardly different each time. Of a cold start: those of a run with one decision.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

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

/// So often a start is tried again whose decision came to its deadline.
const STARTS: usize = 3;

/// A process that takes no CPU time for so long has done what it began.
const IDLE: Duration = Duration::from_millis(500);

/// What counts, and where it may write.
pub(crate) struct Counter<'c> {
    pub(crate) valgrind: &'c Path,
    pub(crate) pace: Pace,
    pub(crate) folder: &'c Path,
}

impl Counter<'_> {
    /// Of a warm decision of this program with these events.
    pub(crate) async fn decision(
        &self,
        program: &Program,
        event: impl Fn(usize) -> String,
    ) -> Result<u64, Failure> {
        let mut totals = [0, 0];
        for (decisions, total) in [FEWER, FEWER + MORE].into_iter().zip(&mut totals) {
            let mut process = self.start(program).await?;
            for number in 0..decisions {
                let decided = process.decide(event(number)).await;
                if number >= SLOW {
                    decided?;
                }
            }
            *total = self.ended(process).await?;
        }
        let [fewer, more] = totals;
        Ok(more.saturating_sub(fewer) / u64::try_from(MORE)?)
    }

    /// Of a start with its first answer, of whatever is done behind that, and of ending: one that is ended amid it counts otherwise.
    pub(crate) async fn cold_start(
        &self,
        program: &Program,
        event: impl Fn(usize) -> String,
    ) -> Result<u64, Failure> {
        let mut starts = 1;
        loop {
            let mut process = self.start(program).await?;
            let decided = process.decide(event(0)).await;
            until_idle(&process).await?;
            let total = self.ended(process).await?;
            match decided {
                Ok(_) => return Ok(total),
                Err(error) if starts == STARTS => return Err(error),
                Err(_) => starts += 1,
            }
        }
    }

    async fn start(&self, program: &Program) -> Result<Process, Failure> {
        let mut counted = program.clone();
        let tool = [
            self.valgrind.as_os_str().to_owned(),
            "--tool=callgrind".into(),
            format!("--callgrind-out-file={}", self.counts().display()).into(),
        ];
        counted.command.splice(0..0, tool);
        counted
            .settings
            .push(("CONNECTOR_DEADLINE_MS", MOST_PATIENT.to_owned()));
        let log = self.folder.join("valgrind.log");
        let (process, _) = Process::start(&counted, self.pace, &log).await?;
        Ok(process)
    }

    async fn ended(&self, process: Process) -> Result<u64, Failure> {
        process.end().await?;
        total_of(&fs::read_to_string(self.counts())?)
    }

    fn counts(&self) -> PathBuf {
        self.folder.join("callgrind")
    }
}

async fn until_idle(process: &Process) -> Result<(), Failure> {
    loop {
        let before = process.cpu_time()?;
        tokio::time::sleep(IDLE).await;
        if process.cpu_time()?.saturating_sub(before) < IDLE / 100 {
            return Ok(());
        }
    }
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
