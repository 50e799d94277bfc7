//! Tokens (PROTOCOL 5.10): signing keys, OpenID discovery, the bearer of extension calls, the sign-in of test people.

mod answer;
mod authority;
mod authorize;
mod codes;
mod extension_token;
mod grants;
mod jwt;
mod keys;
mod logout;
mod oauth_error;
mod page;
mod parameters;
mod trial;

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use axum::{
    Router,
    routing::{get, post},
};
use serde_json::{Map, Value};

use self::{
    authority::{Addresses, IssuerForm, Tenancy},
    codes::Codes,
    extension_token::ExtensionToken,
    keys::{KeySet, SigningKey},
    trial::Trials,
};
use crate::{Simulator, clock, config::Tenant, model::TenantKind};

/// Seconds that a token is good for.
const LIFETIME: i64 = 3600;

/// The keys that a process starts with. Each takes about a second to make, so they are made when they are first asked
/// for, and once for all simulators of a process.
static WORKFORCE: LazyLock<SigningKey> = LazyLock::new(SigningKey::generate);
static EXTERNAL: LazyLock<SigningKey> = LazyLock::new(SigningKey::generate);

/// The tenant as the place where tokens come from.
#[derive(Debug)]
pub struct Tokens {
    addresses: Addresses,
    /// The application id that extension tokens are for.
    extension_audience: String,
    workforce: LazyLock<Mutex<KeySet>>,
    external: LazyLock<Mutex<KeySet>>,
    extension_token: Mutex<ExtensionToken>,
    codes: Mutex<Codes>,
    trials: Mutex<Trials>,
}

impl Tokens {
    pub fn new(origin: &str, tenant: &Tenant) -> Self {
        Self {
            addresses: Addresses::new(origin, tenant),
            extension_audience: tenant.extension_audience.clone(),
            workforce: LazyLock::new(|| first(&WORKFORCE)),
            external: LazyLock::new(|| first(&EXTERNAL)),
            extension_token: Mutex::default(),
            codes: Mutex::default(),
            trials: Mutex::default(),
        }
    }

    /// Makes the keys, so that the first call does not wait for them. Takes seconds; not for an async task.
    pub fn prepare(&self) {
        LazyLock::force(&self.workforce);
        LazyLock::force(&self.external);
    }

    /// Every issuer that a token of the tenant may name: what a deployment has to accept.
    pub fn issuers(&self) -> Vec<String> {
        IssuerForm::ALL
            .map(|form| self.addresses.issuer(form))
            .to_vec()
    }

    /// The bearer token of one extension call, as the switches on the page say.
    pub fn for_extension(&self) -> String {
        self.extension_token_at(clock::now().as_second())
    }

    /// Signs the claims of an id token of a sign-up; `iss`, `iat`, `nbf`, `exp`, `tid` and `ver` are added.
    pub fn id_token(&self, kind: TenantKind, claims: Map<String, Value>) -> String {
        let issuer = match kind {
            TenantKind::External => IssuerForm::ExternalById,
            TenantKind::Workforce | TenantKind::B2c => IssuerForm::Workforce,
        };
        self.sign(issuer, claims, clock::now().as_second())
    }

    /// The id of the application that a token for Graph belongs to, or what is wrong with the token.
    pub fn graph_caller(&self, bearer: &str) -> Result<String, &'static str> {
        self.graph_caller_at(bearer, clock::now().as_second())
    }

    fn graph_caller_at(&self, bearer: &str, now: i64) -> Result<String, &'static str> {
        let token = jwt::parts(bearer).ok_or("malformed token")?;
        let text = |claims: &Map<String, Value>, name: &str| {
            claims.get(name).and_then(Value::as_str).map(str::to_owned)
        };
        if text(&token.header, "alg").as_deref() != Some("RS256") {
            return Err("algorithm");
        }
        let keys = self.keys(Tenancy::Workforce);
        let kid = text(&token.header, "kid");
        let mut published = keys.published();
        let key = published.find(|key| Some(&key.public.kid) == kid.as_ref());
        if !key
            .ok_or("unknown key")?
            .has_signed(token.signed, &token.signature)
        {
            return Err("signature");
        }
        if token
            .claims
            .get("exp")
            .and_then(Value::as_i64)
            .is_none_or(|end| end <= now)
        {
            return Err("expired");
        }
        if text(&token.claims, "aud").as_deref() != Some(grants::GRAPH) {
            return Err("audience");
        }
        text(&token.claims, "appid").ok_or("no application")
    }

    fn extension_token_at(&self, now: i64) -> String {
        let wanted = lock(&self.extension_token).clone();
        let key = |tenancy| self.keys(tenancy).current;
        wanted.issue(&self.addresses, &self.extension_audience, key, now)
    }

    /// Signs with the key of the issuer, at a moment in seconds of the epoch.
    fn sign(&self, issuer: IssuerForm, mut claims: jwt::Claims, now: i64) -> String {
        let added: [(&str, Value); 6] = [
            ("iss", self.addresses.issuer(issuer).into()),
            ("iat", now.into()),
            ("nbf", now.into()),
            ("exp", now.saturating_add(LIFETIME).into()),
            ("tid", self.addresses.tenant_id().into()),
            ("ver", issuer.version().into()),
        ];
        claims.extend(added.map(|(name, value)| (name.to_owned(), value)));
        jwt::sign(&self.keys(issuer.tenancy()).current, &claims)
    }

    fn keys(&self, tenancy: Tenancy) -> KeySet {
        lock(self.key_set(tenancy)).clone()
    }

    fn key_set(&self, tenancy: Tenancy) -> &Mutex<KeySet> {
        match tenancy {
            Tenancy::Workforce => &self.workforce,
            Tenancy::External => &self.external,
        }
    }
}

fn first(key: &SigningKey) -> Mutex<KeySet> {
    Mutex::new(KeySet::new(key.clone()))
}

pub fn router() -> Router<Arc<Simulator>> {
    let authority = Router::new()
        .merge(authority::router())
        .route(
            "/oauth2/v2.0/authorize",
            get(authorize::show).post(authorize::choose),
        )
        .route("/oauth2/v2.0/token", post(grants::token))
        .route("/oauth2/v2.0/logout", get(logout::logout));
    Router::new()
        .nest("/{tenant}", authority.clone().merge(authority::router_v1()))
        .nest("/ciamlogin/{domain}/{tenant}", authority)
        .merge(page::router())
        .merge(trial::router())
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_768_478_400;

    fn tokens() -> Tokens {
        let tenant = Tenant {
            id: "aaaabbbb-0000-cccc-1111-dddd2222eeee".to_owned(),
            name: "contoso".to_owned(),
            extensions_app_id: "00001111aaaa2222bbbb3333cccc4444".to_owned(),
            extension_audience: "a13d0fc1-04ab-4ede-b215-63de0174cbb4".to_owned(),
        };
        Tokens::new("http://127.0.0.1:7000/", &tenant)
    }

    fn for_graph() -> jwt::Claims {
        jwt::claims(json!({ "aud": grants::GRAPH, "appid": "daemon" }))
    }

    #[rstest]
    #[case::at_once(0, Ok("daemon".to_owned()))]
    #[case::in_the_last_second(LIFETIME - 1, Ok("daemon".to_owned()))]
    #[case::too_late(LIFETIME, Err("expired"))]
    fn a_token_for_graph_is_good_for_its_lifetime(
        #[case] later: i64,
        #[case] caller: Result<String, &'static str>,
    ) {
        let tokens = tokens();
        let token = tokens.sign(IssuerForm::WorkforceV1, for_graph(), NOW);
        assert_eq!(tokens.graph_caller_at(&token, NOW + later), caller);
    }

    #[test]
    fn graph_tells_why_it_refuses_a_token() {
        let tokens = tokens();
        let reason = |token: &str| tokens.graph_caller_at(token, NOW).unwrap_err();
        let of = |issuer, claims| tokens.sign(issuer, claims, NOW);
        let kid = tokens.keys(Tenancy::Workforce).current.public.kid;
        assert_eq!(reason("token"), "malformed token");
        assert_eq!(reason(&jwt::unsigned(&for_graph())), "algorithm");
        assert_eq!(
            reason(&of(IssuerForm::ExternalById, for_graph())),
            "unknown key"
        );
        let forged = jwt::sign_as(&tokens.keys(Tenancy::External).current, &kid, &for_graph());
        assert_eq!(reason(&forged), "signature");
        let nobody = jwt::claims(json!({ "aud": grants::GRAPH }));
        assert_eq!(
            reason(&of(IssuerForm::WorkforceV1, nobody)),
            "no application"
        );
        lock(&tokens.extension_token).issuer = IssuerForm::Workforce;
        assert_eq!(reason(&tokens.extension_token_at(NOW)), "audience");
    }

    #[test]
    fn an_id_token_says_who_issued_it_whatever_it_is_given() {
        let tokens = tokens();
        let given =
            jwt::claims(json!({ "city": "Redmond", "iss": "https://example.com", "exp": 0 }));
        let token = tokens.sign(IssuerForm::Workforce, given, NOW);
        let claims = jwt::parts(&token).unwrap().claims;
        let expected = json!({
            "city": "Redmond",
            "iss": "http://127.0.0.1:7000/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0",
            "iat": NOW,
            "nbf": NOW,
            "exp": NOW + LIFETIME,
            "tid": "aaaabbbb-0000-cccc-1111-dddd2222eeee",
            "ver": "2.0",
        });
        assert_eq!(Value::Object(claims), expected);
    }
}
