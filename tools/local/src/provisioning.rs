//! What brings approved requests to the function `provisioning`. In a deployment the table's stream, a pipe and a queue do it; here the
//! table is looked at each second. It says itself what is still to be done, so that nothing is lost: what failed comes again.

use std::{convert::Infallible, time::Duration};

use local::engine::Engine;
use serde_json::{Value, json};
use shared::{
    adapters::{dynamodb::Table, system_clock::SystemClock},
    domain::approval::{ApprovalRequest, RequestId, State},
    ports::{
        StoreError,
        clock::Clock,
        request_store::{Order, RequestStore},
    },
};
use tokio::time::sleep;

use crate::{flags::Flags, invocation::invoke, output, problem::Problem};

pub(crate) const FUNCTION: &str = "provisioning";

const PAUSE: Duration = Duration::from_secs(1);
/// After something went wrong, which is told each time.
const PAUSE_IN_TROUBLE: Duration = Duration::from_secs(10);
/// The visibility time-out of the queue: after it a message comes again that was not done with.
const AGAIN_AFTER: Duration = Duration::from_mins(1);

/// Most messages of an event.
const BATCH: usize = 10;
/// Most requests of a state that are looked at.
const LOOKED_AT: u16 = 100;

/// Brings what is due, one batch after the other.
#[derive(Debug)]
pub(crate) struct Pump {
    table: Table,
    port: u16,
}

impl Pump {
    pub(crate) fn of(flags: &Flags, engine: &Engine) -> Self {
        Self {
            table: Table::new(engine.connection().client(), &flags.table),
            port: flags.port,
        }
    }

    pub(crate) async fn run(&self) -> Infallible {
        loop {
            let pause = match self.deliver_due().await {
                Ok(()) => PAUSE,
                Err(problem) => {
                    let told = format!("approved requests wait for their accounts: {problem}");
                    output::error_line(told.as_bytes());
                    PAUSE_IN_TROUBLE
                }
            };
            sleep(pause).await;
        }
    }

    async fn deliver_due(&self) -> Result<(), Problem> {
        for batch in self.due().await?.chunks(BATCH) {
            invoke(self.port, FUNCTION, &event(batch)).await?;
        }
        Ok(())
    }

    async fn due(&self) -> Result<Vec<RequestId>, StoreError> {
        let approved = self.queue(State::Approved).await?;
        let begun = self.queue(State::Provisioning).await?;
        let begun = begun.into_iter().filter(is_due_again);
        let due = approved.into_iter().chain(begun);
        Ok(due.map(|request| request.id).collect())
    }

    async fn queue(&self, state: State) -> Result<Vec<ApprovalRequest>, StoreError> {
        let table = &self.table;
        let page = table.queue(state, Order::OldestFirst, None, LOOKED_AT);
        Ok(page.await?.requests)
    }
}

fn is_due_again(request: &ApprovalRequest) -> bool {
    let since = SystemClock.now().duration_since(request.changed_at);
    Duration::try_from(since).is_ok_and(|since| since >= AGAIN_AFTER)
}

/// An event of the queue, with the members that the function reads.
fn event(requests: &[RequestId]) -> Value {
    let messages = requests.iter().map(|id| {
        json!({
            "messageId": id.as_str(),
            "body": record(id).to_string(),
            "eventSource": "aws:sqs",
        })
    });
    json!({ "Records": messages.collect::<Vec<_>>() })
}

/// A record of the table's stream, as the pipe passes it on.
fn record(id: &RequestId) -> Value {
    let keys = json!({ "pk": { "S": format!("REQUEST#{id}") }, "sk": { "S": "CURRENT" } });
    json!({
        "eventName": "MODIFY",
        "eventSource": "aws:dynamodb",
        "dynamodb": { "Keys": keys, "NewImage": { "state": { "S": State::Approved.name() } } },
    })
}

#[cfg(test)]
mod tests {
    use shared::adapters::dynamodb::changed_request;

    use super::*;

    #[test]
    fn each_message_names_its_request() {
        let ids = ["01kf0j2r3s4t5v6w7x8y9zabcd", "01kf0j2r3s4t5v6w7x8y9zabce"];
        let ids = ids.map(|id| RequestId::parse(id).unwrap());
        let event = event(&ids);
        let records = event["Records"].as_array().unwrap();
        let named = records
            .iter()
            .map(|message| changed_request(message["body"].as_str().unwrap()).unwrap());
        assert_eq!(named.collect::<Vec<_>>(), ids);
    }
}
