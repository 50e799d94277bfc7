//! From an approved request to exactly one account (PROTOCOL 3.3, 7).
//!
//! Requests come by messages that may arrive twice, at once or long after a crash. What keeps an account single: a versioned
//! write says that an attempt begins, before anything is asked of Graph; every attempt but the first one looks for what an
//! earlier one may have created; and a conflict that Graph reports is settled by looking whose account it is.

mod account;
pub mod deliveries;

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use self::account::{NewUser, Route, Unfit};
use crate::{
    app::sealing::{self, SealingError},
    domain::approval::{
        Action, Actor, AppRole, Applicant, AppliedIdentity, ApprovalRequest, Change, HistoryEntry,
        RequestId, State,
    },
    ports::{
        Deadline, StoreError,
        accounts::{AccountError, AccountId, Accounts, ExistingAccount},
        clock::Clock,
        data_keys::{DataKeyError, DataKeyReader},
        request_store::RequestStore,
    },
};

/// How often an account that was just created is asked for before the next attempt has to.
const TRIES: u32 = 5;

/// What every account of the deployment has in common.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Such as `contoso.onmicrosoft.com`.
    pub tenant_domain: String,
    /// Before the `@` of a guest's user principal name.
    pub guest_marker: String,
    /// Where an invited guest goes after accepting.
    pub redirect_url: String,
    /// Whether Microsoft mails the invitation.
    pub send_invitation: bool,
    pub timing: Timing,
}

impl Settings {
    /// With the usual of everything else.
    pub fn of(tenant_domain: &str, redirect_url: &str) -> Self {
        Self {
            tenant_domain: tenant_domain.to_owned(),
            guest_marker: "#EXT#".to_owned(),
            redirect_url: redirect_url.to_owned(),
            send_invitation: false,
            timing: Timing::USUAL,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Most time of one attempt at Graph.
    pub attempt: Duration,
    /// After which an attempt counts as gone that has not said how it ended: longer than `attempt`.
    pub lease: Duration,
    /// How long Graph may speak of an account that it does not show.
    pub patience: Duration,
    /// Before Graph is asked a second time for an account that was just created; doubled each time.
    pub pause: Duration,
}

impl Timing {
    pub const USUAL: Self = Self {
        attempt: Duration::from_secs(20),
        lease: Duration::from_secs(45),
        patience: Duration::from_mins(30),
        pause: Duration::from_millis(500),
    };
}

/// What became of one delivery of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The account is there.
    Provisioned(AccountId),
    /// There will be none until somebody has looked at it; why.
    Failed(String),
    /// The request has to be delivered again, but not before.
    Later {
        problem: String,
        after: Duration,
        /// For how long Graph asked to be left alone, whatever the request.
        throttled: Option<Duration>,
    },
    /// There is nothing to do: in this state, or without such a request.
    NotDue(Option<State>),
}

/// Makes accounts.
pub struct Provisioning {
    pub store: Arc<dyn RequestStore>,
    pub keys: Arc<dyn DataKeyReader>,
    pub accounts: Arc<dyn Accounts>,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
}

impl std::fmt::Debug for Provisioning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provisioning")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// One attempt at a request, which has begun for all to see.
struct Attempt {
    request: ApprovalRequest,
    /// Whether there was none before, so that no account can be there because of one.
    is_first: bool,
    /// Since when there have been attempts.
    since: Timestamp,
    deadline: Deadline,
}

/// Why an attempt does not end with an account.
enum Trouble {
    /// It never will.
    Failed(String),
    /// Graph does not show what it says is there; it may be a matter of moments.
    Unseen(String),
    Later {
        problem: String,
        after: Option<Duration>,
    },
    Store(StoreError),
}

impl From<AccountError> for Trouble {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Later { after, .. } => Self::Later {
                problem: error.to_string(),
                after,
            },
            AccountError::NotFound => Self::Unseen(error.to_string()),
            AccountError::Duplicate(_) | AccountError::Refused(_) => {
                Self::Failed(error.to_string())
            }
        }
    }
}

impl From<SealingError> for Trouble {
    fn from(error: SealingError) -> Self {
        let problem = error.to_string();
        match error {
            SealingError::Key(DataKeyError::TimedOut | DataKeyError::Unavailable(_)) => {
                Self::Later {
                    problem,
                    after: None,
                }
            }
            SealingError::Key(DataKeyError::NotOurs) | SealingError::Broken => {
                Self::Failed(problem)
            }
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Unfit> for Trouble {
    fn from(problem: Unfit) -> Self {
        Self::Failed(problem.to_string())
    }
}

impl Provisioning {
    /// Makes the account of an approved request. Safe to be called at any time, as often as one likes, by several at once.
    pub async fn provision(&self, id: &RequestId) -> Result<Outcome, StoreError> {
        let Some(request) = self.store.request(id).await? else {
            return Ok(Outcome::NotDue(None));
        };
        match self.begin(request).await? {
            Ok(attempt) => self.carry_out(&attempt).await,
            Err(outcome) => Ok(outcome),
        }
    }

    /// Says that an attempt begins, unless there is none to make now.
    async fn begin(&self, before: ApprovalRequest) -> Result<Result<Attempt, Outcome>, StoreError> {
        let left = self.lease_left(&before);
        if before.state == State::Provisioning && !left.is_zero() {
            return Ok(Err(elsewhere(left)));
        }
        let now = self.clock.now();
        let provision = Change::new(Action::Provision, Actor::System);
        let Ok((request, entry)) = before.after(&provision, now) else {
            return Ok(Err(Outcome::NotDue(Some(before.state))));
        };
        let history = self.store.history(&before.id).await?;
        if !self.store.change(&before, &request, &entry).await? {
            return Ok(Err(elsewhere(self.settings.timing.lease)));
        }
        Ok(Ok(Attempt {
            request,
            is_first: !history.iter().any(is_attempt),
            since: first_attempt(&history).map_or(now, |entry| entry.at),
            deadline: Deadline(Instant::now() + self.settings.timing.attempt),
        }))
    }

    fn lease_left(&self, request: &ApprovalRequest) -> Duration {
        let lease = SignedDuration::try_from(self.settings.timing.lease);
        let lease = lease.unwrap_or(SignedDuration::MAX);
        let left = lease - self.clock.now().duration_since(request.changed_at);
        Duration::try_from(left).unwrap_or_default()
    }

    async fn carry_out(&self, attempt: &Attempt) -> Result<Outcome, StoreError> {
        match self.account_with(attempt).await {
            Ok(account) => self.finish(attempt, account).await,
            Err(Trouble::Failed(reason)) => self.fail(attempt, reason).await,
            Err(Trouble::Unseen(problem)) if self.is_out_of_patience(attempt) => {
                self.fail(attempt, problem).await
            }
            Err(Trouble::Unseen(problem)) => Ok(self.later(attempt, problem, None)),
            Err(Trouble::Later { problem, after }) => Ok(self.later(attempt, problem, after)),
            Err(Trouble::Store(error)) => Err(error),
        }
    }

    fn is_out_of_patience(&self, attempt: &Attempt) -> bool {
        let waited = self.clock.now().duration_since(attempt.since);
        Duration::try_from(waited).is_ok_and(|waited| waited >= self.settings.timing.patience)
    }

    /// The next attempt can begin when the lease of this one is over.
    fn later(&self, attempt: &Attempt, problem: String, throttled: Option<Duration>) -> Outcome {
        let asked = throttled.unwrap_or_default();
        Outcome::Later {
            problem,
            after: asked.max(self.lease_left(&attempt.request)),
            throttled,
        }
    }

    async fn finish(&self, attempt: &Attempt, account: AccountId) -> Result<Outcome, StoreError> {
        let change = Change::new(Action::Finish, Actor::System);
        let outcome = Outcome::Provisioned(account.clone());
        self.close(attempt, &change, Some(account.0), outcome).await
    }

    async fn fail(&self, attempt: &Attempt, reason: String) -> Result<Outcome, StoreError> {
        let change = Change::new(Action::Fail, Actor::System).because(Some(reason.clone()));
        self.close(attempt, &change, None, Outcome::Failed(reason))
            .await
    }

    async fn close(
        &self,
        attempt: &Attempt,
        change: &Change,
        account: Option<String>,
        outcome: Outcome,
    ) -> Result<Outcome, StoreError> {
        let before = &attempt.request;
        let Ok((next, entry)) = before.after(change, self.clock.now()) else {
            return Ok(Outcome::NotDue(Some(before.state)));
        };
        let next = ApprovalRequest { account, ..next };
        if self.store.change(before, &next, &entry).await? {
            return Ok(outcome);
        }
        // Another attempt took over; what it makes of the request counts.
        let now = self.store.request(&before.id).await?;
        Ok(Outcome::NotDue(now.map(|request| request.state)))
    }

    /// The account of the applicant, with everything that it is given.
    async fn account_with(&self, attempt: &Attempt) -> Result<AccountId, Trouble> {
        let applicant = self.applicant(attempt).await?;
        let account = match Route::of(&applicant) {
            Route::Create(identity) => self.create(attempt, &applicant, identity).await?,
            Route::Invite => self.invite(attempt, &applicant).await?,
        };
        self.grant(attempt, &account).await?;
        Ok(account)
    }

    async fn applicant(&self, attempt: &Attempt) -> Result<Applicant, Trouble> {
        let request = &attempt.request;
        let sealed = self.store.applicant(&request.id, request.edition).await?;
        let Some(sealed) = sealed else {
            let erased = "what the applicant entered was erased";
            return Err(Trouble::Failed(erased.to_owned()));
        };
        let keys = self.keys.as_ref();
        Ok(sealing::open(keys, &request.id, &sealed, attempt.deadline).await?)
    }

    async fn create(
        &self,
        attempt: &Attempt,
        applicant: &Applicant,
        identity: &AppliedIdentity,
    ) -> Result<AccountId, Trouble> {
        let user = account::new_user(applicant, &self.settings)?;
        if !attempt.is_first
            && let Some(own) = self.with_identity(attempt, identity).await?
        {
            return Ok(own);
        }
        match self.accounts.create(&user.body, attempt.deadline).await {
            Ok(account) => Ok(account),
            Err(AccountError::Duplicate(property)) => {
                let owner = self.with_identity(attempt, identity).await?;
                match owner {
                    Some(own) => Ok(own),
                    None => {
                        self.settle(attempt, applicant, identity, &user, &property)
                            .await
                    }
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn with_identity(
        &self,
        attempt: &Attempt,
        identity: &AppliedIdentity,
    ) -> Result<Option<AccountId>, Trouble> {
        let accounts = &self.accounts;
        let found = accounts.with_identity(identity, attempt.deadline).await?;
        Ok(owned_by(&found, identity))
    }

    /// Whose account has the same name or address, when none with the identity is shown.
    async fn settle(
        &self,
        attempt: &Attempt,
        applicant: &Applicant,
        identity: &AppliedIdentity,
        user: &NewUser,
        property: &str,
    ) -> Result<AccountId, Trouble> {
        let address = account::address(applicant)?;
        let accounts = &self.accounts;
        let found = accounts
            .with_name_or_address(Some(&user.name), address, attempt.deadline)
            .await?;
        match (owned_by(&found, identity), found.first()) {
            (Some(own), _) => Ok(own),
            (None, Some(other)) => Err(Trouble::Failed(format!(
                "the account {} has the same {property} already, and it is not the applicant's",
                other.id.0
            ))),
            (None, None) => Err(unseen(property)),
        }
    }

    async fn invite(&self, attempt: &Attempt, applicant: &Applicant) -> Result<AccountId, Trouble> {
        let invitation = account::invitation(applicant, &self.settings)?;
        let known = if attempt.is_first {
            None
        } else {
            self.guest(attempt, applicant).await?
        };
        let account = match known {
            Some(guest) => guest,
            None => match self.accounts.invite(&invitation, attempt.deadline).await {
                Err(AccountError::Duplicate(property)) => {
                    let guest = self.guest(attempt, applicant).await?;
                    guest.ok_or_else(|| unseen(&property))?
                }
                invited => invited?,
            },
        };
        self.update(attempt, &account, applicant).await?;
        Ok(account)
    }

    /// The guest with the applicant's address. One of the tenant's own people is never taken for an applicant.
    async fn guest(
        &self,
        attempt: &Attempt,
        applicant: &Applicant,
    ) -> Result<Option<AccountId>, Trouble> {
        let address = account::address(applicant)?;
        let accounts = &self.accounts;
        let found = accounts
            .with_name_or_address(None, address, attempt.deadline)
            .await?;
        let mut guests = found.into_iter().filter(|account| account.is_guest);
        let guest = guests.find(|account| has_address(account, address));
        Ok(guest.map(|guest| guest.id))
    }

    /// An invitation takes no attributes: they are set afterwards.
    async fn update(
        &self,
        attempt: &Attempt,
        account: &AccountId,
        applicant: &Applicant,
    ) -> Result<(), Trouble> {
        let attributes = account::attributes(applicant);
        if attributes.is_empty() {
            return Ok(());
        }
        let update = || self.accounts.update(account, &attributes, attempt.deadline);
        self.once_seen(attempt, update).await
    }

    async fn grant(&self, attempt: &Attempt, account: &AccountId) -> Result<(), Trouble> {
        let (accounts, deadline) = (&self.accounts, attempt.deadline);
        let grants = &attempt.request.grants;
        for group in &grants.groups {
            let join = || accounts.join(account, group.as_str(), deadline);
            self.once_seen(attempt, join).await?;
        }
        for AppRole { application, role } in &grants.app_roles {
            let assign = || accounts.assign(account, application.as_str(), role.as_str(), deadline);
            self.once_seen(attempt, assign).await?;
        }
        Ok(())
    }

    /// Does something to an account that Graph may not show yet, because it has just been created.
    async fn once_seen<F>(&self, attempt: &Attempt, call: impl Fn() -> F) -> Result<(), Trouble>
    where
        F: Future<Output = Result<(), AccountError>>,
    {
        let mut pause = self.settings.timing.pause;
        for _ in 1..TRIES {
            match call().await {
                Err(AccountError::NotFound) if attempt.deadline.left() > pause => {
                    sleep(pause).await;
                    pause *= 2;
                }
                answered => return Ok(answered?),
            }
        }
        Ok(call().await?)
    }
}

fn elsewhere(after: Duration) -> Outcome {
    Outcome::Later {
        problem: "another attempt has begun".to_owned(),
        after,
        throttled: None,
    }
}

fn is_attempt(entry: &HistoryEntry) -> bool {
    entry.action == Action::Provision
}

/// The first attempt since the last approval.
fn first_attempt(history: &[HistoryEntry]) -> Option<&HistoryEntry> {
    let since_approval = history.iter().rev();
    since_approval
        .take_while(|entry| entry.to != State::Approved)
        .filter(|entry| is_attempt(entry))
        .last()
}

fn owned_by(found: &[ExistingAccount], identity: &AppliedIdentity) -> Option<AccountId> {
    let mut found = found.iter();
    let own = found.find(|account| account.identities.iter().any(|its| its.is_same(identity)));
    own.map(|account| account.id.clone())
}

fn has_address(account: &ExistingAccount, address: &str) -> bool {
    let address = address.to_lowercase();
    let mut addresses = account.addresses.iter();
    addresses.any(|its| its.to_lowercase() == address)
}

fn unseen(property: &str) -> Trouble {
    Trouble::Unseen(format!(
        "Graph has an object with the same {property} already, and shows no such account"
    ))
}
