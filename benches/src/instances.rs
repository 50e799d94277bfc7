//! Many instances of a function at once, each with one request at a time as Lambda feeds them, and one table for all of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::{sync::Barrier, task::JoinSet};

use crate::{
    Failure, Processes,
    deployment::{Deployment, Distance, LISTS_ALONE, WITH_POLICY},
    event::Requests,
    measure::{Bench, Progress, microseconds},
    process::Process,
    report::{Plot, Row, Section, Table, float, in_milliseconds},
    results::{Machine, Subject},
    statistics::per_mille,
    subjects::{self, Target},
};

const COUNTS: [usize; 3] = [1, 8, 64];

/// Requests to each instance before those that count.
const UNMEASURED: usize = 20;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Instances {
    machine: Machine,
    measured: Vec<Measured>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    subject: Subject,
    instances: usize,
    /// From the first request to the last answer.
    took_us: u64,
    times_us: Vec<u64>,
    errors: usize,
}

pub(crate) async fn measure(processes: &Processes) -> Result<Instances, Failure> {
    let (machine, progress) = (Machine::of_this()?, Progress::start());
    let deployment = Deployment::new(Duration::ZERO).await?;
    let bench = Bench::new(deployment, processes);
    let mut measured = Vec::new();
    for (subject, table) in [
        (Subject::ListsOnly, LISTS_ALONE),
        (Subject::AsDeployed, WITH_POLICY),
    ] {
        let target = subjects::our(subject, table, &bench.deployment, &processes.functions)?;
        for instances in COUNTS {
            progress.say(&format!("{instances} of {}", subject.title()))?;
            measured.push(at_once(&bench, &target, instances, processes.requests).await?);
        }
    }
    Ok(Instances {
        machine: machine.done()?,
        measured,
    })
}

/// So many requests together, whichever instance is free for the next.
async fn at_once(
    bench: &Bench,
    target: &Target,
    instances: usize,
    requests: usize,
) -> Result<Measured, Failure> {
    let work = Arc::new(Work {
        requests: target.requests.clone(),
        next: AtomicUsize::new(0),
        last: requests,
        ready: Barrier::new(instances + 1),
    });
    let mut running = JoinSet::new();
    for number in 0..instances {
        let program = target.at(bench.deployment.endpoint(Distance::Here));
        let log = bench.folder().join(format!("log-{number}"));
        let (process, _) = Process::start(&program, bench.pace(1.0), &log).await?;
        running.spawn(Arc::clone(&work).done_by(process));
    }
    work.ready.wait().await;
    let started = Instant::now();
    let (mut times, mut errors, mut processes) = (Vec::new(), 0, Vec::new());
    while let Some(done) = running.join_next().await {
        let done = done??;
        times.extend(done.times.into_iter().map(microseconds));
        errors += usize::from(done.failed);
        processes.push(done.process);
    }
    let took = started.elapsed();
    for process in processes {
        process.kill().await?;
    }
    Ok(Measured {
        subject: target.subject,
        instances,
        took_us: microseconds(took),
        times_us: times,
        errors,
    })
}

/// Requests that several instances share.
struct Work {
    requests: Requests,
    next: AtomicUsize,
    last: usize,
    ready: Barrier,
}

struct Done {
    process: Process,
    times: Vec<Duration>,
    failed: bool,
}

impl Work {
    /// Until nothing is left of it, or a request fails: that instance gets no other.
    async fn done_by(self: Arc<Self>, mut process: Process) -> Result<Done, Failure> {
        for number in 0..UNMEASURED {
            process.decide(self.requests.event(number)).await?;
        }
        self.ready.wait().await;
        let (mut times, mut failed) = (Vec::new(), false);
        while !failed {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.last {
                break;
            }
            match process.decide(self.requests.event(number)).await {
                Ok(took) => times.push(took),
                Err(_) => failed = true,
            }
        }
        Ok(Done {
            process,
            times,
            failed,
        })
    }
}

impl Measured {
    fn title(&self) -> &'static str {
        if self.subject == Subject::ListsOnly {
            "with lists alone"
        } else {
            "as deployed"
        }
    }

    fn by_the_second(&self) -> f64 {
        let answered = u64::try_from(self.times_us.len()).unwrap_or(u64::MAX);
        float(answered) * 1e6 / float(self.took_us.max(1))
    }

    fn at(&self, share: usize) -> Option<u64> {
        per_mille(self.times_us.iter().copied(), share)
    }
}

impl Section for Instances {
    const NAME: &'static str = "instances";

    fn parts(&self) -> Vec<(&'static str, String)> {
        let columns = [
            "instances",
            "answers a second",
            "p50 ms",
            "p99 ms",
            "errors",
        ];
        let mut table = Table::new("before-creating-user", columns.map(str::to_owned));
        for measured in &self.measured {
            let cells = [
                measured.instances.to_string(),
                format!("{:.0}", measured.by_the_second()),
                in_milliseconds(measured.at(500)),
                in_milliseconds(measured.at(990)),
                measured.errors.to_string(),
            ];
            table.row(measured.title(), cells);
        }
        let plot = "\n![Requests at once, p50 and p99, on a logarithmic scale](images/performance-instances.svg)\n";
        let text = format!("{}\n\n{}{plot}", self.machine, table.text);
        vec![(Self::NAME, text)]
    }

    fn plots(&self) -> Vec<(&'static str, Plot)> {
        let row = |measured: &Measured| {
            let times = [500, 990].map(|share| measured.at(share).unwrap_or_default());
            Row {
                title: format!("{} {}", measured.instances, measured.title()),
                values: times.map(|time| float(time) / 1e3).into(),
                is_ours: true,
            }
        };
        let plot = Plot {
            title: "A request beside others, ms".to_owned(),
            series: vec!["p50".to_owned(), "p99".to_owned()],
            rows: self.measured.iter().map(row).collect(),
        };
        vec![("performance-instances.svg", plot)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_count_for_a_second() {
        let measured = Measured {
            subject: Subject::ListsOnly,
            instances: 8,
            took_us: 500_000,
            times_us: vec![400; 100],
            errors: 3,
        };
        assert!((measured.by_the_second() - 200.0).abs() < 1e-9);
        assert_eq!(measured.at(990), Some(400));
    }
}
