//! Where tokens come from: issuers, their discovery documents and keys (PROTOCOL 5.10; OpenID Connect Discovery 1.0).

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts, RawPathParams, State},
    http::{StatusCode, request::Parts},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use super::{answer::json, oauth_error::OAuthError};
use crate::{Simulator, config::Tenant};

/// Which kind of tenant signs. The two have no key in common: those of an external tenant are not in the documents of
/// login.microsoftonline.com (PROTOCOL 5.10, 8.18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tenancy {
    Workforce,
    External,
}

impl Tenancy {
    pub(super) const ALL: [Self; 2] = [Self::Workforce, Self::External];

    /// As it stands in forms.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Workforce => "workforce",
            Self::External => "external",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Workforce => "Workforce tenant",
            Self::External => "External tenant",
        }
    }

    pub(super) fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Workforce => Self::External,
            Self::External => Self::Workforce,
        }
    }

    /// The issuer of its id tokens.
    pub(super) const fn issuer(self) -> IssuerForm {
        match self {
            Self::Workforce => IssuerForm::Workforce,
            Self::External => IssuerForm::ExternalById,
        }
    }
}

/// The forms of an issuer (PROTOCOL 5.10), each a path here and a host at Microsoft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum IssuerForm {
    /// `{tenantId}.ciamlogin.com`: as real tokens of an external tenant have it.
    #[default]
    ExternalById,
    /// `{name}.ciamlogin.com`: as the documentation has it.
    ExternalByName,
    /// `login.microsoftonline.com`.
    Workforce,
    /// `sts.windows.net`: version 1 tokens.
    WorkforceV1,
}

impl IssuerForm {
    pub(super) const ALL: [Self; 4] = [
        Self::ExternalById,
        Self::ExternalByName,
        Self::Workforce,
        Self::WorkforceV1,
    ];

    /// As it stands in forms.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::ExternalById => "external-by-id",
            Self::ExternalByName => "external-by-name",
            Self::Workforce => "workforce",
            Self::WorkforceV1 => "workforce-v1",
        }
    }

    pub(super) fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.key() == key)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ExternalById => "External tenant, as in real tokens",
            Self::ExternalByName => "External tenant, as documented",
            Self::Workforce => "Workforce tenant, version 2",
            Self::WorkforceV1 => "Workforce tenant, version 1",
        }
    }

    pub(super) const fn tenancy(self) -> Tenancy {
        match self {
            Self::ExternalById | Self::ExternalByName => Tenancy::External,
            Self::Workforce | Self::WorkforceV1 => Tenancy::Workforce,
        }
    }

    /// The claim `ver`.
    pub(super) const fn version(self) -> &'static str {
        match self {
            Self::ExternalById | Self::ExternalByName | Self::Workforce => "2.0",
            Self::WorkforceV1 => "1.0",
        }
    }
}

/// The addresses of the tenant.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    origin: String,
    tenant_id: String,
    tenant_name: String,
}

impl Addresses {
    pub(super) fn new(origin: &str, tenant: &Tenant) -> Self {
        Self {
            origin: origin.trim_end_matches('/').to_owned(),
            tenant_id: tenant.id.clone(),
            tenant_name: tenant.name.clone(),
        }
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn tenant_id(&self) -> &str {
        &self.tenant_id
    }

    pub(super) fn issuer(&self, form: IssuerForm) -> String {
        self.issuer_of_tenant(form, &self.tenant_id)
    }

    /// The same of another tenant, which nobody here should trust.
    pub(super) fn issuer_of_tenant(&self, form: IssuerForm, tenant: &str) -> String {
        let (origin, name) = (&self.origin, &self.tenant_name);
        match form {
            IssuerForm::ExternalById => format!("{origin}/ciamlogin/{tenant}/{tenant}/v2.0"),
            IssuerForm::ExternalByName => format!("{origin}/ciamlogin/{name}/{tenant}/v2.0"),
            IssuerForm::Workforce => format!("{origin}/{tenant}/v2.0"),
            IssuerForm::WorkforceV1 => format!("{origin}/{tenant}/"),
        }
    }

    /// The discovery document that a verifier of that issuer's tokens fetches.
    pub(super) fn document(&self, form: IssuerForm) -> String {
        let issuer = self.issuer(form);
        let base = issuer.trim_end_matches('/');
        format!("{base}/.well-known/openid-configuration")
    }

    /// What the addresses of an authority start with.
    pub(super) fn base(&self, authority: &Authority) -> String {
        let (origin, tenant) = (&self.origin, &self.tenant_id);
        match authority {
            Authority::Workforce => format!("{origin}/{tenant}"),
            Authority::External { domain } => format!("{origin}/ciamlogin/{domain}/{tenant}"),
        }
    }
}

/// The host and tenant that a request was sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Authority {
    Workforce,
    /// The first label of a host under ciamlogin.com.
    External {
        domain: String,
    },
}

impl Authority {
    pub(super) const fn tenancy(&self) -> Tenancy {
        match self {
            Self::Workforce => Tenancy::Workforce,
            Self::External { .. } => Tenancy::External,
        }
    }

    /// The one that a path names, where the tenant may be named by its domain, too.
    fn of(domain: Option<&str>, tenant: &str, known: &Tenant) -> Option<Self> {
        let is_ours = tenant.eq_ignore_ascii_case(&known.id)
            || tenant.eq_ignore_ascii_case(&format!("{}.onmicrosoft.com", known.name));
        match domain {
            _ if !is_ours => None,
            None => Some(Self::Workforce),
            Some(domain) => {
                let is_known = domain == known.id || domain == known.name;
                is_known.then(|| Self::External {
                    domain: domain.to_owned(),
                })
            }
        }
    }
}

impl FromRequestParts<Arc<Simulator>> for Authority {
    type Rejection = OAuthError;

    async fn from_request_parts(
        parts: &mut Parts,
        simulator: &Arc<Simulator>,
    ) -> Result<Self, OAuthError> {
        let path = RawPathParams::from_request_parts(parts, simulator).await;
        let named = |wanted: &str| {
            let mut all = path.iter().flatten();
            all.find(|(name, _)| *name == wanted)
                .map(|(_, value)| value)
        };
        let tenant = named("tenant").unwrap_or_default();
        Self::of(named("domain"), tenant, &simulator.config.tenant).ok_or_else(|| {
            let found = format!("Tenant '{tenant}' not found.");
            OAuthError::new("invalid_tenant", 90002, found)
        })
    }
}

/// The documents and keys, to be nested under each authority's path.
pub(super) fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/v2.0/.well-known/openid-configuration", get(document))
        .route("/discovery/v2.0/keys", get(keys))
}

/// What the version 1 issuer has besides, which stands on the root of its host.
pub(super) fn router_v1() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(document_v1))
        .route("/discovery/keys", get(keys))
}

async fn document(authority: Authority, State(simulator): State<Arc<Simulator>>) -> Response {
    // The document of `contoso.ciamlogin.com` names the issuer by the tenant's id all the same, as tokens do.
    let issuer = authority.tenancy().issuer();
    let addresses = &simulator.tokens.addresses;
    let keys = format!("{}/discovery/v2.0/keys", addresses.base(&authority));
    json(
        StatusCode::OK,
        &discovery(addresses, &authority, issuer, &keys),
    )
}

async fn document_v1(authority: Authority, State(simulator): State<Arc<Simulator>>) -> Response {
    let addresses = &simulator.tokens.addresses;
    let keys = format!("{}/discovery/keys", addresses.base(&authority));
    let issuer = IssuerForm::WorkforceV1;
    json(
        StatusCode::OK,
        &discovery(addresses, &authority, issuer, &keys),
    )
}

/// OpenID Connect Discovery 1.0, section 3. Version 1 has no endpoints of its own here and names those of version 2.
fn discovery(
    addresses: &Addresses,
    authority: &Authority,
    issuer: IssuerForm,
    keys: &str,
) -> Value {
    let base = addresses.base(authority);
    json!({
        "issuer": addresses.issuer(issuer),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
        "jwks_uri": keys,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "nbf", "nonce", "name", "preferred_username", "email", "oid", "tid",
            "ver", "roles",
        ],
        "request_uri_parameter_supported": false,
    })
}

async fn keys(authority: Authority, State(simulator): State<Arc<Simulator>>) -> Response {
    let keys = simulator.tokens.keys(authority.tenancy());
    let published: Vec<_> = keys.published().map(|key| &key.public).collect();
    json(StatusCode::OK, &json!({ "keys": published }))
}
