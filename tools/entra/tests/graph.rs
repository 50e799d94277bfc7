//! Graph and the directory over HTTP: what provisioning sends, each error that is documented, each fault.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::future::join_all;
use local_entra::{
    Simulator,
    faults::{GraphFaults, Switches},
};
use reqwest::{Method, StatusCode, Url, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const EXTENSION: &str = "extension_00001111aaaa2222bbbb3333cccc4444";
const ROUTE_A_NAME: &str = "johnsmith_outlook.com#EXT#@contoso.onmicrosoft.com";
const SOME_GUID: &str = "8e881353-1735-45af-af21-ee1344582a4d";
const OTHER_GUID: &str = "00000000-0000-0000-0000-000000000000";

/// A simulator that serves on a port of its own, and a caller with a token.
struct World {
    simulator: Arc<Simulator>,
    client: reqwest::Client,
    origin: String,
    token: String,
}

struct Answer {
    status: StatusCode,
    headers: header::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn error(&self) -> Value {
        self.json()["error"].clone()
    }

    fn code(&self) -> String {
        self.error()["code"].as_str().unwrap().to_owned()
    }

    fn message(&self) -> String {
        self.error()["message"].as_str().unwrap().to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    #[track_caller]
    fn has(self, status: u16) -> Self {
        self.has_for("", status)
    }

    /// The same, in one of several cases.
    #[track_caller]
    fn has_for(self, case: &str, status: u16) -> Self {
        assert_eq!(self.status, status, "{case} {}", self.text);
        self
    }
}

impl World {
    async fn new() -> Self {
        let simulator = Simulator::of_example(|_| {}).await.unwrap();
        let origin = simulator.origin.clone();
        let redirects = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().no_proxy().redirect(redirects);
        let mut world = Self {
            simulator,
            client: client.build().unwrap(),
            origin,
            token: String::new(),
        };
        world.token = world.fetch_token().await;
        world
    }

    async fn fetch_token(&self) -> String {
        let path = "/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2/v2.0/token";
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52"),
            ("client_secret", "local-graph-secret"),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let answer = self.form(path, &form).await.has(200);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}/graph/v1.0{path}", self.origin)).unwrap()
    }

    fn request(&self, method: Method, url: Url) -> reqwest::RequestBuilder {
        self.client.request(method, url).bearer_auth(&self.token)
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(method, self.url(path));
        let request = request.header(header::CONTENT_TYPE, "application/json");
        answer(request.body(body.to_string())).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, body).await
    }

    async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, self.url(path))).await
    }

    async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, self.url(path))).await
    }

    async fn users(&self, options: &[(&str, &str)]) -> Answer {
        let mut url = self.url("/users");
        url.query_pairs_mut().extend_pairs(options);
        answer(self.request(Method::GET, url)).await
    }

    /// The ids that a filter finds.
    async fn found(&self, filter: &str) -> Vec<String> {
        let answer = self
            .users(&[("$filter", filter), ("$select", "id")])
            .await
            .has(200);
        let value = answer.json()["value"].as_array().unwrap().clone();
        value
            .iter()
            .map(|user| user["id"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn created(&self, body: &Value) -> String {
        let answer = self.post("/users", body).await.has(201);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    async fn invited(&self, address: &str) -> String {
        let answer = self
            .post("/invitations", &invitation(address))
            .await
            .has(201);
        answer.json()["invitedUser"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn faults(&self, graph: GraphFaults) {
        self.simulator.faults.set(Switches {
            graph,
            ..Switches::default()
        });
    }

    async fn page(&self, path: &str) -> Answer {
        answer(self.client.get(format!("{}{path}", self.origin))).await
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut url = Url::parse("http://127.0.0.1").unwrap();
        url.query_pairs_mut().extend_pairs(fields);
        let request = self
            .client
            .post(format!("{}{path}", self.origin))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(url.query().unwrap_or_default().to_owned());
        answer(request).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

/// The body of PROTOCOL 3.3 (a).
fn route_a() -> Value {
    json!({
        "userPrincipalName": ROUTE_A_NAME,
        "accountEnabled": true,
        "mail": "johnsmith@outlook.com",
        "userType": "Guest",
        "identities": [{"signInType": "federated", "issuer": "facebook.com", "issuerAssignedId": "0123456789"}],
        "displayName": "John Smith",
        "city": "Redmond",
        (format!("{EXTENSION}_SupplierNumber")): "S-17",
    })
}

/// Another guest than that one.
fn guest(number: usize) -> Value {
    let mut body = route_a();
    body["userPrincipalName"] = format!("guest{number}#EXT#@contoso.onmicrosoft.com").into();
    body["mail"] = format!("guest{number}@example.com").into();
    body["identities"][0]["issuerAssignedId"] = number.to_string().into();
    body
}

fn member(name: &str) -> Value {
    json!({
        "accountEnabled": true,
        "displayName": name,
        "mailNickname": name,
        "userPrincipalName": format!("{name}@contoso.onmicrosoft.com"),
        "mail": format!("{name}@fabrikam.example"),
        "passwordProfile": {"forceChangePasswordNextSignIn": true, "password": "xWwvJ]6NMw+bWH-d"},
    })
}

fn invitation(address: &str) -> Value {
    json!({"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapp.com"})
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut().unwrap().remove(name);
    body
}

mod callers {
    use super::*;

    #[tokio::test]
    async fn a_caller_without_a_token_is_refused_before_anything_else() {
        let world = World::new().await;
        for (case, authorization) in [
            ("no header", None),
            ("basic", Some("Basic Y29ubmVjdG9yOmxvY2Fs")),
            ("nothing", Some("Bearer ")),
            ("no token", Some("Bearer abc")),
        ] {
            for path in ["/users", "/nowhere"] {
                let mut request = world.client.post(world.url(path)).body("no json");
                if let Some(authorization) = authorization {
                    request = request.header(header::AUTHORIZATION, authorization);
                }
                let answer = answer(request).await.has_for(case, 401);
                assert_eq!(answer.code(), "InvalidAuthenticationToken");
                assert_eq!(answer.header("www-authenticate"), "Bearer");
            }
        }
    }

    #[tokio::test]
    async fn a_token_for_another_audience_is_refused() {
        let world = World::new().await;
        let token = world.simulator.tokens.for_extension();
        let request = world.client.get(world.url("/users")).bearer_auth(token);
        let answer = answer(request).await.has(401);
        assert_eq!(answer.code(), "InvalidAuthenticationToken");
    }

    #[tokio::test]
    async fn each_answer_carries_the_ids_of_the_request() {
        let world = World::new().await;
        let own = "d4c1c1f0-5d0c-4f0e-9a3c-0d8b8b7f2f11";
        let request = world.request(Method::GET, world.url("/users/nobody"));
        let named = answer(request.header("client-request-id", own))
            .await
            .has(404);
        let error = named.error();
        assert_eq!(named.header("client-request-id"), own);
        assert_eq!(error["innerError"]["client-request-id"], own);
        assert_eq!(
            error["innerError"]["request-id"],
            named.header("request-id")
        );
        assert!(error["innerError"]["date"].is_string());

        let unnamed = world.get("/users").await.has(200);
        assert_eq!(
            unnamed.header("client-request-id"),
            unnamed.header("request-id")
        );
        assert_ne!(unnamed.header("request-id"), named.header("request-id"));
    }
}

mod bodies {
    use super::*;

    #[tokio::test]
    async fn what_is_no_json_object_is_unreadable() {
        let world = World::new().await;
        for body in ["", "{", "null", "[]", "{\"a\":}", "\u{feff}{}"] {
            let request = world.request(Method::POST, world.url("/users"));
            let request = request.header(header::CONTENT_TYPE, "application/json; charset=utf-8");
            let answer = answer(request.body(body)).await.has(400);
            assert_eq!(answer.code(), "BadRequest", "{body}");
        }
    }

    #[tokio::test]
    async fn the_media_type_is_json_and_is_told() {
        let world = World::new().await;
        let request = world.request(Method::POST, world.url("/users")).body("{}");
        let missing = answer(request).await.has(400);
        assert!(missing.message().contains("Content-Type"));
        let request = world.request(Method::POST, world.url("/users"));
        let request = request
            .header(header::CONTENT_TYPE, "text/plain")
            .body("{}");
        answer(request).await.has(415);
    }

    #[tokio::test]
    async fn a_body_has_at_most_one_mebibyte() {
        let world = World::new().await;
        let padded = |octets: usize| {
            let body = route_a().to_string();
            let spaces = " ".repeat(octets - body.len());
            let request = world.request(Method::POST, world.url("/users"));
            let request = request.header(header::CONTENT_TYPE, "application/json");
            answer(request.body(body + &spaces))
        };
        padded(1024 * 1024 + 1).await.has(413);
        assert!(world.simulator.directory.all().is_empty());
        padded(1024 * 1024).await.has(201);
    }

    #[tokio::test]
    async fn another_method_is_not_allowed() {
        let world = World::new().await;
        for (method, path, allowed) in [
            (Method::PUT, "/users", "GET, POST"),
            (Method::POST, "/users/abc", "GET, PATCH, DELETE"),
            (Method::GET, "/invitations", "POST"),
            (Method::DELETE, "/groups/abc/members/$ref", "POST"),
            (Method::GET, "/users/abc/appRoleAssignments", "POST"),
        ] {
            let answer = world.send(method, path, &json!({})).await.has(405);
            assert_eq!(answer.header("allow"), allowed);
            assert_eq!(answer.code(), "Request_BadRequest");
        }
    }

    #[tokio::test]
    async fn another_path_is_no_resource() {
        let world = World::new().await;
        for path in ["/user", "/users/a/b", "/users/", "/groups/abc", "/%FF"] {
            let answer = world.get(path).await;
            assert!([400, 404].contains(&answer.status.as_u16()), "{path}");
            assert!(["BadRequest", "Request_ResourceNotFound"].contains(&answer.code().as_str()));
        }
    }
}

mod creation {
    use super::*;

    #[tokio::test]
    async fn the_documented_body_creates_a_guest() {
        let world = World::new().await;
        for (case, name) in [
            (
                "as invited guests have it",
                "johnsmith_outlook.com#EXT#@contoso.onmicrosoft.com",
            ),
            (
                "as the article has it",
                "johnsmith_outlook.com#EXT@contoso.onmicrosoft.com",
            ),
            (
                "in capitals",
                "JohnSmith_outlook.com#EXT#@CONTOSO.onmicrosoft.com",
            ),
        ] {
            let body = with(route_a(), "userPrincipalName", name.into());
            let answer = world.post("/users", &body).await.has_for(case, 201);
            let user = answer.json();
            for (name, value) in body.as_object().unwrap() {
                if name != "identities" {
                    assert_eq!(&user[name], value, "{name}");
                }
            }
            let by_name = json!({
                "signInType": "userPrincipalName",
                "issuer": "contoso.onmicrosoft.com",
                "issuerAssignedId": name,
            });
            assert_eq!(user["identities"], json!([body["identities"][0], by_name]));
            let id = user["id"].as_str().unwrap();
            let graph = format!("{}/graph/v1.0", world.origin);
            assert_eq!(
                user["@odata.context"],
                format!("{graph}/$metadata#users/$entity")
            );
            assert_eq!(answer.header("location"), format!("{graph}/users/{id}"));
            assert!(
                answer
                    .header("content-type")
                    .starts_with("application/json;odata.metadata=minimal")
            );
            assert_eq!(
                user["proxyAddresses"],
                json!(["SMTP:johnsmith@outlook.com"])
            );
            assert_eq!(user["businessPhones"], json!([]));
            assert!(user.as_object().unwrap().contains_key("mobilePhone"));
            world.delete(&format!("/users/{id}")).await.has(204);
        }
    }

    #[tokio::test]
    async fn every_identity_provider_of_that_route_will_do() {
        let world = World::new().await;
        for (case, issuer, id) in [
            ("google", "google.com", "117090645521"),
            ("code", "mail", "johnsmith@outlook.com"),
            ("without com", "Facebook", "0123456789"),
        ] {
            let identity =
                json!([{"signInType": "federated", "issuer": issuer, "issuerAssignedId": id}]);
            let created = world
                .created(&with(route_a(), "identities", identity))
                .await;
            let filter = format!(
                "identities/any(c:c/issuerAssignedId eq '{id}' and c/issuer eq '{issuer}')"
            );
            assert_eq!(
                world.found(&filter).await,
                std::slice::from_ref(&created),
                "{case}"
            );
            world
                .delete(&format!("/users/{created}"))
                .await
                .has_for(case, 204);
        }
    }

    #[tokio::test]
    async fn types_of_custom_attributes_are_kept() {
        let world = World::new().await;
        let mut body = route_a();
        body[format!("{EXTENSION}_OnMailingList")] = true.into();
        body[format!("{EXTENSION}_GraduationYear")] = 1999.into();
        let id = world.created(&body).await;
        let select =
            format!("{EXTENSION}_OnMailingList,{EXTENSION}_GraduationYear,{EXTENSION}_SpecialDiet");
        let user = world
            .get(&format!("/users/{id}?$select={select}"))
            .await
            .has(200)
            .json();
        assert_eq!(user[format!("{EXTENSION}_OnMailingList")], true);
        assert_eq!(user[format!("{EXTENSION}_GraduationYear")], 1999);
        assert!(
            !user
                .as_object()
                .unwrap()
                .contains_key(&format!("{EXTENSION}_SpecialDiet"))
        );
    }

    #[tokio::test]
    async fn a_required_property_is_missed() {
        let world = World::new().await;
        for (case, name) in [
            ("name", "userPrincipalName"),
            ("enabled", "accountEnabled"),
            ("display name", "displayName"),
        ] {
            for body in [without(route_a(), name), with(route_a(), name, Value::Null)] {
                let answer = world.post("/users", &body).await.has_for(case, 400);
                assert_eq!(answer.code(), "Request_BadRequest");
                let expected =
                    format!("Property {name} value is required but is empty or missing.");
                assert_eq!(answer.message(), expected);
            }
        }
    }

    #[tokio::test]
    async fn a_password_is_required_without_a_federated_identity() {
        let world = World::new().await;
        let local = json!([{
            "signInType": "userName", "issuer": "contoso.onmicrosoft.com", "issuerAssignedId": "johnsmith",
        }]);
        for body in [
            without(route_a(), "identities"),
            with(route_a(), "identities", json!([])),
            with(route_a(), "identities", local.clone()),
        ] {
            let answer = world.post("/users", &body).await.has(400);
            assert_eq!(
                answer.message(),
                "A password must be specified to create a new user."
            );
        }
        let user = world.post("/users", &member("kim")).await.has(201);
        assert!(!user.text.contains("passwordProfile"));
        assert_eq!(user.json()["userType"], "Member");
        world
            .post("/users", &with(member("lee"), "identities", local))
            .await
            .has(201);
    }

    #[tokio::test]
    async fn a_wrong_value_names_its_property() {
        let world = World::new().await;
        for (case, name, value) in [
            ("creation type", "creationType", json!("Invitation")),
            ("empty", "city", json!("")),
            ("too long", "givenName", json!("x".repeat(65))),
            ("number", "surname", json!(5)),
            ("not boolean", "accountEnabled", json!("true")),
            ("user type", "userType", json!("Visitor")),
            ("address", "mail", json!("johnsmith")),
            ("phones", "businessPhones", json!("+1 425 555 0109")),
            ("mails", "otherMails", json!([1])),
            (
                "no password",
                "passwordProfile",
                json!({"forceChangePasswordNextSignIn": true}),
            ),
            ("identities", "identities", json!("facebook.com")),
            (
                "incomplete identity",
                "identities",
                json!([{"signInType": "federated", "issuer": "facebook.com"}]),
            ),
            (
                "empty identity",
                "identities",
                json!([{"signInType": "federated", "issuer": "facebook.com", "issuerAssignedId": ""}]),
            ),
            (
                "local identity of another domain",
                "identities",
                json!([{"signInType": "emailAddress", "issuer": "fabrikam.com", "issuerAssignedId": "a@example.com"}]),
            ),
            (
                "domain",
                "userPrincipalName",
                json!("johnsmith@fabrikam.com"),
            ),
            ("no domain", "userPrincipalName", json!("johnsmith")),
            (
                "no local part",
                "userPrincipalName",
                json!("@contoso.onmicrosoft.com"),
            ),
            (
                "accent",
                "userPrincipalName",
                json!("jörg@contoso.onmicrosoft.com"),
            ),
            (
                "plus",
                "userPrincipalName",
                json!("john+x_outlook.com#EXT#@contoso.onmicrosoft.com"),
            ),
        ] {
            let answer = world
                .post("/users", &with(route_a(), name, value))
                .await
                .has_for(case, 400);
            assert_eq!(answer.code(), "Request_BadRequest");
            let detail = &answer.error()["details"][0];
            assert_eq!(
                (&detail["target"], &detail["code"]),
                (&json!(name), &json!("InvalidValue"))
            );
            assert!(world.simulator.directory.all().is_empty());
        }
    }

    #[tokio::test]
    async fn unknown_properties_are_refused() {
        let world = World::new().await;
        for name in ["ui_locales", "step", "client_id", "email", "DisplayName"] {
            let answer = world
                .post("/users", &with(route_a(), name, "x".into()))
                .await
                .has(400);
            assert_eq!(answer.code(), "Request_BadRequest");
            assert_eq!(answer.message(), format!("Invalid property '{name}'."));
        }
        for name in ["id", "createdDateTime", "proxyAddresses"] {
            let answer = world
                .post("/users", &with(route_a(), name, "x".into()))
                .await
                .has(400);
            assert_eq!(
                answer.message(),
                format!("Property '{name}' is read-only and cannot be set.")
            );
        }
        let typed = with(route_a(), "@odata.type", "#microsoft.graph.user".into());
        world.post("/users", &typed).await.has(201);
    }

    #[tokio::test]
    async fn custom_attributes_are_those_of_the_tenant() {
        let world = World::new().await;
        let other_app = "extension_ffff1111aaaa2222bbbb3333cccc4444_SupplierNumber";
        let unknown = format!("{EXTENSION}_Unknown");
        let body = with(route_a(), other_app, "x".into());
        let body = with(body, &unknown, "x".into());
        let answer = world.post("/users", &body).await.has(400);
        assert_eq!(
            answer.message(),
            format!("The following extension properties are not available: {unknown},{other_app}.")
        );
        for (name, value) in [
            ("GraduationYear", json!("1999")),
            ("GraduationYear", json!(19.5)),
            ("OnMailingList", json!("true")),
            ("SupplierNumber", json!(17)),
            ("SupplierNumber", json!("")),
            ("SupplierNumber", json!("x".repeat(257))),
        ] {
            let name = format!("{EXTENSION}_{name}");
            let answer = world
                .post("/users", &with(route_a(), &name, value))
                .await
                .has(400);
            assert_eq!(answer.error()["details"][0]["target"], name);
        }
    }

    #[tokio::test]
    async fn what_another_account_has_is_a_conflict() {
        let world = World::new().await;
        world.created(&route_a()).await;
        for (case, kept, target) in [
            ("name", "userPrincipalName", "userPrincipalName"),
            ("address", "mail", "proxyAddresses"),
            ("identity", "identities", "identities"),
        ] {
            let mut body = with(guest(1), kept, route_a()[kept].clone());
            if let Some(text) = body[kept].as_str() {
                body[kept] = text.to_uppercase().replace("CONTOSO", "contoso").into();
            }
            let answer = world.post("/users", &body).await.has_for(case, 400);
            let error = answer.error();
            let message =
                format!("Another object with the same value for property {target} already exists.");
            assert_eq!(error["code"], "Request_BadRequest");
            assert_eq!(error["message"], message);
            assert_eq!(error["details"][0]["target"], target);
            assert_eq!(error["details"][0]["code"], "ObjectConflict");
            assert_eq!(world.simulator.directory.all().len(), 1);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_many_creations_at_once_one_succeeds() {
        let world = World::new().await;
        let body = route_a();
        let answers = join_all((0..100).map(|_| world.post("/users", &body))).await;
        let created = answers.iter().filter(|answer| answer.status == 201).count();
        let conflicts = answers.iter().filter(|answer| answer.status == 400).count();
        assert_eq!((created, conflicts), (1, 99));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_different_creations_at_once_all_succeed() {
        let world = World::new().await;
        let bodies: Vec<_> = (0..500).map(guest).collect();
        let ids = join_all(bodies.iter().map(|body| world.created(body))).await;
        assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 500);
        assert_eq!(world.simulator.directory.all().len(), 500);
    }
}

mod reading {
    use super::*;

    #[tokio::test]
    async fn an_account_is_read_by_id_and_by_name() {
        let world = World::new().await;
        let id = world.created(&route_a()).await;
        let encoded = ROUTE_A_NAME.replace('#', "%23");
        for path in [&id, &id.to_uppercase(), &encoded, &encoded.to_lowercase()] {
            let user = world.get(&format!("/users/{path}")).await.has(200).json();
            assert_eq!(user["id"], id);
        }
        let answer = world
            .get("/users/nobody@contoso.onmicrosoft.com")
            .await
            .has(404);
        assert_eq!(answer.code(), "Request_ResourceNotFound");
        assert!(
            answer
                .message()
                .contains("'nobody@contoso.onmicrosoft.com'")
        );
    }

    #[tokio::test]
    async fn without_select_there_are_the_default_properties() {
        let world = World::new().await;
        let id = world.created(&route_a()).await;
        let user = world.get(&format!("/users/{id}")).await.has(200).json();
        let names: Vec<_> = user
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let expected = [
            "@odata.context",
            "businessPhones",
            "displayName",
            "givenName",
            "id",
            "jobTitle",
            "mail",
            "mobilePhone",
            "officeLocation",
            "preferredLanguage",
            "surname",
            "userPrincipalName",
        ];
        assert_eq!(names, expected);
    }

    #[tokio::test]
    async fn select_names_what_is_shown() {
        let world = World::new().await;
        let id = world.created(&route_a()).await;
        let path = format!(
            "/users/{id}?$select=id,%20identities,userType,city,department,passwordProfile"
        );
        let user = world.get(&path).await.has(200).json();
        assert_eq!(user["userType"], "Guest");
        assert_eq!(user["identities"][0]["issuer"], "facebook.com");
        assert_eq!(user["department"], Value::Null);
        assert_eq!(user["passwordProfile"], Value::Null);
        assert_eq!(user.as_object().unwrap().len(), 7);
        let answer = world
            .get(&format!("/users/{id}?$select=id,colour"))
            .await
            .has(400);
        assert!(
            answer
                .message()
                .contains("Could not find a property named 'colour'")
        );
    }

    #[tokio::test]
    async fn accounts_of_sign_ups_elsewhere_are_not_those_of_graph() {
        let world = World::new().await;
        let customer = local_entra::directory::NewAccount {
            tenant: local_entra::model::TenantKind::External,
            user_principal_name: ROUTE_A_NAME.to_owned(),
            mail: Some("johnsmith@outlook.com".to_owned()),
            user_type: "Member".to_owned(),
            enabled: true,
            identities: Vec::new(),
            attributes: local_entra::model::Attributes::new(),
            source: local_entra::directory::Source::SignUp("customers".to_owned()),
        };
        let customer = world.simulator.directory.create(customer).unwrap();
        world.get(&format!("/users/{}", customer.id)).await.has(404);
        assert!(
            world
                .found("mail eq 'johnsmith@outlook.com'")
                .await
                .is_empty()
        );
        assert!(
            world
                .found(&format!("id eq '{}'", customer.id))
                .await
                .is_empty()
        );
        world.created(&route_a()).await;
    }

    #[tokio::test]
    async fn a_filter_finds_the_one_account() {
        let world = World::new().await;
        world.created(&with(guest(1), "identities", json!([
            {"signInType": "federated", "issuer": "google.com", "issuerAssignedId": "0123456789"},
        ]))).await;
        let mails = json!(["john@example.com", "john@o'brien.example"]);
        let id = world.created(&with(route_a(), "otherMails", mails)).await;
        for (case, filter) in [
            ("by mail", "mail eq 'JohnSmith@outlook.com'"),
            (
                "by name",
                "userPrincipalName eq 'johnsmith_outlook.com#EXT#@contoso.onmicrosoft.com'",
            ),
            (
                "by proxy address",
                "proxyAddresses/any(x:x eq 'smtp:johnsmith@outlook.com')",
            ),
            (
                "by other mail",
                "otherMails/any(x:x eq 'john@o''brien.example')",
            ),
            (
                "by identity",
                "identities/any(c:c/issuerAssignedId eq '0123456789' and c/issuer eq 'facebook.com')",
            ),
            (
                "by identity the other way",
                "identities/any(i:i/issuer eq 'facebook.com' and i/issuerAssignedId eq '0123456789')",
            ),
            ("by issuer", "identities/any(i:i/issuer eq 'facebook.com')"),
            (
                "by its own name",
                "identities/any(i:i/issuer eq 'contoso.onmicrosoft.com' and i/issuerAssignedId eq 'johnsmith_outlook.com#EXT#@contoso.onmicrosoft.com')",
            ),
            (
                "by both",
                "mail eq 'johnsmith@outlook.com' and identities/any(i:i/issuer eq 'facebook.com')",
            ),
        ] {
            assert_eq!(
                world.found(filter).await,
                std::slice::from_ref(&id),
                "{case}"
            );
        }
    }

    #[tokio::test]
    async fn a_filter_that_does_not_hold_finds_nothing() {
        let world = World::new().await;
        world.created(&route_a()).await;
        for (case, filter) in [
            (
                "other issuer",
                "identities/any(c:c/issuerAssignedId eq '0123456789' and c/issuer eq 'google.com')",
            ),
            (
                "one condition fails",
                "mail eq 'johnsmith@outlook.com' and userPrincipalName eq 'somebody'",
            ),
            (
                "name as id",
                "id eq 'johnsmith_outlook.com#EXT#@contoso.onmicrosoft.com'",
            ),
            (
                "address without protocol",
                "proxyAddresses/any(x:x eq 'johnsmith@outlook.com')",
            ),
        ] {
            assert!(world.found(filter).await.is_empty(), "{case}");
        }
    }

    #[tokio::test]
    async fn an_unsupported_filter_is_refused() {
        let world = World::new().await;
        for (case, filter, code) in [
            (
                "id without issuer",
                "identities/any(c:c/issuerAssignedId eq '1')",
                "Request_UnsupportedQuery",
            ),
            (
                "or",
                "mail eq 'a' or mail eq 'b'",
                "Request_UnsupportedQuery",
            ),
            ("property", "city eq 'Redmond'", "Request_UnsupportedQuery"),
            ("quotes", "mail eq 'o'brien@example.com'", "BadRequest"),
            ("grammar", "mail eq 'a", "BadRequest"),
            (
                "time and another property",
                "createdDateTime ge 2026-01-15T12:00:00Z and mail eq 'a'",
                "Request_UnsupportedQuery",
            ),
            (
                "kind of user",
                "userType eq 'Guest'",
                "Request_UnsupportedQuery",
            ),
            ("day", "createdDateTime ge 2026-01-15", "BadRequest"),
        ] {
            let answer = world.users(&[("$filter", filter)]).await.has_for(case, 400);
            assert_eq!(answer.code(), code);
        }
    }

    #[tokio::test]
    async fn other_options_are_refused() {
        let world = World::new().await;
        for (case, options, code) in [
            (
                "order",
                vec![("$orderby", "displayName")],
                "Request_UnsupportedQuery",
            ),
            (
                "no dollar",
                vec![("filter", "mail eq 'a'")],
                "Request_BadRequest",
            ),
            ("twice", vec![("$top", "1"), ("$top", "2")], "BadRequest"),
            ("nothing", vec![("$top", "0")], "Request_BadRequest"),
            ("too many", vec![("$top", "1000")], "Request_BadRequest"),
            ("no number", vec![("$top", "all")], "Request_BadRequest"),
            ("token", vec![("$skiptoken", "x")], "Request_BadRequest"),
        ] {
            let answer = world.users(&options).await.has_for(case, 400);
            assert_eq!(answer.code(), code);
        }
    }

    #[tokio::test]
    async fn accounts_are_found_by_the_time_of_their_creation() {
        let world = World::new().await;
        let mut ids = Vec::new();
        for (number, created) in [
            "2026-01-15T11:59:59Z",
            "2026-01-15T12:00:00Z",
            "2026-01-15T13:00:00.5Z",
            "2026-01-15T13:00:01Z",
        ]
        .into_iter()
        .enumerate()
        {
            let id = world.created(&guest(number)).await;
            let directory = &world.simulator.directory;
            directory
                .update(&id, |account| account.created = created.parse().unwrap())
                .unwrap();
            ids.push(id);
        }
        for (filter, expected) in [
            (
                "createdDateTime ge 2026-01-15T12:00:00Z and createdDateTime le 2026-01-15T13:00:00Z",
                &ids[1..3],
            ),
            ("createdDateTime ge 2026-01-15T14:00:00+02:00", &ids[1..]),
            ("createdDateTime le 2026-01-15T12:00:00Z", &ids[..2]),
        ] {
            assert_eq!(world.found(filter).await, expected, "{filter}");
        }
        let lasting = "createdDateTime ge 2026-01-15T12:00:00Z";
        let options = [("$filter", lasting), ("$select", "id"), ("$top", "2")];
        let first = world.users(&options).await.has(200).json();
        let next = Url::parse(first["@odata.nextLink"].as_str().unwrap()).unwrap();
        let second = answer(world.request(Method::GET, next)).await.has(200);
        assert_eq!(second.json()["value"][0]["id"], ids[3]);
    }

    #[tokio::test]
    async fn pages_lead_from_one_to_the_next() {
        let world = World::new().await;
        for number in 0..5 {
            world.created(&guest(number)).await;
        }
        world.created(&member("kim")).await;
        let issuer = "identities/any(c:c/issuer eq 'facebook.com')";
        let options = [("$filter", issuer), ("$top", "2"), ("$select", "mail")];
        let mut page = world.users(&options).await.has(200).json();
        let mut mails = Vec::new();
        let mut lengths = Vec::new();
        loop {
            let value = page["value"].as_array().unwrap();
            lengths.push(value.len());
            mails.extend(
                value
                    .iter()
                    .map(|user| user["mail"].as_str().unwrap().to_owned()),
            );
            assert_eq!(value[0].as_object().unwrap().len(), 1);
            let Some(next) = page["@odata.nextLink"].as_str() else {
                break;
            };
            let url = Url::parse(next).unwrap();
            page = answer(world.request(Method::GET, url))
                .await
                .has(200)
                .json();
        }
        assert_eq!(lengths, [2, 2, 1]);
        assert_eq!(
            mails,
            [0, 1, 2, 3, 4].map(|n| format!("guest{n}@example.com"))
        );
    }
}

mod changes {
    use super::*;

    #[tokio::test]
    async fn attributes_are_set_and_cleared() {
        let world = World::new().await;
        let id = world.created(&route_a()).await;
        let extension = format!("{EXTENSION}_SupplierNumber");
        let change = json!({
            "displayName": "Jane Smith", "city": null, "accountEnabled": false, "userType": "Member",
            "mail": "jane@example.com", (extension.clone()): null,
        });
        let answer = world.patch(&format!("/users/{id}"), &change).await.has(204);
        assert_eq!(answer.text, "");
        let select = format!("displayName,city,accountEnabled,userType,mail,{extension}");
        let user = world
            .get(&format!("/users/{id}?$select={select}"))
            .await
            .has(200)
            .json();
        let expected = json!({
            "@odata.context": user["@odata.context"],
            "displayName": "Jane Smith", "city": null, "accountEnabled": false, "userType": "Member",
            "mail": "jane@example.com",
        });
        assert_eq!(user, expected);
        assert_eq!(world.found("mail eq 'jane@example.com'").await, [id]);
        assert!(
            world
                .found("mail eq 'johnsmith@outlook.com'")
                .await
                .is_empty()
        );
    }

    #[tokio::test]
    async fn a_wrong_change_changes_nothing() {
        let world = World::new().await;
        let id = world.created(&route_a()).await;
        let before = world.simulator.directory.get(&id);
        for (case, change, message) in [
            ("read only", json!({"id": SOME_GUID}), "read-only"),
            (
                "state",
                json!({"externalUserState": "Accepted"}),
                "read-only",
            ),
            (
                "creation type",
                json!({"creationType": "Invitation"}),
                "'creationType'",
            ),
            (
                "unknown",
                json!({"colour": "blue"}),
                "Invalid property 'colour'.",
            ),
            ("extension", json!({"extension_x_y": 1}), "not available"),
            ("no name", json!({"displayName": null}), "'displayName'"),
            ("empty name", json!({"displayName": ""}), "'displayName'"),
            (
                "principal name",
                json!({"userPrincipalName": "a@fabrikam.com"}),
                "userPrincipalName is invalid",
            ),
            (
                "neither",
                json!({"accountEnabled": null}),
                "'accountEnabled'",
            ),
            (
                "one of two",
                json!({"city": "Oslo", "surname": 1}),
                "'surname'",
            ),
        ] {
            let answer = world
                .patch(&format!("/users/{id}"), &change)
                .await
                .has_for(case, 400);
            assert!(answer.message().contains(message), "{}", answer.text);
            assert_eq!(world.simulator.directory.get(&id), before);
        }
    }

    #[tokio::test]
    async fn what_another_account_has_cannot_be_taken() {
        let world = World::new().await;
        world.created(&route_a()).await;
        let id = world.created(&guest(1)).await;
        let change = json!({"mail": "johnsmith@outlook.com", "city": "Oslo"});
        let answer = world.patch(&format!("/users/{id}"), &change).await.has(400);
        assert_eq!(answer.error()["details"][0]["target"], "proxyAddresses");
        let user = world.get(&format!("/users/{id}?$select=city")).await.json();
        assert_eq!(user["city"], "Redmond");
    }

    #[tokio::test]
    async fn what_is_not_there_is_neither_changed_nor_deleted() {
        let world = World::new().await;
        let path = format!("/users/{SOME_GUID}");
        let answer = world.patch(&path, &json!({"city": "Oslo"})).await.has(404);
        assert_eq!(answer.code(), "Request_ResourceNotFound");
        world.delete(&path).await.has(404);
    }

    #[tokio::test]
    async fn a_deleted_account_is_gone_and_its_address_free() {
        let world = World::new().await;
        let id = world.created(&route_a()).await;
        world.delete(&format!("/users/{id}")).await.has(204);
        world.get(&format!("/users/{id}")).await.has(404);
        world.delete(&format!("/users/{id}")).await.has(404);
        assert_ne!(world.created(&route_a()).await, id);
    }
}

mod invitations {
    use super::*;

    #[tokio::test]
    async fn an_invitation_makes_a_guest_who_can_be_changed() {
        let world = World::new().await;
        let body = invitation("johnsmith@fabrikam.onmicrosoft.com");
        let answer = world.post("/invitations", &body).await.has(201).json();
        assert_eq!(answer["status"], "PendingAcceptance");
        assert_eq!(answer["invitedUserType"], "Guest");
        assert_eq!(answer["sendInvitationMessage"], false);
        assert_eq!(answer["invitedUserDisplayName"], Value::Null);
        assert_eq!(answer["inviteRedirectUrl"], "https://myapp.com");
        assert_eq!(
            answer["invitedUserMessageInfo"]["messageLanguage"],
            Value::Null
        );
        let id = answer["invitedUser"]["id"].as_str().unwrap();
        assert_ne!(answer["id"], id);

        let change = json!({"displayName": "John Smith", "city": "Redmond"});
        world.patch(&format!("/users/{id}"), &change).await.has(204);
        let select =
            "displayName,city,userPrincipalName,userType,otherMails,externalUserState,creationType";
        let user = world
            .get(&format!("/users/{id}?$select={select}"))
            .await
            .has(200)
            .json();
        let name = "johnsmith_fabrikam.onmicrosoft.com#EXT#@contoso.onmicrosoft.com";
        assert_eq!(user["userPrincipalName"], name);
        assert_eq!(user["displayName"], "John Smith");
        assert_eq!(user["userType"], "Guest");
        assert_eq!(
            user["otherMails"],
            json!(["johnsmith@fabrikam.onmicrosoft.com"])
        );
        assert_eq!(user["externalUserState"], "PendingAcceptance");
        assert_eq!(user["creationType"], "Invitation");
        assert!(world.simulator.mail.to(None).is_empty());
    }

    #[tokio::test]
    async fn a_guest_who_is_there_is_invited_again_as_the_same() {
        let world = World::new().await;
        let first = world.invited("johnsmith@fabrikam.example").await;
        assert_eq!(world.invited("JohnSmith@fabrikam.example").await, first);
        let created = world.created(&route_a()).await;
        assert_eq!(world.invited("johnsmith@outlook.com").await, created);
        let by_code = with(
            guest(1),
            "identities",
            json!([
                {"signInType": "federated", "issuer": "mail", "issuerAssignedId": "code@example.com"},
            ]),
        );
        let by_code = world.created(&without(by_code, "mail")).await;
        assert_eq!(world.invited("code@example.com").await, by_code);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn invitations_at_once_make_one_guest() {
        let world = World::new().await;
        let ids = join_all((0..50).map(|_| world.invited("johnsmith@fabrikam.example"))).await;
        assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 1);
        assert_eq!(world.simulator.directory.all().len(), 1);
    }

    #[tokio::test]
    async fn a_guest_whose_name_is_taken_gets_another() {
        let world = World::new().await;
        let name = "johnsmith_fabrikam.example#EXT#@contoso.onmicrosoft.com";
        let taken = with(guest(1), "userPrincipalName", name.into());
        let taken = world.created(&taken).await;
        let invited = world.invited("johnsmith@fabrikam.example").await;
        assert_ne!(invited, taken);
        let user = world.simulator.directory.get(&invited).unwrap();
        assert!(
            user.user_principal_name
                .starts_with("johnsmith_fabrikam.example_")
        );
    }

    #[tokio::test]
    async fn an_internal_user_cannot_be_invited() {
        let world = World::new().await;
        let id = world.created(&member("kim")).await;
        for address in ["kim@fabrikam.example", "KIM@contoso.onmicrosoft.com"] {
            let answer = world
                .post("/invitations", &invitation(address))
                .await
                .has(400);
            assert_eq!(answer.code(), "BadRequest");
            let expected = format!(
                "The invited user already exists in the directory as objectID: {id}. They can use that account to sign in to shared apps and resources."
            );
            assert_eq!(answer.message(), expected);
        }
        let person = &world.simulator.config.people[0];
        let answer = world
            .post("/invitations", &invitation(&person.email))
            .await
            .has(400);
        assert!(answer.message().contains(&person.id));
    }

    #[tokio::test]
    async fn a_blocked_guest_cannot_be_invited() {
        let world = World::new().await;
        let id = world.invited("johnsmith@fabrikam.example").await;
        let blocked = json!({"accountEnabled": false});
        world
            .patch(&format!("/users/{id}"), &blocked)
            .await
            .has(204);
        let body = invitation("johnsmith@fabrikam.example");
        world.post("/invitations", &body).await.has(412);
    }

    #[tokio::test]
    async fn a_wrong_invitation_is_refused() {
        let world = World::new().await;
        for (case, name, value) in [
            ("no address", "invitedUserEmailAddress", Value::Null),
            (
                "malformed address",
                "invitedUserEmailAddress",
                json!("johnsmith"),
            ),
            (
                "two ats",
                "invitedUserEmailAddress",
                json!("john@smith@fabrikam.example"),
            ),
            ("number", "invitedUserEmailAddress", json!(1)),
            ("no redirect", "inviteRedirectUrl", Value::Null),
            ("relative redirect", "inviteRedirectUrl", json!("/start")),
            (
                "plain redirect",
                "inviteRedirectUrl",
                json!("http://myapp.com"),
            ),
            ("not boolean", "sendInvitationMessage", json!("true")),
            ("user type", "invitedUserType", json!("Visitor")),
            ("unknown", "colour", json!("blue")),
        ] {
            let body = with(invitation("johnsmith@fabrikam.example"), name, value);
            let answer = world.post("/invitations", &body).await.has_for(case, 400);
            assert_eq!(answer.code(), "BadRequest");
            assert!(world.simulator.directory.all().is_empty());
        }
    }

    #[tokio::test]
    async fn the_mail_leads_to_a_page_where_the_invitation_is_accepted() {
        let world = World::new().await;
        let mut body = invitation("johnsmith@fabrikam.example");
        body["sendInvitationMessage"] = true.into();
        body["invitedUserDisplayName"] = "John Smith".into();
        body["invitedUserMessageInfo"] = json!({"customizedMessageBody": "Welcome, John."});
        body["inviteRedirectUrl"] = "http://127.0.0.1:9000/start?a=1&b=2".into();
        let answer = world.post("/invitations", &body).await.has(201).json();
        assert_eq!(
            answer["invitedUserMessageInfo"]["customizedMessageBody"],
            "Welcome, John."
        );

        let mails = world.simulator.mail.to(Some("johnsmith@fabrikam.example"));
        let text = mails[0].content.text.clone().unwrap();
        let link = answer["inviteRedeemUrl"].as_str().unwrap();
        assert!(
            text.contains("Welcome, John.") && text.contains(link),
            "{text}"
        );

        let path = link.strip_prefix(&world.origin).unwrap();
        assert!(
            world
                .page(path)
                .await
                .has(200)
                .text
                .contains("Accept</button>")
        );
        let accepted = world.form(path, &[]).await.has(303);
        assert_eq!(accepted.header("location"), path);
        let page = world.page(path).await.has(200).text;
        assert!(
            page.contains("href=\"http://127.0.0.1:9000/start?a=1&#38;b=2\""),
            "{page}"
        );

        let id = answer["invitedUser"]["id"].as_str().unwrap();
        let user = world
            .get(&format!(
                "/users/{id}?$select=externalUserState,displayName"
            ))
            .await;
        assert_eq!(user.json()["externalUserState"], "Accepted");
        assert_eq!(user.json()["displayName"], "John Smith");
        let again = world.post("/invitations", &body).await.has(201).json();
        assert_eq!(again["status"], "Completed");
        world
            .page(&format!("/directory/invitations/{SOME_GUID}"))
            .await
            .has(404);
        world
            .form(&format!("/directory/invitations/{SOME_GUID}"), &[])
            .await
            .has(404);
    }
}

mod groups_and_roles {
    use super::*;

    fn reference(id: &str) -> Value {
        json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}")})
    }

    fn assignment(id: &str) -> Value {
        json!({"principalId": id, "resourceId": SOME_GUID, "appRoleId": OTHER_GUID})
    }

    #[tokio::test]
    async fn a_member_is_added_once() {
        let world = World::new().await;
        let id = world.created(&route_a()).await;
        let path = format!("/groups/{SOME_GUID}/members/$ref");
        world.post(&path, &reference(&id)).await.has(204);
        let own = json!({"@odata.id": format!("{}/graph/v1.0/users/{id}", world.origin)});
        for body in [reference(&id), own] {
            let answer = world.post(&path, &body).await.has(400);
            assert_eq!(answer.code(), "Request_BadRequest");
            let expected = "One or more added object references already exist for the following modified properties: 'members'.";
            assert_eq!(answer.message(), expected);
        }
        world.post(&path, &reference(OTHER_GUID)).await.has(404);
        for body in [json!({}), json!({"@odata.id": id}), reference("nobody")] {
            world.post(&path, &body).await.has(400);
        }
        world
            .post("/groups/staff/members/$ref", &reference(&id))
            .await
            .has(400);
    }

    #[tokio::test]
    async fn a_role_is_assigned_once() {
        let world = World::new().await;
        let id = world.created(&route_a()).await;
        let path = format!("/users/{id}/appRoleAssignments");
        let answer = world.post(&path, &assignment(&id)).await.has(201).json();
        for (name, expected) in [
            ("principalId", id.as_str()),
            ("resourceId", SOME_GUID),
            ("appRoleId", OTHER_GUID),
            ("principalType", "User"),
            ("principalDisplayName", "John Smith"),
        ] {
            assert_eq!(answer[name], expected);
        }
        let again = world.post(&path, &assignment(&id)).await.has(400);
        assert_eq!(
            again.message(),
            "Permission being assigned already exists on the object"
        );
        world.post(&path, &assignment(SOME_GUID)).await.has(400);
        world
            .post(&path, &with(assignment(&id), "appRoleId", "admin".into()))
            .await
            .has(400);
        world
            .post(&path, &without(assignment(&id), "resourceId"))
            .await
            .has(400);
        world
            .post(&path, &with(assignment(&id), "colour", "blue".into()))
            .await
            .has(400);
        let nobody = format!("/users/{OTHER_GUID}/appRoleAssignments");
        world.post(&nobody, &assignment(OTHER_GUID)).await.has(404);
    }
}

mod faults {
    use super::*;

    #[tokio::test]
    async fn a_throttled_request_has_no_effect() {
        let world = World::new().await;
        world.faults(GraphFaults {
            throttled_percent: 100,
            ..GraphFaults::default()
        });
        for expected in ["1", "2", "3", "1"] {
            let answer = world.post("/users", &route_a()).await.has(429);
            assert_eq!(answer.code(), "TooManyRequests");
            assert_eq!(answer.header("retry-after"), expected);
        }
        world.get("/users").await.has(429);
        assert!(world.simulator.directory.all().is_empty());
    }

    #[tokio::test]
    async fn a_failing_request_has_no_effect() {
        let world = World::new().await;
        world.faults(GraphFaults {
            failing_percent: 100,
            ..GraphFaults::default()
        });
        let answer = world.post("/users", &route_a()).await.has(503);
        assert!(answer.error()["innerError"]["request-id"].is_string());
        assert!(!answer.headers.contains_key("retry-after"));
        assert!(world.simulator.directory.all().is_empty());
    }

    #[tokio::test]
    async fn of_100_requests_as_many_are_disturbed_as_wanted() {
        let world = World::new().await;
        world.faults(GraphFaults {
            throttled_percent: 30,
            failing_percent: 10,
            ..GraphFaults::default()
        });
        let mut throttled = 0;
        let mut failing = 0;
        for _ in 0..1000 {
            match world.get("/users").await.status.as_u16() {
                429 => throttled += 1,
                503 => failing += 1,
                status => assert_eq!(status, 200),
            }
        }
        assert_eq!((throttled, failing), (300, 70));
    }

    #[tokio::test]
    async fn a_write_takes_effect_and_its_answer_is_lost() {
        let world = World::new().await;
        world.faults(GraphFaults {
            lost_after_commit_percent: 100,
            ..GraphFaults::default()
        });
        let lost = |method, path: &str, body: &Value| {
            let request = world.request(method, world.url(path));
            let request = request.header(header::CONTENT_TYPE, "application/json");
            request.body(body.to_string()).send()
        };
        let error = lost(Method::POST, "/users", &route_a()).await.unwrap_err();
        assert!(error.is_request(), "{error:?}");
        let users = world.get("/users").await.has(200).json();
        let path = format!("/users/{}", users["value"][0]["id"].as_str().unwrap());
        lost(Method::PATCH, &path, &json!({"displayName": "Jane"}))
            .await
            .unwrap_err();
        assert_eq!(
            world.get(&path).await.has(200).json()["displayName"],
            "Jane"
        );
        let again = world.post("/users", &route_a()).await.has(400);
        assert_eq!(again.error()["details"][0]["code"], "ObjectConflict");
        lost(Method::DELETE, &path, &json!({})).await.unwrap_err();
        world.get(&path).await.has(404);
    }

    #[tokio::test]
    async fn a_late_answer_comes_after_the_effect() {
        let world = World::new().await;
        world.faults(GraphFaults {
            late_percent: 100,
            late_by: Duration::from_mins(1),
            ..GraphFaults::default()
        });
        let request = world.request(Method::POST, world.url("/users"));
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let answer = request.body(route_a().to_string()).send();
        let is_there = async {
            while world.simulator.directory.all().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            answer = answer => panic!("nobody waited for {answer:?}"),
            () = is_there => {}
        }
    }

    #[tokio::test]
    async fn a_lost_answer_has_not_one_octet() {
        let world = World::new().await;
        world.faults(GraphFaults {
            lost_after_commit_percent: 100,
            ..GraphFaults::default()
        });
        let address = world.origin.strip_prefix("http://").unwrap();
        let body = route_a().to_string();
        let request = format!(
            "POST /graph/v1.0/users HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            world.token,
            body.len()
        );
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        // Closed or reset, whichever the system makes of it.
        let _ = connection.read_to_end(&mut received).await;
        assert_eq!(received, b"");
        assert_eq!(world.simulator.directory.all().len(), 1);
    }

    #[tokio::test]
    async fn a_new_account_is_hidden_for_a_while() {
        let world = World::new().await;
        let hidden = |hidden_after_creation| {
            world.faults(GraphFaults {
                hidden_after_creation,
                ..GraphFaults::default()
            });
        };
        hidden(Duration::from_hours(1));
        let invited = world.invited("johnsmith@fabrikam.example").await;
        let created = world.created(&route_a()).await;
        for id in [&invited, &created] {
            let path = format!("/users/{id}");
            world.get(&path).await.has(404);
            let answer = world.patch(&path, &json!({"city": "Oslo"})).await.has(404);
            assert_eq!(answer.code(), "Request_ResourceNotFound");
        }
        let filter =
            "identities/any(c:c/issuerAssignedId eq '0123456789' and c/issuer eq 'facebook.com')";
        assert!(world.found(filter).await.is_empty());
        assert!(
            world
                .found("identities/any(c:c/issuer eq 'facebook.com')")
                .await
                .is_empty()
        );
        // It is there all the same.
        assert_eq!(world.invited("johnsmith@fabrikam.example").await, invited);
        world.post("/users", &route_a()).await.has(400);

        hidden(Duration::ZERO);
        assert_eq!(world.found(filter).await, [created]);
        world
            .patch(&format!("/users/{invited}"), &json!({"city": "Oslo"}))
            .await
            .has(204);
    }

    #[tokio::test]
    async fn an_answer_takes_at_least_as_long_as_wanted() {
        let world = World::new().await;
        let latency = Duration::from_millis(30);
        world.faults(GraphFaults {
            latency,
            ..GraphFaults::default()
        });
        let start = tokio::time::Instant::now();
        world.get("/users").await.has(200);
        assert!(start.elapsed() >= latency);
    }
}

mod pages {
    use super::*;

    #[tokio::test]
    async fn an_empty_directory_says_so() {
        let world = World::new().await;
        let page = world.page("/directory").await.has(200);
        assert!(page.text.contains("No accounts."));
        assert!(!page.text.contains("<table>"));
    }

    #[tokio::test]
    async fn the_pages_show_an_account_with_all_that_hangs_on_it() {
        let world = World::new().await;
        let name = "<b>John</b> & \"Smith\"";
        let id = world
            .created(&with(route_a(), "displayName", name.into()))
            .await;
        let reference = json!({"@odata.id": format!("{}/graph/v1.0/users/{id}", world.origin)});
        let group = "11111111-2222-3333-4444-555555555555";
        world
            .post(&format!("/groups/{group}/members/$ref"), &reference)
            .await
            .has(204);
        let role = json!({"principalId": id, "resourceId": SOME_GUID, "appRoleId": OTHER_GUID});
        world
            .post(&format!("/users/{id}/appRoleAssignments"), &role)
            .await
            .has(201);

        let escaped = "&#60;b&#62;John&#60;/b&#62; &#38; &#34;Smith&#34;";
        let list = world.page("/directory").await.has(200).text;
        for expected in [
            escaped,
            "johnsmith@outlook.com",
            "Guest",
            "POST /users",
            &id,
        ] {
            assert!(list.contains(expected), "{expected}");
        }
        let page = world.page(&format!("/directory/{id}")).await.has(200).text;
        let extension = format!("{EXTENSION}_SupplierNumber");
        for expected in [
            escaped,
            &extension,
            "S-17",
            "facebook.com",
            "0123456789",
            group,
            SOME_GUID,
            OTHER_GUID,
        ] {
            assert!(page.contains(expected), "{expected}");
        }
        assert!(!page.contains("<b>") && !list.contains("<b>"));
        world
            .page(&format!("/directory/{SOME_GUID}"))
            .await
            .has(404);
    }

    #[tokio::test]
    async fn an_account_is_deleted_with_a_button() {
        let world = World::new().await;
        let id = world.created(&route_a()).await;
        let page = world.page(&format!("/directory/{id}")).await.has(200).text;
        let action = format!("/directory/{id}/delete");
        assert!(page.contains(&format!("action=\"{action}\"")));
        for _ in 0..2 {
            let answer = world.form(&action, &[]).await.has(303);
            assert_eq!(answer.header("location"), "/directory");
        }
        world.get(&format!("/users/{id}")).await.has(404);
    }

    #[tokio::test]
    async fn a_member_is_added_with_the_form() {
        let world = World::new().await;
        let fields = [
            ("display-name", "Kim Colleague"),
            ("user-name", "kim"),
            ("mail", "kim@fabrikam.example"),
        ];
        let answer = world.form("/directory", &fields).await.has(303);
        let page = world.page(answer.header("location")).await.has(200).text;
        assert!(page.contains("kim@contoso.onmicrosoft.com"));
        let answer = world
            .post("/invitations", &invitation("kim@fabrikam.example"))
            .await
            .has(400);
        assert!(answer.message().contains("already exists in the directory"));
    }

    #[tokio::test]
    async fn a_wrong_form_comes_back_with_what_was_typed() {
        let world = World::new().await;
        world.created(&member("lee")).await;
        for (case, display_name, user_name, mail, problem) in [
            ("no name", "", "kim", "", "display name is missing"),
            ("no user name", "Kim", " ", "", "user name takes"),
            (
                "wrong user name",
                "Kim",
                "kim@contoso",
                "",
                "user name takes",
            ),
            (
                "wrong mail",
                "Kim",
                "kim",
                "nowhere",
                "mail address has no @",
            ),
            (
                "user name of another",
                "Kim",
                "LEE",
                "",
                "has this user name",
            ),
            (
                "mail of another",
                "Kim",
                "kim",
                "lee@fabrikam.example",
                "has this mail address",
            ),
        ] {
            let fields = [
                ("display-name", display_name),
                ("user-name", user_name),
                ("mail", mail),
            ];
            let page = world
                .form("/directory", &fields)
                .await
                .has_for(case, 400)
                .text;
            assert!(page.contains(problem), "{page}");
            assert!(page.contains(&format!("value=\"{user_name}\"")));
            assert_eq!(world.simulator.directory.all().len(), 1);
        }
    }

    #[tokio::test]
    async fn many_accounts_are_shown_in_pages_with_the_newest_first() {
        let world = World::new().await;
        for number in 0..101 {
            world.created(&guest(number)).await;
        }
        let first = world.page("/directory").await.has(200).text;
        assert!(first.contains("guest100@example.com") && !first.contains("guest0@example.com"));
        assert!(first.contains("href=\"/directory?skip=100\"") && !first.contains("Newer"));
        let second = world.page("/directory?skip=100").await.has(200).text;
        assert!(second.contains("guest0@example.com") && !second.contains("guest1@example.com"));
        assert!(second.contains("href=\"/directory?skip=0\"") && !second.contains("Older"));
    }
}
