//! What keyboards of other scripts write, as the plain characters of codes and numbers.

/// Longest number or code that is looked at, in octets; real ones have at most thirty characters.
pub(super) const MAX_OCTETS: usize = 120;

/// The first decimal digit of each script in everyday use that has its own (Unicode, general category Nd): Arabic,
/// Persian and Urdu, Devanagari, Bengali, Thai, Lao, Burmese, Khmer. Full-width ones are among [`FULL_WIDTH`].
const ZEROS: [char; 8] = [
    '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}', '\u{ed0}', '\u{1040}', '\u{17e0}',
];

/// Full-width forms of `!` to `~` (Unicode, Halfwidth and Fullwidth Forms).
const FULL_WIDTH: std::ops::RangeInclusive<char> = '\u{ff01}'..='\u{ff5e}';
const FULL_WIDTH_DISTANCE: u32 = 0xff01 - 0x21;

/// A character as codes and numbers are written: an ASCII digit or letter, `-` for every dash, ` ` for every space.
pub(super) fn plain(c: char) -> char {
    match c {
        c if c.is_ascii_whitespace() => ' ',
        c if c.is_ascii() => c,
        // The long vowel mark is beside the digits of a Japanese keyboard.
        '\u{2010}'..='\u{2015}'
        | '\u{2212}'
        | '\u{fe58}'
        | '\u{fe63}'
        | '\u{ff70}'
        | '\u{30fc}' => '-',
        c if FULL_WIDTH.contains(&c) => narrow(c),
        c if c.is_whitespace() => ' ',
        c => digit(c).unwrap_or(c),
    }
}

/// Marks of writing direction and other characters without width, which come along when a number is pasted.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn narrow(c: char) -> char {
    char::from_u32(u32::from(c) - FULL_WIDTH_DISTANCE).unwrap_or(c)
}

fn digit(c: char) -> Option<char> {
    ZEROS.into_iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(zero))?;
        char::from_digit(value, 10)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::ascii("a-1 ", "a-1 ")]
    #[case::full_width("＋８１ー３（Ａ）", "+81-3(A)")]
    #[case::arabic("٠١٢٣٤٥٦٧٨٩", "0123456789")]
    #[case::persian("۰۹", "09")]
    #[case::devanagari("०९", "09")]
    #[case::dashes("‐‑–—−", "-----")]
    #[case::spaces("\u{a0}\u{3000}\u{202f}\t", "    ")]
    #[case::others("王é", "王é")]
    fn is_plain(#[case] typed: &str, #[case] expected: &str) {
        assert_eq!(typed.chars().map(plain).collect::<String>(), expected);
    }
}
