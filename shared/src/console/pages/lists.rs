//! The lists: looking for entries and through all of them, and changing one after a preview.
//!
//! Matchers come in the body of a form: an address in the address of a page is kept by browsers, proxies and logs.

mod form;
mod shown;

use std::sync::Arc;

use axum::{
    Extension, Form,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;

use self::{
    form::EntryForm,
    shown::{ChangedPage, Listed, ListsPage, PreviewPage},
};
use super::page;
use crate::{
    app::lists::Bookmark,
    console::{
        Console, Seated,
        desk::{Confirmed, EntryFilter},
        problem::{Cause, Problem},
        texts::Texts,
    },
    domain::list::{Effect, Matcher},
};

/// Which entries somebody asks for. What is not understood counts as not said.
#[derive(Default, Deserialize)]
pub(in crate::console) struct Filtered {
    list: Option<String>,
    effect: Option<String>,
}

#[derive(Deserialize)]
pub(in crate::console) struct Further {
    token: String,
    list: Option<String>,
    effect: Option<String>,
    after: String,
}

#[derive(Deserialize)]
pub(in crate::console) struct LookUp {
    token: String,
    matcher: String,
}

impl Filtered {
    fn filter(self) -> EntryFilter {
        let list = self.list.map(|list| list.trim().to_owned());
        EntryFilter {
            list: list.filter(|list| !list.is_empty()),
            effect: self.effect.as_deref().and_then(Effect::parse),
        }
    }
}

/// The first entries.
pub(in crate::console) async fn lists(
    State(console): State<Arc<Console>>,
    Extension(t): Extension<&'static Texts>,
    headers: HeaderMap,
    Query(filtered): Query<Filtered>,
) -> Result<Response, Problem> {
    let seated = console.seated(&headers).await?;
    let listed = Listed::filtered(filtered.filter());
    console.list(t, &seated, Bookmark::default(), listed).await
}

/// The next ones: a bookmark may name an address.
pub(in crate::console) async fn more_lists(
    State(console): State<Arc<Console>>,
    Extension(t): Extension<&'static Texts>,
    headers: HeaderMap,
    Form(further): Form<Further>,
) -> Result<Response, Problem> {
    let Further {
        token,
        list,
        effect,
        after,
    } = further;
    let seated = console.sender(&headers, &token).await?;
    let from = Bookmark::parse(&after).ok_or(Problem::BadForm)?;
    let listed = Listed::filtered(Filtered { list, effect }.filter());
    console.list(t, &seated, from, listed).await
}

/// The entries of one matcher.
pub(in crate::console) async fn entry(
    State(console): State<Arc<Console>>,
    Extension(t): Extension<&'static Texts>,
    headers: HeaderMap,
    Form(LookUp { token, matcher }): Form<LookUp>,
) -> Result<Response, Problem> {
    let seated = console.sender(&headers, &token).await?;
    let Ok(sought) = Matcher::parse(&matcher) else {
        let listed = Listed::sought_in_vain(matcher);
        return console.list(t, &seated, Bookmark::default(), listed).await;
    };
    let approver = &seated.session.approver;
    let entries = console.desk.entries_of(approver, &sought).await?;
    let listed = Listed::sought(matcher, &sought);
    let now = console.clock.now();
    let shown = ListsPage::new(t, &seated.session, &entries, None, listed, now);
    seated.keep(page(StatusCode::OK, &shown))
}

/// Shows what a change would do. Nothing is changed.
pub(in crate::console) async fn entry_preview(
    State(console): State<Arc<Console>>,
    Extension(t): Extension<&'static Texts>,
    headers: HeaderMap,
    Form(form): Form<EntryForm>,
) -> Result<Response, Problem> {
    let seated = console.sender(&headers, &form.token).await?;
    let wish = match form.wish().ok_or(Problem::BadForm)? {
        Ok(wish) => wish,
        Err(faults) => {
            let listed = Listed::typed(form, faults);
            return console.list(t, &seated, Bookmark::default(), listed).await;
        }
    };
    let (approver, now) = (&seated.session.approver, console.clock.now());
    let preview = console.desk.preview_entry(approver, &wish, now).await?;
    let shown = PreviewPage::new(t, &seated.session, &form, &preview, now);
    seated.keep(page(StatusCode::OK, &shown))
}

/// Changes an entry that is still as it was in the preview.
pub(in crate::console) async fn entry_confirmed(
    State(console): State<Arc<Console>>,
    Extension(t): Extension<&'static Texts>,
    headers: HeaderMap,
    Form(form): Form<EntryForm>,
) -> Result<Response, Problem> {
    let seated = console.sender(&headers, &form.token).await?;
    let wish = form.wish().and_then(Result::ok).ok_or(Problem::BadForm)?;
    let seen = form.seen.as_deref().ok_or(Problem::BadForm)?;
    let (session, now) = (&seated.session, console.clock.now());
    let changed = console
        .desk
        .change_entry(&session.approver, &wish, seen, now);
    match changed.await? {
        Confirmed::Done(preview) => {
            let shown = ChangedPage::new(t, session, &preview, now);
            seated.keep(page(StatusCode::OK, &shown))
        }
        Confirmed::Overtaken(preview) => {
            let shown = PreviewPage::new(t, session, &form, &preview, now).overtaken();
            let mut response = page(StatusCode::CONFLICT, &shown);
            let refused = Cause("refused".to_owned());
            response.extensions_mut().insert(refused);
            seated.keep(response)
        }
    }
}

impl Console {
    async fn list(
        &self,
        t: &'static Texts,
        seated: &Seated,
        from: Bookmark,
        listed: Listed,
    ) -> Result<Response, Problem> {
        let session = &seated.session;
        let found = self.desk.entries(&session.approver, &listed.filter, from);
        let (entries, next) = found.await?;
        let status = listed.status();
        let shown = ListsPage::new(t, session, &entries, next, listed, self.clock.now());
        seated.keep(page(status, &shown))
    }
}
