//! What a policy asks other systems before it decides, and what it makes of their answers.
//!
//! [`Policy::looked_up`] says what to read from the table, [`Policy::asks`] whom to ask over the network, [`Source::read`] takes
//! the claims out of an answer, and [`Found`] carries all of it into the decision. The sequence is the use case's
//! ([`crate::app`]).

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Circumstances, Policy,
    document::{Auth, HttpMethod, SourceKind, ValueType},
    expression::{Expression, Scope},
    prepared::{as_json, as_millis},
    request::{Filling, RequestJson, RequestText, header_value, percent_encoded},
    values::{Key, Values},
};
use crate::domain::{
    attribute::{AttributeName, AttributeValue, ClaimValue, Claims},
    code::{CodeDigest, InvitationCode, Unusable},
    decision::BlockReason,
    directory::{ClaimsSubject, DirectoryRecord},
    list::Effect,
    look_up::LookedUp,
    person::PersonKey,
    policy::OnUnavailable,
    sign_up::Step,
    source::{AnswerKey, Extract, SourceName, SourceOutcome},
    value_set::{Member, SetName, SetValue},
};

/// Most octets of all claims of a token, names and values together (PROTOCOL 5.6).
pub const MAX_TOKEN_CLAIMS: usize = 3 * 1024;

/// Most characters of a custom attribute that the directory keeps (PROTOCOL 1.3), and of any other claim.
const MAX_CUSTOM: usize = 250;
const MAX_CLAIM: usize = 1000;

/// What was found out about a sign-up before it is decided.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Only of sources that were asked.
    pub answers: BTreeMap<SourceName, Answer>,
    pub members: Vec<Member>,
    pub codes: Vec<InvitationCode>,
    pub redeemed: Vec<CodeDigest>,
}

/// For whoever decides without asking anybody.
pub static NOTHING: Found = Found::nothing();

impl Found {
    const fn nothing() -> Self {
        Self {
            answers: BTreeMap::new(),
            members: Vec::new(),
            codes: Vec::new(),
            redeemed: Vec::new(),
        }
    }
}

/// How asking one source ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub outcome: SourceOutcome,
    pub extract: Extract,
}

/// A compiled source.
#[derive(Debug, Serialize, Deserialize)]
pub struct Source {
    pub name: SourceName,
    pub(super) kind: SourceKind,
    pub(super) steps: Vec<Step>,
    pub(super) when: Option<Expression>,
    pub(super) precedence: i32,
    pub(super) http: Option<HttpSource>,
    #[serde(with = "as_millis")]
    pub budget: Duration,
    /// How long an answer stands.
    pub cache: Option<Duration>,
    pub(super) found: Option<String>,
    pub(super) on_absent: OnUnavailable,
    pub(super) on_slow: OnUnavailable,
    pub(super) on_failed: OnUnavailable,
    pub(super) claims: Vec<Mapping>,
    pub(super) facts: Vec<Mapping>,
    /// Everything that makes an answer another one.
    #[serde(with = "serde_bytes")]
    pub(super) fingerprint: Vec<u8>,
    /// Sources of lower levels are asked before: this one is made of what they say.
    pub(super) level: u8,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HttpSource {
    pub(super) method: HttpMethod,
    pub(super) url: RequestText,
    pub(super) headers: Vec<(String, RequestText)>,
    #[serde(with = "as_json")]
    pub(super) body: Option<RequestJson>,
    #[serde(with = "as_json")]
    pub(super) auth: Option<Auth>,
    pub(super) client_certificate: Option<String>,
}

/// From a place in an answer to a claim or a fact.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Mapping {
    pub(super) name: String,
    /// A JSON Pointer, or the name in the directory.
    pub(super) from: String,
    /// What the attribute takes; anything where the policy does not declare it.
    pub(super) value_type: Option<ValueType>,
    /// In characters.
    pub(super) longest: usize,
}

impl Mapping {
    pub(super) fn longest(name: &AttributeName, declared: Option<u32>) -> usize {
        let most = if name.is_custom() {
            MAX_CUSTOM
        } else {
            MAX_CLAIM
        };
        declared.map_or(most, |declared| most.min(declared as usize))
    }
}

/// One request to one source.
#[derive(Debug)]
pub struct Ask<'p> {
    pub source: &'p Source,
    /// `None` for the directory, which is in the table.
    pub request: Option<Request<'p>>,
}

/// A filled request. Its values are personal data.
#[derive(Clone, PartialEq)]
pub struct Request<'p> {
    pub method: HttpMethod,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Value>,
    pub auth: Option<&'p Auth>,
    pub client_certificate: Option<&'p str>,
    /// What its answer is kept under.
    pub key: AnswerKey,
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// A claim that was left out, and why; never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    pub source: SourceName,
    pub claim: String,
    pub why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Type,
    TooLong,
    /// Not UTF-8, or control characters.
    Characters,
    /// Nothing in the policy takes it.
    Unknown,
}

impl Why {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::TooLong => "too-long",
            Self::Characters => "characters",
            Self::Unknown => "unknown",
        }
    }
}

/// What an answer holds for this policy.
#[derive(Debug, Default)]
pub struct Read {
    pub found: bool,
    pub extract: Extract,
    pub dropped: Vec<Dropped>,
}

impl Source {
    /// Takes the claims out of the body of an answer. `None` when it is no JSON.
    pub fn read(&self, body: &[u8]) -> Option<Read> {
        // One claim that is not UTF-8 does not cost the others.
        let text = String::from_utf8_lossy(body);
        let json: Value = serde_json::from_str(&text).ok()?;
        let found = self.found.as_ref();
        if found.is_some_and(|found| is_nothing(json.pointer(found))) {
            return Some(Read::default());
        }
        let mut read = Read {
            found: true,
            ..Read::default()
        };
        self.take(&mut read, |from| json.pointer(from).and_then(claim_of));
        Some(read)
    }

    /// The same of the directory: the claims of the nearest record win.
    pub fn read_records(&self, records: &[DirectoryRecord]) -> Read {
        let mut nearest: Vec<&DirectoryRecord> = records.iter().collect();
        nearest.sort_by_key(|record| record.subject.precedence());
        let mut claims: BTreeMap<&str, &ClaimValue> = BTreeMap::new();
        for record in &nearest {
            claims.extend(
                record
                    .claims
                    .iter()
                    .map(|(name, claim)| (name.as_str(), claim)),
            );
        }
        let mut read = Read {
            found: !records.is_empty(),
            ..Read::default()
        };
        self.take(&mut read, |from| {
            claims.get(from).map(|claim| Ok((*claim).clone()))
        });
        let taken = |name: &str| {
            let mut mappings = self.claims.iter().chain(&self.facts);
            mappings.any(|mapping| mapping.from == name)
        };
        let unknown = claims.keys().filter(|name| !taken(name));
        let unknown: Vec<String> = unknown.map(|name| (*name).to_owned()).collect();
        for name in unknown {
            read.dropped.push(self.dropped(&name, Why::Unknown));
        }
        read
    }

    /// What happens when asking ended like this.
    pub const fn on(&self, outcome: SourceOutcome) -> OnUnavailable {
        match outcome {
            SourceOutcome::Found => OnUnavailable::Continue,
            SourceOutcome::Absent => self.on_absent,
            SourceOutcome::Slow => self.on_slow,
            SourceOutcome::Failed => self.on_failed,
        }
    }

    /// The names of the secrets that it needs.
    fn secrets(&self) -> Vec<&str> {
        let http = self.http.as_ref();
        let auth = http.and_then(|http| http.auth.as_ref()).map(secret_of);
        let certificate = http.and_then(|http| http.client_certificate.as_deref());
        auth.into_iter().chain(certificate).collect()
    }

    fn take(&self, read: &mut Read, value: impl Fn(&str) -> Option<Result<ClaimValue, Why>>) {
        for (mappings, facts) in [(&self.claims, false), (&self.facts, true)] {
            for mapping in mappings {
                match value(&mapping.from)
                    .map(|claim| claim.and_then(|one| mapping.fits(one, facts)))
                {
                    None => {}
                    Some(Ok(claim)) if facts => {
                        read.extract.facts.insert(mapping.name.clone(), claim);
                    }
                    Some(Ok(claim)) => {
                        read.extract.claims.insert(mapping.name.clone(), claim);
                    }
                    Some(Err(why)) => read.dropped.push(self.dropped(&mapping.name, why)),
                }
            }
        }
    }

    fn dropped(&self, claim: &str, why: Why) -> Dropped {
        Dropped {
            source: self.name.clone(),
            claim: claim.to_owned(),
            why,
        }
    }

    fn request<'p>(&'p self, filling: Filling<'_>) -> Option<Request<'p>> {
        let http = self.http.as_ref()?;
        let url = http.url.fill(filling, percent_encoded)?;
        let headers = http.headers.iter().map(|(name, text)| {
            let value = text.fill(filling, header_value)?;
            Some((name.clone(), value))
        });
        let headers = headers.collect::<Option<Vec<_>>>()?;
        let body = http.body.as_ref().map(|body| body.fill(filling));
        let body = body.unwrap_or_default();
        let posted = body.as_ref().map(Value::to_string).unwrap_or_default();
        let mut parts = vec![
            self.fingerprint.as_slice(),
            url.as_bytes(),
            posted.as_bytes(),
        ];
        parts.extend(headers.iter().map(|(_, value)| value.as_bytes()));
        let key = AnswerKey::of(&parts);
        Some(Request {
            method: http.method,
            url,
            body,
            auth: http.auth.as_ref(),
            client_certificate: http.client_certificate.as_deref(),
            key,
            headers,
        })
    }
}

impl Mapping {
    /// A claim of another type or too long a one is as if it were not there.
    fn fits(&self, claim: ClaimValue, is_fact: bool) -> Result<ClaimValue, Why> {
        let texts = match &claim {
            ClaimValue::One(AttributeValue::Text(text)) => std::slice::from_ref(text),
            ClaimValue::One(_) => &[],
            ClaimValue::Many(texts) => texts.as_slice(),
        };
        let is_bad = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
        if texts.iter().any(|text| text.chars().any(is_bad)) {
            return Err(Why::Characters);
        }
        if texts.iter().map(|text| text.chars().count()).sum::<usize>() > self.longest {
            return Err(Why::TooLong);
        }
        let fits = match (&claim, self.value_type) {
            (ClaimValue::One(AttributeValue::Text(_)), Some(wanted)) => wanted == ValueType::Text,
            (ClaimValue::One(AttributeValue::Number(_)), Some(wanted)) => {
                wanted == ValueType::Integer
            }
            (ClaimValue::One(AttributeValue::Flag(_)), Some(wanted)) => {
                wanted == ValueType::Boolean
            }
            (ClaimValue::One(_), None) => true,
            (ClaimValue::Many(_), wanted) => {
                !is_fact && wanted.is_none_or(|wanted| wanted == ValueType::Text)
            }
        };
        fits.then_some(claim).ok_or(Why::Type)
    }
}

pub(super) fn secret_of(auth: &Auth) -> &str {
    match auth {
        Auth::ApiKey { secret, .. } | Auth::Basic { secret } | Auth::Oauth2 { secret, .. } => {
            secret
        }
    }
}

fn is_nothing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::Array(values)) => values.is_empty(),
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    }
}

/// A value of an answer as a claim. Nothing for `null` and `""`.
fn claim_of(value: &Value) -> Option<Result<ClaimValue, Why>> {
    let one = |value| Some(Ok(ClaimValue::One(value)));
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => one(AttributeValue::Text(text.clone())),
        Value::Bool(flag) => one(AttributeValue::Flag(*flag)),
        Value::Number(number) => Some(
            number
                .as_i64()
                .map(|number| ClaimValue::One(AttributeValue::Number(number)))
                .ok_or(Why::Type),
        ),
        Value::Array(values) => {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            let texts: Option<Vec<String>> = texts.collect();
            Some(texts.map(ClaimValue::Many).ok_or(Why::Type))
        }
        Value::Object(_) => Some(Err(Why::Type)),
    }
}

impl Policy {
    /// What to read from the table for this sign-up, beside its lists.
    pub fn looked_up(&self, circumstances: Circumstances<'_>) -> LookedUp {
        let mut wanted = LookedUp::default();
        if !self.looks_up_anything() {
            return wanted;
        }
        let sign_up = circumstances.sign_up;
        let step = sign_up.step;
        let values = self.values(circumstances);
        for source in self.sources.iter().filter(|one| one.steps.contains(&step)) {
            match source.kind {
                SourceKind::Directory => wanted.subjects = ClaimsSubject::of(sign_up),
                SourceKind::Http => wanted.breakers.push(source.name.clone()),
            }
        }
        let asks = self.asks(0, circumstances).into_iter();
        let kept = asks.filter(|ask| ask.source.cache.is_some());
        wanted.answers = kept
            .filter_map(|ask| ask.request.map(|request| request.key))
            .collect();
        if step == Step::BeforeCreatingUser {
            let verifications = self.verifications.iter();
            let verifications = verifications.map(|one| one.name.clone());
            wanted.breakers.extend(verifications);
            wanted.values = self.values_in_sets(&values);
            let code = self.invitation(circumstances);
            wanted.codes = code.map(|(digest, _)| digest).into_iter().collect();
            wanted.person = PersonKey::of(sign_up).filter(|_| !wanted.codes.is_empty());
        }
        wanted
    }

    /// Most policies need the lists alone, and nothing is prepared for them.
    fn looks_up_anything(&self) -> bool {
        let mut attributes = self.attributes.iter();
        !self.sources.is_empty()
            || !self.verifications.is_empty()
            || attributes.any(|attribute| attribute.in_set.is_some() || attribute.invitation)
    }

    /// How many times sources are asked one after another.
    pub fn levels(&self) -> usize {
        let levels = self
            .sources
            .iter()
            .map(|source| usize::from(source.level) + 1);
        levels.max().unwrap_or_default()
    }

    /// Whom to ask on a level, with what the levels before have found. A source is asked when this is one of its steps, its
    /// condition holds, and every value is there that its request needs.
    pub fn asks(&self, level: usize, circumstances: Circumstances<'_>) -> Vec<Ask<'_>> {
        let step = circumstances.sign_up.step;
        let mut asked = self
            .sources
            .iter()
            .filter(|source| usize::from(source.level) == level && source.steps.contains(&step))
            .peekable();
        if asked.peek().is_none() {
            return Vec::new();
        }
        self.with_scope(circumstances, |scope, values| {
            let filling = self.filling(circumstances, values);
            asked
                .filter(|source| applies(source.when.as_ref(), scope))
                .filter_map(|source| match source.kind {
                    SourceKind::Directory => Some(Ask {
                        source,
                        request: None,
                    }),
                    SourceKind::Http => Some(Ask {
                        source,
                        request: Some(source.request(filling)?),
                    }),
                })
                .collect()
        })
    }

    /// Whether a list alone keeps this person out, so that nobody needs to be asked.
    pub fn is_denied_by_a_list(&self, circumstances: Circumstances<'_>) -> bool {
        let (effect, entry) = self.lists_policy().verdict(
            circumstances.sign_up,
            circumstances.entries,
            circumstances.now,
        );
        let overruled = self.rules.iter().any(|rule| rule.before_lists);
        entry.is_some() && effect == Effect::Deny && !overruled
    }

    /// The secrets that it names, each with the source or verification that needs it.
    pub fn secrets(&self) -> impl Iterator<Item = (&SourceName, &str)> {
        let of_sources = self.sources.iter();
        let of_sources =
            of_sources.flat_map(|one| one.secrets().into_iter().map(|secret| (&one.name, secret)));
        let of_verifications = self.verifications.iter();
        of_sources.chain(
            of_verifications
                .flat_map(|one| one.secrets().into_iter().map(|secret| (&one.name, secret))),
        )
    }

    pub(super) fn filling<'f>(
        &self,
        circumstances: Circumstances<'f>,
        values: &'f Values,
    ) -> Filling<'f> {
        Filling {
            sign_up: circumstances.sign_up,
            values,
            user_flow: circumstances.user_flow,
            language: self.language_of(circumstances.sign_up),
        }
    }

    /// The strictest thing that the outcomes of sources ask for, and by which source. Not at the token step: nobody is kept out
    /// there.
    pub(super) fn source_verdict(&self, found: &Found, step: Step) -> Option<SourceVerdict> {
        if step == Step::BeforeToken {
            return None;
        }
        let verdicts = self.sources.iter().filter_map(|source| {
            let outcome = found.answers.get(&source.name)?.outcome;
            let reason = match (source.on(outcome), outcome) {
                (OnUnavailable::Continue, _) => return None,
                (OnUnavailable::Review, _) => BlockReason::PendingReview,
                (OnUnavailable::Block, SourceOutcome::Absent) => BlockReason::NotAllowed,
                (OnUnavailable::Block, _) => BlockReason::Unavailable,
            };
            Some(SourceVerdict {
                reason,
                source: source.name.clone(),
            })
        });
        verdicts.max_by_key(|verdict| verdict.reason != BlockReason::PendingReview)
    }

    /// Puts in what was found out.
    pub(super) fn add_found(&self, values: &mut Values, circumstances: Circumstances<'_>) {
        for (name, answer) in &circumstances.found.answers {
            values.set_source(name, answer.outcome);
            for (fact, value) in &answer.extract.facts {
                if let ClaimValue::One(value) = value {
                    values.set_fact(fact, value.clone());
                }
            }
        }
        if circumstances.sign_up.step == Step::BeforeToken {
            return;
        }
        for (name, claim) in self.claims(circumstances) {
            let ClaimValue::One(value) = claim else {
                continue;
            };
            let key = Key::of(name.as_str());
            // Entra takes no value of another type than its own.
            if values.get(&key).is_none_or(|typed| typed.is_like(&value)) {
                values.set(&key, &name, value);
            }
        }
    }

    /// The claims of all sources and of the invitation code, each once.
    pub(super) fn claims(&self, circumstances: Circumstances<'_>) -> Claims {
        let mut claims: Claims = Vec::new();
        let mut put = |name: AttributeName, claim: ClaimValue| {
            let key = Key::of(name.as_str());
            claims.retain(|(known, _)| Key::of(known.as_str()) != key);
            claims.push((name, claim));
        };
        let mut sources: Vec<&Source> = self.sources.iter().collect();
        sources.sort_by_key(|source| source.precedence);
        for source in sources {
            let Some(answer) = circumstances.found.answers.get(&source.name) else {
                continue;
            };
            for (name, claim) in &answer.extract.claims {
                let name = if circumstances.sign_up.step == Step::BeforeToken {
                    AttributeName::new(name)
                } else {
                    self.wire_name(name)
                };
                if let Some(name) = name {
                    put(name, claim.clone());
                }
            }
        }
        if circumstances.sign_up.step == Step::BeforeCreatingUser {
            let code = self.invitation(circumstances);
            let code = code.and_then(|(digest, _)| usable(&digest, circumstances).ok());
            for (name, claim) in code.map(|code| &code.claims).into_iter().flatten() {
                if let Some(name) = self.wire_name(name) {
                    put(name, claim.clone());
                }
            }
        }
        claims
    }

    /// The attribute that takes an invitation code, and the code in it.
    pub fn invitation(&self, circumstances: Circumstances<'_>) -> Option<(CodeDigest, Key)> {
        if circumstances.sign_up.step != Step::BeforeCreatingUser {
            return None;
        }
        let attribute = self.attributes.iter().find(|one| one.invitation)?;
        let typed = Values::of(circumstances.sign_up);
        let digest = CodeDigest::of(typed.text(&attribute.key)?)?;
        Some((digest, attribute.key.clone()))
    }

    fn values_in_sets(&self, values: &Values) -> Vec<(SetName, SetValue)> {
        let of_sets = self.attributes.iter().filter_map(|attribute| {
            let set = attribute.in_set.clone()?;
            Some((set, SetValue::parse(values.text(&attribute.key)?)?))
        });
        of_sets.collect()
    }
}

/// As many claims as a token takes, the first ones, and the names of the others (PROTOCOL 5.6). Those of the highest precedence
/// stand last, and are the first to be kept.
pub(super) fn fit(claims: Claims) -> (Claims, Vec<String>) {
    let mut room = MAX_TOKEN_CLAIMS;
    let mut left_out = Vec::new();
    let mut kept: Claims = Vec::new();
    for (name, claim) in claims.into_iter().rev() {
        let octets = name.as_str().len() + octets(&claim);
        if octets <= room {
            room -= octets;
            kept.push((name, claim));
        } else {
            left_out.push(name.as_str().to_owned());
        }
    }
    kept.reverse();
    (kept, left_out)
}

fn octets(claim: &ClaimValue) -> usize {
    match claim {
        ClaimValue::One(value) => super::template::text(value).len(),
        ClaimValue::Many(texts) => texts.iter().map(String::len).sum(),
    }
}

/// Whether a condition lets somebody be asked. In doubt it does.
pub(super) fn applies(when: Option<&Expression>, scope: &Scope<'_>) -> bool {
    when.is_none_or(|when| when.holds(scope).unwrap_or(true))
}

/// What an outcome of a source does to a sign-up.
pub(super) struct SourceVerdict {
    pub(super) reason: BlockReason,
    pub(super) source: SourceName,
}

/// The code, when this person may use it.
pub(super) fn usable<'c>(
    digest: &CodeDigest,
    circumstances: Circumstances<'c>,
) -> Result<&'c InvitationCode, Unusable> {
    let found = circumstances.found;
    let code = found.codes.iter().find(|code| code.digest == *digest);
    let code = code.ok_or(Unusable::Unknown)?;
    let redeemed = found.redeemed.contains(digest);
    code.usable(circumstances.sign_up, redeemed, circumstances.now)?;
    Ok(code)
}

/// Whether a value is in a set now.
pub(super) fn is_member(found: &Found, set: &SetName, text: &str, now: jiff::Timestamp) -> bool {
    let Some(value) = SetValue::parse(text) else {
        return false;
    };
    found
        .members
        .iter()
        .any(|member| member.set == *set && member.value == value && member.is_active(now))
}
