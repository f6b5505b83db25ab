//! Which line of a threshold an event fires, by the rules of `loadtest/peers/README.md`.
//!
//! This is what must come out, worked out a second time and apart from the processor: one account's lines are a
//! few bits.

/// How many lines each rule has.
const COUNT: usize = 3;

/// The lines of a rule whose values fall, highest first, on the scale of [`Lines::place`].
pub(super) struct Lines {
    at: [i64; COUNT],
    /// How far above a line the value must be to arm it again; 0: anything above.
    hysteresis: i64,
}

/// `low-balance`: cents.
pub(super) const MONEY: Lines = Lines { at: [500, 200, 50], hysteresis: 100 };

/// `data-low`: hundredths of the bundle. A bundle has at least a hundred parts, so none falls between.
pub(super) const DATA: Lines = Lines { at: [50, 20, 5], hysteresis: 0 };

/// As the policy writes them.
const MONEY_WORDS: [&str; COUNT] = ["5.00", "2.00", "0.50"];
const DATA_WORDS: [&str; COUNT] = ["50%", "20%", "5%"];

/// How a line of `low-balance` is written.
pub(super) fn money_word(line: u8) -> &'static str {
    word(&MONEY_WORDS, line)
}

/// How a line of `data-low` is written.
pub(super) fn data_word(line: u8) -> &'static str {
    word(&DATA_WORDS, line)
}

fn word(words: &[&'static str; COUNT], line: u8) -> &'static str {
    words.get(usize::from(line)).copied().unwrap_or("no such line")
}

/// Which lines have fired: a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fired(u8);

/// A value, and one to compare it with: both on the same scale.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    /// None where this is the first value.
    pub(super) former: Option<i64>,
    pub(super) value: i64,
    /// What a line's number is multiplied by to be on the values' scale.
    pub(super) line_scale: i64,
}

impl Lines {
    /// The value moves: arms and fires lines. Answers the lowest that fired now.
    pub(super) fn on_move(&self, fired: &mut Fired, moved: Move) -> Option<u8> {
        let mut lowest = None;
        for (number, at) in (0_u8..).zip(self.at) {
            let line = at * moved.line_scale;
            let bit = 1 << number;
            if fired.0 & bit != 0 {
                let is_back = match self.hysteresis {
                    0 => moved.value > line,
                    enough => moved.value >= line + enough * moved.line_scale,
                };
                if is_back {
                    fired.0 &= !bit;
                }
            }
            let was_above = moved.former.is_some_and(|former| former > line);
            if fired.0 & bit == 0 && was_above && moved.value <= line {
                fired.0 |= bit;
                lowest = Some(number);
            }
        }
        lowest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values one after the other, and of each the line that it fires.
    #[track_caller]
    fn check(lines: &Lines, scale: i64, moves: &[(i64, Option<u8>)]) {
        let (mut fired, mut former) = (Fired::default(), None);
        for (value, expected) in moves {
            let found = lines.on_move(&mut fired, Move { former, value: *value, line_scale: scale });
            assert_eq!(found, *expected, "at {value} of {moves:?}");
            former = Some(*value);
        }
    }

    #[test]
    fn the_lowest_line_that_is_crossed_is_told_and_a_first_value_crosses_none() {
        check(&MONEY, 1, &[(100, None), (2_000, None), (500, Some(0)), (49, Some(2))]);
        check(&MONEY, 1, &[(2_000, None), (150, Some(1)), (140, None)]);
    }

    #[test]
    fn a_line_of_money_is_armed_a_whole_above_it() {
        check(
            &MONEY,
            1,
            &[(2_000, None), (499, Some(0)), (599, None), (499, None), (600, None), (500, Some(0))],
        );
    }

    #[test]
    fn a_line_of_data_is_armed_by_anything_above_it() {
        // A bundle of 1,000: a hundredth is 10.
        check(&DATA, 10, &[(1_000, None), (500, Some(0)), (501, None), (200, Some(1)), (40, Some(2))]);
    }
}
