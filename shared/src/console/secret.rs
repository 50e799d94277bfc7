//! What the console proves itself with to Entra, and seals its cookies with.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

use crate::ports::{
    Deadline,
    data_keys::DataKey,
    secrets::{Secret, SecretError, Secrets},
};

const FORM: &str =
    "JSON with the texts `client_id`, `client_secret` and `cookie_key`, 32 octets in Base64";

pub(super) struct Credentials {
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) cookie_key: DataKey,
}

#[derive(Deserialize)]
struct Stored {
    client_id: String,
    client_secret: String,
    cookie_key: String,
}

/// Reads the secret of that name.
pub(super) async fn credentials(
    secrets: &dyn Secrets,
    name: &str,
    deadline: Deadline,
) -> Result<Credentials, SecretError> {
    let secret = secrets.secret(name, deadline).await?;
    parse(&secret).ok_or_else(|| SecretError::Form {
        name: name.to_owned(),
        expected: FORM,
    })
}

fn parse(secret: &Secret) -> Option<Credentials> {
    let stored: Stored = serde_json::from_str(secret.reveal()).ok()?;
    let cookie_key = BASE64_STANDARD.decode(stored.cookie_key.trim()).ok()?;
    Some(Credentials {
        client_id: stored.client_id,
        client_secret: Secret::new(stored.client_secret),
        cookie_key: DataKey(cookie_key.try_into().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_256_bits() {
        let with = |key: &str| {
            let text = format!(r#"{{"client_id":"a","client_secret":"b","cookie_key":"{key}"}}"#);
            parse(&Secret::new(text)).is_some()
        };
        assert!(with(&BASE64_STANDARD.encode([7; 32])));
        assert!(!with(&BASE64_STANDARD.encode([7; 31])));
        assert!(!with("secret"));
    }
}
