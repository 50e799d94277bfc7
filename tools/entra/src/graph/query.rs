//! The query of a request: options of `OData`, each at most once.

use axum::http::Uri;

use super::error::GraphError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(uri: &Uri) -> Result<Self, GraphError> {
        let options = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        let options = options.map_err(|error| GraphError::unreadable(error.body_text()))?;
        let query = Self(options.0);
        match query.repeated() {
            None => Ok(query),
            Some(name) => Err(GraphError::unreadable(format!(
                "Query option '{name}' was specified more than once, but it must be specified at most once."
            ))),
        }
    }

    fn repeated(&self) -> Option<&str> {
        let names = || self.0.iter().map(|(name, _)| name.as_str());
        names().find(|name| names().filter(|other| other == name).count() > 1)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut options = self.0.iter();
        options.find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    /// Refuses every other option.
    pub(super) fn allow(&self, names: &[&str]) -> Result<(), GraphError> {
        let mut options = self.0.iter();
        match options.find(|(name, _)| !names.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) if name.starts_with('$') => Err(GraphError::unsupported(format!(
                "The query option '{name}' is not supported."
            ))),
            Some((name, _)) => Err(GraphError::bad(format!(
                "Unrecognized query argument specified: '{name}'."
            ))),
        }
    }

    /// The same with one option set.
    pub(super) fn with(mut self, name: &str, value: String) -> Vec<(String, String)> {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
        self.0
    }
}
