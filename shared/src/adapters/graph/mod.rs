//! Accounts in a tenant's directory by Microsoft Graph (PROTOCOL 3.3, 7).

mod answer;
mod guests;
mod look_up;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use self::{
    answer::{Body, created, fault, is_there_already, no_answer, object},
    look_up::{Condition, Found},
};
use crate::{
    domain::approval::AppliedIdentity,
    ports::{
        Deadline,
        accounts::{AccountError, AccountId, Accounts, ExistingAccount},
        outgoing::{Call, Credential, Method, Outgoing, Reply},
    },
};

/// Where Graph is, and what proves a call.
#[derive(Debug, Clone)]
pub struct GraphSettings {
    /// Such as `https://graph.microsoft.com/v1.0`, without a slash at the end.
    pub url: String,
    /// Where client credentials become a token (RFC 6749 section 4.4), and for which scope.
    pub token_url: String,
    pub scope: String,
    /// The name of the secret with the client's id and secret.
    pub secret: String,
}

/// Graph, over HTTP.
pub struct Graph {
    outgoing: Arc<dyn Outgoing>,
    url: String,
    credential: Credential,
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Graph {
    pub fn new(outgoing: Arc<dyn Outgoing>, settings: GraphSettings) -> Self {
        Self {
            outgoing,
            url: settings.url,
            credential: Credential::ClientCredentials {
                token_url: settings.token_url,
                scope: Some(settings.scope),
                secret: settings.secret,
            },
        }
    }

    /// A write; what it answers, or why it is none.
    async fn write(
        &self,
        method: Method,
        path: &str,
        body: Body<'_>,
        deadline: Deadline,
    ) -> Result<Reply, AccountError> {
        let reply = self.send(method, path, Some(body), deadline).await?;
        match reply.status {
            200..=299 => Ok(reply),
            _ => Err(fault(&reply, &body.values())),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Body<'_>>,
        deadline: Deadline,
    ) -> Result<Reply, AccountError> {
        let mut headers = vec![header("accept")];
        headers.extend(body.is_some().then(|| header("content-type")));
        let call = Call {
            method,
            url: format!("{}{path}", self.url),
            headers,
            body: body.map(Body::octets).transpose()?,
            credentials: vec![self.credential.clone()],
            // Whatever is done twice is found out.
            once: false,
        };
        let reply = self.outgoing.call(&call, deadline).await;
        reply.map_err(|error| no_answer(&error))
    }

    async fn find(
        &self,
        condition: &Condition<'_>,
        deadline: Deadline,
    ) -> Result<Vec<ExistingAccount>, AccountError> {
        let path = condition.path();
        let reply = self.send(Method::Get, &path, None, deadline).await?;
        match reply.status {
            200 => Ok(object::<Found>(&reply)?.accounts()),
            _ => Err(fault(&reply, &condition.values())),
        }
    }

    /// Gives an account something; once it has it, Graph refuses with that `refusal`.
    async fn give(
        &self,
        path: &str,
        body: Value,
        refusal: &str,
        deadline: Deadline,
    ) -> Result<(), AccountError> {
        let body = object_of(body);
        let body = Body(&body);
        let reply = self.send(Method::Post, path, Some(body), deadline).await?;
        match reply.status {
            200..=299 => Ok(()),
            _ if is_there_already(&reply, refusal) => Ok(()),
            _ => Err(fault(&reply, &[])),
        }
    }
}

#[async_trait]
impl Accounts for Graph {
    async fn create(
        &self,
        user: &Map<String, Value>,
        deadline: Deadline,
    ) -> Result<AccountId, AccountError> {
        let path = "/users";
        let reply = self.write(Method::Post, path, Body(user), deadline).await?;
        created(&reply, "/id")
    }

    async fn invite(
        &self,
        invitation: &Map<String, Value>,
        deadline: Deadline,
    ) -> Result<AccountId, AccountError> {
        let (path, body) = ("/invitations", Body(invitation));
        let reply = self.write(Method::Post, path, body, deadline).await?;
        created(&reply, "/invitedUser/id")
    }

    async fn update(
        &self,
        id: &AccountId,
        attributes: &Map<String, Value>,
        deadline: Deadline,
    ) -> Result<(), AccountError> {
        let (path, body) = (format!("/users/{}", encoded(&id.0)), Body(attributes));
        let reply = self.write(Method::Patch, &path, body, deadline).await;
        reply.map(drop)
    }

    async fn exists(&self, id: &AccountId, deadline: Deadline) -> Result<bool, AccountError> {
        let path = format!("/users/{}?%24select=id", encoded(&id.0));
        let reply = self.send(Method::Get, &path, None, deadline).await?;
        if reply.status == 200 {
            return Ok(true);
        }
        match fault(&reply, &[]) {
            AccountError::NotFound => Ok(false),
            error => Err(error),
        }
    }

    async fn with_identity(
        &self,
        identity: &AppliedIdentity,
        deadline: Deadline,
    ) -> Result<Vec<ExistingAccount>, AccountError> {
        let Some(subject) = &identity.subject else {
            return Ok(Vec::new());
        };
        let issuer = &identity.issuer;
        self.find(&Condition::Identity { issuer, subject }, deadline)
            .await
    }

    async fn with_name_or_address(
        &self,
        user_principal_name: Option<&str>,
        address: &str,
        deadline: Deadline,
    ) -> Result<Vec<ExistingAccount>, AccountError> {
        let name = user_principal_name.map(Condition::Name);
        let conditions = [Condition::Mail(address), Condition::OtherMail(address)];
        let mut found: Vec<ExistingAccount> = Vec::new();
        // Graph does not combine all of these properties in one filter.
        for condition in name.into_iter().chain(conditions) {
            for account in self.find(&condition, deadline).await? {
                if !found.contains(&account) {
                    found.push(account);
                }
            }
        }
        Ok(found)
    }

    async fn join(
        &self,
        id: &AccountId,
        group: &str,
        deadline: Deadline,
    ) -> Result<(), AccountError> {
        let path = format!("/groups/{}/members/$ref", encoded(group));
        let reference = format!("{}/directoryObjects/{}", self.url, encoded(&id.0));
        let body = json!({ "@odata.id": reference });
        let refusal = "added object references already exist";
        self.give(&path, body, refusal, deadline).await
    }

    async fn assign(
        &self,
        id: &AccountId,
        application: &str,
        role: &str,
        deadline: Deadline,
    ) -> Result<(), AccountError> {
        let path = format!("/users/{}/appRoleAssignments", encoded(&id.0));
        let body = json!({ "principalId": id.0, "resourceId": application, "appRoleId": role });
        let refusal = "Permission being assigned already exists";
        self.give(&path, body, refusal, deadline).await
    }
}

fn header(name: &str) -> (String, String) {
    (name.to_owned(), "application/json".to_owned())
}

fn object_of(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// A part of a path or a query; a space is `%20`, which means the same in both.
fn encoded(text: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    encoded.replace('+', "%20")
}
