//! What brings approved requests to the function `provisioning`. The table is looked at each second. It says itself what is still to be
//! done, so that nothing is lost: what failed comes again.

use std::{convert::Infallible, time::Duration};

use local::engine::Engine;
use shared::{
    adapters::{dynamodb::Table, system_clock::SystemClock},
    domain::approval::{ApprovalRequest, RequestId, State},
    ports::{
        StoreError,
        clock::Clock,
        request_store::{Order, RequestStore},
    },
};

use crate::{
    flags::Flags,
    problem::Problem,
    queue::{self, AGAIN_AFTER, Message, PROVISIONING},
};

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
        let waiting = "approved requests wait for their accounts";
        queue::pump(waiting, async || self.deliver_due().await).await
    }

    /// What became of each request stands in the table and in the function's log.
    async fn deliver_due(&self) -> Result<(), Problem> {
        for batch in self.due().await?.chunks(BATCH) {
            let batch = batch.iter().map(|request| Message {
                request: request.clone(),
                sort_key: "CURRENT".to_owned(),
            });
            queue::deliver(self.port, PROVISIONING, batch.collect()).await?;
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
