//! What the directory and the sets of values have in common.

use jiff::Timestamp;
use shared::{
    app::collections::{Collection, Difference, MAX_BATCH, Place},
    domain::audit::Signature,
    ports::StoreError,
};

use crate::{
    args::ImportFile,
    author::signature,
    exit::{Exit, Failure},
    import::{Job, Outcome, Target},
    output::Output,
    rows::{Form, JsonForm, Lines, Rows},
};

/// Records in the words of messages.
pub(crate) trait Told: Collection {
    /// Which one it is.
    fn name(record: &Self::Record) -> String;

    /// What it says, in one line.
    fn content(record: &Self::Record) -> String;

    /// What became different, in one line.
    fn change(from: &Self::Record, to: &Self::Record) -> String;
}

/// Loads a file in either form.
pub(crate) async fn import<C, F>(
    file: &ImportFile,
    collection: &C,
    form: F,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure>
where
    C: Told,
    F: Form<Record = C::Record> + JsonForm<Record = C::Record>,
{
    let job = Job {
        path: &file.file,
        dry_run: file.dry_run,
        target: &Loading {
            collection,
            signature: signature(&file.author, now)?,
        },
    };
    if file.is_json() {
        job.run(|file| Ok(Lines::new(file, form)), output).await
    } else {
        job.run(|file| Rows::new(file, form), output).await
    }
}

/// Hands every record on as it is read, so that memory does not grow with the collection.
pub(crate) async fn each<C: Collection>(
    collection: &C,
    mut take: impl FnMut(C::Record) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut place = Some(Place::default());
    while let Some(here) = place {
        let (records, next) = collection.page(here).await?;
        records.into_iter().try_for_each(&mut take)?;
        place = next;
    }
    Ok(())
}

/// Applies a batch and gives each difference in words.
pub(crate) async fn tell_applied<C: Told>(
    collection: &C,
    records: &[C::Record],
    signature: &Signature,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    for difference in collection.apply(records, signature).await? {
        match difference {
            Difference::Added(record) => {
                let (name, content) = (C::name(&record), C::content(&record));
                writeln!(output.results, "added {name}: {content}")?;
            }
            Difference::Changed { from, to } => {
                let (name, change) = (C::name(&to), C::change(&from, &to));
                writeln!(output.results, "changed {name}: {change}")?;
            }
            Difference::Unchanged(record) => {
                let (name, content) = (C::name(&record), C::content(&record));
                writeln!(output.results, "unchanged {name}: {content}")?;
            }
        }
    }
    Ok(())
}

struct Loading<'c, C> {
    collection: &'c C,
    signature: Signature,
}

impl<C: Told> Target for Loading<'_, C> {
    type Record = C::Record;
    type Place = C::Key;

    const MAX_BATCH: usize = MAX_BATCH;

    fn place(record: &C::Record) -> C::Key {
        C::key(record)
    }

    async fn preview(&self, records: &[C::Record]) -> Result<Vec<Outcome>, StoreError> {
        Ok(outcomes::<C>(&self.collection.preview(records).await?))
    }

    async fn apply(&self, records: &[C::Record]) -> Result<Vec<Outcome>, StoreError> {
        let applied = self.collection.apply(records, &self.signature).await?;
        Ok(outcomes::<C>(&applied))
    }
}

fn outcomes<C: Told>(differences: &[Difference<C::Record>]) -> Vec<Outcome> {
    let differences = differences.iter();
    differences
        .map(|difference| match difference {
            Difference::Added(record) => {
                let (name, content) = (C::name(record), C::content(record));
                Outcome::Added(format!("{name}: {content}"))
            }
            Difference::Changed { from, to } => {
                let (name, change) = (C::name(to), C::change(from, to));
                Outcome::Changed(format!("{name}: {change}"))
            }
            Difference::Unchanged(_) => Outcome::Unchanged,
        })
        .collect()
}
