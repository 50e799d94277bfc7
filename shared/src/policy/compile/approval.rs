//! Checking `[approval]`.

use super::{Compiler, Place};
use crate::{
    domain::{
        approval::{AppRole, Grants, KeepDays, ObjectId, Reapply, Terms},
        mail::Address,
    },
    policy::{Approval, Notices, document},
};

/// Ten years: longer than anybody waits or keeps.
const MAX_DAYS: u32 = 3650;

/// Most groups, and most app roles, of one policy: each is a call to Graph.
const MAX_GRANTS: usize = 20;

/// Most addresses that are told of a request: each is a mail.
const MAX_NOTIFIED: usize = 20;

/// More ready-made reasons are not found faster than written.
const MAX_REASONS: usize = 30;

/// Longest one, in characters; the console takes no longer reason.
const MAX_REASON: usize = 1000;

impl Compiler<'_> {
    pub(super) fn approval(&mut self, top: &Place<'_>) -> Approval {
        let document = self.document;
        let Some(found) = &document.approval else {
            return Approval::default();
        };
        let place = top.key("approval");
        let usual = Terms::USUAL;
        let reapply = found
            .reapply_after_days
            .map(|found| self.days(&place.key("reapply-after-days"), found, 0));
        let terms = Terms {
            reapply: match reapply {
                None => Reapply::Never,
                Some(0) => Reapply::AtOnce,
                Some(days) => Reapply::AfterDays(days),
            },
            expire_after_days: self.days(
                &place.key("expire-after-days"),
                found.expire_after_days.unwrap_or(usual.expire_after_days),
                1,
            ),
            approvals: found.approvals.unwrap_or(usual.approvals),
            reason_required: found.reason_required,
            keep_days: self.keep_days(found, &place.key("keep-days")),
        };
        if !(1..=2).contains(&terms.approvals) {
            let problem = format!("found {}, expected 1 or 2", terms.approvals);
            self.fault(&place.key("approvals"), problem);
        }
        Approval {
            terms,
            grants: self.grants(&place),
            notices: self.notices(found, &place),
            reasons: self.reasons(&found.reasons, &place.key("reasons")),
        }
    }

    fn keep_days(&mut self, found: &document::Approval, place: &Place<'_>) -> KeepDays {
        let usual = Terms::USUAL.keep_days;
        match found.keep_days {
            None => usual,
            Some(document::KeepDays::Alike(days)) => KeepDays::alike(self.days(place, days, 1)),
            Some(document::KeepDays::ByState(by_state)) => {
                let mut days = |name, found: Option<u32>, usual| {
                    self.days(&place.key(name), found.unwrap_or(usual), 1)
                };
                let days = KeepDays {
                    denied: days("denied", by_state.denied, usual.denied),
                    expired: days("expired", by_state.expired, usual.expired),
                    withdrawn: days("withdrawn", by_state.withdrawn, usual.withdrawn),
                    provisioned: days("provisioned", by_state.provisioned, usual.provisioned),
                };
                self.denial_stands(&place.key("denied"), days, found.reapply_after_days);
                days
            }
        }
    }

    /// A denial stands no longer than its request is kept. Of one number for all states nobody asks this: policies that are
    /// published say such things.
    fn denial_stands(&mut self, place: &Place<'_>, keep: KeepDays, reapply: Option<u32>) {
        if let Some(reapply) = reapply.filter(|reapply| keep.denied < *reapply) {
            let problem = format!(
                "found {}, expected at least the {reapply} of `reapply-after-days`: a denial stands no longer than its request is kept",
                keep.denied
            );
            self.fault(place, problem);
        }
    }

    fn days(&mut self, place: &Place<'_>, found: u32, least: u32) -> u32 {
        if !(least..=MAX_DAYS).contains(&found) {
            let problem =
                format!("found {found}, expected a number of days from {least} to {MAX_DAYS}");
            self.fault(place, problem);
        }
        found
    }

    fn notices(&mut self, found: &document::Approval, place: &Place<'_>) -> Notices {
        let mut days = |name, found: Option<u32>| {
            let place = place.key(name);
            found.map(|found| self.days(&place, found, 1))
        };
        let remind_after_days = days("remind-after-days", found.remind_after_days);
        let escalate_after_days = days("escalate-after-days", found.escalate_after_days);
        let notices = Notices {
            approvers: self.addresses(&place.key("notify"), &found.notify),
            remind_after_days,
            escalate_after_days,
            escalate_to: self.addresses(&place.key("escalate-to"), &found.escalate_to),
        };
        let told = [&notices.approvers, &notices.escalate_to];
        let settings = [
            ("remind-after-days", remind_after_days, told[..1].as_ref()),
            ("escalate-after-days", escalate_after_days, &told),
        ];
        for (name, set, told) in settings {
            if set.is_some() && told.iter().all(|addresses| addresses.is_empty()) {
                let problem = "found nobody to tell, expected addresses in `notify`".to_owned();
                self.fault(&place.key(name), problem);
            }
        }
        notices
    }

    fn addresses(&mut self, place: &Place<'_>, found: &[String]) -> Vec<Address> {
        self.no_more_than(place, found.len(), MAX_NOTIFIED);
        let found = found.iter().enumerate();
        let addresses = found.filter_map(|(index, text)| {
            let address = Address::parse(text);
            if address.is_none() {
                let problem = format!("found `{text}`, expected an e-mail address");
                self.fault(&place.index(index), problem);
            }
            address
        });
        addresses.collect()
    }

    fn reasons(&mut self, found: &[String], place: &Place<'_>) -> Vec<String> {
        self.no_more_than(place, found.len(), MAX_REASONS);
        for (index, reason) in found.iter().enumerate() {
            let length = reason.chars().count();
            if reason.trim().is_empty() || length > MAX_REASON {
                let problem =
                    format!("found {length} characters, expected a text of 1 to {MAX_REASON}");
                self.fault(&place.index(index), problem);
            }
        }
        found.to_vec()
    }

    fn no_more_than(&mut self, place: &Place<'_>, found: usize, most: usize) {
        if found > most {
            let problem = format!("found {found}, expected at most {most}");
            self.fault(place, problem);
        }
    }

    fn grants(&mut self, place: &Place<'_>) -> Grants {
        let document = self.document;
        let Some(found) = &document.approval else {
            return Grants::default();
        };
        for (name, count) in [
            ("groups", found.groups.len()),
            ("app-role", found.app_roles.len()),
        ] {
            self.no_more_than(&place.key(name), count, MAX_GRANTS);
        }
        let groups = found.groups.iter().enumerate();
        let groups = groups
            .filter_map(|(index, id)| self.object_id(&place.key("groups").index(index), id))
            .collect();
        let roles = found.app_roles.iter().enumerate();
        let app_roles = roles
            .filter_map(|(index, found)| {
                let roles = place.key("app-role");
                let place = roles.index(index);
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

    fn object_id(&mut self, place: &Place<'_>, found: &str) -> Option<ObjectId> {
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
