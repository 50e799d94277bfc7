//! The form of a TOML file: keys, types and words, before anybody asks what they mean.

use std::ops::Range;

use serde::de::DeserializeOwned;
use shared::policy::fault::nearest;
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue, Deserializer, Error},
};

use super::source::{LocatedFault, located};

/// After so many faults nobody reads on.
const MAX_FAULTS: usize = 50;

/// What a text says, or every fault of its form from the top to the end.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Vec<LocatedFault>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut faults: Vec<_> = errors.iter().map(|error| told(text, error)).collect();
    if faults.is_empty() {
        match piece_by_piece(table) {
            Ok(read) => return Ok(read),
            Err(errors) => faults.extend(errors.iter().map(|error| told(text, error))),
        }
    }
    faults.sort_by_key(|fault| (fault.line, fault.column));
    faults.dedup();
    Err(faults)
}

/// Takes out what cannot be read and tries the rest, until nothing more is found.
fn piece_by_piece<T: DeserializeOwned>(mut table: Spanned<DeTable<'_>>) -> Result<T, Vec<Error>> {
    let mut errors = Vec::new();
    let mut incomplete = Vec::new();
    loop {
        let error = match T::deserialize(Deserializer::from(table.clone())) {
            Ok(read) if errors.is_empty() => return Ok(read),
            Ok(_) => return Err(errors),
            Err(error) => error,
        };
        let at = error.span().unwrap_or(0..0).start;
        // What is missing only because it was taken out has been told.
        let known = error.message().starts_with("missing field ") && incomplete.contains(&at);
        if !known {
            errors.push(error);
        }
        let root = table.span().start;
        let taken = take_out(table.get_mut(), root, at);
        match taken {
            Some(parent) if errors.len() < MAX_FAULTS => incomplete.push(parent),
            _ => return Err(errors),
        }
    }
}

/// Takes out the smallest entry at a place; tells where the table or list begins that had it.
fn take_out(table: &mut DeTable<'_>, begin: usize, at: usize) -> Option<usize> {
    for (_, value) in table.iter_mut() {
        if let Some(parent) = take_out_of(value, at) {
            return Some(parent);
        }
    }
    let is_at = |span: Range<usize>| span.contains(&at);
    let found = table
        .iter()
        .find(|(key, value)| is_at(key.span()) || is_at(value.span()));
    let key = found.map(|(key, _)| key.clone())?;
    table.remove(&key);
    Some(begin)
}

fn take_out_of(value: &mut Spanned<DeValue<'_>>, at: usize) -> Option<usize> {
    let begin = value.span().start;
    match value.get_mut() {
        DeValue::Table(table) => take_out(table, begin, at),
        DeValue::Array(array) => {
            let deeper = array
                .iter_mut()
                .find_map(|element| take_out_of(element, at));
            deeper.or_else(|| {
                let kept = without(array, at)?;
                *array = kept;
                Some(begin)
            })
        }
        _ => None,
    }
}

/// The list without the element at a place, if there is one.
fn without<'i>(array: &DeArray<'i>, at: usize) -> Option<DeArray<'i>> {
    let elements = array.iter().filter(|element| !element.span().contains(&at));
    let mut kept = DeArray::new();
    for element in elements {
        kept.push(element.clone());
    }
    (kept.len() < array.len()).then_some(kept)
}

fn told(text: &str, error: &Error) -> LocatedFault {
    let place = error.span().unwrap_or(0..0);
    let (problem, suggestion) = in_our_words(&error.message().replace('\n', ", "));
    LocatedFault {
        suggestion,
        ..located(text, place.start, problem)
    }
}

/// Serde speaks of fields and variants, which whoever writes a policy knows nothing of.
fn in_our_words(message: &str) -> (String, Option<String>) {
    let begins = |start: &str| message.strip_prefix(start);
    let problem = if let Some(rest) = begins("unknown field ") {
        format!("unknown key {rest}")
    } else if let Some(rest) = begins("unknown variant ").or(begins("invalid type: ")) {
        format!("found {rest}")
    } else if let Some(rest) = begins("missing field ") {
        format!("expected the key {rest}, which is not there")
    } else if message.ends_with("enum Required") {
        "found another type, expected `true`, `false` or an expression in quotes".to_owned()
    } else if begins("data did not match any variant").is_some() {
        "found another type, expected a text, a whole number, `true` or `false`".to_owned()
    } else {
        message.to_owned()
    };
    (plain(&problem), meant(message))
}

/// The types of the program in the words of the reference.
fn plain(problem: &str) -> String {
    let Some((found, expected)) = problem.rsplit_once(", expected ") else {
        return problem.to_owned();
    };
    let expected = match expected {
        "u32" | "i64" => "a whole number",
        "a string" => "a text",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        other => match other.split_once(' ') {
            Some(("struct" | "map", _)) => "a table",
            _ => other,
        },
    };
    format!("{found}, expected {expected}")
}

/// Serde puts the word that was found into backticks, and after it those that were expected.
fn meant(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut words = message.split('`').skip(1).step_by(2);
    let found = words.next()?;
    nearest(found, words)
}

#[cfg(test)]
mod tests {
    use shared::policy::document::Document;

    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let faults = read::<Document>(text).unwrap_err();
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_fault_of_the_form_is_told_from_the_top_to_the_end() {
        let text = r#"default = "reviw"
lst = ["partners"]

[attribute.surname]
required = 3
min-length = "2"
normalise = ["trim", "name-cas", "nfd"]

[[domain]]
provider = "entra"

[[rule]]
id = "all"
when = "true"
effect = "deni"

[[rule]]
when = "true"
efect = "deny"
"#;
        let found = faults(text);
        let places: Vec<_> = found
            .iter()
            .map(|fault| fault.split(": ").next().unwrap())
            .collect();
        let expected = [
            "1:11", "2:1", "5:12", "6:14", "7:22", "7:34", "9:1", "15:10", "19:1",
        ];
        assert_eq!(places, expected, "{found:#?}");
    }

    #[test]
    fn every_fault_of_the_syntax_is_told() {
        let found = faults("default = \"deny\nlists = [\"a\",,]\n");
        assert!(found.len() > 1, "{found:?}");
    }

    #[test]
    fn what_is_missing_at_the_top_is_told_once() {
        let found = faults("[[rule]]\nid = \"a\"\nwhen = \"true\"\neffect = \"deny\"\n");
        assert_eq!(
            found,
            ["1:1: expected the key `default`, which is not there"]
        );
    }

    #[test]
    fn nobody_is_told_more_than_can_be_read() {
        let keys: Vec<_> = (0..200).map(|n| format!("key{n} = 1")).collect();
        assert_eq!(faults(&keys.join("\n")).len(), MAX_FAULTS);
    }
}
