//! The fields of a row, each by itself.

use jiff::Timestamp;
use shared::domain::list::{Effect, ListEntry, ListName, Matcher, MatcherError};

use super::write::from_spreadsheet;
use crate::{
    expiry::{Expiry, MOMENT},
    output::quoted,
};

/// What is wrong with one field.
pub(super) struct Mistake {
    pub(super) found: String,
    pub(super) expected: String,
}

fn mistake(text: &str, expected: &str) -> Mistake {
    Mistake {
        found: quoted(text),
        expected: expected.to_owned(),
    }
}

pub(super) fn matcher(text: &str) -> Result<Matcher, Mistake> {
    Matcher::parse(text).map_err(|error| {
        let expected = "an address, example.com, *.example.com, provider:facebook.com or \
                        identity:PROVIDER#SUBJECT";
        match error {
            MatcherError::Empty => mistake("", expected),
            error => Mistake {
                found: format!("{} ({error})", quoted(text)),
                expected: expected.to_owned(),
            },
        }
    })
}

pub(super) fn effect(text: &str) -> Result<Effect, Mistake> {
    Effect::parse(text.trim()).ok_or_else(|| mistake(text, "allow, deny or review"))
}

pub(super) fn list_name(text: &str, default: &ListName) -> Result<ListName, Mistake> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(default.clone());
    }
    ListName::parse(text).ok_or_else(|| {
        let most = ListName::MAX;
        mistake(
            text,
            &format!("at most {most} letters, digits, `-`, `_` and `.`"),
        )
    })
}

pub(super) fn note(text: &str) -> Result<String, Mistake> {
    let text = from_spreadsheet(text);
    let length = text.chars().count();
    if length <= ListEntry::MAX_NOTE {
        return Ok(text.to_owned());
    }
    // A quote that is not closed takes in all rows up to the next quote.
    let found = if text.contains('\n') {
        format!("{length} characters and line breaks (is a quote not closed?)")
    } else {
        format!("{length} characters")
    };
    Err(Mistake {
        found,
        expected: format!("at most {} characters", ListEntry::MAX_NOTE),
    })
}

pub(super) fn expires(text: &str) -> Result<Option<Timestamp>, Mistake> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    Expiry::parse_moment(text)
        // No duration can come out of `parse_moment`, so it does not matter from when it would count.
        .and_then(|expiry| expiry.moment(Timestamp::UNIX_EPOCH))
        .map(Some)
        .ok_or_else(|| mistake(text, &format!("nothing, {MOMENT}")))
}
