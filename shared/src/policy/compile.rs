//! From a document to a policy that can be evaluated, or to everything that is wrong with it.

mod approval;
mod notices;
mod sources;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Attribute, AttributeCheck, Policy, RequiredWhen, Rule,
    document::{self, AttributeRules, Document, Fixed, Required, RuleEffect, ValueType},
    expression::{Expression, Vocabulary},
    fault::{Fault, Place, nearest},
    letter::{self, Places, TemplateFault},
    mail::{self, Mail},
    message::{CODES, Messages},
    pattern::{Pattern, PatternFault},
    template::Template,
    values::Key,
};
use crate::domain::{
    attribute::{AttributeName, ExtensionsApp},
    email::EmailDomain,
    language::Language,
    list::ListName,
    mail::Mailbox,
    sign_up::Step,
};

/// Longest `allowed`, map and rule list: more belongs into the table.
const MAX_ALLOWED: usize = 1000;
pub const MAX_RULES: usize = 500;
/// Each is compared with an address that is looked at for its likeness.
const MAX_DOMAINS: usize = 200;
pub const MAX_ATTRIBUTES: usize = 100;

/// Checks and compiles a document.
pub fn compile(document: &Document) -> Result<Policy, Vec<Fault>> {
    let mut compiler = Compiler {
        document,
        vocabulary: vocabulary(document),
        extensions_app: None,
        faults: Vec::new(),
    };
    let policy = compiler.policy();
    match policy {
        Some(policy) if compiler.faults.is_empty() => Ok(policy),
        _ => Err(compiler.faults),
    }
}

/// The rules before another one.
#[derive(Default)]
struct Earlier<'d> {
    ids: BTreeSet<&'d str>,
    /// By their conditions.
    rules: BTreeMap<&'d str, Vec<(usize, &'d document::Rule)>>,
}

impl<'d> Earlier<'d> {
    fn add(&mut self, index: usize, rule: &'d document::Rule) {
        self.ids.insert(&rule.id);
        let same = self.rules.entry(rule.when.trim()).or_default();
        same.push((index, rule));
    }

    fn with(&self, condition: &str) -> impl Iterator<Item = (usize, &'d document::Rule)> {
        self.rules.get(condition).into_iter().flatten().copied()
    }
}

/// The names that expressions can use.
fn vocabulary(document: &Document) -> Vocabulary {
    let declared = document.attributes.iter();
    let facts = document
        .sources
        .values()
        .flat_map(|source| source.facts.keys());
    Vocabulary {
        attributes: declared
            .map(|(name, rules)| (Key::of(name), rules.value_type.unwrap_or(ValueType::Text)))
            .collect(),
        facts: facts.cloned().collect(),
        sources: document.sources.keys().cloned().collect(),
    }
}

struct Compiler<'d> {
    document: &'d Document,
    vocabulary: Vocabulary,
    extensions_app: Option<ExtensionsApp>,
    faults: Vec<Fault>,
}

impl Compiler<'_> {
    /// Goes on after a fault, so that all of them are told at once.
    fn policy(&mut self) -> Option<Policy> {
        let top = Place::default();
        let default_language = self.default_language(&top);
        let lists = self.lists(&top);
        self.extensions_app = self.extensions_app(&top);
        self.domains(&top);
        let attributes = self.attributes(&top);
        let rules = self.rules(&top);
        let messages = self.messages(&top, default_language);
        let sources = self.sources(&top);
        let verifications = self.verifications(&top);
        Some(Policy {
            default: self.document.default,
            lists,
            on_unavailable: self.document.on_unavailable,
            domains: self.document.domains.clone(),
            attributes: attributes?,
            rules,
            messages,
            extensions_app: self.extensions_app.take(),
            sources,
            verifications,
            approval: self.approval(&top),
            mail: self.mail(&top),
            notice_templates: self.notice_templates(&top),
        })
    }

    fn default_language(&mut self, top: &Place<'_>) -> Language {
        let tag = &self.document.default_language;
        Language::from_tag(tag).unwrap_or_else(|| {
            let place = top.key("default-language");
            self.unknown_language(&place, tag);
            Language::English
        })
    }

    fn extensions_app(&mut self, top: &Place<'_>) -> Option<ExtensionsApp> {
        let found = self.document.extensions_app.as_ref()?;
        let app = ExtensionsApp::parse(found);
        if app.is_none() {
            let problem = format!("found `{found}`, expected the app id of the extensions app");
            self.fault(&top.key("extensions-app"), problem);
        }
        app
    }

    /// An attribute as it is answered when the request does not have it.
    fn wire_name(&self, name: &str) -> Option<AttributeName> {
        super::wire_name(name, self.extensions_app.as_ref())
    }

    fn lists(&mut self, top: &Place<'_>) -> Option<Vec<ListName>> {
        let names = self.document.lists.as_ref()?;
        let place = top.key("lists");
        let mut lists = Vec::new();
        for (index, name) in names.iter().enumerate() {
            match ListName::parse(name) {
                Some(name) => lists.push(name),
                None => self.fault(
                    &place.index(index),
                    format!("found `{name}`, expected the name of a list"),
                ),
            }
        }
        Some(lists)
    }

    fn domains(&mut self, top: &Place<'_>) {
        let document = self.document;
        if document.domains.len() > MAX_DOMAINS {
            let found = document.domains.len();
            self.fault(
                &top.key("domain"),
                format!("found {found} domains, expected at most {MAX_DOMAINS}"),
            );
        }
        for (index, domain) in document.domains.iter().enumerate() {
            let domains = top.key("domain");
            let place = domains.index(index);
            if let Err(error) = EmailDomain::parse(&domain.name) {
                let found = &domain.name;
                self.fault(
                    &place.key("name"),
                    format!("found `{found}`, expected a domain: {error}"),
                );
            }
        }
    }

    /// In an order in which each template comes after the attributes that it is made of.
    fn attributes(&mut self, top: &Place<'_>) -> Option<Vec<Attribute>> {
        let document = self.document;
        let place = top.key("attribute");
        if document.attributes.len() > MAX_ATTRIBUTES {
            let found = document.attributes.len();
            self.fault(
                &place,
                format!("found {found} attributes, expected at most {MAX_ATTRIBUTES}"),
            );
        }
        let mut seen = BTreeMap::new();
        let mut attributes = Vec::new();
        for (name, rules) in &document.attributes {
            let place = place.key(name);
            if let Some(other) = seen.insert(Key::of(name), name) {
                self.fault(
                    &place,
                    format!("it is the same attribute as `{other}`; expected one table for it"),
                );
            }
            if let Some(attribute) = self.attribute(&place, name, rules) {
                attributes.push(attribute);
            }
        }
        // Each link of a chain of templates goes through all attributes, so there must not be too many of them.
        if document.attributes.len() > MAX_ATTRIBUTES {
            return None;
        }
        self.in_order(&place, attributes)
    }

    fn attribute(
        &mut self,
        place: &Place<'_>,
        name: &str,
        rules: &AttributeRules,
    ) -> Option<Attribute> {
        let wire_name = self.wire_name(name);
        if wire_name.is_none() || Key::of(name).as_str().is_empty() {
            self.fault(place, "expected the name of an attribute");
        }
        let value_type = rules.value_type.unwrap_or(ValueType::Text);
        self.only_for_texts(place, rules, value_type);
        self.bounds(place, rules);
        self.contradictions(place, rules);
        let set = rules
            .set
            .as_ref()
            .map(|set| self.fixed(place, set, value_type));
        let checks = rules.checks.iter().enumerate().map(|(index, check)| {
            let checks = place.key("check");
            let place = checks.index(index);
            self.code(&place.key("message"), &check.message);
            Some(AttributeCheck {
                that: self.expression(&place.key("that"), &check.that)?,
                message: check.message.clone(),
            })
        });
        let checks: Vec<_> = checks.collect::<Vec<_>>().into_iter().flatten().collect();
        if let Some(code) = &rules.message {
            self.code(&place.key("message"), code);
        }
        self.texts(&place.key("label"), &rules.label, MAX_LABEL);
        Some(Attribute {
            key: Key::of(name),
            name: wire_name?,
            value_type,
            required: self.required(place, rules.required.as_ref()),
            length: (rules.min_length, rules.max_length),
            range: (rules.minimum, rules.maximum),
            pattern: rules
                .pattern
                .as_ref()
                .and_then(|pattern| self.pattern(&place.key("pattern"), pattern)),
            allowed: rules
                .allowed
                .as_ref()
                .map(|allowed| allowed.iter().map(|one| one.to_lowercase()).collect()),
            in_set: self.in_set(place, rules),
            known_to: self.known_to(place, name, rules),
            invitation: rules.invitation,
            format: rules.format,
            checks,
            normalise: rules.normalise.clone(),
            map: map(rules),
            set: set.flatten(),
            only_if_empty: rules.only_if_empty,
            blank: rules.blank,
            message: rules.message.clone(),
            label: rules.label.clone(),
        })
    }

    fn only_for_texts(&mut self, place: &Place<'_>, rules: &AttributeRules, value_type: ValueType) {
        let text = [
            ("min-length", rules.min_length.is_some()),
            ("max-length", rules.max_length.is_some()),
            ("pattern", rules.pattern.is_some()),
            ("allowed", rules.allowed.is_some()),
            ("in-set", rules.in_set.is_some()),
            ("known-to", rules.known_to.is_some()),
            ("invitation", rules.invitation),
            ("format", rules.format.is_some()),
            ("normalise", !rules.normalise.is_empty()),
            ("map", !rules.map.is_empty()),
            ("blank", rules.blank),
        ];
        let integer = [
            ("minimum", rules.minimum.is_some()),
            ("maximum", rules.maximum.is_some()),
        ];
        let wrong = |keys: &[(&'static str, bool)]| -> Vec<&'static str> {
            keys.iter()
                .filter(|(_, is)| *is)
                .map(|(key, _)| *key)
                .collect()
        };
        if value_type != ValueType::Text {
            for key in wrong(&text) {
                self.fault(
                    &place.key(key),
                    "it is for texts, and this attribute is none",
                );
            }
        }
        if value_type != ValueType::Integer {
            for key in wrong(&integer) {
                self.fault(
                    &place.key(key),
                    "it is for integers; expected `type = \"integer\"` beside it",
                );
            }
        }
    }

    fn bounds(&mut self, place: &Place<'_>, rules: &AttributeRules) {
        if let (Some(least), Some(most)) = (rules.min_length, rules.max_length)
            && least > most
        {
            self.fault(
                &place.key("min-length"),
                format!("{least} is more than `max-length`, which is {most}"),
            );
        }
        if let (Some(least), Some(most)) = (rules.minimum, rules.maximum)
            && least > most
        {
            self.fault(
                &place.key("minimum"),
                format!("{least} is more than `maximum`, which is {most}"),
            );
        }
        if let Some(allowed) = &rules.allowed
            && !(1..=MAX_ALLOWED).contains(&allowed.len())
        {
            let found = allowed.len();
            self.fault(
                &place.key("allowed"),
                format!("found {found} values, expected 1 to {MAX_ALLOWED}"),
            );
        }
    }

    /// Rules that can never be met, or that undo each other.
    fn contradictions(&mut self, place: &Place<'_>, rules: &AttributeRules) {
        let always_set = rules.set.as_ref().filter(|_| !rules.only_if_empty);
        if let (Some(Fixed::Text(text)), Some(required)) = (always_set, &rules.required)
            && text.is_empty()
            && *required != Required::Always(false)
        {
            self.fault(
                &place.key("set"),
                "a required attribute is always blanked, so nobody gets through; to ask for a value and not \
                 keep it, write `blank = true`",
            );
        }
        if rules.blank && rules.set.is_some() {
            self.fault(
                &place.key("blank"),
                "`set` has no effect beside it; expected one of them",
            );
        }
        if rules.only_if_empty && rules.set.is_none() {
            self.fault(
                &place.key("only-if-empty"),
                "it belongs to `set`, which is not there",
            );
        }
        let replaced: BTreeMap<_, _> = rules
            .map
            .iter()
            .map(|(from, to)| (from.to_lowercase(), to))
            .collect();
        for (from, to) in &rules.map {
            let again = replaced.get(&to.to_lowercase());
            if let Some(next) = again.filter(|next| **next != to) {
                self.fault(
                    &place.key("map").key(from),
                    format!(
                        "`{to}` is itself replaced, by `{next}`; expected `{next}` here as well"
                    ),
                );
            }
        }
        let Some(allowed) = &rules.allowed else {
            return;
        };
        let allowed: BTreeSet<_> = allowed.iter().map(|one| one.to_lowercase()).collect();
        let is_allowed = |value: &str| allowed.contains(&value.to_lowercase());
        for (from, to) in &rules.map {
            if !is_allowed(to) {
                self.fault(
                    &place.key("map").key(from),
                    format!("`{to}` is not among the values of `allowed`"),
                );
            }
        }
        if let Some(Fixed::Text(text)) = &rules.set
            && !text.contains('{')
            && !is_allowed(text)
        {
            self.fault(
                &place.key("set"),
                format!("`{text}` is not among the values of `allowed`"),
            );
        }
    }

    fn fixed(
        &mut self,
        place: &Place<'_>,
        set: &Fixed,
        value_type: ValueType,
    ) -> Option<super::Set> {
        let place = place.key("set");
        match (set, value_type) {
            (Fixed::Text(text), ValueType::Text) => match Template::parse(text) {
                Ok(template) => Some(super::Set::Template(template)),
                Err(problem) => {
                    self.fault(&place, problem);
                    None
                }
            },
            (Fixed::Number(number), ValueType::Integer) => Some(super::Set::Number(*number)),
            (Fixed::Flag(flag), ValueType::Boolean) => Some(super::Set::Flag(*flag)),
            _ => {
                self.fault(&place, "expected a value of the attribute's type");
                None
            }
        }
    }

    fn required(&mut self, place: &Place<'_>, required: Option<&Required>) -> RequiredWhen {
        match required {
            None | Some(Required::Always(false)) => RequiredWhen::Never,
            Some(Required::Always(true)) => RequiredWhen::Always,
            Some(Required::When(source)) => self
                .expression(&place.key("required"), source)
                .map_or(RequiredWhen::Never, RequiredWhen::Holds),
        }
    }

    fn pattern(&mut self, place: &Place<'_>, pattern: &str) -> Option<Pattern> {
        let fault = match Pattern::compile(&format!("^(?:{pattern})$")) {
            Ok(pattern) => return Some(pattern),
            Err(fault) => fault,
        };
        let problem = match fault {
            PatternFault::TooLarge => format!("{fault}; expected fewer or smaller repetitions"),
            PatternFault::Syntax(_) => fault.to_string(),
        };
        self.fault(place, problem);
        None
    }

    /// Templates after what they are made of; a cycle is a fault.
    fn in_order(
        &mut self,
        place: &Place<'_>,
        mut waiting: Vec<Attribute>,
    ) -> Option<Vec<Attribute>> {
        let mut ordered: Vec<Attribute> = Vec::new();
        while !waiting.is_empty() {
            let missing: BTreeSet<Key> = waiting.iter().map(|one| one.key.clone()).collect();
            let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|one| {
                let mut parts = one.template().into_iter().flat_map(Template::parts);
                parts.all(|part| !missing.contains(part))
            });
            if ready.is_empty() {
                let names: Vec<_> = rest.iter().map(|one| one.name.as_str()).collect();
                let attribute = place.key(names.first().unwrap_or(&""));
                let place = attribute.key("set");
                let problem = match names.as_slice() {
                    [one] => format!("the template of {one} is made of itself"),
                    names => format!(
                        "the templates of {} are made of each other",
                        names.join(", ")
                    ),
                };
                self.fault(&place, problem);
                return None;
            }
            ordered.extend(ready);
            waiting = rest;
        }
        // By the country others are read, so it has its form first.
        let country = Key::of("country");
        let is_first = |one: &Attribute| {
            one.key == country
                && one
                    .template()
                    .is_none_or(|set| set.parts().next().is_none())
        };
        ordered.sort_by_key(|one| !is_first(one));
        Some(ordered)
    }

    fn rules(&mut self, top: &Place<'_>) -> Vec<Rule> {
        let document = self.document;
        let place = top.key("rule");
        if document.rules.len() > MAX_RULES {
            let found = document.rules.len();
            self.fault(
                &place,
                format!("found {found} rules, expected at most {MAX_RULES}"),
            );
        }
        let mut rules = Vec::new();
        let mut earlier = Earlier::default();
        for (index, rule) in document.rules.iter().enumerate() {
            let place = place.index(index);
            self.reachable(&place, rule, &earlier);
            earlier.add(index, rule);
            rules.extend(self.rule(&place, rule));
        }
        rules
    }

    fn rule(&mut self, place: &Place<'_>, rule: &document::Rule) -> Option<Rule> {
        let id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if rule.id.is_empty() || !rule.id.chars().all(id) || rule.id.len() > MAX_ID {
            let found = &rule.id;
            self.fault(
                &place.key("id"),
                format!(
                    "found `{found}`, expected up to {MAX_ID} lower-case letters, digits and `-`"
                ),
            );
        }
        match (rule.effect, &rule.field, &rule.message) {
            (RuleEffect::Invalid, None, _) => {
                self.fault(
                    place,
                    "expected `field`, the attribute that is to be corrected",
                );
            }
            (RuleEffect::Invalid, _, None) => {
                self.fault(
                    place,
                    "expected `message`, the code of what the person is told",
                );
            }
            (RuleEffect::Invalid, ..) | (_, None, _) => {}
            (_, Some(_), _) => {
                self.fault(
                    &place.key("field"),
                    "only a rule with the effect `invalid` has a field",
                );
            }
        }
        if matches!(rule.effect, RuleEffect::Allow | RuleEffect::Log) && rule.message.is_some() {
            self.fault(
                &place.key("message"),
                "nobody would see it: the sign-up goes on",
            );
        }
        if let Some(code) = &rule.message {
            self.code(&place.key("message"), code);
        }
        if rule.steps.is_empty() {
            self.fault(
                &place.key("steps"),
                "found none, expected at least one step",
            );
        }
        let at_token = rule
            .steps
            .iter()
            .position(|step| *step == Step::BeforeToken);
        if let (Some(index), false) = (at_token, rule.effect == RuleEffect::Log) {
            self.fault(
                &place.key("steps").index(index),
                "nobody is kept out at `before-token`; only a rule with the effect `log` counts there",
            );
        }
        Some(Rule {
            id: rule.id.as_str().into(),
            when: self.expression(&place.key("when"), &rule.when)?,
            effect: rule.effect,
            field: rule.field.as_deref().map(Key::of),
            field_name: rule
                .field
                .as_deref()
                .and_then(|field| self.wire_name(field)),
            message: rule.message.clone(),
            on_error: rule.on_error,
            steps: rule.steps.clone(),
            before_lists: rule.before_lists,
        })
    }

    /// Whether an earlier rule always comes first.
    fn reachable(&mut self, place: &Place<'_>, rule: &document::Rule, earlier: &Earlier<'_>) {
        if earlier.ids.contains(rule.id.as_str()) {
            let found = &rule.id;
            self.fault(
                &place.key("id"),
                format!("found `{found}` a second time, expected an id of its own"),
            );
        }
        let decides = |one: &document::Rule| {
            matches!(
                one.effect,
                RuleEffect::Allow | RuleEffect::Deny | RuleEffect::Review
            ) && one.before_lists == rule.before_lists
                && rule.steps.iter().all(|step| one.steps.contains(step))
        };
        let always = ["true", rule.when.trim()]
            .into_iter()
            .flat_map(|condition| earlier.with(condition))
            .filter(|(_, one)| decides(one));
        if let Some((_, first)) = always.min_by_key(|(index, _)| *index) {
            let first = &first.id;
            self.fault(
                place,
                format!("it is never reached: `{first}` always decides before it"),
            );
        }
    }

    fn expression(&mut self, place: &Place<'_>, source: &str) -> Option<Expression> {
        let fault = match Expression::compile(source, &self.vocabulary) {
            Ok(expression) => return Some(expression),
            Err(fault) => fault,
        };
        self.faults.push(Fault {
            offset: fault.offset,
            suggestion: fault.suggestion,
            ..place.fault(fault.problem)
        });
        None
    }

    /// A message code of the policy or of the catalogue.
    fn code(&mut self, place: &Place<'_>, code: &str) {
        let own = self.document.messages.keys().map(String::as_str);
        let known: Vec<&str> = own.chain(CODES.iter().copied()).collect();
        if !known.contains(&code) {
            self.unknown(place, code, "the code of a message", &known);
        }
    }

    fn messages(&mut self, top: &Place<'_>, default_language: Language) -> Messages {
        let document = self.document;
        for (code, texts) in &document.messages {
            let messages = top.key("message");
            let place = messages.key(code);
            self.texts(&place, texts, MAX_MESSAGE);
            if !texts.contains_key(default_language.tag()) {
                let tag = default_language.tag();
                self.fault(
                    &place,
                    format!("expected a text in the default language, `{tag}`"),
                );
            }
        }
        Messages::new(&document.messages, default_language)
    }

    fn mail(&mut self, top: &Place<'_>) -> Mail {
        let document = self.document;
        let Some(mail) = &document.mail else {
            return Mail::default();
        };
        let place = top.key("mail");
        Mail {
            from: self.mailbox(&place.key("from"), mail.from.as_deref()),
            reply_to: self.mailbox(&place.key("reply-to"), mail.reply_to.as_deref()),
            html: self.mail_template(&place.key("html"), mail.html.as_deref(), mail::PLACES),
            text: self.mail_template(&place.key("text"), mail.text.as_deref(), mail::PLACES),
        }
    }

    fn mailbox(&mut self, place: &Place<'_>, found: Option<&str>) -> Option<Mailbox> {
        let found = found?;
        let mailbox = Mailbox::parse(found);
        if mailbox.is_none() {
            let problem = format!("found `{found}`, expected an address or `Name <address>`");
            self.fault(place, problem);
        }
        mailbox
    }

    fn mail_template(
        &mut self,
        place: &Place<'_>,
        source: Option<&str>,
        places: Places<'_>,
    ) -> Option<letter::Template> {
        match letter::Template::parse(source?, places) {
            Ok(template) => Some(template),
            Err(TemplateFault::UnknownPlace { offset, found }) => {
                let known = places.known.join("}`, `{");
                let problem = format!("found `{{{found}}}`, expected one of `{{{known}}}`");
                self.faults.push(Fault {
                    offset: Some(offset),
                    suggestion: nearest(&found, places.known.iter().copied()),
                    ..place.fault(problem)
                });
                None
            }
            Err(fault) => {
                self.fault(place, fault.to_string());
                None
            }
        }
    }

    fn texts(&mut self, place: &Place<'_>, texts: &document::Texts, longest: usize) {
        for (tag, text) in texts {
            let place = place.key(tag);
            if Language::from_tag(tag).is_none() {
                self.unknown_language(&place, tag);
            }
            let length = text.chars().count();
            if length == 0 || length > longest {
                self.fault(
                    &place,
                    format!("found {length} characters, expected 1 to {longest}"),
                );
            }
            if text.contains(['<', '>']) || text.chars().any(char::is_control) {
                self.fault(
                    &place,
                    "expected plain text: no `<`, `>` or control characters",
                );
            }
        }
    }

    fn unknown_language(&mut self, place: &Place<'_>, tag: &str) {
        let tags = language_tags();
        let expected = format!("one of `{}`", tags.join("`, `"));
        let language = tag.get(..2).filter(|language| tags.contains(language));
        let mut fault = place.fault(format!("found `{tag}`, expected {expected}"));
        fault.suggestion = language.map(str::to_owned);
        self.faults.push(fault);
    }

    fn unknown(&mut self, place: &Place<'_>, found: &str, expected: &str, known: &[&str]) {
        let mut fault = place.fault(format!("found `{found}`, expected {expected}"));
        fault.suggestion = nearest(found, known.iter().copied());
        self.faults.push(fault);
    }

    fn fault(&mut self, place: &Place<'_>, problem: impl Into<String>) {
        self.faults.push(place.fault(problem));
    }
}

/// Longest sentence of a message, label and rule id, in characters.
const MAX_MESSAGE: usize = 400;
const MAX_LABEL: usize = 60;
const MAX_ID: usize = 64;

fn language_tags() -> Vec<&'static str> {
    Language::ALL
        .iter()
        .map(|language| language.tag())
        .collect()
}

/// By the lower-case value. What values are replaced by stays as it is, in whatever case it comes.
fn map(rules: &AttributeRules) -> BTreeMap<String, String> {
    let targets = rules.map.values().map(|to| (to.to_lowercase(), to.clone()));
    let sources = rules
        .map
        .iter()
        .map(|(from, to)| (from.to_lowercase(), to.clone()));
    targets.chain(sources).collect()
}
