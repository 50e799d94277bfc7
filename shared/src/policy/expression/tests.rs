//! The language as a whole: what each name and function yields, and what is refused.

use cel::IdedExpr;
use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::{
    domain::{
        attribute::{AttributeName, AttributeValue},
        email::EmailAddress,
        identity::{self, Identity, IdentityProvider},
        language::LanguageWishes,
        list::Effect,
        sign_up::{SignUp, Step},
    },
    policy::{Patience, document::KnownDomain, predicate::disposable, values::Values},
};

fn sign_up() -> SignUp {
    let text = |name: &str, text: &str| {
        let name = AttributeName::new(name).unwrap();
        (name, AttributeValue::Text(text.to_owned()))
    };
    let other = |name: &str, value| (AttributeName::new(name).unwrap(), value);
    SignUp {
        step: Step::BeforeCreatingUser,
        addresses: vec![EmailAddress::parse("Jane.Doe+x@Mail.Contoso.com").unwrap()],
        identities: vec![Identity {
            provider: IdentityProvider::parse("google").unwrap(),
            subject: Some(identity::Subject::parse("117").unwrap()),
        }],
        attributes: vec![
            text("city", "Malmö"),
            text("country", "SE"),
            text("postalCode", "211 20"),
            text("displayName", "Jane Doe"),
            text("blanked", ""),
            text(
                "extension_00001111aaaa2222bbbb3333cccc4444_Employees",
                "250",
            ),
            text("extension_größe", "XL"),
            other("extension_Level", AttributeValue::Number(3)),
            other("extension_Newsletter", AttributeValue::Flag(true)),
        ],
        languages: LanguageWishes::parse("sv-SE en"),
        application: Some("app-1".to_owned()),
        client: Some("203.0.113.7".parse().unwrap()),
        object_id: None,
    }
}

fn known(name: &str, provider: Option<&str>) -> KnownDomain {
    KnownDomain {
        name: name.to_owned(),
        provider: provider.map(str::to_owned),
    }
}

/// 2026-11-21 14:05:09 UTC, a Saturday.
const NOW: i64 = 1_795_269_909;

fn with<T>(sign_up: &SignUp, domains: &[KnownDomain], body: impl FnOnce(&Scope<'_>) -> T) -> T {
    let values = Values::of(sign_up);
    let lists = ["vip".to_owned(), "partners".to_owned(), "vip".to_owned()];
    let scope = Scope::new(Subject {
        sign_up,
        values: &values,
        listed: Some(Effect::Allow),
        lists: &lists,
        user_flow: Some("customers"),
        now: Timestamp::from_second(NOW).unwrap(),
        patience: Patience::ENDLESS,
        domains,
        disposable: &disposable::BUILT_IN,
    });
    body(&scope)
}

fn result_for(sign_up: &SignUp, domains: &[KnownDomain], source: &str) -> Result<bool, Failure> {
    let expression = match Expression::compile(source, &Vocabulary::default()) {
        Ok(expression) => expression,
        Err(fault) => panic!("{source}: {fault:?}"),
    };
    with(sign_up, domains, |scope| expression.holds(scope))
}

fn result(source: &str) -> Result<bool, Failure> {
    result_for(&sign_up(), &[], source)
}

fn fault(source: &str) -> ExpressionFault {
    match Expression::compile(source, &Vocabulary::default()) {
        Ok(_) => panic!("{source} was accepted"),
        Err(fault) => fault,
    }
}

// --- attributes that the policy declares

fn declared() -> Vocabulary {
    let types = [
        ("city", ValueType::Text),
        ("level", ValueType::Integer),
        ("extension_Limit", ValueType::Integer),
        ("newsletter", ValueType::Boolean),
    ];
    Vocabulary {
        attributes: types
            .map(|(name, declared)| (Key::of(name), declared))
            .into(),
        ..Vocabulary::default()
    }
}

#[rstest]
#[case::two_integers("attributes.level < attributes.limit", Err(Failure::NoValue))]
#[case::the_same("attributes.level <= attributes.level", Ok(true))]
#[case::sum("attributes.level + attributes.level == 6", Ok(true))]
#[case::two_booleans("attributes.newsletter == attributes.newsletter", Ok(true))]
#[case::text("attributes.city == attributes.other", Ok(false))]
fn declared_attributes_have_their_type(
    #[case] source: &str,
    #[case] expected: Result<bool, Failure>,
) {
    let expression = Expression::compile(source, &declared()).unwrap();
    let found = with(&sign_up(), &[], |scope| expression.holds(scope));
    assert_eq!(found, expected, "{source}");
}

#[rstest]
#[case("attributes.city == 3", "found a whole number, expected a text")]
#[case(r#"attributes.LEVEL == "3""#, "found a text, expected a whole number")]
#[case(
    "attributes.level && true",
    "found a whole number, expected true or false"
)]
#[case(
    "attributes.extension_Limit > attributes.city",
    "found a text, expected a whole number"
)]
fn declared_attributes_are_not_taken_for_another_type(#[case] source: &str, #[case] problem: &str) {
    let fault = Expression::compile(source, &declared()).unwrap_err();
    assert_eq!(fault.problem, problem, "{source}");
}

// --- variables

#[rstest]
#[case::address(r#"email.address == "jane.doe@mail.contoso.com""#)]
#[case::local(r#"email.local == "jane.doe""#)]
#[case::domain(r#"email.domain == "mail.contoso.com""#)]
#[case::present("email.present")]
#[case::not_disposable("!email.disposable")]
#[case::not_free("!email.free")]
#[case::looks_like_nothing(r#"email.looks_like == """#)]
#[case::no_mismatch("!email.provider_mismatch")]
#[case::provider(r#"identity.provider == "google.com""#)]
#[case::subject(r#"identity.subject == "117""#)]
#[case::identity_present("identity.present")]
#[case::attribute(r#"attributes.city == "Malmö""#)]
#[case::attribute_in_other_case(r#"attributes.POSTALCODE == "211 20""#)]
#[case::custom_attribute(r#"attributes.employees == "250""#)]
#[case::quoted_attribute(r#"attributes["größe"] == "XL""#)]
#[case::quoted_plain_attribute(r#"attributes["city"] == "Malmö""#)]
#[case::full_name(r#"attributes["extension_Employees"] == "250""#)]
#[case::integer("attributes.level == 3")]
#[case::integer_order("attributes.level >= 3 && 2 < attributes.level")]
#[case::boolean("attributes.newsletter")]
#[case::boolean_compared("attributes.newsletter == true")]
#[case::not_boolean("!(attributes.newsletter == false)")]
#[case::missing_text(r#"attributes.surname == """#)]
#[case::missing_text_has_no_length("size(attributes.surname) == 0")]
#[case::has("has(attributes.city) && has(attributes.level) && has(attributes.newsletter)")]
#[case::has_not("!has(attributes.surname) && !has(attributes.blanked)")]
#[case::names("!names.mixed_script")]
#[case::list_effect(r#"list.effect == "allow""#)]
#[case::list_names(r#""vip" in list.names && !("b" in list.names)"#)]
#[case::list_names_once("size(list.names) == 2")]
#[case::user_flow(r#"user_flow == "customers""#)]
#[case::application(r#"application == "app-1""#)]
#[case::client(r#"client.ip == "203.0.113.7""#)]
#[case::client_network(r#"in_network(client.ip, "203.0.113.0/24")"#)]
#[case::other_client_network(r#"!in_network(client.ip, "10.0.0.0/8")"#)]
#[case::step(r#"step == "before-creating-user""#)]
#[case::language(r#"language == "sv""#)]
#[case::date(r#"now.date == "2026-11-21""#)]
#[case::date_order(r#"now.date < "2027-01-01" && now.date >= "2026-11-21""#)]
#[case::time(r#"now.time == "14:05""#)]
#[case::hour("now.hour == 14")]
#[case::weekday("now.weekday == 6")]
#[case::unix("now.unix == 1795269909")]
fn variables(#[case] source: &str) {
    assert_eq!(result(source), Ok(true), "{source}");
}

#[rstest]
#[case::no_address(r#"email.address == "" && email.local == "" && email.domain == """#)]
#[case::not_present("!email.present && !email.free && !email.disposable")]
#[case::looks_like_nothing(r#"email.looks_like == """#)]
#[case::entra(r#"identity.provider == "entra" && identity.subject == """#)]
#[case::no_identity("!identity.present")]
#[case::no_application(r#"application == """#)]
#[case::no_client(r#"client.ip == "" && !in_network(client.ip, "0.0.0.0/0")"#)]
#[case::default_language(r#"language == "en""#)]
#[case::no_mixed_script("!names.mixed_script")]
#[case::no_mismatch("!email.provider_mismatch")]
fn variables_of_a_sign_up_with_nothing_in_it(#[case] source: &str) {
    let empty = SignUp {
        addresses: Vec::new(),
        identities: Vec::new(),
        attributes: Vec::new(),
        languages: LanguageWishes::default(),
        application: None,
        client: None,
        ..sign_up()
    };
    let domains = [known("contoso.com", Some("google.com"))];
    assert_eq!(result_for(&empty, &domains, source), Ok(true), "{source}");
}

fn from(address: &str) -> SignUp {
    SignUp {
        addresses: vec![EmailAddress::parse(address).unwrap()],
        ..sign_up()
    }
}

#[test]
fn predicates_on_the_address() {
    let domains = [known("contoso.com", None), known("fabrikam.com", None)];
    let is = |address: &str, source: &str| result_for(&from(address), &domains, source);
    assert_eq!(is("a@x.mailinator.com", "email.disposable"), Ok(true));
    assert_eq!(is("a@gmail.com", "email.free"), Ok(true));
    assert_eq!(
        is("a@c0ntoso.com", r#"email.looks_like == "contoso.com""#),
        Ok(true)
    );
    assert_eq!(
        is(
            "a@fabrikam-login.com",
            r#"email.looks_like == "fabrikam.com""#
        ),
        Ok(true)
    );
    assert_eq!(is("a@contoso.com", r#"email.looks_like != """#), Ok(false));
}

#[test]
fn one_bad_address_of_several_is_enough() {
    let mut both = from("jane@contoso.com");
    both.addresses
        .push(EmailAddress::parse("jane@mailinator.com").unwrap());
    assert_eq!(result_for(&both, &[], "email.disposable"), Ok(true));
    assert_eq!(
        result_for(&both, &[], r#"email.domain == "contoso.com""#),
        Ok(true)
    );
}

#[rstest]
#[case::expected("google.com", "contoso.com", &["google.com"], false)]
#[case::short_name("google", "contoso.com", &["google.com"], false)]
#[case::another("google.com", "contoso.com", &["facebook.com"], true)]
#[case::subdomain("google.com", "x.contoso.com", &["facebook.com"], true)]
#[case::one_of_two("google.com", "contoso.com", &["mail", "google.com"], false)]
#[case::entra_expected("entra", "contoso.com", &[], false)]
#[case::entra_instead("google.com", "contoso.com", &[], true)]
#[case::other_instead_of_entra("entra", "contoso.com", &["mail"], true)]
#[case::nearest_domain("google.com", "eu.contoso.com", &["mail"], false)]
#[case::nobody_of_ours("google.com", "other.example", &["mail"], false)]
fn provider_mismatch(
    #[case] expected: &str,
    #[case] domain: &str,
    #[case] identities: &[&str],
    #[case] mismatch: bool,
) {
    let identities = identities.iter().map(|provider| Identity {
        provider: IdentityProvider::parse(provider).unwrap(),
        subject: None,
    });
    let person = SignUp {
        identities: identities.collect(),
        ..from(&format!("a@{domain}"))
    };
    let domains = [
        known("contoso.com", Some(expected)),
        known("eu.contoso.com", Some("mail")),
        known("open.example", None),
    ];
    assert_eq!(
        result_for(&person, &domains, "email.provider_mismatch"),
        Ok(mismatch)
    );
}

#[rstest]
#[case("displayName")]
#[case("givenName")]
#[case("surname")]
fn mixed_scripts_in_any_name(#[case] attribute: &str) {
    let mut person = sign_up();
    person.attributes.clear();
    let name = AttributeName::new(attribute).unwrap();
    person
        .attributes
        .push((name, AttributeValue::Text("P\u{430}ypal".to_owned())));
    assert_eq!(result_for(&person, &[], "names.mixed_script"), Ok(true));
}

#[test]
fn the_scope_tells_how_a_domain_resembles_another() {
    let domains = [known("contoso.com", None)];
    with(&from("a@contoso.co"), &domains, |scope| {
        let found = scope.resemblance().unwrap();
        assert_eq!(
            (found.known, found.how.code()),
            ("contoso.com", "other-ending")
        );
    });
}

// --- operators and functions

#[rstest]
#[case("true")]
#[case("!false")]
#[case("true || false && false")]
#[case("1 + 2 * 3 == 7 && 7 - 2 - 1 == 4 && 7 / 2 == 3 && 7 % 2 == 1 && -(-1) == 1")]
#[case("1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3 && 1 != 2")]
#[case(r#""a" < "b" && "B" < "a""#)]
#[case(r#""a" + 'b' == "ab""#)]
#[case(r#"attributes.city + ", " + attributes.country == "Malmö, SE""#)]
#[case("attributes.level + attributes.level == 6")]
#[case("attributes.level - 1 == 2")]
#[case("-attributes.level == -3")]
#[case("[1, 2] + [3] == [1, 2, 3]")]
#[case(r#"["a", "b"][1] == "b""#)]
#[case(r#"list.names[0] == "partners""#)]
#[case("[] == [] && size([]) == 0")]
#[case("list.names != []")]
#[case(r#"attributes.country in ["NO", "SE", "DK"]"#)]
#[case("attributes.level in [1, 2, 3]")]
#[case("!(attributes.city in [])")]
#[case("attributes.newsletter in [true]")]
#[case(r#"attributes.city in [attributes.city, "Lund"]"#)]
#[case(r#"attributes.country == "SE" ? attributes.newsletter : false"#)]
#[case(r#"(attributes.country == "NO" ? attributes.level : attributes.level) == 3"#)]
#[case(r#"email.domain.contains("contoso") && email.domain.endsWith(".com")"#)]
#[case(r#"email.local.startsWith("jane")"#)]
#[case(r#"attributes.city.contains("")"#)]
#[case(r#"size("Malmö") == 5 && "Malmö".size() == 5 && [1, 2].size() == 2"#)]
#[case(r#"lower("ÅSA") == "åsa" && lower(attributes.city) == "malmö""#)]
#[case("int(attributes.employees) > 200")]
#[case(r#"email.local.matches("^[a-z.]+$") && matches(email.local, "doe")"#)]
#[case(r#"attributes.postalCode.matches(r"^\d{3} \d{2}$")"#)]
#[case(r#"attributes.postalCode.matches("^\\d{3} \\d{2}$")"#)]
#[case(r#"!email.local.matches("^doe")"#)]
#[case(r#"in_network("10.1.2.3", "10.0.0.0/8") && !in_network(attributes.city, "0.0.0.0/0")"#)]
#[case(r#"list.names.exists(x, x.startsWith("v"))"#)]
#[case(r#"list.names.exists(x, x == "vip" && attributes.level == 3)"#)]
#[case("list.names.all(x, size(x) > 2)")]
#[case(r#"list.names.exists_one(x, x == "vip")"#)]
#[case(r#"list.names.filter(x, x != "vip") == ["partners"]"#)]
#[case("list.names.map(x, size(x)) == [8, 3]")]
#[case(r#"list.names.map(x, x == "vip", x + "!") == ["vip!"]"#)]
#[case("list.names.map(x, 1) == [1, 1]")]
#[case(r#"[].all(x, x == "a")"#)]
#[case(r#"["vip", "b"].exists(x, list.names.exists(y, x == y))"#)]
#[case(r#"["vip", "b"].filter(x, x in list.names).map(x, lower(x)).exists(x, x == "vip")"#)]
#[case("true // a comment")]
#[case("  true\n  && // both\n  true")]
fn operators_and_functions(#[case] source: &str) {
    assert_eq!(result(source), Ok(true), "{source}");
}

#[rstest]
#[case::missing_integer("attributes.age > 3", Failure::NoValue)]
#[case::missing_boolean("attributes.consent", Failure::NoValue)]
#[case::text_for_integer("attributes.city > 3", Failure::Type)]
#[case::text_for_boolean("attributes.city", Failure::Type)]
#[case::integer_for_text("attributes.level.startsWith(\"3\")", Failure::Type)]
#[case::boolean_for_text("attributes.newsletter == \"true\"", Failure::Type)]
#[case::no_number("int(attributes.city) > 3", Failure::Type)]
#[case::no_number_at_all("int(attributes.surname) > 3", Failure::Type)]
#[case::division_by_zero("1 / (attributes.level - 3) == 1", Failure::Other)]
#[case::overflow("9223372036854775807 + attributes.level > 0", Failure::Other)]
#[case::beyond_the_end("list.names[7] == \"\"", Failure::Other)]
#[case::before_the_start("list.names[-1] == \"\"", Failure::Other)]
fn failures(#[case] source: &str, #[case] failure: Failure) {
    assert_eq!(result(source), Err(failure), "{source}");
}

/// "Logical operators" of the CEL specification: what decides does so even beside an error.
#[rstest]
#[case("attributes.age > 3 || true", Ok(true))]
#[case("true || attributes.age > 3", Ok(true))]
#[case("attributes.age > 3 && false", Ok(false))]
#[case("false && attributes.age > 3", Ok(false))]
#[case("attributes.age > 3 || false", Err(Failure::NoValue))]
#[case("has(attributes.age) && attributes.age > 3", Ok(false))]
#[case("false ? attributes.age > 3 : true", Ok(true))]
#[case("[1, 2].exists(x, x == 2 || attributes.age == x)", Ok(true))]
fn what_decides_does_so_beside_an_error(
    #[case] source: &str,
    #[case] expected: Result<bool, Failure>,
) {
    assert_eq!(result(source), expected);
}

#[test]
fn a_failure_is_told_without_values() {
    for failure in [
        Failure::NoValue,
        Failure::Type,
        Failure::NotBoolean,
        Failure::Other,
    ] {
        let told = format!("{failure} {failure:?}");
        assert!(!told.contains("Malm") && !told.contains("jane"));
    }
    let expression = Expression::compile("email.free", &Vocabulary::default()).unwrap();
    with(&sign_up(), &[], |scope| {
        let _ = expression.holds(scope);
        assert!(!format!("{expression:?}").contains("jane"));
    });
}

// --- faults

#[rstest]
// Syntax.
#[case("", 0, "it is empty", None)]
#[case("  // nothing", 12, "it is empty", None)]
#[case("email.free &&", 13, "it ends too early", None)]
#[case("(email.free", 11, "it ends too early", None)]
#[case("email.free & true", 11, "found `&`, expected `&&`", Some("&&"))]
#[case("email.free | true", 11, "found `|`, expected `||`", Some("||"))]
#[case(
    "email.free and true",
    11,
    "found `and`, expected an operator",
    Some("&&")
)]
#[case("email.free OR true", 11, "found `OR`", Some("||"))]
#[case("not email.free", 4, "found `email`", Some("!"))]
#[case("step is \"x\"", 5, "found `is`", Some("=="))]
#[case("step = \"before-token\"", 5, "found `=`, expected `==`", Some("=="))]
#[case("email.free)", 10, "found `)`, expected an operator", None)]
#[case("size(email.domain == 3", 22, "it ends too early", None)]
#[case(
    "email.domain in [\"a\" \"b\"]",
    21,
    "found `\"b\"`, expected `]`",
    None
)]
#[case("true ? false", 12, "it ends too early", None)]
#[case("email. == 3", 7, "found `==`, expected a name after the dot", None)]
#[case("== 3", 0, "found `==`, expected a value", None)]
#[case(
    "email.domain == \"abc",
    16,
    "the text that begins here has no end",
    None
)]
#[case(
    "email.domain == 'abc\"",
    16,
    "the text that begins here has no end",
    None
)]
#[case("step == “before-token”", 8, "found `“`, expected `\"`", Some("\""))]
#[case("step == ’x’", 8, "found `’`, expected `'`", Some("'"))]
#[case("email.free § true", 11, "found `§`, which means nothing", None)]
#[case("größe == 1", 2, "found `ö`, which means nothing", None)]
#[case("now.hour == 1.5", 12, "found `1.5`, expected a whole number", None)]
#[case("now.hour == 1u", 12, "found `1u`, expected a whole number", None)]
#[case("now.hour == 1x", 12, "found no whole number", None)]
#[case(
    "now.hour == 99999999999999999999",
    12,
    "found `99999999999999999999`, expected a whole number",
    None
)]
#[case("attributes.city == null", 19, "found `null`", None)]
#[case("attributes.city == b\"x\"", 19, "found bytes", None)]
#[case("{\"a\": 1} == {}", 0, "found `{`, expected a list", None)]
#[case("attributes.`a b` == \"\"", 11, "found a name in backticks", None)]
#[case(
    "attributes.city.matches(\"\\d\")",
    24,
    "the text has a `\\` that stands for nothing",
    None
)]
#[case("if == 1", 0, "found `if`, which is a reserved word", None)]
#[case("has(email)", 4, "found no attribute in `has`", None)]
#[case(
    "list.names.exists(\"x\", true)",
    18,
    "expected a name for the element",
    None
)]
#[case("true\n&&\n&& true", 8, "found `&&`, expected a value", None)]
#[case("\"ö\" == \"ö\" &", 13, "found `&`", Some("&&"))]
// Names.
#[case(
    "emial.domain == \"\"",
    0,
    "found `emial.domain`, which is no variable",
    Some("email.domain")
)]
#[case(
    "true && email.domian == \"\"",
    8,
    "found `email.domian`, expected one of",
    Some("email.domain")
)]
#[case("email == \"\"", 0, "`email` is not a value by itself", None)]
#[case(
    "domain == \"\"",
    0,
    "found `domain`, which is no variable",
    Some("email.domain")
)]
#[case("userFlow == \"\"", 0, "found `userFlow`", Some("user_flow"))]
#[case(
    "attribute.city == \"\"",
    0,
    "found `attribute.city`",
    Some("attributes.city")
)]
#[case("attributes == \"\"", 0, "`attributes` is not a value by itself", None)]
#[case(
    "attributes[\"\"] == \"\"",
    10,
    "expected the name of an attribute",
    None
)]
#[case(
    "attributes[email.domain] == \"\"",
    0,
    "`attributes` is not a value by itself",
    None
)]
#[case(
    "device.ip == \"\"",
    0,
    "found `device.ip`, which is no variable",
    None
)]
#[case("step.name == \"\"", 0, "`step` is a single value", None)]
#[case("email.domain.name == \"\"", 12, "is a single value", None)]
#[case("has(email.domain)", 4, "`has` is for attributes", None)]
#[case("has(email.domian)", 4, "found `email.domian`", Some("email.domain"))]
#[case(".email.free", 0, "found `.email.free`", Some("email.free"))]
// Functions.
#[case(
    "email.domain.endWith(\"x\")",
    13,
    "found `endWith`, which is no function",
    Some("endsWith")
)]
#[case(
    "lowr(step) == \"\"",
    0,
    "found `lowr`, which is no function",
    Some("lower")
)]
#[case("type(step) == \"\"", 0, "found `type`, which is no function", None)]
#[case(
    "email.domain.lower() == \"\"",
    13,
    "`lower` is not used like this",
    Some("lower(attributes.city)")
)]
#[case(
    "contains(email.domain, \"x\")",
    0,
    "`contains` is not used like this",
    Some("email.domain.contains(\"contoso\")")
)]
#[case(
    "email.domain.contains()",
    13,
    "`contains` is not used like this",
    Some("email.domain.contains(\"contoso\")")
)]
#[case(
    "list.names.exists(x)",
    11,
    "`exists` is not used like this",
    Some("list.names.exists(x, x == \"vip\")")
)]
#[case(
    "has(attributes.a, attributes.b)",
    0,
    "`has` is not used like this",
    Some("has(attributes.city)")
)]
#[case(
    "step.matches(\"a(\")",
    13,
    "found no regular expression: unclosed group",
    None
)]
#[case(
    "step.matches(\"(?<=a)b\")",
    13,
    "found no regular expression: look-around",
    None
)]
#[case(
    "step.matches(r\"(a)\\1\")",
    13,
    "found no regular expression: backreferences",
    None
)]
#[case("step.matches(email.local)", 18, "found no pattern", None)]
#[case("step.matches(\"a\" + \"b\")", 17, "found no pattern", None)]
#[case(
    "step.matches(\"(\\\\w{90}){90}\")",
    13,
    "the pattern is too large",
    None
)]
#[case(
    "in_network(application, \"10.0.0.1/8\")",
    24,
    "the address is not the first",
    Some("10.0.0.0/8")
)]
#[case(
    "in_network(application, \"10.0.0.0/33\")",
    24,
    "found no network",
    None
)]
#[case("in_network(application, step)", 24, "found no network", None)]
// Kinds.
#[case(
    "email.domain",
    5,
    "found a text, expected true or false",
    Some("email.domain != \"\"")
)]
#[case(
    "email.looks_like && true",
    5,
    "found a text, expected true or false",
    Some("email.looks_like != \"\"")
)]
#[case("now.hour", 3, "found a whole number, expected true or false", None)]
#[case("list.names", 4, "found a list of texts, expected true or false", None)]
#[case("\"true\"", 0, "found a text, expected true or false", None)]
#[case("email.domain == 5", 16, "found a whole number, expected a text", None)]
#[case(
    "email.free == \"yes\"",
    14,
    "found a text, expected true or false",
    None
)]
#[case("!now.hour", 4, "found a whole number, expected true or false", None)]
#[case("now.hour > \"12\"", 11, "found a text, expected a whole number", None)]
#[case(
    "email.free < true",
    11,
    "found true or false, which has no order",
    None
)]
#[case(
    "email.free + true",
    11,
    "found true or false, expected whole numbers",
    None
)]
#[case(
    "email.domain - 1 == 1",
    5,
    "found a text, expected a whole number",
    None
)]
#[case("-email.domain == 1", 6, "found a text, expected a whole number", None)]
#[case(
    "\"a\" in email.domain",
    12,
    "found a text, expected a list; in a text look with `contains`",
    None
)]
#[case("1 in list.names", 0, "found a whole number, expected a text", None)]
#[case(
    "email.domain in [\"a\", 1]",
    22,
    "found a whole number, expected a text",
    None
)]
#[case("[[1]] == [[1]]", 1, "found a list in a list", None)]
#[case("email.domain[0] == \"a\"", 5, "found a text, expected a list", None)]
#[case(
    "list.names[\"a\"] == \"a\"",
    11,
    "found a text, expected a whole number",
    None
)]
#[case(
    "[][0] == \"a\"",
    0,
    "found a list, expected a list with elements",
    None
)]
#[case("true ? 1 : \"a\"", 11, "found a text, expected a whole number", None)]
#[case(
    "size(now.hour) == 1",
    8,
    "found a whole number, expected a text or a list",
    None
)]
#[case("lower(1) == \"\"", 6, "found a whole number, expected a text", None)]
#[case(
    "email.domain.exists(x, true)",
    13,
    "found a text, expected a list",
    None
)]
#[case(
    "list.names.exists(x, x)",
    21,
    "found a text, expected true or false",
    Some("x != \"\"")
)]
#[case(
    "list.names.map(x, x)",
    11,
    "found a list of texts, expected true or false",
    None
)]
#[case(
    "list.names.exists(email, true)",
    11,
    "`email` already is a name",
    None
)]
#[case(
    "list.names.exists(x, [1].exists(x, true))",
    25,
    "`x` already is a name",
    None
)]
#[case("list.names.exists(x, x.y == 1)", 22, "`x` is a single value", None)]
#[case(
    "list.names.exists(x, true) && x == \"\"",
    30,
    "found `x`, which is no variable",
    None
)]
// What never holds.
#[case(
    "step == \"before_token\"",
    8,
    "found `before_token`, expected one of",
    Some("before-token")
)]
#[case(
    "\"denied\" == list.effect",
    0,
    "found `denied`, expected one of `allow`",
    None
)]
#[case(
    "list.effect in [\"alow\", \"deny\"]",
    15,
    "found `alow`, expected one of",
    Some("allow")
)]
#[case("language != \"se\"", 12, "found `se`, expected one of", None)]
#[case(
    "language != \"zh-Hans\"",
    12,
    "found `zh-Hans`, expected one of",
    Some("zh-Hant")
)]
#[case(
    "email.domain == \"Contoso.com\"",
    16,
    "found `Contoso.com`",
    Some("contoso.com")
)]
#[case(
    "email.domain in [\"a.com\", \"bücher.example\"]",
    16,
    "found `bücher.example`",
    Some("xn--bcher-kva.example")
)]
#[case(
    "email.address == \"a+b@c.example\"",
    17,
    "found `a+b@c.example`",
    Some("a@c.example")
)]
#[case(
    "identity.provider == \"facebook\"",
    21,
    "found `facebook`",
    Some("facebook.com")
)]
#[case(
    "email.local.startsWith(\"Test\")",
    23,
    "found `Test`, and this is always in lower case",
    Some("test")
)]
fn faults(
    #[case] source: &str,
    #[case] offset: usize,
    #[case] problem: &str,
    #[case] suggestion: Option<&str>,
) {
    let fault = fault(source);
    assert!(fault.problem.contains(problem), "{fault:?}");
    assert_eq!(fault.offset, Some(offset), "{fault:?}");
    assert_eq!(fault.suggestion.as_deref(), suggestion, "{fault:?}");
}

#[test]
fn problems_are_plain_sentences() {
    for source in [
        "",
        "a.b(",
        "step == 1",
        "x",
        "f()",
        "{",
        "\"",
        "[1][",
        "1 = 1",
        "has(1)",
    ] {
        let problem = fault(source).problem;
        assert!(!problem.ends_with('.'), "{problem}");
        assert!(
            !problem.contains("EOF") && !problem.contains("Syntax error"),
            "{problem}"
        );
    }
}

#[test]
fn a_place_is_never_within_a_character() {
    let source = format!("\"{}\" == step", "ö".repeat(MAX_EXPRESSION_OCTETS));
    let fault = fault(&source);
    assert_eq!(fault.offset, Some(MAX_EXPRESSION_OCTETS - 1));
    assert!(offset_is_within(&source, &fault));
}

// --- bounds

fn repeated(part: &str, count: usize) -> String {
    part.repeat(count)
}

#[rstest]
#[case::length(format!("{}true", repeated(" ", MAX_EXPRESSION_OCTETS)), "octets")]
#[case::brackets(format!("{}true{}", repeated("(", 900), repeated(")", 900)), "nested too deeply")]
#[case::unclosed_brackets(repeated("(", 1900), "nested too deeply")]
#[case::unclosed_lists(repeated("[", 1900), "nested too deeply")]
#[case::lists(format!("{}{} == []", repeated("[", 500), repeated("]", 500)), "nested too deeply")]
#[case::calls(format!("{}\"\"{} == \"\"", repeated("lower(", 200), repeated(")", 200)), "nested too deeply")]
#[case::members(format!("step{} == \"\"", repeated(".a", 900)), "nested too deeply")]
#[case::member_calls(format!("step{} == 1", repeated(".size()", 200)), "nested too deeply")]
#[case::indices(format!("list.names{} == 1", repeated("[0]", 400)), "nested too deeply")]
#[case::conditionals(format!("{}true", repeated("true?true:", 190)), "nested too deeply")]
#[case::conditionals_with_and(format!("{}true", repeated("true&&true?true:", 120)), "nested too deeply")]
#[case::conditionals_inside(format!("{}true{}", repeated("true?", 190), repeated(":true", 190)), "nested too deeply")]
#[case::signs(format!("{}1 == 1", repeated("!-", 500)), "nested too deeply")]
#[case::sums(format!("1{} == 1", repeated("+1", 500)), "nested too deeply")]
#[case::comparisons(format!("1{}", repeated("==1", 500)), "nested too deeply")]
#[case::loops_in_loops("[1].all(a, [1].all(b, [1].all(c, true)))".to_owned(), "in each other")]
#[case::long_loop_in_loop(
    format!("[{}].all(a, [{}].all(b, a == b))", repeated("1,", 400), repeated("1,", 400)),
    "steps"
)]
#[case::list_in_loop(format!("[{}].all(a, a in [{}])", repeated("1,", 400), repeated("1,", 400)), "steps")]
#[case::sums_of_lists(
    format!("({0} + {0} + {0}).all(a, ({0} + {0}).all(b, a == b))", format!("[{}]", repeated("1,", 100))),
    "steps"
)]
#[case::lists_in_loops("list.names.all(a, list.names.all(b, a == b || a + b == b + a))".to_owned(), "steps")]
#[case::doubled_texts(format!("[step]{} == []", repeated(".map(x, x + x)", 60)), "steps")]
#[case::copied_texts(
    format!("[{}].map(x, step + step + step) == []", repeated("1,", 300)),
    "steps"
)]
#[case::repetitions("step.matches(\"((a{1,100}){1,100}){1,100}\")".to_owned(), "the pattern is too large")]
#[case::classes("step.matches(r\"(\\p{L}{1,100}){1,100}\")".to_owned(), "the pattern is too large")]
fn what_would_run_on_is_refused(#[case] source: String, #[case] problem: &str) {
    let fault = fault(&source);
    assert!(fault.problem.contains(problem), "{fault:?}");
}

#[rstest]
#[case::long_alternatives(format!("email.present{}", repeated(" || email.free", 140)))]
#[case::long_list(format!("!(email.domain in [{}])", repeated("\"a.example\",", 160)))]
#[case::catastrophic_elsewhere("!attributes.city.matches(\"^(a+)+$\")".to_owned())]
#[case::nested_quantifiers("!attributes.city.matches(\"(x+x+)+y\")".to_owned())]
#[case::many_countries(format!(
    "{}true",
    repeated("attributes.country == \"XX\" ? false : ", 15)
))]
#[case::loop_in_loop("!list.names.exists(a, [\"x\", \"y\"].exists(b, a == b))".to_owned())]
#[case::conditionals(format!("{}true", repeated("true ? true : ", 60)))]
#[case::brackets(format!("{}true{}", repeated("(", 60), repeated(")", 60)))]
#[case::negations(format!("{}true{}", repeated("!(", 30), repeated(")", 30)))]
#[case::one_long_loop(format!("[{}].all(a, a < 2)", repeated("1,", 400)))]
fn what_people_write_is_not(#[case] source: String) {
    assert_eq!(result(&source), Ok(true), "{source}");
}

/// The tree is about as deep as the text is nested, so nothing that walks it needs much stack.
#[test]
fn trees_are_shallow() {
    fn depth(node: &IdedExpr) -> usize {
        use cel::common::ast::Expr;
        1 + match &node.expr {
            Expr::Call(call) => {
                let all = call.args.iter().chain(call.target.as_deref());
                all.map(depth).max().unwrap_or_default()
            }
            Expr::Select(select) => depth(&select.operand),
            Expr::List(list) => list.elements.iter().map(depth).max().unwrap_or_default(),
            Expr::Comprehension(each) => [&each.iter_range, &each.loop_step, &each.loop_cond]
                .map(depth)
                .into_iter()
                .max()
                .unwrap_or_default(),
            _ => 0,
        }
    }
    let nested = |count: usize| {
        [
            format!("{}true{}", repeated("(", count), repeated(")", count)),
            format!("{}true", repeated("true?true:", count)),
            format!("1{} == 1", repeated("+1", count)),
            format!("step{}", repeated(".a", count)),
            format!("{}1", repeated("!-", count)),
            format!("x{}", repeated(".all(y, x", count)) + &repeated(")", count),
            format!("false{}", repeated(" || true && false", count)),
        ]
    };
    for source in (1..100).flat_map(nested) {
        if let Ok(tree) = syntax::parse(&source) {
            assert!(depth(&tree) <= 2 * syntax::MAX_NESTING, "{source}");
        }
    }
}

// --- beside the library

/// The evaluator of the library that parses, which is told the values of what an expression refers to.
mod library {
    use std::sync::Arc;

    use cel::{
        Context, ExecutionError, Value as Evaluated,
        common::{
            ast::LiteralValue,
            types::{CelBool, CelInt, CelList, CelString},
            value::Val,
        },
    };

    use super::*;
    use crate::policy::expression::{node::Node, reference::Reference, value::Value};

    pub(super) fn holds(source: &str, scope: &Scope<'_>) -> Option<bool> {
        let parsed = syntax::parse(source).unwrap();
        let (condition, references) = check::check(parsed, &Vocabulary::default()).unwrap();
        // The functions of its own have other forms than ours.
        let mut context = Context::empty();
        let mut patterns = Vec::new();
        let mut networks = Vec::new();
        for (position, reference) in references.into_iter().enumerate() {
            let value = match reference {
                Reference::Variable(variable) => computed(&Node::Variable(variable), scope),
                Reference::Field(field, kind) => computed(&Node::Field(field, kind), scope),
                Reference::Has(field) => computed(&Node::Has(field), scope),
                Reference::List(values) => Some(list(values.iter().map(literal).collect())),
                Reference::Pattern(pattern) => {
                    patterns.push(pattern);
                    Some(number(patterns.len() - 1))
                }
                Reference::Network(network) => {
                    networks.push(network);
                    Some(number(networks.len() - 1))
                }
            };
            if let Some(value) = value {
                context.add_variable_as_val(Reference::name(position), value);
            }
        }
        context
            .add_function("matches", move |text: Arc<String>, pattern: i64| {
                patterns[usize::try_from(pattern).unwrap()]
                    .is_match(&text)
                    .unwrap()
            })
            .unwrap();
        context
            .add_function("in_network", move |text: Arc<String>, network: i64| {
                networks[usize::try_from(network).unwrap()].contains(&text)
            })
            .unwrap();
        context
            .add_function("lower", |text: Arc<String>| text.to_lowercase())
            .unwrap();
        let pair = |function: fn(&str, &str) -> bool| {
            move |text: Arc<String>, part: Arc<String>| function(&text, &part)
        };
        context
            .add_function("contains", pair(|text, part| text.contains(part)))
            .unwrap();
        context
            .add_function("startsWith", pair(|text, part| text.starts_with(part)))
            .unwrap();
        context
            .add_function("endsWith", pair(|text, part| text.ends_with(part)))
            .unwrap();
        context
            .add_function("int", |text: Arc<String>| {
                text.parse::<i64>()
                    .map_err(|_| ExecutionError::function_error("int", ""))
            })
            .unwrap();
        context
            .add_function("size", |counted: Evaluated| {
                let size = match counted {
                    Evaluated::String(text) => text.chars().count(),
                    Evaluated::List(list) => list.len(),
                    _ => return Err(ExecutionError::function_error("size", "")),
                };
                Ok(i64::try_from(size).unwrap())
            })
            .unwrap();
        let value = Evaluated::resolve_val(&condition, &context).ok()?;
        value.downcast_ref::<CelBool>().map(|truth| *truth.inner())
    }

    fn computed(node: &Node, scope: &Scope<'_>) -> Option<Box<dyn Val>> {
        evaluate::value(node, scope).ok().as_ref().map(known)
    }

    fn known(value: &Value<'_>) -> Box<dyn Val> {
        match value {
            Value::Text(text) => Box::new(CelString::from(text.to_string())),
            Value::Integer(number) => Box::new(CelInt::from(*number)),
            Value::Boolean(truth) => Box::new(CelBool::from(*truth)),
            other => list(other.elements().unwrap().iter().map(known).collect()),
        }
    }

    fn literal(literal: &LiteralValue) -> Box<dyn Val> {
        literal.to_val().into_owned()
    }

    fn list(values: Vec<Box<dyn Val>>) -> Box<dyn Val> {
        Box::new(CelList::from(values))
    }

    fn number(number: usize) -> Box<dyn Val> {
        Box::new(CelInt::from(i64::try_from(number).unwrap()))
    }
}

// --- anything at all

/// Texts of the language's own words, more often nearly right than wrong.
fn expressions() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "email",
        ".domain",
        ".free",
        ".",
        "attributes",
        ".city",
        ".level",
        "[\"a\"]",
        "list.names",
        "now.hour",
        "step",
        "==",
        "!=",
        "<",
        ">=",
        "&&",
        "||",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "in",
        "?",
        ":",
        "(",
        ")",
        "[",
        "]",
        ",",
        "\"a\"",
        "'b",
        "r\"\\d\"",
        "0",
        "1",
        "9223372036854775807",
        "true",
        "false",
        "null",
        "x",
        "y",
        ".exists(x,",
        ".all(y,",
        ".map(x,",
        ".filter(y,",
        "has(",
        "size(",
        "lower(",
        "int(",
        ".matches(",
        ".contains(",
        ".startsWith(",
        "in_network(",
        "{",
        "}",
        "=",
        "&",
        "ö",
        "“",
        "`",
        "//",
        "\n",
        " ",
        "\\",
        "\"\"\"",
        "b'",
        "1.5",
        "2u",
        "0x",
        ".1",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|words| words.join(" "))
}

/// Conditions that mostly compile.
fn conditions() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "email.free",
        "email.disposable",
        "email.provider_mismatch",
        "names.mixed_script",
        "email.looks_like != \"\"",
        "attributes.city == \"a\"",
        "attributes.level > 2",
        "attributes.newsletter",
        "has(attributes.city)",
        "now.hour < 12",
        "\"vip\" in list.names",
        "list.names.exists(x, x.contains(\"v\"))",
        "list.names.all(x, size(x) > attributes.level)",
        "list.names.exists_one(x, x == attributes.city)",
        "[attributes.level, 1, 2].exists(x, 6 / (x - 1) == 6)",
        "[0, attributes.level, 2].all(x, 6 / x > 2)",
        "[attributes.level + 1, 4].map(x, x * 2).filter(x, x % 3 != 0) == [8]",
        "size(list.names.map(x, x + attributes.city)) in [0, 2, attributes.level]",
        "list.names.exists(x, [\"a\", \"vip\"].exists(y, y == x && attributes.newsletter))",
        "([1] + [attributes.level])[attributes.level] >= -attributes.level",
        "step == \"before-token\"",
        "attributes.city.matches(\"^[A-Z]\")",
        "size(attributes.surname) > 2",
        "language == \"sv\"",
        "int(attributes.employees) / attributes.level > 3",
        "email.domain.endsWith(\".com\")",
        "identity.subject == \"\"",
        "application < user_flow",
        "list.effect == \"deny\"",
        "in_network(attributes.city, \"10.0.0.0/8\")",
        "lower(email.local) == email.local",
        "list.names[attributes.level] == now.date",
        "now.unix - 9223372036854775807 > -now.unix",
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
                inner.clone().prop_map(|a| format!("!({a})")),
                (inner.clone(), inner.clone(), inner)
                    .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            ]
        })
}

fn values() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![
        "\\PC{0,20}".prop_map(AttributeValue::Text),
        any::<i64>().prop_map(AttributeValue::Number),
        any::<bool>().prop_map(AttributeValue::Flag),
    ]
}

fn sign_ups() -> impl Strategy<Value = SignUp> {
    let names = prop::sample::select(vec![
        "city",
        "level",
        "newsletter",
        "surname",
        "displayName",
        "employees",
        "country",
    ]);
    let attributes = prop::collection::vec((names, values()), 0..6);
    let address = "[a-z]{1,6}@[a-zéо0-9-]{1,10}\\.(com|example|co\\.uk)";
    let addresses = prop::collection::vec(address, 0..3);
    let providers = prop::collection::vec("[a-z.]{1,12}", 0..3);
    (addresses, providers, attributes, "\\PC{0,20}").prop_map(
        |(addresses, providers, attributes, languages)| SignUp {
            addresses: addresses
                .iter()
                .filter_map(|text| EmailAddress::parse(text).ok())
                .collect(),
            identities: providers
                .iter()
                .filter_map(|text| IdentityProvider::parse(text).ok())
                .map(|provider| Identity {
                    provider,
                    subject: None,
                })
                .collect(),
            attributes: attributes
                .into_iter()
                .map(|(name, value)| (AttributeName::new(name).unwrap(), value))
                .collect(),
            languages: LanguageWishes::parse(&languages),
            ..sign_up()
        },
    )
}

fn offset_is_within(source: &str, fault: &ExpressionFault) -> bool {
    fault
        .offset
        .is_none_or(|offset| source.is_char_boundary(offset))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_compiled_or_refused(source in "\\PC{0,80}|[ -~\\n]{0,80}") {
        if let Err(fault) = Expression::compile(&source, &Vocabulary::default()) {
            prop_assert!(offset_is_within(&source, &fault), "{fault:?}");
        }
    }

    #[test]
    fn any_words_are_compiled_or_refused(source in expressions()) {
        match Expression::compile(&source, &Vocabulary::default()) {
            Ok(expression) => { with(&sign_up(), &[], |scope| { let _ = expression.holds(scope); }); }
            Err(fault) => prop_assert!(offset_is_within(&source, &fault), "{fault:?}"),
        }
    }

    #[test]
    fn any_sign_up_has_a_result(source in conditions(), sign_up in sign_ups()) {
        if let Ok(expression) = Expression::compile(&source, &Vocabulary::default()) {
            let domains = [known("contoso.com", Some("google.com")), known("bücher.example", None)];
            with(&sign_up, &domains, |scope| {
                prop_assert_eq!(expression.holds(scope), expression.holds(scope));
                Ok(())
            })?;
        }
    }

    #[test]
    fn conditions_hold_as_the_library_evaluates_them(source in conditions(), sign_up in sign_ups()) {
        with(&sign_up, &[], |scope| {
            if let Ok(expression) = Expression::compile(&source, &Vocabulary::default()) {
                let expected = library::holds(&source, scope);
                prop_assert_eq!(expression.holds(scope).ok(), expected, "{}", source);
                let octets = postcard::to_allocvec(&expression).unwrap();
                let published: Expression = postcard::from_bytes(&octets).unwrap();
                prop_assert_eq!(published.holds(scope), expression.holds(scope), "{}", source);
            }
            Ok(())
        })?;
    }

    /// What says that a kind is wrong never happens where kinds are known beforehand.
    #[test]
    fn only_attributes_fail(source in conditions()) {
        if !source.contains("attributes") && !source.contains("now.unix") {
            prop_assert!(result(&source).is_ok());
        }
    }
}

// --- what is read of octets

/// The deepest of a kind that compiles.
fn deepest(source: impl Fn(usize) -> String) -> Expression {
    let compiled = |times| Expression::compile(&source(times), &Vocabulary::default());
    let deepest = (1..=syntax::MAX_NESTING).rev();
    deepest.map(compiled).find_map(Result::ok).unwrap()
}

#[rstest]
#[case::negations(deepest(|times| format!("{}email.present{}", "!(".repeat(times), ")".repeat(times))))]
#[case::sums(deepest(|times| format!("now.hour{} == 61", " + now.hour".repeat(times))))]
#[case::conditionals(deepest(|times| format!("email.free ? true : {}email.present", "email.free ? true : ".repeat(times))))]
#[case::loops(deepest(|times| format!(
    "{}list.names.exists(x, [\"a\"].all(y, !(x != y))){}",
    "!(".repeat(times),
    ")".repeat(times),
)))]
fn the_deepest_expressions_are_read(#[case] expression: Expression) {
    let octets = postcard::to_allocvec(&expression).unwrap();
    let read: Expression = postcard::from_bytes(&octets).unwrap();
    assert_eq!(postcard::to_allocvec(&read).unwrap(), octets);
}

/// `!` is one octet: in an item there is room for hundreds of thousands.
#[test]
fn a_tree_that_is_too_deep_is_not_read() {
    let truth = postcard::to_allocvec(&Node::Boolean(true)).unwrap();
    let negation = postcard::to_allocvec(&Node::Not(Box::new(Node::Boolean(true)))).unwrap()[0];
    let is_read = |depth: usize| {
        let octets = [vec![negation; depth - 1], truth.clone()].concat();
        postcard::from_bytes::<Node>(&octets).is_ok()
    };
    assert!(is_read(256));
    assert!(!is_read(257));
    assert!(!is_read(300_000));
    // What was too deep is not counted for the next one.
    assert!(is_read(256));
}

/// No expression compiles to these: each round makes the result twice as long.
#[rstest]
#[case::list(Node::List(vec![Node::Boolean(true)]))]
#[case::text(Node::Text("a".repeat(64)))]
fn what_would_fill_the_memory_ends(#[case] start: Node) {
    let both = || Node::Local(1);
    let list = (0..100).map(Node::Integer).collect();
    let doubled = Node::Loop(Box::new(node::Loop {
        list: Node::List(list),
        start,
        goes_on: Node::Boolean(true),
        round: Node::Binary(node::Operator::Add, Box::new([both(), both()])),
        end: both(),
        decides: None,
    }));
    with(&sign_up(), &[], |scope| {
        assert_eq!(evaluate::holds(&doubled, scope), Err(Failure::OutOfTime));
    });
}

/// Loops in loops, deeper than an expression can have them.
#[test]
fn what_would_never_end_ends() {
    let hundred = || Node::List((0..100).map(Node::Integer).collect());
    let around = |inner| {
        Node::Loop(Box::new(node::Loop {
            list: hundred(),
            start: Node::Boolean(true),
            goes_on: Node::Boolean(true),
            round: inner,
            end: Node::Boolean(true),
            decides: None,
        }))
    };
    let loops = (0..20).fold(Node::Boolean(true), |inner, _| around(inner));
    with(&sign_up(), &[], |scope| {
        assert_eq!(evaluate::holds(&loops, scope), Err(Failure::OutOfTime));
    });
}
