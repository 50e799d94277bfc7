//! A scenario file: one deployment, and sign-ups with what is expected of them.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt, ops::Range, path::Path, time::Duration};

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use toml::Spanned;

use crate::{
    clock,
    config::{self, Application, Tenant},
    model::{Attribute, AttributeType, Attributes, Person, Provider, Step, TenantKind, WireForm},
    scenario::{Expectations, Problem, ScenarioError, Verdict, base_url},
};

/// Everything that a file says, checked.
#[derive(Debug, Clone)]
pub struct ScenarioFile {
    pub target: TargetInFile,
    /// What the requests tell of the tenant.
    pub tenant: Tenant,
    pub sign_ups: Vec<Scenario>,
}

/// Which deployment is called, unless the command line names another one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetInFile {
    /// As [`base_url`] gives it.
    pub url: Option<String>,
    /// The user name of the API connectors.
    pub username: Option<String>,
    /// The simulator that signs tokens for extensions, as [`base_url`] gives it.
    pub simulator: Option<String>,
}

/// One sign-up.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub name: String,
    /// Where it starts in the file, from 1.
    pub line: usize,
    pub kind: TenantKind,
    /// As it stands in the URLs.
    pub user_flow: Option<String>,
    pub application: Application,
    pub person: Person,
    pub language: String,
    pub form: WireForm,
    pub time_out: Duration,
    /// What the attribute page has fields for: whatever the file names.
    pub collected: Vec<Attribute>,
    /// What the person types, by the names on the wire.
    pub attributes: Attributes,
    /// What the person types over it after each validation error.
    pub corrections: Vec<Attributes>,
    pub expect: Expectations,
}

impl ScenarioFile {
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => {
                Self::parse(&text).map_err(|problems| ScenarioError::Mistakes { file, problems })
            }
            Err(error) => Err(ScenarioError::Unreadable { file, error }),
        }
    }

    /// The same of a text: every mistake in it, or the first one if it is no TOML of this form.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let file: File =
            toml::from_str(text).map_err(|error| vec![Problem::of_toml(text, &error)])?;
        let mut check = Check {
            text,
            problems: Vec::new(),
            extensions_app_id: EXTENSIONS_APP_ID.to_owned(),
        };
        let checked = check.file(file);
        if check.problems.is_empty() {
            Ok(checked)
        } else {
            check.problems.sort_by_key(|one| (one.line, one.column));
            Err(check.problems)
        }
    }
}

/// The tenant and an application of `examples/local-entra.toml`, for files that name none.
const TENANT_ID: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const EXTENSIONS_APP_ID: &str = "00001111aaaa2222bbbb3333cccc4444";
const EXTENSION_AUDIENCE: &str = "a13d0fc1-04ab-4ede-b215-63de0174cbb4";
const APPLICATION: &str = "231c70e8-8424-48ac-9b5d-5623b9e4ccf3";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    #[serde(default)]
    target: TargetTable,
    #[serde(default)]
    sign_up: Vec<Spanned<SignUpTable>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct TargetTable {
    url: Option<Spanned<String>>,
    username: Option<Spanned<String>>,
    entra: Option<Spanned<String>>,
    tenant_id: Option<Spanned<String>>,
    extensions_app_id: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct SignUpTable {
    name: Spanned<String>,
    tenant: TenantKind,
    user_flow: Option<Spanned<String>>,
    application: Option<Spanned<String>>,
    provider: Spanned<Provider>,
    language: Option<String>,
    #[serde(default)]
    form: WireForm,
    time_out_ms: Option<Spanned<u64>>,
    person: Spanned<PersonTable>,
    #[serde(default)]
    attributes: Typed,
    #[serde(default)]
    correction: Vec<Typed>,
    #[serde(default)]
    expect: ExpectTable,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct PersonTable {
    email: Spanned<String>,
    subject: Option<String>,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    given_name: String,
    #[serde(default)]
    surname: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ExpectTable {
    after_federation: Option<Spanned<Verdict>>,
    before_creating_user: Option<Spanned<Verdict>>,
    before_token: Option<Spanned<Verdict>>,
    message: Option<String>,
    #[serde(default)]
    claims: BTreeMap<String, Spanned<ClaimValue>>,
}

/// Attributes as they are typed.
type Typed = BTreeMap<String, Spanned<AttributeValue>>;

/// The value of an attribute.
#[derive(Debug)]
struct AttributeValue(Value);

/// The value of a claim, which in a token may be a list.
#[derive(Debug)]
struct ClaimValue(Value);

impl<'de> Deserialize<'de> for AttributeValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(ValueVisitor { lists: false });
        value.map(Self)
    }
}

impl<'de> Deserialize<'de> for ClaimValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(ValueVisitor { lists: true });
        value.map(Self)
    }
}

struct ValueVisitor {
    lists: bool,
}

impl<'de> de::Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.lists {
            "a string, an integer, a boolean or a list of strings"
        } else {
            "a string, an integer or a boolean"
        })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_bool<E: de::Error>(self, answer: bool) -> Result<Value, E> {
        Ok(Value::from(answer))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        if !self.lists {
            return Err(de::Error::invalid_type(de::Unexpected::Seq, &self));
        }
        let mut values = Vec::new();
        while let Some(item) = items.next_element::<String>()? {
            values.push(Value::from(item));
        }
        Ok(Value::from(values))
    }
}

/// Collects the mistakes of a file.
struct Check<'t> {
    text: &'t str,
    problems: Vec<Problem>,
    /// Of the names of custom attributes.
    extensions_app_id: String,
}

impl Check<'_> {
    fn report(&mut self, place: &Range<usize>, problem: String) {
        let problem = Problem::at(self.text, place, problem);
        self.problems.push(problem);
    }

    /// A value that a rule accepts, perhaps in another spelling.
    fn accept<T, U: Default>(
        &mut self,
        value: Spanned<T>,
        rule: impl FnOnce(T) -> Result<U, String>,
    ) -> U {
        let place = value.span();
        rule(value.into_inner()).unwrap_or_else(|problem| {
            self.report(&place, problem);
            U::default()
        })
    }

    fn file(&mut self, file: File) -> ScenarioFile {
        let (target, tenant) = self.target(file.target);
        if file.sign_up.is_empty() {
            self.report(
                &(0..0),
                "found no [[sign-up]], expected at least one".to_owned(),
            );
        }
        let mut sign_ups: Vec<Scenario> = Vec::new();
        for sign_up in file.sign_up {
            let place = sign_up.span();
            let sign_up = self.sign_up(&place, sign_up.into_inner());
            if let Some(known) = sign_ups.iter().find(|known| known.name == sign_up.name) {
                let (name, line) = (&sign_up.name, known.line);
                let problem =
                    format!("name: found `{name}` as in line {line}, expected another one");
                self.report(&place, problem);
            }
            sign_ups.push(sign_up);
        }
        ScenarioFile {
            target,
            tenant,
            sign_ups,
        }
    }

    fn target(&mut self, target: TargetTable) -> (TargetInFile, Tenant) {
        let mut url = |url, setting: &str| {
            let rule = |url: String| {
                let url = base_url(&url).map(Some);
                url.map_err(|problem| format!("{setting}: {problem}"))
            };
            Option::and_then(url, |url| self.accept(url, rule))
        };
        let checked = TargetInFile {
            url: url(target.url, "url"),
            simulator: url(target.entra, "entra"),
            username: target.username.map(Spanned::into_inner),
        };
        let id = target.tenant_id.map(|id| {
            self.accept(id, |id| {
                config::is_guid(&id, "tenant-id")?;
                Ok(id)
            })
        });
        if let Some(id) = target.extensions_app_id {
            self.extensions_app_id = self.accept(id, app_id);
        }
        let tenant = Tenant {
            id: id.unwrap_or_else(|| TENANT_ID.to_owned()),
            name: "contoso".to_owned(),
            extensions_app_id: self.extensions_app_id.clone(),
            extension_audience: EXTENSION_AUDIENCE.to_owned(),
        };
        (checked, tenant)
    }

    fn sign_up(&mut self, place: &Range<usize>, table: SignUpTable) -> Scenario {
        let kind = table.tenant;
        let name = self.accept(table.name, |name| match name.trim() {
            "" => Err("name: found nothing, expected what the sign-up shows".to_owned()),
            name => Ok(name.to_owned()),
        });
        let provider = *table.provider.get_ref();
        self.provider(kind, table.provider);
        let application = table.application.map(|id| {
            self.accept(id, |id| {
                config::is_guid(&id, "application")?;
                Ok(id)
            })
        });
        let user_flow = table
            .user_flow
            .map(|name| self.accept(name, user_flow_name));
        let time_out = self.time_out(kind, table.time_out_ms);
        let person = self.person(provider, table.person);
        let mut collected = Vec::new();
        collect_names(&mut collected, &person);
        let attributes = self.typed(&mut collected, table.attributes);
        let corrections = table.correction.into_iter();
        let corrections = corrections
            .map(|typed| self.typed(&mut collected, typed))
            .collect();
        let expect = self.expectations(&mut collected, kind, provider, table.expect);
        Scenario {
            name,
            line: Problem::at(self.text, place, String::new()).line,
            kind,
            user_flow,
            application: Application {
                id: application.unwrap_or_else(|| APPLICATION.to_owned()),
                name: "Application".to_owned(),
                redirect_uris: Vec::new(),
                home_page: None,
                secret: None,
            },
            person,
            language: table.language.unwrap_or_else(|| "en-US".to_owned()),
            form: table.form,
            time_out,
            collected,
            attributes,
            corrections,
            expect,
        }
    }

    fn provider(&mut self, kind: TenantKind, provider: Spanned<Provider>) {
        let offered = config::providers_of(kind);
        self.accept(provider, |provider| {
            if offered.contains(&provider) {
                return Ok(());
            }
            let offered: Vec<_> = offered.iter().map(|one| one.key()).collect();
            let (found, kind, offered) = (provider.key(), kind.name(), offered.join(", "));
            Err(format!(
                "provider: found `{found}`, expected for {kind}: {offered}"
            ))
        });
    }

    fn time_out(&mut self, kind: TenantKind, chosen: Option<Spanned<u64>>) -> Duration {
        let Some(chosen) = chosen else {
            return config::time_out(kind, None).unwrap_or_default();
        };
        self.accept(chosen, |chosen| match chosen {
            0 => Err("time-out-ms: found 0, expected at least 1".to_owned()),
            chosen => config::time_out(kind, Some(chosen)),
        })
    }

    fn person(&mut self, provider: Provider, person: Spanned<PersonTable>) -> Person {
        let place = person.span();
        let person = person.into_inner();
        if person.subject.is_none() && provider.issuer().is_some() && !provider.proves_address() {
            let provider = provider.key();
            let problem = format!(
                "subject: found nothing, expected the person's id at {provider}, such as \"0123456789\" (\"\" sends none)"
            );
            self.report(&place, problem);
        }
        let email = self.accept(person.email, |email| {
            if email.is_empty() && provider.proves_address() {
                return Err("email: found nothing, expected the address that is proved".to_owned());
            }
            Ok(of_this_run(&email))
        });
        Person {
            provider,
            email,
            subject: of_this_run(&person.subject.unwrap_or_default()),
            display_name: person.display_name,
            given_name: person.given_name,
            surname: person.surname,
        }
    }

    /// The values under their names on the wire; the attribute page gets a field for each.
    fn typed(&mut self, collected: &mut Vec<Attribute>, typed: Typed) -> Attributes {
        let mut values = Attributes::new();
        for (key, value) in typed {
            let place = value.span();
            let AttributeValue(value) = value.into_inner();
            let attribute = self.attribute(&key);
            match attribute.and_then(|attribute| collect(collected, attribute, &value)) {
                Ok(name) => {
                    values.insert(name, value);
                }
                Err(problem) => self.report(&place, format!("{key}: {problem}")),
            }
        }
        values
    }

    /// The attribute that a key of the file means; its type follows from the values.
    fn attribute(&self, key: &str) -> Result<Attribute, String> {
        let is_word = |word: &str| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        let custom = key.strip_prefix("extension_");
        if !is_word(custom.unwrap_or(key)) || (custom.is_none() && key.contains('_')) {
            return Err(
                "expected a name as on the wire, such as jobTitle or extension_Name".to_owned(),
            );
        }
        if key.eq_ignore_ascii_case("email") {
            return Err("expected no address here, as it stands in [sign-up.person]".to_owned());
        }
        let name = match custom {
            Some(custom) if without_app_id(custom) == custom => {
                format!("extension_{}_{custom}", self.extensions_app_id)
            }
            _ => key.to_owned(),
        };
        let custom = custom.map(|custom| without_app_id(custom).to_owned());
        Ok(Attribute {
            label: custom.clone().unwrap_or_else(|| name.clone()),
            name,
            custom,
            value_type: AttributeType::String,
            required: false,
        })
    }

    fn expectations(
        &mut self,
        collected: &mut Vec<Attribute>,
        kind: TenantKind,
        provider: Provider,
        table: ExpectTable,
    ) -> Expectations {
        let mut steps = BTreeMap::new();
        for (step, verdict) in [
            (Step::AfterFederation, table.after_federation),
            (Step::BeforeCreatingUser, table.before_creating_user),
            (Step::BeforeToken, table.before_token),
        ] {
            let Some(verdict) = verdict else { continue };
            steps.insert(step, *verdict.get_ref());
            let possible = Verdict::possible(step, kind, provider);
            self.accept(verdict, |verdict| {
                if possible.contains(&verdict) {
                    return Ok(());
                }
                let possible: Vec<_> = possible.iter().map(|one| one.key()).collect();
                let (step, found) = (step.key(), verdict.key());
                let expected = possible.join(", ");
                Err(format!(
                    "{step}: found `{found}`, expected what can come of it: {expected}"
                ))
            });
        }
        Expectations {
            steps,
            message: table.message,
            claims: self.claims(collected, table.claims),
        }
    }

    /// A claim can only have an effect if the user flow has an attribute for it; a list only stands in a token.
    fn claims(
        &mut self,
        collected: &mut Vec<Attribute>,
        claims: BTreeMap<String, Spanned<ClaimValue>>,
    ) -> BTreeMap<String, Value> {
        let mut expected = BTreeMap::new();
        for (key, value) in claims {
            let place = value.span();
            let ClaimValue(value) = value.into_inner();
            if let Ok(attribute) = self.attribute(&key)
                && !value.is_array()
                && let Err(problem) = collect(collected, attribute, &value)
            {
                self.report(&place, format!("claims.{key}: {problem}"));
            }
            expected.insert(key, value);
        }
        expected
    }
}

/// The attribute page has a field for each name that the provider knows.
fn collect_names(collected: &mut Vec<Attribute>, person: &Person) {
    for (name, value) in [
        ("displayName", &person.display_name),
        ("givenName", &person.given_name),
        ("surname", &person.surname),
    ] {
        if !value.is_empty() {
            collected.push(Attribute {
                name: name.to_owned(),
                custom: None,
                label: name.to_owned(),
                value_type: AttributeType::String,
                required: false,
            });
        }
    }
}

/// Puts the attribute on the page, unless it is there; gives its name on the wire.
fn collect(
    collected: &mut Vec<Attribute>,
    attribute: Attribute,
    value: &Value,
) -> Result<String, String> {
    let value_type = match value {
        Value::Bool(_) => AttributeType::Boolean,
        Value::Number(_) => AttributeType::Integer,
        _ => AttributeType::String,
    };
    let known = collected
        .iter()
        .find(|known| known.is_called(&attribute.name));
    let Some(known) = known else {
        let name = attribute.name.clone();
        collected.push(Attribute {
            value_type,
            ..attribute
        });
        return Ok(name);
    };
    if known.value_type != value_type {
        let (found, expected) = (value_type.name(), known.value_type.name());
        return Err(format!(
            "found {found}, expected {expected} as elsewhere in this sign-up"
        ));
    }
    Ok(known.name.clone())
}

/// `SupplierNumber` of `<app id>_SupplierNumber`, and of itself.
fn without_app_id(custom: &str) -> &str {
    match custom.split_once('_') {
        Some((app, name)) if app_id(app.to_owned()).is_ok() && !name.is_empty() => name,
        _ => custom,
    }
}

fn app_id(text: String) -> Result<String, String> {
    let hex = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f');
    if text.len() == 32 && text.chars().all(hex) {
        return Ok(text);
    }
    Err(format!(
        "extensions-app-id: found `{text}`, expected 32 digits and letters a to f: the application id without dashes"
    ))
}

fn user_flow_name(name: String) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=64).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(name);
    }
    Err(format!(
        "user-flow: found `{name}`, expected 1 to 64 letters, digits, `-` and `_`: the name in the connector's URL"
    ))
}

/// What people have whom nothing may be known of yet: each reading of a file replaces it with a text of its own.
const RUN: &str = "{run}";

fn of_this_run(text: &str) -> String {
    if !text.contains(RUN) {
        return text.to_owned();
    }
    text.replace(RUN, &clock::now().as_microsecond().to_string())
}
