//! Accounts that were made and are not there any more.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::Maintenance;
use crate::{
    domain::approval::{ApprovalRequest, Mark, State},
    ports::{
        Deadline, StoreError,
        accounts::{AccountId, Accounts},
        journal::Maintained,
    },
};

/// Graph shows an account some time after it was made.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Later somebody may well have deleted it on purpose.
const LOOKED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Each account is looked for once in this time.
const REST: SignedDuration = SignedDuration::from_hours(24);

/// How long Graph has for one account.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

impl Maintenance {
    /// Looks for the accounts that were made in the last days. One that is gone is told once; nothing is changed.
    pub(super) async fn look_for_accounts(
        &self,
        deadline: Deadline,
        told: &mut Maintained,
    ) -> Result<(), StoreError> {
        let Some(accounts) = &self.accounts else {
            return Ok(());
        };
        // A slow Graph leaves time for those who wait.
        let deadline = Deadline(Instant::now() + deadline.left() / 2);
        let mut round = self.round(State::Provisioned, REST).await?;
        while told.accounts_looked_for < self.bounds.accounts.into()
            && let Some(page) = round.next(self.bounds.accounts, deadline).await?
        {
            told.looked_at(&page);
            if !self.look_for_each(accounts, &page, deadline, told).await? {
                return Ok(());
            }
            round.keep().await?;
        }
        Ok(())
    }

    /// Whether Graph could be asked for each.
    async fn look_for_each(
        &self,
        accounts: &Arc<dyn Accounts>,
        page: &[ApprovalRequest],
        deadline: Deadline,
        told: &mut Maintained,
    ) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let recent = page.iter().filter(|request| is_recent(request, now));
        for (request, id) in recent.filter_map(|request| Some((request, request.account.clone()?)))
        {
            let answer = Instant::now() + ANSWER_WITHIN;
            let account = AccountId(id.clone());
            match accounts
                .exists(&account, Deadline(answer).min(deadline))
                .await
            {
                Ok(exists) => {
                    told.accounts_looked_for += 1;
                    if !exists
                        && self
                            .reminders
                            .mark(request, Mark::AccountMissing, now)
                            .await?
                    {
                        told.accounts_missing.push(id);
                    }
                }
                Err(error) => {
                    told.problem.get_or_insert(error.to_string());
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

fn is_recent(request: &ApprovalRequest, now: Timestamp) -> bool {
    let age = now.duration_since(request.changed_at);
    (SETTLED_AFTER..LOOKED_FOR).contains(&age)
}
