//! `signupctl keys`: Entra's signing keys in the table, where every function finds them at its start.

use std::time::Duration;

use jiff::Timestamp;
use shared::{
    adapters::entra_keys::EntraKeys,
    app::audit::of_settings,
    config::{ProcessEnvironment, entra_issuers},
    domain::{
        audit::{Record, SettingAction, SettingChange, Signature},
        key_set::SigningKeys,
    },
    ports::{Deadline, key_source::KeySource, key_store::KeyStore},
};
use tokio::time::Instant;

use crate::{
    args::KeysCommand,
    author::signature,
    exit::{Exit, Failure},
    output::Output,
};

/// For the two documents of one issuer.
const FETCH: Duration = Duration::from_secs(10);

pub(crate) async fn run(
    command: &KeysCommand,
    store: &impl KeyStore,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let KeysCommand::Refresh { issuers, author } = command;
    let signature = signature(author, now)?;
    let issuers = if issuers.is_empty() {
        configured_issuers()?
    } else {
        issuers.clone()
    };
    refresh(&issuers, store, &signature, output).await
}

fn configured_issuers() -> Result<Vec<String>, Failure> {
    let issuers = entra_issuers(&ProcessEnvironment).map_err(|problems| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::Told(told.join("\n"))
    })?;
    if issuers.is_empty() {
        return Err(Failure::Told(
            "--issuer: found nothing, expected an issuer's URL (or ENTRA_TENANT_ID)".to_owned(),
        ));
    }
    Ok(issuers)
}

/// The table keeps one time for all keys, so those of an issuer that cannot be reached are not kept
/// on: they would count as fresh. A function fetches what is missing itself.
async fn refresh(
    issuers: &[String],
    store: &impl KeyStore,
    signature: &Signature,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let source = EntraKeys::default();
    let mut keys = SigningKeys::default();
    let mut failures = Vec::new();
    for issuer in issuers {
        match source.fetch(issuer, Deadline(Instant::now() + FETCH)).await {
            Ok(found) => keys.replace(issuer, found),
            Err(error) => failures.push(error.to_string()),
        }
    }
    if !keys.is_empty() {
        let record = record(&keys, signature);
        store.save(&keys, signature.at, &record).await?;
    }
    for (issuer, keys) in keys.issuers() {
        writeln!(
            output.results,
            "{issuer}: signing keys saved: {}",
            keys.len()
        )?;
    }
    if failures.is_empty() {
        return Ok(Exit::Done);
    }
    failures.push(if keys.is_empty() {
        "nothing was saved".to_owned()
    } else {
        "the other issuers' keys were saved; name the issuers that exist with --issuer or ENTRA_ISSUERS"
            .to_owned()
    });
    Err(Failure::Told(failures.join("\n")))
}

fn record(keys: &SigningKeys, signature: &Signature) -> Record {
    let issuers = keys.issuers().map(|(issuer, _)| issuer);
    let changes = issuers.map(|issuer| SettingChange::of(SettingAction::KeysRefresh, issuer));
    of_settings(signature, changes.collect())
}
