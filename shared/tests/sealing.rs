//! What is sealed for one request, and who can read it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use shared::{
    app::sealing::{SealingError, open, seal},
    domain::approval::{Applicant, AppliedIdentity, RequestId, Sealed, WrappedKey},
    ports::{
        Deadline,
        data_keys::{DataKey, DataKeyError, DataKeyReader},
    },
    testkit::Keyring,
};
use tokio::time::Instant;

fn soon() -> Deadline {
    Deadline(Instant::now() + Duration::from_mins(1))
}

fn request(chance: u8) -> RequestId {
    RequestId::new(Timestamp::UNIX_EPOCH, [chance; 10])
}

fn applicant() -> Applicant {
    Applicant {
        addresses: vec!["räksmörgås@fabrikam.com".to_owned()],
        identities: vec![AppliedIdentity {
            issuer: "facebook.com".to_owned(),
            subject: Some("0123456789".to_owned()),
        }],
        ..Applicant::default()
    }
}

async fn sealed(keys: &Keyring) -> Sealed {
    let content = serde_json::to_vec(&applicant()).unwrap();
    seal(keys, &request(1), &content, soon()).await.unwrap()
}

#[tokio::test]
async fn what_is_sealed_for_a_request_is_read_for_it() {
    let keys = Keyring::default();
    let sealed = sealed(&keys).await;
    let read = open(&keys, &request(1), &sealed, soon()).await;
    assert_eq!(read, Ok(applicant()));
}

#[tokio::test]
async fn the_same_is_never_sealed_alike() {
    let keys = Keyring::default();
    let (one, other) = (sealed(&keys).await, sealed(&keys).await);
    assert_ne!(one.octets, other.octets);
    assert_ne!(one.key, other.key);
}

#[tokio::test]
async fn nothing_of_the_person_shows() {
    let sealed = sealed(&Keyring::default()).await;
    for known in ["fabrikam.com", "facebook.com", "0123456789", "addresses"] {
        let known = known.as_bytes();
        let octets = [sealed.octets.as_slice(), &sealed.key.0].concat();
        assert!(!octets.windows(known.len()).any(|part| part == known));
    }
}

#[tokio::test]
async fn another_request_does_not_unwrap_the_key() {
    let keys = Keyring::default();
    let sealed = sealed(&keys).await;
    let read = open(&keys, &request(2), &sealed, soon()).await;
    assert_eq!(read, Err(SealingError::Key(DataKeyError::NotOurs)));
}

/// Unwraps for every purpose what was wrapped for one.
struct Careless(Keyring, RequestId);

#[async_trait]
impl DataKeyReader for Careless {
    async fn unwrap(
        &self,
        key: &WrappedKey,
        _purpose: &str,
        deadline: Deadline,
    ) -> Result<DataKey, DataKeyError> {
        self.0.unwrap(key, self.1.as_str(), deadline).await
    }
}

#[tokio::test]
async fn another_request_does_not_open_it_even_with_its_key() {
    let keys = Careless(Keyring::default(), request(1));
    let sealed = sealed(&keys.0).await;
    let read = open(&keys, &request(2), &sealed, soon()).await;
    assert_eq!(read, Err(SealingError::Broken));
    let read = open(&keys, &request(1), &sealed, soon()).await;
    assert_eq!(read, Ok(applicant()));
}

#[tokio::test]
async fn another_keyring_does_not_unwrap_the_key() {
    let sealed = sealed(&Keyring::default()).await;
    let read = open(&Keyring::with_root([8; 32]), &request(1), &sealed, soon()).await;
    assert_eq!(read, Err(SealingError::Key(DataKeyError::NotOurs)));
}

#[tokio::test]
async fn a_changed_octet_is_noticed_wherever_it_is() {
    let keys = Keyring::default();
    let whole = sealed(&keys).await;
    for place in 0..whole.octets.len() {
        let mut sealed = whole.clone();
        sealed.octets[place] ^= 1;
        let read = open(&keys, &request(1), &sealed, soon()).await;
        assert_eq!(read, Err(SealingError::Broken), "octet {place}");
    }
    for length in [0, 1, 12, whole.octets.len() - 1] {
        let mut sealed = whole.clone();
        sealed.octets.truncate(length);
        let read = open(&keys, &request(1), &sealed, soon()).await;
        assert_eq!(read, Err(SealingError::Broken), "{length} octets");
    }
}

#[tokio::test]
async fn an_erased_key_leaves_nothing_to_read() {
    let keys = Keyring::default();
    let sealed = Sealed {
        key: WrappedKey(Vec::new()),
        ..sealed(&keys).await
    };
    let read = open(&keys, &request(1), &sealed, soon()).await;
    let error = read.unwrap_err();
    assert_eq!(error.code(), "not-ours");
}
