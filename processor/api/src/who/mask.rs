//! What identifies a customer, made unreadable: contacts, texts, and ids, which may be phone numbers.
//!
//! Who sees it so is not known here.

use std::fmt;

/// The longest text of which nothing is shown: three and two characters of it would be nearly all.
const ALL_HIDDEN: usize = 6;

/// How many characters are shown at the beginning, of a phone number's country code.
const HEAD: usize = 3;

/// How many at the end, by which whoever knows it knows it again.
const TAIL: usize = 2;

/// A text, masked where it is shown: `+49********78`. Of one of up to six characters all is masked.
#[derive(Clone, Copy)]
pub struct Masked<'a>(pub &'a str);

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.0.chars().count();
        let tail = length.saturating_sub(TAIL);
        self.0.chars().enumerate().try_for_each(|(at, letter)| {
            let is_shown = length > ALL_HIDDEN && (at < HEAD || at >= tail);
            write!(f, "{}", if is_shown { letter } else { '*' })
        })
    }
}

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_characters_and_two_are_shown_of_what_is_longer_than_six() {
        let rows = [
            ("", ""),
            ("7", "*"),
            ("123456", "******"),
            ("1234567", "123**67"),
            ("+491711234578", "+49********78"),
            ("Jörg Müßig", "Jör*****ig"),
            ("anna@example.org", "ann***********rg"),
        ];
        for (text, expected) in rows {
            assert_eq!(Masked(text).to_string(), expected);
            assert_eq!(format!("{:?}", Masked(text)), expected);
        }
    }
}
