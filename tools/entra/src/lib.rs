//! A stand-in for Microsoft Entra on one machine: the other side of the wire contract.
//!
//! It plays the user flows of a tenant in a browser, calls the deployment as Entra does and treats its answers as Entra
//! would, signs tokens, answers Microsoft Graph's requests, and takes mail and webhooks. It is written from the contract
//! alone and shares no type with the product: what both got wrong together would otherwise look right.

pub mod account;
pub mod call;
pub mod clock;
pub mod config;
pub mod connector;
pub mod directory;
pub mod exchange;
pub mod extension;
pub mod facts;
pub mod faults;
pub mod graph;
pub mod json_text;
pub mod mail;
pub mod model;
pub mod pages;
pub mod partners;
pub mod receiver;
mod recent;
pub mod scenario;
pub mod sign_up;
pub mod token_claims;
pub mod tokens;
pub mod verdict;

use std::sync::Arc;

use axum::{Router, middleware};
use tokio::net::TcpListener;

use self::{
    call::Caller,
    config::{Config, Deployment},
    directory::Directory,
    faults::{CallFaults, Faults},
    mail::Mail,
    partners::Partners,
    receiver::Receiver,
    sign_up::{Engine, SignUps},
    tokens::Tokens,
};

/// Everything that the pages and endpoints share. All of it is gone when the process ends.
#[derive(Debug)]
pub struct Simulator {
    /// Where a browser finds it, such as `http://127.0.0.1:7000`.
    pub origin: String,
    pub config: Config,
    pub faults: Faults,
    pub directory: Directory,
    pub tokens: Tokens,
    pub mail: Mail,
    pub partners: Partners,
    pub receiver: Receiver,
    pub sign_ups: SignUps,
    pub caller: Caller,
}

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the HTTP client could not be made: {0}")]
    Client(String),
    #[error("the address of the listener: {0}")]
    Address(#[from] std::io::Error),
    #[error("the example's configuration: {0}")]
    Example(String),
}

impl Simulator {
    pub fn new(origin: String, config: Config) -> Result<Arc<Self>, StartError> {
        let tokens = Tokens::new(&origin, &config.tenant);
        Ok(Arc::new(Self {
            origin,
            config,
            faults: Faults::default(),
            directory: Directory::default(),
            tokens,
            mail: Mail::default(),
            partners: Partners::default(),
            receiver: Receiver::default(),
            sign_ups: SignUps::default(),
            caller: Caller::new()?,
        }))
    }

    /// All pages and endpoints.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .merge(pages::router())
            .merge(tokens::router())
            .merge(directory::router())
            .merge(graph::router())
            .merge(mail::router())
            .merge(receiver::router())
            .merge(faults::router())
            .merge(partners::router())
            .layer(middleware::from_fn(pages::protect))
            .with_state(Arc::clone(self))
    }

    /// What a sign-up goes through with.
    pub fn engine<'e>(
        &'e self,
        faults: &'e CallFaults,
        bearer: &'e (dyn Fn() -> Option<String> + Send + Sync),
    ) -> Engine<'e> {
        Engine {
            tenant: &self.config.tenant,
            caller: &self.caller,
            directory: &self.directory,
            faults,
            bearer,
        }
    }

    /// The tenant of the example on a free port of this machine, until the runtime ends: one for each test. The functions
    /// are nowhere.
    pub async fn of_example(change: impl FnOnce(&mut Config)) -> Result<Arc<Self>, StartError> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let deployment = Deployment {
            base_url: "http://127.0.0.1:9".to_owned(),
        };
        let example = include_str!("../../../examples/local-entra.toml");
        let mut config = Config::parse(example, &deployment).map_err(StartError::Example)?;
        change(&mut config);
        let simulator = Self::new(origin, config)?;
        tokio::spawn(Arc::clone(&simulator).serve(listener));
        Ok(simulator)
    }

    /// Serves until the future is dropped.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) -> std::io::Result<()> {
        self.serve_with(Router::new(), listener).await
    }

    /// The same with what else is found at this address.
    pub async fn serve_with(
        self: Arc<Self>,
        others: Router,
        listener: TcpListener,
    ) -> std::io::Result<()> {
        let router = self.router().merge(others);
        tokio::task::spawn_blocking(move || self.tokens.prepare());
        axum::serve(listener, router).await
    }
}
