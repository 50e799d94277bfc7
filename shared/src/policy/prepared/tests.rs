//! What is read of octets is the policy that was compiled, or nothing.

use std::sync::LazyLock;

use jiff::Timestamp;
use proptest::prelude::*;
use ring::digest::{SHA256, digest};

use super::*;
use crate::{
    domain::{
        attribute::{AttributeName, AttributeValue},
        email::EmailAddress,
        identity::{Identity, IdentityProvider, Subject},
        language::LanguageWishes,
        sign_up::{SignUp, Step},
    },
    policy::{
        Circumstances, Patience, compile, document::Document, look_up::NOTHING,
        predicate::disposable,
    },
};

const EVERY_PART: &str = include_str!("every_part.toml");

/// With the kinds of what a policy has once.
const OTHERS: [&str; 3] = [
    "default = \"allow\"\n[approval]\nreapply-after-days = 0",
    "default = \"deny\"\n[approval]\nkeep-days = 3",
    "default = \"review\"",
];

/// As they are before they are packed.
static OCTETS: LazyLock<Vec<u8>> = LazyLock::new(|| written(&compiled(EVERY_PART)).unwrap());

fn compiled(toml: &str) -> Policy {
    let document: Document = toml::from_str(toml).unwrap();
    compile(&document).unwrap()
}

fn sign_up(step: Step) -> SignUp {
    let text = |name: &str, text: &str| {
        let name = AttributeName::new(name).unwrap();
        (name, AttributeValue::Text(text.to_owned()))
    };
    SignUp {
        step,
        addresses: vec![EmailAddress::parse("Jane.Doe@fabrikarn.example").unwrap()],
        identities: vec![Identity {
            provider: IdentityProvider::parse("google.com").unwrap(),
            subject: Some(Subject::parse("117").unwrap()),
        }],
        attributes: vec![
            text("city", " wisby"),
            text("country", "sverige"),
            text("postalCode", "62141"),
            text("givenName", "JANE"),
            text("surname", "Doe"),
            text("extension_Phone", "0498-12 34 56"),
            text("extension_Supplier", "1234"),
            text("extension_CostCentre", "77"),
            text("extension_Captcha", "token"),
        ],
        languages: LanguageWishes::parse("sv"),
        application: Some("app-1".to_owned()),
        client: Some("10.0.0.7".parse().unwrap()),
        object_id: Some("33334444-dddd-5555-eeee-6666ffff7777".to_owned()),
    }
}

/// Everything that a policy does with a sign-up at each step.
fn done(policy: &Policy) -> Vec<String> {
    let at_step = |step| {
        let circumstances = Circumstances {
            sign_up: &sign_up(step),
            entries: &[],
            user_flow: Some("customers"),
            now: Timestamp::from_second(1_795_269_909).unwrap(),
            patience: Patience::ENDLESS,
            disposable: &disposable::BUILT_IN,
            found: &NOTHING,
        };
        let levels = 0..policy.levels();
        let requests = levels.flat_map(|level| policy.asks(level, circumstances));
        let requests = requests.filter_map(|ask| ask.request);
        let requests = requests.map(|one| (one.url, one.headers, one.body, one.key));
        let questions = policy.questions(circumstances).into_iter();
        let questions = questions.map(|one| (one.fields, one.body, one.token));
        format!(
            "{:?}\n{:?}\n{:?}\n{:?}",
            policy.decide(circumstances),
            policy.looked_up(circumstances),
            requests.collect::<Vec<_>>(),
            questions.collect::<Vec<_>>(),
        )
    };
    Step::ALL.map(at_step).to_vec()
}

#[test]
fn what_is_read_is_what_was_compiled() {
    let policy = compiled(EVERY_PART);
    let octets = encode(&policy).unwrap();
    let read = decode(&octets).unwrap();
    assert_eq!(written(&read).unwrap(), *OCTETS);
    assert_eq!(format!("{read:#?}"), format!("{policy:#?}"));
    assert_eq!(done(&read), done(&policy));
    assert!(done(&policy)[1].contains("crm.example.com"));
}

#[test]
fn another_form_is_not_guessed_at() {
    let mut octets = encode(&compiled(EVERY_PART)).unwrap();
    assert!(decode(&octets).is_some());
    for form in [0, 1, FORM + 1] {
        octets[0] = form;
        assert!(decode(&octets).is_none());
    }
    assert!(decode(&[]).is_none());
}

#[test]
fn what_claims_to_be_too_much_is_not_unpacked() {
    let claimed = u32::try_from(MAX_OCTETS + 1).unwrap();
    let octets = [&[FORM], claimed.to_le_bytes().as_slice(), &[0]].concat();
    assert!(decode(&octets).is_none());
}

/// When this fails, [`FORM`] becomes another number, and the digest the one that is found. How well the octets are packed is no part
/// of it.
#[test]
fn the_form_has_its_number() {
    let others = OTHERS.map(|toml| written(&compiled(toml)).unwrap());
    let octets = [OCTETS.clone(), others.concat()].concat();
    let found = format!("{:?}", digest(&SHA256, &octets));
    assert_eq!(
        (FORM, found.as_str()),
        (
            2,
            "SHA256:ef1491e798fcc6d20489035bffc2cac2c34c729844130c0af66e0b9fd6aea5d3"
        )
    );
}

// --- octets that nobody prepared

proptest! {
    #[test]
    fn damaged_octets_are_read_or_not(
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        end in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut octets = OCTETS.clone();
        for (place, octet) in damages {
            *place.get_mut(&mut octets) = octet;
        }
        if let Some(end) = end {
            octets.truncate(end.index(octets.len()) + 1);
        }
        if let Some(policy) = read(&octets) {
            done(&policy);
        }
    }

    #[test]
    fn octets_that_nobody_packed_are_unpacked_or_not(
        damage in any::<prop::sample::Index>(),
        octet: u8,
        end in any::<prop::sample::Index>(),
    ) {
        let mut packed = encode(&compiled(OTHERS[0])).unwrap();
        *damage.get_mut(&mut packed) = octet;
        packed.truncate(end.index(packed.len()) + 1);
        decode(&packed);
    }
}
