//! What came last, and no more than so much of it.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// At most `CAP` things, newest first; when it is full the oldest is dropped.
pub(crate) struct Recent<T, const CAP: usize>(Mutex<VecDeque<Arc<T>>>);

impl<T, const CAP: usize> Recent<T, CAP> {
    /// Adds what `make` makes of the things that are kept already.
    pub(crate) fn add(&self, make: impl FnOnce(&VecDeque<Arc<T>>) -> T) -> Arc<T> {
        let mut kept = self.lock();
        let added = Arc::new(make(&kept));
        kept.push_front(Arc::clone(&added));
        kept.truncate(CAP);
        added
    }

    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        self.lock().iter().map(Arc::clone).collect()
    }

    pub(crate) fn find(&self, wanted: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        self.lock().iter().find(|one| wanted(one)).map(Arc::clone)
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T, const CAP: usize> Default for Recent<T, CAP> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T, const CAP: usize> fmt::Debug for Recent<T, CAP> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {CAP}", self.lock().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_comes_first_and_the_oldest_goes() {
        let recent = Recent::<usize, 3>::default();
        for number in 0..5 {
            recent.add(|kept| {
                assert_eq!(kept.len(), number.min(3));
                number
            });
        }
        let kept: Vec<usize> = recent.all().iter().map(|one| **one).collect();
        assert_eq!(kept, [4, 3, 2]);
        assert!(recent.find(|one| *one == 1).is_none());

        recent.clear();
        assert!(recent.all().is_empty());
    }
}
