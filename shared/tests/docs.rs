//! The documents say what the program does.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use shared::{
    config::{
        CONSOLE_NAMES, EVENTS_NAMES, Environment, MAIL_NAMES, MAINTENANCE_NAMES, NAMES,
        NOTICES_NAMES, PROVISIONING_NAMES, REQUESTS_NAMES, Settings, WEBHOOKS_NAMES,
    },
    domain::{
        decision::BlockReason,
        event::EventKind,
        language::{Language, LanguageWishes},
        mail::Address,
        one_time_code::OneTimeCode,
        policy::UserFlow,
    },
    i18n::{Catalogue, MessageId},
    wire::{
        api_connector::{Action, ConnectorRequest, ConnectorResponse},
        auth_extension::{self, Event, ExtensionRequest, ExtensionResponse},
    },
};

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The code blocks of a language, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .map(|rest| rest.split("\n```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_setting_is_documented_and_a_parameter_of_the_template() {
    let (reference, template) = (document("docs/configuration.md"), document("template.yaml"));
    for name in [
        NAMES,
        MAIL_NAMES,
        NOTICES_NAMES,
        REQUESTS_NAMES,
        PROVISIONING_NAMES,
        MAINTENANCE_NAMES,
        EVENTS_NAMES,
        WEBHOOKS_NAMES,
    ]
    .concat()
    {
        assert!(
            reference.contains(&format!("`{name}`")),
            "docs/configuration.md lacks {name}"
        );
        // Lambda sets what begins with AWS_.
        if !name.starts_with("AWS_") {
            assert!(
                template.contains(&format!("{name}: !Ref")),
                "template.yaml lacks {name}"
            );
        }
    }
}

#[test]
fn every_setting_of_the_console_is_documented() {
    let reference = document("docs/configuration.md");
    for name in CONSOLE_NAMES {
        assert!(
            reference.contains(&format!("`{name}`")),
            "docs/configuration.md lacks {name}"
        );
    }
}

#[test]
fn every_kind_of_event_is_in_the_catalogue() {
    let catalogue = document("docs/events.md");
    for kind in EventKind::ALL {
        let (_, verb) = kind.name().split_once('.').unwrap();
        let is_named = [kind.name(), &format!(".{verb}")]
            .iter()
            .any(|name| catalogue.contains(&format!("`{name}`")));
        assert!(is_named, "docs/events.md lacks {kind}");
    }
}

#[test]
fn the_documented_user_flows_are_valid() {
    let example = blocks(&document("docs/configuration.md"), "json").remove(0);
    let environment = [
        ("TABLE_NAME", "t"),
        ("AWS_REGION", "r"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("USER_FLOWS", example.as_str()),
    ];
    let settings = Settings::read(&environment as &dyn Environment).unwrap();
    assert!(
        settings
            .policies
            .flows
            .contains_key(&UserFlow::parse("partners").unwrap())
    );
}

#[test]
fn the_answers_of_the_readme_are_those_of_the_program() {
    let readme = document("README.md");
    let request = readme
        .split("-d '")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    let request = ConnectorRequest::parse(request.as_bytes()).unwrap();
    let wishes = LanguageWishes::parse(request.ui_locales.as_deref().unwrap());
    let message = Catalogue::new().text(
        wishes.best(Language::English),
        MessageId::of(BlockReason::Denied),
        &[("reference", "7K3M-Q2ZT")],
    );
    let answer = |action| {
        let response = ConnectorResponse {
            version: "1.0.0",
            action,
        };
        serde_json::to_string(&response).unwrap()
    };
    let go_on = answer(Action::Continue(Vec::new()));
    let block = answer(Action::ShowBlockPage {
        user_message: message,
    });
    assert_eq!(blocks(&readme, "json"), [go_on, block]);
}

#[test]
fn the_request_and_answer_of_one_time_codes_are_those_of_the_program() {
    let document = document("docs/one-time-codes.md");
    let request = document.split("-d '").nth(1).unwrap();
    let request = request.split('\'').next().unwrap();
    let request = ExtensionRequest::parse(request.as_bytes()).unwrap();
    assert!(request.is_of(Event::EmailOtpSend));
    let otp = request.data.unwrap().otp_context.unwrap();
    assert!(OneTimeCode::parse(otp.one_time_code.as_deref().unwrap()).is_some());
    assert!(Address::parse(otp.identifier.as_deref().unwrap()).is_some());
    let answer = ExtensionResponse::new(
        Event::EmailOtpSend,
        auth_extension::Action::ContinueWithDefaultBehavior {},
    );
    let answer = serde_json::to_string(&answer).unwrap();
    assert_eq!(blocks(&document, "json"), [answer]);
}

#[test]
fn the_policy_of_the_readme_is_the_one_to_publish() {
    let shown = blocks(&document("README.md"), "toml").remove(0);
    assert_eq!(
        document("examples/policies/first.toml"),
        format!("{shown}\n")
    );
}

#[test]
fn every_reason_and_language_is_documented() {
    let operations = document("docs/operations.md");
    for reason in BlockReason::ALL {
        assert!(
            operations.contains(&format!("`{}`", reason.code())),
            "{}",
            reason.code()
        );
    }
    let reference = document("docs/configuration.md");
    for language in Language::ALL {
        assert!(reference.contains(&format!("`{language}`")), "{language}");
    }
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    for name in [
        "README.md",
        "docs/approval.md",
        "docs/architecture.md",
        "docs/audit.md",
        "docs/claims.md",
        "docs/codes.md",
        "docs/console.md",
        "docs/events.md",
        "docs/lists.md",
        "docs/notices.md",
        "docs/local-entra.md",
        "docs/one-time-codes.md",
        "docs/operations.md",
        "docs/policy.md",
        "docs/provisioning.md",
        "docs/scenarios.md",
        "docs/security.md",
        "docs/sources.md",
        "docs/values.md",
        "docs/verification.md",
        "docs/webhooks.md",
    ] {
        let text = document(name);
        let folder = Path::new(name).parent().unwrap();
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("..")
                .join(folder)
                .join(target);
            assert!(path.exists(), "{name} links to {target}");
        }
    }
}
