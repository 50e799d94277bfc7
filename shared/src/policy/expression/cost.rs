//! What an expression costs at most, known when it is compiled.
//!
//! A step is one node that the evaluator visits, or one element that it compares; joining texts takes ten for each text
//! that is copied. A step that reads a text takes time in proportion to its length, and `matches` in proportion to
//! length and size of the pattern.

use cel::{
    IdedExpr,
    common::ast::{CallExpr, ComprehensionExpr, Expr, operators},
};

use super::{reference::Reference, variable::Variable};

/// Most steps of an expression: less than a millisecond, where texts are as short as those of people.
pub(super) const MAX_STEPS: usize = 5_000;

/// How many lists a person is taken to be on. Each list more costs one round more of the loops over `list.names`.
const LISTS: usize = 50;

/// Without it a few loops that join each element with itself would make a text that fits into no memory.
const STEPS_FOR_A_COPY: usize = 10;

/// The most steps that an expression takes.
pub(super) fn steps(expression: &IdedExpr, references: &[Reference]) -> usize {
    let mut estimate = Estimate {
        references,
        elements: Vec::new(),
    };
    estimate.cost(expression).steps
}

#[derive(Clone, Copy, Default)]
struct Cost {
    steps: usize,
    /// Of the list that the value is; nothing for other values.
    length: usize,
    /// Of how many texts the value is joined, or each element of a list.
    joined: usize,
}

impl Cost {
    const ONE: Self = Self {
        steps: 1,
        length: 0,
        joined: 1,
    };
}

struct Estimate<'e> {
    references: &'e [Reference],
    /// Of how many texts the elements of the surrounding loops are joined, by their names.
    elements: Vec<(&'e str, usize)>,
}

impl<'e> Estimate<'e> {
    fn cost(&mut self, node: &'e IdedExpr) -> Cost {
        match &node.expr {
            Expr::Ident(name) => self.named(name),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                let elements = self.costs(&list.elements);
                Cost {
                    steps: 1_usize.saturating_add(sum(&elements, |cost| cost.steps)),
                    length: elements.len(),
                    joined: most(&elements, |cost| cost.joined),
                }
            }
            Expr::Comprehension(each) => self.rounds(each),
            _ => Cost::ONE,
        }
    }

    fn costs(&mut self, nodes: &'e [IdedExpr]) -> Vec<Cost> {
        nodes.iter().map(|node| self.cost(node)).collect()
    }

    fn named(&self, name: &str) -> Cost {
        let element = self
            .elements
            .iter()
            .rev()
            .find(|(element, _)| *element == name);
        if let Some((_, joined)) = element {
            return Cost {
                joined: *joined,
                ..Cost::ONE
            };
        }
        let reference = Reference::position(name).and_then(|at| self.references.get(at));
        let length = match reference {
            Some(Reference::Variable(Variable::ListNames)) => LISTS,
            Some(reference) => reference.length(),
            None => 0,
        };
        Cost {
            length,
            ..Cost::ONE
        }
    }

    fn call(&mut self, call: &'e CallExpr) -> Cost {
        let arguments = self.costs(&call.args);
        let lengths = sum(&arguments, |cost| cost.length);
        let joined = sum(&arguments, |cost| cost.joined);
        let (extra, length, joined) = match call.func_name.as_str() {
            operators::IN | operators::EQUALS | operators::NOT_EQUALS => (lengths, 0, 1),
            operators::ADD => {
                let copies = joined.saturating_mul(STEPS_FOR_A_COPY);
                (copies.saturating_add(lengths), lengths, joined)
            }
            operators::CONDITIONAL => (
                0,
                most(&arguments, |cost| cost.length),
                most(&arguments, |cost| cost.joined),
            ),
            _ => (0, 0, most(&arguments, |cost| cost.joined)),
        };
        let steps = sum(&arguments, |cost| cost.steps);
        Cost {
            steps: steps.saturating_add(extra).saturating_add(1),
            length,
            joined,
        }
    }

    fn rounds(&mut self, each: &'e ComprehensionExpr) -> Cost {
        let range = self.cost(&each.iter_range);
        let start = self.cost(&each.accu_init);
        let outside = self.elements.len();
        self.elements.push((&each.iter_var, range.joined));
        // The result grows by elements; each of them is joined of as many texts as one round joins.
        self.elements.push((&each.accu_var, 0));
        let condition = self.cost(&each.loop_cond);
        let round = self.cost(&each.loop_step);
        let end = self.cost(&each.result);
        self.elements.truncate(outside);
        let once = sum(&[range, start, end], |cost| cost.steps);
        let rounds = sum(&[condition, round], |cost| cost.steps).saturating_mul(range.length);
        Cost {
            steps: once.saturating_add(rounds),
            length: range.length,
            joined: round.joined,
        }
    }
}

fn sum(costs: &[Cost], of: impl Fn(&Cost) -> usize) -> usize {
    costs.iter().map(of).fold(0, usize::saturating_add)
}

fn most(costs: &[Cost], of: impl Fn(&Cost) -> usize) -> usize {
    costs.iter().map(of).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::policy::expression::{Vocabulary, check, syntax};

    fn steps_of(source: &str) -> usize {
        let (condition, references) =
            check::check(syntax::parse(source).unwrap(), &Vocabulary::default()).unwrap();
        steps(&condition, &references)
    }

    #[rstest]
    #[case::value("true", 1)]
    #[case::comparison("email.domain == \"a\"", 3)]
    #[case::list("email.domain in [\"a\", \"b\", \"c\"]", 6)]
    #[case::lists_of_the_person("\"a\" in list.names", 53)]
    #[case::call("email.domain.contains(\"a\")", 3)]
    #[case::joined_texts("attributes.a + attributes.b == \"c\"", 25)]
    fn counts(#[case] source: &str, #[case] expected: usize) {
        assert_eq!(steps_of(source), expected);
    }

    #[test]
    fn a_loop_counts_each_round() {
        let one = steps_of("[1].all(x, x < 2)");
        let three = steps_of("[1, 2, 3].all(x, x < 2)");
        let round = steps_of("[1, 2].all(x, x < 2)") - one;
        assert!(round > 3);
        assert_eq!(three, one + 2 * round);
    }

    #[test]
    fn texts_that_double_are_counted() {
        let doubling = |count| {
            let source = format!("[step]{} == []", ".map(x, x + x)".repeat(count));
            steps_of(&source)
        };
        assert!(doubling(3) < MAX_STEPS);
        assert!(doubling(12) > MAX_STEPS);
        assert!(doubling(20) > 1_000_000);
    }
}
