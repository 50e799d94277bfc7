//! A checked expression as it is evaluated: every name is found, every pattern and network compiled, every value of a known
//! kind. The order of everything here is part of what is published (`policy::prepared`).

use std::cell::Cell;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{function::Function, kind::Kind, network::Network, variable::Variable};
use crate::policy::{pattern::Pattern, values::Field};

/// A part of an expression.
#[derive(Debug, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub(super) enum Node {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Node>),
    Variable(Variable),
    /// A field where a value of this kind is expected.
    Field(Field, Kind),
    /// Whether a field has a value.
    Has(Field),
    /// The element or the result of a loop around, counted from the outermost.
    Local(usize),
    Not(Box<Node>),
    /// `true` for what is neither true nor false.
    NotStrictlyFalse(Box<Node>),
    Negate(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    /// The condition, and the values for both cases.
    Conditional(Box<[Node; 3]>),
    Binary(Operator, Box<[Node; 2]>),
    Call(Function, Vec<Node>),
    Matches(Box<Node>, Pattern),
    InNetwork(Box<Node>, Network),
    Loop(Box<Loop>),
}

/// Deepest tree that is read. A checked one is at most half as deep (`syntax::MAX_NESTING`); what is read goes on as deep as its
/// octets say.
const MAX_DEPTH: usize = 256;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// A part that is being read.
struct Within;

impl Within {
    fn another<E: de::Error>() -> Result<Self, E> {
        let depth = DEPTH.get();
        if depth == MAX_DEPTH {
            return Err(E::custom("found an expression that is too deep"));
        }
        DEPTH.set(depth + 1);
        Ok(Self)
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let _within = Within::another()?;
        Self::deserialize(deserializer)
    }
}

/// Of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    In,
    Element,
}

/// `exists`, `all`, `map` or `filter`: for each element of a list the result becomes what the round makes of it. Inside, the
/// element and the result are the next two locals.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Loop {
    pub(super) list: Node,
    pub(super) start: Node,
    pub(super) goes_on: Node,
    pub(super) round: Node,
    pub(super) end: Node,
    /// What one round needs to find for a failure of another not to count: `true` for `exists`, `false` for `all`.
    pub(super) decides: Option<bool>,
}
