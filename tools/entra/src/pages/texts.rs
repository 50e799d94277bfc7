//! What the pages of a sign-up say to the person, in ten languages.

use std::sync::OnceLock;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

/// A language in which a sign-up can be shown.
pub(super) struct Language {
    /// As a browser has it, such as `sv-SE`; the deployment is told the same.
    pub(super) tag: &'static str,
    /// In the language itself.
    pub(super) name: &'static str,
    source: &'static str,
    bundle: OnceLock<FluentBundle<FluentResource>>,
}

macro_rules! languages {
    ($($tag:literal $name:literal $folder:literal),+ $(,)?) => {
        [$(Language {
            tag: $tag,
            name: $name,
            source: include_str!(concat!("../../locales/", $folder, "/pages.ftl")),
            bundle: OnceLock::new(),
        }),+]
    };
}

pub(super) static LANGUAGES: [Language; 10] = languages![
    "en-US" "English" "en",
    "sv-SE" "Svenska" "sv",
    "nl-NL" "Nederlands" "nl",
    "fr-FR" "Français" "fr",
    "zh-TW" "繁體中文" "zh-Hant",
    "de-DE" "Deutsch" "de",
    "es-ES" "Español" "es",
    "pt-PT" "Português" "pt",
    "it-IT" "Italiano" "it",
    "ja-JP" "日本語" "ja",
];

impl Language {
    /// The language of a tag, else one that differs in the region only, else English.
    pub(super) fn of(tag: &str) -> &'static Self {
        let [english, ..] = &LANGUAGES;
        let same = LANGUAGES
            .iter()
            .find(|one| one.tag.eq_ignore_ascii_case(tag));
        let near = || {
            let primary = primary(tag);
            LANGUAGES
                .iter()
                .find(|one| primary.eq_ignore_ascii_case(self::primary(one.tag)))
        };
        same.or_else(near).unwrap_or(english)
    }

    pub(super) fn texts(&'static self) -> Texts {
        Texts(self.bundle.get_or_init(|| bundle(self.tag, self.source)))
    }
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

fn bundle(tag: &str, source: &str) -> FluentBundle<FluentResource> {
    let tag: LanguageIdentifier = tag.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Isolation marks would stand in mails and page titles.
    bundle.set_use_isolating(false);
    let resource =
        FluentResource::try_new(source.to_owned()).unwrap_or_else(|(readable, _)| readable);
    bundle.add_resource_overriding(resource);
    bundle
}

/// The texts of one language; each text has at most one argument.
#[derive(Clone, Copy)]
pub(super) struct Texts(&'static FluentBundle<FluentResource>);

impl Texts {
    /// A text; its id stands in for one that cannot be rendered, which a test rules out.
    pub(super) fn text(self, id: &str) -> String {
        self.find(id).unwrap_or_else(|| id.to_owned())
    }

    /// A text with its argument.
    pub(super) fn with(self, id: &str, argument: &str, value: &str) -> String {
        let args: FluentArgs<'_> = [(argument, value)].into_iter().collect();
        self.format(id, Some(&args))
            .unwrap_or_else(|| id.to_owned())
    }

    /// A text that need not exist.
    pub(super) fn find(self, id: &str) -> Option<String> {
        self.format(id, None)
    }

    fn format(self, id: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.0.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let text = self
            .0
            .format_pattern(pattern, args, &mut errors)
            .into_owned();
        errors.is_empty().then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use rstest::rstest;

    use super::*;

    /// Every id with the name of its argument, as the English file has them.
    fn texts() -> Vec<(String, Option<String>)> {
        let [english, ..] = &LANGUAGES;
        let lines = english.source.lines().map(|line| {
            let (id, text) = line.split_once(" = ").unwrap();
            let argument = text
                .split_once("{ $")
                .and_then(|(_, rest)| rest.split_once(" }"));
            (id.to_owned(), argument.map(|(name, _)| name.to_owned()))
        });
        lines.collect()
    }

    #[test]
    fn every_text_can_be_rendered_in_every_language() {
        for language in &LANGUAGES {
            for (id, argument) in texts() {
                let text = match argument {
                    Some(argument) => language.texts().with(&id, &argument, "VALUE"),
                    None => language.texts().text(&id),
                };
                assert_ne!(text, id, "{} lacks {id}", language.tag);
                assert!(!text.contains(['{', '<']), "{}: {text}", language.tag);
            }
        }
    }

    #[test]
    fn every_language_has_the_same_texts_with_the_same_argument() {
        let line = |(id, argument): &(String, Option<String>)| match argument {
            Some(argument) => (id.clone(), format!("{{ ${argument} }}")),
            None => (id.clone(), String::new()),
        };
        let expected: Vec<_> = texts().iter().map(line).collect();
        for language in &LANGUAGES {
            let lines: Vec<_> = language.source.lines().collect();
            assert_eq!(lines.len(), expected.len(), "{}", language.tag);
            for (found, (id, argument)) in lines.iter().zip(&expected) {
                assert!(
                    found.starts_with(&format!("{id} = ")),
                    "{}: {found}",
                    language.tag
                );
                assert!(found.contains(argument), "{}: {found}", language.tag);
            }
            if let Err((_, errors)) = FluentResource::try_new(language.source.to_owned()) {
                panic!("{}: {errors:?}", language.tag);
            }
        }
    }

    #[test]
    fn templates_and_code_use_all_texts_and_no_other() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut used = BTreeSet::new();
        for folder in ["templates/flow", "src/pages"] {
            for file in fs::read_dir(root.join(folder)).unwrap() {
                let path = file.unwrap().path();
                if path.ends_with("texts.rs") {
                    continue;
                }
                let text = fs::read_to_string(path).unwrap();
                for call in [".text(\"", ".with(\"", ".find(\""] {
                    let calls = text.split(call).skip(1);
                    used.extend(calls.map(|rest| rest.split('"').next().unwrap().to_owned()));
                }
            }
        }
        let (attributes, known): (BTreeSet<_>, BTreeSet<_>) = texts()
            .into_iter()
            .map(|(id, _)| id)
            .partition(|id| id.starts_with("attribute-"));
        // Those of attributes are looked up by the attribute's name.
        used.retain(|id| !attributes.contains(id));
        assert_eq!(used, known);
    }

    #[rstest]
    #[case::as_offered("sv-SE", "sv-SE")]
    #[case::in_lower_case("pt-pt", "pt-PT")]
    #[case::of_another_region("de-AT", "de-DE")]
    #[case::without_a_region("ja", "ja-JP")]
    #[case::unknown("tlh", "en-US")]
    #[case::empty("", "en-US")]
    fn a_tag_finds_its_language(#[case] tag: &str, #[case] expected: &str) {
        assert_eq!(Language::of(tag).tag, expected);
    }
}
