//! What operators look after beside requests and lists: what was done to which one, and nothing of what it says.

/// What was done to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettingAction {
    CredentialCreate,
    CredentialRetire,
    KeysRefresh,
    PolicyPublish,
    PolicyShadow,
    PolicyEndShadow,
    PolicyPromote,
    PolicyRollback,
    DisposableRefresh,
    DisposableReset,
    ClaimsPut,
    ClaimsRemove,
    ValuesPut,
    ValuesRemove,
    CodeCreate,
    CodeRevoke,
    RequestErase,
    EndpointAdd,
    EndpointRotateSecret,
    EndpointDropSecret,
    EndpointDisable,
    EndpointEnable,
    EndpointRemove,
    EndpointReplay,
    EventReplay,
    EventRestore,
    DeadRecordRemove,
}

impl SettingAction {
    pub const ALL: [Self; 27] = [
        Self::CredentialCreate,
        Self::CredentialRetire,
        Self::KeysRefresh,
        Self::PolicyPublish,
        Self::PolicyShadow,
        Self::PolicyEndShadow,
        Self::PolicyPromote,
        Self::PolicyRollback,
        Self::DisposableRefresh,
        Self::DisposableReset,
        Self::ClaimsPut,
        Self::ClaimsRemove,
        Self::ValuesPut,
        Self::ValuesRemove,
        Self::CodeCreate,
        Self::CodeRevoke,
        Self::RequestErase,
        Self::EndpointAdd,
        Self::EndpointRotateSecret,
        Self::EndpointDropSecret,
        Self::EndpointDisable,
        Self::EndpointEnable,
        Self::EndpointRemove,
        Self::EndpointReplay,
        Self::EventReplay,
        Self::EventRestore,
        Self::DeadRecordRemove,
    ];

    /// As in items, output and the audit chain: the subject, and the verb.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CredentialCreate => "credential.create",
            Self::CredentialRetire => "credential.retire",
            Self::KeysRefresh => "keys.refresh",
            Self::PolicyPublish => "policy.publish",
            Self::PolicyShadow => "policy.shadow",
            Self::PolicyEndShadow => "policy.end-shadow",
            Self::PolicyPromote => "policy.promote",
            Self::PolicyRollback => "policy.rollback",
            Self::DisposableRefresh => "disposable.refresh",
            Self::DisposableReset => "disposable.reset",
            Self::ClaimsPut => "claims.put",
            Self::ClaimsRemove => "claims.remove",
            Self::ValuesPut => "values.put",
            Self::ValuesRemove => "values.remove",
            Self::CodeCreate => "code.create",
            Self::CodeRevoke => "code.revoke",
            Self::RequestErase => "request.erase",
            Self::EndpointAdd => "endpoint.add",
            Self::EndpointRotateSecret => "endpoint.rotate-secret",
            Self::EndpointDropSecret => "endpoint.drop-secret",
            Self::EndpointDisable => "endpoint.disable",
            Self::EndpointEnable => "endpoint.enable",
            Self::EndpointRemove => "endpoint.remove",
            Self::EndpointReplay => "endpoint.replay",
            Self::EventReplay => "event.replay",
            Self::EventRestore => "event.restore",
            Self::DeadRecordRemove => "dead-record.remove",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == text)
    }
}

/// A change of one thing, or of several of which only the number is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingChange {
    pub action: SettingAction,
    /// Which one, by its id, its name or a fingerprint: never a secret, a value, or a person in clear.
    pub about: Option<String>,
    /// Of what is published by versions.
    pub version: Option<u32>,
    /// How many there were, where they are not told one by one.
    pub count: Option<u32>,
}

impl SettingChange {
    pub const fn new(action: SettingAction) -> Self {
        Self {
            action,
            about: None,
            version: None,
            count: None,
        }
    }

    pub fn of(action: SettingAction, about: impl Into<String>) -> Self {
        Self {
            about: Some(about.into()),
            ..Self::new(action)
        }
    }

    #[must_use]
    pub fn with_version(self, version: u32) -> Self {
        Self {
            version: Some(version),
            ..self
        }
    }

    #[must_use]
    pub fn with_count(self, count: usize) -> Self {
        Self {
            count: Some(u32::try_from(count).unwrap_or(u32::MAX)),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_read_back_by_its_name() {
        for action in SettingAction::ALL {
            assert_eq!(SettingAction::parse(action.name()), Some(action));
        }
        assert_eq!(SettingAction::parse("credential"), None);
    }
}
