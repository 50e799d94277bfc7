//! Requests of connectors (PROTOCOL 1.2).

use local_entra::{
    connector::request,
    facts::Facts,
    model::{Attributes, Provider, Step, TenantKind, WireForm},
};
use rstest::rstest;
use serde_json::json;

use crate::flows::{account, attributes, compact, custom, facts, flow, john};

/// What is typed on the page of the documented examples.
fn typed() -> Attributes {
    attributes([
        ("displayName", json!("John Smith")),
        ("givenName", json!("John")),
        ("surname", json!("Smith")),
        ("jobTitle", json!("Supplier")),
        ("streetAddress", json!("1000 Microsoft Way")),
        ("city", json!("Seattle")),
        ("postalCode", json!("12345")),
        ("state", json!("Washington")),
        ("country", json!("United States")),
        (&custom("CustomAttribute1"), json!("custom attribute value")),
        (&custom("CustomAttribute2"), json!("custom attribute value")),
    ])
}

#[test]
fn workforce_after_federation() {
    let expected = r#"
        {"email":"johnsmith@fabrikam.onmicrosoft.com",
        "identities":[{"signInType":"federated","issuer":"facebook.com","issuerAssignedId":"0123456789"}],
        "displayName":"John Smith",
        "givenName":"John",
        "lastName":"Smith",
        "ui_locales":"en-US"}"#;
    let (person, none) = (john(Provider::Facebook), Attributes::new());
    let facts = facts(flow("workforce"), Step::AfterFederation, &person, &none);
    assert_eq!(request(&facts), compact(expected));
}

#[test]
fn workforce_before_creating_the_user() {
    let expected = r#"
        {"email":"johnsmith@fabrikam.onmicrosoft.com",
        "identities":[{"signInType":"federated","issuer":"facebook.com","issuerAssignedId":"0123456789"}],
        "displayName":"John Smith",
        "givenName":"John",
        "surname":"Smith",
        "jobTitle":"Supplier",
        "streetAddress":"1000 Microsoft Way",
        "city":"Seattle",
        "postalCode":"12345",
        "state":"Washington",
        "country":"United States",
        "extension_00001111aaaa2222bbbb3333cccc4444_CustomAttribute1":"custom attribute value",
        "extension_00001111aaaa2222bbbb3333cccc4444_CustomAttribute2":"custom attribute value",
        "ui_locales":"en-US"}"#;
    let (person, typed) = (john(Provider::Facebook), typed());
    let facts = facts(flow("workforce"), Step::BeforeCreatingUser, &person, &typed);
    for form in WireForm::ALL {
        assert_eq!(request(&Facts { form, ..facts }), compact(expected));
    }
}

#[test]
fn b2c_after_federation() {
    let expected = r#"
        {"email":"johnsmith@fabrikam.onmicrosoft.com",
        "identities":[{"signInType":"federated","issuer":"facebook.com","issuerAssignedId":"0123456789"}],
        "displayName":"John Smith",
        "givenName":"John",
        "surname":"Smith",
        "step":"PostFederationSignup",
        "client_id":"93fd07aa-333c-409d-955d-96008fd08dd9",
        "ui_locales":"en-US"}"#;
    let (person, none) = (john(Provider::Facebook), Attributes::new());
    let facts = facts(flow("b2c"), Step::AfterFederation, &person, &none);
    assert_eq!(request(&facts), compact(expected));
}

#[test]
fn b2c_before_creating_the_user_without_an_object_id() {
    let expected = r#"
        {"email":"johnsmith@fabrikam.onmicrosoft.com",
        "identities":[{"signInType":"federated","issuer":"facebook.com","issuerAssignedId":"0123456789"}],
        "displayName":"John Smith",
        "givenName":"John",
        "surname":"Smith",
        "jobTitle":"Supplier",
        "city":"Seattle",
        "extension_00001111aaaa2222bbbb3333cccc4444_CustomAttribute1":"custom attribute value",
        "extension_00001111aaaa2222bbbb3333cccc4444_CustomAttribute2":"custom attribute value",
        "step":"PostAttributeCollection",
        "client_id":"93fd07aa-333c-409d-955d-96008fd08dd9",
        "ui_locales":"en-US"}"#;
    let (person, typed) = (john(Provider::Facebook), typed());
    let facts = facts(flow("b2c"), Step::BeforeCreatingUser, &person, &typed);
    assert_eq!(request(&facts), compact(expected));
}

#[test]
fn b2c_before_the_token_from_the_account() {
    let expected = r#"
        {"email":"johnsmith@fabrikam.onmicrosoft.com",
        "identities":[{"signInType":"federated","issuer":"facebook.com","issuerAssignedId":"0123456789"}],
        "displayName":"John Smith",
        "objectId":"ab3ec3b2-a435-45e4-b93a-56a005e88bb7",
        "extension_00001111aaaa2222bbbb3333cccc4444_CustomAttribute1":"custom attribute value",
        "extension_00001111aaaa2222bbbb3333cccc4444_CustomAttribute2":"custom attribute value",
        "client_id":"93fd07aa-333c-409d-955d-96008fd08dd9",
        "step":"PreTokenIssuance",
        "ui_locales":"en-US"}"#;
    // What was typed or asserted at sign-up is long gone.
    let (person, typed) = (john(Provider::Facebook), typed());
    let stored = attributes([
        ("displayName", json!("John Smith")),
        ("officeLocation", json!("no attribute of the user flow")),
        (&custom("CustomAttribute1"), json!("custom attribute value")),
        (&custom("CustomAttribute2"), json!("custom attribute value")),
    ]);
    let account = account(TenantKind::B2c, stored);
    let facts = Facts {
        account: Some(&account),
        ..facts(flow("b2c"), Step::BeforeToken, &person, &typed)
    };
    for form in [WireForm::Captured, WireForm::Documented] {
        assert_eq!(request(&Facts { form, ..facts }), compact(expected));
    }
}

#[test]
fn b2c_before_the_token_with_the_names_of_older_pages() {
    let expected = r#"
        {"clientId":"93fd07aa-333c-409d-955d-96008fd08dd9",
        "step":"PreTokenApplicationClaims",
        "ui_locales":"en-US",
        "email":"johnsmith@fabrikam.onmicrosoft.com",
        "identities":[{"signInType":"federated","issuer":"facebook.com","issuerAssignedId":"0123456789"}],
        "displayName":"John Smith",
        "extension_00001111aaaa2222bbbb3333cccc4444_CustomAttribute1":"custom attribute value"}"#;
    let (person, none) = (john(Provider::Facebook), Attributes::new());
    let stored = attributes([
        ("displayName", json!("John Smith")),
        (&custom("CustomAttribute1"), json!("custom attribute value")),
    ]);
    let account = account(TenantKind::B2c, stored);
    let facts = Facts {
        account: Some(&account),
        form: WireForm::Older,
        ..facts(flow("b2c"), Step::BeforeToken, &person, &none)
    };
    assert_eq!(request(&facts), compact(expected));
}

#[rstest]
#[case::google(Provider::Google, Some(("google.com", "0123456789")))]
#[case::facebook(Provider::Facebook, Some(("facebook.com", "0123456789")))]
#[case::entra(Provider::Entra, None)]
#[case::microsoft(Provider::Microsoft, None)]
#[case::local(Provider::Local, None)]
fn identities_are_sent_for_the_providers_that_have_them(
    #[case] provider: Provider,
    #[case] identity: Option<(&str, &str)>,
    #[values(Step::AfterFederation, Step::BeforeCreatingUser, Step::BeforeToken)] step: Step,
) {
    let (person, none) = (john(provider), Attributes::new());
    let body = request(&facts(flow("b2c"), step, &person, &none));
    match identity {
        None => assert!(!body.contains("identities"), "{body}"),
        Some((issuer, id)) => {
            let identity = format!(
                r#""identities":[{{"signInType":"federated","issuer":"{issuer}","issuerAssignedId":"{id}"}}],"#
            );
            assert!(body.contains(&identity), "{body}");
        }
    }
}

#[rstest]
#[case::which_is_the_subject("johnsmith@outlook.com")]
#[case::when_the_subject_is_left_out("")]
fn the_identity_of_an_address_code_is_the_address(#[case] subject: &str) {
    let expected = r#"
        {"email":"johnsmith@outlook.com",
        "identities":[{"signInType":"federated","issuer":"mail","issuerAssignedId":"johnsmith@outlook.com"}],
        "ui_locales":"en-US"}"#;
    let mut person = john(Provider::EmailCode);
    person.email = "johnsmith@outlook.com".to_owned();
    person.subject = subject.to_owned();
    person.display_name.clear();
    person.given_name.clear();
    person.surname.clear();
    let none = Attributes::new();
    let facts = facts(flow("workforce"), Step::AfterFederation, &person, &none);
    assert_eq!(request(&facts), compact(expected));
}

#[test]
fn booleans_and_integers_are_json_types_and_no_blank_is_sent() {
    let expected = r#"
        {"email":"johnsmith@fabrikam.onmicrosoft.com",
        "extension_00001111aaaa2222bbbb3333cccc4444_Agreed":false,
        "extension_00001111aaaa2222bbbb3333cccc4444_Age":0,
        "ui_locales":"sv-SE"}"#;
    let person = john(Provider::Entra);
    let typed = attributes([
        (&custom("Agreed"), json!(false)),
        (&custom("Age"), json!(0)),
        ("city", json!("")),
        ("country", json!(null)),
    ]);
    let facts = Facts {
        language: "sv-SE",
        ..facts(flow("workforce"), Step::BeforeCreatingUser, &person, &typed)
    };
    assert_eq!(request(&facts), compact(expected));
}

#[test]
fn what_is_typed_wins_over_what_is_asserted_but_not_over_the_address() {
    // `givenName` and `surname` are no fields of this page, so the provider's stay; a name that was cleared is gone.
    let expected = r#"
        {"email":"johnsmith@fabrikam.onmicrosoft.com",
        "givenName":"John",
        "surname":"Smith",
        "city":"Göteborg",
        "step":"PostAttributeCollection",
        "client_id":"93fd07aa-333c-409d-955d-96008fd08dd9",
        "ui_locales":"en-US"}"#;
    let person = john(Provider::Entra);
    let typed = attributes([
        ("email", json!("other@example.com")),
        ("city", json!("Göteborg")),
    ]);
    let cleared = facts(flow("b2c"), Step::BeforeCreatingUser, &person, &typed);
    assert_eq!(request(&cleared), compact(expected));

    let mut renamed = typed.clone();
    renamed.insert("displayName".to_owned(), json!("Johnny"));
    let facts = facts(flow("b2c"), Step::BeforeCreatingUser, &person, &renamed);
    assert!(request(&facts).contains(r#","displayName":"Johnny","#));
}

#[test]
fn what_stands_on_the_page_already_is_not_sent_before_it_is_submitted() {
    let person = john(Provider::Entra);
    let prefilled = attributes([
        ("displayName", json!("Prefilled")),
        ("city", json!("Seattle")),
    ]);
    let facts = facts(
        flow("workforce"),
        Step::AfterFederation,
        &person,
        &prefilled,
    );
    let body = request(&facts);
    assert!(body.contains(r#""displayName":"John Smith""#), "{body}");
    assert!(!body.contains("Seattle"), "{body}");
}
