//! The corpus of policies, the examples and the reference: every policy compiles and decides its cases as expected.
//!
//! A policy is `policies/NAME.toml`, its cases stand in `policies/NAME.test.toml` (`docs/policy.md`, "Testing").

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;
use shared::{
    domain::{
        approval::KeepDays,
        attribute::{AttributeName, AttributeValue, ClaimValue, Claims},
        decision::{DecidedBy, Decision},
        email::EmailAddress,
        language::{Language, LanguageWishes},
        sign_up::{SignUp, Step},
    },
    i18n::Catalogue,
    policy::{
        Circumstances, LooksLike, Outcome, Patience, Policy, Verdict,
        case::Cases,
        compile,
        document::{Document, MAX_DOCUMENT_OCTETS},
        expression::Failure,
        look_up::NOTHING,
        predicate::{disposable::BUILT_IN, look_alike::How},
        prepared::{decode, encode},
    },
};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn policies(name: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder(name)).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| {
        let name = file.to_string_lossy();
        name.ends_with(".toml") && !name.ends_with(".test.toml")
    });
    files.sort();
    files
}

fn policy(text: &str) -> Result<Policy, String> {
    let document: Document = toml::from_str(text).map_err(|error| error.to_string())?;
    compile(&document).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        faults.join("\n")
    })
}

/// Runs the cases of a policy; gives how many there were, and everything that is not as expected.
fn run(file: &Path) -> (usize, Vec<String>) {
    let told = |problem: String| vec![format!("{}: {problem}", file.display())];
    let policy = match policy(&std::fs::read_to_string(file).unwrap()) {
        Ok(policy) => policy,
        Err(problem) => return (0, told(problem)),
    };
    let text = std::fs::read_to_string(file.with_extension("test.toml")).unwrap();
    let cases: Cases = match toml::from_str(&text) {
        Ok(cases) => cases,
        Err(problem) => return (0, told(format!("its cases: {problem}"))),
    };
    // As functions read it.
    let Some(read) = encode(&policy).and_then(|octets| decode(&octets)) else {
        return (0, told("it cannot be read of octets".to_owned()));
    };
    let problems = [&policy, &read].map(|policy| differences(file, policy, &cases));
    (cases.cases.len(), problems.concat())
}

fn differences(file: &Path, policy: &Policy, cases: &Cases) -> Vec<String> {
    let catalogue = Catalogue::new();
    let mut problems = Vec::new();
    for case in &cases.cases {
        let at = format!("{}: {}", file.display(), case.name);
        match cases.differences(case, policy, &catalogue) {
            Ok(differences) => problems.extend(differences.iter().map(|one| {
                let (what, expected, found) = (one.what, &one.expected, &one.found);
                format!("{at}\n  {what}\n    expected {expected}\n    found    {found}")
            })),
            Err(fault) => problems.push(format!("{at}: {fault}")),
        }
    }
    let names: BTreeSet<_> = cases.cases.iter().map(|case| &case.name).collect();
    if names.len() < cases.cases.len() {
        problems.push(format!("{}: two cases have the same name", file.display()));
    }
    problems
}

fn run_all(name: &str) -> usize {
    let mut cases = 0;
    let mut problems = Vec::new();
    for file in policies(name) {
        let (found, told) = run(&file);
        cases += found;
        problems.extend(told);
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    cases
}

#[test]
fn the_corpus_is_decided_as_expected() {
    let cases = run_all("shared/tests/policies");
    assert!(cases >= 150, "only {cases} cases");
}

#[test]
fn the_examples_are_decided_as_expected() {
    assert_eq!(policies("examples/policies").len(), 5);
    run_all("examples/policies");
}

#[rstest]
#[case("docs/approval.md", 1)]
#[case("docs/policy.md", 8)]
#[case("docs/sources.md", 3)]
#[case("docs/verification.md", 6)]
fn every_policy_of_the_reference_compiles(#[case] page: &str, #[case] at_least: usize) {
    let reference = std::fs::read_to_string(folder(page)).unwrap();
    let blocks: Vec<_> = reference.split("```toml\n").skip(1).collect();
    assert!(blocks.len() >= at_least);
    for block in blocks {
        let block = block.split("\n```").next().unwrap();
        if block.contains("[[case]]") {
            let cases: Cases = toml::from_str(block).unwrap();
            for case in &cases.cases {
                cases.situation(case).unwrap();
            }
            continue;
        }
        // A piece of a policy stands without the key that every policy has.
        let whole = if block.contains("default = ") {
            block.to_owned()
        } else {
            format!("default = \"allow\"\n{block}")
        };
        if let Err(problem) = policy(&whole) {
            panic!("{problem}\n{block}");
        }
    }
}

// --- time

/// How `allow`, `review` and `deny` come out when a policy with one rule runs out of time.
#[rstest]
#[case::deny("deny", "block", Some("slow"))]
#[case::review("review", "review", Some("slow"))]
#[case::ignore("ignore", "continue", None)]
fn a_rule_that_is_out_of_time_applies_its_own_effect(
    #[case] on_error: &str,
    #[case] outcome: &str,
    #[case] decided_by: Option<&str>,
) {
    let source = format!(
        "default = \"allow\"\n[[rule]]\nid = \"slow\"\nwhen = 'true'\neffect = \"allow\"\non-error = \"{on_error}\""
    );
    let policy = policy(&source).unwrap();
    let sign_up = sign_up(Vec::new(), Language::English);
    let verdict = policy.decide(Circumstances {
        patience: Patience::new(&|| false),
        ..circumstances(&sign_up)
    });
    assert_eq!(verdict.decision.outcome(), outcome);
    let decided_by = decided_by.map(|id| DecidedBy::Rule(id.to_owned()));
    assert_eq!(verdict.trace.decided_by, decided_by);
    let failed = verdict.trace.rules.iter().map(|rule| rule.outcome);
    assert!(failed.eq([Outcome::Failed(Failure::OutOfTime)]));
}

// --- likeness

#[rstest]
#[case::confusable("ada@c0ntoso.com", Some(How::Confusable))]
#[case::typo("ada@contosso.com", Some(How::Typo))]
#[case::the_domain_itself("ada@contoso.com", None)]
#[case::another("ada@example.org", None)]
fn the_verdict_says_which_domain_is_imitated_and_how(
    #[case] address: &str,
    #[case] how: Option<How>,
) {
    let source = "default = \"allow\"\n[[domain]]\nname = \"contoso.com\"\n[[rule]]\nid = \"imitation\"\n\
                  when = 'email.looks_like != \"\"'\neffect = \"deny\"";
    let policy = policy(source).unwrap();
    let sign_up = SignUp {
        addresses: vec![EmailAddress::parse(address).unwrap()],
        ..sign_up(Vec::new(), Language::English)
    };
    let verdict = policy.decide(circumstances(&sign_up));
    let expected = how.map(|how| LooksLike {
        known: "contoso.com".to_owned(),
        how,
    });
    assert_eq!(verdict.trace.looks_like, expected);
}

/// As long as a document can be, and made of what each piece of it could have to be compared with every other.
#[rstest]
#[case::chained_templates(many(|n| format!("[attribute.a{n}]\nset = \"{{a{}}}\"\n", n + 1)), false)]
#[case::map(format!("[attribute.city]\nmap = {{ {} }}\n", many(|n| format!("a{n} = \"b{n}\", "))), true)]
fn the_longest_documents_are_compiled_or_refused(#[case] pieces: String, #[case] compiles: bool) {
    let found = policy(&format!("default = \"deny\"\n{pieces}"));
    assert_eq!(found.is_ok(), compiles, "{found:.200?}");
}

fn many(piece: impl Fn(usize) -> String) -> String {
    let mut pieces = String::new();
    for number in 0.. {
        let piece = piece(number);
        if pieces.len() + piece.len() + 100 > MAX_DOCUMENT_OCTETS {
            break;
        }
        pieces.push_str(&piece);
    }
    pieces
}

#[rstest]
#[case("", KeepDays::alike(365))]
#[case("keep-days = 90", KeepDays::alike(90))]
#[case("keep-days = { denied = 30, withdrawn = 7 }", KeepDays { denied: 30, withdrawn: 7, ..KeepDays::alike(365) })]
fn a_closed_request_is_kept_by_a_number_or_a_table(#[case] line: &str, #[case] days: KeepDays) {
    let policy = policy(&format!("default = \"review\"\n[approval]\n{line}\n")).unwrap();
    assert_eq!(policy.approval.terms.keep_days, days);
}

/// A number for all states stands in policies that are published.
#[test]
fn a_table_keeps_denials_until_somebody_may_ask_again() {
    let policy = |keep: &str| {
        policy(&format!(
            "default = \"review\"\n[approval]\nreapply-after-days = 90\nkeep-days = {keep}\n"
        ))
    };
    policy("30").unwrap();
    policy("{ denied = 90 }").unwrap();
    let fault = policy("{ denied = 89 }").unwrap_err();
    assert!(
        fault.starts_with("approval.keep-days.denied: found 89"),
        "{fault}"
    );
}

// --- properties

/// Every step of normalising, maps, templates and fixed values at once.
const NORMALISING: &str = r#"
default = "allow"

[attribute.givenName]
normalise = ["nfc", "trim", "collapse-spaces", "name-case"]
[attribute.surname]
normalise = ["trim", "collapse-spaces", "nfc", "name-case"]
[attribute.displayName]
normalise = ["trim", "collapse-spaces"]
set = "{givenName} {surname}"
only-if-empty = true
[attribute.country]
normalise = ["country-code"]
set = "sverige"
only-if-empty = true
[attribute.alternatePhone]
normalise = ["e164"]
[attribute.extension_Phone]
normalise = ["e164"]
[attribute.postalCode]
normalise = ["trim", "upper-case", "postal-code"]
[attribute.city]
normalise = ["collapse-spaces", "lower-case"]
[attribute.city.map]
"göteborg" = "Gothenburg"
[attribute.state]
normalise = ["nfc", "upper-case"]
set = "{city}ΐ"
only-if-empty = true
[attribute.jobTitle]
set = "Member of {city}"
[attribute.extension_Terms]
type = "boolean"
set = true
[attribute.extension_Level]
type = "integer"
set = 3
"#;

fn sign_up(attributes: Vec<(String, String)>, language: Language) -> SignUp {
    let attributes = attributes.into_iter().map(|(name, value)| {
        (
            AttributeName::new(&name).unwrap(),
            AttributeValue::Text(value),
        )
    });
    SignUp {
        step: Step::BeforeCreatingUser,
        addresses: Vec::new(),
        identities: Vec::new(),
        attributes: attributes.collect(),
        languages: LanguageWishes::parse(language.tag()),
        application: None,
        client: None,
        object_id: None,
    }
}

fn circumstances(sign_up: &SignUp) -> Circumstances<'_> {
    Circumstances {
        sign_up,
        entries: &[],
        user_flow: None,
        now: Timestamp::UNIX_EPOCH,
        patience: Patience::ENDLESS,
        disposable: &BUILT_IN,
        found: &NOTHING,
    }
}

fn decide(policy: &Policy, sign_up: &SignUp) -> Verdict {
    policy.decide(circumstances(sign_up))
}

fn returned(policy: &Policy, sign_up: &SignUp) -> Claims {
    match decide(policy, sign_up).decision {
        Decision::Continue(claims) => claims,
        other => panic!("{other:?}"),
    }
}

/// The sign-up with the returned values, as Entra would send it when asked once more.
fn with(sign_up: &SignUp, claims: &Claims) -> SignUp {
    let mut next = sign_up.clone();
    for (name, value) in claims {
        let ClaimValue::One(value) = value else {
            panic!("a list cannot be typed");
        };
        match next.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value.clone(),
            None => next.attributes.push((name.clone(), value.clone())),
        }
    }
    next
}

const NAMES: [&str; 10] = [
    "alternatePhone",
    "givenName",
    "surname",
    "displayName",
    "country",
    "extension_Phone",
    "postalCode",
    "city",
    "state",
    "extension_Other",
];

fn typed() -> impl Strategy<Value = Vec<(String, String)>> {
    let word = prop_oneof![
        prop::sample::select(vec![
            "o'neill",
            "VAN DER BERG",
            "nguyễn",
            "NGUYE\u{302}\u{303}N",
            "王",
            "ó súilleabháin",
            "DE LA CRUZ",
            "macdonald",
            "AL-FARSI",
            " Göteborg ",
            "sverige",
            "se",
            "GB",
            "070-123 45 67",
            "11455",
            "sw1a1aa",
            "straße",
            "ŉ",
            "İstanbul",
            "",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,16}",
    ];
    prop::collection::btree_map(prop::sample::select(NAMES.to_vec()), word, 0..9).prop_map(
        |values| {
            let values = values.into_iter().filter(|(_, value)| !value.is_empty());
            values
                .map(|(name, value)| (name.to_owned(), value))
                .collect()
        },
    )
}

fn language() -> impl Strategy<Value = Language> {
    prop::sample::select(Language::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn normalising_twice_is_normalising_once(typed in typed(), language in language()) {
        let policy = policy(NORMALISING).unwrap();
        let once = sign_up(typed, language);
        let claims = returned(&policy, &once);
        prop_assert!(claims.iter().all(|(_, value)| *value != ClaimValue::Many(Vec::new())));
        let twice = with(&once, &claims);
        prop_assert_eq!(returned(&policy, &twice), Claims::new());
    }

    #[test]
    fn the_order_of_attributes_does_not_matter(
        (typed, shuffled) in typed().prop_flat_map(|typed| (Just(typed.clone()), Just(typed).prop_shuffle())),
        language in language(),
    ) {
        let policy = policy(NORMALISING).unwrap();
        prop_assert_eq!(
            returned(&policy, &sign_up(typed, language)),
            returned(&policy, &sign_up(shuffled, language))
        );
    }

    #[test]
    fn no_decision_depends_on_the_order_of_attributes(
        (typed, shuffled) in typed().prop_flat_map(|typed| (Just(typed.clone()), Just(typed).prop_shuffle())),
        language in language(),
        policy in any::<prop::sample::Index>(),
    ) {
        let policy = policy.get(&COMPILED);
        prop_assert_eq!(
            decide(policy, &sign_up(typed, language)),
            decide(policy, &sign_up(shuffled, language))
        );
    }

    #[test]
    fn what_is_returned_was_not_typed(typed in typed(), language in language()) {
        let policy = policy(NORMALISING).unwrap();
        let sign_up = sign_up(typed, language);
        for (name, value) in returned(&policy, &sign_up) {
            let typed = sign_up.attributes.iter().find(|(known, _)| *known == name);
            prop_assert!(typed.is_none_or(|(_, typed)| ClaimValue::One(typed.clone()) != value));
        }
    }
}

/// The policies that there are, as the seed of documents that nobody wrote.
fn seeds() -> Vec<String> {
    let files = policies("shared/tests/policies");
    let files = files.into_iter().chain(policies("examples/policies"));
    let read = |file: PathBuf| std::fs::read_to_string(file).unwrap();
    files.map(read).chain([NORMALISING.to_owned()]).collect()
}

static COMPILED: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    let seeds = seeds().into_iter();
    seeds.map(|text| policy(&text).unwrap()).collect()
});

/// What is put into a document somewhere, over some of what stands there.
fn scrap() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "",
            "\"",
            "{",
            "}",
            "{{",
            "(",
            ")",
            "[",
            "]",
            "\n",
            "=",
            "true",
            "false",
            "0",
            "-1",
            "9223372036854775807",
            "4294967295",
            "\\\\",
            "'",
            ".",
            "*",
            "+",
            "{1000}",
            "é",
            "ﬁ",
            "attributes.",
            "email",
            " && ",
            " == ",
            "{city}",
            "{jobTitle}",
            "extension_",
            "[[rule]]\n",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ]
}

fn put(document: &str, at: usize, length: usize, scrap: &str) -> String {
    let total = document.chars().count().max(1);
    let at = at % total;
    let kept = document.chars().take(at);
    let rest = document.chars().skip(at + length);
    kept.chain(scrap.chars()).chain(rest).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_document_panics(
        seed in prop::sample::select(seeds()),
        edits in prop::collection::vec((any::<usize>(), 0_usize..6, scrap()), 1..4),
    ) {
        let edited = edits.iter().fold(seed, |document, (at, length, scrap)| {
            put(&document, *at, *length, scrap)
        });
        if let Ok(document) = toml::from_str::<Document>(&edited)
            && let Ok(policy) = compile(&document)
        {
            let sign_up = sign_up(vec![("city".to_owned(), "x".to_owned())], Language::English);
            let _ = decide(&policy, &sign_up);
        }
    }
}
