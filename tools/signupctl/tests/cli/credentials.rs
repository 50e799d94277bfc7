//! Connector credentials.

use shared::{
    app::credentials::verifier,
    domain::caller::Slot,
    ports::{Deadline, credential_store::CredentialStore, credential_use::CredentialUse},
};
use tokio::time::{Duration, Instant};

use crate::desk::Desk;

/// The value of a line `name: value`.
fn value(out: &str, name: &str) -> String {
    out.lines()
        .find_map(|line| line.strip_prefix(&format!("{name}: ")))
        .unwrap_or_else(|| panic!("no {name} in {out}"))
        .to_owned()
}

#[tokio::test]
async fn a_credential_is_shown_once_and_only_its_digest_is_kept() {
    let desk = Desk::new().await;
    let ran = desk
        .run(&["credential", "create", "--username", "entra"])
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let (id, password) = (value(&ran.out, "id"), value(&ran.out, "password"));
    assert_eq!(
        ran.out,
        format!("id: {id}\nusername: entra\npassword: {password}\n")
    );
    assert!(password.len() >= 43, "{password} has fewer than 256 bits");
    assert!(ran.err.contains("Entra admin centre"), "{}", ran.err);
    assert!(!ran.err.contains(&password), "{}", ran.err);

    let kept = desk.table().list().await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].id.as_str(), kept[0].username.as_str()),
        (id.as_str(), "entra")
    );
    assert_eq!(kept[0].verifier.0, verifier(password.as_bytes()).0);
    assert!(
        !desk
            .output(&["credential", "list"])
            .await
            .contains(&password)
    );
}

#[tokio::test]
async fn without_a_name_each_credential_gets_one_of_its_own() {
    let desk = Desk::new().await;
    let first = value(&desk.output(&["credential", "create"]).await, "username");
    let second = value(&desk.output(&["credential", "create"]).await, "username");
    assert!(first.starts_with("connector-") && second.starts_with("connector-"));
    assert_ne!(first, second);
}

#[tokio::test]
async fn a_third_credential_is_refused() {
    let desk = Desk::new().await;
    let first = value(&desk.output(&["credential", "create"]).await, "id");
    let second = value(&desk.output(&["credential", "create"]).await, "id");
    let ran = desk.run(&["credential", "create"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(
        ran.err,
        format!(
            "signupctl: both credentials are live (`{first}` and `{second}`): retire the one that \
             Entra no longer uses\n"
        )
    );
}

#[tokio::test]
async fn a_user_name_that_basic_authentication_cannot_carry_is_refused() {
    let desk = Desk::new().await;
    let ran = desk
        .run(&["credential", "create", "--username", "a:b"])
        .await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("without a colon"), "{}", ran.err);
}

#[tokio::test]
async fn the_list_tells_when_a_credential_was_last_used() {
    let desk = Desk::new().await;
    let ran = desk.run(&["credential", "list"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    let used = value(&desk.output(&["credential", "create"]).await, "id");
    let unused = value(&desk.output(&["credential", "create"]).await, "id");
    let at = "2026-11-05T10:20:30Z".parse().unwrap();
    let deadline = Deadline(Instant::now() + Duration::from_secs(5));
    desk.table()
        .record(Slot::First, &used, at, deadline)
        .await
        .unwrap();
    let listed = desk.output(&["credential", "list"]).await;
    let line = |id: &str| {
        listed
            .lines()
            .find(|line| line.starts_with(id))
            .unwrap()
            .to_owned()
    };
    assert!(line(&used).ends_with("  2026-11-05T10:20:30Z"), "{listed}");
    assert!(line(&unused).ends_with("  never"), "{listed}");
    assert!(
        listed.starts_with("ID        SLOT  USERNAME            CREATED "),
        "{listed}"
    );
}

#[tokio::test]
async fn a_retired_credential_is_gone_and_makes_room() {
    let desk = Desk::new().await;
    let old = value(&desk.output(&["credential", "create"]).await, "id");
    let new = value(&desk.output(&["credential", "create"]).await, "id");
    let out = desk.output(&["credential", "retire", &old, "--yes"]).await;
    assert!(out.starts_with(&format!("retired `{old}`")), "{out}");
    let live = desk.table().list().await.unwrap();
    assert_eq!(
        live.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(),
        [new]
    );
    desk.output(&["credential", "create"]).await;
}

#[tokio::test]
async fn the_last_credential_is_retired_by_force_only() {
    let desk = Desk::new().await;
    let last = value(&desk.output(&["credential", "create"]).await, "id");
    let ran = desk.run(&["credential", "retire", &last, "--yes"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("refuse to start"), "{}", ran.err);
    assert_eq!(desk.table().list().await.unwrap().len(), 1);
    desk.output(&["credential", "retire", &last, "--force"])
        .await;
    assert!(desk.table().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn retiring_an_unknown_credential_fails() {
    let desk = Desk::new().await;
    desk.output(&["credential", "create"]).await;
    let ran = desk.run(&["credential", "retire", "00000000"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(
        ran.err,
        "signupctl: there is no live credential `00000000`: see `signupctl credential list`\n"
    );
}
