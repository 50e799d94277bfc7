//! The functions of expressions, as operators write them and as the evaluator calls them.
//!
//! `size`, `contains`, `startsWith`, `endsWith`, `matches` and `int` are those of the CEL specification ("List of
//! standard definitions"), over the kinds of values that there are here; `lower` and `in_network` are ours.

#![expect(
    clippy::needless_pass_by_value,
    reason = "the evaluator hands its arguments over"
)]

use cel::{
    Env, ExecutionError,
    common::{
        functions::Function as Overload,
        types::{CelBool, CelInt, CelList, CelString, LIST_TYPE, STRING_TYPE, Type},
        value::CowVal,
    },
};

use super::{
    kind::Kind,
    reference::{NETWORK, NetworkValue, PATTERN, PatternValue},
};

/// What can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    /// For each combination of types.
    fn overloads(self) -> Vec<(Vec<Type>, Overload)> {
        let two_texts = || vec![STRING_TYPE, STRING_TYPE];
        match self {
            Self::Size => vec![
                (vec![STRING_TYPE], text_size as Overload),
                (vec![LIST_TYPE], list_size),
            ],
            Self::Contains => vec![(two_texts(), contains)],
            Self::StartsWith => vec![(two_texts(), starts_with)],
            Self::EndsWith => vec![(two_texts(), ends_with)],
            Self::Matches => vec![(vec![STRING_TYPE, PATTERN.to_owned()], matches)],
            Self::Lower => vec![(vec![STRING_TYPE], lower)],
            Self::InNetwork => vec![(vec![STRING_TYPE, NETWORK.to_owned()], in_network)],
            Self::Int => vec![(vec![STRING_TYPE], int)],
        }
    }
}

/// The functions under their names, as global ones, and nothing else: the standard environment has dozens of functions
/// more, which no expression that compiles can call, and compiles the pattern of `matches` in each call.
pub(super) fn environment() -> Env {
    let mut environment = Env::default();
    for function in Function::ALL {
        for (position, (types, overload)) in function.overloads().into_iter().enumerate() {
            let id = format!("{}_{position}", function.name());
            let declared = environment.add_overload(function.name(), &id, types, overload);
            debug_assert!(declared.is_ok(), "{id}");
        }
    }
    environment
}

type Arguments<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Result<'b, 'v> = std::result::Result<CowVal<'b, 'v>, ExecutionError>;

fn text<'a>(
    arguments: &'a [CowVal<'_, '_>],
    position: usize,
) -> std::result::Result<&'a str, ExecutionError> {
    arguments
        .get(position)
        .and_then(|argument| argument.downcast_ref::<CelString>())
        .map(CelString::inner)
        .ok_or(ExecutionError::MissingArgumentOrTarget)
}

pub(super) fn flag<'b, 'v>(flag: bool) -> CowVal<'b, 'v> {
    CowVal::Borrowed(if flag {
        &CelBool::TRUE
    } else {
        &CelBool::FALSE
    })
}

fn number<'b, 'v>(size: usize) -> CowVal<'b, 'v> {
    CowVal::owned(CelInt::from(i64::try_from(size).unwrap_or(i64::MAX)))
}

/// In characters, as the specification has it.
fn text_size<'b, 'v>(arguments: Arguments<'b, 'v>) -> Result<'b, 'v> {
    Ok(number(text(&arguments, 0)?.chars().count()))
}

fn list_size<'b, 'v>(arguments: Arguments<'b, 'v>) -> Result<'b, 'v> {
    let list = arguments
        .first()
        .and_then(|list| list.downcast_ref::<CelList>());
    let list = list.ok_or(ExecutionError::MissingArgumentOrTarget)?;
    Ok(number(list.inner().len()))
}

fn contains<'b, 'v>(arguments: Arguments<'b, 'v>) -> Result<'b, 'v> {
    Ok(flag(text(&arguments, 0)?.contains(text(&arguments, 1)?)))
}

fn starts_with<'b, 'v>(arguments: Arguments<'b, 'v>) -> Result<'b, 'v> {
    Ok(flag(text(&arguments, 0)?.starts_with(text(&arguments, 1)?)))
}

fn ends_with<'b, 'v>(arguments: Arguments<'b, 'v>) -> Result<'b, 'v> {
    Ok(flag(text(&arguments, 0)?.ends_with(text(&arguments, 1)?)))
}

/// Anywhere in the text, as the specification has it.
fn matches<'b, 'v>(arguments: Arguments<'b, 'v>) -> Result<'b, 'v> {
    let pattern = arguments
        .get(1)
        .and_then(|pattern| pattern.downcast_ref::<PatternValue>());
    let pattern = pattern.ok_or(ExecutionError::MissingArgumentOrTarget)?;
    Ok(flag(pattern.0.is_match(text(&arguments, 0)?)))
}

fn lower<'b, 'v>(arguments: Arguments<'b, 'v>) -> Result<'b, 'v> {
    Ok(CowVal::owned(CelString::from(
        text(&arguments, 0)?.to_lowercase(),
    )))
}

fn in_network<'b, 'v>(arguments: Arguments<'b, 'v>) -> Result<'b, 'v> {
    let network = arguments
        .get(1)
        .and_then(|network| network.downcast_ref::<NetworkValue>());
    let network = network.ok_or(ExecutionError::MissingArgumentOrTarget)?;
    Ok(flag(network.0.contains(text(&arguments, 0)?)))
}

fn int<'b, 'v>(arguments: Arguments<'b, 'v>) -> Result<'b, 'v> {
    let number: i64 = text(&arguments, 0)?
        .parse()
        .map_err(|_| ExecutionError::function_error(Function::Int.name(), ""))?;
    Ok(CowVal::owned(CelInt::from(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_overload_is_declared() {
        let mut environment = Env::default();
        for function in Function::ALL {
            for (position, (types, overload)) in function.overloads().into_iter().enumerate() {
                let id = position.to_string();
                environment
                    .add_overload(function.name(), &id, types, overload)
                    .unwrap();
            }
        }
    }

    #[test]
    fn usages_show_the_function() {
        for function in Function::ALL {
            assert!(function.usage().contains(&format!("{}(", function.name())));
            assert_eq!(Function::find(function.name()), Some(function));
        }
    }
}
