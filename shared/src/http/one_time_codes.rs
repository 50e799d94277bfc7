//! The event of a one-time code: its mail is handed over, and only then the event is answered.

use std::sync::Arc;

use axum::{Router, extract::Request, http::StatusCode, response::Response};

use super::{Answer, Call, Entrance, Notes, Refusal, is_guid, read, response, route};
use crate::{
    app::one_time_codes::{Asked, Handed, NotHanded, OneTimeCodes},
    domain::{
        caller::Caller,
        language::LanguageWishes,
        mail::Address,
        one_time_code::{DeliveryId, OneTimeCode},
        policy::UserFlow,
        sign_up::Protocol,
    },
    wire::{
        Fault, FaultKind,
        auth_extension::{Action, AuthenticationContext, CalloutData, Event, ExtensionResponse},
    },
};

/// The name of the event in the log, of its function and of the last segment of its path.
pub const OTP_SEND: &str = "otp-send";

/// Serves the event.
#[derive(Debug)]
pub struct OneTimeCodeService {
    entrance: Entrance,
    codes: OneTimeCodes,
}

/// What an event asks for.
struct Wanted {
    id: DeliveryId,
    code: OneTimeCode,
    to: Address,
    application: Option<String>,
    languages: LanguageWishes,
}

impl OneTimeCodeService {
    pub fn new(entrance: Entrance, codes: OneTimeCodes) -> Arc<Self> {
        Arc::new(Self { entrance, codes })
    }

    /// The routes of the event, with and without a user flow.
    pub fn router(self: &Arc<Self>) -> Router {
        let service = Arc::clone(self);
        route::both("extensions", OTP_SEND, move |user_flow, request| {
            Arc::clone(&service).handle(user_flow, request)
        })
        .fallback(route::not_found)
    }

    async fn handle(self: Arc<Self>, user_flow: Option<UserFlow>, request: Request) -> Response {
        let entrance = &self.entrance;
        let protocol = Protocol::Extension;
        let call = entrance
            .receive(OTP_SEND, protocol, user_flow, request)
            .await;
        let mut notes = Notes::default();
        let exchange = self.exchange(&call, &mut notes);
        let answer = entrance.unless_it_panics(&call, exchange).await;
        let answer = answer.unwrap_or_else(|refusal| Answer::bare(&refusal));
        entrance.tell(&call, &notes, &answer);
        response(protocol, answer)
    }

    async fn exchange(&self, call: &Call, notes: &mut Notes) -> Result<Answer, Refusal> {
        let (caller, body) = self.entrance.admit(call, notes).await?;
        let wanted = wanted(body, &caller, notes)?;
        let asked = Asked {
            id: &wanted.id,
            code: &wanted.code,
            to: &wanted.to,
            application: wanted.application.as_deref(),
            languages: &wanted.languages,
            user_flow: call.user_flow.as_ref(),
        };
        let report = self.codes.send(asked, call.deadline).await;
        notes.policy = report.policy;
        match report.result {
            Ok(handed) => handed_over(handed),
            Err(failure) => Ok(not_handed_over(&failure, notes)),
        }
    }
}

fn wanted(body: &[u8], caller: &Caller, notes: &mut Notes) -> Result<Wanted, Refusal> {
    let mut data = read::callout(Event::EmailOtpSend, body, caller)?;
    let context = data.authentication_context.take().unwrap_or_default();
    let correlation_id = context.correlation_id.as_deref();
    notes.correlation_id = correlation_id.filter(|id| is_guid(id)).map(str::to_owned);
    let otp = data.otp_context.take().unwrap_or_default();
    let code = otp.one_time_code.as_deref().and_then(OneTimeCode::parse);
    let code = code.ok_or_else(|| missing(".data.otpContext.oneTimeCode"))?;
    let to = otp.identifier.as_deref().and_then(Address::parse);
    let to = to.ok_or_else(|| missing(".data.otpContext.identifier"))?;
    let id = delivery_id(&data, &context, &code, &to);
    let application = context.client_service_principal.unwrap_or_default();
    notes.application = application.app_id.0.filter(|id| is_guid(id));
    Ok(Wanted {
        id,
        code,
        to,
        application: application.app_display_name.0,
        languages: read::languages_of(&context.client.unwrap_or_default()),
    })
}

fn missing(path: &str) -> Refusal {
    read::malformed(Fault::new(FaultKind::WrongType, path))
}

/// By the correlation id, which Entra's retry repeats and a new code does not have to itself. Without one by everything else
/// that a retry repeats.
fn delivery_id(
    data: &CalloutData,
    context: &AuthenticationContext,
    code: &OneTimeCode,
    to: &Address,
) -> DeliveryId {
    if let Some(correlation_id) = context.correlation_id.as_deref() {
        return DeliveryId::derive(&["correlation", correlation_id, code.as_str()]);
    }
    let event = &data.authentication_event_listener_id;
    let extension = &data.custom_authentication_extension_id;
    let tenant = &data.tenant_id;
    let [event, extension, tenant] =
        [event, extension, tenant].map(|id| id.as_deref().unwrap_or_default());
    DeliveryId::derive(&[
        "recipient",
        to.as_str(),
        code.as_str(),
        event,
        extension,
        tenant,
    ])
}

fn handed_over(handed: Handed) -> Result<Answer, Refusal> {
    let answer =
        ExtensionResponse::new(Event::EmailOtpSend, Action::ContinueWithDefaultBehavior {});
    Ok(Answer {
        status: StatusCode::OK,
        json: Some(serde_json::to_vec(&answer).map_err(|_| Refusal::Unavailable)?),
        outcome: "sent",
        reason: (handed == Handed::Before).then_some("already-sent"),
        fault: None,
    })
}

/// Anything but 200 is what Entra's fallback waits for (PROTOCOL 5.7).
fn not_handed_over(failure: &NotHanded, notes: &mut Notes) -> Answer {
    let reason = match failure {
        NotHanded::Failed(error) => {
            notes.failure = Some(error.code());
            notes.failure_detail = error.detail();
            error.code()
        }
        NotHanded::Unfinished => "unfinished",
    };
    Answer {
        status: StatusCode::BAD_GATEWAY,
        json: None,
        outcome: "failed",
        reason: Some(reason),
        fault: None,
    }
}
