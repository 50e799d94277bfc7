//! Publishing policies, their history, and the way back.

use shared::{
    domain::publication::{PolicyFlow, PolicyVersion},
    ports::policy_store::PolicyStore,
};

use crate::desk::Desk;

const DENY: &str = "# nobody yet\ndefault = \"deny\"\n";
/// The exit codes of a policy with faults, and of one whose cases do not go as expected.
const FAULTY: i32 = 2;
const UNEXPECTED: i32 = 5;
/// The exit code of policies that differ.
const DIFFERENT: i32 = 5;
const ALLOW: &str = "default = \"allow\"\n";

async fn publish(desk: &Desk, flow: &str, policy: &str, note: &str) -> String {
    desk.file("policy.toml", policy);
    let arguments = [
        "policy",
        "publish",
        "policy.toml",
        "--flow",
        flow,
        "--note",
        note,
        "--author",
        "ada",
    ];
    desk.output(&arguments).await
}

async fn current(desk: &Desk, flow: &str) -> Option<u32> {
    let flow = PolicyFlow::parse(flow).unwrap();
    let current = desk.table().current().await.unwrap();
    current.versions.get(&flow).copied()
}

#[tokio::test]
async fn a_policy_is_published_shown_and_rolled_back() {
    let desk = Desk::new().await;
    let out = publish(&desk, "*", DENY, "first").await;
    assert_eq!(
        out,
        "published version 1 of `*`: it decides within 30 seconds\n"
    );
    let out = publish(&desk, "*", ALLOW, "open the doors").await;
    assert_eq!(
        out,
        "published version 2 of `*`: it decides within 30 seconds instead of version 1\n"
    );
    let show = ["policy", "show", "--flow", "*"];
    assert_eq!(desk.output(&show).await, ALLOW);
    let show = ["policy", "show", "--flow", "*", "--version", "1"];
    assert_eq!(desk.output(&show).await, DENY);

    let back = ["policy", "rollback", "--flow", "*", "--version", "1"];
    assert_eq!(
        desk.output(&back).await,
        "version 1 of `*` decides again within 30 seconds instead of version 2\n"
    );
    assert_eq!(
        desk.output(&back).await,
        "unchanged: version 1 of `*` is the current one\n"
    );
    assert_eq!(current(&desk, "*").await, Some(1));

    let history = desk.output(&["policy", "history", "--flow", "*"]).await;
    let lines: Vec<_> = history.lines().collect();
    assert!(
        lines[0].starts_with("VERSION  STATE    PUBLISHED"),
        "{history}"
    );
    assert!(lines[1].starts_with("2                 20"), "{history}");
    assert!(lines[1].ends_with("open the doors"), "{history}");
    assert!(lines[2].starts_with("1        current  20"), "{history}");
    assert!(lines[2].contains("  ada  "), "{history}");
    let json = ["policy", "history", "--flow", "*", "--json"];
    let json = desk.output(&json).await;
    let first = "\"version\":1,\"current\":true,\"candidate\":false";
    assert!(json.contains(first), "{json}");
    assert_eq!(json.lines().count(), 2);
}

#[tokio::test]
async fn versions_are_compared_with_each_other_and_with_files() {
    let desk = Desk::new().await;
    publish(&desk, "shop", DENY, "first").await;
    publish(&desk, "shop", ALLOW, "open the doors").await;
    desk.file("next.toml", "default = \"review\"\n");
    let diff = async |old: &str, new: &str| {
        desk.run(&["policy", "diff", old, new, "--flow", "shop"])
            .await
    };
    let told =
        |old: &str, new: &str| format!("settings: changed\n  default: \"{old}\" → \"{new}\"\n");
    for (old, new, expected) in [
        ("1", "2", told("deny", "allow")),
        ("current", "next.toml", told("allow", "review")),
        ("next.toml", "1", told("review", "deny")),
    ] {
        let ran = diff(old, new).await;
        assert_eq!(
            (ran.code, ran.err.as_str(), ran.out),
            (DIFFERENT, "", expected)
        );
    }
    let ran = diff("2", "current").await;
    assert_eq!((ran.code, ran.out.as_str()), (0, "no difference\n"));
    let ran = diff("current", "7").await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("`shop` has no version 7"), "{}", ran.err);
}

#[tokio::test]
async fn a_bad_policy_is_refused_with_every_fault_and_nothing_is_written() {
    let desk = Desk::new().await;
    desk.file(
        "policy.toml",
        "default = \"deny\"\n[[rule]]\nid = \"a\"\nwhen = \"emial ==\"\neffect = \"deny\"\n\
         [[rule]]\nid = \"b\"\nwhen = \"emial.domain == 'a'\"\neffect = \"deny\"\n",
    );
    let arguments = [
        "policy",
        "publish",
        "policy.toml",
        "--flow",
        "*",
        "--note",
        "",
    ];
    let mut command = desk.command(&arguments);
    command.env("USER", "ada");
    let ran = crate::desk::ran(command).await;
    assert_eq!((ran.code, ran.out.as_str()), (FAULTY, ""));
    assert!(ran.err.contains("policy.toml:4:"), "{}", ran.err);
    assert!(ran.err.contains("policy.toml:8:"), "{}", ran.err);
    assert!(ran.err.ends_with("nothing was published\n"), "{}", ran.err);

    desk.file("policy.toml", "default = \"deny\"\ndefualt = 1\n");
    let ran = desk
        .run(&[&arguments[..], &["--author", "ada"]].concat())
        .await;
    assert_eq!((ran.code, ran.out.as_str()), (FAULTY, ""));
    assert!(ran.err.contains("defualt"), "{}", ran.err);
    assert_eq!(current(&desk, "*").await, None);
}

#[tokio::test]
async fn a_policy_that_fails_its_own_cases_is_not_published() {
    let desk = Desk::new().await;
    desk.file("policy.toml", DENY);
    let case = "[[case]]\nname = \"somebody\"\nrequest.email = \"ada@contoso.com\"\n";
    let expecting = |decision: &str| format!("{case}expect.decision = \"{decision}\"\n");
    let mut arguments = vec!["policy", "publish", "policy.toml", "--flow", "*"];
    arguments.extend(["--note", "x", "--author", "ada"]);
    desk.file("policy.test.toml", expecting("continue"));
    let ran = desk.run(&arguments).await;
    assert_eq!(ran.code, UNEXPECTED, "{ran:?}");
    assert!(ran.err.ends_with("nothing was published\n"), "{}", ran.err);
    assert_eq!(current(&desk, "*").await, None);
    desk.file("policy.test.toml", expecting("block"));
    let ran = desk.run(&arguments).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(current(&desk, "*").await, Some(1));
}

#[tokio::test]
async fn the_author_is_the_account_unless_named() {
    let desk = Desk::new().await;
    desk.file("policy.toml", DENY);
    let arguments = [
        "policy",
        "publish",
        "policy.toml",
        "--flow",
        "*",
        "--note",
        "x",
    ];
    let nobody = [&arguments[..], &["--author", " "]].concat();
    let ran = desk.run(&nobody).await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("--author: found nothing"), "{}", ran.err);

    let author = async || {
        let told = desk.table().history(&PolicyFlow::Others, None, 1).await;
        told.unwrap().remove(0).author
    };
    let mut command = desk.command(&arguments);
    command.env("USER", "grace");
    assert_eq!(crate::desk::ran(command).await.code, 0);
    assert_eq!(author().await, "grace");

    // Of the system, where the shell says nothing.
    let id = std::process::Command::new("id").arg("-un").output();
    desk.output(&arguments).await;
    assert_eq!(
        author().await,
        String::from_utf8(id.unwrap().stdout).unwrap().trim()
    );
}

#[tokio::test]
async fn what_the_first_named_flow_means_for_the_others_is_told() {
    let desk = Desk::new().await;
    desk.file("policy.toml", DENY);
    let publish = async |flow: &str| {
        let flow = ["--flow", flow, "--note", "x", "--author", "ada"];
        desk.run(&[&["policy", "publish", "policy.toml"][..], &flow].concat())
            .await
            .err
    };
    assert!(publish("partners").await.contains("USER_FLOWS"));
    assert_eq!(publish("partners").await, "");
    assert_eq!(publish("*").await, "");
    assert_eq!(publish("customers").await, "");
}

#[tokio::test]
async fn what_was_never_published_is_not_there() {
    let desk = Desk::new().await;
    let ran = desk.run(&["policy", "show", "--flow", "shop"]).await;
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (1, "signupctl: `shop` has no published policy\n")
    );
    let ran = desk.run(&["policy", "history", "--flow", "shop"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    let back = ["policy", "rollback", "--flow", "shop", "--version", "3"];
    let ran = desk.run(&back).await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("`shop` has no version 3"), "{}", ran.err);
    let version = PolicyVersion {
        flow: PolicyFlow::Others,
        number: 1,
    };
    assert_eq!(desk.table().source(&version).await.unwrap(), None);
    let ran = desk.run(&["policy", "show", "--flow", "a b"]).await;
    assert_eq!(ran.code, 64, "{ran:?}");
}

const SHADOW: [&str; 3] = ["policy", "shadow", "policy.toml"];
const OF_PARTNERS: [&str; 2] = ["--flow", "partners"];

async fn shadow(desk: &Desk, policy: &str) -> crate::desk::Ran {
    desk.file("policy.toml", policy);
    let told = ["--note", "x", "--author", "ada"];
    desk.run(&[&SHADOW[..], &OF_PARTNERS, &told].concat()).await
}

async fn candidate(desk: &Desk, flow: &str) -> Option<u32> {
    let flow = PolicyFlow::parse(flow).unwrap();
    let current = desk.table().current().await.unwrap();
    current.candidates.get(&flow).copied()
}

#[tokio::test]
async fn a_candidate_is_tried_and_promoted() {
    let desk = Desk::new().await;
    publish(&desk, "*", DENY, "for the others").await;
    publish(&desk, "partners", DENY, "first").await;
    let ran = shadow(&desk, ALLOW).await;
    assert_eq!(
        ran.out,
        "published version 2 of `partners` as the candidate: within 30 seconds it is compared with what decides\n"
    );
    assert!(ran.err.contains("shadow_disagreements = 1"), "{}", ran.err);
    assert!(ran.err.contains("shadow_version = 2"), "{}", ran.err);
    let ran = shadow(&desk, ALLOW).await;
    let instead = "version 3 of `partners` as the candidate instead of version 2:";
    assert!(ran.out.contains(instead), "{}", ran.out);
    let both = (
        current(&desk, "partners").await,
        candidate(&desk, "partners").await,
    );
    assert_eq!(both, (Some(1), Some(3)));

    let history = [&["policy", "history"][..], &OF_PARTNERS].concat();
    let table = desk.output(&history).await;
    let states: Vec<_> = table
        .lines()
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(states[..2], ["STATE", "candidate"], "{table}");
    assert!(states[2].starts_with("20"), "{table}");
    assert_eq!(states[3], "current", "{table}");
    let json = desk.output(&[&history[..], &["--json"]].concat()).await;
    let third = "\"version\":3,\"current\":false,\"candidate\":true";
    assert!(json.contains(third), "{json}");

    let promote = [&["policy", "promote"][..], &OF_PARTNERS].concat();
    assert_eq!(
        desk.output(&promote).await,
        "version 3 of `partners` decides within 30 seconds instead of version 1\n"
    );
    assert_eq!(current(&desk, "partners").await, Some(3));
    assert_eq!(candidate(&desk, "partners").await, None);
    let ran = desk.run(&promote).await;
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("`partners` has no candidate"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn a_shadow_is_ended() {
    let desk = Desk::new().await;
    let end = [&["policy", "shadow", "--end"][..], &OF_PARTNERS].concat();
    assert_eq!(desk.run(&end).await.code, 1);
    shadow(&desk, ALLOW).await;
    assert_eq!(
        desk.output(&end).await,
        "version 1 of `partners` is the candidate no longer\n"
    );
    assert_eq!(candidate(&desk, "partners").await, None);
    let show = [&["policy", "show", "--version", "1"][..], &OF_PARTNERS].concat();
    assert_eq!(desk.output(&show).await, ALLOW);
}

#[tokio::test]
async fn a_candidate_is_checked_and_tested_as_what_is_published() {
    let desk = Desk::new().await;
    let ran = shadow(&desk, "default = \"deny\"\ndefualt = 1\n").await;
    assert_eq!((ran.code, ran.out.as_str()), (FAULTY, ""));
    assert!(ran.err.ends_with("nothing was published\n"), "{}", ran.err);
    let case = "[[case]]\nname = \"somebody\"\nrequest.email = \"ada@contoso.com\"\n";
    desk.file(
        "policy.test.toml",
        format!("{case}expect.decision = \"continue\"\n"),
    );
    let ran = shadow(&desk, DENY).await;
    assert_eq!(ran.code, UNEXPECTED, "{ran:?}");
    assert_eq!(candidate(&desk, "partners").await, None);
    for wrong in [
        &["policy.toml", "--end"][..],
        &["policy.toml"],
        &["--note", "x"],
        &["--end", "--note", "x"],
    ] {
        let arguments = [&SHADOW[..2], wrong, &OF_PARTNERS].concat();
        assert_eq!(desk.run(&arguments).await.code, 64, "{wrong:?}");
    }
}
