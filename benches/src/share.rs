//! A share of a CPU for a process, like that of a function with little memory.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::task::JoinHandle;

use crate::Failure;

/// In each period a process runs for its share of it at the most; the time that Lambda's own quota is said to have.
const PERIOD: Duration = Duration::from_millis(20);

/// The hierarchy of version 2, or of version 1 where the CPU still has its own.
const UNIFIED: &str = "/sys/fs/cgroup";
const OF_CPU: &str = "/sys/fs/cgroup/cpu";

/// How processes are held back on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    /// `cpu.max`
    Unified,
    /// `cpu.cfs_quota_us`
    OfCpu,
    /// `SIGSTOP` and `SIGCONT`
    Signals,
}

impl Means {
    /// The best that works here.
    pub(crate) fn find() -> Self {
        let quotas = [Self::Unified, Self::OfCpu];
        let works = |means: &Self| Group::new(*means, 0.5).is_ok();
        quotas.into_iter().find(works).unwrap_or(Self::Signals)
    }

    pub(crate) fn told(self) -> String {
        let period = PERIOD.as_millis();
        match self {
            Self::Unified => format!("a quota of cgroup version 2 in periods of {period} ms"),
            Self::OfCpu => format!("a quota of cgroup version 1 in periods of {period} ms"),
            Self::Signals => format!(
                "SIGSTOP and SIGCONT in periods of {period} ms of the clock, no quota of a cgroup"
            ),
        }
    }
}

/// What holds one process back, until it is dropped.
pub(crate) enum Hold {
    None,
    Quota { _group: Group },
    Signals(JoinHandle<()>),
}

impl Hold {
    /// Of a process that does nothing yet.
    pub(crate) fn on(process: Pid, means: Means, share: f64) -> Result<Self, Failure> {
        if share >= 1.0 {
            return Ok(Self::None);
        }
        if means == Means::Signals {
            return Ok(Self::Signals(tokio::spawn(in_turns(process, share))));
        }
        let group = Group::new(means, share)?;
        group.take(process)?;
        Ok(Self::Quota { _group: group })
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Self::Signals(turns) = self {
            turns.abort();
        }
    }
}

async fn in_turns(process: Pid, share: f64) {
    let runs = PERIOD.mul_f64(share);
    while kill(process, Signal::SIGCONT).is_ok() {
        tokio::time::sleep(runs).await;
        let _ = kill(process, Signal::SIGSTOP);
        tokio::time::sleep(PERIOD.saturating_sub(runs)).await;
    }
}

/// A control group with a quota; gone when it is dropped, if its processes are.
pub(crate) struct Group(PathBuf);

impl Group {
    fn new(means: Means, share: f64) -> Result<Self, Failure> {
        let name = format!(
            "signup-connectors-bench-{}-{}",
            std::process::id(),
            fastrand::u64(..)
        );
        let (period, quota) = (PERIOD, PERIOD.mul_f64(share));
        let (period, quota) = (period.as_micros(), quota.as_micros());
        let (hierarchy, settings) = match means {
            Means::OfCpu => (
                OF_CPU,
                vec![
                    ("cpu.cfs_period_us", period.to_string()),
                    ("cpu.cfs_quota_us", quota.to_string()),
                ],
            ),
            _ => (UNIFIED, vec![("cpu.max", format!("{quota} {period}"))]),
        };
        let folder = Path::new(hierarchy).join(name);
        fs::create_dir(&folder)?;
        let group = Self(folder);
        for (file, value) in settings {
            group.set(file, &value)?;
        }
        Ok(group)
    }

    fn take(&self, process: Pid) -> Result<(), Failure> {
        self.set("cgroup.procs", &process.to_string())
    }

    /// Never makes a file: a group that has no such setting is none.
    fn set(&self, file: &str, value: &str) -> Result<(), Failure> {
        let file = self.0.join(file);
        let mut opened = fs::OpenOptions::new().write(true).open(&file)?;
        let written = std::io::Write::write_all(&mut opened, value.as_bytes());
        written.map_err(|error| format!("{}: {error}", file.display()).into())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}
