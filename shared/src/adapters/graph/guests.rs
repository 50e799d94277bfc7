//! Guests by the time of their creation, page by page.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Graph,
    answer::{fault, object},
    encoded,
    look_up::{Identity, applied, is_guest},
};
use crate::ports::{
    Deadline,
    accounts::{AccountError, AccountId},
    guests::{Guest, GuestPage, Guests},
    outgoing::Method,
};

/// What is read of an account.
const SELECTED: &str = "id,createdDateTime,identities,mail,userType";

/// Accounts that Graph is asked for at once.
const PAGE: u16 = 100;

#[derive(Deserialize)]
struct Part {
    value: Vec<Member>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    id: String,
    created_date_time: Timestamp,
    identities: Option<Vec<Identity>>,
    mail: Option<String>,
    user_type: Option<String>,
}

#[async_trait]
impl Guests for Graph {
    async fn created(
        &self,
        since: Timestamp,
        until: Timestamp,
        deadline: Deadline,
    ) -> Result<GuestPage, AccountError> {
        let filter = encoded(&filter(since, until));
        let path = format!("/users?%24filter={filter}&%24select={SELECTED}&%24top={PAGE}");
        self.part(&path, deadline).await
    }

    async fn more(&self, next: &str, deadline: Deadline) -> Result<GuestPage, AccountError> {
        // The token of the deployment goes nowhere else.
        let path = next.strip_prefix(&self.url);
        let path = path.filter(|path| path.starts_with("/users?"));
        let elsewhere = || AccountError::Refused("Graph's link leads away from Graph".to_owned());
        self.part(path.ok_or_else(elsewhere)?, deadline).await
    }
}

impl Graph {
    async fn part(&self, path: &str, deadline: Deadline) -> Result<GuestPage, AccountError> {
        let reply = self.send(Method::Get, path, None, deadline).await?;
        match reply.status {
            200 => Ok(page(object(&reply)?)),
            _ => Err(fault(&reply, &[])),
        }
    }
}

/// By one property alone, which Graph can do without its advanced queries; guests are told apart here.
fn filter(since: Timestamp, until: Timestamp) -> String {
    let (since, until) = (literal(since), literal(until));
    format!("createdDateTime ge {since} and createdDateTime le {until}")
}

/// To the second, without the rest of it.
fn literal(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn page(part: Part) -> GuestPage {
    let members = part.value.into_iter();
    let guests = members.filter(|member| is_guest(member.user_type.as_deref()));
    GuestPage {
        guests: guests.map(guest).collect(),
        next: part.next,
    }
}

fn guest(member: Member) -> Guest {
    Guest {
        id: AccountId(member.id),
        created_at: member.created_date_time,
        mail: member.mail,
        identities: applied(member.identities),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_names_whole_seconds() {
        let since = Timestamp::constant(1_768_478_400, 999_000_000);
        let until = Timestamp::constant(1_768_482_000, 0);
        assert_eq!(
            filter(since, until),
            "createdDateTime ge 2026-01-15T12:00:00Z and createdDateTime le 2026-01-15T13:00:00Z"
        );
    }
}
