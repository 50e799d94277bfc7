use std::path::Path;

use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::config::{Config, Deployment};

const SIGN_UP: &str = r#"
[[sign-up]]
name = "A partner"
tenant = "workforce"
provider = "facebook"
[sign-up.person]
email = "johnsmith@example.com"
subject = "0123456789"
"#;

fn one(text: &str) -> Scenario {
    let mut file = ScenarioFile::parse(text).unwrap();
    assert_eq!(file.sign_ups.len(), 1);
    file.sign_ups.remove(0)
}

/// The first mistake of the smallest file with one piece replaced.
fn mistake(found: &str, replacement: &str) -> String {
    assert!(SIGN_UP.contains(found), "there is no `{found}`");
    let text = SIGN_UP.replacen(found, replacement, 1);
    let problems = ScenarioFile::parse(&text).unwrap_err();
    problems.first().unwrap().to_string()
}

#[test]
fn what_a_file_leaves_out_is_as_entra_has_it() {
    let file = ScenarioFile::parse(SIGN_UP).unwrap();
    assert_eq!(file.target, TargetInFile::default());
    let scenario = &file.sign_ups[0];
    assert_eq!((scenario.name.as_str(), scenario.line), ("A partner", 2));
    assert_eq!(scenario.language, "en-US");
    assert_eq!(scenario.form, WireForm::Captured);
    assert_eq!(scenario.time_out, Duration::from_secs(20));
    assert_eq!(scenario.user_flow, None);
    assert_eq!(scenario.expect, Expectations::default());
    assert_eq!(
        (scenario.collected.len(), scenario.corrections.len()),
        (0, 0)
    );
}

#[test]
fn a_person_of_this_run_has_a_text_of_its_own() {
    let text = SIGN_UP
        .replace("johnsmith@", "john.{run}@")
        .replace("0123456789", "{run}");
    let Person { email, subject, .. } = one(&text).person;
    let is_number =
        |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let run = email.strip_prefix("john.").unwrap();
    let run = run.strip_suffix("@example.com").unwrap();
    assert!(is_number(run), "{email}");
    assert!(is_number(&subject), "{subject}");
}

#[test]
fn everything_that_a_file_names_is_read() {
    let file = ScenarioFile::parse(
        r#"
        [target]
        url = "https://sign-up.contoso.com/"
        username = "connector"
        entra = "http://localhost:7000"
        tenant-id = "11111111-2222-3333-4444-555555555555"
        extensions-app-id = "ffff1111aaaa2222bbbb3333cccc4444"

        [[sign-up]]
        name = "Everything"
        tenant = "external"
        user-flow = "customers"
        application = "93fd07aa-333c-409d-955d-96008fd08dd9"
        provider = "google"
        language = "sv-SE"
        form = "documented"
        time-out-ms = 2000
        [sign-up.person]
        email = "johnsmith@example.com"
        subject = "0123456789"
        display-name = "John Smith"
        given-name = "John"
        surname = "Smith"
        [sign-up.attributes]
        city = "Seattle"
        extension_GraduationYear = 2010
        extension_00001111aaaa2222bbbb3333cccc4444_Of_another_tenant = true
        [[sign-up.correction]]
        city = "Redmond"
        [[sign-up.correction]]
        extension_GraduationYear = 2011
        [sign-up.expect]
        after-federation = "continue"
        before-creating-user = "rejected"
        before-token = "not-called"
        message = "city"
        claims = { jobTitle = "Supplier", roles = ["a", "b"] }
        "#,
    )
    .unwrap();
    assert_eq!(
        file.target.url.as_deref(),
        Some("https://sign-up.contoso.com")
    );
    assert_eq!(file.target.username.as_deref(), Some("connector"));
    assert_eq!(
        file.target.simulator.as_deref(),
        Some("http://localhost:7000")
    );
    assert_eq!(file.tenant.id, "11111111-2222-3333-4444-555555555555");
    let scenario = &file.sign_ups[0];
    assert_eq!(scenario.kind, TenantKind::External);
    assert_eq!(scenario.user_flow.as_deref(), Some("customers"));
    assert_eq!(
        scenario.application.id,
        "93fd07aa-333c-409d-955d-96008fd08dd9"
    );
    assert_eq!(scenario.form, WireForm::Documented);
    assert_eq!(scenario.time_out, Duration::from_secs(2));
    assert_eq!(scenario.person.given_name, "John");

    let year = "extension_ffff1111aaaa2222bbbb3333cccc4444_GraduationYear";
    let other = "extension_00001111aaaa2222bbbb3333cccc4444_Of_another_tenant";
    assert_eq!(
        json!(scenario.attributes),
        json!({ "city": "Seattle", year: 2010, other: true })
    );
    assert_eq!(
        json!(scenario.corrections),
        json!([{ "city": "Redmond" }, { year: 2011 }])
    );
    let page = scenario.collected.iter();
    let page: Vec<_> = page
        .map(|one| (one.name.as_str(), one.value_type))
        .collect();
    assert_eq!(
        page,
        [
            ("displayName", AttributeType::String),
            ("givenName", AttributeType::String),
            ("surname", AttributeType::String),
            ("city", AttributeType::String),
            (other, AttributeType::Boolean),
            (year, AttributeType::Integer),
            ("jobTitle", AttributeType::String),
        ]
    );
    assert_eq!(
        scenario.collected[4].custom.as_deref(),
        Some("Of_another_tenant")
    );
    assert_eq!(
        scenario.expect.steps[&Step::BeforeCreatingUser],
        Verdict::Rejected
    );
    assert_eq!(
        json!(scenario.expect.claims),
        json!({ "jobTitle": "Supplier", "roles": ["a", "b"] })
    );
}

#[rstest]
#[case::unknown_key(
    "tenant =",
    "tennant =",
    "4:1: unknown field `tennant`, expected one of ",
    "; did you mean `tenant`?"
)]
#[case::unknown_table(
    "[sign-up.person]",
    "[sign-up.persona]",
    "6:10: unknown field `persona`",
    "did you mean `person`?"
)]
#[case::unknown_word(
    "\"facebook\"",
    "\"facebok\"",
    "5:12: unknown variant `facebok`, expected one of `google`",
    "; did you mean `facebook`?"
)]
#[case::missing_key("email = \"johnsmith@example.com\"", "", "6:", "missing field `email`")]
#[case::no_toml(
    "name = \"A partner\"",
    "name = ",
    "3:8: ",
    "string values must be quoted"
)]
#[case::another_type(
    "name = \"A partner\"",
    "name = 1",
    "3:8: invalid type: integer `1`",
    "expected a string"
)]
#[case::key_twice("tenant =", "name =", "4:1: ", "duplicate key")]
#[case::no_name("\"A partner\"", "\" \"", "3:8: name: found nothing", "expected")]
#[case::provider_of_another_tenant(
    "\"facebook\"",
    "\"local\"",
    "5:12: provider: found `local`, expected for Workforce tenant: google, facebook,",
    ""
)]
#[case::no_subject(
    "subject = \"0123456789\"",
    "",
    "6:1: subject: found nothing, expected the person's id at facebook",
    ""
)]
#[case::time_out_of_nothing(
    "tenant =",
    "time-out-ms = 0\ntenant =",
    "4:15: time-out-ms: found 0",
    "at least 1"
)]
#[case::negative_time_out(
    "tenant =",
    "time-out-ms = -1\ntenant =",
    "4:15: invalid value: integer `-1`",
    "expected u64"
)]
#[case::application_name(
    "tenant =",
    "application = \"Shop\"\ntenant =",
    "4:15: application: found `Shop`, expected a GUID",
    ""
)]
#[case::user_flow_path(
    "tenant =",
    "user-flow = \"a/b\"\ntenant =",
    "4:13: user-flow: found `a/b`, expected 1 to 64 letters",
    ""
)]
#[case::unknown_form(
    "tenant =",
    "form = \"new\"\ntenant =",
    "4:8: unknown variant `new`",
    "`captured`, `documented`"
)]
fn a_mistake_is_told_with_its_place(
    #[case] found: &str,
    #[case] replacement: &str,
    #[case] start: &str,
    #[case] part: &str,
) {
    let told = mistake(found, replacement);
    assert!(told.starts_with(start), "{told}");
    assert!(told.contains(part), "{told}");
    assert!(!told.contains('\n'), "{told}");
}

#[rstest]
#[case::a_step_that_workforce_lacks(
    "before-token = \"continue\"",
    "before-token: found `continue`, expected what can come of it: not-called"
)]
#[case::a_correction_before_the_page(
    "after-federation = \"invalid\"",
    "after-federation: found `invalid`, expected what can come of it: continue, block, rejected, not-called"
)]
#[case::nobody_expects_no_connection(
    "after-federation = \"unreachable\"",
    "unknown variant `unreachable`, expected one of `continue`, `block`, `invalid`, `rejected`, `not-called`"
)]
#[case::a_claim_of_a_fraction(
    "claims = { score = 0.5 }",
    "invalid type: floating point `0.5`, expected a string, an integer, a boolean or a list of strings"
)]
#[case::a_claim_in_a_claim(
    "claims = { address = { city = \"Seattle\" } }",
    "invalid type: map, expected a string, an integer, a boolean or a list of strings"
)]
fn an_expectation_that_cannot_be_met_is_a_mistake(#[case] expect: &str, #[case] told: &str) {
    let text = format!("{SIGN_UP}[sign-up.expect]\n{expect}\n");
    let problems = ScenarioFile::parse(&text).unwrap_err();
    assert_eq!(problems[0].text, told);
    assert_eq!(problems[0].line, 10);
}

#[rstest]
#[case::another_spelling(
    "job-title = \"Supplier\"",
    "job-title: expected a name as on the wire, such as jobTitle or extension_Name"
)]
#[case::custom_without_a_name(
    "extension_ = \"a\"",
    "extension_: expected a name as on the wire, such as jobTitle or extension_Name"
)]
#[case::the_address(
    "email = \"a@b.example\"",
    "email: expected no address here, as it stands in [sign-up.person]"
)]
#[case::a_list(
    "city = [\"a\"]",
    "invalid type: sequence, expected a string, an integer or a boolean"
)]
#[case::a_date(
    "city = 2027-01-31",
    "invalid type: map, expected a string, an integer or a boolean"
)]
#[case::two_types(
    "extension_A = 1\nextension_00001111aaaa2222bbbb3333cccc4444_A = true",
    "extension_A: found an integer, expected a boolean as elsewhere in this sign-up"
)]
#[case::another_type_in_a_correction(
    "city = \"a\"\n[[sign-up.correction]]\ncity = 1",
    "city: found an integer, expected a string as elsewhere in this sign-up"
)]
#[case::another_type_in_a_claim(
    "city = \"a\"\n[sign-up.expect]\nclaims.city = true",
    "claims.city: found a boolean, expected a string as elsewhere in this sign-up"
)]
fn an_attribute_that_no_page_has_is_a_mistake(#[case] attributes: &str, #[case] told: &str) {
    let text = format!("{SIGN_UP}[sign-up.attributes]\n{attributes}\n");
    let problems = ScenarioFile::parse(&text).unwrap_err();
    assert_eq!(problems[0].text, told);
}

#[rstest]
#[case::clear_text(
    "url = \"http://sign-up.contoso.com\"",
    "2:7: url: found `http://sign-up.contoso.com`, expected https, as only this machine is called without it"
)]
#[case::no_url(
    "url = \"sign-up.contoso.com\"",
    "2:7: url: found `sign-up.contoso.com`, expected a URL such as https://sign-up.contoso.com"
)]
#[case::another_scheme(
    "url = \"ftp://127.0.0.1\"",
    "2:7: url: found `ftp://127.0.0.1`, expected a URL that starts with https://"
)]
#[case::a_query(
    "url = \"https://a.example/?code=1\"",
    "2:7: url: found `https://a.example/?code=1`, expected a URL without `?` and `#`"
)]
#[case::a_password(
    "url = \"https://a:secret@a.example\"",
    "2:7: url: found a URL with a credential, expected one without"
)]
#[case::a_tenants_name(
    "tenant-id = \"contoso\"",
    "2:13: tenant-id: found `contoso`, expected a GUID in lower case"
)]
#[case::an_id_with_dashes(
    "extensions-app-id = \"93fd07aa-333c-409d-955d-96008fd08dd9\"",
    "2:21: extensions-app-id: found `93fd07aa-333c-409d-955d-96008fd08dd9`, expected 32 digits and letters a to f: the application id without dashes"
)]
#[case::a_password_in_the_file(
    "password = \"secret\"",
    "2:1: unknown field `password`, expected one of `url`, `username`, `entra`, `tenant-id`, `extensions-app-id`"
)]
fn a_target_that_cannot_be_called_is_a_mistake(#[case] target: &str, #[case] told: &str) {
    let problems = ScenarioFile::parse(&format!("[target]\n{target}\n{SIGN_UP}")).unwrap_err();
    assert_eq!(problems[0].to_string(), told);
}

#[test]
fn every_mistake_is_told_in_the_order_of_the_file() {
    let text = format!(
        "{}{}",
        SIGN_UP.replace("\"facebook\"", "\"local\""),
        SIGN_UP.replace("subject = \"0123456789\"", "")
    );
    let problems = ScenarioFile::parse(&text).unwrap_err();
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("5:12: provider: "), "{told:?}");
    assert!(
        told[1].starts_with("10:1: name: found `A partner` as in line 2"),
        "{told:?}"
    );
    assert!(told[2].starts_with("14:1: subject: "), "{told:?}");
}

#[test]
fn a_file_without_sign_ups_tries_nothing() {
    let problems = ScenarioFile::parse("").unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "1:1: found no [[sign-up]], expected at least one"
    );
}

#[test]
fn an_extension_waits_no_longer_than_entra_lets_it() {
    let text = SIGN_UP.replace("\"workforce\"", "\"external\"\ntime-out-ms = 5000");
    let problems = ScenarioFile::parse(&text).unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "5:15: time-out-ms: found 5000, expected 200 to 2000 for an extension"
    );
}

#[test]
fn the_address_of_a_code_is_required_and_that_of_an_account_may_be_missing() {
    let nobody = SIGN_UP.replace("johnsmith@example.com", "");
    assert_eq!(one(&nobody).person.email, "");
    let problems = ScenarioFile::parse(&nobody.replace("facebook", "email-code")).unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "7:9: email: found nothing, expected the address that is proved"
    );
}

#[test]
fn a_file_that_is_not_there_is_told_by_its_name() {
    let error = ScenarioFile::read(Path::new("nowhere/a.toml")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("nowhere/a.toml: No such file"),
        "{error}"
    );
}

#[rstest]
fn the_examples_are_good(#[files("../../examples/scenarios/**/*.toml")] path: std::path::PathBuf) {
    let file = ScenarioFile::read(&path).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(file.target.url.as_deref(), Some("http://127.0.0.1:9000"));
    for scenario in &file.sign_ups {
        assert!(!scenario.expect.steps.is_empty(), "{}", scenario.name);
    }
}

#[test]
fn the_tenant_of_a_file_is_the_local_one_by_default() {
    let example = include_str!("../../../../../examples/local-entra.toml");
    let deployment = Deployment {
        base_url: "http://127.0.0.1:9000".to_owned(),
    };
    let local = Config::parse(example, &deployment).unwrap();
    let file = ScenarioFile::parse(SIGN_UP).unwrap();
    assert_eq!(file.tenant.id, local.tenant.id);
    assert_eq!(file.tenant.name, local.tenant.name);
    assert_eq!(
        file.tenant.extensions_app_id,
        local.tenant.extensions_app_id
    );
    assert_eq!(
        file.tenant.extension_audience,
        local.tenant.extension_audience
    );
    assert!(
        local
            .application(&file.sign_ups[0].application.id)
            .is_some()
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
        let _ = ScenarioFile::parse(&text);
    }

    #[test]
    fn no_value_makes_the_parser_panic(key in "[a-z-]{1,12}", value in "[0-9a-z\"'{}=.-]{0,12}") {
        let _ = ScenarioFile::parse(&format!("{SIGN_UP}{key} = {value}\n"));
    }
}
