//! The function that reads the table's stream and tells others of events.

use std::{process::ExitCode, sync::Arc};

use super::{Ground, clock_and_journal, ended, together, told};
use crate::{
    adapters::{
        dynamodb::Table, event_bus::EventBridge, objects::Bucket, stream_events,
        system_clock::SystemClock, task_queue::Sqs, topic::Sns,
    },
    app::{
        audit_chain::SegmentChain,
        events::{Events, Sinks, Webhooks},
    },
    config::{Environment, EventsSettings, ProcessEnvironment, Settings, Sink},
    ports::{
        audit_chain::AuditChain,
        clock::Clock,
        event_bus::{EventBus, Topic},
        journal::Journal,
    },
};

/// Whatever becomes of decisions, what an endpoint is told is there for as long as it is tried.
const LEAST_DAYS: u16 = 7;

/// Runs the function that tells others of events until Lambda ends it.
pub async fn run_events() -> ExitCode {
    let (clock, journal) = clock_and_journal();
    let served = match events(&ProcessEnvironment, clock, Arc::clone(&journal)) {
        Ok(events) => {
            let events = &events;
            let ended = stream_events::run(
                |records, deadline| async move { events.take(&records, deadline).await },
                &SystemClock,
            )
            .await;
            ended.map_err(|error| vec![error.to_string()])
        }
        Err(problems) => Err(problems),
    };
    ended("events", served, &journal)
}

/// Puts the function together. Nothing is connected before the first records come.
pub fn events(
    environment: &(impl Environment + ?Sized),
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
) -> Result<Events, Vec<String>> {
    let settings = together(
        Settings::read(environment),
        EventsSettings::read(environment),
    );
    let (settings, mut own) = settings.map_err(|problems| told(&problems))?;
    let days = settings.records.as_ref().map_or(0, |terms| terms.days);
    let Ground { table, .. } = Ground::new(&settings, &clock, &journal);
    Ok(Events {
        keeper: Arc::clone(&table) as _,
        days: days.max(LEAST_DAYS),
        chain: own.audit.take().map(|audit| chain(&audit, &table, &clock)),
        sinks: sinks(own, &table),
        dead_letters: table,
        clock,
        journal,
    })
}

fn chain(bucket: &Sink, table: &Arc<Table>, clock: &Arc<dyn Clock>) -> Arc<dyn AuditChain> {
    let objects = Bucket::new(&bucket.connection, &bucket.name);
    let heads = Arc::clone(table);
    Arc::new(SegmentChain::new(
        Arc::new(objects),
        heads,
        Arc::clone(clock),
    ))
}

fn sinks(settings: EventsSettings, table: &Arc<Table>) -> Sinks {
    let EventsSettings {
        bus, topic, queue, ..
    } = settings;
    Sinks {
        bus: bus.map(|bus| -> Arc<dyn EventBus> {
            Arc::new(EventBridge::new(&bus.connection, bus.name))
        }),
        topic: topic
            .map(|topic| -> Arc<dyn Topic> { Arc::new(Sns::new(&topic.connection, topic.name)) }),
        webhooks: queue.map(|queue| {
            let queue = Arc::new(Sqs::new(&queue.connection, queue.name));
            Webhooks::new(queue, Arc::clone(table) as _)
        }),
    }
}
