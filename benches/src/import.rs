//! Entries by the second that go into the lists, as `signupctl list import` puts them there: through the table's adapter, in batches of
//! which several are on their way. Reading the file is not in it.

use std::{sync::Arc, time::Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use shared::{
    adapters::{dynamodb::Table as StoreTable, system_clock::SystemClock},
    app::lists::Lists,
    domain::{audit::Signature, list::Effect},
    ports::{
        clock::Clock,
        list_store::{Change, MAX_BATCH},
    },
};

use crate::{
    Failure,
    deployment::{Deployment, Distance, entry},
    measure::microseconds,
    report::{Section, Table, counted, float, grouped},
    results::{Calls, Machine},
};

/// Batches on their way at once, as in `signupctl`.
const RUNNING: usize = 4;

/// Entries whose calls are counted; what counts them takes its time.
const COUNTED: usize = 10 * MAX_BATCH;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Import {
    machine: Machine,
    entries: usize,
    took_us: u64,
    /// Of one entry.
    each: Calls,
}

pub(crate) async fn measure(entries: usize) -> Result<Import, Failure> {
    let machine = Machine::of_this()?;
    let mut deployment = Deployment::empty(std::time::Duration::ZERO).await?;
    for table in ["counted", "measured"] {
        deployment.add(table, 1).await?;
    }
    deployment.relay.seen();
    import(&deployment, deployment.relay.endpoint(), "counted", COUNTED).await?;
    let calls = deployment.relay.seen().calls;
    let started = Instant::now();
    let near = deployment.endpoint(Distance::Here);
    import(&deployment, near, "measured", entries).await?;
    let took = started.elapsed();
    let each = |count: f64| count / float(counted(COUNTED));
    Ok(Import {
        machine: machine.done()?,
        entries,
        took_us: microseconds(took),
        each: Calls {
            reads: each(calls.reads),
            writes: each(calls.writes),
            read_units: each(calls.read_units),
            write_units: each(calls.write_units),
        },
    })
}

async fn import(
    deployment: &Deployment,
    endpoint: String,
    table: &str,
    entries: usize,
) -> Result<(), Failure> {
    let mut connection = deployment.connection();
    connection.endpoint = Some(endpoint);
    let lists = Lists::new(Arc::new(StoreTable::new(connection.client(), table)));
    let signature = Signature::new("operations", SystemClock.now());
    let changes: Vec<Change> = (0..entries).map(change).collect::<Result<_, _>>()?;
    let batches = changes.chunks(MAX_BATCH);
    stream::iter(batches)
        .map(|batch| lists.apply(batch, &signature))
        .buffer_unordered(RUNNING)
        .try_for_each(|_| async { Ok(()) })
        .await?;
    Ok(())
}

fn change(number: usize) -> Result<Change, Failure> {
    let address = format!("guest{number}@partner{}.example.org", number % 1000);
    Ok(Change::Put(entry(&address, Effect::Allow)?))
}

impl Section for Import {
    const NAME: &'static str = "import";

    fn parts(&self) -> Vec<(&'static str, String)> {
        let columns = [
            "seconds",
            "entries a second",
            "read units an entry",
            "write units an entry",
            "entries of a call",
        ];
        let mut table = Table::new("Entries", columns.map(str::to_owned));
        let seconds = float(self.took_us) / 1e6;
        let entries = counted(self.entries);
        let cells = [
            format!("{seconds:.1}"),
            format!("{:.0}", float(entries) / seconds),
            format!("{:.2}", self.each.read_units),
            format!("{:.2}", self.each.write_units),
            format!("{:.1}", 1.0 / (self.each.reads + self.each.writes)),
        ];
        table.row(&grouped(entries), cells);
        vec![(Self::NAME, format!("{}\n\n{}", self.machine, table.text))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_of_the_whole_time_and_calls_are_shared_by_their_entries() {
        let import = Import {
            machine: Machine::default(),
            entries: 100_000,
            took_us: 50_000_000,
            each: Calls {
                reads: 0.01,
                writes: 0.01,
                read_units: 2.0,
                write_units: 2.2,
            },
        };
        let parts = import.parts();
        let (_, text) = parts.first().unwrap();
        assert!(
            text.ends_with("| 100,000 | 50.0 | 2000 | 2.00 | 2.20 | 50.0 |\n"),
            "{text}"
        );
    }
}
