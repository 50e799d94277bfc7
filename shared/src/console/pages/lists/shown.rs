//! The pages of the lists, and what they say of entries.

use askama::Template;
use axum::http::StatusCode;
use jiff::Timestamp;

use super::form::{EXPIRE, EntryForm, REMOVE};
use crate::{
    app::{
        lists::{Bookmark, Difference},
        requests::Matched,
    },
    console::{
        desk::{EntryFilter, EntryPreview, PAGE, Seen},
        pages::{
            address, moment,
            queue::{Choice, choices},
        },
        session::Session,
        texts::Texts,
    },
    domain::{
        approval::{ApprovalRequest, State},
        list::{Effect, ListEntry, Matcher},
    },
};

/// Where an entry says nothing.
const NOTHING: &str = "–";

/// What somebody looks at, and what they have typed so far.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) filter: EntryFilter,
    /// What they look up.
    sought: String,
    /// For an entry of theirs.
    typed: EntryForm,
    /// Texts of what is not understood.
    faults: Vec<&'static str>,
}

impl Listed {
    pub(super) fn filtered(filter: EntryFilter) -> Self {
        Self {
            filter,
            ..Self::default()
        }
    }

    pub(super) fn sought(sought: String, matcher: &Matcher) -> Self {
        let typed = EntryForm {
            matcher: matcher.to_string(),
            ..EntryForm::default()
        };
        Self {
            sought,
            typed,
            ..Self::default()
        }
    }

    pub(super) fn sought_in_vain(sought: String) -> Self {
        Self {
            sought,
            faults: vec!["fault-matcher"],
            ..Self::default()
        }
    }

    pub(super) fn typed(typed: EntryForm, faults: Vec<&'static str>) -> Self {
        Self {
            typed,
            faults,
            ..Self::default()
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        if self.faults.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::BAD_REQUEST
        }
    }
}

#[derive(Template)]
#[template(path = "console/lists/lists.html")]
pub(super) struct ListsPage<'p> {
    t: &'static Texts,
    session: Option<&'p Session>,
    title: String,
    faults: Vec<String>,
    sought: String,
    list: String,
    /// Of the filter.
    effects: Vec<Offered>,
    entries: Vec<Line>,
    /// Where to go on.
    after: Option<String>,
    typed: EntryForm,
    /// Of an entry that is typed.
    typed_effects: Vec<Offered>,
}

/// An effect that can be chosen.
struct Offered {
    name: &'static str,
    text: String,
    is_chosen: bool,
}

/// An entry among others.
struct Line {
    matcher: String,
    list: String,
    fields: Vec<Field>,
    /// What can be done with it.
    actions: Vec<Choice>,
}

/// Something that an entry says.
struct Field {
    name: String,
    /// What it said before, if that is another thing.
    before: Option<String>,
    value: String,
}

impl<'p> ListsPage<'p> {
    pub(super) fn new(
        t: &'static Texts,
        session: &'p Session,
        entries: &[ListEntry],
        next: Option<Bookmark>,
        listed: Listed,
        now: Timestamp,
    ) -> Self {
        let Listed {
            filter,
            sought,
            typed,
            faults,
        } = listed;
        let filtered = filter.effect.map(Effect::name).unwrap_or_default();
        Self {
            t,
            session: Some(session),
            title: t.text("lists-title"),
            faults: faults.into_iter().map(|fault| t.text(fault)).collect(),
            sought,
            list: filter.list.unwrap_or_default(),
            effects: offered(t, filtered),
            entries: entries.iter().map(|entry| line(t, entry, now)).collect(),
            after: next.map(|next| next.to_string()),
            typed_effects: offered(t, &typed.effect),
            typed,
        }
    }
}

#[derive(Template)]
#[template(path = "console/lists/preview.html")]
pub(super) struct PreviewPage<'p> {
    t: &'static Texts,
    session: Option<&'p Session>,
    title: String,
    is_overtaken: bool,
    sentence: String,
    fields: Vec<Field>,
    /// Whether there is something to confirm.
    is_change: bool,
    form: &'p EntryForm,
    seen: String,
    matched: Matches,
}

impl<'p> PreviewPage<'p> {
    pub(super) fn new(
        t: &'static Texts,
        session: &'p Session,
        form: &'p EntryForm,
        preview: &EntryPreview,
        now: Timestamp,
    ) -> Self {
        let EntryPreview {
            difference,
            matched,
        } = preview;
        let would = match difference {
            Difference::Added(_) => Some("would-add"),
            Difference::Changed { .. } => Some("would-change"),
            Difference::Removed(_) => Some("would-remove"),
            Difference::Unchanged(_) | Difference::Absent { .. } => None,
        };
        Self {
            t,
            session: Some(session),
            title: t.text("entry-preview-title"),
            is_overtaken: false,
            sentence: would.map_or_else(|| became(t, difference), |id| t.text(id)),
            fields: compared(t, difference, now),
            is_change: would.is_some(),
            form,
            seen: preview.seen(),
            matched: Matches::new(t, matched),
        }
    }

    /// After a confirmation of something else.
    pub(super) fn overtaken(self) -> Self {
        Self {
            is_overtaken: true,
            ..self
        }
    }
}

#[derive(Template)]
#[template(path = "console/lists/changed.html")]
pub(super) struct ChangedPage<'p> {
    t: &'static Texts,
    session: Option<&'p Session>,
    title: String,
    sentence: String,
    fields: Vec<Field>,
    matched: Matches,
    /// What can be decided about those that are selected.
    choices: Vec<Choice>,
}

impl<'p> ChangedPage<'p> {
    pub(super) fn new(
        t: &'static Texts,
        session: &'p Session,
        preview: &EntryPreview,
        now: Timestamp,
    ) -> Self {
        Self {
            t,
            session: Some(session),
            title: t.text("entry-changed-title"),
            sentence: became(t, &preview.difference),
            fields: compared(t, &preview.difference, now),
            matched: Matches::new(t, &preview.matched),
            choices: choices(t, State::Pending),
        }
    }
}

/// The requests that wait and that an entry is about.
struct Matches {
    lines: Vec<Match>,
    /// Whether there may be others.
    is_part: bool,
}

struct Match {
    id: String,
    address: String,
    /// What the box that selects it stands for, and is called.
    value: String,
    choose: String,
    domain: String,
    since: String,
}

impl Matches {
    /// As many as can be decided about at once.
    fn new(t: &Texts, matched: &Matched) -> Self {
        let Matched { requests, is_part } = matched;
        let lines = requests.iter().take(PAGE);
        let lines = lines.map(|request| one_match(t, request));
        Self {
            lines: lines.collect(),
            is_part: *is_part || requests.len() > PAGE,
        }
    }
}

fn one_match(t: &Texts, request: &ApprovalRequest) -> Match {
    let seen = Seen {
        id: request.id.clone(),
        version: request.version,
    };
    let id = request.id.to_string();
    Match {
        choose: t.with("choose", &[("who", &id)]),
        id,
        address: address(&request.id),
        value: seen.value(),
        domain: request.domain.clone().unwrap_or_default(),
        since: moment(request.waits_since()),
    }
}

fn offered(t: &Texts, chosen: &str) -> Vec<Offered> {
    let offered = Effect::ALL.into_iter().map(|effect| Offered {
        name: effect.name(),
        text: t.effect(effect),
        is_chosen: effect.name() == chosen,
    });
    offered.collect()
}

fn line(t: &Texts, entry: &ListEntry, now: Timestamp) -> Line {
    let fields = fields(t, entry, now).into_iter();
    let expire = entry.is_active(now).then(|| Choice {
        action: EXPIRE,
        name: t.text("expire-entry"),
    });
    let remove = Choice {
        action: REMOVE,
        name: t.text("remove-entry"),
    };
    Line {
        matcher: entry.matcher.to_string(),
        list: entry.list.to_string(),
        // The matcher is the heading.
        fields: fields
            .skip(1)
            .map(|(name, value)| Field::new(name, value))
            .collect(),
        actions: expire.into_iter().chain([remove]).collect(),
    }
}

/// What was done, or why nothing is.
fn became(t: &Texts, difference: &Difference) -> String {
    t.text(match difference {
        Difference::Added(_) => "was-added",
        Difference::Changed { .. } => "was-changed",
        Difference::Removed(_) => "was-removed",
        Difference::Unchanged(_) => "was-like-that",
        Difference::Absent { .. } => "was-not-there",
    })
}

/// Everything that an entry says, and what it said before.
fn compared(t: &Texts, difference: &Difference, now: Timestamp) -> Vec<Field> {
    match difference {
        Difference::Added(entry) | Difference::Removed(entry) | Difference::Unchanged(entry) => {
            let fields = fields(t, entry, now).into_iter();
            fields
                .map(|(name, value)| Field::new(name, value))
                .collect()
        }
        Difference::Changed { from, to } => {
            let before = fields(t, from, now).into_iter();
            let pairs = before.zip(fields(t, to, now));
            let fields = pairs.map(|((name, before), (_, value))| Field {
                before: (before != value).then_some(before),
                ..Field::new(name, value)
            });
            fields.collect()
        }
        Difference::Absent { matcher, list } => vec![
            Field::new(t.text("matcher"), matcher.to_string()),
            Field::new(t.text("entry-list"), list.to_string()),
        ],
    }
}

/// What an entry says, its matcher first.
fn fields(t: &Texts, entry: &ListEntry, now: Timestamp) -> [(String, String); 7] {
    let said = |text: &str| if text.is_empty() { NOTHING } else { text }.to_owned();
    [
        (t.text("matcher"), entry.matcher.to_string()),
        (t.text("entry-kind"), t.matcher(entry.matcher.kind())),
        (t.text("entry-list"), entry.list.to_string()),
        (t.text("effect"), t.effect(entry.effect)),
        (t.text("reason"), said(&entry.reason)),
        (t.text("entry-owner"), said(&entry.owner)),
        (t.text("entry-end"), end(t, entry, now)),
    ]
}

fn end(t: &Texts, entry: &ListEntry, now: Timestamp) -> String {
    let Some(end) = entry.expires_at else {
        return t.text("entry-without-end");
    };
    let at = moment(end);
    if entry.is_active(now) {
        at
    } else {
        t.with("entry-expired", &[("at", &at)])
    }
}

impl Field {
    fn new(name: String, value: String) -> Self {
        Self {
            name,
            before: None,
            value,
        }
    }
}
