//! What Graph is told of an applicant (PROTOCOL 3.3).

use serde_json::{Map, Value, json};

use super::Settings;
use crate::domain::{
    approval::{Applicant, Applied, AppliedIdentity},
    person::PersonKey,
};

/// Providers whose identities an account can be created with. People of all others are invited.
const FEDERATED: &[&str] = &["facebook.com", "google.com", "mail"];

/// What is never an attribute of an account, whatever a request carries.
const RESERVED: &[&str] = &[
    "accountEnabled",
    "client_id",
    "creationType",
    "email",
    "emailAddress",
    "id",
    "identities",
    "mail",
    "mailNickname",
    "objectId",
    "otherMails",
    "passwordPolicies",
    "passwordProfile",
    "proxyAddresses",
    "step",
    "ui_locales",
    "userPrincipalName",
    "userType",
];

/// Most characters of a user principal name before its `@`.
const MAX_NAME: usize = 64;
/// Characters of a fingerprint that tells apart what would otherwise have the same name.
const FINGERPRINT: usize = 8;

/// Why there can be no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("the request has no address, and an account needs one")]
    NoAddress,
    #[error("the identity of {0} has no subject (`issuerAssignedId`), and an account needs one")]
    NoSubject(String),
}

/// How an applicant gets an account.
#[derive(Clone, Copy)]
pub(super) enum Route<'a> {
    Create(&'a AppliedIdentity),
    Invite,
}

impl<'a> Route<'a> {
    /// The first identity decides, as Microsoft documents it.
    pub(super) fn of(applicant: &'a Applicant) -> Self {
        let first = applicant.identities.first();
        let federated = first.filter(|identity| {
            let provider = identity.provider();
            provider.is_some_and(|provider| FEDERATED.contains(&provider.as_str()))
        });
        federated.map_or(Self::Invite, Self::Create)
    }
}

/// The body of `POST /users`.
pub(super) struct NewUser {
    pub(super) name: String,
    pub(super) body: Map<String, Value>,
}

pub(super) fn new_user(applicant: &Applicant, settings: &Settings) -> Result<NewUser, Unfit> {
    let address = address(applicant)?;
    let name = principal_name(address, settings);
    let mut body = attributes(applicant);
    body.entry("displayName")
        .or_insert_with(|| display_name(applicant, address).into());
    let own = [
        ("userPrincipalName", json!(name)),
        ("accountEnabled", json!(true)),
        ("mail", json!(address)),
        ("mailNickname", json!(nickname(address))),
        ("userType", json!("Guest")),
        ("identities", identities(applicant)?),
    ];
    body.extend(own.map(|(name, value)| (name.to_owned(), value)));
    Ok(NewUser { name, body })
}

/// The body of `POST /invitations`.
pub(super) fn invitation(
    applicant: &Applicant,
    settings: &Settings,
) -> Result<Map<String, Value>, Unfit> {
    let members = [
        ("invitedUserEmailAddress", json!(address(applicant)?)),
        ("inviteRedirectUrl", json!(settings.redirect_url)),
        ("sendInvitationMessage", json!(settings.send_invitation)),
    ];
    let members = members.map(|(name, value)| (name.to_owned(), value));
    Ok(members.into_iter().collect())
}

/// What was collected, each under its own name and in its own type.
pub(super) fn attributes(applicant: &Applicant) -> Map<String, Value> {
    let attributes = applicant.attributes.iter();
    attributes
        .filter(|(name, _)| !is_reserved(name))
        .map(|(name, value)| (name.clone(), json(value)))
        .collect()
}

pub(super) fn address(applicant: &Applicant) -> Result<&str, Unfit> {
    let first = applicant.addresses.first();
    first.map(String::as_str).ok_or(Unfit::NoAddress)
}

fn is_reserved(name: &str) -> bool {
    let mut reserved = RESERVED.iter();
    name.starts_with('@') || reserved.any(|reserved| reserved.eq_ignore_ascii_case(name))
}

fn json(value: &Applied) -> Value {
    match value {
        Applied::Text(text) => json!(text),
        Applied::Flag(flag) => json!(flag),
        Applied::Number(number) => json!(number),
    }
}

/// In the spelling of the wire; the first one is who the account is found by.
fn identities(applicant: &Applicant) -> Result<Value, Unfit> {
    if let Some(first) = applicant.identities.first()
        && first.subject.is_none()
    {
        return Err(Unfit::NoSubject(first.issuer.clone()));
    }
    let known = applicant.identities.iter().filter_map(|identity| {
        let subject = identity.subject.as_ref()?;
        Some(json!({
            "signInType": "federated",
            "issuer": identity.issuer,
            "issuerAssignedId": subject,
        }))
    });
    Ok(known.collect())
}

/// Graph wants one; whoever gave none is called by the other names, or by the address.
fn display_name(applicant: &Applicant, address: &str) -> String {
    let names = ["givenName", "surname"].into_iter();
    let names: Vec<_> = names.filter_map(|name| applicant.text(name)).collect();
    if names.is_empty() {
        return local_part(address).to_owned();
    }
    names.join(" ")
}

fn nickname(address: &str) -> String {
    plain(local_part(address)).chars().take(MAX_NAME).collect()
}

fn local_part(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(local, _)| local)
}

/// `ann_partner.example#EXT#@contoso.onmicrosoft.com`. Where characters have to be replaced or left out, a fingerprint of the
/// address keeps two people apart.
fn principal_name(address: &str, settings: &Settings) -> String {
    let wanted = address.replace('@', "_");
    let mut name = plain(&wanted);
    let room = MAX_NAME.saturating_sub(settings.guest_marker.len());
    if name != wanted || name.len() > room {
        name.truncate(room.saturating_sub(FINGERPRINT + "_".len()));
        let person = PersonKey::of_address(&address.to_lowercase());
        name.push('_');
        name.extend(person.as_str().chars().take(FINGERPRINT));
    }
    format!("{name}{}@{}", settings.guest_marker, settings.tenant_domain)
}

/// With an underscore for each character that such names do not have; what is left is ASCII.
fn plain(text: &str) -> String {
    let is_known = |c: char| c.is_ascii_alphanumeric() || "'.-_!^~".contains(c);
    let characters = text.chars();
    characters
        .map(|c| if is_known(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rstest::rstest;

    use super::*;

    fn settings() -> Settings {
        Settings::of("contoso.onmicrosoft.com", "https://myapp.com")
    }

    fn applicant(identities: &[(&str, Option<&str>)]) -> Applicant {
        let identities = identities.iter().map(|(issuer, subject)| AppliedIdentity {
            issuer: (*issuer).to_owned(),
            subject: subject.map(str::to_owned),
        });
        Applicant {
            addresses: vec!["ann@partner.example".to_owned()],
            identities: identities.collect(),
            ..Applicant::default()
        }
    }

    #[rstest]
    #[case::facebook(&["facebook.com"], true)]
    #[case::as_documented(&["facebook"], true)]
    #[case::google(&["GOOGLE.com"], true)]
    #[case::google_as_documented(&["Google"], true)]
    #[case::mail(&["Mail"], true)]
    #[case::none(&[], false)]
    #[case::entra(&["sts.windows.net"], false)]
    #[case::looks_alike(&["facebook.com.evil.example"], false)]
    #[case::first_decides(&["sts.windows.net", "google.com"], false)]
    fn the_first_issuer_decides(#[case] issuers: &[&str], #[case] is_created: bool) {
        let identities: Vec<_> = issuers.iter().map(|&one| (one, Some("1"))).collect();
        let applicant = applicant(&identities);
        assert_eq!(
            matches!(Route::of(&applicant), Route::Create(_)),
            is_created
        );
    }

    #[rstest]
    #[case::plain("johnsmith@outlook.com", "johnsmith_outlook.com#EXT#")]
    #[case::apostrophe("o'brien@x.example", "o'brien_x.example#EXT#")]
    fn a_name_is_made_of_the_address(#[case] address: &str, #[case] expected: &str) {
        let expected = format!("{expected}@contoso.onmicrosoft.com");
        assert_eq!(principal_name(address, &settings()), expected);
    }

    #[test]
    fn addresses_that_cannot_be_names_stay_apart() {
        let long = "a".repeat(64);
        let addresses = [
            "ann+a@x.example".to_owned(),
            "ann/a@x.example".to_owned(),
            "jörg@müller.example".to_owned(),
            format!("{long}@x.example"),
            format!("{long}@y.example"),
        ];
        let names: Vec<_> = addresses
            .iter()
            .map(|address| principal_name(address, &settings()))
            .collect();
        for (index, name) in names.iter().enumerate() {
            let (local, _) = name.rsplit_once('@').unwrap();
            assert!(local.len() <= MAX_NAME && local.is_ascii(), "{name}");
            assert!(local.ends_with("#EXT#"), "{name}");
            assert!(!names[..index].contains(name), "{name}");
        }
        assert_eq!(
            names[0],
            principal_name("Ann+a@x.example", &settings()).replace('A', "a")
        );
    }

    #[test]
    fn nobody_sets_what_is_not_theirs() {
        let mut applicant = applicant(&[("google.com", Some("1"))]);
        let attributes = RESERVED.iter().chain(&["UserType", "@odata.id"]);
        applicant.attributes = attributes
            .map(|name| ((*name).to_owned(), Applied::Text("other".to_owned())))
            .collect();
        assert!(super::attributes(&applicant).is_empty());
        let user = new_user(&applicant, &settings()).unwrap();
        assert!(user.body.values().all(|value| *value != "other"));
        assert!(!user.body.contains_key("passwordProfile"));
    }

    #[rstest]
    #[case::own(&[("displayName", "Ann B."), ("givenName", "Ann")], "Ann B.")]
    #[case::of_names(&[("givenName", "Ann"), ("surname", "Bell")], "Ann Bell")]
    #[case::one_name(&[("surname", "Bell")], "Bell")]
    #[case::none(&[], "ann")]
    fn everybody_has_a_display_name(#[case] names: &[(&str, &str)], #[case] expected: &str) {
        let mut applicant = applicant(&[("google.com", Some("1"))]);
        applicant.attributes = names
            .iter()
            .map(|&(name, text)| (name.to_owned(), Applied::Text(text.to_owned())))
            .collect::<BTreeMap<_, _>>();
        let user = new_user(&applicant, &settings()).unwrap();
        assert_eq!(user.body["displayName"], expected);
    }

    #[test]
    fn an_account_needs_an_address_and_a_subject() {
        let mut nobody = applicant(&[("google.com", Some("1"))]);
        nobody.addresses.clear();
        let problem = new_user(&nobody, &settings()).err();
        assert_eq!(problem, Some(Unfit::NoAddress));
        assert_eq!(invitation(&nobody, &settings()), Err(Unfit::NoAddress));
        let nameless = applicant(&[("google.com", None), ("facebook.com", Some("1"))]);
        let problem = new_user(&nameless, &settings()).err();
        assert_eq!(problem, Some(Unfit::NoSubject("google.com".to_owned())));
    }
}
