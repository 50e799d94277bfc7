//! Classes of characters.

use regex_syntax::hir::Class as Parsed;
use serde::{Deserialize, Serialize};

/// Which characters it has: those of ASCII as bits, the others as ranges in order, both ends included.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Class {
    ascii: u128,
    others: Vec<(u32, u32)>,
}

/// What is ASCII ends before it.
const BEYOND: u32 = 0x80;

impl Class {
    pub(super) fn of(parsed: &Parsed) -> Self {
        let mut class = Self {
            ascii: 0,
            others: Vec::new(),
        };
        match parsed {
            Parsed::Unicode(unicode) => {
                class.others.reserve_exact(unicode.ranges().len());
                for range in unicode.ranges() {
                    class.add(range.start().into(), range.end().into());
                }
            }
            // Of ASCII alone, for a pattern is one of texts.
            Parsed::Bytes(bytes) => {
                for range in bytes.ranges() {
                    class.add(range.start().into(), range.end().into());
                }
            }
        }
        class
    }

    fn add(&mut self, first: u32, last: u32) {
        for bit in first..=last.min(BEYOND - 1) {
            self.ascii |= 1 << bit;
        }
        if last >= BEYOND {
            self.others.push((first.max(BEYOND), last));
        }
    }

    pub(super) fn has(&self, character: char) -> bool {
        let character = u32::from(character);
        if character < BEYOND {
            return self.ascii >> character & 1 == 1;
        }
        let after = self
            .others
            .partition_point(|(first, _)| *first <= character);
        let range = after.checked_sub(1).and_then(|at| self.others.get(at));
        range.is_some_and(|(_, last)| character <= *last)
    }
}
