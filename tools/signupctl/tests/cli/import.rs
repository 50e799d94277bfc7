//! Lists as files.

use std::fmt::Write as _;

use crate::desk::Desk;

#[tokio::test]
async fn good_rows_are_imported_beside_bad_ones() {
    let desk = Desk::new().await;
    desk.file(
        "lists.csv",
        "matcher,effect,list,reason,owner,expires\r\n\
         a.example,deny,,\"two\r\nlines\",,\r\n\
         a@@example,deny,,,,\r\n\
         b.example,forbid,a b,,,31.1.2027\r\n\
         \r\n\
         c.example,review\r\n\
         d.example,allow,staff,\"said \"\"yes\"\"\",Anna,2199-01-31\r\n",
    );
    let ran = desk.run(&["list", "import", "lists.csv"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(
        ran.out,
        "lists.csv: 2 added, 0 changed, 0 unchanged, 3 bad\n"
    );
    let faults: Vec<&str> = ran.err.lines().collect();
    let expected = [
        "lists.csv:4:1: column \"matcher\": found \"a@@example\" (it reads as an address, ",
        "lists.csv:5:2: column \"effect\": found \"forbid\", expected allow, deny or review",
        "lists.csv:5:3: column \"list\": found \"a b\", expected at most 64 letters, ",
        "lists.csv:5:6: column \"expires\": found \"31.1.2027\", expected nothing, a date such as ",
        "lists.csv:7:3: found 2 fields, expected 6 fields as in the header",
    ];
    assert_eq!(faults.len(), expected.len(), "{}", ran.err);
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.starts_with(expected), "{fault}\nis not\n{expected}");
    }
    assert_eq!(
        desk.output(&["list", "show"]).await,
        "MATCHER    EFFECT  LIST     EXPIRES               OWNER  REASON\n\
         a.example  deny    default  never                        two\\r\\nlines\n\
         d.example  allow   staff    2199-02-01T00:00:00Z  Anna   said \"yes\"\n"
    );
}

#[tokio::test]
async fn a_dry_run_prints_the_difference_and_writes_nothing() {
    let desk = Desk::new().await;
    desk.file(
        "before.csv",
        "matcher,effect\na.example,deny\nb.example,deny\n",
    );
    desk.output(&["list", "import", "before.csv"]).await;
    let before = desk.output(&["list", "export"]).await;
    desk.file(
        "after.csv",
        "effect,matcher,reason\n\
         deny,a.example,\n\
         review,B.Example,why\n\
         allow,c.example,\n\
         perhaps,d.example,\n",
    );
    let ran = desk
        .run(&["list", "import", "after.csv", "--dry-run"])
        .await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(
        ran.out,
        "~ `b.example` in list `default`: effect deny → review, reason \"\" → \"why\"\n\
         + `c.example` in list `default`: allow\n\
         after.csv: 1 added, 1 changed, 1 unchanged, 1 bad; a dry run, nothing was written\n"
    );
    assert!(
        ran.err.starts_with("after.csv:5:1: column \"effect\""),
        "{}",
        ran.err
    );
    assert_eq!(desk.output(&["list", "export"]).await, before);
}

#[tokio::test]
async fn importing_again_changes_nothing() {
    let desk = Desk::new().await;
    desk.file("lists.csv", many(250));
    let imported = desk.output(&["list", "import", "lists.csv"]).await;
    assert_eq!(
        imported,
        "lists.csv: 250 added, 0 changed, 0 unchanged, 0 bad\n"
    );
    let again = desk.output(&["list", "import", "lists.csv"]).await;
    assert_eq!(
        again,
        "lists.csv: 0 added, 0 changed, 250 unchanged, 0 bad\n"
    );
}

fn many(rows: usize) -> String {
    let mut file = "matcher,effect,reason\n".to_owned();
    for row in 0..rows {
        writeln!(
            file,
            "user{row}@customer{}.example,deny,row {row}",
            row % 97
        )
        .unwrap();
    }
    file
}

#[tokio::test]
async fn of_two_rows_for_one_place_the_later_stands_however_far_apart() {
    let desk = Desk::in_file().await;
    // Matchers come back within a batch, in the next batch, and in those that run at the same time.
    let mut file = "matcher,effect,reason\n".to_owned();
    for row in 0..3000 {
        let matcher = match row % 5 {
            0 => "often.example".to_owned(),
            1 => format!("user{}@sometimes.example", row % 150),
            2 => format!("user{}@seldom.example", row % 1000),
            _ => format!("user{row}@once.example"),
        };
        writeln!(file, "{matcher},deny,row {row}").unwrap();
    }
    desk.file("lists.csv", &file);
    let out = desk.output(&["list", "import", "lists.csv"]).await;
    let mut last = std::collections::BTreeMap::new();
    for line in file.lines().skip(1) {
        let (matcher, rest) = line.split_once(',').unwrap();
        last.insert(
            matcher.to_owned(),
            rest.strip_prefix("deny,").unwrap().to_owned(),
        );
    }
    let changed = 3000 - last.len();
    assert_eq!(
        out,
        format!(
            "lists.csv: {} added, {changed} changed, 0 unchanged, 0 bad\n",
            last.len()
        )
    );
    let shown = desk.output(&["list", "show", "--json"]).await;
    assert_eq!(shown.lines().count(), last.len());
    for line in shown.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let matcher = entry["matcher"].as_str().unwrap();
        assert_eq!(
            entry["reason"].as_str(),
            Some(last[matcher].as_str()),
            "{matcher}"
        );
    }
}

#[tokio::test]
async fn an_export_can_be_imported_elsewhere_and_gives_the_same_export() {
    let desk = Desk::new().await;
    desk.file(
        "lists.csv",
        "matcher,effect,list,reason,owner,expires\n\
         =cmd|x@example.com,deny,default,=1+1,@me,\n\
         \"\"\"a b\"\"@example.com\",deny,default,\"commas, \"\"quotes\"\"\r\nand lines\",Åsa 💌,2020-01-31\n\
         example.com,allow,a,'=kept,,2199-12-31T23:59:59Z\n\
         example.com,deny,b,,,\n\
         *.example.com,review,default,,,\n\
         provider:facebook,deny,default,,,\n\
         \"identity:https://login.example/x#a,b#c\",allow,default,,,\n",
    );
    let imported = desk.output(&["list", "import", "lists.csv"]).await;
    assert_eq!(
        imported,
        "lists.csv: 7 added, 0 changed, 0 unchanged, 0 bad\n"
    );
    let exported = desk.output(&["list", "export"]).await;
    assert!(
        exported.starts_with("matcher,effect,list,reason,owner,expires\n"),
        "{exported}"
    );
    assert!(
        exported.contains("\"\"\"=cmd|x\"\"@example.com\",deny,default,'=1+1,'@me,\n"),
        "{exported}"
    );

    let elsewhere = Desk::new().await;
    elsewhere.file("lists.csv", &exported);
    let imported = elsewhere.output(&["list", "import", "lists.csv"]).await;
    assert_eq!(
        imported,
        "lists.csv: 7 added, 0 changed, 0 unchanged, 0 bad\n"
    );
    assert_eq!(elsewhere.output(&["list", "export"]).await, exported);

    desk.file("exported.csv", &exported);
    let again = desk.output(&["list", "import", "exported.csv"]).await;
    assert_eq!(
        again,
        "exported.csv: 0 added, 0 changed, 7 unchanged, 0 bad\n"
    );
}

#[tokio::test]
async fn an_export_goes_to_a_file_and_can_be_of_one_list() {
    let desk = Desk::new().await;
    desk.file(
        "lists.csv",
        "matcher,effect,list\na.example,deny,x\nb.example,deny,y\n",
    );
    desk.output(&["list", "import", "lists.csv"]).await;
    let ran = desk
        .run(&["list", "export", "--list", "y", "--output", "y.csv"])
        .await;
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (0, "", "entries written to y.csv: 1\n")
    );
    assert_eq!(
        desk.content("y.csv"),
        "matcher,effect,list,reason,owner,expires\nb.example,deny,y,,,\n"
    );
    let ran = desk
        .run(&["list", "export", "--output", "no/such/folder.csv"])
        .await;
    assert_eq!(ran.code, 1);
    let told = "signupctl: no/such/folder.csv: not written: ";
    assert!(ran.err.starts_with(told), "{}", ran.err);
}

#[tokio::test]
async fn an_export_that_fails_leaves_the_older_copy() {
    let desk = Desk::new().await;
    desk.file("lists.csv", "an older copy");
    let export = ["list", "export", "--output", "lists.csv", "--table"];
    let ran = desk.run(&[&export[..], &["missing"]].concat()).await;
    assert_eq!(ran.code, 1);
    assert!(
        ran.err
            .starts_with("signupctl: lists.csv: not written: the table"),
        "{}",
        ran.err
    );
    assert_eq!(desk.files(), ["lists.csv"]);
    assert_eq!(desk.content("lists.csv"), "an older copy");

    desk.output(&[&export[..], &["signups"]].concat()).await;
    assert_eq!(desk.files(), ["lists.csv"]);
    assert_eq!(
        desk.content("lists.csv"),
        "matcher,effect,list,reason,owner,expires\n"
    );
    let out = desk
        .output(&["list", "export", "--output", "/dev/stdout"])
        .await;
    assert_eq!(out, "matcher,effect,list,reason,owner,expires\n");
}

#[tokio::test]
async fn an_export_whose_reader_goes_away_ends_quietly() {
    let desk = Desk::new().await;
    // More than a pipe holds, so that the end of it is noticed.
    let mut file = "matcher,effect,reason\n".to_owned();
    for row in 0..300 {
        writeln!(file, "user{row}@example.com,deny,{}", "x".repeat(400)).unwrap();
    }
    desk.file("lists.csv", file);
    desk.output(&["list", "import", "lists.csv"]).await;
    let mut command = desk.command(&["list", "export"]);
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut export = command.spawn().unwrap();
    drop(export.stdout.take());
    let ended = export.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(141));
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}

#[tokio::test]
async fn a_file_that_a_spreadsheet_wrote_is_read() {
    let desk = Desk::new().await;
    desk.file(
        "lists.csv",
        "\u{feff}Matcher,Effect,List\r\nbücher.example,Deny,\r\n,,\r\n",
    );
    let ran = desk
        .run(&["list", "import", "lists.csv", "--list", "partners"])
        .await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let shown = desk
        .output(&["list", "show", "--list", "partners", "--json"])
        .await;
    assert!(shown.contains("\"xn--bcher-kva.example\""), "{shown}");
}

#[tokio::test]
async fn a_file_with_an_unknown_column_is_refused() {
    let desk = Desk::new().await;
    desk.file("lists.csv", "matcher,effect,colour\na.example,deny,red\n");
    let ran = desk.run(&["list", "import", "lists.csv"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(
        ran.err,
        "signupctl: lists.csv:1:3: found the column \"colour\", expected matcher, effect, list, reason, \
         owner, expires in any order, separated by commas\n"
    );
    assert_eq!(desk.output(&["list", "show"]).await, "");
}

#[tokio::test]
async fn standard_input_is_a_file_too() {
    let desk = Desk::new().await;
    let input = b"matcher,effect\na.example,deny\nb.example,no\n";
    let ran = desk.run_with_input(&["list", "import", "-"], input).await;
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (2, "-: 1 added, 0 changed, 0 unchanged, 1 bad\n")
    );
    assert!(
        ran.err.starts_with("-:3:2: column \"effect\""),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let desk = Desk::new().await;
    let ran = desk.run(&["list", "import", "nowhere.csv"]).await;
    assert_eq!(ran.code, 1);
    assert!(
        ran.err
            .starts_with("signupctl: nowhere.csv: cannot be read: "),
        "{}",
        ran.err
    );
    let ran = desk.run(&["list", "import", "."]).await;
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.starts_with("signupctl: .: cannot be read: "),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn an_import_that_the_table_stops_tells_from_which_line_on() {
    let desk = Desk::new().await;
    desk.file(
        "lists.csv",
        "matcher,effect\n\na.example,deny\nb.example,no\nc.example,deny\n",
    );
    let ran = desk
        .run(&["list", "import", "lists.csv", "--table", "missing"])
        .await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    let stopped = "signupctl: lists.csv: lines 3 to 5 could not be imported: ";
    assert!(
        ran.err.lines().nth(1).unwrap().starts_with(stopped),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn the_example_is_imported_and_lets_the_documented_sign_up_continue() {
    let desk = Desk::new().await;
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/lists.csv");
    let ran = desk.run(&["list", "import", example]).await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    for (address, provider) in [
        ("johnsmith@fabrikam.onmicrosoft.com", "facebook.com"),
        ("johnsmith@fabrikam.onmicrosoft.com", "google.com"),
        ("anna@contoso.com", "mail"),
        ("anna@gmail.com", "google.com"),
        ("anna@outlook.com", "mail"),
    ] {
        let check = ["list", "check", address, "--provider", provider];
        let ran = desk.run(&check).await;
        assert_eq!(ran.code, 0, "{address} from {provider}: {}", ran.out);
    }
    let shown = desk.output(&["list", "show", "--json"]).await;
    for kind in ["address", "domain", "suffix", "provider", "identity"] {
        assert!(shown.contains(&format!("\"kind\":\"{kind}\"")), "no {kind}");
    }
    for effect in ["allow", "deny", "review"] {
        assert!(
            shown.contains(&format!("\"effect\":\"{effect}\"")),
            "no {effect}"
        );
    }
}

/// As `make dev` runs it: the engine in a file, with the stream on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_rows_are_imported() {
    let desk = Desk::in_file().await;
    desk.file("lists.csv", many(100_000));
    let out = desk.output(&["list", "import", "lists.csv"]).await;
    assert_eq!(
        out,
        "lists.csv: 100000 added, 0 changed, 0 unchanged, 0 bad\n"
    );
    let exported = desk.output(&["list", "export"]).await;
    assert_eq!(exported.lines().count(), 100_001);
}
