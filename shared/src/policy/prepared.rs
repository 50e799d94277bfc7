//! What takes longest when a document is compiled, made when it is published: its expressions and patterns
//! (docs/decisions/0031).
//!
//! It is kept with the document that it was made of, and only saves time: what is missing in it, or all of it where it is of
//! another form, is compiled of the document.

use std::collections::BTreeMap;

use lz4_flex::block::{compress_prepend_size, decompress, uncompressed_size};
use serde::{Deserialize, Serialize};

use super::{
    compile::compile_with,
    document::Document,
    expression::{Expression, ExpressionFault, Vocabulary},
    fault::Fault,
    pattern::{Pattern, PatternFault},
};

/// Of what follows it. It MUST become another number with every change of what is prepared, or of the order in it: octets tell
/// nothing of what they mean.
const FORM: u8 = 2;

/// Most octets that are unpacked: several times what a document may have.
const MAX_OCTETS: usize = 4 << 20;

/// Expressions and patterns by how they are written.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Prepared {
    expressions: BTreeMap<String, Expression>,
    /// Of attributes; they match whole values.
    patterns: BTreeMap<String, Pattern>,
}

impl Prepared {
    /// Of a document, or everything that is wrong with it.
    pub fn of(document: &Document) -> Result<Self, Vec<Fault>> {
        let mut prepared = Self::default();
        compile_with(document, &mut prepared)?;
        Ok(prepared)
    }

    /// As octets, with the document that it was made of; none where they cannot be written.
    pub fn encode(&self, json: &str) -> Option<Vec<u8>> {
        let octets = postcard::to_allocvec(&(json, self)).ok()?;
        let fits = octets.len() <= MAX_OCTETS;
        fits.then(|| [&[FORM], &*compress_prepend_size(&octets)].concat())
    }

    /// The document and what is prepared of it; none of octets of another form.
    pub fn decode(octets: &[u8]) -> Option<(String, Self)> {
        let (FORM, packed) = octets.split_first().map(|(form, packed)| (*form, packed))? else {
            return None;
        };
        let (length, packed) = uncompressed_size(packed).ok()?;
        let octets = (length <= MAX_OCTETS).then(|| decompress(packed, length).ok())??;
        postcard::from_bytes(&octets).ok()
    }

    pub(super) fn expression(
        &mut self,
        source: &str,
        vocabulary: &Vocabulary,
    ) -> Result<Expression, ExpressionFault> {
        if let Some(known) = self.expressions.get(source) {
            return Ok(known.clone());
        }
        let expression = Expression::compile(source, vocabulary)?;
        self.expressions
            .insert(source.to_owned(), expression.clone());
        Ok(expression)
    }

    /// One that matches whole values.
    pub(super) fn pattern(&mut self, source: &str) -> Result<Pattern, PatternFault> {
        if let Some(known) = self.patterns.get(source) {
            return Ok(known.clone());
        }
        let pattern = Pattern::compile(&format!("^(?:{source})$"))?;
        self.patterns.insert(source.to_owned(), pattern.clone());
        Ok(pattern)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ring::digest::{SHA256, digest};
    use serde_json::json;

    use super::*;

    /// With everything that expressions and patterns are made of, as far as the tables of Unicode have no part in it.
    fn document() -> Document {
        let conditions = [
            "email.domain == \"a.example\" && !(attributes.city != \"b\")",
            "attributes.level < 1 || attributes.level <= 2 || attributes.level > 3 || attributes.level >= 4",
            "(1 + 2 - 3) * 4 / 5 % 6 == -7",
            "has(attributes.city) ? \"vip\" in list.names : list.names[0] in [\"a\", lower(\"B\")]",
            "list.names.exists(x, x.contains(\"a\")) && list.names.all(y, y.startsWith(\"b\"))",
            "size(list.names.map(x, x + \"c\").filter(y, y.endsWith(\"d\"))) == int(\"1\")",
            "in_network(client.ip, \"10.0.0.0/8\") || in_network(client.ip, \"2001:db8::/32\")",
            "email.local.matches(r\"(?m-u)^(a|[b-d]+|e{2,3}|f*g?)$\\b\") == true",
        ];
        let rules = conditions.iter().enumerate().map(|(number, when)| {
            json!({ "id": format!("r{number}"), "when": when, "effect": "log", "on-error": "ignore" })
        });
        let attributes = json!({
            "level": { "type": "integer", "required": "email.present" },
            "city": { "pattern": "[A-Z]{2}[0-9]{1,4}" },
        });
        let document = json!({ "default": "deny", "attribute": attributes, "rule": rules.collect::<Vec<_>>() });
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn what_is_prepared_is_what_would_be_compiled() {
        let prepared = Prepared::of(&document()).unwrap();
        let octets = prepared.encode("{}").unwrap();
        let (json, mut read) = Prepared::decode(&octets).unwrap();
        assert_eq!(json, "{}");
        assert_eq!((read.expressions.len(), read.patterns.len()), (9, 1));
        compile_with(&document(), &mut read).unwrap();
        assert_eq!(read.encode("{}").unwrap(), octets);
    }

    #[test]
    fn what_is_missing_is_compiled() {
        let mut part = Prepared::of(&document()).unwrap();
        part.expressions.pop_last();
        part.patterns.clear();
        compile_with(&document(), &mut part).unwrap();
        let whole = Prepared::of(&document()).unwrap();
        assert_eq!(part.encode(""), whole.encode(""));
    }

    #[test]
    fn another_form_is_not_guessed_at() {
        let mut octets = Prepared::of(&document()).unwrap().encode("").unwrap();
        octets[0] = FORM + 1;
        assert!(Prepared::decode(&octets).is_none());
        assert!(Prepared::decode(&[]).is_none());
    }

    #[test]
    fn what_claims_to_be_too_much_is_not_unpacked() {
        let claimed = u32::try_from(MAX_OCTETS + 1).unwrap();
        let octets = [&[FORM], claimed.to_le_bytes().as_slice(), &[0]].concat();
        assert!(Prepared::decode(&octets).is_none());
    }

    /// When this fails, [`FORM`] becomes another number, and the digest the one that is found.
    #[test]
    fn the_form_has_its_number() {
        // How well they are packed is no part of it.
        let octets = postcard::to_allocvec(&("", Prepared::of(&document()).unwrap())).unwrap();
        let found = format!("{:?}", digest(&SHA256, &octets));
        assert_eq!(
            (FORM, found.as_str()),
            (
                2,
                "SHA256:ad158d3347f74f316d7400c7529c137c758bb24a5607710c27ad51c728c59e81"
            )
        );
    }

    proptest! {
        #[test]
        fn damaged_octets_are_read_or_not(at in any::<prop::sample::Index>(), octet: u8, end in any::<prop::sample::Index>()) {
            let mut octets = Prepared::of(&document()).unwrap().encode("").unwrap();
            let place = at.index(octets.len());
            octets[place] = octet;
            octets.truncate(end.index(octets.len()) + 1);
            if let Some((_, mut read)) = Prepared::decode(&octets) {
                let _ = compile_with(&document(), &mut read);
            }
        }
    }
}
