//! The table by port, where ports have methods of the same name.

use shared::ports::{
    approval_requests::ApprovalRequests, code_store::CodeStore, directory_store::DirectoryStore,
    value_store::ValueStore,
};

use super::Fixture;

impl Fixture {
    pub(crate) fn directory(&self) -> &dyn DirectoryStore {
        &*self.table
    }

    pub(crate) fn values(&self) -> &dyn ValueStore {
        &*self.table
    }

    pub(crate) fn requests(&self) -> &dyn ApprovalRequests {
        &*self.table
    }

    pub(crate) fn codes(&self) -> &dyn CodeStore {
        &*self.table
    }
}
