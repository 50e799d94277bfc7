//! Approval at the steps of a sign-up: what an applicant's latest request says, and the request that a review leads to
//! (PROTOCOL 3.2).

use std::sync::Arc;

use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};

use super::{
    decide::Decided,
    sealing::{SealingError, seal},
};
use crate::{
    domain::{
        approval::{
            Applicant, ApplicantKey, ApprovalRequest, ContentKey, MOST_EDITIONS, RequestId, Sealed,
            Standing, State, later,
        },
        attribute::Claims,
        decision::{BlockReason, DecidedBy, Decision},
        person::PersonKey,
        policy::UserFlow,
        sign_up::{Protocol, SignUp, Step},
    },
    policy::Approval,
    ports::{
        Deadline, StoreError,
        approval_requests::{ApprovalRequests, Filed},
        clock::Clock,
        data_keys::DataKeyMaker,
        journal::ApprovalUse,
    },
};

/// How often somebody else may be faster before this sign-up gives up.
const ATTEMPTS: u32 = 4;

/// Who applies, through what, under which terms.
#[derive(Debug, Clone, Copy)]
pub struct Application<'a> {
    pub sign_up: &'a SignUp,
    pub protocol: Protocol,
    pub user_flow: Option<&'a UserFlow>,
    /// What the policy says of its requests.
    pub approval: Option<&'a Approval>,
}

/// The decision as the applicant's latest request leaves it.
///
/// Whoever waits, is being let in or was denied is told so; nothing that the policy says today undoes it. At the first step
/// nobody is reviewed yet: the attributes that an approver looks at are still to come.
pub fn considered(
    step: Step,
    decided: Decided,
    standing: Option<&Standing>,
    now: Timestamp,
) -> Decided {
    let is_review = decided.decision == Decision::Block(BlockReason::PendingReview);
    let may_go_on = is_review || matches!(decided.decision, Decision::Continue(_));
    if !step.is_sign_up() || !may_go_on {
        return decided;
    }
    let standing = standing.filter(|standing| !standing.may_apply(now));
    let told = standing.and_then(|standing| told_of(step, standing.state));
    match told {
        Some(reason) => told_instead(decided, reason),
        None if is_review && step == Step::AfterFederation => Decided {
            decision: Decision::Continue(decided.claims_if_approved.clone()),
            block_text: None,
            block_code: None,
            ..decided
        },
        None => decided,
    }
}

fn told_instead(decided: Decided, reason: BlockReason) -> Decided {
    Decided {
        decision: Decision::Block(reason),
        block_text: None,
        block_code: None,
        decided_by: Some(DecidedBy::Request),
        ..decided
    }
}

/// What somebody is told whose request is in a state that lets nobody apply.
const fn told_of(step: Step, state: State) -> Option<BlockReason> {
    match (step, state) {
        (_, State::Denied) => Some(BlockReason::RequestDenied),
        (_, State::Approved | State::Provisioning | State::ProvisioningFailed) => {
            Some(BlockReason::BeingCreated)
        }
        (Step::AfterFederation, State::Pending) => Some(BlockReason::AlreadyPending),
        // What was typed now may be a correction, or something that needs no review.
        _ => None,
    }
}

/// Makes and corrects requests.
pub struct Approvals {
    pub requests: Arc<dyn ApprovalRequests>,
    pub keys: Arc<dyn DataKeyMaker>,
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Approvals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Approvals")
    }
}

/// What became of the request; with a reason when it was neither made nor corrected for it.
type Told = (Option<BlockReason>, ApprovalUse);

/// Why a request could not be made.
enum Trouble {
    Store(StoreError),
    Sealing(SealingError),
    /// Others were faster each time.
    Contended,
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SealingError> for Trouble {
    fn from(error: SealingError) -> Self {
        Self::Sealing(error)
    }
}

impl Approvals {
    /// Makes a request of a decision that asks for a review. Nobody is told to wait for a decision that nobody will make: a
    /// request that cannot be stored is an outage.
    pub async fn file(
        &self,
        application: Application<'_>,
        decided: Decided,
        standing: Option<Standing>,
        deadline: Deadline,
    ) -> Decided {
        let is_review = decided.decision == Decision::Block(BlockReason::PendingReview);
        if !is_review || application.sign_up.step != Step::BeforeCreatingUser {
            return decided;
        }
        match self.apply(application, &decided, standing, deadline).await {
            Ok((None, told)) => Decided {
                approval: Some(told),
                ..decided
            },
            Ok((Some(reason), told)) => Decided {
                approval: Some(told),
                ..told_instead(decided, reason)
            },
            Err(trouble) => unavailable(decided, trouble),
        }
    }

    /// Opens a request or corrects the one that waits, as often as somebody else is faster. With a reason when there is one
    /// by now that lets nobody apply.
    async fn apply(
        &self,
        application: Application<'_>,
        decided: &Decided,
        mut standing: Option<Standing>,
        deadline: Deadline,
    ) -> Result<Told, Trouble> {
        let content = content(application.sign_up, &decided.claims_if_approved)?;
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let filed = match &standing {
                Some(waiting) if !waiting.may_apply(now) => {
                    let step = application.sign_up.step;
                    if let Some(reason) = told_of(step, waiting.state) {
                        let told = ApprovalUse::new(&waiting.request, "stands");
                        return Ok((Some(reason), told));
                    }
                    self.correct(waiting, &content, deadline).await?
                }
                seen => {
                    self.open(application, decided, &content, seen.as_ref(), deadline)
                        .await?
                }
            };
            match filed {
                Ok(told) => return Ok(told),
                Err(now_standing) => standing = now_standing,
            }
        }
        Err(Trouble::Contended)
    }

    async fn open(
        &self,
        application: Application<'_>,
        decided: &Decided,
        content: &[u8],
        seen: Option<&Standing>,
        deadline: Deadline,
    ) -> Result<Result<Told, Option<Standing>>, Trouble> {
        let request = request(application, decided, content, self.clock.now())?;
        let sealed = self.seal(&request.id, content, deadline).await?;
        let opened = self.requests.open(&request, &sealed, seen, deadline);
        Ok(match opened.await? {
            Filed::Yes => Ok((None, ApprovalUse::new(&request.id, "opened"))),
            Filed::Overtaken(standing) => Err(standing),
        })
    }

    /// The same again is Entra's retry, and nothing new. Whoever has corrected a request often enough is told that it waits:
    /// what was typed last stays unread.
    async fn correct(
        &self,
        waiting: &Standing,
        content: &[u8],
        deadline: Deadline,
    ) -> Result<Result<Told, Option<Standing>>, Trouble> {
        let id = &waiting.request;
        let key = ContentKey::of(id, content);
        if key == waiting.content {
            return Ok(Ok((None, ApprovalUse::new(id, "stands"))));
        }
        let Some(request) = self.requests.find(id, deadline).await? else {
            return Ok(Err(None));
        };
        let Ok((next, entry)) = request.corrected(key, self.clock.now()) else {
            return Ok(Err(Some(request.standing())));
        };
        if next.edition > MOST_EDITIONS {
            let told = ApprovalUse::new(id, "stands");
            return Ok(Ok((Some(BlockReason::AlreadyPending), told)));
        }
        let sealed = self.seal(id, content, deadline).await?;
        let corrected = self.requests.correct(&next, &entry, &sealed, deadline);
        Ok(match corrected.await? {
            Filed::Yes => Ok((None, ApprovalUse::new(id, "corrected"))),
            Filed::Overtaken(standing) => Err(standing),
        })
    }

    async fn seal(
        &self,
        id: &RequestId,
        content: &[u8],
        deadline: Deadline,
    ) -> Result<Sealed, Trouble> {
        Ok(seal(self.keys.as_ref(), id, content, deadline).await?)
    }
}

/// What the account would be made of: the attributes with everything that the policy makes of them.
fn content(sign_up: &SignUp, claims: &Claims) -> Result<Vec<u8>, Trouble> {
    let applicant = Applicant::of(sign_up).with(claims);
    serde_json::to_vec(&applicant).map_err(|_| SealingError::Broken.into())
}

fn request(
    application: Application<'_>,
    decided: &Decided,
    content: &[u8],
    now: Timestamp,
) -> Result<ApprovalRequest, Trouble> {
    let Application {
        sign_up,
        protocol,
        user_flow,
        approval,
    } = application;
    let Approval { terms, grants, .. } = approval.cloned().unwrap_or_default();
    let mut chance = [0; 10];
    let filled = SystemRandom::new().fill(&mut chance);
    filled.map_err(|_| SealingError::Broken)?;
    let id = RequestId::new(now, chance);
    let named = ApplicantKey::of(sign_up).zip(PersonKey::of(sign_up));
    // A sign-up that names nobody was refused when it was read.
    let (applicant, person) = named.ok_or(SealingError::Broken)?;
    let domain = sign_up.addresses.first();
    let provider = sign_up.identities.first();
    Ok(ApprovalRequest {
        content: ContentKey::of(&id, content),
        id,
        applicant,
        person,
        user_flow: user_flow.cloned(),
        protocol,
        domain: domain.map(|address| address.domain().as_str().to_owned()),
        provider: provider.map(|identity| identity.provider.as_str().to_owned()),
        state: State::Pending,
        version: 1,
        edition: 1,
        created_at: now,
        changed_at: now,
        expires_at: later(now, terms.expire_after_days),
        terms,
        grants,
        policy: decided.policy.clone(),
        asked_by: DecidedBy::told(decided.decided_by.as_ref()),
        approved_by: Vec::new(),
        failure: None,
        account: None,
    })
}

fn unavailable(decided: Decided, trouble: Trouble) -> Decided {
    let failure = match trouble {
        Trouble::Store(error) => error,
        Trouble::Contended => StoreError::Conflict,
        Trouble::Sealing(error) => StoreError::Unavailable(error.to_string()),
    };
    Decided {
        decision: Decision::Block(BlockReason::Unavailable),
        block_text: None,
        block_code: None,
        // What came first tells more.
        failure: decided.failure.or(Some(failure)),
        ..decided
    }
}
