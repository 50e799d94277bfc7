//! What expressions compute with.

use std::borrow::Cow;

/// A value, borrowed where it lies somewhere already.
#[derive(Debug, Clone)]
pub(super) enum Value<'v> {
    Text(Cow<'v, str>),
    Integer(i64),
    Boolean(bool),
    List(Vec<Value<'v>>),
    /// A list that lies elsewhere.
    Listed(&'v [Value<'v>]),
}

impl<'v> Value<'v> {
    pub(super) fn text(text: impl Into<Cow<'v, str>>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn borrowed(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Integer(number) => Value::Integer(*number),
            Self::Boolean(truth) => Value::Boolean(*truth),
            Self::List(elements) => Value::Listed(elements),
            Self::Listed(elements) => Value::Listed(elements),
        }
    }

    /// Of a list; none of what is no list.
    pub(super) fn elements(&self) -> Option<&[Self]> {
        match self {
            Self::List(elements) => Some(elements),
            Self::Listed(elements) => Some(elements),
            Self::Text(_) | Self::Integer(_) | Self::Boolean(_) => None,
        }
    }

    pub(super) fn into_elements(self) -> Option<Vec<Self>> {
        match self {
            Self::List(elements) => Some(elements),
            Self::Listed(elements) => Some(elements.to_vec()),
            Self::Text(_) | Self::Integer(_) | Self::Boolean(_) => None,
        }
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Integer(one), Self::Integer(other)) => one == other,
            (Self::Boolean(one), Self::Boolean(other)) => one == other,
            (one, other) => one
                .elements()
                .zip(other.elements())
                .is_some_and(|(one, other)| one == other),
        }
    }
}
