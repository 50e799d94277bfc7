//! What somebody says with a decision.

/// Longest text, in characters.
const MOST: usize = 1000;

/// As it was typed and chosen, so that nobody types it again after a refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::console) struct Words {
    /// A ready-made reason.
    pub(in crate::console) ready: String,
    pub(in crate::console) reason: String,
    /// For the applicant.
    pub(in crate::console) message: String,
}

/// A ready-made reason, as a form offers it.
pub(super) struct Ready {
    pub(super) text: String,
    pub(super) is_chosen: bool,
}

impl Words {
    /// `None` when they are too long.
    pub(in crate::console) fn typed(
        ready: Option<&str>,
        reason: Option<&str>,
        message: Option<&str>,
    ) -> Option<Self> {
        let line = |text: Option<&str>| one_line(text.unwrap_or_default());
        let words = Self {
            ready: line(ready),
            reason: line(reason),
            message: line(message),
        };
        let fits = |text: Option<String>| text.is_none_or(|text| text.chars().count() <= MOST);
        (fits(words.reason()) && fits(words.message())).then_some(words)
    }

    /// For the history: what was chosen goes before what was typed.
    pub(in crate::console) fn reason(&self) -> Option<String> {
        said(format!("{} {}", self.ready, self.reason).trim())
    }

    pub(in crate::console) fn message(&self) -> Option<String> {
        said(&self.message)
    }
}

/// The ready-made reasons of a form, with the one that was chosen before.
pub(super) fn offered(reasons: Vec<String>, words: &Words) -> Vec<Ready> {
    let offered = reasons.into_iter().map(|text| Ready {
        is_chosen: text == words.ready,
        text,
    });
    offered.collect()
}

fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Without line ends and other control characters: reasons are shown in lines, in terminals too.
pub(super) fn one_line(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing("", " \r\n", None)]
    #[case::typed("", "known since\r\nMay", Some("known since May"))]
    #[case::chosen("Not a partner.", "", Some("Not a partner."))]
    #[case::both("Not a partner.", "Ask Jo.", Some("Not a partner. Ask Jo."))]
    fn a_reason_is_chosen_or_typed_or_both(
        #[case] ready: &str,
        #[case] reason: &str,
        #[case] expected: Option<&str>,
    ) {
        let words = Words::typed(Some(ready), Some(reason), None).unwrap();
        assert_eq!(words.reason().as_deref(), expected);
        assert_eq!(words.message(), None);
    }

    #[test]
    fn both_parts_together_have_an_end() {
        let long = "é".repeat(MOST);
        assert!(Words::typed(None, Some(&long), Some(&long)).is_some());
        assert_eq!(Words::typed(Some("a"), Some(&long), None), None);
        assert_eq!(Words::typed(None, None, Some(&format!("{long}é"))), None);
    }
}
