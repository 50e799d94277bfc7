//! From the body of either protocol to one [`SignUp`].

use std::net::IpAddr;

use super::{Refusal, Route};
use crate::{
    domain::{
        attribute::{AttributeName, AttributeValue},
        caller::Caller,
        decision::BlockReason,
        email::EmailAddress,
        identity::{Identity, IdentityProvider, Subject},
        language::LanguageWishes,
        sign_up::{MAX_ADDRESSES, MAX_IDENTITIES, Protocol, SignUp, Step},
    },
    wire::{
        AnyScalar, Fault, FaultKind, Text,
        api_connector::{self, ConnectorRequest, ObjectIdentity},
        auth_extension::{
            Attributes, CalloutData, Client, Event, ExtensionRequest, UserSignUpInfo,
        },
    },
};

/// A body that has been read.
pub(super) struct Read {
    pub(super) sign_up: SignUp,
    pub(super) correlation_id: Option<String>,
}

pub(super) fn body(route: Route, body: &[u8], caller: &Caller) -> Result<Read, Refusal> {
    match route.protocol {
        Protocol::Connector => connector(route.step, body),
        Protocol::Extension => extension(route, body, caller),
    }
}

/// The sign-up that a body tells of, whoever sent it, or why it cannot be read: for tools that explain a decision.
pub fn sign_up(route: Route, body: &[u8]) -> Result<SignUp, String> {
    let nobody = Caller::Certificate {
        sha256: String::new(),
    };
    match self::body(route, body, &nobody) {
        Ok(read) => Ok(read.sign_up),
        Err(Refusal::Body { reason, fault, .. }) => {
            let fault = fault.map(|fault| format!(" at {fault}"));
            Err(format!("{}{}", reason.code(), fault.unwrap_or_default()))
        }
        Err(refusal) => Err(format!("{refusal:?}")),
    }
}

fn connector(step: Step, body: &[u8]) -> Result<Read, Refusal> {
    let request = ConnectorRequest::parse(body).map_err(malformed)?;
    let languages = LanguageWishes::parse(request.ui_locales.as_deref().unwrap_or_default());
    // Absent in workforce requests; where it stands, it must be the step of the endpoint.
    if let Some(named) = request.step.as_deref() {
        let names = match step {
            Step::AfterFederation => api_connector::STEP_AFTER_FEDERATION,
            Step::BeforeCreatingUser => api_connector::STEP_BEFORE_CREATING_USER,
            Step::BeforeToken => api_connector::STEP_BEFORE_TOKEN,
        };
        if !names.iter().any(|name| name.eq_ignore_ascii_case(named)) {
            return Err(Refusal::miswired(languages));
        }
    }
    let person = Person::of(
        step,
        [request.email.0],
        &request.identities,
        ".identities",
        &languages,
    )?;
    let sign_up = SignUp {
        step,
        addresses: person.addresses,
        identities: person.identities,
        attributes: request
            .attributes
            .into_iter()
            .filter_map(|(name, value)| Some((AttributeName::new(&name)?, attribute(value)?)))
            .collect(),
        languages,
        application: request.client_id.0,
        client: None,
        object_id: request.object_id.0.filter(|_| step == Step::BeforeToken),
    };
    Ok(Read {
        sign_up,
        correlation_id: None,
    })
}

/// What an event's body tells, when it is that event's and of the tenant that calls.
pub(super) fn callout(event: Event, body: &[u8], caller: &Caller) -> Result<CalloutData, Refusal> {
    let request = ExtensionRequest::parse(body).map_err(malformed)?;
    if !request.is_of(event) {
        return Err(Refusal::miswired(LanguageWishes::default()));
    }
    let data = request
        .data
        .ok_or_else(|| malformed(Fault::new(FaultKind::WrongType, ".data")))?;
    if let (Caller::Entra { tenant_id }, Some(tenant)) = (caller, data.tenant_id.as_deref())
        && !tenant.eq_ignore_ascii_case(tenant_id)
    {
        return Err(Refusal::Unauthenticated("tenant-of-body"));
    }
    Ok(data)
}

/// What the person's device asked for.
pub(super) fn languages_of(client: &Client) -> LanguageWishes {
    wish(&client.locale).or(wish(&client.market))
}

fn wish(text: &Text) -> LanguageWishes {
    LanguageWishes::parse(text.as_deref().unwrap_or_default())
}

fn extension(route: Route, body: &[u8], caller: &Caller) -> Result<Read, Refusal> {
    let data = callout(route.event(), body, caller)?;
    let context = data.authentication_context.unwrap_or_default();
    let user = context.user.unwrap_or_default();
    let client = context.client.unwrap_or_default();
    let languages = languages_of(&client).or(wish(&user.preferred_language));
    let UserSignUpInfo {
        attributes,
        identities,
    } = data.user_sign_up_info.unwrap_or_default();
    let attributes = extension_attributes(attributes.unwrap_or_default())?;
    // Real captures call the address `email` at submit and `EmailAddress` at start (PROTOCOL 5.4, 5.5).
    let asserted: Vec<Option<String>> = ["email", "emailAddress"]
        .iter()
        .flat_map(|name| texts(&attributes, name))
        .map(Some)
        .chain([user.mail.0])
        .collect();
    let identities = identities.unwrap_or_default();
    let path = ".data.userSignUpInfo.identities";
    let person = Person::of(route.step, asserted, &identities, path, &languages)?;
    let sign_up = SignUp {
        step: route.step,
        addresses: person.addresses,
        identities: person.identities,
        attributes,
        languages,
        application: context
            .client_service_principal
            .unwrap_or_default()
            .app_id
            .0,
        client: client_address(&client.ip),
        object_id: user.id.0.filter(|_| route.step == Step::BeforeToken),
    };
    Ok(Read {
        sign_up,
        correlation_id: context.correlation_id.0,
    })
}

/// What is no address is not known: it is Entra's to say, and no reason to keep anybody out.
fn client_address(value: &AnyScalar) -> Option<IpAddr> {
    let AnyScalar::Text(text) = value else {
        return None;
    };
    let address: IpAddr = text.trim().parse().ok()?;
    Some(address.to_canonical())
}

fn extension_attributes(
    attributes: Attributes,
) -> Result<Vec<(AttributeName, AttributeValue)>, Refusal> {
    let mut read = Vec::with_capacity(attributes.len());
    for (name, value) in attributes {
        let Some((name, value)) = AttributeName::new(&name).zip(value) else {
            continue;
        };
        match value.value {
            AnyScalar::Absent => {}
            AnyScalar::Texts(texts) => read.push((name, AttributeValue::Text(texts.join(",")))),
            AnyScalar::Other => {
                let path = ".data.userSignUpInfo.attributes.*.value";
                return Err(malformed(Fault::new(FaultKind::WrongType, path)));
            }
            scalar => read.extend(attribute(scalar).map(|value| (name, value))),
        }
    }
    Ok(read)
}

fn attribute(value: AnyScalar) -> Option<AttributeValue> {
    match value {
        AnyScalar::Text(text) => Some(AttributeValue::Text(text)),
        AnyScalar::Flag(flag) => Some(AttributeValue::Flag(flag)),
        AnyScalar::Number(number) => Some(AttributeValue::Number(number)),
        AnyScalar::Absent | AnyScalar::Texts(_) | AnyScalar::Other => None,
    }
}

/// Every text under a name, in whatever case the name is written.
fn texts<'a>(
    attributes: &'a [(AttributeName, AttributeValue)],
    wanted: &str,
) -> impl Iterator<Item = String> + use<'a> {
    let wanted = wanted.to_ascii_lowercase();
    attributes
        .iter()
        .filter_map(move |(name, value)| match value {
            AttributeValue::Text(text) if name.as_str().eq_ignore_ascii_case(&wanted) => {
                Some(text.clone())
            }
            _ => None,
        })
}

pub(super) fn malformed(fault: Fault) -> Refusal {
    Refusal::Body {
        reason: BlockReason::Malformed,
        fault: Some(fault),
        languages: LanguageWishes::default(),
    }
}

/// Whom a body names.
struct Person {
    addresses: Vec<EmailAddress>,
    identities: Vec<Identity>,
}

impl Person {
    /// Every address that the body asserts counts, so that none can hide another from the lists; one
    /// that cannot be parsed could hide a denied domain, so it stops the sign-up.
    fn of(
        step: Step,
        asserted: impl IntoIterator<Item = Option<String>>,
        identities: &[ObjectIdentity],
        path: &str,
        languages: &LanguageWishes,
    ) -> Result<Self, Refusal> {
        if identities.len() > MAX_IDENTITIES {
            return Err(malformed(Fault::new(FaultKind::TooMany, path)));
        }
        let of_identities = identities.iter().filter_map(address_of);
        let texts: Vec<String> = asserted
            .into_iter()
            .flatten()
            .chain(of_identities)
            .collect();
        let identities: Vec<Identity> = identities.iter().filter_map(identity).collect();
        let mut addresses: Vec<EmailAddress> = Vec::new();
        for text in texts {
            match EmailAddress::parse(&text) {
                Ok(address) if !addresses.contains(&address) => addresses.push(address),
                Ok(_) => {}
                // At the token step the person exists, and nothing is decided from the address.
                Err(_) if step == Step::BeforeToken => {}
                Err(_) => return Err(unidentified(languages)),
            }
        }
        if addresses.len() > MAX_ADDRESSES {
            return Err(malformed(Fault::new(FaultKind::TooMany, path)));
        }
        let named = !addresses.is_empty() || identities.iter().any(|i| i.subject.is_some());
        if !named && step != Step::BeforeToken {
            return Err(unidentified(languages));
        }
        Ok(Self {
            addresses,
            identities,
        })
    }
}

fn unidentified(languages: &LanguageWishes) -> Refusal {
    Refusal::Body {
        reason: BlockReason::Unidentified,
        fault: None,
        languages: languages.clone(),
    }
}

/// What cannot be parsed cannot stand in a list either.
fn identity(wire: &ObjectIdentity) -> Option<Identity> {
    let provider = IdentityProvider::parse(wire.issuer.as_deref()?).ok()?;
    let subject = wire
        .issuer_assigned_id
        .as_deref()
        .and_then(|text| Subject::parse(text).ok());
    Some(Identity { provider, subject })
}

/// The address that an identity is: a one-time passcode's (`issuer` `mail`), or a local account's.
fn address_of(wire: &ObjectIdentity) -> Option<String> {
    let by_mail = wire
        .issuer
        .as_deref()
        .is_some_and(|issuer| issuer.eq_ignore_ascii_case("mail"));
    let sign_in_type = wire.sign_in_type.as_deref().unwrap_or_default();
    let by_type = ["email", "emailAddress"]
        .iter()
        .any(|t| t.eq_ignore_ascii_case(sign_in_type));
    (by_mail || by_type)
        .then(|| wire.issuer_assigned_id.0.clone())
        .flatten()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn client(ip: &str) -> Option<IpAddr> {
        let event = Route {
            step: Step::BeforeCreatingUser,
            protocol: Protocol::Extension,
        };
        let body = format!(
            r#"{{
                "type": "microsoft.graph.authenticationEvent.attributeCollectionSubmit",
                "data": {{
                    "@odata.type": "microsoft.graph.onAttributeCollectionSubmitCalloutData",
                    "authenticationContext": {{ "client": {{ "ip": {ip}, "locale": "en-us" }} }},
                    "userSignUpInfo": {{ "attributes": {{ "email": {{ "value": "ada@contoso.com" }} }} }}
                }}
            }}"#
        );
        sign_up(event, body.as_bytes()).unwrap().client
    }

    #[rstest]
    #[case::ipv4(r#""203.0.113.7""#, Some("203.0.113.7"))]
    #[case::ipv6(r#""2001:DB8::7""#, Some("2001:db8::7"))]
    #[case::ipv4_as_ipv6(r#""::ffff:203.0.113.7""#, Some("203.0.113.7"))]
    #[case::null("null", None)]
    #[case::empty(r#""""#, None)]
    #[case::no_address(r#""203.0.113.7:443""#, None)]
    #[case::number("5", None)]
    #[case::object("{}", None)]
    fn a_client_is_told_by_its_address_or_not_known(
        #[case] ip: &str,
        #[case] expected: Option<&str>,
    ) {
        let found = client(ip).map(|address| address.to_string());
        assert_eq!(found.as_deref(), expected);
    }
}
