//! What a message says: the event, and of the person what the endpoint asks for.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::time::Instant;

use super::trouble::Trouble;
use crate::{
    app::sealing::{self, SealingError},
    domain::{
        approval::{Applicant, RequestId},
        event::{KeptEvent, Personal},
    },
    ports::{
        Deadline,
        data_keys::{DataKeyError, DataKeyReader},
        request_store::RequestStore,
    },
};

/// How long a key may take.
const KEY_TAKES: Duration = Duration::from_secs(5);

/// Where what is said of people comes from.
pub struct Content {
    pub requests: Arc<dyn RequestStore>,
    pub keys: Arc<dyn DataKeyReader>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Content")
    }
}

impl Content {
    /// The text of the event, with a member `personal` where there is something to tell of the person.
    pub(super) async fn body(
        &self,
        event: &KeptEvent,
        fields: &[String],
    ) -> Result<String, Trouble> {
        let personal = self.personal(event, fields).await?;
        if personal.is_empty() {
            return Ok(event.text.clone());
        }
        let personal = serde_json::to_string(&personal).map_err(Trouble::of)?;
        let members = event.text.strip_suffix('}').unwrap_or(&event.text);
        Ok(format!("{members},\"personal\":{personal}}}"))
    }

    async fn personal(&self, event: &KeptEvent, fields: &[String]) -> Result<Personal, Trouble> {
        if fields.is_empty() || !event.kind.is_of_request() {
            return Ok(event.personal.only(fields));
        }
        let Some(request) = request_of(event) else {
            return Ok(Personal::default());
        };
        let applicant = self.applicant(&request).await?;
        let personal = applicant.map(|applicant| Personal::of(&applicant, fields));
        Ok(personal.unwrap_or_default())
    }

    /// `None` when nobody can read who applied, or when the request is gone: what happened is told all the same.
    async fn applicant(&self, id: &RequestId) -> Result<Option<Applicant>, Trouble> {
        let Some(request) = self.requests.request(id).await? else {
            return Ok(None);
        };
        let Some(sealed) = self.requests.applicant(id, request.edition).await? else {
            return Ok(None);
        };
        let deadline = Deadline(Instant::now() + KEY_TAKES);
        match sealing::open(self.keys.as_ref(), id, &sealed, deadline).await {
            Ok(applicant) => Ok(Some(applicant)),
            Err(SealingError::Broken | SealingError::Key(DataKeyError::NotOurs)) => Ok(None),
            Err(outage) => Err(Trouble::of(outage)),
        }
    }
}

fn request_of(event: &KeptEvent) -> Option<RequestId> {
    let event: Value = serde_json::from_str(&event.text).ok()?;
    RequestId::parse(event.pointer("/data/request")?.as_str()?)
}
