//! Names that are none: with an address or a link in them, which every mail to or about that person would spread.

/// Whether a text holds an e-mail address or a link.
pub fn holds_lure(text: &str) -> bool {
    let text = text.to_lowercase();
    text.split_whitespace().any(is_lure)
}

fn is_lure(word: &str) -> bool {
    let has_address = word
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'));
    has_address || word.contains("://") || word.contains("www.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::abbreviated("J.R.R. St.John")]
    #[case::joined("Anne-Marie O'Neill")]
    #[case::at_alone("Ann @ Contoso")]
    #[case::handle("@ann")]
    #[case::colon("Ann: the first")]
    fn names_are_none(#[case] name: &str) {
        assert!(!holds_lure(name), "{name}");
    }

    proptest! {
        #[test]
        fn whatever_is_around_it_it_is_found(
            before in "\\PC{0,20}",
            after in "\\PC{0,20}",
            lure in prop::sample::select(vec!["a@b.example", "https://b.example", "WWW.b.example"]),
        ) {
            let name = format!("{before} {lure} {after}");
            prop_assert!(holds_lure(&name));
        }

        #[test]
        fn letters_and_spaces_hold_none(name in "[\\p{L} '-]{0,40}") {
            prop_assert!(!holds_lure(&name));
        }
    }
}
