//! Whether a function stays as fast with many entries in its lists, and what many rules in its policy take of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Failure, Processes,
    deployment::{Deployment, Distance, ENTRIES},
    measure::{Bench, Progress},
    report::{SHARE_OF_256_MB, Section, Table, counted, float, grouped, in_milliseconds},
    results::{Calls, Machine, Run, Subject},
    subjects::{self, Target},
};

/// Entries of the lists.
const SIZES: [usize; 3] = [10, 10_000, 1_000_000];

/// Rules of the policy, up to the most that one may have.
const RULES: [usize; 3] = [1, 50, 500];

/// `before-creating-user` with lists alone.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Lists {
    machine: Machine,
    measured: Vec<OfSize>,
}

#[derive(Debug, Serialize, Deserialize)]
struct OfSize {
    entries: usize,
    calls: Calls,
    run: Run,
}

/// The same with a policy, and without records.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Rules {
    machine: Machine,
    measured: Vec<OfRules>,
}

#[derive(Debug, Serialize, Deserialize)]
struct OfRules {
    rules: usize,
    whole: Run,
    held_back: Run,
}

pub(crate) async fn lists(processes: &Processes) -> Result<Lists, Failure> {
    let (machine, progress) = (Machine::of_this()?, Progress::start());
    let mut deployment = Deployment::empty(Duration::ZERO).await?;
    let mut targets = Vec::new();
    for entries in SIZES {
        progress.say(&format!("a table with {entries} entries"))?;
        let table = format!("entries-{entries}");
        deployment.add(&table, entries).await?;
        targets.push(target(Subject::ListsOnly, &table, &deployment, processes)?);
    }
    let bench = Bench::new(deployment, processes);
    let mut calls = Vec::new();
    for target in &targets {
        calls.push(bench.seen(target).await?.0.calls);
    }
    progress.say("the requests")?;
    let runs = bench.run(&targets, 1.0, Distance::Here).await?;
    let measured = SIZES.into_iter().zip(calls).zip(runs);
    let measured = measured.map(|((entries, calls), run)| OfSize {
        entries,
        calls,
        run,
    });
    Ok(Lists {
        machine: machine.done()?,
        measured: measured.collect(),
    })
}

pub(crate) async fn rules(processes: &Processes) -> Result<Rules, Failure> {
    let machine = Machine::of_this()?;
    let mut deployment = Deployment::empty(Duration::ZERO).await?;
    let mut targets = Vec::new();
    for rules in RULES {
        let table = format!("rules-{rules}");
        deployment.add(&table, ENTRIES).await?;
        deployment.publish(&table, rules).await?;
        targets.push(target(Subject::NoRecords, &table, &deployment, processes)?);
    }
    let bench = Bench::new(deployment, processes);
    let whole = bench.run(&targets, 1.0, Distance::Here).await?;
    let held_back = bench.run(&targets, SHARE_OF_256_MB, Distance::Here).await?;
    let measured = RULES.into_iter().zip(whole).zip(held_back);
    let measured = measured.map(|((rules, whole), held_back)| OfRules {
        rules,
        whole,
        held_back,
    });
    Ok(Rules {
        machine: machine.done()?,
        measured: measured.collect(),
    })
}

fn target(
    subject: Subject,
    table: &str,
    deployment: &Deployment,
    processes: &Processes,
) -> Result<Target, Failure> {
    subjects::our(subject, table, deployment, &processes.functions)
}

impl Section for Lists {
    const NAME: &'static str = "lists";

    fn parts(&self) -> Vec<(&'static str, String)> {
        let columns = [
            "round trips",
            "read units",
            "cold ms",
            "p50 ms",
            "p99 ms",
            "CPU ms",
        ];
        let mut table = Table::new("Entries", columns.map(str::to_owned));
        for OfSize {
            entries,
            calls,
            run,
        } in &self.measured
        {
            let counts = [calls.reads + calls.writes, calls.read_units];
            let times = [
                run.cold_answer(),
                run.warm(500),
                run.warm(990),
                Some(run.warm_cpu_us),
            ];
            let cells = counts.map(|count| count.to_string()).into_iter();
            let cells = cells.chain(times.map(in_milliseconds));
            table.row(&grouped(counted(*entries)), cells);
        }
        vec![(Self::NAME, format!("{}\n\n{}", self.machine, table.text))]
    }
}

impl Section for Rules {
    const NAME: &'static str = "rules";

    fn parts(&self) -> Vec<(&'static str, String)> {
        let columns = [
            "ready, one CPU, ms",
            "cold, one CPU, ms",
            "cold, 0.145 CPU, ms",
            "p50 ms",
            "p99 ms",
            "CPU ms",
            "peak memory, MB",
        ];
        let mut table = Table::new("Rules", columns.map(str::to_owned));
        for OfRules {
            rules,
            whole,
            held_back,
        } in &self.measured
        {
            let times = [
                whole.cold_ready(),
                whole.cold_answer(),
                held_back.cold_answer(),
                whole.warm(500),
                whole.warm(990),
                Some(whole.warm_cpu_us),
            ];
            let peak = float(whole.peak_kib) * 1024.0 / 1e6;
            let cells = times.map(in_milliseconds).into_iter();
            table.row(&rules.to_string(), cells.chain([format!("{peak:.1}")]));
        }
        vec![(Self::NAME, format!("{}\n\n{}", self.machine, table.text))]
    }
}
