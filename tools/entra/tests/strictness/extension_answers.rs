//! Answers of extensions (PROTOCOL 5.3 to 5.7, 5.11).

use std::time::Duration;

use local_entra::{
    exchange::{Outcome, Response},
    extension::judge,
    model::Step,
    verdict::{Answer, Judgement},
};
use rstest::rstest;
use serde_json::json;

use crate::flows::{answered, assert_rejected, attributes, custom, flow, json};

const START: &str = "microsoft.graph.onAttributeCollectionStartResponseData";
const SUBMIT: &str = "microsoft.graph.onAttributeCollectionSubmitResponseData";
const TOKEN: &str = "microsoft.graph.onTokenIssuanceStartResponseData";
const OTP: &str = "microsoft.graph.OnOtpSendResponseData";

const CONTINUE_START: &str = "microsoft.graph.attributeCollectionStart.continueWithDefaultBehavior";
const CONTINUE_SUBMIT: &str =
    "microsoft.graph.attributeCollectionSubmit.continueWithDefaultBehavior";
const CONTINUE_OTP: &str = "microsoft.graph.OtpSend.continueWithDefaultBehavior";
const PROVIDE_CLAIMS: &str = "microsoft.graph.tokenIssuanceStart.provideClaimsForToken";

const INVALID_BODY: Option<&str> = Some("1003003 InvalidResponseBody");
const INVALID_ACTION: Option<&str> = Some("1003012 InvalidActionType");
const NUMBER_OF_ACTIONS: Option<&str> = Some("1003010 InvalidNumberOfActions");

const STEPS: [(Step, &str, &str); 4] = [
    (Step::AfterFederation, START, CONTINUE_START),
    (Step::BeforeCreatingUser, SUBMIT, CONTINUE_SUBMIT),
    (Step::BeforeToken, TOKEN, PROVIDE_CLAIMS),
    (Step::OtpSend, OTP, CONTINUE_OTP),
];

/// An answer with one action, which has these other members.
fn body(response_data: &str, action: &str, members: &str) -> String {
    format!(
        r#"{{"data":{{"@odata.type":"{response_data}","actions":[{{"@odata.type":"{action}"{members}}}]}}}}"#
    )
}

/// The answer that lets a step go on.
fn going_on(step: Step) -> String {
    let (_, data, action) = STEPS.into_iter().find(|one| one.0 == step).unwrap();
    let members = if step == Step::BeforeToken {
        r#","claims":{}"#
    } else {
        ""
    };
    body(data, action, members)
}

fn of(step: Step, text: &str) -> Judgement {
    judge(flow("external"), step, &json(200, text))
}

fn start(action: &str, members: &str) -> Judgement {
    let action = format!("microsoft.graph.attributeCollectionStart.{action}");
    of(Step::AfterFederation, &body(START, &action, members))
}

fn submit(action: &str, members: &str) -> Judgement {
    let action = format!("microsoft.graph.attributeCollectionSubmit.{action}");
    of(Step::BeforeCreatingUser, &body(SUBMIT, &action, members))
}

fn token(claims: &str) -> Judgement {
    let members = format!(r#","claims":{claims}"#);
    of(Step::BeforeToken, &body(TOKEN, PROVIDE_CLAIMS, &members))
}

#[rstest]
fn the_documented_continuation_goes_on(
    #[values(
        Step::AfterFederation,
        Step::BeforeCreatingUser,
        Step::BeforeToken,
        Step::OtpSend
    )]
    step: Step,
) {
    let expected = Judgement {
        verdict: Ok(Answer::Continue(attributes([]))),
        notes: Vec::new(),
    };
    assert_eq!(of(step, &going_on(step)), expected);
}

#[test]
fn attributes_are_prefilled_and_modified() {
    let values = r#"{
        "companyName":"Contoso",
        "extension_00001111aaaa2222bbbb3333cccc4444_universityGroups":"Alumni,Faculty",
        "extension_00001111aaaa2222bbbb3333cccc4444_graduationYear":2010,
        "extension_00001111aaaa2222bbbb3333cccc4444_onMailingList":true}"#;
    let expected = Judgement {
        verdict: Ok(Answer::Continue(attributes([
            ("companyName", json!("Contoso")),
            (&custom("universityGroups"), json!("Alumni,Faculty")),
            (&custom("graduationYear"), json!(2010)),
            (&custom("onMailingList"), json!(true)),
        ]))),
        notes: Vec::new(),
    };
    let inputs = format!(r#","inputs":{values}"#);
    assert_eq!(start("setPrefillValues", &inputs), expected);
    let attributes = format!(r#","attributes":{values}"#);
    assert_eq!(submit("modifyAttributeValues", &attributes), expected);
}

#[test]
fn values_of_what_is_not_on_the_page_have_no_effect() {
    let values = r#"{"city":null,"email":"x","extension_graduationYear":"2010","CompanyName":""}"#;
    let notes = [
        "`CompanyName` was taken for `companyName`, although it is spelled differently",
        "`CompanyName` is blank, which is a value: it overwrites what was there",
        "`city` has no effect as it is not on the attribute page",
        "`email` has no effect as it is not on the attribute page",
        "`extension_graduationYear` has no effect as it is not on the attribute page",
    ];
    let judgement = submit(
        "modifyAttributeValues",
        &format!(r#","attributes":{values}"#),
    );
    let expected = attributes([("companyName", json!(""))]);
    assert_eq!(judgement.verdict, Ok(Answer::Continue(expected)));
    assert_eq!(judgement.notes, notes);
}

#[rstest]
#[case::with_a_title(
    r#","title":"Hold tight...","message":"Please wait.""#,
    Some("Hold tight...")
)]
#[case::without(r#","message":"Please wait.""#, None)]
#[case::with_a_blank_one(r#","title":"","message":"Please wait.""#, None)]
fn a_block_page_ends_a_sign_up(#[case] members: &str, #[case] title: Option<&str>) {
    let expected = Judgement {
        verdict: Ok(Answer::Block {
            title: title.map(str::to_owned),
            message: "Please wait.".to_owned(),
        }),
        notes: Vec::new(),
    };
    assert_eq!(start("showBlockPage", members), expected);
    assert_eq!(submit("showBlockPage", members), expected);
}

#[test]
fn a_validation_error_has_messages_for_single_attributes() {
    let members = r#",
        "message":"Please fix the below errors to proceed.",
        "attributeErrors":{
            "city":"City cannot contain any numbers",
            "companyName":"No company of that name",
            "extension_00001111aaaa2222bbbb3333cccc4444_graduationYear":"Graduation year must be at least 4 digits"}"#;
    let judgement = submit("showValidationError", members);
    let expected = Answer::Invalid {
        message: "Please fix the below errors to proceed.".to_owned(),
        fields: vec![
            (
                "companyName".to_owned(),
                "No company of that name".to_owned(),
            ),
            (
                custom("graduationYear"),
                "Graduation year must be at least 4 digits".to_owned(),
            ),
        ],
    };
    assert_eq!(judgement.verdict, Ok(expected));
    assert_eq!(
        judgement.notes,
        ["`city` has no effect as it is not on the attribute page"]
    );
}

#[test]
fn a_validation_error_may_have_a_message_alone() {
    let judgement = submit("showValidationError", r#","message":"No.""#);
    let expected = Answer::Invalid {
        message: "No.".to_owned(),
        fields: Vec::new(),
    };
    assert_eq!(judgement.verdict, Ok(expected));
    assert_eq!(judgement.notes, [""; 0]);
}

#[test]
fn claims_are_strings_and_lists_of_strings_under_their_own_names() {
    let judgement =
        token(r#"{"DateOfBirth":"01/01/2000","CustomRoles":["Writer","Editor"],"none":[]}"#);
    let expected = attributes([
        ("DateOfBirth", json!("01/01/2000")),
        ("CustomRoles", json!(["Writer", "Editor"])),
        ("none", json!([])),
    ]);
    assert_eq!(judgement.verdict, Ok(Answer::Continue(expected)));
    assert_eq!(judgement.notes, [""; 0]);
}

#[test]
fn a_claim_is_mapped_by_its_exact_name() {
    let text = body(
        TOKEN,
        PROVIDE_CLAIMS,
        r#","claims":{"Tier":"Gold","tier":"Silver"}"#,
    );
    let judgement = judge(
        flow("external-mapped"),
        Step::BeforeToken,
        &json(200, &text),
    );
    assert_eq!(
        judgement.verdict,
        Ok(Answer::Continue(attributes([("Tier", json!("Gold"))])))
    );
    let note = "`tier` has no effect as it is no application claim of the user flow";
    assert_eq!(judgement.notes, [note]);
}

#[test]
fn three_kilobytes_of_claims_are_not_too_many() {
    let claims = |length: usize| {
        // Names and values together: 4 + 3 + 2 and the padding.
        let padding = "x".repeat(length - 9);
        format!(r#"{{"name":"{padding}","abc":["d","e"]}}"#)
    };
    assert!(token(&claims(3072)).verdict.is_ok());
    let code = Some("1003025 ResponseClaimsSizeExceeded");
    assert_rejected(
        &token(&claims(3073)),
        code,
        &["3073 octets", "at most 3072"],
    );
    // Octets count, not characters.
    let umlauts = format!(r#"{{"name":"{}"}}"#, "å".repeat(1535));
    assert_rejected(&token(&umlauts), code, &["3074 octets"]);
}

#[rstest]
#[case::start(Step::AfterFederation, START, CONTINUE_START)]
#[case::submit(Step::BeforeCreatingUser, SUBMIT, CONTINUE_SUBMIT)]
#[case::otp(Step::OtpSend, OTP, CONTINUE_OTP)]
fn types_are_compared_without_regard_to_case_and_a_note_says_so(
    #[case] step: Step,
    #[case] response_data: &str,
    #[case] action: &str,
) {
    let (lower_data, lower_action) = (response_data.to_lowercase(), action.to_lowercase());
    let judgement = of(step, &body(&lower_data, &lower_action, ""));
    assert_eq!(judgement.verdict, Ok(Answer::Continue(attributes([]))));
    let notes = [
        format!("`{lower_data}` is spelled `{response_data}` in the reference"),
        format!("`{lower_action}` is spelled `{action}` in the reference"),
    ];
    assert_eq!(judgement.notes, notes);
}

#[test]
fn the_spelling_of_samples_is_understood() {
    let judgement = submit("ShowValidationError", r#","message":"No.""#);
    assert!(
        matches!(judgement.verdict, Ok(Answer::Invalid { .. })),
        "{judgement:?}"
    );
    assert_eq!(judgement.notes.len(), 1);
}

#[test]
fn unknown_members_have_no_effect() {
    let text = format!(
        r#"{{"version":"1.0.0","data":{{"@odata.type":"{START}","user":{{}},"actions":[{{"@odata.type":"{CONTINUE_START}","inputs":{{}}}}]}}}}"#
    );
    let judgement = of(Step::AfterFederation, &text);
    assert_eq!(judgement.verdict, Ok(Answer::Continue(attributes([]))));
    let notes = [
        "`version` of the answer has no effect",
        "`user` of `data` has no effect",
        "`inputs` of the action has no effect",
    ];
    assert_eq!(judgement.notes, notes);
}

#[rstest]
#[case::created(201, "1003002 InvalidHTTPStatus")]
#[case::no_content(204, "1003002 InvalidHTTPStatus")]
#[case::redirect(302, "1003002 InvalidHTTPStatus")]
#[case::validation_error(400, "1003002 InvalidHTTPStatus")]
#[case::unauthorized(401, "1003002 InvalidHTTPStatus")]
#[case::forbidden(403, "1003002 InvalidHTTPStatus")]
#[case::throttled(429, "1003004 Throttling")]
#[case::failure(500, "1003002 InvalidHTTPStatus")]
#[case::unavailable(503, "1003002 InvalidHTTPStatus")]
fn another_status_is_not_understood(#[case] status: u16, #[case] code: &str) {
    for (step, ..) in STEPS {
        let judgement = judge(flow("external"), step, &json(status, &going_on(step)));
        let found = format!("found HTTP status {status}");
        assert_rejected(&judgement, Some(code), &[&found, "expected 200"]);
    }
}

#[rstest]
#[case::missing(None, "no content type")]
#[case::text(Some("text/plain"), "`text/plain`")]
#[case::problem(Some("application/problem+json"), "`application/problem+json`")]
fn another_content_type_is_not_understood(#[case] content_type: Option<&str>, #[case] found: &str) {
    for (step, ..) in STEPS {
        let outcome = answered(200, content_type, going_on(step).as_bytes());
        let judgement = judge(flow("external"), step, &outcome);
        let code = Some("1003006 InvalidResponseContentType");
        assert_rejected(
            &judgement,
            code,
            &[found, "expected the content type `application/json`"],
        );
    }
}

#[test]
fn an_empty_body_has_a_code_of_its_own() {
    for content_type in [None, Some("application/json")] {
        let outcome = answered(200, content_type, b"");
        let judgement = judge(flow("external"), Step::AfterFederation, &outcome);
        assert_rejected(
            &judgement,
            Some("1003009 EmptyResponse"),
            &["an empty body"],
        );
    }
}

#[test]
fn no_answer_has_codes_of_its_own() {
    let after = Duration::from_secs(1);
    let of = |outcome| judge(flow("external"), Step::AfterFederation, &outcome);
    let timed_out = of(Outcome::TimedOut { after });
    assert_rejected(
        &timed_out,
        Some("1003005 TimedOut"),
        &["no complete answer after 1000 ms"],
    );
    let unreachable = of(Outcome::Unreachable {
        problem: "connection refused".to_owned(),
    });
    let words = ["found no answer (connection refused)"];
    assert_rejected(&unreachable, Some("1003027 ConnectionError"), &words);
    let too_long = of(Outcome::Answered(Response {
        status: 200,
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: going_on(Step::AfterFederation).into_bytes(),
        truncated: true,
    }));
    let words = ["more than 1048576 octets"];
    assert_rejected(&too_long, Some("1003024 ResponseSizeExceeded"), &words);
}

#[rstest]
#[case::no_utf8(b"{\"data\":\"\xff\"}", &["no UTF-8"])]
#[case::no_json(b"OK", &["no well-formed JSON"])]
#[case::cut_off(br#"{"data":{"@odata.type":"#, &["no well-formed JSON", "EOF"])]
#[case::trailing_text(b"{}{}", &["no well-formed JSON", "trailing characters"])]
#[case::duplicate_key(br#"{"data":{},"data":{}}"#, &["the key `data` stands there twice"])]
#[case::null(b"null", &["found null"])]
#[case::array(b"[]", &["found an array"])]
#[case::no_data(b"{}", &["`data`: found none", "expected an object"])]
#[case::null_data(br#"{"data":null}"#, &["`data`: found null"])]
#[case::data_in_another_case(br#"{"Data":{}}"#, &["`data`: found none"])]
#[case::data_in_a_list(br#"{"data":[]}"#, &["`data`: found an array"])]
#[case::of_the_other_protocol(br#"{"version":"1.0.0","action":"Continue"}"#, &["`data`: found none"])]
fn a_body_of_another_shape_is_not_understood(#[case] body: &[u8], #[case] words: &[&str]) {
    let outcome = answered(200, Some("application/json"), body);
    for (step, ..) in STEPS {
        let judgement = judge(flow("external"), step, &outcome);
        assert_rejected(&judgement, INVALID_BODY, words);
    }
}

#[rstest]
#[case::no_type(r#"{"actions":[ACTION]}"#, &["`@odata.type`: found none"])]
#[case::null_type(r#"{"@odata.type":null,"actions":[ACTION]}"#, &["`@odata.type`: found null"])]
#[case::stray_capital(r#"{"@odata.Type":"DATA","actions":[ACTION]}"#, &["`@odata.type`: found none"])]
#[case::of_the_request(r#"{"@odata.type":"microsoft.graph.onAttributeCollectionStartCalloutData","actions":[ACTION]}"#, &["found `microsoft.graph.onAttributeCollectionStartCalloutData`", "expected `microsoft.graph.onAttributeCollectionStartResponseData`"])]
#[case::of_another_event(r#"{"@odata.type":"microsoft.graph.onAttributeCollectionSubmitResponseData","actions":[ACTION]}"#, &["found `microsoft.graph.onAttributeCollectionSubmitResponseData`"])]
#[case::no_actions(r#"{"@odata.type":"DATA"}"#, &["`actions`: found none"])]
#[case::null_actions(r#"{"@odata.type":"DATA","actions":null}"#, &["`actions`: found null"])]
#[case::actions_in_no_list(r#"{"@odata.type":"DATA","actions":ACTION}"#, &["`actions`: found an object"])]
#[case::action_as_text(r#"{"@odata.type":"DATA","actions":["continueWithDefaultBehavior"]}"#, &["found a string as the action"])]
#[case::action_without_type(r#"{"@odata.type":"DATA","actions":[{}]}"#, &["`@odata.type`: found none"])]
#[case::action_with_numeric_type(r#"{"@odata.type":"DATA","actions":[{"@odata.type":1}]}"#, &["`@odata.type`: found an integer"])]
fn data_of_another_shape_is_not_understood(#[case] data: &str, #[case] words: &[&str]) {
    let action = format!(r#"{{"@odata.type":"{CONTINUE_START}"}}"#);
    let data = data.replace("ACTION", &action).replace("DATA", START);
    let judgement = of(Step::AfterFederation, &format!(r#"{{"data":{data}}}"#));
    assert_rejected(&judgement, INVALID_BODY, words);
}

#[test]
fn there_is_exactly_one_action() {
    for (step, data, action) in STEPS {
        let action = format!(r#"{{"@odata.type":"{action}","claims":{{}}}}"#);
        for (actions, found) in [
            (String::new(), "found 0 actions"),
            (format!("{action},{action}"), "found 2 actions"),
            (format!("{action},null,1"), "found 3 actions"),
        ] {
            let text = format!(r#"{{"data":{{"@odata.type":"{data}","actions":[{actions}]}}}}"#);
            assert_rejected(
                &of(step, &text),
                NUMBER_OF_ACTIONS,
                &[found, "expected exactly one"],
            );
        }
    }
}

#[rstest]
#[case::unknown("microsoft.graph.attributeCollectionStart.deny")]
#[case::without_its_event("continueWithDefaultBehavior")]
#[case::of_another_event(CONTINUE_SUBMIT)]
#[case::of_the_token(PROVIDE_CLAIMS)]
#[case::validation_error_before_the_page(
    "microsoft.graph.attributeCollectionStart.showValidationError"
)]
#[case::with_a_hash("#microsoft.graph.attributeCollectionStart.continueWithDefaultBehavior")]
#[case::with_white_space("microsoft.graph.attributeCollectionStart.continueWithDefaultBehavior ")]
#[case::of_the_other_protocol("Continue")]
fn another_action_is_not_understood(#[case] action: &str) {
    let judgement = of(Step::AfterFederation, &body(START, action, ""));
    let found = format!("found the action `{action}`");
    assert_rejected(&judgement, INVALID_ACTION, &[&found, CONTINUE_START]);
}

#[test]
fn the_actions_of_one_event_are_not_anothers() {
    for (step, data, _) in STEPS {
        for (other, _, action) in STEPS {
            if step != other {
                let judgement = of(step, &body(data, action, r#","claims":{}"#));
                assert_rejected(&judgement, INVALID_ACTION, &[action]);
            }
        }
    }
    let block = "microsoft.graph.tokenIssuanceStart.showBlockPage";
    let judgement = of(
        Step::BeforeToken,
        &body(TOKEN, block, r#","message":"No.""#),
    );
    assert_rejected(&judgement, INVALID_ACTION, &[block, PROVIDE_CLAIMS]);
}

#[test]
fn names_of_the_preview_are_not_understood() {
    let action = "graph.attributeCollectionStart.continueWithDefaultBehavior";
    let judgement = of(Step::AfterFederation, &body(START, action, ""));
    assert_rejected(&judgement, INVALID_ACTION, &[action, "obsolete"]);
}

#[rstest]
#[case::none("", &["found none", "expected an object"])]
#[case::null(",MEMBER:null", &["found null"])]
#[case::list(r#",MEMBER:[{"companyName":"x"}]"#, &["found an array"])]
#[case::number_for_text(r#",MEMBER:{"companyName":1}"#, &["`companyName`", "found an integer", "expected a string"])]
#[case::null_for_text(r#",MEMBER:{"companyName":null}"#, &["`companyName`", "found null"])]
#[case::wrapped(r#",MEMBER:{"companyName":{"value":"x"}}"#, &["`companyName`", "found an object"])]
#[case::list_for_text(r#",MEMBER:{"companyName":["x","y"]}"#, &["`companyName`", "found an array"])]
#[case::text_for_integer(r#",MEMBER:{"ID_graduationYear":"2010"}"#, &["graduationYear`", "found a string", "expected an integer"])]
#[case::fraction_for_integer(r#",MEMBER:{"ID_graduationYear":2010.5}"#, &["found a number that is no integer"])]
#[case::huge_for_integer(r#",MEMBER:{"ID_graduationYear":18446744073709551615}"#, &["graduationYear`", "expected an integer"])]
#[case::text_for_boolean(r#",MEMBER:{"ID_onMailingList":"true"}"#, &["onMailingList`", "found a string", "expected a boolean"])]
#[case::twice(r#",MEMBER:{"companyName":"x","CompanyName":"y"}"#, &["found a second value"])]
fn values_of_another_shape_are_not_understood(#[case] members: &str, #[case] words: &[&str]) {
    let members = members.replace("ID", "extension_00001111aaaa2222bbbb3333cccc4444");
    let inputs = members.replace("MEMBER", r#""inputs""#);
    assert_rejected(&start("setPrefillValues", &inputs), INVALID_BODY, words);
    let attributes = members.replace("MEMBER", r#""attributes""#);
    assert_rejected(
        &submit("modifyAttributeValues", &attributes),
        INVALID_BODY,
        words,
    );
}

#[test]
fn the_two_events_call_their_values_differently() {
    let judgement = start("setPrefillValues", r#","attributes":{}"#);
    assert_rejected(&judgement, INVALID_BODY, &["`inputs`: found none"]);
    let judgement = submit("modifyAttributeValues", r#","inputs":{}"#);
    assert_rejected(&judgement, INVALID_BODY, &["`attributes`: found none"]);
}

#[rstest]
#[case::no_message("", &["`message`: found none"])]
#[case::blank_message(r#","message":"""#, &["`message`: found a blank one"])]
#[case::null_message(r#","message":null"#, &["`message`: found null"])]
#[case::message_of_the_other_protocol(r#","userMessage":"No.""#, &["`message`: found none"])]
#[case::localised_messages(r#","message":{"en":"No."}"#, &["`message`: found an object"])]
fn a_message_is_required(#[case] members: &str, #[case] words: &[&str]) {
    assert_rejected(&start("showBlockPage", members), INVALID_BODY, words);
    assert_rejected(&submit("showBlockPage", members), INVALID_BODY, words);
    assert_rejected(&submit("showValidationError", members), INVALID_BODY, words);
}

#[rstest]
#[case::null("null", "found null")]
#[case::number("1", "found an integer")]
fn a_title_is_text(#[case] title: &str, #[case] found: &str) {
    let members = format!(r#","message":"No.","title":{title}"#);
    assert_rejected(
        &start("showBlockPage", &members),
        INVALID_BODY,
        &["`title`", found],
    );
}

#[rstest]
#[case::null("null", &["`attributeErrors`: found null"])]
#[case::list(r#"["city"]"#, &["`attributeErrors`: found an array"])]
#[case::no_text(r#"{"companyName":1}"#, &["`companyName` of `attributeErrors`: found an integer"])]
#[case::lists_of_texts(r#"{"companyName":["No."]}"#, &["`companyName` of `attributeErrors`: found an array"])]
#[case::no_text_for_no_attribute(r#"{"city":null}"#, &["`city` of `attributeErrors`: found null"])]
fn errors_of_attributes_are_texts(#[case] errors: &str, #[case] words: &[&str]) {
    let members = format!(r#","message":"No.","attributeErrors":{errors}"#);
    assert_rejected(
        &submit("showValidationError", &members),
        INVALID_BODY,
        words,
    );
}

#[rstest]
#[case::list("[]", "1003003 InvalidResponseBody", &["`claims`: found an array"])]
#[case::text(r#""x""#, "1003003 InvalidResponseBody", &["`claims`: found a string"])]
#[case::null("null", "1003007 NullClaimsResponse", &["`claims`: found null"])]
#[case::empty_key(r#"{"":"x"}"#, "1003026 NullOrEmptyClaimKey", &["an empty name"])]
#[case::boolean(r#"{"a":true}"#, "1003003 InvalidResponseBody", &["`a` of `claims`: found a boolean"])]
#[case::number(r#"{"a":1}"#, "1003003 InvalidResponseBody", &["`a` of `claims`: found an integer"])]
#[case::object(r#"{"a":{}}"#, "1003003 InvalidResponseBody", &["`a` of `claims`: found an object"])]
#[case::null_claim(r#"{"a":null}"#, "1003003 InvalidResponseBody", &["`a` of `claims`: found null"])]
#[case::list_of_numbers(r#"{"a":["x",1]}"#, "1003003 InvalidResponseBody", &["`a` of `claims`: found an array with other values than strings"])]
#[case::list_of_lists(r#"{"a":[["x"]]}"#, "1003003 InvalidResponseBody", &["`a` of `claims`: found an array"])]
fn claims_of_another_shape_are_not_understood(
    #[case] claims: &str,
    #[case] code: &str,
    #[case] words: &[&str],
) {
    assert_rejected(&token(claims), Some(code), words);
}

#[test]
fn claims_are_required() {
    let judgement = of(Step::BeforeToken, &body(TOKEN, PROVIDE_CLAIMS, ""));
    assert_rejected(&judgement, INVALID_BODY, &["`claims`: found none"]);
}
