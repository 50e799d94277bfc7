//! JSON for people.

use serde::de::IgnoredAny;

/// The same document on several lines; nothing when it is not JSON. Only white space changes: the order of members,
/// repeated ones and the spelling of numbers stay as they came.
pub fn indented(text: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut writer = Writer::default();
    text.chars().for_each(|character| writer.add(character));
    Some(writer.text)
}

#[derive(Default)]
struct Writer {
    text: String,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Writer {
    fn add(&mut self, character: char) {
        if self.in_string {
            self.text.push(character);
            self.in_string = self.escaped || character != '"';
            self.escaped = !self.escaped && character == '\\';
            return;
        }
        match character {
            '{' | '[' => {
                self.text.push(character);
                self.depth += 1;
                self.new_line();
            }
            '}' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                self.close(character);
            }
            ',' => {
                self.text.push(character);
                self.new_line();
            }
            ':' => self.text.push_str(": "),
            _ if character.is_ascii_whitespace() => {}
            _ => {
                self.text.push(character);
                self.in_string = character == '"';
            }
        }
    }

    /// On a line of its own, but for an empty object or array.
    fn close(&mut self, character: char) {
        let written = self.text.trim_end();
        if written.ends_with(['{', '[']) {
            self.text.truncate(written.len());
        } else {
            self.new_line();
        }
        self.text.push(character);
    }

    fn new_line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn members_keep_their_order_and_numbers_their_spelling() {
        let text = r#" {"b":1.10,"a":[ ],"b" : {"x, {":"\"]\\"}, "c":[true,{ }]} "#;
        let expected = r#"{
  "b": 1.10,
  "a": [],
  "b": {
    "x, {": "\"]\\"
  },
  "c": [
    true,
    {}
  ]
}"#;
        assert_eq!(indented(text).unwrap(), expected);
    }

    #[test]
    fn what_is_not_json_is_left_alone() {
        assert_eq!(indented(r#"{"a": }"#), None);
        assert_eq!(indented(""), None);
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_what_the_serializer_writes(value in json()) {
            let expected = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(indented(&value.to_string()).unwrap(), expected);
        }
    }
}
