//! In which language somebody reads: the one that they chose, else the one that their browser asks for.

use axum::http::{HeaderMap, HeaderValue, Uri, header};

use super::cookies::Cookie;
use crate::domain::language::{Language, LanguageWishes};

const YEAR_IN_SECONDS: i64 = 365 * 24 * 60 * 60;

/// The choice in an address, as the links below each page make it.
pub(super) fn chosen(address: &Uri) -> Option<Language> {
    let query = address.query()?.as_bytes();
    let (_, tag) = form_urlencoded::parse(query).find(|(name, _)| name == "lang")?;
    Language::from_tag(&tag)
}

/// The language of an answer.
pub(super) fn negotiated(address: &Uri, headers: &HeaderMap) -> Language {
    let remembered = || Language::from_tag(Cookie::LANGUAGE.sent(headers)?);
    chosen(address)
        .or_else(remembered)
        .unwrap_or_else(|| accepted(headers))
}

/// The header that has a choice remembered.
pub(super) fn remembering(language: Language) -> Option<HeaderValue> {
    Cookie::LANGUAGE.set_plain(language.tag(), YEAR_IN_SECONDS)
}

fn accepted(headers: &HeaderMap) -> Language {
    let header = headers.get(header::ACCEPT_LANGUAGE);
    let header = header.and_then(|header| header.to_str().ok());
    LanguageWishes::accepted(header.unwrap_or_default()).best(Language::English)
}
