//! How long a policy may think.

use std::fmt;

/// Whether there is still time. The policy itself knows no clock.
#[derive(Clone, Copy)]
pub struct Patience<'p>(&'p (dyn Fn() -> bool + Sync));

impl<'p> Patience<'p> {
    /// For tools that answer nobody.
    pub const ENDLESS: Patience<'static> = Patience(&|| true);

    pub fn new(has_time: &'p (dyn Fn() -> bool + Sync)) -> Self {
        Self(has_time)
    }

    pub(super) fn is_over(self) -> bool {
        !(self.0)()
    }
}

impl fmt::Debug for Patience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Patience")
    }
}
