//! The only place that reads the environment.

/// Where settings come from.
pub trait Environment {
    /// `None` when the variable is not set. The empty value counts as not set.
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of the process.
#[derive(Debug, Clone, Copy)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads it"
    )]
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    }
}

impl<const N: usize> Environment for [(&str, &str); N] {
    fn get(&self, name: &str) -> Option<String> {
        <[(&str, &str)] as Environment>::get(self.as_slice(), name)
    }
}

impl Environment for [(&str, &str)] {
    fn get(&self, name: &str) -> Option<String> {
        let found = self.iter().rev().find(|(known, _)| *known == name)?;
        Some(found.1.to_owned()).filter(|value| !value.trim().is_empty())
    }
}
