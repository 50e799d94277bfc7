//! Trying again while others change the same items.

use std::{future::Future, time::Duration};

use tokio::time::Instant;

use super::by;
use crate::ports::{Deadline, StoreError};

/// The longest pause before the second try; doubled each time up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(160);

/// How long is tried what has no deadline of its own.
const PATIENCE: Duration = Duration::from_secs(30);

/// A deadline for whoever can wait.
pub(super) fn patiently() -> Deadline {
    Deadline(Instant::now() + PATIENCE)
}

/// Tries until nobody else is in the way. Pauses grow and have a random length, so that those who met once do not meet again.
pub(super) async fn until_free<T, F>(
    deadline: Deadline,
    mut attempt: impl FnMut() -> F,
) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut longest = FIRST_PAUSE;
    loop {
        match by(deadline, attempt()).await {
            Err(StoreError::Conflict | StoreError::Throttled) => {}
            ended => return ended,
        }
        let pause = longest.mul_f64(fastrand::f64());
        if deadline.left() <= pause {
            return Err(StoreError::TimedOut);
        }
        tokio::time::sleep(pause).await;
        longest = LONGEST_PAUSE.min(longest * 2);
    }
}

/// Whether the condition of a write held.
pub(super) fn held<T>(written: Result<T, StoreError>) -> Result<bool, StoreError> {
    match written {
        Ok(_) => Ok(true),
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn in_a_second() -> Deadline {
        Deadline(Instant::now() + Duration::from_secs(1))
    }

    /// The outcome of an attempt after so many that met somebody else, and how many there were.
    async fn after(conflicts: u32, deadline: Deadline) -> (Result<u32, StoreError>, u32) {
        let tries = Cell::new(0);
        let ended = until_free(deadline, || async {
            tries.set(tries.get() + 1);
            match tries.get() {
                try_ if try_ <= conflicts && try_ % 2 == 0 => Err(StoreError::Throttled),
                try_ if try_ <= conflicts => Err(StoreError::Conflict),
                try_ => Ok(try_),
            }
        })
        .await;
        (ended, tries.get())
    }

    #[tokio::test(start_paused = true)]
    async fn a_conflict_is_tried_again() {
        for conflicts in [0, 1, 5] {
            let (ended, tries) = after(conflicts, in_a_second()).await;
            assert_eq!(ended.unwrap(), conflicts + 1);
            assert_eq!(tries, conflicts + 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn conflicts_without_end_are_given_up_by_the_deadline() {
        let deadline = in_a_second();
        let (ended, tries) = after(u32::MAX, deadline).await;
        assert!(matches!(ended, Err(StoreError::TimedOut)), "{ended:?}");
        assert!(Instant::now() <= deadline.0);
        assert!(tries > 5, "only {tries} tries");
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_hangs_is_given_up_at_the_deadline() {
        let deadline = in_a_second();
        let ended: Result<(), _> = until_free(deadline, std::future::pending).await;
        assert!(matches!(ended, Err(StoreError::TimedOut)), "{ended:?}");
        assert_eq!(Instant::now(), deadline.0);
    }

    #[tokio::test(start_paused = true)]
    async fn another_fault_is_told_at_once() {
        let tries = Cell::new(0);
        let ended: Result<(), _> = until_free(in_a_second(), || async {
            tries.set(tries.get() + 1);
            Err(StoreError::Unavailable("no table".to_owned()))
        })
        .await;
        assert!(matches!(ended, Err(StoreError::Unavailable(_))));
        assert_eq!(tries.get(), 1);
    }
}
