//! Deciding a sign-up: one read, then pure rules.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::{
    domain::{
        decision::{DecidedBy, Decision},
        list::Matcher,
        policy::FlowPolicy,
        sign_up::{SignUp, Step},
    },
    ports::{
        Deadline, StoreError,
        clock::Clock,
        journal::ReadCost,
        sign_up_reader::{CallerRecords, SignUpReader, Wanted},
    },
};

/// A decision with what led to it.
#[derive(Debug)]
pub struct Decided {
    pub decision: Decision,
    pub decided_by: Option<DecidedBy>,
    /// The callers' records, when they were asked for and could be read.
    pub caller_records: Option<CallerRecords>,
    pub read: Option<ReadCost>,
    pub failure: Option<StoreError>,
}

#[async_trait]
pub trait Decide: Send + Sync {
    /// Decides by the deadline, whatever fails behind it. With `caller_records` the callers' records
    /// are read along the way.
    async fn decide(
        &self,
        sign_up: &SignUp,
        policy: &FlowPolicy,
        caller_records: bool,
        deadline: Deadline,
    ) -> Decided;
}

/// Decides from the allow and deny lists.
pub struct ListDecider {
    reader: Arc<dyn SignUpReader>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for ListDecider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ListDecider")
    }
}

impl ListDecider {
    pub fn new(reader: Arc<dyn SignUpReader>, clock: Arc<dyn Clock>) -> Self {
        Self { reader, clock }
    }
}

#[async_trait]
impl Decide for ListDecider {
    async fn decide(
        &self,
        sign_up: &SignUp,
        policy: &FlowPolicy,
        caller_records: bool,
        deadline: Deadline,
    ) -> Decided {
        // Nobody is kept out at the token step: it comes at every sign-in of an existing account, and
        // the connector's protocol has no way to refuse there (PROTOCOL 1.1).
        let matchers = match sign_up.step {
            Step::BeforeToken => Vec::new(),
            Step::AfterFederation | Step::BeforeCreatingUser => {
                Matcher::of(&sign_up.addresses, &sign_up.identities)
            }
        };
        if matchers.is_empty() && !caller_records {
            return Decided {
                decision: Decision::Continue(Vec::new()),
                decided_by: None,
                caller_records: None,
                read: None,
                failure: None,
            };
        }
        let started = Instant::now();
        let wanted = Wanted {
            matchers: &matchers,
            caller_records,
        };
        match self.reader.read(wanted, deadline).await {
            Ok(facts) => {
                let (decision, decided_by) = match sign_up.step {
                    Step::BeforeToken => (Decision::Continue(Vec::new()), None),
                    _ => policy.decide(sign_up, &facts.entries, self.clock.now()),
                };
                Decided {
                    decision,
                    decided_by,
                    caller_records: facts.caller_records,
                    read: Some(ReadCost {
                        duration: started.elapsed(),
                        units: facts.read_units,
                        calls: facts.calls,
                    }),
                    failure: None,
                }
            }
            Err(failure) => Decided {
                decision: match sign_up.step {
                    // Only the callers' records were asked for, and the last known ones stay.
                    Step::BeforeToken => Decision::Continue(Vec::new()),
                    _ => policy.on_unavailable.decision(),
                },
                decided_by: None,
                caller_records: None,
                read: None,
                failure: Some(failure),
            },
        }
    }
}
