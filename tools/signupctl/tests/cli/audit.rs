//! Who changed what, from the command line.

use serde_json::Value;
use shared::{
    adapters::system_clock::SystemClock,
    domain::{
        audit::{Signature, day},
        list::{Effect, ListEntry, ListName, Matcher},
    },
    ports::{
        clock::Clock,
        list_store::{Change, ListStore},
    },
};

use crate::desk::{Desk, ran};

const ADD: [&str; 9] = [
    "list",
    "add",
    "evil.example",
    "--effect",
    "deny",
    "--reason",
    "fraud",
    "--author",
    "robin",
];

/// The lines of `audit --json` without their times, the newest first. A day may end while a test runs.
async fn audit(desk: &Desk, more: &[&str]) -> Vec<Value> {
    let today = day(SystemClock.now());
    let mut lines = Vec::new();
    for day in [today, today.yesterday().unwrap()] {
        let day = day.to_string();
        let arguments = [&["audit", "--json", "--day", &day], more].concat();
        lines.extend(desk.output(&arguments).await.lines().map(untimed));
    }
    lines
}

fn untimed(line: &str) -> Value {
    let mut line: Value = serde_json::from_str(line).unwrap();
    line.as_object_mut().unwrap().remove("at").unwrap();
    line
}

#[tokio::test]
async fn changes_of_lists_are_recorded_with_their_author() {
    let desk = Desk::new().await;
    desk.output(&ADD).await;
    // This changes nothing.
    desk.output(&ADD).await;
    desk.file(
        "lists.csv",
        "matcher,effect\na.example,allow\nb.example,deny\n",
    );
    for _ in 0..2 {
        let import = ["list", "import", "lists.csv", "--author", "morgan"];
        desk.output(&import).await;
    }
    let remove = ["list", "remove", "evil.example", "--author", "alex"];
    desk.output(&remove).await;
    let all = audit(&desk, &[]).await;
    let told: Vec<_> = all
        .iter()
        .map(|line| ["by", "action", "matcher"].map(|name| line[name].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ["alex", "remove", "evil.example"],
            ["morgan", "add", "a.example"],
            ["morgan", "add", "b.example"],
            ["robin", "add", "evil.example"],
        ]
    );
    assert_eq!(all[0]["from"], "deny");
    assert_eq!(all[0]["to"], Value::Null);
    assert_eq!(all[3]["reason"], "fraud");
    let of_robin = audit(&desk, &["--by", "robin"]).await;
    assert_eq!(of_robin, all[3..]);
}

#[tokio::test]
async fn without_a_name_it_is_that_of_the_account() {
    let desk = Desk::new().await;
    let mut add = desk.command(&ADD[..7]);
    add.env("USER", "sam");
    assert_eq!(ran(add).await.code, 0);
    assert_eq!(audit(&desk, &[]).await[0]["by"], "sam");
}

#[tokio::test]
async fn a_table_tells_a_day() {
    let desk = Desk::new().await;
    let signature = Signature {
        by: "robin".to_owned(),
        at: "2026-11-22T10:00:00.5Z".parse().unwrap(),
    };
    let entry = ListEntry {
        matcher: Matcher::parse("evil.example").unwrap(),
        list: ListName::parse("default").unwrap(),
        effect: Effect::Deny,
        reason: "fraud, twice".to_owned(),
        owner: String::new(),
        expires_at: None,
    };
    let applied = desk.table().apply(&[Change::Put(entry)], &signature).await;
    applied.unwrap();
    assert_eq!(
        desk.output(&["audit", "--day", "2026-11-22"]).await,
        "AT                      BY     ACTION  ABOUT         LIST     FROM  TO    REASON\n\
         2026-11-22T10:00:00.5Z  robin  add     evil.example  default        deny  fraud, twice\n"
    );
    let ran = desk.run(&["audit", "--day", "2020-02-29"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert_eq!(ran.err, "nobody changed anything on 2020-02-29\n");
    let ran = desk.run(&["audit", "--day", "2021-02-29"]).await;
    assert_eq!(ran.code, 64);
}
