//! The body of a connector's request: a flat object of claims (PROTOCOL 1.2).

use serde_json::Value;

use crate::{
    exchange::Members,
    facts::Facts,
    model::{Provider, Step, TenantKind, WireForm},
};

/// Built-in attributes in the order of the documented requests; `email` comes first and the names before them.
const BUILT_IN: [&str; 6] = [
    "jobTitle",
    "streetAddress",
    "city",
    "postalCode",
    "state",
    "country",
];

/// Claims that have a place of their own before the collected ones.
const LEADING: [&str; 4] = ["email", "displayName", "givenName", "surname"];

/// The body of a request.
pub fn request(facts: &Facts<'_>) -> String {
    let mut body = Members::default();
    if facts.step == Step::BeforeToken {
        token_step(facts, &mut body);
    } else {
        person(facts, &mut body);
        names(facts, &mut body);
        collected(facts, &mut body);
        if facts.flow.kind == TenantKind::B2c {
            body.push("step", step(facts));
            body.push("client_id", facts.flow.application.id.as_str());
        }
        body.push("ui_locales", facts.language);
    }
    body.to_string()
}

/// B2C's step before the token, of which two samples contradict each other.
fn token_step(facts: &Facts<'_>, body: &mut Members) {
    let older = facts.form == WireForm::Older;
    let application = facts.flow.application.id.as_str();
    if older {
        body.push("clientId", application);
        body.push("step", step(facts));
        body.push("ui_locales", facts.language);
    }
    person(facts, body);
    body.push("displayName", claim(facts, "displayName"));
    if !older {
        body.push("objectId", facts.account.map(|account| account.id.as_str()));
    }
    body.push("givenName", claim(facts, "givenName"));
    body.push("surname", claim(facts, "surname"));
    collected(facts, body);
    if !older {
        body.push("client_id", application);
        body.push("step", step(facts));
        body.push("ui_locales", facts.language);
    }
}

fn step(facts: &Facts<'_>) -> &'static str {
    match facts.step {
        Step::AfterFederation => "PostFederationSignup",
        Step::BeforeCreatingUser => "PostAttributeCollection",
        _ if facts.form == WireForm::Older => "PreTokenApplicationClaims",
        _ => "PreTokenIssuance",
    }
}

/// What the identity provider vouches for, whatever stands on the attribute page.
fn person(facts: &Facts<'_>, body: &mut Members) {
    body.push("email", facts.person.email.as_str());
    body.push_objects("identities", identity(facts).into_iter().collect());
}

fn identity(facts: &Facts<'_>) -> Option<Members> {
    let person = facts.person;
    let issuer = person.provider.issuer()?;
    let id = match person.provider {
        Provider::EmailCode if person.subject.is_empty() => &person.email,
        _ => &person.subject,
    };
    let mut identity = Members::default();
    identity.push("signInType", "federated");
    identity.push("issuer", issuer);
    identity.push("issuerAssignedId", id.as_str());
    Some(identity)
}

fn names(facts: &Facts<'_>, body: &mut Members) {
    // Only the workforce sample of this step has `lastName`.
    let guest = facts.flow.kind == TenantKind::Workforce;
    let surname = if guest && facts.step == Step::AfterFederation {
        "lastName"
    } else {
        "surname"
    };
    body.push("displayName", claim(facts, "displayName"));
    body.push("givenName", claim(facts, "givenName"));
    body.push(surname, claim(facts, "surname"));
}

/// Every other attribute of the user flow: built-in ones, then custom ones.
fn collected(facts: &Facts<'_>, body: &mut Members) {
    if facts.step == Step::AfterFederation {
        return;
    }
    let others = facts.flow.attributes.iter();
    let mut others: Vec<_> = others
        .filter(|attribute| !LEADING.contains(&attribute.name.as_str()))
        .collect();
    others.sort_by_key(|attribute| {
        let place = BUILT_IN.iter().position(|name| *name == attribute.name);
        (attribute.custom.is_some(), place.unwrap_or(BUILT_IN.len()))
    });
    for attribute in others {
        body.push(&attribute.name, claim(facts, &attribute.name));
    }
}

/// What is known of an attribute: of the account, else from the page if it has a field for it, else what the provider
/// asserts.
fn claim(facts: &Facts<'_>, name: &str) -> Option<Value> {
    if let Some(account) = facts.account {
        return account.attributes.get(name).cloned();
    }
    let shown = facts.step != Step::AfterFederation;
    if shown && facts.flow.attributes.iter().any(|one| one.name == name) {
        return facts.attributes.get(name).cloned();
    }
    let asserted = match name {
        "displayName" => &facts.person.display_name,
        "givenName" => &facts.person.given_name,
        "surname" => &facts.person.surname,
        _ => return None,
    };
    Some(Value::from(asserted.as_str()))
}
