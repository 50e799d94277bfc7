//! The claims of the token at the end of a sign-up.

use serde_json::{Map, Value, json};

use crate::{
    config::UserFlow,
    directory::Account,
    model::{Attributes, Person, TenantKind},
    sign_up::IssuedToken,
};

/// What the application is told: the account, and over it what the deployment answered, as far as those are application
/// claims of the user flow. A mapped claim is found by its exact name (PROTOCOL 5.6).
pub fn issued(
    flow: &UserFlow,
    person: &Person,
    account: &Account,
    answered: Attributes,
) -> IssuedToken {
    let mut claims = of_account(flow, person, account);
    let mut from_deployment = Vec::new();
    for (name, value) in answered {
        let name = in_token(flow, &name);
        let mapped = flow.token_claims.as_ref();
        if mapped.is_none_or(|mapped| mapped.contains(&name)) {
            claims.insert(name.clone(), value);
            from_deployment.push(name);
        }
    }
    IssuedToken {
        claims,
        from_deployment,
    }
}

fn of_account(flow: &UserFlow, person: &Person, account: &Account) -> Map<String, Value> {
    let mut claims = Map::new();
    let mut add = |name: &str, value: Value| {
        claims.insert(name.to_owned(), value);
    };
    add("aud", json!(flow.application.id));
    add("sub", json!(account.id));
    add("oid", json!(account.id));
    add("idp", json!(person.provider.key()));
    match flow.kind {
        TenantKind::B2c => {
            add("tfp", json!(format!("B2C_1_{}", flow.id)));
            add("emails", json!([account.mail]));
        }
        TenantKind::Workforce | TenantKind::External => {
            add("preferred_username", json!(account.user_principal_name));
            add("email", json!(account.mail));
        }
    }
    for (name, value) in &account.attributes {
        add(&in_token(flow, name), value.clone());
    }
    claims
}

/// A custom attribute is `extension_Name` in a token, and three have names of OpenID Connect.
pub(crate) fn in_token(flow: &UserFlow, name: &str) -> String {
    match name {
        "displayName" => "name".to_owned(),
        "givenName" => "given_name".to_owned(),
        "surname" => "family_name".to_owned(),
        _ => flow
            .attribute(name)
            .and_then(|attribute| attribute.custom.as_ref())
            .map_or_else(|| name.to_owned(), |custom| format!("extension_{custom}")),
    }
}
