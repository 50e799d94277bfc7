//! The directory from the command line.

use std::fmt::Write as _;

use crate::desk::Desk;

const FILE: &str = "subject,city,level:integer,internal:boolean,roles:list\n\
     John+x@Example.com,Malmö,-3,TRUE,buyer; approver\n\
     example.com,,7,,\n\
     identity:facebook#0123,'=kept,,false,a\\;b;c\\\\d\n\
     object:AB3EC3B2-a435,Lund,,,\n";

#[tokio::test]
async fn a_file_is_loaded_shown_and_removed() {
    let desk = Desk::new().await;
    desk.file("claims.csv", FILE);
    let imported = desk.output(&["claims", "import", "claims.csv"]).await;
    assert_eq!(
        imported,
        "claims.csv: 4 added, 0 changed, 0 unchanged, 0 bad\n"
    );
    let again = desk.output(&["claims", "import", "claims.csv"]).await;
    assert_eq!(
        again,
        "claims.csv: 0 added, 0 changed, 4 unchanged, 0 bad\n"
    );
    let shown = desk.output(&["claims", "show", "john@example.com"]).await;
    assert_eq!(
        shown,
        "`john@example.com`: city \"Malmö\", internal:boolean \"true\", level:integer \"-3\", \
         roles:list \"buyer;approver\"\n"
    );
    let shown = desk
        .output(&["claims", "show", "identity:facebook.com#0123", "--json"])
        .await;
    assert_eq!(
        shown,
        "{\"subject\":\"identity:facebook.com#0123\",\"claims\":{\"city\":\"=kept\",\
         \"internal\":false,\"roles\":[\"a;b\",\"c\\\\d\"]}}\n"
    );
    let removed = desk.output(&["claims", "remove", "example.com"]).await;
    assert_eq!(removed, "removed `example.com`: level:integer \"7\"\n");
    for command in ["show", "remove"] {
        let ran = desk.run(&["claims", command, "example.com"]).await;
        assert_eq!((ran.code, ran.out.as_str()), (1, ""));
        assert_eq!(
            ran.err,
            "signupctl: the directory has no record of `example.com`\n"
        );
    }
}

#[tokio::test]
async fn good_rows_are_loaded_beside_bad_ones_and_every_fault_has_its_place() {
    let desk = Desk::new().await;
    desk.file(
        "claims.csv",
        "subject,level:integer,internal:boolean,city,roles:list,city:list\r\n\
         *.example.com,high,perhaps,Lund,a;;b,\r\n\
         a.example,1\r\n\
         b.example,1,,Lund,,Malmö;Lund\r\n\
         c.example,9223372036854775808,,,,\r\n\
         d.example,2,true,Lund,,\r\n",
    );
    let ran = desk.run(&["claims", "import", "claims.csv"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(
        ran.out,
        "claims.csv: 1 added, 0 changed, 0 unchanged, 4 bad\n"
    );
    let faults: Vec<&str> = ran.err.lines().collect();
    let expected = [
        "claims.csv:2:1: column \"subject\": found \"*.example.com\" (claims are of an address, ",
        "claims.csv:2:2: column \"level:integer\": found \"high\", expected nothing or a whole number",
        "claims.csv:2:3: column \"internal:boolean\": found \"perhaps\", expected nothing, true or false",
        "claims.csv:2:5: column \"roles:list\": found an empty text, expected a text of 1 to 2000 characters",
        "claims.csv:3:3: found 2 fields, expected 6 fields as in the header",
        "claims.csv:4:1: found the claim \"city\" twice, expected each claim once",
        "claims.csv:5:2: column \"level:integer\": found \"9223372036854775808\", expected nothing or",
    ];
    assert_eq!(faults.len(), expected.len(), "{}", ran.err);
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.starts_with(expected), "{fault}\nis not\n{expected}");
    }
    desk.output(&["claims", "show", "d.example"]).await;
}

#[tokio::test]
async fn a_header_that_is_not_understood_stops_the_import() {
    let desk = Desk::new().await;
    for (header, told) in [
        (
            "city,level:integer\n",
            "claims.csv:1:1: found no column \"subject\", expected a header with it",
        ),
        (
            "subject,level:number\n",
            "claims.csv:1:2: found the column \"level:number\", expected subject and",
        ),
        (
            "subject,city,city\n",
            "claims.csv:1:3: found the column \"city\" twice",
        ),
    ] {
        desk.file("claims.csv", header);
        let ran = desk.run(&["claims", "import", "claims.csv"]).await;
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
        assert!(ran.err.contains(told), "{}", ran.err);
    }
}

#[tokio::test]
async fn json_lines_are_loaded_with_the_place_of_every_fault() {
    let desk = Desk::new().await;
    desk.file(
        "claims.jsonl",
        "\u{feff}{\"subject\": \"a.example\", \"claims\": {\"level\": -3, \"internal\": true, \"roles\": [\"x\"]}}\r\n\
         \n\
         {\"subject\": \"@\", \"claims\": {}}\n\
         {\"subject\": \"b.example\", \"claims\": {\"level\": 1.5}}\n\
         {\"subject\": \"b.example\", \"claims\": {\"level\": null}}\n\
         {\"subject\": \"b.example\", \"claims\": {\"city\": \"x\", \"city\": \"y\"}}\n\
         {\"subject\": \"b.example\", \"claims\": {\"a city\": \"x\"}}\n\
         {\"subject\": \"b.example\"}\n\
         {\"subject\": \"b.example\", \"claims\": {\"roles\": []}}\n\
         {\"subject\": \"b.example\", \"claims\": {}} x\n\
         {\"subject\": \"c.example\", \"claims\": {\"city\": \" Lund \"}}",
    );
    let ran = desk.run(&["claims", "import", "claims.jsonl"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(
        ran.out,
        "claims.jsonl: 2 added, 0 changed, 0 unchanged, 8 bad\n"
    );
    let faults: Vec<&str> = ran.err.lines().collect();
    let expected = [
        ("claims.jsonl:3:", "\"subject\": found \"@\""),
        (
            "claims.jsonl:4:48: ",
            "expected a text, a whole number, true or false, or a list of texts",
        ),
        ("claims.jsonl:5:49: ", "invalid type: null, expected a text"),
        (
            "claims.jsonl:6:",
            "found the claim \"city\" twice, expected each claim once",
        ),
        (
            "claims.jsonl:7:",
            "found \"a city\", expected a name of letters",
        ),
        ("claims.jsonl:8:24: ", "missing field `claims`"),
        (
            "claims.jsonl:9:",
            "found an empty list, expected at least one text",
        ),
        ("claims.jsonl:10:40: ", "trailing characters"),
    ];
    assert_eq!(faults.len(), expected.len(), "{}", ran.err);
    for (fault, (place, told)) in faults.iter().zip(expected) {
        assert!(fault.starts_with(place), "{fault}\nis not at\n{place}");
        assert!(fault.contains(told), "{fault}\ndoes not tell\n{told}");
        assert!(!fault.contains(" at line "), "{fault}");
    }
    let shown = desk.output(&["claims", "show", "c.example"]).await;
    assert_eq!(shown, "`c.example`: city \"Lund\"\n");
}

#[tokio::test]
async fn a_dry_run_prints_the_difference_and_writes_nothing() {
    let desk = Desk::new().await;
    desk.file(
        "before.csv",
        "subject,city,level:integer\na.example,Lund,1\nb.example,Lund,\n",
    );
    desk.output(&["claims", "import", "before.csv"]).await;
    let before = desk.output(&["claims", "export", "--json"]).await;
    let after = "subject,city,level:integer\na.example,Malmö,\nb.example,Lund,\nc.example,,2\n";
    let ran = desk
        .run_with_input(&["claims", "import", "-", "--dry-run"], after.as_bytes())
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.out,
        "~ `a.example`: city \"Lund\" → \"Malmö\", level \"1\" → nothing\n\
         + `c.example`: level:integer \"2\"\n\
         -: 1 added, 1 changed, 1 unchanged, 0 bad; a dry run, nothing was written\n"
    );
    assert_eq!(desk.output(&["claims", "export", "--json"]).await, before);
}

#[tokio::test]
async fn an_export_in_either_form_can_be_imported_elsewhere_and_gives_the_same() {
    let desk = Desk::new().await;
    desk.file("claims.csv", FILE);
    desk.output(&["claims", "import", "claims.csv"]).await;
    // A claim may be a text in one record and a number in another.
    desk.file("more.csv", "subject,level\n=cmd|x@example.com,=1+1\n");
    desk.output(&["claims", "import", "more.csv"]).await;
    for (name, form) in [("all.csv", &[][..]), ("all.jsonl", &["--json"][..])] {
        let export = ["claims", "export", "--output", name];
        let ran = desk.run(&[&export[..], form].concat()).await;
        assert_eq!(
            (ran.code, ran.err.as_str()),
            (0, &*format!("records written to {name}: 5\n"))
        );
        let elsewhere = Desk::new().await;
        elsewhere.file(name, desk.content(name));
        let imported = elsewhere.output(&["claims", "import", name]).await;
        assert_eq!(
            imported,
            format!("{name}: 5 added, 0 changed, 0 unchanged, 0 bad\n")
        );
        let export = [&["claims", "export"][..], form].concat();
        assert_eq!(elsewhere.output(&export).await, desk.content(name));
    }
    let header = "subject,city,internal:boolean,level,level:integer,roles:list\n";
    assert!(
        desk.content("all.csv").starts_with(header),
        "{}",
        desk.content("all.csv")
    );
    let no_formula = "\"\"\"=cmd|x\"\"@example.com\",,,'=1+1,,\n";
    assert!(
        desk.content("all.csv").contains(no_formula),
        "{}",
        desk.content("all.csv")
    );
}

#[tokio::test]
async fn of_two_rows_for_one_subject_the_later_stands_however_far_apart() {
    let desk = Desk::in_file().await;
    let mut file = "subject,row:integer\n".to_owned();
    for row in 0..1000 {
        writeln!(file, "user{}@example.com,{row}", row % 300).unwrap();
    }
    desk.file("claims.csv", &file);
    let out = desk.output(&["claims", "import", "claims.csv"]).await;
    assert_eq!(
        out,
        "claims.csv: 300 added, 700 changed, 0 unchanged, 0 bad\n"
    );
    let exported = desk.output(&["claims", "export"]).await;
    assert_eq!(exported.lines().count(), 301);
    for row in 700..1000 {
        let line = format!("user{}@example.com,{row}", row % 300);
        assert!(exported.lines().any(|found| found == line), "{line}");
    }
}
