//! Parameters of OAuth requests, from a query or a form (RFC 6749 3.1, 3.2).

use std::collections::BTreeMap;

use super::oauth_error::OAuthError;

/// Each with one value that is not empty: one without a value counts as left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Fails when one is given twice: what is checked and what is used could differ.
    pub(super) fn read(pairs: Vec<(String, String)>) -> Result<Self, OAuthError> {
        let mut all = BTreeMap::new();
        for (name, value) in pairs {
            if all.contains_key(&name) {
                let problem = format!(
                    "The request is not properly formatted. The parameter '{name}' is duplicated."
                );
                return Err(OAuthError::new("invalid_request", 9_000_411, problem));
            }
            all.insert(name, value);
        }
        all.retain(|_, value| !value.is_empty());
        Ok(Self(all))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn require(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name).ok_or_else(|| {
            let problem =
                format!("The request body must contain the following parameter: '{name}'.");
            OAuthError::new("invalid_request", 900_144, problem)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn one_without_a_value_is_left_out_and_still_counts_as_given() {
        let read = Parameters::read(pairs(&[("state", ""), ("code", "c")])).unwrap();
        assert_eq!((read.get("state"), read.get("code")), (None, Some("c")));
        assert!(read.require("state").is_err());
        assert!(Parameters::read(pairs(&[("code", ""), ("code", "c")])).is_err());
    }

    proptest! {
        #[test]
        fn different_names_are_all_read(given in prop::collection::btree_map("[a-z_]{1,12}", ".{1,20}", 0..8)) {
            let read = Parameters::read(given.clone().into_iter().collect()).unwrap();
            prop_assert_eq!(read, Parameters(given));
        }

        #[test]
        fn a_name_given_twice_is_refused_wherever_it_stands(
            mut given in prop::collection::vec(("[a-z]{1,8}", ".{0,8}"), 1..8),
            from in any::<prop::sample::Index>(),
            to in any::<prop::sample::Index>(),
        ) {
            let again = from.get(&given).clone();
            given.insert(to.index(given.len() + 1), again);
            prop_assert!(Parameters::read(given).is_err());
        }
    }
}
