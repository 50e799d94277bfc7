//! What kinds of values expressions have.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::policy::document::ValueType;

/// The kind of a value, known when an expression is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Text,
    Integer,
    Boolean,
    Texts,
    Integers,
    Booleans,
    /// `[]`, a list of anything.
    EmptyList,
}

impl Kind {
    pub(super) const fn of(declared: ValueType) -> Self {
        match declared {
            ValueType::Text => Self::Text,
            ValueType::Integer => Self::Integer,
            ValueType::Boolean => Self::Boolean,
        }
    }

    pub(super) const fn list_of(self) -> Option<Self> {
        match self {
            Self::Text => Some(Self::Texts),
            Self::Integer => Some(Self::Integers),
            Self::Boolean => Some(Self::Booleans),
            _ => None,
        }
    }

    /// Nothing for what is no list, and for one that is always empty.
    pub(super) const fn element(self) -> Option<Self> {
        match self {
            Self::Texts => Some(Self::Text),
            Self::Integers => Some(Self::Integer),
            Self::Booleans => Some(Self::Boolean),
            _ => None,
        }
    }

    pub(super) const fn is_list(self) -> bool {
        matches!(self, Self::EmptyList) || self.element().is_some()
    }

    /// The kind of a value that is one or the other.
    pub(super) fn or(self, other: Self) -> Option<Self> {
        match (self, other) {
            (one, other) if one == other => Some(one),
            (Self::EmptyList, list) | (list, Self::EmptyList) if list.is_list() => Some(list),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a text",
            Self::Integer => "a whole number",
            Self::Boolean => "true or false",
            Self::Texts => "a list of texts",
            Self::Integers => "a list of whole numbers",
            Self::Booleans => "a list of true or false",
            Self::EmptyList => "a list",
        })
    }
}
