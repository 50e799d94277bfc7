//! Figures beside the baseline.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::Failure;

/// How much worse a figure may be, in percent, where it may be at all.
const TOLERATED: f64 = 5.0;

/// Something that was counted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    name: String,
    kind: Kind,
    value: f64,
}

/// What is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any more.
    Exact,
    /// More than the tolerance.
    About,
}

impl Figure {
    pub(crate) fn new(of: &str, name: &str, kind: Kind, value: f64) -> Self {
        Self {
            name: format!("{of}: {name}"),
            kind,
            value,
        }
    }
}

/// Under what figures were counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terms {
    pub(crate) processor: String,
    pub(crate) valgrind: String,
    pub(crate) libc: String,
    pub(crate) rustc: String,
}

/// What was taken on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Baseline {
    /// What writes the file.
    made_by: String,
    terms: Terms,
    figures: BTreeMap<String, f64>,
}

/// What came of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    worse: Vec<String>,
    better: Vec<String>,
    compared: usize,
    /// What differs beside the figures.
    terms: Vec<String>,
}

const COMMAND: &str = "make guard-baseline";

impl Baseline {
    pub(crate) fn of(terms: Terms, figures: Vec<Figure>) -> Self {
        let figures = figures.into_iter();
        Self {
            made_by: COMMAND.to_owned(),
            terms,
            figures: figures.map(|figure| (figure.name, figure.value)).collect(),
        }
    }

    pub(crate) fn read(file: &Path) -> Result<Self, Failure> {
        let named = |error: &dyn fmt::Display| format!("{}: {error}", file.display());
        let text = fs::read_to_string(file).map_err(|error| named(&error))?;
        Ok(serde_json::from_str(&text).map_err(|error| named(&error))?)
    }

    pub(crate) fn write(&self, file: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        let written = fs::write(file, text);
        written.map_err(|error| format!("{}: {error}", file.display()).into())
    }

    /// A figure that only one side has is worse, too: nothing falls out of sight.
    pub(crate) fn compare(&self, found: &[Figure], here: &Terms) -> Verdict {
        let mut verdict = Verdict {
            compared: found.len(),
            terms: self.terms.differences(here),
            ..Verdict::default()
        };
        for figure in found {
            match self.figures.get(&figure.name) {
                Some(before) => verdict.add(figure, *before),
                None => verdict
                    .worse
                    .push(format!("{}: not in the baseline", figure.name)),
            }
        }
        let is_found = |name: &String| found.iter().any(|figure| figure.name == *name);
        let gone = self.figures.keys().filter(|name| !is_found(name));
        let gone = gone.map(|name| format!("{name}: in the baseline, and not counted any more"));
        verdict.worse.extend(gone);
        verdict
    }
}

impl Terms {
    fn differences(&self, here: &Self) -> Vec<String> {
        let pairs = [
            (&self.processor, &here.processor),
            (&self.valgrind, &here.valgrind),
            (&self.libc, &here.libc),
            (&self.rustc, &here.rustc),
        ];
        let different = pairs.into_iter().filter(|(before, now)| before != now);
        different
            .map(|(before, now)| format!("{before}, here {now}"))
            .collect()
    }
}

impl Verdict {
    pub(crate) fn is_worse(&self) -> bool {
        !self.worse.is_empty()
    }

    fn add(&mut self, figure: &Figure, before: f64) {
        let percent = (figure.value - before) / before * 100.0;
        let told = format!(
            "{}: {before}, now {} ({percent:+.1} %)",
            figure.name, figure.value
        );
        match figure.kind {
            Kind::Exact if figure.value > before => {
                self.worse.push(format!("{told}, expected no more"));
            }
            Kind::About if percent > TOLERATED => {
                self.worse
                    .push(format!("{told}, expected at most {TOLERATED} % more"));
            }
            Kind::Exact if figure.value < before => self.better.push(told),
            Kind::About if percent < -TOLERATED => self.better.push(told),
            Kind::Exact | Kind::About => {}
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} figures compared with the baseline", self.compared)?;
        if self.is_worse() {
            writeln!(f, "\nworse:")?;
            lines(f, &self.worse)?;
            if !self.terms.is_empty() {
                writeln!(f, "\nthe baseline was made with something else:")?;
                lines(f, &self.terms)?;
            }
            writeln!(
                f,
                "\nto take this on: `{COMMAND}`, and commit benches/baseline.json"
            )?;
        }
        if !self.better.is_empty() {
            writeln!(f, "\nbetter:")?;
            lines(f, &self.better)?;
            writeln!(
                f,
                "\nso that it stays: `{COMMAND}`, and commit benches/baseline.json"
            )?;
        }
        Ok(())
    }
}

fn lines(f: &mut fmt::Formatter<'_>, lines: &[String]) -> fmt::Result {
    lines.iter().try_for_each(|line| writeln!(f, "  {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTRUCTIONS: &str = "instructions of a warm decision";
    const WRITES: &str = "writes of a decision";
    const UNITS: &str = "read units of a decision";
    const CRATES: &str = "crates";
    const OCTETS: &str = "octets of the package";

    fn figures() -> Vec<Figure> {
        let figure = |name, kind, value| Figure::new("a function", name, kind, value);
        vec![
            figure(INSTRUCTIONS, Kind::About, 1_000_000.0),
            figure(OCTETS, Kind::About, 4_000_000.0),
            figure(CRATES, Kind::About, 200.0),
            figure(WRITES, Kind::Exact, 0.0),
            figure(UNITS, Kind::Exact, 3.5),
        ]
    }

    fn terms() -> Terms {
        Terms {
            processor: "x86_64 with AVX2".to_owned(),
            valgrind: "valgrind-3.19.0".to_owned(),
            libc: "glibc 2.36".to_owned(),
            rustc: "rustc 1.95.0".to_owned(),
        }
    }

    /// With another value of one figure.
    fn with(name: &str, value: f64) -> Verdict {
        let mut found = figures();
        let changed = found.iter_mut().find(|figure| figure.name.ends_with(name));
        changed.unwrap().value = value;
        Baseline::of(terms(), figures()).compare(&found, &terms())
    }

    #[test]
    fn the_same_figures_are_neither_worse_nor_better() {
        let verdict = with(UNITS, 3.5);
        assert!(!verdict.is_worse());
        assert_eq!(
            verdict.to_string(),
            "5 figures compared with the baseline\n"
        );
    }

    #[test]
    fn each_figure_that_is_worse_fails() {
        for (name, value) in [
            (INSTRUCTIONS, 1_050_001.0),
            (OCTETS, 4_200_001.0),
            (CRATES, 211.0),
            (WRITES, 0.1),
            (UNITS, 4.0),
        ] {
            let verdict = with(name, value);
            assert!(verdict.is_worse(), "{name}");
            assert_eq!(verdict.worse.len(), 1, "{verdict}");
        }
    }

    #[test]
    fn what_is_worse_is_told_with_its_difference_and_the_way_to_take_it_on() {
        let told = with(INSTRUCTIONS, 1_100_000.0).to_string();
        assert!(
            told.contains(
                "a function: instructions of a warm decision: 1000000, now 1100000 (+10.0 %), expected at most 5 % more\n"
            ),
            "{told}"
        );
        assert!(told.contains("`make guard-baseline`, and commit benches/baseline.json"));
        let told = with(UNITS, 4.0).to_string();
        assert!(
            told.contains("3.5, now 4 (+14.3 %), expected no more\n"),
            "{told}"
        );
    }

    #[test]
    fn a_little_more_is_tolerated_of_what_varies() {
        assert!(!with(INSTRUCTIONS, 1_049_000.0).is_worse());
        assert!(!with(CRATES, 210.0).is_worse());
    }

    #[test]
    fn what_is_better_is_told_and_does_not_fail() {
        let verdict = with(INSTRUCTIONS, 900_000.0);
        assert!(!verdict.is_worse());
        let told = verdict.to_string();
        assert!(told.contains("better:\n  a function: instructions of a warm decision: 1000000, now 900000 (-10.0 %)\n"), "{told}");
        let verdict = with(UNITS, 3.0);
        assert!(!verdict.is_worse());
        assert!(verdict.to_string().contains("better:"));
    }

    #[test]
    fn a_figure_that_one_side_does_not_have_fails() {
        let whole = Baseline::of(terms(), figures());
        let mut found = figures();
        found.truncate(4);
        let told = whole.compare(&found, &terms());
        assert!(told.is_worse());
        assert!(
            told.to_string()
                .contains("read units of a decision: in the baseline, and not counted any more")
        );
        let part = Baseline::of(terms(), found);
        let told = part.compare(&figures(), &terms());
        assert!(told.is_worse());
        assert!(
            told.to_string()
                .contains("read units of a decision: not in the baseline")
        );
    }

    #[test]
    fn what_else_is_different_is_told_beside_what_is_worse() {
        let here = Terms {
            valgrind: "valgrind-3.24.0".to_owned(),
            ..terms()
        };
        let mut found = figures();
        for figure in &mut found {
            figure.value += 1e6;
        }
        let verdict = Baseline::of(terms(), figures()).compare(&found, &here);
        assert!(
            verdict
                .to_string()
                .contains("something else:\n  valgrind-3.19.0, here valgrind-3.24.0\n")
        );
    }

    #[test]
    fn a_baseline_reads_as_it_was_written() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("baseline.json");
        Baseline::of(terms(), figures()).write(&file).unwrap();
        let verdict = Baseline::read(&file).unwrap().compare(&figures(), &terms());
        assert!(!verdict.is_worse() && verdict.better.is_empty());
    }

    #[test]
    fn a_baseline_that_cannot_be_read_is_named() {
        let error = Baseline::read(Path::new("no/baseline.json")).unwrap_err();
        assert!(error.to_string().starts_with("no/baseline.json: "));
    }
}
