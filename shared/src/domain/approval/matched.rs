//! Which entries of lists are about a request, as far as it says so without its person.

use super::ApprovalRequest;
use crate::domain::{
    email::{EmailAddress, EmailDomain},
    identity::{Identity, IdentityProvider, Subject},
    list::Matcher,
    person::PersonKey,
};

impl ApprovalRequest {
    /// Whether an entry with this matcher would count for a sign-up of whoever applies. A request knows the first address, its
    /// domain, the first provider and one identity; of others that somebody came with, nothing is said here.
    pub fn is_matched_by(&self, matcher: &Matcher) -> bool {
        match matcher {
            Matcher::Address(address) => self.is_of_address(address.as_str()),
            Matcher::Identity(provider, subject) => self.is_of_identity(provider, subject),
            Matcher::Domain(_) | Matcher::Suffix(_) | Matcher::Provider(_) => {
                self.matchers().contains(matcher)
            }
        }
    }

    fn is_of_address(&self, canonical: &str) -> bool {
        self.person == PersonKey::of_address(canonical)
    }

    /// A one-time passcode proves an address, so there the address is the identity.
    fn is_of_identity(&self, provider: &IdentityProvider, subject: &Subject) -> bool {
        if provider.is_mail() {
            let address = EmailAddress::parse(subject.as_str());
            return self
                .matchers()
                .contains(&Matcher::Provider(provider.clone()))
                && address.is_ok_and(|address| self.is_of_address(address.canonical().as_str()));
        }
        let identity = Identity {
            provider: provider.clone(),
            subject: Some(subject.clone()),
        };
        PersonKey::of_identity(&identity)
            .is_some_and(|person| person.as_str() == self.applicant.as_str())
    }

    /// Those of many people that could match this one.
    fn matchers(&self) -> Vec<Matcher> {
        let provider = self.provider.as_deref();
        let provider = provider.and_then(|name| IdentityProvider::parse(name).ok());
        let identity = provider.map(|provider| Identity {
            provider,
            subject: None,
        });
        let mut matchers = Matcher::of_person(None, identity.as_slice());
        let domain = self.domain.as_deref();
        if let Some(domain) = domain.and_then(|name| EmailDomain::parse(name).ok()) {
            matchers.extend(Matcher::of_domain(&domain));
        }
        matchers
    }
}
