//! Invitation codes and evidence from the command line.

use shared::{
    domain::{
        code::CodeDigest,
        person::PersonKey,
        source::SourceName,
        verification::{AttemptKey, Evidence, VerificationOutcome},
    },
    ports::{Deadline, attempts::Attempts, code_redeemer::CodeRedeemer},
};
use tokio::time::Instant;

use crate::desk::Desk;

fn soon() -> Deadline {
    Deadline(Instant::now() + std::time::Duration::from_mins(1))
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn codes_are_shown_once_and_kept_as_digests() {
    let desk = Desk::new().await;
    let create = [
        "code", "create", "--count", "3", "--uses", "2", "--note", "fair",
    ];
    let ran = desk.run(&create).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.err,
        "Codes are shown this once; the table keeps only digests of them.\n"
    );
    let codes: Vec<&str> = ran.out.lines().collect();
    assert_eq!(codes.len(), 3);
    let listed = desk.output(&["code", "list"]).await;
    for code in &codes {
        assert!(!listed.contains(code), "{listed}");
        let digest = CodeDigest::of(code).unwrap();
        assert!(listed.contains(digest.as_str()), "{listed}");
        let shown = desk
            .output(&["code", "show", &code.to_lowercase(), "--json"])
            .await;
        let shown = json(&shown);
        assert_eq!(shown["digest"], digest.as_str());
        assert_eq!((&shown["uses"], &shown["used"]), (&2.into(), &0.into()));
        assert_eq!(
            (&shown["state"], &shown["note"]),
            (&"usable".into(), &"fair".into())
        );
    }
    assert_eq!(
        desk.output(&["code", "list", "--json"])
            .await
            .lines()
            .count(),
        3
    );
}

#[tokio::test]
async fn a_code_of_ones_own_sets_attributes_for_some_until_its_end() {
    let desk = Desk::new().await;
    let create = [
        "code",
        "create",
        "--code",
        "Spring Fair",
        "--for",
        "Contoso.com",
        "--expires",
        "2199-01-31",
        "--set",
        "city=Malmö",
        "--set",
        "level:integer=-3",
        "--set",
        "roles:list=a;b",
    ];
    let made = desk.output(&create).await;
    assert_eq!(made, "Spring Fair\n");
    let shown = desk.output(&["code", "show", "SPRING-FAIR"]).await;
    let digest = CodeDigest::of("springfair").unwrap();
    assert!(
        shown.starts_with(&format!(
            "digest: {digest}\nused: 0/1\nstate: usable\ncreated: 2"
        )),
        "{shown}"
    );
    assert!(
        shown.ends_with(
            "expires: 2199-02-01T00:00:00Z\nfor: contoso.com\nnote: \n\
             sets: city \"Malmö\", level:integer \"-3\", roles:list \"a;b\"\n"
        ),
        "{shown}"
    );
    let again = desk.run(&create).await;
    assert_eq!((again.code, again.out.as_str()), (1, ""));
    assert_eq!(again.err, "signupctl: a code like this is there already\n");
}

#[tokio::test]
async fn a_code_is_revoked_by_itself_or_by_its_digest() {
    let desk = Desk::new().await;
    let codes = desk.output(&["code", "create", "--count", "2"]).await;
    let codes: Vec<&str> = codes.lines().collect();
    let digests: Vec<CodeDigest> = codes.iter().map(|c| CodeDigest::of(c).unwrap()).collect();
    for (typed, digest) in [(codes[0], &digests[0]), (digests[1].as_str(), &digests[1])] {
        let revoked = desk.output(&["code", "revoke", typed]).await;
        assert_eq!(revoked, format!("revoked {digest}\n"));
        let shown = desk.output(&["code", "show", typed, "--json"]).await;
        assert_eq!(json(&shown)["state"], "revoked");
    }
    for command in ["show", "revoke"] {
        let ran = desk.run(&["code", command, "NEVER-WAS"]).await;
        assert_eq!((ran.code, ran.out.as_str()), (1, ""));
        assert!(ran.err.contains("there is no such code"), "{}", ran.err);
    }
}

#[tokio::test]
async fn a_code_that_was_used_up_says_so() {
    let desk = Desk::new().await;
    let code = desk.output(&["code", "create"]).await;
    let digest = CodeDigest::of(code.trim()).unwrap();
    let person = PersonKey::of_address("john@example.com");
    let now = jiff::Timestamp::UNIX_EPOCH;
    desk.table()
        .redeem(&digest, &person, now, soon())
        .await
        .unwrap();
    let shown = json(&desk.output(&["code", "show", code.trim(), "--json"]).await);
    assert_eq!(
        (&shown["used"], &shown["state"]),
        (&1.into(), &"used up".into())
    );
}

#[tokio::test]
async fn codes_go_to_a_new_file_and_never_over_an_old_one() {
    let desk = Desk::new().await;
    let create = [
        "code",
        "create",
        "--count",
        "250",
        "--uses",
        "5",
        "--for",
        "=x@contoso.com",
        "--note",
        "=1+1",
        "--set",
        "city=Lund",
        "--output",
        "codes.csv",
    ];
    let ran = desk.run(&create).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(
        ran.err.starts_with("codes written to codes.csv: 250\n"),
        "{}",
        ran.err
    );
    let file = desk.content("codes.csv");
    let mut lines = file.lines();
    assert_eq!(lines.next(), Some("code,uses,expires,for,set,note"));
    for line in lines {
        let (_, rest) = line.split_once(',').unwrap();
        assert_eq!(rest, "5,,\"\"\"=x\"\"@contoso.com\",city=Lund,'=1+1");
    }
    let count = async || {
        desk.output(&["code", "list", "--json"])
            .await
            .lines()
            .count()
    };
    assert_eq!((file.lines().count(), count().await), (251, 250));
    let again = desk.run(&create).await;
    assert_eq!(again.code, 1);
    assert!(
        again
            .err
            .contains("codes.csv: cannot be written as a new file"),
        "{}",
        again.err
    );
    assert_eq!((desk.content("codes.csv"), count().await), (file, 250));
}

#[tokio::test]
async fn evidence_is_told_the_newest_first() {
    let desk = Desk::new().await;
    let person = PersonKey::of_address("john@example.com");
    for (second, outcome, reference) in [
        (1, VerificationOutcome::Failed, None),
        (2, VerificationOutcome::Verified, Some("R-2".to_owned())),
    ] {
        let at = jiff::Timestamp::from_second(second).unwrap();
        let evidence = Evidence {
            verification: SourceName::parse("id_check").unwrap(),
            provider: "idology".to_owned(),
            outcome,
            reference,
            at,
        };
        let key = AttemptKey::of(&[&[u8::try_from(second).unwrap()]]);
        let keep = jiff::Timestamp::from_second(4_000_000_000).unwrap();
        let table = desk.table();
        table
            .finish(&person, &key, &evidence, keep, soon())
            .await
            .unwrap();
    }
    assert_eq!(
        desk.output(&["evidence", "John+x@Example.com"]).await,
        "AT                    VERIFICATION  PROVIDER  OUTCOME   REFERENCE\n\
         1970-01-01T00:00:02Z  id_check      idology   verified  R-2\n\
         1970-01-01T00:00:01Z  id_check      idology   failed\n"
    );
    let lines = desk
        .output(&["evidence", "john@example.com", "--json"])
        .await;
    assert_eq!(
        lines.lines().next(),
        Some(
            "{\"at\":\"1970-01-01T00:00:02Z\",\"verification\":\"id_check\",\
             \"provider\":\"idology\",\"outcome\":\"verified\",\"reference\":\"R-2\"}"
        )
    );
    let nobody = desk.run(&["evidence", "identity:facebook.com#1"]).await;
    assert_eq!((nobody.code, nobody.out.as_str()), (0, ""));
    assert_eq!(nobody.err, "nothing is kept of this person\n");
}
