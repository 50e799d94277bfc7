//! The expressions of a policy: CEL over what is known of a sign-up.
//!
//! The language is the Common Expression Language (<https://github.com/google/cel-spec>), parsed by the `cel` crate, without
//! maps, messages, bytes, fractions and `null`. An expression sees `email`, `identity`,
//! `attributes`, `facts`, `sources`, `names`, `list`, `user_flow`, `application`, `client`, `step`, `language` and `now`; a text
//! that is missing is `""`.
//!
//! What an expression can cost is bounded when it is compiled: its length ([`MAX_EXPRESSION_OCTETS`]), its nesting (64
//! levels), loops in each other (two), and the steps that it takes at most (5,000, which is less than a millisecond).
//! Patterns are compiled beforehand, each to at most 4,096 steps, and match in linear time.

mod check;
mod cost;
mod evaluate;
mod function;
mod kind;
mod lower;
mod misuse;
mod network;
mod node;
mod path;
mod reference;
mod scope;
mod syntax;
#[cfg(test)]
mod tests;
mod value;
mod variable;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::scope::{ENTRA, Scope, Subject};
use self::{node::Node, reference::Reference};
use super::{
    document::ValueType,
    values::{Field, Key},
};

/// Longest expression, in octets.
pub const MAX_EXPRESSION_OCTETS: usize = 2000;

/// The names that a policy declares, for its expressions.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// The types of declared attributes; of any other, what an expression does with it tells.
    pub attributes: BTreeMap<Key, ValueType>,
    /// What its sources are asked for, for expressions alone: `facts.NAME`.
    pub facts: BTreeSet<String>,
    /// Its sources: `sources.NAME` is how asking one ended.
    pub sources: BTreeSet<String>,
}

/// A compiled expression that yields true or false.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

#[derive(Serialize, Deserialize)]
struct Compiled {
    condition: Node,
    /// That it looks at.
    fields: Vec<Field>,
}

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionFault {
    /// Where, in octets, when it is known.
    pub offset: Option<usize>,
    pub problem: String,
    pub suggestion: Option<String>,
}

/// Why an expression has no result for a sign-up: a kind, never a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("an attribute has no value")]
    NoValue,
    #[error("a value has another type")]
    Type,
    #[error("it is neither true nor false")]
    NotBoolean,
    #[error("there was no time left")]
    OutOfTime,
    #[error("it could not be computed")]
    Other,
}

impl Expression {
    /// Compiles a condition, or tells the first thing that is wrong with it.
    pub fn compile(source: &str, vocabulary: &Vocabulary) -> Result<Self, ExpressionFault> {
        let parsed = syntax::parse(source)?;
        let whole = parsed.id;
        let (condition, references) =
            check::check(parsed, vocabulary).map_err(|misuse| ExpressionFault {
                offset: syntax::place(source, misuse.node),
                problem: misuse.problem,
                suggestion: misuse.suggestion,
            })?;
        let steps = cost::steps(&condition, &references);
        if steps > cost::MAX_STEPS {
            let most = cost::MAX_STEPS;
            return Err(ExpressionFault {
                offset: syntax::place(source, whole),
                problem: format!(
                    "it can take {steps} steps, expected at most {most}: shorter lists, or fewer in each other"
                ),
                suggestion: None,
            });
        }
        let fields = references.iter().filter_map(Reference::field).cloned();
        let fields = fields.collect();
        let condition = lower::lower(condition, references).ok_or_else(|| ExpressionFault {
            offset: None,
            problem: "it cannot be evaluated".to_owned(),
            suggestion: None,
        })?;
        Ok(Self(Arc::new(Compiled { condition, fields })))
    }

    /// The fields that it looks at.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.0.fields.iter()
    }

    /// Whether the condition holds for a sign-up.
    pub fn holds(&self, scope: &Scope<'_>) -> Result<bool, Failure> {
        if scope.is_out_of_time() {
            return Err(Failure::OutOfTime);
        }
        evaluate::holds(&self.0.condition, scope)
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Compiled::deserialize(deserializer).map(|compiled| Self(Arc::new(compiled)))
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expression")
            .field("fields", &self.0.fields)
            .finish_non_exhaustive()
    }
}
