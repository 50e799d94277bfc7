//! Everything that docs/performance.md tells in numbers: measured, kept in benches/results, and written into the page.
//!
//! `make bench`, `make cost` and `make guard` run it. The tables can be written again of what was kept.

mod cost;
mod deployment;
mod event;
mod guard;
mod import;
mod instances;
mod instructions;
mod machine;
mod measure;
mod paging;
mod platform;
mod policy;
mod process;
mod relay;
mod report;
mod results;
mod scale;
mod server;
mod share;
mod statistics;
mod subjects;
mod tls;

use std::{error::Error, io::Write, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{
    cost::Tariff,
    report::{Places, into_section},
    results::Results,
};

type Failure = Box<dyn Error + Send + Sync>;

#[derive(Debug, Parser)]
#[command(about = "Measures, keeps what was measured, and puts it into docs/performance.md")]
struct Arguments {
    #[command(flatten)]
    places: Places,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The functions as they are deployed, beside others.
    Functions(Options),
    /// A decision with few entries in the lists, and with many.
    Lists(Processes),
    /// A function with few rules in its policy, and with many.
    Rules(Processes),
    /// Few and many instances of a function at once.
    Instances(Processes),
    /// Entries by the second that go into the lists.
    Import {
        #[arg(long, default_value_t = 100_000)]
        entries: usize,
    },
    /// A page of the console's queue.
    Paging {
        /// Requests in the queue.
        #[arg(default_values_t = [100, 10_000, 1_000_000])]
        sizes: Vec<usize>,
        /// Pages of each kind, after 100 that are not measured.
        #[arg(long, default_value_t = 1000)]
        pages: usize,
    },
    /// A policy beside its request; fails when it takes more than it may.
    Policy {
        /// Run one part of a cold start in this process, and tell its times.
        #[arg(long, hide = true)]
        part: Option<String>,
        /// How often each operation has its turn.
        #[arg(long, default_value_t = 201)]
        rounds: usize,
    },
    /// Write every table again of what was kept.
    Report,
    /// What a million sign-ups cost by what was measured of the functions.
    Cost {
        /// What AWS asks for, and what is taken for granted.
        #[arg(long, default_value = "benches/prices.toml")]
        prices: PathBuf,
    },
    /// Compare what no machine changes with the baseline; fails when something is worse.
    Guard(guard::Options),
}

/// How processes of functions are measured.
#[derive(Debug, Clone, Args)]
struct Processes {
    /// The folder of the functions, and of those in Rust that somebody could write instead.
    #[arg(long, default_value = "target/release")]
    functions: PathBuf,
    /// Cold starts of each function, where a goal is set.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Warm requests to each function that has a CPU for itself, after 100 that are not measured.
    #[arg(long, default_value_t = 1000)]
    requests: usize,
    /// Give shares of a CPU by signals, also where a quota can be set.
    #[arg(long)]
    signals: bool,
}

#[derive(Debug, Args)]
struct Options {
    #[command(flatten)]
    processes: Processes,
    /// The folder of the packages for Lambda's own processor, if they were made.
    #[arg(long, default_value = "target/lambda")]
    packages: PathBuf,
    /// The folder of the functions in other languages.
    #[arg(long, default_value = "benches/alternatives")]
    alternatives: PathBuf,
    /// Node.js
    #[arg(long)]
    node: PathBuf,
    /// Python, with boto3
    #[arg(long)]
    python: PathBuf,
    /// Where valgrind is; without it no instructions are counted.
    #[arg(long)]
    valgrind: Option<PathBuf>,
    /// Milliseconds that the far table answers later than it does by itself.
    #[arg(long, default_value_t = 3)]
    table_latency_ms: u64,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let Arguments { places, command } = Arguments::parse();
    match command {
        Command::Functions(options) => places.keep(&measure::measure(&options).await?)?,
        Command::Lists(processes) => places.keep(&scale::lists(&processes).await?)?,
        Command::Rules(processes) => places.keep(&scale::rules(&processes).await?)?,
        Command::Instances(processes) => places.keep(&instances::measure(&processes).await?)?,
        Command::Import { entries } => places.keep(&import::measure(entries).await?)?,
        Command::Paging { sizes, pages } => places.keep(&paging::measure(&sizes, pages).await?)?,
        Command::Policy {
            part: Some(part), ..
        } => policy::run_part(&part, &mut std::io::stdout())?,
        Command::Policy { part: None, rounds } => return policy::measured(&places, rounds),
        Command::Report => report_again(&places)?,
        Command::Cost { prices } => {
            let bills = Tariff::read(&prices)?.table(&places.kept::<Results>()?)?;
            write!(std::io::stdout(), "{bills}")?;
            into_section(&places.docs, "cost", &bills)?;
        }
        Command::Guard(options) => return guard::guard(&options).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn report_again(places: &Places) -> Result<(), Failure> {
    places.again::<Results>()?;
    places.again::<scale::Lists>()?;
    places.again::<scale::Rules>()?;
    places.again::<instances::Instances>()?;
    places.again::<import::Import>()?;
    places.again::<paging::Paging>()?;
    places.again::<policy::Measured>()
}
