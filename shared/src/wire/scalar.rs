//! The two kinds of value that the contract knows: text, and the scalar of a custom attribute.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// A string in which `null` and `""` read as absent.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text(pub Option<String>);

impl Text {
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Text(…)"
        } else {
            "Text(none)"
        })
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(Self(text.filter(|text| !text.is_empty())))
    }
}

/// A value under a name that the contract does not fix.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum AnyScalar {
    /// `null` or `""`.
    #[default]
    Absent,
    Text(String),
    Flag(bool),
    Number(i64),
    /// A list of texts: the obsolete `stringCollectionDirectoryAttributeValue` (PROTOCOL 5.3).
    Texts(Vec<String>),
    /// A list or an object of something else, or a number that is not an integer of 64 bits.
    Other,
}

impl fmt::Debug for AnyScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyScalar(…)")
    }
}

impl<'de> Deserialize<'de> for AnyScalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyScalarVisitor)
    }
}

struct AnyScalarVisitor;

impl<'de> Visitor<'de> for AnyScalarVisitor {
    type Value = AnyScalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<AnyScalar, E> {
        Ok(AnyScalar::Absent)
    }

    fn visit_str<E>(self, text: &str) -> Result<AnyScalar, E> {
        Ok(if text.is_empty() {
            AnyScalar::Absent
        } else {
            AnyScalar::Text(text.to_owned())
        })
    }

    fn visit_bool<E>(self, flag: bool) -> Result<AnyScalar, E> {
        Ok(AnyScalar::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<AnyScalar, E> {
        Ok(AnyScalar::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<AnyScalar, E> {
        Ok(i64::try_from(number).map_or(AnyScalar::Other, AnyScalar::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<AnyScalar, E> {
        Ok(AnyScalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<AnyScalar, A::Error> {
        let mut texts = Some(Vec::new());
        while let Some(item) = items.next_element::<AnyScalar>()? {
            match (item, &mut texts) {
                (AnyScalar::Text(text), Some(texts)) => texts.push(text),
                (AnyScalar::Absent, Some(_)) => {}
                _ => texts = None,
            }
        }
        Ok(texts.map_or(AnyScalar::Other, AnyScalar::Texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<AnyScalar, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(AnyScalar::Other)
    }
}
