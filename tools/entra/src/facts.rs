//! What a request is made of: everything that Entra knows of a sign-up at one step.

use crate::{
    config::{Tenant, UserFlow},
    directory::Account,
    model::{Attributes, Person, Step, WireForm},
};

#[derive(Debug, Clone, Copy)]
pub struct Facts<'s> {
    pub tenant: &'s Tenant,
    pub flow: &'s UserFlow,
    pub step: Step,
    pub person: &'s Person,
    /// What stands on the attribute page; empty before it was shown.
    pub attributes: &'s Attributes,
    /// A language tag such as `sv-SE`.
    pub language: &'s str,
    /// The GUID of this sign-up in the logs; extensions see it.
    pub correlation_id: &'s str,
    /// At the token step: the account that signs in.
    pub account: Option<&'s Account>,
    /// The code that is to be sent, at [`Step::OtpSend`] only.
    pub one_time_code: Option<&'s str>,
    pub form: WireForm,
}
