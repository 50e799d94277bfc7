//! Classes of characters.

use regex_syntax::hir::Class as Parsed;
use serde::{Deserialize, Serialize};

/// Which characters it has: those of ASCII as bits, the others as ranges in order.
///
/// Ranges are octets that are looked at where they lie, three for each end: a class of Unicode has hundreds, and is read in one
/// piece.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Class {
    ascii: u128,
    #[serde(with = "serde_bytes")]
    others: Vec<u8>,
}

/// The first and the last character.
type Range = [u8; 6];

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
                class
                    .others
                    .reserve_exact(unicode.ranges().len() * size_of::<Range>());
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
            let [_, first @ ..] = first.max(BEYOND).to_be_bytes();
            let [_, last @ ..] = last.to_be_bytes();
            self.others.extend_from_slice(&first);
            self.others.extend_from_slice(&last);
        }
    }

    pub(super) fn has(&self, character: char) -> bool {
        let character = u32::from(character);
        if character < BEYOND {
            return self.ascii >> character & 1 == 1;
        }
        let (ranges, _) = self.others.as_chunks::<{ size_of::<Range>() }>();
        let after = ranges.partition_point(|range| first(*range) <= character);
        let range = after.checked_sub(1).and_then(|at| ranges.get(at));
        range.is_some_and(|range| character <= last(*range))
    }
}

const fn first([high, middle, low, ..]: Range) -> u32 {
    u32::from_be_bytes([0, high, middle, low])
}

const fn last([.., high, middle, low]: Range) -> u32 {
    u32::from_be_bytes([0, high, middle, low])
}
