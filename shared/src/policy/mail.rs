//! The mail with a one-time code: the built-in one, or as the policy of the user flow has it.

use super::Policy;
use crate::{
    domain::{language::Language, mail::Mailbox, one_time_code::OneTimeCode},
    i18n::{Catalogue, MessageId},
};

/// What can stand in braces in a template.
pub const PLACES: &[&str] = &[
    "code",
    "subject",
    "intro",
    "validity",
    "ignore",
    "application",
    "language",
];

/// Longest template, in octets. Mail programs cut what is longer than about 100 KB.
const MAX_OCTETS: usize = 64 * 1024;

/// Longest name of an application, in characters.
const MAX_APPLICATION: usize = 100;

const HTML: &str = include_str!("mail.html");
const TEXT: &str = include_str!("mail.txt");

/// What a policy says of the mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mail {
    pub(super) from: Option<Mailbox>,
    pub(super) reply_to: Option<Mailbox>,
    pub(super) html: Option<Template>,
    pub(super) text: Option<Template>,
}

/// A template whose places are all known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(String);

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    #[error("found {0} octets, expected at most {MAX_OCTETS}")]
    TooLong(usize),
    #[error("expected `{{code}}`, without which nobody learns the code")]
    WithoutCode,
    /// `offset` is in octets.
    #[error("found `{{{found}}}`")]
    UnknownPlace { offset: usize, found: String },
}

impl Template {
    /// Braces around anything but lower-case letters and `-` are text, as in a style sheet.
    pub fn parse(source: &str) -> Result<Self, TemplateFault> {
        if source.len() > MAX_OCTETS {
            return Err(TemplateFault::TooLong(source.len()));
        }
        let unknown = places(source).find(|(_, name)| !PLACES.contains(name));
        if let Some((offset, found)) = unknown {
            let found = found.to_owned();
            return Err(TemplateFault::UnknownPlace { offset, found });
        }
        if !source.contains("{code}") {
            return Err(TemplateFault::WithoutCode);
        }
        Ok(Self(source.to_owned()))
    }
}

/// The places of a template with their offsets.
fn places(source: &str) -> impl Iterator<Item = (usize, &str)> {
    let opened = source.match_indices('{');
    opened.filter_map(|(offset, _)| {
        let (name, _) = source.get(offset + 1..)?.split_once('}')?;
        let is_name = |c: char| c.is_ascii_lowercase() || c == '-';
        (!name.is_empty() && name.chars().all(is_name)).then_some((offset, name))
    })
}

/// Fills the places in one pass, so that no value is taken for a template.
pub(super) fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = 0;
    for (offset, name) in places(template) {
        filled.push_str(template.get(rest..offset).unwrap_or_default());
        filled.push_str(&value(name));
        rest = offset + name.len() + "{}".len();
    }
    filled.push_str(template.get(rest..).unwrap_or_default());
    filled
}

/// What a mail is written from.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'o> {
    pub code: &'o OneTimeCode,
    pub language: Language,
    /// What the application is called that the code is for.
    pub application: Option<&'o str>,
    /// The sender and the address for answers of user flows whose policy names none.
    pub from: &'o Mailbox,
    pub reply_to: Option<&'o Mailbox>,
}

/// A mail without its recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub subject: String,
    pub html: String,
    pub text: String,
}

impl std::fmt::Debug for Letter {
    /// It has the code.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Letter(…)")
    }
}

/// Writes mails in the words of the policy, and where it has none in those of the catalogue.
#[derive(Debug, Default)]
pub struct Writer {
    catalogue: Catalogue,
}

impl Writer {
    pub fn write(&self, policy: Option<&Policy>, occasion: Occasion<'_>) -> Letter {
        write(policy, &self.catalogue, occasion)
    }
}

fn write(policy: Option<&Policy>, catalogue: &Catalogue, occasion: Occasion<'_>) -> Letter {
    let own = policy.map(|policy| &policy.mail);
    let from = own.and_then(|own| own.from.as_ref());
    let from = from.unwrap_or(occasion.from);
    let reply_to = own.and_then(|own| own.reply_to.as_ref());
    let application = application(occasion.application, from);
    let value = |place: &str| match place {
        "code" => occasion.code.as_str().to_owned(),
        "application" => application.clone(),
        "language" => occasion.language.tag().to_owned(),
        sentence => sentence_of(policy, catalogue, occasion.language, sentence),
    };
    let html = own.and_then(|own| own.html.as_ref());
    let text = own.and_then(|own| own.text.as_ref());
    Letter {
        from: from.clone(),
        reply_to: reply_to.or(occasion.reply_to).cloned(),
        subject: value("subject"),
        html: fill(html.map_or(HTML, |html| &html.0), |place| {
            escaped(&value(place))
        }),
        text: fill(text.map_or(TEXT, |text| &text.0), value),
    }
}

fn sentence_of(
    policy: Option<&Policy>,
    catalogue: &Catalogue,
    language: Language,
    place: &str,
) -> String {
    let code = format!("mail-{place}");
    let own = policy.and_then(|policy| policy.messages.text(&code, language));
    let of_catalogue = || {
        let message = MessageId::of_code(&code)?;
        Some(catalogue.text(language, message, &[]))
    };
    own.map(str::to_owned)
        .or_else(of_catalogue)
        .unwrap_or_default()
}

/// On one line, and of a length that leaves room for the rest.
pub(super) fn application(name: Option<&str>, from: &Mailbox) -> String {
    let plain = |name: &str| -> String {
        let characters = name.chars().filter(|c| !c.is_control());
        characters.take(MAX_APPLICATION).collect()
    };
    let name = name.map(plain).filter(|name| !name.trim().is_empty());
    name.unwrap_or_else(|| from.told().to_owned())
}

pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::policy::{compile, document::Document};

    fn policy(mail: &str) -> Policy {
        let document: Document = toml::from_str(&format!("default = \"allow\"\n{mail}")).unwrap();
        compile(&document).unwrap()
    }

    fn letter(policy: Option<&Policy>, language: Language, application: Option<&str>) -> Letter {
        let code = OneTimeCode::parse("12345678").unwrap();
        let from = Mailbox::parse("Contoso <no-reply@contoso.com>").unwrap();
        let occasion = Occasion {
            code: &code,
            language,
            application,
            from: &from,
            reply_to: None,
        };
        write(policy, &Catalogue::new(), occasion)
    }

    #[test]
    fn the_built_in_mail_is_whole_in_every_language() {
        for language in Language::ALL {
            let letter = letter(None, language, Some("Shop"));
            let tag = format!("<html lang=\"{}\">", language.tag());
            assert!(letter.html.contains(&tag), "{}", letter.html);
            for part in [&letter.html, &letter.text] {
                assert_eq!(part.matches("12345678").count(), 1, "{part}");
                assert!(part.contains("Shop"), "{part}");
                assert!(!part.contains("mail-"), "{part}");
                assert_eq!(places(part).next(), None, "{part}");
            }
            assert!(!letter.subject.contains("12345678"), "{}", letter.subject);
            // No images, no links, no tables.
            for markup in ["<img", "<a ", "<table", "http", "url("] {
                assert!(!letter.html.contains(markup), "{markup}");
            }
        }
    }

    #[test]
    fn values_are_escaped_in_html_alone_and_never_taken_for_a_template() {
        let name = "<b>{code}</b> & \"Söhne\"\r\nBcc: x";
        let letter = letter(None, Language::English, Some(name));
        let escaped = "&lt;b&gt;{code}&lt;/b&gt; &amp; &quot;Söhne&quot;Bcc: x";
        assert!(letter.html.contains(escaped), "{}", letter.html);
        assert!(letter.text.contains("<b>{code}</b> & \"Söhne\"Bcc: x"));
    }

    #[test]
    fn an_application_without_a_name_is_told_by_the_sender() {
        for application in [None, Some(" "), Some("\n")] {
            let letter = letter(None, Language::English, application);
            assert!(letter.text.contains("Contoso"), "{}", letter.text);
        }
    }

    #[test]
    fn a_policy_has_its_own_words_templates_and_sender() {
        let policy = policy(
            r#"
            [mail]
            from = "Fabrikam <hello@fabrikam.com>"
            reply-to = "help@fabrikam.com"
            html = "<style>p{color:red}</style><p lang={language}>{intro} <b>{code}</b></p>"
            [message.mail-subject]
            en = "Your Fabrikam code"
            [message.mail-intro]
            en = "Ahoy & welcome."
            "#,
        );
        let english = letter(Some(&policy), Language::English, None);
        assert_eq!(english.from.address.as_str(), "hello@fabrikam.com");
        let reply_to = english.reply_to.unwrap();
        assert_eq!(reply_to.address.as_str(), "help@fabrikam.com");
        assert_eq!(english.subject, "Your Fabrikam code");
        let expected =
            "<style>p{color:red}</style><p lang=en>Ahoy &amp; welcome. <b>12345678</b></p>";
        assert_eq!(english.html, expected);
        assert!(english.text.contains("Ahoy & welcome."), "{}", english.text);
        let swedish = letter(Some(&policy), Language::Swedish, None);
        assert!(!swedish.html.contains("Ahoy"), "{}", swedish.html);
    }

    #[rstest]
    #[case::without_code("<p>{intro}</p>", TemplateFault::WithoutCode)]
    #[case::slip("{code} {cod}", TemplateFault::UnknownPlace { offset: 7, found: "cod".to_owned() })]
    fn a_template_that_cannot_work_is_refused(
        #[case] source: &str,
        #[case] expected: TemplateFault,
    ) {
        assert_eq!(Template::parse(source), Err(expected));
    }

    #[test]
    fn a_template_has_a_bound() {
        let source = format!("{{code}}{}", " ".repeat(MAX_OCTETS));
        let fault = Template::parse(&source).unwrap_err();
        assert_eq!(fault, TemplateFault::TooLong(source.len()));
    }

    #[test]
    fn braces_of_a_style_sheet_are_text() {
        assert!(Template::parse("<style>p{color:red}</style>{code} { } {} {").is_ok());
    }
}
