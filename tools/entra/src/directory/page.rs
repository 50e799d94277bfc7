//! The pages of the directory: its accounts, one account, and an invitation as its guest opens it.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    ACCEPTED, Account, Conflict, EXTERNAL_USER_STATE, Entry, Invitation, NewAccount, Source,
};
use crate::{
    Simulator,
    config::Config,
    model::{Attributes, TenantKind},
    pages::page,
};

/// Accounts on one page.
const PAGE_LENGTH: usize = 100;

pub fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/directory", get(list).post(add))
        .route("/directory/{id}", get(show))
        .route("/directory/{id}/delete", post(delete))
        .route("/directory/invitations/{id}", get(invitation).post(accept))
}

#[derive(Debug, Template)]
#[template(path = "directory/list.html")]
struct ListPage<'p> {
    config: &'p Config,
    accounts: Vec<Account>,
    /// Of all pages.
    count: usize,
    newer: Option<usize>,
    older: Option<usize>,
    form: NewMember,
    problem: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "directory/account.html")]
struct AccountPage<'p> {
    config: &'p Config,
    account: Account,
    groups: Vec<String>,
    roles: Vec<super::AppRole>,
}

#[derive(Debug, Template)]
#[template(path = "directory/missing.html")]
struct MissingPage {
    what: &'static str,
}

#[derive(Debug, Template)]
#[template(path = "directory/invitation.html")]
struct InvitationPage {
    id: String,
    guest: Account,
    redirect_url: String,
}

impl InvitationPage {
    fn accepted(&self) -> bool {
        self.guest.text(EXTERNAL_USER_STATE) == Some(ACCEPTED)
    }
}

/// The form that adds an account of the tenant's own people.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct NewMember {
    display_name: String,
    /// Before the `@` of the user principal name.
    user_name: String,
    mail: String,
}

#[derive(Debug, Deserialize)]
struct From {
    /// How many newer accounts are not shown.
    #[serde(default)]
    skip: usize,
}

async fn list(State(simulator): State<Arc<Simulator>>, Query(from): Query<From>) -> Response {
    let form = NewMember::default();
    list_page(&simulator, StatusCode::OK, from.skip, form, None)
}

fn list_page(
    simulator: &Simulator,
    status: StatusCode,
    skip: usize,
    form: NewMember,
    problem: Option<String>,
) -> Response {
    let (accounts, count) = simulator.directory.newest(skip, PAGE_LENGTH);
    let next = skip.saturating_add(PAGE_LENGTH);
    let list = ListPage {
        config: &simulator.config,
        accounts,
        count,
        newer: (skip > 0).then(|| skip.saturating_sub(PAGE_LENGTH)),
        older: (next < count).then_some(next),
        form,
        problem,
    };
    page(status, &list)
}

async fn add(State(simulator): State<Arc<Simulator>>, Form(form): Form<NewMember>) -> Response {
    let problem = match form.clone().account(&simulator.config) {
        Ok(new) => match simulator.directory.create(new) {
            Ok(account) => {
                return Redirect::to(&format!("/directory/{}", account.id)).into_response();
            }
            Err(Conflict::ProxyAddresses) => "Another account has this mail address.".to_owned(),
            Err(Conflict::UserPrincipalName | Conflict::Identities) => {
                "Another account has this user name.".to_owned()
            }
        },
        Err(problem) => problem.to_owned(),
    };
    list_page(&simulator, StatusCode::BAD_REQUEST, 0, form, Some(problem))
}

impl NewMember {
    fn account(self, config: &Config) -> Result<NewAccount, &'static str> {
        let [display_name, user_name, mail] =
            [&self.display_name, &self.user_name, &self.mail].map(|text| text.trim().to_owned());
        let in_name = |c: char| c.is_ascii_alphanumeric() || "'.-_!^~".contains(c);
        if user_name.is_empty() || !user_name.chars().all(in_name) {
            return Err("The user name takes letters without accents, digits, and ' . - _ ! ^ ~");
        }
        if display_name.is_empty() {
            return Err("The display name is missing.");
        }
        if !(mail.is_empty() || mail.contains('@')) {
            return Err("The mail address has no @.");
        }
        Ok(NewAccount {
            tenant: TenantKind::Workforce,
            user_principal_name: format!("{user_name}@{}.onmicrosoft.com", config.tenant.name),
            mail: (!mail.is_empty()).then_some(mail),
            user_type: "Member".to_owned(),
            enabled: true,
            identities: Vec::new(),
            attributes: Attributes::from([("displayName".to_owned(), display_name.into())]),
            source: Source::Administrator,
        })
    }
}

async fn show(State(simulator): State<Arc<Simulator>>, Path(id): Path<String>) -> Response {
    let Some(Entry {
        account,
        groups,
        roles,
    }) = simulator.directory.entry(&id)
    else {
        return missing("There is no such account.");
    };
    let shown = AccountPage {
        config: &simulator.config,
        account,
        groups: groups.into_iter().collect(),
        roles,
    };
    page(StatusCode::OK, &shown)
}

/// Deleting an account that is gone is no problem of whoever wanted it gone.
async fn delete(State(simulator): State<Arc<Simulator>>, Path(id): Path<String>) -> Redirect {
    simulator.directory.remove(&id);
    Redirect::to("/directory")
}

async fn invitation(State(simulator): State<Arc<Simulator>>, Path(id): Path<String>) -> Response {
    let directory = &simulator.directory;
    let invitation = directory.invitation(&id);
    let opened = invitation.and_then(
        |Invitation {
             account_id,
             redirect_url,
         }| {
            let guest = directory.get(&account_id)?;
            Some(InvitationPage {
                id,
                guest,
                redirect_url,
            })
        },
    );
    opened.map_or_else(
        || missing("There is no such invitation, or its account was deleted."),
        |opened| page(StatusCode::OK, &opened),
    )
}

async fn accept(State(simulator): State<Arc<Simulator>>, Path(id): Path<String>) -> Response {
    match simulator.directory.accept(&id) {
        Some(_) => Redirect::to(&format!("/directory/invitations/{id}")).into_response(),
        None => missing("There is no such invitation, or its account was deleted."),
    }
}

fn missing(what: &'static str) -> Response {
    page(StatusCode::NOT_FOUND, &MissingPage { what })
}

/// Where an account comes from, for people.
fn source(account: &Account, config: &Config) -> String {
    match &account.source {
        Source::SignUp(flow) => {
            let known = config.user_flow(flow);
            format!("Sign-up: {}", known.map_or(flow, |flow| &flow.name))
        }
        Source::Graph => "Graph: POST /users".to_owned(),
        Source::Invitation => "Graph: POST /invitations".to_owned(),
        Source::Administrator => "This page".to_owned(),
    }
}

/// A value as a person reads it.
fn shown(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
