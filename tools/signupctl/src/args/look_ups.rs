//! Of what policies look up: the directory, sets of values, invitation codes, evidence.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use shared::domain::{
    attribute::ClaimValue,
    code::{CodeDigest, InvitationCode},
    directory::ClaimsSubject,
    identity::Identity,
    list::Matcher,
    person::PersonKey,
    value_set::{SetName, SetValue},
};

use super::{AuthorArguments, TypedExpiry, expiry, note};
use crate::{exit::CODES, rows::TypedName};

#[derive(Debug, Args)]
pub(crate) struct ImportFile {
    /// CSV, or JSON lines when its name ends in `.jsonl` or `.ndjson`; `-` is standard input.
    pub(crate) file: PathBuf,
    /// Print what would change, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take it for JSON lines, whatever its name.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(crate) author: AuthorArguments,
}

impl ImportFile {
    pub(crate) fn is_json(&self) -> bool {
        let extension = self.file.extension();
        self.json || extension.is_some_and(|name| name == "jsonl" || name == "ndjson")
    }
}

#[derive(Debug, Args)]
pub(crate) struct ExportFile {
    /// The file to write; without it standard output.
    #[arg(long, short)]
    pub(crate) output: Option<PathBuf>,
    /// One JSON object in each line instead of CSV.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClaimsCommand {
    /// Add or replace the records of a file: the column `subject` and one for each claim.
    #[command(after_help = CODES)]
    Import(ImportFile),
    /// Write all records.
    Export(ExportFile),
    /// Show the claims of one subject.
    Show {
        /// `john@example.com`, `example.com`, `identity:PROVIDER#SUBJECT` or `object:OBJECT-ID`.
        #[arg(value_parser = subject)]
        subject: ClaimsSubject,
        /// A JSON object instead of words.
        #[arg(long)]
        json: bool,
    },
    /// Remove the record of one subject.
    Remove {
        /// As for `show`.
        #[arg(value_parser = subject)]
        subject: ClaimsSubject,
        #[command(flatten)]
        author: AuthorArguments,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ValuesCommand {
    /// Add or change the values of a file: the column `value`, and if you like note and expires.
    #[command(after_help = CODES)]
    Import {
        /// The name of the set.
        #[arg(value_parser = set_name)]
        set: SetName,
        #[command(flatten)]
        file: ImportFile,
    },
    /// Write all values of a set.
    Export {
        /// The name of the set.
        #[arg(value_parser = set_name)]
        set: SetName,
        #[command(flatten)]
        file: ExportFile,
    },
    /// Add values, or change their note and end.
    Add(AddValuesArguments),
    /// Remove values.
    Remove {
        /// The name of the set.
        #[arg(value_parser = set_name)]
        set: SetName,
        #[arg(value_parser = value, required = true, value_name = "VALUE")]
        values: Vec<SetValue>,
        #[command(flatten)]
        author: AuthorArguments,
    },
    /// Show whether a value is in a set.
    Show {
        /// The name of the set.
        #[arg(value_parser = set_name)]
        set: SetName,
        #[arg(value_parser = value)]
        value: SetValue,
        /// A JSON object instead of words.
        #[arg(long)]
        json: bool,
    },
    /// Show the names of all sets.
    Sets,
}

#[derive(Debug, Args)]
pub(crate) struct AddValuesArguments {
    /// The name of the set.
    #[arg(value_parser = set_name)]
    pub(crate) set: SetName,
    #[arg(value_parser = value, required = true, value_name = "VALUE")]
    pub(crate) values: Vec<SetValue>,
    /// What for; for your colleagues.
    #[arg(long, value_parser = note, default_value = "", hide_default_value = true, value_name = "TEXT")]
    pub(crate) note: String,
    /// When they end: 2027-01-31 (the end of that day, UTC), 2027-01-31T12:00:00Z, or 30d.
    #[arg(long, value_parser = expiry, value_name = "WHEN")]
    pub(crate) expires: Option<TypedExpiry>,
    #[command(flatten)]
    pub(crate) author: AuthorArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CodeCommand {
    /// Make codes, which are shown this once.
    Create(Box<CreateCodeArguments>),
    /// Show all codes by their digests.
    List {
        /// One JSON object in each line instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Show how a code stands.
    Show {
        /// The code, or its digest as `code list` shows it.
        #[arg(value_parser = code)]
        code: TypedCode,
        /// A JSON object instead of words.
        #[arg(long)]
        json: bool,
    },
    /// Make a code useless from now on.
    Revoke {
        /// The code, or its digest as `code list` shows it.
        #[arg(value_parser = code)]
        code: TypedCode,
        #[command(flatten)]
        author: AuthorArguments,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateCodeArguments {
    /// How many codes.
    #[arg(long, value_parser = count, default_value = "1", value_name = "N")]
    pub(crate) count: usize,
    /// How many people may use each.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(InvitationCode::MAX_USES)), default_value_t = 1, value_name = "N")]
    pub(crate) uses: u32,
    /// When they end: 2027-01-31 (the end of that day, UTC), 2027-01-31T12:00:00Z, or 30d.
    #[arg(long, value_parser = expiry, value_name = "WHEN")]
    pub(crate) expires: Option<TypedExpiry>,
    /// The only address, or the domain whose people alone may use them.
    #[arg(long = "for", value_parser = bound_to, value_name = "ADDRESS|DOMAIN")]
    pub(crate) bound_to: Option<Matcher>,
    /// An attribute that a code sets, such as `city=Malmö` or `level:integer=3`; repeat it for more.
    #[arg(long = "set", value_parser = claim, value_name = "NAME=VALUE")]
    pub(crate) claims: Vec<(TypedName, ClaimValue)>,
    /// What for; for your colleagues.
    #[arg(long, value_parser = note, default_value = "", hide_default_value = true, value_name = "TEXT")]
    pub(crate) note: String,
    /// This code instead of a random one.
    #[arg(long, value_parser = chosen, conflicts_with = "count", value_name = "TEXT")]
    pub(crate) code: Option<ChosenCode>,
    /// A new CSV file to write them to; without it standard output, one a line.
    #[arg(long, short)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) author: AuthorArguments,
}

#[derive(Debug, Args)]
pub(crate) struct EvidenceArguments {
    /// `john@example.com`, or `identity:PROVIDER#SUBJECT` for somebody without an address.
    #[arg(value_parser = person, value_name = "ADDRESS|IDENTITY")]
    pub(crate) person: PersonKey,
    /// One JSON object in each line instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A code by itself or by its digest.
#[derive(Debug, Clone)]
pub(crate) struct TypedCode(pub(crate) CodeDigest);

/// A code that the operator made up.
#[derive(Clone)]
pub(crate) struct ChosenCode {
    pub(crate) text: String,
    pub(crate) digest: CodeDigest,
}

impl std::fmt::Debug for ChosenCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChosenCode(…)")
    }
}

fn subject(text: &str) -> Result<ClaimsSubject, String> {
    ClaimsSubject::parse(text).map_err(|error| error.to_string())
}

fn set_name(text: &str) -> Result<SetName, String> {
    let most = SetName::MAX;
    SetName::parse(text)
        .ok_or_else(|| format!("expected at most {most} lower-case letters, digits, `-` and `_`"))
}

fn value(text: &str) -> Result<SetValue, String> {
    let most = SetValue::MAX_OCTETS;
    SetValue::parse(text).ok_or_else(|| format!("expected a value of 1 to {most} octets"))
}

/// Most codes in one go.
const MAX_COUNT: usize = 1_000_000;

fn count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok();
    count
        .filter(|count| (1..=MAX_COUNT).contains(count))
        .ok_or_else(|| format!("expected a number from 1 to {MAX_COUNT}"))
}

fn bound_to(text: &str) -> Result<Matcher, String> {
    match Matcher::parse(text).map_err(|error| error.to_string())? {
        matcher @ (Matcher::Address(_) | Matcher::Domain(_)) => Ok(matcher),
        _ => Err("expected an address or a domain such as example.com".to_owned()),
    }
}

fn claim(text: &str) -> Result<(TypedName, ClaimValue), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("expected NAME=VALUE, such as city=Malmö or level:integer=3")?;
    let name = TypedName::parse(name).ok_or_else(|| format!("expected {}", TypedName::EXPECTED))?;
    let value = name.value(value).map_err(|mistake| mistake.to_string())?;
    let value = value.ok_or("found no value, expected one after `=`")?;
    Ok((name, value))
}

fn code(text: &str) -> Result<TypedCode, String> {
    let digest = CodeDigest::parse(text).or_else(|| CodeDigest::of(text));
    digest.map(TypedCode).ok_or_else(|| {
        let most = CodeDigest::MAX_TEXT;
        format!("expected a code of 1 to {most} characters, or a digest as `code list` shows it")
    })
}

/// Fewer could be found by trying.
const MIN_CHOSEN: usize = 8;

fn chosen(text: &str) -> Result<ChosenCode, String> {
    let counted = |c: &char| !c.is_whitespace() && *c != '-';
    let long_enough = text.chars().filter(counted).count() >= MIN_CHOSEN;
    CodeDigest::of(text)
        .filter(|_| long_enough)
        .map(|digest| ChosenCode {
            text: text.to_owned(),
            digest,
        })
        .ok_or_else(|| {
            let most = CodeDigest::MAX_TEXT;
            format!("expected {MIN_CHOSEN} to {most} characters besides spaces and dashes")
        })
}

fn person(text: &str) -> Result<PersonKey, String> {
    match Matcher::parse(text).map_err(|error| error.to_string())? {
        Matcher::Address(address) => Ok(PersonKey::of_address(address.as_str())),
        Matcher::Identity(provider, subject) => PersonKey::of_identity(&Identity {
            provider,
            subject: Some(subject),
        })
        .ok_or_else(|| "expected a subject".to_owned()),
        _ => {
            Err("expected an address or identity:PROVIDER#SUBJECT, which are one person".to_owned())
        }
    }
}
