//! Requests in a table, the function as it is deployed but for Lambda, and a mail server.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use local::engine::{Engine, create_table};
use local_entra::{
    Simulator,
    faults::{MailFaults, Switches},
    mail::{Message, serve_smtp},
    partners::KEY_ID,
};
use shared::{
    adapters::{
        data_keys::KmsDataKeys,
        dynamodb::{Connection, Table, happened},
    },
    app::{links::LinkKey, notices::Notices, sealing},
    compose,
    domain::{
        approval::{Action, Actor, Applicant, ApprovalRequest, Change, ContentKey, RequestId},
        person::PersonKey,
        policy::UserFlow,
    },
    ports::{
        Deadline,
        approval_requests::{ApprovalRequests, Filed},
        journal::Notice,
        request_store::RequestStore,
    },
    testkit::{FixedClock, Remembered, pending},
};
use tokio::{net::TcpListener, time::Instant};

use crate::publishing::publish;

pub(crate) const NOW: Timestamp = Timestamp::constant(1_768_478_400, 0);
pub(crate) const CONSOLE: &str = "https://approvals.contoso.example";
const TABLE: &str = "notices";

/// Two approvers, and somebody for what waits too long.
pub(crate) const POLICY: &str = r#"
    default = "review"
    [approval]
    notify = ["ann@contoso.example", "bob@contoso.example"]
    remind-after-days = 2
    escalate-after-days = 5
    escalate-to = ["chief@contoso.example"]
"#;

pub(crate) struct World {
    pub(crate) store: Arc<Table>,
    pub(crate) notices: Notices,
    pub(crate) journal: Arc<Remembered>,
    entra: Arc<Simulator>,
    keys: KmsDataKeys,
    engine: Engine,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(POLICY).await
    }

    pub(crate) async fn with(policy: &str) -> Self {
        let engine = Engine::in_memory().await.unwrap();
        let client = engine.connection().client();
        create_table(&client, TABLE).await.unwrap();
        let store = Arc::new(Table::new(client, TABLE));
        publish(&store, policy).await;
        let entra = Simulator::of_example(|_| {}).await.unwrap();
        let smtp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let smtp_url = format!("smtp://{}", smtp.local_addr().unwrap());
        tokio::spawn(serve_smtp(smtp, Arc::clone(&entra)));
        let clock = Arc::new(FixedClock::at(NOW));
        let journal = Arc::new(Remembered::default());
        let settings = settings(&engine, &entra, smtp_url);
        let settings = settings
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let (now, log) = (Arc::clone(&clock), Arc::clone(&journal));
        let notices = compose::notices(&settings, now as _, log as _).unwrap();
        let kms = Connection {
            endpoint: Some(format!("{}/keys", entra.origin)),
            ..engine.connection()
        };
        Self {
            store,
            notices,
            journal,
            keys: KmsDataKeys::new(&kms, KEY_ID.to_owned(), clock),
            entra,
            engine,
        }
    }

    /// A pending request of somebody at partner.example.
    pub(crate) async fn pending(&self, name: &str, languages: &[&str]) -> RequestId {
        let id = RequestId::new(NOW, std::array::from_fn(|_| fastrand::u8(..)));
        let applicant = Applicant {
            addresses: vec![format!("{name}@partner.example")],
            languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
            ..Applicant::default()
        };
        let content = serde_json::to_vec(&applicant).unwrap();
        let sealed = sealing::seal(&self.keys, &id, &content, far())
            .await
            .unwrap();
        let request = request(id.clone(), &content);
        let filed = self.store.open(&request, &sealed, None, far()).await;
        assert_eq!(filed.unwrap(), Filed::Yes);
        id
    }

    /// What somebody does, with words for the history and for the applicant.
    pub(crate) async fn change(&self, id: &RequestId, action: Action, message: Option<&str>) {
        let before = self.request(id).await;
        let change = Change::new(action, Actor::Person("eve".to_owned()))
            .because(Some("known to the police".to_owned()))
            .telling(message.map(str::to_owned));
        let (next, entry) = before.after(&change, NOW).unwrap();
        assert!(self.store.change(&before, &next, &entry).await.unwrap());
    }

    pub(crate) async fn request(&self, id: &RequestId) -> ApprovalRequest {
        self.store.request(id).await.unwrap().unwrap()
    }

    /// Delivers messages about items of these sort keys, and says which are done with.
    pub(crate) async fn deliver(&self, items: &[(&RequestId, &str)]) -> Vec<bool> {
        let messages: Vec<_> = items
            .iter()
            .map(|(id, sk)| happened(&record(id, sk)))
            .collect();
        self.notices.take(&messages).await
    }

    /// What is in the inbox of an address, the newest first.
    pub(crate) fn inbox(&self, address: &str) -> Vec<Arc<Message>> {
        self.entra.mail.to(Some(address))
    }

    pub(crate) fn mails(&self) -> usize {
        self.entra.mail.to(None).len()
    }

    pub(crate) fn refuses_mail(&self, refused: bool) {
        self.entra.faults.set(Switches {
            mail: MailFaults {
                refused,
                ..MailFaults::default()
            },
            ..Switches::default()
        });
    }

    /// Notice and outcome of each line of the log, in order.
    pub(crate) fn told(&self) -> Vec<(&'static str, &'static str)> {
        let notices = self.journal.notices().into_iter();
        notices
            .filter_map(|notice| match notice {
                Notice::Notified(notified) => Some((notified.notice, notified.outcome)),
                _ => None,
            })
            .collect()
    }

    /// Every item that says that something is sent.
    pub(crate) async fn sent(&self, id: &RequestId) -> Vec<HashMap<String, AttributeValue>> {
        let query = self.engine.connection().client().query().table_name(TABLE);
        let query = query.key_condition_expression("pk = :pk");
        let pk = AttributeValue::S(format!("SENT#{id}"));
        let found = query.expression_attribute_values(":pk", pk).send().await;
        found.unwrap().items.unwrap()
    }
}

pub(crate) fn link_key() -> LinkKey {
    LinkKey::new(b"local-link-key--of-32-octets!!!!")
}

/// As a pipe from the table's stream passes it on.
pub(crate) fn record(id: &RequestId, sk: &str) -> String {
    let keys = serde_json::json!({ "pk": { "S": format!("REQUEST#{id}") }, "sk": { "S": sk } });
    serde_json::json!({ "dynamodb": { "Keys": keys } }).to_string()
}

fn far() -> Deadline {
    Deadline(Instant::now() + Duration::from_mins(5))
}

fn settings(engine: &Engine, entra: &Simulator, smtp_url: String) -> [(&'static str, String); 12] {
    let origin = &entra.origin;
    [
        ("TABLE_NAME", TABLE.to_owned()),
        ("AWS_REGION", "local".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", engine.endpoint()),
        ("AWS_ENDPOINT_URL_KMS", format!("{origin}/keys")),
        (
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            format!("{origin}/secrets"),
        ),
        ("REQUESTS_KEY", KEY_ID.to_owned()),
        ("CONSOLE_URL", CONSOLE.to_owned()),
        ("MAIL_TRANSPORT", "smtp".to_owned()),
        ("SMTP_URL", smtp_url),
        ("MAIL_FROM", "Contoso <no-reply@contoso.example>".to_owned()),
    ]
}

fn request(id: RequestId, content: &[u8]) -> ApprovalRequest {
    let person = PersonKey::of_address(id.as_str());
    ApprovalRequest {
        content: ContentKey::of(&id, content),
        user_flow: Some(UserFlow::parse("partners").unwrap()),
        provider: Some("google.com".to_owned()),
        expires_at: NOW,
        asked_by: "rule free-mail".to_owned(),
        ..pending(id, person, NOW)
    }
}
