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
    // An address does not differ by case; a provider's own id may.
    let address = person.email.to_lowercase();
    let (sign_in_type, issuer, id) = match person.provider {
        Provider::Local => ("emailAddress", "local", address),
        Provider::EmailCode => ("federated", "mail", address),
        other => ("federated", other.issuer()?, person.subject.clone()),
    };
    // Two people without an id are not one.
    (!id.is_empty()).then(|| Identity {
        sign_in_type: sign_in_type.to_owned(),
        issuer: issuer.to_owned(),
        issuer_assigned_id: id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(provider: Provider, email: &str, subject: &str) -> Person {
        Person {
            provider,
            email: email.to_owned(),
            subject: subject.to_owned(),
            display_name: String::new(),
            given_name: String::new(),
            surname: String::new(),
        }
    }

    fn id(provider: Provider, email: &str, subject: &str) -> Option<String> {
        identity(&person(provider, email, subject)).map(|identity| identity.issuer_assigned_id)
    }

    #[test]
    fn a_providers_id_stays_as_it_is_and_an_address_is_folded() {
        let google = id(Provider::Google, "Jane@Example.com", "AbC");
        assert_eq!(google.as_deref(), Some("AbC"));
        let code = id(Provider::EmailCode, "Jane@Example.com", "");
        assert_eq!(code.as_deref(), Some("jane@example.com"));
    }

    #[test]
    fn people_without_an_id_are_told_apart_by_their_address() {
        assert_eq!(id(Provider::Google, "jane@example.com", ""), None);
        assert_eq!(id(Provider::Entra, "jane@example.com", "x"), None);
        assert_eq!(id(Provider::Local, "", ""), None);
    }
}
