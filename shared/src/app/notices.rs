//! Mails about approval requests: to applicants what became of theirs, to approvers which ones wait.
//!
//! What happened comes by messages, which may come twice, late or many at once. So each message is looked at against the request
//! as it is now, each recipient of each notice gets it once, and all that approvers are told of by one batch is one mail to
//! each of them.

mod untold;

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use self::untold::Untold;
use super::{
    lease::lease,
    links::{Link, LinkKey, Purpose, link_key},
    one_time_codes::Sender,
    policies::{Active, Policies},
    sealing,
};
use crate::{
    domain::{
        approval::{
            Applicant, ApprovalRequest, Call, Due, Happening, NoticeId, Recipient, RequestId,
            Tidings,
        },
        language::{Language, LanguageWishes},
        mail::Address,
        person::PersonKey,
        publication::CurrentPolicies,
    },
    policy::{
        Policy,
        letter::Letter,
        notice::{News, NoticeWriter, Style, Waiting},
    },
    ports::{
        Deadline, Lease,
        clock::Clock,
        data_keys::DataKeyReader,
        journal::{Journal, Notice, Notified},
        mailer::{MailError, Mailer, Message},
        notice_deliveries::{NoticeDeliveries, Turn},
        policy_store::PolicyStore,
        request_store::RequestStore,
        secrets::Secrets,
    },
};

/// For a whole batch, within the function's minute.
const ATTEMPT: Duration = Duration::from_secs(45);

/// After it, for noting what became of the mails.
const NOTING: Duration = Duration::from_secs(5);

/// Requests and mails at the same time: mail services bound how many they take in a second.
const AT_ONCE: usize = 5;

/// How long an applicant's link is good.
const APPLICANT_DAYS: u32 = 90;

/// How long an approver's link is good. A reminder has a new one.
const APPROVER_DAYS: u32 = 30;

/// What every mail has in common.
#[derive(Debug, Clone)]
pub struct Settings {
    pub sender: Sender,
    /// Scheme and host of the pages that links lead to.
    pub console_url: String,
    /// The name of the secret with the key of links.
    pub link_secret: String,
}

/// What a message says: what happened to which request. `None` for a text that says neither.
pub type Told = Option<(RequestId, Happening)>;

/// Sends notices.
pub struct Notices {
    pub settings: Settings,
    pub writer: NoticeWriter,
    pub requests: Arc<dyn RequestStore>,
    pub keys: Arc<dyn DataKeyReader>,
    pub current: Arc<dyn PolicyStore>,
    pub policies: Arc<Policies>,
    pub deliveries: Arc<dyn NoticeDeliveries>,
    pub mailer: Arc<dyn Mailer>,
    pub secrets: Arc<dyn Secrets>,
    pub clock: Arc<dyn Clock>,
    pub journal: Arc<dyn Journal>,
}

impl std::fmt::Debug for Notices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notices")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// What a batch needs once.
struct Ground {
    link_key: LinkKey,
    current: CurrentPolicies,
    deadline: Deadline,
    noted_by: Deadline,
}

/// A message with what there is to tell.
struct Case {
    /// Of the message in its batch.
    place: usize,
    request: ApprovalRequest,
    happening: Happening,
    due: Due,
    /// What the approver says to the applicant.
    message: Option<String>,
    /// The current one of the user flow.
    policy: Option<Arc<Active>>,
}

/// What became of one notice to one recipient.
struct Became {
    place: usize,
    request: Option<RequestId>,
    notice: &'static str,
    told: Result<(), Untold>,
}

impl Notices {
    /// Sends what a batch of messages is about. Whether each is done with, in their order.
    pub async fn take(&self, messages: &[Told]) -> Vec<bool> {
        let became = match self.ground().await {
            Ok(ground) => self.tell_all(messages, &ground).await,
            Err(trouble) => nobody_told(messages, &trouble),
        };
        let mut is_done = vec![true; messages.len()];
        for one in &became {
            self.report(one);
            if one.told.as_ref().is_err_and(Untold::is_put_back)
                && let Some(is_done) = is_done.get_mut(one.place)
            {
                *is_done = false;
            }
        }
        is_done
    }

    async fn ground(&self) -> Result<Ground, Untold> {
        let started = Instant::now();
        let deadline = Deadline(started + ATTEMPT);
        let link_secret = &self.settings.link_secret;
        Ok(Ground {
            link_key: link_key(self.secrets.as_ref(), link_secret, deadline).await?,
            current: self.current.current().await?,
            deadline,
            noted_by: Deadline(started + ATTEMPT + NOTING),
        })
    }

    async fn tell_all(&self, messages: &[Told], ground: &Ground) -> Vec<Became> {
        let mut seen = HashSet::new();
        // The first one stands for all that say the same.
        let new = messages
            .iter()
            .enumerate()
            .filter(|(_, told)| told.is_none() || seen.insert(*told));
        let looked: Vec<_> = stream::iter(new)
            .map(|(place, told)| async move { self.case(place, told.as_ref(), ground).await })
            .buffered(AT_ONCE)
            .collect()
            .await;
        let (mut cases, mut became) = (Vec::new(), Vec::new());
        for one in looked {
            match one {
                Ok(case) => cases.extend(case),
                Err(untold) => became.push(untold),
            }
        }
        let (applicants, approvers) = tokio::join!(
            self.tell_applicants(&cases, ground),
            self.tell_approvers(&cases, ground)
        );
        became.extend(applicants);
        became.extend(approvers);
        became
    }

    /// `None` when there is nothing to tell, or no longer.
    async fn case(
        &self,
        place: usize,
        told: Option<&(RequestId, Happening)>,
        ground: &Ground,
    ) -> Result<Option<Case>, Became> {
        let untold = |request: Option<&RequestId>, untold| Became {
            place,
            request: request.cloned(),
            notice: "unknown",
            told: Err(untold),
        };
        let Some((id, happening)) = told else {
            return Err(untold(None, Untold::Unreadable));
        };
        let found = self.find(place, id, *happening, ground).await;
        found.map_err(|trouble| untold(Some(id), trouble))
    }

    async fn find(
        &self,
        place: usize,
        id: &RequestId,
        happening: Happening,
        ground: &Ground,
    ) -> Result<Option<Case>, Untold> {
        let Some(request) = self.requests.request(id).await? else {
            return Ok(None);
        };
        let history = self.requests.history(id).await?;
        let due = request.due(happening, &history);
        if due == Due::default() {
            return Ok(None);
        }
        let policy = self.policy(&request, ground).await?;
        let last = history.into_iter().next_back();
        let message = last.and_then(|entry| entry.message);
        Ok(Some(Case {
            place,
            request,
            happening,
            due,
            message: message.filter(|_| due.applicant == Some(Tidings::Denied)),
            policy,
        }))
    }

    async fn policy(
        &self,
        request: &ApprovalRequest,
        ground: &Ground,
    ) -> Result<Option<Arc<Active>>, Untold> {
        let Some(version) = ground.current.of(request.user_flow.as_ref()) else {
            return Ok(None);
        };
        let policy = self.policies.get(&version, ground.deadline).await;
        let unavailable = || Untold::Later(format!("the policy {} cannot be used", version.flow));
        policy.ok_or_else(unavailable).map(Some)
    }

    async fn tell_applicants(&self, cases: &[Case], ground: &Ground) -> Vec<Became> {
        let due = cases.iter();
        let due = due.filter_map(|case| Some((case, case.due.applicant?)));
        stream::iter(due)
            .map(|(case, tidings)| async move {
                let told = self.tell_applicant(case, tidings, ground).await;
                case.became(tidings.name(), told)
            })
            .buffered(AT_ONCE)
            .collect()
            .await
    }

    async fn tell_applicant(
        &self,
        case: &Case,
        tidings: Tidings,
        ground: &Ground,
    ) -> Result<(), Untold> {
        let id = case.notice(Recipient::Applicant);
        let lease = lease(self.clock.as_ref(), ground.noted_by);
        self.turn(&id, &lease, ground).await?;
        let told = self.mail_applicant(case, tidings, ground).await;
        self.note(&id, &lease, &told, ground).await;
        told
    }

    async fn mail_applicant(
        &self,
        case: &Case,
        tidings: Tidings,
        ground: &Ground,
    ) -> Result<(), Untold> {
        let applicant = self.applicant(&case.request, ground).await?;
        let to = applicant.addresses.first();
        let to = to.and_then(|address| Address::parse(address));
        let to = to.ok_or(Untold::NoAddress)?;
        let wishes = LanguageWishes::parse(&applicant.languages.join(" "));
        let language = wishes.best(self.settings.sender.default_language);
        let style = self.style(case.policy(), language);
        let link = self.applicant_link(&case.request, ground);
        let news = News {
            tidings,
            since: case.request.created_at,
            message: case.message.as_deref(),
            link: &link,
        };
        let letter = self.writer.to_applicant(style, news);
        self.send(&to, letter, ground).await
    }

    async fn applicant(
        &self,
        request: &ApprovalRequest,
        ground: &Ground,
    ) -> Result<Applicant, Untold> {
        let sealed = self.requests.applicant(&request.id, request.edition).await;
        let sealed = sealed?.ok_or(Untold::Erased)?;
        let keys = self.keys.as_ref();
        Ok(sealing::open(keys, &request.id, &sealed, ground.deadline).await?)
    }

    async fn tell_approvers(&self, cases: &[Case], ground: &Ground) -> Vec<Became> {
        let recipients = by_approver(cases).into_values();
        let became: Vec<_> = stream::iter(recipients)
            .map(|(to, calls)| async move { self.tell_approver(&to, &calls, ground).await })
            .buffered(AT_ONCE)
            .collect()
            .await;
        became.into_iter().flatten().collect()
    }

    /// One mail about all that this approver has not been told yet.
    async fn tell_approver(
        &self,
        to: &Address,
        calls: &[(&Case, Call)],
        ground: &Ground,
    ) -> Vec<Became> {
        let fingerprint = PersonKey::of_address(&to.as_str().to_lowercase());
        let lease = lease(self.clock.as_ref(), ground.noted_by);
        let (mut ours, mut became) = (Vec::new(), Vec::new());
        for (case, call) in calls {
            let id = case.notice(Recipient::Approver(fingerprint.clone()));
            match self.turn(&id, &lease, ground).await {
                Ok(()) => ours.push((id, *case, *call)),
                Err(untold) => became.push(case.became(call.name(), Err(untold))),
            }
        }
        if ours.is_empty() {
            return became;
        }
        let calls: Vec<_> = ours.iter().map(|(_, case, call)| (*case, *call)).collect();
        let told = self.mail_approver(to, &calls, ground).await;
        for (id, case, call) in ours {
            self.note(&id, &lease, &told, ground).await;
            became.push(case.became(call.name(), told.clone()));
        }
        became
    }

    async fn mail_approver(
        &self,
        to: &Address,
        calls: &[(&Case, Call)],
        ground: &Ground,
    ) -> Result<(), Untold> {
        let links = calls.iter();
        let links: Vec<_> = links
            .map(|(case, _)| self.approver_link(&case.request, ground))
            .collect();
        let waiting = calls.iter().zip(&links);
        let waiting: Vec<_> = waiting
            .map(|((case, call), link)| Waiting {
                call: *call,
                request: &case.request,
                link,
            })
            .collect();
        let language = self.settings.sender.default_language;
        let style = self.style(common_policy(calls), language);
        let letter = self.writer.to_approver(style, &waiting);
        self.send(to, letter, ground).await
    }

    fn style<'s>(&'s self, policy: Option<&'s Policy>, language: Language) -> Style<'s> {
        let sender = &self.settings.sender;
        Style {
            policy,
            language,
            from: &sender.from,
            reply_to: sender.reply_to.as_ref(),
        }
    }

    fn applicant_link(&self, request: &ApprovalRequest, ground: &Ground) -> String {
        let link = self.link(request, APPLICANT_DAYS);
        let token = ground.link_key.sign(Purpose::Applicant, &link);
        format!("{}/application/{token}", self.settings.console_url)
    }

    fn approver_link(&self, request: &ApprovalRequest, ground: &Ground) -> String {
        let link = self.link(request, APPROVER_DAYS);
        let token = ground.link_key.sign(Purpose::Approver, &link);
        let url = &self.settings.console_url;
        format!("{url}/console/requests/{}?link={token}", request.id)
    }

    fn link(&self, request: &ApprovalRequest, days: u32) -> Link {
        Link::new(request.id.clone(), request.version, self.clock.now(), days)
    }

    async fn turn(&self, id: &NoticeId, lease: &Lease, ground: &Ground) -> Result<(), Untold> {
        match self.deliveries.begin(id, lease, ground.deadline).await? {
            Turn::Ours => Ok(()),
            Turn::Sent => Err(Untold::Before),
            Turn::SomebodyElses => Err(Untold::Later("somebody else is sending it".to_owned())),
        }
    }

    async fn send(&self, to: &Address, letter: Letter, ground: &Ground) -> Result<(), Untold> {
        let message = Message {
            from: letter.from,
            reply_to: letter.reply_to,
            to: to.clone(),
            subject: letter.subject,
            html: letter.html,
            text: letter.text,
        };
        let sent = self.mailer.send(&message, ground.deadline);
        let sent = timeout_at(ground.deadline.0, sent).await;
        Ok(sent.unwrap_or(Err(MailError::TimedOut))?)
    }

    /// A mail that goes out twice is better than none.
    async fn note(&self, id: &NoticeId, lease: &Lease, told: &Result<(), Untold>, ground: &Ground) {
        let noted = if told.as_ref().is_err_and(Untold::is_put_back) {
            self.deliveries.release(id, lease, ground.noted_by).await
        } else {
            self.deliveries.sent(id, ground.noted_by).await
        };
        if let Err(failure) = noted {
            self.journal.notice(&Notice::NoticeNotRecorded {
                failure: failure.code(),
                detail: failure.detail(),
            });
        }
    }

    fn report(&self, became: &Became) {
        let (outcome, problem) = match &became.told {
            Ok(()) => ("sent", None),
            Err(untold) => (untold.code(), untold.problem()),
        };
        self.journal.notice(&Notice::Notified(Notified {
            request: became.request.as_ref().map(ToString::to_string),
            notice: became.notice,
            outcome,
            problem,
        }));
    }
}

impl Case {
    fn notice(&self, recipient: Recipient) -> NoticeId {
        NoticeId {
            request: self.request.id.clone(),
            happening: self.happening,
            recipient,
        }
    }

    fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref().map(|active| &active.policy)
    }

    fn became(&self, notice: &'static str, told: Result<(), Untold>) -> Became {
        Became {
            place: self.place,
            request: Some(self.request.id.clone()),
            notice,
            told,
        }
    }
}

fn nobody_told(messages: &[Told], trouble: &Untold) -> Vec<Became> {
    let messages = messages.iter().enumerate();
    messages
        .map(|(place, told)| Became {
            place,
            request: told.as_ref().map(|(id, _)| id.clone()),
            notice: "unknown",
            told: Err(trouble.clone()),
        })
        .collect()
}

/// By address, whatever its case.
type Calls<'c> = BTreeMap<String, (Address, Vec<(&'c Case, Call)>)>;

fn by_approver(cases: &[Case]) -> Calls<'_> {
    let mut calls = Calls::new();
    for case in cases {
        let (Some(call), Some(policy)) = (case.due.approvers, case.policy()) else {
            continue;
        };
        for to in policy.approval.notices.called(call) {
            let entry = calls.entry(to.as_str().to_lowercase());
            let (_, its) = entry.or_insert_with(|| (to.clone(), Vec::new()));
            // Who is named twice is told once.
            if its.last().is_none_or(|(last, _)| last.place != case.place) {
                its.push((case, call));
            }
        }
    }
    calls
}

/// The policy of all of them, when it is one.
fn common_policy<'c>(calls: &[(&'c Case, Call)]) -> Option<&'c Policy> {
    let version = |case: &Case| case.policy.as_ref().map(|active| active.version.clone());
    let (first, _) = calls.first()?;
    let is_one = calls
        .iter()
        .all(|(case, _)| version(case) == version(first));
    is_one.then(|| first.policy()).flatten()
}
