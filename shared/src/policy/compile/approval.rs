//! Checking `[approval]`.

use super::{Compiler, Place};
use crate::{
    domain::approval::{AppRole, Grants, ObjectId, Reapply, Terms},
    policy::Approval,
};

/// Ten years: longer than anybody waits or keeps.
const MAX_DAYS: u32 = 3650;

/// Most groups, and most app roles, of one policy: each is a call to Graph.
const MAX_GRANTS: usize = 20;

impl Compiler<'_> {
    pub(super) fn approval(&mut self, top: &Place) -> Approval {
        let document = self.document;
        let Some(found) = &document.approval else {
            return Approval::default();
        };
        let place = top.key("approval");
        let usual = Terms::USUAL;
        let days = |this: &mut Self, name, found: Option<u32>, least, usual| {
            let found = found.unwrap_or(usual);
            if !(least..=MAX_DAYS).contains(&found) {
                let problem =
                    format!("found {found}, expected a number of days from {least} to {MAX_DAYS}");
                this.fault(&place.key(name), problem);
            }
            found
        };
        let reapply = found
            .reapply_after_days
            .map(|found| days(self, "reapply-after-days", Some(found), 0, 0));
        let terms = Terms {
            reapply: match reapply {
                None => Reapply::Never,
                Some(0) => Reapply::AtOnce,
                Some(days) => Reapply::AfterDays(days),
            },
            expire_after_days: days(
                self,
                "expire-after-days",
                found.expire_after_days,
                1,
                usual.expire_after_days,
            ),
            approvals: found.approvals.unwrap_or(usual.approvals),
            reason_required: found.reason_required,
            keep_days: days(self, "keep-days", found.keep_days, 1, usual.keep_days),
        };
        if !(1..=2).contains(&terms.approvals) {
            let problem = format!("found {}, expected 1 or 2", terms.approvals);
            self.fault(&place.key("approvals"), problem);
        }
        Approval {
            terms,
            grants: self.grants(&place),
        }
    }

    fn grants(&mut self, place: &Place) -> Grants {
        let document = self.document;
        let Some(found) = &document.approval else {
            return Grants::default();
        };
        for (name, count) in [
            ("groups", found.groups.len()),
            ("app-role", found.app_roles.len()),
        ] {
            if count > MAX_GRANTS {
                let problem = format!("found {count}, expected at most {MAX_GRANTS}");
                self.fault(&place.key(name), problem);
            }
        }
        let groups = found.groups.iter().enumerate();
        let groups = groups
            .filter_map(|(index, id)| self.object_id(&place.key("groups").index(index), id))
            .collect();
        let roles = found.app_roles.iter().enumerate();
        let app_roles = roles
            .filter_map(|(index, found)| {
                let place = place.key("app-role").index(index);
                let application = self.object_id(&place.key("application"), &found.application);
                let role = self.object_id(&place.key("role"), &found.role);
                Some(AppRole {
                    application: application?,
                    role: role?,
                })
            })
            .collect();
        Grants { groups, app_roles }
    }

    fn object_id(&mut self, place: &Place, found: &str) -> Option<ObjectId> {
        let id = ObjectId::parse(found);
        if id.is_none() {
            let problem = format!(
                "found `{found}`, expected an object id, such as `00001111-aaaa-2222-bbbb-3333cccc4444`"
            );
            self.fault(place, problem);
        }
        id
    }
}
