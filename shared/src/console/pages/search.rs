//! Looking for a request by its id, or for those of an address or a domain.
//!
//! Addresses come in the body of a form: those of pages are kept by browsers, proxies and logs.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension, Form,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    address, page,
    queue::{Line, line},
};
use crate::console::{
    Console,
    desk::{Row, Sought},
    problem::Problem,
    session::Session,
    texts::Texts,
};

#[derive(Deserialize)]
pub(in crate::console) struct Search {
    token: String,
    sought: String,
}

pub(in crate::console) async fn search(
    State(console): State<Arc<Console>>,
    Extension(t): Extension<&'static Texts>,
    headers: HeaderMap,
    Form(form): Form<Search>,
) -> Result<Response, Problem> {
    let seated = console.sender(&headers, &form.token).await?;
    let approver = &seated.session.approver;
    let (rows, is_understood) = match Sought::parse(&form.sought) {
        Some(Sought::Id(id)) => {
            return seated.keep(Redirect::to(&address(&id)).into_response());
        }
        Some(sought) => (console.desk.search(approver, &sought).await?, true),
        None => (Vec::new(), false),
    };
    let shown = SearchPage::new(t, &seated.session, form.sought, &rows, is_understood);
    seated.keep(page(StatusCode::OK, &shown))
}

#[derive(Template)]
#[template(path = "console/search.html")]
struct SearchPage<'p> {
    t: &'static Texts,
    session: Option<&'p Session>,
    title: String,
    sought: String,
    is_understood: bool,
    lines: Vec<Line<'p>>,
    /// Nothing is decided from here.
    can_choose: bool,
}

impl<'p> SearchPage<'p> {
    fn new(
        t: &'static Texts,
        session: &'p Session,
        sought: String,
        rows: &'p [Row],
        is_understood: bool,
    ) -> Self {
        Self {
            t,
            session: Some(session),
            title: t.text("search-title"),
            sought,
            is_understood,
            lines: rows.iter().map(|row| line(t, row)).collect(),
            can_choose: false,
        }
    }
}
