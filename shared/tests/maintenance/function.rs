//! The function as it is deployed, but for Lambda.

use std::sync::Arc;

use local::engine::Engine;
use shared::{
    compose,
    testkit::{FixedClock, Remembered},
};

use crate::{
    upkeep::{Upkeep, day},
    world::{NOW, TABLE, far},
};

fn settings(engine: &Engine, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let own = [
        ("TABLE_NAME", TABLE.to_owned()),
        ("AWS_REGION", "local".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", engine.endpoint()),
    ];
    let more = more
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    own.into_iter().chain(more).collect()
}

/// Whether it looks for accounts, and for guests without an approval.
fn made(upkeep: &Upkeep, more: &[(&'static str, &str)]) -> Result<(bool, bool), Vec<String>> {
    let settings = settings(&upkeep.requests.engine, more);
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let clock = Arc::clone(&upkeep.requests.clock);
    let made = compose::maintenance(settings.as_slice(), clock, Arc::clone(&upkeep.journal) as _);
    made.map(|maintenance| (maintenance.accounts.is_some(), maintenance.guests.is_some()))
}

#[tokio::test]
async fn it_needs_no_tenant_to_expire_requests() {
    let upkeep = Upkeep::new(None).await;
    upkeep.filed(1).await;
    let settings = settings(&upkeep.requests.engine, &[]);
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let clock = Arc::new(FixedClock::at(day(30)));
    let journal = Arc::clone(&upkeep.journal);
    let maintenance = compose::maintenance(settings.as_slice(), clock, journal as _).unwrap();
    assert!(maintenance.run(far()).await);
    assert_eq!(upkeep.told().expired, 1);
}

#[tokio::test]
async fn it_looks_for_accounts_where_some_are_made() {
    let upkeep = Upkeep::new(None).await;
    assert_eq!(made(&upkeep, &[]), Ok((false, false)));
    let tenant = ("GRAPH_TENANT_ID", "aaaabbbb-0000-cccc-1111-dddd2222eeee");
    let all = [
        tenant,
        ("GRAPH_TENANT_DOMAIN", "contoso.onmicrosoft.com"),
        ("GRAPH_SECRET", "graph"),
        ("INVITE_REDIRECT_URL", "https://myapp.com"),
    ];
    assert_eq!(made(&upkeep, &all), Ok((true, false)));
    let guests_too = [&all[..], &[("GUESTS_NEED_APPROVAL", "true")]].concat();
    assert_eq!(made(&upkeep, &guests_too), Ok((true, true)));
    let problems = made(&upkeep, &[tenant]).unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[tokio::test]
async fn a_table_that_cannot_be_read_is_a_failed_run() {
    let upkeep = Upkeep::new(None).await;
    let settings = settings(&upkeep.requests.engine, &[("TABLE_NAME", "nowhere")]);
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let journal = Arc::new(Remembered::default());
    let clock = Arc::new(FixedClock::at(NOW));
    let maintenance =
        compose::maintenance(settings.as_slice(), clock, Arc::clone(&journal) as _).unwrap();
    assert!(!maintenance.run(far()).await);
    let [notice] = &journal.notices()[..] else {
        unreachable!("one line for each run")
    };
    let shared::ports::journal::Notice::Maintained(told) = notice else {
        unreachable!("the run's line")
    };
    assert_eq!(told.failures, 1);
    assert_eq!(told.problem.as_deref(), Some("ResourceNotFoundException"));
}
