use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// The replies to commands, without their texts.
fn codes(session: &mut Session, lines: &[&str]) -> Vec<String> {
    let code = |line: &&str| match session.line(format!("{line}\r\n").as_bytes()) {
        Reaction::Reply(reply) | Reaction::Close(reply) => reply.chars().take(3).collect(),
        Reaction::Silence => "-".to_owned(),
        Reaction::Message(_) => "message".to_owned(),
    };
    lines.iter().map(code).collect()
}

fn greeted() -> Session {
    let mut session = Session::default();
    assert_eq!(codes(&mut session, &["EHLO client.example"]), ["250"]);
    session
}

/// A session that waits for the text of a message.
fn in_text() -> Session {
    let mut session = greeted();
    let lines = [
        "MAIL FROM:<a@example.com>",
        "RCPT TO:<b@example.com>",
        "DATA",
    ];
    assert_eq!(codes(&mut session, &lines), ["250", "250", "354"]);
    session
}

#[test]
fn a_message_is_taken_with_its_envelope() {
    let mut session = greeted();
    let lines = [
        "mail from:<a@example.com> SIZE=1000 body=8bitmime",
        "RCPT TO:<b@example.com>",
        "rcpt to:<c@example.com>",
        "DATA",
        "Subject: x",
        "",
        "..",
    ];
    assert_eq!(
        codes(&mut session, &lines),
        ["250", "250", "250", "354", "-", "-", "-"]
    );
    assert_eq!(
        session.line(b".\r\n"),
        Reaction::Message(Envelope {
            sender: "a@example.com".to_owned(),
            recipients: vec!["b@example.com".to_owned(), "c@example.com".to_owned()],
            source: b"Subject: x\r\n\r\n.\r\n".to_vec(),
        })
    );
    // The next one starts anew.
    assert_eq!(
        codes(&mut session, &["DATA", "MAIL FROM:<>", "QUIT"]),
        ["503", "250", "221"]
    );
}

#[rstest]
#[case::no_greeting(&["MAIL FROM:<a@example.com>"], "503")]
#[case::a_greeting_without_a_name(&["EHLO"], "501")]
#[case::no_sender(&["EHLO x", "RCPT TO:<b@example.com>"], "503")]
#[case::two_senders(&["EHLO x", "MAIL FROM:<a@example.com>", "MAIL FROM:<a@example.com>"], "503")]
#[case::no_recipient(&["EHLO x", "MAIL FROM:<a@example.com>", "DATA"], "503")]
#[case::reset(&["EHLO x", "MAIL FROM:<a@example.com>", "RSET", "RCPT TO:<b@example.com>"], "503")]
#[case::greeted_again(&["EHLO x", "MAIL FROM:<a@example.com>", "HELO x", "RCPT TO:<b@example.com>"], "503")]
#[case::no_brackets(&["EHLO x", "MAIL FROM:a@example.com"], "501")]
#[case::an_open_bracket(&["EHLO x", "MAIL FROM:<a@example.com"], "501")]
#[case::glued_parameters(&["EHLO x", "MAIL FROM:<a@example.com>SIZE=1"], "501")]
#[case::an_unknown_parameter(&["EHLO x", "MAIL FROM:<a@example.com> HOLDFOR=1"], "555")]
#[case::no_address(&["EHLO x", "MAIL FROM:<a>"], "553")]
#[case::nobody(&["EHLO x", "MAIL FROM:<>", "RCPT TO:<>"], "553")]
#[case::a_quoted_bracket(&["EHLO x", "MAIL FROM:<\"a>\\\"b\"@example.com>"], "250")]
#[case::a_large_message(&["EHLO x", "MAIL FROM:<a@example.com> SIZE=1048577"], "552")]
#[case::the_largest_message(&["EHLO x", "MAIL FROM:<a@example.com> SIZE=1048576"], "250")]
#[case::a_size_that_is_none(&["EHLO x", "MAIL FROM:<a@example.com> SIZE=-1"], "501")]
#[case::ascii_only(&["EHLO x", "MAIL FROM:<jörg@example.com>"], "553")]
#[case::international(&["EHLO x", "MAIL FROM:<jörg@example.com> SMTPUTF8"], "250")]
#[case::international_recipient(&["EHLO x", "MAIL FROM:<> SMTPUTF8", "RCPT TO:<jörg@example.com>"], "250")]
#[case::unknown(&["EHLO x", "BDAT 10"], "500")]
#[case::empty(&[""], "500")]
#[case::noop(&["NOOP anything"], "250")]
fn the_last_reply(#[case] lines: &[&str], #[case] expected: &str) {
    assert_eq!(
        codes(&mut Session::default(), lines).pop().unwrap(),
        expected
    );
}

#[rstest]
#[case::plain(&["AUTH PLAIN AGEAYg=="], &["235"])]
#[case::plain_asked(&["AUTH PLAIN", "AGEAYg=="], &["334", "235"])]
#[case::login(&["auth login", "YQ==", "Yg=="], &["334", "334", "235"])]
#[case::login_with_a_name(&["AUTH LOGIN YQ==", "Yg=="], &["334", "235"])]
#[case::an_empty_credential(&["AUTH PLAIN ="], &["235"])]
#[case::twice(&["AUTH PLAIN =", "AUTH PLAIN ="], &["235", "503"])]
#[case::not_base64(&["AUTH PLAIN", "a?", "NOOP"], &["334", "501", "250"])]
#[case::cancelled(&["AUTH LOGIN", "*", "NOOP"], &["334", "501", "250"])]
#[case::unknown(&["AUTH CRAM-MD5"], &["504"])]
#[case::during_a_mail(&["MAIL FROM:<>", "AUTH PLAIN ="], &["250", "503"])]
fn authentication(#[case] lines: &[&str], #[case] expected: &[&str]) {
    assert_eq!(codes(&mut greeted(), lines), expected);
}

#[test]
fn a_message_has_up_to_100_recipients() {
    let mut session = greeted();
    codes(&mut session, &["MAIL FROM:<>"]);
    let replies = codes(&mut session, &["RCPT TO:<b@example.com>"; 101]);
    assert_eq!(replies.iter().filter(|code| *code == "250").count(), 100);
    assert_eq!(replies.last().unwrap(), "452");
}

#[test]
fn somebody_who_only_makes_errors_is_sent_away() {
    let mut session = Session::default();
    for _ in 0..MAX_ERRORS {
        assert_eq!(session.line(b"WHAT\r\n"), Reaction::Reply(UNKNOWN));
    }
    assert_eq!(session.line(b"WHAT\r\n"), Reaction::Close(TOO_MANY_ERRORS));
}

#[rstest]
#[case::too_long(vec![b'x'; MAX_COMMAND_OCTETS + 1], LINE_TOO_LONG)]
#[case::line_feed(b"NOOP\n".to_vec(), LINE_END)]
#[case::carriage_return(b"NOOP\rQUIT\r\n".to_vec(), LINE_END)]
#[case::not_utf8(b"NOOP \xff\r\n".to_vec(), NOT_UTF8)]
fn a_line_of_a_command_has_its_limits(#[case] line: Vec<u8>, #[case] expected: &'static str) {
    assert_eq!(Session::default().line(&line), Reaction::Reply(expected));
}

#[rstest]
#[case::too_long(vec![[vec![b'x'; MAX_TEXT_OCTETS - 1], b"\r\n".to_vec()].concat()], TEXT_TOO_LONG)]
#[case::line_feed(vec![b"x\n".to_vec()], TEXT_END)]
#[case::an_end_that_is_none(vec![b".\n".to_vec(), b"MAIL FROM:<a@example.com>\r\n".to_vec()], TEXT_END)]
#[case::carriage_return(vec![b"x\r.\r\n".to_vec()], TEXT_END)]
#[case::too_large(vec![[vec![b'x'; 998], b"\r\n".to_vec()].concat(); 1_049], TOO_LARGE)]
fn a_message_has_its_limits(#[case] lines: Vec<Vec<u8>>, #[case] expected: &'static str) {
    let mut session = in_text();
    for line in lines {
        assert_eq!(session.line(&line), Reaction::Silence);
    }
    assert_eq!(session.line(b".\r\n"), Reaction::Reply(expected));
    assert_eq!(
        codes(&mut session, &["MAIL FROM:<>"]),
        ["250"],
        "the session goes on"
    );
}

#[test]
fn the_longest_lines_and_the_largest_message_are_taken() {
    let mut session = in_text();
    let line = [vec![b'x'; MAX_TEXT_OCTETS - 2], b"\r\n".to_vec()].concat();
    for _ in 0..MAX_MESSAGE_OCTETS / MAX_TEXT_OCTETS {
        assert_eq!(session.line(&line), Reaction::Silence);
    }
    assert!(matches!(session.line(b".\r\n"), Reaction::Message(_)));
}

/// Lines that lead somewhere, and lines of anything.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let sensible = prop::sample::select(vec![
        "EHLO x",
        "HELO x",
        "MAIL FROM:<a@example.com>",
        "MAIL FROM:<> SMTPUTF8",
        "RCPT TO:<b@example.com>",
        "RCPT TO:<\"b>\"@example.com>",
        "DATA",
        ".",
        "..",
        "RSET",
        "NOOP",
        "AUTH PLAIN",
        "AUTH LOGIN",
        "AA==",
        "*",
        "",
    ]);
    let ended = |line: &str| format!("{line}\r\n").into_bytes();
    prop_oneof![
        8 => sensible.prop_map(ended),
        1 => "(?s)(MAIL FROM:|RCPT TO:|AUTH )?<?.{0,20}>?.{0,10}".prop_map(move |line| ended(&line)),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_is_answered(input in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let mut session = Session::default();
        for line in input.split_inclusive(|octet| *octet == b'\n') {
            session.line(line);
        }
    }

    #[test]
    fn replies_are_replies_and_messages_have_recipients(lines in prop::collection::vec(line(), 0..60)) {
        let mut session = Session::default();
        for line in lines {
            match session.line(&line) {
                Reaction::Silence => {}
                Reaction::Reply(reply) | Reaction::Close(reply) => {
                    prop_assert!(!reply.ends_with("\r\n"));
                    let last = reply.rsplit("\r\n").next().unwrap();
                    prop_assert!(last.as_bytes()[..3].iter().all(u8::is_ascii_digit));
                    prop_assert_eq!(last.as_bytes()[3], b' ');
                }
                Reaction::Message(envelope) => {
                    prop_assert!(!envelope.recipients.is_empty());
                    prop_assert!(envelope.source.len() <= MAX_MESSAGE_OCTETS);
                }
            }
        }
    }

    #[test]
    fn a_stuffed_message_arrives_as_it_was(
        lines in prop::collection::vec("[^\r\n]{0,30}|\\.{1,3}[a-z]{0,2}", 0..20),
    ) {
        let mut session = in_text();
        for line in &lines {
            let stuffing = if line.starts_with('.') { "." } else { "" };
            prop_assert_eq!(session.line(format!("{stuffing}{line}\r\n").as_bytes()), Reaction::Silence);
        }
        let Reaction::Message(envelope) = session.line(b".\r\n") else {
            return Err(TestCaseError::fail("no message"));
        };
        let sent: String = lines.iter().flat_map(|line| [line.as_str(), "\r\n"]).collect();
        prop_assert_eq!(envelope.source, sent.as_bytes());
    }

    #[test]
    fn paths_never_panic(arguments in "(?s)(from:)?[ <>\"\\\\a@é]{0,12}") {
        path(&arguments, "FROM:");
    }
}
