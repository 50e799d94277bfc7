//! The settings of the function that mails one-time codes.

use reqwest::Url;

use super::{
    env::Environment,
    settings::{Problem, Reader},
};
use crate::{
    adapters::dynamodb::Connection,
    domain::mail::{Mailbox, SmtpServer, Tls},
};

/// Every setting of this function alone, for the documentation's test.
pub const MAIL_NAMES: &[&str] = &[
    "MAIL_TRANSPORT",
    "MAIL_FROM",
    "MAIL_REPLY_TO",
    "SES_CONFIGURATION_SET",
    "SMTP_URL",
    "SMTP_SECRET",
    "AWS_ENDPOINT_URL_SESV2",
];

/// How mail is sent.
#[derive(Debug)]
pub struct MailSettings {
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub transport: MailTransport,
}

/// The mail service.
#[derive(Debug)]
pub enum MailTransport {
    Ses {
        connection: Connection,
        configuration_set: Option<String>,
    },
    Smtp {
        server: SmtpServer,
        /// The name of a secret with user and password.
        secret: Option<String>,
    },
}

impl MailSettings {
    /// Reads every setting, and tells every problem.
    pub fn read(environment: &(impl Environment + ?Sized)) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader {
            environment,
            problems: Vec::new(),
        };
        let from = reader.sender();
        let reply_to = reader.mailbox("MAIL_REPLY_TO");
        let transport = reader.transport();
        match (from, transport) {
            (Some(from), Some(transport)) if reader.problems.is_empty() => Ok(Self {
                from,
                reply_to,
                transport,
            }),
            _ => Err(reader.problems),
        }
    }
}

impl<E: Environment + ?Sized> Reader<'_, E> {
    fn sender(&mut self) -> Option<Mailbox> {
        if self.environment.get("MAIL_FROM").is_none() {
            let expected = "the sender of the mails: an address or `Name <address>`";
            self.problem("MAIL_FROM", "nothing", expected);
        }
        self.mailbox("MAIL_FROM")
    }

    fn mailbox(&mut self, name: &'static str) -> Option<Mailbox> {
        let text = self.environment.get(name)?;
        let mailbox = Mailbox::parse(&text);
        if mailbox.is_none() {
            self.problem(name, &text, "an address or `Name <address>`");
        }
        mailbox
    }

    fn transport(&mut self) -> Option<MailTransport> {
        let transport = self.environment.get("MAIL_TRANSPORT");
        match transport.as_deref() {
            None | Some("ses") => Some(MailTransport::Ses {
                connection: self.connection("AWS_ENDPOINT_URL_SESV2"),
                configuration_set: self.environment.get("SES_CONFIGURATION_SET"),
            }),
            Some("smtp") => Some(MailTransport::Smtp {
                server: self.smtp_server()?,
                secret: self.environment.get("SMTP_SECRET"),
            }),
            Some(other) => {
                self.problem("MAIL_TRANSPORT", other, "`ses` or `smtp`");
                None
            }
        }
    }

    fn smtp_server(&mut self) -> Option<SmtpServer> {
        const EXPECTED: &str = "`smtps://host:465`, or `smtp://host:587` for STARTTLS; user and password are in SMTP_SECRET";
        let url = self.required("SMTP_URL", EXPECTED);
        if url.is_empty() {
            return None;
        }
        let server = smtp_server(&url);
        if server.is_none() {
            // It may have a password in it.
            let found = if url.contains('@') {
                "a URL with user or password"
            } else {
                &url
            };
            self.problem("SMTP_URL", found, EXPECTED);
        }
        server
    }
}

/// Plain text is spoken with this very machine only.
fn smtp_server(url: &str) -> Option<SmtpServer> {
    let url = Url::parse(url).ok()?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none();
    let host = url.host_str().filter(|host| bare && !host.is_empty())?;
    let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let (tls, port) = match url.scheme() {
        "smtps" => (Tls::Implicit, 465),
        "smtp" if loopback => (Tls::None, 25),
        "smtp" => (Tls::StartTls, 587),
        _ => return None,
    };
    Some(SmtpServer {
        host: host.trim_matches(['[', ']']).to_owned(),
        port: url.port().unwrap_or(port),
        tls,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<MailSettings, Vec<String>> {
        let aws = [
            ("AWS_REGION", "eu-north-1"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
        ];
        let all = [&aws, settings].concat();
        MailSettings::read(all.as_slice())
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_sender_is_all_that_ses_needs() {
        let settings = read(&[("MAIL_FROM", "Contoso <no-reply@contoso.com>")]).unwrap();
        assert_eq!(settings.from.name.as_deref(), Some("Contoso"));
        assert_eq!(settings.reply_to, None);
        assert!(matches!(
            settings.transport,
            MailTransport::Ses {
                configuration_set: None,
                ..
            }
        ));
    }

    #[rstest]
    #[case::implicit("smtps://mail.contoso.com", Some(("mail.contoso.com", 465, Tls::Implicit)))]
    #[case::start_tls("smtp://mail.contoso.com", Some(("mail.contoso.com", 587, Tls::StartTls)))]
    #[case::port("smtp://mail.contoso.com:2587/", Some(("mail.contoso.com", 2587, Tls::StartTls)))]
    #[case::this_machine("smtp://127.0.0.1:2525", Some(("127.0.0.1", 2525, Tls::None)))]
    #[case::this_machine_in_ipv6("smtp://[::1]:2525", Some(("::1", 2525, Tls::None)))]
    #[case::looks_like_this_machine("smtp://127.0.0.1.example.com", Some(("127.0.0.1.example.com", 587, Tls::StartTls)))]
    #[case::password("smtps://user:secret@mail.contoso.com", None)]
    #[case::other_scheme("https://mail.contoso.com", None)]
    #[case::path("smtp://mail.contoso.com/inbox", None)]
    #[case::no_url("mail.contoso.com:587", None)]
    fn a_server_is_spoken_to_in_plain_text_only_on_this_machine(
        #[case] url: &str,
        #[case] expected: Option<(&str, u16, Tls)>,
    ) {
        let found = smtp_server(url);
        let found = found
            .as_ref()
            .map(|server| (server.host.as_str(), server.port, server.tls));
        assert_eq!(found, expected);
    }

    #[test]
    fn every_problem_is_told_at_once_and_no_password() {
        let problems = read(&[
            ("MAIL_REPLY_TO", "nobody"),
            ("MAIL_TRANSPORT", "smtp"),
            ("SMTP_URL", "smtps://user:hush@mail.contoso.com"),
        ])
        .unwrap_err();
        let told = problems.join("\n");
        for setting in [
            "MAIL_FROM: found nothing",
            "MAIL_REPLY_TO: found `nobody`",
            "SMTP_URL: ",
        ] {
            assert!(told.contains(setting), "{told}");
        }
        assert!(!told.contains("hush"), "{told}");
        let problems = read(&[("MAIL_TRANSPORT", "pigeon"), ("MAIL_FROM", "a@b.example")]);
        let expected = ["MAIL_TRANSPORT: found `pigeon`, expected `ses` or `smtp`"];
        assert_eq!(problems.unwrap_err(), expected);
    }
}
