//! Spaces and other characters without ink.

/// The value without white space (Unicode, `White_Space`) and without invisible characters at its ends.
pub(super) fn trim(value: &str) -> &str {
    value.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// The value with one plain space for each run of white space, also at its ends.
pub(super) fn collapse(value: &str) -> String {
    let mut collapsed = String::with_capacity(value.len());
    for c in value.chars() {
        if !c.is_whitespace() {
            collapsed.push(c);
        } else if !collapsed.ends_with(' ') {
            collapsed.push(' ');
        }
    }
    collapsed
}

/// Characters that show nothing and, at an end, join nothing: control characters, zero-width spaces and joiners, marks of
/// writing direction, fillers. Variation selectors stay, because they belong to the character before them.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing_to_do("Anna Maria", "Anna Maria")]
    #[case::spaces("  Anna ", "Anna")]
    #[case::line_ends("\r\nAnna\t\n", "Anna")]
    #[case::no_break_space("\u{a0}Anna\u{202f}", "Anna")]
    #[case::ideographic_space("\u{3000}王\u{3000}", "王")]
    #[case::zero_width("\u{feff}\u{200b}Anna\u{200d}", "Anna")]
    #[case::mixed("\u{200e} \u{200f} Anna \u{2060} ", "Anna")]
    #[case::braille_blank("\u{2800}Anna", "Anna")]
    #[case::hangul_filler("\u{3164}", "")]
    #[case::only_spaces("   ", "")]
    #[case::joiner_inside("क्\u{200d}ष", "क्\u{200d}ष")]
    #[case::variation_selector("葛\u{e0100}", "葛\u{e0100}")]
    fn trims(#[case] value: &str, #[case] expected: &str) {
        assert_eq!(trim(value), expected);
    }

    #[rstest]
    #[case::nothing_to_do("Anna Maria", "Anna Maria")]
    #[case::two_spaces("Anna  Maria", "Anna Maria")]
    #[case::tab("Anna\tMaria", "Anna Maria")]
    #[case::ideographic_space("山田\u{3000}太郎", "山田 太郎")]
    #[case::mixed("Anna \u{a0}\n Maria", "Anna Maria")]
    #[case::ends("  Anna  ", " Anna ")]
    #[case::empty("", "")]
    fn collapses(#[case] value: &str, #[case] expected: &str) {
        assert_eq!(collapse(value), expected);
    }
}
