//! Prints `shared/data/confusables.tsv`: what the characters of host names look like.
//!
//! ```sh
//! cargo run -p shared --example confusables > shared/data/confusables.tsv
//! ```

use std::io::{self, Write};

use idna::uts46::{AsciiDenyList, Hyphens, Uts46};
use shared::domain::normal_form::{is_mark, nfd};

const HEADER: &str = "\
# What the characters of host names look like, without accents and case; those that look like themselves alone are left out.
# Source: the table of confusable characters of Unicode Technical Standard 39, as the crate unicode-security has it.
# Licence: Unicode-3.0 (LICENSE-unicode.txt).
# The first column is sorted by its UTF-8 octets: rows are found by bisection.
";

fn main() -> io::Result<()> {
    let mut table = io::stdout().lock();
    table.write_all(HEADER.as_bytes())?;
    // Characters are in the order of their octets in UTF-8.
    for c in (char::MIN..=char::MAX).filter(|c| is_of_a_host_name(*c) && is_decomposed(*c)) {
        let looks = plain(unicode_security::skeleton(c.encode_utf8(&mut [0; 4])));
        if looks != plain(std::iter::once(c)) {
            writeln!(table, "{c}\t{looks}")?;
        }
    }
    Ok(())
}

/// Others are mapped to these, or refused, before a name is compared. A character may stand by itself, or between others: accents
/// do not begin a name, and what is written from the right is not mixed with Latin.
fn is_of_a_host_name(c: char) -> bool {
    let labels = [format!("{c}"), format!("a{c}b"), format!("ا{c}ا")];
    labels.iter().any(|label| {
        let (mapped, found) =
            Uts46::new().to_unicode(label.as_bytes(), AsciiDenyList::STD3, Hyphens::Allow);
        found.is_ok() && mapped == *label
    })
}

/// Names are taken apart before their characters are looked up.
fn is_decomposed(c: char) -> bool {
    let text = c.to_string();
    nfd(&text) == text
}

fn plain(text: impl Iterator<Item = char>) -> String {
    text.filter(|c| !is_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}
