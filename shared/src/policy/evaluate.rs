//! One sign-up against one policy.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use jiff::Timestamp;

use super::{
    Attribute, Patience, Policy, RequiredWhen, Rule, Set,
    document::{OnError, RuleEffect, ValueType},
    expression::{Failure, Scope, Subject},
    format::{self, Country},
    look_up::{self, Found},
    message, normalise,
    predicate::{disposable::DisposableDomains, look_alike::How},
    values::{Key, Values},
};
use crate::domain::{
    attribute::{AttributeValue, ClaimValue, Claims},
    code::{CodeDigest, Unusable},
    decision::{BlockReason, DecidedBy, Decision, Violation},
    language::Language,
    list::{Effect, ListEntry, Matcher},
    policy::FlowPolicy,
    sign_up::{SignUp, Step},
    source::SourceOutcome,
};

/// What a decision is made from.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'c> {
    pub sign_up: &'c SignUp,
    /// The entries found for [`Matcher::of`] the sign-up.
    pub entries: &'c [ListEntry],
    pub user_flow: Option<&'c str>,
    pub now: Timestamp,
    /// When it is over, what has not been evaluated fails.
    pub patience: Patience<'c>,
    pub disposable: &'c DisposableDomains,
    /// What other systems said.
    pub found: &'c Found,
}

/// A decision with what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub decision: Decision,
    /// The policy's own sentence for a block page, in the person's language.
    pub block_text: Option<String>,
    /// The code of the sentence that a rule has for a block page, when it is not the reason's own; its words are in the
    /// catalogue unless `block_text` has them.
    pub block_code: Option<String>,
    /// Of a review: what the sign-up would go on with.
    pub claims_if_approved: Claims,
    pub trace: Trace,
}

/// How a decision came about, without a value of the person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// Of the rules that were looked at, in order.
    pub rules: Vec<RuleResult>,
    pub decided_by: Option<DecidedBy>,
    /// Told when a rule asked for it.
    pub looks_like: Option<LooksLike>,
    /// Claims for which a token has no room.
    pub left_out: Vec<String>,
}

/// Which of the policy's known domains the person's looks like, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LooksLike {
    pub known: String,
    pub how: How,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleResult {
    pub id: Arc<str>,
    pub effect: RuleEffect,
    pub outcome: Outcome,
}

impl RuleResult {
    /// Whether it could not be evaluated.
    pub const fn has_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Holds,
    DoesNotHold,
    /// It could not be evaluated, and `on-error` was applied.
    Failed(Failure),
}

/// A decision laid open, for those who ask why.
#[derive(Debug)]
pub struct Inspection<'i, 's> {
    pub verdict: &'i Verdict,
    /// As the person typed them, and as they are after every normalisation, map, template and fixed value.
    pub typed: &'i Values,
    pub values: &'i Values,
    /// The list entry that stands, whether or not a rule came before it.
    pub entry: Option<&'i ListEntry>,
    /// Every rule in order, those that nobody had to look at as well.
    pub rules: Vec<InspectedRule<'i, 's>>,
}

/// A rule that can be evaluated by itself.
#[derive(Debug)]
pub struct InspectedRule<'i, 's> {
    rule: &'i Rule,
    scope: &'i Scope<'s>,
    /// Whether it counts at this step.
    pub counts: bool,
}

impl InspectedRule<'_, '_> {
    pub fn id(&self) -> &str {
        &self.rule.id
    }

    pub const fn effect(&self) -> RuleEffect {
        self.rule.effect
    }

    pub fn evaluate(&self) -> Outcome {
        outcome(self.rule, self.scope)
    }
}

/// What stands after lists and rules: effect, who decided, the code of the sentence.
struct Standing {
    effect: Effect,
    /// Of a denial.
    reason: BlockReason,
    decided_by: Option<DecidedBy>,
    message: Option<String>,
}

impl Standing {
    const fn of(effect: Effect, decided_by: Option<DecidedBy>) -> Self {
        let reason = match decided_by {
            Some(_) => BlockReason::Denied,
            None => BlockReason::NotAllowed,
        };
        Self {
            effect,
            reason,
            decided_by,
            message: None,
        }
    }
}

impl Policy {
    /// Decides one sign-up.
    ///
    /// A rule that comes before the lists decides first, then the list entry, then the other rules in order, then the
    /// default. Whoever is not denied corrects what is invalid before anything else happens.
    ///
    /// Each address that a request asserts is decided by itself and the strictest verdict stands: one that is allowed
    /// does not help another.
    pub fn decide(&self, circumstances: Circumstances<'_>) -> Verdict {
        let sign_up = circumstances.sign_up;
        if sign_up.addresses.len() < 2 {
            return self.decide_one(circumstances);
        }
        let each = sign_up.addresses.iter().map(|address| SignUp {
            addresses: vec![address.clone()],
            ..sign_up.clone()
        });
        each.map(|one| {
            self.decide_one(Circumstances {
                sign_up: &one,
                ..circumstances
            })
        })
        .max_by_key(strictness)
        .unwrap_or_else(|| self.decide_one(circumstances))
    }

    fn decide_one(&self, circumstances: Circumstances<'_>) -> Verdict {
        let Circumstances {
            sign_up, entries, ..
        } = circumstances;
        let typed = Values::of(sign_up);
        let values = self.normalised(typed.clone(), circumstances);
        let lists = self.lists_policy();
        let (listed, entry) = lists.verdict(sign_up, entries, circumstances.now);
        let listed = entry.map(|_| listed);
        let lists = listing(sign_up, entries, circumstances.now);
        let scope = self.scope(circumstances, &values, listed, &lists);
        let mut trace = Trace::default();
        let entry = entry.map(DecidedBy::entry);
        let standing = self.standing(&scope, sign_up.step, listed.zip(entry), &mut trace);
        let standing = self.after_sources(standing, circumstances);
        trace.decided_by.clone_from(&standing.decided_by);
        let language = self.language_of(sign_up);
        let mut claims_if_approved = Vec::new();
        let decision = if standing.effect == Effect::Deny {
            Decision::Block(standing.reason)
        } else {
            let violations = self.violations(&scope, circumstances, &values, &mut trace);
            match (violations.is_empty(), standing.effect) {
                (false, _) => Decision::Invalid(violations),
                (true, effect) => {
                    let (claims, left_out) = self.changes(circumstances, &typed, &values);
                    if effect == Effect::Review {
                        claims_if_approved = claims;
                        Decision::Block(BlockReason::PendingReview)
                    } else {
                        trace.left_out = left_out;
                        Decision::Continue(claims)
                    }
                }
            }
        };
        let (block_text, block_code) = match &decision {
            Decision::Block(reason) => {
                let code = standing.message;
                (self.block_text(*reason, code.as_deref(), language), code)
            }
            Decision::Continue(_) | Decision::Invalid(_) => (None, None),
        };
        trace.looks_like = scope.found_resemblance().map(|found| LooksLike {
            known: found.known.to_owned(),
            how: found.how,
        });
        Verdict {
            decision,
            block_text,
            block_code,
            claims_if_approved,
            trace,
        }
    }

    /// The policy's own sentence for a reason that it did not decide itself.
    pub fn own_words(&self, reason: BlockReason, sign_up: &SignUp) -> Option<String> {
        self.block_text(reason, None, self.language_of(sign_up))
    }

    /// The policy's own title of a block page.
    pub fn own_title(&self, reason: BlockReason, sign_up: &SignUp) -> Option<String> {
        self.text(reason.title_code(), self.language_of(sign_up), &[])
    }

    /// Decides one sign-up and shows how.
    pub fn inspect<R>(
        &self,
        circumstances: Circumstances<'_>,
        look: impl FnOnce(&Inspection<'_, '_>) -> R,
    ) -> R {
        let sign_up = circumstances.sign_up;
        let verdict = self.decide(circumstances);
        let typed = Values::of(sign_up);
        let values = self.normalised(typed.clone(), circumstances);
        let lists = self.lists_policy();
        let (listed, entry) = lists.verdict(sign_up, circumstances.entries, circumstances.now);
        let lists = listing(sign_up, circumstances.entries, circumstances.now);
        let scope = self.scope(circumstances, &values, entry.map(|_| listed), &lists);
        let rules = self.rules.iter().map(|rule| InspectedRule {
            rule,
            scope: &scope,
            counts: rule.steps.contains(&sign_up.step),
        });
        look(&Inspection {
            verdict: &verdict,
            typed: &typed,
            values: &values,
            entry,
            rules: rules.collect(),
        })
    }

    /// What expressions look at beside a decision: whether somebody is asked about this sign-up.
    pub(super) fn with_scope<R>(
        &self,
        circumstances: Circumstances<'_>,
        look: impl FnOnce(&Scope<'_>, &Values) -> R,
    ) -> R {
        let Circumstances {
            sign_up,
            entries,
            now,
            ..
        } = circumstances;
        let values = self.values(circumstances);
        let policy = self.lists_policy();
        let (listed, entry) = policy.verdict(sign_up, entries, now);
        let lists = listing(sign_up, entries, now);
        let scope = self.scope(circumstances, &values, entry.map(|_| listed), &lists);
        look(&scope, &values)
    }

    fn scope<'s>(
        &'s self,
        circumstances: Circumstances<'s>,
        values: &'s Values,
        listed: Option<Effect>,
        lists: &'s [String],
    ) -> Scope<'s> {
        Scope::new(Subject {
            sign_up: circumstances.sign_up,
            values,
            listed,
            lists,
            user_flow: circumstances.user_flow,
            now: circumstances.now,
            patience: circumstances.patience,
            domains: &self.domains,
            disposable: circumstances.disposable,
        })
    }

    /// The language in which the policy speaks to a person.
    pub fn language_of(&self, sign_up: &SignUp) -> Language {
        sign_up.languages.best(self.default_language())
    }

    fn default_language(&self) -> Language {
        self.messages.default_language.unwrap_or(Language::English)
    }

    pub(super) fn lists_policy(&self) -> FlowPolicy {
        FlowPolicy {
            default: self.default,
            lists: self.lists.clone(),
            on_unavailable: self.on_unavailable,
        }
    }

    fn standing(
        &self,
        scope: &Scope<'_>,
        step: Step,
        entry: Option<(Effect, DecidedBy)>,
        trace: &mut Trace,
    ) -> Standing {
        if let Some(standing) = self.first_rule(scope, step, true, trace) {
            return standing;
        }
        // Nobody is kept out at the token step: the account exists, and the connector's protocol has no way to refuse there
        // (PROTOCOL 1.1). Only rules that log count at it.
        if step == Step::BeforeToken {
            self.first_rule(scope, step, false, trace);
            return Standing::of(Effect::Allow, None);
        }
        if let Some((effect, entry)) = entry {
            return Standing::of(effect, Some(entry));
        }
        if let Some(standing) = self.first_rule(scope, step, false, trace) {
            return standing;
        }
        Standing::of(self.default, None)
    }

    /// What sources ask for, where it is stricter than what stands without them.
    fn after_sources(&self, standing: Standing, circumstances: Circumstances<'_>) -> Standing {
        let step = circumstances.sign_up.step;
        let Some(verdict) = self.source_verdict(circumstances.found, step) else {
            return standing;
        };
        let effect = match verdict.reason {
            BlockReason::PendingReview => Effect::Review,
            _ => Effect::Deny,
        };
        if effect <= standing.effect {
            return standing;
        }
        Standing {
            reason: verdict.reason,
            ..Standing::of(effect, Some(DecidedBy::Source(verdict.source.to_string())))
        }
    }

    fn first_rule(
        &self,
        scope: &Scope<'_>,
        step: Step,
        before_lists: bool,
        trace: &mut Trace,
    ) -> Option<Standing> {
        let rules = self.rules.iter().filter(|rule| {
            rule.before_lists == before_lists
                && rule.steps.contains(&step)
                && rule.effect != RuleEffect::Invalid
        });
        for rule in rules {
            let outcome = evaluated(rule, scope, trace);
            if let Some(effect) = deciding(rule, outcome) {
                let by = DecidedBy::Rule(rule.id.to_string());
                return Some(Standing {
                    message: rule.message.clone(),
                    ..Standing::of(effect, Some(by))
                });
            }
        }
        None
    }

    /// Everything that the person has to correct; nothing before the attribute page was seen.
    fn violations(
        &self,
        scope: &Scope<'_>,
        circumstances: Circumstances<'_>,
        values: &Values,
        trace: &mut Trace,
    ) -> Vec<Violation> {
        let step = circumstances.sign_up.step;
        if step != Step::BeforeCreatingUser {
            return Vec::new();
        }
        let language = self.language_of(circumstances.sign_up);
        let country = country(values);
        let mut violations: Vec<Violation> = self
            .attributes
            .iter()
            .filter_map(|attribute| {
                let problem = attribute
                    .problem(scope, values, country)
                    .or_else(|| attribute.unknown(values, circumstances))?;
                Some(self.violation(attribute, values, problem, language))
            })
            .collect();
        for rule in &self.rules {
            let invalid = rule.effect == RuleEffect::Invalid && rule.steps.contains(&step);
            let Some((field, name)) = rule.field.as_ref().zip(rule.field_name.as_ref()) else {
                continue;
            };
            let told = violations
                .iter()
                .any(|one| Key::of(one.field.as_str()) == *field);
            if !invalid || told {
                continue;
            }
            let fails = match evaluated(rule, scope, trace) {
                Outcome::Holds => true,
                Outcome::DoesNotHold => false,
                Outcome::Failed(_) => rule.on_error != OnError::Ignore,
            };
            if fails {
                let code = rule.message.clone().unwrap_or_default();
                violations.push(Violation {
                    field: values.name(field).unwrap_or(name).clone(),
                    label: None,
                    text: self.text(&code, language, &[]),
                    code,
                    arguments: Vec::new(),
                });
            }
        }
        violations
    }

    fn violation(
        &self,
        attribute: &Attribute,
        values: &Values,
        problem: Problem,
        language: Language,
    ) -> Violation {
        let code = attribute.message.clone().unwrap_or(problem.code);
        let arguments: Vec<(&str, &str)> = problem
            .arguments
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let label = attribute.label.get(language.tag());
        let label = label.or_else(|| attribute.label.get(self.default_language().tag()));
        Violation {
            field: values
                .name(&attribute.key)
                .unwrap_or(&attribute.name)
                .clone(),
            label: label.cloned(),
            text: self.text(&code, language, &arguments),
            code,
            arguments: problem.arguments,
        }
    }

    pub(super) fn text(
        &self,
        code: &str,
        language: Language,
        arguments: &[(&str, &str)],
    ) -> Option<String> {
        let text = self.messages.text(code, language)?;
        Some(message::fill(text, arguments))
    }

    pub(super) fn block_text(
        &self,
        reason: BlockReason,
        code: Option<&str>,
        language: Language,
    ) -> Option<String> {
        let of_reason = format!("block-{}", reason.code());
        let code = code.unwrap_or(&of_reason);
        self.messages.text(code, language).map(str::to_owned)
    }

    /// The values as they are with what other systems said, and after every normalisation, map, template and fixed value.
    pub(super) fn values(&self, circumstances: Circumstances<'_>) -> Values {
        self.normalised(Values::of(circumstances.sign_up), circumstances)
    }

    fn normalised(&self, mut values: Values, circumstances: Circumstances<'_>) -> Values {
        let sign_up = circumstances.sign_up;
        self.add_found(&mut values, circumstances);
        if sign_up.step == Step::BeforeToken {
            return values;
        }
        let mut context = normalise::Context {
            country: country(&values),
            language: self.language_of(sign_up),
        };
        for attribute in &self.attributes {
            attribute.normalise(&mut values, &mut context);
        }
        values
    }

    /// What is returned: only what is another value than the person typed, and never another type. Then the names of claims
    /// for which a token has no room.
    fn changes(
        &self,
        circumstances: Circumstances<'_>,
        typed: &Values,
        values: &Values,
    ) -> (Claims, Vec<String>) {
        let step = circumstances.sign_up.step;
        let claims = self.claims(circumstances);
        if step == Step::BeforeToken {
            return look_up::fit(claims);
        }
        let values = if step == Step::BeforeCreatingUser {
            self.blanked(values)
        } else {
            Cow::Borrowed(values)
        };
        let changed = values
            .iter()
            .filter(|(key, _, value)| typed.get(key) != Some(*value))
            .map(|(_, name, value)| (name.clone(), ClaimValue::One(value.clone())));
        // An attribute has one value; what becomes of a list says the protocol.
        let lists = claims
            .into_iter()
            .filter(|(_, claim)| matches!(claim, ClaimValue::Many(_)));
        (changed.chain(lists).collect(), Vec::new())
    }

    /// The values with those blanked that the directory does not keep.
    fn blanked<'v>(&self, values: &'v Values) -> Cow<'v, Values> {
        let mut values = Cow::Borrowed(values);
        let attributes = self.attributes.iter().filter(|one| one.blank);
        let tokens = self
            .verifications
            .iter()
            .filter_map(|one| one.token.as_ref());
        let blanked = attributes
            .map(|one| (&one.key, &one.name))
            .chain(tokens.map(|(key, name)| (key, name)));
        for (key, name) in blanked {
            if values.text(key).is_some() {
                let blank = AttributeValue::Text(String::new());
                values.to_mut().set(key, name, blank);
            }
        }
        values
    }
}

const fn strictness(verdict: &Verdict) -> u8 {
    match verdict.decision {
        Decision::Continue(_) => 0,
        Decision::Block(BlockReason::PendingReview) => 1,
        Decision::Invalid(_) => 2,
        Decision::Block(_) => 3,
    }
}

/// The lists that have an entry for this person, whatever its effect.
fn listing(sign_up: &SignUp, entries: &[ListEntry], now: Timestamp) -> Vec<String> {
    let matchers = Matcher::of(&sign_up.addresses, &sign_up.identities);
    entries
        .iter()
        .filter(|entry| entry.is_active(now) && matchers.contains(&entry.matcher))
        .map(|entry| entry.list.as_str().to_owned())
        .collect()
}

fn outcome(rule: &Rule, scope: &Scope<'_>) -> Outcome {
    match rule.when.holds(scope) {
        Ok(true) => Outcome::Holds,
        Ok(false) => Outcome::DoesNotHold,
        Err(failure) => Outcome::Failed(failure),
    }
}

fn evaluated(rule: &Rule, scope: &Scope<'_>, trace: &mut Trace) -> Outcome {
    let outcome = outcome(rule, scope);
    trace.rules.push(RuleResult {
        id: Arc::clone(&rule.id),
        effect: rule.effect,
        outcome,
    });
    outcome
}

/// The effect that ends the search, if this is one.
fn deciding(rule: &Rule, outcome: Outcome) -> Option<Effect> {
    if rule.effect == RuleEffect::Log {
        return None;
    }
    match (outcome, rule.effect, rule.on_error) {
        (Outcome::Holds, RuleEffect::Allow, _) => Some(Effect::Allow),
        (Outcome::Holds, RuleEffect::Deny, _) | (Outcome::Failed(_), _, OnError::Deny) => {
            Some(Effect::Deny)
        }
        (Outcome::Holds, RuleEffect::Review, _) | (Outcome::Failed(_), _, OnError::Review) => {
            Some(Effect::Review)
        }
        _ => None,
    }
}

/// After how many rounds steps that never come to rest are left alone.
const MAX_ROUNDS: usize = 4;

/// Why a value is not accepted: the code of the sentence and what it names.
struct Problem {
    code: String,
    arguments: Vec<(&'static str, String)>,
}

fn problem(code: &str) -> Problem {
    Problem {
        code: format!("invalid-{code}"),
        arguments: Vec::new(),
    }
}

impl Problem {
    fn with(mut self, name: &'static str, value: i64) -> Self {
        self.arguments.push((name, value.to_string()));
        self
    }
}

impl Attribute {
    fn normalise(&self, values: &mut Values, context: &mut normalise::Context) {
        self.bring_into_form(values, context);
        if self.set(values) {
            self.renew(context, values);
            self.bring_into_form(values, context);
        }
        self.renew(context, values);
    }

    /// Only one attribute tells the country, and to look one up takes longer than most steps.
    fn renew(&self, context: &mut normalise::Context, values: &Values) {
        if self.key == *COUNTRY {
            context.country = country(values);
        }
    }

    fn bring_into_form(&self, values: &mut Values, context: &normalise::Context) {
        if self.normalise.is_empty() && self.map.is_empty() {
            return;
        }
        let Some(typed) = values.text(&self.key) else {
            return;
        };
        let mut text = typed.to_owned();
        // One step can undo a little of what another did, such as capitals that come in pieces after composing: what is
        // returned has come to rest, so that it is not changed again when it is typed.
        for _ in 0..MAX_ROUNDS {
            let formed = self.formed(&text, context);
            if formed == text {
                break;
            }
            text = formed;
        }
        values.set(&self.key, &self.name, AttributeValue::Text(text));
    }

    fn formed(&self, text: &str, context: &normalise::Context) -> String {
        let mut text = text.to_owned();
        for step in &self.normalise {
            text = normalise::apply(*step, &text, context);
        }
        if self.map.is_empty() {
            return text;
        }
        self.map.get(&text.to_lowercase()).cloned().unwrap_or(text)
    }

    /// Whether a fixed value or a template was put in.
    fn set(&self, values: &mut Values) -> bool {
        let Some(set) = &self.set else { return false };
        if self.only_if_empty && self.has_value(values) {
            return false;
        }
        let value = match set {
            Set::Template(template) => AttributeValue::Text(template.fill(values)),
            Set::Number(number) => AttributeValue::Number(*number),
            Set::Flag(flag) => AttributeValue::Flag(*flag),
        };
        // A template of nothing is no value to return.
        let nothing = value == AttributeValue::Text(String::new());
        let sets = !(nothing && values.get(&self.key).is_none());
        if sets {
            values.set(&self.key, &self.name, value);
        }
        sets
    }

    fn has_value(&self, values: &Values) -> bool {
        match values.get(&self.key) {
            Some(AttributeValue::Text(text)) => !text.is_empty(),
            Some(_) => true,
            None => false,
        }
    }

    fn problem(
        &self,
        scope: &Scope<'_>,
        values: &Values,
        country: Option<Country>,
    ) -> Option<Problem> {
        if !self.has_value(values) {
            let required = match &self.required {
                RequiredWhen::Never => false,
                RequiredWhen::Always => true,
                // In doubt it is: nobody gets past a condition by breaking it.
                RequiredWhen::Holds(expression) => expression.holds(scope).unwrap_or(true),
            };
            return required.then(|| problem("required"));
        }
        let value = match (values.get(&self.key)?, self.value_type) {
            (AttributeValue::Text(text), ValueType::Text) => self.text_problem(text, country),
            (AttributeValue::Number(number), ValueType::Integer) => self.number_problem(*number),
            (AttributeValue::Flag(_), ValueType::Boolean) => None,
            _ => Some(problem("type")),
        };
        value.or_else(|| self.check_problem(scope))
    }

    /// Why a value that is right by itself is not one that is known.
    fn unknown(&self, values: &Values, circumstances: Circumstances<'_>) -> Option<Problem> {
        let value = values.text(&self.key).filter(|one| !one.is_empty())?;
        let found = circumstances.found;
        if self.invitation {
            let typed = Values::of(circumstances.sign_up);
            let digest = typed.text(&self.key).and_then(CodeDigest::of);
            let usable = digest
                .ok_or(Unusable::Unknown)
                .and_then(|digest| look_up::usable(&digest, circumstances).map(|_| ()));
            return usable.err().map(|why| match why {
                Unusable::Unknown => problem("code"),
                Unusable::Expired => problem("code-expired"),
                Unusable::UsedUp => problem("code-used-up"),
            });
        }
        if let Some(set) = &self.in_set
            && !look_up::is_member(found, set, value, circumstances.now)
        {
            return Some(problem("unknown-value"));
        }
        let source = self.known_to.as_ref()?;
        let known = match found.answers.get(source).map(|answer| answer.outcome) {
            // What happens when it cannot say, it says itself.
            Some(SourceOutcome::Found | SourceOutcome::Slow | SourceOutcome::Failed) => true,
            Some(SourceOutcome::Absent) | None => false,
        };
        (!known).then(|| problem("unknown-value"))
    }

    fn text_problem(&self, text: &str, country: Option<Country>) -> Option<Problem> {
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        match self.length {
            (Some(least), _) if length < least => {
                return Some(problem("too-short").with("min", least.into()));
            }
            (_, Some(most)) if length > most => {
                return Some(problem("too-long").with("max", most.into()));
            }
            _ => {}
        }
        if self
            .pattern
            .as_ref()
            .is_some_and(|pattern| pattern.is_match(text) != Some(true))
        {
            return Some(problem("pattern"));
        }
        if let Some(allowed) = &self.allowed
            && !allowed.contains(&text.to_lowercase())
        {
            return Some(problem("not-allowed"));
        }
        let format = self.format?;
        let fault = format::check(format, text, country).err()?;
        Some(problem(fault.code()))
    }

    fn number_problem(&self, number: i64) -> Option<Problem> {
        match self.range {
            (Some(least), _) if number < least => Some(problem("too-small").with("min", least)),
            (_, Some(most)) if number > most => Some(problem("too-large").with("max", most)),
            _ => None,
        }
    }

    fn check_problem(&self, scope: &Scope<'_>) -> Option<Problem> {
        let mut checks = self.checks.iter();
        let failed = checks.find(|check| !check.that.holds(scope).unwrap_or(false))?;
        Some(Problem {
            code: failed.message.clone(),
            arguments: Vec::new(),
        })
    }
}

static COUNTRY: LazyLock<Key> = LazyLock::new(|| Key::of("country"));

/// By which national numbers and postal codes are read.
fn country(values: &Values) -> Option<Country> {
    Country::parse(values.text(&COUNTRY)?)
}
