//! The settings of the function that does what time asks of approval requests.

use super::{
    env::Environment,
    provisioning::ProvisioningSettings,
    settings::{Problem, Reader},
};

/// Every setting of this function alone, for the documentation's test.
pub const MAINTENANCE_NAMES: &[&str] = &["GUESTS_NEED_APPROVAL"];

/// Where accounts are, and what is expected of them.
#[derive(Debug)]
pub struct MaintenanceSettings {
    /// `None` in a deployment that makes no accounts.
    pub accounts: Option<ProvisioningSettings>,
    /// Whether every guest of the tenant has to come of an approval.
    pub guests_need_approval: bool,
}

impl MaintenanceSettings {
    /// Reads every setting, and tells every problem.
    pub fn read(environment: &(impl Environment + ?Sized)) -> Result<Self, Vec<Problem>> {
        let makes_accounts = environment.get("GRAPH_TENANT_ID").is_some();
        let accounts = makes_accounts.then(|| ProvisioningSettings::read(environment));
        let mut reader = Reader {
            environment,
            problems: Vec::new(),
        };
        let guests_need_approval = reader.guests_need_approval(makes_accounts);
        let mut problems = reader.problems;
        let accounts = accounts.transpose().unwrap_or_else(|found| {
            problems.extend(found);
            None
        });
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            accounts,
            guests_need_approval,
        })
    }
}

impl<E: Environment + ?Sized> Reader<'_, E> {
    fn guests_need_approval(&mut self, makes_accounts: bool) -> bool {
        let name = "GUESTS_NEED_APPROVAL";
        let wanted = self.flag(name);
        if wanted && !makes_accounts {
            let expected = "`false` where no accounts are made, or GRAPH_TENANT_ID beside it";
            self.problem(name, "true", expected);
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNTS: [(&str, &str); 4] = [
        ("GRAPH_TENANT_ID", "aaaabbbb-0000-cccc-1111-dddd2222eeee"),
        ("GRAPH_TENANT_DOMAIN", "contoso.onmicrosoft.com"),
        ("GRAPH_SECRET", "graph"),
        ("INVITE_REDIRECT_URL", "https://myapp.com"),
    ];

    fn read(more: &[(&str, &str)]) -> Result<(bool, bool), Vec<&'static str>> {
        let settings = MaintenanceSettings::read(more);
        let read = settings.map(|own| (own.accounts.is_some(), own.guests_need_approval));
        read.map_err(|problems| problems.iter().map(|problem| problem.setting).collect())
    }

    fn with(flag: &str) -> Vec<(&str, &str)> {
        [&ACCOUNTS[..], &[("GUESTS_NEED_APPROVAL", flag)]].concat()
    }

    #[test]
    fn guests_need_an_approval_only_where_that_is_said() {
        assert_eq!(read(&[]), Ok((false, false)));
        assert_eq!(read(&ACCOUNTS), Ok((true, false)));
        assert_eq!(read(&with("false")), Ok((true, false)));
        assert_eq!(read(&with("true")), Ok((true, true)));
    }

    #[test]
    fn every_problem_is_told_at_once() {
        assert_eq!(read(&with("yes")), Err(vec!["GUESTS_NEED_APPROVAL"]));
        let alone = [("GUESTS_NEED_APPROVAL", "true")];
        assert_eq!(read(&alone), Err(vec!["GUESTS_NEED_APPROVAL"]));
        let both = [("GUESTS_NEED_APPROVAL", "yes"), ACCOUNTS[0]];
        assert_eq!(read(&both).unwrap_err().len(), 4);
    }
}
