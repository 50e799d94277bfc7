//! The mail with a one-time code: the built-in one, or as the policy of the user flow has it.

use serde::{Deserialize, Serialize};

use super::{
    Policy,
    letter::{Block, Layout, Letter, Need, Places, Sender, Template, Value},
};
use crate::{
    domain::{language::Language, mail::Mailbox, one_time_code::OneTimeCode},
    i18n::{Catalogue, MessageId},
};

/// What a template has.
pub(super) const PLACES: Places<'_> = Places {
    known: &[
        "code",
        "subject",
        "intro",
        "validity",
        "ignore",
        "application",
        "language",
    ],
    needed: &[Need {
        any_of: &["code"],
        without: "nobody learns the code",
    }],
};

/// Longest name of an application, in characters.
const MAX_APPLICATION: usize = 100;

/// What a policy says of the mail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mail {
    pub(super) from: Option<Mailbox>,
    pub(super) reply_to: Option<Mailbox>,
    pub(super) html: Option<Template>,
    pub(super) text: Option<Template>,
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
    let sender = Sender::of(policy, occasion.from, occasion.reply_to);
    let own = policy.map(|policy| &policy.mail);
    let layout = Layout {
        html: own.and_then(|own| own.html.as_ref()),
        text: own.and_then(|own| own.text.as_ref()),
    };
    let application = application(occasion.application, sender.from);
    let code = occasion.code.as_str();
    let sentence = |place: &str| sentence_of(policy, catalogue, occasion.language, place);
    let body = [
        Block::Paragraph(sentence("intro")),
        Block::Code(code.to_owned()),
        Block::Paragraph(sentence("validity")),
    ];
    let value = |place: &str| match place {
        "body" => Value::Blocks(&body),
        "code" => Value::Text(code.to_owned()),
        "application" => Value::Text(application.clone()),
        "language" => Value::Text(occasion.language.tag().to_owned()),
        // What the built-in frame ends with.
        "why" => Value::Text(sentence("ignore")),
        other => Value::Text(sentence(other)),
    };
    sender.letter(layout, sentence("subject"), value)
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
fn application(name: Option<&str>, from: &Mailbox) -> String {
    let plain = |name: &str| -> String {
        let characters = name.chars().filter(|c| !c.is_control());
        characters.take(MAX_APPLICATION).collect()
    };
    let name = name.map(plain).filter(|name| !name.trim().is_empty());
    name.unwrap_or_else(|| from.told().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{compile, document::Document, letter::places};

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
}
