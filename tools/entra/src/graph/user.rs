//! The `user` resource: which properties there are, what they may be set to, how an account is shown.

use serde_json::{Map, Value, json};

use super::{
    error::GraphError,
    filter::{identities, proxy_addresses},
};
use crate::{
    config::Config,
    directory::{Account, Identity, NewAccount, Source},
    model::{Attribute, Attributes, TenantKind},
};

/// What a property holds and who may set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// At most so many characters, at least one.
    Text(usize),
    /// Several of them.
    Texts(usize),
    Enabled,
    UserPrincipalName,
    Mail,
    UserType,
    Identities,
    PasswordProfile,
    ReadOnly,
}

/// The properties that provisioning may meet; the lengths are those of Microsoft's reference of the resource.
const PROPERTIES: [(&str, Kind); 45] = [
    ("accountEnabled", Kind::Enabled),
    ("ageGroup", Kind::Text(64)),
    ("businessPhones", Kind::Texts(64)),
    ("city", Kind::Text(128)),
    ("companyName", Kind::Text(64)),
    ("consentProvidedForMinor", Kind::Text(64)),
    ("country", Kind::Text(128)),
    ("createdDateTime", Kind::ReadOnly),
    ("deletedDateTime", Kind::ReadOnly),
    ("department", Kind::Text(64)),
    ("displayName", Kind::Text(256)),
    ("employeeHireDate", Kind::Text(64)),
    ("employeeId", Kind::Text(16)),
    ("employeeType", Kind::Text(64)),
    ("externalUserState", Kind::ReadOnly),
    ("externalUserStateChangeDateTime", Kind::ReadOnly),
    ("faxNumber", Kind::Text(64)),
    ("givenName", Kind::Text(64)),
    ("id", Kind::ReadOnly),
    ("identities", Kind::Identities),
    ("imAddresses", Kind::ReadOnly),
    ("jobTitle", Kind::Text(128)),
    ("lastPasswordChangeDateTime", Kind::ReadOnly),
    ("legalAgeGroupClassification", Kind::ReadOnly),
    ("mail", Kind::Mail),
    ("mailNickname", Kind::Text(64)),
    ("mobilePhone", Kind::Text(64)),
    ("officeLocation", Kind::Text(128)),
    ("onPremisesImmutableId", Kind::Text(256)),
    ("onPremisesSyncEnabled", Kind::ReadOnly),
    ("otherMails", Kind::Texts(250)),
    ("passwordPolicies", Kind::Text(64)),
    ("passwordProfile", Kind::PasswordProfile),
    ("postalCode", Kind::Text(40)),
    ("preferredLanguage", Kind::Text(64)),
    ("proxyAddresses", Kind::ReadOnly),
    ("securityIdentifier", Kind::ReadOnly),
    ("signInSessionsValidFromDateTime", Kind::ReadOnly),
    ("state", Kind::Text(128)),
    ("streetAddress", Kind::Text(1024)),
    ("surname", Kind::Text(64)),
    ("usageLocation", Kind::Text(2)),
    ("userPrincipalName", Kind::UserPrincipalName),
    ("userType", Kind::UserType),
    // Known, but whoever sets it gets the answer to a wrong value (PROTOCOL 3.3).
    (CREATION_TYPE, Kind::ReadOnly),
];

pub(super) const CREATION_TYPE: &str = "creationType";

/// What an account shows unless the request selects (Microsoft's reference of the resource).
const SHOWN: [&str; 11] = [
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
];

/// Longest value of a custom attribute, in characters.
const MAX_EXTENSION_CHARS: usize = 256;
/// Longest part of an identity, in characters.
const MAX_IDENTITY_CHARS: usize = 512;
/// Longest user principal name, in characters.
const MAX_NAME_CHARS: usize = 113;
/// Longest address, in octets.
const MAX_ADDRESS_OCTETS: usize = 254;

/// One property that a request sets.
#[derive(Debug, Clone, PartialEq)]
enum Setting {
    Enabled(bool),
    UserPrincipalName(String),
    Mail(Option<String>),
    UserType(String),
    Identities(Vec<Identity>),
    /// Checked and forgotten: nobody signs in with it here.
    Password,
    Attribute(String, Option<Value>),
}

/// What a request makes of an account, checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change(Vec<Setting>);

impl Change {
    /// Of an account that is there; `null` clears.
    pub(super) fn read(body: &Map<String, Value>, config: &Config) -> Result<Self, GraphError> {
        check_extensions(body, config)?;
        let properties = body.iter().filter(|(name, _)| !name.starts_with("@odata."));
        let settings = properties.map(|(name, value)| setting(name, value, config));
        settings.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn apply(self, account: &mut Account) {
        for setting in self.0 {
            match setting {
                Setting::Enabled(enabled) => account.enabled = enabled,
                Setting::UserPrincipalName(name) => account.user_principal_name = name,
                Setting::Mail(mail) => account.mail = mail,
                Setting::UserType(user_type) => account.user_type = user_type,
                Setting::Identities(identities) => account.identities = identities,
                Setting::Password => {}
                Setting::Attribute(name, Some(value)) => {
                    account.attributes.insert(name, value);
                }
                Setting::Attribute(name, None) => {
                    account.attributes.remove(&name);
                }
            }
        }
    }
}

/// The account that `POST /users` creates (PROTOCOL 3.3).
pub(super) fn new_account(
    mut body: Map<String, Value>,
    config: &Config,
) -> Result<NewAccount, GraphError> {
    body.retain(|_, value| !value.is_null());
    let change = Change::read(&body, config)?;
    for required in ["accountEnabled", "displayName", "userPrincipalName"] {
        if !body.contains_key(required) {
            return Err(GraphError::required(required));
        }
    }
    let mut new = NewAccount {
        tenant: TenantKind::Workforce,
        user_principal_name: String::new(),
        mail: None,
        user_type: "Member".to_owned(),
        enabled: false,
        identities: Vec::new(),
        attributes: Attributes::new(),
        source: Source::Graph,
    };
    let mut has_password = false;
    for setting in change.0 {
        match setting {
            Setting::Enabled(enabled) => new.enabled = enabled,
            Setting::UserPrincipalName(name) => new.user_principal_name = name,
            Setting::Mail(mail) => new.mail = mail,
            Setting::UserType(user_type) => new.user_type = user_type,
            Setting::Identities(identities) => new.identities = identities,
            Setting::Password => has_password = true,
            Setting::Attribute(name, value) => {
                new.attributes.extend(value.map(|value| (name, value)));
            }
        }
    }
    let federated = new
        .identities
        .iter()
        .any(|one| one.sign_in_type == "federated");
    if !has_password && !federated {
        let message = "A password must be specified to create a new user.";
        return Err(GraphError::bad(message).with_detail("passwordProfile", "InvalidValue"));
    }
    Ok(new)
}

/// Whether every custom attribute of the body is one of the tenant.
fn check_extensions(body: &Map<String, Value>, config: &Config) -> Result<(), GraphError> {
    let custom = body.keys().filter(|name| name.starts_with("extension_"));
    let unknown: Vec<_> = custom
        .filter(|name| extension(name, config).is_none())
        .map(String::as_str)
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(GraphError::bad(format!(
        "The following extension properties are not available: {}.",
        unknown.join(",")
    )))
}

fn extension<'c>(name: &str, config: &'c Config) -> Option<&'c Attribute> {
    let mut all = config.user_flows.iter().flat_map(|flow| &flow.attributes);
    all.find(|one| one.custom.is_some() && one.name.eq_ignore_ascii_case(name))
}

fn kind(name: &str) -> Option<Kind> {
    PROPERTIES
        .iter()
        .find_map(|&(known, kind)| (known == name).then_some(kind))
}

fn setting(name: &str, value: &Value, config: &Config) -> Result<Setting, GraphError> {
    if let Some(attribute) = extension(name, config) {
        return custom(attribute, value);
    }
    let wrong = || GraphError::invalid_value(name);
    let kind = kind(name).ok_or_else(|| GraphError::bad(format!("Invalid property '{name}'.")))?;
    let attribute = |value: Option<Value>| Setting::Attribute(name.to_owned(), value);
    match (kind, value) {
        (Kind::ReadOnly, _) if name == CREATION_TYPE => Err(wrong()),
        (Kind::ReadOnly, _) => {
            let message = format!("Property '{name}' is read-only and cannot be set.");
            Err(GraphError::bad(message))
        }
        (Kind::Text(_), Value::Null) if name != "displayName" => Ok(attribute(None)),
        (Kind::Text(most), Value::String(text)) if fits(text, most) => {
            Ok(attribute(Some(value.clone())))
        }
        (Kind::Texts(most), Value::Array(texts)) if all_fit(texts, most) => {
            Ok(attribute(Some(value.clone())))
        }
        (Kind::Mail, Value::Null) => Ok(Setting::Mail(None)),
        (Kind::Mail, Value::String(mail)) if is_address(mail) => {
            Ok(Setting::Mail(Some(mail.clone())))
        }
        (Kind::Enabled, &Value::Bool(enabled)) => Ok(Setting::Enabled(enabled)),
        (Kind::UserPrincipalName, Value::String(name)) => principal_name(name, config),
        (Kind::UserType, Value::String(text)) if ["Guest", "Member"].contains(&text.as_str()) => {
            Ok(Setting::UserType(text.clone()))
        }
        (Kind::Identities, value) => read_identities(value, config),
        (Kind::PasswordProfile, Value::Object(profile)) if is_password(profile) => {
            Ok(Setting::Password)
        }
        _ => Err(wrong()),
    }
}

fn custom(attribute: &Attribute, value: &Value) -> Result<Setting, GraphError> {
    let set = |value| Setting::Attribute(attribute.name.clone(), value);
    match value {
        Value::Null => Ok(set(None)),
        Value::String(text) if !fits(text, MAX_EXTENSION_CHARS) => {
            Err(GraphError::invalid_value(&attribute.name))
        }
        value if attribute.value_type.admits(value) => Ok(set(Some(value.clone()))),
        _ => Err(GraphError::invalid_value(&attribute.name)),
    }
}

fn fits(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count())
}

fn all_fit(texts: &[Value], most: usize) -> bool {
    texts
        .iter()
        .all(|text| text.as_str().is_some_and(|text| fits(text, most)))
}

fn is_password(profile: &Map<String, Value>) -> bool {
    let known = profile.iter().all(|(name, value)| match name.as_str() {
        "password" => value.as_str().is_some_and(|password| !password.is_empty()),
        "forceChangePasswordNextSignIn" | "forceChangePasswordNextSignInWithMfa" => {
            value.is_boolean()
        }
        name => name.starts_with("@odata."),
    });
    known && profile.contains_key("password")
}

/// `someone@domain`, the domain one of the tenant; before it the characters of Microsoft's reference and, of a guest,
/// `#EXT` or `#EXT#`.
fn principal_name(name: &str, config: &Config) -> Result<Setting, GraphError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "'.-_!#^~".contains(c);
    let domain = domain(config);
    match name.rsplit_once('@') {
        Some((local, found))
            if !local.is_empty()
                && local.chars().all(allowed)
                && found.eq_ignore_ascii_case(&domain)
                && name.chars().count() <= MAX_NAME_CHARS =>
        {
            Ok(Setting::UserPrincipalName(name.to_owned()))
        }
        _ => Err(GraphError::bad("Property userPrincipalName is invalid.")
            .with_detail("userPrincipalName", "InvalidValue")),
    }
}

/// The domain of the tenant.
pub(super) fn domain(config: &Config) -> String {
    format!("{}.onmicrosoft.com", config.tenant.name)
}

fn read_identities(value: &Value, config: &Config) -> Result<Setting, GraphError> {
    let wrong = || GraphError::invalid_value("identities");
    let identities: Vec<Identity> = serde_json::from_value(value.clone()).map_err(|_| wrong())?;
    let types = ["federated", "emailAddress", "userName", "phoneNumber"];
    for identity in &identities {
        let complete = types.contains(&identity.sign_in_type.as_str())
            && fits(&identity.issuer, MAX_IDENTITY_CHARS)
            && fits(&identity.issuer_assigned_id, MAX_IDENTITY_CHARS);
        if !complete {
            return Err(wrong());
        }
        let local = identity.sign_in_type != "federated";
        if local && !identity.issuer.eq_ignore_ascii_case(&domain(config)) {
            let message = "Issuer should match tenants domainName for non federated identity.";
            return Err(GraphError::bad(message).with_detail("identities", "InvalidValue"));
        }
    }
    Ok(Setting::Identities(identities))
}

/// Whether mail could be sent there: one `@`, a domain with a dot, no white space.
pub(super) fn is_address(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"@".contains(c);
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let labels: Vec<_> = domain.split('.').collect();
    let label = |label: &&str| {
        let inner = |c: char| c.is_alphanumeric() || c == '-';
        !label.is_empty() && label.chars().all(inner)
    };
    !local.is_empty()
        && !local.contains(odd)
        && labels.len() > 1
        && labels.iter().all(label)
        && text.len() <= MAX_ADDRESS_OCTETS
}

/// The properties that an answer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// Those of an answer to a request that does not select.
    Default,
    /// All that have a value.
    All,
    /// The named ones.
    Only(Vec<String>),
}

impl Selection {
    /// From the value of `$select`.
    pub(super) fn read(select: &str) -> Result<Self, GraphError> {
        let names: Vec<_> = select
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect();
        let known = |name: &&String| {
            name.starts_with("extension_")
                || PROPERTIES
                    .iter()
                    .any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        match names.iter().find(|name| !known(name)) {
            Some(unknown) => Err(GraphError::unreadable(format!(
                "Parsing OData Select and Expand failed: Could not find a property named '{unknown}' on type 'microsoft.graph.user'."
            ))),
            None => Ok(Self::Only(names)),
        }
    }

    /// After `#users` in the context of an answer.
    pub(super) fn context(&self) -> String {
        match self {
            Self::Default | Self::All => String::new(),
            Self::Only(names) => format!("({})", names.join(",")),
        }
    }

    pub(super) fn of(&self, account: &Account, config: &Config) -> Map<String, Value> {
        let mut all = all(account, config);
        let get = |name: &str| {
            let found = all
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(name, value)| (name.clone(), value.clone()))
        };
        match self {
            Self::All => {
                all.retain(|name, value| !value.is_null() || SHOWN.contains(&name.as_str()));
                all
            }
            Self::Default => SHOWN.into_iter().filter_map(get).collect(),
            Self::Only(names) => names.iter().filter_map(|name| get(name)).collect(),
        }
    }
}

/// Every property of an account; a custom attribute only if it has a value.
fn all(account: &Account, config: &Config) -> Map<String, Value> {
    let mut all: Map<String, Value> = PROPERTIES
        .iter()
        .map(|&(name, kind)| (name.to_owned(), empty(name, kind)))
        .collect();
    let attributes = account.attributes.iter();
    all.extend(attributes.map(|(name, value)| (name.clone(), value.clone())));
    let mut set = |name: &str, value: Value| all.insert(name.to_owned(), value);
    set("id", json!(account.id));
    set("accountEnabled", json!(account.enabled));
    set(
        "createdDateTime",
        json!(account.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
    );
    set(CREATION_TYPE, creation_type(account).into());
    set("identities", json!(identities(account, &domain(config))));
    set("mail", json!(account.mail));
    set("proxyAddresses", json!(proxy_addresses(account)));
    set("userPrincipalName", json!(account.user_principal_name));
    set("userType", json!(account.user_type));
    all
}

fn empty(name: &str, kind: Kind) -> Value {
    match kind {
        Kind::Texts(_) => json!([]),
        _ if name == "imAddresses" => json!([]),
        _ => Value::Null,
    }
}

fn creation_type(account: &Account) -> Option<&'static str> {
    match account.source {
        Source::Invitation => Some("Invitation"),
        Source::SignUp(_) => Some("SelfServiceSignUp"),
        Source::Graph | Source::Administrator => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("johnsmith@fabrikam.example", true)]
    #[case::plus("john+x@fabrikam.example", true)]
    #[case::apostrophe("o'brien@fabrikam.example", true)]
    #[case::international("jörg@müller.example", true)]
    #[case::no_at("johnsmith", false)]
    #[case::no_local("@fabrikam.example", false)]
    #[case::no_domain("johnsmith@", false)]
    #[case::no_dot("johnsmith@fabrikam", false)]
    #[case::two_ats("john@smith@fabrikam.example", false)]
    #[case::space("john smith@fabrikam.example", false)]
    #[case::empty_label("johnsmith@fabrikam..example", false)]
    #[case::with_name("John <johnsmith@fabrikam.example>", false)]
    fn an_address_has_a_local_part_and_a_domain(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_address(text), expected);
    }

    #[test]
    fn all_that_is_shown_is_a_property() {
        assert!(SHOWN.iter().all(|name| kind(name).is_some()));
    }
}
