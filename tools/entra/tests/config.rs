//! The tenant file: the example is good, and a mistake is told with its place.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{path::Path, time::Duration};

use local_entra::{
    config::{Authentication, Config, Deployment},
    model::{Provider, Step, TenantKind},
};
use rstest::rstest;

const EXAMPLE: &str = include_str!("../../../examples/local-entra.toml");

fn deployment() -> Deployment {
    Deployment {
        base_url: "http://127.0.0.1:9000/".to_owned(),
    }
}

/// The example with one piece replaced.
fn with(found: &str, replacement: &str) -> String {
    assert!(EXAMPLE.contains(found), "the example has no `{found}`");
    Config::parse(&EXAMPLE.replacen(found, replacement, 1), &deployment()).unwrap_err()
}

#[test]
fn the_example_offers_the_three_kinds_of_tenant() {
    let config = Config::parse(EXAMPLE, &deployment()).unwrap();
    let kinds: Vec<_> = config.user_flows.iter().map(|flow| flow.kind).collect();
    assert_eq!(
        kinds,
        [TenantKind::Workforce, TenantKind::B2c, TenantKind::External]
    );

    // Entra's own time-outs, and the credential that `make dev` makes.
    let waits = |flow: &str, step| {
        let endpoint = &config.user_flow(flow).unwrap().endpoints[&step];
        (endpoint.url.clone(), endpoint.time_out, endpoint.retries)
    };
    let url = |path: &str| format!("http://127.0.0.1:9000{path}");
    assert_eq!(
        waits("partners", Step::AfterFederation),
        (
            url("/connectors/after-federation"),
            Duration::from_secs(20),
            1
        )
    );
    assert_eq!(
        waits("shop", Step::BeforeToken),
        (url("/connectors/before-token"), Duration::from_secs(5), 1)
    );
    assert_eq!(
        waits("customers", Step::BeforeCreatingUser),
        (
            url("/extensions/attribute-collection-submit"),
            Duration::from_secs(1),
            1
        )
    );
    let partners = &config.user_flow("partners").unwrap().endpoints;
    assert!(!partners.contains_key(&Step::BeforeToken));
    assert_eq!(
        partners[&Step::AfterFederation].authentication,
        Authentication::Basic {
            username: "connector".to_owned(),
            password: "local-password".to_owned()
        }
    );

    // Where the people of the operator sign in, beside the functions as well.
    let console = config.application("5f1b1c3e-6a0d-4c39-9d3a-0c8f6c2f7b11");
    let console = console.unwrap();
    assert_eq!(console.home_page, Some(url("/console")));
    let redirect_uri = console.redirect_uris.first();
    assert_eq!(redirect_uri, Some(&url("/console/signed-in")));

    // A custom attribute carries the application id, and answers may leave it out.
    let flow = config.user_flow("partners").unwrap();
    let supplier = flow.attribute("extension_suppliernumber").unwrap();
    assert_eq!(
        supplier.name,
        "extension_00001111aaaa2222bbbb3333cccc4444_SupplierNumber"
    );
    assert!(
        config
            .user_flow("shop")
            .unwrap()
            .providers
            .contains(&Provider::Local)
    );
}

#[rstest]
#[case("id = \"aaaabbbb-", "id = \"AAAABBBB-", &["tenant.id", "GUID in lower case"])]
#[case("kind = \"b2c\"", "kind = \"b2b\"", &["b2b", "workforce"])]
#[case("required = true", "requierd = true", &["requierd", "line "])]
#[case("\"email-code\"]", "\"local\"]", &["partners", "`local`", "Workforce tenant"])]
#[case("id = \"shop\"", "id = \"partners\"", &["two user flows", "partners"])]
#[case("id = \"shop\"", "id = \"The Shop\"", &["lower-case letters"])]
#[case("application = \"93fd07aa", "application = \"00000000", &["partners", "application"])]
#[case("{ name = \"jobTitle\" }", "{ label = \"Title\" }", &["`name` or `custom`"])]
#[case("collection-start\" }", "collection-start\", time-out-ms = 2500 }", &["after-federation", "2500", "200 to 2000"])]
#[case("after-federation\" }", "after-federation\", retries = 2 }", &["retries", "0 or 1"])]
#[case("[\"/console/", "[\"console/", &["application `5f1b1c3e-", "no URL nor a path"])]
#[case("url = \"/connectors/after", "url = \"connectors/after", &["no URL nor a path"])]
fn a_mistake_is_told_with_its_place(
    #[case] found: &str,
    #[case] replacement: &str,
    #[case] told: &[&str],
) {
    let problem = with(found, replacement);
    for part in told {
        assert!(problem.contains(part), "`{part}` is not in: {problem}");
    }
}

#[test]
fn a_step_that_a_tenant_does_not_have_is_refused() {
    let token = "before-creating-user = { url = \"/connectors/before-creating-user\" }\n";
    let problem = with(
        token,
        &format!("{token}before-token = {{ url = \"/connectors/before-token\" }}\n"),
    );
    assert!(
        problem.contains("before-token: a workforce user flow has no such step"),
        "{problem}"
    );
    let problem = with(token, &format!("{token}otp-send = {{ url = \"/x\" }}\n"));
    assert!(problem.contains("only an external tenant"), "{problem}");
    let problem = with(token, &format!("{token}otp-send-fallback = true\n"));
    assert!(problem.contains("otp-send-fallback: expected"), "{problem}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let problem = Config::read(Path::new("/nowhere/tenant.toml"), &deployment()).unwrap_err();
    assert!(problem.to_string().starts_with("/nowhere/tenant.toml: "));
}

#[test]
fn a_credential_is_not_shown() {
    let config = Config::parse(EXAMPLE, &deployment()).unwrap();
    assert!(!format!("{:?}", config.user_flows).contains("local-password"));
}
