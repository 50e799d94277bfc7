//! A pattern as steps through a text, all ways at once.
//!
//! This is Thompson's construction over characters, and Pike's way to run it
//! (<https://swtch.com/~rsc/regexp/regexp2.html>): every step is looked at once for each character at most, so that a match takes
//! time in proportion to the length of the text and the number of steps, whatever both are.

use std::{mem, ops::Range};

use regex_syntax::{
    hir::{Hir, HirKind, Look, Repetition},
    is_word_byte, is_word_character,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{PatternFault, class::Class};

/// Most steps of a program: what a person's text is matched against stays small. It decides on time as well.
const MAX_STEPS: usize = 4096;

/// Most steps that one text takes, some tens of milliseconds: all steps for each of a thousand characters.
const MOST_TAKEN: usize = MAX_STEPS * 1024;

/// What is done at a place of the text. Ways are told in steps from here, so that a piece can be repeated as it is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Step {
    Character(char),
    /// One character of the class with this number.
    Class(usize),
    /// What is around the place, without moving on.
    #[serde(serialize_with = "look_out", deserialize_with = "look_in")]
    Look(Look),
    /// On with the next step, and there as well.
    Fork(isize),
    Jump(isize),
    Match,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Program {
    steps: Vec<Step>,
    classes: Vec<Class>,
    /// It matches at the beginning of a text or not at all.
    begins_at_start: bool,
}

/// The characters before and after a place of the text.
#[derive(Clone, Copy)]
struct Place {
    before: Option<char>,
    after: Option<char>,
}

impl Program {
    pub(super) fn compile(parsed: &Hir) -> Result<Self, PatternFault> {
        let mut program = Self {
            steps: Vec::new(),
            classes: Vec::new(),
            begins_at_start: parsed.properties().look_set_prefix().contains(Look::Start),
        };
        program.add(parsed)?;
        program.push(Step::Match)?;
        Ok(program)
    }

    /// Whether it matches anywhere in a text; none when that takes more than [`MOST_TAKEN`].
    pub(super) fn is_match(&self, text: &str) -> Option<bool> {
        let mut run = Run::new(self);
        let mut rest = text.chars();
        let mut place = Place {
            before: None,
            after: rest.next(),
        };
        run.reach(0);
        while !run.reached.is_empty() {
            if run.step(place) {
                return Some(true);
            }
            if place.after.is_none() {
                return Some(false);
            }
            if run.taken > MOST_TAKEN {
                return None;
            }
            place = Place {
                before: place.after,
                after: rest.next(),
            };
            if !self.begins_at_start {
                run.reach(0);
            }
        }
        Some(false)
    }

    fn accepts(&self, class: usize, character: Option<char>) -> bool {
        let class = self.classes.get(class);
        class
            .zip(character)
            .is_some_and(|(class, character)| class.has(character))
    }

    // --- construction

    fn add(&mut self, part: &Hir) -> Result<(), PatternFault> {
        match part.kind() {
            HirKind::Empty => Ok(()),
            HirKind::Literal(literal) => self.literal(&literal.0),
            HirKind::Class(class) => {
                self.classes.push(Class::of(class));
                self.push(Step::Class(self.classes.len() - 1))
            }
            HirKind::Look(look) => self.push(Step::Look(*look)),
            HirKind::Repetition(repetition) => self.repetition(repetition),
            HirKind::Capture(group) => self.add(&group.sub),
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.add(part)),
            HirKind::Alternation(parts) => self.alternation(parts),
        }
    }

    fn literal(&mut self, octets: &[u8]) -> Result<(), PatternFault> {
        let text = str::from_utf8(octets).map_err(|_| PatternFault::not_text())?;
        text.chars()
            .try_for_each(|character| self.push(Step::Character(character)))
    }

    /// Each but the last: try it, or what comes after it.
    fn alternation(&mut self, parts: &[Hir]) -> Result<(), PatternFault> {
        let Some((last, others)) = parts.split_last() else {
            return Ok(());
        };
        let mut ends = Vec::new();
        for part in others {
            let fork = self.hole()?;
            self.add(part)?;
            ends.push(self.hole()?);
            self.fill(fork, Step::Fork);
        }
        self.add(last)?;
        for end in ends {
            self.fill(end, Step::Jump);
        }
        Ok(())
    }

    fn repetition(&mut self, repetition: &Repetition) -> Result<(), PatternFault> {
        let part = &repetition.sub;
        match (times(repetition.min), repetition.max.map(times)) {
            (0, None) => self.any_number(part),
            (least, None) => self.at_least(least, part),
            (_, Some(0)) => Ok(()),
            (0, Some(most)) => self.at_most(most, part),
            (least, Some(most)) => self.between(least, most, part),
        }
    }

    fn any_number(&mut self, part: &Hir) -> Result<(), PatternFault> {
        let fork = self.hole()?;
        self.add(part)?;
        self.push(Step::Jump(ahead(self.steps.len(), fork)))?;
        self.fill(fork, Step::Fork);
        Ok(())
    }

    fn at_least(&mut self, least: usize, part: &Hir) -> Result<(), PatternFault> {
        let piece = self.piece(part)?;
        self.again(&piece, least - 1)?;
        self.push(Step::Fork(-ahead(0, piece.len())))
    }

    fn at_most(&mut self, most: usize, part: &Hir) -> Result<(), PatternFault> {
        let fork = self.hole()?;
        let piece = self.piece(part)?;
        self.optional(&piece, most - 1)?;
        self.fill(fork, Step::Fork);
        Ok(())
    }

    fn between(&mut self, least: usize, most: usize, part: &Hir) -> Result<(), PatternFault> {
        let piece = self.piece(part)?;
        self.again(&piece, least - 1)?;
        self.optional(&piece, most - least)
    }

    /// The steps of a part.
    fn piece(&mut self, part: &Hir) -> Result<Range<usize>, PatternFault> {
        let first = self.steps.len();
        self.add(part)?;
        Ok(first..self.steps.len())
    }

    /// A piece so many times more.
    fn again(&mut self, piece: &Range<usize>, times: usize) -> Result<(), PatternFault> {
        self.has_room(piece.len().saturating_mul(times))?;
        for _ in 0..times {
            self.steps.extend_from_within(piece.clone());
        }
        Ok(())
    }

    /// A piece up to so many times more: before each is a way past it and all that come after it.
    fn optional(&mut self, piece: &Range<usize>, times: usize) -> Result<(), PatternFault> {
        let length = piece.len() + 1;
        self.has_room(length.saturating_mul(times))?;
        for left in (1..=times).rev() {
            self.steps.push(Step::Fork(ahead(0, length * left)));
            self.steps.extend_from_within(piece.clone());
        }
        Ok(())
    }

    fn push(&mut self, step: Step) -> Result<(), PatternFault> {
        self.has_room(1)?;
        self.steps.push(step);
        Ok(())
    }

    fn has_room(&self, more: usize) -> Result<(), PatternFault> {
        if self.steps.len().saturating_add(more) > MAX_STEPS {
            return Err(PatternFault::TooLarge);
        }
        Ok(())
    }

    /// A step that is told where to go as soon as it is known.
    fn hole(&mut self) -> Result<usize, PatternFault> {
        self.push(Step::Match)?;
        Ok(self.steps.len() - 1)
    }

    /// To the end of what there is.
    fn fill(&mut self, hole: usize, step: impl Fn(isize) -> Step) {
        let way = ahead(hole, self.steps.len());
        if let Some(found) = self.steps.get_mut(hole) {
            *found = step(way);
        }
    }
}

/// By the number that the parser gives it.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "this is how serde hands it over"
)]
fn look_out<S: Serializer>(look: &Look, serializer: S) -> Result<S::Ok, S::Error> {
    look.as_repr().serialize(serializer)
}

fn look_in<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Look, D::Error> {
    let number = u32::deserialize(deserializer)?;
    Look::from_repr(number).ok_or_else(|| de::Error::custom("found no look-around"))
}

/// How many steps it is from one to another, back when it is negative.
fn ahead(from: usize, to: usize) -> isize {
    // There are at most [`MAX_STEPS`].
    to.cast_signed() - from.cast_signed()
}

fn times(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// One text on its way through a program.
struct Run<'p> {
    program: &'p Program,
    /// Steps that are next at this place, each in turn, and those at the place after it.
    reached: Vec<usize>,
    beyond: Vec<usize>,
    /// For each step the last place at which it was looked at, counted from one.
    seen: Vec<u32>,
    place: u32,
    /// Steps, each as often as it was looked at.
    taken: usize,
}

impl<'p> Run<'p> {
    fn new(program: &'p Program) -> Self {
        Self {
            program,
            reached: Vec::new(),
            beyond: Vec::new(),
            seen: vec![0; program.steps.len()],
            place: 0,
            taken: 0,
        }
    }

    fn reach(&mut self, step: usize) {
        self.reached.push(step);
    }

    /// Takes every step at a place; tells whether one was the last.
    fn step(&mut self, place: Place) -> bool {
        self.place += 1;
        while let Some(at) = self.reached.pop() {
            self.taken += 1;
            let Some((step, seen)) = self.program.steps.get(at).zip(self.seen.get_mut(at)) else {
                continue;
            };
            if mem::replace(seen, self.place) == self.place {
                continue;
            }
            match *step {
                Step::Match => return true,
                Step::Jump(way) => self.reached.push(at.wrapping_add_signed(way)),
                Step::Fork(way) => {
                    self.reached.push(at.wrapping_add_signed(way));
                    self.reached.push(at + 1);
                }
                Step::Look(look) if place.has(look) => self.reached.push(at + 1),
                Step::Character(character) if place.after == Some(character) => {
                    self.beyond.push(at + 1);
                }
                Step::Class(class) if self.program.accepts(class, place.after) => {
                    self.beyond.push(at + 1);
                }
                Step::Look(_) | Step::Character(_) | Step::Class(_) => {}
            }
        }
        mem::swap(&mut self.reached, &mut self.beyond);
        false
    }
}

impl Place {
    fn has(self, look: Look) -> bool {
        let words = |is_word: fn(char) -> bool| {
            let of_word = |side: Option<char>| side.is_some_and(is_word);
            (of_word(self.before), of_word(self.after))
        };
        match look {
            Look::Start => self.before.is_none(),
            Look::End => self.after.is_none(),
            Look::StartLF => matches!(self.before, None | Some('\n')),
            Look::EndLF => matches!(self.after, None | Some('\n')),
            Look::StartCRLF => match self.before {
                None | Some('\n') => true,
                Some('\r') => self.after != Some('\n'),
                Some(_) => false,
            },
            Look::EndCRLF => match self.after {
                None | Some('\r') => true,
                Some('\n') => self.before != Some('\r'),
                Some(_) => false,
            },
            Look::WordAscii => is_boundary(words(is_ascii_word)),
            Look::WordAsciiNegate => !is_boundary(words(is_ascii_word)),
            Look::WordUnicode => is_boundary(words(is_word_character)),
            Look::WordUnicodeNegate => !is_boundary(words(is_word_character)),
            Look::WordStartAscii => words(is_ascii_word) == (false, true),
            Look::WordEndAscii => words(is_ascii_word) == (true, false),
            Look::WordStartUnicode => words(is_word_character) == (false, true),
            Look::WordEndUnicode => words(is_word_character) == (true, false),
            Look::WordStartHalfAscii => !words(is_ascii_word).0,
            Look::WordEndHalfAscii => !words(is_ascii_word).1,
            Look::WordStartHalfUnicode => !words(is_word_character).0,
            Look::WordEndHalfUnicode => !words(is_word_character).1,
        }
    }
}

fn is_boundary((before, after): (bool, bool)) -> bool {
    before != after
}

fn is_ascii_word(character: char) -> bool {
    u8::try_from(character).is_ok_and(is_word_byte)
}
