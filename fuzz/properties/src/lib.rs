//! What must hold whatever comes in.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a property fails by panicking"
)]

mod certificate;
mod entra;
mod lists;
mod policy;
mod service;
mod source;
mod table;
mod verification;

pub use self::{
    certificate::client_certificate,
    entra::{basic_header, bearer_token, connector_body, extension_body, otp_body},
    lists::{email_address, matcher},
    policy::{policy_document, policy_expression, policy_sign_up},
    source::source_answer,
    table::table_change,
    verification::provider_answer,
};

/// Takes raw bytes, and panics when something does not hold for them.
pub type Property = fn(&[u8]);

/// Every property under the name of its fuzz target and of its folder of seeds.
pub const ALL: [(&str, Property); 14] = [
    ("connector_body", connector_body),
    ("extension_body", extension_body),
    ("otp_body", otp_body),
    ("basic_header", basic_header),
    ("bearer_token", bearer_token),
    ("email_address", email_address),
    ("matcher", matcher),
    ("client_certificate", client_certificate),
    ("policy_document", policy_document),
    ("policy_expression", policy_expression),
    ("policy_sign_up", policy_sign_up),
    ("provider_answer", provider_answer),
    ("source_answer", source_answer),
    ("table_change", table_change),
];
