//! The message catalogue: every sentence that a person signing up can see, in every language.

mod notices;

use std::sync::OnceLock;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

pub use self::notices::NoticeTexts;
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
    BlockAlreadyPending,
    BlockBeingCreated,
    BlockRequestDenied,
    BlockUnavailable,
    BlockUnidentified,
    BlockMalformed,
    BlockMiswired,
    InvalidPage,
    InvalidRequired,
    InvalidTooShort,
    InvalidTooLong,
    InvalidTooSmall,
    InvalidTooLarge,
    InvalidType,
    InvalidPattern,
    InvalidNotAllowed,
    InvalidPhone,
    InvalidPhoneCountry,
    InvalidPostalCode,
    InvalidCountry,
    InvalidDate,
    InvalidUrl,
    InvalidVatNumber,
    InvalidCompanyNumber,
    InvalidEmail,
    InvalidUnknownValue,
    InvalidCode,
    InvalidCodeExpired,
    InvalidCodeUsedUp,
    InvalidIdentity,
    InvalidBotCheck,
    UseCompanySignIn,
    DisposableAddress,
    MailSubject,
    MailIntro,
    MailValidity,
    MailIgnore,
    /// A field by its name, and what is wrong with it.
    InvalidField,
    FieldDisplayName,
    FieldGivenName,
    FieldSurname,
    FieldJobTitle,
    FieldCompanyName,
    FieldStreetAddress,
    FieldCity,
    FieldPostalCode,
    FieldState,
    FieldCountry,
}

impl MessageId {
    pub const ALL: [Self; 54] = [
        Self::TitleBlocked,
        Self::TitlePending,
        Self::TitleProblem,
        Self::BlockDenied,
        Self::BlockNotAllowed,
        Self::BlockPending,
        Self::BlockAlreadyPending,
        Self::BlockBeingCreated,
        Self::BlockRequestDenied,
        Self::BlockUnavailable,
        Self::BlockUnidentified,
        Self::BlockMalformed,
        Self::BlockMiswired,
        Self::InvalidPage,
        Self::InvalidRequired,
        Self::InvalidTooShort,
        Self::InvalidTooLong,
        Self::InvalidTooSmall,
        Self::InvalidTooLarge,
        Self::InvalidType,
        Self::InvalidPattern,
        Self::InvalidNotAllowed,
        Self::InvalidPhone,
        Self::InvalidPhoneCountry,
        Self::InvalidPostalCode,
        Self::InvalidCountry,
        Self::InvalidDate,
        Self::InvalidUrl,
        Self::InvalidVatNumber,
        Self::InvalidCompanyNumber,
        Self::InvalidEmail,
        Self::InvalidUnknownValue,
        Self::InvalidCode,
        Self::InvalidCodeExpired,
        Self::InvalidCodeUsedUp,
        Self::InvalidIdentity,
        Self::InvalidBotCheck,
        Self::UseCompanySignIn,
        Self::DisposableAddress,
        Self::MailSubject,
        Self::MailIntro,
        Self::MailValidity,
        Self::MailIgnore,
        Self::InvalidField,
        Self::FieldDisplayName,
        Self::FieldGivenName,
        Self::FieldSurname,
        Self::FieldJobTitle,
        Self::FieldCompanyName,
        Self::FieldStreetAddress,
        Self::FieldCity,
        Self::FieldPostalCode,
        Self::FieldState,
        Self::FieldCountry,
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
            Self::BlockAlreadyPending => "block-already-pending",
            Self::BlockBeingCreated => "block-being-created",
            Self::BlockRequestDenied => "block-request-denied",
            Self::BlockUnavailable => "block-unavailable",
            Self::BlockUnidentified => "block-unidentified",
            Self::BlockMalformed => "block-malformed",
            Self::BlockMiswired => "block-miswired",
            Self::InvalidPage => "invalid-page",
            Self::InvalidRequired => "invalid-required",
            Self::InvalidTooShort => "invalid-too-short",
            Self::InvalidTooLong => "invalid-too-long",
            Self::InvalidTooSmall => "invalid-too-small",
            Self::InvalidTooLarge => "invalid-too-large",
            Self::InvalidType => "invalid-type",
            Self::InvalidPattern => "invalid-pattern",
            Self::InvalidNotAllowed => "invalid-not-allowed",
            Self::InvalidPhone => "invalid-phone",
            Self::InvalidPhoneCountry => "invalid-phone-country",
            Self::InvalidPostalCode => "invalid-postal-code",
            Self::InvalidCountry => "invalid-country",
            Self::InvalidDate => "invalid-date",
            Self::InvalidUrl => "invalid-url",
            Self::InvalidVatNumber => "invalid-vat-number",
            Self::InvalidCompanyNumber => "invalid-company-number",
            Self::InvalidEmail => "invalid-email",
            Self::InvalidUnknownValue => "invalid-unknown-value",
            Self::InvalidCode => "invalid-code",
            Self::InvalidCodeExpired => "invalid-code-expired",
            Self::InvalidCodeUsedUp => "invalid-code-used-up",
            Self::InvalidIdentity => "invalid-identity",
            Self::InvalidBotCheck => "invalid-bot-check",
            Self::UseCompanySignIn => "use-company-sign-in",
            Self::DisposableAddress => "disposable-address",
            Self::MailSubject => "mail-subject",
            Self::MailIntro => "mail-intro",
            Self::MailValidity => "mail-validity",
            Self::MailIgnore => "mail-ignore",
            Self::InvalidField => "invalid-field",
            Self::FieldDisplayName => "field-displayName",
            Self::FieldGivenName => "field-givenName",
            Self::FieldSurname => "field-surname",
            Self::FieldJobTitle => "field-jobTitle",
            Self::FieldCompanyName => "field-companyName",
            Self::FieldStreetAddress => "field-streetAddress",
            Self::FieldCity => "field-city",
            Self::FieldPostalCode => "field-postalCode",
            Self::FieldState => "field-state",
            Self::FieldCountry => "field-country",
        }
    }

    /// The message of a code that a policy can name.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|message| message.id() == code)
    }

    /// What a form calls a built-in attribute.
    pub fn field(name: &str) -> Option<Self> {
        let wanted = |message: &Self| {
            let field = message.id().strip_prefix("field-");
            field.is_some_and(|field| field.eq_ignore_ascii_case(name))
        };
        Self::ALL.into_iter().find(wanted)
    }

    /// The sentence for a reason.
    pub const fn of(reason: BlockReason) -> Self {
        match reason {
            BlockReason::Denied => Self::BlockDenied,
            BlockReason::NotAllowed => Self::BlockNotAllowed,
            BlockReason::PendingReview => Self::BlockPending,
            BlockReason::AlreadyPending => Self::BlockAlreadyPending,
            BlockReason::BeingCreated => Self::BlockBeingCreated,
            BlockReason::RequestDenied => Self::BlockRequestDenied,
            BlockReason::Unavailable => Self::BlockUnavailable,
            BlockReason::Unidentified => Self::BlockUnidentified,
            BlockReason::Malformed => Self::BlockMalformed,
            BlockReason::Miswired => Self::BlockMiswired,
        }
    }

    /// The title of the block page for a reason.
    pub fn title_of(reason: BlockReason) -> Self {
        Self::of_code(reason.title_code()).unwrap_or(Self::TitleProblem)
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

/// The messages of one file of each language; a language is parsed when the first person needs it, which most starts never do.
struct Texts {
    source: fn(Language) -> &'static str,
    bundles: [OnceLock<FluentBundle<FluentResource>>; Language::ALL.len()],
}

impl Texts {
    const fn new(source: fn(Language) -> &'static str) -> Self {
        Self {
            source,
            bundles: [const { OnceLock::new() }; Language::ALL.len()],
        }
    }

    fn format(&self, language: Language, id: &str, args: &[(&str, &str)]) -> Option<String> {
        let position = Language::ALL.iter().position(|known| *known == language)?;
        let bundle = self
            .bundles
            .get(position)?
            .get_or_init(|| bundle(language, (self.source)(language)));
        let pattern = bundle.get_message(id)?.value()?;
        let args: FluentArgs<'_> = args.iter().copied().collect();
        let mut errors = Vec::new();
        let text = bundle
            .format_pattern(pattern, Some(&args), &mut errors)
            .into_owned();
        errors.is_empty().then_some(text)
    }
}

/// The messages of sign-ups.
pub struct Catalogue(Texts);

impl Default for Catalogue {
    fn default() -> Self {
        Self(Texts::new(source))
    }
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
        self.0.format(language, message.id(), args)
    }
}

/// The messages of a file in a language.
pub(crate) fn bundle(language: Language, source: &str) -> FluentBundle<FluentResource> {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Isolation marks are for rich text; Entra shows the sentence as it comes.
    bundle.set_use_isolating(false);
    let resource =
        FluentResource::try_new(source.to_owned()).unwrap_or_else(|(readable, _)| readable);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every argument that some message takes, with values that no sentence has of itself.
    const ARGUMENTS: [(&str, &str); 5] = [
        ("reference", "7K3M-Q2ZT"),
        ("min", "90417"),
        ("max", "86253"),
        ("field", "Xylofield"),
        ("problem", "Xyloproblem."),
    ];

    /// What a message is given, all of which it tells in every language.
    fn arguments_of(id: &str) -> &'static [&'static str] {
        match id {
            "invalid-too-short" | "invalid-too-small" => &["min"],
            "invalid-too-long" | "invalid-too-large" => &["max"],
            "invalid-field" => &["field", "problem"],
            _ if id.starts_with("block-") => &["reference"],
            _ => &[],
        }
    }

    fn arguments_in(text: &str) -> Vec<&'static str> {
        let told = ARGUMENTS.iter().filter(|(_, value)| text.contains(value));
        told.map(|(name, _)| *name).collect()
    }

    /// Longest text, in characters.
    fn limit_of(id: &str) -> usize {
        match id.split_once('-') {
            Some(("title" | "field", _) | ("mail", "subject")) => 40,
            Some(("block", _)) => 240,
            _ => 160,
        }
    }

    fn is_sentence(id: &str) -> bool {
        let names = ["invalid-field", "mail-subject"];
        !(id.starts_with("title-") || id.starts_with("field-") || names.contains(&id))
    }

    #[test]
    fn every_message_exists_in_every_language() {
        let catalogue = Catalogue::new();
        for language in Language::ALL {
            for message in MessageId::ALL {
                let id = message.id();
                let text = catalogue
                    .format(language, message, &ARGUMENTS)
                    .unwrap_or_else(|| panic!("{language}: {id} cannot be rendered"));
                assert!(
                    text.chars().count() <= limit_of(id),
                    "{language}: {id} is too long"
                );
                assert!(!text.contains(['{', '<', '\n']), "{language}: {id}: {text}");
                assert!(
                    !is_sentence(id) || text.ends_with(['.', '。']),
                    "{language}: {id} has no full stop: {text}"
                );
                assert_eq!(
                    arguments_in(&text),
                    arguments_of(id),
                    "{language}: {id}: {text}"
                );
            }
        }
    }

    #[test]
    fn a_field_and_its_problem_are_joined_as_the_language_does() {
        let catalogue = Catalogue::new();
        let arguments = [("field", "F"), ("problem", "P.")];
        for language in Language::ALL {
            let expected = match language {
                Language::French => "F\u{202f}: P.",
                Language::TraditionalChinese | Language::Japanese => "F：P.",
                _ => "F: P.",
            };
            let text = catalogue.text(language, MessageId::InvalidField, &arguments);
            assert_eq!(text, expected, "{language}");
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
