//! Requests with their maintenance, whose clock is in the test's hand.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use shared::{
    app::{
        maintenance::{Bounds, Maintenance},
        policies::Policies,
    },
    domain::approval::{ApprovalRequest, RequestId, State, later},
    ports::{
        Deadline,
        accounts::Accounts,
        guests::Guests,
        journal::{Journal, Maintained, Notice},
        request_store::{Order, RequestStore},
    },
    testkit::Remembered,
};
use tokio::time::Instant;

use crate::world::{NOW, Requests, TABLE, applicant, far};

pub(crate) struct Upkeep {
    pub(crate) requests: Requests,
    pub(crate) journal: Arc<Remembered>,
    accounts: Option<Arc<dyn Accounts>>,
    guests: Option<Arc<dyn Guests>>,
}

pub(crate) fn day(number: u32) -> Timestamp {
    later(NOW, number)
}

pub(crate) const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

impl Upkeep {
    pub(crate) async fn new(accounts: Option<Arc<dyn Accounts>>) -> Self {
        Self {
            requests: Requests::new().await,
            journal: Arc::default(),
            accounts,
            guests: None,
        }
    }

    /// In a tenant in which every guest has to come of an approval.
    pub(crate) fn explaining(self, guests: Arc<dyn Guests>) -> Self {
        Self {
            guests: Some(guests),
            ..self
        }
    }

    pub(crate) fn maintenance(&self, bounds: Bounds) -> Maintenance {
        let (table, clock) = (&self.requests.store, &self.requests.clock);
        let journal: Arc<dyn Journal> = Arc::clone(&self.journal) as _;
        Maintenance {
            store: Arc::clone(table) as _,
            rounds: Arc::clone(table) as _,
            reminders: Arc::clone(table) as _,
            redelivery: Arc::clone(table) as _,
            published: Arc::clone(table) as _,
            policies: Policies::new(
                Arc::clone(table) as _,
                Arc::clone(clock) as _,
                Arc::clone(&journal),
            ),
            accounts: self.accounts.clone(),
            guests: self.guests.clone(),
            guest_rounds: Arc::clone(table) as _,
            clock: Arc::clone(clock) as _,
            journal,
            bounds,
        }
    }

    /// A run at a time.
    pub(crate) async fn run_at(&self, now: Timestamp) -> Maintained {
        self.requests.clock.set(now);
        let is_done = self.maintenance(Bounds::USUAL).run(far()).await;
        let told = self.told();
        assert!(is_done, "{told:?}");
        told
    }

    /// A run that has no time left, and reads so many requests at once.
    pub(crate) async fn run_briefly(&self, page: u16) -> Maintained {
        let bounds = Bounds {
            page,
            ..Bounds::USUAL
        };
        let no_time = Deadline(Instant::now());
        assert!(self.maintenance(bounds).run(no_time).await);
        self.told()
    }

    /// What the last run told.
    pub(crate) fn told(&self) -> Maintained {
        self.runs().pop().unwrap()
    }

    pub(crate) fn runs(&self) -> Vec<Maintained> {
        let notices = self.journal.notices().into_iter();
        let runs = notices.filter_map(|notice| match notice {
            Notice::Maintained(run) => Some(run),
            _ => None,
        });
        runs.collect()
    }

    /// Pending requests of so many people, each a moment after the other.
    pub(crate) async fn filed(&self, number: u32) -> Vec<RequestId> {
        let mut ids = Vec::new();
        for index in 0..number {
            let applicant = applicant(&format!("person{index}"), None);
            ids.push(self.requests.filed(&applicant, |request| request).await);
        }
        ids
    }

    pub(crate) async fn all(&self, state: State) -> Vec<ApprovalRequest> {
        let page = self
            .requests
            .store
            .queue(state, Order::OldestFirst, None, 1000);
        page.await.unwrap().requests
    }

    /// The sort keys of the items of a request that begin so.
    pub(crate) async fn items(&self, id: &RequestId, prefix: &str) -> Vec<String> {
        let client = self.requests.engine.connection().client();
        let found = client
            .query()
            .table_name(TABLE)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", AttributeValue::S(format!("REQUEST#{id}")))
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
            .send()
            .await
            .unwrap();
        let items = found.items.unwrap_or_default();
        items
            .iter()
            .map(|item| item["sk"].as_s().unwrap().clone())
            .collect()
    }
}
