//! Prometheus' text format: the samples of one answer.
//!
//! Comments, help, types and times of samples are passed over. What the samples mean is [`super::reading`]'s business.

use std::iter::Peekable;
use std::str::Chars;

/// One sample: a metric, its labels, its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: f64,
}

impl Sample {
    /// The value of a label.
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(label, _)| label == name).map(|(_, value)| value.as_str())
    }
}

/// All samples of an answer, or the number of the first line that is none.
pub(crate) fn samples(text: &str) -> Result<Vec<Sample>, usize> {
    let lines = text.lines().enumerate().filter(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    lines.map(|(index, line)| sample(line).ok_or(index.saturating_add(1))).collect()
}

/// `name{label="value",…} value time`, the labels and the time where there are any.
fn sample(line: &str) -> Option<Sample> {
    let line = line.trim();
    let end = line.find(|letter: char| !is_of_a_name(letter)).filter(|end| *end > 0)?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let mut words = rest.split_whitespace();
    let value = value(words.next()?)?;
    let has_a_good_time = words.next().is_none_or(|time| time.parse::<i64>().is_ok());
    let ends = words.next().is_none();
    (has_a_good_time && ends).then(|| Sample { name: name.to_owned(), labels, value })
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'
}

/// The labels up to the closing brace, and what stands behind it.
fn labels(text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(behind) = rest.strip_prefix('}') {
            return Some((labels, behind));
        }
        let (name, behind) = rest.split_once("=\"")?;
        let mut letters = behind.chars().peekable();
        let value = quoted(&mut letters)?;
        let left = letters.map(char::len_utf8).sum::<usize>();
        labels.push((name.trim().to_owned(), value));
        rest = behind.get(behind.len().checked_sub(left)?..)?.trim_start();
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind.trim_start(),
            None if rest.starts_with('}') => {}
            None => return None,
        }
    }
}

/// A value up to its closing quotation mark, without what escapes.
fn quoted(letters: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut value = String::new();
    loop {
        match letters.next()? {
            '"' => return Some(value),
            '\\' => match letters.next()? {
                'n' => value.push('\n'),
                escaped @ ('\\' | '"') => value.push(escaped),
                _ => return None,
            },
            letter => value.push(letter),
        }
    }
}

fn value(word: &str) -> Option<f64> {
    match word {
        "+Inf" | "Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        number if number.starts_with(|letter: char| letter.is_ascii_digit() || "+-.".contains(letter)) => {
            number.parse().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text holds, as `name label=value … number`; the number of its first bad line where there is one.
    #[track_caller]
    fn check(text: &str, expected: Result<&[&str], usize>) {
        let told = samples(text).map(|samples| {
            let told = |sample: &Sample| {
                let labels = sample.labels.iter().map(|(name, value)| format!(" {name}={value}"));
                format!("{}{} {}", sample.name, labels.collect::<String>(), sample.value)
            };
            samples.iter().map(told).collect::<Vec<_>>()
        });
        let expected = expected.map(|lines| lines.iter().map(|line| (*line).to_owned()).collect());
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn samples_are_read_with_their_labels_and_comments_are_passed_over() {
        check("", Ok(&[]));
        check(
            "# HELP a Some a\n# TYPE a counter\na 3\n\nb{topic=\"x\"} 0.5\n",
            Ok(&["a 3", "b topic=x 0.5"]),
        );
        check("a{x=\"1\",y=\"2\"} 4 1700000000000\r\n", Ok(&["a x=1 y=2 4"]));
        check("a{x=\"1\", y=\"2\", } 4", Ok(&["a x=1 y=2 4"]));
        check("a{} 1e3", Ok(&["a 1000"]));
        check("  a:b_c\t-1.5  ", Ok(&["a:b_c -1.5"]));
        check("a +Inf\nb -Inf\nc NaN\nd +3", Ok(&["a inf", "b -inf", "c NaN", "d 3"]));
    }

    #[test]
    fn what_a_label_escapes_is_read_as_it_was() {
        check(r#"a{x="a \"b\" \\ {c}, d=\"e\" ü"} 1"#, Ok(&[r#"a x=a "b" \ {c}, d="e" ü 1"#]));
        check(r#"a{x="one\ntwo"} 1"#, Ok(&["a x=one\ntwo 1"]));
    }

    #[test]
    fn a_line_that_is_no_sample_is_found_by_its_number() {
        for bad in [
            "<html>",
            "a",
            "a x",
            "a 1 2 3",
            "a 1 x",
            "a{x=\"1\" 2",
            "a{x=1} 2",
            "a{x=\"\\t\"} 1",
            "a inf",
            "a{x=\"1\"y=\"2\"} 3",
            "{x=\"1\"} 3",
            "a{x=\"1",
        ] {
            check(&format!("good 1\n{bad}\n"), Err(2));
        }
    }

    #[test]
    fn a_label_is_found_by_its_name() {
        let sample = sample("a{x=\"1\",y=\"2\"} 4").unwrap();
        assert_eq!((sample.label("y"), sample.label("z")), (Some("2"), None));
    }
}
