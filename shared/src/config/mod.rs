//! Settings: read once at the start, typed, and refused with every problem at once.
//!
//! `docs/configuration.md` is the reference; a test keeps it complete.

#[cfg(feature = "console")]
mod console;
mod env;
mod events;
mod mail;
mod maintenance;
mod notices;
mod provisioning;
mod requests;
mod settings;
mod webhooks;

#[cfg(feature = "console")]
pub use self::console::{CONSOLE_NAMES, ConsoleSettings};
pub use self::{
    env::{Environment, ProcessEnvironment},
    events::{EVENTS_NAMES, EventsSettings, Sink},
    mail::{MAIL_NAMES, MailSettings, MailTransport},
    maintenance::{MAINTENANCE_NAMES, MaintenanceSettings},
    notices::{NOTICES_NAMES, NoticesSettings},
    provisioning::{PROVISIONING_NAMES, ProvisioningSettings},
    requests::{REQUESTS_NAMES, RequestsSettings},
    settings::{NAMES, Problem, Settings, entra_issuers, is_field},
    webhooks::{WEBHOOKS_NAMES, WebhooksSettings, is_endpoint_url},
};
