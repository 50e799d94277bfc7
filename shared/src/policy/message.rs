//! The words of a policy, over those of the catalogue.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::document::Texts;
use crate::domain::language::Language;

/// Codes of sentences in the catalogues (`messages.ftl` and `notices.ftl` in `shared/locales/<language>/`) that a policy can
/// name, and give other words.
pub const CODES: &[&str] = &[
    "block-denied",
    "block-not-allowed",
    "block-pending",
    "block-unavailable",
    "invalid-required",
    "invalid-too-short",
    "invalid-too-long",
    "invalid-too-small",
    "invalid-too-large",
    "invalid-type",
    "invalid-pattern",
    "invalid-not-allowed",
    "invalid-phone",
    "invalid-phone-country",
    "invalid-postal-code",
    "invalid-country",
    "invalid-date",
    "invalid-url",
    "invalid-vat-number",
    "invalid-company-number",
    "invalid-email",
    "invalid-unknown-value",
    "invalid-code",
    "invalid-code-expired",
    "invalid-code-used-up",
    "invalid-identity",
    "invalid-bot-check",
    "use-company-sign-in",
    "disposable-address",
    "mail-subject",
    "mail-intro",
    "mail-validity",
    "mail-ignore",
    "notice-received-subject",
    "notice-received-text",
    "notice-approved-subject",
    "notice-approved-text",
    "notice-denied-subject",
    "notice-denied-text",
    "notice-denied-message",
    "notice-expired-subject",
    "notice-expired-text",
    "notice-status",
    "notice-why",
    "notice-approvers-subject",
    "notice-new",
    "notice-reminder",
    "notice-escalation",
    "notice-flow",
    "notice-domain",
    "notice-provider",
    "notice-asked-by",
    "notice-since",
    "notice-open",
    "notice-approvers-why",
];

/// Texts by code and language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    texts: BTreeMap<String, Texts>,
    pub default_language: Option<Language>,
}

impl Messages {
    pub(super) fn new(texts: &BTreeMap<String, Texts>, default_language: Language) -> Self {
        Self {
            texts: texts.clone(),
            default_language: Some(default_language),
        }
    }

    /// The policy's own text for a code, if it has one: in the person's language, else in the default language, unless
    /// the catalogue has the code in the person's language.
    pub fn text(&self, code: &str, language: Language) -> Option<&str> {
        let texts = self.texts.get(code)?;
        let own = texts.get(language.tag());
        let fallback = || {
            let default = self.default_language?;
            (!CODES.contains(&code))
                .then(|| texts.get(default.tag()))
                .flatten()
        };
        own.or_else(fallback).map(String::as_str)
    }
}

/// Puts values into the `{name}` places of a text of the policy.
pub fn fill(text: &str, arguments: &[(&str, &str)]) -> String {
    let mut filled = text.to_owned();
    for (name, value) in arguments {
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    filled
}
