//! What the pages say. English is the only language so far; another one is another file.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};

use crate::{
    domain::{
        approval::{Action, State},
        language::Language,
    },
    i18n::{Catalogue, MessageId, bundle},
};

const ENGLISH: &str = include_str!("../../locales/en/console.ftl");

static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts {
    language: Language::English,
    console: bundle(Language::English, ENGLISH),
    forms: Catalogue::new(),
});

/// The texts of a language.
pub(super) struct Texts {
    language: Language,
    console: FluentBundle<FluentResource>,
    /// What sign-up forms call their fields.
    forms: Catalogue,
}

pub(super) fn texts() -> &'static Texts {
    &TEXTS
}

impl Texts {
    pub(super) const fn language(&self) -> &'static str {
        self.language.tag()
    }

    /// A text by its id; should there be none, its id stands in, as for a page without it there is no use.
    pub(super) fn text(&self, id: &str) -> String {
        self.with(id, &[])
    }

    pub(super) fn with(&self, id: &str, arguments: &[(&str, &str)]) -> String {
        self.format(id, arguments).unwrap_or_else(|| id.to_owned())
    }

    pub(super) fn state(&self, state: State) -> String {
        self.text(&format!("state-{}", state.name()))
    }

    /// What somebody did, such as "approved it".
    pub(super) fn did(&self, action: Action) -> String {
        self.text(&format!("did-{}", action.name()))
    }

    /// What forms call an attribute; a custom one is called by its own name.
    pub(super) fn attribute(&self, name: &str) -> String {
        if let Some(field) = MessageId::field(name) {
            return self.forms.text(self.language, field, &[]);
        }
        let custom = name.strip_prefix("extension_");
        let custom = custom.and_then(|rest| Some(rest.split_once('_')?.1));
        custom.unwrap_or(name).to_owned()
    }

    fn format(&self, id: &str, arguments: &[(&str, &str)]) -> Option<String> {
        let pattern = self.console.get_message(id)?.value()?;
        let arguments: FluentArgs<'_> = arguments.iter().copied().collect();
        let mut errors = Vec::new();
        let text = self
            .console
            .format_pattern(pattern, Some(&arguments), &mut errors)
            .into_owned();
        errors.is_empty().then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The ids that a source asks for in `t.text("…")` and `t.with("…"`.
    fn asked_for(source: &str) -> impl Iterator<Item = &str> {
        ["t.text(\"", "t.with(\""].into_iter().flat_map(|call| {
            let calls = source.split(call).skip(1);
            calls.map(|rest| rest.split('"').next().unwrap())
        })
    }

    #[test]
    fn every_text_of_the_pages_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folders = ["templates/console", "src/console", "src/console/pages"];
        let mut seen = 0;
        for folder in folders {
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if !path.is_file() || path.ends_with("texts.rs") {
                    continue;
                }
                let source = std::fs::read_to_string(&path).unwrap();
                for id in asked_for(&source) {
                    let message = texts().console.get_message(id);
                    assert!(message.is_some(), "{}: {id}", path.display());
                    seen += 1;
                }
            }
        }
        assert!(seen > 30);
    }

    #[test]
    fn every_state_and_action_has_a_text() {
        for state in State::ALL {
            assert!(!texts().state(state).starts_with("state-"));
        }
        for action in Action::ALL {
            assert!(!texts().did(action).starts_with("did-"));
        }
    }

    #[test]
    fn attributes_are_called_as_in_forms() {
        assert_eq!(texts().attribute("givenName"), "Given name");
        let custom = "extension_00001111aaaa2222bbbb3333cccc4444_SupplierNumber";
        assert_eq!(texts().attribute(custom), "SupplierNumber");
        assert_eq!(texts().attribute("other"), "other");
    }
}
