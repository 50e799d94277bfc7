//! Who calls: connectors by HTTP Basic or client certificate, extensions by Entra's token.

use super::{Call, Entrance, Refusal, basic, bearer};
use crate::domain::{
    caller::{Caller, CertificateRule, EntraTrust},
    sign_up::Protocol,
};

/// What the settings trust, beside the credentials in the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    pub certificates: Vec<CertificateRule>,
    /// `None`: extension routes are closed.
    pub entra: Option<EntraTrust>,
}

impl Entrance {
    pub(super) async fn authenticate(&self, call: &Call) -> Result<Caller, Refusal> {
        match call.protocol {
            Protocol::Connector => self.connector_caller(call).await,
            Protocol::Extension => self.extension_caller(call).await,
        }
    }

    async fn connector_caller(&self, call: &Call) -> Result<Caller, Refusal> {
        if let Some(certificate) = &call.certificate {
            let rules = &self.trust.certificates;
            let listed = rules.iter().any(|rule| rule.allows(certificate));
            if listed && certificate.is_valid_at(self.clock.now()) {
                return Ok(Caller::Certificate {
                    sha256: certificate.sha256.clone(),
                });
            }
        }
        let header = call
            .authorization
            .as_deref()
            .ok_or(match call.certificate {
                Some(_) => Refusal::Unauthenticated("certificate"),
                None => Refusal::Unauthenticated("no-credential"),
            })?;
        if basic::parse_basic(header).is_none() {
            return Err(Refusal::Unauthenticated("malformed-credential"));
        }
        let caller = self.credential(header, call).await?;
        if let Caller::Credential { slot, id } = &caller {
            self.callers.used(*slot, id);
        }
        Ok(caller)
    }

    /// A credential that is not known may be a new one.
    async fn credential(&self, header: &[u8], call: &Call) -> Result<Caller, Refusal> {
        let known = |entrance: &Self| {
            let records = entrance.callers.records()?;
            basic::verify(header, &records.credentials)
        };
        if let Some(caller) = known(self) {
            return Ok(caller);
        }
        self.callers
            .renew_for_stranger(call.deadline)
            .await
            .or_else(|_| {
                self.callers
                    .records()
                    .map(|_| ())
                    .ok_or(Refusal::Unavailable)
            })?;
        known(self).ok_or(Refusal::Unauthenticated("wrong-credential"))
    }

    async fn extension_caller(&self, call: &Call) -> Result<Caller, Refusal> {
        let header = call
            .authorization
            .as_deref()
            .ok_or(Refusal::Unauthenticated("no-bearer-token"))?;
        let trust = self
            .trust
            .entra
            .as_ref()
            .ok_or(Refusal::Unauthenticated("extensions-not-configured"))?;
        bearer::verify(
            header,
            trust,
            &self.callers,
            self.clock.now(),
            call.deadline,
        )
        .await
        .map_err(Refusal::Unauthenticated)
    }
}
