//! Policies: whatever an operator writes is refused or decides, and a decision never makes a value worse.

use std::collections::HashSet;

use jiff::Timestamp;
use shared::{
    domain::{
        attribute::{AttributeName, AttributeValue, ClaimValue, Claims},
        decision::Decision,
        list::{Effect, ListEntry, ListName, Matcher},
        sign_up::{Protocol, SignUp, Step},
    },
    http::{Route, read_sign_up},
    policy::{
        Circumstances, Patience, Policy, Verdict, compile,
        document::Document,
        expression::{Expression, Scope, Subject, Vocabulary},
        look_up::NOTHING,
        predicate::disposable::BUILT_IN,
        values::{Key, Values},
    },
};

/// The policies that sign-ups are decided by: the examples, and those that change the most values.
const POLICIES: [&str; 6] = [
    include_str!("../../../examples/policies/customers.toml"),
    include_str!("../../../examples/policies/partners.toml"),
    include_str!("../../../examples/policies/strict.toml"),
    include_str!("../../../shared/tests/policies/formats.toml"),
    include_str!("../../../shared/tests/policies/names.toml"),
    include_str!("../../../shared/tests/policies/values.toml"),
];

/// Somebody with an address, an identity and values of every type, and somebody of whom nothing is known.
const SOMEBODY: &[u8] = br#"{
    "email": "Anna+news@mail.contoso.com",
    "identities": [{"signInType": "federated", "issuer": "google.com", "issuerAssignedId": "117"}],
    "ui_locales": "sv-SE",
    "client_id": "00001111-aaaa-2222-bbbb-3333cccc4444",
    "givenName": "ANNA", "surname": "o'neill", "country": "sverige", "postalCode": "11455",
    "city": "sthlm", "extension_Phone": "070-123 45 67", "extension_Age": 42, "extension_Member": true
}"#;
const NOBODY: &[u8] = br#"{"identities": [{"signInType": "federated", "issuer": "facebook.com", "issuerAssignedId": "9"}]}"#;

/// A person is taken to be on at most this many lists where the steps of an expression are counted.
const LISTS: u8 = 50;

/// 2026-01-15T12:00:00Z.
const NOW: i64 = 1_768_478_400;

thread_local! {
    static COMPILED: Vec<Policy> = POLICIES.iter().map(|text| {
        let document: Document = toml::from_str(text).unwrap();
        compile(&document).unwrap()
    }).collect();
}

/// A document means the same in the table as in the file; what compiles decides, and decides the same again.
pub fn policy_document(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let written = toml::from_str::<Document>(text).ok();
    let stored = serde_json::from_str::<Document>(text).ok();
    for document in written.into_iter().chain(stored) {
        let json = serde_json::to_string(&document).unwrap();
        let again: Document = serde_json::from_str(&json).unwrap();
        assert_eq!(again, document);
        match compile(&document) {
            Ok(policy) => decides(&policy),
            Err(faults) => assert!(!faults.is_empty(), "refused without a fault"),
        }
    }
}

fn decides(policy: &Policy) {
    for step in Step::ALL {
        for body in [SOMEBODY, NOBODY] {
            let sign_up = read(step, body).unwrap();
            let verdict = decide(policy, &sign_up);
            assert_eq!(decide(policy, &sign_up), verdict);
        }
    }
}

/// A text is a condition that can be evaluated as often as one likes, or has a fault within itself.
pub fn policy_expression(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let expression = match Expression::compile(text, &Vocabulary::default()) {
        Ok(expression) => expression,
        Err(fault) => {
            let within = fault.offset.is_none_or(|at| text.is_char_boundary(at));
            assert!(within, "{fault:?} is not within {text:?}");
            return;
        }
    };
    let lists: Vec<_> = (0..LISTS).map(|number| format!("list-{number}")).collect();
    for body in [SOMEBODY, NOBODY] {
        let sign_up = read(Step::BeforeCreatingUser, body).unwrap();
        let values = Values::of(&sign_up);
        let scope = Scope::new(Subject {
            sign_up: &sign_up,
            values: &values,
            listed: Some(Effect::Allow),
            lists: &lists,
            user_flow: Some("customers"),
            now: now(),
            patience: Patience::ENDLESS,
            disposable: &BUILT_IN,
            domains: &[],
        });
        assert_eq!(
            expression.holds(&scope),
            expression.holds(&scope),
            "{text:?}"
        );
    }
}

/// Only values that changed are returned, each of the type it had; they stay as they are when they are typed, and the
/// order of attributes changes nothing.
pub fn policy_sign_up(body: &[u8]) {
    for sign_up in Step::ALL.into_iter().filter_map(|step| read(step, body)) {
        COMPILED.with(|policies| {
            for policy in policies {
                is_at_rest(policy, &sign_up);
            }
        });
    }
}

fn is_at_rest(policy: &Policy, sign_up: &SignUp) {
    let verdict = decide(policy, sign_up);
    let turned = turned(sign_up);
    let of_turned = decide(policy, &turned);
    assert!(
        of_turned == verdict,
        "{turned:?}: {of_turned:?}, {verdict:?}"
    );
    let Decision::Continue(claims) = verdict.decision else {
        return;
    };
    let typed = Values::of(sign_up);
    for (name, value) in &claims {
        let ClaimValue::One(value) = value else {
            panic!("{name:?} is returned as a list");
        };
        let before = typed.get(&Key::of(name.as_str()));
        assert!(before != Some(value), "{name:?} is returned unchanged");
        // A text where the policy declares another type is no value of the attribute: `set` puts one in its place.
        let was_none = |before: &AttributeValue| matches!(before, AttributeValue::Text(_));
        let same_type =
            before.is_none_or(|before| type_of(before) == type_of(value) || was_none(before));
        assert!(same_type, "{name:?} is returned as another type");
    }
    if let Decision::Continue(again) = decide(policy, &with(sign_up, &claims)).decision {
        assert!(again.is_empty(), "{again:?} is not at rest");
    }
}

/// With its attributes the other way round; of two spellings of one attribute only the first counts.
fn turned(sign_up: &SignUp) -> SignUp {
    let mut seen = HashSet::new();
    let mut turned = sign_up.clone();
    turned
        .attributes
        .retain(|(name, _)| seen.insert(Key::of(name.as_str())));
    turned.attributes.reverse();
    turned
}

/// The sign-up as it comes when the person types what was returned.
fn with(sign_up: &SignUp, claims: &Claims) -> SignUp {
    let mut next = sign_up.clone();
    for (name, value) in claims {
        let ClaimValue::One(value) = value else {
            continue;
        };
        let key = Key::of(name.as_str());
        let is_known = |one: &(AttributeName, AttributeValue)| Key::of(one.0.as_str()) == key;
        next.attributes.retain(|one| !is_known(one));
        // An empty text is no value on the wire.
        if *value != AttributeValue::Text(String::new()) {
            next.attributes.push((name.clone(), value.clone()));
        }
    }
    next
}

const fn type_of(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::Text(_) => "text",
        AttributeValue::Flag(_) => "flag",
        AttributeValue::Number(_) => "number",
    }
}

fn read(step: Step, body: &[u8]) -> Option<SignUp> {
    let route = Route {
        step,
        protocol: Protocol::Connector,
    };
    read_sign_up(route, body).ok()
}

/// As somebody whom a list lets in, so that the most values are returned.
fn decide(policy: &Policy, sign_up: &SignUp) -> Verdict {
    let matchers = Matcher::of(&sign_up.addresses, &sign_up.identities);
    let entries: Vec<_> = matchers.into_iter().map(allowed).collect();
    policy.decide(Circumstances {
        sign_up,
        entries: &entries,
        user_flow: Some("customers"),
        now: now(),
        patience: Patience::ENDLESS,
        disposable: &BUILT_IN,
        found: &NOTHING,
    })
}

fn allowed(matcher: Matcher) -> ListEntry {
    ListEntry {
        matcher,
        list: ListName::parse("partners").unwrap(),
        effect: Effect::Allow,
        reason: String::new(),
        owner: String::new(),
        expires_at: None,
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}
