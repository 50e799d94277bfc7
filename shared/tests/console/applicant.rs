//! The applicant's page: what it tells, what can be done there, and what a link is good for.

use axum::http::StatusCode;
use jiff::SignedDuration;
use rstest::rstest;
use shared::{
    app::links::Purpose,
    domain::approval::{Action, Actor, Change, Reapply, RequestId, State, Terms},
    ports::{clock::Clock, journal::Notice, request_store::RequestStore},
};

use crate::world::{APPROVER, Answer, Case, World};

const MISSING: &str = "This link leads nowhere";

async fn applied(world: &World) -> (RequestId, String) {
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let page = page(world, &id);
    (id, page)
}

fn page(world: &World, id: &RequestId) -> String {
    let link = world.link(Purpose::Applicant, id, 1);
    format!("/application/{link}")
}

async fn bring(world: &World, id: &RequestId, actions: &[Action]) {
    for action in actions {
        world.change(id, *action, "eve").await;
    }
}

fn assert_guarded(answer: &Answer) {
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert!(!answer.headers.contains_key("set-cookie"));
}

#[rstest]
#[case::pending(&[], "will have an answer by", true, true)]
#[case::approved(&[Action::Approve], "is being created", false, false)]
#[case::provisioning(&[Action::Approve, Action::Provision], "is being created", false, false)]
#[case::failed(&[Action::Approve, Action::Provision, Action::Fail], "takes longer than it should", false, false)]
#[case::provisioned(&[Action::Approve, Action::Provision, Action::Finish], "you can sign in", false, true)]
#[case::denied(&[Action::Deny], "an account cannot be given", false, true)]
#[case::expired(&[Action::Expire], "nobody was able to decide", false, true)]
#[case::withdrawn(&[Action::Withdraw], "You withdrew", false, true)]
#[tokio::test]
async fn a_request_says_how_it_stands_and_what_can_be_done(
    #[case] actions: &[Action],
    #[case] sentence: &str,
    #[case] can_withdraw: bool,
    #[case] can_be_erased: bool,
) {
    let world = World::new().await;
    let (id, page) = applied(&world).await;
    bring(&world, &id, actions).await;
    let answer = world.browser().get(&page).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains(sentence), "{}", answer.body);
    assert_eq!(answer.body.contains("/withdraw\""), can_withdraw);
    assert_eq!(answer.body.contains("/erase\""), can_be_erased);
    assert_eq!(answer.body.contains("Your data are needed"), !can_be_erased);
    assert!(!answer.body.contains("eve"), "{}", answer.body);
    assert_guarded(&answer);
}

#[tokio::test]
async fn a_denial_tells_its_message_and_neither_reason_nor_approver() {
    let world = World::new().await;
    let terms = Terms {
        reapply: Reapply::AfterDays(7),
        ..Terms::USUAL
    };
    let case = Case::of("ann", "partner.example");
    let id = world.pending(Case { terms, ..case }).await;
    let denial = Change::new(Action::Deny, Actor::Person("eve".to_owned()))
        .because(Some("seen on a list".to_owned()))
        .telling(Some("Apply with your <company> address.".to_owned()));
    world.store_change(&id, &denial).await;
    let page = page(&world, &id);
    let answer = world.browser().get(&page).await;
    assert!(
        answer
            .body
            .contains("Apply with your &#60;company&#62; address.")
    );
    let from = (world.clock.now() + SignedDuration::from_hours(7 * 24)).to_string();
    let from = from[..16].replace('T', " ");
    assert!(
        answer
            .body
            .contains(&format!("You may ask again from {from} UTC."))
    );
    for hidden in ["seen on a list", "eve", "ann@", ">ann"] {
        assert!(!answer.body.contains(hidden), "{}", answer.body);
    }
    // A denial that was undone is none.
    world.change(&id, Action::Reopen, "eve").await;
    let answer = world.browser().get(&page).await;
    assert!(!answer.body.contains("company"));
}

#[tokio::test]
async fn the_date_of_a_decision_is_not_that_of_the_account() {
    let world = World::new().await;
    let (id, page) = applied(&world).await;
    let decided = world.clock.now();
    world.change(&id, Action::Approve, "eve").await;
    world.clock.advance(SignedDuration::from_hours(20));
    bring(&world, &id, &[Action::Provision, Action::Finish]).await;
    let answer = world.browser().get(&page).await;
    let decided = decided
        .strftime("approved on %Y-%m-%d %H:%M UTC")
        .to_string();
    assert!(answer.body.contains(&decided), "{}", answer.body);
}

#[tokio::test]
async fn withdrawing_asks_first_and_is_done_by_a_form_alone() {
    let world = World::new().await;
    let (id, page) = applied(&world).await;
    let (browser, way) = (world.browser(), format!("{page}/withdraw"));
    let asked = browser.get(&way).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(
        asked
            .body
            .contains(&format!("method=\"post\" action=\"{way}\""))
    );
    for path in [&page, &way, &format!("{page}/erase")] {
        assert_eq!(browser.head(path).await.status, StatusCode::OK);
    }
    assert_eq!(world.request(&id).await.version, 1);

    let answer = browser.post(&way, &[]).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, page.as_str())
    );
    assert_eq!(world.request(&id).await.state, State::Withdrawn);
    assert_eq!(
        world.history(&id).await.last().unwrap().by,
        Actor::Applicant
    );
    // The way is gone then.
    assert_eq!(browser.get(&way).await.location(), page);
    let again = browser.post(&way, &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert_eq!(world.request(&id).await.version, 2);
}

#[tokio::test]
async fn whoever_withdraws_too_late_is_told_how_it_stands() {
    let world = World::new().await;
    let (id, page) = applied(&world).await;
    world.change(&id, Action::Approve, "eve").await;
    let answer = world.browser().post(&format!("{page}/withdraw"), &[]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("could not be withdrawn"));
    assert!(answer.body.contains("was approved on"));
    assert_eq!(world.request(&id).await.state, State::Approved);
}

#[rstest]
#[case::pending(&[], State::Withdrawn)]
#[case::denied(&[Action::Deny], State::Denied)]
#[case::provisioned(&[Action::Approve, Action::Provision, Action::Finish], State::Provisioned)]
#[tokio::test]
async fn whoever_is_erased_is_gone_and_so_is_the_link(
    #[case] actions: &[Action],
    #[case] state: State,
) {
    let world = World::new().await;
    let (id, page) = applied(&world).await;
    bring(&world, &id, actions).await;
    let (browser, way) = (world.browser(), format!("{page}/erase"));
    let asked = browser.get(&way).await;
    assert!(asked.body.contains("is erased for good"));
    let answer = browser.post(&way, &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("Your data are erased"));
    assert_guarded(&answer);
    assert_eq!(world.request(&id).await.state, state);
    assert_eq!(world.store.applicant(&id, 1).await.unwrap(), None);

    for answer in [
        browser.get(&page).await,
        browser.get(&way).await,
        browser.post(&way, &[]).await,
        browser.post(&format!("{page}/withdraw"), &[]).await,
    ] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.body.contains(MISSING));
    }
}

#[rstest]
#[case::approved(&[Action::Approve])]
#[case::provisioning(&[Action::Approve, Action::Provision])]
#[case::failed(&[Action::Approve, Action::Provision, Action::Fail])]
#[tokio::test]
async fn nobody_is_erased_whose_account_is_being_created(#[case] actions: &[Action]) {
    let world = World::new().await;
    let (id, page) = applied(&world).await;
    bring(&world, &id, actions).await;
    let browser = world.browser();
    let answer = browser.post(&format!("{page}/erase"), &[]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.body.matches("Your data are needed until").count(), 1);
    assert_eq!(browser.get(&format!("{page}/erase")).await.location(), page);
    assert!(world.store.applicant(&id, 1).await.unwrap().is_some());
}

#[tokio::test]
async fn a_link_that_is_not_good_tells_nothing() {
    let world = World::new().await;
    let (id, page) = applied(&world).await;
    let never = RequestId::new(world.clock.now(), [9; 10]);
    let own = world.link(Purpose::Applicant, &id, 1);
    let for_approvers = world.link(Purpose::Approver, &id, 1);
    let of_nothing = world.link(Purpose::Applicant, &never, 1);
    let changed = own.replacen(id.as_str(), never.as_str(), 1);
    let browser = world.browser();
    let mut bodies = Vec::new();
    for token in [
        &for_approvers,
        &of_nothing,
        &changed,
        &id.to_string(),
        "%00",
        "%ff",
        "a.b",
    ] {
        for way in ["", "/withdraw", "/erase"] {
            let path = format!("/application/{token}{way}");
            let answer = browser.get(&path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert_guarded(&answer);
            bodies.push(answer.body);
            if !way.is_empty() {
                let answer = browser.post(&path, &[]).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            }
        }
    }
    world.clock.advance(SignedDuration::from_hours(24));
    bodies.push(browser.get(&page).await.body);
    assert!(bodies[0].contains(MISSING));
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(world.request(&id).await.version, 1);
}

#[tokio::test]
async fn nothing_is_read_for_a_link_that_is_not_signed() {
    let world = World::new().await;
    let (_, page) = applied(&world).await;
    let client = world.engine.connection().client();
    let deleted = client.delete_table().table_name("console").send().await;
    deleted.unwrap();
    let browser = world.browser();
    let signed = browser.get(&page).await;
    assert_eq!(signed.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(signed.body.contains("Please try again in a few minutes."));
    for path in [format!("{page}x"), "/application/a.b.1.2.c".to_owned()] {
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
        let sent = browser.post(&format!("{path}/erase"), &[]).await;
        assert_eq!(sent.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn other_sites_cannot_send_an_applicant_s_forms() {
    let world = World::new().await;
    let (id, page) = applied(&world).await;
    for site in [
        ("https://evil.example", "cross-site"),
        ("null", "cross-site"),
        ("https://evil.example", "same-origin"),
    ] {
        for way in ["withdraw", "erase"] {
            let path = format!("{page}/{way}");
            let answer = world.browser().post_from(site, &path, &[]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            assert!(answer.body.contains("Nothing was changed"));
        }
    }
    assert_eq!(world.request(&id).await.version, 1);
    assert!(world.store.applicant(&id, 1).await.unwrap().is_some());
}

#[tokio::test]
async fn the_page_speaks_the_language_of_the_sign_up_unless_another_one_is_chosen() {
    let world = World::new().await;
    let case = Case {
        languages: &["sv-SE", "en"],
        ..Case::of("ann", "partner.example")
    };
    let id = world.pending(case).await;
    let (browser, page) = (world.browser(), page(&world, &id));
    let own = browser.get_in("de", &page).await;
    assert!(own.body.contains("<html lang=\"sv\">"));
    let chosen = browser.get_in("de", &format!("{page}?lang=fr")).await;
    assert!(chosen.body.contains("<html lang=\"fr\">"));
    assert!(chosen.body.contains("/withdraw?lang=fr\""));
    // Without cookies, the form leads on in the same language.
    let answer = browser.post(&format!("{page}/withdraw?lang=fr"), &[]).await;
    assert_eq!(answer.location(), format!("{page}?lang=fr"));
    assert!(browser.cookies().is_empty());
    let unknown = browser.get_in("de", "/application/other").await;
    assert!(unknown.body.contains("<html lang=\"de\">"));
}

#[tokio::test]
async fn without_the_keys_a_request_is_told_and_its_applicant_is_not() {
    let world = World::without_keys().await;
    let (_, page) = applied(&world).await;
    let answer = world.browser().get_in("nl", &page).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("<html lang=\"nl\">"));
}

#[tokio::test]
async fn the_log_has_the_page_s_name_and_no_token() {
    let world = World::new().await;
    let (id, page) = applied(&world).await;
    let browser = world.signed_in(APPROVER).await;
    browser.get(&page).await;
    browser.get(&format!("{page}/withdraw")).await;
    browser.post(&format!("{page}/erase"), &[]).await;
    let notices = world.journal.notices();
    let visits = notices.iter().filter_map(|notice| match notice {
        Notice::Visited(visit) => Some(visit.page),
        _ => None,
    });
    let visits: Vec<_> = visits.skip(2).collect();
    assert_eq!(
        visits,
        ["application", "application-withdraw", "application-erase"]
    );
    let told = format!("{notices:?}");
    assert!(!told.contains(id.as_str()), "{told}");
}
