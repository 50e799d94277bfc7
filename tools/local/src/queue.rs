//! The queues before functions that nobody else calls. In a deployment a pipe fills them from the table's stream; here somebody looks
//! into the table, and hands over what is due.

use std::{convert::Infallible, time::Duration};

use serde_json::{Value, json};
use shared::domain::approval::RequestId;
use tokio::time::sleep;

use crate::{invocation::invoke, output, problem::Problem};

pub(crate) const PROVISIONING: &str = "provisioning";
pub(crate) const NOTICES: &str = "notices";

/// The visibility time-out: after it a message comes again that was not done with.
pub(crate) const AGAIN_AFTER: Duration = Duration::from_mins(1);

const PAUSE: Duration = Duration::from_secs(1);
/// After something went wrong, which is told each time.
const PAUSE_IN_TROUBLE: Duration = Duration::from_secs(10);

/// That an item of a request came or changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Message {
    pub(crate) request: RequestId,
    pub(crate) sort_key: String,
}

impl Message {
    fn id(&self) -> String {
        format!("{}/{}", self.request, self.sort_key)
    }

    /// As the pipe passes it on.
    pub(crate) fn body(&self) -> String {
        let partition = format!("REQUEST#{}", self.request);
        let keys = json!({ "pk": { "S": partition }, "sk": { "S": self.sort_key } });
        json!({ "dynamodb": { "Keys": keys } }).to_string()
    }
}

/// Hands over what is due, again and again.
pub(crate) async fn pump(
    waiting: &str,
    mut deliver_due: impl AsyncFnMut() -> Result<(), Problem>,
) -> Infallible {
    loop {
        let pause = match deliver_due().await {
            Ok(()) => PAUSE,
            Err(problem) => {
                output::error_line(format!("{waiting}: {problem}").as_bytes());
                PAUSE_IN_TROUBLE
            }
        };
        sleep(pause).await;
    }
}

/// Hands a batch over. Those that are done with; the others have to come again.
pub(crate) async fn deliver(
    port: u16,
    function: &str,
    messages: Vec<Message>,
) -> Result<Vec<Message>, Problem> {
    let answer = invoke(port, function, &event(&messages)).await?;
    let is_done = |message: &Message| !answer.contains(&format!("\"{}\"", message.id()));
    Ok(messages.into_iter().filter(is_done).collect())
}

/// An event of the queue, with the members that a function reads.
fn event(messages: &[Message]) -> Value {
    let records = messages.iter().map(|message| {
        json!({
            "messageId": message.id(),
            "body": message.body(),
            "eventSource": "aws:sqs",
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use shared::{adapters::dynamodb::happened, domain::approval::Happening};

    use super::*;

    #[test]
    fn each_message_says_what_happened_to_which_request() {
        let ids = ["01kf0j2r3s4t5v6w7x8y9zabcd", "01kf0j2r3s4t5v6w7x8y9zabce"];
        let messages = ids.map(|id| Message {
            request: RequestId::parse(id).unwrap(),
            sort_key: "HISTORY#00000002".to_owned(),
        });
        let event = event(&messages);
        let records = event["Records"].as_array().unwrap();
        let told = records
            .iter()
            .map(|message| happened(message["body"].as_str().unwrap()).unwrap());
        let expected = messages.map(|message| (message.request, Happening::Change(2)));
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }
}
