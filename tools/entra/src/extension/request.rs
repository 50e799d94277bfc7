//! The body of an extension's request (PROTOCOL 5.2 to 5.7).

use serde_json::Value;

use crate::{
    directory::Account,
    exchange::{Members, has_content},
    facts::Facts,
    model::{AttributeType, Step, WireForm},
};

/// Ids of the Graph objects that stand behind a call: the same for each, as in a tenant that is set up once.
const LISTENER: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";
const EXTENSION: &str = "11112222-bbbb-3333-cccc-4444dddd5555";
/// Object id of the application's service principal.
const SERVICE_PRINCIPAL: &str = "33333333-aaaa-4444-bbbb-5555cccc6666";

/// Microsoft Graph, and the object id of its service principal.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
const GRAPH_SERVICE_PRINCIPAL: &str = "e42d06a3-38f6-40ab-86a8-3019e1468863";

/// An address for documentation (RFC 5737).
const CLIENT_ADDRESS: &str = "203.0.113.17";

/// The body of a request.
pub fn request(facts: &Facts<'_>) -> String {
    let event = event(facts.step);
    let mut body = Members::default();
    body.push(
        "type",
        format!("microsoft.graph.authenticationEvent.{}", event.name),
    );
    body.push(
        "source",
        format!(
            "/tenants/{}/applications/{}",
            facts.tenant.id,
            resource(facts).app_id
        ),
    );
    body.push_object("data", data(facts, event.callout_data));
    body.to_string()
}

/// The names of an event on the wire.
struct Event {
    name: &'static str,
    callout_data: &'static str,
}

const fn event(step: Step) -> Event {
    let (name, callout_data) = match step {
        Step::AfterFederation => (
            "attributeCollectionStart",
            "microsoft.graph.onAttributeCollectionStartCalloutData",
        ),
        Step::BeforeCreatingUser => (
            "attributeCollectionSubmit",
            "microsoft.graph.onAttributeCollectionSubmitCalloutData",
        ),
        Step::BeforeToken => (
            "tokenIssuanceStart",
            "microsoft.graph.onTokenIssuanceStartCalloutData",
        ),
        Step::OtpSend => ("emailOtpSend", "microsoft.graph.onOtpSendCalloutData"),
    };
    Event { name, callout_data }
}

/// Captures have what an event is about before the common members; the reference has attributes after them.
fn data(facts: &Facts<'_>, odata_type: &str) -> Members {
    let mut data = Members::default();
    data.push("@odata.type", odata_type);
    match facts.step {
        Step::OtpSend => {
            data.push_object("otpContext", otp_context(facts));
            common(facts, &mut data);
        }
        Step::BeforeToken => common(facts, &mut data),
        Step::AfterFederation | Step::BeforeCreatingUser if captured(facts) => {
            data.push_object("userSignUpInfo", user_sign_up_info(facts));
            common(facts, &mut data);
        }
        Step::AfterFederation | Step::BeforeCreatingUser => {
            common(facts, &mut data);
            data.push_object("userSignUpInfo", user_sign_up_info(facts));
        }
    }
    data
}

/// Older pages are reference pages too.
fn captured(facts: &Facts<'_>) -> bool {
    facts.form == WireForm::Captured
}

fn common(facts: &Facts<'_>, data: &mut Members) {
    data.push("tenantId", facts.tenant.id.as_str());
    data.push("authenticationEventListenerId", LISTENER);
    data.push("customAuthenticationExtensionId", EXTENSION);
    data.push_object("authenticationContext", authentication_context(facts));
}

fn authentication_context(facts: &Facts<'_>) -> Members {
    let language = facts.language.to_lowercase();
    let mut client = Members::default();
    client.push("ip", CLIENT_ADDRESS);
    client.push("locale", language.as_str());
    client.push("market", language.as_str());

    let mut context = Members::default();
    context.push("correlationId", facts.correlation_id);
    context.push_object("client", client);
    context.push("protocol", "OAUTH2.0");
    // Of a sign-in no value is documented, and the member may be missing.
    if facts.step == Step::OtpSend && facts.account.is_none() {
        context.push("requestType", "signUp");
    }
    context.push_object("clientServicePrincipal", application(facts).members());
    context.push_object("resourceServicePrincipal", resource(facts).members());
    if let (Step::BeforeToken, Some(account)) = (facts.step, facts.account) {
        context.push_object("user", user(facts, account));
    }
    context
}

struct ServicePrincipal<'s> {
    id: &'s str,
    app_id: &'s str,
    name: &'s str,
}

impl ServicePrincipal<'_> {
    fn members(&self) -> Members {
        let mut members = Members::default();
        members.push("id", self.id);
        members.push("appId", self.app_id);
        members.push("appDisplayName", self.name);
        members.push("displayName", self.name);
        members
    }
}

fn application<'s>(facts: &Facts<'s>) -> ServicePrincipal<'s> {
    ServicePrincipal {
        id: SERVICE_PRINCIPAL,
        app_id: &facts.flow.application.id,
        name: &facts.flow.application.name,
    }
}

/// In captures of attribute collection the resource is Microsoft Graph; everywhere else it is the application.
fn resource<'s>(facts: &Facts<'s>) -> ServicePrincipal<'s> {
    match facts.step {
        Step::AfterFederation | Step::BeforeCreatingUser if captured(facts) => ServicePrincipal {
            id: GRAPH_SERVICE_PRINCIPAL,
            app_id: GRAPH,
            name: "Microsoft Graph",
        },
        _ => application(facts),
    }
}

fn otp_context(facts: &Facts<'_>) -> Members {
    let mut context = Members::default();
    context.push("identifier", facts.person.email.as_str());
    context.push("oneTimeCode", facts.one_time_code);
    context
}

fn user_sign_up_info(facts: &Facts<'_>) -> Members {
    let mut info = Members::default();
    info.push_object("attributes", attributes(facts));
    if !(captured(facts) && facts.step == Step::BeforeCreatingUser) {
        info.push_objects("identities", identity(facts).into_iter().collect());
    }
    info
}

/// Entra and Microsoft accounts come without an identity, as they do to connectors: what stands in a capture of one is
/// not known.
fn identity(facts: &Facts<'_>) -> Option<Members> {
    let person = facts.person;
    let documented_issuer = format!("{}.onmicrosoft.com", facts.tenant.name);
    let (sign_in_type, issuer, id) = match person.provider {
        provider if !provider.proves_address() => {
            ("federated", provider.issuer()?, &person.subject)
        }
        // A code and a password look the same.
        _ if captured(facts) => ("federated", "mail", &person.email),
        _ => ("email", documented_issuer.as_str(), &person.email),
    };
    let mut identity = Members::default();
    identity.push("signInType", sign_in_type);
    identity.push("issuer", issuer);
    identity.push("issuerAssignedId", id.as_str());
    Some(identity)
}

fn attributes(facts: &Facts<'_>) -> Members {
    let mut attributes = Members::default();
    if let Some(name) = address_attribute(facts) {
        let address = Value::from(facts.person.email.as_str());
        let wrapped = wrapped(facts, "@odata.type", AttributeType::String, false, address);
        attributes.push_object(name, wrapped);
    }
    if captured(facts) && facts.step == Step::AfterFederation {
        return attributes;
    }
    // The reference spells the type's name with a capital letter once.
    let mut stray = !captured(facts);
    for attribute in &facts.flow.attributes {
        let value = facts.attributes.get(&attribute.name);
        let Some(value) = value.filter(|value| has_content(value)) else {
            continue;
        };
        let custom = attribute.custom.is_some();
        let odata_type = if custom && std::mem::take(&mut stray) {
            "@odata.Type"
        } else {
            "@odata.type"
        };
        let wrapped = wrapped(
            facts,
            odata_type,
            attribute.value_type,
            custom,
            value.clone(),
        );
        attributes.push_object(&attribute.name, wrapped);
    }
    attributes
}

/// The attribute that tells the address. The reference has it in the identity alone, but no example of a social
/// sign-up, whose identity does not tell it.
fn address_attribute(facts: &Facts<'_>) -> Option<&'static str> {
    let address = facts.person.email.as_str();
    match (captured(facts), facts.step) {
        _ if address.is_empty() => None,
        (true, Step::AfterFederation) => Some("EmailAddress"),
        (false, _) if facts.person.provider.proves_address() => None,
        _ => Some("email"),
    }
}

fn wrapped(
    facts: &Facts<'_>,
    odata_type: &str,
    value_type: AttributeType,
    custom: bool,
    value: Value,
) -> Members {
    let type_name = match value_type {
        AttributeType::String => "microsoft.graph.stringDirectoryAttributeValue",
        AttributeType::Boolean => "microsoft.graph.booleanDirectoryAttributeValue",
        AttributeType::Integer => "microsoft.graph.int64DirectoryAttributeValue",
    };
    let mut members = Members::default();
    if captured(facts) {
        members.push("value", value);
        members.push(odata_type, type_name);
    } else {
        members.push(odata_type, type_name);
        members.push("value", value);
    }
    let kind = if custom {
        "directorySchemaExtension"
    } else {
        "builtIn"
    };
    members.push("attributeType", kind);
    members
}

/// Sparse in captures of external tenants, where no account shows both its address and its name; the reference has
/// everything that is known.
fn user(facts: &Facts<'_>, account: &Account) -> Members {
    let property = |name: &str| account.attributes.get(name).cloned();
    let mail = account.mail.as_deref();
    let name = account.user_principal_name.as_str();
    let local = facts.person.provider.proves_address();
    let mut user = Members::default();
    if captured(facts) {
        user.push("displayName", property("displayName"));
        user.push("id", account.id.as_str());
        if local {
            user.push("userPrincipalName", name);
        } else {
            user.push("mail", mail);
        }
    } else {
        user.push("companyName", property("companyName"));
        user.push("createdDateTime", format!("{:.0}", account.created));
        user.push("displayName", property("displayName"));
        user.push("givenName", property("givenName"));
        user.push("id", account.id.as_str());
        user.push("mail", mail);
        user.push("preferredLanguage", property("preferredLanguage"));
        user.push("surname", property("surname"));
        user.push("userPrincipalName", name);
    }
    user.push("userType", account.user_type.as_str());
    user
}
