//! What an expression refers to, looked up when it is compiled: its nodes hold nothing but the number of a reference.

use std::any::Any;

use cel::common::{
    types::{CelList, CelString, Type},
    value::{StaticVal, Val},
};

use super::{kind::Kind, network::Network, variable::Variable};
use crate::policy::{pattern::Pattern, values::Field};

/// What an identifier of a compiled expression stands for.
#[derive(Debug)]
pub(super) enum Reference {
    Variable(Variable),
    /// A field where a value of this kind is expected.
    Field(Field, Kind),
    /// Whether a field has a value.
    Has(Field),
    /// A list whose elements are all written out, built once.
    List(CelList<'static>),
    Pattern(PatternValue),
    Network(NetworkValue),
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

    /// How many elements a list has that is written out.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::List(list) => list.inner().len(),
            _ => 0,
        }
    }

    /// The texts of a list that is written out.
    pub(super) fn texts(&self) -> Vec<&str> {
        let Self::List(list) = self else {
            return Vec::new();
        };
        let texts = list.inner().iter();
        texts
            .filter_map(|value| value.downcast_ref::<CelString>())
            .map(CelString::inner)
            .collect()
    }
}

/// The type of [`PatternValue`] values.
pub(super) static PATTERN: Type = Type::new_unspecified_type("pattern");

/// The type of [`NetworkValue`] values.
pub(super) static NETWORK: Type = Type::new_unspecified_type("network");

/// A pattern as a value that only `matches` takes.
#[derive(Debug, Clone)]
pub(super) struct PatternValue(pub(super) Pattern);

impl Val for PatternValue {
    fn get_type(&self) -> &Type {
        <Self as Val>::cel_type()
    }

    fn cel_type() -> &'static Type {
        &PATTERN
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for PatternValue {}

/// A network as a value that only `in_network` takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct NetworkValue(pub(super) Network);

impl Val for NetworkValue {
    fn get_type(&self) -> &Type {
        <Self as Val>::cel_type()
    }

    fn cel_type() -> &'static Type {
        &NETWORK
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(*self)
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for NetworkValue {}
