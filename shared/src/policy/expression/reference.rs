//! What an expression refers to, looked up when it is compiled: its nodes hold nothing but the number of a reference.

use cel::common::ast::LiteralValue;

use super::{kind::Kind, network::Network, variable::Variable};
use crate::policy::{pattern::Pattern, values::Field};

#[derive(Debug)]
pub(super) enum Reference {
    Variable(Variable),
    /// A field where a value of this kind is expected.
    Field(Field, Kind),
    /// Whether a field has a value.
    Has(Field),
    /// A list whose elements are all written out.
    List(Vec<LiteralValue>),
    Pattern(Pattern),
    Network(Network),
}

impl Reference {
    /// The identifier of the reference at a position. No expression can spell it: `@` is no letter.
    pub(super) fn name(position: usize) -> String {
        format!("@{position}")
    }

    /// The position that an identifier stands for.
    pub(super) fn position(name: &str) -> Option<usize> {
        name.strip_prefix('@')?.parse().ok()
    }

    pub(super) fn field(&self) -> Option<&Field> {
        match self {
            Self::Field(field, _) | Self::Has(field) => Some(field),
            _ => None,
        }
    }

    /// How many elements a list has that is written out.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::List(list) => list.len(),
            _ => 0,
        }
    }

    /// The texts of a list that is written out.
    pub(super) fn texts(&self) -> Vec<&str> {
        let Self::List(list) = self else {
            return Vec::new();
        };
        let texts = list.iter().filter_map(|value| match value {
            LiteralValue::String(text) => Some(text.inner()),
            _ => None,
        });
        texts.collect()
    }
}
