//! What sources answer.

use std::sync::LazyLock;

use shared::{
    domain::{
        attribute::{AttributeValue, ClaimValue},
        email::EmailAddress,
        language::LanguageWishes,
        sign_up::{SignUp, Step},
    },
    policy::{
        Circumstances, Patience, Policy, compile,
        document::Document,
        look_up::{Ask, NOTHING, Read},
        predicate::disposable::BUILT_IN,
    },
};

const POLICY: &str = r#"
default = "allow"
[attribute.city]
max-length = 10
[attribute.extension_Level]
type = "integer"
[attribute.extension_Member]
type = "boolean"
[source.any]
kind = "http"
steps = ["after-federation"]
url = "https://any.example.com/{email}"
found = "/person"
[source.any.claims]
city = "/person/city"
extension_Level = "/person/level"
extension_Member = "/person/member"
roles = "/person/roles"
whole = ""
[source.any.facts]
tier = "/tier"
"#;

static COMPILED: LazyLock<Policy> = LazyLock::new(|| {
    let document: Document = toml::from_str(POLICY).unwrap();
    compile(&document).unwrap()
});

/// Nothing comes out of an answer that its attribute does not take, and whatever is left out is named.
pub fn source_answer(body: &[u8]) {
    let sign_up = SignUp {
        step: Step::AfterFederation,
        addresses: vec![EmailAddress::parse("ann@contoso.com").unwrap()],
        identities: Vec::new(),
        attributes: Vec::new(),
        languages: LanguageWishes::default(),
        application: None,
        client: None,
        object_id: None,
    };
    let circumstances = Circumstances {
        sign_up: &sign_up,
        entries: &[],
        user_flow: None,
        now: jiff::Timestamp::UNIX_EPOCH,
        patience: Patience::ENDLESS,
        disposable: &BUILT_IN,
        found: &NOTHING,
    };
    let asks = COMPILED.asks(0, circumstances);
    let [Ask { source, .. }] = asks.as_slice() else {
        panic!("one source is asked");
    };
    let Some(read) = source.read(body) else {
        let is_json = serde_json::from_slice::<serde_json::Value>(body).is_ok();
        assert!(!is_json, "JSON is not read");
        return;
    };
    holds(&read);
}

fn holds(read: &Read) {
    assert!(read.found || read.extract.claims.is_empty());
    for (name, claim) in read.extract.claims.iter().chain(&read.extract.facts) {
        let is_type = matches!(
            (name.as_str(), claim),
            (
                "extension_Level",
                ClaimValue::One(AttributeValue::Number(_))
            ) | ("extension_Member", ClaimValue::One(AttributeValue::Flag(_)))
                | (
                    "city",
                    ClaimValue::One(AttributeValue::Text(_)) | ClaimValue::Many(_)
                )
                | ("roles" | "whole", _)
                | ("tier", ClaimValue::One(_))
        );
        assert!(is_type, "{name} has another type");
        let texts = match claim {
            ClaimValue::One(AttributeValue::Text(text)) => vec![text],
            ClaimValue::One(_) => Vec::new(),
            ClaimValue::Many(texts) => texts.iter().collect(),
        };
        let most = if name == "city" { 10 } else { 1000 };
        let characters: usize = texts.iter().map(|text| text.chars().count()).sum();
        assert!(characters <= most, "{name} is too long");
        let is_bad = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
        assert!(!texts.iter().any(|text| text.contains(is_bad)));
        assert!(
            read.dropped.iter().all(|dropped| dropped.claim != *name),
            "{name} is taken and left out"
        );
    }
}
