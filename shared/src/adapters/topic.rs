//! Amazon SNS: `PublishBatch` of its query protocol, a form that is answered in XML.

use async_trait::async_trait;
use form_urlencoded::Serializer;
use reqwest::Method;
use roxmltree::{Document, Node};

use super::{
    aws::{Connection, Manners},
    signed::{Answer, Request, Signed},
    sinks::by_place,
};
use crate::{
    domain::event::KeptEvent,
    ports::event_bus::{SinkError, Topic},
};

/// Of the interface.
const VERSION: &str = "2010-03-31";

/// The attribute by which subscriptions choose.
const ATTRIBUTE: &str = "type";

/// A topic of SNS.
#[derive(Debug)]
pub struct Sns {
    service: Signed,
    arn: String,
}

impl Sns {
    pub fn new(connection: &Connection, arn: String) -> Self {
        Self {
            service: Signed::new(connection, "sns", Manners::ONCE),
            arn,
        }
    }

    async fn publish_batch(
        &self,
        events: &[KeptEvent],
    ) -> Result<Vec<Result<(), SinkError>>, SinkError> {
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        let request = Request {
            method: Method::POST,
            path: "/".to_owned(),
            headers: vec![("content-type", form.to_owned())],
            body: self.form(events).into_bytes(),
        };
        let answer = self.service.send(request).await?;
        if answer.status != 200 {
            return Err(failure(&answer));
        }
        told(&answer, events.len()).ok_or_else(|| {
            SinkError::Unavailable("its answer does not say what became of each event".to_owned())
        })
    }

    fn form(&self, events: &[KeptEvent]) -> String {
        let mut form = Serializer::new(String::new());
        form.append_pair("Action", "PublishBatch");
        form.append_pair("Version", VERSION);
        form.append_pair("TopicArn", &self.arn);
        for (place, event) in events.iter().enumerate() {
            // Members of the form count from 1.
            let entry = format!("PublishBatchRequestEntries.member.{}", place + 1);
            let attribute = format!("{entry}.MessageAttributes.entry.1");
            form.append_pair(&format!("{entry}.Id"), &place.to_string());
            form.append_pair(&format!("{entry}.Message"), &event.text);
            form.append_pair(&format!("{attribute}.Name"), ATTRIBUTE);
            form.append_pair(&format!("{attribute}.Value.DataType"), "String");
            form.append_pair(&format!("{attribute}.Value.StringValue"), event.kind.name());
        }
        form.finish()
    }
}

/// `None` for what is no answer of SNS.
fn told(answer: &Answer, events: usize) -> Option<Vec<Result<(), SinkError>>> {
    let text = std::str::from_utf8(&answer.body).ok()?;
    let document = Document::parse(text).ok()?;
    let result = named(document.root_element(), "PublishBatchResult").next()?;
    let members = |of| named(result, of).flat_map(|list| named(list, "member"));
    let taken: Vec<_> = members("Successful")
        .map(|one| text_of(one, "Id"))
        .collect();
    let refused = members("Failed");
    let refused: Vec<_> = refused
        .map(|one| (text_of(one, "Id"), text_of(one, "Code")))
        .collect();
    Some(by_place(events, &taken, &refused))
}

fn failure(answer: &Answer) -> SinkError {
    let code = std::str::from_utf8(&answer.body).ok();
    let code = code
        .and_then(|text| Document::parse(text).ok())
        .and_then(|document| {
            let error = named(document.root_element(), "Error").next()?;
            Some(text_of(error, "Code"))
        });
    answer.failure_of(&code.unwrap_or_default())
}

/// Whatever their namespace.
fn named<'d>(parent: Node<'d, 'd>, name: &'static str) -> impl Iterator<Item = Node<'d, 'd>> {
    parent
        .children()
        .filter(move |child| child.tag_name().name() == name)
}

fn text_of(parent: Node<'_, '_>, name: &'static str) -> String {
    let mut children = parent.children();
    let child = children.find(|child| child.tag_name().name() == name);
    let text = child.and_then(|child| child.text());
    text.unwrap_or_default().to_owned()
}

#[async_trait]
impl Topic for Sns {
    async fn publish(&self, events: &[KeptEvent]) -> Vec<Result<(), SinkError>> {
        let published = self.publish_batch(events).await;
        published.unwrap_or_else(|error| vec![Err(error); events.len()])
    }
}
