//! Members of a set of values as rows.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::Error};
use shared::domain::value_set::{Member, SetName};

use super::{
    Form, JsonForm,
    fields::{Mistake, expires, note, plain_note, plain_value, value},
    read::Cells,
    write::for_spreadsheet,
};

/// Rows of one set.
pub(crate) struct Members {
    pub(crate) set: SetName,
}

impl Members {
    /// In the order of an export.
    pub(crate) const COLUMNS: [&'static str; 3] = ["value", "note", "expires"];
}

impl Form for Members {
    type Column = &'static str;
    type Record = Member;

    const NAMES: &'static str = "value, note, expires";
    const REQUIRED: &'static [&'static str] = &["value"];

    fn column(&self, header: &str) -> Option<&'static str> {
        Self::COLUMNS
            .into_iter()
            .find(|column| column.eq_ignore_ascii_case(header.trim()))
    }

    fn name<'c>(column: &'c &'static str) -> &'c str {
        column
    }

    fn record(&self, cells: &mut Cells<'_, &'static str>) -> Option<Member> {
        let value = cells.read(&"value", value);
        let note = cells.read(&"note", note);
        let expires_at = cells.read(&"expires", expires);
        Some(Member {
            set: self.set.clone(),
            value: value?,
            note: note?,
            expires_at: expires_at?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object<'o> {
    value: String,
    #[serde(default)]
    note: String,
    #[serde(default, borrow)]
    expires: Option<Cow<'o, str>>,
}

impl JsonForm for Members {
    type Record = Member;

    fn object(&self, line: &[u8]) -> serde_json::Result<Member> {
        let object: Object<'_> = serde_json::from_slice(line)?;
        Ok(Member {
            set: self.set.clone(),
            value: plain_value(&object.value).map_err(|mistake| of("value", &mistake))?,
            note: plain_note(&object.note).map_err(|mistake| of("note", &mistake))?,
            expires_at: expires(object.expires.as_deref().unwrap_or_default())
                .map_err(|mistake| of("expires", &mistake))?,
        })
    }
}

fn of(name: &str, mistake: &Mistake) -> serde_json::Error {
    Error::custom(format!("\"{name}\": {mistake}"))
}

/// A member as a row, in the order of [`Members::COLUMNS`].
pub(crate) fn member_cells(member: &Member) -> [Cow<'_, str>; 3] {
    let expires = member
        .expires_at
        .map_or_else(String::new, |end| end.to_string());
    [
        for_spreadsheet(member.value.as_str()),
        for_spreadsheet(&member.note),
        expires.into(),
    ]
}

#[derive(Serialize)]
struct Line<'m> {
    value: &'m str,
    note: &'m str,
    expires: Option<Timestamp>,
}

/// A member as an object in one line, which an import takes as well.
pub(crate) fn member_line(member: &Member) -> impl Serialize {
    Line {
        value: member.value.as_str(),
        note: &member.note,
        expires: member.expires_at,
    }
}
