//! The message catalogue: every sentence that a person signing up can see, in every language.

use std::sync::OnceLock;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

use crate::domain::{decision::BlockReason, language::Language};

/// A message of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageId {
    TitleBlocked,
    TitlePending,
    TitleProblem,
    BlockDenied,
    BlockNotAllowed,
    BlockPending,
    BlockUnavailable,
    BlockUnidentified,
    BlockMalformed,
    BlockMiswired,
    InvalidPage,
}

impl MessageId {
    pub const ALL: [Self; 11] = [
        Self::TitleBlocked,
        Self::TitlePending,
        Self::TitleProblem,
        Self::BlockDenied,
        Self::BlockNotAllowed,
        Self::BlockPending,
        Self::BlockUnavailable,
        Self::BlockUnidentified,
        Self::BlockMalformed,
        Self::BlockMiswired,
        Self::InvalidPage,
    ];

    /// The id in `shared/locales/<language>/messages.ftl`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::TitleBlocked => "title-blocked",
            Self::TitlePending => "title-pending",
            Self::TitleProblem => "title-problem",
            Self::BlockDenied => "block-denied",
            Self::BlockNotAllowed => "block-not-allowed",
            Self::BlockPending => "block-pending",
            Self::BlockUnavailable => "block-unavailable",
            Self::BlockUnidentified => "block-unidentified",
            Self::BlockMalformed => "block-malformed",
            Self::BlockMiswired => "block-miswired",
            Self::InvalidPage => "invalid-page",
        }
    }

    /// The sentence for a reason.
    pub const fn of(reason: BlockReason) -> Self {
        match reason {
            BlockReason::Denied => Self::BlockDenied,
            BlockReason::NotAllowed => Self::BlockNotAllowed,
            BlockReason::PendingReview => Self::BlockPending,
            BlockReason::Unavailable => Self::BlockUnavailable,
            BlockReason::Unidentified => Self::BlockUnidentified,
            BlockReason::Malformed => Self::BlockMalformed,
            BlockReason::Miswired => Self::BlockMiswired,
        }
    }

    /// The title of the block page for a reason.
    pub const fn title_of(reason: BlockReason) -> Self {
        match reason {
            BlockReason::Denied | BlockReason::NotAllowed => Self::TitleBlocked,
            BlockReason::PendingReview => Self::TitlePending,
            BlockReason::Unavailable
            | BlockReason::Unidentified
            | BlockReason::Malformed
            | BlockReason::Miswired => Self::TitleProblem,
        }
    }
}

const fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../../locales/en/messages.ftl"),
        Language::Swedish => include_str!("../../locales/sv/messages.ftl"),
        Language::Dutch => include_str!("../../locales/nl/messages.ftl"),
        Language::French => include_str!("../../locales/fr/messages.ftl"),
        Language::TraditionalChinese => include_str!("../../locales/zh-Hant/messages.ftl"),
        Language::German => include_str!("../../locales/de/messages.ftl"),
        Language::Spanish => include_str!("../../locales/es/messages.ftl"),
        Language::Portuguese => include_str!("../../locales/pt/messages.ftl"),
        Language::Italian => include_str!("../../locales/it/messages.ftl"),
        Language::Japanese => include_str!("../../locales/ja/messages.ftl"),
    }
}

/// The messages; a language is parsed when the first person needs it, which most starts never do.
#[derive(Default)]
pub struct Catalogue {
    bundles: [OnceLock<FluentBundle<FluentResource>>; Language::ALL.len()],
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Catalogue")
    }
}

impl Catalogue {
    pub fn new() -> Self {
        Self::default()
    }

    /// The text of a message. A test renders each in each language; should one fail all the same, its
    /// id stands in, for an answer without a sentence would be no answer.
    pub fn text(&self, language: Language, message: MessageId, args: &[(&str, &str)]) -> String {
        self.format(language, message, args)
            .unwrap_or_else(|| message.id().to_owned())
    }

    fn format(
        &self,
        language: Language,
        message: MessageId,
        args: &[(&str, &str)],
    ) -> Option<String> {
        let position = Language::ALL.iter().position(|known| *known == language)?;
        let bundle = self.bundles.get(position)?.get_or_init(|| bundle(language));
        let pattern = bundle.get_message(message.id())?.value()?;
        let args: FluentArgs<'_> = args.iter().copied().collect();
        let mut errors = Vec::new();
        let text = bundle
            .format_pattern(pattern, Some(&args), &mut errors)
            .into_owned();
        errors.is_empty().then_some(text)
    }
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Isolation marks are for rich text; Entra shows the sentence as it comes.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(source(language).to_owned())
        .unwrap_or_else(|(readable, _)| readable);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_exists_in_every_language() {
        let catalogue = Catalogue::new();
        let args = [("reference", "7K3M-Q2ZT")];
        for language in Language::ALL {
            for message in MessageId::ALL {
                let text = catalogue
                    .format(language, message, &args)
                    .unwrap_or_else(|| panic!("{language}: {} cannot be rendered", message.id()));
                assert!(
                    text.chars().count() <= 240,
                    "{language}: {} is too long",
                    message.id()
                );
                assert!(
                    !text.contains(['{', '<', '\n']),
                    "{language}: {}: {text}",
                    message.id()
                );
                let refers = text.contains("7K3M-Q2ZT");
                assert_eq!(
                    refers,
                    message.id().starts_with("block-"),
                    "{language}: {text}"
                );
            }
        }
    }

    #[test]
    fn every_file_parses_without_errors() {
        for language in Language::ALL {
            if let Err((_, errors)) = FluentResource::try_new(source(language).to_owned()) {
                panic!("{language}: {errors:?}");
            }
        }
    }
}
