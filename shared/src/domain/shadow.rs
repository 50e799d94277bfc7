//! What a candidate policy would have decided, beside what was decided.

use std::collections::BTreeSet;

use super::{
    attribute::AttributeName,
    decision::{DecidedBy, Decision},
    publication::PolicyVersion,
};

/// A decision held against what the candidate would have decided. It names policies' own words only: no value, and no
/// attribute as a request spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub candidate: PolicyVersion,
    /// Ids of the candidate's rules that could not be evaluated.
    pub rules_failed: Vec<String>,
    /// `None` where both decide the same.
    pub disagreement: Option<Disagreement>,
}

/// How the candidate would have decided differently.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disagreement {
    /// `continue`, `invalid`, `review` or `block`; `failed` where the program failed while evaluating it.
    pub outcome: &'static str,
    /// `default`, `list NAME` or `rule ID`; `None` where the program failed.
    pub decided_by: Option<String>,
    /// Fields that it would have corrected, each with the code of its sentence.
    pub violations: Vec<(String, String)>,
    /// Attributes that it alone would have returned, and those that it would not.
    pub returned: Vec<String>,
    pub not_returned: Vec<String>,
}

impl Disagreement {
    /// A candidate whose evaluation failed.
    pub fn failed() -> Self {
        Self {
            outcome: "failed",
            ..Self::default()
        }
    }

    /// Where a person would have got another answer: another outcome, other fields to correct or other attributes returned.
    /// By which rule, and in which words, makes no difference.
    pub fn between(
        actual: &Decision,
        candidate: &Decision,
        decided_by: Option<&DecidedBy>,
    ) -> Option<Self> {
        let violations = violations(candidate);
        let (returned, kept) = (returned(candidate), returned(actual));
        let same = actual.outcome() == candidate.outcome()
            && self::violations(actual) == violations
            && returned == kept;
        (!same).then(|| Self {
            outcome: candidate.outcome(),
            decided_by: Some(DecidedBy::told(decided_by)),
            violations: violations.into_iter().collect(),
            returned: returned.difference(&kept).cloned().collect(),
            not_returned: kept.difference(&returned).cloned().collect(),
        })
    }
}

fn violations(decision: &Decision) -> BTreeSet<(String, String)> {
    let Decision::Invalid(violations) = decision else {
        return BTreeSet::new();
    };
    let told = |field: &AttributeName, code: &String| (known(field), code.clone());
    violations
        .iter()
        .map(|one| told(&one.field, &one.code))
        .collect()
}

fn returned(decision: &Decision) -> BTreeSet<String> {
    match decision {
        Decision::Continue(claims) => claims.iter().map(|(name, _)| known(name)).collect(),
        Decision::Invalid(_) | Decision::Block(_) => BTreeSet::new(),
    }
}

/// The name by which policies know an attribute, whatever its spelling on the wire.
fn known(name: &AttributeName) -> String {
    name.short().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        attribute::{AttributeValue, ClaimValue},
        decision::{BlockReason, Violation},
    };

    fn name(name: &str) -> AttributeName {
        AttributeName::new(name).unwrap()
    }

    fn returning(names: &[&str], value: &str) -> Decision {
        let value = ClaimValue::One(AttributeValue::Text(value.to_owned()));
        Decision::Continue(names.iter().map(|one| (name(one), value.clone())).collect())
    }

    fn invalid(fields: &[(&str, &str)]) -> Decision {
        let violation = |(field, code): &(&str, &str)| Violation {
            field: name(field),
            label: None,
            code: (*code).to_owned(),
            arguments: Vec::new(),
            text: None,
        };
        Decision::Invalid(fields.iter().map(violation).collect())
    }

    fn between(actual: &Decision, candidate: &Decision) -> Option<Disagreement> {
        Disagreement::between(actual, candidate, Some(&DecidedBy::Rule("a".to_owned())))
    }

    #[test]
    fn the_same_answer_is_no_disagreement_whatever_led_to_it() {
        let denied = Decision::Block(BlockReason::Denied);
        let not_allowed = Decision::Block(BlockReason::NotAllowed);
        let custom = "extension_00001111aaaa2222bbbb3333cccc4444_Number";
        for (actual, candidate) in [
            (denied, not_allowed),
            (returning(&["city"], "Lund"), returning(&["City"], "Malmö")),
            (
                returning(&["a", custom], ""),
                returning(&["extension_number", "a"], ""),
            ),
            (
                invalid(&[("city", "x"), ("a", "y")]),
                invalid(&[("a", "y"), ("city", "x")]),
            ),
        ] {
            assert_eq!(between(&actual, &candidate), None, "{actual:?}");
        }
    }

    #[test]
    fn another_outcome_is_told_with_what_led_to_it() {
        let review = Decision::Block(BlockReason::PendingReview);
        let told = between(&returning(&["city"], "Lund"), &review).unwrap();
        assert_eq!(told.outcome, "review");
        assert_eq!(told.decided_by.as_deref(), Some("rule a"));
        assert_eq!(told.not_returned, ["city"]);
        assert!(told.returned.is_empty() && told.violations.is_empty());
    }

    #[test]
    fn other_fields_to_correct_and_other_attributes_are_told_by_name() {
        let told = between(
            &invalid(&[("city", "x")]),
            &invalid(&[("extension_Number", "y"), ("city", "x")]),
        );
        let expected = [("city", "x"), ("number", "y")];
        let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
        assert_eq!(told.unwrap().violations, expected);
        let told = between(&returning(&["city", "a"], ""), &returning(&["a", "b"], "")).unwrap();
        assert_eq!(
            (told.outcome, &*told.returned),
            ("continue", &["b".to_owned()][..])
        );
        assert_eq!(told.not_returned, ["city"]);
    }
}
