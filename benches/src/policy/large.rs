//! A policy as large as a busy organisation's becomes, and sign-ups that go through all of it: 50 attributes, 200 rules.
//!
//! Everything is told apart by numbers, so that no two texts, conditions or patterns are the same, and nothing decides before
//! the last rule.

use serde_json::{Map, Value, json};

pub(crate) const ATTRIBUTES: usize = 50;
pub(crate) const RULES: usize = 200;

/// What of the policy is written; a part that is left out stands for what it costs.
#[derive(Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) patterns: bool,
    pub(crate) expressions: bool,
}

const APPLICATION: &str = "00001111aaaa2222bbbb3333cccc4444";

/// The policy as it is published.
pub(crate) fn document(parts: Parts) -> String {
    with_rules(RULES, parts)
}

/// The same with another number of rules.
pub(crate) fn with_rules(rules: usize, parts: Parts) -> String {
    let attributes = (0..ATTRIBUTES).map(|number| {
        let mut rules = attribute(number).rules;
        if !parts.patterns {
            without(&mut rules, &["pattern"]);
        }
        if !parts.expressions {
            without(&mut rules, &["required", "check"]);
        }
        (short_name(number), rules)
    });
    let attributes: Map<String, Value> = attributes.collect();
    let rules = (0..rules).map(|number| rule(number, parts));
    let rules: Vec<Value> = rules.filter(|_| parts.expressions).collect();
    json!({
        "default": "allow",
        "lists": ["partners"],
        "domain": (0..10).map(|number| json!({ "name": format!("woodgrove{number}.com") })).collect::<Vec<_>>(),
        "attribute": attributes,
        "rule": rules,
        "message": messages(),
    })
    .to_string()
}

fn without(rules: &mut Value, keys: &[&str]) {
    if let Value::Object(rules) = rules {
        rules.retain(|key, _| !keys.contains(&key.as_str()));
    }
}

fn messages() -> Map<String, Value> {
    let message = |number: usize| {
        let texts = json!({
            "en": format!("Please ask your contact person, quoting {number} and {{reference}}."),
            "sv": format!("Fråga er kontaktperson och ange {number} och {{reference}}."),
            "de": format!("Bitte fragen Sie Ihre Kontaktperson; nennen Sie {number} und {{reference}}."),
        });
        (code(number), texts)
    };
    (0..20).map(message).collect()
}

fn code(number: usize) -> String {
    format!("message-{}", number % 20)
}

// --- attributes

struct Attribute {
    rules: Value,
    /// As a person types it.
    typed: Value,
}

const BUILT_IN: [&str; 9] = [
    "givenName",
    "surname",
    "displayName",
    "jobTitle",
    "streetAddress",
    "city",
    "postalCode",
    "state",
    "country",
];

/// The attribute that holds an IP address.
const ADDRESS: usize = 31;

/// The name in the policy.
fn short_name(number: usize) -> String {
    BUILT_IN.get(number).map_or_else(
        || format!("extension_Attribute{number}"),
        |name| (*name).to_owned(),
    )
}

/// The name in requests.
fn wire_name(number: usize) -> String {
    let short = short_name(number);
    match short.strip_prefix("extension_") {
        Some(custom) => format!("extension_{APPLICATION}_{custom}"),
        None => short,
    }
}

fn attribute(number: usize) -> Attribute {
    let (rules, typed) = BUILT_IN
        .get(number)
        .map_or_else(|| custom(number), |name| built_in(name));
    Attribute { rules, typed }
}

fn built_in(name: &str) -> (Value, Value) {
    match name {
        "givenName" => (
            json!({ "required": true, "max-length": 64, "normalise": ["nfc", "trim", "collapse-spaces", "name-case"] }),
            json!("larissa"),
        ),
        "surname" => (
            json!({ "required": true, "max-length": 64, "normalise": ["nfc", "trim", "collapse-spaces", "name-case"] }),
            json!("o'neill  price"),
        ),
        "displayName" => (
            json!({ "set": "{givenName} {surname}" }),
            json!("Larissa Price"),
        ),
        "country" => (
            json!({ "required": true, "format": "country", "normalise": ["trim", "country-code"] }),
            json!("Sweden"),
        ),
        "postalCode" => (
            json!({
                "required": "attributes.country in [\"SE\", \"DE\", \"NL\", \"GB\", \"US\"]",
                "format": "postal-code",
                "normalise": ["trim", "postal-code"],
            }),
            json!("11455"),
        ),
        "city" => (
            json!({ "normalise": ["trim", "collapse-spaces"], "map": { "sthlm": "Stockholm", "gbg": "Göteborg" } }),
            json!("sthlm"),
        ),
        _ => (
            json!({ "max-length": 100, "normalise": ["nfc", "trim", "collapse-spaces"] }),
            json!("1000 Woodgrove Way, Building 4"),
        ),
    }
}

/// The kinds of custom attributes, in turn.
fn custom(number: usize) -> (Value, Value) {
    let name = short_name(number);
    let label = json!({ "en": format!("Field {number}"), "sv": format!("Fält {number}") });
    match number % 12 {
        0 => (
            json!({ "required": true, "format": "phone", "normalise": ["e164"], "label": label }),
            json!("070-123 45 67"),
        ),
        1 => {
            let check =
                json!({ "that": format!("attributes.{name} < now.date"), "message": code(number) });
            (
                json!({ "format": "date", "check": [check] }),
                json!("1998-02-14"),
            )
        }
        2 => (
            json!({ "type": "integer", "minimum": 1, "maximum": 500_000 }),
            json!(2010 + number),
        ),
        3 => (json!({ "type": "boolean" }), json!(true)),
        4 => (
            json!({
                "required": true,
                "normalise": ["trim", "upper-case"],
                "pattern": format!("[A-Z]{{2}}{number}-[0-9]{{4,8}}"),
                "label": label,
            }),
            json!(format!("sn{number}-471147")),
        ),
        5 => {
            let allowed = (0..12).map(|choice| format!("Department {number}.{choice}"));
            (
                json!({ "allowed": allowed.collect::<Vec<_>>(), "message": code(number) }),
                json!(format!("department {number}.9")),
            )
        }
        6 => (
            json!({ "min-length": 2, "max-length": 200, "normalise": ["nfc", "trim", "collapse-spaces"] }),
            json!("Woodgrove Bank, Retail  Division North"),
        ),
        7 if number == ADDRESS => (
            json!({ "max-length": 45, "normalise": ["trim"] }),
            json!("192.0.2.44"),
        ),
        7 => (
            json!({ "format": "url", "normalise": ["trim"] }),
            json!("https://www.woodgrove.com/retail/north?page=4"),
        ),
        8 => (
            json!({ "format": "vat-number", "normalise": ["trim", "upper-case"] }),
            json!("se556036079301"),
        ),
        9 => (
            json!({
                "required": "attributes.country == \"SE\" && email.present",
                "pattern": format!(r"[\p{{L}} .'-]+( {number})?"),
            }),
            json!("Åsa Öström-Łukasz"),
        ),
        10 => (
            json!({ "set": "{givenName} {surname}, {city}", "only-if-empty": true, "max-length": 200 }),
            json!("to the attention of Larissa Price"),
        ),
        _ => (
            json!({
                "format": "email",
                "normalise": ["trim", "lower-case"],
                "pattern": format!(r"[^@]+@([a-z\d-]+\.)+[a-z]{{2,{number}}}"),
            }),
            json!("Accounting@Woodgrove.com"),
        ),
    }
}

// --- rules

fn rule(number: usize, parts: Parts) -> Value {
    let (effect, when) = condition(number, parts);
    let mut rule = json!({ "id": format!("{effect}-{number}"), "when": when, "effect": effect, "on-error": "ignore" });
    if effect == "deny" || effect == "invalid" {
        put(&mut rule, "message", json!(code(number)));
    }
    if effect == "invalid" {
        put(&mut rule, "field", json!(short_name(9 + number % 40)));
    } else {
        put(&mut rule, "before-lists", json!(number.is_multiple_of(7)));
    }
    rule
}

/// Twenty kinds of conditions, in turn: of addresses, attributes, lists, the time and the person.
fn condition(number: usize, parts: Parts) -> (&'static str, String) {
    let of_kind = |kind: usize| format!("attributes.{}", custom_of_kind(kind, number));
    let text = of_kind(6);
    let domains = (0..12).map(|domain| format!("\"competitor{number}-{domain}.example\""));
    let domains = domains.collect::<Vec<_>>().join(", ");
    match number % 20 {
        0 => (
            "deny",
            format!("email.domain == \"competitor{number}.example\""),
        ),
        1 => ("deny", format!("email.domain in [{domains}]")),
        2 => (
            "allow",
            format!("email.domain.endsWith(\".partner{number}.example\")"),
        ),
        3 => (
            "review",
            matching(
                "email.local",
                &format!("^(info|office|sales|team{number})([._-][a-z0-9]+)*$"),
                parts,
            ),
        ),
        4 => (
            "review",
            format!("email.free && {text} != \"Person {number}\""),
        ),
        5 => (
            "deny",
            format!(
                "attributes.country in [\"SE\", \"NO\"] && list.names.exists(x, x == \"blocked-{number}\")"
            ),
        ),
        6 => ("deny", format!("\"blocked-{number}\" in list.names")),
        7 => (
            "deny",
            format!(
                "list.effect == \"\" && identity.provider == \"facebook.com\" && {text}.contains(\"Test {number}\")"
            ),
        ),
        8 => (
            "review",
            format!("now.weekday < 7 && now.hour < 24 && user_flow == \"flow-{number}\""),
        ),
        9 => (
            "deny",
            format!(
                "now.date >= \"20{}-06-30\" && email.present",
                30 + number / 20
            ),
        ),
        10 => (
            "invalid",
            format!("{} == \"\" && {text} != \"Person {number}\"", of_kind(8)),
        ),
        11 => (
            "invalid",
            format!("{} < {} || {} > 100000", of_kind(2), number + 5, of_kind(2)),
        ),
        12 => (
            "review",
            format!("size({text}) > 150 || lower({text}).contains(\"test {number}\")"),
        ),
        13 => (
            "log",
            format!("names.mixed_script || email.looks_like == \"woodgrove{number}.com\""),
        ),
        14 => (
            "deny",
            format!(
                "email.disposable || email.provider_mismatch && step == \"after-federation\" && {text} == \"{number}\""
            ),
        ),
        15 => (
            "review",
            format!("attributes.city == \"Stockholm\" && {text}.startsWith(\"Person {number}\")"),
        ),
        16 => (
            "review",
            format!(
                "in_network(attributes.{}, \"10.{}.0.0/16\")",
                short_name(ADDRESS),
                number % 256
            ),
        ),
        17 => ("review", matching(&text, &unicode_pattern(number), parts)),
        18 => (
            "review",
            format!(
                "[attributes.givenName, attributes.surname, {text}].exists(x, lower(x).contains(\"test {number}\"))"
            ),
        ),
        _ => (
            "log",
            format!(
                "language != \"sv\" && !(attributes.country in [\"NO\", \"DK\"]) && email.local != \"person{number}\""
            ),
        ),
    }
}

/// Letters and digits of any script: what people write without thinking of what it holds.
fn unicode_pattern(number: usize) -> String {
    match number % 40 {
        17 => format!(r"^[\p{{L}} ]+ (GmbH|AG|KG) {number}$"),
        _ => format!(r"\bproject-\d+-{number}\b"),
    }
}

fn matching(text: &str, pattern: &str, parts: Parts) -> String {
    if parts.patterns {
        format!("{text}.matches(r\"{pattern}\")")
    } else {
        format!("{text}.contains(r\"{pattern}\")")
    }
}

/// One of the custom attributes of a kind, another one for another rule.
fn custom_of_kind(kind: usize, number: usize) -> String {
    let of_kind = (BUILT_IN.len()..ATTRIBUTES).filter(|attribute| attribute % 12 == kind);
    let of_kind: Vec<usize> = of_kind.collect();
    let chosen = of_kind.get(number % of_kind.len().max(1));
    short_name(chosen.copied().unwrap_or_default())
}

// --- requests

/// A connector's body with every attribute, from one with the members that the contract has.
pub(crate) fn connector_body(golden: &Value) -> Value {
    let mut body = golden.clone();
    for number in 0..ATTRIBUTES {
        put(&mut body, &wire_name(number), attribute(number).typed);
    }
    body
}

/// The same of an extension.
pub(crate) fn extension_body(golden: &Value) -> Value {
    let attributes = (0..ATTRIBUTES).map(|number| {
        let typed = attribute(number).typed;
        let kind = match typed {
            Value::Bool(_) => "boolean",
            Value::Number(_) => "int64",
            _ => "string",
        };
        let value = json!({
            "@odata.type": format!("microsoft.graph.{kind}DirectoryAttributeValue"),
            "value": typed,
            "attributeType": if number < BUILT_IN.len() { "builtIn" } else { "directorySchemaExtension" },
        });
        (wire_name(number), value)
    });
    let mut body = golden.clone();
    if let Some(information) = body.pointer_mut("/data/userSignUpInfo") {
        put(
            information,
            "attributes",
            Value::Object(attributes.collect()),
        );
    }
    body
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(members) = object {
        members.insert(key.to_owned(), value);
    }
}
