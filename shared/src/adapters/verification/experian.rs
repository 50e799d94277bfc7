//! Experian `CrossCore`: JSON goes out with its HMAC-SHA256 in a header, over mutual TLS.
//!
//! Written from the sample for external identities
//! (`Azure-Samples/active-directory-dotnet-external-identities-experian-identity-verification`); the date of birth,
//! the parts of a British address and the words of decisions that it does not have are those of
//! `ministryofjustice/opg-paper-identity` (`docker/experian-crosscore/data`, `FraudApiService.php`).

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::{Finding, Problem, object, post_json};
use crate::{
    domain::verification::VerificationOutcome,
    ports::{outgoing::Call, verifier::Inquiry},
    wire::Object,
};

pub(super) const ACCOUNT: &str = r#"{"tenant_id": …, "request_type": …, "hmac_key": …}"#;

/// The fields that have a place in a request; names in capitals are options of `payload.control`.
const FIELDS: [&str; 16] = [
    "workflow",
    "ipAddress",
    "email",
    "firstName",
    "middleNames",
    "surName",
    "dateOfBirth",
    "buildingName",
    "buildingNumber",
    "street",
    "postTown",
    "postal",
    "county",
    "stateProvinceCode",
    "countryCode",
    "number",
];

const ADDRESS: [&str; 8] = [
    "buildingName",
    "buildingNumber",
    "street",
    "postTown",
    "postal",
    "county",
    "stateProvinceCode",
    "countryCode",
];

/// The one person of a request.
const CONTACT: &str = "MAINCONTACT_1";

#[derive(Deserialize)]
pub(super) struct Account {
    tenant_id: String,
    request_type: String,
    hmac_key: String,
}

pub(super) fn call(inquiry: &Inquiry, account: &Account, now: Timestamp) -> Result<Call, Problem> {
    let told = Told::new(&inquiry.fields)?;
    let time = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let request = Request {
        header: header(account, &inquiry.attempt, &time, &told),
        payload: payload(&inquiry.attempt, &time, &told),
    };
    let body = serde_json::to_vec(&request).map_err(|_| Problem::Json)?;
    let signature = signature(&account.hmac_key, &body);
    let mut call = post_json(inquiry, body);
    call.headers.push(("hmac-signature".to_owned(), signature));
    Ok(call)
}

fn signature(key: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    BASE64_STANDARD.encode(hmac::sign(&key, body))
}

/// The fields of an inquiry, each of which has a place in a request.
struct Told<'a>(&'a [(String, String)]);

impl<'a> Told<'a> {
    fn new(fields: &'a [(String, String)]) -> Result<Self, Problem> {
        let has_place = |name: &str| FIELDS.contains(&name) || is_option(name);
        fields
            .iter()
            .all(|(name, _)| has_place(name))
            .then_some(Self(fields))
            .ok_or(Problem::UnknownField)
    }

    fn get(&self, wanted: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    }

    fn options(&self) -> impl Iterator<Item = Control<'a>> {
        self.0
            .iter()
            .filter(|(name, _)| is_option(name))
            .map(|(option, value)| Control { option, value })
    }
}

/// `ORG_CODE`, `MODEL_CODE`, …
fn is_option(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    !name.is_empty() && name.chars().all(allowed)
}

#[derive(Serialize)]
struct Request<'a> {
    header: Header<'a>,
    payload: Payload<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Header<'a> {
    tenant_id: &'a str,
    request_type: &'a str,
    client_reference_id: &'a str,
    message_time: &'a str,
    options: Options<'a>,
}

#[derive(Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow: Option<&'a str>,
}

fn header<'a>(
    account: &'a Account,
    attempt: &'a str,
    time: &'a str,
    told: &Told<'a>,
) -> Header<'a> {
    Header {
        tenant_id: &account.tenant_id,
        request_type: &account.request_type,
        client_reference_id: attempt,
        message_time: time,
        options: Options {
            workflow: told.get("workflow"),
        },
    }
}

#[derive(Serialize)]
struct Payload<'a> {
    source: &'a str,
    control: Vec<Control<'a>>,
    application: Application<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<Device<'a>>,
    contacts: [Contact<'a>; 1],
}

#[derive(Serialize)]
struct Control<'a> {
    option: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Application<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    original_request_time: &'a str,
    applicants: [MainApplicant<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MainApplicant<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    applicant_type: &'a str,
    contact_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Device<'a> {
    id: &'a str,
    ip_address: &'a str,
}

/// The constants name the parts within one request, and are those of the sample.
fn payload<'a>(attempt: &'a str, time: &'a str, told: &Told<'a>) -> Payload<'a> {
    let event = Control {
        option: "EVENT_ID",
        value: attempt,
    };
    Payload {
        source: "WEB",
        control: told.options().chain([event]).collect(),
        application: Application {
            kind: "APPLICANT",
            original_request_time: time,
            applicants: [MainApplicant {
                id: "MAINAPPLICANT_1",
                kind: "INDIVIDUAL",
                applicant_type: "APPLICANT",
                contact_id: CONTACT,
            }],
        },
        device: told.get("ipAddress").map(|ip_address| Device {
            id: "DEVICE_1",
            ip_address,
        }),
        contacts: [contact(told)],
    }
}

#[derive(Serialize)]
struct Contact<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    emails: Option<[EmailAddress<'a>; 1]>,
    person: Person<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    addresses: Option<[PostalAddress<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    telephones: Option<[Telephone<'a>; 1]>,
}

#[derive(Serialize)]
struct EmailAddress<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    email: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Person<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    person_details: Option<Details<'a>>,
    names: [PersonName<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    date_of_birth: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PersonName<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    middle_names: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sur_name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostalAddress<'a> {
    id: &'a str,
    address_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    building_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    building_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    street: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_town: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    county: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_province_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_code: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Telephone<'a> {
    id: &'a str,
    phone_identifier: &'a str,
    number: &'a str,
}

fn contact<'a>(told: &Told<'a>) -> Contact<'a> {
    Contact {
        id: CONTACT,
        emails: told.get("email").map(|email| {
            [EmailAddress {
                id: "EMAIL_1",
                kind: "HOME",
                email,
            }]
        }),
        person: Person {
            person_details: told
                .get("dateOfBirth")
                .map(|date_of_birth| Details { date_of_birth }),
            names: [PersonName {
                id: "MAINPERSONNAME_1",
                kind: "CURRENT",
                first_name: told.get("firstName"),
                middle_names: told.get("middleNames"),
                sur_name: told.get("surName"),
            }],
        },
        addresses: address(told).map(|address| [address]),
        telephones: told.get("number").map(|number| {
            [Telephone {
                id: "MAINAPPLICANT_PHONE",
                phone_identifier: "HOME",
                number,
            }]
        }),
    }
}

fn address<'a>(told: &Told<'a>) -> Option<PostalAddress<'a>> {
    let is_told = ADDRESS.iter().any(|name| told.get(name).is_some());
    is_told.then(|| PostalAddress {
        id: "MAINADDRESS_1",
        address_type: "CURRENT",
        building_name: told.get("buildingName"),
        building_number: told.get("buildingNumber"),
        street: told.get("street"),
        post_town: told.get("postTown"),
        postal: told.get("postal"),
        county: told.get("county"),
        state_province_code: told.get("stateProvinceCode"),
        country_code: told.get("countryCode"),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    response_header: Object<ResponseHeader>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResponseHeader {
    response_type: String,
    exp_request_id: Option<String>,
    overall_response: Option<Object<OverallResponse>>,
}

#[derive(Deserialize)]
struct OverallResponse {
    decision: Option<String>,
}

pub(super) fn read(body: &[u8]) -> Result<Finding, Problem> {
    let ResponseHeader {
        response_type,
        exp_request_id,
        overall_response,
    } = object::<Answer>(body)?.response_header.0;
    // `WARN` and `ERROR`: a service behind it did not answer, so the decision lacks something.
    if response_type != "INFO" {
        return Err(Problem::ProviderError);
    }
    let decision = overall_response.and_then(|overall| overall.0.decision);
    Ok(Finding::new(
        outcome(decision.as_deref())?,
        exp_request_id.as_deref(),
    ))
}

fn outcome(decision: Option<&str>) -> Result<VerificationOutcome, Problem> {
    match decision {
        Some("ACCEPT" | "CONTINUE") => Ok(VerificationOutcome::Verified),
        // `NODECISION`: it was asked, and could not tell who this is.
        Some("REFER" | "NODECISION") => Ok(VerificationOutcome::Refer),
        Some("STOP" | "DECLINE") => Ok(VerificationOutcome::Failed),
        _ => Err(Problem::UnknownOutcome),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 section 4.3, in base64.
    #[test]
    fn signs_as_the_rfc_does() {
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="
        );
    }
}
