//! Policies as files: checked, tested and explained without a table.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::desk::Ran;

/// A folder to run in, with nothing around it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn with(self, name: &str, content: &str) -> Self {
        std::fs::write(self.0.path().join(name), content).unwrap();
        self
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signupctl"));
        command
            .arg("policy")
            .args(arguments)
            .current_dir(self.0.path())
            .env_clear()
            .stdin(Stdio::null());
        Ran::of(command.output().unwrap())
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

const POLICY: &str = "\
default = \"review\"

[attribute.surname]
normalise = [\"name-case\"]

[[rule]]
id = \"staff\"
when = 'email.domain == \"contoso.com\"'
effect = \"allow\"

[[rule]]
id = \"adults\"
when = 'int(attributes.extension_Age) >= 18'
effect = \"allow\"
on-error = \"ignore\"
";

const CASES: &str = "\
[[case]]
name = \"staff\"
request.email = \"jane@contoso.com\"
request.attributes = { surname = \"o'neill\" }
expect.decision = \"continue\"
expect.returned = { surname = \"O'Neill\" }

[[case]]
name = \"a stranger\"
request.email = \"jane@example.com\"
expect.decision = \"review\"
";

/// Each bad policy begins with the faults that it has, as comments.
#[test]
fn every_fault_is_told_with_its_place_and_a_suggestion() {
    let folder = root().join("shared/tests/policies/bad");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let path = file.to_str().unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let expected: Vec<_> = text
            .lines()
            .map_while(|line| line.strip_prefix("# "))
            .map(|fault| format!("{path}:{fault}"))
            .collect();
        assert!(!expected.is_empty(), "{path} does not say what is wrong");
        let ran = Folder::new().run(&["check", path]);
        let found: Vec<_> = ran.err.lines().collect();
        assert_eq!(found, expected, "{path}");
        assert_eq!(ran.code, 2, "{path}");
        seen += 1;
    }
    assert!(seen >= 25);
}

#[test]
fn what_has_no_fault_is_summed_up() {
    let folder = Folder::new()
        .with("a.toml", POLICY)
        .with("a.test.toml", CASES)
        .with("b.toml", "default = \"allow\"\n");
    let ran = folder.run(&["check", "a.toml", "a.test.toml", "b.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(
        ran.out,
        "a.toml: 1 attribute, 2 rules, 0 messages, no fault\n\
         b.toml: 0 attributes, 0 rules, 0 messages, no fault\n"
    );
}

#[test]
fn a_good_file_is_checked_beside_a_bad_one() {
    let folder = Folder::new()
        .with("bad.toml", "default = \"alow\"\n")
        .with("good.toml", "default = \"allow\"\n");
    let ran = folder.run(&["check", "bad.toml", "good.toml"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.out.starts_with("bad.toml: 1 fault\ngood.toml: 0 attr"),
        "{}",
        ran.out
    );
    let ran = folder.run(&["check", "missing.toml"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.starts_with("signupctl: missing.toml: No such file"),
        "{}",
        ran.err
    );
}

#[test]
fn cases_that_are_as_expected_are_counted() {
    let folder = Folder::new()
        .with("a.toml", POLICY)
        .with("a.test.toml", CASES);
    let ran = folder.run(&["test", "a.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, "a.test.toml: 2 cases, as expected\n");
}

#[test]
fn what_is_not_as_expected_is_told_line_by_line() {
    let cases = CASES
        .replace("O'Neill", "O'neill")
        .replace("\"review\"", "\"block\"")
        + "\n[[case]]\nname = \"nobody\"\nrequest.email = \"jane\"\nexpect.decision = \"block\"\n";
    let folder = Folder::new()
        .with("a.toml", POLICY)
        .with("cases.toml", &cases);
    let ran = folder.run(&["test", "a.toml", "--cases", "cases.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (5, ""));
    let lines: Vec<_> = ran.out.lines().collect();
    assert_eq!(
        &lines[..7],
        [
            "cases.toml:1: staff",
            "  returned       expected  surname = \"O'neill\"",
            "                 found     surname = \"O'Neill\"",
            "cases.toml:8: a stranger",
            "  decision       expected  block",
            "                 found     review",
            "cases.toml:13: nobody",
        ],
        "{}",
        ran.out
    );
    assert!(
        lines[7].starts_with("  request.email  expected  "),
        "{}",
        ran.out
    );
    assert_eq!(
        lines.last(),
        Some(&"cases.toml: 3 cases, 3 not as expected")
    );
}

#[test]
fn mistakes_in_cases_are_told_with_their_place() {
    let cases = CASES.replace("expect.returned", "expect.return");
    let folder = Folder::new()
        .with("a.toml", POLICY)
        .with("a.test.toml", &cases);
    let ran = folder.run(&["test", "a.toml"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(
        ran.err
            .starts_with("signupctl: a.test.toml:6:8: unknown key `return`, expected one of "),
        "{}",
        ran.err
    );
    assert!(
        ran.err.ends_with("did you mean `returned`?\n"),
        "{}",
        ran.err
    );
}

#[test]
fn a_policy_that_is_faulty_is_not_tested() {
    let folder = Folder::new().with("a.toml", "default = \"alow\"\n");
    let ran = folder.run(&["test", "a.toml"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(
        ran.err.starts_with("a.toml:1:11: found `alow`"),
        "{}",
        ran.err
    );
}

#[test]
fn a_case_is_explained_rule_by_rule() {
    let folder = Folder::new()
        .with("a.toml", POLICY)
        .with("a.test.toml", CASES);
    let ran = folder.run(&["explain", "a.toml", "--case", "staff"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let lines: Vec<Vec<&str>> = ran
        .out
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let has = |words: &[&str]| lines.iter().any(|line| line == words);
    assert!(has(&["step:", "before-creating-user"]), "{}", ran.out);
    assert!(
        has(&["surname", "\"o'neill\"", "\"O'Neill\""]),
        "{}",
        ran.out
    );
    let staff = lines.iter().find(|line| line.first() == Some(&"staff"));
    let staff = staff.unwrap();
    assert_eq!(staff[1..3], ["allow", "holds"]);
    assert_eq!((staff[4], staff.last()), ("µs", Some(&"decides")));
    let adults = lines.iter().find(|line| line.first() == Some(&"adults"));
    let adults = adults.unwrap().join(" ");
    assert!(adults.starts_with("adults allow failed: "), "{adults}");
    assert!(adults.ends_with("not reached"), "{adults}");
    assert!(has(&["decision:", "continue,", "by", "rule", "staff"]));
    assert!(has(&["returned:", "surname", "=", "\"O'Neill\""]));
}

#[test]
fn a_case_that_is_not_there_is_told_with_the_nearest() {
    let folder = Folder::new()
        .with("a.toml", POLICY)
        .with("a.test.toml", CASES);
    let ran = folder.run(&["explain", "a.toml", "--case", "stranger"]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.err,
        "signupctl: a.test.toml: found no case `stranger`; did you mean `a stranger`?\n"
    );
}

#[test]
fn bodies_of_both_protocols_are_explained() {
    let extension = r#"{"type":"microsoft.graph.authenticationEvent.attributeCollectionSubmit","data":{
        "@odata.type":"microsoft.graph.onAttributeCollectionSubmitCalloutData",
        "tenantId":"30000000-0000-0000-0000-000000000003",
        "userSignUpInfo":{"attributes":{"surname":{"@odata.type":"microsoft.graph.stringDirectoryAttributeValue","value":"o'neill"}},
        "identities":[{"signInType":"email","issuer":"contoso.onmicrosoft.com","issuerAssignedId":"jane@contoso.com"}]}}}"#;
    let folder = Folder::new()
        .with("a.toml", POLICY)
        .with(
            "connector.json",
            r#"{"email":"jane@contoso.com","surname":"o'neill","step":"PostAttributeCollection"}"#,
        )
        .with(
            "start.json",
            r#"{"email":"jane@contoso.com","step":"PostFederationSignup"}"#,
        )
        .with("extension.json", extension)
        .with("nobody.json", "{}");
    for (body, step) in [
        ("connector.json", "before-creating-user"),
        ("start.json", "after-federation"),
        ("extension.json", "before-creating-user"),
    ] {
        let ran = folder.run(&["explain", "a.toml", "--request", body]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{body}");
        assert!(
            ran.out.starts_with(&format!("step: {step}\n")),
            "{}",
            ran.out
        );
        assert!(
            ran.out.contains("decision: continue, by rule staff"),
            "{}",
            ran.out
        );
    }
    let ran = folder.run(&["explain", "a.toml", "--request", "nobody.json"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            1,
            "signupctl: nobody.json: no request of this step: unidentified\n"
        )
    );
    let ran = folder.run(&["explain", "a.toml"]);
    assert_eq!(ran.code, 64);
}

#[test]
fn the_examples_pass_their_tests() {
    let examples = root().join("examples/policies");
    let files: Vec<_> = std::fs::read_dir(examples)
        .unwrap()
        .map(|file| file.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    let files: Vec<_> = files.iter().map(String::as_str).collect();
    let ran = Folder::new().run(&[&["test"][..], &files].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert_eq!(ran.out.lines().count(), 5);
}

#[test]
fn the_schema_is_printed() {
    let ran = Folder::new().run(&["schema"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let committed = std::fs::read_to_string(root().join("docs/policy.schema.json")).unwrap();
    assert!(
        ran.out == committed,
        "write docs/policy.schema.json with `signupctl policy schema`"
    );
}

const CHANGED: &str = "\
# The same settings and staff, in another layout.
default = 'review'
on-unavailable = \"block\"

[[rule]]
id = \"adults\"
when = 'int(attributes.extension_Age) >= 21'
effect = \"allow\"
on-error = \"ignore\"

[[rule]]
id = \"staff\"
when = 'email.domain == \"contoso.com\"'
effect = \"allow\"

[[rule]]
id = \"free\"
when = 'email.free'
effect = \"deny\"
message = \"no-free\"

[message.no-free]
en = \"No, sorry\"
";

#[test]
fn what_two_policies_say_differently_is_told() {
    let folder = Folder::new().with("a.toml", POLICY).with("b.toml", CHANGED);
    let ran = folder.run(&["diff", "a.toml", "b.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (5, ""));
    assert_eq!(
        ran.out,
        "attribute surname: removed\n\
         rule adults: changed\n  \
           when: \"int(attributes.extension_Age) >= 18\" → \"int(attributes.extension_Age) >= 21\"\n\
         rule free: added\n  \
           effect = \"deny\"\n  \
           message = \"no-free\"\n  \
           when = \"email.free\"\n\
         rule staff: moved from place 1 to 2\n\
         message no-free: added\n  \
           en = \"No, sorry\"\n"
    );
    let ran = folder.run(&["diff", "a.toml", "a.toml"]);
    assert_eq!(
        (ran.code, ran.err.as_str(), ran.out.as_str()),
        (0, "", "no difference\n")
    );
}

#[test]
fn of_long_values_only_the_pieces_that_differ_are_told() {
    let policy = |domains: &[&str], allowed: &str| {
        let domains: Vec<_> = domains
            .iter()
            .map(|domain| format!("email.domain == \"{domain}.example.com\""))
            .collect();
        format!(
            "default = \"deny\"\n[attribute.city]\nallowed = [{allowed}]\n\
             [[rule]]\nid = \"ours\"\neffect = \"allow\"\nwhen = '''\n{}'''\n",
            domains.join(" ||\n")
        )
    };
    let cities = "\"Amsterdam\", \"Berlin\", \"Copenhagen\", \"Dublin\", \"Edinburgh\"";
    let folder = Folder::new()
        .with("a.toml", &policy(&["sales", "support", "research"], cities))
        .with(
            "b.toml",
            &policy(
                &["sales", "shops", "research"],
                &cities.replace("\"Berlin\", ", ""),
            ),
        );
    let ran = folder.run(&["diff", "a.toml", "b.toml"]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_eq!(
        ran.out,
        "attribute city: changed\n  \
           allowed:\n    \
             - \"Berlin\"\n\
         rule ours: changed\n  \
           when:\n    \
             - email.domain == \"support.example.com\" ||\n    \
             + email.domain == \"shops.example.com\" ||\n"
    );
}

#[test]
fn cases_that_are_decided_differently_are_told_with_both_decisions() {
    let changed = POLICY.replace("\"review\"", "\"deny\"");
    let changed = changed.replace("normalise = [\"name-case\"]\n", "");
    let folder = Folder::new()
        .with("a.toml", POLICY)
        .with("a.test.toml", CASES)
        .with("b.toml", &changed);
    let expected = "settings: changed\n  \
           default: \"review\" → \"deny\"\n\
         attribute surname: changed\n  \
           normalise: [\"name-case\"] → nothing\n\
         case staff: decided differently\n  \
           returned: 'surname = \"O'Neill\"' → nothing\n\
         case a stranger: decided differently\n  \
           decision: \"review\" → \"block\"\n";
    let ran = folder.run(&["diff", "a.toml", "b.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (5, ""));
    assert!(ran.out.starts_with(expected), "{}", ran.out);
    let cases = ["diff", "a.toml", "b.toml", "--cases", "a.test.toml"];
    assert_eq!(folder.run(&cases).out, ran.out);

    let ran = folder.run(&["diff", "a.toml", "b.toml", "--json"]);
    let lines: Vec<serde_json::Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 4, "{}", ran.out);
    assert_eq!(
        lines[0],
        serde_json::json!({
            "what": "settings",
            "change": "changed",
            "keys": [{ "key": "default", "from": "review", "to": "deny" }],
        })
    );
    assert_eq!(lines[3]["what"], "case");
    assert_eq!(lines[3]["name"], "a stranger");
    assert_eq!(lines[3]["change"], "decided");
}

#[test]
fn a_faulty_policy_is_not_compared() {
    let folder = Folder::new()
        .with("a.toml", POLICY)
        .with("b.toml", "default = \"alow\"\n");
    for (old, new) in [("a.toml", "b.toml"), ("b.toml", "a.toml")] {
        let ran = folder.run(&["diff", old, new]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(
            ran.err.starts_with("b.toml:1:11: found `alow`"),
            "{}",
            ran.err
        );
    }
    let ran = folder.run(&["diff", "a.toml", "current"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("signupctl: current: "), "{}", ran.err);
}
