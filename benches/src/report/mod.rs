//! What was measured, as tables and plots of docs/performance.md.

mod functions;
mod goals;
mod plot;
mod section;
mod table;

pub(crate) use self::{
    goals::SHARE_OF_256_MB,
    plot::{Plot, Row},
    section::{Places, Section, into_section},
    table::{Table, counted, float, grouped, in_milliseconds},
};

#[cfg(test)]
pub(crate) mod tests {
    use crate::results::{Calls, Cold, Log, Machine, Measured, Results, Run, Size, Subject, Terms};

    /// Two functions of ours beside a bare one.
    pub(crate) fn results() -> Results {
        let text = str::to_owned;
        Results {
            machine: Machine {
                cpu: text("A processor"),
                cores: 2,
                kernel: text("6.1"),
                rustc: text("rustc 1.95.0"),
                node: Some(text("v20")),
                python: Some(text("Python 3.11")),
                date: text("2026-11-22"),
                commit: text("0123456789ab"),
                load: [text("0.1 0.1 0.1"), text("0.2 0.2 0.2")],
            },
            terms: Terms {
                limited_by: text("a quota"),
                table_latency_ms: 3,
                list_entries: 10_000,
                rules: 200,
            },
            measured: vec![
                measured(Subject::AsDeployed, 20_000, 1.0),
                measured(Subject::ListsOnly, 10_000, 0.0),
                measured(Subject::BareBatch, 5_000, 0.0),
            ],
        }
    }

    fn measured(subject: Subject, cold_us: u64, writes: f64) -> Measured {
        Measured {
            subject,
            size: Size {
                octets: 8_000_000,
                zip_octets: 3_100_000,
                zip_of: "aarch64".to_owned(),
            },
            calls: Calls {
                reads: 1.0,
                writes,
                read_units: 3.5,
                write_units: writes,
            },
            log: Log {
                lines: 1.0,
                octets: 600.0,
            },
            instructions: Some(1_234_567),
            runs: vec![run(cold_us, 0)],
            far: Some(run(cold_us, 3000)),
        }
    }

    fn run(cold_us: u64, later_us: u64) -> Run {
        Run {
            share: 1.0,
            cold: vec![Cold {
                ready: cold_us / 2,
                answer: cold_us + later_us,
                cpu: cold_us / 4,
            }],
            warm_us: [500, 400, 600].map(|time| time + later_us).into(),
            warm_cpu_us: 300,
            peak_kib: 10_000,
        }
    }
}
