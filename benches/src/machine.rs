//! The machine on which was measured, and what it runs.

use std::{fmt, fs, path::Path, process::Command, thread};

use shared::{adapters::system_clock::SystemClock, ports::clock::Clock};

use crate::{Failure, results::Machine};

impl Machine {
    pub(crate) fn of_this() -> Result<Self, Failure> {
        let changes = told(
            Path::new("git"),
            &["status", "--porcelain", "--untracked-files=no"],
        )?;
        let commit = told(Path::new("git"), &["rev-parse", "--short=12", "HEAD"])?;
        let mark = if changes.is_empty() { "" } else { "+" };
        Ok(Self {
            cpu: cpu()?,
            cores: thread::available_parallelism()?.get(),
            kernel: read("/proc/sys/kernel/osrelease")?,
            rustc: rustc()?,
            node: None,
            python: None,
            date: SystemClock.now().strftime("%Y-%m-%d").to_string(),
            commit: format!("{commit}{mark}"),
            load: [load()?, String::new()],
        })
    }

    /// After the last measurement.
    pub(crate) fn done(mut self) -> Result<Self, Failure> {
        let [_, after] = &mut self.load;
        *after = load()?;
        Ok(self)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [before, after] = &self.load;
        write!(
            f,
            "{}, {} cores, Linux {}; {}",
            self.cpu, self.cores, self.kernel, self.rustc
        )?;
        if let Some(node) = &self.node {
            write!(f, ", Node.js {node}")?;
        }
        if let Some(python) = &self.python {
            write!(f, ", {python}")?;
        }
        write!(
            f,
            ". {}, commit {}. Load averages before {before}, after {after}.",
            self.date, self.commit
        )
    }
}

pub(crate) fn rustc() -> Result<String, Failure> {
    told(Path::new("rustc"), &["--version"])
}

/// The load averages of the last 1, 5 and 15 minutes.
fn load() -> Result<String, Failure> {
    let load = read("/proc/loadavg")?;
    let averages: Vec<&str> = load.split(' ').take(3).collect();
    Ok(averages.join(" "))
}

fn cpu() -> Result<String, Failure> {
    let cpus = read("/proc/cpuinfo")?;
    let name = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let name = name.map(|name| name.trim_start_matches([' ', '\t', ':']));
    Ok(name.unwrap_or(std::env::consts::ARCH).to_owned())
}

pub(crate) fn read(file: &str) -> Result<String, Failure> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    Ok(text.trim().to_owned())
}

/// What a program says.
pub(crate) fn told(program: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let said = Command::new(program).args(arguments).output();
    let said = said.map_err(|error| format!("{}: {error}", program.display()))?;
    if !said.status.success() {
        let problem = String::from_utf8_lossy(&said.stderr);
        return Err(format!("{}: {problem}", program.display()).into());
    }
    Ok(String::from_utf8(said.stdout)?.trim().to_owned())
}
