//! Messages in the forms that mail services take (RFC 5322, RFC 2047).

use lettre::{
    Address, Message as Mime,
    message::{
        Mailbox as MimeMailbox, Mailboxes, MultiPart,
        header::{self, Header, HeaderName, HeaderValue, Headers},
    },
};

use crate::{
    domain::mail::Mailbox,
    ports::mailer::{MailError, Message},
};

/// Answering machines leave such mails alone (RFC 3834).
pub(super) const AUTO_SUBMITTED: (&str, &str) = ("Auto-Submitted", "auto-generated");

#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str(AUTO_SUBMITTED.0)
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), AUTO_SUBMITTED.1.to_owned())
    }
}

/// The whole message.
pub(super) fn message(message: &Message) -> Result<Mime, MailError> {
    let mut builder = Mime::builder()
        .from(mailbox(&message.from)?)
        .to(MimeMailbox::new(None, address(message.to.as_str())?))
        .subject(&message.subject)
        .header(AutoSubmitted);
    if let Some(reply_to) = &message.reply_to {
        builder = builder.reply_to(mailbox(reply_to)?);
    }
    let parts = MultiPart::alternative_plain_html(message.text.clone(), message.html.clone());
    builder
        .multipart(parts)
        .map_err(|_| MailError::Rejected("no message can be made of it".to_owned()))
}

/// A mailbox as it stands in a header, in ASCII.
pub(super) fn encoded(mailbox: &Mailbox) -> Result<String, MailError> {
    let mut headers = Headers::new();
    headers.set(header::From::from(Mailboxes::from(self::mailbox(mailbox)?)));
    let line = headers.to_string();
    let value = line.trim_start_matches("From:").trim();
    Ok(value.replace("\r\n", ""))
}

fn mailbox(mailbox: &Mailbox) -> Result<MimeMailbox, MailError> {
    let address = address(mailbox.address.as_str())?;
    Ok(MimeMailbox::new(mailbox.name.clone(), address))
}

fn address(text: &str) -> Result<Address, MailError> {
    text.parse()
        .map_err(|_| MailError::Rejected("an address that no mail can be sent to".to_owned()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::bare("a@b.example", "a@b.example")]
    #[case::named("Contoso AB <a@b.example>", "\"Contoso AB\" <a@b.example>")]
    #[case::comma(
        "Contoso, Inc. <a@b.example>",
        "=?utf-8?b?Q29udG9zbywgSW5jLg==?= <a@b.example>"
    )]
    #[case::not_ascii(
        "Räksmörgås <a@b.example>",
        "=?utf-8?b?UsOka3Ntw7ZyZ8Olcw==?= <a@b.example>"
    )]
    fn a_sender_is_encoded_as_in_a_header(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(encoded(&Mailbox::parse(text).unwrap()).unwrap(), expected);
    }
}
