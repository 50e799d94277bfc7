//! The approval console: pages on which people look at requests and decide. They work without scripts.
//!
//! Somebody signs in at Entra ([`sign_in`]) and is an [`Approver`](roles::Approver) by a role, which is all that the sealed
//! session cookie ([`session`], [`cookies`]) says. Everything is read and decided through [`desk`], which knows whose it is;
//! [`guard`] stands before each page. Applicants have [a page](application) of their own, without a sign-in, and [`api`] is the same
//! desk for programs.

mod api;
mod application;
mod audit;
mod choice;
mod cookies;
mod desk;
mod destination;
mod guard;
mod pages;
mod problem;
mod roles;
mod secret;
mod session;
mod sign_in;
mod texts;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderMap, header},
    middleware,
    response::Response,
    routing::{get, post},
};
use tokio::time::Instant;

#[cfg(feature = "schema")]
pub use self::api::openapi;
pub use self::sign_in::SignInSettings;
use self::{
    cookies::Cookie,
    desk::Desk,
    problem::Problem,
    secret::Credentials,
    session::{LONGEST, Session},
};
use crate::{
    app::{
        advice::Advisor,
        audit::Audit,
        callers::Callers,
        links::{Link, Purpose, link_key},
        lists::Lists,
        requests::Requests,
    },
    ports::{
        Deadline, clock::Clock, data_keys::DataKeyReader, journal::Journal, outgoing::Outgoing,
        secrets::Secrets,
    },
};

const QUEUE: &str = "/console";
const REQUESTS: &str = "/console/requests/";
const REQUEST: &str = "/console/requests/{id}";
const BULK: &str = "/console/bulk";
const BULK_CONFIRMED: &str = "/console/bulk/confirmed";
const SEARCH: &str = "/console/search";
const EXPORT: &str = "/console/export.csv";
const AUDIT: &str = "/console/audit";
const AUDIT_EXPORT: &str = "/console/audit.csv";
const LISTS: &str = "/console/lists";
const ENTRY: &str = "/console/lists/entry";
const ENTRY_PREVIEW: &str = "/console/lists/preview";
const ENTRY_CONFIRMED: &str = "/console/lists/confirmed";
const SIGN_IN: &str = "/console/sign-in";
const SIGNED_IN: &str = "/console/signed-in";
const SIGN_OUT: &str = "/console/sign-out";
const STYLE: &str = "/console/style.css";
const SCRIPT: &str = "/console/script.js";

/// Before the token of an applicant's link.
const APPLICATIONS: &str = "/application/";
const APPLICATION: &str = "/application/{token}";
const WITHDRAW: &str = "/application/{token}/withdraw";
const ERASE: &str = "/application/{token}/erase";

/// A form has a reason and a message at the most, of at most 1,000 characters each, which are sent in up to 12 octets.
const MAX_FORM_OCTETS: usize = 48 * 1024;

/// For secrets and Entra; people wait longer than Entra does for a decision.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the console is made of.
pub struct Parts {
    pub settings: SignInSettings,
    /// The name of the secret with the key of signed links.
    pub link_secret: String,
    pub requests: Requests,
    pub lists: Lists,
    pub keys: Arc<dyn DataKeyReader>,
    pub advisor: Advisor,
    pub audit: Audit,
    pub secrets: Arc<dyn Secrets>,
    pub outgoing: Arc<dyn Outgoing>,
    /// Whoever keeps the keys of Entra's tokens.
    pub callers: Arc<Callers>,
    pub clock: Arc<dyn Clock>,
    pub journal: Arc<dyn Journal>,
}

/// The console.
pub struct Console {
    settings: SignInSettings,
    link_secret: String,
    desk: Desk,
    secrets: Arc<dyn Secrets>,
    outgoing: Arc<dyn Outgoing>,
    callers: Arc<Callers>,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Parts")
    }
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Console")
    }
}

/// Somebody who is signed in, and the key that seals the cookie of it.
struct Seated {
    session: Session,
    credentials: Credentials,
}

impl Console {
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts {
            settings,
            link_secret,
            requests,
            lists,
            keys,
            advisor,
            audit,
            secrets,
            outgoing,
            callers,
            clock,
            journal,
        } = parts;
        Arc::new(Self {
            settings,
            link_secret,
            desk: Desk {
                requests,
                lists,
                keys,
                advisor,
                audit,
            },
            secrets,
            outgoing,
            callers,
            clock,
            journal,
        })
    }

    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route(QUEUE, get(pages::queue))
            .route(REQUEST, get(pages::request).post(pages::decide))
            .route(BULK, post(pages::bulk))
            .route(BULK_CONFIRMED, post(pages::bulk_confirmed))
            .route(SEARCH, post(pages::search))
            .route(EXPORT, get(pages::export))
            .route(AUDIT, get(pages::audit))
            .route(AUDIT_EXPORT, get(pages::audit_export))
            .route(LISTS, get(pages::lists).post(pages::more_lists))
            .route(ENTRY, post(pages::entry))
            .route(ENTRY_PREVIEW, post(pages::entry_preview))
            .route(ENTRY_CONFIRMED, post(pages::entry_confirmed))
            .route(SIGN_IN, get(pages::sign_in))
            .route(SIGNED_IN, get(pages::signed_in))
            .route(SIGN_OUT, post(pages::sign_out))
            .route(STYLE, get(pages::style))
            .route(APPLICATION, get(application::standing))
            .route(
                WITHDRAW,
                get(application::ask_withdraw).post(application::withdraw),
            )
            .route(ERASE, get(application::ask_erase).post(application::erase))
            .route(SCRIPT, get(pages::script))
            .merge(api::router())
            .fallback(|| async { Problem::Missing })
            .layer(DefaultBodyLimit::max(MAX_FORM_OCTETS))
            .layer(middleware::from_fn_with_state(
                Arc::clone(self),
                guard::guard,
            ))
            .with_state(Arc::clone(self))
    }

    async fn credentials(&self, deadline: Deadline) -> Result<Credentials, Problem> {
        let name = &self.settings.secret;
        Ok(secret::credentials(self.secrets.as_ref(), name, deadline).await?)
    }

    /// What a signed link says; `None` when it is none, is for another purpose or too old.
    async fn link(&self, purpose: Purpose, text: &str) -> Result<Option<Link>, Problem> {
        let key = link_key(self.secrets.as_ref(), &self.link_secret, soon()).await?;
        Ok(key.read(purpose, text, self.clock.now()))
    }

    /// Whoever is signed in; others are sent to sign in.
    async fn seated(&self, headers: &HeaderMap) -> Result<Seated, Problem> {
        let credentials = self.credentials(soon()).await?;
        let session: Option<Session> = Cookie::SESSION.read(&credentials.cookie_key, headers);
        let session = session.and_then(|session| session.seen(self.clock.now()));
        Ok(Seated {
            session: session.ok_or(Problem::SignIn)?,
            credentials,
        })
    }

    /// Whoever sent a form that this session has made.
    async fn sender(&self, headers: &HeaderMap, form_token: &str) -> Result<Seated, Problem> {
        let seated = self.seated(headers).await;
        // What somebody typed is not lost silently behind a sign-in.
        let seated = seated.map_err(|problem| match problem {
            Problem::SignIn => Problem::SessionOver,
            other => other,
        })?;
        if seated.session.has_made_form(form_token) {
            Ok(seated)
        } else {
            Err(Problem::Forged("form token"))
        }
    }
}

impl Seated {
    /// The answer, with the session as it was seen now.
    fn keep(&self, mut response: Response) -> Result<Response, Problem> {
        let seconds = LONGEST.as_secs();
        let cookie = Cookie::SESSION.set(&self.credentials.cookie_key, &self.session, seconds);
        let too_large = || Problem::SignInFailed("session-too-large".to_owned());
        let headers = response.headers_mut();
        headers.append(header::SET_COOKIE, cookie.ok_or_else(too_large)?);
        Ok(response)
    }
}

fn soon() -> Deadline {
    Deadline(Instant::now() + PATIENCE)
}
