//! What a form says of an entry.

use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

use crate::{
    console::{
        desk::{Becomes, EntryWish},
        pages::words::one_line,
    },
    domain::list::{Effect, ListEntry, ListName, Matcher, end_of},
};

/// What a form can ask for.
const PUT: &str = "put";
pub(super) const EXPIRE: &str = "expire";
pub(super) const REMOVE: &str = "remove";

/// The list of entries that name none, as on the command line.
const DEFAULT_LIST: &str = "default";

/// As it was typed, so that nobody types it again.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::console) struct EntryForm {
    pub(super) token: String,
    pub(super) action: String,
    pub(super) matcher: String,
    pub(super) list: String,
    pub(super) effect: String,
    pub(super) reason: String,
    /// A date, or nothing.
    pub(super) expires: String,
    /// What stood there in the preview that is confirmed.
    pub(super) seen: Option<String>,
}

impl EntryForm {
    /// What somebody wants, or the texts of what is not understood; `None` for what no form here asks for.
    pub(super) fn wish(&self) -> Option<Result<EntryWish, Vec<&'static str>>> {
        let becomes = match self.action.as_str() {
            PUT => self.entry(),
            EXPIRE => Ok(Becomes::Expired),
            REMOVE => Ok(Becomes::Removed),
            _ => return None,
        };
        let matcher = Matcher::parse(&self.matcher).map_err(|_| "fault-matcher");
        Some(match (matcher, self.list(), becomes) {
            (Ok(matcher), Ok(list), Ok(becomes)) => Ok(EntryWish {
                matcher,
                list,
                becomes,
            }),
            (matcher, list, becomes) => {
                let place = matcher.err().into_iter().chain(list.err());
                Err(place.chain(becomes.err().unwrap_or_default()).collect())
            }
        })
    }

    fn list(&self) -> Result<ListName, &'static str> {
        let name = match self.list.trim() {
            "" => DEFAULT_LIST,
            name => name,
        };
        ListName::parse(name).ok_or("fault-list")
    }

    fn entry(&self) -> Result<Becomes, Vec<&'static str>> {
        let effect = Effect::parse(&self.effect).ok_or("fault-effect");
        match (effect, self.reason(), self.expires_at()) {
            (Ok(effect), Ok(reason), Ok(expires_at)) => Ok(Becomes::Entry {
                effect,
                reason,
                expires_at,
            }),
            (effect, reason, end) => {
                let faults = [effect.err(), reason.err(), end.err()];
                Err(faults.into_iter().flatten().collect())
            }
        }
    }

    fn reason(&self) -> Result<String, &'static str> {
        let reason = one_line(&self.reason);
        let fits = reason.chars().count() <= ListEntry::MAX_NOTE;
        fits.then_some(reason).ok_or("fault-reason")
    }

    /// The end of the day that was typed.
    fn expires_at(&self) -> Result<Option<Timestamp>, &'static str> {
        let text = self.expires.trim();
        if text.is_empty() {
            return Ok(None);
        }
        // Jiff would also read a time as its date, and move the end by hours.
        let is_date = text.len() == "2027-01-31".len();
        let date: Option<Date> = is_date.then(|| text.parse().ok()).flatten();
        let end = date.and_then(end_of);
        end.map(Some).ok_or("fault-expires")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn form() -> EntryForm {
        EntryForm {
            action: PUT.to_owned(),
            matcher: "Ann+fair@Partner.example".to_owned(),
            effect: "allow".to_owned(),
            ..EntryForm::default()
        }
    }

    #[test]
    fn an_entry_is_understood_as_on_the_command_line() {
        let form = EntryForm {
            reason: " known since\r\nMay ".to_owned(),
            expires: "2027-01-31".to_owned(),
            ..form()
        };
        let wish = form.wish().unwrap().unwrap();
        assert_eq!(wish.matcher.to_string(), "ann@partner.example");
        assert_eq!(wish.list.as_str(), "default");
        let Becomes::Entry {
            effect,
            reason,
            expires_at,
        } = wish.becomes
        else {
            panic!("{:?}", wish.becomes);
        };
        assert_eq!(
            (effect, reason.as_str()),
            (Effect::Allow, "known since May")
        );
        assert_eq!(expires_at.unwrap().to_string(), "2027-02-01T00:00:00Z");
    }

    #[rstest]
    #[case::matcher(|form: &mut EntryForm| form.matcher = "ann@".to_owned(), "fault-matcher")]
    #[case::list(|form: &mut EntryForm| form.list = "a b".to_owned(), "fault-list")]
    #[case::effect(|form: &mut EntryForm| form.effect.clear(), "fault-effect")]
    #[case::reason(|form: &mut EntryForm| form.reason = "é".repeat(501), "fault-reason")]
    #[case::no_date(|form: &mut EntryForm| form.expires = "soon".to_owned(), "fault-expires")]
    #[case::no_such_day(|form: &mut EntryForm| form.expires = "2027-02-30".to_owned(), "fault-expires")]
    #[case::a_time(|form: &mut EntryForm| form.expires = "2027-01-31T12:00:00Z".to_owned(), "fault-expires")]
    #[case::the_last_day(|form: &mut EntryForm| form.expires = "9999-12-31".to_owned(), "fault-expires")]
    fn what_is_not_understood_is_told(#[case] typed: fn(&mut EntryForm), #[case] expected: &str) {
        let mut form = form();
        typed(&mut form);
        assert_eq!(form.wish().unwrap().unwrap_err(), [expected]);
    }

    #[test]
    fn everything_that_is_not_understood_is_told_at_once() {
        let form = EntryForm {
            action: PUT.to_owned(),
            list: "?".to_owned(),
            ..EntryForm::default()
        };
        let expected = ["fault-matcher", "fault-list", "fault-effect"];
        assert_eq!(form.wish().unwrap().unwrap_err(), expected);
    }

    #[test]
    fn nothing_else_is_asked_for() {
        for action in ["", "delete", "Put"] {
            let action = action.to_owned();
            assert!(EntryForm { action, ..form() }.wish().is_none());
        }
    }
}
