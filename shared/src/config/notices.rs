//! The settings of the function that mails notices about approval requests.

use reqwest::Url;

use super::{
    env::Environment,
    provisioning::is_url,
    settings::{Problem, Reader},
};
use crate::adapters::secrets::is_name;

/// Every setting of this function that is not one of mail and of requests, for the documentation's test.
pub const NOTICES_NAMES: &[&str] = &["CONSOLE_URL", "LINK_SECRET"];

/// Where links lead, and what they are signed with.
#[derive(Debug)]
pub struct NoticesSettings {
    /// Scheme and host, without a slash at the end.
    pub console_url: String,
    pub link_secret: String,
}

impl NoticesSettings {
    /// Reads every setting, and tells every problem.
    pub fn read(environment: &(impl Environment + ?Sized)) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader {
            environment,
            problems: Vec::new(),
        };
        let settings = Self {
            console_url: reader.console_origin(),
            link_secret: reader.link_secret(),
        };
        if reader.problems.is_empty() {
            Ok(settings)
        } else {
            Err(reader.problems)
        }
    }
}

impl<E: Environment + ?Sized> Reader<'_, E> {
    pub(super) fn console_origin(&mut self) -> String {
        const EXPECTED: &str = "the HTTPS URL of the console's host, without a path, such as `https://approvals.contoso.com`";
        let text = self.required("CONSOLE_URL", EXPECTED);
        if text.is_empty() {
            return text;
        }
        let origin = Url::parse(&text)
            .ok()
            .filter(|url| is_url(&text) && is_bare(url))
            .map(|url| url.origin().ascii_serialization());
        origin.unwrap_or_else(|| {
            self.problem("CONSOLE_URL", &text, EXPECTED);
            String::new()
        })
    }

    pub(super) fn link_secret(&mut self) -> String {
        const EXPECTED: &str = "the name of a secret under SECRETS_PREFIX with the JSON text `key`, 32 octets in Base64, or \
                                nothing for `links`";
        let name = self.environment.get("LINK_SECRET");
        let name = name.unwrap_or_else(|| "links".to_owned());
        if !is_name(&name) {
            self.problem("LINK_SECRET", &name, EXPECTED);
        }
        name
    }
}

/// Nothing but scheme, host and port.
fn is_bare(url: &Url) -> bool {
    let no_user = url.username().is_empty() && url.password().is_none();
    no_user && url.path() == "/" && url.query().is_none() && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_signed_with_a_secret_of_their_own() {
        let url = ("CONSOLE_URL", "https://approvals.contoso.com/");
        let settings = NoticesSettings::read(&[url]).unwrap();
        assert_eq!(settings.console_url, "https://approvals.contoso.com");
        assert_eq!(settings.link_secret, "links");
        let settings = NoticesSettings::read(&[url, ("LINK_SECRET", "team/links")]).unwrap();
        assert_eq!(settings.link_secret, "team/links");
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let bad = [("CONSOLE_URL", "contoso"), ("LINK_SECRET", "a secret")];
        let problems = NoticesSettings::read(&bad).unwrap_err();
        let found: Vec<_> = problems.iter().map(|problem| problem.setting).collect();
        assert_eq!(found, NOTICES_NAMES);
    }
}
