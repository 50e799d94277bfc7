//! An approval request to start from.

use jiff::Timestamp;

use crate::domain::{
    approval::{ApprovalRequest, ContentKey, Grants, RequestId, State, Terms, later},
    person::PersonKey,
    sign_up::Protocol,
};

/// A pending request of somebody of partner.example under the usual terms; a test puts what differs in its place.
pub fn pending(id: RequestId, person: PersonKey, at: Timestamp) -> ApprovalRequest {
    let terms = Terms::USUAL;
    ApprovalRequest {
        content: ContentKey::of(&id, b"content"),
        id,
        applicant: person.clone().into(),
        person,
        user_flow: None,
        protocol: Protocol::Connector,
        domain: Some("partner.example".to_owned()),
        provider: None,
        state: State::Pending,
        version: 1,
        edition: 1,
        created_at: at,
        changed_at: at,
        expires_at: later(at, terms.expire_after_days),
        terms,
        grants: Grants::default(),
        policy: None,
        asked_by: "default".to_owned(),
        approved_by: Vec::new(),
        failure: None,
        account: None,
    }
}
