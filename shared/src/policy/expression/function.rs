//! The functions of expressions, as operators write them and as they are computed.
//!
//! `size`, `contains`, `startsWith`, `endsWith`, `matches` and `int` are those of the CEL specification ("List of
//! standard definitions"), over the kinds of values that there are here; `lower` and `in_network` are ours.

use serde::{Deserialize, Serialize};

use super::{Failure, kind::Kind, value::Value};

/// What can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    Lower,
    InNetwork,
    Int,
}

/// How a call is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `lower(text)`.
    Global,
    /// `text.contains(part)`.
    Member,
    Both,
}

impl Function {
    const ALL: [Self; 8] = [
        Self::Size,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Matches,
        Self::Lower,
        Self::InNetwork,
        Self::Int,
    ];

    pub(super) fn find(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|function| function.name() == name)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(Self::name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Contains => "contains",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Matches => "matches",
            Self::Lower => "lower",
            Self::InNetwork => "in_network",
            Self::Int => "int",
        }
    }

    /// How it is used, for people who used it otherwise.
    pub(super) const fn usage(self) -> &'static str {
        match self {
            Self::Size => "size(attributes.city)",
            Self::Contains => "email.domain.contains(\"contoso\")",
            Self::StartsWith => "email.local.startsWith(\"test\")",
            Self::EndsWith => "email.domain.endsWith(\".contoso.com\")",
            Self::Matches => "email.local.matches(\"^[a-z]+$\")",
            Self::Lower => "lower(attributes.city)",
            Self::InNetwork => "in_network(attributes.address, \"10.0.0.0/8\")",
            Self::Int => "int(attributes.employees)",
        }
    }

    /// Whether it can be called like this, the value before the dot counted among the arguments.
    pub(super) const fn accepts(self, member: bool, arguments: usize) -> bool {
        let (form, expected) = match self {
            Self::Size => (Form::Both, 1),
            Self::Contains | Self::StartsWith | Self::EndsWith => (Form::Member, 2),
            Self::Matches => (Form::Both, 2),
            Self::Lower | Self::Int => (Form::Global, 1),
            Self::InNetwork => (Form::Global, 2),
        };
        let fits = match form {
            Form::Global => !member,
            Form::Member => member,
            Form::Both => true,
        };
        fits && arguments == expected
    }

    pub(super) const fn result(self) -> Kind {
        match self {
            Self::Size | Self::Int => Kind::Integer,
            Self::Lower => Kind::Text,
            Self::Contains
            | Self::StartsWith
            | Self::EndsWith
            | Self::Matches
            | Self::InNetwork => Kind::Boolean,
        }
    }

    /// Of values; patterns and networks are none.
    pub(super) fn of(self, arguments: Vec<Value<'_>>) -> Result<Value<'_>, Failure> {
        let mut arguments = arguments.into_iter();
        match (self, arguments.next(), arguments.next()) {
            (Self::Size, Some(counted), None) => size(&counted),
            (Self::Lower, Some(Value::Text(text)), None) => Ok(Value::text(text.to_lowercase())),
            (Self::Int, Some(Value::Text(text)), None) => {
                text.parse().map(Value::Integer).map_err(|_| Failure::Type)
            }
            (Self::Contains, Some(Value::Text(text)), Some(Value::Text(part))) => {
                Ok(Value::Boolean(text.contains(&*part)))
            }
            (Self::StartsWith, Some(Value::Text(text)), Some(Value::Text(part))) => {
                Ok(Value::Boolean(text.starts_with(&*part)))
            }
            (Self::EndsWith, Some(Value::Text(text)), Some(Value::Text(part))) => {
                Ok(Value::Boolean(text.ends_with(&*part)))
            }
            _ => Err(Failure::Type),
        }
    }
}

/// Of a text in characters, as the specification has it.
fn size<'v>(counted: &Value<'_>) -> Result<Value<'v>, Failure> {
    let size = match counted {
        Value::Text(text) => text.chars().count(),
        list => list.elements().ok_or(Failure::Type)?.len(),
    };
    Ok(Value::Integer(i64::try_from(size).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usages_show_the_function() {
        for function in Function::ALL {
            assert!(function.usage().contains(&format!("{}(", function.name())));
            assert_eq!(Function::find(function.name()), Some(function));
        }
    }
}
