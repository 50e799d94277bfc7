//! Single entries: added, removed, shown, checked.

use jiff::{Timestamp, ToSpan};

use crate::desk::{Desk, ran};

async fn add(desk: &Desk, matcher: &str, effect: &str, more: &[&str]) -> String {
    let mut arguments = vec!["list", "add", matcher, "--effect", effect];
    arguments.extend_from_slice(more);
    desk.output(&arguments).await
}

#[tokio::test]
async fn an_entry_that_was_added_is_shown() {
    let desk = Desk::new().await;
    let added = add(
        &desk,
        "evil.example",
        "deny",
        &[
            "--reason",
            "fraud, twice",
            "--owner",
            "Anna",
            "--expires",
            "2199-12-31",
        ],
    )
    .await;
    assert_eq!(
        added,
        "added `evil.example` in list `default`: deny, reason \"fraud, twice\", owner \"Anna\", \
         expires 2200-01-01T00:00:00Z\n\
         2199-12-31 counts to its end in UTC: 2200-01-01T00:00:00Z\n"
    );
    assert_eq!(
        desk.output(&["list", "show"]).await,
        "MATCHER       EFFECT  LIST     EXPIRES               OWNER  REASON\n\
         evil.example  deny    default  2200-01-01T00:00:00Z  Anna   fraud, twice\n"
    );
}

#[tokio::test]
async fn adding_again_tells_what_changes() {
    let desk = Desk::new().await;
    add(&desk, "evil.example", "deny", &["--reason", "a"]).await;
    assert_eq!(
        add(&desk, "evil.example", "deny", &["--reason", "a"]).await,
        "unchanged `evil.example` in list `default`: deny, reason \"a\"\n"
    );
    assert_eq!(
        add(&desk, "evil.example", "review", &["--owner", "Bo"]).await,
        "changed `evil.example` in list `default`: effect deny → review, reason \"a\" → \"\", \
         owner \"\" → \"Bo\"\n"
    );
}

#[tokio::test]
async fn a_matcher_typed_in_another_way_is_told_in_its_canonical_form() {
    let desk = Desk::new().await;
    let added = add(&desk, "J.Smith+news@Googlemail.com", "allow", &[]).await;
    assert_eq!(
        added,
        "added `jsmith@gmail.com` in list `default`: allow\n\
         `J.Smith+news@Googlemail.com` is matched as `jsmith@gmail.com`\n"
    );
}

#[tokio::test]
async fn an_end_after_some_days_counts_from_now() {
    let desk = Desk::new().await;
    let before = Timestamp::from_second(now().as_second()).unwrap();
    add(&desk, "evil.example", "deny", &["--expires", "30d"]).await;
    let after = now();
    let shown = desk.output(&["list", "show", "--json"]).await;
    let entry: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let end: Timestamp = entry["expires"].as_str().unwrap().parse().unwrap();
    assert!(end >= before + (30 * 24).hours(), "{end}");
    assert!(end <= after + (30 * 24).hours(), "{end}");
}

#[tokio::test]
async fn an_end_in_the_past_is_refused() {
    let desk = Desk::new().await;
    let add = [
        "list",
        "add",
        "evil.example",
        "--effect",
        "deny",
        "--expires",
        "2020-01-31",
    ];
    let ran = desk.run(&add).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(
        ran.err,
        "signupctl: --expires: found \"2020-01-31\", expected a time in the future and before the \
         year 10000\n"
    );
    assert_eq!(desk.output(&["list", "show"]).await, "");
}

#[tokio::test]
async fn additions_to_one_matcher_at_the_same_time_all_survive() {
    let desk = Desk::new().await;
    let lists = ["a", "b", "c", "d", "e", "f"];
    let adds = lists.map(|list| {
        let add = [
            "list",
            "add",
            "evil.example",
            "--effect",
            "deny",
            "--list",
            list,
        ];
        tokio::spawn(ran(desk.command(&add)))
    });
    for add in adds {
        let ran = add.await.unwrap();
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let shown = desk.output(&["list", "show", "--json"]).await;
    for list in lists {
        assert!(shown.contains(&format!("\"list\":\"{list}\"")), "{shown}");
    }
}

#[tokio::test]
async fn an_entry_is_removed_from_one_list_or_from_all() {
    let desk = Desk::new().await;
    for list in ["a", "b", "c"] {
        add(&desk, "evil.example", "deny", &["--list", list]).await;
    }
    assert_eq!(
        desk.output(&["list", "remove", "Evil.Example", "--list", "b"])
            .await,
        "removed `evil.example` in list `b`: deny\n"
    );
    assert_eq!(
        desk.output(&["list", "remove", "evil.example"]).await,
        "removed `evil.example` in list `a`: deny\nremoved `evil.example` in list `c`: deny\n"
    );
    assert_eq!(desk.output(&["list", "show"]).await, "");
}

#[tokio::test]
async fn removing_what_is_not_there_fails() {
    let desk = Desk::new().await;
    add(&desk, "evil.example", "deny", &[]).await;
    let ran = desk.run(&["list", "remove", "good.example"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(
        ran.err,
        "signupctl: nothing to remove: `good.example` is in no list\n"
    );
    let ran = desk
        .run(&["list", "remove", "evil.example", "--list", "other"])
        .await;
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.err,
        "signupctl: nothing to remove: `evil.example` is not in list `other`\n"
    );
    assert!(
        desk.output(&["list", "show"])
            .await
            .contains("evil.example")
    );
}

async fn shown(desk: &Desk, filter: &[&str]) -> Vec<String> {
    let mut arguments = vec!["list", "show", "--json"];
    arguments.extend_from_slice(filter);
    let mut matchers: Vec<String> = desk
        .output(&arguments)
        .await
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|entry| entry["matcher"].as_str().unwrap().to_owned())
        .collect();
    matchers.sort();
    matchers
}

#[tokio::test]
async fn entries_are_shown_by_list_effect_kind_and_expiry() {
    let desk = Desk::new().await;
    desk.file(
        "lists.csv",
        "matcher,effect,list,expires\n\
         john@example.com,allow,staff,\n\
         example.com,deny,default,\n\
         *.example.com,review,default,2020-01-31\n\
         provider:facebook,deny,social,\n\
         identity:google#117,allow,social,2199-12-31\n",
    );
    desk.output(&["list", "import", "lists.csv"]).await;
    assert_eq!(shown(&desk, &[]).await.len(), 5);
    assert_eq!(
        shown(&desk, &["--list", "social"]).await,
        ["identity:google.com#117", "provider:facebook.com"]
    );
    assert_eq!(
        shown(&desk, &["--effect", "deny"]).await,
        ["example.com", "provider:facebook.com"]
    );
    assert_eq!(shown(&desk, &["--kind", "suffix"]).await, ["*.example.com"]);
    assert_eq!(shown(&desk, &["--expired"]).await, ["*.example.com"]);
    assert!(
        shown(&desk, &["--expired", "--effect", "deny"])
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_json_line_has_every_field() {
    let desk = Desk::new().await;
    desk.file(
        "lists.csv",
        "matcher,effect,reason,owner,expires\nexample.com,deny,\"a\nb\",Bo,2020-01-31\n",
    );
    desk.output(&["list", "import", "lists.csv"]).await;
    assert_eq!(
        desk.output(&["list", "show", "--json"]).await,
        "{\"matcher\":\"example.com\",\"kind\":\"domain\",\"effect\":\"deny\",\"list\":\"default\",\
         \"reason\":\"a\\nb\",\"owner\":\"Bo\",\"expires\":\"2020-02-01T00:00:00Z\",\"expired\":true}\n"
    );
}

#[tokio::test]
async fn a_check_shows_what_matches_and_what_decides() {
    let desk = Desk::new().await;
    add(&desk, "*.com", "allow", &["--list", "wide"]).await;
    add(&desk, "*.example.com", "review", &[]).await;
    add(&desk, "mail.example.com", "deny", &["--reason", "fraud"]).await;
    add(&desk, "mail.example.com", "allow", &["--list", "staff"]).await;
    add(&desk, "mail.example.org", "deny", &[]).await;
    let ran = desk
        .run(&["list", "check", "J.Smith+x@Mail.Example.com"])
        .await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_eq!(
        ran.out,
        "canonical form: j.smith@mail.example.com\n         \
                  MATCHER           EFFECT  LIST     EXPIRES  OWNER  REASON\n\
         decides  mail.example.com  deny    default  never           fraud\n         \
                  mail.example.com  allow   staff    never\n         \
                  *.example.com     review  default  never\n         \
                  *.com             allow   wide     never\n\
         answer: deny, the block page is shown, by `mail.example.com` in list `default`\n"
    );
}

#[tokio::test]
async fn the_code_of_a_check_is_its_answer() {
    let desk = Desk::new().await;
    add(&desk, "denied.example", "deny", &[]).await;
    add(&desk, "john@denied.example", "allow", &[]).await;
    add(&desk, "waiting.example", "review", &[]).await;
    for (address, code) in [
        ("anna@denied.example", 3),
        ("john+tag@denied.example", 0),
        ("anna@waiting.example", 4),
        ("anna@other.example", 0),
    ] {
        let ran = desk.run(&["list", "check", address]).await;
        assert_eq!(ran.code, code, "{address}: {ran:?}");
    }
}

#[tokio::test]
async fn without_a_matching_entry_the_default_answers() {
    let desk = Desk::new().await;
    for (default, code) in [("allow", 0), ("deny", 3), ("review", 4)] {
        let check = ["list", "check", "anna@example.com", "--default", default];
        let ran = desk.run(&check).await;
        assert_eq!(ran.code, code, "{default}: {ran:?}");
        assert!(ran.out.contains("no entry matches\n"), "{ran:?}");
        assert!(ran.out.ends_with("by the default\n"), "{ran:?}");
    }
    let mut command = desk.command(&["list", "check", "anna@example.com"]);
    command.env("DEFAULT_EFFECT", "deny");
    assert_eq!(ran(command).await.code, 3);
    let mut command = desk.command(&["list", "check", "anna@example.com"]);
    command.env("DEFAULT_EFFECT", "maybe");
    let ran = ran(command).await;
    assert_eq!((ran.code, ran.out.contains("answer")), (1, false));
}

#[tokio::test]
async fn an_expired_entry_does_not_decide() {
    let desk = Desk::new().await;
    desk.file(
        "lists.csv",
        "matcher,effect,expires\nexample.com,deny,2020-01-31\n",
    );
    desk.output(&["list", "import", "lists.csv"]).await;
    let ran = desk.run(&["list", "check", "anna@example.com"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("expired  example.com"), "{}", ran.out);
    assert!(
        ran.out.contains("2020-02-01T00:00:00Z (expired)"),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn a_list_that_the_user_flow_does_not_count_does_not_decide() {
    let desk = Desk::new().await;
    add(&desk, "example.com", "deny", &["--list", "partners"]).await;
    let check = ["list", "check", "anna@example.com", "--list"];
    let with = |list| [check.as_slice(), &[list]].concat();
    assert_eq!(desk.run(&with("partners")).await.code, 3);
    let ran = desk.run(&with("staff")).await;
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("other list  example.com"), "{}", ran.out);
}

#[tokio::test]
async fn a_check_knows_identities() {
    let desk = Desk::new().await;
    add(&desk, "provider:facebook.com", "deny", &[]).await;
    add(&desk, "identity:facebook.com#117", "allow", &[]).await;
    add(&desk, "evil.example", "deny", &[]).await;
    let check = async |more: &[&str]| desk.run(&[&["list", "check"], more].concat()).await.code;
    assert_eq!(check(&["anna@example.com"]).await, 0);
    assert_eq!(
        check(&["anna@example.com", "--provider", "facebook"]).await,
        3
    );
    assert_eq!(
        check(&["--provider", "facebook.com", "--subject", "117"]).await,
        0
    );
    // The address of a one-time passcode counts beside the one that was typed.
    let passcode = [
        "anna@example.com",
        "--provider",
        "mail",
        "--subject",
        "x@evil.example",
    ];
    assert_eq!(check(&passcode).await, 3);
}

#[tokio::test]
async fn a_check_of_no_address_fails_and_never_allows() {
    let desk = Desk::new().await;
    let ran = desk.run(&["list", "check", "a@b.example@c.example"]).await;
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.err,
        "signupctl: ADDRESS: found \"a@b.example@c.example\", expected an e-mail address, but it is not \
         an address of the form `local@domain`; a sign-up with it is blocked\n"
    );
}

fn now() -> Timestamp {
    use shared::ports::clock::Clock;
    shared::adapters::system_clock::SystemClock.now()
}
