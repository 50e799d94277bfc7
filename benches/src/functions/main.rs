//! The functions as they are deployed, under Lambda's Runtime API, beside what somebody could write instead.
//!
//! `make bench-functions`; docs/performance.md has what it finds. A report can be made again of kept results.

mod cost;
mod deployment;
mod event;
mod instructions;
#[path = "../policy/large.rs"]
#[expect(
    dead_code,
    reason = "the other half is for the measurement of the policy alone"
)]
mod large;
mod machine;
mod measure;
mod platform;
mod process;
mod relay;
mod report;
mod results;
mod server;
mod share;
mod statistics;
mod subjects;

use std::{error::Error, io::Write, path::PathBuf};

use clap::{Args, Parser};

use crate::{
    cost::Tariff,
    measure::measure,
    results::{Machine, Results},
};

type Failure = Box<dyn Error + Send + Sync>;

#[derive(Debug, Parser)]
#[command(about = "Measures the functions, or reports what was measured and what that costs")]
enum Command {
    /// Measure, keep the results, and print them.
    Measure(Options),
    /// Print kept results, and put them into the documentation.
    Report {
        /// What was measured.
        #[arg(long, default_value = "benches/results/functions.json")]
        results: PathBuf,
        /// The folder of the documentation.
        #[arg(long, default_value = "docs")]
        docs: PathBuf,
    },
    /// Print what a million sign-ups cost by kept results, and put it into the documentation.
    Cost {
        /// What was measured.
        #[arg(long, default_value = "benches/results/functions.json")]
        results: PathBuf,
        /// What AWS asks for, and what is taken for granted.
        #[arg(long, default_value = "benches/prices.toml")]
        prices: PathBuf,
        /// The folder of the documentation.
        #[arg(long, default_value = "docs")]
        docs: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Options {
    /// The folder of the functions, and of those in Rust that somebody could write instead.
    #[arg(long, default_value = "target/release")]
    functions: PathBuf,
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
    /// Milliseconds that each call to the table takes longer than on this machine.
    #[arg(long, default_value_t = 0)]
    table_latency_ms: u64,
    /// Cold starts of each function at a share of a CPU.
    #[arg(long, default_value_t = 30)]
    rounds: usize,
    /// Warm requests to each function that has a CPU for itself, after 100 that are not measured.
    #[arg(long, default_value_t = 2000)]
    requests: usize,
    /// Give shares of a CPU by signals, also where a quota can be set.
    #[arg(long)]
    signals: bool,
    /// Where the results are kept.
    #[arg(long, default_value = "benches/results/functions.json")]
    results: PathBuf,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut out = std::io::stdout();
    match Command::parse() {
        Command::Measure(options) => {
            let mut machine = Machine::of_this(&options.node, &options.python)?;
            let (terms, measured) = measure(&options).await?;
            let [_, after] = &mut machine.load;
            *after = machine::load()?;
            let results = Results {
                machine,
                terms,
                measured,
            };
            results.write(&options.results)?;
            report::print(&results, &mut out)
        }
        Command::Report { results, docs } => {
            let results = Results::read(&results)?;
            report::print(&results, &mut out)?;
            report::into_docs(&results, &docs)
        }
        Command::Cost {
            results,
            prices,
            docs,
        } => {
            let bills = Tariff::read(&prices)?.table(&Results::read(&results)?)?;
            write!(out, "{bills}")?;
            report::into_section(&docs, "cost", &bills)
        }
    }
}
