//! Runs by the clock, which Lambda is told to make (Amazon `EventBridge`).

use std::time::Duration;

use lambda_http::{
    Context, LambdaEvent,
    lambda_runtime::{Error, run as run_runtime, service_fn},
};
use serde::de::IgnoredAny;
use tokio::time::Instant;

use crate::ports::{Deadline, clock::Clock};

/// Kept back for what is under way when the time is over.
const KEPT_BACK: Duration = Duration::from_secs(30);

/// Where the platform says nothing of use, as local runtimes do.
const USUAL: Duration = Duration::from_secs(30);

/// Works at each event in the Lambda runtime loop until the platform ends it. Work that says it is not done is a failed
/// invocation, which an alarm can see.
pub async fn run<F, T>(work: F, clock: &dyn Clock) -> Result<(), Error>
where
    F: Fn(Deadline) -> T,
    T: Future<Output = bool>,
{
    let work = &work;
    let event = |event: LambdaEvent<IgnoredAny>| async move {
        let time = time_for(&event.context, clock, KEPT_BACK);
        let deadline = Deadline(Instant::now() + time);
        if work(deadline).await {
            return Ok(());
        }
        Err(Error::from(
            "not everything was done; the line of the run says why",
        ))
    };
    run_runtime(service_fn(event)).await
}

/// How long a function may work; `kept_back` is left of its time-out then.
pub(super) fn time_for(context: &Context, clock: &dyn Clock, kept_back: Duration) -> Duration {
    let deadline = i64::try_from(context.deadline).unwrap_or_default();
    let left = deadline.saturating_sub(clock.now().as_millisecond());
    match u64::try_from(left) {
        Ok(left) if left > 0 => Duration::from_millis(left).saturating_sub(kept_back),
        _ => USUAL,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rstest::rstest;

    use super::*;
    use crate::testkit::FixedClock;

    #[rstest]
    #[case::of_lambda(300_000, 270)]
    #[case::hardly_any(20_000, 0)]
    #[case::none(0, 30)]
    #[case::long_past(-1_000_000, 30)]
    fn a_run_ends_before_the_platform_ends_it(#[case] left: i64, #[case] expected: u64) {
        let now = Timestamp::constant(1_768_478_400, 0);
        let mut context = Context::default();
        context.deadline = u64::try_from(now.as_millisecond() + left).unwrap();
        let time = time_for(&context, &FixedClock::at(now), KEPT_BACK);
        assert_eq!(time, Duration::from_secs(expected));
    }
}
