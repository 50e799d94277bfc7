//! The keys of the functions, made and unwrapped by the key service of `make dev`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use local_entra::{Simulator, partners::KEY_ID};
use shared::{
    adapters::{data_keys::KmsDataKeys, dynamodb::Connection, system_clock::SystemClock},
    app::sealing::{self, SealingError},
    domain::approval::{Applicant, RequestId},
    ports::{
        Deadline,
        data_keys::{DataKeyError, DataKeyMaker},
    },
};
use tokio::time::Instant;

struct KeyService {
    origin: String,
}

impl KeyService {
    async fn start() -> Self {
        let simulator = Simulator::of_example(|_| {}).await.unwrap();
        Self {
            origin: simulator.origin.clone(),
        }
    }

    /// As a function that has kept nothing yet.
    fn keys(&self, key: &str) -> KmsDataKeys {
        let connection = Connection {
            region: "local".to_owned(),
            endpoint: Some(format!("{}/keys", self.origin)),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: None,
        };
        KmsDataKeys::new(&connection, key.to_owned(), Arc::new(SystemClock))
    }
}

fn soon() -> Deadline {
    Deadline(Instant::now() + Duration::from_mins(1))
}

fn request(chance: u8) -> RequestId {
    RequestId::new(Timestamp::UNIX_EPOCH, [chance; 10])
}

#[tokio::test]
async fn what_a_function_seals_is_read_for_its_request_alone() {
    let service = KeyService::start().await;
    let applicant = Applicant {
        addresses: vec!["someone@example.com".to_owned()],
        ..Applicant::default()
    };
    let content = serde_json::to_vec(&applicant).unwrap();
    let sealed = sealing::seal(&service.keys(KEY_ID), &request(1), &content, soon()).await;
    let sealed = sealed.unwrap();

    let keys = service.keys(KEY_ID);
    let other = sealing::open(&keys, &request(2), &sealed, soon()).await;
    assert_eq!(other, Err(SealingError::Key(DataKeyError::NotOurs)));
    let read = sealing::open(&keys, &request(1), &sealed, soon()).await;
    assert_eq!(read, Ok(applicant));
}

#[tokio::test]
async fn another_key_is_not_there() {
    let service = KeyService::start().await;
    let made = service.keys("alias/another").make("p", soon()).await;
    let expected = DataKeyError::Unavailable("NotFoundException".to_owned());
    assert_eq!(made.map(|_| ()), Err(expected));
}
