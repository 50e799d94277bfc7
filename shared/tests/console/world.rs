//! Requests in a table, the local Entra, the console, and browsers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use jiff::Timestamp;
use local::engine::{Engine, create_table};
use local_entra::{
    Simulator,
    config::{Config, TestPerson},
};
use shared::{
    adapters::{
        dynamodb::Table, entra_keys::EntraKeys, outgoing::GuardedHttp, private_hosts::PrivateHosts,
        system_clock::SystemClock,
    },
    app::{
        advice::Advisor,
        audit::Audit,
        callers::Callers,
        known_domains::KnownDomains,
        links::{Link, LinkKey, Purpose},
        lists::Lists,
        policies::Policies,
        requests::Requests,
        sealing,
    },
    console::{Console, Parts, SignInSettings},
    domain::{
        approval::{
            Action, Actor, Applicant, Applied, ApprovalRequest, Change, ContentKey, HistoryEntry,
            RequestId, Terms, later,
        },
        audit::Signature,
        list::ListEntry,
        person::PersonKey,
        policy::UserFlow,
    },
    ports::{
        Deadline, StoreError,
        approval_requests::{ApprovalRequests, Filed},
        clock::Clock,
        data_keys::DataKeyReader,
        list_store::{self, ListStore},
        listed_domains::ListedDomains,
        outgoing::{Call, Outgoing, OutgoingError, Reply},
        request_store::RequestStore,
        secrets::{Secret, SecretError, Secrets},
    },
    testkit::{FixedClock, Keyring, Remembered, pending},
};
use tokio::time::Instant;
use tower::ServiceExt;

pub(crate) const ORIGIN: &str = "https://approvals.contoso.example";
pub(crate) const TENANT: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
pub(crate) const CLIENT: &str = "5f1b1c3e-6a0d-4c39-9d3a-0c8f6c2f7b11";

/// People of the tenant; `OF_DOMAIN` approves for partner.example alone.
pub(crate) const APPROVER: &str = "0a8e7c1d-52f4-4f7e-9d57-8f3f2b9c1e01";
pub(crate) const ADMINISTRATOR: &str = "0a8e7c1d-52f4-4f7e-9d57-8f3f2b9c1e02";
pub(crate) const NOBODY: &str = "0a8e7c1d-52f4-4f7e-9d57-8f3f2b9c1e03";
pub(crate) const OF_DOMAIN: &str = "0a8e7c1d-52f4-4f7e-9d57-8f3f2b9c1e04";

pub(crate) struct World {
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) journal: Arc<Remembered>,
    pub(crate) entra: Arc<Simulator>,
    pub(crate) store: Arc<Table>,
    pub(crate) listed: Arc<Listed>,
    pub(crate) token_endpoint: Arc<TokenEndpoint>,
    keys: Arc<Keyring>,
    link_key: LinkKey,
    router: Router,
    pub(crate) engine: Engine,
}

/// What a request is made of.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) domain: &'static str,
    pub(crate) flow: Option<&'static str>,
    pub(crate) text: &'static str,
    pub(crate) terms: Terms,
    /// Of the sign-up.
    pub(crate) languages: &'static [&'static str],
}

impl Case {
    pub(crate) fn of(name: &'static str, domain: &'static str) -> Self {
        Self {
            name,
            domain,
            flow: None,
            text: "Redmond",
            terms: Terms::USUAL,
            languages: &[],
        }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let keys: Arc<Keyring> = Arc::default();
        Self::reading_with(Arc::clone(&keys) as _, keys).await
    }

    /// The console reads applicants with other keys than they are sealed with.
    pub(crate) async fn without_keys() -> Self {
        let others = Keyring::with_root([9; 32]);
        Self::reading_with(Arc::new(others), Arc::default()).await
    }

    async fn reading_with(read: Arc<dyn DataKeyReader>, keys: Arc<Keyring>) -> Self {
        let engine = Engine::in_memory().await.unwrap();
        let client = engine.connection().client();
        create_table(&client, "console").await.unwrap();
        let store = Arc::new(Table::new(client, "console"));
        // Entra's tokens are of the real time.
        let clock = Arc::new(FixedClock::at(SystemClock.now()));
        let journal = Arc::new(Remembered::default());
        let entra = entra().await;
        let callers = Callers::new(
            Arc::clone(&store) as _,
            Arc::new(EntraKeys::default()),
            Arc::clone(&store) as _,
            Arc::clone(&clock) as _,
            Arc::clone(&journal) as _,
        );
        let hosts = PrivateHosts::parse(&["127.0.0.1".to_owned()]).unwrap();
        let secrets: Arc<dyn Secrets> = Arc::new(TestSecrets);
        let outgoing = GuardedHttp::new(hosts, Arc::clone(&secrets), Arc::clone(&clock) as _);
        let token_endpoint = Arc::new(TokenEndpoint {
            real: outgoing,
            forged: Mutex::default(),
        });
        let policies = Policies::new(
            Arc::clone(&store) as _,
            Arc::clone(&clock) as _,
            Arc::clone(&journal) as _,
        );
        let listed = Arc::new(Listed(Mutex::new(Some(Vec::new()))));
        let known = KnownDomains::new(
            Arc::clone(&listed) as _,
            Arc::clone(&store) as _,
            Arc::clone(&clock) as _,
            Duration::from_mins(5),
        );
        let console = Console::new(Parts {
            settings: SignInSettings {
                origin: ORIGIN.to_owned(),
                authority: format!("{}/{TENANT}", entra.origin),
                tenant_id: TENANT.to_owned(),
                secret: "console".to_owned(),
            },
            link_secret: "links".to_owned(),
            requests: Requests::new(
                Arc::clone(&store) as _,
                Arc::clone(&store) as _,
                Arc::clone(&clock) as _,
            ),
            lists: Lists::new(Arc::clone(&store) as _),
            keys: read,
            advisor: Advisor::new(Arc::clone(&store) as _, Arc::new(policies), known),
            audit: Audit::new(Arc::clone(&store) as _),
            secrets,
            outgoing: Arc::clone(&token_endpoint) as _,
            callers: Arc::new(callers),
            clock: Arc::clone(&clock) as _,
            journal: Arc::clone(&journal) as _,
        });
        Self {
            clock,
            journal,
            entra,
            store,
            listed,
            token_endpoint,
            keys,
            link_key: LinkKey::new(LINK_KEY),
            router: console.router(),
            engine,
        }
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser {
            world: self,
            cookies: Mutex::default(),
        }
    }

    /// A browser in which somebody is signed in.
    pub(crate) async fn signed_in(&self, person: &str) -> Browser<'_> {
        let browser = self.browser();
        let answer = browser.sign_in(person).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser
    }

    /// What a program gets: with a body it posts.
    pub(crate) async fn call(&self, token: &str, path: &str, body: Option<&str>) -> Answer {
        let request = if body.is_some() {
            Request::post(path)
        } else {
            Request::get(path)
        };
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        let body = Body::from(body.unwrap_or_default().to_owned());
        answered(&self.router, request.body(body).unwrap()).await
    }

    pub(crate) async fn pending(&self, case: Case) -> RequestId {
        let now = self.clock.now();
        let id = RequestId::new(now, std::array::from_fn(|_| fastrand::u8(..)));
        let applicant = applicant(&case);
        let content = serde_json::to_vec(&applicant).unwrap();
        let sealed = sealing::seal(self.keys.as_ref(), &id, &content, far()).await;
        let request = request(&id, &content, &case, now);
        let sealed = sealed.unwrap();
        let filed = self.store.open(&request, &sealed, None, far()).await;
        assert_eq!(filed.unwrap(), Filed::Yes);
        id
    }

    /// What somebody else does.
    pub(crate) async fn change(&self, id: &RequestId, action: Action, by: &str) {
        let by = Actor::Person(by.to_owned());
        self.store_change(id, &Change::new(action, by)).await;
    }

    /// An entry, as somebody else puts it on the command line.
    pub(crate) async fn put(&self, entry: &ListEntry) {
        let signature = Signature {
            by: "eve".to_owned(),
            at: self.clock.now(),
        };
        let change = list_store::Change::Put(entry.clone());
        self.store.apply(&[change], &signature).await.unwrap();
    }

    pub(crate) async fn store_change(&self, id: &RequestId, change: &Change) {
        let before = self.request(id).await;
        let (next, entry) = before.after(change, self.clock.now()).unwrap();
        assert!(self.store.change(&before, &next, &entry).await.unwrap());
    }

    /// A link as mails have it, good for a day.
    pub(crate) fn link(&self, purpose: Purpose, id: &RequestId, version: u64) -> String {
        self.link_until(purpose, id, version, later(self.clock.now(), 1))
    }

    pub(crate) fn link_until(
        &self,
        purpose: Purpose,
        id: &RequestId,
        version: u64,
        until: Timestamp,
    ) -> String {
        let link = Link {
            request: id.clone(),
            version,
            until,
        };
        self.link_key.sign(purpose, &link)
    }

    pub(crate) async fn request(&self, id: &RequestId) -> ApprovalRequest {
        self.store.request(id).await.unwrap().unwrap()
    }

    pub(crate) async fn history(&self, id: &RequestId) -> Vec<HistoryEntry> {
        self.store.history(id).await.unwrap()
    }
}

fn far() -> Deadline {
    Deadline(Instant::now() + Duration::from_mins(5))
}

fn applicant(case: &Case) -> Applicant {
    let text = || Applied::Text(case.text.to_owned());
    let attributes = [
        ("displayName", Applied::Text(case.name.to_owned())),
        ("city", text()),
        ("extension_00001111aaaa2222bbbb3333cccc4444_Why", text()),
    ];
    Applicant {
        addresses: vec![format!("{}@{}", case.name, case.domain)],
        attributes: attributes
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        languages: case.languages.iter().copied().map(str::to_owned).collect(),
        ..Applicant::default()
    }
}

fn request(id: &RequestId, content: &[u8], case: &Case, now: Timestamp) -> ApprovalRequest {
    let person = PersonKey::of_address(&format!("{}@{}", case.name, case.domain));
    ApprovalRequest {
        // Each request is another identity's, so that somebody can have several.
        applicant: PersonKey::of_address(id.as_str()).into(),
        user_flow: case.flow.map(|flow| UserFlow::parse(flow).unwrap()),
        domain: Some(case.domain.to_owned()),
        content: ContentKey::of(id, content),
        expires_at: now,
        terms: case.terms,
        ..pending(id.clone(), person, now)
    }
}

/// The example's tenant on a port of its own, with a console that has a secret.
async fn entra() -> Arc<Simulator> {
    let with_console = |config: &mut Config| {
        let mut applications = config.applications.iter_mut();
        let console = applications.find(|one| one.id == CLIENT).unwrap();
        console.secret = Some("local-console-secret".to_owned());
        console.redirect_uris = vec![format!("{ORIGIN}/console/signed-in")];
        let person = |id: &str, name: &str, roles: &[&str]| TestPerson {
            id: id.to_owned(),
            name: name.to_owned(),
            email: format!("{name}@contoso.example"),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        config.people = vec![
            person(APPROVER, "alex", &["Approver"]),
            person(ADMINISTRATOR, "robin", &["Administrator"]),
            person(NOBODY, "kim", &[]),
            person(
                OF_DOMAIN,
                "sam",
                &["Approver", "Approver.domain:partner.example"],
            ),
        ];
    };
    Simulator::of_example(with_console).await.unwrap()
}

const LINK_KEY: &[u8; 32] = b"01234567890123456789012345678901";

struct TestSecrets;

#[async_trait]
impl Secrets for TestSecrets {
    async fn secret(&self, name: &str, _: Deadline) -> Result<Secret, SecretError> {
        let key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
        match name {
            "console" => Ok(Secret::new(format!(
                r#"{{"client_id":"{CLIENT}","client_secret":"local-console-secret","cookie_key":"{key}"}}"#
            ))),
            "links" => Ok(Secret::new(format!(r#"{{"key":"{key}"}}"#))),
            other => Err(SecretError::Absent(other.to_owned())),
        }
    }

    fn forget(&self, _: &str) {}
}

/// What a test says that lists have; `None` when they cannot be read. The table reads them in more calls than a busy machine
/// answers in time.
pub(crate) struct Listed(pub(crate) Mutex<Option<Vec<ListEntry>>>);

#[async_trait]
impl ListedDomains for Listed {
    async fn listed_domains(&self) -> Result<Vec<ListEntry>, StoreError> {
        self.0.lock().unwrap().clone().ok_or(StoreError::Throttled)
    }
}

/// Entra's, in whose answers another ID token can be put.
pub(crate) struct TokenEndpoint {
    real: GuardedHttp,
    forged: Mutex<Option<String>>,
}

impl TokenEndpoint {
    pub(crate) fn answer_with(&self, id_token: String) {
        *self.forged.lock().unwrap() = Some(id_token);
    }
}

#[async_trait]
impl Outgoing for TokenEndpoint {
    async fn call(&self, call: &Call, deadline: Deadline) -> Result<Reply, OutgoingError> {
        let reply = self.real.call(call, deadline).await?;
        let forged = self.forged.lock().unwrap().clone();
        Ok(match forged {
            None => reply,
            Some(token) => Reply {
                body: format!(r#"{{"id_token":"{token}"}}"#).into_bytes(),
                ..reply
            },
        })
    }
}

/// An answer to a browser.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }
}

/// Keeps cookies, and sends forms as browsers do from a page with `no-referrer`.
pub(crate) struct Browser<'w> {
    world: &'w World,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser<'_> {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    /// With the languages that a browser wants.
    pub(crate) async fn get_in(&self, languages: &str, path: &str) -> Answer {
        let request = Request::get(path).header(header::ACCEPT_LANGUAGE, languages);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.send(Request::head(path).body(Body::empty()).unwrap())
            .await
    }

    /// As the forms of the console are sent.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(form(path, fields, "null", "same-origin")).await
    }

    /// As another site makes a browser send it.
    pub(crate) async fn post_from(
        &self,
        (origin, site): (&str, &str),
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        self.send(form(path, fields, origin, site)).await
    }

    async fn send(&self, mut request: Request<Body>) -> Answer {
        let cookies = self.cookies();
        let cookies = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let cookies: Vec<String> = cookies.collect();
        if !cookies.is_empty() {
            let value = cookies.join("; ").parse().unwrap();
            request.headers_mut().insert(header::COOKIE, value);
        }
        let answer = answered(&self.world.router, request).await;
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let (pair, attributes) = set.to_str().unwrap().split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.set_cookie(
                name,
                (!attributes.starts_with("Max-Age=0;")).then_some(value),
            );
        }
        answer
    }

    pub(crate) fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.lock().unwrap().clone()
    }

    pub(crate) fn set_cookie(&self, name: &str, value: Option<&str>) {
        let mut cookies = self.cookies.lock().unwrap();
        match value {
            Some(value) => cookies.insert(name.to_owned(), value.to_owned()),
            None => cookies.remove(name),
        };
    }

    /// Through Entra and back.
    pub(crate) async fn sign_in(&self, person: &str) -> Answer {
        let start = self.get("/console/sign-in").await;
        let back = self.at_entra(start.location(), person).await;
        self.get(&back).await
    }

    /// What Entra leads back to once somebody is chosen there.
    pub(crate) async fn at_entra(&self, url: &str, person: &str) -> String {
        let path = url.strip_prefix(&self.world.entra.origin).unwrap();
        let chosen = form(path, &[("choice", person)], "null", "same-origin");
        let answer = answered(&self.world.entra.router(), chosen).await;
        let location = answer.location();
        location.strip_prefix(ORIGIN).unwrap().to_owned()
    }

    /// The token of the forms on a page.
    pub(crate) async fn form_token(&self) -> String {
        let page = self.get("/console").await;
        let token = page.body.split("name=\"token\" value=\"").nth(1).unwrap();
        token.split('"').next().unwrap().to_owned()
    }

    /// Decides as the form of the version does.
    pub(crate) async fn decide(
        &self,
        id: &RequestId,
        action: &str,
        version: &str,
        reason: &str,
    ) -> Answer {
        let token = self.form_token().await;
        let fields = [
            ("token", token.as_str()),
            ("action", action),
            ("version", version),
            ("reason", reason),
        ];
        self.post(&format!("/console/requests/{id}"), &fields).await
    }
}

fn form(path: &str, fields: &[(&str, &str)], origin: &str, site: &str) -> Request<Body> {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, origin)
        .header("sec-fetch-site", site)
        .body(Body::from(body))
        .unwrap()
}

async fn answered(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1024 * 1024).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}
