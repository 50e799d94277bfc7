//! What a million sign-ups cost: what was measured, times the prices of a dated file.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    Failure,
    report::{SHARE_OF_256_MB, Table, float},
    results::{Measured, Results, Run, Subject},
};

/// What AWS asks for, and what is taken for granted where nothing was measured.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Tariff {
    region: String,
    /// When they were written down.
    dated: String,
    prices: BTreeMap<String, Price>,
    assumed: Assumed,
    access_log: AccessLog,
    lambdas_lines: LambdasLines,
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
}

/// What API Gateway writes of a request.
#[derive(Debug, Deserialize)]
struct AccessLog {
    /// Has the form; named from the file of prices.
    template: PathBuf,
    variables: BTreeMap<String, String>,
    #[serde(skip)]
    line: String,
}

/// What Lambda itself writes of a request that went well.
#[derive(Debug, Deserialize)]
struct LambdasLines {
    ours: Vec<String>,
    others: Vec<String>,
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

/// Dollars that are wanted at most, where lists alone decide.
const WANTED: f64 = 4.0;

/// How many items are named of it.
const NAMED: usize = 3;

impl Tariff {
    pub(crate) fn read(file: &Path) -> Result<Self, Failure> {
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let text = fs::read_to_string(file).map_err(|error| named(&error))?;
        let mut tariff: Self = toml::from_str(&text).map_err(|error| named(&error))?;
        tariff.access_log.line = tariff.access_log.written(file)?;
        Ok(tariff)
    }

    /// A column for each way to run the functions, and for what somebody could write instead; a row for each service. Then what is
    /// wanted, and what the logs consist of.
    pub(crate) fn table(&self, results: &Results) -> Result<String, Failure> {
        let lists = self.steps(results, Subject::ListsOnly, &[])?;
        let wanted = wanted(&lists);
        let bills = [
            ("lists", lists),
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
        let logs = self.logs(results)?;
        Ok(format!("{}\n{wanted}\n\n{logs}\n", table.text))
    }

    /// Who writes how much.
    fn logs(&self, results: &Results) -> Result<String, Failure> {
        let of = |subject| {
            let logged = self.logged(measured(results, subject)?);
            Ok::<_, Failure>(format!(
                "{:.0} by the function, {:.0} by Lambda and {:.0} by the API",
                logged.function, logged.lambda, logged.api
            ))
        };
        Ok(format!(
            "Octets of the logs of one request, with {} for each line: with lists {}; in Node.js and Python {}.",
            self.assumed.log_line_octets,
            of(Subject::ListsOnly)?,
            of(Subject::Node)?
        ))
    }

    /// The steps of sign-ups, each by this function, and what else happens.
    fn steps(
        &self,
        results: &Results,
        subject: Subject,
        extras: &[&[Extra]],
    ) -> Result<Bill, Failure> {
        let measured = measured(results, subject)?;
        let run = measured.at(SHARE_OF_256_MB);
        let run = run.ok_or_else(|| missing(subject))?;
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
        let logged = self.logged(measured);
        add("Logs", "log-gb", requests * logged.together() / 1e9)?;
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

    /// Octets of logs of one request.
    fn logged(&self, measured: &Measured) -> Logged {
        let around = self.assumed.log_line_octets;
        let written = |lines: &[String]| {
            let octets = lines.iter().map(String::len).sum();
            number(octets) + number(lines.len()) * around
        };
        let lambdas = if measured.subject.is_ours() {
            &self.lambdas_lines.ours
        } else {
            &self.lambdas_lines.others
        };
        Logged {
            function: measured.log.octets + measured.log.lines * around,
            lambda: written(lambdas),
            api: written(std::slice::from_ref(&self.access_log.line)),
        }
    }
}

impl AccessLog {
    /// The line of one request, by the form in the template.
    fn written(&self, prices: &Path) -> Result<String, Failure> {
        let file = prices.with_file_name(&self.template);
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let template = fs::read_to_string(&file).map_err(|error| named(&error))?;
        let settings = template.split_once("AccessLogSettings:");
        let form = settings.and_then(|(_, settings)| settings.split_once("Format: >-\n"));
        let form = form.and_then(|(_, form)| form.lines().next());
        let form = form.ok_or_else(|| named(&"found no `Format: >-` of `AccessLogSettings`"))?;
        let mut line = form.trim().to_owned();
        for (name, value) in &self.variables {
            let variable = format!("\"$context.{name}\"");
            line = line.replace(&variable, &format!("\"{value}\""));
        }
        if line.contains("$context.") {
            let text = format!("found `{line}`, expected each variable in `access-log.variables`");
            return Err(named(&text).into());
        }
        Ok(line)
    }
}

/// Octets of the logs of one request, by who writes them.
struct Logged {
    function: f64,
    lambda: f64,
    api: f64,
}

impl Logged {
    fn together(&self) -> f64 {
        self.function + self.lambda + self.api
    }
}

fn measured(results: &Results, subject: Subject) -> Result<&Measured, Failure> {
    let measured = results.of(subject);
    measured.ok_or_else(|| missing(subject).into())
}

fn missing(subject: Subject) -> String {
    format!("the results have no figures of: {}", subject.title())
}

/// Whether what is wanted is reached, and what it consists of.
fn wanted(bill: &Bill) -> String {
    let sum: f64 = bill.values().sum();
    let found = if sum <= WANTED {
        format!("{}, reached", in_dollars(sum))
    } else {
        format!("**{}, missed**", in_dollars(sum))
    };
    let mut items: Vec<(&String, &f64)> = bill.iter().collect();
    items.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let largest = items.into_iter().take(NAMED);
    let largest = largest.map(|(item, cost)| {
        let share = 100.0 * cost / sum;
        format!("{item} {} ({share:.0} %)", in_dollars(*cost))
    });
    let largest: Vec<String> = largest.collect();
    format!(
        "Wanted with lists: at most {}: {found}. Its largest items: {}.",
        in_dollars(WANTED),
        largest.join(", ")
    )
}

fn number(count: usize) -> f64 {
    u64::try_from(count).map_or(f64::INFINITY, float)
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
    fn the_access_log_has_the_form_of_the_template() {
        let mut access_log = prices().access_log;
        let line: BTreeMap<String, String> = serde_json::from_str(&access_log.line).unwrap();
        assert_eq!(line["requestId"], access_log.variables["requestId"]);
        assert!(line["routeKey"].starts_with("ANY /connectors/"), "{line:?}");
        access_log.variables.remove("status");
        let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/prices.toml"));
        let error = access_log.written(file).unwrap_err().to_string();
        assert!(error.contains("$context.status"), "{error}");
        access_log.template = PathBuf::from("prices.toml");
        let error = access_log.written(file).unwrap_err().to_string();
        assert!(error.ends_with("of `AccessLogSettings`"), "{error}");
    }

    #[test]
    fn lambda_writes_of_others_and_the_api_of_everybody() {
        let mut prices = prices();
        prices.access_log.line = "x".repeat(100);
        prices.lambdas_lines.others = vec!["x".repeat(70), "x".repeat(30)];
        prices.assumed.log_line_octets = 26.0;
        let mut results = with_share();
        let ours = prices.logged(&results.measured[0]);
        // 600 of the function.
        assert!((ours.together() - 752.0).abs() < 1e-9);
        assert!(ours.lambda.abs() < 1e-9);
        results.measured[0].subject = Subject::Node;
        let others = prices.logged(&results.measured[0]);
        assert!((others.together() - 752.0 - 152.0).abs() < 1e-9);
    }

    #[test]
    fn the_largest_items_are_named_and_whether_it_is_cheap_enough() {
        let bill = |api: f64| {
            let items = [("S3", 0.1), ("Logs", 0.4), ("API", api), ("Lambda", 0.5)];
            Bill::from(items.map(|(item, cost)| (item.to_owned(), cost)))
        };
        assert_eq!(
            wanted(&bill(3.0)),
            "Wanted with lists: at most 4.00: 4.00, reached. Its largest items: API 3.00 (75 %), Lambda 0.50 (12 %), Logs 0.40 (10 %)."
        );
        let missed = wanted(&bill(4.0));
        assert!(missed.contains("**5.00, missed**"), "{missed}");
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
