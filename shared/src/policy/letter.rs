//! How mails are laid out: the built-in frame, what stands in it, and templates that take its place.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::domain::mail::Mailbox;

/// Longest template, in octets. Mail programs cut what is longer than about 100 KB.
const MAX_OCTETS: usize = 64 * 1024;

const HTML: &str = include_str!("letter.html");
const TEXT: &str = include_str!("letter.txt");

/// A mail without its recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub subject: String,
    pub html: String,
    pub text: String,
}

impl fmt::Debug for Letter {
    /// It may have a code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter(…)")
    }
}

// --- templates

/// What can stand in braces in a template, and what has to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'p> {
    pub(super) known: &'p [&'static str],
    pub(super) needed: &'p [Need],
}

/// What a mail is of no use without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The places that meet it, each by itself.
    pub(super) any_of: &'static [&'static str],
    pub(super) without: &'static str,
}

impl Need {
    fn is_met(&self, source: &str) -> bool {
        let mut stands = places(source).map(|(_, name)| name);
        stands.any(|name| self.any_of.contains(&name))
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { any_of, without } = self;
        write!(
            f,
            "`{{{}}}`, without which {without}",
            any_of.join("}` or `{")
        )
    }
}

/// A template whose places are all known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template(String);

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    #[error("found {0} octets, expected at most {MAX_OCTETS}")]
    TooLong(usize),
    #[error("expected {0}")]
    Without(Need),
    /// `offset` is in octets.
    #[error("found `{{{found}}}`")]
    UnknownPlace { offset: usize, found: String },
}

impl Template {
    /// Braces around anything but lower-case letters and `-` are text, as in a style sheet.
    pub(super) fn parse(source: &str, expected: Places<'_>) -> Result<Self, TemplateFault> {
        if source.len() > MAX_OCTETS {
            return Err(TemplateFault::TooLong(source.len()));
        }
        let unknown = places(source).find(|(_, name)| !expected.known.contains(name));
        if let Some((offset, found)) = unknown {
            let found = found.to_owned();
            return Err(TemplateFault::UnknownPlace { offset, found });
        }
        let mut needed = expected.needed.iter();
        match needed.find(|need| !need.is_met(source)) {
            Some(need) => Err(TemplateFault::Without(*need)),
            None => Ok(Self(source.to_owned())),
        }
    }
}

/// The places of a template with their offsets.
pub(super) fn places(source: &str) -> impl Iterator<Item = (usize, &str)> {
    let opened = source.match_indices('{');
    opened.filter_map(|(offset, _)| {
        let (name, _) = source.get(offset + 1..)?.split_once('}')?;
        let is_name = |c: char| c.is_ascii_lowercase() || c == '-';
        (!name.is_empty() && name.chars().all(is_name)).then_some((offset, name))
    })
}

/// Fills the places in one pass, so that no value is taken for a template.
fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
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

// --- writing

/// The templates of a mail; a part without one is built in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Layout<'l> {
    pub(super) html: Option<&'l Template>,
    pub(super) text: Option<&'l Template>,
}

/// Whom a mail is from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender<'s> {
    pub(super) from: &'s Mailbox,
    reply_to: Option<&'s Mailbox>,
}

impl<'s> Sender<'s> {
    /// As the policy says, else the usual one.
    pub(super) fn of(
        policy: Option<&'s Policy>,
        from: &'s Mailbox,
        reply_to: Option<&'s Mailbox>,
    ) -> Self {
        let own = policy.map(|policy| &policy.mail);
        Self {
            from: own.and_then(|own| own.from.as_ref()).unwrap_or(from),
            reply_to: own.and_then(|own| own.reply_to.as_ref()).or(reply_to),
        }
    }

    /// `value` is what stands in a place.
    pub(super) fn letter<'v>(
        self,
        layout: Layout<'_>,
        subject: String,
        value: impl Fn(&str) -> Value<'v>,
    ) -> Letter {
        let html = layout.html.map_or(HTML, |own| &own.0);
        let text = layout.text.map_or(TEXT, |own| &own.0);
        Letter {
            from: self.from.clone(),
            reply_to: self.reply_to.cloned(),
            subject,
            html: fill(html, |place| value(place).html()),
            text: fill(text, |place| value(place).text()),
        }
    }
}

/// What stands in a place of a template.
pub(super) enum Value<'v> {
    Text(String),
    Blocks(&'v [Block]),
}

impl Value<'_> {
    fn html(&self) -> String {
        match self {
            Self::Text(text) => escaped(text),
            Self::Blocks(blocks) => blocks.iter().map(Block::html).collect(),
        }
    }

    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Blocks(blocks) => blocks.iter().map(Block::text).collect(),
        }
    }
}

/// A part of a mail, in both of its forms.
pub(super) enum Block {
    Heading(String),
    Paragraph(String),
    /// A one-time code.
    Code(String),
    /// What a person wrote.
    Quote(String),
    Link {
        text: String,
        url: String,
    },
    /// Each with what it is called.
    Facts(Vec<(String, String)>),
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
            Self::Code(code) => boxed(
                "text-align: center; font: bold 32px/1.3 ui-monospace, Consolas, Menlo, monospace; \
                 letter-spacing: 0.15em;",
                code,
            ),
            Self::Quote(text) => boxed("white-space: pre-line;", text),
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
            Self::Code(code) => format!("    {code}\n\n"),
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

fn boxed(style: &str, text: &str) -> String {
    format!(
        "<p class=\"box\" style=\"margin: 0 0 16px; padding: 16px; border-radius: 8px; background: #eef0f4; \
         color: #0b0c0e; {style}\">{}</p>\n",
        escaped(text)
    )
}

fn escaped(text: &str) -> String {
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

    const LINK: Need = Need {
        any_of: &["link", "body"],
        without: "nobody finds the page",
    };

    const PLACES: Places<'_> = Places {
        known: &["link", "body", "why"],
        needed: &[LINK],
    };

    #[rstest]
    #[case::by_one("{why} {link}")]
    #[case::by_another("{body}")]
    #[case::style_sheet("<style>p{color:red}</style>{link} { } {} {")]
    fn a_template_that_has_what_it_needs_is_taken(#[case] source: &str) {
        assert!(Template::parse(source, PLACES).is_ok());
    }

    #[rstest]
    #[case::without("{why}", TemplateFault::Without(LINK))]
    #[case::slip("{body} {lnik}", TemplateFault::UnknownPlace { offset: 7, found: "lnik".to_owned() })]
    fn a_template_that_cannot_work_is_refused(
        #[case] source: &str,
        #[case] expected: TemplateFault,
    ) {
        assert_eq!(Template::parse(source, PLACES), Err(expected));
    }

    #[test]
    fn what_is_missing_is_told_with_why() {
        let told = TemplateFault::Without(LINK).to_string();
        assert_eq!(
            told,
            "expected `{link}` or `{body}`, without which nobody finds the page"
        );
    }

    #[test]
    fn a_template_has_a_bound() {
        let source = format!("{{link}}{}", " ".repeat(MAX_OCTETS));
        let fault = Template::parse(&source, PLACES).unwrap_err();
        assert_eq!(fault, TemplateFault::TooLong(source.len()));
    }
}
