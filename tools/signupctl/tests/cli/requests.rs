//! Approval requests from the command line.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use local_entra::{Simulator, partners::KEY_ID};
use rstest::rstest;
use shared::{
    adapters::{data_keys::KmsDataKeys, dynamodb::Connection, system_clock::SystemClock},
    app::sealing,
    domain::{
        approval::{
            Action, Actor, Applicant, Applied, AppliedIdentity, ApprovalRequest, Change, ObjectId,
            RequestId, Sealed, WrappedKey,
        },
        person::PersonKey,
        policy::UserFlow,
        source::SourceName,
        verification::{AttemptKey, Evidence, VerificationOutcome},
    },
    ports::{
        Deadline,
        approval_requests::{ApprovalRequests, Filed},
        attempts::Attempts,
        request_store::RequestStore,
    },
    testkit,
};
use tokio::{process::Command, time::Instant};

use crate::{
    audit::told,
    desk::{Desk, Ran, ran},
};

/// The key service of `make dev`.
struct KeyService {
    endpoint: String,
}

impl KeyService {
    async fn start() -> Self {
        let simulator = Simulator::of_example(|_| {}).await.unwrap();
        Self {
            endpoint: format!("{}/keys", simulator.origin),
        }
    }

    async fn seal(&self, id: &RequestId, applicant: &Applicant) -> Sealed {
        let connection = Connection {
            region: "local".to_owned(),
            endpoint: Some(self.endpoint.clone()),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: None,
        };
        let keys = KmsDataKeys::new(&connection, KEY_ID.to_owned(), Arc::new(SystemClock));
        let content = serde_json::to_vec(applicant).unwrap();
        sealing::seal(&keys, id, &content, soon()).await.unwrap()
    }

    fn read_by(&self, mut command: Command) -> Command {
        command
            .env("REQUESTS_KEY", KEY_ID)
            .env("AWS_ENDPOINT_URL_KMS", &self.endpoint);
        command
    }
}

fn soon() -> Deadline {
    Deadline(Instant::now() + Duration::from_mins(1))
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// On the first days of 2026, so that ids sort as they are made.
fn day(day: i64) -> Timestamp {
    Timestamp::constant(1_767_225_600, 0) + SignedDuration::from_hours(24 * (day - 1))
}

/// A request of somebody of partner.example.
fn request(on: i64, person: &str) -> ApprovalRequest {
    let id = RequestId::new(day(on), [7; 10]);
    ApprovalRequest {
        user_flow: UserFlow::parse("partners"),
        provider: Some("facebook.com".to_owned()),
        asked_by: "rule new-partners".to_owned(),
        ..testkit::pending(id, PersonKey::of_address(person), day(on))
    }
}

/// What nobody reads.
fn unread() -> Sealed {
    Sealed {
        octets: vec![1],
        key: WrappedKey(vec![2]),
    }
}

async fn open(desk: &Desk, request: &ApprovalRequest, sealed: &Sealed) -> String {
    let filed = desk.table().open(request, sealed, None, soon()).await;
    assert!(matches!(filed.unwrap(), Filed::Yes));
    request.id.to_string()
}

async fn pending(desk: &Desk, on: i64) -> String {
    let person = format!("person{on}@partner.example");
    open(desk, &request(on, &person), &unread()).await
}

/// Brings a request to another state, as the program does.
async fn advance(desk: &Desk, id: &str, actions: &[Action]) {
    let (table, id) = (desk.table(), RequestId::parse(id).unwrap());
    for action in actions {
        let before = table.request(&id).await.unwrap().unwrap();
        let change = Change::new(*action, Actor::System).because(Some("no such group".to_owned()));
        let (next, entry) = before.after(&change, day(20)).unwrap();
        assert!(table.change(&before, &next, &entry).await.unwrap());
    }
}

impl Desk {
    async fn request(&self, arguments: &[&str]) -> Ran {
        let arguments = [&["request"], arguments].concat();
        let mut command = self.command(&arguments);
        command.env("USER", "ann");
        ran(command).await
    }

    async fn request_with(&self, keys: &KeyService, arguments: &[&str]) -> Ran {
        let arguments = [&["request"], arguments].concat();
        ran(keys.read_by(self.command(&arguments))).await
    }
}

#[tokio::test]
async fn requests_are_listed_by_state_without_anything_of_the_person() {
    let desk = Desk::new().await;
    let none = desk.request(&["list"]).await;
    assert_eq!((none.code, none.out.as_str()), (0, ""));
    assert_eq!(none.err, "no such requests are pending\n");
    let first = pending(&desk, 1).await;
    let mut other = request(2, "jo@elsewhere.example");
    other.user_flow = None;
    other.domain = Some("elsewhere.example".to_owned());
    other.provider = None;
    let second = open(&desk, &other, &unread()).await;

    let listed = desk.output(&["request", "list"]).await;
    assert_eq!(
        listed,
        format!(
            "ID                          STATE    SINCE                 FLOW      DOMAIN             PROVIDER      ASKED BY\n\
             {first}  pending  2026-01-01T00:00:00Z  partners  partner.example    facebook.com  rule new-partners\n\
             {second}  pending  2026-01-02T00:00:00Z  *         elsewhere.example  microsoft     rule new-partners\n"
        )
    );
    let newest = desk
        .output(&["request", "list", "--newest", "--json"])
        .await;
    let newest: Vec<_> = newest.lines().map(json).collect();
    assert_eq!(newest.len(), 2);
    assert_eq!(
        newest[0],
        serde_json::json!({
            "id": second, "state": "pending", "since": "2026-01-02T00:00:00Z", "flow": "*",
            "domain": "elsewhere.example", "provider": "microsoft", "asked_by": "rule new-partners", "version": 1
        })
    );
    let counts = desk.output(&["request", "counts", "--json"]).await;
    assert_eq!(json(&counts)["pending"], 2);
    let counts = desk.output(&["request", "counts"]).await;
    assert!(
        counts.starts_with("STATE                REQUESTS\npending              2\n"),
        "{counts}"
    );
}

#[rstest]
#[case::flow(&["--flow", "partners"], &[1, 3, 5])]
#[case::no_flow(&["--flow", "*"], &[2, 4])]
#[case::domain(&["--domain", "ELSEWHERE.example"], &[2, 4])]
#[case::both(&["--flow", "*", "--domain", "partner.example"], &[])]
#[case::limit(&["--limit", "2"], &[1, 2])]
#[case::limit_of_some(&["--flow", "partners", "--limit", "2", "--newest"], &[5, 3])]
#[case::another_state(&["--state", "denied"], &[])]
#[tokio::test]
async fn a_list_is_narrowed(#[case] options: &[&str], #[case] expected: &[i64]) {
    let desk = Desk::new().await;
    let mut ids = Vec::new();
    for on in 1..=5 {
        let mut request = request(on, &format!("person{on}@partner.example"));
        if on % 2 == 0 {
            request.user_flow = None;
            request.domain = Some("elsewhere.example".to_owned());
        }
        ids.push(open(&desk, &request, &unread()).await);
    }
    let listed = desk.request(&[&["list", "--json"], options].concat()).await;
    let listed: Vec<_> = listed
        .out
        .lines()
        .map(|line| json(line)["id"].clone())
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|on| ids[usize::try_from(*on).unwrap() - 1].clone())
        .collect();
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn a_long_list_goes_on_after_its_last_request() {
    let desk = Desk::new().await;
    let ids = [
        pending(&desk, 1).await,
        pending(&desk, 2).await,
        pending(&desk, 3).await,
    ];
    let first = desk.request(&["list", "--limit", "2"]).await;
    assert_eq!(first.err, format!("there are more: --after {}\n", ids[1]));
    let rest = desk.request(&["list", "--after", &ids[1]]).await;
    assert!(
        rest.out.contains(&ids[2]) && !rest.out.contains(&ids[1]),
        "{rest:?}"
    );
    assert_eq!(rest.err, "");
}

fn jane() -> Applicant {
    Applicant {
        addresses: vec!["jane@partner.example".to_owned()],
        identities: vec![AppliedIdentity {
            issuer: "facebook.com".to_owned(),
            subject: Some("0123456789".to_owned()),
        }],
        attributes: [
            (
                "displayName".to_owned(),
                Applied::Text("Jane Doe".to_owned()),
            ),
            ("extension_Employees".to_owned(), Applied::Number(7)),
        ]
        .into(),
        languages: vec!["sv".to_owned(), "en".to_owned()],
    }
}

/// Jane's request, sealed, beside another one of hers and one of a colleague, with evidence.
async fn jane_s_case(desk: &Desk, keys: &KeyService) -> [String; 3] {
    let of_jane = "jane@partner.example";
    let earlier = open(desk, &request(1, of_jane), &unread()).await;
    advance(desk, &earlier, &[Action::Withdraw]).await;
    let colleague = pending(desk, 2).await;
    let mut third = request(3, of_jane);
    third.terms.approvals = 2;
    third.grants.groups = vec![ObjectId::parse("00001111-aaaa-2222-bbbb-3333cccc4444").unwrap()];
    let standing = desk
        .table()
        .standing(&third.applicant, soon())
        .await
        .unwrap();
    let sealed = keys.seal(&third.id, &jane()).await;
    let filed = desk
        .table()
        .open(&third, &sealed, standing.as_ref(), soon())
        .await;
    assert!(matches!(filed.unwrap(), Filed::Yes));
    let evidence = Evidence {
        verification: SourceName::parse("id_check").unwrap(),
        provider: "idology".to_owned(),
        outcome: VerificationOutcome::Refer,
        reference: Some("R-1".to_owned()),
        at: day(3),
    };
    let keep = Timestamp::from_second(4_000_000_000).unwrap();
    desk.table()
        .finish(
            &third.person,
            &AttemptKey::of(&[b"1"]),
            &evidence,
            keep,
            soon(),
        )
        .await
        .unwrap();
    [third.id.to_string(), earlier, colleague]
}

#[tokio::test]
async fn everything_about_a_request_is_shown() {
    let (desk, keys) = (Desk::new().await, KeyService::start().await);
    let [id, earlier, colleague] = jane_s_case(&desk, &keys).await;
    let shown = desk.request_with(&keys, &["show", &id]).await;
    assert_eq!(shown.code, 0, "{shown:?}");
    assert_eq!(
        shown.out,
        format!(
            "id: {id}
state: pending
since: 2026-01-03T00:00:00Z
version: 1
made: 2026-01-03T00:00:00Z
to be decided by: 2026-02-02T00:00:00Z
flow: partners
protocol: connector
domain: partner.example
provider: facebook.com
asked by: rule new-partners
approvals: 0 of 2
joins: group 00001111-aaaa-2222-bbbb-3333cccc4444
applicant:
  address: jane@partner.example
  identity: facebook.com 0123456789
  displayName: Jane Doe
  extension_Employees: 7
  languages: sv, en
history:
  version 1, 2026-01-03T00:00:00Z: the applicant made it
other requests of the person:
  {earlier} withdrawn
other requests of the domain:
  {colleague} pending
verifications:
  2026-01-03T00:00:00Z: id_check by idology: refer, reference R-1
"
        )
    );
    let shown = desk.request_with(&keys, &["show", &id, "--json"]).await;
    let shown = json(&shown.out);
    assert_eq!(shown["applicant"]["attributes"]["extension_Employees"], 7);
    assert_eq!(shown["history"][0]["action"], "open");
    assert_eq!(shown["of_person"][0]["id"], earlier.as_str());
    assert_eq!(shown["verifications"][0]["outcome"], "refer");
}

#[tokio::test]
async fn names_are_shown_to_whoever_may_read_them_until_they_are_erased() {
    let (desk, keys) = (Desk::new().await, KeyService::start().await);
    let [id, _, colleague] = jane_s_case(&desk, &keys).await;
    desk.output(&["request", "erase", &colleague, "--yes"])
        .await;
    let list = ["list", "--names", "--json"];
    let listed = desk.request_with(&keys, &list).await;
    let who = |listed: &Ran| -> Vec<_> {
        let lines = listed.out.lines().map(json);
        lines
            .map(|line| {
                (
                    line["name"].clone(),
                    line["address"].clone(),
                    line["erased"].clone(),
                )
            })
            .collect()
    };
    let null = serde_json::Value::Null;
    let nobody = (null.clone(), null, true.into());
    let jane = (
        "Jane Doe".into(),
        "jane@partner.example".into(),
        false.into(),
    );
    assert_eq!(who(&listed), [nobody.clone(), jane], "{listed:?}");

    let unsure = desk.request(&["erase", &id]).await;
    assert_eq!((unsure.code, unsure.out.as_str()), (1, ""));
    assert!(
        unsure.err.contains("--yes: found nothing"),
        "{}",
        unsure.err
    );
    let erased = desk
        .request(&["erase", &id, "--yes", "--author", "robin"])
        .await;
    assert_eq!(erased.out, format!("erased who applied with {id}\n"));
    assert_eq!(
        erased.err,
        "it is still pending, and nobody can see any more whom it is about\n"
    );
    assert_eq!(
        who(&desk.request_with(&keys, &list).await),
        [nobody.clone(), nobody]
    );
    // There is nothing left to erase, and nothing to record.
    desk.request(&["erase", &id, "--yes", "--author", "robin"])
        .await;
    let told = told(&desk).await;
    let erased = ["robin", "request.erase", &id].map(str::to_owned);
    assert_eq!((told.len(), &told[0]), (2, &erased));
    let listed = desk.request_with(&keys, &["list", "--names"]).await;
    assert!(
        listed
            .out
            .lines()
            .all(|line| line.ends_with("ADDRESS") || line.ends_with("erased")),
        "{}",
        listed.out
    );
    let shown = desk.request_with(&keys, &["show", &id]).await;
    assert!(
        shown.out.contains("\napplicant: erased\nhistory:\n"),
        "{}",
        shown.out
    );
}

#[tokio::test]
async fn nobody_is_shown_without_the_key() {
    let desk = Desk::new().await;
    let id = pending(&desk, 1).await;
    for arguments in [["show", id.as_str()], ["list", "--names"]] {
        let ran = desk.request(&arguments).await;
        assert_eq!((ran.code, ran.out.as_str()), (1, ""));
        assert!(
            ran.err
                .starts_with("signupctl: --requests-key: found nothing, expected the id, the ARN"),
            "{}",
            ran.err
        );
    }
    let keys = KeyService::start().await;
    let ran = desk.request_with(&keys, &["show", &id]).await;
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.err,
        format!("signupctl: {id}: the key service cannot unwrap this key\n")
    );
}

#[tokio::test]
async fn requests_are_decided_one_by_one() {
    let desk = Desk::new().await;
    let (first, second) = (pending(&desk, 1).await, pending(&desk, 2).await);
    let approved = desk
        .request(&[
            "approve", &first, &second, "--author", "bo", "--reason", "known",
        ])
        .await;
    assert_eq!((approved.code, approved.err.as_str()), (0, ""));
    assert_eq!(
        approved.out,
        format!("{first}: approved (version 2)\n{second}: approved (version 2)\n")
    );
    let third = pending(&desk, 3).await;
    let denied = desk.request(&["deny", &first, &third]).await;
    assert_eq!(denied.code, 1);
    assert_eq!(denied.out, format!("{third}: denied (version 2)\n"));
    assert_eq!(
        denied.err,
        format!(
            "{first}: a request that is approved cannot be changed by `deny`; expected one that is pending or \
             provisioning-failed\nsignupctl: 1 of 2 requests not changed\n"
        )
    );
    let history = desk
        .table()
        .history(&RequestId::parse(&first).unwrap())
        .await
        .unwrap();
    assert_eq!(history[1].by, Actor::Person("bo".to_owned()));
    assert_eq!(history[1].reason.as_deref(), Some("known"));
    let history = desk
        .table()
        .history(&RequestId::parse(&third).unwrap())
        .await
        .unwrap();
    assert_eq!(history[1].by, Actor::Person("ann".to_owned()));
}

#[tokio::test]
async fn an_applicant_is_told_what_the_approver_says() {
    let (desk, keys) = (Desk::new().await, KeyService::start().await);
    let request = request(1, "jane@partner.example");
    let sealed = keys.seal(&request.id, &Applicant::default()).await;
    let id = open(&desk, &request, &sealed).await;
    let message = "Apply with your work address.";
    let denied = desk.request(&["deny", &id, "--message", message]).await;
    assert_eq!((denied.code, denied.err.as_str()), (0, ""));
    let words = desk.request_with(&keys, &["show", &id]).await;
    let told = format!("ann denied it (to the applicant: {message})");
    assert!(words.out.contains(&told), "{}", words.out);
    let shown = desk.request_with(&keys, &["show", &id, "--json"]).await;
    assert_eq!(json(&shown.out)["history"][1]["message"], message);
}

#[tokio::test]
async fn two_people_approve_where_two_must() {
    let desk = Desk::new().await;
    let mut careful = request(1, "jane@partner.example");
    careful.terms.approvals = 2;
    let id = open(&desk, &careful, &unread()).await;
    let first = desk
        .output(&["request", "approve", &id, "--author", "ann"])
        .await;
    assert_eq!(
        first,
        format!("{id}: pending, 1 of 2 approvals (version 2)\n")
    );
    let again = desk.request(&["approve", &id]).await;
    assert_eq!(again.code, 1);
    assert_eq!(
        again.err,
        format!("signupctl: {id}: ann has approved this request already; another person must\n")
    );
    let second = desk
        .output(&["request", "approve", &id, "--author", "bo"])
        .await;
    assert_eq!(second, format!("{id}: approved (version 3)\n"));
}

#[tokio::test]
async fn a_decision_about_a_version_tells_what_happened_since() {
    let desk = Desk::new().await;
    let id = pending(&desk, 1).await;
    desk.output(&[
        "request", "deny", &id, "--author", "bo", "--reason", "unknown",
    ])
    .await;
    let late = desk.request(&["approve", &id, "--if-version", "1"]).await;
    assert_eq!((late.code, late.out.as_str()), (1, ""));
    assert!(
        late.err.starts_with(&format!(
            "signupctl: {id}: found version 2, expected 1: version 2, 2"
        )),
        "{}",
        late.err
    );
    assert!(
        late.err.ends_with("Z: bo denied it: unknown\n"),
        "{}",
        late.err
    );
    let many = desk.request(&["deny", &id, &id, "--if-version", "2"]).await;
    assert_eq!(
        many.err,
        "signupctl: --if-version: found 2 requests, expected one\n"
    );
    let current = desk
        .output(&["request", "reopen", &id, "--if-version", "2"])
        .await;
    assert_eq!(current, format!("{id}: pending (version 3)\n"));
}

#[tokio::test]
async fn an_account_that_failed_is_tried_again() {
    let desk = Desk::new().await;
    let id = pending(&desk, 1).await;
    let early = desk.request(&["retry", &id]).await;
    assert_eq!(early.code, 1);
    assert!(
        early
            .err
            .contains("expected one that is provisioning-failed"),
        "{}",
        early.err
    );
    advance(
        &desk,
        &id,
        &[Action::Approve, Action::Provision, Action::Fail],
    )
    .await;
    let retried = desk.output(&["request", "retry", &id]).await;
    assert_eq!(retried, format!("{id}: approved (version 5)\n"));
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let (desk, keys) = (Desk::new().await, KeyService::start().await);
    let id = RequestId::new(day(1), [1; 10]).to_string();
    let commands: [&[&str]; 3] = [&["show", &id], &["deny", &id], &["erase", &id, "--yes"]];
    for command in commands {
        let ran = desk.request_with(&keys, command).await;
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{command:?}");
        assert!(
            ran.err.contains(&format!("{id}: there is no such request")),
            "{}",
            ran.err
        );
    }
    for (wrong, expected) in [
        (["show", "REQ-1"], "expected 26 letters and digits"),
        (
            ["list", "--state=open"],
            "expected one of `pending`, `approved`",
        ),
    ] {
        let ran = desk.request(&wrong).await;
        assert_eq!(ran.code, 64);
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
}

/// Each command of the page is understood; there is nothing in the table to do it to.
#[tokio::test]
async fn the_commands_of_the_documentation_are_understood() {
    let page = include_str!("../../../../docs/approval.md");
    let (desk, keys) = (Desk::new().await, KeyService::start().await);
    let mut seen = 0;
    for block in page.split("```sh\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for line in block
            .lines()
            .filter(|line| line.starts_with("signupctl request "))
        {
            let line = line.split('#').next().unwrap();
            // A reason is the only thing in quotes.
            let words = line
                .split('"')
                .enumerate()
                .flat_map(|(part, text)| match part % 2 {
                    0 => text.split_whitespace().collect(),
                    _ => vec![text],
                });
            let words: Vec<&str> = words.skip(2).collect();
            let ran = desk.request_with(&keys, &words).await;
            assert!(
                ran.code == 0 || ran.err.contains("there is no such request"),
                "{line}: {ran:?}"
            );
            seen += 1;
        }
    }
    assert!(seen >= 10, "only {seen} commands");
}
