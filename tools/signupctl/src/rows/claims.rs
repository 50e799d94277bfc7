//! Records of the directory as rows.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use shared::domain::{
    attribute::{AttributeValue, ClaimValue},
    directory::{ClaimsSubject, DirectoryRecord},
};

use super::{
    Form, JsonForm,
    entries::matcher_cell,
    fields::{Mistake, mistake, subject},
    read::Cells,
    write::{for_spreadsheet, from_spreadsheet},
};
use crate::output::quoted;

/// Longest name of a claim.
const MAX_NAME: usize = 128;

const SUBJECT: &str = "subject";

/// The type of a claim, as it stands behind its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Text,
    Integer,
    Boolean,
    List,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Text, Self::Integer, Self::Boolean, Self::List];

    /// What stands behind the name; a text needs nothing.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Text => "",
            Self::Integer => ":integer",
            Self::Boolean => ":boolean",
            Self::List => ":list",
        }
    }

    const fn of(value: &ClaimValue) -> Self {
        match value {
            ClaimValue::One(AttributeValue::Text(_)) => Self::Text,
            ClaimValue::One(AttributeValue::Number(_)) => Self::Integer,
            ClaimValue::One(AttributeValue::Flag(_)) => Self::Boolean,
            ClaimValue::Many(_) => Self::List,
        }
    }
}

/// The name of a claim with its type: `city`, `level:integer`, `internal:boolean`, `roles:list`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TypedName {
    /// As it stands in a header.
    header: String,
    kind: Kind,
}

impl TypedName {
    pub(crate) const EXPECTED: &'static str = "a name of letters, digits, `_`, `-` and `.` that starts with a letter, and \
         behind it `:integer`, `:boolean` or `:list` for what is no text";

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let typed = Kind::ALL.into_iter().rev();
        let (kind, name) = typed
            .filter_map(|kind| Some((kind, text.strip_suffix(kind.suffix())?)))
            .find(|(_, name)| is_name(name))?;
        Some(Self {
            header: format!("{name}{}", kind.suffix()),
            kind,
        })
    }

    /// Of a claim as it is kept.
    pub(crate) fn of(name: &str, value: &ClaimValue) -> Self {
        let kind = Kind::of(value);
        Self {
            header: format!("{name}{}", kind.suffix()),
            kind,
        }
    }

    pub(crate) fn name(&self) -> &str {
        let suffix = self.kind.suffix();
        self.header.strip_suffix(suffix).unwrap_or(&self.header)
    }

    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    /// The value of a cell; an empty one is no claim.
    pub(crate) fn value(&self, cell: &str) -> Result<Option<ClaimValue>, Mistake> {
        let cell = from_spreadsheet(cell.trim()).trim();
        if cell.is_empty() {
            return Ok(None);
        }
        let value = match self.kind {
            Kind::Text => ClaimValue::One(AttributeValue::Text(text(cell)?)),
            Kind::Integer => ClaimValue::One(AttributeValue::Number(
                cell.parse()
                    .map_err(|_| mistake(cell, "nothing or a whole number such as 42"))?,
            )),
            Kind::Boolean => ClaimValue::One(AttributeValue::Flag(flag(cell)?)),
            Kind::List => ClaimValue::Many(
                split(cell)
                    .iter()
                    .map(|t| text(t))
                    .collect::<Result<_, _>>()?,
            ),
        };
        Ok(Some(value))
    }
}

fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= MAX_NAME
        && text.chars().all(allowed)
        && !text.eq_ignore_ascii_case(SUBJECT)
}

fn flag(cell: &str) -> Result<bool, Mistake> {
    // Spreadsheets write them in capitals.
    match cell.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(mistake(cell, "nothing, true or false")),
    }
}

fn text(found: &str) -> Result<String, Mistake> {
    let found = found.trim();
    let most = DirectoryRecord::MAX_TEXT;
    let length = found.chars().count();
    if (1..=most).contains(&length) {
        return Ok(found.to_owned());
    }
    Err(Mistake {
        found: match length {
            0 => "an empty text".to_owned(),
            length => format!("{length} characters"),
        },
        expected: format!("a text of 1 to {most} characters"),
    })
}

/// The texts of a list, between semicolons; a backslash stands before one that is part of a text.
fn split(cell: &str) -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut characters = cell.chars();
    while let Some(c) = characters.next() {
        let c = match c {
            ';' => {
                texts.push(String::new());
                continue;
            }
            '\\' => characters.next().unwrap_or(c),
            c => c,
        };
        if let Some(text) = texts.last_mut() {
            text.push(c);
        }
    }
    texts
}

fn join(texts: &[String]) -> String {
    let escaped = texts.iter();
    let escaped = escaped.map(|text| text.replace('\\', "\\\\").replace(';', "\\;"));
    escaped.collect::<Vec<_>>().join(";")
}

/// A value as it stands in a cell.
pub(crate) fn claim_text(value: &ClaimValue) -> String {
    match value {
        ClaimValue::One(AttributeValue::Text(text)) => text.clone(),
        ClaimValue::One(AttributeValue::Number(number)) => number.to_string(),
        ClaimValue::One(AttributeValue::Flag(flag)) => flag.to_string(),
        ClaimValue::Many(texts) => join(texts),
    }
}

/// A record as a row of these columns after the subject.
pub(crate) fn record_cells<'r>(
    record: &'r DirectoryRecord,
    columns: &[TypedName],
) -> Vec<Cow<'r, str>> {
    let subject = match &record.subject {
        ClaimsSubject::Matcher(matcher) => matcher_cell(matcher),
        object @ ClaimsSubject::Object(_) => object.to_string(),
    };
    let cell = |column: &TypedName| match record.claims.get(column.name()) {
        Some(value) if Kind::of(value) == column.kind => claim_cell(value),
        _ => Cow::Borrowed(""),
    };
    std::iter::once(subject.into())
        .chain(columns.iter().map(cell))
        .collect()
}

fn claim_cell(value: &ClaimValue) -> Cow<'_, str> {
    let text = claim_text(value);
    match value {
        // A negative number is no formula.
        ClaimValue::One(AttributeValue::Number(_)) => text.into(),
        _ => for_spreadsheet(&text).into_owned().into(),
    }
}

/// The directory.
pub(crate) struct Claims;

/// Of a file with records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Column {
    Subject,
    Claim(TypedName),
}

impl Form for Claims {
    type Column = Column;
    type Record = DirectoryRecord;

    const NAMES: &'static str =
        "subject and a column for each claim (city, level:integer, internal:boolean, roles:list)";
    const REQUIRED: &'static [&'static str] = &[SUBJECT];

    fn column(&self, header: &str) -> Option<Column> {
        if header.trim().eq_ignore_ascii_case(SUBJECT) {
            return Some(Column::Subject);
        }
        TypedName::parse(header).map(Column::Claim)
    }

    fn name(column: &Column) -> &str {
        match column {
            Column::Subject => SUBJECT,
            Column::Claim(name) => name.header(),
        }
    }

    fn record(&self, cells: &mut Cells<'_, Column>) -> Option<DirectoryRecord> {
        let subject = cells.read(&Column::Subject, subject);
        let mut claims = BTreeMap::new();
        for column in cells.columns() {
            let Column::Claim(name) = column else {
                continue;
            };
            let Some(Some(value)) = cells.read(column, |cell| name.value(cell)) else {
                continue;
            };
            if claims.insert(name.name().to_owned(), value).is_some() {
                cells.refuse(twice(name.name()));
            }
        }
        let record = DirectoryRecord {
            subject: subject?,
            claims,
        };
        if let Err(mistake) = checked(&record.claims) {
            cells.refuse(mistake);
        }
        Some(record)
    }
}

fn twice(name: &str) -> Mistake {
    Mistake {
        found: format!("the claim {} twice", quoted(name)),
        expected: "each claim once".to_owned(),
    }
}

/// Whether there are not too many claims for one item of the table.
pub(crate) fn checked(claims: &BTreeMap<String, ClaimValue>) -> Result<(), Mistake> {
    let (count, most) = (claims.len(), DirectoryRecord::MAX_CLAIMS);
    if count > most {
        return Err(Mistake {
            found: format!("{count} claims"),
            expected: format!("at most {most}"),
        });
    }
    let octets = DirectoryRecord::octets(claims);
    let most = DirectoryRecord::MAX_OCTETS;
    if octets > most {
        return Err(Mistake {
            found: format!("claims of {octets} octets together"),
            expected: format!("at most {most}"),
        });
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    #[serde(deserialize_with = "read_subject")]
    subject: ClaimsSubject,
    #[serde(deserialize_with = "read_claims")]
    claims: BTreeMap<String, ClaimValue>,
}

impl JsonForm for Claims {
    type Record = DirectoryRecord;

    fn object(&self, line: &[u8]) -> serde_json::Result<DirectoryRecord> {
        let Object { subject, claims } = serde_json::from_slice(line)?;
        Ok(DirectoryRecord { subject, claims })
    }
}

fn read_subject<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ClaimsSubject, D::Error> {
    let text = String::deserialize(deserializer)?;
    subject(&text).map_err(|mistake| Error::custom(format!("\"{SUBJECT}\": {mistake}")))
}

fn read_claims<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, ClaimValue>, D::Error> {
    deserializer.deserialize_map(ClaimsVisitor)
}

struct ClaimsVisitor;

impl<'de> Visitor<'de> for ClaimsVisitor {
    type Value = BTreeMap<String, ClaimValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut claims = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if !is_name(&name) {
                let expected =
                    "a name of letters, digits, `_`, `-` and `.` that starts with a letter";
                return Err(Error::custom(mistake(&name, expected)));
            }
            let JsonClaim(value) = map.next_value()?;
            if claims.contains_key(&name) {
                return Err(Error::custom(twice(&name)));
            }
            claims.insert(name, value);
        }
        checked(&claims).map_err(Error::custom)?;
        Ok(claims)
    }
}

struct JsonClaim(ClaimValue);

impl<'de> Deserialize<'de> for JsonClaim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ClaimVisitor).map(Self)
    }
}

struct ClaimVisitor;

impl<'de> Visitor<'de> for ClaimVisitor {
    type Value = ClaimValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number, true or false, or a list of texts")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<ClaimValue, E> {
        Ok(ClaimValue::One(AttributeValue::Flag(flag)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<ClaimValue, E> {
        Ok(ClaimValue::One(AttributeValue::Number(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<ClaimValue, E> {
        let number = i64::try_from(number)
            .map_err(|_| Error::custom(format!("found {number}, expected at most {}", i64::MAX)))?;
        self.visit_i64(number)
    }

    fn visit_str<E: Error>(self, found: &str) -> Result<ClaimValue, E> {
        let text = text(found).map_err(Error::custom)?;
        Ok(ClaimValue::One(AttributeValue::Text(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ClaimValue, A::Error> {
        let mut texts = Vec::new();
        while let Some(found) = list.next_element::<String>()? {
            texts.push(text(&found).map_err(Error::custom)?);
        }
        if texts.is_empty() {
            return Err(Error::custom(
                "found an empty list, expected at least one text",
            ));
        }
        Ok(ClaimValue::Many(texts))
    }
}

#[derive(Serialize)]
struct Line {
    subject: String,
    claims: BTreeMap<String, Value>,
}

/// A record as an object in one line, which an import takes as well.
pub(crate) fn record_line(record: &DirectoryRecord) -> impl Serialize {
    Line {
        subject: record.subject.to_string(),
        claims: json_claims(&record.claims),
    }
}

pub(crate) fn json_claims(claims: &BTreeMap<String, ClaimValue>) -> BTreeMap<String, Value> {
    let claims = claims.iter();
    claims
        .map(|(name, value)| {
            let value = match value.clone() {
                ClaimValue::One(AttributeValue::Text(text)) => text.into(),
                ClaimValue::One(AttributeValue::Number(number)) => number.into(),
                ClaimValue::One(AttributeValue::Flag(flag)) => flag.into(),
                ClaimValue::Many(texts) => texts.into(),
            };
            (name.clone(), value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rows::{Row, Rows, Source, Writer, write::is_formula};

    fn texts() -> impl Strategy<Value = String> {
        "[-=+@';\\\\\"', a-z＝\\r\\n]{1,8}".prop_filter_map("blank", |found| text(&found).ok())
    }

    fn values() -> impl Strategy<Value = ClaimValue> {
        prop_oneof![
            texts().prop_map(|text| ClaimValue::One(AttributeValue::Text(text))),
            any::<i64>().prop_map(|number| ClaimValue::One(AttributeValue::Number(number))),
            any::<bool>().prop_map(|flag| ClaimValue::One(AttributeValue::Flag(flag))),
            prop::collection::vec(texts(), 1..4).prop_map(ClaimValue::Many),
        ]
    }

    fn records() -> impl Strategy<Value = DirectoryRecord> {
        let claims = prop::collection::btree_map("[a-z][a-z.]{0,3}", values(), 0..4);
        claims.prop_map(|claims| DirectoryRecord {
            subject: subject("john@example.com").unwrap_or_else(|fault| panic!("{fault}")),
            claims,
        })
    }

    fn entry(row: Option<Row<DirectoryRecord>>) -> DirectoryRecord {
        match row {
            Some(Row::Entry { entry, .. }) => entry,
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_row_gives_back_what_was_written_and_has_no_formula(record in records()) {
            let claims = record.claims.iter();
            let columns: Vec<_> = claims.map(|(name, value)| TypedName::of(name, value)).collect();
            let headers = columns.iter().map(TypedName::header);
            let mut file = Vec::new();
            let mut writer = Writer::new(&mut file, std::iter::once(SUBJECT).chain(headers)).unwrap();
            let cells = record_cells(&record, &columns);
            for (cell, value) in cells.iter().skip(1).zip(record.claims.values()) {
                let is_number = matches!(value, ClaimValue::One(AttributeValue::Number(_)));
                prop_assert!(is_number || !is_formula(cell), "{cell}");
            }
            writer.write(cells).unwrap();
            writer.flush().unwrap();
            drop(writer);
            let read = Rows::new(file.as_slice(), Claims).unwrap().next().unwrap();
            prop_assert_eq!(entry(read), record);
        }

        #[test]
        fn a_line_gives_back_what_was_written(record in records()) {
            let line = serde_json::to_vec(&record_line(&record)).unwrap();
            prop_assert_eq!(Claims.object(&line).unwrap(), record);
        }
    }
}
