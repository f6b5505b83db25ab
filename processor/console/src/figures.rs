//! Numbers as people read them: the same on every page.

/// Digits in groups of three, with what stands before and after them: `-12 204.822`. What is no number stays as it is.
pub(crate) fn grouped(number: &str) -> String {
    let (sign, rest) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let end = rest.find('.').unwrap_or(rest.len());
    let (whole, decimals) = rest.split_at(end);
    if !whole.bytes().all(|digit| digit.is_ascii_digit()) {
        return number.to_owned();
    }
    let mut told = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && whole.len().saturating_sub(at).is_multiple_of(3) {
            told.push('\u{a0}');
        }
        told.push(digit);
    }
    told + decimals
}

/// Whether an amount is not nothing.
pub(crate) fn is_something(amount: &str) -> bool {
    amount.bytes().any(|digit| (b'1'..=b'9').contains(&digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three_whatever_they_count() {
        for (number, expected) in [
            ("0", "0"),
            ("954", "954"),
            ("6954", "6 954"),
            ("12204.822", "12 204.822"),
            ("-1234567.50", "-1 234 567.50"),
            ("0.00", "0.00"),
            ("–", "–"),
            ("7e3", "7e3"),
        ] {
            assert_eq!(grouped(number), expected.replace(' ', "\u{a0}"), "{number}");
        }
    }
}
