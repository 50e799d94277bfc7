//! Amazon SES.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sesv2::{
    Client,
    config::{retry::RetryConfig, timeout::TimeoutConfig},
    error::{BuildError, ProvideErrorMetadata, SdkError},
    operation::send_email::builders::SendEmailFluentBuilder,
    types::{Body, Content, Destination, EmailContent, Message as SesMessage, MessageHeader},
};
use tokio::time::timeout_at;

use super::mime::{AUTO_SUBMITTED, encoded};
use crate::{
    adapters::{aws, dynamodb::Connection, told},
    ports::{
        Deadline,
        mailer::{MailError, Mailer, Message},
    },
};

/// One further attempt after a broken connection or an error of the service. A slow one is not given up for another, for
/// it may have sent the mail.
const ATTEMPTS: u32 = 2;
const FIRST_BACKOFF: Duration = Duration::from_millis(20);

/// Sends through an account's SES.
#[derive(Debug, Clone)]
pub struct Ses {
    client: Client,
    configuration_set: Option<String>,
}

impl Ses {
    pub fn new(connection: &Connection, configuration_set: Option<String>) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(aws::Manners::WITHIN_A_DECISION.connect)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(FIRST_BACKOFF);
        Self {
            client: Client::new(&connection.sdk_config_of(timeouts, retries)),
            configuration_set,
        }
    }

    fn request(&self, message: &Message) -> Result<SendEmailFluentBuilder, MailError> {
        let content = content(message).map_err(|error| MailError::Rejected(told(&error)))?;
        let to = Destination::builder().to_addresses(message.to.as_str());
        let mut request = self
            .client
            .send_email()
            .from_email_address(encoded(&message.from)?)
            .destination(to.build())
            .content(content)
            .set_configuration_set_name(self.configuration_set.clone());
        if let Some(reply_to) = &message.reply_to {
            request = request.reply_to_addresses(encoded(reply_to)?);
        }
        Ok(request)
    }
}

#[async_trait]
impl Mailer for Ses {
    async fn send(&self, message: &Message, deadline: Deadline) -> Result<(), MailError> {
        let request = self.request(message)?;
        let sent = timeout_at(deadline.0, request.send()).await;
        let sent = sent.map_err(|_| MailError::TimedOut)?;
        sent.map(|_| ()).map_err(|error| mail_error(&error))
    }
}

fn content(message: &Message) -> Result<EmailContent, BuildError> {
    let text = |data: &str| Content::builder().data(data).charset("UTF-8").build();
    let body = Body::builder()
        .text(text(&message.text)?)
        .html(text(&message.html)?);
    let (name, value) = AUTO_SUBMITTED;
    let header = MessageHeader::builder().name(name).value(value).build()?;
    let simple = SesMessage::builder()
        .subject(text(&message.subject)?)
        .body(body.build())
        .headers(header);
    Ok(EmailContent::builder().simple(simple.build()).build())
}

/// By type and code: the text of an error names addresses.
fn mail_error<E, R>(error: &SdkError<E, R>) -> MailError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    match error {
        SdkError::TimeoutError(_) => MailError::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => MailError::TimedOut,
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("unknown error").to_owned();
            match code.as_str() {
                "MessageRejected"
                | "BadRequestException"
                | "NotFoundException"
                | "MailFromDomainNotVerifiedException"
                | "AccountSuspendedException"
                | "SendingPausedException" => MailError::Rejected(code),
                _ => MailError::Unavailable(code),
            }
        }
        // The answer was lost or cut short: the mail may have been taken.
        SdkError::ResponseError(_) => {
            MailError::Unavailable("an answer without meaning".to_owned())
        }
        other => MailError::Unavailable(told(other)),
    }
}
