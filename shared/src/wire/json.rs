//! Reading a body that somebody else wrote.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_path_to_error::{Path, Segment};

/// Deepest nesting that is read. The contract needs six levels.
const MAX_DEPTH: usize = 32;

/// What is wrong with a body, in words that carry nothing of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    NotUtf8,
    NestedTooDeeply,
    /// Not JSON, or more than one JSON value.
    Syntax,
    Truncated,
    /// JSON, but not of the shape or type that the contract says.
    WrongType,
    /// More identities or addresses than one read can look up.
    TooMany,
}

impl FaultKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not-utf8",
            Self::NestedTooDeeply => "nested-too-deeply",
            Self::Syntax => "syntax",
            Self::Truncated => "truncated",
            Self::WrongType => "wrong-type",
            Self::TooMany => "too-many",
        }
    }
}

/// A body that cannot be read, with the place of the fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    /// Members of the contract by name, every other member as `*`.
    pub path: String,
}

impl Fault {
    pub fn new(kind: FaultKind, path: impl Into<String>) -> Self {
        Self {
            kind,
            path: path.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.kind.name(), self.path)
    }
}

/// Parses one JSON value that fills `body`. `members` are the names that a fault's path may tell.
pub fn parse<T: DeserializeOwned>(body: &[u8], members: &[&str]) -> Result<T, Fault> {
    let text = std::str::from_utf8(body).map_err(|_| Fault::new(FaultKind::NotUtf8, "."))?;
    if deeper_than(text.as_bytes(), MAX_DEPTH) {
        return Err(Fault::new(FaultKind::NestedTooDeeply, "."));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = told(error.path(), members);
        Fault::new(kind(error.inner()), path)
    })?;
    reader
        .end()
        .map_err(|error| Fault::new(kind(&error), "."))?;
    Ok(value)
}

/// A struct that stands as a JSON object. By itself `serde` reads a list as well, its items as the
/// members in their order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}

/// For a member that is an object, or missing or `null`.
pub(super) fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let object = Option::<Object<T>>::deserialize(deserializer)?;
    Ok(object.map(|object| object.0))
}

/// For a member that is a list of objects, or missing or `null`.
pub(super) fn objects<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let objects = Option::<Vec<Object<T>>>::deserialize(deserializer)?;
    Ok(objects.map(|objects| objects.into_iter().map(|object| object.0).collect()))
}

fn kind(error: &serde_json::Error) -> FaultKind {
    match error.classify() {
        serde_json::error::Category::Eof => FaultKind::Truncated,
        serde_json::error::Category::Data => FaultKind::WrongType,
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => FaultKind::Syntax,
    }
}

/// Counts brackets outside strings: `serde_json` limits only what it builds, not what it skips.
fn deeper_than(text: &[u8], limit: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}

fn told(path: &Path, members: &[&str]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text = format!("{text}[{index}]"),
            Segment::Map { key } => {
                let known = members.contains(&key.as_str());
                text.push('.');
                text.push_str(if known { key } else { "*" });
            }
            Segment::Enum { .. } | Segment::Unknown => text.push_str(".*"),
        }
    }
    if text.is_empty() {
        ".".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_bomb_in_a_member_that_nobody_reads_is_refused_too() {
        let bomb = format!("{{\"x\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let fault = parse::<Value>(bomb.as_bytes(), &[]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::NestedTooDeeply);
    }

    #[test]
    fn brackets_in_strings_do_not_count() {
        let text = format!("{{\"x\":\"{}\\\"[\"}}", "[".repeat(100));
        assert!(parse::<Value>(text.as_bytes(), &[]).is_ok());
    }

    #[test]
    fn names_the_fault() {
        let fault = |body: &[u8]| parse::<Value>(body, &[]).unwrap_err().kind;
        assert_eq!(fault(b"\xff\xfe"), FaultKind::NotUtf8);
        assert_eq!(fault(b"{\"a\":"), FaultKind::Truncated);
        assert_eq!(fault(b"{\"a\" 1}"), FaultKind::Syntax);
        assert_eq!(fault(b"{} {}"), FaultKind::Syntax);
        assert_eq!(fault(b""), FaultKind::Truncated);
    }

    #[test]
    fn a_path_tells_only_names_of_the_contract() {
        type Body = std::collections::BTreeMap<String, std::collections::BTreeMap<String, bool>>;
        let fault = parse::<Body>(br#"{"data":{"john@example.com":1}}"#, &["data"]).unwrap_err();
        assert_eq!(fault.to_string(), "wrong-type at .data.*");
    }
}
