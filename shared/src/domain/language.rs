//! The languages of the catalogue, and how a person's wishes are met.

use std::fmt;

/// A language in which every message exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Language {
    English,
    Swedish,
    Dutch,
    French,
    TraditionalChinese,
    German,
    Spanish,
    Portuguese,
    Italian,
    Japanese,
}

impl Language {
    pub const ALL: [Self; 10] = [
        Self::English,
        Self::Swedish,
        Self::Dutch,
        Self::French,
        Self::TraditionalChinese,
        Self::German,
        Self::Spanish,
        Self::Portuguese,
        Self::Italian,
        Self::Japanese,
    ];

    /// The BCP 47 tag, which is also the folder in `shared/locales/`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Swedish => "sv",
            Self::Dutch => "nl",
            Self::French => "fr",
            Self::TraditionalChinese => "zh-Hant",
            Self::German => "de",
            Self::Spanish => "es",
            Self::Portuguese => "pt",
            Self::Italian => "it",
            Self::Japanese => "ja",
        }
    }

    /// What its own readers call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Swedish => "Svenska",
            Self::Dutch => "Nederlands",
            Self::French => "Français",
            Self::TraditionalChinese => "繁體中文",
            Self::German => "Deutsch",
            Self::Spanish => "Español",
            Self::Portuguese => "Português",
            Self::Italian => "Italiano",
            Self::Japanese => "日本語",
        }
    }

    /// The language named exactly by one of our own tags, as in a setting.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The language that serves a person who asked for `wish` (`sv-SE`, `pt_BR`, `zh-TW`).
    ///
    /// Chinese is met only where it is written in traditional characters: by script, or by the
    /// regions that use them when no script is named. Nobody who asked for simplified characters gets
    /// traditional ones by accident of a prefix.
    fn serving(wish: &str) -> Option<Self> {
        let mut subtags = wish.split(['-', '_']).map(str::to_ascii_lowercase);
        let primary = subtags.next()?;
        if primary == "zh" {
            let rest: Vec<String> = subtags.collect();
            let has = |subtag: &str| rest.iter().any(|found| found == subtag);
            let traditional =
                has("hant") || (!has("hans") && (has("tw") || has("hk") || has("mo")));
            return traditional.then_some(Self::TraditionalChinese);
        }
        Self::ALL
            .into_iter()
            .find(|language| language.tag() == primary)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// What a person's device asked for, best first (`ui_locales`, `client.locale`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LanguageWishes(Vec<String>);

impl LanguageWishes {
    /// Longest list that is looked at; browsers send a handful.
    const MAX: usize = 16;

    /// Reads one tag or a list, separated by spaces (OpenID Connect), commas or semicolons.
    pub fn parse(text: &str) -> Self {
        Self(
            text.split([' ', ',', ';'])
                .filter(|tag| !tag.is_empty())
                .take(Self::MAX)
                .map(str::to_owned)
                .collect(),
        )
    }

    /// Reads an `Accept-Language` header (RFC 9110 12.5.4): the best quality first, and nothing that is not accepted.
    pub fn accepted(header: &str) -> Self {
        let ranges = header.split(',').take(Self::MAX).map(|range| {
            let (tag, parameter) = range.split_once(';').unwrap_or((range, ""));
            let quality = parameter.trim().strip_prefix("q=");
            let quality = quality.map_or(Some(1.0), |text| text.parse::<f32>().ok());
            (tag.trim(), quality.unwrap_or_default())
        });
        let mut ranges: Vec<_> = ranges.filter(|(_, quality)| *quality > 0.0).collect();
        ranges.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        Self(ranges.into_iter().map(|(tag, _)| tag.to_owned()).collect())
    }

    /// Further wishes, less wanted than these.
    #[must_use]
    pub fn or(mut self, less_wanted: Self) -> Self {
        self.0.extend(less_wanted.0);
        self
    }

    /// The tags as they came.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The first wish that can be met, else `default`.
    pub fn best(&self, default: Language) -> Language {
        self.0
            .iter()
            .find_map(|wish| Language::serving(wish))
            .unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::exact("sv", Language::Swedish)]
    #[case::region("sv-SE", Language::Swedish)]
    #[case::lower_case("en-us", Language::English)]
    #[case::underscore("pt_BR", Language::Portuguese)]
    #[case::first_that_can_be_met("fi-FI nb sv-SE en", Language::Swedish)]
    #[case::commas("xx,nl-BE,en", Language::Dutch)]
    #[case::taiwan("zh-TW", Language::TraditionalChinese)]
    #[case::hong_kong("zh-HK", Language::TraditionalChinese)]
    #[case::script("zh-Hant-CN", Language::TraditionalChinese)]
    #[case::simplified_is_not_traditional("zh-CN de", Language::German)]
    #[case::simplified_script_in_hong_kong("zh-Hans-HK", Language::English)]
    #[case::nothing_known("tlh", Language::English)]
    #[case::empty("", Language::English)]
    #[case::rubbish(";;, -", Language::English)]
    fn negotiates(#[case] wishes: &str, #[case] expected: Language) {
        assert_eq!(
            LanguageWishes::parse(wishes).best(Language::English),
            expected
        );
    }
    #[rstest]
    #[case::as_browsers_send_it("fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", Language::French)]
    #[case::by_quality("en;q=0.5, sv;q=0.7", Language::Swedish)]
    #[case::as_good_as_the_one_before("de, ja", Language::German)]
    #[case::not_accepted("it;q=0, nl;q=0.1", Language::Dutch)]
    #[case::no_number("es;q=much, pt;q=0.1", Language::Portuguese)]
    #[case::not_a_number("es;q=NaN", Language::English)]
    #[case::nothing("", Language::English)]
    fn a_browser_is_served_by_quality(#[case] header: &str, #[case] expected: Language) {
        let wishes = LanguageWishes::accepted(header);
        assert_eq!(wishes.best(Language::English), expected);
    }
}
