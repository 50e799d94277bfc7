//! Figures that do not depend on the machine, beside those that were taken on: what a change must not make worse unseen.

mod baseline;

use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Args;

use self::baseline::{Baseline, Figure, Kind, Terms};
use crate::{
    Failure,
    deployment::{Deployment, Distance, LISTS_ALONE, WITH_POLICY},
    machine::{read, rustc, told},
    measure::{Bench, Progress},
    report::{counted, float},
    results::{Calls, Subject},
    share::Means,
    subjects,
};

/// The functions that Entra waits for, and with what.
const FUNCTIONS: [(&str, Subject, &str); 3] = [
    (
        "before-creating-user, as deployed",
        Subject::AsDeployed,
        WITH_POLICY,
    ),
    (
        "before-creating-user, lists alone",
        Subject::ListsOnly,
        LISTS_ALONE,
    ),
    (
        "after-federation, as deployed",
        Subject::AfterFederation,
        WITH_POLICY,
    ),
];

/// What is packed.
const PACKAGES: [&str; 2] = ["before-creating-user", "after-federation"];

/// Lambda's processor: which crates a function has depends on it.
const DEPLOYED_ON: &str = "aarch64-unknown-linux-gnu";

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder of the functions, as they are deployed.
    #[arg(long, default_value = "target/release")]
    functions: PathBuf,
    /// Where valgrind is.
    #[arg(long)]
    valgrind: PathBuf,
    /// Python, which packs.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// What the figures are compared with.
    #[arg(long, default_value = "benches/baseline.json")]
    baseline: PathBuf,
    /// Take the figures on as they are.
    #[arg(long)]
    write: bool,
}

pub(crate) async fn guard(options: &Options) -> Result<ExitCode, Failure> {
    let here = terms(&options.valgrind)?;
    let baseline = if options.write {
        None
    } else {
        Some(Baseline::read(&options.baseline)?)
    };
    let found = figures(options).await?;
    let mut out = std::io::stdout();
    let Some(baseline) = baseline else {
        Baseline::of(here, found).write(&options.baseline)?;
        writeln!(out, "wrote {}", options.baseline.display())?;
        return Ok(ExitCode::SUCCESS);
    };
    let verdict = baseline.compare(&found, &here);
    write!(out, "{verdict}")?;
    if verdict.is_worse() {
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

async fn figures(options: &Options) -> Result<Vec<Figure>, Failure> {
    let progress = Progress::start();
    let deployment = Deployment::new(Duration::ZERO).await?;
    let bench = Bench::at_full_speed(deployment);
    let mut figures = Vec::new();
    for (name, subject, table) in FUNCTIONS {
        progress.say(name)?;
        let target = subjects::our(subject, table, &bench.deployment, &options.functions)?;
        let figure = |figure: &str, kind, value| Figure::new(name, figure, kind, value);
        let (seen, _) = bench.seen(&target).await?;
        let Calls {
            reads,
            writes,
            read_units,
            write_units,
        } = seen.calls;
        figures.extend([
            figure("reads of a decision", Kind::Exact, reads),
            figure("writes of a decision", Kind::Exact, writes),
            figure("read units of a decision", Kind::Exact, read_units),
            figure("write units of a decision", Kind::Exact, write_units),
        ]);
        let program = target.at(bench.deployment.endpoint(Distance::Here));
        let counter = bench.counter(&options.valgrind);
        let event = |number| target.requests.event(number);
        let warm = counter.decision(&program, event).await?;
        let cold = counter.cold_start(&program, event).await?;
        figures.extend([
            figure("instructions of a warm decision", Kind::About, float(warm)),
            figure("instructions of a cold start", Kind::About, float(cold)),
        ]);
    }
    for name in PACKAGES {
        let binary = options.functions.join(name);
        let size = subjects::native(&binary, &options.python, bench.folder())?;
        figures.extend([
            Figure::new(
                name,
                "octets of the package",
                Kind::About,
                float(size.zip_octets),
            ),
            Figure::new(name, "crates", Kind::About, float(crates(name)?)),
        ]);
    }
    progress.say("done")?;
    Ok(figures)
}

impl Bench {
    /// Where nothing is timed.
    fn at_full_speed(deployment: Deployment) -> Self {
        Self {
            deployment,
            means: Means::Signals,
            rounds: 0,
            requests: 0,
        }
    }
}

/// The crates of others that a function is linked with: without those that only run while it is built.
fn crates(package: &str) -> Result<u64, Failure> {
    let tree = told(
        Path::new("cargo"),
        &[
            "tree",
            "--locked",
            "--package",
            package,
            "--edges",
            "normal,no-proc-macro",
            "--target",
            DEPLOYED_ON,
            "--prefix",
            "none",
        ],
    )?;
    Ok(counted(crates_of(&tree).len()))
}

/// Of a tree with one crate in a line, perhaps several times; ours are those with a path.
fn crates_of(tree: &str) -> BTreeSet<&str> {
    let lines = tree.lines().map(|line| line.trim_end_matches(" (*)"));
    lines.filter(|line| !line.contains(" (/")).collect()
}

/// Under what the instructions are counted.
fn terms(valgrind: &Path) -> Result<Terms, Failure> {
    Ok(Terms {
        processor: processor(std::env::consts::ARCH, &read("/proc/cpuinfo")?)?,
        valgrind: told(valgrind, &["--version"])?,
        libc: told(Path::new("getconf"), &["GNU_LIBC_VERSION"])?,
        rustc: rustc()?,
    })
}

/// Valgrind shows a program one and the same processor on each that has AVX2, and others elsewhere; by it libraries choose their code.
fn processor(architecture: &str, cpus: &str) -> Result<String, Failure> {
    let flags = cpus.lines().find(|line| line.starts_with("flags"));
    let has_avx2 = flags.is_some_and(|flags| flags.split_whitespace().any(|flag| flag == "avx2"));
    if architecture == "x86_64" && has_avx2 {
        return Ok("x86_64 with AVX2".to_owned());
    }
    let found = if architecture == "x86_64" {
        "x86_64 without AVX2"
    } else {
        architecture
    };
    Err(format!("guard: found a processor {found}, expected x86_64 with AVX2: on another one libraries run other code, and instructions cannot be compared").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_counts_once_and_ours_do_not() {
        let tree = "before-creating-user v0.1.0 (/here/functions/before-creating-user)\n\
                    shared v0.1.0 (/here/shared)\n\
                    http v1.5.0\nbytes v1.12.1\nhttp v1.5.0 (*)\nhttp v0.2.12\nbytes v1.12.1\n";
        let crates = crates_of(tree);
        assert_eq!(
            crates.into_iter().collect::<Vec<_>>(),
            ["bytes v1.12.1", "http v0.2.12", "http v1.5.0"]
        );
    }

    #[test]
    fn on_a_processor_that_runs_other_code_nothing_is_compared() {
        let cpus = "model name\t: A processor\nflags\t\t: fpu avx avx2 sha_ni\n";
        assert_eq!(processor("x86_64", cpus).unwrap(), "x86_64 with AVX2");
        let error = processor("x86_64", "flags\t\t: fpu avx\n").unwrap_err();
        assert!(
            error
                .to_string()
                .contains("found a processor x86_64 without AVX2")
        );
        let error = processor("aarch64", "Features\t: asimd\n").unwrap_err();
        assert!(error.to_string().contains("found a processor aarch64,"));
    }
}
