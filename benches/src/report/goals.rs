//! What is wanted of the functions, and whether it is reached.

use super::table::float;
use crate::results::{Measured, Results, Run, Subject};

/// The share of a function with 256 MB, which is what the template gives.
pub(crate) const SHARE_OF_256_MB: f64 = 0.145;

/// Something wanted.
pub(crate) struct Goal {
    pub(crate) wanted: &'static str,
    most: f64,
    decimals: usize,
    /// `None` where it was not measured.
    found: fn(&Results, &Measured) -> Option<f64>,
}

/// What was found of it.
#[derive(Debug, PartialEq)]
pub(crate) enum Finding {
    Reached(String),
    Missed(String),
    Unknown,
}

impl Goal {
    pub(crate) fn of(&self, results: &Results, subject: Subject) -> Finding {
        let measured = results.of(subject);
        let Some(found) = measured.and_then(|measured| (self.found)(results, measured)) else {
            return Finding::Unknown;
        };
        let text = format!("{found:.*}", self.decimals);
        if found <= self.most {
            Finding::Reached(text)
        } else {
            Finding::Missed(text)
        }
    }
}

pub(crate) const GOALS: [Goal; 13] = [
    Goal {
        wanted: "cold start over a bare `BatchGetItem`: at most 2",
        most: 2.0,
        decimals: 2,
        found: |results, ours| cold_over(results, ours, Subject::BareBatch, 1.0),
    },
    Goal {
        wanted: "cold start over Node.js: at most 0.05",
        most: 0.05,
        decimals: 3,
        found: |results, ours| cold_over(results, ours, Subject::Node, 1.0),
    },
    Goal {
        wanted: "cold start over Python: at most 0.025",
        most: 0.025,
        decimals: 3,
        found: |results, ours| cold_over(results, ours, Subject::Python, 1.0),
    },
    Goal {
        wanted: "with 0.145 CPU, cold start over a bare `BatchGetItem`: at most 3",
        most: 3.0,
        decimals: 2,
        found: |results, ours| cold_over(results, ours, Subject::BareBatch, SHARE_OF_256_MB),
    },
    Goal {
        wanted: "with 0.145 CPU, cold start over Node.js: at most 0.056",
        most: 1.0 / 18.0,
        decimals: 3,
        found: |results, ours| cold_over(results, ours, Subject::Node, SHARE_OF_256_MB),
    },
    Goal {
        wanted: "warm p50 over a bare `BatchGetItem`: at most 1.15",
        most: 1.15,
        decimals: 2,
        found: |results, ours| warm_over(results, ours, 500),
    },
    Goal {
        wanted: "warm p99 over a bare `BatchGetItem`: at most 1.3",
        most: 1.3,
        decimals: 2,
        found: |results, ours| warm_over(results, ours, 990),
    },
    Goal {
        wanted: "with the far table, cold start over a bare `BatchGetItem`: at most 2",
        most: 2.0,
        decimals: 2,
        found: |results, ours| {
            let base = results.of(Subject::BareBatch)?.far.as_ref()?;
            ratio(ours.far.as_ref()?.cold_answer(), base.cold_answer())
        },
    },
    Goal {
        wanted: "with the far table, warm p50 over a bare `BatchGetItem`: at most 1.15",
        most: 1.15,
        decimals: 2,
        found: |results, ours| far_warm_over(results, ours, 500),
    },
    Goal {
        wanted: "with the far table, warm p99 over a bare `BatchGetItem`: at most 1.3",
        most: 1.3,
        decimals: 2,
        found: |results, ours| far_warm_over(results, ours, 990),
    },
    Goal {
        wanted: "peak memory in MB: at most 12",
        most: 12.0,
        decimals: 1,
        found: |_, ours| Some(float(whole_cpu(ours)?.peak_kib) * 1024.0 / 1e6),
    },
    Goal {
        wanted: "package in MB: at most 3.5",
        most: 3.5,
        decimals: 2,
        found: |_, ours| Some(float(ours.size.zip_octets) / 1e6),
    },
    Goal {
        wanted: "round trips to the table for a decision: 1",
        most: 1.0,
        decimals: 0,
        found: |_, ours| Some(ours.calls.reads + ours.calls.writes),
    },
];

fn whole_cpu(measured: &Measured) -> Option<&Run> {
    measured.at(1.0)
}

fn cold_over(results: &Results, ours: &Measured, base: Subject, share: f64) -> Option<f64> {
    let base = results.of(base)?.at(share)?;
    ratio(ours.at(share)?.cold_answer(), base.cold_answer())
}

fn warm_over(results: &Results, ours: &Measured, per_mille: usize) -> Option<f64> {
    let base = whole_cpu(results.of(Subject::BareBatch)?)?;
    ratio(whole_cpu(ours)?.warm(per_mille), base.warm(per_mille))
}

fn far_warm_over(results: &Results, ours: &Measured, per_mille: usize) -> Option<f64> {
    let base = results.of(Subject::BareBatch)?.far.as_ref()?;
    ratio(ours.far.as_ref()?.warm(per_mille), base.warm(per_mille))
}

fn ratio(ours: Option<u64>, base: Option<u64>) -> Option<f64> {
    Some(float(ours?) / float(base?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::results;

    fn of(wanted: &str, subject: Subject) -> Finding {
        let goal = GOALS.iter().find(|goal| goal.wanted.starts_with(wanted));
        goal.unwrap().of(&results(), subject)
    }

    #[test]
    fn a_ratio_within_its_limit_is_reached_and_one_beyond_it_is_missed() {
        let cold = "cold start over a bare";
        assert_eq!(
            of(cold, Subject::ListsOnly),
            Finding::Reached("2.00".to_owned())
        );
        assert_eq!(
            of(cold, Subject::AsDeployed),
            Finding::Missed("4.00".to_owned())
        );
    }

    #[test]
    fn with_the_far_table_both_sides_have_its_time() {
        assert_eq!(
            of("with the far table, cold", Subject::ListsOnly),
            Finding::Reached("1.62".to_owned())
        );
        assert_eq!(
            of("with the far table, warm p50", Subject::ListsOnly),
            Finding::Reached("1.00".to_owned())
        );
    }

    #[test]
    fn calls_that_write_are_round_trips_too() {
        let round_trips = "round trips";
        assert_eq!(
            of(round_trips, Subject::ListsOnly),
            Finding::Reached("1".to_owned())
        );
        assert_eq!(
            of(round_trips, Subject::AsDeployed),
            Finding::Missed("2".to_owned())
        );
    }

    #[test]
    fn what_was_not_measured_is_unknown() {
        assert_eq!(
            of("cold start over Node", Subject::ListsOnly),
            Finding::Unknown
        );
        assert_eq!(of("with 0.145 CPU", Subject::ListsOnly), Finding::Unknown);
    }
}
