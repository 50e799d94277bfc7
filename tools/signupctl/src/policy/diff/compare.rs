//! What two documents say differently. Only what is meant is compared: comments, layout and defaults that are written out
//! make no difference.
//!
//! Documents are compared as JSON values, so that a key that is new in the language cannot be forgotten here.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use shared::policy::document::{Document, Required, ValueType};
use similar::{Algorithm, DiffTag, capture_diff_slices};

/// What became of one rule, attribute, domain or message, of the settings, or of the decision of a case.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Difference {
    /// The table that it stands in, `settings` or `case`.
    pub(super) what: &'static str,
    /// Settings have none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) change: Change,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub(super) enum Change {
    /// With the keys that are not as their defaults.
    Added {
        keys: Vec<KeyChange>,
    },
    Removed,
    Changed {
        keys: Vec<KeyChange>,
    },
    /// Places in the order of rules, from one.
    Moved {
        from: usize,
        to: usize,
    },
    /// A case, otherwise than before.
    Decided {
        keys: Vec<KeyChange>,
    },
}

/// A key with another value; nothing where it is not written.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct KeyChange {
    /// With the keys above it: `map.sthlm`.
    pub(super) key: String,
    pub(super) from: Option<Value>,
    pub(super) to: Option<Value>,
}

/// What two documents say differently.
pub(super) fn compare(
    old: &Document,
    new: &Document,
) -> Result<Vec<Difference>, serde_json::Error> {
    let (mut old, mut new) = (Content::of(old)?, Content::of(new)?);
    let defaults = Defaults::new()?;
    let mut members = Vec::new();
    for table in TABLES {
        let (old, new) = (old.take(table), new.take(table));
        members.extend(changes(table.key, &old, &new, &defaults.of(table)));
        if table.in_order {
            members.extend(moves(table.key, &old, &new));
        }
    }
    let settings = keys(&old.0, &new.0);
    let settings = (!settings.is_empty()).then(|| Difference {
        what: "settings",
        name: String::new(),
        change: Change::Changed { keys: settings },
    });
    Ok(settings.into_iter().chain(members).collect())
}

/// A table of the document whose members have names.
#[derive(Clone, Copy)]
struct Table {
    key: &'static str,
    /// The key with the name of a member, where they stand in a list.
    name: &'static str,
    in_order: bool,
}

const TABLES: [Table; 4] = [
    table("domain", "name", false),
    table("attribute", "", false),
    table("rule", "id", true),
    table("message", "", false),
];

const fn table(key: &'static str, name: &'static str, in_order: bool) -> Table {
    Table {
        key,
        name,
        in_order,
    }
}

/// Members in the order in which they are written.
type Members = Vec<(String, Map<String, Value>)>;

/// A document as it is compared.
struct Content(Map<String, Value>);

impl Content {
    fn of(document: &Document) -> Result<Self, serde_json::Error> {
        let value = serde_json::to_value(spelled_out(document))?;
        Ok(Self(object(value)))
    }

    fn take(&mut self, table: Table) -> Members {
        let name = |member: &mut Map<String, Value>| {
            let name = member.remove(table.name).unwrap_or_default();
            name.as_str().unwrap_or_default().to_owned()
        };
        match self.0.remove(table.key) {
            Some(Value::Object(members)) => members
                .into_iter()
                .map(|(name, member)| (name, object(member)))
                .collect(),
            Some(Value::Array(members)) => members
                .into_iter()
                .map(object)
                .map(|mut member| (name(&mut member), member))
                .collect(),
            _ => Members::new(),
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// With the defaults that the document leaves out, and in one order where none is meant.
fn spelled_out(document: &Document) -> Document {
    let mut document = document.clone();
    if let Some(lists) = &mut document.lists {
        lists.sort_unstable();
    }
    for attribute in document.attributes.values_mut() {
        attribute.value_type.get_or_insert(ValueType::Text);
        attribute.required.get_or_insert(Required::Always(false));
        if let Some(allowed) = &mut attribute.allowed {
            allowed.sort_unstable();
        }
    }
    for rule in &mut document.rules {
        rule.steps.sort_unstable_by_key(|step| step.name());
    }
    for notice in &mut document.notices {
        notice.kinds.sort_unstable();
        notice.languages.sort_unstable();
    }
    document
}

/// What members say that say nothing.
struct Defaults(BTreeMap<&'static str, Map<String, Value>>);

impl Defaults {
    fn new() -> Result<Self, serde_json::Error> {
        let nothing = serde_json::json!({
            "default": "deny",
            "domain": [{ "name": "" }],
            "attribute": { "": {} },
            "rule": [{ "id": "", "when": "", "effect": "log" }],
        });
        let mut content = Content::of(&serde_json::from_value(nothing)?)?;
        let defaults = TABLES.map(|table| {
            let mut member = content.take(table).pop().unwrap_or_default().1;
            member.retain(|key, _| !REQUIRED.contains(&key.as_str()));
            (table.key, member)
        });
        Ok(Self(defaults.into()))
    }

    fn of(&self, table: Table) -> Map<String, Value> {
        self.0.get(table.key).cloned().unwrap_or_default()
    }
}

/// Keys of members without a default.
const REQUIRED: [&str; 2] = ["when", "effect"];

/// Members that came, changed or went.
fn changes(
    table: &'static str,
    old: &Members,
    new: &Members,
    defaults: &Map<String, Value>,
) -> Vec<Difference> {
    let known: BTreeMap<_, _> = old.iter().map(|(name, member)| (name, member)).collect();
    let there: BTreeMap<_, _> = new.iter().map(|(name, member)| (name, member)).collect();
    let change = |name: &str, change| Difference {
        what: table,
        name: name.to_owned(),
        change,
    };
    let come = new.iter().filter_map(|(name, member)| {
        let Some(before) = known.get(name) else {
            return Some(change(
                name,
                Change::Added {
                    keys: keys(defaults, member),
                },
            ));
        };
        let keys = keys(before, member);
        (!keys.is_empty()).then(|| change(name, Change::Changed { keys }))
    });
    let gone = old.iter().filter(|(name, _)| !there.contains_key(name));
    let gone = gone.map(|(name, _)| change(name, Change::Removed));
    come.chain(gone).collect()
}

/// The members that others have overtaken: as few as explain the new order.
fn moves(table: &'static str, old: &Members, new: &Members) -> Vec<Difference> {
    let (from, to) = (places(old), places(new));
    let common = |members: &'_ Members, others: &BTreeMap<&str, usize>| -> Vec<String> {
        let names = members.iter().map(|(name, _)| name);
        names
            .filter(|name| others.contains_key(name.as_str()))
            .cloned()
            .collect()
    };
    let (before, after) = (common(old, &to), common(new, &from));
    capture_diff_slices(Algorithm::Lcs, &before, &after)
        .into_iter()
        .filter(|step| matches!(step.tag(), DiffTag::Insert | DiffTag::Replace))
        .flat_map(|step| after.get(step.new_range()).unwrap_or_default())
        .filter_map(|name| {
            let change = Change::Moved {
                from: *from.get(name.as_str())?,
                to: *to.get(name.as_str())?,
            };
            Some(Difference {
                what: table,
                name: name.clone(),
                change,
            })
        })
        .collect()
}

/// People count from one.
fn places(members: &Members) -> BTreeMap<&str, usize> {
    let names = members.iter().map(|(name, _)| name.as_str());
    names.zip(1..).collect()
}

/// The keys that differ, those of tables within tables with their way.
fn keys(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<KeyChange> {
    let mut names: Vec<_> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let changed = |name: &String| match (old.get(name), new.get(name)) {
        (from, to) if from == to => Vec::new(),
        (Some(Value::Object(from)), Some(Value::Object(to))) => within(name, keys(from, to)),
        (from, to) => vec![KeyChange {
            key: name.clone(),
            from: from.cloned(),
            to: to.cloned(),
        }],
    };
    names.into_iter().flat_map(changed).collect()
}

fn within(name: &str, keys: Vec<KeyChange>) -> Vec<KeyChange> {
    let longer = |change: KeyChange| KeyChange {
        key: format!("{name}.{}", change.key),
        ..change
    };
    keys.into_iter().map(longer).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn difference(old: &str, new: &str) -> Vec<Difference> {
        compare(&toml::from_str(old).unwrap(), &toml::from_str(new).unwrap()).unwrap()
    }

    fn rules(ids: &str) -> String {
        let rule = |id| format!("[[rule]]\nid = \"{id}\"\nwhen = 'email.free'\neffect = \"log\"\n");
        let rules: String = ids.split_whitespace().map(rule).collect();
        format!("default = \"deny\"\n{rules}")
    }

    fn moved(old: &str, new: &str) -> Vec<(String, usize, usize)> {
        let members = difference(&rules(old), &rules(new)).into_iter();
        members
            .filter_map(|member| match member.change {
                Change::Moved { from, to } => Some((member.name, from, to)),
                _ => None,
            })
            .collect()
    }

    #[rstest]
    #[case::layout("default=\"deny\"#x", "\n\n  default = 'deny'\n")]
    #[case::top(
        "default = 'deny'",
        "default = 'deny'\non-unavailable = 'block'\ndefault-language = 'en'"
    )]
    #[case::lists(
        "default = 'deny'\nlists = ['a', 'b']",
        "default = 'deny'\nlists = ['b', 'a']"
    )]
    #[case::attribute(
        "default = 'deny'\n[attribute.city]\nallowed = ['a', 'b']",
        "default = 'deny'\nattribute.city = { type = 'text', required = false, blank = false, allowed = ['b', 'a'] }"
    )]
    #[case::rule(
        "default = 'deny'\n[[rule]]\nid = 'a'\nwhen = 'true'\neffect = 'deny'",
        "default = 'deny'\n[[rule]]\nid = 'a'\nwhen = 'true'\neffect = 'deny'\non-error = 'deny'\nbefore-lists = false\nsteps = ['before-creating-user', 'after-federation']"
    )]
    #[case::notice(
        "default = 'deny'\n[[notice]]\nkinds = ['denied', 'expired']\nlanguages = ['sv', 'en']\ntext = '{body}'",
        "default = 'deny'\nnotice = [{ languages = ['en', 'sv'], text = '{body}', kinds = ['expired', 'denied'] }]"
    )]
    fn what_means_the_same_is_no_difference(#[case] old: &str, #[case] new: &str) {
        assert_eq!(difference(old, new), []);
    }

    #[rstest]
    #[case::nothing("a b c", "a b c", &[])]
    #[case::added_and_removed("a b c", "x a c y", &[])]
    #[case::to_the_front("a b c d", "d a b c", &[("d", 4, 1)])]
    #[case::to_the_end("a b c d", "b c d a", &[("a", 1, 4)])]
    #[case::beside_others("a b c", "x c a b", &[("c", 3, 2)])]
    fn rules_that_moved_are_as_few_as_can_be(
        #[case] old: &str,
        #[case] new: &str,
        #[case] expected: &[(&str, usize, usize)],
    ) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, from, to)| ((*name).to_owned(), *from, *to))
            .collect();
        assert_eq!(moved(old, new), expected);
    }

    #[test]
    fn a_key_within_a_table_is_told_with_its_way() {
        let city = |map: &str| format!("default = 'deny'\n[attribute.city]\nmap = {{ {map} }}\n");
        let found = difference(
            &city("sthlm = 'Stockholm'"),
            &city("sthlm = 'Solna', gbg = 'G'"),
        );
        let change = |key: &str, from: Value, to: &str| KeyChange {
            key: key.to_owned(),
            from: (!from.is_null()).then_some(from),
            to: Some(json!(to)),
        };
        assert_eq!(
            found,
            [Difference {
                what: "attribute",
                name: "city".to_owned(),
                change: Change::Changed {
                    keys: vec![
                        change("map.gbg", Value::Null, "G"),
                        change("map.sthlm", json!("Stockholm"), "Solna"),
                    ],
                },
            }]
        );
    }

    #[test]
    fn what_is_added_is_told_without_its_defaults() {
        let added = "default = 'deny'\n[[rule]]\nid = 'a'\nwhen = 'true'\neffect = 'log'\n[attribute.city]\nblank = true\n\
                     [[domain]]\nname = 'contoso.com'\n[message.x]\nen = 'X'\n";
        let found = difference("default = 'deny'", added);
        let told: Vec<_> = found
            .iter()
            .map(|member| {
                let Change::Added { keys } = &member.change else {
                    panic!("{member:?}");
                };
                let keys: Vec<_> = keys.iter().map(|change| change.key.as_str()).collect();
                (member.what, member.name.as_str(), keys)
            })
            .collect();
        assert_eq!(
            told,
            [
                ("domain", "contoso.com", vec![]),
                ("attribute", "city", vec!["blank"]),
                ("rule", "a", vec!["effect", "when"]),
                ("message", "x", vec!["en"]),
            ]
        );
    }
}
