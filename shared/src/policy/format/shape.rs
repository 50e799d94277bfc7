//! Shapes of codes: a small language instead of regular expressions, matched in one pass without looking back.
//!
//! | in a shape | stands for |
//! | --- | --- |
//! | `#` | a digit |
//! | `@` | a letter of ASCII |
//! | `*` | a digit or a letter |
//! | `[A-CX]` | one of these |
//! | space, `-` | a separator that is written, and may be left out or be the other one when typed |
//! | `~` | a separator that is not written, and may be typed |
//! | anything else | itself |
//! | a vertical bar | the end of a shape; the next one is tried |

use super::typed::{MAX_OCTETS, is_invisible, plain};

/// A value in plain capitals, with single spaces between its parts and nothing around them; `None` when it is longer than
/// any code.
pub(super) fn typed_code(value: &str) -> Option<String> {
    if value.len() > MAX_OCTETS {
        return None;
    }
    let plain: String = value
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| plain(c).to_ascii_uppercase())
        .collect();
    let parts: Vec<&str> = plain.split(' ').filter(|part| !part.is_empty()).collect();
    Some(parts.join(" "))
}

/// A number of a register as [`typed_code`], without the spaces, dots, hyphens and slashes that it may be written with.
pub(super) fn compact(value: &str) -> Option<String> {
    let mut number = typed_code(value)?;
    number.retain(|c| !matches!(c, ' ' | '.' | '-' | '/'));
    Some(number)
}

/// The code as the first shape that it has writes it. The code is one of [`typed_code`].
pub(super) fn written(shapes: &str, code: &str) -> Option<String> {
    shapes.split('|').find_map(|shape| written_in(shape, code))
}

fn written_in(shape: &str, code: &str) -> Option<String> {
    let mut shape = shape.chars();
    let mut typed = code.chars().peekable();
    let mut written = String::with_capacity(code.len() + 2);
    while let Some(expected) = shape.next() {
        if matches!(expected, ' ' | '-' | '~') {
            typed.next_if(|c| matches!(c, ' ' | '-'));
            if expected != '~' {
                written.push(expected);
            }
            continue;
        }
        let found = typed.next()?;
        let fits = match expected {
            '#' => found.is_ascii_digit(),
            '@' => found.is_ascii_uppercase(),
            '*' => found.is_ascii_digit() || found.is_ascii_uppercase(),
            '[' => is_one_of(&mut shape, found),
            literal => literal == found,
        };
        if !fits {
            return None;
        }
        written.push(found);
    }
    typed.next().is_none().then_some(written)
}

/// Reads a class up to its `]`.
fn is_one_of(class: &mut std::str::Chars<'_>, found: char) -> bool {
    let mut is_in = false;
    let mut first = None;
    while let Some(member) = class.next().filter(|member| *member != ']') {
        match (first, member) {
            (Some(start), '-') => {
                let end = class.next().unwrap_or(start);
                is_in |= (start..=end).contains(&found);
                first = None;
            }
            (_, member) => {
                is_in |= member == found;
                first = Some(member);
            }
        }
    }
    is_in
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::digits("###", "123", Some("123"))]
    #[case::too_few_digits("###", "12", None)]
    #[case::too_many_digits("###", "1234", None)]
    #[case::letter_for_a_digit("###", "12A", None)]
    #[case::letters("@#@", "A1B", Some("A1B"))]
    #[case::letters_or_digits("**", "A1", Some("A1"))]
    #[case::separator_left_out("### ##", "12345", Some("123 45"))]
    #[case::separator_typed("### ##", "123 45", Some("123 45"))]
    #[case::other_separator_typed("###-##", "123 45", Some("123-45"))]
    #[case::separator_elsewhere("### ##", "12 345", None)]
    #[case::two_separators("### ##", "123 -45", None)]
    #[case::silent_separator("##~###", "12 345", Some("12345"))]
    #[case::literal("AD###", "AD100", Some("AD100"))]
    #[case::wrong_literal("AD###", "AE100", None)]
    #[case::class("[A-CX]#", "X1", Some("X1"))]
    #[case::range_of_a_class("[A-CX]#", "B1", Some("B1"))]
    #[case::end_of_a_range("[A-CX]#", "C1", Some("C1"))]
    #[case::outside_a_class("[A-CX]#", "D1", None)]
    #[case::hyphen_is_no_member("[A-CX]#", "-1", None)]
    #[case::two_ranges("[A-CE-G]", "F", Some("F"))]
    #[case::second_alternative("#####|#####-####", "123456789", Some("12345-6789"))]
    #[case::no_alternative("#####|#####-####", "123456", None)]
    #[case::nothing("", "", Some(""))]
    fn writes(#[case] shapes: &str, #[case] code: &str, #[case] expected: Option<&str>) {
        assert_eq!(written(shapes, code).as_deref(), expected);
    }

    #[rstest]
    #[case::case_and_spaces(" k1a  0b1 ", "K1A 0B1")]
    #[case::full_width("１５４－００２３", "154-0023")]
    #[case::direction_marks("\u{202a}12345\u{202c}", "12345")]
    fn reads(#[case] value: &str, #[case] code: &str) {
        assert_eq!(typed_code(value).as_deref(), Some(code));
    }
}
