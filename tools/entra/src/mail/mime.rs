//! What a message source says (RFC 5322, MIME).

use mail_parser::{Addr, Address, Message, MessageParser, PartType};

use super::Content;

/// Reads a message; the recipients are those of `To`, `Cc` and `Bcc`. Nothing without a single header.
pub(super) fn read(source: &[u8]) -> Option<Content> {
    let message = MessageParser::default().parse(source)?;
    let recipients = [message.to(), message.cc(), message.bcc()];
    Some(Content {
        from: message
            .from()
            .and_then(Address::first)
            .map(shown)
            .unwrap_or_default(),
        to: recipients
            .into_iter()
            .flatten()
            .flat_map(addresses)
            .collect(),
        subject: message.subject().unwrap_or_default().to_owned(),
        text: text(&message),
        html: html(&message),
        headers: headers(&message),
        source: Some(String::from_utf8_lossy(source).into_owned()),
    })
}

fn shown(sender: &Addr<'_>) -> String {
    let address = sender.address().unwrap_or_default();
    match sender.name() {
        Some(name) => format!("{name} <{address}>"),
        None => address.to_owned(),
    }
}

fn addresses<'m>(field: &'m Address<'_>) -> impl Iterator<Item = String> + 'm {
    field.iter().filter_map(Addr::address).map(str::to_owned)
}

/// The parser counts an HTML part as text when there is no other; here it is not one.
fn text(message: &Message<'_>) -> Option<String> {
    message.text_bodies().find_map(|part| match &part.body {
        PartType::Text(text) => Some(text.clone().into_owned()),
        _ => None,
    })
}

fn html(message: &Message<'_>) -> Option<String> {
    message.html_bodies().find_map(|part| match &part.body {
        PartType::Html(html) => Some(html.clone().into_owned()),
        _ => None,
    })
}

fn headers(message: &Message<'_>) -> Vec<(String, String)> {
    let headers = message.headers_raw();
    headers
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SOURCE: &str = "From: =?utf-8?q?Contoso_f=C3=B6r_partners?= <no-reply@contoso.example>\r\n\
        To: John Smith <johnsmith@fabrikam.com>\r\n\
        Cc: a@example.com, b@example.com\r\n\
        Subject: =?utf-8?b?R29kIG1vcmdvbiDigJMg?=\r\n =?utf-8?q?nu?=\r\n\
        X-Folded: one\r\n two\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=b\r\n\
        \r\n\
        --b\r\n\
        Content-Type: text/plain; charset=iso-8859-1\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\
        \r\n\
        God morgon, bj=F6rn!\r\n\
        --b\r\n\
        Content-Type: text/html; charset=utf-8\r\n\
        Content-Transfer-Encoding: base64\r\n\
        \r\n\
        PHA+R29kIG1vcmdvbjwvcD4=\r\n\
        --b--\r\n";

    #[test]
    fn headers_and_parts_are_decoded() {
        let content = read(SOURCE.as_bytes()).unwrap();
        assert_eq!(
            content.from,
            "Contoso för partners <no-reply@contoso.example>"
        );
        assert_eq!(
            content.to,
            ["johnsmith@fabrikam.com", "a@example.com", "b@example.com"]
        );
        assert_eq!(content.subject, "God morgon – nu");
        assert_eq!(content.text.unwrap().trim_end(), "God morgon, björn!");
        assert_eq!(content.html.unwrap(), "<p>God morgon</p>");
        let folded = ("X-Folded".to_owned(), "one\r\n two".to_owned());
        assert!(content.headers.contains(&folded), "{:?}", content.headers);
        assert_eq!(content.source.unwrap(), SOURCE);
    }

    #[test]
    fn html_alone_is_no_text() {
        let content = read(b"Content-Type: text/html\r\n\r\n<p>x</p>\r\n").unwrap();
        assert_eq!(content.text, None);
        assert_eq!(content.html.unwrap().trim_end(), "<p>x</p>");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read(source in prop::collection::vec(any::<u8>(), 0..2_000)) {
            read(&source);
        }

        /// Bytes alone seldom look like MIME; a message with a piece cut out or doubled does.
        #[test]
        fn a_mangled_message_is_read(
            cut in any::<prop::sample::Index>(),
            length in 0_usize..80,
            noise in prop::collection::vec(any::<u8>(), 0..8),
        ) {
            let mut source = SOURCE.as_bytes().to_vec();
            let start = cut.index(source.len());
            let end = (start + length).min(source.len());
            source.splice(start..end, noise);
            read(&source);
        }
    }
}
