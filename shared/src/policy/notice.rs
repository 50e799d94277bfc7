//! Mails about approval requests, to applicants and to approvers, in the words of the policy where it has some.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Policy,
    document::NoticeKind,
    letter::{Block, Layout, Letter, Need, Sender, Template, Value},
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

/// What every template has.
const PLACES: [&str; 5] = ["language", "application", "subject", "body", "why"];

/// What templates of mails to applicants have besides.
const PLACES_FOR_APPLICANTS: [&str; 6] = [
    "text",
    "since",
    "message-title",
    "message",
    "status",
    "link",
];

const LINK: Need = Need {
    any_of: &["link", "body"],
    without: "applicants do not find their page",
};
const MESSAGE: Need = Need {
    any_of: &["message", "body"],
    without: "applicants do not read what the approver writes to them",
};
const REQUESTS: Need = Need {
    any_of: &["body"],
    without: "approvers do not see what waits",
};

/// What stands in a template that is of all these kinds.
pub(super) fn known_places(kinds: &BTreeSet<NoticeKind>) -> Vec<&'static str> {
    let mut known = PLACES.to_vec();
    if !kinds.contains(&NoticeKind::Approvers) {
        known.extend(PLACES_FOR_APPLICANTS);
    }
    known
}

/// What a template of these kinds is of no use without.
pub(super) fn needs(kinds: &BTreeSet<NoticeKind>) -> Vec<Need> {
    let of = |kind: &NoticeKind| -> &'static [Need] {
        match kind {
            NoticeKind::Approvers => &[REQUESTS],
            NoticeKind::Denied => &[LINK, MESSAGE],
            NoticeKind::Received | NoticeKind::Approved | NoticeKind::Expired => &[LINK],
        }
    };
    kinds.iter().flat_map(of).copied().collect()
}

/// What a policy has in place of the built-in frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NoticeTemplate {
    pub(super) kinds: BTreeSet<NoticeKind>,
    pub(super) languages: Vec<Language>,
    pub(super) html: Option<Template>,
    pub(super) text: Option<Template>,
}

impl NoticeTemplate {
    fn is_for(&self, kind: NoticeKind, language: Language) -> bool {
        self.kinds.contains(&kind) && self.languages.contains(&language)
    }
}

impl From<Tidings> for NoticeKind {
    fn from(tidings: Tidings) -> Self {
        match tidings {
            Tidings::Received => Self::Received,
            Tidings::Approved => Self::Approved,
            Tidings::Denied => Self::Denied,
            Tidings::Expired => Self::Expired,
        }
    }
}

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

impl Style<'_> {
    /// Of several templates the first that fits, for each part by itself.
    fn layout(&self, kind: NoticeKind) -> Layout<'_> {
        let own = self.policy.map(|policy| policy.notice_templates.as_slice());
        let own = own.unwrap_or_default().iter();
        let mut own = own.filter(|template| template.is_for(kind, self.language));
        Layout {
            html: own.clone().find_map(|template| template.html.as_ref()),
            text: own.find_map(|template| template.text.as_ref()),
        }
    }
}

/// What an applicant is told.
#[derive(Debug, Clone, Copy)]
pub struct News<'n> {
    pub tidings: Tidings,
    /// When the request was made.
    pub since: Timestamp,
    /// What the approver writes to the applicant.
    pub message: Option<&'n str>,
    /// Leads to the page of the request.
    pub link: &'n str,
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

impl NoticeWriter {
    pub fn to_applicant(&self, style: Style<'_>, news: News<'_>) -> Letter {
        let name = news.tidings.name();
        let subject = self.text(style, &format!("notice-{name}-subject"));
        let text = self.text(style, &format!("notice-{name}-text"));
        let status = self.text(style, "notice-status");
        let message = news
            .message
            .map(|message| (self.text(style, "notice-denied-message"), message));
        let body = told(&text, message.as_ref(), &status, news.link);
        let (title, message) = message.unwrap_or_default();
        letter(
            style,
            news.tidings.into(),
            &subject,
            &body,
            |place| match place {
                "text" => text.clone(),
                "since" => minute(news.since),
                "message-title" => title.clone(),
                "message" => message.to_owned(),
                "status" => status.clone(),
                "link" => news.link.to_owned(),
                _ => self.text(style, "notice-why"),
            },
        )
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
        letter(style, NoticeKind::Approvers, &subject, &body, |_| {
            self.text(style, "notice-approvers-why")
        })
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

/// What an applicant reads in the built-in frame; a message comes with its title.
fn told(text: &str, message: Option<&(String, &str)>, status: &str, link: &str) -> Vec<Block> {
    let message = message.into_iter().flat_map(|(title, message)| {
        [
            Block::Paragraph(title.clone()),
            Block::Quote((*message).to_owned()),
        ]
    });
    let link = Block::Link {
        text: status.to_owned(),
        url: link.to_owned(),
    };
    let text = Block::Paragraph(text.to_owned());
    [text].into_iter().chain(message).chain([link]).collect()
}

/// `further` is what stands in the places that not every notice has, and in `why`.
fn letter(
    style: Style<'_>,
    kind: NoticeKind,
    subject: &str,
    body: &[Block],
    further: impl Fn(&str) -> String,
) -> Letter {
    let sender = Sender::of(style.policy, style.from, style.reply_to);
    let value = |place: &str| match place {
        "language" => Value::Text(style.language.tag().to_owned()),
        "application" => Value::Text(sender.from.told().to_owned()),
        "subject" => Value::Text(subject.to_owned()),
        "body" => Value::Blocks(body),
        other => Value::Text(further(other)),
    };
    sender.letter(style.layout(kind), subject.to_owned(), value)
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

    const PAGE: &str = "https://approvals.contoso.com/application/a.b-c_d";

    fn news(tidings: Tidings, message: Option<&str>) -> News<'_> {
        News {
            tidings,
            since: Timestamp::constant(1_768_478_400, 0),
            message,
            link: PAGE,
        }
    }

    fn policy(document: &str) -> Policy {
        let document: Document = toml::from_str(document).unwrap();
        compile(&document).unwrap()
    }

    #[test]
    fn applicants_are_told_in_every_language() {
        let (writer, from) = (NoticeWriter::default(), contoso());
        for language in Language::ALL {
            for tidings in Tidings::ALL {
                let style = style(None, &from, language);
                let letter = writer.to_applicant(style, news(tidings, None));
                let tag = format!("<html lang=\"{}\">", language.tag());
                assert!(letter.html.contains(&tag), "{}", letter.html);
                assert!(letter.html.contains(&format!("<a href=\"{PAGE}\"")));
                assert!(letter.text.contains(&format!("\n{PAGE}\n")));
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
        let letter = writer.to_applicant(style, news(Tidings::Denied, Some(message)));
        assert!(!letter.html.contains("<script"), "{}", letter.html);
        let escaped = "&lt;script&gt;alert(1)&lt;/script&gt;\n{why} &quot;quoted&quot;";
        assert!(letter.html.contains(escaped), "{}", letter.html);
        let quoted = "> <script>alert(1)</script>\n> {why} \"quoted\"\n";
        assert!(letter.text.contains(quoted), "{}", letter.text);
    }

    #[test]
    fn a_policy_has_its_own_words_and_sender() {
        let policy = policy(
            r#"
            default = "allow"
            [mail]
            from = "Fabrikam <hello@fabrikam.com>"
            [message.notice-received-text]
            en = "Ahoy & welcome."
            "#,
        );
        let from = contoso();
        let style = style(Some(&policy), &from, Language::English);
        let writer = NoticeWriter::default();
        let letter = writer.to_applicant(style, news(Tidings::Received, None));
        assert_eq!(letter.from.address.as_str(), "hello@fabrikam.com");
        assert!(letter.html.contains("Ahoy &amp; welcome."));
        assert!(letter.text.starts_with("Fabrikam\n\nAhoy & welcome."));
        assert!(letter.html.contains("<p class=\"small\""));
    }

    /// For one kind in one language, for all that applicants get, and for everything.
    const TEMPLATES: &str = r#"
        default = "allow"
        [message.notice-denied-subject]
        en = "Sorry & bye"
        [[notice]]
        kinds = ["denied"]
        languages = ["sv"]
        html = "<p>Hej</p><blockquote title='{subject}'>{message}</blockquote><a href=\"{link}\">{status}</a>"
        [[notice]]
        kinds = ["received", "approved", "denied", "expired"]
        text = "{subject} ({since})\n{text}\n{message-title} {message}\n{link}"
        [[notice]]
        html = "<html lang={language}><h1>{subject}</h1>{body}<hr>{application}: {why}"
        text = "{body}{why}"
    "#;

    #[test]
    fn the_first_template_that_fits_is_taken_for_each_part() {
        let (policy, from) = (policy(TEMPLATES), contoso());
        let writer = NoticeWriter::default();
        let written = |language, tidings, message| {
            let style = style(Some(&policy), &from, language);
            writer.to_applicant(style, news(tidings, message))
        };
        let denied = written(
            Language::Swedish,
            Tidings::Denied,
            Some("<b>Nej</b> {link}"),
        );
        let expected = format!(
            "<p>Hej</p><blockquote title='Din ansökan har inte godkänts'>&lt;b&gt;Nej&lt;/b&gt; {{link}}</blockquote>\
             <a href=\"{PAGE}\">Se hur det går för din ansökan</a>"
        );
        assert_eq!(denied.html, expected);
        let text = &denied.text;
        let start =
            "Din ansökan har inte godkänts (2026-01-15 12:00 UTC)\nDin ansökan om ett konto";
        assert!(text.starts_with(start), "{text}");
        let end = format!("\nDet här skriver organisationen: <b>Nej</b> {{link}}\n{PAGE}");
        assert!(text.ends_with(&end), "{text}");

        let denied = written(Language::English, Tidings::Denied, None);
        assert_eq!(denied.subject, "Sorry & bye");
        let start = "<html lang=en><h1>Sorry &amp; bye</h1><p ";
        assert!(denied.html.starts_with(start), "{}", denied.html);
        let end = "<hr>Contoso: You get this mail because somebody applied for an account with your address. \
                   If it was not you, you can ignore it.";
        assert!(denied.html.ends_with(end), "{}", denied.html);
        let end = format!("\n \n{PAGE}");
        assert!(denied.text.ends_with(&end), "{}", denied.text);
    }

    #[test]
    fn a_template_of_another_language_is_not_taken() {
        let policy = policy(
            r#"
            default = "allow"
            [[notice]]
            languages = ["sv"]
            html = "<p>Hej</p>{body}"
            "#,
        );
        let (writer, from) = (NoticeWriter::default(), contoso());
        let style = style(Some(&policy), &from, Language::English);
        let letter = writer.to_applicant(style, news(Tidings::Expired, None));
        assert!(
            letter.html.contains("<p class=\"small\""),
            "{}",
            letter.html
        );
    }
}
