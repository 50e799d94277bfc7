//! `signupctl list import`: a file of any size, row by row.
//!
//! Rows go to the table in batches, several at a time. Two batches with a matcher in common never run
//! at once, and within a batch rows are applied in their order, so of two rows for the same place the
//! later one stands. That takes no more memory than the batches on their way, and batches end in the
//! order of the file, so after a failure it is known from which line on rows may be missing.

use std::{
    collections::{HashSet, VecDeque},
    fs::File,
    io::{self, BufReader, Read, stdin},
    ops::RangeInclusive,
    path::Path,
    time::Duration,
};

use futures_util::{
    future::{FutureExt, LocalBoxFuture},
    stream::{FuturesOrdered, StreamExt},
};
use indicatif::{ProgressBar, ProgressStyle};
use shared::{
    app::lists::{Difference, Lists},
    domain::list::{ListEntry, Matcher},
    ports::{
        StoreError,
        list_store::{Change, MAX_BATCH},
    },
};

use super::{change, content, place};
use crate::{
    args::ImportArguments,
    exit::{Exit, Failure},
    output::Output,
    rows::{Fault, Row, Rows, Unreadable},
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

pub(super) async fn run(
    arguments: &ImportArguments,
    lists: &Lists,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let name = arguments.file.display().to_string();
    let unreadable = |reason| cannot_read(&name, reason);
    let (file, size) = open(&arguments.file).map_err(|error| unreadable(Unreadable::Io(error)))?;
    let mut rows = Rows::new(file, arguments.list.clone()).map_err(unreadable)?;
    let mut import = Import {
        lists,
        name: &name,
        dry_run: arguments.dry_run,
        bar: bar(size),
        output,
        batch: Batch::default(),
        running: FuturesOrdered::new(),
        matchers: VecDeque::new(),
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

/// The file, and its size where it has one.
fn open(path: &Path) -> io::Result<(Box<dyn Read>, Option<u64>)> {
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
#[derive(Default)]
struct Batch {
    changes: Vec<Change>,
    matchers: HashSet<Matcher>,
    lines: Option<RangeInclusive<u64>>,
}

/// Applies a batch, and keeps trying while the table is only too busy.
async fn apply(lists: &Lists, changes: &[Change]) -> Result<Vec<Difference>, StoreError> {
    for pause in PAUSES {
        match lists.apply(changes).await {
            // A transaction that is throttled ends like one that somebody else was faster than.
            Err(StoreError::Throttled | StoreError::Conflict | StoreError::TimedOut) => {
                tokio::time::sleep(pause).await;
            }
            ended => return ended,
        }
    }
    lists.apply(changes).await
}

/// A batch that has ended: its lines, and what it did.
type Ended = (RangeInclusive<u64>, Result<Vec<Difference>, StoreError>);

#[derive(Default)]
struct Tally {
    added: u64,
    changed: u64,
    unchanged: u64,
    bad: u64,
}

struct Import<'i, 'o> {
    lists: &'i Lists,
    name: &'i str,
    dry_run: bool,
    bar: ProgressBar,
    output: &'i mut Output<'o>,
    batch: Batch,
    running: FuturesOrdered<LocalBoxFuture<'i, Ended>>,
    /// The matchers of each running batch, the oldest first.
    matchers: VecDeque<HashSet<Matcher>>,
    tally: Tally,
}

impl Import<'_, '_> {
    async fn add(&mut self, line: u64, entry: ListEntry) -> Result<(), Failure> {
        let first = self
            .batch
            .lines
            .as_ref()
            .map_or(line, |lines| *lines.start());
        self.batch.lines = Some(first..=line);
        self.batch.matchers.insert(entry.matcher.clone());
        self.batch.changes.push(Change::Put(entry));
        if self.batch.changes.len() == MAX_BATCH {
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

    /// Sends the batch off as soon as there is room and no other with a matcher of it is running.
    async fn start(&mut self) -> Result<(), Failure> {
        let Batch {
            changes,
            matchers,
            lines,
        } = std::mem::take(&mut self.batch);
        let Some(lines) = lines else {
            return Ok(());
        };
        while self.matchers.len() >= MAX_RUNNING
            || self
                .matchers
                .iter()
                .any(|running| !running.is_disjoint(&matchers))
        {
            self.end_oldest().await?;
        }
        let (lists, dry_run) = (self.lists, self.dry_run);
        self.matchers.push_back(matchers);
        self.running.push_back(
            async move {
                let differences = if dry_run {
                    lists.preview(&changes).await
                } else {
                    apply(lists, &changes).await
                };
                (lines, differences)
            }
            .boxed_local(),
        );
        Ok(())
    }

    async fn end_oldest(&mut self) -> Result<(), Failure> {
        self.matchers.pop_front();
        let Some((lines, differences)) = self.running.next().await else {
            return Ok(());
        };
        let differences = differences.map_err(|error| self.stopped(&lines, &error))?;
        self.count(&differences);
        if self.dry_run {
            self.print(&differences)?;
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

    fn count(&mut self, differences: &[Difference]) {
        for difference in differences {
            match difference {
                Difference::Added(_) => self.tally.added += 1,
                Difference::Changed { .. } => self.tally.changed += 1,
                Difference::Unchanged(_) => self.tally.unchanged += 1,
                // No answer to a `Put`.
                Difference::Removed(_) | Difference::Absent { .. } => {}
            }
        }
    }

    fn print(&mut self, differences: &[Difference]) -> Result<(), Failure> {
        let Self { bar, output, .. } = self;
        bar.suspend(|| {
            for difference in differences {
                match difference {
                    Difference::Added(entry) => {
                        writeln!(output.results, "+ {}: {}", place(entry), content(entry))?;
                    }
                    Difference::Changed { from, to } => {
                        writeln!(output.results, "~ {}: {}", place(to), change(from, to))?;
                    }
                    _ => {}
                }
            }
            Ok(())
        })
    }

    async fn finish(mut self) -> Result<Exit, Failure> {
        self.start().await?;
        while !self.matchers.is_empty() {
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
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use async_trait::async_trait;
    use shared::{
        domain::list::{Effect, ListName},
        ports::list_store::{Cursor, ListStore, Page},
    };

    use super::*;

    /// An empty table that throttles so many writes.
    struct Busy(AtomicUsize);

    #[async_trait]
    impl ListStore for Busy {
        async fn find(&self, _: &[Matcher]) -> Result<Vec<ListEntry>, StoreError> {
            Ok(Vec::new())
        }

        async fn apply(&self, _: &[Change]) -> Result<(), StoreError> {
            let left = |left: usize| left.checked_sub(1);
            match self
                .0
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left)
            {
                Ok(_) => Err(StoreError::Throttled),
                Err(_) => Ok(()),
            }
        }

        async fn part(&self, _: u8, _: Option<Cursor>) -> Result<Page, StoreError> {
            Ok(Page {
                entries: Vec::new(),
                next: None,
            })
        }
    }

    async fn applied(throttled: usize) -> Result<Vec<Difference>, StoreError> {
        let lists = Lists::new(Arc::new(Busy(AtomicUsize::new(throttled))));
        let entry = ListEntry {
            matcher: Matcher::parse("example.com").unwrap(),
            list: ListName::parse("default").unwrap(),
            effect: Effect::Deny,
            reason: String::new(),
            owner: String::new(),
            expires_at: None,
        };
        apply(&lists, &[Change::Put(entry)]).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_waits_for_a_busy_table_but_not_for_ever() {
        let patience = PAUSES.len();
        assert!(matches!(
            applied(patience).await.unwrap()[..],
            [Difference::Added(_)]
        ));
        assert!(matches!(
            applied(patience + 1).await,
            Err(StoreError::Throttled)
        ));
    }
}
