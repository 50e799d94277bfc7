//! What was measured, as it is kept: times in microseconds, each of them, so that a report can be made again.

use serde::{Deserialize, Serialize};

use crate::statistics::{median, per_mille};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) terms: Terms,
    pub(crate) measured: Vec<Measured>,
}

/// Where and when.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    pub(crate) rustc: String,
    /// Where something of theirs was measured.
    #[serde(default)]
    pub(crate) node: Option<String>,
    #[serde(default)]
    pub(crate) python: Option<String>,
    pub(crate) date: String,
    /// With a `+` when the tree had changes.
    pub(crate) commit: String,
    /// The load averages before and after: how much else there was to do.
    pub(crate) load: [String; 2],
}

/// How.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// How a share of a CPU was given.
    pub(crate) limited_by: String,
    /// How much later the far table answers.
    pub(crate) table_latency_ms: u64,
    pub(crate) list_entries: usize,
    pub(crate) rules: usize,
}

/// One function with what surrounds it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) subject: Subject,
    pub(crate) size: Size,
    pub(crate) calls: Calls,
    pub(crate) log: Log,
    /// Of one warm decision; none without valgrind, and none of a program that compiles itself while it runs.
    pub(crate) instructions: Option<u64>,
    /// At each share of a CPU, with the table on this machine.
    pub(crate) runs: Vec<Run>,
    /// With a CPU, and the table as far away as on AWS.
    #[serde(default)]
    pub(crate) far: Option<Run>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Subject {
    AsDeployed,
    NoRecords,
    ListsOnly,
    AfterFederation,
    Bare,
    BareBatch,
    Node,
    Python,
}

impl Subject {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::AsDeployed => "before-creating-user, as deployed",
            Self::NoRecords => "the same without records",
            Self::ListsOnly => "the same with lists alone",
            Self::AfterFederation => "after-federation, as deployed",
            Self::Bare => "Rust, nothing",
            Self::BareBatch => "Rust, one BatchGetItem",
            Self::Node => "Node.js, lists alone",
            Self::Python => "Python, lists alone",
        }
    }

    pub(crate) fn is_ours(self) -> bool {
        !matches!(
            self,
            Self::Bare | Self::BareBatch | Self::Node | Self::Python
        )
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Size {
    /// What runs, without an interpreter.
    pub(crate) octets: u64,
    /// What is uploaded.
    pub(crate) zip_octets: u64,
    /// What the zip was made for.
    pub(crate) zip_of: String,
}

/// What one warm decision asks of the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calls {
    pub(crate) reads: f64,
    pub(crate) writes: f64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
}

/// What one warm decision leaves in the function's log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Log {
    pub(crate) lines: f64,
    pub(crate) octets: f64,
}

/// At one share of a CPU.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) share: f64,
    pub(crate) cold: Vec<Cold>,
    pub(crate) warm_us: Vec<u64>,
    /// CPU time of one warm request, on average.
    pub(crate) warm_cpu_us: u64,
    /// After the last request.
    pub(crate) peak_kib: u64,
}

/// In microseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Cold {
    /// From the start of the process until it asks for its first event.
    pub(crate) ready: u64,
    /// From the start of the process until its first answer.
    pub(crate) answer: u64,
    /// CPU time until then, of every thread.
    pub(crate) cpu: u64,
}

impl Results {
    pub(crate) fn of(&self, subject: Subject) -> Option<&Measured> {
        self.measured
            .iter()
            .find(|measured| measured.subject == subject)
    }

    /// The shares that were measured, the whole CPU first.
    pub(crate) fn shares(&self) -> Vec<f64> {
        let runs = self
            .measured
            .first()
            .map(|measured| measured.runs.as_slice());
        let mut shares: Vec<f64> = runs
            .unwrap_or_default()
            .iter()
            .map(|run| run.share)
            .collect();
        shares.sort_by(|one, other| other.total_cmp(one));
        shares
    }
}

impl Measured {
    pub(crate) fn at(&self, share: f64) -> Option<&Run> {
        self.runs
            .iter()
            .find(|run| (run.share - share).abs() < 1e-9)
    }
}

impl Run {
    pub(crate) fn cold_ready(&self) -> Option<u64> {
        median(self.cold.iter().map(|cold| cold.ready))
    }

    pub(crate) fn cold_answer(&self) -> Option<u64> {
        median(self.cold.iter().map(|cold| cold.answer))
    }

    pub(crate) fn cold_cpu(&self) -> Option<u64> {
        median(self.cold.iter().map(|cold| cold.cpu))
    }

    pub(crate) fn warm(&self, share: usize) -> Option<u64> {
        per_mille(self.warm_us.iter().copied(), share)
    }
}
