//! `POST /invitations` (PROTOCOL 3.3, 7).

use axum::{http::StatusCode, response::Response};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Request,
    error::{GraphError, answer},
    user,
};
use crate::{
    directory::{
        ACCEPTED, Account, Conflict, EXTERNAL_USER_STATE, Invitation, NewAccount,
        PENDING_ACCEPTANCE, Source, same,
    },
    model::{Attributes, TenantKind},
};

/// Who sends the invitations.
const SENDER: &str = "invites@microsoft.com";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct InvitationRequest {
    invited_user_email_address: Option<String>,
    invite_redirect_url: Option<String>,
    invited_user_display_name: Option<String>,
    #[serde(default)]
    invited_user_type: UserType,
    #[serde(default)]
    send_invitation_message: bool,
    #[serde(default)]
    reset_redemption: bool,
    invited_user_message_info: Option<MessageInfo>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize)]
enum UserType {
    #[default]
    Guest,
    Member,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct MessageInfo {
    message_language: Option<String>,
    customized_message_body: Option<String>,
    cc_recipients: Vec<Value>,
}

/// What is asked for, checked.
#[derive(Debug)]
struct Wanted {
    address: String,
    redirect_url: String,
    request: InvitationRequest,
}

pub(super) fn create(
    request: &Request<'_>,
    body: Map<String, Value>,
) -> Result<Response, GraphError> {
    let wanted = Wanted::read(body)?;
    let guest = guest(request, &wanted)?;
    let invitation_id = request.simulator.directory.invite(Invitation {
        account_id: guest.id.clone(),
        redirect_url: wanted.redirect_url.clone(),
    });
    let redeem_url = format!(
        "{}/directory/invitations/{invitation_id}",
        request.simulator.origin
    );
    if wanted.request.send_invitation_message {
        send(request, &wanted, &redeem_url);
    }
    let body = wanted.answer(request, &guest, &invitation_id, &redeem_url);
    Ok(answer(StatusCode::CREATED, &body))
}

impl Wanted {
    fn read(mut body: Map<String, Value>) -> Result<Self, GraphError> {
        body.retain(|name, value| !value.is_null() && !name.starts_with("@odata."));
        let mut request: InvitationRequest = serde_json::from_value(Value::Object(body))
            .map_err(|error| bad(format!("Invalid invitation: {error}.")))?;
        let address = request.invited_user_email_address.take();
        let address = address.filter(|address| user::is_address(address));
        let address =
            address.ok_or_else(|| bad("The invited user email address is missing or invalid."))?;
        let redirect_url = request.invite_redirect_url.take();
        let redirect_url = redirect_url.filter(|url| is_redirect(url));
        let redirect_url =
            redirect_url.ok_or_else(|| bad("The invite redirect URL is missing or invalid."))?;
        Ok(Self {
            address,
            redirect_url,
            request,
        })
    }

    fn display_name(&self) -> &str {
        let name = self.request.invited_user_display_name.as_deref();
        let local = self.address.split('@').next();
        name.or(local).unwrap_or_default()
    }

    fn answer(&self, request: &Request<'_>, guest: &Account, id: &str, redeem_url: &str) -> Value {
        let accepted = guest.text(EXTERNAL_USER_STATE) == Some(ACCEPTED);
        let wanted = &self.request;
        json!({
            "@odata.context": format!("{}/$metadata#invitations/$entity", request.base_url()),
            "id": id,
            "inviteRedeemUrl": redeem_url,
            "invitedUserDisplayName": wanted.invited_user_display_name,
            "invitedUserType": wanted.invited_user_type,
            "invitedUserEmailAddress": self.address,
            "sendInvitationMessage": wanted.send_invitation_message,
            "resetRedemption": wanted.reset_redemption,
            "inviteRedirectUrl": self.redirect_url,
            "status": if accepted { "Completed" } else { PENDING_ACCEPTANCE },
            "invitedUserMessageInfo": wanted.invited_user_message_info.as_ref().unwrap_or(&MessageInfo::default()),
            "invitedUser": {"id": guest.id},
        })
    }
}

fn bad(message: impl Into<String>) -> GraphError {
    GraphError::unreadable(message)
}

/// Over TLS, or to this machine.
fn is_redirect(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let local = ["localhost", "127.0.0.1", "[::1]"];
    match (url.scheme(), url.host_str()) {
        ("https", Some(_)) => true,
        ("http", Some(host)) => local.contains(&host),
        _ => false,
    }
}

/// The account that is there for the address, if it can be invited, or a new one.
fn guest(request: &Request<'_>, wanted: &Wanted) -> Result<Account, GraphError> {
    let directory = &request.simulator.directory;
    if let Some(known) = known(request, &wanted.address) {
        return invitable(known);
    }
    if let Some(person) =
        (request.simulator.config.people.iter()).find(|person| same(&person.email, &wanted.address))
    {
        return Err(internal(&person.id));
    }
    let domain = user::domain(&request.simulator.config);
    let name = wanted.address.replace('@', "_");
    let created = directory.create(new_guest(wanted, &format!("{name}#EXT#@{domain}")));
    match created {
        // An account with another address has the name.
        Err(Conflict::UserPrincipalName) => {
            let name = format!("{name}_{}#EXT#@{domain}", Uuid::new_v4().simple());
            let created = directory.create(new_guest(wanted, &name));
            created.map_err(GraphError::conflict)
        }
        // The same invitation at the same time.
        Err(conflict) => known(request, &wanted.address)
            .ok_or_else(|| GraphError::conflict(conflict))
            .and_then(invitable),
        Ok(created) => Ok(created),
    }
}

/// The account with that address, whether it can be seen by its callers yet or not.
fn known(request: &Request<'_>, address: &str) -> Option<Account> {
    let (directory, tenant) = (&request.simulator.directory, TenantKind::Workforce);
    let by_name = || {
        directory
            .get(address)
            .filter(|found| found.tenant == tenant)
    };
    let by_code = || directory.by_identity(tenant, "mail", address);
    directory
        .by_mail(tenant, address)
        .or_else(by_name)
        .or_else(by_code)
}

fn invitable(account: Account) -> Result<Account, GraphError> {
    if !account.is_guest() {
        return Err(internal(&account.id));
    }
    if !account.enabled {
        return Err(GraphError::new(
            StatusCode::PRECONDITION_FAILED,
            "PreconditionFailed",
            "The account of the invited user is blocked.",
        ));
    }
    Ok(account)
}

/// PROTOCOL 7.
fn internal(id: &str) -> GraphError {
    bad(format!(
        "The invited user already exists in the directory as objectID: {id}. They can use that account to sign in to shared apps and resources."
    ))
}

fn new_guest(wanted: &Wanted, name: &str) -> NewAccount {
    let attributes = [
        ("displayName", json!(wanted.display_name())),
        ("otherMails", json!([wanted.address])),
        (EXTERNAL_USER_STATE, json!(PENDING_ACCEPTANCE)),
    ];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
    let user_type = match wanted.request.invited_user_type {
        UserType::Guest => "Guest",
        UserType::Member => "Member",
    };
    NewAccount {
        tenant: TenantKind::Workforce,
        user_principal_name: name.to_owned(),
        mail: Some(wanted.address.clone()),
        user_type: user_type.to_owned(),
        enabled: true,
        identities: Vec::new(),
        attributes: Attributes::from(attributes),
        source: Source::Invitation,
    }
}

fn send(request: &Request<'_>, wanted: &Wanted, redeem_url: &str) {
    let tenant = &request.simulator.config.tenant.name;
    let info = wanted.request.invited_user_message_info.as_ref();
    let own = info.and_then(|info| info.customized_message_body.as_deref());
    let own = own.map(|text| format!("{text}\n\n")).unwrap_or_default();
    let text = format!(
        "{own}{tenant} invites you to its applications.\n\nAccept the invitation: {redeem_url}\n"
    );
    let subject = format!("{tenant} invited you to access applications within their organization");
    request
        .simulator
        .mail
        .deliver(SENDER, &wanted.address, &subject, &text);
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::https("https://myapp.com", true)]
    #[case::path("https://myapp.com/start?a=b", true)]
    #[case::loopback("http://127.0.0.1:9000/", true)]
    #[case::localhost("http://localhost:3000", true)]
    #[case::loopback_6("http://[::1]:3000", true)]
    #[case::http("http://myapp.com", false)]
    #[case::looks_like_loopback("http://localhost.example.com", false)]
    #[case::script("javascript:alert(1)", false)]
    #[case::relative("/start", false)]
    #[case::empty("", false)]
    fn the_redirect_is_over_tls_or_local(#[case] url: &str, #[case] expected: bool) {
        assert_eq!(is_redirect(url), expected);
    }
}
