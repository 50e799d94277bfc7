//! The settings of the function that makes the accounts of approved requests.

use reqwest::Url;

use super::{
    env::Environment,
    settings::{Problem, Reader, is_guid},
};
use crate::adapters::{graph::GraphSettings, secrets::is_name};

/// Every setting of this function alone, for the documentation's test.
pub const PROVISIONING_NAMES: &[&str] = &[
    "GRAPH_TENANT_ID",
    "GRAPH_TENANT_DOMAIN",
    "GRAPH_SECRET",
    "GRAPH_URL",
    "GRAPH_TOKEN_URL",
    "GUEST_MARKER",
    "INVITE_REDIRECT_URL",
    "INVITE_SEND_MESSAGE",
];

const GRAPH: &str = "https://graph.microsoft.com";

/// Where accounts are made, and how.
#[derive(Debug)]
pub struct ProvisioningSettings {
    pub graph: GraphSettings,
    pub tenant_domain: String,
    pub guest_marker: String,
    pub redirect_url: String,
    pub send_invitation: bool,
}

impl ProvisioningSettings {
    /// Reads every setting, and tells every problem.
    pub fn read(environment: &(impl Environment + ?Sized)) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader {
            environment,
            problems: Vec::new(),
        };
        let settings = Self {
            graph: reader.graph(),
            tenant_domain: reader.graph_tenant_domain(),
            guest_marker: reader.guest_marker(),
            redirect_url: reader.redirect_url(),
            send_invitation: reader.flag("INVITE_SEND_MESSAGE"),
        };
        if reader.problems.is_empty() {
            Ok(settings)
        } else {
            Err(reader.problems)
        }
    }
}

impl<E: Environment + ?Sized> Reader<'_, E> {
    fn graph(&mut self) -> GraphSettings {
        let tenant = self.graph_tenant_id();
        let url = self.service("GRAPH_URL", format!("{GRAPH}/v1.0"));
        let token_url = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token");
        GraphSettings {
            token_url: self.service("GRAPH_TOKEN_URL", token_url),
            scope: scope_of(&url),
            secret: self.graph_secret(),
            url,
        }
    }

    fn graph_tenant_id(&mut self) -> String {
        const EXPECTED: &str = "the id of the tenant in which accounts are made, a GUID";
        let tenant = self.required("GRAPH_TENANT_ID", EXPECTED);
        if !tenant.is_empty() && !is_guid(&tenant) {
            self.problem("GRAPH_TENANT_ID", &tenant, EXPECTED);
        }
        tenant
    }

    fn graph_tenant_domain(&mut self) -> String {
        const EXPECTED: &str = "a domain of the tenant, such as `contoso.onmicrosoft.com`";
        let domain = self.required("GRAPH_TENANT_DOMAIN", EXPECTED);
        let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let is_domain = domain.contains('.') && domain.chars().all(known);
        if !domain.is_empty() && !is_domain {
            self.problem("GRAPH_TENANT_DOMAIN", &domain, EXPECTED);
        }
        domain
    }

    fn graph_secret(&mut self) -> String {
        const EXPECTED: &str = "the name of a secret under SECRETS_PREFIX with the JSON texts `client_id` and \
                                `client_secret` or `certificate` of the application that makes accounts";
        let name = self.required("GRAPH_SECRET", EXPECTED);
        if !name.is_empty() && !is_name(&name) {
            self.problem("GRAPH_SECRET", &name, EXPECTED);
        }
        name
    }

    /// The URL of a service, without a slash at the end.
    fn service(&mut self, name: &'static str, default: String) -> String {
        let Some(url) = self.environment.get(name) else {
            return default;
        };
        if !is_url(&url) {
            self.problem(name, &url, "an HTTPS URL, or nothing for Microsoft's own");
        }
        url.trim_end_matches('/').to_owned()
    }

    fn guest_marker(&mut self) -> String {
        let Some(marker) = self.environment.get("GUEST_MARKER") else {
            return "#EXT#".to_owned();
        };
        let known = |c: char| c.is_ascii_alphanumeric() || "#_-".contains(c);
        if marker.len() > 10 || !marker.chars().all(known) {
            let expected = "letters, digits, `#`, `_` and `-`, at most 10, such as `#EXT#`";
            self.problem("GUEST_MARKER", &marker, expected);
        }
        marker
    }

    fn redirect_url(&mut self) -> String {
        const EXPECTED: &str = "the HTTPS URL to which guests go who accept an invitation";
        let url = self.required("INVITE_REDIRECT_URL", EXPECTED);
        if !url.is_empty() && !is_url(&url) {
            self.problem("INVITE_REDIRECT_URL", &url, EXPECTED);
        }
        url
    }

    /// `false` without a value.
    pub(super) fn flag(&mut self, name: &'static str) -> bool {
        let text = self.environment.get(name);
        match text.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => {
                self.problem(name, other, "`true` or `false`");
                false
            }
        }
    }
}

/// HTTPS; on this machine HTTP will do, which the client permits for named hosts alone.
pub(super) fn is_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(
            (url.scheme(), url.host_str()),
            ("https", Some(_)) | ("http", Some("127.0.0.1" | "localhost"))
        )
    })
}

/// Each of Microsoft's clouds has a Graph of its own, and so a scope; a stand-in has that of the public one.
fn scope_of(graph: &str) -> String {
    let url = Url::parse(graph).ok();
    let origin = url.filter(|url| url.scheme() == "https");
    let origin = origin.map_or(GRAPH.to_owned(), |url| url.origin().ascii_serialization());
    format!("{origin}/.default")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TENANT: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";

    fn read(more: &[(&str, &str)]) -> Result<ProvisioningSettings, Vec<Problem>> {
        let needed = [
            ("GRAPH_TENANT_ID", TENANT),
            ("GRAPH_TENANT_DOMAIN", "contoso.onmicrosoft.com"),
            ("GRAPH_SECRET", "graph"),
            ("INVITE_REDIRECT_URL", "https://myapp.com"),
        ];
        ProvisioningSettings::read([&needed, more].concat().as_slice())
    }

    #[test]
    fn the_public_cloud_is_the_usual_one() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.graph.url, "https://graph.microsoft.com/v1.0");
        let token_url = format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token");
        assert_eq!(settings.graph.token_url, token_url);
        assert_eq!(settings.graph.scope, "https://graph.microsoft.com/.default");
        assert_eq!(settings.graph.secret, "graph");
        assert_eq!(settings.guest_marker, "#EXT#");
        assert!(!settings.send_invitation);
    }

    #[rstest]
    #[case::national(
        "https://graph.microsoft.us/v1.0/",
        "https://graph.microsoft.us/.default"
    )]
    #[case::local(
        "http://127.0.0.1:7000/graph/v1.0",
        "https://graph.microsoft.com/.default"
    )]
    fn another_graph_has_its_own_scope(#[case] graph: &str, #[case] expected: &str) {
        let settings = read(&[("GRAPH_URL", graph)]).unwrap();
        assert_eq!(settings.graph.url, graph.trim_end_matches('/'));
        assert_eq!(settings.graph.scope, expected);
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let bad = [
            ("GRAPH_TENANT_ID", "contoso"),
            ("GRAPH_TENANT_DOMAIN", "contoso"),
            ("GRAPH_SECRET", "a secret"),
            ("GRAPH_URL", "http://graph.microsoft.com"),
            ("GRAPH_TOKEN_URL", "login"),
            ("GUEST_MARKER", "a@b"),
            ("INVITE_REDIRECT_URL", "myapp.com"),
            ("INVITE_SEND_MESSAGE", "yes"),
        ];
        let problems = read(&bad).unwrap_err();
        let mut found: Vec<_> = problems.iter().map(|problem| problem.setting).collect();
        found.sort_unstable();
        let mut expected = PROVISIONING_NAMES.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected);
        let missing = ProvisioningSettings::read(&[("GRAPH_URL", "")]).unwrap_err();
        assert_eq!(missing.len(), 4);
    }
}
