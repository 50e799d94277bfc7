//! What can be wrong with an expression that is one, in plain sentences.

use super::{
    function::Function,
    path::Path,
    variable::{self, ATTRIBUTES, FACTS, SOURCES, Spelling, Variable},
};
use crate::policy::{fault::nearest, pattern::PatternFault};

/// What is wrong with a node.
#[derive(Debug)]
pub(super) struct Misuse {
    pub(super) node: u64,
    pub(super) problem: String,
    pub(super) suggestion: Option<String>,
}

pub(super) fn misuse(node: u64, problem: impl Into<String>) -> Misuse {
    Misuse {
        node,
        problem: problem.into(),
        suggestion: None,
    }
}

pub(super) fn no_members(id: u64, name: &str) -> Misuse {
    misuse(id, format!("`{name}` is a single value, without members"))
}

pub(super) fn always_there(path: &Path) -> Misuse {
    misuse(
        path.node,
        format!(
            "`has` is for attributes; `{path}` is always there, and empty where nothing is known"
        ),
    )
}

/// A member that the policy declares nowhere.
pub(super) fn undeclared<'k>(
    id: u64,
    root: &str,
    name: &str,
    known: impl Iterator<Item = &'k str>,
) -> Misuse {
    let known: Vec<&str> = known.collect();
    let problem = if known.is_empty() {
        format!("found `{root}.{name}`, and this policy declares no `{root}`")
    } else {
        let members = known.join(&format!("`, `{root}."));
        format!("found `{root}.{name}`, expected one of `{root}.{members}`")
    };
    Misuse {
        suggestion: nearest(name, known).map(|name| format!("{root}.{name}")),
        ..misuse(id, problem)
    }
}

pub(super) fn unknown_name(path: &Path) -> Misuse {
    let whole = path.to_string();
    let members: Vec<_> = variable::members(&path.root).collect();
    let (problem, suggestion) = match &path.member {
        None if path.root == ATTRIBUTES => (
            "`attributes` is not a value by itself, expected one such as `attributes.city`"
                .to_owned(),
            None,
        ),
        None if [FACTS, SOURCES].contains(&path.root.as_str()) => (
            format!("`{whole}` is not a value by itself, expected one of its members"),
            None,
        ),
        Some(_) if path.root == SOURCES => return always_there(path),
        None if !members.is_empty() => (
            format!(
                "`{whole}` is not a value by itself, expected one of `{}`",
                members.join("`, `")
            ),
            None,
        ),
        Some(_) if variable::find(&path.root).is_some() => {
            return no_members(path.node, &path.root);
        }
        Some(_) if !members.is_empty() => (
            format!(
                "found `{whole}`, expected one of `{}`",
                members.join("`, `")
            ),
            nearest(&whole, members),
        ),
        _ => (
            format!("found `{whole}`, which is no variable"),
            meant(path),
        ),
    };
    Misuse {
        suggestion,
        ..misuse(path.node, problem)
    }
}

/// The variable that a name without a known beginning may stand for.
fn meant(path: &Path) -> Option<String> {
    let whole = path.to_string();
    let of_member = |name: &&str| name.rsplit('.').next() == Some(&*path.root);
    if path.member.is_none()
        && let Some(name) = variable::names().find(of_member)
    {
        return Some(name.to_owned());
    }
    if let Some(member) = &path.member
        && nearest(&path.root, [ATTRIBUTES]).is_some()
    {
        return Some(format!("{ATTRIBUTES}.{member}"));
    }
    nearest(&whole, variable::names())
}

pub(super) fn unknown_function(id: u64, name: &str) -> Misuse {
    const MACROS: &[(&str, &str)] = &[
        ("has", "has(attributes.city)"),
        ("exists", "list.names.exists(x, x == \"vip\")"),
        ("exists_one", "list.names.exists_one(x, x == \"vip\")"),
        ("all", "list.names.all(x, x != \"vip\")"),
        ("map", "list.names.map(x, lower(x))"),
        ("filter", "list.names.filter(x, x != \"vip\")"),
    ];
    if let Some((_, usage)) = MACROS.iter().find(|(known, _)| *known == name) {
        return Misuse {
            suggestion: Some((*usage).to_owned()),
            ..misuse(id, format!("`{name}` is not used like this"))
        };
    }
    let macros = MACROS.iter().map(|(known, _)| *known);
    Misuse {
        suggestion: nearest(name, Function::names().chain(macros)),
        ..misuse(id, format!("found `{name}`, which is no function"))
    }
}

/// Why a comparison of a variable with a text never holds, with a text for which it can.
pub(super) type Never = fn(Variable, &str) -> Option<(String, Option<String>)>;

pub(super) fn never_equal(variable: Variable, text: &str) -> Option<(String, Option<String>)> {
    match variable.spelling() {
        Spelling::Any => None,
        Spelling::Canonical(canonical) => {
            let spelled = canonical(text);
            let problem = format!("found `{text}`, which is always spelled `{spelled}` here");
            (spelled != text).then_some((problem, Some(spelled)))
        }
        Spelling::OneOf(known) => {
            let problem = format!("found `{text}`, expected one of `{}`", known.join("`, `"));
            // Of two letters, every other one is a slip away.
            let meant = nearest(text, known.iter().copied()).filter(|_| text.len() > 3);
            (!known.contains(&text)).then_some((problem, meant))
        }
    }
}

pub(super) fn never_part(variable: Variable, text: &str) -> Option<(String, Option<String>)> {
    let lower = text.to_lowercase();
    let is_lower_case = matches!(variable.spelling(), Spelling::Canonical(_));
    let problem = || format!("found `{text}`, and this is always in lower case");
    (is_lower_case && lower != text).then(|| (problem(), Some(lower)))
}

pub(super) fn pattern_problem(fault: &PatternFault) -> String {
    let advice = match fault {
        PatternFault::TooLarge => {
            "; repeat with `+` and check the length with `size`, or name fewer characters"
        }
        PatternFault::Syntax(_) => "",
    };
    format!("{fault}{advice}")
}
