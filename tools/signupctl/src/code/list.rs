//! `signupctl code list` and `show`

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use shared::{
    app::codes::{Codes, Place},
    domain::code::InvitationCode,
};

use super::{state, unknown};
use crate::{
    args::TypedCode,
    claims::told,
    exit::{Exit, Failure},
    output::{Listing, Output, visible, write_json},
    rows::json_claims,
};

const HEADER: [&str; 7] = [
    "DIGEST", "USED", "STATE", "CREATED", "EXPIRES", "FOR", "NOTE",
];

pub(super) async fn run(
    json: bool,
    codes: &Codes,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let mut listing = Listing::new(HEADER);
    let mut shown = false;
    let mut place = Some(Place::default());
    while let Some(here) = place {
        let (page, next) = codes.page(here).await?;
        for code in page {
            shown = true;
            if json {
                write_json(&line(&code, now), output.results)?;
            } else {
                let key = (code.created_at, code.digest.clone());
                listing.push(key, row(&code, now), output.results)?;
            }
        }
        place = next;
    }
    listing.finish(output.results)?;
    if !shown {
        writeln!(output.notes, "no codes")?;
    }
    Ok(Exit::Done)
}

pub(super) async fn show(
    code: &TypedCode,
    json: bool,
    codes: &Codes,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let found = codes.find(&code.0).await?.ok_or_else(|| unknown(code))?;
    if json {
        write_json(&line(&found, now), output.results)?;
        return Ok(Exit::Done);
    }
    for (name, cell) in HEADER.iter().zip(row(&found, now)) {
        let name = name.to_lowercase();
        writeln!(output.results, "{name}: {}", visible(&cell))?;
    }
    writeln!(output.results, "sets: {}", told(&found.claims))?;
    Ok(Exit::Done)
}

fn row(code: &InvitationCode, now: Timestamp) -> [String; 7] {
    let anybody = || "anybody".to_owned();
    let never = || "never".to_owned();
    [
        code.digest.to_string(),
        format!("{}/{}", code.used, code.uses),
        state(code, now).to_owned(),
        code.created_at.to_string(),
        code.expires_at.map_or_else(never, |end| end.to_string()),
        code.bound_to
            .as_ref()
            .map_or_else(anybody, ToString::to_string),
        code.note.clone(),
    ]
}

#[derive(Serialize)]
struct Line<'c> {
    digest: &'c str,
    uses: u32,
    used: u32,
    state: &'static str,
    created: Timestamp,
    expires: Option<Timestamp>,
    #[serde(rename = "for")]
    bound_to: Option<String>,
    set: BTreeMap<String, Value>,
    note: &'c str,
}

fn line(code: &InvitationCode, now: Timestamp) -> Line<'_> {
    Line {
        digest: code.digest.as_str(),
        uses: code.uses,
        used: code.used,
        state: state(code, now),
        created: code.created_at,
        expires: code.expires_at,
        bound_to: code.bound_to.as_ref().map(ToString::to_string),
        set: json_claims(&code.claims),
        note: &code.note,
    }
}
