//! The tenant of the simulator: its user flows, applications and people, read from one TOML file.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::Deserialize;

use crate::model::{Attribute, AttributeType, Provider, Step, TenantKind};

/// Everything that the file says, checked.
#[derive(Debug, Clone)]
pub struct Config {
    pub tenant: Tenant,
    pub user_flows: Vec<UserFlow>,
    pub applications: Vec<Application>,
    pub people: Vec<TestPerson>,
}

/// The one tenant behind all flows.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tenant {
    /// A GUID in lower case.
    pub id: String,
    /// The `contoso` of contoso.onmicrosoft.com and contoso.ciamlogin.com.
    pub name: String,
    /// The application id in the names of custom attributes, without dashes.
    pub extensions_app_id: String,
    /// The application id of the registration that the custom authentication extensions use: the audience of their
    /// tokens.
    pub extension_audience: String,
}

/// A self-service sign-up user flow.
#[derive(Debug, Clone)]
pub struct UserFlow {
    /// In the simulator's addresses.
    pub id: String,
    pub name: String,
    pub kind: TenantKind,
    pub providers: Vec<Provider>,
    pub attributes: Vec<Attribute>,
    /// The application that people sign up for: the audience of their tokens.
    pub application: Application,
    /// Where the steps are sent; a step that is not configured is not called.
    pub endpoints: BTreeMap<Step, Endpoint>,
    /// The claims of a token answer that are application claims of the flow; without it every one.
    pub token_claims: Option<Vec<String>>,
    /// Whether Microsoft mails a code that the deployment did not send (PROTOCOL 6.5); without it nobody does.
    pub otp_send_fallback: bool,
}

impl UserFlow {
    pub fn attribute(&self, key: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|one| one.is_called(key))
    }
}

/// The endpoint of one step and how it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub url: String,
    pub authentication: Authentication,
    pub time_out: Duration,
    /// Further attempts after a time-out or a broken connection: 0 or 1.
    pub retries: u8,
}

/// What the caller shows (PROTOCOL 2, 5.10).
#[derive(Clone, PartialEq, Eq)]
pub enum Authentication {
    None,
    Basic {
        username: String,
        password: String,
    },
    /// A token that the simulator signs for each call.
    Bearer,
}

impl std::fmt::Debug for Authentication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic { .. } => "Basic",
            Self::Bearer => "Bearer",
        })
    }
}

/// An application of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Application {
    /// Its application id, a GUID.
    pub id: String,
    pub name: String,
    /// Where an authorization code may be sent; empty for one that signs nobody in. In the file a whole URL, or a path of
    /// the deployment.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where people find it, in the file alike.
    #[serde(default)]
    pub home_page: Option<String>,
    /// For client credentials and confidential clients; a local secret that opens nothing else.
    #[serde(default)]
    pub secret: Option<String>,
}

/// Somebody who signs in to an application of the operator, such as the approval console.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TestPerson {
    /// Object id, a GUID.
    pub id: String,
    pub name: String,
    pub email: String,
    /// App roles such as `approver` and `administrator`.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// What is wrong with a file, with its place.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct ConfigError {
    pub file: String,
    pub problem: String,
}

/// Where the endpoints of the file are, when it names only their paths.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// Such as `http://127.0.0.1:9000`.
    pub base_url: String,
}

impl Config {
    /// Reads and checks a file.
    pub fn read(path: &Path, deployment: &Deployment) -> Result<Self, ConfigError> {
        let failed = |problem: String| ConfigError {
            file: path.display().to_string(),
            problem,
        };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        Self::parse(&text, deployment).map_err(failed)
    }

    /// The same of a text; the error has the line and what was expected there.
    pub fn parse(text: &str, deployment: &Deployment) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        file.check(deployment)
    }

    pub fn user_flow(&self, id: &str) -> Option<&UserFlow> {
        self.user_flows.iter().find(|flow| flow.id == id)
    }

    pub fn application(&self, id: &str) -> Option<&Application> {
        self.applications.iter().find(|one| one.id == id)
    }
}

impl Application {
    /// Whether people sign in to it.
    pub const fn signs_people_in(&self) -> bool {
        !self.redirect_uris.is_empty()
    }

    fn deployed_at(self, deployment: &Deployment) -> Result<Self, String> {
        let url = |named: &String| {
            let url = deployment.url(named);
            url.map_err(|problem| format!("application `{}`: {problem}", self.id))
        };
        let redirect_uris = self.redirect_uris.iter().map(url);
        let home_page = self.home_page.as_ref().map(url);
        Ok(Self {
            redirect_uris: redirect_uris.collect::<Result<_, _>>()?,
            home_page: home_page.transpose()?,
            ..self
        })
    }
}

impl Deployment {
    /// The whole URL of what the file names: a path of the deployment, or a URL already.
    fn url(&self, named: &str) -> Result<String, String> {
        let url = if named.starts_with('/') {
            format!("{}{named}", self.base_url.trim_end_matches('/'))
        } else {
            named.to_owned()
        };
        match reqwest::Url::parse(&url) {
            Ok(_) => Ok(url),
            Err(error) => Err(format!(
                "url: `{url}` is no URL nor a path that starts with `/`: {error}"
            )),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    tenant: Tenant,
    connectors: Option<Connectors>,
    #[serde(default, rename = "application")]
    applications: Vec<Application>,
    #[serde(default, rename = "person")]
    people: Vec<TestPerson>,
    #[serde(default, rename = "user-flow")]
    user_flows: Vec<FlowInFile>,
}

/// The credential that API connectors are called with.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Connectors {
    username: String,
    password: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct FlowInFile {
    id: String,
    name: String,
    kind: TenantKind,
    providers: Vec<Provider>,
    application: String,
    #[serde(default, rename = "attribute")]
    attributes: Vec<AttributeInFile>,
    after_federation: Option<EndpointInFile>,
    before_creating_user: Option<EndpointInFile>,
    before_token: Option<EndpointInFile>,
    otp_send: Option<EndpointInFile>,
    #[serde(default)]
    otp_send_fallback: bool,
    token_claims: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct EndpointInFile {
    /// A path of the deployment, or a whole URL.
    url: String,
    time_out_ms: Option<u64>,
    retries: Option<u8>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct AttributeInFile {
    /// A built-in attribute.
    name: Option<String>,
    /// A custom one, without `extension_` and the application id.
    custom: Option<String>,
    label: Option<String>,
    #[serde(default, rename = "type")]
    value_type: AttributeType,
    #[serde(default)]
    required: bool,
}

/// How long an extension may take (PROTOCOL 5.11), in milliseconds.
const EXTENSION_TIME_OUT_MS: std::ops::RangeInclusive<u64> = 200..=2000;
const EXTENSION_DEFAULT_MS: u64 = 1000;
/// How long a B2C and a workforce user flow wait for a connector (PROTOCOL 1.4).
const B2C_MS: u64 = 5000;
const WORKFORCE_MS: u64 = 20_000;

impl File {
    fn check(self, deployment: &Deployment) -> Result<Config, String> {
        is_guid(&self.tenant.id, "tenant.id")?;
        is_guid(&self.tenant.extension_audience, "tenant.extension-audience")?;
        for application in &self.applications {
            is_guid(&application.id, "application.id")?;
        }
        for person in &self.people {
            is_guid(&person.id, "person.id")?;
        }
        let applications = self.applications.into_iter();
        let applications: Vec<_> = applications
            .map(|application| application.deployed_at(deployment))
            .collect::<Result<_, _>>()?;
        let context = Context {
            tenant: &self.tenant,
            connectors: self.connectors.as_ref(),
            applications: &applications,
            deployment,
        };
        let mut user_flows: Vec<UserFlow> = Vec::new();
        for flow in self.user_flows {
            let id = flow.id.clone();
            if user_flows.iter().any(|known| known.id == id) {
                return Err(format!("two user flows have the id `{id}`"));
            }
            let flow = context.flow(flow);
            user_flows.push(flow.map_err(|problem| format!("user-flow `{id}`: {problem}"))?);
        }
        Ok(Config {
            tenant: self.tenant,
            user_flows,
            applications,
            people: self.people,
        })
    }
}

/// What a flow of the file refers to.
struct Context<'f> {
    tenant: &'f Tenant,
    connectors: Option<&'f Connectors>,
    applications: &'f [Application],
    deployment: &'f Deployment,
}

impl Context<'_> {
    fn flow(&self, flow: FlowInFile) -> Result<UserFlow, String> {
        let slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if flow.id.is_empty() || !flow.id.chars().all(slug) {
            return Err("id: expected lower-case letters, digits and `-`".to_owned());
        }
        let allowed = providers_of(flow.kind);
        if let Some(other) = flow.providers.iter().find(|one| !allowed.contains(one)) {
            let allowed: Vec<_> = allowed.iter().map(|one| one.key()).collect();
            let (found, kind, allowed) = (other.key(), flow.kind.name(), allowed.join(", "));
            return Err(format!(
                "providers: found `{found}`, expected for {kind}: {allowed}"
            ));
        }
        if flow.providers.is_empty() {
            return Err("providers: found none, expected at least one".to_owned());
        }
        let named = self
            .applications
            .iter()
            .find(|one| one.id == flow.application);
        let application = named.cloned().ok_or_else(|| {
            let found = &flow.application;
            format!("application: found `{found}`, expected the id of an [[application]]")
        })?;
        let attributes = flow.attributes.into_iter();
        let attributes = attributes
            .map(|attribute| self.attribute(attribute))
            .collect::<Result<_, _>>()?;
        let mut endpoints = BTreeMap::new();
        for (step, endpoint) in [
            (Step::AfterFederation, flow.after_federation),
            (Step::BeforeCreatingUser, flow.before_creating_user),
            (Step::BeforeToken, flow.before_token),
            (Step::OtpSend, flow.otp_send),
        ] {
            if let Some(endpoint) = endpoint {
                let checked = self.endpoint(flow.kind, step, &endpoint);
                endpoints.insert(
                    step,
                    checked.map_err(|problem| format!("{}: {problem}", step.key()))?,
                );
            }
        }
        if flow.otp_send_fallback && !endpoints.contains_key(&Step::OtpSend) {
            return Err("otp-send-fallback: expected `otp-send` beside it".to_owned());
        }
        Ok(UserFlow {
            id: flow.id,
            name: flow.name,
            kind: flow.kind,
            providers: flow.providers,
            attributes,
            application,
            endpoints,
            token_claims: flow.token_claims,
            otp_send_fallback: flow.otp_send_fallback,
        })
    }

    fn attribute(&self, attribute: AttributeInFile) -> Result<Attribute, String> {
        let (name, short) = match (&attribute.name, &attribute.custom) {
            (Some(name), None) => (name.clone(), name.clone()),
            (None, Some(custom)) => {
                let app = &self.tenant.extensions_app_id;
                (format!("extension_{app}_{custom}"), custom.clone())
            }
            _ => return Err("attribute: expected either `name` or `custom`".to_owned()),
        };
        Ok(Attribute {
            name,
            custom: attribute.custom,
            label: attribute.label.unwrap_or(short),
            value_type: attribute.value_type,
            required: attribute.required,
        })
    }

    fn endpoint(
        &self,
        kind: TenantKind,
        step: Step,
        endpoint: &EndpointInFile,
    ) -> Result<Endpoint, String> {
        let time_out = time_out(kind, endpoint.time_out_ms)?;
        if kind == TenantKind::Workforce && step == Step::BeforeToken {
            return Err("a workforce user flow has no such step".to_owned());
        }
        if step == Step::OtpSend && !kind.calls_extensions() {
            return Err("only an external tenant has this step".to_owned());
        }
        let retries = endpoint.retries.unwrap_or(1);
        if retries > 1 {
            return Err(format!("retries: found {retries}, expected 0 or 1"));
        }
        let authentication = match (kind.calls_extensions(), self.connectors) {
            (true, _) => Authentication::Bearer,
            (false, Some(credential)) => Authentication::Basic {
                username: credential.username.clone(),
                password: credential.password.clone(),
            },
            (false, None) => Authentication::None,
        };
        Ok(Endpoint {
            url: self.deployment.url(&endpoint.url)?,
            authentication,
            time_out,
            retries,
        })
    }
}

/// How long a step may take: as chosen in milliseconds, else as long as Entra waits by itself.
pub fn time_out(kind: TenantKind, chosen_ms: Option<u64>) -> Result<Duration, String> {
    let time_out_ms = chosen_ms.unwrap_or(match kind {
        TenantKind::Workforce => WORKFORCE_MS,
        TenantKind::B2c => B2C_MS,
        TenantKind::External => EXTENSION_DEFAULT_MS,
    });
    if kind.calls_extensions() && !EXTENSION_TIME_OUT_MS.contains(&time_out_ms) {
        let (least, most) = (EXTENSION_TIME_OUT_MS.start(), EXTENSION_TIME_OUT_MS.end());
        return Err(format!(
            "time-out-ms: found {time_out_ms}, expected {least} to {most} for an extension"
        ));
    }
    Ok(Duration::from_millis(time_out_ms))
}

/// The identity providers that a user flow of that kind offers.
pub const fn providers_of(kind: TenantKind) -> &'static [Provider] {
    match kind {
        TenantKind::Workforce => &[
            Provider::Google,
            Provider::Facebook,
            Provider::Entra,
            Provider::Microsoft,
            Provider::EmailCode,
        ],
        TenantKind::B2c => &Provider::ALL,
        TenantKind::External => &[
            Provider::Google,
            Provider::Facebook,
            Provider::Entra,
            Provider::Microsoft,
            Provider::EmailCode,
            Provider::Local,
        ],
    }
}

pub(crate) fn is_guid(text: &str, setting: &str) -> Result<(), String> {
    let lower = !text.chars().any(|c| c.is_ascii_uppercase());
    match uuid::Uuid::try_parse(text) {
        Ok(_) if lower && text.len() == 36 => Ok(()),
        _ => Err(format!(
            "{setting}: found `{text}`, expected a GUID in lower case"
        )),
    }
}
