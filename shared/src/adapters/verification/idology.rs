//! IDology `ExpectID`: a form goes out, XML comes back.
//!
//! Written from the sample for external identities
//! (`Azure-Samples/active-directory-dotnet-external-identities-idology-identity-verification`), and for the parts of an answer
//! that it does not read from the client and the published answers of `zoran759/Go-KYC-Microservice`
//! (`integrations/idology/expectid`). The vendor's own documentation is for customers only.

use roxmltree::{Document, Node, ParsingOptions};
use serde::Deserialize;

use super::{Finding, Problem, post_form};
use crate::{
    domain::verification::VerificationOutcome,
    ports::{outgoing::Call, verifier::Inquiry},
};

pub(super) const LOGIN: &str = r#"{"username": …, "password": …}"#;

/// Genuine answers have a few kilobytes. What the parser does with the attributes of one element grows with the square of
/// their number.
const MAX_OCTETS: usize = 64 * 1024;

#[derive(Deserialize)]
pub(super) struct Login {
    username: String,
    password: String,
}

/// `invoice` is the customer's own number of a check.
pub(super) fn call(inquiry: &Inquiry, login: &Login) -> Call {
    let own = [
        ("username", login.username.as_str()),
        ("password", login.password.as_str()),
        ("invoice", inquiry.attempt.as_str()),
    ];
    let told = inquiry
        .fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    post_form(inquiry, own.into_iter().chain(told))
}

pub(super) fn read(body: &[u8]) -> Result<Finding, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::Xml)?;
    let document = parse(text)?;
    let response = document.root_element();
    if response.tag_name().name() != "response" {
        return Err(Problem::Xml);
    }
    if let Some(fault) = fault(response)? {
        return Err(fault);
    }
    let reference = child(response, "id-number")?.and_then(|number| number.text());
    Ok(Finding::new(outcome(response)?, reference))
}

/// Without a document type nothing can be expanded or fetched.
fn parse(text: &str) -> Result<Document<'_>, Problem> {
    if text.len() > MAX_OCTETS {
        return Err(Problem::Xml);
    }
    let options = ParsingOptions {
        allow_dtd: false,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|_| Problem::Xml)
}

fn fault(response: Node<'_, '_>) -> Result<Option<Problem>, Problem> {
    let Some(fault) = child(response, "error")?.or(child(response, "failed")?) else {
        return Ok(None);
    };
    let text = fault.text().unwrap_or_default().to_lowercase();
    let is_login = text.contains("username") || text.contains("password");
    Ok(Some(if is_login {
        Problem::CredentialsRefused
    } else {
        Problem::ProviderError
    }))
}

/// The summary decides where the customer's configuration has one. Without it somebody who was located with remarks is for a
/// person to judge. Whoever is on a list of restricted people has failed in any case.
fn outcome(response: Node<'_, '_>) -> Result<VerificationOutcome, Problem> {
    let results = key(response, "results")?;
    if results == Some("result.match.restricted") || child(response, "restriction")?.is_some() {
        return Ok(VerificationOutcome::Failed);
    }
    let has_remarks = child(response, "qualifiers")?.is_some();
    match (key(response, "summary-result")?, results) {
        (Some("id.failure"), _) | (None, Some("result.no.match")) => {
            Ok(VerificationOutcome::Failed)
        }
        (Some("id.partial"), _) => Ok(VerificationOutcome::Refer),
        (None, Some("result.match")) if has_remarks => Ok(VerificationOutcome::Refer),
        (Some("id.success"), None | Some("result.match")) | (None, Some("result.match")) => {
            Ok(VerificationOutcome::Verified)
        }
        _ => Err(Problem::UnknownOutcome),
    }
}

fn key<'a>(response: Node<'a, '_>, name: &str) -> Result<Option<&'a str>, Problem> {
    let Some(element) = child(response, name)? else {
        return Ok(None);
    };
    let key = child(element, "key")?.ok_or(Problem::Xml)?;
    Ok(Some(key.text().unwrap_or_default().trim()))
}

/// The one element of a name; two of them could contradict each other.
fn child<'a, 'input>(
    parent: Node<'a, 'input>,
    name: &str,
) -> Result<Option<Node<'a, 'input>>, Problem> {
    let mut named = parent
        .children()
        .filter(|node| node.is_element() && node.tag_name().name() == name);
    let first = named.next();
    match named.next() {
        None => Ok(first),
        Some(_) => Err(Problem::Xml),
    }
}
