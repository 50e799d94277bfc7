//! One request: everything about it, and what can be done with it.

use askama::Template;

use super::{
    address, moment, name, provider,
    words::{Ready, Words, offered},
};
use crate::{
    app::{
        advice::{Advice, Hint, Origin},
        requests::{Dossier, RequestError},
    },
    console::{
        roles::{Approver, flow},
        session::Session,
        texts::Texts,
    },
    domain::{
        approval::{
            Action, Actor, Applicant, Applied, ApprovalRequest, HistoryEntry, Refused, State,
        },
        verification::Evidence,
    },
};

/// What can be done here, in the order of the buttons.
const ACTIONS: [Action; 4] = [Action::Approve, Action::Deny, Action::Reopen, Action::Retry];

#[derive(Template)]
#[template(path = "console/request.html")]
pub(super) struct RequestPage<'p> {
    t: &'static Texts,
    session: Option<&'p Session>,
    title: String,
    retold: Option<Retold>,
    state: String,
    facts: Vec<Fact>,
    hints: Vec<String>,
    /// `None` once it is erased.
    applicant: Option<Vec<Fact>>,
    history: Vec<Told>,
    of_person: Vec<Other>,
    of_domain: Vec<Other>,
    evidence: Vec<String>,
    actions: Vec<Button>,
    version: u64,
    address: String,
    reasons: Vec<Ready>,
    words: Words,
    is_reason_required: bool,
}

/// A line of the history.
struct Told {
    line: String,
    /// What the applicant was told.
    message: Option<String>,
}

struct Fact {
    name: String,
    value: String,
}

/// Another request.
struct Other {
    address: String,
    since: String,
    flow: String,
    state: String,
}

struct Button {
    action: &'static str,
    name: String,
    /// Whether it is the one that most people come for.
    is_main: bool,
}

/// What became of a decision.
pub(super) struct Retold {
    sentence: String,
    /// What others did meanwhile.
    since: Vec<Told>,
    is_done: bool,
}

impl Retold {
    /// `None` unless the last thing that anybody did is theirs; the program may have gone on with it by now.
    pub(super) fn done(t: &Texts, approver: &Approver, dossier: &Dossier) -> Option<Self> {
        let mut latest = dossier.history.iter().rev();
        let last = latest.find(|entry| entry.by != Actor::System)?;
        let is_theirs = matches!(&last.by, Actor::Person(author) if approver.has_signed(author));
        is_theirs.then(|| Self {
            sentence: t.with("done", &[("action", &t.did(last.action))]),
            since: Vec::new(),
            is_done: true,
        })
    }

    /// What is to be told to somebody whom a mail led here: `None` when the request is as it was in the mail.
    pub(super) fn led(t: &Texts, seen: Option<u64>, dossier: &Dossier) -> Option<Self> {
        let (sentence, since) = match seen {
            None => (t.text("link-not-good"), Vec::new()),
            Some(seen) => {
                let entries = dossier.history.iter().filter(|entry| entry.version > seen);
                let since: Vec<_> = entries.map(|entry| told(t, entry)).collect();
                (t.text("changed-since-mail"), since)
            }
        };
        let is_as_it_was = seen.is_some() && since.is_empty();
        (!is_as_it_was).then_some(Self {
            sentence,
            since,
            is_done: false,
        })
    }

    /// `None` for what has a page of its own.
    pub(super) fn refused(t: &Texts, error: &RequestError) -> Option<Self> {
        let since = match error {
            RequestError::ChangedMeanwhile { since, .. } => since.as_slice(),
            _ => &[],
        };
        Some(Self {
            sentence: why(t, error)?,
            since: since.iter().map(|entry| told(t, entry)).collect(),
            is_done: false,
        })
    }
}

/// Why a decision was not made; `None` for what has a page of its own.
pub(super) fn why(t: &Texts, error: &RequestError) -> Option<String> {
    match error {
        RequestError::ChangedMeanwhile { .. } => Some(t.text("changed-meanwhile")),
        RequestError::Refused(Refused::SamePerson(_)) => Some(t.text("same-person")),
        RequestError::Refused(Refused::ReasonMissing) => Some(t.text("reason-missing")),
        RequestError::Refused(Refused::State { .. }) => Some(t.text("not-possible")),
        RequestError::StaysClosed { .. } => Some(t.text("stays-closed")),
        RequestError::Unknown
        | RequestError::NoSuchVersion { .. }
        | RequestError::Store(_)
        | RequestError::Keys(_) => None,
    }
}

impl<'p> RequestPage<'p> {
    pub(super) fn new(
        t: &'static Texts,
        session: &'p Session,
        dossier: &Dossier,
        advice: Advice,
        retold: Option<Retold>,
        words: Words,
    ) -> Self {
        let request = &dossier.request;
        let applicant = dossier.applicant.as_ref();
        let others = |others: &[ApprovalRequest]| others.iter().map(|one| other(t, one)).collect();
        let possible = |action: &Action| {
            session.approver.may(*action) && request.state.after(*action).is_some()
        };
        Self {
            t,
            session: Some(session),
            title: applicant
                .and_then(name)
                .unwrap_or_else(|| t.text("request-title")),
            retold,
            state: t.state(request.state),
            facts: facts(t, request),
            hints: advice.hints.iter().map(|one| hint(t, one)).collect(),
            applicant: applicant.map(|applicant| of_applicant(t, applicant)),
            history: dossier.history.iter().map(|entry| told(t, entry)).collect(),
            of_person: others(&dossier.of_person),
            of_domain: others(&dossier.of_domain),
            evidence: dossier.evidence.iter().map(of_evidence).collect(),
            actions: ACTIONS
                .into_iter()
                .filter(possible)
                .map(|one| button(t, one))
                .collect(),
            version: request.version,
            address: address(&request.id),
            reasons: offered(advice.reasons, &words),
            words,
            is_reason_required: request.terms.reason_required,
        }
    }
}

fn facts(t: &Texts, request: &ApprovalRequest) -> Vec<Fact> {
    let is_pending = request.state == State::Pending;
    let so_far = request.approved_by.len().to_string();
    let needed = request.terms.approvals.to_string();
    let policy = request.policy.as_ref();
    let facts = [
        (t.text("fact-id"), Some(request.id.to_string())),
        (t.text("fact-asked-by"), Some(request.asked_by.clone())),
        (t.text("fact-flow"), Some(flow(request).to_owned())),
        (t.text("fact-domain"), request.domain.clone()),
        (t.text("fact-provider"), Some(provider(request).to_owned())),
        (t.text("fact-made"), Some(moment(request.created_at))),
        (t.text("fact-changed"), Some(moment(request.changed_at))),
        (
            t.text("fact-decide-by"),
            is_pending.then(|| moment(request.expires_at)),
        ),
        (
            t.text("fact-approvals"),
            Some(t.with("approvals", &[("count", &so_far), ("needed", &needed)])),
        ),
        (
            t.text("fact-policy"),
            policy.map(|version| format!("{} {}", version.flow, version.number)),
        ),
        (t.text("fact-failure"), request.failure.clone()),
        (t.text("fact-account"), request.account.clone()),
    ];
    facts
        .into_iter()
        .filter_map(|(name, value)| {
            Some(Fact {
                name,
                value: value?,
            })
        })
        .collect()
}

fn of_applicant(t: &Texts, applicant: &Applicant) -> Vec<Fact> {
    let fact = |name: String, value: String| Fact { name, value };
    let addresses = applicant.addresses.iter();
    let addresses = addresses.map(|one| fact(t.text("fact-address"), one.clone()));
    let identities = applicant.identities.iter();
    let identities = identities.map(|one| fact(t.text("fact-identity"), one.issuer.clone()));
    let attributes = applicant.attributes.iter();
    let attributes = attributes.map(|(name, value)| {
        let value = match value {
            Applied::Text(text) => text.clone(),
            Applied::Flag(flag) => flag.to_string(),
            Applied::Number(number) => number.to_string(),
        };
        fact(t.attribute(name), value)
    });
    addresses.chain(identities).chain(attributes).collect()
}

fn hint(t: &Texts, hint: &Hint) -> String {
    match hint {
        Hint::Domain { known, how, from } => {
            let known = [("known", known.as_str())];
            let how = t.with(&format!("hint-{}", how.code()), &known);
            let from = match from {
                Origin::Policy => "known-by-policy",
                Origin::List => "known-by-list",
                Origin::Approval => "known-by-approval",
            };
            format!("{how} {}", t.with(from, &known))
        }
        Hint::MixedName => t.text("hint-mixed-name"),
        Hint::MixedAddress => t.text("hint-mixed-address"),
        Hint::LureInName => t.text("hint-lure-in-name"),
        Hint::Others(count) => t.with("hint-others", &[("count", &count.to_string())]),
    }
}

fn told(t: &Texts, entry: &HistoryEntry) -> Told {
    let message = entry.message.as_ref();
    Told {
        line: what_happened(t, entry),
        message: message.map(|text| t.with("history-message", &[("message", text)])),
    }
}

fn what_happened(t: &Texts, entry: &HistoryEntry) -> String {
    let who = match &entry.by {
        Actor::Applicant => t.text("the-applicant"),
        Actor::Person(name) => name.clone(),
        Actor::System => t.text("the-program"),
    };
    let (at, did) = (moment(entry.at), t.did(entry.action));
    let arguments = [("at", at.as_str()), ("who", &who), ("did", &did)];
    match &entry.reason {
        None => t.with("history-entry", &arguments),
        Some(reason) => {
            let arguments = [arguments.as_slice(), &[("reason", reason)]].concat();
            t.with("history-entry-because", &arguments)
        }
    }
}

fn of_evidence(evidence: &Evidence) -> String {
    let Evidence {
        verification,
        provider,
        outcome,
        reference,
        at,
    } = evidence;
    let reference = reference.as_deref().unwrap_or_default();
    let (at, outcome) = (moment(*at), outcome.name());
    format!("{at}: {verification} ({provider}): {outcome} {reference}")
}

fn other(t: &Texts, request: &ApprovalRequest) -> Other {
    Other {
        address: address(&request.id),
        since: moment(request.created_at),
        flow: flow(request).to_owned(),
        state: t.state(request.state),
    }
}

fn button(t: &Texts, action: Action) -> Button {
    Button {
        action: action.name(),
        name: t.text(&format!("action-{}", action.name())),
        is_main: action == Action::Approve,
    }
}
