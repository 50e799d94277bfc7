//! Mails about approval requests, to applicants and to approvers, in the words of the policy where it has some.

use jiff::Timestamp;

use super::{
    Policy,
    mail::{Letter, application, escaped, fill},
};
use crate::{
    domain::{
        approval::{ApprovalRequest, Call, Tidings},
        language::Language,
        mail::Mailbox,
        policy::UserFlow,
    },
    i18n::NoticeTexts,
};

const HTML: &str = include_str!("notice.html");
const TEXT: &str = include_str!("notice.txt");

/// In what words a mail is written, and whom it is from.
#[derive(Debug, Clone, Copy)]
pub struct Style<'s> {
    /// Of the user flow; `None` for one without, and for a mail about requests of several.
    pub policy: Option<&'s Policy>,
    pub language: Language,
    /// The sender and the address for answers of user flows whose policy names none.
    pub from: &'s Mailbox,
    pub reply_to: Option<&'s Mailbox>,
}

/// A request that approvers are asked to look at.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'w> {
    pub call: Call,
    pub request: &'w ApprovalRequest,
    pub link: &'w str,
}

/// Writes notices.
#[derive(Debug, Default)]
pub struct NoticeWriter {
    texts: NoticeTexts,
}

/// A part of a mail, in both of its forms.
enum Block {
    Heading(String),
    Paragraph(String),
    /// What a person wrote.
    Quote(String),
    Link {
        text: String,
        url: String,
    },
    /// Each with what it is called.
    Facts(Vec<(String, String)>),
}

impl NoticeWriter {
    /// `message` is what the approver says, and `link` leads to the page of the request.
    pub fn to_applicant(
        &self,
        style: Style<'_>,
        tidings: Tidings,
        message: Option<&str>,
        link: &str,
    ) -> Letter {
        let name = tidings.name();
        let text = |code: &str| self.text(style, code);
        let mut body = vec![Block::Paragraph(text(&format!("notice-{name}-text")))];
        if let Some(message) = message {
            body.push(Block::Paragraph(text("notice-denied-message")));
            body.push(Block::Quote(message.to_owned()));
        }
        body.push(Block::Link {
            text: text("notice-status"),
            url: link.to_owned(),
        });
        let subject = text(&format!("notice-{name}-subject"));
        letter(style, subject, &body, &text("notice-why"))
    }

    /// One mail about all of them. It names no applicant: a mail leaves the deployment.
    pub fn to_approver(&self, style: Style<'_>, waiting: &[Waiting<'_>]) -> Letter {
        let mut body = Vec::new();
        for call in Call::ALL {
            let mut its = waiting.iter().filter(|one| one.call == call).peekable();
            if its.peek().is_some() {
                let heading = self.text(style, &format!("notice-{}", call.name()));
                body.push(Block::Heading(heading));
            }
            body.extend(its.flat_map(|one| self.request(style, *one)));
        }
        let subject = self.text(style, "notice-approvers-subject");
        let why = self.text(style, "notice-approvers-why");
        letter(style, subject, &body, &why)
    }

    fn request(&self, style: Style<'_>, waiting: Waiting<'_>) -> [Block; 2] {
        let request = waiting.request;
        let flow = request.user_flow.as_ref().map(UserFlow::as_str);
        let facts = [
            ("notice-domain", request.domain.as_deref().unwrap_or("–")),
            ("notice-flow", flow.unwrap_or("*")),
            // Microsoft Entra and Microsoft accounts name no provider.
            (
                "notice-provider",
                request.provider.as_deref().unwrap_or("microsoft"),
            ),
            ("notice-asked-by", &request.asked_by),
            ("notice-since", &minute(request.created_at)),
        ];
        let facts = facts.map(|(code, value)| (self.text(style, code), value.to_owned()));
        let link = Block::Link {
            text: self.text(style, "notice-open"),
            url: waiting.link.to_owned(),
        };
        [Block::Facts(facts.into()), link]
    }

    fn text(&self, style: Style<'_>, code: &str) -> String {
        let policy = style.policy;
        let own = policy.and_then(|policy| policy.messages.text(code, style.language));
        own.map_or_else(|| self.texts.text(style.language, code), str::to_owned)
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn letter(style: Style<'_>, subject: String, body: &[Block], why: &str) -> Letter {
    let own = style.policy.map(|policy| &policy.mail);
    let from = own.and_then(|own| own.from.as_ref()).unwrap_or(style.from);
    let reply_to = own.and_then(|own| own.reply_to.as_ref());
    let value = |place: &str| match place {
        "language" => style.language.tag().to_owned(),
        "application" => application(None, from),
        "subject" => subject.clone(),
        _ => why.to_owned(),
    };
    let html = fill(HTML, |place| match place {
        "body" => body.iter().map(Block::html).collect(),
        other => escaped(&value(other)),
    });
    let text = fill(TEXT, |place| match place {
        "body" => body.iter().map(Block::text).collect(),
        other => value(other),
    });
    Letter {
        from: from.clone(),
        reply_to: reply_to.or(style.reply_to).cloned(),
        subject,
        html,
        text,
    }
}

impl Block {
    fn html(&self) -> String {
        match self {
            Self::Heading(text) => format!(
                "<h2 style=\"margin: 24px 0 8px; font-size: 18px; line-height: 1.3;\">{}</h2>\n",
                escaped(text)
            ),
            Self::Paragraph(text) => {
                format!("<p style=\"margin: 0 0 16px;\">{}</p>\n", escaped(text))
            }
            Self::Quote(text) => format!(
                "<p class=\"quote\" style=\"margin: 0 0 16px; padding: 16px; border-radius: 8px; background: #eef0f4; \
                 color: #0b0c0e; white-space: pre-line;\">{}</p>\n",
                escaped(text)
            ),
            Self::Link { text, url } => format!(
                "<p style=\"margin: 0 0 16px;\"><a href=\"{}\" style=\"color: #0b57d0;\">{}</a></p>\n",
                escaped(url),
                escaped(text)
            ),
            Self::Facts(facts) => {
                let facts = facts.iter();
                let lines =
                    facts.map(|(name, value)| format!("{}: {}", escaped(name), escaped(value)));
                let lines = lines.collect::<Vec<_>>().join("<br>\n");
                format!("<p style=\"margin: 0 0 4px;\">{lines}</p>\n")
            }
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Heading(text) => format!("== {text} ==\n\n"),
            Self::Paragraph(text) => format!("{text}\n\n"),
            Self::Quote(text) => {
                let lines = text.lines().map(|line| format!("> {line}\n"));
                lines.chain(["\n".to_owned()]).collect()
            }
            Self::Link { text, url } => format!("{text}:\n{url}\n\n"),
            Self::Facts(facts) => {
                let facts = facts.iter();
                let lines = facts.map(|(name, value)| format!("{name}: {value}"));
                lines.chain([String::new()]).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{compile, document::Document};

    fn style<'s>(policy: Option<&'s Policy>, from: &'s Mailbox, language: Language) -> Style<'s> {
        Style {
            policy,
            language,
            from,
            reply_to: None,
        }
    }

    fn contoso() -> Mailbox {
        Mailbox::parse("Contoso <no-reply@contoso.com>").unwrap()
    }

    #[test]
    fn applicants_are_told_in_every_language() {
        let (writer, from) = (NoticeWriter::default(), contoso());
        let link = "https://approvals.contoso.com/application/a.b-c_d";
        for language in Language::ALL {
            for tidings in Tidings::ALL {
                let style = style(None, &from, language);
                let letter = writer.to_applicant(style, tidings, None, link);
                let tag = format!("<html lang=\"{}\">", language.tag());
                assert!(letter.html.contains(&tag), "{}", letter.html);
                assert!(letter.html.contains(&format!("<a href=\"{link}\"")));
                assert!(letter.text.contains(&format!("\n{link}\n")));
                for part in [&letter.subject, &letter.html, &letter.text] {
                    assert!(!part.contains("notice-"), "{language}: {part}");
                }
                for place in ["{body}", "{why}", "{subject}", "{application}"] {
                    assert!(!letter.html.contains(place) && !letter.text.contains(place));
                }
            }
        }
    }

    #[test]
    fn what_an_approver_wrote_is_text_and_never_a_template() {
        let message = "<script>alert(1)</script>\n{why} \"quoted\"";
        let (writer, from) = (NoticeWriter::default(), contoso());
        let style = style(None, &from, Language::English);
        let letter = writer.to_applicant(style, Tidings::Denied, Some(message), "https://a");
        assert!(!letter.html.contains("<script"), "{}", letter.html);
        let escaped = "&lt;script&gt;alert(1)&lt;/script&gt;\n{why} &quot;quoted&quot;";
        assert!(letter.html.contains(escaped), "{}", letter.html);
        let quoted = "> <script>alert(1)</script>\n> {why} \"quoted\"\n";
        assert!(letter.text.contains(quoted), "{}", letter.text);
    }

    #[test]
    fn a_policy_has_its_own_words_and_sender() {
        let document: Document = toml::from_str(
            r#"
            default = "allow"
            [mail]
            from = "Fabrikam <hello@fabrikam.com>"
            [message.notice-received-text]
            en = "Ahoy & welcome."
            "#,
        )
        .unwrap();
        let (policy, from) = (compile(&document).unwrap(), contoso());
        let style = style(Some(&policy), &from, Language::English);
        let writer = NoticeWriter::default();
        let letter = writer.to_applicant(style, Tidings::Received, None, "https://a");
        assert_eq!(letter.from.address.as_str(), "hello@fabrikam.com");
        assert!(letter.html.contains("Ahoy &amp; welcome."));
        assert!(letter.text.starts_with("Fabrikam\n\nAhoy & welcome."));
        assert!(letter.html.contains("<p class=\"small\""));
    }
}
