//! In which language the console speaks.

use axum::http::StatusCode;

use crate::world::{APPROVER, World};

const COOKIE: &str = "__Host-approvals-lang";

#[tokio::test]
async fn a_browser_s_wish_counts_until_somebody_chooses() {
    let world = World::new().await;
    let browser = world.signed_in(APPROVER).await;
    let usual = browser.get("/console").await;
    assert!(usual.body.contains("<html lang=\"en\">"));
    let wished = browser.get_in("fi, sv;q=0.8, de;q=0.9", "/console").await;
    assert!(wished.body.contains("<html lang=\"de\">"));
    assert!(!browser.cookies().contains_key(COOKIE));

    let chosen = browser.get_in("de", "/console?lang=ja").await;
    assert!(chosen.body.contains("<html lang=\"ja\">"));
    assert!(
        chosen
            .body
            .contains("hreflang=\"ja\" rel=\"nofollow\" aria-current=\"true\"")
    );
    let later = browser.get_in("de", "/console").await;
    assert!(later.body.contains("<html lang=\"ja\">"));
    let again = browser.get("/console?lang=zh-Hant").await;
    assert!(again.body.contains("<html lang=\"zh-Hant\">"));
}

#[tokio::test]
async fn an_unknown_language_is_not_chosen() {
    let world = World::new().await;
    let browser = world.signed_in(APPROVER).await;
    for tag in ["tlh", "\"><script>", "", "en%0d%0aSet-Cookie:%20a=b"] {
        let tag = form_urlencoded::byte_serialize(tag.as_bytes()).collect::<String>();
        let answer = browser.get_in("it", &format!("/console?lang={tag}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.contains("<html lang=\"it\">"));
        assert!(!browser.cookies().contains_key(COOKIE));
    }
    browser.set_cookie(COOKIE, Some("tlh"));
    let answer = browser.get_in("es", "/console").await;
    assert!(answer.body.contains("<html lang=\"es\">"));
}

#[tokio::test]
async fn problems_are_told_in_the_same_language() {
    let world = World::new().await;
    let answer = world.browser().get_in("pt-BR", "/console/other").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.body.contains("<html lang=\"pt\">"));
}
