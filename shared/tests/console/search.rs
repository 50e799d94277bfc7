//! Finding requests, and taking them along.

use axum::http::{StatusCode, header};
use rstest::rstest;
use shared::domain::approval::Action;

use crate::world::{APPROVER, Answer, Browser, Case, OF_DOMAIN, World};

impl Browser<'_> {
    async fn search(&self, sought: &str) -> Answer {
        let token = self.form_token().await;
        let fields = [("token", token.as_str()), ("sought", sought)];
        self.post("/console/search", &fields).await
    }
}

#[rstest]
#[case::address("ann@partner.example", true)]
#[case::another_spelling(" Ann+fair@PARTNER.example", true)]
#[case::domain("partner.example", true)]
#[case::somebody_else("bob@partner.example", false)]
#[case::another_domain("elsewhere.example", false)]
#[tokio::test]
async fn requests_are_found_in_every_state(#[case] sought: &str, #[case] found: bool) {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    world.change(&id, Action::Deny, "eve").await;
    let browser = world.signed_in(APPROVER).await;
    let page = browser.search(sought).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.body.contains(&id.to_string()), found, "{}", page.body);
    assert_eq!(page.body.contains("<dd>Denied</dd>"), found);
}

#[tokio::test]
async fn an_id_leads_to_the_request() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(APPROVER).await;
    let answer = browser.search(&id.to_string().to_uppercase()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), format!("/console/requests/{id}"));
}

#[tokio::test]
async fn nothing_beyond_a_scope_is_found() {
    let world = World::new().await;
    let id = world.pending(Case::of("joe", "elsewhere.example")).await;
    let browser = world.signed_in(OF_DOMAIN).await;
    for sought in ["joe@elsewhere.example", "elsewhere.example"] {
        let page = browser.search(sought).await;
        assert!(!page.body.contains(&id.to_string()));
        assert!(
            page.body
                .contains("There are no such requests among yours.")
        );
    }
    let file = browser.get("/console/export.csv?domain=elsewhere.example");
    assert!(!file.await.body.contains("elsewhere"));
}

#[tokio::test]
async fn what_is_sought_stays_text_and_needs_a_form() {
    let world = World::new().await;
    let browser = world.signed_in(APPROVER).await;
    let page = browser.search("\" autofocus onfocus=\"alert(1)").await;
    assert!(page.body.contains("This is not an id"));
    assert!(!page.body.contains("\" autofocus"));
    let stolen = [("token", "stolen"), ("sought", "partner.example")];
    let answer = browser.post("/console/search", &stolen).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    // An address in an address would stay in histories and logs.
    let answer = browser.get("/console/search?sought=ann@partner.example");
    assert_eq!(answer.await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_file_has_the_requests_and_nobodys_name() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    world.pending(Case::of("joe", "elsewhere.example")).await;
    let browser = world.signed_in(APPROVER).await;
    let file = browser.get("/console/export.csv?state=pending&domain=partner.example");
    let file = file.await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(
        file.headers[header::CONTENT_TYPE],
        "text/csv; charset=utf-8"
    );
    let disposition = &file.headers[header::CONTENT_DISPOSITION];
    assert_eq!(disposition, "attachment; filename=\"requests.csv\"");
    let lines: Vec<&str> = file.body.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("id,state,since,version,"));
    assert!(lines[1].starts_with(&format!("{id},pending,")));
    assert!(lines[1].ends_with(",*,partner.example,microsoft,default,0,1"));
    assert!(!file.body.contains("ann"));
}

#[tokio::test]
async fn a_file_needs_a_session() {
    let world = World::new().await;
    let answer = world.browser().get("/console/export.csv").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn keys_are_for_those_who_want_them() {
    let world = World::new().await;
    world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(APPROVER).await;
    let queue = browser.get("/console").await;
    assert!(
        queue
            .body
            .contains("id=\"keys\" class=\"help\" tabindex=\"-1\" hidden")
    );
    let script = browser.get("/console/script.js").await;
    assert_eq!(script.status, StatusCode::OK);
    let kind = &script.headers[header::CONTENT_TYPE];
    assert_eq!(kind, "text/javascript; charset=utf-8");
}
