//! Check digits of VAT numbers and company registration numbers. Each rule takes a number without its country prefix and says
//! whether its check digits are right; the form of the number has been looked at before. A rule by a country's name is that of
//! its VAT number; where companies are registered under the same number, it is that of both.
//!
//! Sources: the authority that gives the numbers, named at each rule, and ISO 7064 and ISO/IEC 7812-1 for the common
//! methods. Where people have their national identity number, and its check digit has exceptions, it is checked by its form
//! alone (Bulgaria, Czechia, Latvia).

use std::iter::successors;

/// The values of a text's digits; letters are left out.
fn digits(text: &str) -> impl DoubleEndedIterator<Item = u32> + Clone + '_ {
    text.chars().filter_map(|c| c.to_digit(10))
}

fn weighted_sum(text: &str, weights: &[u32]) -> u32 {
    digits(text)
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum()
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn last_digit(text: &str) -> Option<u32> {
    digits(text).next_back()
}

/// The check digit is among the weighted ones, and makes the sum a multiple.
fn is_multiple(text: &str, weights: &[u32], of: u32) -> bool {
    weighted_sum(text, weights).is_multiple_of(of)
}

/// ISO/IEC 7812-1, annex B ("Luhn"): from the right every second digit is doubled, and the digits of the products count.
fn luhn(text: &str) -> bool {
    digit_sum(digits(text).rev(), [1, 2]).is_multiple_of(10)
}

/// The sum of the digits of products with two factors in turn.
fn digit_sum(digits: impl Iterator<Item = u32>, factors: [u32; 2]) -> u32 {
    digits
        .zip(factors.into_iter().cycle())
        .map(|(digit, factor)| digit * factor)
        .map(|product| product / 10 + product % 10)
        .sum()
}

/// ISO 7064, MOD 11,10.
fn iso_7064_mod_11_10(text: &str) -> bool {
    let mut product = 10;
    for digit in digits(text) {
        let sum = match (digit + product % 11) % 10 {
            0 => 10,
            sum => sum,
        };
        product = sum * 2;
    }
    // The last step doubles once too often; the sum before it is 1 when the check digit is right.
    product == 2
}

/// ISO 7064, MOD 97-10, over digits and letters (`A` is 10).
fn iso_7064_mod_97_10(text: &str) -> bool {
    let values = text.chars().filter_map(|c| c.to_digit(36));
    values.fold(0, |rest, value| {
        let shift = if value < 10 { 10 } else { 100 };
        (rest * shift + value) % 97
    }) == 1
}

/// Bundesministerium für Finanzen, construction of the UID.
pub(super) fn austria(text: &str) -> bool {
    let sum = digit_sum(digits(text).take(7), [1, 2]);
    last_digit(text) == Some((10 - (sum + 4) % 10) % 10)
}

/// Crossroads Bank for Enterprises: the last two digits are 97 less the rest of the others.
pub(super) fn belgium(text: &str) -> bool {
    number(text).is_some_and(|number| 97 - number / 100 % 97 == number % 100)
}

/// BULSTAT register: weights 1 to 8, and 3 to 10 where the rest is 10. Ten digits are personal numbers.
pub(super) fn bulgaria(text: &str) -> bool {
    if text.len() != 9 {
        return true;
    }
    let rest = match weighted_sum(text, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11 {
        10 => weighted_sum(text, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10,
        rest => rest,
    };
    last_digit(text) == Some(rest)
}

/// eCH-0097, data standard of the enterprise identification.
pub(super) fn switzerland(text: &str) -> bool {
    is_multiple(text, &[5, 4, 3, 2, 7, 6, 5, 4, 1], 11)
}

/// Tax Department of Cyprus: the digits at odd places are translated, and the sum names a letter.
pub(super) fn cyprus(text: &str) -> bool {
    const AT_ODD_PLACES: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let translate = |digit: u32| {
        let index = usize::try_from(digit).ok()?;
        AT_ODD_PLACES.get(index).copied()
    };
    let sum: u32 = digits(text)
        .enumerate()
        .filter_map(|(place, digit)| {
            if place % 2 == 0 {
                translate(digit)
            } else {
                Some(digit)
            }
        })
        .sum();
    let letter = char::from_digit(sum % 26 + 10, 36).map(|c| c.to_ascii_uppercase());
    text.chars().next_back() == letter
}

/// Czech Statistical Office, identification number of an organisation. Nine and ten digits are personal numbers.
pub(super) fn czechia(text: &str) -> bool {
    let rest = weighted_sum(text, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    text.len() != 8 || last_digit(text) == Some((11 - rest) % 10)
}

/// Bundeszentralamt für Steuern.
pub(super) fn germany(text: &str) -> bool {
    iso_7064_mod_11_10(text)
}

/// Danish Business Authority, "Modulus 11" of the CVR number.
pub(super) fn denmark(text: &str) -> bool {
    is_multiple(text, &[2, 7, 6, 5, 4, 3, 2, 1], 11)
}

/// Estonian Tax and Customs Board.
pub(super) fn estonia(text: &str) -> bool {
    is_multiple(text, &[3, 7, 1, 3, 7, 1, 3, 7, 1], 10)
}

/// Independent Authority for Public Revenue, AFM: weights are the powers of two.
pub(super) fn greece(text: &str) -> bool {
    let sum = weighted_sum(text, &[256, 128, 64, 32, 16, 8, 4, 2]);
    last_digit(text) == Some(sum % 11 % 10)
}

/// Order EHA/451/2008 for companies, Royal Decree 1553/2005 for people.
pub(super) fn spain(text: &str) -> bool {
    match text.chars().next() {
        Some('X' | 'Y' | 'Z' | 'K' | 'L' | 'M' | '0'..='9') => spanish_person(text),
        Some(_) => spanish_company(text),
        None => false,
    }
}

/// The number of a foreigner begins with a letter that counts as a digit; those with K, L and M have none there.
fn spanish_person(text: &str) -> bool {
    const LETTERS: &str = "TRWAGMYFPDXBNJZSQVHLCKE";
    let Some((head, letter)) = text.split_at_checked(text.len() - 1) else {
        return false;
    };
    let plain = head
        .replace(['X', 'K', 'L', 'M'], "0")
        .replace('Y', "1")
        .replace('Z', "2");
    number(&plain)
        .and_then(|number| usize::try_from(number % 23).ok())
        .and_then(|index| LETTERS.get(index..=index))
        .is_some_and(|expected| expected == letter)
}

/// Which kinds of company have a digit and which a letter has changed, so both are accepted.
fn spanish_company(text: &str) -> bool {
    let (Some(kind), Some(control)) = (text.chars().next(), text.chars().next_back()) else {
        return false;
    };
    let sum = digit_sum(digits(text).take(7), [2, 1]);
    let mut controls = (0..10).zip("JABCDEFGHI".chars());
    "ABCDEFGHJNPQRSUVW".contains(kind)
        && controls.any(|(digit, letter)| {
            (sum + digit).is_multiple_of(10)
                && (control == letter || control.to_digit(10) == Some(digit))
        })
}

/// Finnish Patent and Registration Office, Business ID.
pub(super) fn finland(text: &str) -> bool {
    is_multiple(text, &[7, 9, 10, 5, 8, 4, 2, 1], 11)
}

/// Direction générale des Finances publiques: a key of digits follows from the SIREN; keys with letters are not explained.
/// The SIREN has a check digit of its own (INSEE); the numbers of Monaco, which begin with zeros, have none.
pub(super) fn france(text: &str) -> bool {
    let Some((key, siren)) = text.split_at_checked(2) else {
        return false;
    };
    let is_key = match (number(key), number(siren)) {
        (Some(key), Some(siren)) => key == (12 + 3 * (siren % 97)) % 97,
        _ => true,
    };
    is_key && (siren.starts_with("000") || luhn(siren))
}

/// His Majesty's Revenue and Customs: modulus 97 of the sum, and of the sum 55 higher (or, on some numbers, lower) for the
/// newer ones. Departments and health authorities have no check digits.
pub(super) fn united_kingdom(text: &str) -> bool {
    let rest = weighted_sum(text, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97;
    text.len() < 9 || matches!(rest, 0 | 42 | 55)
}

/// Tax Administration of Croatia, OIB.
pub(super) fn croatia(text: &str) -> bool {
    iso_7064_mod_11_10(text)
}

/// National Tax and Customs Administration of Hungary.
pub(super) fn hungary(text: &str) -> bool {
    is_multiple(text, &[9, 7, 3, 1, 9, 7, 3, 1], 10)
}

/// Revenue Commissioners: seven digits and a letter, in the newer numbers with a second one that counts; the oldest have
/// their first digit before the check letter.
pub(super) fn ireland(text: &str) -> bool {
    const LETTERS: &str = "WABCDEFGHIJKLMNOPQRSTUV";
    let value = |letter: char| LETTERS.chars().zip(0..).find(|pair| pair.0 == letter);
    let is_old = text.chars().nth(1).is_some_and(|c| c.is_ascii_uppercase());
    let (sum, letter) = if is_old {
        let first = digits(text).next().unwrap_or_default();
        let others: u32 = digits(text)
            .skip(1)
            .zip([7, 6, 5, 4, 3])
            .map(|(d, w)| d * w)
            .sum();
        (others + first * 2, text.chars().nth(7))
    } else {
        let second = text.chars().nth(8).and_then(value);
        let sum = weighted_sum(text, &[8, 7, 6, 5, 4, 3, 2]);
        (
            sum + second.map_or(0, |pair| pair.1 * 9),
            text.chars().nth(7),
        )
    };
    letter
        .and_then(value)
        .is_some_and(|pair| pair.1 == sum % 23)
}

/// Agenzia delle Entrate, Partita IVA.
pub(super) fn italy(text: &str) -> bool {
    luhn(text)
}

/// State Tax Inspectorate of Lithuania: weights 1 to 9 and again, and from 3 on where the rest is 10.
pub(super) fn lithuania(text: &str) -> bool {
    let sum = |first: u32| -> u32 {
        let count = text.len().saturating_sub(1);
        digits(text)
            .take(count)
            .zip((1..=9).cycle().skip_while(move |weight| *weight < first))
            .map(|(digit, weight)| digit * weight)
            .sum()
    };
    let rest = match sum(1) % 11 {
        10 => sum(3) % 11 % 10,
        rest => rest,
    };
    last_digit(text) == Some(rest)
}

/// Administration de l'enregistrement, des domaines et de la TVA.
pub(super) fn luxembourg(text: &str) -> bool {
    number(text).is_some_and(|number| number / 100 % 89 == number % 100)
}

/// State Revenue Service of Latvia, legal persons. Numbers that begin with 0 to 3 are personal ones.
pub(super) fn latvia(text: &str) -> bool {
    let is_person = digits(text).next().is_some_and(|first| first <= 3);
    is_person || weighted_sum(text, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3
}

/// Malta Tax and Customs Administration.
pub(super) fn malta(text: &str) -> bool {
    is_multiple(text, &[3, 4, 6, 7, 8, 9, 10, 1], 37)
}

/// Belastingdienst: companies have the modulus 11 of the RSIN, one-person businesses since 2020 modulus 97 of the whole.
pub(super) fn netherlands(text: &str) -> bool {
    let (front, last) = (
        weighted_sum(text, &[9, 8, 7, 6, 5, 4, 3, 2]),
        digits(text).nth(8),
    );
    last == Some(front % 11) || iso_7064_mod_97_10(&format!("NL{text}"))
}

/// Brønnøysund Register Centre, organisation number.
pub(super) fn norway(text: &str) -> bool {
    is_multiple(text, &[3, 2, 7, 6, 5, 4, 3, 2, 1], 11)
}

/// Ministry of Finance of Poland, NIP.
pub(super) fn poland(text: &str) -> bool {
    last_digit(text) == Some(weighted_sum(text, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11)
}

/// Autoridade Tributária e Aduaneira, NIF.
pub(super) fn portugal(text: &str) -> bool {
    let rest = weighted_sum(text, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    last_digit(text) == Some((11 - rest) % 11 % 10)
}

/// Agenția Națională de Administrare Fiscală, CUI: weights from the right.
pub(super) fn romania(text: &str) -> bool {
    let sum: u32 = digits(text)
        .rev()
        .skip(1)
        .zip([2, 3, 5, 7, 1, 2, 3, 5, 7])
        .map(|(digit, weight)| digit * weight)
        .sum();
    last_digit(text) == Some(sum * 10 % 11 % 10)
}

/// Skatteverket: the organisation or personal number, and the number of the registration.
pub(super) fn sweden(text: &str) -> bool {
    text.split_at_checked(10)
        .is_some_and(|(number, registration)| luhn(number) && registration != "00")
}

/// Financial Administration of Slovenia. A rest of 0 has no check digit, so such numbers are not given out.
pub(super) fn slovenia(text: &str) -> bool {
    let rest = weighted_sum(text, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    rest != 0 && last_digit(text) == Some((11 - rest) % 10)
}

/// Financial Directorate of the Slovak Republic.
pub(super) fn slovakia(text: &str) -> bool {
    number(text).is_some_and(|number| number.is_multiple_of(11))
}

// --- Registers whose numbers are not those for VAT

/// Australian Securities and Investments Commission, ACN of nine digits; Australian Business Register, ABN of eleven: one
/// is taken from its first digit.
pub(super) fn australian_company(text: &str) -> bool {
    match text.len() {
        9 => is_multiple(text, &[8, 7, 6, 5, 4, 3, 2, 1, 1], 10),
        _ => weighted_sum(text, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) % 89 == 10,
    }
}

/// Receita Federal, CNPJ: modulus 11 twice. Since July 2026 with letters, which count as their distance from `0` in ASCII.
pub(super) fn brazilian_company(text: &str) -> bool {
    let values = || text.bytes().map(|octet| u32::from(octet) - u32::from(b'0'));
    let is_check_digit = |place: usize, weights: &[u32]| {
        let sum: u32 = values()
            .zip(weights)
            .map(|(value, weight)| value * weight)
            .sum();
        values().nth(place) == Some((11 - sum % 11) % 11 % 10)
    };
    is_check_digit(12, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
        && is_check_digit(13, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
}

/// GB 32100-2015, unified social credit code: digits and letters but `I`, `O`, `S`, `V` and `Z`, modulus 31 with powers of 3.
pub(super) fn chinese_company(text: &str) -> bool {
    const VALUES: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let value = |c| VALUES.chars().zip(0_u32..).find(|pair| pair.0 == c);
    let weights = successors(Some(1), |weight| Some(weight * 3 % 31));
    // The check digit itself has the weight 1.
    let weights = weights.take(17).chain([1]);
    let sum = text
        .chars()
        .zip(weights)
        .map(|(c, weight)| value(c).map(|pair| pair.1 * weight))
        .sum::<Option<u32>>();
    sum.is_some_and(|sum| sum.is_multiple_of(31))
}

/// Commercial Register of Estonia: the weights of Lithuania's numbers.
pub(super) fn estonian_company(text: &str) -> bool {
    lithuania(text)
}

/// INSEE: a SIREN, or a SIRET, which has a check digit for itself and its SIREN. La Poste's own only have a sum of digits.
pub(super) fn french_company(text: &str) -> bool {
    let (siren, establishment) = text.split_at_checked(9).unwrap_or((text, ""));
    let is_la_poste = siren == "356000000";
    let is_siret = luhn(text) || is_la_poste && digits(text).sum::<u32>().is_multiple_of(5);
    luhn(siren) && (establishment.is_empty() || is_siret)
}

/// Registers Iceland, kennitala: the tenth digit is the century.
pub(super) fn icelandic_company(text: &str) -> bool {
    is_multiple(text, &[3, 2, 7, 6, 5, 4, 3, 2, 1], 11)
}

/// National Tax Agency of Japan, corporate number: the first digit is the check digit.
pub(super) fn japanese_company(text: &str) -> bool {
    let sum: u32 = digits(text)
        .skip(1)
        .zip([2, 1].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .sum();
    digits(text).next() == Some(9 - sum % 9)
}

/// Central Statistical Office of Poland, REGON of nine digits, or of fourteen for a part of a company. The KRS number of ten
/// digits has no check digit.
pub(super) fn polish_company(text: &str) -> bool {
    let is_check_digit = |place: usize, weights: &[u32]| {
        digits(text).nth(place) == Some(weighted_sum(text, weights) % 11 % 10)
    };
    let whole = || is_check_digit(8, &[8, 9, 2, 3, 4, 5, 6, 7]);
    match text.len() {
        9 => whole(),
        14 => whole() && is_check_digit(13, &[2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8]),
        _ => true,
    }
}

/// AJPES, matična številka: the digits behind the seventh are those of a part of a company.
pub(super) fn slovenian_company(text: &str) -> bool {
    let rest = weighted_sum(text, &[7, 6, 5, 4, 3, 2]) % 11;
    rest != 0 && digits(text).nth(6) == Some((11 - rest) % 10)
}

/// Ministry of Finance of Taiwan, since April 2023 modulus 5; where the seventh digit is 7, its product 28 counts as 10 or 1.
pub(super) fn taiwanese_company(text: &str) -> bool {
    let sum: u32 = digits(text)
        .zip([1, 2, 1, 2, 1, 2, 4, 1])
        .map(|(digit, weight)| digit * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    sum.is_multiple_of(5) || digits(text).nth(6) == Some(7) && (sum + 1).is_multiple_of(5)
}

/// Numbers with one check digit by ISO/IEC 7812-1 and nothing else: Bolagsverket's of Sweden, the Israeli Corporations
/// Authority's, and the codice fiscale of companies in Italy.
pub(super) fn luhn_company(text: &str) -> bool {
    luhn(text)
}
