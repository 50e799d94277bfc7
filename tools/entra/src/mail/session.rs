//! One SMTP session (RFC 5321), without its connection: lines in, replies out.
//!
//! It is as strict as large providers are where lenience would hide a fault of the sender: lines end with CR LF and
//! nothing else does, and those of a message have their limit.

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{MAX_MESSAGE_OCTETS, address};

/// The longest line of a command, its end included: what AUTH may need (RFC 4954 4).
pub(super) const MAX_COMMAND_OCTETS: usize = 12_288 + 2;

/// The longest line of a message, its end included (RFC 5321 4.5.3.1.6).
const MAX_TEXT_OCTETS: usize = 1_000;

/// How many recipients one message can have: what every server must take (RFC 5321 4.5.3.1.8).
const MAX_RECIPIENTS: usize = 100;

/// After so many commands in vain the connection is closed.
const MAX_ERRORS: usize = 20;

pub(super) const GREETING: &str = "220 localhost ESMTP local simulator of Entra";
pub(super) const TAKEN: &str = "250 2.6.0 taken";
pub(super) const UNAVAILABLE: &str = "451 4.3.0 refused on purpose, try again later";
pub(super) const THROTTLED: &str = "454 4.7.0 Throttling failure: Maximum sending rate exceeded";
pub(super) const IDLE: &str = "421 4.4.2 nothing came for too long";

const HELLO: &str = "250 localhost";
const EXTENSIONS: &str = "250-localhost\r\n250-PIPELINING\r\n250-SIZE 1048576\r\n250-8BITMIME\r\n\
    250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN LOGIN";
const OK: &str = "250 2.0.0 OK";
const BYE: &str = "221 2.0.0 closing";
const TOO_MANY_ERRORS: &str = "421 4.7.0 too many errors, closing";
const GO_ON: &str = "354 end with a line of one dot";
const AUTHENTICATED: &str = "235 2.7.0 any credential is accepted";
const ASK_CREDENTIAL: &str = "334 ";
/// `Username:` and `Password:`.
const ASK_USERNAME: &str = "334 VXNlcm5hbWU6";
const ASK_PASSWORD: &str = "334 UGFzc3dvcmQ6";

const LINE_TOO_LONG: &str = "500 5.5.2 line too long";
const LINE_END: &str = "500 5.5.2 a line ends with CR LF, and has neither of them elsewhere";
const NOT_UTF8: &str = "500 5.5.2 not UTF-8";
const UNKNOWN: &str = "500 5.5.1 command unknown";
const SYNTAX: &str = "501 5.5.4 syntax error in the arguments";
const BASE64: &str = "501 5.5.2 not base64";
const CANCELLED: &str = "501 5.7.0 cancelled";
const MECHANISM: &str = "504 5.5.4 mechanism unknown";
const PARAMETER: &str = "555 5.5.4 parameter unknown";
const SEQUENCE: &str = "503 5.5.1 bad sequence of commands";
const MAILBOX: &str = "553 5.1.3 not an address";
const INTERNATIONAL: &str = "553 5.6.7 the address needs SMTPUTF8";
const RECIPIENTS: &str = "452 4.5.3 too many recipients";
const TOO_LARGE: &str = "552 5.3.4 the message is larger than 1048576 octets";
const TEXT_TOO_LONG: &str = "554 5.6.0 a line of the message is longer than 998 octets";
const TEXT_END: &str =
    "554 5.6.0 a line of the message does not end with CR LF, or has one of them elsewhere";

/// A message and who gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Empty for a notification about a delivery.
    pub sender: String,
    /// At least one.
    pub recipients: Vec<String>,
    /// At most [`MAX_MESSAGE_OCTETS`].
    pub source: Vec<u8>,
}

/// What follows from a line. Replies lack their last CR LF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reaction {
    /// A line of a message.
    Silence,
    Reply(&'static str),
    /// The message is complete, and to be answered with what became of it.
    Message(Envelope),
    /// The last reply; the connection is closed.
    Close(&'static str),
}

/// Where a session stands.
#[derive(Debug, Default)]
pub(super) struct Session {
    greeted: bool,
    authenticated: bool,
    transaction: Option<Transaction>,
    phase: Phase,
    errors: usize,
}

/// What the next line is.
#[derive(Debug, Default)]
enum Phase {
    #[default]
    Command,
    Username,
    /// The only answer of PLAIN, the last one of LOGIN.
    Credential,
    Text(Text),
}

/// A mail that was begun with MAIL.
#[derive(Debug)]
struct Transaction {
    sender: String,
    recipients: Vec<String>,
    /// Whether its addresses may be other than ASCII (RFC 6531).
    international: bool,
}

/// What came of a message so far.
#[derive(Debug, Default)]
struct Text {
    source: Vec<u8>,
    /// The first thing that was wrong with it; nothing more is kept then.
    problem: Option<&'static str>,
}

impl Session {
    /// Takes one line with its end. Of a line that is longer than [`MAX_COMMAND_OCTETS`] the caller may leave out the
    /// rest.
    pub(super) fn line(&mut self, line: &[u8]) -> Reaction {
        if let Phase::Text(text) = &mut self.phase {
            if line != b".\r\n" {
                text.add(line.strip_prefix(b".").unwrap_or(line));
                return Reaction::Silence;
            }
            let text = std::mem::take(text);
            return self.end_of_text(text);
        }
        let reaction = command_line(line).map_or_else(Reaction::Reply, |line| self.answer(line));
        self.count(reaction)
    }

    fn answer(&mut self, line: &str) -> Reaction {
        match std::mem::take(&mut self.phase) {
            Phase::Username => Reaction::Reply(self.username(line)),
            Phase::Credential => Reaction::Reply(self.credential(line)),
            Phase::Command | Phase::Text(_) => self.command(line),
        }
    }

    /// Ends the session of somebody who only makes errors.
    fn count(&mut self, reaction: Reaction) -> Reaction {
        if matches!(reaction, Reaction::Reply(reply) if reply.starts_with('5')) {
            self.errors += 1;
        }
        if self.errors > MAX_ERRORS {
            Reaction::Close(TOO_MANY_ERRORS)
        } else {
            reaction
        }
    }

    fn command(&mut self, line: &str) -> Reaction {
        let (verb, arguments) = line.split_once(' ').unwrap_or((line, ""));
        let arguments = arguments.trim();
        Reaction::Reply(match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.hello(arguments, EXTENSIONS),
            "HELO" => self.hello(arguments, HELLO),
            "AUTH" => self.auth(arguments),
            "MAIL" => self.mail(arguments).unwrap_or_else(|problem| problem),
            "RCPT" => self.recipient(arguments).unwrap_or_else(|problem| problem),
            "DATA" => self.data(arguments),
            "RSET" => {
                self.transaction = None;
                OK
            }
            "NOOP" => OK,
            "VRFY" => "252 2.1.5 send mail and see",
            "QUIT" => return Reaction::Close(BYE),
            _ => UNKNOWN,
        })
    }

    fn hello(&mut self, name: &str, reply: &'static str) -> &'static str {
        if name.is_empty() {
            return SYNTAX;
        }
        self.greeted = true;
        self.transaction = None;
        reply
    }

    /// RFC 4954.
    fn auth(&mut self, arguments: &str) -> &'static str {
        if !self.greeted || self.authenticated || self.transaction.is_some() {
            return SEQUENCE;
        }
        let (mechanism, initial) = arguments.split_once(' ').unwrap_or((arguments, ""));
        match (mechanism.to_ascii_uppercase().as_str(), initial.trim()) {
            ("PLAIN", "") => {
                self.phase = Phase::Credential;
                ASK_CREDENTIAL
            }
            ("PLAIN", initial) => self.credential(initial),
            ("LOGIN", "") => {
                self.phase = Phase::Username;
                ASK_USERNAME
            }
            ("LOGIN", initial) => self.username(initial),
            _ => MECHANISM,
        }
    }

    fn username(&mut self, line: &str) -> &'static str {
        if let Err(problem) = check_response(line) {
            return problem;
        }
        self.phase = Phase::Credential;
        ASK_PASSWORD
    }

    fn credential(&mut self, line: &str) -> &'static str {
        if let Err(problem) = check_response(line) {
            return problem;
        }
        self.authenticated = true;
        AUTHENTICATED
    }

    fn mail(&mut self, arguments: &str) -> Result<&'static str, &'static str> {
        if !self.greeted || self.transaction.is_some() {
            return Err(SEQUENCE);
        }
        let (sender, parameters) = path(arguments, "FROM:").ok_or(SYNTAX)?;
        let mut international = false;
        for parameter in parameters.split_ascii_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name.to_ascii_uppercase().as_str() {
                "SIZE" => check_size(value)?,
                "BODY" if matches_any(value, &["7BIT", "8BITMIME"]) => {}
                "BODY" => return Err(SYNTAX),
                "SMTPUTF8" => international = true,
                "AUTH" => {}
                _ => return Err(PARAMETER),
            }
        }
        if !sender.is_empty() {
            check_mailbox(sender, international)?;
        }
        self.transaction = Some(Transaction {
            sender: sender.to_owned(),
            recipients: Vec::new(),
            international,
        });
        Ok(OK)
    }

    fn recipient(&mut self, arguments: &str) -> Result<&'static str, &'static str> {
        let transaction = self.transaction.as_mut().ok_or(SEQUENCE)?;
        let (recipient, parameters) = path(arguments, "TO:").ok_or(SYNTAX)?;
        if !parameters.is_empty() {
            return Err(PARAMETER);
        }
        check_mailbox(recipient, transaction.international)?;
        if transaction.recipients.len() == MAX_RECIPIENTS {
            return Err(RECIPIENTS);
        }
        transaction.recipients.push(recipient.to_owned());
        Ok(OK)
    }

    fn data(&mut self, arguments: &str) -> &'static str {
        if !arguments.is_empty() {
            return SYNTAX;
        }
        if self
            .transaction
            .as_ref()
            .is_none_or(|one| one.recipients.is_empty())
        {
            return SEQUENCE;
        }
        self.phase = Phase::Text(Text::default());
        GO_ON
    }

    fn end_of_text(&mut self, text: Text) -> Reaction {
        self.phase = Phase::Command;
        match (self.transaction.take(), text.problem) {
            (
                Some(Transaction {
                    sender, recipients, ..
                }),
                None,
            ) => Reaction::Message(Envelope {
                sender,
                recipients,
                source: text.source,
            }),
            (_, problem) => self.count(Reaction::Reply(problem.unwrap_or(SEQUENCE))),
        }
    }
}

impl Text {
    /// Adds a line without the dot that was stuffed before another one (RFC 5321 4.5.2).
    fn add(&mut self, line: &[u8]) {
        let problem = if line.len() > MAX_TEXT_OCTETS {
            Some(TEXT_TOO_LONG)
        } else if whole_line(line).is_none() {
            Some(TEXT_END)
        } else if self.source.len() + line.len() > MAX_MESSAGE_OCTETS {
            Some(TOO_LARGE)
        } else {
            None
        };
        self.problem = self.problem.or(problem);
        match self.problem {
            None => self.source.extend_from_slice(line),
            Some(_) => self.source = Vec::new(),
        }
    }
}

fn command_line(line: &[u8]) -> Result<&str, &'static str> {
    if line.len() > MAX_COMMAND_OCTETS {
        return Err(LINE_TOO_LONG);
    }
    let line = whole_line(line).ok_or(LINE_END)?;
    std::str::from_utf8(line).map_err(|_| NOT_UTF8)
}

/// The line without its CR LF, which is the only one of either (RFC 5321 2.3.8).
fn whole_line(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\r\n")?;
    (!line.contains(&b'\r') && !line.contains(&b'\n')).then_some(line)
}

/// The answer to a challenge: `*` gives up, and `=` stands for an empty one.
fn check_response(line: &str) -> Result<(), &'static str> {
    match line.trim() {
        "*" => Err(CANCELLED),
        "=" => Ok(()),
        response => BASE64_STANDARD
            .decode(response)
            .map(|_| ())
            .map_err(|_| BASE64),
    }
}

/// RFC 1870.
fn check_size(value: &str) -> Result<(), &'static str> {
    let octets: usize = value.parse().map_err(|_| SYNTAX)?;
    if octets > MAX_MESSAGE_OCTETS {
        Err(TOO_LARGE)
    } else {
        Ok(())
    }
}

fn check_mailbox(address: &str, international: bool) -> Result<(), &'static str> {
    if !address::is_mailbox(address) {
        return Err(MAILBOX);
    }
    if !international && !address.is_ascii() {
        return Err(INTERNATIONAL);
    }
    Ok(())
}

fn matches_any(value: &str, choices: &[&str]) -> bool {
    choices
        .iter()
        .any(|choice| choice.eq_ignore_ascii_case(value))
}

/// The address in `FROM:<address> parameters`, and the parameters.
fn path<'l>(arguments: &'l str, keyword: &str) -> Option<(&'l str, &'l str)> {
    let (found, rest) = arguments.split_at_checked(keyword.len())?;
    if !found.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let rest = rest.trim_start().strip_prefix('<')?;
    let (address, parameters) = rest.split_at_checked(closing_bracket(rest)?)?;
    let parameters = parameters.strip_prefix('>')?;
    let apart = parameters.is_empty() || parameters.starts_with(' ');
    apart.then(|| (address, parameters.trim()))
}

/// Where `>` is outside a quoted local part.
fn closing_bracket(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (place, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(place),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
