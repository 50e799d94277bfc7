//! What was measured, as tables and plots.

mod goals;
mod plot;

use std::{
    fmt::{Display, Write as _},
    fs,
    io::Write,
    path::Path,
};

pub(crate) use self::goals::{SHARE_OF_256_MB, float};
use self::{
    goals::{Finding, GOALS},
    plot::{Plot, Row, milliseconds},
};
use crate::{
    Failure,
    results::{Measured, Results, Run, Subject},
};

/// What a function with so little of a CPU has of memory.
const MEMORY: [(f64, &str); 3] = [
    (0.29, "512 MB"),
    (SHARE_OF_256_MB, "256 MB"),
    (0.07, "128 MB"),
];

pub(crate) fn print(results: &Results, out: &mut impl Write) -> Result<(), Failure> {
    Ok(write!(out, "{}", tables(results))?)
}

/// Puts the tables into the section of docs/performance.md, and the plots into the images.
pub(crate) fn into_docs(results: &Results, docs: &Path) -> Result<(), Failure> {
    into_section(docs, "functions", &format!("{}{PLOTS}", tables(results)))?;
    for (name, plot) in plots(results) {
        fs::write(docs.join("images").join(name), plot.svg())?;
    }
    Ok(())
}

/// Puts a text in the place of that between the marks of this name in docs/performance.md.
pub(crate) fn into_section(docs: &Path, name: &str, told: &str) -> Result<(), Failure> {
    let page = docs.join("performance.md");
    let named = |error: &dyn Display| format!("{}: {error}", page.display());
    let text = fs::read_to_string(&page).map_err(|error| named(&error))?;
    let text = with_section(&text, name, told).map_err(|error| named(&error))?;
    Ok(fs::write(&page, text)?)
}

fn with_section(page: &str, name: &str, section: &str) -> Result<String, String> {
    let [begin, end] = ["begin", "end"].map(|place| format!("<!-- {name}:{place} -->"));
    let missing = |mark: &str| format!("found no `{mark}`");
    let (before, rest) = page.split_once(&begin).ok_or_else(|| missing(&begin))?;
    let (_, after) = rest.split_once(&end).ok_or_else(|| missing(&end))?;
    Ok(format!("{before}{begin}\n\n{section}\n{end}{after}"))
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
    let (machine, terms) = (&results.machine, &results.terms);
    let [before, after] = &machine.load;
    format!(
        "{}, {} cores, Linux {}; {}, Node.js {}, {}. {}, commit {}. Load averages before {before}, after {after}. \
         {} entries in the lists, {} rules in the policy; the table answers {} ms later than it does by itself. \
         A share of a CPU: {}.\n",
        machine.cpu,
        machine.cores,
        machine.kernel,
        machine.rustc,
        machine.node,
        machine.python,
        machine.date,
        machine.commit,
        terms.list_entries,
        terms.rules,
        terms.table_latency_ms,
        terms.limited_by,
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
            .chain(["CPU time".to_owned()]),
    );
    for measured in &results.measured {
        let whole = measured.at(1.0);
        let ready = whole.and_then(Run::cold_ready);
        let answers = shares
            .iter()
            .map(|share| measured.at(*share).and_then(Run::cold_answer));
        let cpu = whole.and_then(Run::cold_cpu);
        let cells = [ready].into_iter().chain(answers).chain([cpu]);
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
        ends.into_iter()
            .chain(columns)
            .chain(["CPU time".to_owned()]),
    );
    for measured in &results.measured {
        let whole = measured.at(1.0);
        let ranks = [500, 990, 999].map(|rank| whole.and_then(|run| run.warm(rank)));
        let others = held_back.iter().flat_map(|share| {
            let run = measured.at(*share);
            [500, 990].map(|rank| run.and_then(|run| run.warm(rank)))
        });
        let cpu = whole.map(|run| run.warm_cpu_us);
        let cells = ranks.into_iter().chain(others).chain([cpu]);
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

/// A table of Markdown: texts, and numbers to the right of them.
pub(crate) struct Table {
    pub(crate) text: String,
}

impl Table {
    pub(crate) fn new(title: &str, columns: impl IntoIterator<Item = String>) -> Self {
        let columns: Vec<String> = columns.into_iter().collect();
        let lines = "| ---: ".repeat(columns.len());
        let mut table = Self {
            text: String::new(),
        };
        table.row(title, columns);
        let _ = writeln!(table.text, "| --- {lines}|");
        table
    }

    pub(crate) fn row(&mut self, title: &str, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        let _ = writeln!(self.text, "| {title} | {} |", cells.join(" | "));
    }
}

fn in_milliseconds(time: Option<u64>) -> String {
    time.map_or_else(String::new, |time| milliseconds(float(time) / 1e3))
}

fn of_share(share: f64) -> String {
    let memory = MEMORY.iter().find(|(of, _)| (of - share).abs() < 1e-9);
    memory.map_or_else(
        || "one CPU".to_owned(),
        |(share, memory)| format!("{share} CPU ({memory})"),
    )
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
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
        title: measured.subject.title(),
        values: times(measured)
            .into_iter()
            .map(|time| float(time) / 1e3)
            .collect(),
        is_ours: measured.subject.is_ours(),
    };
    results.measured.iter().map(row).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::results::{Calls, Cold, Log, Machine, Size, Terms};

    /// Two functions of ours beside a bare one.
    pub(crate) fn results() -> Results {
        let text = str::to_owned;
        Results {
            machine: Machine {
                cpu: text("A processor"),
                cores: 2,
                kernel: text("6.1"),
                rustc: text("rustc 1.95.0"),
                node: text("v20"),
                python: text("Python 3.11"),
                date: text("2026-11-22"),
                commit: text("0123456789ab"),
                load: [text("0.1 0.1 0.1"), text("0.2 0.2 0.2")],
            },
            terms: Terms {
                limited_by: text("a quota"),
                table_latency_ms: 0,
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
            runs: vec![Run {
                share: 1.0,
                cold: vec![Cold {
                    ready: cold_us / 2,
                    answer: cold_us,
                    cpu: cold_us / 4,
                }],
                warm_us: vec![500, 400, 600],
                warm_cpu_us: 300,
                peak_kib: 10_000,
            }],
        }
    }

    #[test]
    fn every_function_has_a_row_in_each_table() {
        let text = tables(&results());
        assert!(
            text.contains("| before-creating-user, as deployed | 10.0 | 20.0 | 5.00 |\n"),
            "{text}"
        );
        assert!(
            text.contains("| before-creating-user, as deployed | 0.50 | 0.60 | 0.60 | 0.30 |\n")
        );
        assert!(text.contains("| 1,234,567 | 10.2 | 8.00 | 3.10 | aarch64 | 1 | 1 | 3.5 | 1 |\n"));
        assert!(text.contains("at most 2 | **4.00, missed** | 2.00, reached |\n"));
    }

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let (begin, end) = ("<!-- a:begin -->", "<!-- a:end -->");
        let page = format!("before\n{begin}\nold\n{end}\nafter\n");
        let once = with_section(&page, "a", "new\n").unwrap();
        assert_eq!(once, format!("before\n{begin}\n\nnew\n\n{end}\nafter\n"));
        assert_eq!(with_section(&once, "a", "new\n").unwrap(), once);
    }

    #[test]
    fn a_page_without_a_mark_is_left_alone() {
        let told = with_section("a page\n", "a", "new").unwrap_err();
        assert_eq!(told, "found no `<!-- a:begin -->`");
    }

    #[test]
    fn results_read_as_they_were_written() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("results.json");
        results().write(&file).unwrap();
        assert_eq!(tables(&Results::read(&file).unwrap()), tables(&results()));
    }
}
