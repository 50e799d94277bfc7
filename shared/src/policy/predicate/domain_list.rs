//! The lists of domains in `shared/data/`: text that is compiled in and searched where it lies, so that nothing is
//! built at start-up.

use std::cmp::Ordering;

/// Whether a line of a list is this domain, or begins with it and a tab.
///
/// Lines are sorted by the octets of their domains. The comments at the top begin with `#`, which sorts before every
/// domain.
pub(super) fn contains(list: &str, domain: &str) -> bool {
    let mut rest = list;
    while let Some((before, line, after)) = around_the_middle(rest) {
        let found = line.split('\t').next().unwrap_or(line);
        rest = match domain.cmp(found) {
            Ordering::Less => before,
            Ordering::Greater => after,
            Ordering::Equal => return true,
        };
    }
    false
}

/// The line in the middle of a text, with what stands before and after it.
fn around_the_middle(text: &str) -> Option<(&str, &str, &str)> {
    if text.is_empty() {
        return None;
    }
    let (head, tail) = text.as_bytes().split_at_checked(text.len() / 2)?;
    let ends = |octet: &u8| *octet == b'\n';
    let start = head.iter().rposition(ends).map_or(0, |end| end + 1);
    let end = tail
        .iter()
        .position(ends)
        .map_or(text.len(), |end| head.len() + end);
    let after = text.get(end + 1..).unwrap_or_default();
    Some((text.get(..start)?, text.get(start..end)?, after))
}

/// Every domain, for tests of whole lists.
#[cfg(test)]
pub(super) fn domains(list: &str) -> impl Iterator<Item = &str> {
    list.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').next().unwrap())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const LIST: &str = "# one\n# two\na.example\na.example.com\tA\nb-c.example\nb.example\tB\n";

    #[rstest]
    #[case::first("a.example", true)]
    #[case::longer("a.example.com", true)]
    #[case::hyphen_before_dot("b-c.example", true)]
    #[case::last("b.example", true)]
    #[case::before_all("0.example", false)]
    #[case::between("b.com", false)]
    #[case::after_all("c.example", false)]
    #[case::beginning("a.exampl", false)]
    #[case::second_column("A", false)]
    #[case::nothing("", false)]
    fn finds(#[case] domain: &str, #[case] expected: bool) {
        assert_eq!(contains(LIST, domain), expected);
    }

    #[rstest]
    #[case::empty("")]
    #[case::an_end("\n")]
    #[case::two_ends("\n\n")]
    #[case::no_end("b.example")]
    fn finds_nothing_in_small_lists(#[case] list: &str) {
        assert!(!contains(list, "a.example"));
    }
}
