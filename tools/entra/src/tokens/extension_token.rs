//! The bearer token of extension calls (PROTOCOL 5.10), right or spoilt on purpose.

use serde_json::json;
use uuid::Uuid;

use super::{
    LIFETIME,
    authority::{Addresses, IssuerForm, Tenancy},
    jwt::{self, Claims},
    keys::SigningKey,
};

/// Microsoft's authentication events service, which calls every extension.
const CALLER: &str = "99045fe1-7639-4a75-9d4a-577b6ca3810f";

/// Some application and tenant that are not the right ones.
const ANOTHER_GUID: &str = "bbbbcccc-1111-dddd-2222-eeee3333ffff";

/// What the next tokens look like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ExtensionToken {
    pub(super) issuer: IssuerForm,
    /// The host in `api://{host}/{appId}`, which a version 1 token has as its audience; empty for the application id.
    pub(super) app_id_uri_host: String,
    pub(super) spoilt: Option<Spoilt>,
}

/// What is wrong with a token, for trying what the deployment checks. Each must be answered 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoilt {
    Expired,
    NotYetValid,
    Audience,
    Application,
    Tenant,
    UnpublishedKey,
    ForgedSignature,
    Unsigned,
}

impl Spoilt {
    pub(super) const ALL: [Self; 8] = [
        Self::Expired,
        Self::NotYetValid,
        Self::Audience,
        Self::Application,
        Self::Tenant,
        Self::UnpublishedKey,
        Self::ForgedSignature,
        Self::Unsigned,
    ];

    /// As it stands in forms.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Audience => "audience",
            Self::Application => "application",
            Self::Tenant => "tenant",
            Self::UnpublishedKey => "unpublished-key",
            Self::ForgedSignature => "forged-signature",
            Self::Unsigned => "unsigned",
        }
    }

    pub(super) fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|spoilt| spoilt.key() == key)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Expired => "Expired an hour ago",
            Self::NotYetValid => "Valid only in an hour",
            Self::Audience => "For another audience",
            Self::Application => "Of another calling application",
            Self::Tenant => "Of another tenant",
            Self::UnpublishedKey => "Signed with a key that this issuer does not publish",
            Self::ForgedSignature => "Signed with another key under the id of the published one",
            Self::Unsigned => "Not signed (alg none)",
        }
    }
}

impl ExtensionToken {
    /// A token that is issued at `now`, in seconds of the epoch.
    pub(super) fn issue(
        &self,
        addresses: &Addresses,
        audience: &str,
        key: impl Fn(Tenancy) -> SigningKey,
        now: i64,
    ) -> String {
        let claims = self.claims(addresses, audience, now);
        let tenancy = self.issuer.tenancy();
        let right = || key(tenancy);
        // Published, but never by this issuer.
        let foreign = || key(tenancy.other());
        match self.spoilt {
            Some(Spoilt::Unsigned) => jwt::unsigned(&claims),
            Some(Spoilt::UnpublishedKey) => jwt::sign(&foreign(), &claims),
            Some(Spoilt::ForgedSignature) => jwt::sign_as(&foreign(), &right().public.kid, &claims),
            _ => jwt::sign(&right(), &claims),
        }
    }

    fn claims(&self, addresses: &Addresses, audience: &str, now: i64) -> Claims {
        let instead = |spoilt, right: &str| {
            let wrong = self.spoilt == Some(spoilt);
            if wrong { ANOTHER_GUID } else { right }.to_owned()
        };
        let issued = match self.spoilt {
            Some(Spoilt::Expired) => now.saturating_sub(2 * LIFETIME),
            Some(Spoilt::NotYetValid) => now.saturating_add(LIFETIME),
            _ => now,
        };
        let tenant = instead(Spoilt::Tenant, addresses.tenant_id());
        let caller = instead(Spoilt::Application, CALLER);
        let mut claims = jwt::claims(json!({
            "aud": self.audience(&instead(Spoilt::Audience, audience)),
            "iss": addresses.issuer_of_tenant(self.issuer, &tenant),
            "iat": issued,
            "nbf": issued,
            "exp": issued.saturating_add(LIFETIME),
            "idtyp": "app",
            // The object id of the events service in the tenant: the same in every token.
            "oid": "1ed54ea5-2a6b-4b9c-8c9e-5d9d0c3b7a10",
            "sub": "1ed54ea5-2a6b-4b9c-8c9e-5d9d0c3b7a10",
            "tid": tenant,
            "uti": Uuid::new_v4().simple().to_string(),
            "ver": self.issuer.version(),
        }));
        // Version 1 has other names for the caller and for the kind of its proof; `2` is a certificate.
        let (application, proof) = match self.issuer {
            IssuerForm::WorkforceV1 => ("appid", "appidacr"),
            _ => ("azp", "azpacr"),
        };
        claims.insert(application.to_owned(), caller.into());
        claims.insert(proof.to_owned(), "2".into());
        claims
    }

    fn audience(&self, application: &str) -> String {
        let host = &self.app_id_uri_host;
        if self.issuer == IssuerForm::WorkforceV1 && !host.is_empty() {
            format!("api://{host}/{application}")
        } else {
            application.to_owned()
        }
    }
}
