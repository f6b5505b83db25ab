//! How many parts a text makes as an SMS.
//!
//! What a part costs is not known here.

/// The characters of GSM 03.38 that take one septet.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
                     ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Those of its extension table: each takes an escape before it.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// How much goes into a message that is alone, and into each part of a longer one: the header that
/// joins parts takes the rest.
struct Room {
    alone: u32,
    per_part: u32,
}

const SEPTETS: Room = Room { alone: 160, per_part: 153 };
const UCS2: Room = Room { alone: 70, per_part: 67 };

/// The parts of a text: in septets where all its characters have such, else in UCS-2.
pub(super) fn parts(text: &str) -> u32 {
    if text.chars().all(|character| septets(character).is_some()) {
        return count(text.chars().filter_map(septets), &SEPTETS);
    }
    let units = |character: char| if character.len_utf16() == 1 { 1 } else { 2 };
    count(text.chars().map(units), &UCS2)
}

/// The septets of each character of ASCII; 0 of those that have none.
#[expect(clippy::indexing_slicing, reason = "worked out by the compiler, which stops at a wrong place")]
const ASCII: [u8; 128] = {
    let mut table = [0; 128];
    let tables = [(BASIC.as_bytes(), 1), (EXTENDED.as_bytes(), 2)];
    let (mut which, mut at) = (0, 0);
    while which < tables.len() {
        let (characters, size) = tables[which];
        // A character beyond ASCII has no byte below 128.
        if at < characters.len() {
            if characters[at] < 128 {
                table[characters[at] as usize] = size;
            }
            at += 1;
        } else {
            (which, at) = (which + 1, 0);
        }
    }
    table
};

fn septets(character: char) -> Option<u32> {
    if character.is_ascii() {
        let size = ASCII.get(character as usize).copied().filter(|size| *size > 0);
        size.map(u32::from)
    } else if BASIC.contains(character) {
        Some(1)
    } else if EXTENDED.contains(character) {
        Some(2)
    } else {
        None
    }
}

/// What takes two units is never split between two parts.
fn count(sizes: impl Iterator<Item = u32> + Clone, room: &Room) -> u32 {
    if sizes.clone().fold(0, u32::saturating_add) <= room.alone {
        return 1;
    }
    let (mut parts, mut left) = (1_u32, room.per_part);
    for size in sizes {
        if size > left {
            parts = parts.saturating_add(1);
            left = room.per_part;
        }
        left = left.saturating_sub(size);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[track_caller]
    fn check(unit: &str, times: usize, after: &str, expected: u32) {
        assert_eq!(parts(&(unit.repeat(times) + after)), expected, "{times} of {unit} and {after}");
    }

    #[test]
    fn a_text_of_the_basic_table_holds_160_alone_and_153_a_part() {
        check("", 0, "", 1);
        check("a", 160, "", 1);
        check("à", 160, "", 1);
        check("a", 161, "", 2);
        check("a", 306, "", 2);
        check("a", 307, "", 3);
    }

    #[test]
    fn a_character_of_the_extension_table_counts_two() {
        check("€", 80, "", 1);
        check("€", 80, "a", 2);
        check("{", 81, "", 2);
    }

    #[test]
    fn an_escape_is_not_parted_from_its_character() {
        // 152 and one of two: it goes whole into the second part.
        check("a", 152, &format!("€{}", "a".repeat(151)), 2);
        check("a", 152, &format!("€{}", "a".repeat(152)), 3);
    }

    #[test]
    fn any_other_character_makes_it_70_alone_and_67_a_part() {
        check("ў", 70, "", 1);
        check("ў", 71, "", 2);
        check("a", 69, "ў", 1);
        check("a", 70, "ў", 2);
        check("ў", 134, "", 2);
        check("ў", 135, "", 3);
        check("ç", 71, "", 2);
    }

    #[test]
    fn a_character_beyond_the_first_plane_counts_two_and_is_not_split() {
        check("😀", 35, "", 1);
        check("😀", 36, "", 2);
        check("😀", 66, "", 2);
        check("😀", 67, "", 3);
    }
}
