//! What people have changed on a day.

use std::{fmt::Display, sync::Arc};

use askama::Template;
use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

use super::{export::file, page, queue::said};
use crate::{
    app::audit::{Told, Wanted, told},
    console::{
        AUDIT, AUDIT_EXPORT, Console, REQUESTS,
        audit::{EXPORTED, PAGE},
        desk::Desk,
        problem::Problem,
        session::Session,
        texts::Texts,
    },
    domain::audit::{Changed, Record, RecordId, SettingAction, day},
    ports::audit_store::Page,
};

const COLUMNS: [&str; 13] = [
    "at", "by", "action", "request", "version", "kind", "matcher", "list", "from", "to", "reason",
    "about", "count",
];

/// The one action that is about a request.
const ERASE: SettingAction = SettingAction::RequestErase;

/// What somebody asks for in the address.
#[derive(Default, Deserialize)]
pub(in crate::console) struct Asked {
    day: Option<String>,
    by: Option<String>,
    after: Option<String>,
}

impl Asked {
    /// For programs, to whom it is told what is not understood.
    pub(in crate::console) fn strictly(self, now: Timestamp) -> Result<Wanted, String> {
        let place = self.after.as_deref();
        if place.is_some_and(|after| RecordId::parse(after).is_none()) {
            return Err("`after` is not understood".to_owned());
        }
        let wanted = self.wanted(now);
        wanted
            .map_err(|found| format!("`day`: found \"{found}\", expected a day such as 2026-11-22"))
    }

    /// Of today when no day is said. Fails with what should be a day and is none.
    fn wanted(self, now: Timestamp) -> Result<Wanted, String> {
        let day = match said(self.day) {
            None => day(now),
            Some(text) => text.parse().map_err(|_| text)?,
        };
        Ok(Wanted {
            day,
            by: said(self.by),
            after: self.after.as_deref().and_then(RecordId::parse),
        })
    }
}

pub(in crate::console) async fn audit(
    State(console): State<Arc<Console>>,
    Extension(t): Extension<&'static Texts>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let seated = console.seated(&headers).await?;
    let session = &seated.session;
    let approver = &session.approver;
    let now = console.clock.now();
    let wanted = match asked.wanted(now) {
        Ok(wanted) => wanted,
        Err(found) => {
            Desk::may_look_back(approver)?;
            let shown = AuditPage::of_no_day(t, session, &found);
            return seated.keep(page(StatusCode::BAD_REQUEST, &shown));
        }
    };
    let found = console.desk.look_back(approver, &wanted, PAGE).await?;
    let shown = AuditPage::new(t, session, &wanted, &found, day(now));
    seated.keep(page(StatusCode::OK, &shown))
}

/// The same as a file for spreadsheets, with a line for each change.
pub(in crate::console) async fn audit_export(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let seated = console.seated(&headers).await?;
    let wanted = asked.wanted(console.clock.now());
    let wanted = wanted.map_err(|_| Problem::BadForm)?;
    let approver = &seated.session.approver;
    let found = console.desk.look_back(approver, &wanted, EXPORTED).await?;
    let next = found.next.as_ref().map(|after| {
        let path = address(AUDIT_EXPORT, wanted.day, wanted.by.as_deref(), Some(after));
        format!("{}{path}", console.settings.origin)
    });
    let name = format!("audit-{}.csv", wanted.day);
    let rows = found.records.iter().flat_map(rows);
    seated.keep(file(&name, COLUMNS, rows, next)?)
}

fn rows(record: &Record) -> impl Iterator<Item = [String; 13]> {
    let changes = told(record).into_iter();
    changes.map(|change| cells(record, change))
}

fn cells(record: &Record, change: Told<'_>) -> [String; 13] {
    let text = |cell: Option<&str>| cell.unwrap_or_default().to_owned();
    let version = change.version.map(|version| version.to_string());
    let count = change.count.map(|count| count.to_string());
    [
        record.signature.at.to_string(),
        record.signature.by.clone(),
        change.action.to_owned(),
        text(change.request),
        version.unwrap_or_default(),
        text(change.kind),
        change.matcher.unwrap_or_default(),
        text(change.list),
        text(change.from),
        text(change.to),
        text(change.reason),
        text(change.about),
        count.unwrap_or_default(),
    ]
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct AuditPage<'p> {
    t: &'static Texts,
    session: Option<&'p Session>,
    title: String,
    /// What is said instead of a day's records.
    fault: Option<String>,
    day: String,
    by: &'p str,
    days: Vec<Link>,
    lines: Vec<Line<'p>>,
    /// Where the same records are as a file.
    export: Option<String>,
    /// Where the next ones are.
    next: Option<String>,
}

struct Link {
    name: String,
    address: String,
}

/// A record among others.
struct Line<'p> {
    at: String,
    by: &'p str,
    /// Where there is only what the same person did.
    of_person: String,
    changes: Vec<Change<'p>>,
    /// Stands for many changes until somebody wants to see them.
    summary: Option<String>,
}

/// A change as it is shown.
struct Change<'p> {
    did: String,
    about: String,
    /// Of the request.
    address: Option<String>,
    /// From what to what.
    became: String,
    reason: &'p str,
}

impl<'p> AuditPage<'p> {
    fn new(
        t: &'static Texts,
        session: &'p Session,
        wanted: &'p Wanted,
        found: &'p Page,
        today: Date,
    ) -> Self {
        let (day, by) = (wanted.day, wanted.by.as_deref());
        let next = found.next.as_ref();
        Self {
            t,
            session: Some(session),
            title: t.with("audit-title", &[("day", &day.to_string())]),
            fault: None,
            day: day.to_string(),
            by: by.unwrap_or_default(),
            days: beside(t, wanted, today),
            lines: found.records.iter().map(|one| line(t, one)).collect(),
            export: Some(address(AUDIT_EXPORT, day, by, None)),
            next: next.map(|after| address(AUDIT, day, by, Some(after))),
        }
    }

    fn of_no_day(t: &'static Texts, session: &'p Session, found: &str) -> Self {
        Self {
            t,
            session: Some(session),
            title: t.text("audit-name"),
            fault: Some(t.with("audit-no-day", &[("found", found)])),
            day: String::new(),
            by: "",
            days: Vec::new(),
            lines: Vec::new(),
            export: None,
            next: None,
        }
    }
}

/// The day before, and the one after unless it is still to come.
fn beside(t: &Texts, wanted: &Wanted, today: Date) -> Vec<Link> {
    let before = wanted.day.yesterday().ok();
    let after = wanted.day.tomorrow().ok().filter(|day| *day <= today);
    let link = |name: String, day: Date| Link {
        name,
        address: address(AUDIT, day, wanted.by.as_deref(), None),
    };
    let before = before.map(|day| {
        let name = t.with("audit-day-before", &[("day", &day.to_string())]);
        link(name, day)
    });
    let after = after.map(|day| {
        let name = t.with("audit-day-after", &[("day", &day.to_string())]);
        link(name, day)
    });
    before.into_iter().chain(after).collect()
}

fn line<'p>(t: &Texts, record: &'p Record) -> Line<'p> {
    let changes = told(record).into_iter();
    let changes: Vec<Change<'p>> = changes.map(|change| shown(t, change)).collect();
    let count = changes.len();
    let summary = (count > 1).then(|| summary(t, record, count));
    let by = &record.signature.by;
    Line {
        at: record.signature.at.strftime("%H:%M:%S UTC").to_string(),
        by,
        of_person: address(AUDIT, record.day(), Some(by), None),
        changes,
        summary,
    }
}

fn summary(t: &Texts, record: &Record, count: usize) -> String {
    let count = count.to_string();
    match &record.changed {
        Changed::Settings(_) => t.with("audit-many-settings", &[("count", &count)]),
        Changed::Request(_) | Changed::Entries(_) => t.with("audit-many", &[("count", &count)]),
    }
}

fn shown<'p>(t: &Texts, change: Told<'p>) -> Change<'p> {
    match (change.request, change.list) {
        (Some(request), _) => of_request(t, request, &change),
        (None, Some(list)) => of_entry(t, list, change),
        (None, None) => of_setting(t, &change),
    }
}

fn of_request<'p>(t: &Texts, request: &str, change: &Told<'p>) -> Change<'p> {
    let state = |name: Option<&str>| name.map(|name| t.text(&format!("state-{name}")));
    Change {
        did: t.text(&format!("did-{}", change.action)),
        about: t.with("audit-request", &[("id", request)]),
        address: Some(format!("{REQUESTS}{request}")),
        became: became(state(change.from), state(change.to)),
        reason: change.reason.unwrap_or_default(),
    }
}

fn of_entry<'p>(t: &Texts, list: &str, change: Told<'p>) -> Change<'p> {
    Change {
        did: t.with(&format!("audit-did-{}", change.action), &[("list", list)]),
        about: change.matcher.unwrap_or_default(),
        address: None,
        became: became(change.from, change.to),
        reason: change.reason.unwrap_or_default(),
    }
}

fn of_setting<'p>(t: &Texts, change: &Told<'p>) -> Change<'p> {
    let number = |id: &str, number: String| t.with(id, &[("number", &number)]);
    let version = change
        .version
        .map(|it| number("audit-version", it.to_string()));
    let count = change
        .count
        .map(|it| number("audit-number", it.to_string()));
    let parts = [change.about.map(str::to_owned), version, count];
    let request = change.about.filter(|_| change.action == ERASE.name());
    Change {
        did: t.setting(change.action),
        about: parts.into_iter().flatten().collect::<Vec<_>>().join(", "),
        address: request.map(|id| format!("{REQUESTS}{id}")),
        became: String::new(),
        reason: "",
    }
}

fn became<T: Display>(from: Option<T>, to: Option<T>) -> String {
    let known = from.into_iter().chain(to);
    let known: Vec<String> = known.map(|one| one.to_string()).collect();
    known.join(" → ")
}

fn address(path: &str, day: Date, by: Option<&str>, after: Option<&RecordId>) -> String {
    let parts = [("by", by), ("after", after.map(RecordId::as_str))];
    let parts = parts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("day", &day.to_string())
        .extend_pairs(parts)
        .finish();
    format!("{path}?{query}")
}
