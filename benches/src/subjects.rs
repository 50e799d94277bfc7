//! What is measured: functions of ours with deployments of theirs, and what somebody could write instead.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use shared::{
    domain::sign_up::{Protocol, Step},
    http::Route,
};

use crate::{
    Failure, Options,
    deployment::{Deployment, LISTS_ALONE, OF_OTHERS, WITH_POLICY},
    event::Requests,
    machine,
    policy::large,
    process::Program,
    results::{Size, Subject},
};

/// A function, without where its table is.
pub(crate) struct Target {
    pub(crate) subject: Subject,
    pub(crate) requests: Requests,
    program: Program,
    files: Files,
}

/// What is weighed.
enum Files {
    Function(PathBuf),
    Package(Vec<PathBuf>),
}

impl Target {
    /// With the table there.
    pub(crate) fn at(&self, endpoint: String) -> Program {
        let mut program = self.program.clone();
        program
            .settings
            .push(("AWS_ENDPOINT_URL_DYNAMODB", endpoint));
        program
    }

    /// Whether its instructions are the same in each run: what compiles itself at run time has others each time.
    pub(crate) fn is_compiled(&self) -> bool {
        matches!(self.files, Files::Function(_))
    }

    /// Of the package for Lambda's own processor, where it was made.
    pub(crate) fn size(&self, options: &Options, folder: &Path) -> Result<Size, Failure> {
        match &self.files {
            Files::Function(binary) => {
                let name = binary.file_name().unwrap_or_default();
                let deployed = options.packages.join(name).join("bootstrap.zip");
                if self.subject.is_ours() && deployed.is_file() {
                    return Ok(Size {
                        octets: octets(binary)?,
                        zip_octets: octets(&deployed)?,
                        zip_of: "aarch64".to_owned(),
                    });
                }
                native(binary, &options.python, folder)
            }
            Files::Package(files) => zipped(files, &options.python, folder, "any processor"),
        }
    }
}

/// Of a function for this machine, packed here.
pub(crate) fn native(binary: &Path, python: &Path, folder: &Path) -> Result<Size, Failure> {
    let files = [binary.to_owned()];
    zipped(&files, python, folder, std::env::consts::ARCH)
}

fn zipped(files: &[PathBuf], python: &Path, folder: &Path, zip_of: &str) -> Result<Size, Failure> {
    let zip = folder.join("package.zip");
    let mut arguments = vec!["-m".to_owned(), "zipfile".to_owned(), "-c".to_owned()];
    let paths = [&zip].into_iter().chain(files);
    arguments.extend(paths.map(|path| path.to_string_lossy().into_owned()));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    machine::told(python, &arguments)?;
    let weighed: Result<Vec<u64>, Failure> = files.iter().map(|file| octets(file)).collect();
    Ok(Size {
        octets: weighed?.iter().sum(),
        zip_octets: octets(&zip)?,
        zip_of: zip_of.to_owned(),
    })
}

fn octets(file: &Path) -> Result<u64, Failure> {
    let metadata = fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(metadata.len())
}

/// The functions of ours.
pub(crate) fn ours(deployment: &Deployment, functions: &Path) -> Result<Vec<Target>, Failure> {
    let all = [
        (Subject::AsDeployed, WITH_POLICY),
        (Subject::NoRecords, WITH_POLICY),
        (Subject::ListsOnly, LISTS_ALONE),
        (Subject::AfterFederation, WITH_POLICY),
    ];
    let targets = all.map(|(subject, table)| our(subject, table, deployment, functions));
    targets.into_iter().collect()
}

/// One of them, with a table.
pub(crate) fn our(
    subject: Subject,
    table: &str,
    deployment: &Deployment,
    functions: &Path,
) -> Result<Target, Failure> {
    let (step, event_days) = match subject {
        Subject::AfterFederation => (Step::AfterFederation, "90"),
        Subject::AsDeployed => (Step::BeforeCreatingUser, "90"),
        _ => (Step::BeforeCreatingUser, "0"),
    };
    let binary = functions.join(step.name());
    let settings = [
        ("TABLE_NAME", table),
        ("EVENT_DAYS", event_days),
        ("DEFAULT_EFFECT", "deny"),
        ("REQUESTS_KEY", "alias/requests"),
    ];
    Ok(Target {
        subject,
        requests: requests(step, deployment.authorization(table)?)?,
        program: Program {
            name: subject.title(),
            command: vec![binary.clone().into_os_string()],
            settings: with_trust(
                deployment,
                settings.map(|(name, value)| (name, value.to_owned())),
            ),
        },
        files: Files::Function(binary),
    })
}

/// What somebody could write instead; `keys` are those that a function of ours reads.
pub(crate) fn others(
    deployment: &Deployment,
    options: &Options,
    keys: String,
) -> Result<Vec<Target>, Failure> {
    let authorization = deployment.authorization(LISTS_ALONE)?;
    let requests = requests(Step::BeforeCreatingUser, authorization.clone())?;
    let rust = |subject: Subject, name: &str, keys: String| {
        let binary = options.processes.functions.join(name);
        Target {
            subject,
            requests: requests.clone(),
            program: Program {
                name: subject.title(),
                command: vec![binary.clone().into_os_string()],
                settings: with_trust(
                    deployment,
                    [("TABLE_NAME", LISTS_ALONE.to_owned()), ("KEYS", keys)],
                ),
            },
            files: Files::Function(binary),
        }
    };
    let interpreted = |subject: Subject, interpreter: &Path, files: &[&str]| {
        let files: Vec<PathBuf> = files
            .iter()
            .map(|file| options.alternatives.join(file))
            .collect();
        let command: Vec<OsString> = [interpreter.as_os_str().to_owned()]
            .into_iter()
            .chain(files.first().map(|file| file.clone().into_os_string()))
            .collect();
        Target {
            subject,
            requests: requests.clone(),
            program: Program {
                name: subject.title(),
                command,
                settings: with_trust(
                    deployment,
                    [
                        ("TABLE_NAME", OF_OTHERS.to_owned()),
                        ("AUTHORIZATION", authorization.clone()),
                    ],
                ),
            },
            files: Files::Package(files),
        }
    };
    Ok(vec![
        rust(Subject::Bare, "bench-bare", String::new()),
        rust(Subject::BareBatch, "bench-bare-batch", keys),
        interpreted(Subject::Node, &options.node, &["node/dist/index.cjs"]),
        interpreted(
            Subject::Python,
            &options.python,
            &["python/runtime.py", "python/handler.py"],
        ),
    ])
}

/// What a function is told, with whom it trusts to be its table.
fn with_trust<const N: usize>(
    deployment: &Deployment,
    settings: [(&'static str, String); N],
) -> Vec<(&'static str, String)> {
    settings.into_iter().chain(deployment.trust()).collect()
}

/// As Entra asks: at the first step of what the identity provider says, at the second of everything that was collected.
fn requests(step: Step, authorization: String) -> Result<Requests, Failure> {
    let route = Route {
        step,
        protocol: Protocol::Connector,
    };
    let documented: Value = serde_json::from_str(DOCUMENTED)?;
    let documented = documented.pointer("/request/body");
    let documented = documented.ok_or("found no body in the case")?;
    let body = match step {
        Step::BeforeCreatingUser => large::connector_body(documented),
        _ => json!({
            "email": documented["email"],
            "identities": documented["identities"],
            "displayName": documented["displayName"],
            "ui_locales": documented["ui_locales"],
        }),
    };
    Ok(Requests {
        path: route.path(),
        authorization,
        body,
    })
}

const DOCUMENTED: &str =
    include_str!("../../shared/tests/fixtures/cases/B11-override-a-collected-claim.json");
