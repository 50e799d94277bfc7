//! Which deployment is called, and with which credentials. None of them comes from the command line or is printed.

use std::path::Path;

use local_entra::{
    call::Caller,
    config::Authentication,
    scenario::{self, Scenario, ScenarioFile, Target},
};
use shared::config::Environment;

use crate::{args::TryArguments, exit::Failure};

const PASSWORD: &str = "CONNECTOR_PASSWORD";
const TOKEN: &str = "EXTENSION_TOKEN";
/// Where `make dev` puts the local Entra.
const LOCAL_ENTRA: &str = "http://127.0.0.1:7000";

/// What the command line and the environment give for all files.
pub(super) struct Access {
    url: Option<String>,
    username: Option<String>,
    password: Option<String>,
    certificate: Option<Vec<u8>>,
    entra: Option<String>,
    token: Option<String>,
}

/// Where the bearer tokens of extension calls come from.
pub(super) enum TokenSource {
    /// No call of the file needs one.
    None,
    Given(String),
    /// The URL of a local Entra.
    Entra(String),
}

impl Access {
    pub(super) fn new(
        arguments: &TryArguments,
        environment: &dyn Environment,
    ) -> Result<Self, Failure> {
        let url = |url: &Option<String>, flag: &str| {
            let url = url.as_deref().map(scenario::base_url).transpose();
            url.map_err(|problem| Failure::Told(format!("{flag}: {problem}")))
        };
        let password = match &arguments.password_file {
            Some(path) => Some(password(path)?),
            None => environment.get(PASSWORD),
        };
        let certificate = arguments.client_certificate.as_deref().map(octets);
        let token = environment.get(TOKEN).as_deref().map(scenario::token);
        Ok(Self {
            url: url(&arguments.url, "--url")?,
            username: arguments.username.clone(),
            password,
            certificate: certificate.transpose()?,
            entra: url(&arguments.entra, "--entra")?,
            token: token
                .transpose()
                .map_err(|problem| Failure::Told(format!("{TOKEN}: {problem}")))?,
        })
    }

    pub(super) fn caller(&self) -> Result<Caller, Failure> {
        match &self.certificate {
            Some(pem) => Caller::with_certificate(pem)
                .map_err(|error| Failure::Told(format!("--client-certificate: {error}"))),
            None => Caller::new().map_err(|error| Failure::Told(error.to_string())),
        }
    }

    /// The deployment of a file; what the command line says wins.
    pub(super) fn target(&self, file: &ScenarioFile) -> Result<Target, String> {
        let url = self.url.as_ref().or(file.target.url.as_ref());
        let base_url = url.ok_or("found no url in [target], expected one there or --url")?;
        let connectors = file.sign_ups.iter().any(|one| !one.kind.calls_extensions());
        let connectors = if connectors {
            self.basic(file)?
        } else {
            Authentication::None
        };
        Ok(Target {
            base_url: base_url.clone(),
            connectors,
        })
    }

    /// Without a user name the connectors are called without Basic, which a client certificate makes up for.
    fn basic(&self, file: &ScenarioFile) -> Result<Authentication, String> {
        let username = self.username.as_ref().or(file.target.username.as_ref());
        match (username, &self.password) {
            (Some(username), Some(password)) => Ok(Authentication::Basic {
                username: username.clone(),
                password: password.clone(),
            }),
            (Some(username), None) => Err(format!(
                "found no password for the user name `{username}`, expected it in {PASSWORD} or --password-file"
            )),
            (None, Some(_)) => Err(
                "found a password without a user name, expected one in [target] or --username"
                    .to_owned(),
            ),
            (None, None) => Ok(Authentication::None),
        }
    }

    pub(super) fn tokens(
        &self,
        file: &ScenarioFile,
        target: &Target,
    ) -> Result<TokenSource, String> {
        let mut sign_ups = file.sign_ups.iter();
        let Some(external) = sign_ups.find(|one| one.kind.calls_extensions()) else {
            return Ok(TokenSource::None);
        };
        if let Some(entra) = &self.entra {
            return Ok(TokenSource::Entra(entra.clone()));
        }
        if let Some(token) = &self.token {
            return Ok(TokenSource::Given(token.clone()));
        }
        let local = || scenario::is_loopback(&target.base_url).then(|| LOCAL_ENTRA.to_owned());
        match file.target.simulator.clone().or_else(local) {
            Some(entra) => Ok(TokenSource::Entra(entra)),
            None => Err(nobody_signs(external, &target.base_url)),
        }
    }
}

fn nobody_signs(external: &Scenario, url: &str) -> String {
    let Scenario { name, line, .. } = external;
    format!(
        "line {line}: `{name}` is a sign-up to an external tenant, and only Entra itself can sign its requests to \
         {url}. The connector routes decide the same: try it with tenant = \"workforce\" or \"b2c\". For a deployment \
         that trusts a local Entra give --entra or {TOKEN}"
    )
}

impl TokenSource {
    /// The token of one sign-up; it is short-lived, and a run may be long.
    pub(super) async fn token(&self) -> Result<String, Failure> {
        match self {
            Self::Given(token) => Ok(token.clone()),
            Self::Entra(entra) => scenario::extension_token(entra).await.map_err(|problem| {
                Failure::Told(format!(
                    "no token for the extensions from {problem}; does `make dev` run there?"
                ))
            }),
            Self::None => Err(Failure::Told("no token for the extensions".to_owned())),
        }
    }
}

/// The first line; editors put a line end after it.
fn password(path: &Path) -> Result<String, Failure> {
    let text = String::from_utf8(octets(path)?);
    let text = text.map_err(|_| unusable(path, "found something else, expected UTF-8"))?;
    match text.lines().next() {
        Some(password) if !password.is_empty() => Ok(password.to_owned()),
        _ => Err(unusable(path, "found nothing, expected the password")),
    }
}

fn octets(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| unusable(path, &error.to_string()))
}

fn unusable(path: &Path, problem: &str) -> Failure {
    Failure::Told(format!("{}: {problem}", path.display()))
}
