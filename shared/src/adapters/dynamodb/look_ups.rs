//! What policies look up, read along with the lists.

use std::collections::HashMap;

use serde::de::DeserializeOwned;

use super::{
    items::{AnswerItem, BreakerItem, CodeItem, DirectoryItem, Item, MemberItem, decode},
    keys::Key,
};
use crate::ports::{
    StoreError,
    sign_up_reader::{FoundInTable, LookedUp},
};

/// The keys of everything that is looked up.
pub(super) fn keys(wanted: &LookedUp) -> Vec<Key> {
    let subjects = wanted.subjects.iter().map(Key::directory_record);
    let members = wanted.values.iter();
    let members = members.map(|(set, value)| Key::member(set, value));
    let codes = wanted.codes.iter().map(Key::code);
    let people = wanted.person.iter();
    let redemptions = people.flat_map(|person| {
        let codes = wanted.codes.iter();
        codes.map(|code| Key::redemption(code, person))
    });
    let answers = wanted.answers.iter().map(Key::answer);
    let breakers = wanted.breakers.iter().map(Key::breaker);
    subjects
        .chain(members)
        .chain(codes)
        .chain(redemptions)
        .chain(answers)
        .chain(breakers)
        .collect()
}

/// Takes what was looked up out of what was read.
pub(super) fn found(
    wanted: &LookedUp,
    items: &mut HashMap<Key, Item>,
) -> Result<FoundInTable, StoreError> {
    let mut found = FoundInTable::default();
    for subject in &wanted.subjects {
        let key = Key::directory_record(subject);
        found
            .records
            .extend(take(items, &key, DirectoryItem::record)?);
    }
    for (set, value) in &wanted.values {
        let key = Key::member(set, value);
        found.members.extend(take(items, &key, MemberItem::member)?);
    }
    for code in &wanted.codes {
        found
            .codes
            .extend(take(items, &Key::code(code), CodeItem::code)?);
        let redemption = wanted.person.as_ref();
        let redemption = redemption.and_then(|person| items.remove(&Key::redemption(code, person)));
        found.redeemed.extend(redemption.map(|_| code.clone()));
    }
    // Whatever stands in for asking again is no loss: what cannot be read is asked again.
    for answer in &wanted.answers {
        if let Ok(Some(kept)) = take(items, &Key::answer(answer), AnswerItem::answer) {
            found.answers.insert(answer.clone(), kept);
        }
    }
    for source in &wanted.breakers {
        if let Ok(Some(breaker)) = take(items, &Key::breaker(source), BreakerItem::breaker) {
            found.breakers.insert(source.clone(), breaker);
        }
    }
    Ok(found)
}

/// Takes one item out of what was read.
pub(super) fn take<I: DeserializeOwned, T>(
    items: &mut HashMap<Key, Item>,
    key: &Key,
    domain: impl FnOnce(I, &Key) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let item = items.remove(key);
    item.map(|item| domain(decode(key, item)?, key)).transpose()
}
