//! API connectors of workforce tenants and of Azure AD B2C (PROTOCOL 1).

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor},
    ser::SerializeMap,
};

use super::{
    json::{self, Fault},
    scalar::{AnyScalar, Text},
};

/// The step names of PROTOCOL 1.1, with the older alias of the token step.
pub const STEP_AFTER_FEDERATION: &[&str] = &["PostFederationSignup"];
pub const STEP_BEFORE_CREATING_USER: &[&str] = &["PostAttributeCollection"];
pub const STEP_BEFORE_TOKEN: &[&str] = &["PreTokenIssuance", "PreTokenApplicationClaims"];

/// Names that a fault in a body may tell.
const MEMBERS: &[&str] = &[
    "email",
    "identities",
    "signInType",
    "issuer",
    "issuerAssignedId",
    "displayName",
    "givenName",
    "surname",
    "lastName",
    "jobTitle",
    "streetAddress",
    "city",
    "postalCode",
    "state",
    "country",
    "objectId",
    "step",
    "client_id",
    "clientId",
    "ui_locales",
];

/// What Entra posts: a flat object of claims.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ConnectorRequest {
    pub email: Text,
    pub identities: Vec<ObjectIdentity>,
    /// Absent in workforce requests.
    pub step: Text,
    /// `client_id`, or `clientId` in an older sample.
    pub client_id: Text,
    pub ui_locales: Text,
    /// Meaningful at the token step only.
    pub object_id: Text,
    /// Every other claim under its name, `lastName` told as `surname`; lists and objects left out.
    pub attributes: Vec<(String, AnyScalar)>,
}

impl ConnectorRequest {
    /// `null` is no request.
    pub fn parse(body: &[u8]) -> Result<Self, Fault> {
        json::parse(body, MEMBERS)
    }
}

/// Graph `objectIdentity`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectIdentity {
    pub sign_in_type: Text,
    pub issuer: Text,
    pub issuer_assigned_id: Text,
}

impl<'de> Deserialize<'de> for ConnectorRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ClaimsVisitor)
    }
}

struct ClaimsVisitor;

impl<'de> Visitor<'de> for ClaimsVisitor {
    type Value = ConnectorRequest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<ConnectorRequest, A::Error> {
        let mut request = ConnectorRequest::default();
        let mut last_name = None;
        let mut seen = std::collections::HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            // Which of two values counts would be a guess, and a guess can be made to miss a list.
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom("a claim stands twice"));
            }
            match name.as_str() {
                "email" => request.email = members.next_value()?,
                "identities" => {
                    let identities: Option<Vec<json::Object<_>>> = members.next_value()?;
                    let identities = identities.unwrap_or_default().into_iter();
                    request.identities = identities.map(|identity| identity.0).collect();
                }
                "step" => request.step = members.next_value()?,
                "client_id" => request.client_id = members.next_value()?,
                "clientId" => {
                    let alias: Text = members.next_value()?;
                    request.client_id.0 = request.client_id.0.take().or(alias.0);
                }
                "ui_locales" => request.ui_locales = members.next_value()?,
                "objectId" => request.object_id = members.next_value()?,
                "lastName" => last_name = members.next_value::<Text>()?.0,
                built_in if MEMBERS.contains(&built_in) => {
                    if let Some(text) = members.next_value::<Text>()?.0 {
                        request.attributes.push((name, AnyScalar::Text(text)));
                    }
                }
                _ => match members.next_value()? {
                    AnyScalar::Absent => {}
                    AnyScalar::Other | AnyScalar::Texts(_) if !is_custom(&name) => {}
                    AnyScalar::Other | AnyScalar::Texts(_) => {
                        return Err(A::Error::custom("a custom attribute is no scalar"));
                    }
                    scalar => request.attributes.push((name, scalar)),
                },
            }
        }
        // Only the workforce after-federation sample says `lastName` (PROTOCOL 1.2).
        if let Some(text) = last_name
            && !request.attributes.iter().any(|(name, _)| name == "surname")
        {
            request
                .attributes
                .push(("surname".to_owned(), AnyScalar::Text(text)));
        }
        Ok(request)
    }
}

fn is_custom(name: &str) -> bool {
    name.get(..10)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("extension_"))
}

/// What we answer. `version` is the version of our API that the operator configured.
#[derive(Debug, PartialEq)]
pub struct ConnectorResponse<'a> {
    pub version: &'a str,
    pub action: Action,
}

/// The three actions (PROTOCOL 1.3).
#[derive(Debug, PartialEq)]
pub enum Action {
    /// With claims as members of their own.
    Continue(Vec<(String, Scalar)>),
    ShowBlockPage {
        user_message: String,
    },
    /// Goes with HTTP status 400.
    ValidationError {
        user_message: String,
    },
}

/// A claim's value; lists have been joined, for user attributes cannot be lists.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Scalar {
    Text(String),
    Flag(bool),
    Number(i64),
}

/// Members of the answer itself, which a claim must not replace.
pub const RESERVED: &[&str] = &["version", "action", "status", "userMessage"];

impl Serialize for ConnectorResponse<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("version", self.version)?;
        match &self.action {
            Action::Continue(claims) => {
                members.serialize_entry("action", "Continue")?;
                for (name, value) in claims {
                    members.serialize_entry(name, value)?;
                }
            }
            Action::ShowBlockPage { user_message } => {
                members.serialize_entry("action", "ShowBlockPage")?;
                members.serialize_entry("userMessage", user_message)?;
            }
            Action::ValidationError { user_message } => {
                members.serialize_entry("status", &400)?;
                members.serialize_entry("action", "ValidationError")?;
                members.serialize_entry("userMessage", user_message)?;
            }
        }
        members.end()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn text(value: &str) -> AnyScalar {
        AnyScalar::Text(value.to_owned())
    }

    fn attributes(body: &str) -> Vec<(String, AnyScalar)> {
        ConnectorRequest::parse(body.as_bytes()).unwrap().attributes
    }

    #[test]
    fn types_of_custom_attributes_are_kept() {
        assert_eq!(
            attributes(r#"{"extension_a_Age":17,"extension_a_Agreed":true,"extension_a_X":"y"}"#),
            [
                ("extension_a_Age".to_owned(), AnyScalar::Number(17)),
                ("extension_a_Agreed".to_owned(), AnyScalar::Flag(true)),
                ("extension_a_X".to_owned(), text("y")),
            ]
        );
    }

    #[test]
    fn surname_is_preferred_to_last_name() {
        let surname = |body| {
            attributes(body)
                .into_iter()
                .map(|(_, value)| value)
                .collect::<Vec<_>>()
        };
        assert_eq!(surname(r#"{"lastName":"Smith"}"#), [text("Smith")]);
        assert_eq!(
            surname(r#"{"lastName":"Old","surname":"New"}"#),
            [text("New")]
        );
        assert_eq!(surname(r#"{"lastName":"Old","surname":""}"#), [text("Old")]);
    }

    #[test]
    fn missing_null_and_empty_are_the_same() {
        for body in [
            "{}",
            r#"{"email":null,"city":null,"identities":null}"#,
            r#"{"email":"","city":""}"#,
        ] {
            assert_eq!(
                ConnectorRequest::parse(body.as_bytes()).unwrap(),
                ConnectorRequest::default()
            );
        }
    }

    #[test]
    fn the_client_has_two_names() {
        for body in [
            r#"{"client_id":"a"}"#,
            r#"{"clientId":"a"}"#,
            r#"{"client_id":"a","clientId":"b"}"#,
        ] {
            let request = ConnectorRequest::parse(body.as_bytes()).unwrap();
            assert_eq!(request.client_id.as_deref(), Some("a"));
        }
    }

    #[test]
    fn unknown_members_of_any_shape_are_accepted() {
        let body =
            r#"{"someFutureKey":{"nested":[1,2]},"list":["a"],"signInNames.emailAddress":"x@y.z"}"#;
        assert_eq!(
            attributes(body),
            [("signInNames.emailAddress".to_owned(), text("x@y.z"))]
        );
    }

    #[rstest]
    #[case::null("null", ".")]
    #[case::list("[]", ".")]
    #[case::email_number(r#"{"email":5}"#, ".email")]
    #[case::identities_text(r#"{"identities":"facebook.com"}"#, ".identities")]
    #[case::identity_list(
        r#"{"identities":[["federated","mail","a@b.example"]]}"#,
        ".identities[0]"
    )]
    #[case::issuer_number(r#"{"identities":[{"issuer":1}]}"#, ".identities[0].issuer")]
    #[case::city_object(r#"{"city":{"a":1}}"#, ".city")]
    #[case::custom_list(r#"{"extension_a_X":["y"]}"#, ".")]
    #[case::custom_fraction(r#"{"extension_a_X":1.5}"#, ".")]
    #[case::twice(r#"{"email":"a@example.com","email":"b@example.com"}"#, ".")]
    fn wrong_types_are_faults_with_their_path(#[case] body: &str, #[case] path: &str) {
        let fault = ConnectorRequest::parse(body.as_bytes()).unwrap_err();
        assert_eq!(
            (fault.kind, fault.path.as_str()),
            (json::FaultKind::WrongType, path)
        );
    }
}
