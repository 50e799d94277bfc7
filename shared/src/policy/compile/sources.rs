//! The sources and verifications of a policy.

use std::{collections::BTreeSet, time::Duration};

use super::{Compiler, Place};
use crate::{
    domain::{
        attribute::AttributeName, policy::OnUnavailable, sign_up::Step, source::SourceName,
        value_set::SetName,
    },
    policy::{
        document::{self, AttributeRules, Auth, HttpMethod, OnOutcome, ProviderKind, SourceKind},
        expression::Expression,
        look_up::{HttpSource, Mapping, Source},
        request::{RequestJson, RequestText, authority},
        values::{Field, Key},
        verify::Verification,
    },
};

/// Most sources, and most verifications.
pub(super) const MAX_SOURCES: usize = 10;
/// Most attributes whose values are looked up in sets: they are read together with everything else in one round trip.
const MAX_IN_SETS: usize = 30;
/// Most claims and facts of a source, each.
const MAX_MAPPINGS: usize = 50;
const BUDGET: u32 = 300;
const VERIFICATION_BUDGET: u32 = 1500;
const LONGEST_BUDGET: u32 = 4000;
const SHORTEST_BUDGET: u32 = 20;
const LONGEST_CACHE: u32 = 24 * 60 * 60;
const REMEMBER: u32 = 15;
const LONGEST_REMEMBER: u32 = 24 * 60;

impl Compiler<'_> {
    // --- attributes whose values others know

    pub(super) fn in_set(&mut self, place: &Place<'_>, rules: &AttributeRules) -> Option<SetName> {
        let found = rules.in_set.as_ref()?;
        let set = SetName::parse(found);
        if set.is_none() {
            let problem = format!(
                "found `{found}`, expected the name of a set: lower-case letters, digits, `-` and `_`"
            );
            self.fault(&place.key("in-set"), problem);
        }
        set
    }

    pub(super) fn known_to(
        &mut self,
        place: &Place<'_>,
        name: &str,
        rules: &AttributeRules,
    ) -> Option<SourceName> {
        let document = self.document;
        if rules.invitation {
            self.only_invitation(place, name);
        }
        let in_sets = document.attributes.values();
        let in_sets = in_sets.filter(|one| one.in_set.is_some()).count();
        if in_sets > MAX_IN_SETS && rules.in_set.is_some() {
            let problem =
                format!("{in_sets} attributes have a set, expected at most {MAX_IN_SETS}");
            self.fault(&place.key("in-set"), problem);
        }
        let found = rules.known_to.as_ref()?;
        let place = place.key("known-to");
        let Some(source) = document.sources.get(found) else {
            let known: Vec<&str> = document.sources.keys().map(String::as_str).collect();
            self.unknown(&place, found, "the name of a source", &known);
            return None;
        };
        if source.kind == SourceKind::Directory {
            self.fault(
                &place,
                format!(
                    "`{found}` is the directory; for values kept in the table expected `in-set`"
                ),
            );
        }
        if !source.steps.contains(&Step::BeforeCreatingUser) {
            self.fault(
                &place,
                format!(
                    "`{found}` is not asked at `before-creating-user`, where values are checked"
                ),
            );
        }
        let texts = [source.url.as_deref().unwrap_or_default()];
        let texts = texts
            .into_iter()
            .chain(source.headers.values().map(String::as_str));
        let fields: Vec<Field> = texts
            .filter_map(|text| RequestText::parse(text).ok())
            .flat_map(|text| text.fields().cloned().collect::<Vec<_>>())
            .collect();
        let body = source
            .body
            .as_ref()
            .and_then(|body| RequestJson::parse(body).ok());
        let of_body = body.iter().flat_map(RequestJson::fields).cloned();
        let value = Field::Attribute(Key::of(name));
        if !fields
            .into_iter()
            .chain(of_body)
            .any(|field| field == value)
        {
            self.fault(
                &place,
                format!(
                    "the request of `{found}` does not hold the value; expected `{{{name}}}` in it"
                ),
            );
        }
        SourceName::parse(found)
    }

    fn only_invitation(&mut self, place: &Place<'_>, name: &str) {
        let document = self.document;
        let mut others = document.attributes.iter();
        if let Some((other, _)) = others.find(|(other, rules)| rules.invitation && *other != name)
            && other.as_str() < name
        {
            self.fault(
                &place.key("invitation"),
                format!(
                    "`{other}` takes the invitation code already; expected one attribute for it"
                ),
            );
        }
    }

    // --- sources

    pub(super) fn sources(&mut self, top: &Place<'_>) -> Vec<Source> {
        let document = self.document;
        let place = top.key("source");
        self.at_most(&place, document.sources.len());
        let sources = document
            .sources
            .iter()
            .filter_map(|(name, source)| self.source(&place.key(name), name, source));
        let mut sources: Vec<Source> = sources.collect();
        self.levels(&place, &mut sources);
        sources
    }

    fn source(
        &mut self,
        place: &Place<'_>,
        name: &str,
        source: &document::Source,
    ) -> Option<Source> {
        let source_name = self.source_name(place, name);
        if source.steps.is_empty() {
            self.fault(
                &place.key("steps"),
                "found none, expected at least one step",
            );
        }
        let http = match source.kind {
            SourceKind::Directory => {
                self.nothing_of_http(place, source);
                None
            }
            SourceKind::Http => self.http(place, source),
        };
        let is_http = source.kind == SourceKind::Http;
        let when = source.when.as_ref();
        let when = when.and_then(|when| self.expression(&place.key("when"), when));
        if let Some(found) = &source.found {
            self.pointer(&place.key("found"), found);
        }
        let claims = self.mappings(&place.key("claims"), source, false);
        let facts = self.mappings(&place.key("facts"), source, true);
        let budget = self.within(
            &place.key("budget-ms"),
            source.budget_ms.unwrap_or(BUDGET),
            SHORTEST_BUDGET,
            LONGEST_BUDGET,
        );
        let cache = source
            .cache_seconds
            .map(|seconds| self.within(&place.key("cache-seconds"), seconds, 1, LONGEST_CACHE));
        let blocks = OnUnavailable::Block;
        Some(Source {
            name: source_name?,
            kind: source.kind,
            steps: source.steps.clone(),
            when,
            precedence: source.precedence,
            http: if is_http { Some(http?) } else { None },
            budget: Duration::from_millis(budget.into()),
            cache: cache.map(|seconds| Duration::from_secs(seconds.into())),
            found: source.found.clone(),
            on_absent: source.on_absent.unwrap_or(OnUnavailable::Continue),
            on_slow: source.on_slow.unwrap_or(blocks),
            on_failed: source.on_failed.unwrap_or(blocks),
            claims,
            facts,
            fingerprint: serde_json::to_vec(source).unwrap_or_default(),
            level: 0,
        })
    }

    fn nothing_of_http(&mut self, place: &Place<'_>, source: &document::Source) {
        let keys = [
            ("url", source.url.is_some()),
            ("method", source.method.is_some()),
            ("headers", !source.headers.is_empty()),
            ("body", source.body.is_some()),
            ("auth", source.auth.is_some()),
            ("client-certificate", source.client_certificate.is_some()),
            ("budget-ms", source.budget_ms.is_some()),
            ("cache-seconds", source.cache_seconds.is_some()),
            ("found", source.found.is_some()),
            ("on-slow", source.on_slow.is_some()),
            ("on-failed", source.on_failed.is_some()),
        ];
        for (key, _) in keys.into_iter().filter(|(_, is)| *is) {
            self.fault(
                &place.key(key),
                "it is for sources of the kind `http`; the directory is in the table",
            );
        }
    }

    fn http(&mut self, place: &Place<'_>, source: &document::Source) -> Option<HttpSource> {
        let method = source.method.unwrap_or(match source.body {
            Some(_) => HttpMethod::Post,
            None => HttpMethod::Get,
        });
        if method == HttpMethod::Get && source.body.is_some() {
            self.fault(
                &place.key("body"),
                "a GET has none; expected `method = \"POST\"`",
            );
        }
        let url = self.url(place, source.url.as_deref());
        let headers = source.headers.iter().filter_map(|(name, text)| {
            let headers = place.key("headers");
            let place = headers.key(name);
            self.header(&place, name);
            Some((name.clone(), self.request_text(&place, text)?))
        });
        let headers = headers.collect();
        let body = source.body.as_ref().and_then(|body| {
            let parsed = RequestJson::parse(body);
            parsed
                .map_err(|problem| self.fault(&place.key("body"), problem))
                .ok()
        });
        if let Some(body) = &body {
            self.known_facts(&place.key("body"), &body.fields());
        }
        self.auth(place, source.auth.as_ref());
        if let Some(secret) = &source.client_certificate {
            self.secret(&place.key("client-certificate"), secret);
        }
        Some(HttpSource {
            method,
            url: url?,
            headers,
            body,
            auth: source.auth.clone(),
            client_certificate: source.client_certificate.clone(),
        })
    }

    fn url(&mut self, place: &Place<'_>, url: Option<&str>) -> Option<RequestText> {
        let Some(url) = url else {
            self.fault(place, "expected `url`, the address that is asked");
            return None;
        };
        let place = place.key("url");
        let text = self.request_text(&place, url)?;
        let beginning = text.beginning();
        let complete = text.is_fixed()
            || beginning
                .split_once("://")
                .is_some_and(|(_, rest)| rest.contains(['/', '?', '#']));
        if authority(beginning).is_none() || !complete || url.chars().any(char::is_whitespace) {
            self.fault(
                &place,
                format!(
                    "found `{url}`, expected `https://HOST/…` with placeholders after the host only"
                ),
            );
        }
        Some(text)
    }

    fn request_text(&mut self, place: &Place<'_>, text: &str) -> Option<RequestText> {
        match RequestText::parse(text) {
            Ok(text) => {
                self.known_facts(place, &text.fields().collect::<Vec<_>>());
                Some(text)
            }
            Err(problem) => {
                self.fault(place, problem);
                None
            }
        }
    }

    fn known_facts(&mut self, place: &Place<'_>, fields: &[&Field]) {
        for field in fields {
            if let Field::Fact(key) = field
                && !self.vocabulary.facts.contains(key.as_str())
            {
                let known: Vec<String> = self.vocabulary.facts.iter().cloned().collect();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                self.unknown(place, key.as_str(), "a fact of a source", &known);
            }
        }
    }

    fn header(&mut self, place: &Place<'_>, name: &str) {
        const OWN: [&str; 5] = [
            "authorization",
            "host",
            "content-length",
            "content-type",
            "connection",
        ];
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if name.is_empty() || !name.bytes().all(allowed) {
            self.fault(place, "expected the name of a header");
        }
        if OWN.contains(&name.to_ascii_lowercase().as_str()) {
            self.fault(
                place,
                "this header is set by itself; for credentials expected `auth`",
            );
        }
    }

    fn auth(&mut self, place: &Place<'_>, auth: Option<&Auth>) {
        let place = place.key("auth");
        match auth {
            None => {}
            Some(Auth::ApiKey { header, secret }) => {
                let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
                if header.is_empty() || !header.bytes().all(allowed) {
                    self.fault(&place.key("header"), "expected the name of a header");
                }
                self.secret(&place.key("secret"), secret);
            }
            Some(Auth::Basic { secret }) => self.secret(&place.key("secret"), secret),
            Some(Auth::Oauth2 {
                token_url, secret, ..
            }) => {
                self.fixed_url(&place.key("token-url"), token_url);
                self.secret(&place.key("secret"), secret);
            }
        }
    }

    fn fixed_url(&mut self, place: &Place<'_>, url: &str) {
        if authority(url).is_none()
            || url.contains(['{', '}'])
            || url.chars().any(char::is_whitespace)
        {
            self.fault(
                place,
                format!("found `{url}`, expected `https://HOST/…` without placeholders"),
            );
        }
    }

    fn secret(&mut self, place: &Place<'_>, name: &str) {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/_+=.@-".contains(&b);
        if name.is_empty() || name.len() > 128 || !name.bytes().all(allowed) {
            self.fault(
                place,
                "expected the name of a secret: letters, digits and `/_+=.@-`, at most 128; never the secret itself",
            );
        }
    }

    fn pointer(&mut self, place: &Place<'_>, pointer: &str) {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            self.fault(
                place,
                format!("found `{pointer}`, expected a JSON Pointer such as `/{pointer}`"),
            );
        }
    }

    fn mappings(
        &mut self,
        place: &Place<'_>,
        source: &document::Source,
        facts: bool,
    ) -> Vec<Mapping> {
        let from = if facts { &source.facts } else { &source.claims };
        if from.len() > MAX_MAPPINGS {
            let found = from.len();
            self.fault(
                place,
                format!("found {found}, expected at most {MAX_MAPPINGS}"),
            );
        }
        let mut mappings = Vec::new();
        for (name, from) in from {
            let place = place.key(name);
            if source.kind == SourceKind::Http {
                self.pointer(&place, from);
            }
            if facts && SourceName::parse(name).is_none() {
                self.fault(
                    &place,
                    "expected a name of lower-case letters, digits and `_`, at most 32",
                );
            }
            let Some(attribute) = AttributeName::new(name) else {
                self.fault(&place, "expected the name of an attribute or claim");
                continue;
            };
            let declared = self.document.attributes.iter();
            let mut declared = declared.filter(|(other, _)| Key::of(other) == Key::of(name));
            let rules = declared.next().map(|(_, rules)| rules).filter(|_| !facts);
            mappings.push(Mapping {
                name: name.clone(),
                from: from.clone(),
                value_type: rules
                    .map(|rules| rules.value_type.unwrap_or(document::ValueType::Text)),
                longest: Mapping::longest(&attribute, rules.and_then(|rules| rules.max_length)),
            });
        }
        mappings
    }

    /// A source that is made of what others say comes after them; a cycle is a fault.
    fn levels(&mut self, place: &Place<'_>, sources: &mut [Source]) {
        let needs: Vec<BTreeSet<usize>> = sources
            .iter()
            .enumerate()
            .map(|(index, source)| {
                let fields = fields_of(source);
                let others = sources.iter().enumerate();
                let gives = others.filter(|(other, given)| {
                    *other != index && fields.iter().any(|field| gives(given, field))
                });
                gives.map(|(other, _)| other).collect()
            })
            .collect();
        let mut levels: Vec<Option<u8>> = vec![None; sources.len()];
        for level in 0..u8::try_from(sources.len()).unwrap_or(u8::MAX) {
            let ready: Vec<usize> = (0..sources.len())
                .filter(|index| levels.get(*index) == Some(&None))
                .filter(|index| {
                    let needs = needs.get(*index);
                    needs.is_some_and(|needs| {
                        needs
                            .iter()
                            .all(|need| levels.get(*need).is_some_and(Option::is_some))
                    })
                })
                .collect();
            for index in ready {
                if let Some(known) = levels.get_mut(index) {
                    *known = Some(level);
                }
            }
        }
        for (source, level) in sources.iter_mut().zip(levels) {
            if let Some(level) = level {
                source.level = level;
                continue;
            }
            self.fault(
                &place.key(source.name.as_str()),
                "it is made of what another source says, which is made of what this one says",
            );
        }
    }

    // --- verifications

    pub(super) fn verifications(&mut self, top: &Place<'_>) -> Vec<Verification> {
        let document = self.document;
        let place = top.key("verification");
        self.at_most(&place, document.verifications.len());
        let verifications = document.verifications.iter();
        let mut verifications: Vec<Verification> = verifications
            .filter_map(|(name, settings)| self.verification(&place.key(name), name, settings))
            .collect();
        // A bot costs nobody a check of an identity.
        verifications.sort_by_key(|one| !one.provider().is_bot_check());
        verifications
    }

    fn verification(
        &mut self,
        place: &Place<'_>,
        name: &str,
        settings: &document::Verification,
    ) -> Option<Verification> {
        let source_name = self.source_name(place, name);
        if self.document.sources.contains_key(name) {
            self.fault(place, "a source has this name already");
        }
        self.fixed_url(&place.key("url"), &settings.url);
        self.provider_settings(place, settings);
        self.outcomes(place, settings);
        let when = settings.when.as_ref();
        let when = when.and_then(|when| self.expression(&place.key("when"), when));
        if let Some(code) = &settings.message {
            self.code(&place.key("message"), code);
        }
        let fields = settings.fields.iter().filter_map(|(name, text)| {
            let fields = place.key("fields");
            let place = fields.key(name);
            Some((name.clone(), self.request_text(&place, text)?))
        });
        let fields = fields.collect();
        let body = settings.body.as_ref().and_then(|body| {
            let parsed = RequestJson::parse(body);
            parsed
                .map_err(|problem| self.fault(&place.key("body"), problem))
                .ok()
        });
        let budget = self.within(
            &place.key("budget-ms"),
            settings.budget_ms.unwrap_or(VERIFICATION_BUDGET),
            SHORTEST_BUDGET,
            LONGEST_BUDGET,
        );
        let remember = self.within(
            &place.key("remember-minutes"),
            settings.remember_minutes.unwrap_or(REMEMBER),
            1,
            LONGEST_REMEMBER,
        );
        Some(Verification {
            name: source_name?,
            settings: settings.clone(),
            budget: Duration::from_millis(budget.into()),
            remember: Duration::from_secs(60 * u64::from(remember)),
            when,
            fields,
            body,
            token: self.field(settings.token.as_deref()),
            field: self.field(settings.field.as_deref()),
            fingerprint: serde_json::to_vec(settings).unwrap_or_default(),
        })
    }

    fn field(&self, name: Option<&str>) -> Option<(Key, AttributeName)> {
        let name = name?;
        Some((Key::of(name), self.wire_name(name)?))
    }

    fn provider_settings(&mut self, place: &Place<'_>, settings: &document::Verification) {
        let provider = settings.provider;
        let is_http = provider == ProviderKind::Http;
        let is_bot_check = provider.is_bot_check();
        let only = [
            ("outcome", settings.outcome.is_some(), is_http),
            ("verified", !settings.verified.is_empty(), is_http),
            ("failed", !settings.failed.is_empty(), is_http),
            ("refer", !settings.refer.is_empty(), is_http),
            ("reference", settings.reference.is_some(), is_http),
            ("auth", settings.auth.is_some(), is_http),
            ("body", settings.body.is_some(), is_http),
            (
                "fields",
                !settings.fields.is_empty(),
                !is_http && !is_bot_check,
            ),
            ("secret", settings.secret.is_some(), !is_http),
            ("token", settings.token.is_some(), is_bot_check),
            (
                "minimum-score",
                settings.minimum_score.is_some(),
                provider == ProviderKind::Recaptcha,
            ),
            (
                "hostname",
                settings.hostname.is_some(),
                provider == ProviderKind::Recaptcha,
            ),
        ];
        for (key, ..) in only.into_iter().filter(|(_, is, may)| *is && !*may) {
            let provider = provider.name();
            self.fault(
                &place.key(key),
                format!("the provider `{provider}` does not take it"),
            );
        }
        let needed = [
            ("outcome", settings.outcome.is_none(), is_http),
            ("verified", settings.verified.is_empty(), is_http),
            ("body", settings.body.is_none(), is_http),
            ("secret", settings.secret.is_none(), !is_http),
            ("token", settings.token.is_none(), is_bot_check),
            (
                "fields",
                settings.fields.is_empty(),
                !is_http && !is_bot_check,
            ),
        ];
        for (key, ..) in needed
            .into_iter()
            .filter(|(_, lacks, must)| *lacks && *must)
        {
            let provider = provider.name();
            self.fault(
                place,
                format!("expected `{key}`, which the provider `{provider}` needs"),
            );
        }
        for (key, pointer) in [
            ("outcome", &settings.outcome),
            ("reference", &settings.reference),
        ] {
            if let Some(pointer) = pointer {
                self.pointer(&place.key(key), pointer);
            }
        }
        for (key, secret) in [
            ("secret", &settings.secret),
            ("client-certificate", &settings.client_certificate),
        ] {
            if let Some(secret) = secret {
                self.secret(&place.key(key), secret);
            }
        }
        self.auth(place, settings.auth.as_ref());
        if settings
            .minimum_score
            .is_some_and(|score| !(0.0..=1.0).contains(&score))
        {
            self.fault(&place.key("minimum-score"), "expected a number from 0 to 1");
        }
    }

    fn outcomes(&mut self, place: &Place<'_>, settings: &document::Verification) {
        let asks_to_correct = [
            settings.on_failed,
            settings.on_refer,
            settings.on_unavailable,
        ]
        .contains(&Some(OnOutcome::Invalid));
        if asks_to_correct && settings.field.is_none() && settings.token.is_none() {
            self.fault(
                place,
                "expected `field`, the attribute that is to be corrected",
            );
        }
        let lists = [&settings.verified, &settings.failed, &settings.refer];
        let mut seen = BTreeSet::new();
        for value in lists.into_iter().flatten() {
            if !seen.insert(value.to_lowercase()) {
                self.fault(place, format!("`{value}` stands for two outcomes"));
            }
        }
    }

    // --- both

    fn source_name(&mut self, place: &Place<'_>, name: &str) -> Option<SourceName> {
        let parsed = SourceName::parse(name);
        if parsed.is_none() {
            self.fault(
                place,
                format!("found `{name}`, expected a name of lower-case letters, digits and `_`, at most {}", SourceName::MAX),
            );
        }
        parsed
    }

    fn at_most(&mut self, place: &Place<'_>, found: usize) {
        if found > MAX_SOURCES {
            self.fault(
                place,
                format!("found {found}, expected at most {MAX_SOURCES}"),
            );
        }
    }

    fn within(&mut self, place: &Place<'_>, found: u32, least: u32, most: u32) -> u32 {
        if !(least..=most).contains(&found) {
            self.fault(place, format!("found {found}, expected {least} to {most}"));
        }
        found
    }
}

/// What a source's request and condition are made of.
fn fields_of(source: &Source) -> Vec<&Field> {
    let when = source.when.iter().flat_map(Expression::fields);
    let http = source.http.iter().flat_map(|http| {
        let headers = http.headers.iter().flat_map(|(_, text)| text.fields());
        let body = http.body.iter().flat_map(RequestJson::fields);
        http.url.fields().chain(headers).chain(body)
    });
    when.chain(http).collect()
}

/// Whether a source says what a field holds.
fn gives(source: &Source, field: &Field) -> bool {
    match field {
        Field::Attribute(key) => source.claims.iter().any(|one| Key::of(&one.name) == *key),
        Field::Fact(key) => source.facts.iter().any(|one| one.name == key.as_str()),
        Field::Source(key) => source.name.as_str() == key.as_str(),
    }
}
