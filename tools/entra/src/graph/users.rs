//! Requests about users and what hangs on them.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use reqwest::Url;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Request,
    error::{GraphError, answer},
    filter::Filter,
    query::Query,
    user::{self, Change, Selection},
};
use crate::directory::{Account, LinkError, Page};

/// Accounts of a page that does not ask for another number.
const DEFAULT_TOP: usize = 100;
/// Most accounts of a page.
const MAX_TOP: usize = 999;

/// `POST /users`
pub(super) fn create(
    request: &Request<'_>,
    body: Map<String, Value>,
) -> Result<Response, GraphError> {
    let config = &request.simulator.config;
    let new = user::new_account(body, config)?;
    let created = request.simulator.directory.create(new);
    let account = created.map_err(GraphError::conflict)?;
    let selection = Selection::All;
    let mut response = answer(StatusCode::CREATED, &request.entity(&selection, &account));
    let location = format!("{}/users/{}", request.base_url(), account.id);
    if let Ok(location) = location.parse() {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `GET /users/{id}`
pub(super) fn get(request: &Request<'_>, id: &str, query: &Query) -> Result<Response, GraphError> {
    query.allow(&["$select"])?;
    let selection = selection(query)?;
    let account = request.account(id)?;
    Ok(answer(
        StatusCode::OK,
        &request.entity(&selection, &account),
    ))
}

/// `GET /users`
pub(super) fn list(request: &Request<'_>, query: Query) -> Result<Response, GraphError> {
    query.allow(&["$filter", "$select", "$top", "$skiptoken"])?;
    let selection = selection(&query)?;
    let page = found(request, &query)?;
    let config = &request.simulator.config;
    let accounts = page.accounts.iter();
    let accounts: Vec<_> = accounts
        .map(|account| selection.of(account, config))
        .collect();
    let context = format!(
        "{}/$metadata#users{}",
        request.base_url(),
        selection.context()
    );
    let mut body = json!({"@odata.context": context, "value": accounts});
    if let (Some(next), Some(body)) = (page.next, body.as_object_mut()) {
        body.insert(
            "@odata.nextLink".to_owned(),
            next_link(request, query, next)?.into(),
        );
    }
    Ok(answer(StatusCode::OK, &body))
}

fn found(request: &Request<'_>, query: &Query) -> Result<Page, GraphError> {
    let filter = query.get("$filter").map(Filter::parse).transpose()?;
    let top = query
        .get("$top")
        .map(top)
        .transpose()?
        .unwrap_or(DEFAULT_TOP);
    let from = query.get("$skiptoken").map(skip_token).transpose()?;
    let directory = &request.simulator.directory;
    let domain = user::domain(&request.simulator.config);
    let wanted = |account: &Account| {
        let matches = filter
            .as_ref()
            .is_none_or(|filter| filter.matches(account, &domain));
        matches && request.sees(account)
    };
    let candidates = filter
        .as_ref()
        .and_then(|filter| filter.candidates(directory, &domain));
    Ok(match candidates {
        Some(candidates) => Page {
            accounts: candidates.into_iter().filter(wanted).collect(),
            next: None,
        },
        None => directory.search(from.unwrap_or(0), top, wanted),
    })
}

fn next_link(request: &Request<'_>, query: Query, next: u64) -> Result<String, GraphError> {
    let options = query.with("$skiptoken", next.to_string());
    let link = Url::parse_with_params(&format!("{}/users", request.base_url()), options);
    link.map(String::from).map_err(|error| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        GraphError::new(status, "InternalServerError", error.to_string())
    })
}

fn top(text: &str) -> Result<usize, GraphError> {
    let top = text.parse().ok().filter(|top| (1..=MAX_TOP).contains(top));
    top.ok_or_else(|| {
        GraphError::bad(format!(
            "Invalid page size specified: '{text}'. Must be between 1 and {MAX_TOP} inclusive."
        ))
    })
}

fn skip_token(text: &str) -> Result<u64, GraphError> {
    let token = text.parse().ok();
    token.ok_or_else(|| GraphError::bad("The specified page token value is invalid."))
}

fn selection(query: &Query) -> Result<Selection, GraphError> {
    query
        .get("$select")
        .map_or(Ok(Selection::Default), Selection::read)
}

/// `PATCH /users/{id}`
pub(super) fn update(
    request: &Request<'_>,
    id: &str,
    body: &Map<String, Value>,
) -> Result<Response, GraphError> {
    let change = Change::read(body, &request.simulator.config)?;
    let account = request.account(id)?;
    let directory = &request.simulator.directory;
    match directory.amend(&account.id, |account| change.apply(account)) {
        Some(Ok(_)) => Ok(StatusCode::NO_CONTENT.into_response()),
        Some(Err(conflict)) => Err(GraphError::conflict(conflict)),
        None => Err(GraphError::not_found(id)),
    }
}

/// `DELETE /users/{id}`
pub(super) fn delete(request: &Request<'_>, id: &str) -> Result<Response, GraphError> {
    let account = request.account(id)?;
    if request.simulator.directory.remove(&account.id) {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(GraphError::not_found(id))
    }
}

/// `POST /users/{id}/appRoleAssignments`. Any application and any role will do.
pub(super) fn assign_role(
    request: &Request<'_>,
    id: &str,
    body: &Map<String, Value>,
) -> Result<Response, GraphError> {
    let known = ["appRoleId", "principalId", "resourceId"];
    let unknown = body.keys().find(|name| !known.contains(&name.as_str()));
    if let Some(unknown) = unknown.filter(|name| !name.starts_with("@odata.")) {
        return Err(GraphError::bad(format!("Invalid property '{unknown}'.")));
    }
    let [role, principal, resource] = known.map(|name| guid(body, name));
    let (role, principal, resource) = (role?, principal?, resource?);
    let account = request.account(id)?;
    if !principal.eq_ignore_ascii_case(&account.id) {
        return Err(GraphError::bad("Not a valid reference update."));
    }
    let directory = &request.simulator.directory;
    let assigned = directory.assign_role(&account.id, resource, role);
    let role = assigned.map_err(|error| match error {
        LinkError::NoAccount => GraphError::not_found(id),
        LinkError::AlreadyThere => {
            GraphError::bad("Permission being assigned already exists on the object")
        }
    })?;
    let context = format!(
        "{}/$metadata#users('{}')/appRoleAssignments/$entity",
        request.base_url(),
        account.id
    );
    let body = json!({
        "@odata.context": context,
        "id": role.id,
        "deletedDateTime": null,
        "appRoleId": role.app_role_id,
        "createdDateTime": role.assigned.to_string(),
        "principalDisplayName": account.text("displayName"),
        "principalId": account.id,
        "principalType": "User",
        "resourceDisplayName": null,
        "resourceId": role.resource_id,
    });
    Ok(answer(StatusCode::CREATED, &body))
}

fn guid<'b>(body: &'b Map<String, Value>, name: &str) -> Result<&'b str, GraphError> {
    let text = body.get(name).and_then(Value::as_str);
    let text = text.ok_or_else(|| GraphError::required(name))?;
    match Uuid::try_parse(text) {
        Ok(_) => Ok(text),
        Err(_) => Err(GraphError::bad(format!(
            "Cannot convert the literal '{text}' to the expected type 'Edm.Guid'."
        ))),
    }
}

/// `POST /groups/{id}/members/$ref`. Any group will do.
pub(super) fn add_member(
    request: &Request<'_>,
    group: &str,
    body: &Map<String, Value>,
) -> Result<Response, GraphError> {
    if Uuid::try_parse(group).is_err() {
        return Err(GraphError::bad(format!(
            "Invalid object identifier '{group}'."
        )));
    }
    let reference = body.get("@odata.id").and_then(Value::as_str);
    let id = reference.and_then(referred).ok_or_else(|| {
        let message =
            "The @odata.id annotation is missing, or it is not the URL of a directory object.";
        GraphError::bad(message)
    })?;
    let account = request.account(id)?;
    let added = request.simulator.directory.add_to_group(&account.id, group);
    added.map_err(|error| match error {
        LinkError::NoAccount => GraphError::not_found(id),
        LinkError::AlreadyThere => GraphError::bad(
            "One or more added object references already exist for the following modified properties: 'members'.",
        ),
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The id in `https://graph.microsoft.com/v1.0/directoryObjects/{id}`, of any host.
fn referred(url: &str) -> Option<&str> {
    Url::parse(url).ok()?;
    let mut segments = url.rsplit('/');
    let (id, collection) = (segments.next()?, segments.next()?);
    let named = ["directoryObjects", "users"].contains(&collection);
    (named && Uuid::try_parse(id).is_ok()).then_some(id)
}
