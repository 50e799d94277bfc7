//! The functions beside others, as tables and plots.

use super::{
    Section,
    goals::{Finding, GOALS, SHARE_OF_256_MB},
    plot::{Plot, Row},
    table::{Table, float, grouped, in_milliseconds},
};
use crate::results::{Measured, Results, Run, Subject};

/// What a function with so little of a CPU has of memory.
const MEMORY: [(f64, &str); 3] = [
    (0.29, "512 MB"),
    (SHARE_OF_256_MB, "256 MB"),
    (0.07, "128 MB"),
];

impl Section for Results {
    const NAME: &'static str = "functions";

    fn parts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("functions", format!("{}{PLOTS}", tables(self))),
            ("records", records(self)),
        ]
    }

    fn plots(&self) -> Vec<(&'static str, Plot)> {
        plots(self).into()
    }
}

// --- tables

fn tables(results: &Results) -> String {
    let parts = [
        terms(results),
        cold(results),
        warm(results),
        resources(results),
        wanted(results),
    ];
    parts.join("\n")
}

fn terms(results: &Results) -> String {
    let terms = &results.terms;
    format!(
        "{} {} entries in the lists, {} rules in the policy; the far table answers {} ms later than it does by itself. \
         A share of a CPU: {}.\n",
        results.machine, terms.list_entries, terms.rules, terms.table_latency_ms, terms.limited_by,
    )
}

fn cold(results: &Results) -> String {
    let shares = results.shares();
    let rounds = results.measured.first().and_then(|one| one.runs.first());
    let rounds = rounds.map_or(0, |run| run.cold.len());
    let columns = shares.iter().map(|share| of_share(*share));
    let mut table = Table::new(
        &format!("Cold start, median of {rounds}, ms"),
        ["ready, one CPU".to_owned()]
            .into_iter()
            .chain(columns.map(|share| format!("answer, {share}")))
            .chain(["answer, far table, one CPU", "CPU time"].map(str::to_owned)),
    );
    for measured in &results.measured {
        let whole = measured.at(1.0);
        let ready = whole.and_then(Run::cold_ready);
        let answers = shares
            .iter()
            .map(|share| measured.at(*share).and_then(Run::cold_answer));
        let far = measured.far.as_ref().and_then(Run::cold_answer);
        let cpu = whole.and_then(Run::cold_cpu);
        let cells = [ready].into_iter().chain(answers).chain([far, cpu]);
        table.row(measured.subject.title(), cells.map(in_milliseconds));
    }
    table.text
}

fn warm(results: &Results) -> String {
    let held_back: Vec<f64> = results.shares().into_iter().skip(1).collect();
    let ends = ["p50", "p99", "p99.9"].map(|rank| format!("{rank}, one CPU"));
    let columns = held_back
        .iter()
        .flat_map(|share| ["p50", "p99"].map(|rank| format!("{rank}, {}", of_share(*share))));
    let requests = results.measured.first().and_then(|one| one.at(1.0));
    let requests = requests.map_or(0, |run| run.warm_us.len());
    let mut table = Table::new(
        &format!("Warm, {requests} requests, ms"),
        ends.into_iter().chain(columns).chain(
            [
                "p50, far table, one CPU",
                "p99, far table, one CPU",
                "CPU time",
            ]
            .map(str::to_owned),
        ),
    );
    for measured in &results.measured {
        let whole = measured.at(1.0);
        let ranks = [500, 990, 999].map(|rank| whole.and_then(|run| run.warm(rank)));
        let others = held_back.iter().flat_map(|share| {
            let run = measured.at(*share);
            [500, 990].map(|rank| run.and_then(|run| run.warm(rank)))
        });
        let far = measured.far.as_ref();
        let far = [500, 990].map(|rank| far.and_then(|run| run.warm(rank)));
        let cpu = whole.map(|run| run.warm_cpu_us);
        let cells = ranks.into_iter().chain(others).chain(far).chain([cpu]);
        table.row(measured.subject.title(), cells.map(in_milliseconds));
    }
    table.text
}

fn resources(results: &Results) -> String {
    let columns = [
        "instructions of a decision",
        "peak memory, MB",
        "program, MB",
        "package, MB",
        "package for",
        "reads",
        "writes",
        "read units",
        "write units",
    ];
    let mut table = Table::new("What it takes", columns.map(str::to_owned));
    for measured in &results.measured {
        table.row(measured.subject.title(), resources_of(measured));
    }
    table.text
}

fn resources_of(measured: &Measured) -> [String; 9] {
    let megabytes = |octets: u64| format!("{:.2}", float(octets) / 1e6);
    let peak = measured
        .at(1.0)
        .map(|run| float(run.peak_kib) * 1024.0 / 1e6);
    let calls = measured.calls;
    [
        measured.instructions.map_or_else(String::new, grouped),
        peak.map_or_else(String::new, |peak| format!("{peak:.1}")),
        megabytes(measured.size.octets),
        megabytes(measured.size.zip_octets),
        measured.size.zip_of.clone(),
        calls.reads.to_string(),
        calls.writes.to_string(),
        calls.read_units.to_string(),
        calls.write_units.to_string(),
    ]
}

fn wanted(results: &Results) -> String {
    let ours: Vec<Subject> = results
        .measured
        .iter()
        .map(|measured| measured.subject)
        .filter(|subject| subject.is_ours())
        .collect();
    let titles = ours.iter().map(|subject| subject.title().to_owned());
    let mut table = Table::new("Wanted", titles);
    for goal in &GOALS {
        let findings = ours.iter().map(|subject| match goal.of(results, *subject) {
            Finding::Reached(found) => format!("{found}, reached"),
            Finding::Missed(found) => format!("**{found}, missed**"),
            Finding::Unknown => String::new(),
        });
        table.row(goal.wanted, findings);
    }
    table.text
}

/// What a record adds to a decision: the same function with and without.
fn records(results: &Results) -> String {
    let columns = [
        "p50 ms",
        "p99 ms",
        "p50 ms, far table",
        "CPU ms",
        "instructions",
        "writes",
        "write units",
    ];
    let mut table = Table::new("Answers", columns.map(str::to_owned));
    let ways = [
        ("without a record", Subject::NoRecords),
        ("with a record", Subject::AsDeployed),
    ];
    for (way, measured) in ways.map(|(way, subject)| (way, results.of(subject))) {
        let whole = measured.and_then(|measured| measured.at(1.0));
        let far = measured.and_then(|measured| measured.far.as_ref());
        let times = [
            whole.and_then(|run| run.warm(500)),
            whole.and_then(|run| run.warm(990)),
            far.and_then(|run| run.warm(500)),
            whole.map(|run| run.warm_cpu_us),
        ];
        let instructions = measured.and_then(|measured| measured.instructions);
        let calls = measured.map(|measured| measured.calls);
        let counts = [
            instructions.map(grouped),
            calls.map(|calls| calls.writes.to_string()),
            calls.map(|calls| calls.write_units.to_string()),
        ];
        let counts = counts.map(Option::unwrap_or_default);
        table.row(way, times.map(in_milliseconds).into_iter().chain(counts));
    }
    table.text
}

fn of_share(share: f64) -> String {
    let memory = MEMORY.iter().find(|(of, _)| (of - share).abs() < 1e-9);
    memory.map_or_else(
        || "one CPU".to_owned(),
        |(share, memory)| format!("{share} CPU ({memory})"),
    )
}

// --- plots

const PLOTS: &str = "
![Cold starts at a whole CPU and at shares of one, on a logarithmic scale](images/performance-cold.svg)

![Warm requests, p50 and p99, on a logarithmic scale](images/performance-warm.svg)
";

fn plots(results: &Results) -> [(&'static str, Plot); 2] {
    let shares = results.shares();
    let cold = Plot {
        title: "From the start of the process to the first answer, ms (median)".to_owned(),
        series: shares.iter().map(|share| of_share(*share)).collect(),
        rows: rows(results, |measured| {
            let answers = shares
                .iter()
                .map(|share| measured.at(*share).and_then(Run::cold_answer));
            answers.map(Option::unwrap_or_default).collect()
        }),
    };
    let warm = Plot {
        title: "A warm request, ms".to_owned(),
        series: vec!["p50".to_owned(), "p99".to_owned()],
        rows: rows(results, |measured| {
            let ranks = [500, 990].into_iter();
            let times = ranks.map(|rank| measured.at(1.0).and_then(|run| run.warm(rank)));
            times.map(Option::unwrap_or_default).collect()
        }),
    };
    [
        ("performance-cold.svg", cold),
        ("performance-warm.svg", warm),
    ]
}

fn rows(results: &Results, times: impl Fn(&Measured) -> Vec<u64>) -> Vec<Row> {
    let row = |measured: &Measured| Row {
        title: measured.subject.title().to_owned(),
        values: times(measured)
            .into_iter()
            .map(|time| float(time) / 1e3)
            .collect(),
        is_ours: measured.subject.is_ours(),
    };
    results.measured.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::results;

    #[test]
    fn every_function_has_a_row_in_each_table() {
        let text = tables(&results());
        let name = "| before-creating-user, as deployed";
        assert!(
            text.contains(&format!("{name} | 10.0 | 20.0 | 23.0 | 5.00 |\n")),
            "{text}"
        );
        assert!(text.contains(&format!(
            "{name} | 0.50 | 0.60 | 0.60 | 3.50 | 3.60 | 0.30 |\n"
        )));
        assert!(text.contains("| 1,234,567 | 10.2 | 8.00 | 3.10 | aarch64 | 1 | 1 | 3.5 | 1 |\n"));
        assert!(text.contains("at most 2 | **4.00, missed** | 2.00, reached |\n"));
    }

    #[test]
    fn what_a_record_costs_is_told_of_the_function_with_and_without() {
        let text = records(&results());
        assert!(
            text.ends_with("| with a record | 0.50 | 0.60 | 3.50 | 0.30 | 1,234,567 | 1 | 1 |\n"),
            "{text}"
        );
        assert!(text.contains("| without a record |  |  |  |  |  |  |  |\n"));
    }
}
