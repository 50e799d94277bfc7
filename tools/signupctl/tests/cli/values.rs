//! Sets of values from the command line.

use crate::desk::Desk;

#[tokio::test]
async fn values_are_added_shown_and_removed() {
    let desk = Desk::new().await;
    let ran = desk.run(&["values", "sets"]).await;
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (0, "", "no sets\n")
    );
    let add = ["values", "add", "suppliers", "SE-1042", "SE-7"];
    let added = desk
        .output(&[&add[..], &["--note", "fair", "--expires", "2199-01-31"]].concat())
        .await;
    assert_eq!(
        added,
        "added `se-1042` in set `suppliers`: note \"fair\", expires 2199-02-01T00:00:00Z\n\
         added `se-7` in set `suppliers`: note \"fair\", expires 2199-02-01T00:00:00Z\n"
    );
    let changed = desk.output(&add[..4]).await;
    assert_eq!(
        changed,
        "changed `se-1042` in set `suppliers`: note \"fair\" → \"\", \
         expires 2199-02-01T00:00:00Z → never\n"
    );
    let shown = desk
        .output(&["values", "show", "suppliers", " se-1042 ", "--json"])
        .await;
    assert_eq!(
        shown,
        "{\"value\":\"se-1042\",\"note\":\"\",\"expires\":null}\n"
    );
    assert_eq!(desk.output(&["values", "sets"]).await, "suppliers\n");
    let removed = desk
        .run(&["values", "remove", "suppliers", "SE-1042", "SE-8"])
        .await;
    assert_eq!(removed.code, 0, "{removed:?}");
    assert_eq!(
        removed.out,
        "removed `se-1042` in set `suppliers`: note \"\", expires never\n"
    );
    assert_eq!(removed.err, "`se-8` is not in set `suppliers`\n");
    for command in ["show", "remove"] {
        let ran = desk.run(&["values", command, "suppliers", "SE-8"]).await;
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
    }
}

#[tokio::test]
async fn an_end_in_the_past_is_refused() {
    let desk = Desk::new().await;
    let ran = desk
        .run(&["values", "add", "s", "x", "--expires", "2020-01-31"])
        .await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(
        ran.err.contains("--expires: found \"2020-01-31\""),
        "{}",
        ran.err
    );
    assert_eq!(desk.output(&["values", "sets"]).await, "");
}

#[tokio::test]
async fn a_file_is_loaded_beside_its_bad_rows() {
    let desk = Desk::new().await;
    desk.file(
        "values.csv",
        "note,value,expires\n,SE-1,\n,,tomorrow\nsales,ＳＥ-２,2199-12-31T00:00:00Z\n,SE-1\n",
    );
    let ran = desk
        .run(&["values", "import", "suppliers", "values.csv"])
        .await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(
        ran.out,
        "values.csv: 2 added, 0 changed, 0 unchanged, 2 bad\n"
    );
    let faults: Vec<&str> = ran.err.lines().collect();
    let expected = [
        "values.csv:3:2: column \"value\": found nothing, expected a value of 1 to 500 octets",
        "values.csv:3:3: column \"expires\": found \"tomorrow\", expected nothing, a date",
        "values.csv:5:3: found 2 fields, expected 3 fields as in the header",
    ];
    assert_eq!(faults.len(), expected.len(), "{}", ran.err);
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.starts_with(expected), "{fault}\nis not\n{expected}");
    }
    let shown = desk.output(&["values", "show", "suppliers", "se-2"]).await;
    assert_eq!(
        shown,
        "`se-2` in set `suppliers`: note \"sales\", expires 2199-12-31T00:00:00Z\n"
    );
}

#[tokio::test]
async fn json_lines_are_loaded_with_the_place_of_every_fault() {
    let desk = Desk::new().await;
    let file = "{\"value\": \"SE-1\"}\n\
                {\"value\": \"\"}\n\
                {\"value\": \"SE-2\", \"notes\": \"x\"}\n\
                {\"value\": \"SE-2\", \"expires\": \"30d\"}\n\
                {\"value\": \"SE-3\", \"note\": \"'=1\", \"expires\": \"2199-12-31\"}\n";
    let import = ["values", "import", "suppliers", "-", "--json"];
    let ran = desk.run_with_input(&import, file.as_bytes()).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(ran.out, "-: 2 added, 0 changed, 0 unchanged, 3 bad\n");
    for told in [
        "-:2:1: \"value\": found nothing, expected a value",
        "-:3:25: unknown field `notes`",
        "-:4:1: \"expires\": found \"30d\", expected nothing, a date",
    ] {
        assert!(ran.err.contains(told), "{}\ndoes not tell\n{told}", ran.err);
    }
    let shown = desk.output(&["values", "show", "suppliers", "SE-3"]).await;
    assert_eq!(
        shown,
        "`se-3` in set `suppliers`: note \"'=1\", expires 2200-01-01T00:00:00Z\n"
    );
}

#[tokio::test]
async fn an_export_in_either_form_can_be_imported_elsewhere_and_gives_the_same() {
    let desk = Desk::new().await;
    desk.file(
        "values.csv",
        "value,note,expires\n'=1+1,'=x,\nSE-1,\"a, b\",2199-12-31\n-7,,\n",
    );
    desk.output(&["values", "import", "s", "values.csv"]).await;
    desk.output(&["values", "add", "other", "x"]).await;
    for (name, form) in [("all.csv", &[][..]), ("all.ndjson", &["--json"][..])] {
        let exported = desk
            .output(&[&["values", "export", "s"][..], form].concat())
            .await;
        let elsewhere = Desk::new().await;
        elsewhere.file(name, &exported);
        let imported = elsewhere.output(&["values", "import", "s", name]).await;
        assert_eq!(
            imported,
            format!("{name}: 3 added, 0 changed, 0 unchanged, 0 bad\n")
        );
        let again = elsewhere
            .output(&[&["values", "export", "s"][..], form].concat())
            .await;
        assert_eq!(again, exported);
    }
}
