//! Wrong command lines and tables that cannot be reached.

use rstest::rstest;

use crate::desk::{Desk, ran};

#[rstest]
#[case::no_command(&[], "Usage")]
#[case::unknown_command(&["lists"], "unrecognized subcommand 'lists'")]
#[case::no_effect(&["list", "add", "a.example"], "--effect")]
#[case::bad_effect(&["list", "add", "a.example", "--effect", "no"], "expected `allow`, `deny` or `review`")]
#[case::bad_matcher(&["list", "add", "a@b@c.example", "--effect", "deny"], "it reads as an address")]
#[case::bad_list(&["list", "show", "--list", "a b"], "expected at most 64 letters")]
#[case::bad_end(&["list", "add", "a.example", "--effect", "deny", "--expires", "soon"], "or a duration such as 30d")]
#[case::nobody_to_check(&["list", "check"], "ADDRESS")]
#[case::subject_of_nobody(&["list", "check", "a@b.example", "--subject", "1"], "--provider")]
#[case::claims_of_all_of_a_kind(&["claims", "show", "*.example.com"], "claims are of an address")]
#[case::bad_set(&["values", "show", "A set", "x"], "expected at most 64 lower-case letters")]
#[case::no_value(&["values", "add", "suppliers"], "<VALUE>")]
#[case::a_short_code(&["code", "create", "--code", "A-B-C-D"], "expected 8 to 100 characters")]
#[case::one_code_many_times(&["code", "create", "--code", "SPRING-FAIR", "--count", "2"], "cannot be used with")]
#[case::no_codes(&["code", "create", "--count", "0"], "expected a number from 1 to 1000000")]
#[case::no_uses(&["code", "create", "--uses", "0"], "0 is not in 1..=1000000")]
#[case::for_all_of_a_kind(&["code", "create", "--for", "*.example.com"], "expected an address or a domain")]
#[case::claim_without_value(&["code", "create", "--set", "city"], "expected NAME=VALUE")]
#[case::claim_of_another_type(&["code", "create", "--set", "level:integer=high"], "found \"high\", expected")]
#[case::evidence_of_a_domain(&["evidence", "example.com"], "which are one person")]
#[tokio::test]
async fn a_command_line_that_is_not_understood_has_a_code_of_its_own(
    #[case] arguments: &[&str],
    #[case] told: &str,
) {
    let ran = Desk::new().await.run(arguments).await;
    assert_eq!((ran.code, ran.out.as_str()), (64, ""), "{ran:?}");
    assert!(ran.err.contains(told), "{}", ran.err);
}

#[tokio::test]
async fn a_note_that_is_too_long_is_refused() {
    let long = "x".repeat(501);
    let add = [
        "list",
        "add",
        "a.example",
        "--effect",
        "deny",
        "--reason",
        &long,
    ];
    let ran = Desk::new().await.run(&add).await;
    assert_eq!(ran.code, 64);
    assert!(
        ran.err
            .contains("found 501 characters, expected at most 500"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn the_help_lists_the_exit_codes() {
    let desk = Desk::new().await;
    for arguments in [
        &["--help"][..],
        &["list", "import", "--help"],
        &["list", "check", "--help"],
    ] {
        let out = desk.output(arguments).await;
        assert!(out.contains("Exit codes:\n  0    done"), "{out}");
    }
}

#[tokio::test]
async fn the_table_and_the_region_must_be_named() {
    let desk = Desk::new().await;
    let mut command = desk.command(&["list", "show"]);
    command.env("TABLE_NAME", "");
    let found = ran(command).await;
    assert_eq!((found.code, found.out.as_str()), (1, ""));
    assert!(
        found.err.starts_with("signupctl: --table: found nothing, "),
        "{}",
        found.err
    );
    let mut command = desk.command(&["list", "show"]);
    command.env_remove("AWS_REGION");
    let found = ran(command).await;
    assert_eq!((found.code, found.out.as_str()), (1, ""));
    assert!(
        found
            .err
            .starts_with("signupctl: --region: found nothing, "),
        "{}",
        found.err
    );
}

#[tokio::test]
async fn region_and_credentials_come_from_a_profile() {
    let desk = Desk::new().await;
    desk.file(
        "config",
        "[profile ops]\nregion = local\naws_access_key_id = a\naws_secret_access_key = b\n",
    );
    let mut command = desk.command(&[
        "list",
        "add",
        "a.example",
        "--effect",
        "deny",
        "--profile",
        "ops",
    ]);
    command
        .env_remove("AWS_REGION")
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("AWS_CONFIG_FILE", "config");
    let found = ran(command).await;
    assert_eq!((found.code, found.err.as_str()), (0, ""));
}

#[tokio::test]
async fn a_table_that_cannot_be_used_is_told_with_advice() {
    let desk = Desk::new().await;
    let found = desk.run(&["list", "show", "--table", "missing"]).await;
    assert_eq!((found.code, found.out.as_str()), (1, ""));
    assert_eq!(
        found.err,
        "signupctl: the table cannot be used: ResourceNotFoundException; are --table, --region and the \
         credentials (--profile) those of the deployment?\n"
    );
    let found = desk
        .run(&["list", "show", "--endpoint-url", "localhost"])
        .await;
    assert_eq!((found.code, found.out.as_str()), (1, ""));
    assert!(
        found
            .err
            .starts_with("signupctl: --endpoint-url: found \"localhost\""),
        "{}",
        found.err
    );
}

#[tokio::test]
async fn an_endpoint_where_nobody_listens_is_told_in_one_sentence() {
    let desk = Desk::new().await;
    let nobody = ["list", "show", "--endpoint-url", "http://127.0.0.1:1"];
    let found = desk.run(&nobody).await;
    assert_eq!((found.code, found.out.as_str()), (1, ""));
    assert!(found.err.contains("Connection refused"), "{}", found.err);
    // Not the SDK's `Debug` form, which repeats requests and answers.
    assert!(!found.err.contains('{'), "{}", found.err);
}
