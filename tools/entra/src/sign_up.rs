//! One person's way through a user flow: which step is called when, and where its answer leads.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    account,
    call::Caller,
    clock,
    config::{Tenant, UserFlow},
    connector,
    directory::{Account, Directory},
    exchange::{Exchange, Outcome},
    extension,
    facts::Facts,
    faults::CallFaults,
    model::{Attributes, Person, Provider, Step, TenantKind, WireForm},
    token_claims,
    verdict::{Answer, Judgement, Rejection},
};

/// One person's way through a user flow so far.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// In the simulator's addresses.
    pub id: String,
    pub flow: Arc<UserFlow>,
    /// A language tag such as `sv-SE`: of the pages, and what the deployment is told.
    pub language: String,
    pub form: WireForm,
    /// A GUID; extensions see it.
    pub correlation_id: String,
    pub person: Option<Person>,
    /// What stands on the attribute page.
    pub attributes: Attributes,
    pub stage: Stage,
    /// Every call so far, oldest first.
    pub calls: Vec<Call>,
    /// Object id, as soon as there is an account.
    pub account: Option<String>,
}

/// Where a sign-up stands: the page that the person sees.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    ChooseProvider,
    AtProvider(Provider),
    /// A code was sent to the address, which the person types.
    Code {
        code: String,
        /// Whether another one was typed already.
        wrong: bool,
    },
    Attributes {
        /// Why what was submitted is not accepted.
        message: Option<String>,
        /// The same of single attributes, by their names on the wire.
        fields: Vec<(String, String)>,
    },
    Blocked {
        title: Option<String>,
        message: String,
    },
    /// The deployment's answer was not understood, or none came.
    Failed {
        step: Step,
        rejection: Rejection,
    },
    /// The account is there; next comes the token.
    SignedIn {
        /// Whether this sign-up made it.
        created: bool,
    },
    Token(IssuedToken),
}

impl Stage {
    pub const fn key(&self) -> &'static str {
        match self {
            Self::ChooseProvider => "choose-provider",
            Self::AtProvider(_) => "at-provider",
            Self::Code { .. } => "code",
            Self::Attributes { .. } => "attributes",
            Self::Blocked { .. } => "blocked",
            Self::Failed { .. } => "failed",
            Self::SignedIn { .. } => "signed-in",
            Self::Token(_) => "token",
        }
    }
}

/// What the application gets.
#[derive(Debug, Clone, PartialEq)]
pub struct IssuedToken {
    pub claims: Map<String, Value>,
    /// Names of those that the deployment added or changed.
    pub from_deployment: Vec<String>,
}

/// One step's call: every attempt, and what was made of the last.
#[derive(Debug, Clone)]
pub struct Call {
    pub step: Step,
    /// When it was sent.
    pub at: Timestamp,
    pub exchanges: Vec<Exchange>,
    pub judgement: Judgement,
}

impl SignUp {
    pub fn new(flow: Arc<UserFlow>, language: &str, form: WireForm) -> Self {
        Self {
            id: Uuid::new_v4().simple().to_string(),
            flow,
            language: language.to_owned(),
            form,
            correlation_id: Uuid::new_v4().to_string(),
            person: None,
            attributes: Attributes::new(),
            stage: Stage::ChooseProvider,
            calls: Vec::new(),
            account: None,
        }
    }
}

/// What a sign-up goes through with; the pages and the scenario runner each have one.
#[derive(Clone, Copy)]
pub struct Engine<'e> {
    pub tenant: &'e Tenant,
    pub caller: &'e Caller,
    pub directory: &'e Directory,
    pub faults: &'e CallFaults,
    /// A bearer token for one extension call.
    pub bearer: &'e (dyn Fn() -> Option<String> + Send + Sync),
}

impl std::fmt::Debug for Engine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("tenant", &self.tenant.id)
            .finish_non_exhaustive()
    }
}

impl Engine<'_> {
    /// The identity provider has said who it is.
    pub async fn federated(&self, sign_up: &mut SignUp, person: Person) {
        sign_up.attributes = asserted(&sign_up.flow, &person);
        let known = account::of(self.directory, sign_up.flow.kind, &person);
        sign_up.person = Some(person.clone());
        if let Some(account) = known {
            sign_up.account = Some(account.id);
            sign_up.stage = Stage::SignedIn { created: false };
            return;
        }
        // B2C does not call the first step for local accounts (PROTOCOL 1.1).
        let local = sign_up.flow.kind == TenantKind::B2c && person.provider == Provider::Local;
        let verdict = if local {
            Ok(Answer::Continue(Attributes::new()))
        } else {
            self.ask(sign_up, &person, Step::AfterFederation, None)
                .await
        };
        match verdict {
            Ok(Answer::Continue(claims)) => {
                sign_up.attributes.extend(claims);
                sign_up.stage = Stage::Attributes {
                    message: None,
                    fields: Vec::new(),
                };
            }
            other => sign_up.stage = stopped(Step::AfterFederation, other),
        }
    }

    /// The attribute page was submitted.
    pub async fn submitted(&self, sign_up: &mut SignUp, attributes: Attributes) {
        let Some(person) = sign_up.person.clone() else {
            return;
        };
        sign_up.attributes = attributes;
        let step = Step::BeforeCreatingUser;
        match self.ask(sign_up, &person, step, None).await {
            Ok(Answer::Continue(claims)) => {
                sign_up.attributes.extend(claims);
                self.create(sign_up, &person);
            }
            other => sign_up.stage = stopped(step, other),
        }
    }

    fn create(&self, sign_up: &mut SignUp, person: &Person) {
        let new = account::new(self.tenant, &sign_up.flow, person, &sign_up.attributes);
        sign_up.stage = match self.directory.create(new) {
            Ok(account) => {
                sign_up.account = Some(account.id);
                Stage::SignedIn { created: true }
            }
            Err(conflict) => Stage::Failed {
                step: Step::BeforeCreatingUser,
                rejection: Rejection {
                    code: None,
                    explanation: format!(
                        "the account was not created: another one has the same {}",
                        conflict.property()
                    ),
                },
            },
        };
    }

    /// The application asks for its token.
    pub async fn token(&self, sign_up: &mut SignUp) {
        let account = sign_up
            .account
            .as_ref()
            .and_then(|id| self.directory.get(id));
        let (Some(person), Some(account)) = (sign_up.person.clone(), account) else {
            return;
        };
        let step = Step::BeforeToken;
        match self.ask(sign_up, &person, step, Some(&account)).await {
            Ok(Answer::Continue(claims)) => {
                let issued = token_claims::issued(&sign_up.flow, &person, &account, claims);
                sign_up.stage = Stage::Token(issued);
            }
            other => sign_up.stage = stopped(step, other),
        }
    }

    /// Asks the deployment to send the code of an address; nothing when the user flow has no such step.
    pub async fn send_code(
        &self,
        sign_up: &mut SignUp,
        person: &Person,
        code: &str,
    ) -> Option<Judgement> {
        let facts = Facts {
            one_time_code: Some(code),
            ..self.facts(sign_up, person, Step::OtpSend)
        };
        let call = self.call(&facts).await?;
        let judgement = call.judgement.clone();
        sign_up.calls.push(call);
        Some(judgement)
    }

    /// The answer of one step; a step that the user flow does not call goes on.
    async fn ask(
        &self,
        sign_up: &mut SignUp,
        person: &Person,
        step: Step,
        account: Option<&Account>,
    ) -> Result<Answer, Rejection> {
        let facts = Facts {
            account,
            ..self.facts(sign_up, person, step)
        };
        let Some(call) = self.call(&facts).await else {
            return Ok(Answer::Continue(Attributes::new()));
        };
        let verdict = call.judgement.verdict.clone();
        sign_up.calls.push(call);
        verdict
    }

    fn facts<'s>(&'s self, sign_up: &'s SignUp, person: &'s Person, step: Step) -> Facts<'s> {
        Facts {
            tenant: self.tenant,
            flow: &sign_up.flow,
            step,
            person,
            attributes: &sign_up.attributes,
            language: &sign_up.language,
            correlation_id: &sign_up.correlation_id,
            account: None,
            one_time_code: None,
            form: sign_up.form,
        }
    }

    async fn call(&self, facts: &Facts<'_>) -> Option<Call> {
        let endpoint = facts.flow.endpoints.get(&facts.step)?;
        let extensions = facts.flow.kind.calls_extensions();
        let (body, token) = if extensions {
            (extension::request(facts), (self.bearer)())
        } else {
            (connector::request(facts), None)
        };
        let at = clock::now();
        let exchanges = self
            .caller
            .call(facts.step, endpoint, token.as_deref(), body, self.faults)
            .await;
        let outcome = exchanges.last().map_or_else(
            || Outcome::Unreachable {
                problem: "nothing was sent".to_owned(),
            },
            |last| last.outcome.clone(),
        );
        let judge = if extensions {
            extension::judge
        } else {
            connector::judge
        };
        Some(Call {
            step: facts.step,
            at,
            judgement: judge(facts.flow, facts.step, &outcome),
            exchanges,
        })
    }
}

/// Where an answer leads that does not let the sign-up go on.
fn stopped(step: Step, verdict: Result<Answer, Rejection>) -> Stage {
    match verdict {
        Ok(Answer::Block { title, message }) => Stage::Blocked { title, message },
        Ok(Answer::Invalid { message, fields }) => Stage::Attributes {
            message: Some(message),
            fields,
        },
        Ok(Answer::Continue(_)) => Stage::SignedIn { created: false },
        Err(rejection) => Stage::Failed { step, rejection },
    }
}

/// What the provider knows of the person, as far as the attribute page has a field for it.
fn asserted(flow: &UserFlow, person: &Person) -> Attributes {
    let known = [
        ("displayName", &person.display_name),
        ("givenName", &person.given_name),
        ("surname", &person.surname),
    ];
    let fields = known.into_iter().filter_map(|(name, value)| {
        let attribute = flow.attribute(name)?;
        (!value.is_empty()).then(|| (attribute.name.clone(), Value::from(value.as_str())))
    });
    fields.collect()
}

/// The sign-ups of all browsers.
#[derive(Debug, Default)]
pub struct SignUps(Mutex<HashMap<String, Arc<tokio::sync::Mutex<SignUp>>>>);

/// More than anybody has open; then the simulator forgets them all.
const MAX_SIGN_UPS: usize = 10_000;

impl SignUps {
    pub fn add(&self, sign_up: SignUp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_SIGN_UPS {
            all.clear();
        }
        all.insert(
            sign_up.id.clone(),
            Arc::new(tokio::sync::Mutex::new(sign_up)),
        );
    }

    /// Locked by whoever moves it on, so that a form sent twice is one submission after the other.
    pub fn get(&self, id: &str) -> Option<Arc<tokio::sync::Mutex<SignUp>>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(id).cloned()
    }
}
