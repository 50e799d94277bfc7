//! A tenant with a user flow of each kind, and the people of the documented examples.

use std::sync::LazyLock;

use local_entra::{
    config::{Config, Deployment, UserFlow},
    directory::{Account, Source},
    exchange::{Outcome, Response},
    facts::Facts,
    model::{Attributes, Person, Provider, Step, TenantKind, WireForm},
    verdict::Judgement,
};
use serde_json::Value;

/// The attributes stand in another order than in the documented requests.
static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let text = r#"
        [tenant]
        id = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
        name = "contoso"
        extensions-app-id = "00001111aaaa2222bbbb3333cccc4444"
        extension-audience = "00001111-aaaa-2222-bbbb-3333cccc4444"

        [[application]]
        id = "93fd07aa-333c-409d-955d-96008fd08dd9"
        name = "My Test application"

        [[user-flow]]
        id = "workforce"
        name = "Workforce"
        kind = "workforce"
        providers = ["facebook"]
        application = "93fd07aa-333c-409d-955d-96008fd08dd9"
        attribute = [
            { custom = "CustomAttribute1" },
            { name = "companyName" },
            { name = "country" },
            { name = "state" },
            { name = "postalCode" },
            { name = "city" },
            { name = "surname" },
            { name = "givenName" },
            { name = "displayName" },
            { name = "streetAddress" },
            { name = "jobTitle" },
            { custom = "CustomAttribute2" },
            { custom = "Agreed", type = "boolean" },
            { custom = "Age", type = "integer" },
        ]

        [[user-flow]]
        id = "b2c"
        name = "B2C"
        kind = "b2c"
        providers = ["facebook"]
        application = "93fd07aa-333c-409d-955d-96008fd08dd9"
        attribute = [
            { name = "email" },
            { name = "displayName" },
            { name = "city" },
            { name = "jobTitle" },
            { custom = "CustomAttribute1" },
            { custom = "CustomAttribute2" },
            { custom = "Agreed", type = "boolean" },
            { custom = "Age", type = "integer" },
        ]

        [[user-flow]]
        id = "b2c-mapped"
        name = "B2C with application claims"
        kind = "b2c"
        providers = ["facebook"]
        application = "93fd07aa-333c-409d-955d-96008fd08dd9"
        attribute = [{ name = "city" }, { name = "jobTitle" }, { custom = "CustomAttribute1" }]
        token-claims = ["city", "extension_CustomAttribute1"]

        [[user-flow]]
        id = "external"
        name = "External"
        kind = "external"
        providers = ["email-code"]
        application = "93fd07aa-333c-409d-955d-96008fd08dd9"
        attribute = [
            { name = "givenName" },
            { name = "companyName" },
            { custom = "universityGroups" },
            { custom = "graduationYear", type = "integer" },
            { custom = "onMailingList", type = "boolean" },
        ]

        [[user-flow]]
        id = "external-mapped"
        name = "External with mapped claims"
        kind = "external"
        providers = ["email-code"]
        application = "93fd07aa-333c-409d-955d-96008fd08dd9"
        token-claims = ["Tier"]
    "#;
    let deployment = Deployment {
        base_url: "http://127.0.0.1:9000".to_owned(),
    };
    Config::parse(text, &deployment).unwrap()
});

pub(crate) fn flow(id: &str) -> &'static UserFlow {
    CONFIG.user_flow(id).unwrap()
}

/// The wire name of a custom attribute.
pub(crate) fn custom(name: &str) -> String {
    format!("extension_00001111aaaa2222bbbb3333cccc4444_{name}")
}

pub(crate) fn attributes<const N: usize>(values: [(&str, Value); N]) -> Attributes {
    values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

pub(crate) fn john(provider: Provider) -> Person {
    Person {
        provider,
        email: "johnsmith@fabrikam.onmicrosoft.com".to_owned(),
        subject: "0123456789".to_owned(),
        display_name: "John Smith".to_owned(),
        given_name: "John".to_owned(),
        surname: "Smith".to_owned(),
    }
}

pub(crate) fn account(tenant: TenantKind, attributes: Attributes) -> Account {
    Account {
        id: "ab3ec3b2-a435-45e4-b93a-56a005e88bb7".to_owned(),
        tenant,
        user_principal_name: "90847c2a-e29d-4d2f-9f54-c5b4d3f26471@contoso.onmicrosoft.com"
            .to_owned(),
        mail: Some("johnsmith@fabrikam.onmicrosoft.com".to_owned()),
        user_type: "Member".to_owned(),
        enabled: true,
        identities: Vec::new(),
        attributes,
        created: "2016-03-01T15:23:40.987Z".parse().unwrap(),
        source: Source::Graph,
    }
}

/// Facts of which a test changes what it is about.
pub(crate) fn facts<'f>(
    flow: &'f UserFlow,
    step: Step,
    person: &'f Person,
    attributes: &'f Attributes,
) -> Facts<'f> {
    Facts {
        tenant: &CONFIG.tenant,
        flow,
        step,
        person,
        attributes,
        language: "en-US",
        correlation_id: "0c83d76c-b8da-45bb-ac7a-f9bb5e0db340",
        account: None,
        one_time_code: None,
        form: WireForm::Captured,
    }
}

/// The compact JSON of what is laid out on several lines, none of which has white space that is not a value's.
pub(crate) fn compact(text: &str) -> String {
    text.lines().map(str::trim).collect()
}

pub(crate) fn answered(status: u16, content_type: Option<&str>, body: &[u8]) -> Outcome {
    let header = |value: &str| ("content-type".to_owned(), value.to_owned());
    Outcome::Answered(Response {
        status,
        headers: content_type.map(header).into_iter().collect(),
        body: body.to_vec(),
        truncated: false,
    })
}

pub(crate) fn json(status: u16, body: &str) -> Outcome {
    answered(status, Some("application/json"), body.as_bytes())
}

/// Asserts that an answer was rejected, with that code and with words that name the fault.
pub(crate) fn assert_rejected(judgement: &Judgement, code: Option<&str>, words: &[&str]) {
    match &judgement.verdict {
        Ok(answer) => panic!("accepted as {answer:?}"),
        Err(rejection) => {
            assert_eq!(rejection.code, code, "{}", rejection.explanation);
            for word in words {
                let explanation = &rejection.explanation;
                assert!(
                    explanation.contains(word),
                    "`{word}` is not in: {explanation}"
                );
            }
        }
    }
}
