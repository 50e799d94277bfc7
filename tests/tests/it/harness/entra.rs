//! A stand-in for Entra: OpenID discovery, signing keys, and the tokens of its authentication events
//! service (PROTOCOL 5.10).

use std::sync::{
    Arc, LazyLock, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair, KeyPairComponents, PublicKeyComponents},
    signature::RSA_PKCS1_SHA256,
};
use serde_json::{Map, Value, json};
use shared::{
    adapters::system_clock::SystemClock,
    domain::key_set::{SigningKey, SigningKeys},
    ports::clock::Clock,
};

use super::{
    http::{Request, Response, Server, response},
    runtime::Settings,
};

pub(crate) const TENANT: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
pub(crate) const AUDIENCE: &str = "a13d0fc1-04ab-4ede-b215-63de0174cbb4";
pub(crate) const AUDIENCE_URI: &str =
    "api://sign-up.example.com/a13d0fc1-04ab-4ede-b215-63de0174cbb4";
pub(crate) const CALLER_APP_ID: &str = "99045fe1-7639-4a75-9d4a-577b6ca3810f";

/// The keys of `tests/fixtures/entra-keys.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    First,
    Second,
    /// Never published.
    Stranger,
}

impl Key {
    const fn kid(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Stranger => "stranger",
        }
    }

    fn material(self) -> &'static Value {
        static KEYS: LazyLock<Value> = LazyLock::new(|| {
            serde_json::from_str(include_str!("../../../fixtures/entra-keys.json")).unwrap()
        });
        let mut keys = KEYS["keys"].as_array().unwrap().iter();
        keys.find(|key| key["kid"] == self.kid()).unwrap()
    }

    fn part(self, name: &str) -> Vec<u8> {
        let text = self.material()[name].as_str().unwrap();
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn published(self) -> Value {
        let key = self.material();
        json!({
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid(),
            "x5t": self.kid(),
            "n": key["n"],
            "e": key["e"],
            "x5c": ["not looked at"],
        })
    }

    pub(crate) fn signing_key(self) -> SigningKey {
        SigningKey {
            kid: self.kid().to_owned(),
            modulus: self.part("n"),
            exponent: self.part("e"),
        }
    }

    fn sign(self, text: &str) -> Vec<u8> {
        let components = KeyPairComponents {
            public_key: PublicKeyComponents {
                n: self.part("n"),
                e: self.part("e"),
            },
            d: self.part("d"),
            p: self.part("p"),
            q: self.part("q"),
            dP: self.part("dp"),
            dQ: self.part("dq"),
            qInv: self.part("qi"),
        };
        let pair = KeyPair::from_components(&components).unwrap();
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            text.as_bytes(),
            &mut signature,
        )
        .unwrap();
        signature
    }
}

/// How the key endpoints behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Serving,
    Failing,
    Hanging,
}

pub(crate) struct Entra {
    server: Server,
    state: Arc<State>,
}

struct State {
    published: Mutex<Vec<Key>>,
    mode: Mutex<Mode>,
    discoveries: AtomicUsize,
    key_sets: AtomicUsize,
}

impl Entra {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(State {
            published: Mutex::new(vec![Key::First]),
            mode: Mutex::new(Mode::Serving),
            discoveries: AtomicUsize::default(),
            key_sets: AtomicUsize::default(),
        });
        let handler = {
            let state = Arc::clone(&state);
            move |request| Arc::clone(&state).answer(request)
        };
        Self {
            server: Server::start(handler).await,
            state,
        }
    }

    pub(crate) fn publish(&self, keys: &[Key]) {
        *self.state.published.lock().unwrap() = keys.to_vec();
    }

    pub(crate) fn behave(&self, mode: Mode) {
        *self.state.mode.lock().unwrap() = mode;
    }

    /// How often a discovery document and a key set were asked for.
    pub(crate) fn fetches(&self) -> (usize, usize) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        (count(&self.state.discoveries), count(&self.state.key_sets))
    }

    /// The issuer of version 2 tokens.
    pub(crate) fn issuer(&self) -> String {
        format!("{}/{TENANT}/v2.0", self.server.url())
    }

    /// The issuer of version 1 tokens.
    pub(crate) fn issuer_v1(&self) -> String {
        format!("{}/{TENANT}/", self.server.url())
    }

    /// Trusts this stand-in.
    pub(crate) fn settings(&self, settings: Settings) -> Settings {
        let issuers = format!("{},{}", self.issuer(), self.issuer_v1());
        settings
            .set("ENTRA_TENANT_ID", TENANT)
            .set("ENTRA_AUDIENCES", format!("{AUDIENCE},{AUDIENCE_URI}"))
            .set("ENTRA_ISSUERS", issuers)
    }

    /// What the table keeps for both issuers.
    pub(crate) fn signing_keys(&self) -> SigningKeys {
        let mut keys = SigningKeys::default();
        let published = self.state.published.lock().unwrap();
        for issuer in [self.issuer(), self.issuer_v1()] {
            keys.replace(&issuer, published.iter().map(|k| k.signing_key()).collect());
        }
        keys
    }

    /// A version 2 token as Entra issues it, good until a test spoils it.
    pub(crate) fn token(&self) -> Token {
        let now = SystemClock.now().as_second();
        let claims = json!({
            "aud": AUDIENCE,
            "iss": self.issuer(),
            "iat": now - 5,
            "nbf": now - 5,
            "exp": now + 3600,
            "aio": "k2BgYEhd8v/5wSSfPwA=",
            "azp": CALLER_APP_ID,
            "azpacr": "2",
            "oid": "b3f4c1d2-0000-4000-8000-123456789abc",
            "rh": "0.AYEAwQ.",
            "sub": "b3f4c1d2-0000-4000-8000-123456789abc",
            "tid": TENANT,
            "uti": "k2BgYEhd8v",
            "ver": "2.0",
        });
        Token::new(claims)
    }

    /// A version 1 token: `appid` instead of `azp`, and the App ID URI as audience.
    pub(crate) fn token_v1(&self) -> Token {
        self.token()
            .claim("ver", "1.0")
            .claim("iss", self.issuer_v1())
            .claim("aud", AUDIENCE_URI)
            .claim("appid", CALLER_APP_ID)
            .without_claim("azp")
    }
}

impl State {
    async fn answer(self: Arc<Self>, request: Request) -> Option<Response> {
        let path = request.uri().path();
        let base = format!("http://{}", request.headers().get("host")?.to_str().ok()?);
        let issuer = path.strip_suffix("/.well-known/openid-configuration");
        let document = if let Some(issuer) = issuer {
            self.discoveries.fetch_add(1, Ordering::Relaxed);
            let slash = if issuer.ends_with("/v2.0") { "" } else { "/" };
            json!({
                "issuer": format!("{base}{issuer}{slash}"),
                "jwks_uri": format!("{base}/{TENANT}/discovery/v2.0/keys"),
                "response_types_supported": ["code", "id_token"],
            })
        } else {
            self.key_sets.fetch_add(1, Ordering::Relaxed);
            let published = self.published.lock().unwrap();
            let keys: Vec<Value> = published.iter().map(|key| key.published()).collect();
            json!({ "keys": keys })
        };
        let mode = *self.mode.lock().unwrap();
        match mode {
            Mode::Serving => Some(response(200, "application/json", document.to_string())),
            Mode::Failing => Some(response(500, "text/plain", "out of order")),
            Mode::Hanging => std::future::pending().await,
        }
    }
}

/// A token that is not signed yet.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    key: Key,
}

impl Token {
    fn new(claims: Value) -> Self {
        let Value::Object(claims) = claims else {
            unreachable!()
        };
        let token = Self {
            header: Map::new(),
            claims,
            key: Key::First,
        };
        token
            .header("typ", "JWT")
            .header("alg", "RS256")
            .key(Key::First)
    }

    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Signed with a key, and naming it.
    pub(crate) fn key(self, key: Key) -> Self {
        let mut token = self.header("kid", key.kid());
        token.key = key;
        token
    }

    /// Signed with a key, whatever `kid` says.
    pub(crate) fn signed_with(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    fn signed_part(&self) -> String {
        let encode = |part: &Map<String, Value>| {
            URL_SAFE_NO_PAD.encode(Value::Object(part.clone()).to_string())
        };
        format!("{}.{}", encode(&self.header), encode(&self.claims))
    }

    /// The compact form with an RS256 signature.
    pub(crate) fn text(&self) -> String {
        let signed = self.signed_part();
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(&signed));
        format!("{signed}.{signature}")
    }

    pub(crate) fn unsigned(&self) -> String {
        format!("{}.", self.signed_part())
    }

    /// Signed by HMAC with the public key, which everybody knows, as the secret.
    pub(crate) fn confused(&self) -> String {
        let signed = self.signed_part();
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &self.key.part("n"));
        let signature = hmac::sign(&secret, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
