//! Every setting, its default and its bounds.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Deserialize;

use super::env::Environment;
use crate::{
    adapters::{
        dynamodb::Connection,
        private_hosts::PrivateHosts,
        secrets::{SecretsSettings, is_name},
    },
    domain::{
        caller::{CertificateRule, EntraTrust},
        event::RecordTerms,
        language::Language,
        list::{Effect, ListName},
        policy::{FlowPolicy, OnUnavailable, Policies, UserFlow},
    },
    http::{Budgets, Trust},
};

/// Whether a text can be the name of a personal field.
pub fn is_field(name: &str) -> bool {
    let is_known = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_';
    (1..=128).contains(&name.len()) && name.bytes().all(is_known)
}

/// As long as the audit is kept.
const MOST_EVENT_DAYS: u16 = 400;

/// Every setting of the functions, for the documentation's test. The last ones are set by Lambda.
pub const NAMES: &[&str] = &[
    "TABLE_NAME",
    "DEFAULT_EFFECT",
    "ON_UNAVAILABLE",
    "USER_FLOWS",
    "DEFAULT_LANGUAGE",
    "CONNECTOR_DEADLINE_MS",
    "EXTENSION_DEADLINE_MS",
    "API_VERSION",
    "EVENT_DAYS",
    "EVENT_FIELDS",
    "CLIENT_CERTIFICATES",
    "ENTRA_TENANT_ID",
    "ENTRA_TENANT_DOMAIN",
    "ENTRA_AUDIENCES",
    "ENTRA_ISSUERS",
    "ENTRA_CALLER_APP_ID",
    "PRIVATE_HOSTS",
    "SECRETS_PREFIX",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];

/// Microsoft's authentication events service (PROTOCOL 5.10).
const ENTRA_CALLER_APP_ID: &str = "99045fe1-7639-4a75-9d4a-577b6ca3810f";

/// One bad setting: its name, what was found, what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub setting: &'static str,
    pub found: String,
    pub expected: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: found {}, expected {}",
            self.setting, self.found, self.expected
        )
    }
}

/// The settings of a function.
#[derive(Debug)]
pub struct Settings {
    pub table_name: String,
    pub connection: Connection,
    pub policies: Policies,
    pub default_language: Language,
    pub budgets: Budgets,
    pub api_version: String,
    pub trust: Trust,
    pub private_hosts: PrivateHosts,
    pub secrets: SecretsSettings,
    /// How decisions are recorded; `None` where they are not.
    pub records: Option<RecordTerms>,
}

impl Settings {
    /// Reads every setting, and tells every problem.
    pub fn read(environment: &(impl Environment + ?Sized)) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader {
            environment,
            problems: Vec::new(),
        };
        let settings = reader.settings();
        if reader.problems.is_empty() {
            Ok(settings)
        } else {
            Err(reader.problems)
        }
    }
}

/// The issuers whose tokens the functions accept, for the tool that fetches their keys. Empty when no
/// tenant is set.
pub fn entra_issuers(
    environment: &(impl Environment + ?Sized),
) -> Result<Vec<String>, Vec<Problem>> {
    let mut reader = Reader {
        environment,
        problems: Vec::new(),
    };
    let issuers = match reader.tenant_id() {
        Some(tenant_id) => reader.issuers(&tenant_id),
        None => Vec::new(),
    };
    if reader.problems.is_empty() {
        Ok(issuers)
    } else {
        Err(reader.problems)
    }
}

pub(super) struct Reader<'e, E: ?Sized> {
    pub(super) environment: &'e E,
    pub(super) problems: Vec<Problem>,
}

impl<E: Environment + ?Sized> Reader<'_, E> {
    fn settings(&mut self) -> Settings {
        let connection = self.connection("AWS_ENDPOINT_URL_DYNAMODB");
        Settings {
            table_name: self.required("TABLE_NAME", "the name of the DynamoDB table"),
            secrets: self.secrets(&connection),
            connection,
            policies: self.policies(),
            default_language: self.default_language(),
            budgets: Budgets {
                connector: self.milliseconds("CONNECTOR_DEADLINE_MS", 2000, 200, 4500),
                extension: self.milliseconds("EXTENSION_DEADLINE_MS", 800, 100, 1800),
            },
            api_version: self.api_version(),
            trust: Trust {
                certificates: self.certificates(),
                entra: self.entra(),
            },
            private_hosts: self.private_hosts(),
            records: self.records(),
        }
    }

    fn records(&mut self) -> Option<RecordTerms> {
        let days = self.days("EVENT_DAYS", 90, MOST_EVENT_DAYS);
        let fields = self.list("EVENT_FIELDS");
        for field in fields.iter().filter(|field| !is_field(field)) {
            let expected = "`email`, `identities`, or names of attributes, separated by commas";
            self.problem("EVENT_FIELDS", field, expected);
        }
        (days > 0).then_some(RecordTerms { days, fields })
    }

    fn days(&mut self, name: &'static str, default: u16, most: u16) -> u16 {
        let Some(text) = self.environment.get(name) else {
            return default;
        };
        let days = text.trim().parse().ok();
        days.filter(|days| *days <= most).unwrap_or_else(|| {
            self.problem(name, &text, &format!("days from 0 to {most}"));
            default
        })
    }

    /// `endpoint` is the setting with the URL of a service that is not AWS's own.
    pub(super) fn connection(&mut self, endpoint: &'static str) -> Connection {
        Connection {
            region: self.required("AWS_REGION", "an AWS region; Lambda sets it"),
            endpoint: self.endpoint(endpoint),
            access_key_id: self.secret("AWS_ACCESS_KEY_ID"),
            secret_access_key: self.secret("AWS_SECRET_ACCESS_KEY"),
            session_token: self.environment.get("AWS_SESSION_TOKEN"),
        }
    }

    /// The table's connection, but for the endpoint.
    fn secrets(&mut self, connection: &Connection) -> SecretsSettings {
        SecretsSettings {
            connection: Connection {
                endpoint: self.endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
                ..connection.clone()
            },
            prefix: self.secrets_prefix(),
        }
    }

    fn secrets_prefix(&mut self) -> String {
        let Some(prefix) = self.environment.get("SECRETS_PREFIX") else {
            return "signup-connectors".to_owned();
        };
        if !is_name(&prefix) || prefix.ends_with('/') {
            let expected = "letters, digits and `/_+=.@-`, at most 128, without a slash at the end";
            self.problem("SECRETS_PREFIX", &prefix, expected);
        }
        prefix
    }

    fn endpoint(&mut self, name: &'static str) -> Option<String> {
        let endpoint = self.environment.get(name);
        if let Some(url) = &endpoint
            && !url.starts_with("https://")
            && !url.starts_with("http://")
        {
            self.problem(name, url, "a URL, or nothing for AWS itself");
        }
        endpoint
    }

    fn private_hosts(&mut self) -> PrivateHosts {
        PrivateHosts::parse(&self.list("PRIVATE_HOSTS")).unwrap_or_else(|host| {
            let expected =
                "hosts such as `crm.contoso.com` or `10.0.0.7:8443`, separated by commas";
            self.problem("PRIVATE_HOSTS", &host, expected);
            PrivateHosts::default()
        })
    }

    fn policies(&mut self) -> Policies {
        let default = FlowPolicy {
            default: self.default_effect(),
            lists: None,
            on_unavailable: self.on_unavailable(),
        };
        let flows = self.user_flows(&default);
        Policies { default, flows }
    }

    fn default_effect(&mut self) -> Effect {
        let Some(text) = self.environment.get("DEFAULT_EFFECT") else {
            return Effect::Allow;
        };
        Effect::parse(&text).unwrap_or_else(|| {
            self.problem("DEFAULT_EFFECT", &text, "`allow`, `deny` or `review`");
            Effect::Deny
        })
    }

    fn on_unavailable(&mut self) -> OnUnavailable {
        let Some(text) = self.environment.get("ON_UNAVAILABLE") else {
            return OnUnavailable::Block;
        };
        match text.as_str() {
            "block" => OnUnavailable::Block,
            "continue" => OnUnavailable::Continue,
            "review" => OnUnavailable::Review,
            _ => {
                self.problem("ON_UNAVAILABLE", &text, "`block`, `continue` or `review`");
                OnUnavailable::Block
            }
        }
    }

    fn user_flows(&mut self, default: &FlowPolicy) -> BTreeMap<UserFlow, FlowPolicy> {
        const FORM: &str = "a JSON object such as {\"partners\":{\"default\":\"deny\",\"lists\":[\"partners\"],\
                            \"on_unavailable\":\"review\"}}";
        let Some(text) = self.environment.get("USER_FLOWS") else {
            return BTreeMap::new();
        };
        let mut reader = serde_json::Deserializer::from_str(&text);
        let flows: BTreeMap<String, FlowSettings> =
            match serde_path_to_error::deserialize(&mut reader) {
                Ok(flows) => flows,
                Err(error) => {
                    self.problem("USER_FLOWS", &error.to_string(), FORM);
                    return BTreeMap::new();
                }
            };
        let mut read = BTreeMap::new();
        for (name, flow) in flows {
            let Some(user_flow) = UserFlow::parse(&name) else {
                let expected = "user flow names of letters, digits, `_` and `-`, at most 64";
                self.problem("USER_FLOWS", &name, expected);
                continue;
            };
            let lists = flow.lists.map(|lists| self.list_names(lists));
            let policy = FlowPolicy {
                default: flow.default.unwrap_or(default.default),
                lists,
                on_unavailable: flow.on_unavailable.unwrap_or(default.on_unavailable),
            };
            read.insert(user_flow, policy);
        }
        read
    }

    fn list_names(&mut self, names: Vec<String>) -> Vec<ListName> {
        let mut lists = Vec::new();
        for name in names {
            match ListName::parse(&name) {
                Some(list) => lists.push(list),
                None => self.problem(
                    "USER_FLOWS",
                    &name,
                    "list names of letters, digits, `-`, `_` and `.`, at most 64",
                ),
            }
        }
        lists
    }

    fn default_language(&mut self) -> Language {
        let Some(tag) = self.environment.get("DEFAULT_LANGUAGE") else {
            return Language::English;
        };
        Language::from_tag(&tag).unwrap_or_else(|| {
            let tags: Vec<&str> = Language::ALL
                .iter()
                .map(|language| language.tag())
                .collect();
            self.problem(
                "DEFAULT_LANGUAGE",
                &tag,
                &format!("one of {}", tags.join(", ")),
            );
            Language::English
        })
    }

    fn milliseconds(
        &mut self,
        name: &'static str,
        default: u64,
        least: u64,
        most: u64,
    ) -> Duration {
        let Some(text) = self.environment.get(name) else {
            return Duration::from_millis(default);
        };
        match text.trim().parse() {
            Ok(value) if (least..=most).contains(&value) => Duration::from_millis(value),
            _ => {
                self.problem(
                    name,
                    &text,
                    &format!("milliseconds between {least} and {most}"),
                );
                Duration::from_millis(default)
            }
        }
    }

    fn api_version(&mut self) -> String {
        let Some(version) = self.environment.get("API_VERSION") else {
            return "1.0.0".to_owned();
        };
        let parts: Vec<&str> = version.split('.').collect();
        let number =
            |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if parts.len() != 3 || !parts.iter().all(number) {
            self.problem("API_VERSION", &version, "three numbers such as `1.0.0`");
        }
        version
    }

    fn certificates(&mut self) -> Vec<CertificateRule> {
        let Some(text) = self.environment.get("CLIENT_CERTIFICATES") else {
            return Vec::new();
        };
        let mut rules = Vec::new();
        for entry in text
            .split([';', '\n'])
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            match certificate_rule(entry) {
                Some(rule) => rules.push(rule),
                None => self.problem(
                    "CLIENT_CERTIFICATES",
                    entry,
                    "`thumbprint=` and 40 or 64 hexadecimal digits, or `subject=…|issuer=…`; \
                     entries separated by `;`",
                ),
            }
        }
        rules
    }

    fn entra(&mut self) -> Option<EntraTrust> {
        let tenant_id = self.tenant_id()?;
        let audiences = self.list("ENTRA_AUDIENCES");
        if audiences.is_empty() {
            let expected = "the client id of the extension's app registration, and its App ID URI";
            self.problem("ENTRA_AUDIENCES", "nothing", expected);
        }
        let issuers = self.issuers(&tenant_id);
        let caller_app_id = self
            .environment
            .get("ENTRA_CALLER_APP_ID")
            .unwrap_or_else(|| ENTRA_CALLER_APP_ID.to_owned());
        if !is_guid(&caller_app_id) {
            self.problem("ENTRA_CALLER_APP_ID", &caller_app_id, "a GUID");
        }
        Some(EntraTrust {
            tenant_id,
            audiences,
            issuers,
            caller_app_id,
        })
    }

    fn tenant_id(&mut self) -> Option<String> {
        let Some(tenant_id) = self.environment.get("ENTRA_TENANT_ID") else {
            let others = ["ENTRA_AUDIENCES", "ENTRA_ISSUERS", "ENTRA_TENANT_DOMAIN"];
            if others.iter().any(|name| !self.list(name).is_empty()) {
                let expected = "the tenant's id, as other ENTRA_ settings are set";
                self.problem("ENTRA_TENANT_ID", "nothing", expected);
            }
            return None;
        };
        let tenant_id = tenant_id.to_ascii_lowercase();
        if !is_guid(&tenant_id) {
            self.problem("ENTRA_TENANT_ID", &tenant_id, "a GUID");
        }
        Some(tenant_id)
    }

    /// Those that are set, or else every one that follows from the tenant.
    fn issuers(&mut self, tenant_id: &str) -> Vec<String> {
        let domain = self.environment.get("ENTRA_TENANT_DOMAIN");
        if let Some(domain) = &domain {
            let label = |c: char| c.is_ascii_alphanumeric() || c == '-';
            if !domain.chars().all(label) {
                let expected = "the `contoso` of contoso.ciamlogin.com";
                self.problem("ENTRA_TENANT_DOMAIN", domain, expected);
            }
        }
        let issuers = self.list("ENTRA_ISSUERS");
        for issuer in &issuers {
            if !issuer.starts_with("https://") && !issuer.starts_with("http://127.0.0.1") {
                self.problem("ENTRA_ISSUERS", issuer, "HTTPS URLs separated by commas");
            }
        }
        if issuers.is_empty() {
            issuers_of(tenant_id, domain.as_deref())
        } else {
            issuers
        }
    }

    fn list(&self, name: &str) -> Vec<String> {
        let text = self.environment.get(name).unwrap_or_default();
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }

    pub(super) fn required(&mut self, name: &'static str, expected: &str) -> String {
        self.environment.get(name).unwrap_or_else(|| {
            self.problem(name, "nothing", expected);
            String::new()
        })
    }

    /// Like `required`; the value never reaches a message.
    fn secret(&mut self, name: &'static str) -> String {
        self.required(name, "AWS credentials; Lambda sets them")
    }

    pub(super) fn problem(&mut self, setting: &'static str, found: &str, expected: &str) {
        let found = if found == "nothing" {
            found.to_owned()
        } else {
            format!("`{found}`")
        };
        self.problems.push(Problem {
            setting,
            found,
            expected: expected.to_owned(),
        });
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowSettings {
    default: Option<Effect>,
    lists: Option<Vec<String>>,
    on_unavailable: Option<OnUnavailable>,
}

/// Every issuer that a token of this tenant can name (PROTOCOL 5.10).
fn issuers_of(tenant_id: &str, domain: Option<&str>) -> Vec<String> {
    let mut issuers = vec![
        format!("https://{tenant_id}.ciamlogin.com/{tenant_id}/v2.0"),
        format!("https://login.microsoftonline.com/{tenant_id}/v2.0"),
        format!("https://sts.windows.net/{tenant_id}/"),
    ];
    issuers.extend(domain.map(|name| format!("https://{name}.ciamlogin.com/{tenant_id}/v2.0")));
    issuers
}

fn certificate_rule(entry: &str) -> Option<CertificateRule> {
    if let Some(digits) = entry.strip_prefix("thumbprint=") {
        let digits: String = digits
            .chars()
            .filter(|c| !c.is_whitespace() && *c != ':')
            .collect::<String>()
            .to_ascii_lowercase();
        let is_digest =
            matches!(digits.len(), 40 | 64) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        return is_digest.then_some(CertificateRule::Thumbprint(digits));
    }
    let (subject, issuer) = entry.split_once('|')?;
    let subject = subject.trim().strip_prefix("subject=")?.trim();
    let issuer = issuer.trim().strip_prefix("issuer=")?.trim();
    CertificateRule::named(subject, issuer)
}

pub(super) fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";

    fn base<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut all = vec![
            ("TABLE_NAME", "t"),
            ("AWS_REGION", "eu-north-1"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
        ];
        all.extend_from_slice(more);
        all
    }

    fn problems(more: &[(&str, &str)]) -> Vec<&'static str> {
        let all = base(more);
        Settings::read(all.as_slice())
            .unwrap_err()
            .into_iter()
            .map(|p| p.setting)
            .collect()
    }

    #[test]
    fn has_safe_defaults() {
        let all = base(&[("DEFAULT_EFFECT", ""), ("CLIENT_CERTIFICATES", " ")]);
        let settings = Settings::read(all.as_slice()).unwrap();
        assert_eq!(settings.policies.default.default, Effect::Allow);
        assert_eq!(
            settings.policies.default.on_unavailable,
            OnUnavailable::Block
        );
        assert_eq!(settings.budgets.extension, Duration::from_millis(800));
        assert_eq!(settings.trust, Trust::default());
    }

    #[test]
    fn names_every_bad_setting_at_once() {
        let found = problems(&[
            ("TABLE_NAME", ""),
            ("DEFAULT_EFFECT", "maybe"),
            ("ON_UNAVAILABLE", "pray"),
            ("USER_FLOWS", "{\"a b\":{},\"c\":{\"lists\":[\"x y\"]}}"),
            ("DEFAULT_LANGUAGE", "xx"),
            ("CONNECTOR_DEADLINE_MS", "5000"),
            ("EXTENSION_DEADLINE_MS", "soon"),
            ("API_VERSION", "one"),
            ("CLIENT_CERTIFICATES", "thumbprint=12;subject=CN=a"),
            ("ENTRA_TENANT_ID", "contoso"),
            ("ENTRA_ISSUERS", "http://login.example"),
            ("AWS_ENDPOINT_URL_DYNAMODB", "localhost"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "localhost"),
            ("PRIVATE_HOSTS", "crm.contoso.com, https://erp.contoso.com"),
            ("SECRETS_PREFIX", "contoso/"),
        ]);
        for setting in [
            "TABLE_NAME",
            "DEFAULT_EFFECT",
            "ON_UNAVAILABLE",
            "USER_FLOWS",
            "DEFAULT_LANGUAGE",
            "CONNECTOR_DEADLINE_MS",
            "EXTENSION_DEADLINE_MS",
            "API_VERSION",
            "CLIENT_CERTIFICATES",
            "ENTRA_TENANT_ID",
            "ENTRA_AUDIENCES",
            "ENTRA_ISSUERS",
            "AWS_ENDPOINT_URL_DYNAMODB",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            "PRIVATE_HOSTS",
            "SECRETS_PREFIX",
        ] {
            assert!(
                found.contains(&setting),
                "{setting} is missing in {found:?}"
            );
        }
        assert_eq!(found.iter().filter(|s| **s == "USER_FLOWS").count(), 2);
        assert_eq!(
            found
                .iter()
                .filter(|s| **s == "CLIENT_CERTIFICATES")
                .count(),
            2
        );
    }

    #[test]
    fn a_problem_tells_what_was_found_and_expected_and_no_secret() {
        let error = Settings::read(&[("AWS_SECRET_ACCESS_KEY", "hush"), ("DEFAULT_EFFECT", "x")])
            .unwrap_err();
        let text = error
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n");
        assert!(
            text.contains("DEFAULT_EFFECT: found `x`, expected `allow`, `deny` or `review`"),
            "{text}"
        );
        assert!(!text.contains("hush"));
    }

    #[test]
    fn secrets_are_where_the_table_is_but_for_the_endpoint() {
        let all = base(&[
            ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8000"),
            ("PRIVATE_HOSTS", "crm.contoso.com, 127.0.0.1:7000"),
        ]);
        let settings = Settings::read(all.as_slice()).unwrap();
        assert_eq!(settings.secrets.prefix, "signup-connectors");
        assert_eq!(settings.secrets.connection.region, "eu-north-1");
        assert_eq!(settings.secrets.connection.endpoint, None);
        let hosts = ["crm.contoso.com", "127.0.0.1:7000"].map(str::to_owned);
        assert_eq!(settings.private_hosts, PrivateHosts::parse(&hosts).unwrap());
    }

    #[test]
    fn a_user_flow_takes_what_it_does_not_say_from_the_defaults() {
        let all = base(&[
            ("ON_UNAVAILABLE", "review"),
            ("USER_FLOWS", r#"{"partners":{"default":"deny"}}"#),
        ]);
        let settings = Settings::read(all.as_slice()).unwrap();
        let flow = &settings.policies.flows[&UserFlow::parse("partners").unwrap()];
        assert_eq!(
            (flow.default, flow.on_unavailable),
            (Effect::Deny, OnUnavailable::Review)
        );
        assert_eq!(
            problems(&[("USER_FLOWS", r#"{"a":{"defualt":"deny"}}"#)]),
            ["USER_FLOWS"]
        );
    }

    #[test]
    fn the_issuers_follow_from_the_tenant() {
        let all = base(&[
            ("ENTRA_TENANT_ID", TENANT),
            ("ENTRA_TENANT_DOMAIN", "contoso"),
            ("ENTRA_AUDIENCES", "a, b"),
        ]);
        let entra = Settings::read(all.as_slice()).unwrap().trust.entra.unwrap();
        assert_eq!(entra.audiences, ["a", "b"]);
        assert!(
            entra
                .issuers
                .contains(&format!("https://contoso.ciamlogin.com/{TENANT}/v2.0"))
        );
        assert_eq!(entra.issuers.len(), 4);
        assert_eq!(problems(&[("ENTRA_AUDIENCES", "a")]), ["ENTRA_TENANT_ID"]);
    }

    #[test]
    fn the_issuers_can_be_read_by_themselves() {
        let named = [
            ("ENTRA_TENANT_ID", TENANT),
            ("ENTRA_ISSUERS", "https://a.example/, https://b.example/"),
        ];
        assert_eq!(
            entra_issuers(&named).unwrap(),
            ["https://a.example/", "https://b.example/"]
        );
        assert_eq!(
            entra_issuers(&[("ENTRA_TENANT_ID", TENANT)]).unwrap().len(),
            3
        );
        assert!(entra_issuers(&[("TABLE_NAME", "t")]).unwrap().is_empty());
        let problems = entra_issuers(&[("ENTRA_TENANT_DOMAIN", "contoso")]).unwrap_err();
        assert_eq!(problems[0].setting, "ENTRA_TENANT_ID");
    }

    #[test]
    fn a_thumbprint_is_read_as_the_portal_shows_it() {
        let text =
            "thumbprint=0EB255CC895477798BA418B378255204304897AD; subject=CN=a, O=b | issuer=CN=ca";
        let all = base(&[("CLIENT_CERTIFICATES", text)]);
        let rules = Settings::read(all.as_slice()).unwrap().trust.certificates;
        assert_eq!(
            rules[0],
            CertificateRule::Thumbprint("0eb255cc895477798ba418b378255204304897ad".to_owned())
        );
        let named = CertificateRule::SubjectAndIssuer {
            subject: "CN=a, O=b".to_owned(),
            issuer: "CN=ca".to_owned(),
        };
        assert_eq!(rules[1], named);
    }
}
