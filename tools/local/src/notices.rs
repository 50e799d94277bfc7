//! What brings history of requests, and marks that approvers are to be told once more, to the function `notices`. After a restart all of
//! it comes again; the function knows what it has sent.

use std::{collections::HashMap, convert::Infallible};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use local::engine::Engine;
use shared::{
    adapters::dynamodb::{Table, happened},
    domain::approval::{RequestId, State},
    ports::request_store::{Order, RequestStore},
};
use tokio::time::Instant;

use crate::{
    flags::Flags,
    problem::{Problem, system},
    queue::{self, AGAIN_AFTER, Message, NOTICES},
};

/// Most messages of an event.
const BATCH: usize = 50;
/// Most requests of a state that are looked at.
const LOOKED_AT: u16 = 50;

/// Those in which somebody is told of a request.
const STATES: [State; 4] = [
    State::Pending,
    State::Provisioned,
    State::Denied,
    State::Expired,
];

#[derive(Debug)]
pub(crate) struct Notices {
    client: Client,
    table: Table,
    port: u16,
    /// What was handed over, and from when on it may be once more; `None` is never.
    handed_over: HashMap<Message, Option<Instant>>,
}

impl Notices {
    pub(crate) fn of(flags: &Flags, engine: &Engine) -> Self {
        let client = engine.connection().client();
        Self {
            table: Table::new(client.clone(), &flags.table),
            client,
            port: flags.port,
            handed_over: HashMap::new(),
        }
    }

    pub(crate) async fn run(mut self) -> Infallible {
        let waiting = "approvers and applicants wait for mail";
        queue::pump(waiting, async || self.deliver_due().await).await
    }

    async fn deliver_due(&mut self) -> Result<(), Problem> {
        for batch in self.due().await?.chunks(BATCH) {
            let again = Instant::now() + AGAIN_AFTER;
            let messages = batch.iter().cloned().map(|message| (message, Some(again)));
            self.handed_over.extend(messages);
            let done = queue::deliver(self.port, NOTICES, batch.to_vec()).await?;
            let done = done.into_iter().map(|message| (message, None));
            self.handed_over.extend(done);
        }
        Ok(())
    }

    async fn due(&self) -> Result<Vec<Message>, Problem> {
        let mut due = Vec::new();
        for state in STATES {
            let table = &self.table;
            let page = table.queue(state, Order::NewestFirst, None, LOOKED_AT);
            for request in page.await?.requests {
                due.extend(self.items(&request.id).await?);
            }
        }
        due.retain(|message| self.is_due(message));
        Ok(due)
    }

    fn is_due(&self, message: &Message) -> bool {
        let again = self.handed_over.get(message);
        let is_time = again.is_none_or(|from| from.is_some_and(|from| from <= Instant::now()));
        is_time && happened(&message.body()).is_some()
    }

    /// Everything in the partition of a request.
    async fn items(&self, id: &RequestId) -> Result<Vec<Message>, Problem> {
        let query = self.client.query().table_name(self.table.name());
        let found = query
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(format!("REQUEST#{id}")))
            .projection_expression("sk")
            .send()
            .await
            .map_err(|error| std::io::Error::other(error.to_string()))
            .map_err(system("the items of a request"))?;
        let keys = found.items.unwrap_or_default().into_iter();
        let keys = keys.filter_map(|mut item| match item.remove("sk") {
            Some(AttributeValue::S(sort_key)) => Some(sort_key),
            _ => None,
        });
        Ok(keys
            .map(|sort_key| Message {
                request: id.clone(),
                sort_key,
            })
            .collect())
    }
}
