//! The sentences of mails about approval requests.

use super::Texts;
use crate::domain::language::Language;

fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../../locales/en/notices.ftl"),
        Language::Swedish => include_str!("../../locales/sv/notices.ftl"),
        Language::Dutch => include_str!("../../locales/nl/notices.ftl"),
        Language::French => include_str!("../../locales/fr/notices.ftl"),
        Language::TraditionalChinese => include_str!("../../locales/zh-Hant/notices.ftl"),
        Language::German => include_str!("../../locales/de/notices.ftl"),
        Language::Spanish => include_str!("../../locales/es/notices.ftl"),
        Language::Portuguese => include_str!("../../locales/pt/notices.ftl"),
        Language::Italian => include_str!("../../locales/it/notices.ftl"),
        Language::Japanese => include_str!("../../locales/ja/notices.ftl"),
    }
}

/// The sentences by their codes, such as `notice-denied-text`. None takes an argument.
pub struct NoticeTexts(Texts);

impl Default for NoticeTexts {
    fn default() -> Self {
        Self(Texts::new(source))
    }
}

impl std::fmt::Debug for NoticeTexts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NoticeTexts")
    }
}

impl NoticeTexts {
    /// The code itself stands in for a sentence that is not there; a test looks for each in each language.
    pub fn text(&self, language: Language, code: &str) -> String {
        self.0
            .format(language, code, &[])
            .unwrap_or_else(|| code.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes of a file, in order.
    fn codes(language: Language) -> Vec<&'static str> {
        let lines = source(language).lines();
        let messages = lines.filter_map(|line| Some(line.split_once(" = ")?.0));
        messages.filter(|code| !code.starts_with('#')).collect()
    }

    #[test]
    fn every_sentence_exists_in_every_language() {
        let (texts, english) = (NoticeTexts::default(), codes(Language::English));
        for language in Language::ALL {
            assert_eq!(codes(language), english, "{language}");
            for code in &english {
                let text = texts.text(language, code);
                let most = if code.ends_with("-subject") { 50 } else { 240 };
                let length = text.chars().count();
                assert!(length > 1 && length <= most, "{language}: {code}: {text}");
                assert!(
                    !text.contains(['{', '<', '\n']),
                    "{language}: {code}: {text}"
                );
                let is_sentence = code.ends_with("-text") || code.ends_with("-why");
                let has_stop = text.ends_with(['.', '。']);
                assert_eq!(is_sentence, has_stop, "{language}: {code}: {text}");
            }
        }
    }

    #[test]
    fn a_policy_can_say_each_of_them_in_other_words() {
        let known: Vec<_> = crate::policy::message::CODES
            .iter()
            .copied()
            .filter(|code| code.starts_with("notice-"))
            .collect();
        assert_eq!(known, codes(Language::English));
    }
}
