//! `signupctl list check`: what the functions would decide, by their own rules.

use jiff::Timestamp;
use shared::{
    app::lists::Lists,
    config::{Environment, ProcessEnvironment},
    domain::{
        decision::{BlockReason, Decision},
        email::EmailAddress,
        identity::{Identity, IdentityProvider},
        language::LanguageWishes,
        list::{Effect, ListEntry, Matcher},
        policy::{FlowPolicy, OnUnavailable},
        sign_up::{SignUp, Step},
    },
};

use super::{place, show::end};
use crate::{
    args::CheckArguments,
    exit::{Exit, Failure},
    output::{Output, Table, quoted, visible},
};

pub(super) async fn run(
    arguments: &CheckArguments,
    lists: &Lists,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let sign_up = sign_up(arguments)?;
    let policy = FlowPolicy {
        default: default(arguments)?,
        lists: (!arguments.lists.is_empty()).then(|| arguments.lists.clone()),
        // No decision here without the lists.
        on_unavailable: OnUnavailable::Block,
    };
    for address in &sign_up.addresses {
        let canonical = address.canonical();
        writeln!(
            output.results,
            "canonical form: {}",
            visible(canonical.as_str())
        )?;
    }
    let matchers = Matcher::of(&sign_up.addresses, &sign_up.identities);
    let mut entries = lists.find(&matchers).await?;
    // The strongest first, as precedence has it.
    entries.sort_by_key(|entry| std::cmp::Reverse((entry.matcher.specificity(), entry.effect)));
    let (decision, _) = policy.decide(&sign_up, &entries, now);
    let (_, deciding) = policy.verdict(&sign_up, &entries, now);
    write_entries(&entries, deciding, &policy, now, output)?;
    let by = deciding.map_or_else(|| "the default".to_owned(), place);
    let (answer, exit) = answer(&decision);
    writeln!(output.results, "answer: {answer}, by {by}")?;
    Ok(exit)
}

fn default(arguments: &CheckArguments) -> Result<Effect, Failure> {
    let configured = ProcessEnvironment.get("DEFAULT_EFFECT");
    match (arguments.default, configured) {
        (Some(effect), _) => Ok(effect),
        (None, None) => Ok(Effect::Allow),
        (None, Some(text)) => Effect::parse(&text).ok_or_else(|| {
            let found = quoted(&text);
            Failure::Told(format!(
                "DEFAULT_EFFECT: found {found}, expected allow, deny or review"
            ))
        }),
    }
}

/// The sign-up that the arguments describe, put together as the functions do from a request.
fn sign_up(arguments: &CheckArguments) -> Result<SignUp, Failure> {
    let identity = arguments.provider.as_ref().map(|provider| Identity {
        provider: provider.clone(),
        subject: arguments.subject.clone(),
    });
    let mut addresses = Vec::new();
    if let Some(text) = &arguments.address {
        addresses.push(address("ADDRESS", text)?);
    }
    // The subject of a one-time passcode is an address that the functions take as asserted, too.
    if let Some(subject) = &arguments.subject
        && arguments
            .provider
            .as_ref()
            .is_some_and(IdentityProvider::is_mail)
    {
        let proven = address("--subject", subject.as_str())?;
        if !addresses.contains(&proven) {
            addresses.push(proven);
        }
    }
    Ok(SignUp {
        step: Step::BeforeCreatingUser,
        addresses,
        identities: identity.into_iter().collect(),
        attributes: Vec::new(),
        languages: LanguageWishes::default(),
        application: None,
        client: None,
        object_id: None,
    })
}

fn address(argument: &str, text: &str) -> Result<EmailAddress, Failure> {
    EmailAddress::parse(text).map_err(|error| {
        let found = quoted(text);
        Failure::Told(format!(
            "{argument}: found {found}, expected an e-mail address, but {error}; \
             a sign-up with it is blocked"
        ))
    })
}

fn write_entries(
    entries: &[ListEntry],
    deciding: Option<&ListEntry>,
    policy: &FlowPolicy,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    if entries.is_empty() {
        writeln!(output.results, "no entry matches")?;
        return Ok(());
    }
    let mut table = Table::new([
        "", "MATCHER", "EFFECT", "LIST", "EXPIRES", "OWNER", "REASON",
    ]);
    for entry in entries {
        let counts = policy
            .lists
            .as_ref()
            .is_none_or(|lists| lists.contains(&entry.list));
        let role = match deciding {
            Some(deciding) if deciding == entry => "decides",
            _ if !entry.is_active(now) => "expired",
            _ if !counts => "other list",
            _ => "",
        };
        table.push([
            role.to_owned(),
            entry.matcher.to_string(),
            entry.effect.to_string(),
            entry.list.to_string(),
            end(entry, now),
            entry.owner.clone(),
            entry.reason.clone(),
        ]);
    }
    table.write(output.results)?;
    Ok(())
}

fn answer(decision: &Decision) -> (&'static str, Exit) {
    match decision {
        Decision::Continue(_) => ("allow, the sign-up continues", Exit::Done),
        Decision::Block(BlockReason::PendingReview) => (
            "review, the page says that somebody must look at it first",
            Exit::Review,
        ),
        Decision::Block(_) | Decision::Invalid(_) => {
            ("deny, the block page is shown", Exit::Denied)
        }
    }
}
