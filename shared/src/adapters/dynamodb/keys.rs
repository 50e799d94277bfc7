//! Every key of the table, built here and nowhere else.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use ring::digest::{SHA256, digest};

use crate::{
    domain::{
        approval::{ApplicantKey, Happening, Mark, NoticeId, Recipient, RequestId, State},
        audit::Record,
        caller::Slot,
        code::CodeDigest,
        directory::ClaimsSubject,
        endpoint::EndpointId,
        event::{EventId, Hour},
        list::{Matcher, MatcherKind},
        one_time_code::DeliveryId,
        person::PersonKey,
        publication::{PolicyFlow, PolicyVersion},
        source::{AnswerKey, SourceName},
        value_set::{SetName, SetValue},
        verification::AttemptKey,
        webhook::{Attempt, DeadWebhook},
    },
    ports::{accounts::AccountId, code_store, directory_store, list_store::PARTS, value_store},
};

pub(super) const PK: &str = "pk";
pub(super) const SK: &str = "sk";

/// A primary key. An IAM condition on `dynamodb:LeadingKeys` names the first part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    /// The entries of one matcher, in every list.
    ///
    /// The partition is one of [`PARTS`] that the matcher itself names, so that the key is exact for a
    /// decision, and all entries can be read part by part without an index or a scan.
    pub(super) fn entry(matcher: &Matcher) -> Self {
        let sk = format!("{}{matcher}", entries_of(matcher.kind()));
        Self {
            pk: entry_part(part_of(&sk, PARTS)),
            sk,
        }
    }

    pub(super) fn directory_record(subject: &ClaimsSubject) -> Self {
        let sk = format!("SUBJECT#{subject}");
        Self {
            pk: directory_part(part_of(&sk, directory_store::PARTS)),
            sk,
        }
    }

    pub(super) fn member(set: &SetName, value: &SetValue) -> Self {
        let sk = format!("VALUE#{}", value.as_str());
        Self {
            pk: value_part(set, part_of(&sk, value_store::PARTS)),
            sk,
        }
    }

    /// That there is a set of this name.
    pub(super) fn value_set(set: &SetName) -> Self {
        Self {
            pk: VALUE_SETS.to_owned(),
            sk: format!("SET#{set}"),
        }
    }

    pub(super) fn code(code: &CodeDigest) -> Self {
        let sk = format!("{CODE}{code}");
        Self {
            pk: code_part(part_of(&sk, code_store::PARTS)),
            sk,
        }
    }

    /// That a person has used a code; in the partition of the code.
    pub(super) fn redemption(code: &CodeDigest, person: &PersonKey) -> Self {
        Self {
            pk: Self::code(code).pk,
            sk: format!("REDEMPTION#{code}#{}", person.as_str()),
        }
    }

    pub(super) fn answer(answer: &AnswerKey) -> Self {
        Self {
            pk: format!("ANSWER#{}", answer.as_str()),
            sk: "ANSWER".to_owned(),
        }
    }

    pub(super) fn breaker(source: &SourceName) -> Self {
        Self {
            pk: format!("BREAKER#{source}"),
            sk: "CURRENT".to_owned(),
        }
    }

    pub(super) fn attempt(person: &PersonKey, attempt: &AttemptKey) -> Self {
        Self {
            pk: evidence(person),
            sk: format!("ATTEMPT#{}", attempt.as_str()),
        }
    }

    pub(super) fn credential(slot: Slot) -> Self {
        Self {
            pk: "CREDENTIALS".to_owned(),
            sk: format!("SLOT#{}", slot.number()),
        }
    }

    /// Apart from the credential, so that a function may write the one and not the other.
    pub(super) fn credential_use(slot: Slot) -> Self {
        Self {
            pk: "CREDENTIAL_USE".to_owned(),
            sk: format!("SLOT#{}", slot.number()),
        }
    }

    pub(super) fn signing_keys() -> Self {
        Self {
            pk: "SIGNING_KEYS".to_owned(),
            sk: "CURRENT".to_owned(),
        }
    }

    pub(super) fn current_policies() -> Self {
        Self {
            pk: "POLICIES".to_owned(),
            sk: "CURRENT".to_owned(),
        }
    }

    /// What is told of a version of a policy.
    pub(super) fn publication(version: &PolicyVersion) -> Self {
        Self {
            pk: policy(&version.flow),
            sk: format!("{PUBLICATION}{:08}", version.number),
        }
    }

    /// The version as the functions read it: apart from its source, which only operators read.
    pub(super) fn policy_document(version: &PolicyVersion) -> Self {
        Self {
            pk: policy(&version.flow),
            sk: format!("DOCUMENT#{:08}", version.number),
        }
    }

    /// The compiled policy.
    pub(super) fn policy_prepared(version: &PolicyVersion) -> Self {
        Self {
            pk: policy(&version.flow),
            sk: format!("PREPARED#{:08}", version.number),
        }
    }

    /// The version as it was written.
    pub(super) fn policy_source(version: &PolicyVersion) -> Self {
        Self {
            pk: policy(&version.flow),
            sk: format!("SOURCE#{:08}", version.number),
        }
    }

    pub(super) fn disposable_list(number: u32) -> Self {
        Self {
            pk: DISPOSABLE.to_owned(),
            sk: format!("{DISPOSABLE_LIST}{number:08}"),
        }
    }

    /// A record of the stream that could not be read.
    pub(super) fn dead_record(id: &str) -> Self {
        Self {
            pk: DEAD_RECORDS.to_owned(),
            sk: id.to_owned(),
        }
    }

    /// The sending of a one-time code.
    pub(super) fn otp_delivery(id: &DeliveryId) -> Self {
        Self {
            pk: format!("OTP#{}", id.as_str()),
            sk: "DELIVERY".to_owned(),
        }
    }

    /// An applicant's latest request.
    pub(super) fn standing(applicant: &ApplicantKey) -> Self {
        Self {
            pk: format!("{APPLICANT}#{}", applicant.as_str()),
            sk: "STANDING".to_owned(),
        }
    }

    /// An approval request as it is now.
    pub(super) fn request(id: &RequestId) -> Self {
        Self {
            pk: request(id),
            sk: "CURRENT".to_owned(),
        }
    }

    /// What made this version of a request.
    pub(super) fn history(id: &RequestId, version: u64) -> Self {
        Self {
            pk: request(id),
            sk: format!("{HISTORY}{version:08}"),
        }
    }

    /// What was applied with, sealed.
    pub(super) fn sealed(id: &RequestId, edition: u32) -> Self {
        Self {
            pk: request(id),
            sk: format!("{APPLICANT}#{edition:04}"),
        }
    }

    /// The key of what was applied with: apart from it, so that either can go without the other.
    pub(super) fn wrapped_key(id: &RequestId, edition: u32) -> Self {
        Self {
            pk: request(id),
            sk: format!("{WRAPPED_KEY}{edition:04}"),
        }
    }

    /// A note beside a request.
    pub(super) fn mark(id: &RequestId, mark: Mark) -> Self {
        let kind = mark.kind();
        Self {
            pk: request(id),
            sk: match mark {
                Mark::Reminder(number) => format!("{NOTICE}{kind}#{number:05}"),
                Mark::Escalation => format!("{NOTICE}{kind}"),
                Mark::AccountMissing => format!("{FINDING}{kind}"),
            },
        }
    }

    /// Whether it is that of a note, which has an end of its own from the beginning.
    pub(super) fn is_mark(&self) -> bool {
        [NOTICE, FINDING]
            .iter()
            .any(|kind| self.sk.starts_with(kind))
    }

    /// What its item is, as far as somebody is told of its changes.
    pub(super) fn told_of(&self) -> Option<ToldOf> {
        let is_current = self.sk == "CURRENT";
        match self.pk.split_once('#') {
            Some((EVENTS, _)) => Some(ToldOf::Event),
            Some((AUDIT, _)) => Some(ToldOf::Record),
            Some((ENTRY, _)) => Some(ToldOf::Entries),
            Some(("REQUEST", _)) if is_current => Some(ToldOf::Request),
            Some(("REQUEST", id)) if self.sk.starts_with(HISTORY) => {
                Some(ToldOf::History(RequestId::parse(id)?))
            }
            None if *self == Self::current_policies() => Some(ToldOf::Policies),
            _ => None,
        }
    }

    /// Where the round through the queue of a state is.
    pub(super) fn round(state: State) -> Self {
        Self {
            pk: "MAINTENANCE".to_owned(),
            sk: format!("ROUND#{}", state.name()),
        }
    }

    /// How far guests were looked at.
    pub(super) fn guest_round() -> Self {
        Self {
            pk: "MAINTENANCE".to_owned(),
            sk: "ROUND#guests".to_owned(),
        }
    }

    /// That an account without approval was told.
    pub(super) fn unapproved(account: &AccountId) -> Self {
        Self {
            pk: "MAINTENANCE".to_owned(),
            sk: format!("{FINDING}account-unapproved#{}", account.0),
        }
    }

    /// The sending of a notice: apart from the request, so that whoever sends may write nothing of a request.
    pub(super) fn notice_delivery(id: &NoticeId) -> Self {
        let recipient = match &id.recipient {
            Recipient::Applicant => "applicant",
            Recipient::Approver(fingerprint) => fingerprint.as_str(),
        };
        Self {
            pk: format!("SENT#{}", id.request),
            sk: format!("{}#{recipient}", id.happening),
        }
    }

    /// The copy of a request in the queue of its state.
    pub(super) fn queued(state: State, id: &RequestId) -> Self {
        Self {
            pk: queue(state),
            sk: id.to_string(),
        }
    }

    /// That a request is a person's.
    pub(super) fn request_of_person(person: &PersonKey, id: &RequestId) -> Self {
        Self {
            pk: requests_of_person(person),
            sk: format!("{REQUEST}{id}"),
        }
    }

    /// That a request is of somebody at a domain.
    pub(super) fn request_of_domain(domain: &str, id: &RequestId) -> Self {
        Self {
            pk: requests_of_domain(domain),
            sk: format!("{REQUEST}{id}"),
        }
    }

    /// What a person has changed.
    pub(super) fn record(record: &Record) -> Self {
        Self {
            pk: records_of(record.day()),
            sk: record.id.to_string(),
        }
    }

    /// An event that is kept.
    pub(super) fn event(id: &EventId) -> Self {
        Self {
            pk: events_of(id.hour()),
            sk: id.to_string(),
        }
    }

    /// The last segment of a day of the audit chain.
    pub(super) fn chain_of(day: Date) -> Self {
        Self {
            pk: format!("{CHAIN}#{day}"),
            sk: HEAD.to_owned(),
        }
    }

    /// The last segment of the whole audit chain.
    pub(super) fn chain() -> Self {
        Self {
            pk: CHAIN.to_owned(),
            sk: HEAD.to_owned(),
        }
    }

    /// Somebody who is told of events.
    pub(super) fn endpoint(id: &EndpointId) -> Self {
        Self {
            pk: ENDPOINTS.to_owned(),
            sk: format!("{ENDPOINT}{id}"),
        }
    }

    /// An attempt to tell an endpoint of an event.
    pub(super) fn webhook_attempt(attempt: &Attempt) -> Self {
        Self {
            pk: deliveries_of(&attempt.endpoint, attempt.event.hour()),
            sk: format!("{}#{:03}", attempt.event, attempt.number),
        }
    }

    /// What an endpoint was told in vain.
    pub(super) fn dead_webhook(dead: &DeadWebhook) -> Self {
        Self {
            pk: dead_webhooks_of(&dead.endpoint),
            sk: dead.event.to_string(),
        }
    }

    /// The number of a list of disposable domains.
    pub(super) fn disposable_number(&self) -> Option<u32> {
        self.sk.strip_prefix(DISPOSABLE_LIST)?.parse().ok()
    }

    pub(super) fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }

    /// For errors: the partition and the kind, without the matcher, the fingerprint of a person, and a domain.
    pub(super) fn told(&self) -> String {
        let kind = self.sk.split('#').next().unwrap_or_default();
        let partition = match self.pk.split_once('#') {
            Some((kind @ (EVIDENCE | APPLICANT | PERSON | DOMAIN), _)) => kind,
            _ => &self.pk,
        };
        format!("{partition}/{kind}")
    }
}

/// Items whose changes somebody is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ToldOf {
    Event,
    Record,
    History(RequestId),
    Request,
    Entries,
    Policies,
}

/// Which part of the table a sort key itself names.
fn part_of(sk: &str, parts: u8) -> u8 {
    let hash = digest(&SHA256, sk.as_bytes());
    hash.as_ref().first().copied().unwrap_or_default() % parts
}

/// The partition key of the names of all sets of values.
pub(super) const VALUE_SETS: &str = "VALUE_SETS";

/// How the sort keys of codes begin.
pub(super) const CODE: &str = "CODE#";

const CHAIN: &str = "CHAIN";
const HEAD: &str = "HEAD";
/// The partition key of the records of the stream that could not be read.
pub(super) const DEAD_RECORDS: &str = "DEAD#stream";

const ENTRY: &str = "ENTRY";
const AUDIT: &str = "AUDIT";
const EVENTS: &str = "EVENTS";
const EVIDENCE: &str = "EVIDENCE";
const APPLICANT: &str = "APPLICANT";
const PERSON: &str = "PERSON";
const DOMAIN: &str = "DOMAIN";

/// How the sort keys of a request's history begin.
pub(super) const HISTORY: &str = "HISTORY#";

/// How the sort keys begin of what marks that approvers are to be told of a request once more.
const NOTICE: &str = "NOTICE#";

/// How the sort keys of a request's wrapped keys begin.
pub(super) const WRAPPED_KEY: &str = "KEY#";

/// How the sort keys begin of notes for operators.
const FINDING: &str = "FINDING#";

/// How the keys of a request begin: its partition, and its sort key under a person and a domain.
pub(super) const REQUEST: &str = "REQUEST#";

/// How the sort keys of publications begin.
pub(super) const PUBLICATION: &str = "VERSION#";

/// The partition key of the lists of disposable domains.
pub(super) const DISPOSABLE: &str = "DISPOSABLE";

/// How their sort keys begin.
const DISPOSABLE_LIST: &str = "LIST#";

/// The partition key of everything published for a user flow.
pub(super) fn policy(flow: &PolicyFlow) -> String {
    format!("POLICY#{flow}")
}

/// The partition key of one part of the entries.
pub(super) fn entry_part(part: u8) -> String {
    format!("{ENTRY}#{part:02}")
}

/// How the sort keys of the entries for matchers of one kind begin.
pub(super) fn entries_of(kind: MatcherKind) -> String {
    format!("{}#", kind.name())
}

/// The partition key of one part of the directory.
pub(super) fn directory_part(part: u8) -> String {
    format!("DIRECTORY#{part:02}")
}

/// The partition key of one part of a set of values.
pub(super) fn value_part(set: &SetName, part: u8) -> String {
    format!("VALUES#{set}#{part:02}")
}

/// The partition key of one part of the invitation codes.
pub(super) fn code_part(part: u8) -> String {
    format!("CODES#{part:02}")
}

/// The partition key of everything that is kept of a person's verifications.
pub(super) fn evidence(person: &PersonKey) -> String {
    format!("{EVIDENCE}#{}", person.as_str())
}

/// The partition key of an approval request.
pub(super) fn request(id: &RequestId) -> String {
    format!("{REQUEST}{id}")
}

/// What happened to a request when an item of this sort key came into its partition.
pub(super) fn happening(sk: &str) -> Option<Happening> {
    if let Some(version) = sk.strip_prefix(HISTORY) {
        return Some(Happening::Change(version.parse().ok()?));
    }
    let notice = sk.strip_prefix(NOTICE)?;
    if notice == "escalation" {
        return Some(Happening::Escalation);
    }
    let number = notice.strip_prefix("reminder#")?;
    Some(Happening::Reminder(number.parse().ok()?))
}

/// The partition key of the requests in a state.
pub(super) fn queue(state: State) -> String {
    format!("QUEUE#{}", state.name())
}

/// The partition key of a person's requests.
pub(super) fn requests_of_person(person: &PersonKey) -> String {
    format!("{PERSON}#{}", person.as_str())
}

/// The partition key of the requests of people at a domain.
pub(super) fn requests_of_domain(domain: &str) -> String {
    format!("{DOMAIN}#{domain}")
}

/// The partition key of what people changed on a day.
pub(super) fn records_of(day: Date) -> String {
    format!("{AUDIT}#{day}")
}

/// The partition key of what happened in an hour.
pub(super) fn events_of(hour: Hour) -> String {
    format!("{EVENTS}#{hour}")
}

/// The partition key of all endpoints.
pub(super) const ENDPOINTS: &str = "ENDPOINTS";

/// How their sort keys begin.
pub(super) const ENDPOINT: &str = "ENDPOINT#";

/// How the partition keys begin of attempts to tell endpoints of events.
const DELIVERIES: &str = "DELIVERIES#";

/// How the partition keys of dead letters begin.
const DEAD: &str = "DEAD#";

/// The partition key of the attempts to tell an endpoint of what happened in an hour.
pub(super) fn deliveries_of(endpoint: &EndpointId, hour: Hour) -> String {
    format!("{DELIVERIES}{endpoint}#{hour}")
}

/// The partition key of what an endpoint was told in vain.
pub(super) fn dead_webhooks_of(endpoint: &EndpointId) -> String {
    format!("{DEAD}{endpoint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_an_exact_key_in_one_of_the_parts() {
        let key = Key::entry(&Matcher::parse("John+x@Example.com").unwrap());
        assert_eq!(key.sk, "address#john@example.com");
        assert_eq!(
            key,
            Key::entry(&Matcher::parse("john@example.com").unwrap())
        );
        let part: u8 = key.pk.strip_prefix("ENTRY#").unwrap().parse().unwrap();
        assert!(part < PARTS);
        assert_eq!(key.told(), format!("{}/address", key.pk));
    }

    #[test]
    fn versions_are_in_the_order_of_their_numbers() {
        let key = |number| {
            Key::publication(&PolicyVersion {
                flow: PolicyFlow::Others,
                number,
            })
        };
        assert_eq!(key(7).pk, "POLICY#*");
        assert_eq!(key(7).sk, "VERSION#00000007");
        assert!(key(9).sk < key(10).sk);
    }

    #[test]
    fn the_longest_key_fits() {
        let long = "x".repeat(crate::domain::identity::MAX_PART_OCTETS);
        let identity = Matcher::parse(&format!("identity:{long}#{long}")).unwrap();
        let value = SetValue::parse(&"x".repeat(SetValue::MAX_OCTETS)).unwrap();
        for key in [
            Key::entry(&identity),
            Key::directory_record(&ClaimsSubject::Matcher(identity)),
            Key::member(&SetName::parse("suppliers").unwrap(), &value),
        ] {
            assert!(key.sk.len() <= 1024);
        }
    }

    #[test]
    fn what_is_told_of_a_key_names_nobody() {
        let subject = ClaimsSubject::parse("john@example.com").unwrap();
        let told = Key::directory_record(&subject).told();
        assert!(
            told.starts_with("DIRECTORY#") && told.ends_with("/SUBJECT"),
            "{told}"
        );
        let person = PersonKey::of_address("john@example.com");
        let attempt = AttemptKey::of(&[b"x"]);
        assert_eq!(Key::attempt(&person, &attempt).told(), "EVIDENCE/ATTEMPT");
        let code = CodeDigest::of("WELCOME").unwrap();
        let redemption = Key::redemption(&code, &person);
        assert_eq!(redemption.told(), format!("{}/REDEMPTION", redemption.pk));
        assert_eq!(redemption.pk, Key::code(&code).pk);
    }

    #[test]
    fn what_is_told_of_is_known_by_its_key() {
        let id = RequestId::new(jiff::Timestamp::UNIX_EPOCH, [7; 10]);
        let policies = Key::current_policies();
        let entry = Key::entry(&Matcher::parse("john@example.com").unwrap());
        let event = EventId::derive(jiff::Timestamp::UNIX_EPOCH, &[]);
        for (key, expected) in [
            (Key::event(&event), Some(ToldOf::Event)),
            (entry, Some(ToldOf::Entries)),
            (Key::request(&id), Some(ToldOf::Request)),
            (Key::history(&id, 2), Some(ToldOf::History(id.clone()))),
            (policies, Some(ToldOf::Policies)),
            (Key::sealed(&id, 1), None),
            (Key::queued(State::Pending, &id), None),
            (Key::dead_record("1"), None),
            (Key::signing_keys(), None),
        ] {
            assert_eq!(key.told_of(), expected, "{key:?}");
        }
    }

    #[test]
    fn only_history_and_marks_are_happenings() {
        for (sk, expected) in [
            ("HISTORY#00000003", Some(Happening::Change(3))),
            ("NOTICE#reminder#00012", Some(Happening::Reminder(12))),
            ("NOTICE#escalation", Some(Happening::Escalation)),
            ("NOTICE#reminder", None),
            ("NOTICE#other", None),
            ("CURRENT", None),
            ("HISTORY#x", None),
        ] {
            assert_eq!(happening(sk), expected, "{sk}");
        }
    }

    #[test]
    fn what_is_told_of_a_request_names_the_request_alone() {
        let person = PersonKey::of_address("john@example.com");
        let applicant = ApplicantKey::parse(person.as_str()).unwrap();
        let id = RequestId::new(jiff::Timestamp::UNIX_EPOCH, [7; 10]);
        for (key, told) in [
            (Key::standing(&applicant), "APPLICANT/STANDING".to_owned()),
            (Key::request(&id), format!("REQUEST#{id}/CURRENT")),
            (Key::history(&id, 1), format!("REQUEST#{id}/HISTORY")),
            (Key::sealed(&id, 1), format!("REQUEST#{id}/APPLICANT")),
            (Key::wrapped_key(&id, 1), format!("REQUEST#{id}/KEY")),
            (
                Key::notice_delivery(&NoticeId {
                    request: id.clone(),
                    happening: Happening::Change(1),
                    recipient: Recipient::Approver(person.clone()),
                }),
                format!("SENT#{id}/change-00000001"),
            ),
            (
                Key::queued(State::Pending, &id),
                format!("QUEUE#pending/{id}"),
            ),
            (
                Key::request_of_person(&person, &id),
                "PERSON/REQUEST".to_owned(),
            ),
            (
                Key::request_of_domain("example.com", &id),
                "DOMAIN/REQUEST".to_owned(),
            ),
        ] {
            assert_eq!(key.told(), told);
        }
    }
}
