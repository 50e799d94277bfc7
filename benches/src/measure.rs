//! The order of a measurement: everything takes turns, so that what the machine does meanwhile falls on all of them.

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    Failure, Options, Processes,
    deployment::{Deployment, Distance, ENTRIES, keys_as_texts},
    instructions::Counter,
    machine,
    policy::large,
    process::{Pace, Process},
    relay::Seen,
    report::{SHARE_OF_256_MB, float},
    results::{Calls, Cold, Log, Machine, Measured, Results, Run, Subject, Terms},
    share::Means,
    subjects::{self, Target},
};

/// Requests to each function before those that count.
pub(crate) const UNMEASURED: usize = 100;

/// Those of which the calls are counted, after those that note once in an hour that the credential is in use.
const COUNTED: u32 = 10;
const UNCOUNTED: usize = 5;

/// A CPU, and what a function with 512, 256 and 128 MB has of one. With a share, or a far table, a function has fewer warm requests:
/// enough for a p99, and not for what lies beyond it.
const SHARES: [f64; 4] = [1.0, 0.29, SHARE_OF_256_MB, 0.07];
const FEWER_REQUESTS: usize = 4;

/// At other shares than those of which something is wanted there are fewer cold starts.
const FEWER_ROUNDS: usize = 3;

pub(crate) async fn measure(options: &Options) -> Result<Results, Failure> {
    let mut machine = Machine::of_this()?;
    machine.node = Some(machine::told(&options.node, &["--version"])?);
    machine.python = Some(machine::told(&options.python, &["--version"])?);
    let progress = Progress::start();
    let latency = Duration::from_millis(options.table_latency_ms);
    let deployment = Deployment::new(latency).await?;
    let bench = Bench::new(deployment, &options.processes);
    progress.say("the calls of each function")?;
    let (targets, decisions) = bench.targets(options).await?;
    let mut measured = Vec::new();
    for (target, (calls, log)) in targets.iter().zip(decisions) {
        progress.say(&format!("the instructions of {}", target.subject.title()))?;
        measured.push(Measured {
            subject: target.subject,
            size: target.size(options, bench.folder())?,
            calls,
            log,
            instructions: bench.instructions(target, options).await?,
            runs: Vec::new(),
            far: None,
        });
    }
    for share in SHARES {
        progress.say(&format!("at {share} of a CPU"))?;
        let runs = bench.run(&targets, share, Distance::Near).await?;
        for (measured, run) in measured.iter_mut().zip(runs) {
            measured.runs.push(run);
        }
    }
    progress.say("with the far table")?;
    let runs = bench.run(&targets, 1.0, Distance::Far).await?;
    for (measured, run) in measured.iter_mut().zip(runs) {
        measured.far = Some(run);
    }
    progress.say("done")?;
    Ok(Results {
        machine: machine.done()?,
        terms: Terms {
            limited_by: bench.means.told(),
            table_latency_ms: options.table_latency_ms,
            list_entries: ENTRIES,
            rules: large::RULES,
        },
        measured,
    })
}

/// Tells on the way what is measured, and how long everything took until then.
pub(crate) struct Progress(Instant);

impl Progress {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn say(&self, what: &str) -> Result<(), Failure> {
        let seconds = self.0.elapsed().as_secs();
        Ok(writeln!(std::io::stderr(), "after {seconds} s: {what}")?)
    }
}

/// A deployment, and how its functions are measured.
pub(crate) struct Bench {
    pub(crate) deployment: Deployment,
    pub(crate) means: Means,
    pub(crate) rounds: usize,
    pub(crate) requests: usize,
}

impl Bench {
    pub(crate) fn new(deployment: Deployment, processes: &Processes) -> Self {
        Self {
            deployment,
            means: if processes.signals {
                Means::Signals
            } else {
                Means::find()
            },
            rounds: processes.rounds,
            requests: processes.requests,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.deployment.folder.path()
    }

    fn log(&self) -> PathBuf {
        self.folder().join("log")
    }

    pub(crate) fn pace(&self, share: f64) -> Pace {
        let means = self.means;
        Pace { means, share }
    }

    /// Every function, with what a decision of it asks of the table, and leaves in the log.
    async fn targets(
        &self,
        options: &Options,
    ) -> Result<(Vec<Target>, Vec<(Calls, Log)>), Failure> {
        let mut targets = subjects::ours(&self.deployment, &options.processes.functions)?;
        let (mut decisions, mut keys) = (Vec::new(), String::new());
        for target in &targets {
            let (seen, log) = self.seen(target).await?;
            decisions.push((seen.calls, log));
            if target.subject == Subject::ListsOnly {
                keys = keys_as_texts(&seen.keys)?;
            }
        }
        let others = subjects::others(&self.deployment, options, keys)?;
        for target in &others {
            let (seen, log) = self.seen(target).await?;
            decisions.push((seen.calls, log));
        }
        targets.extend(others);
        Ok((targets, decisions))
    }

    /// What a warm decision asks of the table, and leaves in the log, on average.
    pub(crate) async fn seen(&self, target: &Target) -> Result<(Seen, Log), Failure> {
        let relay = &self.deployment.relay;
        let program = target.at(relay.endpoint());
        let (mut process, _) = Process::start(&program, self.pace(1.0), &self.log()).await?;
        for number in 0..UNCOUNTED {
            process.decide(target.requests.event(number)).await?;
        }
        relay.seen();
        let before = log_of(&self.log())?;
        for number in (UNCOUNTED..).take(COUNTED as usize) {
            process.decide(target.requests.event(number)).await?;
        }
        process.kill().await?;
        let mut seen = relay.seen();
        let each = |count: f64| count / f64::from(COUNTED);
        seen.calls = Calls {
            reads: each(seen.calls.reads),
            writes: each(seen.calls.writes),
            read_units: each(seen.calls.read_units),
            write_units: each(seen.calls.write_units),
        };
        let after = log_of(&self.log())?;
        let log = Log {
            lines: each(after.lines - before.lines),
            octets: each(after.octets - before.octets),
        };
        Ok((seen, log))
    }

    async fn instructions(
        &self,
        target: &Target,
        options: &Options,
    ) -> Result<Option<u64>, Failure> {
        let Some(valgrind) = options.valgrind.as_ref().filter(|_| target.is_compiled()) else {
            return Ok(None);
        };
        let program = target.at(self.deployment.endpoint(Distance::Here));
        let counter = self.counter(valgrind);
        let event = |number| target.requests.event(number);
        Ok(Some(counter.decision(&program, event).await?))
    }

    pub(crate) fn counter<'c>(&'c self, valgrind: &'c Path) -> Counter<'c> {
        Counter {
            valgrind,
            pace: self.pace(1.0),
            folder: self.folder(),
        }
    }

    /// Every function at a share of a CPU, so far from its table.
    pub(crate) async fn run(
        &self,
        targets: &[Target],
        share: f64,
        distance: Distance,
    ) -> Result<Vec<Run>, Failure> {
        let programs = targets.iter().map(|target| {
            let endpoint = self.deployment.endpoint(distance);
            (target, target.at(endpoint))
        });
        let programs: Vec<_> = programs.collect();
        let mut cold: Vec<Vec<Cold>> = targets.iter().map(|_| Vec::new()).collect();
        for round in 0..self.rounds_at(share) {
            for ((target, program), cold) in programs.iter().zip(&mut cold) {
                let (mut process, ready) =
                    Process::start(program, self.pace(share), &self.log()).await?;
                let took = process.decide(target.requests.event(round)).await?;
                let cpu = process.cpu_time()?;
                process.kill().await?;
                cold.push(Cold {
                    ready: microseconds(ready),
                    answer: microseconds(ready + took),
                    cpu: microseconds(cpu),
                });
            }
        }
        let mut warm = Vec::new();
        for (number, (target, program)) in programs.iter().enumerate() {
            let log = self.folder().join(format!("log-{number}"));
            let (process, _) = Process::start(program, self.pace(share), &log).await?;
            warm.push((*target, Warm::new(process)));
        }
        let requests = self.requests_at(share, distance);
        let runs = cold.into_iter().zip(in_turns(warm, share, requests).await?);
        Ok(runs.map(|(cold, warm)| Run { cold, ..warm }).collect())
    }

    fn rounds_at(&self, share: f64) -> usize {
        let has_goal = share >= 1.0 || (share - SHARE_OF_256_MB).abs() < 1e-9;
        if has_goal {
            self.rounds
        } else {
            self.rounds.div_ceil(FEWER_ROUNDS)
        }
    }

    fn requests_at(&self, share: f64, distance: Distance) -> usize {
        if share < 1.0 || distance == Distance::Far {
            self.requests / FEWER_REQUESTS
        } else {
            self.requests
        }
    }
}

/// Warm requests: every function has a process of its own, and they take turns at each.
async fn in_turns(
    mut all: Vec<(&Target, Warm)>,
    share: f64,
    requests: usize,
) -> Result<Vec<Run>, Failure> {
    for number in 0..UNMEASURED + requests {
        for (target, warm) in &mut all {
            warm.request(target.requests.event(number), number).await?;
        }
    }
    let mut runs = Vec::new();
    for (_, warm) in all {
        runs.push(warm.ended(share).await?);
    }
    Ok(runs)
}

fn log_of(file: &Path) -> Result<Log, Failure> {
    let log = std::fs::read_to_string(file)?;
    Ok(Log {
        lines: float(u64::try_from(log.lines().count())?),
        octets: float(u64::try_from(log.len())?),
    })
}

/// A process that answers one request after the other.
struct Warm {
    process: Process,
    times: Vec<Duration>,
    /// CPU time before the first request that counts.
    before: Duration,
}

impl Warm {
    fn new(process: Process) -> Self {
        Self {
            process,
            times: Vec::new(),
            before: Duration::ZERO,
        }
    }

    async fn request(&mut self, event: String, number: usize) -> Result<(), Failure> {
        if number == UNMEASURED {
            self.before = self.process.cpu_time()?;
        }
        let took = self.process.decide(event).await?;
        if number >= UNMEASURED {
            self.times.push(took);
        }
        Ok(())
    }

    async fn ended(self, share: f64) -> Result<Run, Failure> {
        let cpu = self.process.cpu_time()?.saturating_sub(self.before);
        let requests = u64::try_from(self.times.len().max(1))?;
        let peak_kib = self.process.peak_kib()?;
        self.process.kill().await?;
        Ok(Run {
            share,
            cold: Vec::new(),
            warm_us: self.times.into_iter().map(microseconds).collect(),
            warm_cpu_us: microseconds(cpu) / requests,
            peak_kib,
        })
    }
}

pub(crate) fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
