//! The settings of the approval console.

use super::{
    env::Environment,
    provisioning::is_url,
    settings::{Problem, Reader, is_guid},
};
use crate::{adapters::secrets::is_name, console::SignInSettings};

/// Every setting of this function alone, for the documentation's test.
pub const CONSOLE_NAMES: &[&str] = &[
    "CONSOLE_URL",
    "CONSOLE_TENANT_ID",
    "CONSOLE_AUTHORITY",
    "CONSOLE_SECRET",
    "LINK_SECRET",
];

/// Where people find the console, and where they sign in.
#[derive(Debug)]
pub struct ConsoleSettings {
    pub sign_in: SignInSettings,
    /// The name of the secret with the key of signed links.
    pub link_secret: String,
}

impl ConsoleSettings {
    /// Reads every setting, and tells every problem.
    pub fn read(environment: &(impl Environment + ?Sized)) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader {
            environment,
            problems: Vec::new(),
        };
        let tenant_id = reader.console_tenant_id();
        let sign_in = SignInSettings {
            origin: reader.console_origin(),
            authority: reader.console_authority(&tenant_id),
            tenant_id,
            secret: reader.console_secret(),
        };
        let link_secret = reader.link_secret();
        if reader.problems.is_empty() {
            Ok(Self {
                sign_in,
                link_secret,
            })
        } else {
            Err(reader.problems)
        }
    }
}

impl<E: Environment + ?Sized> Reader<'_, E> {
    fn console_tenant_id(&mut self) -> String {
        const EXPECTED: &str = "the id of the tenant in which approvers sign in, a GUID";
        let tenant = self.required("CONSOLE_TENANT_ID", EXPECTED);
        if !tenant.is_empty() && !is_guid(&tenant) {
            self.problem("CONSOLE_TENANT_ID", &tenant, EXPECTED);
        }
        tenant.to_ascii_lowercase()
    }

    fn console_authority(&mut self, tenant: &str) -> String {
        let Some(url) = self.environment.get("CONSOLE_AUTHORITY") else {
            return format!("https://login.microsoftonline.com/{tenant}");
        };
        if !is_url(&url) {
            let expected =
                "an HTTPS URL such as `https://login.microsoftonline.com/<tenant>`, or nothing";
            self.problem("CONSOLE_AUTHORITY", &url, expected);
        }
        url.trim_end_matches('/').to_owned()
    }

    fn console_secret(&mut self) -> String {
        const EXPECTED: &str = "the name of a secret under SECRETS_PREFIX with the JSON texts `client_id`, \
                                `client_secret` and `cookie_key`";
        let name = self.required("CONSOLE_SECRET", EXPECTED);
        if !name.is_empty() && !is_name(&name) {
            self.problem("CONSOLE_SECRET", &name, EXPECTED);
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TENANT: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";

    fn read(more: &[(&str, &str)]) -> Result<SignInSettings, Vec<Problem>> {
        let needed = [
            ("CONSOLE_URL", "https://approvals.contoso.com"),
            ("CONSOLE_TENANT_ID", TENANT),
            ("CONSOLE_SECRET", "console"),
        ];
        let settings = ConsoleSettings::read([&needed, more].concat().as_slice())?;
        Ok(settings.sign_in)
    }

    #[test]
    fn people_sign_in_at_the_tenant() {
        let settings = read(&[("CONSOLE_URL", "https://Approvals.contoso.com:443/")]).unwrap();
        assert_eq!(settings.origin, "https://approvals.contoso.com");
        let authority = format!("https://login.microsoftonline.com/{TENANT}");
        assert_eq!(settings.authority, authority);
    }

    #[test]
    fn on_this_machine_http_will_do() {
        let settings = read(&[("CONSOLE_URL", "http://127.0.0.1:9000")]).unwrap();
        assert_eq!(settings.origin, "http://127.0.0.1:9000");
    }

    #[rstest]
    #[case::plain("http://approvals.contoso.com")]
    #[case::begins_as_this_machine("http://localhost.contoso.com")]
    #[case::path("https://approvals.contoso.com/console")]
    #[case::user("https://a@approvals.contoso.com")]
    #[case::query("https://approvals.contoso.com?a")]
    #[case::host("approvals.contoso.com")]
    fn the_url_is_that_of_a_host(#[case] url: &str) {
        let problems = read(&[("CONSOLE_URL", url)]).unwrap_err();
        assert_eq!(problems[0].setting, "CONSOLE_URL");
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let bad = [
            ("CONSOLE_URL", "contoso"),
            ("CONSOLE_TENANT_ID", "contoso"),
            ("CONSOLE_AUTHORITY", "login"),
            ("CONSOLE_SECRET", "a secret"),
            ("LINK_SECRET", "a secret"),
        ];
        let problems = read(&bad).unwrap_err();
        let mut found: Vec<_> = problems.iter().map(|problem| problem.setting).collect();
        found.sort_unstable();
        let mut expected = CONSOLE_NAMES.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected);
        let missing = ConsoleSettings::read(&[("CONSOLE_AUTHORITY", "")]).unwrap_err();
        assert_eq!(missing.len(), 3);
    }
}
