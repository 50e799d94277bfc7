//! The account that a sign-up makes, and how the person is found again.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    config::{Tenant, UserFlow},
    directory::{Account, Directory, Identity, NewAccount, Source, same},
    model::{Attributes, Person, Provider, TenantKind},
};

/// The account of a person who comes back.
pub fn of(directory: &Directory, kind: TenantKind, person: &Person) -> Option<Account> {
    let identity = identity(person);
    directory.find(|account| {
        account.tenant == kind
            && match &identity {
                Some(identity) => account.identities.contains(identity),
                // Without an identity on the wire the address is all there is.
                None => account.identities.is_empty() && has_address(account, &person.email),
            }
    })
}

fn has_address(account: &Account, address: &str) -> bool {
    account
        .mail
        .as_ref()
        .is_some_and(|mail| same(mail, address))
}

/// What the user flow creates.
pub fn new(
    tenant: &Tenant,
    flow: &UserFlow,
    person: &Person,
    collected: &Attributes,
) -> NewAccount {
    let mut attributes = collected.clone();
    // Blank means that nothing is stored.
    attributes.retain(|_, value| value.as_str() != Some(""));
    attributes
        .entry("displayName".to_owned())
        .or_insert_with(|| Value::from("unknown"));
    let guest = flow.kind == TenantKind::Workforce;
    NewAccount {
        tenant: flow.kind,
        user_principal_name: principal_name(tenant, guest, &person.email),
        mail: (!person.email.is_empty()).then(|| person.email.clone()),
        user_type: if guest { "Guest" } else { "Member" }.to_owned(),
        enabled: true,
        identities: identity(person).into_iter().collect(),
        attributes,
        source: Source::SignUp(flow.id.clone()),
    }
}

/// Of a guest from the address, as invitations make it (PROTOCOL 3.3); else a GUID (PROTOCOL 5.6).
fn principal_name(tenant: &Tenant, guest: bool, address: &str) -> String {
    let domain = format!("{}.onmicrosoft.com", tenant.name);
    if guest {
        format!("{}#EXT#@{domain}", address.replace('@', "_"))
    } else {
        format!("{}@{domain}", Uuid::new_v4())
    }
}

/// The identity under which the directory keeps a person; an account of a Microsoft directory has none on the wire.
fn identity(person: &Person) -> Option<Identity> {
    let (sign_in_type, issuer, id) = match person.provider {
        Provider::Local => ("emailAddress", "local", &person.email),
        Provider::EmailCode => ("federated", "mail", &person.email),
        other => ("federated", other.issuer()?, &person.subject),
    };
    Some(Identity {
        sign_in_type: sign_in_type.to_owned(),
        issuer: issuer.to_owned(),
        issuer_assigned_id: id.to_lowercase(),
    })
}
