use std::sync::Arc;

use async_trait::async_trait;
use rstest::rstest;

use super::*;
use crate::{
    domain::{
        audit::Signature,
        list::{Effect, ListName, Matcher},
    },
    ports::list_store::{Change, ListStore, Page},
};

/// Three entries in the second part, one of them on a page of its own, and one in the last part.
struct Few;

#[async_trait]
impl ListStore for Few {
    async fn find(&self, _: &[Matcher]) -> Result<Vec<ListEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn apply(&self, _: &[Change], _: &Signature) -> Result<(), StoreError> {
        Ok(())
    }

    async fn exchange(
        &self,
        _: Option<&ListEntry>,
        _: &Change,
        _: &Signature,
    ) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn part(&self, part: u8, after: Option<Cursor>) -> Result<Page, StoreError> {
        let (domains, next): (&[&str], _) = match (part, after) {
            (1, None) => (&["a.example", "b.example"], Some("domain#b.example")),
            (1, Some(_)) => (&["c.example"], None),
            (63, _) => (&["d.example"], None),
            _ => (&[], None),
        };
        Ok(Page {
            entries: domains.iter().map(|domain| entry(domain)).collect(),
            next: next.map(|next| Cursor(next.to_owned())),
        })
    }
}

fn entry(matcher: &str) -> ListEntry {
    ListEntry {
        matcher: Matcher::parse(matcher).unwrap(),
        list: ListName::parse("default").unwrap(),
        effect: Effect::Deny,
        reason: String::new(),
        owner: String::new(),
        expires_at: None,
    }
}

/// The matchers page by page, going on from the text of each bookmark.
async fn pages(most: usize, is_wanted: fn(&ListEntry) -> bool) -> Vec<Vec<String>> {
    let lists = Lists::new(Arc::new(Few));
    let mut pages = Vec::new();
    let mut from = Some(Bookmark::default());
    while let Some(here) = from {
        let (found, next) = lists.browse(here, most, is_wanted).await.unwrap();
        pages.push(found.iter().map(|one| one.matcher.to_string()).collect());
        from = next.map(|next| Bookmark::parse(&next.to_string()).unwrap());
    }
    pages
}

#[rstest]
#[case::one_by_one(1, vec![vec!["a.example"], vec!["b.example"], vec!["c.example"], vec!["d.example"]])]
#[case::across_pages(3, vec![vec!["a.example", "b.example", "c.example"], vec!["d.example"]])]
#[case::all(4, vec![vec!["a.example", "b.example", "c.example", "d.example"]])]
#[tokio::test]
async fn every_entry_comes_once(#[case] most: usize, #[case] expected: Vec<Vec<&str>>) {
    assert_eq!(pages(most, |_| true).await, expected);
}

#[tokio::test]
async fn others_are_passed_over() {
    let is_later = |entry: &ListEntry| entry.matcher.to_string().as_str() > "b.example";
    assert_eq!(pages(1, is_later).await, [["c.example"], ["d.example"]]);
    assert_eq!(pages(25, |_| false).await, [[""; 0]]);
}

#[rstest]
#[case::nothing("")]
#[case::no_such_part("64:0:")]
#[case::no_number("1:x:")]
#[case::no_cursor("1:0")]
fn what_is_no_bookmark_is_none(#[case] text: &str) {
    assert_eq!(Bookmark::parse(text), None);
}

#[test]
fn no_key_is_longer_than_the_table_takes() {
    let of = |length| Bookmark::parse(&format!("0:0:{}", "x".repeat(length)));
    assert!(of(MAX_CURSOR_OCTETS).is_some());
    assert_eq!(of(MAX_CURSOR_OCTETS + 1), None);
}
