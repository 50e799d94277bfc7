//! Records of what a test changes.

use jiff::Timestamp;

use crate::{
    app::audit::of_setting,
    domain::audit::{Record, SettingAction, SettingChange, Signature},
};

/// By whoever changes something in a test.
pub fn signed() -> Signature {
    Signature::new("tests", Timestamp::UNIX_EPOCH)
}

/// Another record each time, for a store that wants one with a change.
pub fn recorded() -> Record {
    of_setting(&signed(), SettingChange::new(SettingAction::KeysRefresh))
}
