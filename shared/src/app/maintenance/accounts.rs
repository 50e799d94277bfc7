//! Accounts that were made and are not there any more.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::Maintenance;
use crate::{
    domain::approval::{ApprovalRequest, Mark, State},
    ports::{
        Deadline, StoreError,
        accounts::{AccountError, AccountId, Accounts},
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
        for request in page.iter().filter(|request| is_recent(request, now)) {
            let Some(account) = request.account.clone().map(AccountId) else {
                continue;
            };
            match exists(accounts, &account, deadline).await {
                Ok(true) => {}
                Ok(false) => self.tell_missing(request, account, now, told).await?,
                Err(error) => {
                    told.problem.get_or_insert(error.to_string());
                    return Ok(false);
                }
            }
            told.accounts_looked_for += 1;
        }
        Ok(true)
    }

    async fn tell_missing(
        &self,
        request: &ApprovalRequest,
        account: AccountId,
        now: Timestamp,
        told: &mut Maintained,
    ) -> Result<(), StoreError> {
        let mark = self.reminders.mark(request, Mark::AccountMissing, now);
        if mark.await? {
            told.accounts_missing.push(account.0);
        }
        Ok(())
    }
}

async fn exists(
    accounts: &Arc<dyn Accounts>,
    account: &AccountId,
    deadline: Deadline,
) -> Result<bool, AccountError> {
    let answer = Deadline(Instant::now() + ANSWER_WITHIN);
    accounts.exists(account, answer.min(deadline)).await
}

fn is_recent(request: &ApprovalRequest, now: Timestamp) -> bool {
    let age = now.duration_since(request.changed_at);
    (SETTLED_AFTER..LOOKED_FOR).contains(&age)
}
