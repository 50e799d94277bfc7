//! Approved requests whose message got lost on the way to an account.

use jiff::SignedDuration;

use super::{Maintenance, count};
use crate::{
    domain::approval::State,
    ports::{Deadline, StoreError, journal::Maintained},
};

/// After which a request counts as stuck of which nothing was heard: attempts come every few minutes.
const QUIET: SignedDuration = SignedDuration::from_mins(30);

impl Maintenance {
    /// Has requests delivered again that should have an account by now.
    pub(super) async fn bring_again(
        &self,
        deadline: Deadline,
        told: &mut Maintained,
    ) -> Result<(), StoreError> {
        if self.accounts.is_none() {
            return Ok(());
        }
        self.bring_again_from(State::Approved, deadline, told)
            .await?;
        self.bring_again_from(State::Provisioning, deadline, told)
            .await
    }

    async fn bring_again_from(
        &self,
        state: State,
        deadline: Deadline,
        told: &mut Maintained,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let quiet_since = now.checked_sub(QUIET).unwrap_or(now);
        let mut round = self.round(state, SignedDuration::ZERO).await?;
        while let Some(page) = round.next(self.bounds.page, deadline).await? {
            told.looked_at(&page);
            let stuck = page
                .iter()
                .filter(|request| request.changed_at <= quiet_since);
            let again = stuck.map(|request| self.redelivery.bring_again(request, now, quiet_since));
            told.brought_again += count(again, told).await;
            round.keep().await?;
        }
        Ok(())
    }
}
