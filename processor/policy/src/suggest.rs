//! What was probably meant: the known word nearest to an unknown one.

/// Says what would be right in the place of `word`: the known word nearest to it, or all of them.
pub(crate) fn instead_of<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(word, &known) {
        return Some(format!("did you mean `{near}`?"));
    }
    match known.as_slice() {
        [] => None,
        [only] => Some(format!("only `{only}` is known here")),
        [.., _] => Some(format!("known here: {}", listed(&known))),
    }
}

fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    // A third of the letters may differ: enough for a slip, too little for another word.
    let most = (word.chars().count() / 3).max(1);
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word.to_lowercase(), candidate), *candidate))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_names_the_word_and_a_stranger_all_of_them() {
        let known = ["template", "channel"];
        assert_eq!(instead_of("tempalte", known).unwrap(), "did you mean `template`?");
        assert_eq!(instead_of("colour", known).unwrap(), "known here: `template`, `channel`");
        assert_eq!(instead_of("colour", []), None);
    }
}
