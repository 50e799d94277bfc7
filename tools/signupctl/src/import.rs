//! Importing a file of any size, row by row.
//!
//! Rows go to the table in batches, several at a time. Two batches with a place in common never run
//! at once, and within a batch rows are applied in their order, so of two rows for the same place the
//! later one stands. That takes no more memory than the batches on their way, and batches end in the
//! order of the file, so after a failure it is known from which line on rows may be missing.

use std::{
    collections::{HashSet, VecDeque},
    fs::File,
    hash::Hash,
    io::{self, BufRead, BufReader, stdin},
    ops::RangeInclusive,
    path::Path,
    time::Duration,
};

use futures_util::{
    future::{FutureExt, LocalBoxFuture},
    stream::{FuturesOrdered, StreamExt},
};
use indicatif::{ProgressBar, ProgressStyle};
use shared::ports::StoreError;

use crate::{
    exit::{Exit, Failure},
    output::Output,
    rows::{Fault, Row, Source, Unreadable},
};

/// Batches on their way at once: as much as a young table on demand takes.
const MAX_RUNNING: usize = 4;

/// Waits before a batch is tried again that was throttled: on demand, a table grows with the load.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// Where rows go.
pub(crate) trait Target {
    type Record;
    /// What a row changes: of two rows with the same place, the later one stands.
    type Place: Eq + Hash;

    /// Most records of a batch.
    const MAX_BATCH: usize;

    fn place(record: &Self::Record) -> Self::Place;

    /// What a batch would do, row by row.
    async fn preview(&self, batch: &[Self::Record]) -> Result<Vec<Outcome>, StoreError>;

    /// Does it. The same again changes nothing.
    async fn apply(&self, batch: &[Self::Record]) -> Result<Vec<Outcome>, StoreError>;
}

/// What a row does, with words for a dry run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Added(String),
    Changed(String),
    Unchanged,
}

/// A file on its way into the table.
pub(crate) struct Job<'j, T> {
    pub(crate) path: &'j Path,
    pub(crate) dry_run: bool,
    pub(crate) target: &'j T,
}

/// What a file is read from.
pub(crate) type InputFile = Box<dyn BufRead>;

impl<T: Target> Job<'_, T> {
    /// Imports the rows that `read` makes of the file.
    pub(crate) async fn run<S: Source<T::Record>>(
        self,
        read: impl FnOnce(InputFile) -> Result<S, Unreadable>,
        output: &mut Output<'_>,
    ) -> Result<Exit, Failure> {
        let name = self.path.display().to_string();
        let unreadable = |reason| cannot_read(&name, reason);
        let (file, size) = open(self.path).map_err(|error| unreadable(Unreadable::Io(error)))?;
        let mut rows = read(file).map_err(unreadable)?;
        let mut import = Import {
            target: self.target,
            name: &name,
            dry_run: self.dry_run,
            bar: bar(size),
            output,
            batch: Batch::default(),
            running: FuturesOrdered::new(),
            places: VecDeque::new(),
            tally: Tally::default(),
        };
        while let Some(row) = rows.next().map_err(unreadable)? {
            match row {
                Row::Entry { line, entry } => import.add(line, entry).await?,
                Row::Bad(faults) => import.refuse(&faults)?,
            }
            import.bar.set_position(rows.octets());
        }
        import.finish().await
    }
}

/// The file, and its size where it has one.
fn open(path: &Path) -> io::Result<(InputFile, Option<u64>)> {
    if path == Path::new("-") {
        return Ok((Box::new(stdin().lock()), None));
    }
    let file = File::open(path)?;
    let size = file.metadata()?;
    let size = size.is_file().then_some(size.len());
    Ok((Box::new(BufReader::new(file)), size))
}

fn cannot_read(name: &str, reason: Unreadable) -> Failure {
    Failure::Told(match reason {
        Unreadable::Io(error) => format!("{name}: cannot be read: {error}"),
        Unreadable::Header(faults) => {
            let told: Vec<String> = faults
                .iter()
                .map(|fault| format!("{name}:{fault}"))
                .collect();
            told.join("\n")
        }
    })
}

/// Seen on a terminal only; `indicatif` looks.
fn bar(size: Option<u64>) -> ProgressBar {
    let (bar, template) = match size {
        Some(size) => (
            ProgressBar::new(size),
            "{bar:40} {bytes}/{total_bytes}, {eta} left",
        ),
        None => (ProgressBar::no_length(), "{bytes}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Rows that go to the table together.
struct Batch<T: Target> {
    records: Vec<T::Record>,
    places: HashSet<T::Place>,
    lines: Option<RangeInclusive<u64>>,
}

impl<T: Target> Default for Batch<T> {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            places: HashSet::new(),
            lines: None,
        }
    }
}

/// Applies a batch, and keeps trying while the table is only too busy.
async fn apply<T: Target>(target: &T, batch: &[T::Record]) -> Result<Vec<Outcome>, StoreError> {
    for pause in PAUSES {
        match target.apply(batch).await {
            // A transaction that is throttled ends like one that somebody else was faster than.
            Err(StoreError::Throttled | StoreError::Conflict | StoreError::TimedOut) => {
                tokio::time::sleep(pause).await;
            }
            ended => return ended,
        }
    }
    target.apply(batch).await
}

/// A batch that has ended: its lines, and what it did.
type Ended = (RangeInclusive<u64>, Result<Vec<Outcome>, StoreError>);

#[derive(Default)]
struct Tally {
    added: u64,
    changed: u64,
    unchanged: u64,
    bad: u64,
}

struct Import<'i, 'o, T: Target> {
    target: &'i T,
    name: &'i str,
    dry_run: bool,
    bar: ProgressBar,
    output: &'i mut Output<'o>,
    batch: Batch<T>,
    running: FuturesOrdered<LocalBoxFuture<'i, Ended>>,
    /// The places of each running batch, the oldest first.
    places: VecDeque<HashSet<T::Place>>,
    tally: Tally,
}

impl<'i, T: Target> Import<'i, '_, T>
where
    T::Record: 'i,
{
    async fn add(&mut self, line: u64, record: T::Record) -> Result<(), Failure> {
        let first = self
            .batch
            .lines
            .as_ref()
            .map_or(line, |lines| *lines.start());
        self.batch.lines = Some(first..=line);
        self.batch.places.insert(T::place(&record));
        self.batch.records.push(record);
        if self.batch.records.len() == T::MAX_BATCH {
            self.start().await?;
        }
        Ok(())
    }

    fn refuse(&mut self, faults: &[Fault]) -> Result<(), Failure> {
        self.tally.bad += 1;
        let Self {
            bar, output, name, ..
        } = self;
        bar.suspend(|| {
            for fault in faults {
                writeln!(output.notes, "{name}:{fault}")?;
            }
            Ok(())
        })
    }

    /// Sends the batch off as soon as there is room and no other with a place of it is running.
    async fn start(&mut self) -> Result<(), Failure> {
        let Batch {
            records,
            places,
            lines,
        } = std::mem::take(&mut self.batch);
        let Some(lines) = lines else {
            return Ok(());
        };
        while self.places.len() >= MAX_RUNNING
            || self
                .places
                .iter()
                .any(|running| !running.is_disjoint(&places))
        {
            self.end_oldest().await?;
        }
        let (target, dry_run) = (self.target, self.dry_run);
        self.places.push_back(places);
        self.running.push_back(
            async move {
                let outcomes = if dry_run {
                    target.preview(&records).await
                } else {
                    apply(target, &records).await
                };
                (lines, outcomes)
            }
            .boxed_local(),
        );
        Ok(())
    }

    async fn end_oldest(&mut self) -> Result<(), Failure> {
        self.places.pop_front();
        let Some((lines, outcomes)) = self.running.next().await else {
            return Ok(());
        };
        let outcomes = outcomes.map_err(|error| self.stopped(&lines, &error))?;
        self.count(&outcomes);
        if self.dry_run {
            self.print(&outcomes)?;
        }
        Ok(())
    }

    fn stopped(&self, lines: &RangeInclusive<u64>, error: &StoreError) -> Failure {
        let (name, first, last) = (self.name, lines.start(), lines.end());
        Failure::Told(if self.dry_run {
            format!("{name}: lines {first} to {last} could not be compared with the table: {error}")
        } else {
            format!(
                "{name}: lines {first} to {last} could not be imported: {error}. The good rows \
                 before line {first} are in the table. Run the import again: what is there already is \
                 left as it is"
            )
        })
    }

    fn count(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            match outcome {
                Outcome::Added(_) => self.tally.added += 1,
                Outcome::Changed(_) => self.tally.changed += 1,
                Outcome::Unchanged => self.tally.unchanged += 1,
            }
        }
    }

    fn print(&mut self, outcomes: &[Outcome]) -> Result<(), Failure> {
        let Self { bar, output, .. } = self;
        bar.suspend(|| {
            for outcome in outcomes {
                match outcome {
                    Outcome::Added(told) => writeln!(output.results, "+ {told}")?,
                    Outcome::Changed(told) => writeln!(output.results, "~ {told}")?,
                    Outcome::Unchanged => {}
                }
            }
            Ok(())
        })
    }

    async fn finish(mut self) -> Result<Exit, Failure> {
        self.start().await?;
        while !self.places.is_empty() {
            self.end_oldest().await?;
        }
        self.bar.finish_and_clear();
        let Tally {
            added,
            changed,
            unchanged,
            bad,
        } = self.tally;
        let (name, results) = (self.name, &mut self.output.results);
        let counts = format!("{added} added, {changed} changed, {unchanged} unchanged, {bad} bad");
        if self.dry_run {
            writeln!(results, "{name}: {counts}; a dry run, nothing was written")?;
        } else {
            writeln!(results, "{name}: {counts}")?;
        }
        Ok(if bad == 0 { Exit::Done } else { Exit::BadRows })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// An empty table that throttles so many writes.
    struct Busy(Cell<usize>);

    impl Target for Busy {
        type Record = ();
        type Place = ();

        const MAX_BATCH: usize = 1;

        fn place((): &()) {}

        async fn preview(&self, _: &[()]) -> Result<Vec<Outcome>, StoreError> {
            Ok(Vec::new())
        }

        async fn apply(&self, _: &[()]) -> Result<Vec<Outcome>, StoreError> {
            match self.0.get().checked_sub(1) {
                Some(left) => {
                    self.0.set(left);
                    Err(StoreError::Throttled)
                }
                None => Ok(vec![Outcome::Unchanged]),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_waits_for_a_busy_table_but_not_for_ever() {
        let patience = PAUSES.len();
        let busy = |writes| Busy(Cell::new(writes));
        let applied = apply(&busy(patience), &[()]).await.unwrap();
        assert_eq!(applied, [Outcome::Unchanged]);
        assert!(matches!(
            apply(&busy(patience + 1), &[()]).await,
            Err(StoreError::Throttled)
        ));
    }
}
