//! Custom authentication extensions (PROTOCOL 5.1–5.7).

use std::collections::BTreeMap;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};

use super::{
    api_connector::ObjectIdentity,
    json::{self, Fault},
    scalar::{AnyScalar, Text},
};

/// Names that a fault in a body may tell.
const MEMBERS: &[&str] = &[
    "type",
    "source",
    "data",
    "@odata.type",
    "@odata.Type",
    "tenantId",
    "authenticationEventListenerId",
    "customAuthenticationExtensionId",
    "otpContext",
    "identifier",
    "oneTimeCode",
    "authenticationContext",
    "correlationId",
    "client",
    "ip",
    "clientIp",
    "locale",
    "market",
    "protocol",
    "requestType",
    "clientServicePrincipal",
    "appId",
    "appDisplayName",
    "userSignUpInfo",
    "attributes",
    "value",
    "attributeType",
    "identities",
    "signInType",
    "issuer",
    "issuerAssignedId",
    "user",
    "id",
    "mail",
    "userPrincipalName",
    "preferredLanguage",
];

/// An event of the extensions that this product answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    AttributeCollectionStart,
    AttributeCollectionSubmit,
    TokenIssuanceStart,
    EmailOtpSend,
}

impl Event {
    /// The last part of `type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AttributeCollectionStart => "attributeCollectionStart",
            Self::AttributeCollectionSubmit => "attributeCollectionSubmit",
            Self::TokenIssuanceStart => "tokenIssuanceStart",
            Self::EmailOtpSend => "emailOtpSend",
        }
    }

    /// The first part of the action's name.
    const fn action_prefix(self) -> &'static str {
        match self {
            Self::EmailOtpSend => "OtpSend",
            other => other.name(),
        }
    }

    /// The event's name in `data.@odata.type`.
    const fn callout_data(self) -> &'static str {
        match self {
            Self::AttributeCollectionStart => "onAttributeCollectionStartCalloutData",
            Self::AttributeCollectionSubmit => "onAttributeCollectionSubmitCalloutData",
            Self::TokenIssuanceStart => "onTokenIssuanceStartCalloutData",
            Self::EmailOtpSend => "onOtpSendCalloutData",
        }
    }

    const fn response_data(self) -> &'static str {
        match self {
            Self::AttributeCollectionStart => {
                "microsoft.graph.onAttributeCollectionStartResponseData"
            }
            Self::AttributeCollectionSubmit => {
                "microsoft.graph.onAttributeCollectionSubmitResponseData"
            }
            Self::TokenIssuanceStart => "microsoft.graph.onTokenIssuanceStartResponseData",
            // The capital letters here and in the action are the reference's own.
            Self::EmailOtpSend => "microsoft.graph.OnOtpSendResponseData",
        }
    }
}

/// What Entra posts. Every member may be missing or `null`: captures differ from the reference.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ExtensionRequest {
    #[serde(rename = "type")]
    pub event: Text,
    #[serde(deserialize_with = "json::object")]
    pub data: Option<CalloutData>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CalloutData {
    #[serde(rename = "@odata.type", alias = "@odata.Type")]
    pub odata_type: Text,
    pub tenant_id: Text,
    pub authentication_event_listener_id: Text,
    pub custom_authentication_extension_id: Text,
    /// Of a one-time code only.
    pub otp_context: Option<OtpContext>,
    #[serde(deserialize_with = "json::object")]
    pub authentication_context: Option<AuthenticationContext>,
    #[serde(deserialize_with = "json::object")]
    pub user_sign_up_info: Option<UserSignUpInfo>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthenticationContext {
    pub correlation_id: Text,
    #[serde(deserialize_with = "json::object")]
    pub client: Option<Client>,
    #[serde(deserialize_with = "json::object")]
    pub client_service_principal: Option<ServicePrincipal>,
    /// At the token step only.
    #[serde(deserialize_with = "json::object")]
    pub user: Option<User>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Client {
    /// Whatever it is: nobody is kept out because of it.
    pub ip: AnyScalar,
    pub locale: Text,
    pub market: Text,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePrincipal {
    pub app_id: Text,
    pub app_display_name: Text,
}

/// Where a one-time code goes, and the code, which is a live credential.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OtpContext {
    pub identifier: Text,
    pub one_time_code: Text,
}

impl<'de> Deserialize<'de> for OtpContext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OtpContextVisitor)
    }
}

/// Compares names without case: Microsoft's own samples write `onetimecode` (PROTOCOL 5.7).
struct OtpContextVisitor;

impl<'de> Visitor<'de> for OtpContextVisitor {
    type Value = OtpContext;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object with an address and a code")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<OtpContext, A::Error> {
        let mut context = OtpContext::default();
        while let Some(name) = members.next_key::<String>()? {
            let place = match name.to_ascii_lowercase().as_str() {
                "identifier" => &mut context.identifier,
                "onetimecode" => &mut context.one_time_code,
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let value: Text = members.next_value()?;
            // Which of two codes counts would be a guess.
            if std::mem::replace(place, value).0.is_some() {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(context)
    }
}

/// Sparse: an external social user has no `userPrincipalName`, a local one no `mail`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    pub id: Text,
    pub mail: Text,
    pub user_principal_name: Text,
    pub preferred_language: Text,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct UserSignUpInfo {
    #[serde(deserialize_with = "attributes")]
    pub attributes: Option<Attributes>,
    #[serde(deserialize_with = "json::objects")]
    pub identities: Option<Vec<ObjectIdentity>>,
}

/// By name, as it stands on the wire.
pub type Attributes = BTreeMap<String, Option<DirectoryAttributeValue>>;

fn attributes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Attributes>, D::Error> {
    let unique = Option::<Unique>::deserialize(deserializer)?;
    Ok(unique.map(|attributes| attributes.0))
}

struct Unique(Attributes);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of attributes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unique, A::Error> {
        let mut attributes = Attributes::new();
        while let Some(name) = members.next_key::<String>()? {
            let value: Option<json::Object<_>> = members.next_value()?;
            // Which of two values counts would be a guess, and a guess can be made to miss a list.
            if attributes
                .insert(name, value.map(|value| value.0))
                .is_some()
            {
                return Err(A::Error::custom("an attribute stands twice"));
            }
        }
        Ok(Unique(attributes))
    }
}

/// `stringDirectoryAttributeValue` and its siblings; the JSON type of `value` is what counts.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct DirectoryAttributeValue {
    #[serde(default = "absent")]
    pub value: AnyScalar,
}

fn absent() -> AnyScalar {
    AnyScalar::Absent
}

impl ExtensionRequest {
    pub fn parse(body: &[u8]) -> Result<Self, Fault> {
        json::parse::<json::Object<Self>>(body, MEMBERS).map(|object| object.0)
    }

    /// Whether the body is this event's: by `type` and `data.@odata.type`, of which at least one must
    /// stand and none may say otherwise. Compared without case, as Microsoft's SDK does.
    pub fn is_of(&self, event: Event) -> bool {
        let data_type = self
            .data
            .as_ref()
            .and_then(|data| data.odata_type.as_deref());
        let says = |text: Option<&str>, name: &str| {
            text.map(|text| {
                let last = text.rsplit('.').next().unwrap_or(text);
                let old_name = last.get(..2).filter(|on| on.eq_ignore_ascii_case("on"));
                let bare = if old_name.is_some() {
                    last.get(2..).unwrap_or(last)
                } else {
                    last
                };
                bare.eq_ignore_ascii_case(name)
            })
        };
        let callout = event.callout_data().get(2..).unwrap_or_default();
        match (
            says(self.event.as_deref(), event.name()),
            says(data_type, callout),
        ) {
            (None, None) => false,
            (by_type, by_data) => by_type != Some(false) && by_data != Some(false),
        }
    }
}

/// What we answer: always HTTP 200 and exactly one action (PROTOCOL 5.3).
#[derive(Debug, Serialize)]
pub struct ExtensionResponse {
    data: ResponseData,
}

#[derive(Debug, Serialize)]
struct ResponseData {
    #[serde(rename = "@odata.type")]
    odata_type: &'static str,
    actions: [ResponseAction; 1],
}

#[derive(Debug, Serialize)]
struct ResponseAction {
    #[serde(rename = "@odata.type")]
    odata_type: String,
    #[serde(flatten)]
    action: Action,
}

/// The actions of the events, with their members.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Action {
    ContinueWithDefaultBehavior {},
    SetPrefillValues {
        inputs: BTreeMap<String, Value>,
    },
    ModifyAttributeValues {
        attributes: BTreeMap<String, Value>,
    },
    ShowBlockPage {
        title: String,
        message: String,
    },
    #[serde(rename_all = "camelCase")]
    ShowValidationError {
        message: String,
        attribute_errors: BTreeMap<String, String>,
    },
    ProvideClaimsForToken {
        claims: BTreeMap<String, TokenValue>,
    },
}

impl Action {
    /// Lower camel case, as the reference pages write it.
    const fn name(&self) -> &'static str {
        match self {
            Self::ContinueWithDefaultBehavior {} => "continueWithDefaultBehavior",
            Self::SetPrefillValues { .. } => "setPrefillValues",
            Self::ModifyAttributeValues { .. } => "modifyAttributeValues",
            Self::ShowBlockPage { .. } => "showBlockPage",
            Self::ShowValidationError { .. } => "showValidationError",
            Self::ProvideClaimsForToken { .. } => "provideClaimsForToken",
        }
    }
}

/// A value of the attribute's own type; lists have been joined with commas.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Text(String),
    Flag(bool),
    Number(i64),
}

/// Tokens take texts and lists of texts only.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TokenValue {
    Text(String),
    Texts(Vec<String>),
}

impl TokenValue {
    fn octets(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Texts(texts) => texts.iter().map(String::len).sum(),
        }
    }
}

/// Most octets of all names and values together (error 1003025).
pub const MAX_TOKEN_CLAIMS_OCTETS: usize = 3 * 1024;

/// The size that Entra limits.
pub fn token_claims_octets(claims: &BTreeMap<String, TokenValue>) -> usize {
    claims
        .iter()
        .map(|(name, value)| name.len() + value.octets())
        .sum()
}

impl ExtensionResponse {
    pub fn new(event: Event, action: Action) -> Self {
        let odata_type = format!(
            "microsoft.graph.{}.{}",
            event.action_prefix(),
            action.name()
        );
        Self {
            data: ResponseData {
                odata_type: event.response_data(),
                actions: [ResponseAction { odata_type, action }],
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::documented("microsoft.graph.authenticationEvent.attributeCollectionSubmit", true)]
    #[case::other_case("microsoft.graph.authenticationEvent.AttributeCollectionSubmit", true)]
    #[case::old_name("onAttributeCollectionSubmit", true)]
    #[case::other_event("microsoft.graph.authenticationEvent.attributeCollectionStart", false)]
    #[case::unknown("microsoft.graph.authenticationEvent.pageRenderStart", false)]
    #[case::suffix(
        "microsoft.graph.authenticationEvent.xattributeCollectionSubmit",
        false
    )]
    fn the_event_is_compared_without_case(#[case] event: &str, #[case] expected: bool) {
        let body = format!(r#"{{"type":"{event}","data":{{}}}}"#);
        let request = ExtensionRequest::parse(body.as_bytes()).unwrap();
        assert_eq!(request.is_of(Event::AttributeCollectionSubmit), expected);
    }

    #[rstest]
    #[case::agrees(
        "attributeCollectionSubmit",
        "microsoft.graph.onAttributeCollectionSubmitCalloutData",
        true
    )]
    #[case::old_prefix(
        "attributeCollectionSubmit",
        "graph.onAttributeCollectionSubmitCalloutData",
        true
    )]
    #[case::data_contradicts(
        "attributeCollectionSubmit",
        "microsoft.graph.onOtpSendCalloutData",
        false
    )]
    #[case::data_alone("", "#microsoft.graph.OnAttributeCollectionSubmitCalloutData", true)]
    #[case::neither("", "", false)]
    fn the_data_type_must_not_contradict(
        #[case] event: &str,
        #[case] data: &str,
        #[case] expected: bool,
    ) {
        let body = format!(r#"{{"type":"{event}","data":{{"@odata.type":"{data}"}}}}"#);
        let request = ExtensionRequest::parse(body.as_bytes()).unwrap();
        assert_eq!(request.is_of(Event::AttributeCollectionSubmit), expected);
    }

    #[test]
    fn the_stray_capital_of_the_reference_page_is_read() {
        let body = br#"{"data":{"userSignUpInfo":{"attributes":{"a":{"@odata.Type":"x","value":["p","q"]},"b":null,"c":{}}}}}"#;
        let request = ExtensionRequest::parse(body).unwrap();
        let attributes = request
            .data
            .unwrap()
            .user_sign_up_info
            .unwrap()
            .attributes
            .unwrap();
        let value = |name: &str| attributes[name].as_ref().map(|a| a.value.clone());
        assert_eq!(
            value("a"),
            Some(AnyScalar::Texts(vec!["p".to_owned(), "q".to_owned()]))
        );
        assert_eq!((value("b"), value("c")), (None, Some(AnyScalar::Absent)));
    }

    #[rstest]
    #[case::request(
        r#"["microsoft.graph.authenticationEvent.attributeCollectionSubmit",{}]"#,
        "."
    )]
    #[case::data(r#"{"data":[null,null]}"#, ".data")]
    #[case::identity(
        r#"{"data":{"userSignUpInfo":{"identities":[["federated","mail","a@b.example"]]}}}"#,
        ".data.userSignUpInfo.identities[0]"
    )]
    #[case::attribute(
        r#"{"data":{"userSignUpInfo":{"attributes":{"email":["a@b.example"]}}}}"#,
        ".data.userSignUpInfo.attributes.*"
    )]
    #[case::attribute_twice(
        r#"{"data":{"userSignUpInfo":{"attributes":{"email":{"value":"a"},"email":{"value":"b"}}}}}"#,
        ".data.userSignUpInfo.attributes"
    )]
    fn a_list_is_no_object_and_nothing_stands_twice(#[case] body: &str, #[case] path: &str) {
        let fault = ExtensionRequest::parse(body.as_bytes()).unwrap_err();
        assert_eq!(
            (fault.kind, fault.path.as_str()),
            (json::FaultKind::WrongType, path)
        );
    }

    #[rstest]
    #[case::documented(r#""oneTimeCode":"12345678""#, Some("12345678"))]
    #[case::sample(r#""onetimecode":"12345678""#, Some("12345678"))]
    #[case::capitals(r#""ONETIMECODE":"12345678","more":[{}]"#, Some("12345678"))]
    #[case::missing(r#""more":1"#, None)]
    #[case::null(r#""oneTimeCode":null,"onetimecode":"12345678""#, Some("12345678"))]
    fn a_code_is_found_in_any_case(#[case] member: &str, #[case] expected: Option<&str>) {
        let body =
            format!(r#"{{"data":{{"otpContext":{{"identifier":"a@b.example",{member}}}}}}}"#);
        let request = ExtensionRequest::parse(body.as_bytes()).unwrap();
        let context = request.data.unwrap().otp_context.unwrap();
        assert_eq!(context.one_time_code.as_deref(), expected);
        let shown = format!("{context:?}");
        assert!(
            !shown.contains("123") && !shown.contains("b.example"),
            "{shown}"
        );
    }

    #[rstest]
    #[case::number(r#"{"oneTimeCode":12345678}"#)]
    #[case::list(r#"["a@b.example","12345678"]"#)]
    #[case::twice(r#"{"oneTimeCode":"1","onetimecode":"2"}"#)]
    fn a_code_of_another_form_is_a_fault_that_tells_no_code(#[case] context: &str) {
        let body = format!(r#"{{"data":{{"otpContext":{context}}}}}"#);
        let fault = ExtensionRequest::parse(body.as_bytes()).unwrap_err();
        assert_eq!(fault.kind, json::FaultKind::WrongType);
        assert!(fault.path.starts_with(".data.otpContext"), "{fault}");
    }

    #[test]
    fn the_answer_to_a_code_has_the_capitals_of_the_reference() {
        let answer =
            ExtensionResponse::new(Event::EmailOtpSend, Action::ContinueWithDefaultBehavior {});
        let expected = r#"{"data":{"@odata.type":"microsoft.graph.OnOtpSendResponseData","actions":[{"@odata.type":"microsoft.graph.OtpSend.continueWithDefaultBehavior"}]}}"#;
        assert_eq!(serde_json::to_string(&answer).unwrap(), expected);
    }

    #[test]
    fn a_wrong_type_is_told_with_its_path() {
        let fault = ExtensionRequest::parse(br#"{"data":{"userSignUpInfo":{"identities":7}}}"#)
            .unwrap_err();
        assert_eq!(fault.path, ".data.userSignUpInfo.identities");
        assert!(ExtensionRequest::parse(b"null").is_err());
    }
}
