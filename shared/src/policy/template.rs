//! Values that are put together from others: `{givenName} {surname}`.

use serde::{Deserialize, Serialize};

use super::values::{Key, Values};
use crate::domain::attribute::AttributeValue;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Template(Vec<Piece<Key>>);

/// A piece of a text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Piece<P> {
    Text(String),
    Value(P),
}

impl Template {
    /// `{name}` stands for an attribute; `{{` and `}}` for the braces.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        pieces(text, |name| Ok(Key::of(name))).map(Self)
    }

    /// The attributes that it is made of.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Key> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Value(key) => Some(key),
            Piece::Text(_) => None,
        })
    }

    /// The text, with spaces that a missing value leaves behind collapsed.
    pub(super) fn fill(&self, values: &Values) -> String {
        let filled: String = self
            .0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Value(key) => values.get(key).map(text).unwrap_or_default(),
            })
            .collect();
        if self.parts().next().is_none() {
            return filled;
        }
        filled.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The pieces of a text: `placeholder` knows what stands between braces, and `{{` and `}}` are the braces themselves.
pub(super) fn pieces<P>(
    text: &str,
    placeholder: impl Fn(&str) -> Result<P, String>,
) -> Result<Vec<Piece<P>>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '{' | '}' if characters.peek() == Some(&c) => {
                characters.next();
                plain.push(c);
            }
            '{' => {
                let (name, closed) = name(&mut characters);
                if !closed {
                    return Err(format!(
                        "found `{{{name}` without `}}`; a brace itself is `{{{{`"
                    ));
                }
                if Key::of(name.trim()).as_str().is_empty() || name.contains('{') {
                    return Err(format!("found `{{{name}}}`, expected `{{attribute}}`"));
                }
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
                pieces.push(Piece::Value(placeholder(name.trim())?));
            }
            '}' => return Err("found `}` without `{`; a brace itself is `}}`".to_owned()),
            c => plain.push(c),
        }
    }
    pieces.push(Piece::Text(plain));
    Ok(pieces)
}

/// What stands before the closing brace, and whether there is one.
fn name(characters: &mut impl Iterator<Item = char>) -> (String, bool) {
    let mut name = String::new();
    for c in characters {
        if c == '}' {
            return (name, true);
        }
        name.push(c);
    }
    (name, false)
}

/// A value as it stands in a text.
pub(super) fn text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::Text(text) => text.clone(),
        AttributeValue::Number(number) => number.to_string(),
        AttributeValue::Flag(flag) => flag.to_string(),
    }
}
