//! Answers of connectors (PROTOCOL 1.3, 1.4).

use std::time::Duration;

use local_entra::{
    connector::judge,
    exchange::{Outcome, Response},
    model::Step,
    verdict::{Answer, Judgement},
};
use rstest::rstest;
use serde_json::json;

use crate::flows::{answered, assert_rejected, attributes, custom, flow, json};

const CONTINUE: &str = r#"{"version":"1.0.0","action":"Continue"}"#;
const BLOCK: &str = r#"{"version":"1.0.0","action":"ShowBlockPage","userMessage":"Please wait."}"#;
const INVALID: &str = r#"{"version":"1.0.0","status":400,"action":"ValidationError","userMessage":"Please enter a valid Postal Code."}"#;

const SIGN_UP_STEPS: [Step; 2] = [Step::AfterFederation, Step::BeforeCreatingUser];

fn workforce(step: Step, status: u16, body: &str) -> Judgement {
    judge(flow("workforce"), step, &json(status, body))
}

fn b2c(step: Step, status: u16, body: &str) -> Judgement {
    judge(flow("b2c"), step, &json(status, body))
}

/// The same at the step where all actions are understood.
fn submitted(status: u16, body: &str) -> Judgement {
    workforce(Step::BeforeCreatingUser, status, body)
}

fn with_claims(claims: &str) -> String {
    format!(r#"{{"version":"1.0.0","action":"Continue",{claims}}}"#)
}

#[test]
fn continue_goes_on_at_every_step() {
    let expected = Judgement {
        verdict: Ok(Answer::Continue(attributes([]))),
        notes: Vec::new(),
    };
    for step in SIGN_UP_STEPS {
        assert_eq!(workforce(step, 200, CONTINUE), expected);
        assert_eq!(b2c(step, 200, CONTINUE), expected);
    }
    assert_eq!(b2c(Step::BeforeToken, 200, CONTINUE), expected);
}

#[test]
fn a_block_page_ends_a_sign_up() {
    let expected = Judgement {
        verdict: Ok(Answer::Block {
            title: None,
            message: "Please wait.".to_owned(),
        }),
        notes: Vec::new(),
    };
    for step in SIGN_UP_STEPS {
        assert_eq!(workforce(step, 200, BLOCK), expected);
        assert_eq!(b2c(step, 200, BLOCK), expected);
    }
}

#[test]
fn a_block_page_does_not_stop_a_sign_in() {
    for body in [
        BLOCK,
        r#"{"version":"1.0.0","action":"ShowBlockPage","city":"Seattle"}"#,
    ] {
        let judgement = b2c(Step::BeforeToken, 200, body);
        assert_eq!(judgement.verdict, Ok(Answer::Continue(attributes([]))));
        let note =
            "`ShowBlockPage` has no effect before the token: the sign-in goes on without claims";
        assert_eq!(judgement.notes, [note]);
    }
}

#[rstest]
#[case::number("400")]
#[case::text(r#""400""#)]
fn a_validation_error_lets_the_person_correct(#[case] status: &str) {
    let expected = Judgement {
        verdict: Ok(Answer::Invalid {
            message: "Please enter a valid Postal Code.".to_owned(),
            fields: Vec::new(),
        }),
        notes: Vec::new(),
    };
    let body = INVALID.replace("400", status);
    assert_eq!(submitted(400, &body), expected);
    assert_eq!(b2c(Step::BeforeCreatingUser, 400, &body), expected);
}

#[rstest]
#[case::documented("application/json")]
#[case::with_a_charset("application/json; charset=utf-8")]
#[case::in_another_case("Application/JSON ;charset=UTF-8")]
fn the_content_type_may_have_parameters(#[case] content_type: &str) {
    let outcome = answered(200, Some(content_type), CONTINUE.as_bytes());
    let judgement = judge(flow("workforce"), Step::AfterFederation, &outcome);
    assert!(judgement.verdict.is_ok(), "{judgement:?}");
}

#[test]
fn claims_have_the_names_of_the_attributes_that_they_set() {
    let body = with_claims(
        r#""postalCode":"12349",
        "extension_00001111aaaa2222bbbb3333cccc4444_CustomAttribute1":"value",
        "extension_CustomAttribute2":"without the application id",
        "extension_Agreed":true,
        "extension_Age":-17"#,
    );
    let expected = attributes([
        ("postalCode", json!("12349")),
        (&custom("CustomAttribute1"), json!("value")),
        (
            &custom("CustomAttribute2"),
            json!("without the application id"),
        ),
        (&custom("Agreed"), json!(true)),
        (&custom("Age"), json!(-17)),
    ]);
    for step in SIGN_UP_STEPS {
        let judgement = workforce(step, 200, &body);
        assert_eq!(judgement.verdict, Ok(Answer::Continue(expected.clone())));
        assert_eq!(judgement.notes, [""; 0]);
    }
}

#[rstest]
#[case::no_attribute(
    r#""favouriteColour":"blue""#,
    "`favouriteColour` has no effect as it is no attribute of the user flow"
)]
#[case::custom_without_prefix(
    r#""CustomAttribute1":"x""#,
    "`CustomAttribute1` has no effect as it is no attribute of the user flow"
)]
#[case::asserted_address(
    r#""email":"other@example.com""#,
    "`email` has no effect as it is no attribute of the user flow"
)]
#[case::code(r#""code":"CONTOSO-1""#, "`code` has no effect with `Continue`")]
#[case::message(
    r#""userMessage":"Welcome""#,
    "`userMessage` has no effect with `Continue`"
)]
#[case::status(r#""status":200"#, "`status` has no effect with `Continue`")]
fn what_has_no_effect_is_noted(#[case] member: &str, #[case] note: &str) {
    let judgement = submitted(200, &with_claims(member));
    assert_eq!(judgement.verdict, Ok(Answer::Continue(attributes([]))));
    assert_eq!(judgement.notes, [note]);
}

#[test]
fn other_members_of_a_block_page_and_a_validation_error_are_tolerated() {
    let body = BLOCK.replace('{', r#"{"status":400,"code":"C-1","city":"Seattle","#);
    let judgement = submitted(200, &body);
    assert!(
        matches!(judgement.verdict, Ok(Answer::Block { .. })),
        "{judgement:?}"
    );
    let notes =
        ["city", "code", "status"].map(|key| format!("`{key}` has no effect with `ShowBlockPage`"));
    assert_eq!(judgement.notes, notes);

    let judgement = submitted(400, &INVALID.replace('{', r#"{"code":"C-1","#));
    assert!(
        matches!(judgement.verdict, Ok(Answer::Invalid { .. })),
        "{judgement:?}"
    );
    assert_eq!(
        judgement.notes,
        ["`code` has no effect with `ValidationError`"]
    );
}

#[test]
fn a_blank_value_overwrites() {
    let judgement = submitted(200, &with_claims(r#""city":"""#));
    assert_eq!(
        judgement.verdict,
        Ok(Answer::Continue(attributes([("city", json!(""))])))
    );
    assert_eq!(
        judgement.notes,
        ["`city` is blank, which is a value: it overwrites what was there"]
    );
}

#[test]
fn a_name_in_another_case_is_understood_and_noted() {
    let judgement = submitted(
        200,
        &with_claims(r#""City":"Umeå","extension_customattribute1":"x""#),
    );
    let expected = attributes([
        ("city", json!("Umeå")),
        (&custom("CustomAttribute1"), json!("x")),
    ]);
    assert_eq!(judgement.verdict, Ok(Answer::Continue(expected)));
    let full = custom("CustomAttribute1");
    let notes = [
        "`City` was taken for `city`, although it is spelled differently".to_owned(),
        format!(
            "`extension_customattribute1` was taken for `{full}`, although it is spelled differently"
        ),
    ];
    assert_eq!(judgement.notes, notes);
}

#[test]
fn a_long_value_of_a_custom_attribute_is_noted_where_it_is_stored() {
    let just_fits = "å".repeat(250);
    let too_long = "å".repeat(251);
    let body = |value: &str| with_claims(&format!(r#""extension_CustomAttribute1":"{value}""#));
    let note = "`extension_CustomAttribute1` has 251 characters, and a custom attribute holds 250";
    let step = Step::BeforeCreatingUser;
    assert_eq!(b2c(step, 200, &body(&just_fits)).notes, [""; 0]);
    assert_eq!(b2c(step, 200, &body(&too_long)).notes, [note]);
    assert_eq!(b2c(Step::BeforeToken, 200, &body(&too_long)).notes, [""; 0]);
    let built_in = with_claims(&format!(r#""city":"{too_long}""#));
    assert_eq!(b2c(step, 200, &built_in).notes, [""; 0]);
}

#[test]
fn the_address_cannot_be_returned_before_the_token() {
    let body = with_claims(r#""email":"other@example.com","city":"Umeå""#);
    let judgement = b2c(Step::BeforeToken, 200, &body);
    assert_eq!(
        judgement.verdict,
        Ok(Answer::Continue(attributes([("city", json!("Umeå"))])))
    );
    let note = "`email` has no effect before the token, where `email` cannot be returned";
    assert_eq!(judgement.notes, [note]);
}

#[test]
fn only_application_claims_reach_a_token() {
    let body =
        with_claims(r#""city":"Umeå","jobTitle":"Supplier","extension_CustomAttribute1":"x""#);
    let of = |step| judge(flow("b2c-mapped"), step, &json(200, &body));
    let expected = attributes([
        ("city", json!("Umeå")),
        (&custom("CustomAttribute1"), json!("x")),
    ]);
    let judgement = of(Step::BeforeToken);
    assert_eq!(judgement.verdict, Ok(Answer::Continue(expected)));
    let note = "`jobTitle` has no effect as it is no application claim of the user flow";
    assert_eq!(judgement.notes, [note]);
    assert_eq!(of(Step::BeforeCreatingUser).notes, [""; 0]);
}

#[rstest]
#[case::created(201, "201")]
#[case::no_content(204, "204")]
#[case::redirect(302, "302")]
#[case::forbidden(403, "403")]
#[case::missing(404, "404")]
#[case::conflict(409, "409")]
#[case::failure(500, "500")]
#[case::unavailable(503, "503")]
fn another_status_is_not_understood(#[case] status: u16, #[case] found: &str) {
    let words = ["found HTTP status", found, "expected 200, or 400"];
    for step in SIGN_UP_STEPS {
        assert_rejected(&workforce(step, status, CONTINUE), None, &words);
    }
    for step in [
        Step::AfterFederation,
        Step::BeforeCreatingUser,
        Step::BeforeToken,
    ] {
        assert_rejected(&b2c(step, status, CONTINUE), Some("AADB2C90075"), &words);
    }
}

#[test]
fn b2c_knows_a_refused_credential() {
    let unauthorized = answered(401, None, b"");
    let step = Step::BeforeCreatingUser;
    let words = ["found HTTP status 401"];
    assert_rejected(
        &judge(flow("b2c"), step, &unauthorized),
        Some("AADB2C90027"),
        &words,
    );
    assert_rejected(&judge(flow("workforce"), step, &unauthorized), None, &words);
}

#[rstest]
#[case::missing(None, "no content type")]
#[case::text(Some("text/plain"), "`text/plain`")]
#[case::html(Some("text/html; charset=utf-8"), "`text/html; charset=utf-8`")]
#[case::problem(Some("application/problem+json"), "`application/problem+json`")]
#[case::longer(Some("application/jsonx"), "`application/jsonx`")]
#[case::blank(Some(""), "content type ``")]
fn another_content_type_is_not_understood(#[case] content_type: Option<&str>, #[case] found: &str) {
    for (status, body) in [(200, CONTINUE), (400, INVALID)] {
        let outcome = answered(status, content_type, body.as_bytes());
        let judgement = judge(flow("workforce"), Step::BeforeCreatingUser, &outcome);
        assert_rejected(
            &judgement,
            None,
            &[found, "expected the content type `application/json`"],
        );
    }
}

#[rstest]
#[case::empty(b"", &["an empty body"])]
#[case::white_space(b" \n", &["no well-formed JSON", "EOF"])]
#[case::no_utf8(b"{\"version\":\"\xff\"}", &["no UTF-8"])]
#[case::byte_order_mark(b"\xef\xbb\xbf{}", &["no well-formed JSON"])]
#[case::no_json(b"OK", &["no well-formed JSON"])]
#[case::html(b"<html></html>", &["no well-formed JSON"])]
#[case::cut_off(br#"{"version":"1.0.0","action":"Contin"#, &["no well-formed JSON", "EOF"])]
#[case::comment(b"{} // return claim", &["no well-formed JSON", "trailing characters"])]
#[case::trailing_comma(br#"{"version":"1.0.0","action":"Continue",}"#, &["no well-formed JSON", "trailing comma"])]
#[case::trailing_text(br#"{"version":"1.0.0","action":"Continue"}{}"#, &["no well-formed JSON", "trailing characters"])]
#[case::duplicate_key(br#"{"version":"1.0.0","action":"ShowBlockPage","action":"Continue"}"#, &["the key `action` stands there twice"])]
#[case::deep_duplicate_key(br#"{"version":"1.0.0","action":"Continue","x":{"y":1,"y":1}}"#, &["the key `y` stands there twice"])]
#[case::null(b"null", &["found null", "expected a JSON object"])]
#[case::array(br#"[{"version":"1.0.0","action":"Continue"}]"#, &["found an array", "expected a JSON object"])]
#[case::string(br#""Continue""#, &["found a string", "expected a JSON object"])]
#[case::number(b"1", &["found an integer", "expected a JSON object"])]
#[case::boolean(b"true", &["found a boolean", "expected a JSON object"])]
fn a_body_that_is_no_json_object_is_not_understood(#[case] body: &[u8], #[case] words: &[&str]) {
    let outcome = answered(200, Some("application/json"), body);
    let judgement = judge(flow("b2c"), Step::BeforeCreatingUser, &outcome);
    assert_rejected(&judgement, None, words);
}

#[rstest]
#[case::no_version(r#"{"action":"Continue"}"#, &["`version`: found none"])]
#[case::numeric_version(r#"{"version":1,"action":"Continue"}"#, &["`version`: found an integer", "expected a string"])]
#[case::fractional_version(r#"{"version":1.0,"action":"Continue"}"#, &["`version`: found a number that is no integer"])]
#[case::blank_version(r#"{"version":"","action":"Continue"}"#, &["`version`: found a blank one"])]
#[case::null_version(r#"{"version":null,"action":"Continue"}"#, &["`version`: found null"])]
#[case::version_in_another_case(r#"{"Version":"1.0.0","action":"Continue"}"#, &["`version`: found none"])]
#[case::no_action(r#"{"version":"1.0.0"}"#, &["`action`: found none"])]
#[case::no_member("{}", &["`version`: found none"])]
#[case::numeric_action(r#"{"version":"1.0.0","action":200}"#, &["`action`: found an integer"])]
#[case::action_in_a_list(r#"{"version":"1.0.0","action":["Continue"]}"#, &["`action`: found an array"])]
#[case::null_action(r#"{"version":"1.0.0","action":null}"#, &["`action`: found null"])]
#[case::preview_name(r#"{"version":"1.0.0","action":"Allow"}"#, &["found the action `Allow`", "preview of 2020", "expected"])]
#[case::lower_case(r#"{"version":"1.0.0","action":"continue"}"#, &["found the action `continue`", "`Continue`"])]
#[case::upper_case(r#"{"version":"1.0.0","action":"CONTINUE"}"#, &["found the action `CONTINUE`"])]
#[case::white_space(r#"{"version":"1.0.0","action":"Continue "}"#, &["found the action `Continue `"])]
#[case::of_the_other_protocol(r#"{"version":"1.0.0","action":"continueWithDefaultBehavior"}"#, &["found the action `continueWithDefaultBehavior`"])]
#[case::block_in_another_case(r#"{"version":"1.0.0","action":"showBlockPage","userMessage":"x"}"#, &["found the action `showBlockPage`"])]
#[case::null_claim(r#"{"version":"1.0.0","action":"Continue","city":null}"#, &["`city`: found null"])]
#[case::null_of_no_attribute(r#"{"version":"1.0.0","action":"Continue","colour":null}"#, &["`colour`: found null"])]
#[case::array(r#"{"version":"1.0.0","action":"Continue","city":["Seattle"]}"#, &["`city`: found an array"])]
#[case::array_of_no_attribute(r#"{"version":"1.0.0","action":"Continue","roles":["a"]}"#, &["`roles`: found an array"])]
#[case::object(r#"{"version":"1.0.0","action":"Continue","city":{"value":"Seattle"}}"#, &["`city`: found an object"])]
#[case::number_for_text(r#"{"version":"1.0.0","action":"Continue","city":12349}"#, &["`city`: found an integer", "expected a string"])]
#[case::boolean_for_text(r#"{"version":"1.0.0","action":"Continue","city":true}"#, &["`city`: found a boolean", "expected a string"])]
#[case::text_for_boolean(r#"{"version":"1.0.0","action":"Continue","extension_Agreed":"true"}"#, &["`extension_Agreed`: found a string", "expected a boolean"])]
#[case::number_for_boolean(r#"{"version":"1.0.0","action":"Continue","extension_Agreed":1}"#, &["found an integer", "expected a boolean"])]
#[case::text_for_integer(r#"{"version":"1.0.0","action":"Continue","extension_Age":"17"}"#, &["found a string", "expected an integer"])]
#[case::fraction_for_integer(r#"{"version":"1.0.0","action":"Continue","extension_Age":17.5}"#, &["found a number that is no integer", "expected an integer"])]
#[case::twice_by_two_names(r#"{"version":"1.0.0","action":"Continue","extension_Age":1,"extension_00001111aaaa2222bbbb3333cccc4444_Age":1}"#, &["found a second value"])]
#[case::block_without_message(r#"{"version":"1.0.0","action":"ShowBlockPage"}"#, &["`userMessage`: found none"])]
#[case::block_with_blank_message(r#"{"version":"1.0.0","action":"ShowBlockPage","userMessage":" "}"#, &["`userMessage`: found a blank one"])]
#[case::block_with_null_message(r#"{"version":"1.0.0","action":"ShowBlockPage","userMessage":null}"#, &["`userMessage`: found null"])]
#[case::block_with_localised_messages(r#"{"version":"1.0.0","action":"ShowBlockPage","userMessage":{"en":"x"}}"#, &["`userMessage`: found an object"])]
#[case::validation_error_with_200(INVALID, &["`ValidationError` with HTTP status 200", "expected it with 400"])]
fn with_200_it_is_not_understood(#[case] body: &str, #[case] words: &[&str]) {
    assert_rejected(&submitted(200, body), None, words);
    assert_rejected(&b2c(Step::BeforeCreatingUser, 200, body), None, words);
}

#[rstest]
#[case::continuation(CONTINUE, &["`Continue` with HTTP status 400", "expected it with 200"])]
#[case::block(BLOCK, &["`ShowBlockPage` with HTTP status 400", "expected it with 200"])]
#[case::no_status(r#"{"version":"1.0.0","action":"ValidationError","userMessage":"x"}"#, &["`status`: found none", "expected 400"])]
#[case::other_status(r#"{"version":"1.0.0","action":"ValidationError","userMessage":"x","status":200}"#, &["`status`: found 200"])]
#[case::other_status_as_text(r#"{"version":"1.0.0","action":"ValidationError","userMessage":"x","status":"409"}"#, &["`status`: found \"409\""])]
#[case::fractional_status(r#"{"version":"1.0.0","action":"ValidationError","userMessage":"x","status":400.0}"#, &["`status`: found 400.0"])]
#[case::null_status(r#"{"version":"1.0.0","action":"ValidationError","userMessage":"x","status":null}"#, &["`status`: found null"])]
#[case::no_message(r#"{"version":"1.0.0","action":"ValidationError","status":400}"#, &["`userMessage`: found none"])]
#[case::blank_message(r#"{"version":"1.0.0","action":"ValidationError","status":400,"userMessage":""}"#, &["`userMessage`: found a blank one"])]
#[case::no_version(r#"{"action":"ValidationError","status":400,"userMessage":"x"}"#, &["`version`: found none"])]
#[case::other_case(r#"{"version":"1.0.0","action":"validationError","status":400,"userMessage":"x"}"#, &["found the action `validationError`"])]
#[case::unknown(r#"{"version":"1.0.0","action":"Deny","status":400,"userMessage":"x"}"#, &["found the action `Deny`"])]
#[case::preview_name(r#"{"version":"1.0.0","action":"Allow"}"#, &["found the action `Allow`"])]
#[case::problem_details(r#"{"title":"Bad Request","status":400}"#, &["`version`: found none"])]
fn with_400_it_is_not_understood(#[case] body: &str, #[case] words: &[&str]) {
    assert_rejected(&submitted(400, body), None, words);
    assert_rejected(
        &b2c(Step::BeforeCreatingUser, 400, body),
        Some("AADB2C90075"),
        words,
    );
}

#[test]
fn a_validation_error_at_another_step_is_not_understood() {
    let words = ["found the action `ValidationError`", "`Continue`"];
    for status in [200, 400] {
        let federated = workforce(Step::AfterFederation, status, INVALID);
        assert_rejected(
            &federated,
            None,
            &[words[0], "`Continue` or `ShowBlockPage`"],
        );
    }
    let code = Some("AADB2C90075");
    assert_rejected(&b2c(Step::AfterFederation, 400, INVALID), code, &words);
    assert_rejected(&b2c(Step::BeforeToken, 400, INVALID), code, &words);
    assert_rejected(&b2c(Step::BeforeToken, 200, INVALID), None, &words);
    assert_rejected(
        &b2c(Step::BeforeToken, 400, BLOCK),
        code,
        &["`ShowBlockPage` with HTTP status 400"],
    );
}

#[test]
fn no_answer_is_none() {
    let timed_out = Outcome::TimedOut {
        after: Duration::from_secs(5),
    };
    let unreachable = Outcome::Unreachable {
        problem: "connection refused".to_owned(),
    };
    let too_long = Outcome::Answered(Response {
        status: 200,
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: CONTINUE.as_bytes().to_vec(),
        truncated: true,
    });
    for flow in [flow("workforce"), flow("b2c")] {
        let of = |outcome| judge(flow, Step::BeforeCreatingUser, outcome);
        assert_rejected(&of(&timed_out), None, &["no complete answer after 5000 ms"]);
        assert_rejected(
            &of(&unreachable),
            None,
            &["found no answer (connection refused)"],
        );
        assert_rejected(&of(&too_long), None, &["more than 1048576 octets"]);
    }
}
