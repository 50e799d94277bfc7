//! What a million sign-ups cost: what was measured, times the prices of a dated file.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

use crate::{
    Failure,
    report::{SHARE_OF_256_MB, Table, float},
    results::{Measured, Results, Run, Subject},
};

/// What AWS asks for, and what is taken for granted where nothing was measured.
#[derive(Debug, Deserialize)]
pub(crate) struct Tariff {
    region: String,
    /// When they were written down.
    dated: String,
    prices: BTreeMap<String, Price>,
    assumed: Assumed,
    /// What else happens for each sign-up where other systems are told.
    events: Vec<Extra>,
    /// What else happens where each sign-up waits for an approval.
    approval: Vec<Extra>,
}

#[derive(Debug, Deserialize)]
struct Price {
    dollars: f64,
    per: f64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Assumed {
    steps: f64,
    memory_mb: f64,
    table_ms: f64,
    cold_share: f64,
    log_line_octets: f64,
    access_log_octets: f64,
}

#[derive(Debug, Deserialize)]
struct Extra {
    item: String,
    price: String,
    each: f64,
}

/// Dollars by item, for a million sign-ups.
type Bill = BTreeMap<String, f64>;

const SIGN_UPS: f64 = 1e6;

impl Tariff {
    pub(crate) fn read(file: &Path) -> Result<Self, Failure> {
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let text = fs::read_to_string(file).map_err(|error| named(&error))?;
        Ok(toml::from_str(&text).map_err(|error| named(&error))?)
    }

    /// A column for each way to run the functions, and for what somebody could write instead; a row for each service.
    pub(crate) fn table(&self, results: &Results) -> Result<String, Failure> {
        let bills = [
            ("lists", self.steps(results, Subject::ListsOnly, &[])?),
            (
                "policy and records",
                self.steps(results, Subject::AsDeployed, &[])?,
            ),
            (
                "and events",
                self.steps(results, Subject::AsDeployed, &[&self.events])?,
            ),
            (
                "and approval of each",
                self.steps(
                    results,
                    Subject::AsDeployed,
                    &[&self.events, &self.approval],
                )?,
            ),
            ("Node.js, lists", self.steps(results, Subject::Node, &[])?),
            ("Python, lists", self.steps(results, Subject::Python, &[])?),
        ];
        let mut items: Vec<&String> = bills.iter().flat_map(|(_, bill)| bill.keys()).collect();
        items.sort_unstable();
        items.dedup();
        let title = format!(
            "Dollars for a million sign-ups, {}, {}",
            self.region, self.dated
        );
        let mut table = Table::new(&title, bills.iter().map(|(name, _)| (*name).to_owned()));
        for item in items {
            let cells = bills.iter().map(|(_, bill)| bill.get(item));
            table.row(
                item,
                cells.map(|cost| cost.copied().map(in_dollars).unwrap_or_default()),
            );
        }
        let sums = bills
            .iter()
            .map(|(_, bill)| in_dollars(bill.values().sum()));
        table.row("together", sums);
        Ok(table.text)
    }

    /// The steps of sign-ups, each by this function, and what else happens.
    fn steps(
        &self,
        results: &Results,
        subject: Subject,
        extras: &[&[Extra]],
    ) -> Result<Bill, Failure> {
        let missing = || format!("the results have no figures of: {}", subject.title());
        let measured = results.of(subject).ok_or_else(missing)?;
        let run = measured.at(SHARE_OF_256_MB).ok_or_else(missing)?;
        let requests = SIGN_UPS * self.assumed.steps;
        let calls = measured.calls.reads + measured.calls.writes;
        let seconds = self.billed_ms(run, calls) / 1000.0;
        let gigabytes = self.assumed.memory_mb / 1024.0;
        let mut bill = Bill::new();
        let mut add = |item: &str, name: &str, count: f64| {
            let price = self.prices.get(name);
            let price = price.ok_or_else(|| format!("prices: found no `{name}`"))?;
            *bill.entry(item.to_owned()).or_default() += count * price.dollars / price.per;
            Ok::<_, Failure>(())
        };
        add("API Gateway", "http-api-request", requests)?;
        add("Lambda", "lambda-request", requests)?;
        add("Lambda", "lambda-gb-second", requests * seconds * gigabytes)?;
        add(
            "DynamoDB",
            "read-unit",
            requests * measured.calls.read_units,
        )?;
        add(
            "DynamoDB",
            "write-unit",
            requests * measured.calls.write_units,
        )?;
        add("Logs", "log-gb", requests * self.logged(measured) / 1e9)?;
        for extra in extras.iter().copied().flatten() {
            add(&extra.item, &extra.price, SIGN_UPS * extra.each)?;
        }
        Ok(bill)
    }

    /// Of one request with so many calls to the table, on average. Each is rounded up to a millisecond, and the start of an instance
    /// counts as well.
    fn billed_ms(&self, run: &Run, calls: f64) -> f64 {
        let table = self.assumed.table_ms * calls;
        let billed = |microseconds: u64| (float(microseconds) / 1e3 + table).ceil();
        let mean = |times: Vec<f64>| {
            let count = u32::try_from(times.len().max(1)).map_or(f64::INFINITY, f64::from);
            times.iter().sum::<f64>() / count
        };
        let warm = mean(run.warm_us.iter().copied().map(billed).collect());
        let cold = mean(run.cold.iter().map(|cold| billed(cold.answer)).collect());
        warm * (1.0 - self.assumed.cold_share) + cold * self.assumed.cold_share
    }

    /// Octets of logs of one request: the function's lines, and that of the API.
    fn logged(&self, measured: &Measured) -> f64 {
        let lines = measured.log.lines + 1.0;
        measured.log.octets + self.assumed.access_log_octets + lines * self.assumed.log_line_octets
    }
}

fn in_dollars(dollars: f64) -> String {
    format!("{dollars:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::results;

    fn prices() -> Tariff {
        Tariff::read(Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/prices.toml"
        )))
        .unwrap()
    }

    fn with_share() -> Results {
        let mut results = results();
        for measured in &mut results.measured {
            for run in &mut measured.runs {
                run.share = SHARE_OF_256_MB;
            }
        }
        results
    }

    #[test]
    fn a_request_is_paid_by_the_millisecond_that_it_began() {
        let mut prices = prices();
        prices.assumed.cold_share = 0.0;
        prices.assumed.table_ms = 3.0;
        let results = with_share();
        let run = results.measured[0].at(SHARE_OF_256_MB).unwrap();
        // 0.5, 0.4 and 0.6 ms.
        assert!((prices.billed_ms(run, 1.0) - 4.0).abs() < 1e-9);
        assert!((prices.billed_ms(run, 2.0) - 7.0).abs() < 1e-9);
        prices.assumed.cold_share = 0.5;
        // The cold one takes 20 ms.
        assert!((prices.billed_ms(run, 1.0) - 13.5).abs() < 1e-9);
    }

    #[test]
    fn everything_has_a_price() {
        let prices = prices();
        let extras: [&[Extra]; 2] = [&prices.events, &prices.approval];
        let bill = prices
            .steps(&with_share(), Subject::AsDeployed, &extras)
            .unwrap();
        assert!(bill.values().all(|dollars| *dollars > 0.0), "{bill:?}");
        // Two steps, and three pages for the approver, at a dollar for a million.
        assert!((bill["API Gateway"] - 5.0).abs() < 1e-9);
        // Without records nothing is written.
        let lists = prices
            .steps(&with_share(), Subject::ListsOnly, &[])
            .unwrap();
        assert!((lists["DynamoDB"] - 2.0 * 3.5 * 0.125).abs() < 1e-9);
    }

    #[test]
    fn what_was_not_measured_is_told() {
        let error = prices().table(&results()).unwrap_err().to_string();
        assert!(
            error.starts_with("the results have no figures of:"),
            "{error}"
        );
    }
}
