//! `signupctl list import`

use jiff::Timestamp;
use shared::{
    app::lists::{Difference, Lists},
    domain::{
        audit::Signature,
        list::{ListEntry, Matcher},
    },
    ports::{
        StoreError,
        list_store::{Change, MAX_BATCH},
    },
};

use super::{change, content, place};
use crate::{
    args::ImportArguments,
    author::signature,
    exit::{Exit, Failure},
    import::{Job, Outcome, Target},
    output::Output,
    rows::{Entries, Rows},
};

pub(super) async fn run(
    arguments: &ImportArguments,
    lists: &Lists,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let job = Job {
        path: &arguments.file,
        dry_run: arguments.dry_run,
        target: &Entering {
            lists,
            signature: signature(&arguments.author, now)?,
        },
    };
    let list = arguments.list.clone();
    job.run(|file| Rows::new(file, Entries { list }), output)
        .await
}

struct Entering<'l> {
    lists: &'l Lists,
    signature: Signature,
}

impl Target for Entering<'_> {
    type Record = ListEntry;
    type Place = Matcher;

    const MAX_BATCH: usize = MAX_BATCH;

    fn place(entry: &ListEntry) -> Matcher {
        entry.matcher.clone()
    }

    async fn preview(&self, entries: &[ListEntry]) -> Result<Vec<Outcome>, StoreError> {
        Ok(outcomes(&self.lists.preview(&puts(entries)).await?))
    }

    async fn apply(&self, entries: &[ListEntry]) -> Result<Vec<Outcome>, StoreError> {
        let applied = self.lists.apply(&puts(entries), &self.signature).await?;
        Ok(outcomes(&applied))
    }
}

fn puts(entries: &[ListEntry]) -> Vec<Change> {
    entries.iter().cloned().map(Change::Put).collect()
}

fn outcomes(differences: &[Difference]) -> Vec<Outcome> {
    let differences = differences.iter();
    differences
        .filter_map(|difference| match difference {
            Difference::Added(entry) => {
                let told = format!("{}: {}", place(entry), content(entry));
                Some(Outcome::Added(told))
            }
            Difference::Changed { from, to } => {
                let told = format!("{}: {}", place(to), change(from, to));
                Some(Outcome::Changed(told))
            }
            Difference::Unchanged(_) => Some(Outcome::Unchanged),
            // No answer to a `Put`.
            Difference::Removed(_) | Difference::Absent { .. } => None,
        })
        .collect()
}
