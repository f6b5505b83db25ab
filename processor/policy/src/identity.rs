//! The identity of a policy: a hash of what its file says, whatever its comments and layout, and of
//! the files beside it that it is made of.

use crate::files::Files;
use crate::yaml::{Node, Value};

/// The hash of a tree and of the files it names, in hexadecimal. The order of a mapping's keys,
/// quotes and comments do not change it; the order of a list does, and every letter of a file.
pub(crate) fn hash(root: &Node, files: &Files) -> String {
    let mut hasher = blake3::Hasher::new();
    add(root, &mut hasher);
    for (name, text) in files.texts() {
        add_part(b'f', name, &mut hasher);
        add_part(b't', text, &mut hasher);
    }
    hasher.finalize().to_hex().to_string()
}

fn add(node: &Node, hasher: &mut blake3::Hasher) {
    match &node.value {
        Value::Scalar(scalar) if scalar.is_null() => add_part(b'0', "", hasher),
        Value::Scalar(scalar) => add_part(b's', &scalar.text, hasher),
        Value::List(items) => {
            add_count(b'l', items.len(), hasher);
            items.iter().for_each(|item| add(item, hasher));
        }
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|one, other| one.key.cmp(&other.key));
            add_count(b'm', entries.len(), hasher);
            for entry in entries {
                add_part(b'k', &entry.key, hasher);
                add(&entry.value, hasher);
            }
        }
    }
}

/// Each part goes in with its kind and length, so that no two trees give the same bytes.
fn add_part(kind: u8, text: &str, hasher: &mut blake3::Hasher) {
    add_count(kind, text.len(), hasher);
    hasher.update(text.as_bytes());
}

fn add_count(kind: u8, count: usize, hasher: &mut blake3::Hasher) {
    hasher.update(&[kind]);
    hasher.update(&u64::try_from(count).unwrap_or(u64::MAX).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(one: &str, other: &str, same: bool) {
        let of = |text: &str| hash(&crate::yaml::load(text).0.unwrap(), &Files::default());
        assert_eq!(of(one) == of(other), same, "{one} / {other}");
    }

    #[test]
    fn layout_and_comments_are_no_content() {
        check("a: 1\nb: [x, y]", "# why\nb:\n  - x\n  - 'y'\na: 1", true);
        check("a: 1", "a: 2", false);
        check("a: [x, y]", "a: [y, x]", false);
        check("a: [xy]", "a: [x, y]", false);
        check("a: {b: c}", "a: [b, c]", false);
        check("a: null", "a: 'null'", false);
    }

    #[test]
    fn a_file_beside_the_policy_is_content() {
        let tree = crate::yaml::load("a: 1").0.unwrap();
        let of = |text: &str| hash(&tree, &Files::read(["f"].into_iter(), &|_| Ok(text.to_owned())));
        assert_eq!(of("one"), of("one"));
        assert_ne!(of("one"), of("two"));
        assert_ne!(of(""), hash(&tree, &Files::default()));
    }
}
