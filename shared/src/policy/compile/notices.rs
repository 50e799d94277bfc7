//! Checking `[[notice]]`.

use std::collections::{BTreeSet, HashSet};

use super::{Compiler, Place};
use crate::{
    domain::language::Language,
    policy::{
        document::{Notice, NoticeKind},
        letter::Places,
        notice::{NoticeTemplate, known_places, needs},
    },
};

/// The parts of mails that earlier templates are for.
type Given = HashSet<(&'static str, NoticeKind, Language)>;

impl Compiler<'_> {
    pub(super) fn notice_templates(&mut self, top: &Place<'_>) -> Vec<NoticeTemplate> {
        let document = self.document;
        let mut given = Given::new();
        let found = document.notices.iter().enumerate();
        found
            .map(|(index, found)| {
                let notices = top.key("notice");
                let place = notices.index(index);
                let template = self.notice_template(&place, found);
                self.used(&place, found, &template, &mut given);
                template
            })
            .collect()
    }

    fn notice_template(&mut self, place: &Place<'_>, found: &Notice) -> NoticeTemplate {
        let kinds = kinds(found);
        let (known, needed) = (known_places(&kinds), needs(&kinds));
        let places = Places {
            known: &known,
            needed: &needed,
        };
        if found.html.is_none() && found.text.is_none() {
            self.fault(place, "expected `html`, `text` or both");
        }
        NoticeTemplate {
            languages: self.notice_languages(&place.key("languages"), &found.languages),
            html: self.mail_template(&place.key("html"), found.html.as_deref(), places),
            text: self.mail_template(&place.key("text"), found.text.as_deref(), places),
            kinds,
        }
    }

    fn notice_languages(&mut self, place: &Place<'_>, found: &[String]) -> Vec<Language> {
        if found.is_empty() {
            return Language::ALL.to_vec();
        }
        let mut languages = Vec::new();
        for (index, tag) in found.iter().enumerate() {
            match Language::from_tag(tag) {
                Some(language) => languages.push(language),
                None => self.unknown_language(&place.index(index), tag),
            }
        }
        languages
    }

    /// Whether some mail is made of each part of a template.
    fn used(
        &mut self,
        place: &Place<'_>,
        found: &Notice,
        template: &NoticeTemplate,
        given: &mut Given,
    ) {
        let parts = [("html", &found.html), ("text", &found.text)];
        for (part, _) in parts.into_iter().filter(|(_, source)| source.is_some()) {
            let mut is_used = template.languages.is_empty();
            for kind in &template.kinds {
                for language in &template.languages {
                    is_used |= given.insert((part, *kind, *language));
                }
            }
            if !is_used {
                let problem = "it is never used: templates before it are for the same mails";
                self.fault(&place.key(part), problem);
            }
        }
    }
}

/// Those that are named, or else all.
fn kinds(found: &Notice) -> BTreeSet<NoticeKind> {
    let named: BTreeSet<_> = found.kinds.iter().copied().collect();
    if named.is_empty() {
        NoticeKind::ALL.into()
    } else {
        named
    }
}
