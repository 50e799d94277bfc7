//! The page of the identity provider: what it asserts of a person.

use serde::Deserialize;

use super::attribute_form::MAX_CHARACTERS;
use crate::{
    model::{Person, Provider},
    sign_up::SignUp,
};

/// Every claim may be empty: a provider need not know it, or the person withholds it.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PersonForm {
    pub(super) email: String,
    pub(super) subject: String,
    pub(super) display_name: String,
    pub(super) given_name: String,
    pub(super) surname: String,
}

impl PersonForm {
    /// An example that is different in each sign-up and the same whenever the page is loaded.
    pub(super) fn example(sign_up: &SignUp, provider: Provider) -> Self {
        let number = u128::from_str_radix(&sign_up.id, 16).unwrap_or_default();
        let email = format!("johnsmith{:04}@fabrikam.com", number % 10_000);
        if provider.proves_address() {
            return Self {
                email,
                ..Self::default()
            };
        }
        Self {
            email,
            subject: subject(provider, number),
            display_name: "John Smith".to_owned(),
            given_name: "John".to_owned(),
            surname: "Smith".to_owned(),
        }
    }

    /// Who it is. A code can only be sent to an address.
    pub(super) fn person(self, provider: Provider) -> Option<Person> {
        let all = [
            &self.email,
            &self.subject,
            &self.display_name,
            &self.given_name,
            &self.surname,
        ];
        if all
            .iter()
            .any(|value| value.chars().count() > MAX_CHARACTERS)
        {
            return None;
        }
        if !provider.proves_address() {
            return Some(Person {
                provider,
                email: self.email,
                subject: self.subject,
                display_name: self.display_name,
                given_name: self.given_name,
                surname: self.surname,
            });
        }
        let email = self.email.trim();
        (!email.is_empty()).then(|| Person {
            provider,
            email: email.to_owned(),
            subject: email.to_owned(),
            display_name: String::new(),
            given_name: String::new(),
            surname: String::new(),
        })
    }
}

/// As long as the ids of that provider are.
fn subject(provider: Provider, number: u128) -> String {
    match provider {
        Provider::Google => format!("1{:020}", number % 10_u128.pow(20)),
        Provider::Facebook => format!("1{:016}", number % 10_u128.pow(16)),
        Provider::Entra => uuid::Uuid::from_u128(number).to_string(),
        Provider::Microsoft => format!("{:016x}", number % (1 << 64)),
        Provider::EmailCode | Provider::Local => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(email: &str, subject: &str) -> PersonForm {
        PersonForm {
            email: email.to_owned(),
            subject: subject.to_owned(),
            display_name: "John Smith".to_owned(),
            ..PersonForm::default()
        }
    }

    #[test]
    fn a_provider_may_withhold_everything() {
        let person = PersonForm::default().person(Provider::Facebook).unwrap();
        assert_eq!(person.provider, Provider::Facebook);
        assert_eq!(person.email, "");
    }

    #[test]
    fn whoever_proves_an_address_is_that_address_and_has_no_name() {
        let person = form(" a@example.com ", "123")
            .person(Provider::EmailCode)
            .unwrap();
        assert_eq!(
            (person.email.as_str(), person.subject.as_str()),
            ("a@example.com", "a@example.com")
        );
        assert_eq!(person.display_name, "");
        assert_eq!(form(" ", "123").person(Provider::Local), None);
    }

    #[test]
    fn a_value_beyond_the_length_of_a_field_is_not_taken() {
        let longest = "é".repeat(MAX_CHARACTERS);
        assert!(form(&longest, "1").person(Provider::Google).is_some());
        assert_eq!(form(&(longest + "x"), "1").person(Provider::Google), None);
    }
}
