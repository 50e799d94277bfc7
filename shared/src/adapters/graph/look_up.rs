//! Finding accounts: `$filter` on users, and what is read of those that are found.

use serde::Deserialize;

use super::encoded;
use crate::{
    domain::approval::AppliedIdentity,
    ports::accounts::{AccountId, ExistingAccount},
};

/// What is read of an account.
const SELECTED: &str = "id,identities,mail,otherMails,userType";

/// By what accounts are found.
pub(super) enum Condition<'a> {
    /// Graph needs both parts (PROTOCOL 7).
    Identity {
        issuer: &'a str,
        subject: &'a str,
    },
    Name(&'a str),
    Mail(&'a str),
    OtherMail(&'a str),
}

impl Condition<'_> {
    pub(super) fn path(&self) -> String {
        let filter = encoded(&self.filter());
        format!("/users?%24filter={filter}&%24select={SELECTED}")
    }

    fn filter(&self) -> String {
        match self {
            Self::Identity { issuer, subject } => format!(
                "identities/any(c:c/issuerAssignedId eq {} and c/issuer eq {})",
                literal(subject),
                literal(issuer)
            ),
            Self::Name(name) => format!("userPrincipalName eq {}", literal(name)),
            Self::Mail(address) => format!("mail eq {}", literal(address)),
            Self::OtherMail(address) => format!("otherMails/any(c:c eq {})", literal(address)),
        }
    }

    /// What an answer may not show.
    pub(super) fn values(&self) -> Vec<&str> {
        match self {
            Self::Identity { subject, .. } => vec![subject],
            Self::Name(text) | Self::Mail(text) | Self::OtherMail(text) => vec![text],
        }
    }
}

/// A text in a filter: a quote in it is doubled.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[derive(Deserialize)]
pub(super) struct Found {
    value: Vec<Member>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    id: String,
    identities: Option<Vec<Identity>>,
    mail: Option<String>,
    other_mails: Option<Vec<String>>,
    user_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Identity {
    issuer: Option<String>,
    issuer_assigned_id: Option<String>,
}

impl Found {
    pub(super) fn accounts(self) -> Vec<ExistingAccount> {
        self.value.into_iter().map(account).collect()
    }
}

fn account(member: Member) -> ExistingAccount {
    let other_mails = member.other_mails.into_iter().flatten();
    ExistingAccount {
        id: AccountId(member.id),
        identities: applied(member.identities),
        addresses: member.mail.into_iter().chain(other_mails).collect(),
        is_guest: is_guest(member.user_type.as_deref()),
    }
}

/// Those that name an issuer.
pub(super) fn applied(identities: Option<Vec<Identity>>) -> Vec<AppliedIdentity> {
    let identities = identities.into_iter().flatten();
    let identities = identities.filter_map(|identity| {
        Some(AppliedIdentity {
            issuer: identity.issuer?,
            subject: identity.issuer_assigned_id,
        })
    });
    identities.collect()
}

pub(super) fn is_guest(user_type: Option<&str>) -> bool {
    user_type.is_some_and(|kind| kind.eq_ignore_ascii_case("Guest"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        let condition = Condition::Mail("o'brien+a@x.example' or '1' eq '1");
        assert_eq!(
            condition.filter(),
            "mail eq 'o''brien+a@x.example'' or ''1'' eq ''1'"
        );
        assert_eq!(
            condition.path(),
            "/users?%24filter=mail%20eq%20%27o%27%27brien%2Ba%40x.example%27%27%20or%20%27%271%27%27%20eq%20%27%271%27\
             &%24select=id,identities,mail,otherMails,userType"
        );
    }

    #[test]
    fn an_identity_is_found_by_both_parts() {
        let condition = Condition::Identity {
            issuer: "facebook.com",
            subject: "0123456789",
        };
        assert_eq!(
            condition.filter(),
            "identities/any(c:c/issuerAssignedId eq '0123456789' and c/issuer eq 'facebook.com')"
        );
    }
}
