//! Requests to other systems, put together from what is known of a sign-up.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    template::{self, Piece, pieces},
    values::{Field, Key, Values},
};
use crate::domain::{attribute::AttributeValue, language::Language, sign_up::SignUp};

/// What a placeholder of a request stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Placeholder {
    Email,
    EmailDomain,
    IdentityProvider,
    IdentitySubject,
    ObjectId,
    Language,
    UserFlow,
    Application,
    ClientIp,
    Field(Field),
}

const NAMES: &[(&str, Placeholder)] = &[
    ("email", Placeholder::Email),
    ("email.address", Placeholder::Email),
    ("email.domain", Placeholder::EmailDomain),
    ("identity.provider", Placeholder::IdentityProvider),
    ("identity.subject", Placeholder::IdentitySubject),
    ("object_id", Placeholder::ObjectId),
    ("language", Placeholder::Language),
    ("user_flow", Placeholder::UserFlow),
    ("application", Placeholder::Application),
    ("client.ip", Placeholder::ClientIp),
];

const FACTS: &str = "facts.";

/// What requests are filled with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filling<'f> {
    pub(super) sign_up: &'f SignUp,
    pub(super) values: &'f Values,
    pub(super) user_flow: Option<&'f str>,
    pub(super) language: Language,
}

/// A text with placeholders, part of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RequestText(Vec<Piece<Placeholder>>);

impl RequestText {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        pieces(text, placeholder).map(Self)
    }

    /// The fields that it is made of.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Value(Placeholder::Field(field)) => Some(field),
            _ => None,
        })
    }

    /// What stands before the first placeholder.
    pub(super) fn beginning(&self) -> &str {
        match self.0.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    pub(super) fn is_fixed(&self) -> bool {
        !self.0.iter().any(|piece| matches!(piece, Piece::Value(_)))
    }

    /// With every value encoded. `None` when one of them is missing or cannot be encoded.
    pub(super) fn fill(
        &self,
        filling: Filling<'_>,
        encode: impl Fn(&str) -> Option<String>,
    ) -> Option<String> {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Value(placeholder) => {
                    let value = filling.value(placeholder)?;
                    filled.push_str(&encode(&template::text(&value))?);
                }
            }
        }
        Some(filled)
    }

    /// A value with its type, where it is nothing but one placeholder.
    fn json(&self, filling: Filling<'_>) -> Option<Value> {
        if let [
            Piece::Text(before),
            Piece::Value(placeholder),
            Piece::Text(after),
        ] = self.0.as_slice()
            && before.is_empty()
            && after.is_empty()
        {
            return Some(match filling.value(placeholder)? {
                AttributeValue::Text(text) => text.into(),
                AttributeValue::Number(number) => number.into(),
                AttributeValue::Flag(flag) => flag.into(),
            });
        }
        self.fill(filling, |text| Some(text.to_owned()))
            .map(Value::String)
    }
}

fn placeholder(name: &str) -> Result<Placeholder, String> {
    if let Some((_, known)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Ok(known.clone());
    }
    if let Some(fact) = name.strip_prefix(FACTS) {
        return Ok(Placeholder::Field(Field::Fact(Key::of(fact))));
    }
    if let Some((root, _)) = name.split_once('.')
        && NAMES.iter().any(|(known, _)| known.starts_with(root))
    {
        let known: Vec<&str> = NAMES.iter().map(|(known, _)| *known).collect();
        return Err(format!(
            "found `{{{name}}}`, expected an attribute, `facts.NAME` or one of `{}`",
            known.join("`, `")
        ));
    }
    Ok(Placeholder::Field(Field::Attribute(Key::of(name))))
}

impl Filling<'_> {
    /// Nothing for what is missing or empty.
    fn value(&self, placeholder: &Placeholder) -> Option<AttributeValue> {
        let address = self.sign_up.addresses.first();
        let identity = self.sign_up.identities.first();
        let text = match placeholder {
            Placeholder::Field(field) => {
                let value = self.values.field(field)?.clone();
                return (value != AttributeValue::Text(String::new())).then_some(value);
            }
            Placeholder::Email => address?.canonical().as_str().to_owned(),
            Placeholder::EmailDomain => address?.domain().as_str().to_owned(),
            Placeholder::IdentityProvider => identity?.provider.as_str().to_owned(),
            Placeholder::IdentitySubject => identity?.subject.as_ref()?.as_str().to_owned(),
            Placeholder::ObjectId => self.sign_up.object_id.clone()?,
            Placeholder::Language => self.language.tag().to_owned(),
            Placeholder::UserFlow => self.user_flow?.to_owned(),
            Placeholder::Application => self.sign_up.application.clone()?,
            Placeholder::ClientIp => self.sign_up.client?.to_string(),
        };
        (!text.is_empty()).then_some(AttributeValue::Text(text))
    }
}

/// A JSON body with placeholders in its texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum RequestJson {
    Fixed(Value),
    Text(RequestText),
    List(Vec<Self>),
    Members(Vec<(String, Self)>),
}

impl RequestJson {
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => Self::Text(RequestText::parse(text)?),
            Value::Array(values) => {
                Self::List(values.iter().map(Self::parse).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let parsed = members
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), Self::parse(value)?)));
                Self::Members(parsed.collect::<Result<_, String>>()?)
            }
            other => Self::Fixed(other.clone()),
        })
    }

    pub(super) fn fields(&self) -> Vec<&Field> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Text(text) => text.fields().collect(),
            Self::List(values) => values.iter().flat_map(Self::fields).collect(),
            Self::Members(members) => members.iter().flat_map(|(_, one)| one.fields()).collect(),
        }
    }

    /// Without the texts of which a value is missing.
    pub(super) fn fill(&self, filling: Filling<'_>) -> Option<Value> {
        match self {
            Self::Fixed(value) => Some(value.clone()),
            Self::Text(text) => text.json(filling),
            Self::List(values) => Some(Value::Array(
                values.iter().filter_map(|one| one.fill(filling)).collect(),
            )),
            Self::Members(members) => {
                let filled = members
                    .iter()
                    .filter_map(|(name, one)| Some((name.clone(), one.fill(filling)?)));
                Some(Value::Object(filled.collect::<Map<_, _>>()))
            }
        }
    }
}

/// Everything but the unreserved characters of RFC 3986 as `%XX`: a value never ends the part of the URL that it stands in.
/// `None` for `.` and `..`, which would climb up the path, encoded or not (RFC 3986, 5.2.4).
pub(super) fn percent_encoded(text: &str) -> Option<String> {
    use std::fmt::Write;
    if [".", ".."].contains(&text) {
        return None;
    }
    let encoded = text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    });
    Some(encoded)
}

/// A value that does not end the header that it stands in. `None` for one that would.
pub(super) fn header_value(text: &str) -> Option<String> {
    (!text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// The URL up to its path. `None` when it is no URL that may be called: HTTPS, or HTTP on this very machine, without
/// credentials.
pub(super) fn authority(url: &str) -> Option<&str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    let host = authority
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(authority, |(host, _)| host);
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b);
    let loopback = ["127.0.0.1", "localhost", "[::1]"].contains(&host);
    let is_host = !host.is_empty() && host.bytes().all(allowed);
    (is_host && (url.starts_with("https://") || loopback)).then_some(authority)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://crm.example.com/people/", Some("crm.example.com"))]
    #[case("https://crm.example.com:8443?x=", Some("crm.example.com:8443"))]
    #[case("http://127.0.0.1:7100/x", Some("127.0.0.1:7100"))]
    #[case("http://crm.example.com/x", None)]
    #[case("https://user@crm.example.com/", None)]
    #[case("https://", None)]
    #[case("file:///etc/passwd", None)]
    fn a_url_says_whom_it_calls(#[case] url: &str, #[case] expected: Option<&str>) {
        assert_eq!(authority(url), expected);
    }

    #[test]
    fn a_value_cannot_leave_its_place_in_a_url() {
        let encoded = percent_encoded("a/../b?c=d#e f&g@h%é");
        assert_eq!(
            encoded.as_deref(),
            Some("a%2F..%2Fb%3Fc%3Dd%23e%20f%26g%40h%25%C3%A9")
        );
        assert_eq!(percent_encoded(".."), None);
    }
}
