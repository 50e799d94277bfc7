//! The queue: who waits, and in which state requests are.

use askama::Template;
use serde::Deserialize;

use super::{address, bulk, moment, provider, who};
use crate::{
    console::{
        EXPORT, QUEUE,
        desk::{COUNTED, Found, Row, Seen, Wanted, Who},
        roles::flow,
        session::Session,
        texts::Texts,
    },
    domain::{
        approval::{RequestId, State},
        email::EmailDomain,
    },
    ports::request_store::Order,
};

const OLDEST: &str = "oldest";
const NEWEST: &str = "newest";

/// What somebody asks for in the address. What is not understood counts as not said.
#[derive(Default, Deserialize)]
pub(in crate::console) struct Asked {
    state: Option<String>,
    order: Option<String>,
    flow: Option<String>,
    domain: Option<String>,
    after: Option<String>,
}

impl Asked {
    /// For programs, to whom it is told what is not understood.
    pub(in crate::console) fn check(&self) -> Result<(), String> {
        let is_known =
            |text: &Option<String>, known: fn(&str) -> bool| text.as_deref().is_none_or(known);
        let checks = [
            (
                "state",
                is_known(&self.state, |text| State::parse(text).is_some()),
            ),
            (
                "order",
                is_known(&self.order, |text| [OLDEST, NEWEST].contains(&text)),
            ),
            (
                "after",
                is_known(&self.after, |text| RequestId::parse(text).is_some()),
            ),
        ];
        match checks.into_iter().find(|(_, is_fine)| !is_fine) {
            Some((name, _)) => Err(format!("`{name}` is not understood")),
            None => Ok(()),
        }
    }

    pub(in crate::console) fn wanted(self) -> Wanted {
        let state = self.state.as_deref().and_then(State::parse);
        let domain = said(self.domain);
        Wanted {
            state: state.unwrap_or(State::Pending),
            order: match self.order.as_deref() {
                Some(NEWEST) => Order::NewestFirst,
                _ => Order::OldestFirst,
            },
            flow: said(self.flow),
            // What is no domain is that of nobody.
            domain: domain.map(|text| {
                EmailDomain::parse(&text).map_or(text, |domain| domain.as_str().to_owned())
            }),
            after: self.after.as_deref().and_then(RequestId::parse),
        }
    }
}

/// An empty field says nothing.
pub(super) fn said(text: Option<String>) -> Option<String> {
    let text = text.map(|text| text.trim().to_owned());
    text.filter(|text| !text.is_empty())
}

#[derive(Template)]
#[template(path = "console/queue.html")]
pub(super) struct QueuePage<'p> {
    t: &'static Texts,
    session: Option<&'p Session>,
    title: String,
    tabs: Vec<Tab>,
    state: &'static str,
    flow: &'p str,
    domain: &'p str,
    is_newest_first: bool,
    lines: Vec<Line<'p>>,
    /// What can be done with those that are selected.
    choices: Vec<Choice>,
    can_choose: bool,
    /// What somebody looks for: nothing yet.
    sought: &'static str,
    /// Where the same requests are as a file.
    export: String,
    /// Where the next ones are.
    next: Option<String>,
}

struct Tab {
    name: String,
    count: Option<String>,
    address: String,
    is_current: bool,
}

/// A button for those that are selected.
pub(super) struct Choice {
    pub(super) action: &'static str,
    pub(super) name: String,
}

/// A request among others.
pub(super) struct Line<'p> {
    pub(super) address: String,
    /// What the box that selects it stands for, and is called.
    pub(super) value: String,
    pub(super) choose: String,
    pub(super) who: String,
    pub(super) state: String,
    pub(super) mail: String,
    pub(super) flow: &'p str,
    pub(super) domain: &'p str,
    pub(super) provider: &'p str,
    pub(super) asked_by: &'p str,
    pub(super) since: String,
}

impl<'p> QueuePage<'p> {
    pub(super) fn new(
        t: &'static Texts,
        session: &'p Session,
        wanted: &'p Wanted,
        found: &'p Found,
        counts: &[(State, u32)],
    ) -> Self {
        let tabs = State::ALL.into_iter().map(|state| Tab {
            name: t.state(state),
            count: count_of(t, counts, state),
            address: wanted.address(state, None),
            is_current: state == wanted.state,
        });
        let next = found.next.as_ref();
        let choices = choices(t, wanted.state);
        Self {
            t,
            session: Some(session),
            title: t.text("queue-title"),
            tabs: tabs.collect(),
            state: wanted.state.name(),
            flow: wanted.flow.as_deref().unwrap_or_default(),
            domain: wanted.domain.as_deref().unwrap_or_default(),
            is_newest_first: wanted.order == Order::NewestFirst,
            lines: found.rows.iter().map(|row| line(t, row)).collect(),
            can_choose: !choices.is_empty(),
            choices,
            sought: "",
            export: format!("{EXPORT}?{}", query(wanted, wanted.state, None)),
            next: next.map(|id| wanted.address(wanted.state, Some(id))),
        }
    }
}

fn count_of(t: &Texts, counts: &[(State, u32)], state: State) -> Option<String> {
    let (_, count) = counts.iter().find(|(of, _)| *of == state)?;
    let number = count.to_string();
    Some(if *count < COUNTED {
        number
    } else {
        t.with("count-or-more", &[("count", &number)])
    })
}

pub(super) fn choices(t: &Texts, state: State) -> Vec<Choice> {
    let possible = bulk::ACTIONS.into_iter();
    let possible = possible.filter(|action| state.after(*action).is_some());
    let choices = possible.map(|action| Choice {
        action: action.name(),
        name: t.text(&format!("choose-{}", action.name())),
    });
    choices.collect()
}

pub(super) fn line<'p>(t: &Texts, row: &'p Row) -> Line<'p> {
    let request = &row.request;
    let seen = Seen {
        id: request.id.clone(),
        version: request.version,
    };
    let mail = match &row.who {
        Who::Applicant(applicant) => applicant.addresses.first().cloned(),
        Who::Erased | Who::Unreadable => None,
    };
    let who = who(t, &row.who);
    Line {
        address: address(&request.id),
        value: seen.value(),
        choose: t.with("choose", &[("who", &who)]),
        who,
        state: t.state(request.state),
        mail: mail.unwrap_or_default(),
        flow: flow(request),
        domain: request.domain.as_deref().unwrap_or_default(),
        provider: provider(request),
        asked_by: &request.asked_by,
        since: moment(request.changed_at),
    }
}

impl Wanted {
    /// The address of a state's queue with the same filters.
    fn address(&self, state: State, after: Option<&RequestId>) -> String {
        format!("{QUEUE}?{}", query(self, state, after))
    }
}

/// What an address says of a state with the same filters.
pub(super) fn query(wanted: &Wanted, state: State, after: Option<&RequestId>) -> String {
    let newest = (wanted.order == Order::NewestFirst).then_some(NEWEST);
    let parts = [
        ("order", newest),
        ("flow", wanted.flow.as_deref()),
        ("domain", wanted.domain.as_deref()),
        ("after", after.map(RequestId::as_str)),
    ];
    let parts = parts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    form_urlencoded::Serializer::new(String::new())
        .append_pair("state", state.name())
        .extend_pairs(parts)
        .finish()
}
