use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::{
    domain::{
        email::EmailAddress,
        identity::{Identity, IdentityProvider, Subject},
        language::LanguageWishes,
        list::Matcher,
        sign_up::Step,
    },
    testkit::pending,
};

const NOW: Timestamp = Timestamp::constant(1_768_478_400, 0);

fn sign_up(addresses: &[&str], identities: &[(&str, Option<&str>)]) -> SignUp {
    let identity = |(provider, subject): &(&str, Option<&str>)| Identity {
        provider: IdentityProvider::parse(provider).unwrap(),
        subject: subject.map(|text| Subject::parse(text).unwrap()),
    };
    let addresses = addresses.iter();
    SignUp {
        step: Step::BeforeCreatingUser,
        addresses: addresses.map(|a| EmailAddress::parse(a).unwrap()).collect(),
        identities: identities.iter().map(identity).collect(),
        attributes: Vec::new(),
        languages: LanguageWishes::default(),
        application: None,
        client: None,
        object_id: None,
    }
}

fn key(addresses: &[&str], identities: &[(&str, Option<&str>)]) -> Option<ApplicantKey> {
    ApplicantKey::of(&sign_up(addresses, identities))
}

pub(super) fn request(terms: Terms) -> ApprovalRequest {
    let person = PersonKey::of_address("ann@partner.example");
    ApprovalRequest {
        expires_at: later(NOW, terms.expire_after_days),
        terms,
        ..pending(RequestId::new(NOW, [7; 10]), person, NOW)
    }
}

fn by(name: &str, action: Action) -> Change {
    Change::new(action, Actor::Person(name.to_owned()))
}

#[test]
fn ids_sort_by_time_and_survive_being_read_out() {
    let id = |milliseconds, chance| {
        let at = Timestamp::from_millisecond(milliseconds).unwrap();
        RequestId::new(at, [chance; 10])
    };
    assert_eq!(id(0, 0).as_str(), "0".repeat(26));
    assert_eq!(id(i64::from(u32::MAX), 255).as_str().len(), 26);
    assert!(id(1_768_478_400_000, 255) < id(1_768_478_400_001, 0));
    let one = id(1_768_478_400_000, 77);
    assert_eq!(
        RequestId::parse(&one.as_str().to_uppercase()),
        Some(one.clone())
    );
    assert_eq!(RequestId::parse(one.as_str().get(1..).unwrap()), None);
    assert_eq!(RequestId::parse(&one.as_str().replace('0', "u")), None);
}

#[test]
fn an_applicant_is_an_identity_or_else_an_address() {
    let address = key(&["Ann+1@partner.example"], &[]);
    assert_eq!(address, key(&["ann@Partner.example"], &[]));
    let facebook = key(&["ann@partner.example"], &[("facebook.com", Some("1"))]);
    assert_ne!(facebook, address);
    assert_eq!(
        facebook,
        key(&["other@x.example"], &[("Facebook", Some("1"))])
    );
    assert_ne!(
        facebook,
        key(&["ann@partner.example"], &[("google.com", Some("1"))])
    );
    assert_eq!(key(&[], &[("google.com", None)]), None);
    assert_eq!(
        key(&["ann@partner.example"], &[("google.com", None)]),
        address
    );
}

#[test]
fn a_one_time_passcode_proves_the_address() {
    let address = key(&["ann@partner.example"], &[]);
    let mail = key(
        &["ann@partner.example"],
        &[("mail", Some("ann@partner.example"))],
    );
    assert_eq!(mail, address);
}

#[test]
fn approving_and_provisioning_lead_to_an_account() {
    let mut request = request(Terms::USUAL);
    let steps = [
        (by("eve", Action::Approve), State::Approved),
        (
            Change::new(Action::Provision, Actor::System),
            State::Provisioning,
        ),
        (
            Change::new(Action::Fail, Actor::System).because(Some("Graph says no".to_owned())),
            State::ProvisioningFailed,
        ),
        (by("eve", Action::Retry), State::Approved),
        (
            Change::new(Action::Provision, Actor::System),
            State::Provisioning,
        ),
        (
            Change::new(Action::Provision, Actor::System),
            State::Provisioning,
        ),
        (
            Change::new(Action::Finish, Actor::System),
            State::Provisioned,
        ),
    ];
    for (version, (change, state)) in (2..).zip(steps) {
        let (next, entry) = request.after(&change, NOW).unwrap();
        assert_eq!((next.state, next.version), (state, version));
        assert_eq!((entry.from, entry.to), (Some(request.state), state));
        assert_eq!(entry.version, version);
        assert_eq!(next.failure.is_some(), state == State::ProvisioningFailed);
        request = next;
    }
    assert_eq!(request.kept_until(), Some(later(NOW, 365)));
}

#[test]
fn two_different_people_approve_where_two_must() {
    let terms = Terms {
        approvals: 2,
        ..Terms::USUAL
    };
    let request = request(terms);
    let (once, entry) = request.after(&by("eve", Action::Approve), NOW).unwrap();
    assert_eq!(
        (once.state, entry.action),
        (State::Pending, Action::Endorse)
    );
    let again = once.after(&by("eve", Action::Approve), NOW);
    assert_eq!(again, Err(Refused::SamePerson("eve".to_owned())));
    let (twice, entry) = once.after(&by("bob", Action::Approve), NOW).unwrap();
    assert_eq!(
        (twice.state, entry.action),
        (State::Approved, Action::Approve)
    );

    // Whoever approved saw other data.
    let (corrected, _) = once
        .after(&Change::new(Action::Correct, Actor::Applicant), NOW)
        .unwrap();
    assert!(corrected.approved_by.is_empty());
}

#[test]
fn a_denial_can_need_a_reason_and_be_undone() {
    let terms = Terms {
        reason_required: true,
        ..Terms::USUAL
    };
    let request = request(terms);
    let without = by("eve", Action::Deny).because(Some("  ".to_owned()));
    assert_eq!(request.after(&without, NOW), Err(Refused::ReasonMissing));
    let with = by("eve", Action::Deny).because(Some("unknown".to_owned()));
    let (denied, entry) = request.after(&with, NOW).unwrap();
    assert_eq!(entry.reason.as_deref(), Some("unknown"));
    let (open, _) = denied.after(&by("eve", Action::Reopen), NOW).unwrap();
    assert_eq!(open.state, State::Pending);
    assert_eq!(open.kept_until(), None);
}

#[rstest]
#[case::never(Reapply::Never, None, false)]
#[case::at_once(Reapply::AtOnce, Some(NOW), true)]
#[case::later(Reapply::AfterDays(7), Some(later(NOW, 7)), false)]
fn the_terms_say_when_a_denied_applicant_may_ask_again(
    #[case] reapply: Reapply,
    #[case] from: Option<Timestamp>,
    #[case] now: bool,
) {
    let request = request(Terms {
        reapply,
        ..Terms::USUAL
    });
    let (denied, _) = request.after(&by("eve", Action::Deny), NOW).unwrap();
    let standing = denied.standing();
    assert_eq!(standing.may_reapply_from, from);
    assert_eq!(standing.may_apply(NOW), now);
    assert_eq!(standing.may_apply(later(NOW, 7)), reapply != Reapply::Never);
}

fn actions() -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec((0..Action::ALL.len(), 0..3_usize), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever people and the program try in whatever order: the history tells it without a gap, an account is only
    /// created after enough people approved what was last applied with, and a refusal changes nothing.
    #[test]
    fn no_way_leads_around_an_approval(actions in actions(), approvals in 1_u8..3) {
        let mut now = request(Terms { approvals, ..Terms::USUAL });
        let mut history = vec![now.opening()];
        for (action, person) in actions {
            let change = by(["eve", "bob", "joe"][person], Action::ALL[action]);
            let Ok((next, entry)) = now.after(&change, NOW) else {
                continue;
            };
            prop_assert_eq!(next.version, now.version + 1);
            prop_assert_eq!(entry.version, next.version);
            prop_assert_eq!(Some(now.state), entry.from);
            prop_assert_eq!(next.state, entry.to);
            history.push(entry);
            now = next;
        }
        for (earlier, later) in history.iter().zip(history.iter().skip(1)) {
            prop_assert_eq!(Some(earlier.to), later.from);
        }
        let since = |action| history.iter().rposition(|entry| entry.action == action);
        if matches!(now.state, State::Approved | State::Provisioning | State::Provisioned) {
            let fresh = since(Action::Correct).max(since(Action::Reopen)).map_or(0, |at| at + 1);
            let people: std::collections::BTreeSet<_> = history[fresh..]
                .iter()
                .filter(|entry| matches!(entry.action, Action::Approve | Action::Endorse))
                .map(|entry| format!("{:?}", entry.by))
                .collect();
            prop_assert!(people.len() >= usize::from(approvals));
        }
    }
}

#[rstest]
#[case::address("Ann+fair@Mail.Partner.example", true)]
#[case::another_address("bob@mail.partner.example", false)]
#[case::domain("mail.partner.example", true)]
#[case::domain_above("partner.example", false)]
#[case::suffix("*.partner.example", true)]
#[case::suffix_far_above("*.example", true)]
#[case::suffix_of_itself("*.mail.partner.example", false)]
#[case::provider("provider:Facebook", true)]
#[case::another_provider("provider:google.com", false)]
#[case::identity("identity:facebook#0123", true)]
#[case::another_identity("identity:facebook.com#0124", false)]
#[case::another_provider_s_identity("identity:google.com#0123", false)]
#[case::an_address_that_nobody_proved("identity:mail#ann@mail.partner.example", false)]
fn entries_are_about_requests_as_about_sign_ups(#[case] matcher: &str, #[case] expected: bool) {
    let identities = [("facebook.com", Some("0123"))];
    let sign_up = sign_up(&["ann@mail.partner.example"], &identities);
    let request = of_sign_up(&sign_up);
    let matcher = Matcher::parse(matcher).unwrap();
    assert_eq!(request.is_matched_by(&matcher), expected);
    let counts = Matcher::of(&sign_up.addresses, &sign_up.identities).contains(&matcher);
    assert_eq!(counts, expected);
}

#[rstest]
#[case::the_address("ann@partner.example", true)]
#[case::the_identity("identity:mail#Ann@partner.example", true)]
#[case::another("identity:mail#bob@partner.example", false)]
#[case::no_address("identity:mail#ann", false)]
#[case::all_of_them("provider:mail", true)]
fn a_proved_address_is_the_identity(#[case] matcher: &str, #[case] expected: bool) {
    let sign_up = sign_up(
        &["ann@partner.example"],
        &[("mail", Some("ann@partner.example"))],
    );
    let matcher = Matcher::parse(matcher).unwrap();
    assert_eq!(of_sign_up(&sign_up).is_matched_by(&matcher), expected);
}

#[test]
fn without_an_address_the_identity_alone_is_matched() {
    let request = of_sign_up(&sign_up(&[], &[("google.com", Some("117"))]));
    let is_matched = |text| request.is_matched_by(&Matcher::parse(text).unwrap());
    assert!(is_matched("identity:google.com#117") && is_matched("provider:google.com"));
    assert!(!is_matched("partner.example") && !is_matched("ann@partner.example"));
}

/// As a sign-up makes it.
fn of_sign_up(sign_up: &SignUp) -> ApprovalRequest {
    let provider = sign_up.identities.first();
    let domain = sign_up.addresses.first();
    ApprovalRequest {
        applicant: ApplicantKey::of(sign_up).unwrap(),
        person: PersonKey::of(sign_up).unwrap(),
        domain: domain.map(|address| address.domain().as_str().to_owned()),
        provider: provider.map(|identity| identity.provider.as_str().to_owned()),
        ..request(Terms::USUAL)
    }
}
