//! Everything around the functions that the tests play: Lambda, API Gateway, DynamoDB with faults,
//! Entra, KMS. The functions themselves are the binaries that `make dev` runs.

mod certificates;
mod entra;
mod event;
mod faults;
mod gateway;
mod http;
mod keys;
mod log;
mod requests;
mod runtime;
mod world;

pub(crate) use self::{
    certificates::{Authority, ClientIdentity},
    entra::{AUDIENCE_URI, CALLER_APP_ID, Entra, Key, Mode, TENANT, Token},
    event::{Event, PlatformDeadline},
    faults::Fault,
    gateway::Gateway,
    http::{Server, client, response},
    requests::{Surface, connector_body, extension_body},
    runtime::{Answer, Function, Settings, Verdict},
    world::{Login, TABLE, World},
};
