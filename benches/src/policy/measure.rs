//! CPU time of operations that take turns, so that what the machine does meanwhile falls on all of them.

use std::{hint::black_box, time::Duration};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// How long a turn takes at least: every operation has several runs in it, and finds its own data in the caches.
const TURN: Duration = Duration::from_millis(4);

/// The CPU time that this thread has taken.
pub(crate) fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::from_secs(seconds)
        + Duration::from_nanos(u64::try_from(now.tv_nsec).unwrap_or_default())
}

/// The CPU time of one run, with what it makes.
pub(crate) fn once<R>(run: impl FnOnce() -> R) -> (Duration, R) {
    let started = cpu_time();
    let made = black_box(run());
    (cpu_time().saturating_sub(started), made)
}

/// Something to measure: takes a number of times, gives the CPU time of all of them.
pub(crate) type Operation<'o> = Box<dyn FnMut(u32) -> Duration + 'o>;

/// What is made is dropped within the time, as it is in a function.
pub(crate) fn operation<'o, R>(mut run: impl FnMut() -> R + 'o) -> Operation<'o> {
    Box::new(move |times| {
        let (took, ()) = once(|| (0..times).for_each(|_| drop(black_box(run()))));
        took
    })
}

/// As [`operation`], with something made ready for each time that does not count.
pub(crate) fn operation_on<'o, I, R>(
    mut prepare: impl FnMut() -> I + 'o,
    mut run: impl FnMut(&I) -> R + 'o,
) -> Operation<'o> {
    Box::new(move |times| {
        let inputs: Vec<I> = (0..times).map(|_| prepare()).collect();
        let (took, ()) = once(|| inputs.iter().for_each(|input| drop(black_box(run(input)))));
        took
    })
}

/// Nanoseconds of one time, in each round.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn of(durations: impl IntoIterator<Item = Duration>) -> Self {
        Self(durations.into_iter().map(nanoseconds).collect())
    }

    /// Round by round, so that both sides of a ratio are of the same moment.
    pub(crate) fn over(&self, base: &Self) -> Self {
        self.with(base, |one, base| one / base)
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        self.with(other, |one, other| one + other)
    }

    pub(crate) fn minus(&self, part: &Self) -> Self {
        self.with(part, |whole, part| whole - part)
    }

    fn with(&self, other: &Self, of: fn(f64, f64) -> f64) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        Self(pairs.map(|(one, other)| of(*one, *other)).collect())
    }

    pub(crate) fn median(&self) -> f64 {
        self.percentile(50)
    }

    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        sorted
            .get(last * percent / 100)
            .copied()
            .unwrap_or_default()
    }
}

/// The samples of each operation, in their order; each has so many turns.
pub(crate) fn measure<const N: usize>(
    rounds: usize,
    mut operations: [Operation<'_>; N],
) -> [Samples; N] {
    let times = operations.each_mut().map(times_in_a_turn);
    let mut samples = [const { Samples(Vec::new()) }; N];
    for _ in 0..rounds {
        for ((run, times), samples) in operations.iter_mut().zip(times).zip(&mut samples) {
            samples.0.push(nanoseconds(run(times)) / f64::from(times));
        }
    }
    samples
}

fn times_in_a_turn(run: &mut Operation<'_>) -> u32 {
    let mut times = 1;
    while run(times) < TURN {
        times *= 2;
    }
    times
}

fn nanoseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1e9
}
