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

/// What was done, by whom and about what, the newest first.
pub(crate) async fn told(desk: &Desk) -> Vec<[String; 3]> {
    let lines = audit(desk, &[]).await;
    let text = |line: &Value, name| line[name].as_str().unwrap_or_default().to_owned();
    let told = lines
        .iter()
        .map(|line| ["by", "action", "about"].map(|name| text(line, name)));
    told.collect()
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

/// Runs commands one after another, each by robin, and gives what was told of each, the first one first.
async fn by_robin(desk: &Desk, commands: &[&str]) -> Vec<[String; 2]> {
    for command in commands {
        let arguments: Vec<&str> = command.split(' ').collect();
        desk.output(&[&arguments[..], &["--author", "robin"]].concat())
            .await;
    }
    let all = told(desk).await;
    assert!(all.iter().all(|[by, ..]| by == "robin"), "{all:?}");
    let all = all.into_iter().rev();
    all.map(|[_, action, about]| [action, about]).collect()
}

#[tokio::test]
async fn policies_and_lists_of_domains_are_told_by_their_versions() {
    let desk = Desk::new().await;
    desk.file("deny.toml", "default = \"deny\"\n");
    desk.file("allow.toml", "default = \"allow\"\n");
    desk.file("domains.txt", "a.example\n");
    let told = by_robin(
        &desk,
        &[
            "policy publish deny.toml --flow partners --note x",
            "policy shadow allow.toml --flow partners --note x",
            "policy promote --flow partners",
            "policy rollback --flow partners --version 1",
            // It is the current one, so this changes nothing.
            "policy rollback --flow partners --version 1",
            "policy shadow allow.toml --flow partners --note x",
            "policy shadow --end --flow partners",
            "disposable refresh --from domains.txt --force",
            "disposable reset",
            "disposable reset",
        ],
    )
    .await;
    let actions: Vec<&str> = told.iter().map(|[action, _]| action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "policy.publish",
            "policy.shadow",
            "policy.promote",
            "policy.rollback",
            "policy.shadow",
            "policy.end-shadow",
            "disposable.refresh",
            "disposable.reset",
        ]
    );
    let about: Vec<&str> = told[..6].iter().map(|[_, about]| about.as_str()).collect();
    assert_eq!(about, ["partners"; 6]);
    let versions = audit(&desk, &[]).await;
    let versions: Vec<&Value> = versions.iter().rev().map(|line| &line["version"]).collect();
    assert_eq!(versions[..7], [1, 2, 2, 1, 3, 3, 1]);
    let table = desk.output(&["audit", "--about", "partners"]).await;
    assert!(table.contains("policy.rollback") && table.contains("partners, version 3"));
    assert!(!table.contains("disposable"), "{table}");
}

#[tokio::test]
async fn claims_and_values_are_told_without_people_and_without_what_they_say() {
    let desk = Desk::new().await;
    desk.file(
        "claims.csv",
        "subject,city\njohn@example.com,Lund\nexample.com,Lund\n",
    );
    desk.file("values.csv", "value\nse-1\nse-2\n");
    let told = by_robin(
        &desk,
        &[
            "claims import claims.csv",
            "claims import claims.csv",
            "claims import claims.csv --dry-run",
            "claims remove John+x@Example.com",
            "values import suppliers values.csv",
            "values add suppliers se-3",
            "values remove suppliers se-3 se-4",
        ],
    )
    .await;
    let actions: Vec<&str> = told.iter().map(|[action, _]| action.as_str()).collect();
    let expected = ["claims.put", "claims.put", "claims.remove"];
    assert_eq!(actions[..3], expected);
    assert_eq!(actions[3..], ["values.put", "values.put", "values.remove"]);
    let all = desk.output(&["audit"]).await;
    for said in ["john", "Lund", "se-1", "se-3"] {
        assert!(!all.contains(said), "{said}: {all}");
    }
    assert!(all.contains("suppliers, number 2"), "{all}");
    let of_john = audit(&desk, &["--about", "john@example.com"]).await;
    assert_eq!(of_john.len(), 2, "{all}");
    assert_eq!(of_john[0]["action"], "claims.remove");
    let nobody = desk.run(&["audit", "--about", "ann@example.com"]).await;
    assert!(nobody.err.starts_with("nobody changed anything on "));
}

#[tokio::test]
async fn credentials_and_codes_are_told_by_what_opens_nothing() {
    let desk = Desk::new().await;
    let create = [
        "credential",
        "create",
        "--username",
        "entra",
        "--author",
        "robin",
    ];
    let made = desk.output(&create).await;
    let secret = |name: &str| {
        let line = made.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().to_owned()
    };
    let (id, password) = (secret("id: "), secret("password: "));
    let code = ["code", "create", "--count", "120", "--author", "robin"];
    let codes = desk.output(&code).await;
    let first = codes.lines().next().unwrap();
    let told = by_robin(
        &desk,
        &[
            &format!("code revoke {first}"),
            &format!("code revoke {first}"),
            &format!("credential retire {id} --force"),
        ],
    )
    .await;
    let of = |action: &str| told.iter().filter(|[told, _]| told == action).count();
    assert_eq!((of("code.create"), of("code.revoke")), (120, 1));
    assert_eq!(told[0], ["credential.create".to_owned(), id.clone()]);
    assert_eq!(told[122], ["credential.retire".to_owned(), id]);
    let all = desk.output(&["audit", "--json"]).await;
    assert!(!all.contains(&password) && codes.lines().all(|code| !all.contains(code)));
}
