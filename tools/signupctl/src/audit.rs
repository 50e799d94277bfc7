//! `signupctl audit`: what people have changed, and whether the chain of it is whole.

mod verify;

use jiff::Timestamp;
use serde::Serialize;
use shared::{
    app::audit::{Audit, Told, Wanted, told},
    domain::{
        audit::{Record, day},
        directory::ClaimsSubject,
    },
};

pub(crate) use self::verify::{Folder, run as verify};
use crate::{
    args::AuditArguments,
    exit::{Exit, Failure},
    output::{Output, Table, write_json},
};

/// Records that are read at once.
const PAGE: usize = 1000;

pub(crate) async fn run(
    arguments: &AuditArguments,
    audit: &Audit,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let day = arguments.day.unwrap_or_else(|| day(now));
    let wanted = Wanted {
        day,
        by: arguments.by.clone(),
        after: None,
    };
    let records = all(audit, wanted).await?;
    let about = arguments.about.as_deref().map(About::new);
    let lines = records.iter().flat_map(lines);
    let lines = lines.filter(|line| about.as_ref().is_none_or(|about| about.is(&line.change)));
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        writeln!(output.notes, "nobody changed anything on {day}")?;
    } else if arguments.json {
        for line in lines {
            write_json(&line, output.results)?;
        }
    } else {
        let mut table = Table::new([
            "AT", "BY", "ACTION", "ABOUT", "LIST", "FROM", "TO", "REASON",
        ]);
        for line in lines {
            table.push(line.row());
        }
        table.write(output.results)?;
    }
    Ok(Exit::Done)
}

/// The records of a day, the newest first.
async fn all(audit: &Audit, mut wanted: Wanted) -> Result<Vec<Record>, Failure> {
    let mut records = Vec::new();
    loop {
        let page = audit.page(&wanted, PAGE).await?;
        records.extend(page.records);
        wanted.after = page.next;
        if wanted.after.is_none() {
            return Ok(records);
        }
    }
}

/// What somebody asks about.
struct About<'a> {
    text: &'a str,
    /// What records have in place of a person with claims.
    fingerprint: Option<String>,
}

impl<'a> About<'a> {
    fn new(text: &'a str) -> Self {
        let subject = ClaimsSubject::parse(text).ok();
        Self {
            text,
            fingerprint: subject.map(|subject| subject.fingerprint()),
        }
    }

    fn is(&self, change: &Told<'_>) -> bool {
        let named = [change.request, change.matcher.as_deref(), change.about];
        let is_it = |name: &str| name == self.text || Some(name) == self.fingerprint.as_deref();
        named.into_iter().flatten().any(is_it)
    }
}

#[derive(Serialize)]
struct Line<'r> {
    at: Timestamp,
    by: &'r str,
    #[serde(flatten)]
    change: Told<'r>,
}

fn lines(record: &Record) -> impl Iterator<Item = Line<'_>> {
    told(record).into_iter().map(|change| Line {
        at: record.signature.at,
        by: &record.signature.by,
        change,
    })
}

impl Line<'_> {
    fn row(self) -> [String; 8] {
        let text = |cell: Option<&str>| cell.unwrap_or_default().to_owned();
        let change = self.change;
        let about = about(&change);
        [
            self.at.to_string(),
            self.by.to_owned(),
            change.action.to_owned(),
            about,
            text(change.list),
            text(change.from),
            text(change.to),
            text(change.reason),
        ]
    }
}

/// What a change is about, in a cell.
fn about(change: &Told<'_>) -> String {
    let version = change.version.filter(|_| change.request.is_none());
    let parts = [
        change.matcher.clone(),
        change.request.map(str::to_owned),
        change.about.map(str::to_owned),
        version.map(|version| format!("version {version}")),
        change.count.map(|count| format!("number {count}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
