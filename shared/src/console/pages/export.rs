//! A part of a queue as a file for spreadsheets, without those who applied.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse, Response},
};

use super::{
    provider,
    queue::{Asked, query},
};
use crate::{
    console::{Console, EXPORT, problem::Problem, roles::flow},
    domain::approval::ApprovalRequest,
};

const COLUMNS: [&str; 12] = [
    "id",
    "state",
    "since",
    "version",
    "made",
    "to be decided by",
    "flow",
    "domain",
    "provider",
    "asked by",
    "approvals",
    "approvals needed",
];

pub(in crate::console) async fn export(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let seated = console.seated(&headers).await?;
    let wanted = asked.wanted();
    let (requests, next) = console
        .desk
        .export(&seated.session.approver, &wanted)
        .await?;
    let next = next.map(|id| {
        let query = query(&wanted, wanted.state, Some(&id));
        format!("{}{EXPORT}?{query}", console.settings.origin)
    });
    let rows = requests.iter().map(cells);
    seated.keep(file("requests.csv", COLUMNS, rows, next)?)
}

/// A file of that name, and where there is more of it.
pub(super) fn file<const N: usize>(
    name: &str,
    columns: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    next: Option<String>,
) -> Result<Response, Problem> {
    let file = written(columns, rows, next.as_deref());
    let file = file.map_err(|error| Problem::Unavailable(error.to_string()))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    let link = next.map(|next| (header::LINK, format!("<{next}>; rel=\"next\"")));
    Ok((headers, AppendHeaders(link), file).into_response())
}

/// A line for each row, and one that says where there are more.
fn written<const N: usize>(
    columns: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    next: Option<&str>,
) -> csv::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    writer.write_record(columns)?;
    for row in rows {
        writer.write_record(row.map(harmless))?;
    }
    if let Some(next) = next {
        writer.write_record(["there are more", next])?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

fn cells(request: &ApprovalRequest) -> [String; 12] {
    [
        request.id.to_string(),
        request.state.name().to_owned(),
        request.changed_at.to_string(),
        request.version.to_string(),
        request.created_at.to_string(),
        request.expires_at.to_string(),
        flow(request).to_owned(),
        request.domain.clone().unwrap_or_default(),
        provider(request).to_owned(),
        request.asked_by.clone(),
        request.approved_by.len().to_string(),
        request.terms.approvals.to_string(),
    ]
}

/// With these a spreadsheet takes a cell for a formula, which may do anything: an apostrophe makes it a text.
fn harmless(cell: String) -> String {
    const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if cell.starts_with(FORMULA) {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_says_where_it_goes_on() {
        let next = "https://approvals.contoso.com/console/export.csv?state=denied";
        let none = std::iter::empty::<[String; 2]>;
        let file = written(["a", "b"], none(), Some(next)).unwrap();
        let file = String::from_utf8(file).unwrap();
        let last = format!("there are more,{next}");
        assert_eq!(file.lines().next_back(), Some(last.as_str()));
        let whole = written(["a", "b"], none(), None).unwrap();
        assert_eq!(String::from_utf8(whole).unwrap().lines().count(), 1);
    }

    proptest! {
        #[test]
        fn no_cell_is_a_formula(text in "[=+@\\-\t\r\n']?\\PC{0,20}") {
            let cell = harmless(text.clone());
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
            prop_assert!(cell.ends_with(&text));
        }
    }
}
