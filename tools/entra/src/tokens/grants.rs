//! The token endpoint (RFC 6749 3.2): a code for the tokens of a person, or an application's own token for Graph.

use std::sync::Arc;

use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    LIFETIME, Tokens,
    answer::json,
    authority::{Authority, IssuerForm, Tenancy},
    codes::{Grant, Redemption},
    jwt, lock,
    oauth_error::OAuthError,
    parameters::Parameters,
};
use crate::{
    Simulator, clock,
    config::{Application, Config, TestPerson},
};

/// The audience of a token for Graph (PROTOCOL 3.1).
pub(super) const GRAPH: &str = "https://graph.microsoft.com";

/// Graph's application id, by which a token for the signed-in person names it.
const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";

/// What an application may do there (PROTOCOL 3.3): as if an administrator had consented.
const GRAPH_ROLES: [&str; 2] = ["User.ReadWrite.All", "User.Invite.All"];

pub(super) async fn token(
    authority: Authority,
    State(simulator): State<Arc<Simulator>>,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    let now = clock::now().as_second();
    let tenancy = authority.tenancy();
    let granted = parameters(form).and_then(|parameters| {
        let application = authenticate(&simulator.config, &headers, &parameters)?;
        match parameters.require("grant_type")? {
            "authorization_code" => code(&simulator, tenancy, application, &parameters, now),
            "client_credentials" => own(&simulator.tokens, application, &parameters, now),
            other => {
                let problem = format!("The app requested an unsupported grant type '{other}'.");
                Err(OAuthError::new("unsupported_grant_type", 70_003, problem))
            }
        }
    });
    match granted {
        Ok(tokens) => json(StatusCode::OK, &tokens),
        Err(error) => error.into_response(),
    }
}

fn parameters(
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Result<Parameters, OAuthError> {
    let Form(pairs) = form
        .map_err(|rejection| OAuthError::new("invalid_request", 900_144, rejection.body_text()))?;
    Parameters::read(pairs)
}

/// The client, when it shows its secret or has none (RFC 6749 2.3.1).
fn authenticate<'c>(
    config: &'c Config,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<&'c Application, OAuthError> {
    let invalid = |number, problem| Err(OAuthError::new("invalid_client", number, problem));
    let (id, secret) = match headers.get(header::AUTHORIZATION) {
        None => {
            let secret = parameters.get("client_secret").map(str::to_owned);
            (parameters.require("client_id")?.to_owned(), secret)
        }
        Some(_) if parameters.get("client_secret").is_some() => {
            let problem = "Only one method of client authentication may be used.";
            return Err(OAuthError::new("invalid_request", 90_023, problem));
        }
        Some(header) => match basic(header.as_bytes()) {
            Some((id, secret)) => (id, Some(secret)),
            None => {
                return invalid(
                    7_000_215,
                    "The Authorization header is not of the Basic scheme.",
                );
            }
        },
    };
    if parameters.get("client_id").is_some_and(|named| named != id) {
        return invalid(
            700_016,
            "The client_id is not the one of the Authorization header.",
        );
    }
    let application = config
        .application(&id)
        .ok_or_else(|| OAuthError::unknown_application(&id))?;
    match (&application.secret, secret) {
        (Some(right), Some(shown)) if *right != shown => {
            invalid(7_000_215, "Invalid client secret provided.")
        }
        (Some(_), None) => invalid(
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        ),
        (None, Some(_)) => invalid(
            700_025,
            "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        ),
        (Some(_), Some(_)) | (None, None) => Ok(application),
    }
}

/// Id and secret of a Basic credential, each of which is form-encoded by itself.
fn basic(header: &[u8]) -> Option<(String, String)> {
    let (scheme, credential) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credential = String::from_utf8(STANDARD.decode(credential.trim()).ok()?).ok()?;
    let (id, secret) = credential.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

/// The inverse of `application/x-www-form-urlencoded` for one value.
fn form_decoded(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(octets).ok()
}

fn code(
    simulator: &Simulator,
    tenancy: Tenancy,
    application: &Application,
    parameters: &Parameters,
    now: i64,
) -> Result<Value, OAuthError> {
    let redemption = Redemption {
        tenancy,
        client_id: &application.id,
        code: parameters.require("code")?,
        redirect_uri: parameters.require("redirect_uri")?,
        verifier: parameters.require("code_verifier")?,
    };
    exchange(simulator, redemption, now)
}

/// The tokens for a code. The client has been authenticated.
pub(super) fn exchange(
    simulator: &Simulator,
    redemption: Redemption<'_>,
    now: i64,
) -> Result<Value, OAuthError> {
    let grant = lock(&simulator.tokens.codes).redeem(redemption, now)?;
    let people = &simulator.config.people;
    let person = people.iter().find(|person| person.id == grant.person_id);
    let person = person.ok_or_else(|| {
        let gone = "The user account does not exist in the directory.";
        OAuthError::new("invalid_grant", 50_034, gone)
    })?;
    Ok(json!({
        "token_type": "Bearer",
        "scope": grant.scope,
        "expires_in": LIFETIME,
        "ext_expires_in": LIFETIME,
        "id_token": id_token(&simulator.tokens, &grant, person, now),
        "access_token": access_token(&simulator.tokens, &grant, person, now),
    }))
}

fn id_token(tokens: &Tokens, grant: &Grant, person: &TestPerson, now: i64) -> String {
    let mut claims = jwt::claims(json!({
        "aud": grant.client_id,
        "sub": subject(grant, person),
        "oid": person.id,
        "uti": Uuid::new_v4().simple().to_string(),
    }));
    let asked = |scope: &str| grant.scope.split(' ').any(|one| one == scope);
    if asked("profile") {
        claims.insert("name".to_owned(), person.name.clone().into());
        claims.insert("preferred_username".to_owned(), person.email.clone().into());
    }
    if asked("email") {
        claims.insert("email".to_owned(), person.email.clone().into());
    }
    // Somebody without a role has no such claim, rather than an empty one.
    if !person.roles.is_empty() {
        claims.insert("roles".to_owned(), person.roles.clone().into());
    }
    if let Some(nonce) = &grant.nonce {
        claims.insert("nonce".to_owned(), nonce.clone().into());
    }
    tokens.sign(grant.tenancy.issuer(), claims, now)
}

/// For Graph on behalf of the person; nothing here accepts it.
fn access_token(tokens: &Tokens, grant: &Grant, person: &TestPerson, now: i64) -> String {
    let claims = jwt::claims(json!({
        "aud": GRAPH_ID,
        "azp": grant.client_id,
        "oid": person.id,
        "scp": grant.scope,
        "sub": subject(grant, person),
    }));
    tokens.sign(grant.tenancy.issuer(), claims, now)
}

/// Pairwise: the same person is somebody else to each application (OpenID Connect Core 8.1).
fn subject(grant: &Grant, person: &TestPerson) -> String {
    let pair = format!("{} {}", grant.client_id, person.id);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, pair.as_bytes()))
}

fn own(
    tokens: &Tokens,
    application: &Application,
    parameters: &Parameters,
    now: i64,
) -> Result<Value, OAuthError> {
    if application.secret.is_none() {
        let problem = "A public client has no token of its own: the application has no secret.";
        return Err(OAuthError::new("unauthorized_client", 700_016, problem));
    }
    let scope = parameters.require("scope")?;
    match scope.strip_suffix("/.default") {
        Some(GRAPH | GRAPH_ID) => {}
        Some(other) => {
            let problem =
                format!("The resource principal named {other} was not found in the tenant.");
            return Err(OAuthError::new("invalid_resource", 500_011, problem));
        }
        None => {
            let problem = format!(
                "The provided value for scope {scope} is not valid. Client credential flows must have a scope value \
                 with /.default suffixed to the resource identifier (application ID URI)."
            );
            return Err(OAuthError::new("invalid_scope", 1_002_012, problem));
        }
    }
    let claims = jwt::claims(json!({
        "aud": GRAPH,
        "app_displayname": application.name,
        "appid": application.id,
        "appidacr": "1",
        "idtyp": "app",
        "oid": application.id,
        "sub": application.id,
        "roles": GRAPH_ROLES,
        "uti": Uuid::new_v4().simple().to_string(),
    }));
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "ext_expires_in": LIFETIME,
        "access_token": tokens.sign(IssuerForm::WorkforceV1, claims, now),
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(credential: &[u8]) -> Vec<u8> {
        format!("Basic {}", STANDARD.encode(credential)).into_bytes()
    }

    #[test]
    fn id_and_secret_are_form_encoded() {
        let read = basic(&header(b"client:a%3Ab+c%25")).unwrap();
        assert_eq!(read, ("client".to_owned(), "a:b c%".to_owned()));
        assert_eq!(basic(&header(b"client")), None);
        assert_eq!(basic(&header(b"client:%4")), None);
        assert_eq!(basic(&header(b"client:%zz")), None);
        assert_eq!(basic(b"Bearer abc"), None);
    }

    proptest! {
        #[test]
        fn every_secret_survives_its_encoding(secret in ".{0,30}") {
            let encoded: Vec<_> = secret.bytes().map(|octet| format!("%{octet:02X}")).collect();
            prop_assert_eq!(form_decoded(&encoded.concat()).unwrap(), secret);
        }

        #[test]
        fn any_header_is_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = basic(&octets);
            let _ = basic(&header(&octets));
        }
    }
}
