//! Rows of the tables and lists in `shared/data/`: text that is compiled in and read where it lies, so that nothing is built
//! at start-up.

use memchr::{memchr, memrchr};

/// The columns of a row after its key; a list has none.
///
/// Rows are sorted by the octets of their keys, and found by bisection. The comments at the top begin with `#`, which
/// sorts before every key.
pub(super) fn find<'t>(table: &'t str, key: &str) -> Option<&'t str> {
    let mut rest = table;
    while !rest.is_empty() {
        let (before, row, after) = split_in_the_middle(rest)?;
        let (found, columns) = row.split_once('\t').unwrap_or((row, ""));
        match key.cmp(found) {
            std::cmp::Ordering::Less => rest = before,
            std::cmp::Ordering::Greater => rest = after,
            std::cmp::Ordering::Equal => return Some(columns),
        }
    }
    None
}

/// The row in the middle of a text, and the rows on both sides.
fn split_in_the_middle(text: &str) -> Option<(&str, &str, &str)> {
    let octets = text.as_bytes();
    let (head, tail) = octets.split_at_checked(octets.len() / 2)?;
    let start = memrchr(b'\n', head).map_or(0, |end| end + 1);
    let end = memchr(b'\n', tail).map_or(octets.len(), |end| head.len() + end);
    let after = text.get(end + 1..).unwrap_or_default();
    Some((text.get(..start)?, text.get(start..end)?, after))
}

/// Every row, for tests of whole tables.
#[cfg(test)]
pub(super) fn rows(table: &str) -> impl Iterator<Item = (&str, &str)> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once('\t').unwrap_or((line, "")))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TABLE: &str = "# comment\n# another\na\t1\nab\t2\nc\t3\té\né\t4\n";

    #[rstest]
    #[case::first("a", Some("1"))]
    #[case::longer_key("ab", Some("2"))]
    #[case::several_columns("c", Some("3\té"))]
    #[case::last("é", Some("4"))]
    #[case::before_all("A", None)]
    #[case::between("b", None)]
    #[case::after_all("ü", None)]
    #[case::empty("", None)]
    fn finds(#[case] key: &str, #[case] columns: Option<&str>) {
        assert_eq!(find(TABLE, key), columns);
    }

    #[rstest]
    #[case::one_end("\n\n")]
    #[case::nothing("")]
    #[case::only_an_end("\n")]
    #[case::without_an_end("b\t1")]
    fn finds_nothing_in_small_tables(#[case] table: &str) {
        assert_eq!(find(table, "a"), None);
    }

    #[rstest]
    #[case::countries(include_str!("../../data/countries.tsv"))]
    #[case::country_names(include_str!("../../data/country-names.tsv"))]
    #[case::phone_plans(include_str!("../../data/phone-plans.tsv"))]
    #[case::phone_regions(include_str!("../../data/phone-regions.tsv"))]
    #[case::confusables(include_str!("../../data/confusables.tsv"))]
    #[case::free_mail(include_str!("../../data/free-mail.tsv"))]
    #[case::disposable_domains(include_str!("../../data/disposable-domains.txt"))]
    #[case::postal_codes(include_str!("../../data/postal-codes.tsv"))]
    fn finds_every_row_of(#[case] table: &str) {
        for (key, columns) in rows(table) {
            assert_eq!(find(table, key), Some(columns), "{key}");
        }
    }
}
