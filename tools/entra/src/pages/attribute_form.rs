//! The attribute page as it was submitted: what the page itself refuses, before anybody is asked.

use std::collections::BTreeMap;

use serde_json::Value;

use super::texts::Texts;
use crate::{
    config::UserFlow,
    model::{Attribute, AttributeType, Attributes},
};

/// The fields of a form. One that stands there twice has its last value.
pub(super) type Fields = BTreeMap<String, String>;

/// Longest value of a field, in characters: more than a directory keeps, little enough to be shown again.
pub(super) const MAX_CHARACTERS: usize = 1024;

/// Least of a password, in characters.
const MIN_PASSWORD: usize = 8;

pub(super) const PASSWORD: &str = "new-password";
pub(super) const PASSWORD_AGAIN: &str = "repeat-password";

/// A form that was read.
#[derive(Debug, PartialEq)]
pub(super) struct Submitted {
    /// What stands on the page: a value with a problem stays there as it was typed.
    pub(super) attributes: Attributes,
    /// Field and what is wrong with it.
    pub(super) problems: Vec<(String, Problem)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    Missing,
    NoInteger,
    TooLong,
    ShortPassword,
    PasswordsDiffer,
}

impl Problem {
    pub(super) fn text(self, texts: Texts) -> String {
        match self {
            Self::Missing => texts.text("field-required"),
            Self::NoInteger => texts.text("field-integer"),
            Self::TooLong => texts.text("field-too-long"),
            Self::ShortPassword => texts.text("password-short"),
            Self::PasswordsDiffer => texts.text("passwords-differ"),
        }
    }
}

/// Reads the fields of the user flow and drops all others. Passwords are looked at and not kept.
pub(super) fn read(flow: &UserFlow, with_password: bool, fields: &Fields) -> Submitted {
    let mut submitted = Submitted {
        attributes: Attributes::new(),
        problems: Vec::new(),
    };
    for attribute in &flow.attributes {
        let typed = fields.get(&attribute.name).map_or("", String::as_str);
        let (value, problem) = value(attribute, typed);
        let name = &attribute.name;
        submitted
            .attributes
            .extend(value.map(|value| (name.clone(), value)));
        submitted
            .problems
            .extend(problem.map(|problem| (name.clone(), problem)));
    }
    if with_password {
        submitted.problems.extend(password_problem(fields));
    }
    submitted
}

/// An empty field is no attribute; a box that is not ticked is `false`.
fn value(attribute: &Attribute, typed: &str) -> (Option<Value>, Option<Problem>) {
    if attribute.value_type == AttributeType::Boolean {
        return (Some(Value::from(!typed.is_empty())), None);
    }
    if typed.trim().is_empty() && attribute.required {
        return (None, Some(Problem::Missing));
    }
    if typed.chars().count() > MAX_CHARACTERS {
        let kept: String = typed.chars().take(MAX_CHARACTERS).collect();
        return (Some(Value::from(kept)), Some(Problem::TooLong));
    }
    if typed.is_empty() {
        return (None, None);
    }
    if attribute.value_type == AttributeType::Integer {
        return match typed.trim().parse::<i64>() {
            Ok(number) => (Some(Value::from(number)), None),
            Err(_) => (Some(Value::from(typed)), Some(Problem::NoInteger)),
        };
    }
    (Some(Value::from(typed)), None)
}

fn password_problem(fields: &Fields) -> Option<(String, Problem)> {
    let typed = |name| fields.get(name).map_or("", String::as_str);
    let (password, again) = (typed(PASSWORD), typed(PASSWORD_AGAIN));
    if password.chars().count() < MIN_PASSWORD {
        return Some((PASSWORD.to_owned(), Problem::ShortPassword));
    }
    (password != again).then(|| (PASSWORD_AGAIN.to_owned(), Problem::PasswordsDiffer))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::config::{Config, Deployment};

    fn flow() -> UserFlow {
        let text = r#"
            [tenant]
            id = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
            name = "contoso"
            extensions-app-id = "00001111aaaa2222bbbb3333cccc4444"
            extension-audience = "a13d0fc1-04ab-4ede-b215-63de0174cbb4"
            [[application]]
            id = "231c70e8-8424-48ac-9b5d-5623b9e4ccf3"
            name = "Shop"
            [[user-flow]]
            id = "shop"
            name = "Shop"
            kind = "b2c"
            providers = ["local"]
            application = "231c70e8-8424-48ac-9b5d-5623b9e4ccf3"
            attribute = [
              { name = "displayName", required = true },
              { name = "city" },
              { name = "year", type = "integer" },
              { name = "news", type = "boolean" },
            ]
        "#;
        let deployment = Deployment {
            base_url: "http://127.0.0.1:9000".to_owned(),
        };
        Config::parse(text, &deployment)
            .unwrap()
            .user_flows
            .remove(0)
    }

    fn fields(all: &[(&str, &str)]) -> Fields {
        let owned = all
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        owned.collect()
    }

    #[test]
    fn values_get_the_types_of_their_attributes() {
        let typed = fields(&[
            ("displayName", " John "),
            ("city", ""),
            ("year", " -2019"),
            ("news", "on"),
            ("other", "dropped"),
        ]);
        let submitted = read(&flow(), false, &typed);
        assert_eq!(submitted.problems, []);
        let expected = json!({ "displayName": " John ", "year": -2019, "news": true });
        assert_eq!(json!(submitted.attributes), expected);
    }

    #[test]
    fn an_empty_form_lacks_what_is_required_and_has_unticked_boxes() {
        let submitted = read(&flow(), false, &Fields::new());
        assert_eq!(
            submitted.problems,
            [("displayName".to_owned(), Problem::Missing)]
        );
        assert_eq!(json!(submitted.attributes), json!({ "news": false }));
    }

    #[rstest]
    #[case::blank("displayName", "  ", Problem::Missing)]
    #[case::letters("year", "last year", Problem::NoInteger)]
    #[case::fraction("year", "1.5", Problem::NoInteger)]
    #[case::beyond_64_bits("year", "9223372036854775808", Problem::NoInteger)]
    fn a_value_that_the_page_refuses_is_named(
        #[case] name: &str,
        #[case] typed: &str,
        #[case] problem: Problem,
    ) {
        let typed = fields(&[("displayName", "John"), (name, typed)]);
        assert_eq!(
            read(&flow(), false, &typed).problems,
            [(name.to_owned(), problem)]
        );
    }

    #[rstest]
    #[case::good("correct horse", "correct horse", None)]
    #[case::absent("", "", Some((PASSWORD, Problem::ShortPassword)))]
    #[case::short("1234567", "1234567", Some((PASSWORD, Problem::ShortPassword)))]
    #[case::different("correct horse", "battery staple", Some((PASSWORD_AGAIN, Problem::PasswordsDiffer)))]
    fn passwords_are_checked_and_not_kept(
        #[case] password: &str,
        #[case] again: &str,
        #[case] problem: Option<(&str, Problem)>,
    ) {
        let typed = fields(&[
            ("displayName", "J"),
            (PASSWORD, password),
            (PASSWORD_AGAIN, again),
        ]);
        let submitted = read(&flow(), true, &typed);
        let problems: Vec<_> = problem
            .into_iter()
            .map(|(name, one)| (name.to_owned(), one))
            .collect();
        assert_eq!(submitted.problems, problems);
        assert_eq!(
            json!(submitted.attributes),
            json!({ "displayName": "J", "news": false })
        );
    }

    proptest! {
        #[test]
        fn whatever_has_no_problem_has_its_type_and_its_length(
            name in "\\PC{0,20}", city in "\\PC{0,1100}", year in "\\PC{0,5}|-?[0-9]{1,25}",
        ) {
            let flow = flow();
            let typed = fields(&[("displayName", &name), ("city", &city), ("year", &year)]);
            let submitted = read(&flow, false, &typed);
            for attribute in &flow.attributes {
                let problem = submitted.problems.iter().any(|(name, _)| *name == attribute.name);
                if let Some(value) = submitted.attributes.get(&attribute.name) {
                    prop_assert!(problem || attribute.value_type.admits(value));
                    let text = value.as_str().unwrap_or_default();
                    prop_assert!(text.chars().count() <= MAX_CHARACTERS);
                }
            }
        }
    }
}
