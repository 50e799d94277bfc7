//! What the pages say. What a language lacks is said in English.

use std::sync::{LazyLock, OnceLock};

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};

use crate::{
    domain::{
        approval::{Action, State},
        language::Language,
        list::{Effect, MatcherKind},
    },
    i18n::{Catalogue, MessageId, bundle},
};

static TEXTS: LazyLock<[Texts; Language::ALL.len()]> =
    LazyLock::new(|| Language::ALL.map(Texts::new));

/// What sign-up forms call their fields.
static FORMS: LazyLock<Catalogue> = LazyLock::new(Catalogue::new);

macro_rules! files {
    ($tag:literal) => {
        concat!(
            include_str!(concat!("../../locales/", $tag, "/console.ftl")),
            "\n",
            include_str!(concat!("../../locales/", $tag, "/application.ftl")),
            "\n",
            include_str!(concat!("../../locales/", $tag, "/audit.ftl")),
            "\n",
            include_str!(concat!("../../locales/", $tag, "/lists.ftl")),
        )
    };
}

const fn source(language: Language) -> &'static str {
    match language {
        Language::English => files!("en"),
        Language::Swedish => files!("sv"),
        Language::Dutch => files!("nl"),
        Language::French => files!("fr"),
        Language::TraditionalChinese => files!("zh-Hant"),
        Language::German => files!("de"),
        Language::Spanish => files!("es"),
        Language::Portuguese => files!("pt"),
        Language::Italian => files!("it"),
        Language::Japanese => files!("ja"),
    }
}

/// The texts of a language, parsed when the first person needs them.
pub(super) struct Texts {
    language: Language,
    bundle: OnceLock<FluentBundle<FluentResource>>,
}

pub(super) fn texts(language: Language) -> &'static Texts {
    let mut all = TEXTS.iter();
    all.find(|texts| texts.language == language)
        .unwrap_or_else(english)
}

fn english() -> &'static Texts {
    let [english, ..] = &*TEXTS;
    english
}

impl Texts {
    const fn new(language: Language) -> Self {
        Self {
            language,
            bundle: OnceLock::new(),
        }
    }

    pub(super) const fn language(&self) -> Language {
        self.language
    }

    /// A text by its id; should there be none, its id stands in, as for a page without it there is no use.
    pub(super) fn text(&self, id: &str) -> String {
        self.with(id, &[])
    }

    pub(super) fn with(&self, id: &str, arguments: &[(&str, &str)]) -> String {
        let text = self.format(id, arguments);
        let text = text.or_else(|| english().format(id, arguments));
        text.unwrap_or_else(|| id.to_owned())
    }

    pub(super) fn effect(&self, effect: Effect) -> String {
        self.text(&format!("effect-{}", effect.name()))
    }

    pub(super) fn matcher(&self, kind: MatcherKind) -> String {
        self.text(&format!("matcher-{}", kind.name()))
    }

    pub(super) fn state(&self, state: State) -> String {
        self.text(&format!("state-{}", state.name()))
    }

    /// What somebody did, such as "approved it".
    pub(super) fn did(&self, action: Action) -> String {
        self.text(&format!("did-{}", action.name()))
    }

    /// What somebody did to what operators look after, by the name of the action.
    pub(super) fn setting(&self, action: &str) -> String {
        self.text(&format!("audit-did-{}", action.replace('.', "-")))
    }

    /// What forms call an attribute; a custom one is called by its own name.
    pub(super) fn attribute(&self, name: &str) -> String {
        if let Some(field) = MessageId::field(name) {
            return FORMS.text(self.language, field, &[]);
        }
        let custom = name.strip_prefix("extension_");
        let custom = custom.and_then(|rest| Some(rest.split_once('_')?.1));
        custom.unwrap_or(name).to_owned()
    }

    fn format(&self, id: &str, arguments: &[(&str, &str)]) -> Option<String> {
        let bundle = self.bundle();
        let pattern = bundle.get_message(id)?.value()?;
        let arguments: FluentArgs<'_> = arguments.iter().copied().collect();
        let mut errors = Vec::new();
        let text = bundle
            .format_pattern(pattern, Some(&arguments), &mut errors)
            .into_owned();
        errors.is_empty().then_some(text)
    }

    fn bundle(&self) -> &FluentBundle<FluentResource> {
        let parse = || bundle(self.language, source(self.language));
        self.bundle.get_or_init(parse)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use regex::Regex;

    use super::*;
    use crate::domain::audit::SettingAction;

    /// The ids that a source asks for in `t.text("…")` and `t.with("…"`.
    fn asked_for(source: &str) -> impl Iterator<Item = &str> {
        ["t.text(\"", "t.with(\""].into_iter().flat_map(|call| {
            let calls = source.split(call).skip(1);
            calls.map(|rest| rest.split('"').next().unwrap())
        })
    }

    /// Each id with the arguments that its text has, in their order.
    fn told(language: Language) -> BTreeMap<String, Vec<String>> {
        let text = Regex::new(r"(?m)^([a-z][a-zA-Z-]*) = (.+)$").unwrap();
        let argument = Regex::new(r"\{ \$([a-z]+) \}").unwrap();
        let arguments = |text: &str| {
            let found = argument.captures_iter(text);
            let mut found: Vec<_> = found.map(|found| found[1].to_owned()).collect();
            found.sort_unstable();
            found
        };
        text.captures_iter(source(language))
            .map(|text| (text[1].to_owned(), arguments(&text[2])))
            .collect()
    }

    #[test]
    fn every_text_of_the_pages_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folders = [
            "templates/console",
            "templates/console/lists",
            "templates/application",
            "src/console",
            "src/console/pages",
            "src/console/pages/lists",
        ];
        let mut seen = 0;
        for folder in folders {
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if !path.is_file() || path.ends_with("texts.rs") {
                    continue;
                }
                let source = std::fs::read_to_string(&path).unwrap();
                for id in asked_for(&source) {
                    let message = english().bundle().get_message(id);
                    assert!(message.is_some(), "{}: {id}", path.display());
                    seen += 1;
                }
            }
        }
        assert!(seen > 30);
    }

    #[test]
    fn every_language_has_every_text_with_its_arguments() {
        let expected = told(Language::English);
        assert!(expected.len() > 100);
        let mut faults = Vec::new();
        for language in Language::ALL {
            let found = told(language);
            for (id, arguments) in &expected {
                if found.get(id) != Some(arguments) {
                    faults.push(format!("{language}: {id}: {:?}", found.get(id)));
                }
            }
            let unknown = found.keys().filter(|id| !expected.contains_key(*id));
            faults.extend(unknown.map(|id| format!("{language}: {id} is not in English")));
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn every_file_parses_without_errors() {
        for language in Language::ALL {
            if let Err((_, errors)) = FluentResource::try_new(source(language).to_owned()) {
                panic!("{language}: {errors:?}");
            }
        }
    }

    #[test]
    fn what_a_language_lacks_is_said_in_english() {
        let bundle = OnceLock::from(bundle(Language::German, "sign-out = Abmelden"));
        let german = Texts {
            bundle,
            ..Texts::new(Language::German)
        };
        assert_eq!(german.text("sign-out"), "Abmelden");
        assert_eq!(german.text("skip"), "Skip to the content");
        assert_eq!(german.text("neither"), "neither");
    }

    #[test]
    fn every_effect_and_kind_of_matcher_has_a_text() {
        for effect in Effect::ALL {
            assert!(!english().effect(effect).starts_with("effect-"));
        }
        let kinds = [
            MatcherKind::Address,
            MatcherKind::Domain,
            MatcherKind::Suffix,
            MatcherKind::Provider,
            MatcherKind::Identity,
        ];
        for kind in kinds {
            assert!(!english().matcher(kind).starts_with("matcher-"));
        }
    }

    #[test]
    fn every_state_and_action_has_a_text() {
        for state in State::ALL {
            assert!(!english().state(state).starts_with("state-"));
        }
        for action in Action::ALL {
            assert!(!english().did(action).starts_with("did-"));
        }
    }

    #[test]
    fn every_action_of_operators_has_a_text() {
        for action in SettingAction::ALL {
            let text = english().setting(action.name());
            assert!(!text.starts_with("audit-did-"), "{text}");
        }
    }

    #[test]
    fn attributes_are_called_as_in_forms() {
        assert_eq!(english().attribute("givenName"), "Given name");
        assert_eq!(texts(Language::German).attribute("givenName"), "Vorname");
        let custom = "extension_00001111aaaa2222bbbb3333cccc4444_SupplierNumber";
        assert_eq!(english().attribute(custom), "SupplierNumber");
        assert_eq!(english().attribute("other"), "other");
    }
}
