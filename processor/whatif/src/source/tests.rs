use super::*;
use schemas::files::write_line;
use schemas::sample;
use std::fmt::Write as _;

/// What is read of files with these contents, by its place in the folder.
fn read(contents: &[&[u8]]) -> Vec<(String, Result<Arrival, String>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = |number: usize| folder.path().join(format!("{number}.jsonl"));
    for (number, content) in contents.iter().enumerate() {
        std::fs::write(path(number), content).unwrap();
    }
    let mut files = EventFiles::new((0..contents.len()).map(path).collect());
    let mut read = Vec::new();
    while let Some(batch) = files.next_batch().unwrap() {
        batch.for_each(|place, event| {
            let place = place.to_string();
            read.push((place.rsplit('/').next().unwrap().to_owned(), event));
        });
    }
    let total: usize = contents.iter().map(|content| content.len()).sum();
    assert_eq!(files.done().load(Ordering::Relaxed), u64::try_from(total).unwrap());
    read
}

#[test]
fn lines_are_read_with_their_places_and_blank_ones_passed_over() {
    let line = write_line(&sample::events()[2]);
    let read = read(&[format!("{line}\n\n  \r\n{line}").as_bytes(), b"{}\n", b""]);
    let places: Vec<_> = read.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["0.jsonl:1", "0.jsonl:4", "1.jsonl:1"]);
    assert!(read[0].1.is_ok() && read[1].1.is_ok(), "{read:?}");
    assert!(read[2].1.as_ref().unwrap_err().starts_with("it does not say what it is"), "{read:?}");
}

#[test]
fn a_line_that_is_no_text_does_not_end_the_reading() {
    let line = write_line(&sample::events()[2]);
    let read = read(&[&[b"\xff\xfe\n", line.as_bytes()].concat()]);
    assert_eq!(read[0], ("0.jsonl:1".to_owned(), Err("it is not UTF-8".to_owned())));
    assert!(read[1].1.is_ok());
}

#[test]
fn a_file_of_several_batches_loses_no_line_and_counts_on() {
    let line = write_line(&sample::events()[2]);
    let count = 3 * BATCH_BYTES / line.len();
    let mut content = String::new();
    for _ in 0..count {
        writeln!(content, "{line}").unwrap();
    }
    let read = read(&[content.as_bytes()]);
    assert_eq!(read.len(), count);
    assert!(
        read.iter()
            .enumerate()
            .all(|(at, (place, event))| { *place == format!("0.jsonl:{}", at + 1) && event.is_ok() })
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let mut files = EventFiles::new(vec!["nowhere.jsonl".into()]);
    assert_eq!(files.next_batch().unwrap_err().to_string(), "cannot read the events in nowhere.jsonl");
}

#[test]
fn of_the_events_that_cannot_be_read_all_are_counted_and_the_first_by_place_are_told() {
    let faulty = |number| {
        let place = Place { file_number: 0, number, file: "events.jsonl".into() };
        Faulty { place, what: "nothing".to_owned() }
    };
    let (mut one, mut other) = (FaultyEvents::default(), FaultyEvents::default());
    (0..50).rev().for_each(|number| one.add(faulty(2 * number)));
    (0..50).for_each(|number| other.add(faulty(2 * number + 1)));
    one.extend(other);
    let told: Vec<_> = one.first().iter().map(|faulty| faulty.place.number).collect();
    assert_eq!((one.count, told), (100, (0..20).collect()));
    let text = one.to_string();
    assert!(text.starts_with("100 events cannot be read:\n  events.jsonl:0: nothing\n"), "{text}");
    assert!(text.ends_with("\n  … and 80 more"), "{text}");
}
