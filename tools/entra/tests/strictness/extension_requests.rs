//! Requests of extensions (PROTOCOL 5.2 to 5.7).

use local_entra::{
    extension::request,
    facts::Facts,
    model::{Attributes, Person, Provider, Step, TenantKind, WireForm},
};
use rstest::rstest;
use serde_json::json;

use crate::flows::{account, attributes, compact, custom, facts, flow, john};

fn larissa() -> Person {
    Person {
        provider: Provider::EmailCode,
        email: "larissa.price@contoso.onmicrosoft.com".to_owned(),
        subject: String::new(),
        display_name: String::new(),
        given_name: String::new(),
        surname: String::new(),
    }
}

fn typed() -> Attributes {
    attributes([
        ("givenName", json!("Larissa Price")),
        ("companyName", json!("Contoso University")),
        (&custom("universityGroups"), json!("Alumni,Faculty")),
        (&custom("graduationYear"), json!(2010)),
        (&custom("onMailingList"), json!(false)),
    ])
}

/// What the reference and the captures have in common.
const CONTEXT: &str = r#"
    "tenantId":"aaaabbbb-0000-cccc-1111-dddd2222eeee",
    "authenticationEventListenerId":"00001111-aaaa-2222-bbbb-3333cccc4444",
    "customAuthenticationExtensionId":"11112222-bbbb-3333-cccc-4444dddd5555",
    "authenticationContext":{
    "correlationId":"0c83d76c-b8da-45bb-ac7a-f9bb5e0db340",
    "client":{"ip":"203.0.113.17","locale":"en-us","market":"en-us"},
    "protocol":"OAUTH2.0","#;
const APPLICATION: &str = r#"{
    "id":"33333333-aaaa-4444-bbbb-5555cccc6666",
    "appId":"93fd07aa-333c-409d-955d-96008fd08dd9",
    "appDisplayName":"My Test application",
    "displayName":"My Test application"}"#;
const GRAPH: &str = r#"{
    "id":"e42d06a3-38f6-40ab-86a8-3019e1468863",
    "appId":"00000003-0000-0000-c000-000000000000",
    "appDisplayName":"Microsoft Graph",
    "displayName":"Microsoft Graph"}"#;

#[rstest]
#[case::start(
    Step::AfterFederation,
    "attributeCollectionStart",
    "onAttributeCollectionStartCalloutData"
)]
#[case::submit(
    Step::BeforeCreatingUser,
    "attributeCollectionSubmit",
    "onAttributeCollectionSubmitCalloutData"
)]
fn attribute_collection_as_the_reference_has_it(
    #[case] step: Step,
    #[case] event: &str,
    #[case] callout_data: &str,
    #[values(WireForm::Documented, WireForm::Older)] form: WireForm,
) {
    let expected = format!(
        r#"
        {{"type":"microsoft.graph.authenticationEvent.{event}",
        "source":"/tenants/aaaabbbb-0000-cccc-1111-dddd2222eeee/applications/93fd07aa-333c-409d-955d-96008fd08dd9",
        "data":{{
        "@odata.type":"microsoft.graph.{callout_data}",
        {CONTEXT}
        "clientServicePrincipal":
        {APPLICATION},
        "resourceServicePrincipal":
        {APPLICATION}}},
        "userSignUpInfo":{{
        "attributes":{{
        "givenName":{{
        "@odata.type":"microsoft.graph.stringDirectoryAttributeValue",
        "value":"Larissa Price",
        "attributeType":"builtIn"}},
        "companyName":{{
        "@odata.type":"microsoft.graph.stringDirectoryAttributeValue",
        "value":"Contoso University",
        "attributeType":"builtIn"}},
        "extension_00001111aaaa2222bbbb3333cccc4444_universityGroups":{{
        "@odata.Type":"microsoft.graph.stringDirectoryAttributeValue",
        "value":"Alumni,Faculty",
        "attributeType":"directorySchemaExtension"}},
        "extension_00001111aaaa2222bbbb3333cccc4444_graduationYear":{{
        "@odata.type":"microsoft.graph.int64DirectoryAttributeValue",
        "value":2010,
        "attributeType":"directorySchemaExtension"}},
        "extension_00001111aaaa2222bbbb3333cccc4444_onMailingList":{{
        "@odata.type":"microsoft.graph.booleanDirectoryAttributeValue",
        "value":false,
        "attributeType":"directorySchemaExtension"}}
        }},
        "identities":[{{
        "signInType":"email",
        "issuer":"contoso.onmicrosoft.com",
        "issuerAssignedId":"larissa.price@contoso.onmicrosoft.com"}}]}}}}}}"#
    );
    let (person, typed) = (larissa(), typed());
    let facts = Facts {
        form,
        ..facts(flow("external"), step, &person, &typed)
    };
    assert_eq!(request(&facts), compact(&expected));
}

#[rstest]
#[case::code(Provider::EmailCode, "mail", "johnsmith@fabrikam.onmicrosoft.com")]
#[case::password(Provider::Local, "mail", "johnsmith@fabrikam.onmicrosoft.com")]
#[case::google(Provider::Google, "google.com", "0123456789")]
fn attribute_collection_start_as_it_was_captured(
    #[case] provider: Provider,
    #[case] issuer: &str,
    #[case] id: &str,
) {
    let expected = format!(
        r#"
        {{"type":"microsoft.graph.authenticationEvent.attributeCollectionStart",
        "source":"/tenants/aaaabbbb-0000-cccc-1111-dddd2222eeee/applications/00000003-0000-0000-c000-000000000000",
        "data":{{
        "@odata.type":"microsoft.graph.onAttributeCollectionStartCalloutData",
        "userSignUpInfo":{{
        "attributes":{{
        "EmailAddress":{{
        "value":"johnsmith@fabrikam.onmicrosoft.com",
        "@odata.type":"microsoft.graph.stringDirectoryAttributeValue",
        "attributeType":"builtIn"}}
        }},
        "identities":[{{
        "signInType":"federated",
        "issuer":"{issuer}",
        "issuerAssignedId":"{id}"}}]}},
        {CONTEXT}
        "clientServicePrincipal":
        {APPLICATION},
        "resourceServicePrincipal":
        {GRAPH}}}}}}}"#
    );
    // What the provider asserts stands on the page already.
    let (person, typed) = (john(provider), typed());
    let facts = facts(flow("external"), Step::AfterFederation, &person, &typed);
    assert_eq!(request(&facts), compact(&expected));
}

#[test]
fn attribute_collection_submit_as_it_was_captured() {
    let expected = format!(
        r#"
        {{"type":"microsoft.graph.authenticationEvent.attributeCollectionSubmit",
        "source":"/tenants/aaaabbbb-0000-cccc-1111-dddd2222eeee/applications/00000003-0000-0000-c000-000000000000",
        "data":{{
        "@odata.type":"microsoft.graph.onAttributeCollectionSubmitCalloutData",
        "userSignUpInfo":{{
        "attributes":{{
        "email":{{
        "value":"larissa.price@contoso.onmicrosoft.com",
        "@odata.type":"microsoft.graph.stringDirectoryAttributeValue",
        "attributeType":"builtIn"}},
        "extension_00001111aaaa2222bbbb3333cccc4444_graduationYear":{{
        "value":2010,
        "@odata.type":"microsoft.graph.int64DirectoryAttributeValue",
        "attributeType":"directorySchemaExtension"}}
        }}
        }},
        {CONTEXT}
        "clientServicePrincipal":
        {APPLICATION},
        "resourceServicePrincipal":
        {GRAPH}}}}}}}"#
    );
    let person = larissa();
    let typed = attributes([
        (&custom("graduationYear"), json!(2010)),
        ("companyName", json!("")),
    ]);
    let facts = facts(flow("external"), Step::BeforeCreatingUser, &person, &typed);
    assert_eq!(request(&facts), compact(&expected));
}

#[test]
fn the_reference_form_tells_the_address_of_a_social_sign_up_as_an_attribute() {
    let (person, none) = (john(Provider::Google), Attributes::new());
    let facts = Facts {
        form: WireForm::Documented,
        ..facts(flow("external"), Step::AfterFederation, &person, &none)
    };
    let expected = r#"
        "userSignUpInfo":{
        "attributes":{
        "email":{
        "@odata.type":"microsoft.graph.stringDirectoryAttributeValue",
        "value":"johnsmith@fabrikam.onmicrosoft.com",
        "attributeType":"builtIn"}
        },
        "identities":[{
        "signInType":"federated",
        "issuer":"google.com",
        "issuerAssignedId":"0123456789"}]}"#;
    let body = request(&facts);
    assert!(body.contains(&compact(expected)), "{body}");
}

#[rstest]
fn an_account_of_microsoft_comes_without_an_identity(
    #[values(Provider::Entra, Provider::Microsoft)] provider: Provider,
    #[values(WireForm::Captured, WireForm::Documented)] form: WireForm,
) {
    let (person, none) = (john(provider), Attributes::new());
    let facts = Facts {
        form,
        ..facts(flow("external"), Step::AfterFederation, &person, &none)
    };
    let body = request(&facts);
    assert!(!body.contains("identities"), "{body}");
    assert!(
        body.contains(r#""value":"johnsmith@fabrikam.onmicrosoft.com""#),
        "{body}"
    );
}

#[rstest]
#[case::local(
    Provider::Local,
    WireForm::Captured,
    r#""displayName":"John Smith",
    "id":"ab3ec3b2-a435-45e4-b93a-56a005e88bb7",
    "userPrincipalName":"90847c2a-e29d-4d2f-9f54-c5b4d3f26471@contoso.onmicrosoft.com",
    "userType":"Member""#
)]
#[case::social(
    Provider::Google,
    WireForm::Captured,
    r#""displayName":"John Smith",
    "id":"ab3ec3b2-a435-45e4-b93a-56a005e88bb7",
    "mail":"johnsmith@fabrikam.onmicrosoft.com",
    "userType":"Member""#
)]
#[case::reference(
    Provider::Google,
    WireForm::Documented,
    r#""companyName":"Fabrikam",
    "createdDateTime":"2016-03-01T15:23:40Z",
    "displayName":"John Smith",
    "givenName":"John",
    "id":"ab3ec3b2-a435-45e4-b93a-56a005e88bb7",
    "mail":"johnsmith@fabrikam.onmicrosoft.com",
    "preferredLanguage":"en-us",
    "surname":"Smith",
    "userPrincipalName":"90847c2a-e29d-4d2f-9f54-c5b4d3f26471@contoso.onmicrosoft.com",
    "userType":"Member""#
)]
fn token_issuance(#[case] provider: Provider, #[case] form: WireForm, #[case] user: &str) {
    let expected = format!(
        r#"
        {{"type":"microsoft.graph.authenticationEvent.tokenIssuanceStart",
        "source":"/tenants/aaaabbbb-0000-cccc-1111-dddd2222eeee/applications/93fd07aa-333c-409d-955d-96008fd08dd9",
        "data":{{
        "@odata.type":"microsoft.graph.onTokenIssuanceStartCalloutData",
        {CONTEXT}
        "clientServicePrincipal":
        {APPLICATION},
        "resourceServicePrincipal":
        {APPLICATION},
        "user":{{
        {user}}}
        }}
        }}
        }}"#
    );
    let (person, none) = (john(provider), Attributes::new());
    let stored = attributes([
        ("displayName", json!("John Smith")),
        ("givenName", json!("John")),
        ("surname", json!("Smith")),
        ("companyName", json!("Fabrikam")),
        ("preferredLanguage", json!("en-us")),
    ]);
    let account = account(TenantKind::External, stored);
    let facts = Facts {
        account: Some(&account),
        form,
        ..facts(flow("external"), Step::BeforeToken, &person, &none)
    };
    assert_eq!(request(&facts), compact(&expected));
}

#[rstest]
fn a_code_that_is_to_be_sent(
    #[values(WireForm::Captured, WireForm::Documented, WireForm::Older)] form: WireForm,
) {
    let expected = format!(
        r#"
        {{"type":"microsoft.graph.authenticationEvent.emailOtpSend",
        "source":"/tenants/aaaabbbb-0000-cccc-1111-dddd2222eeee/applications/93fd07aa-333c-409d-955d-96008fd08dd9",
        "data":{{
        "@odata.type":"microsoft.graph.onOtpSendCalloutData",
        "otpContext":{{"identifier":"larissa.price@contoso.onmicrosoft.com","oneTimeCode":"12345678"}},
        {CONTEXT}
        "requestType":"signUp",
        "clientServicePrincipal":
        {APPLICATION},
        "resourceServicePrincipal":
        {APPLICATION}}}}}}}"#
    );
    let (person, none) = (larissa(), Attributes::new());
    let facts = Facts {
        one_time_code: Some("12345678"),
        form,
        ..facts(flow("external"), Step::OtpSend, &person, &none)
    };
    assert_eq!(request(&facts), compact(&expected));
}

#[test]
fn the_request_type_of_a_sign_in_is_left_out() {
    let (person, none) = (larissa(), Attributes::new());
    let account = account(TenantKind::External, Attributes::new());
    let facts = Facts {
        one_time_code: Some("12345678"),
        account: Some(&account),
        ..facts(flow("external"), Step::OtpSend, &person, &none)
    };
    let body = request(&facts);
    assert!(!body.contains("requestType"), "{body}");
    assert!(!body.contains(r#""user""#), "{body}");
}

#[test]
fn languages_are_in_lower_case() {
    let (person, none) = (larissa(), Attributes::new());
    let facts = Facts {
        language: "sv-SE",
        ..facts(flow("external"), Step::AfterFederation, &person, &none)
    };
    let body = request(&facts);
    assert!(
        body.contains(r#""locale":"sv-se","market":"sv-se""#),
        "{body}"
    );
}
