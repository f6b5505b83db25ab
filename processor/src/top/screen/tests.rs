//! Whole screens, as text.

use super::*;
use crate::top::overview::Watched;
use crate::top::samples;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::KeyCode;

/// A screen of this size, after these keys.
fn screen(watched: &[Watched], (width, height): (u16, u16), keys: &[KeyCode], marks: Marks) -> TestBackend {
    let (overview, mut view) = (Overview::of(watched), View::default());
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    for key in keys {
        view.takes((*key).into());
    }
    terminal.draw(|frame| draw(frame, &overview, &mut view, marks)).unwrap();
    terminal.backend().clone()
}

fn text(backend: &TestBackend) -> String {
    let buffer = backend.buffer();
    let width = usize::from(buffer.area.width);
    let lines = buffer.content.chunks(width).map(|cells| {
        let line: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn check(size: (u16, u16), keys: &[KeyCode], expected: &str) {
    let screen = text(&screen(&samples::watched(), size, keys, Marks { has_colours: true }));
    assert_eq!(screen, expected.trim_end_matches('\n'), "\n{screen}");
}

#[test]
fn all_is_seen_where_there_is_room() {
    check((130, 16), &[], include_str!("wide.txt"));
}

#[test]
fn in_a_small_terminal_columns_and_rows_are_left_out_and_it_says_so() {
    check((80, 14), &[], include_str!("small.txt"));
    check((80, 14), &[KeyCode::End], include_str!("small_end.txt"));
    check((40, 8), &[], include_str!("tiny.txt"));
    // Nothing fails where there is hardly a screen.
    for size in [(1, 1), (3, 2), (80, 3)] {
        screen(&samples::watched(), size, &[], Marks { has_colours: true });
    }
}

#[test]
fn what_is_chosen_is_seen() {
    use KeyCode::{Char, Right};
    check((130, 16), &[Right, Right, Char('f'), Char('p')], include_str!("chosen.txt"));
}

#[test]
fn nothing_is_shown_of_instances_that_were_not_asked_yet() {
    let asked = text(&screen(&[Watched::new("weir:8080")], (80, 8), &[], Marks { has_colours: true }));
    assert_eq!(asked, include_str!("asked.txt").trim_end_matches('\n'), "\n{asked}");
}

/// The styles in which a word stands on the screen.
#[track_caller]
fn check_style(word: &str, has_colours: bool, expected: (Color, Modifier)) {
    let backend = screen(&samples::watched(), (130, 16), &[], Marks { has_colours });
    let (text, width) = (text(&backend), usize::from(backend.buffer().area.width));
    let (row, line) = text.lines().enumerate().find(|(_, line)| line.contains(word)).unwrap();
    let column = line.split(word).next().unwrap().chars().count();
    let cell = &backend.buffer().content[row * width + column];
    assert_eq!((cell.fg, cell.modifier, cell.bg), (expected.0, expected.1, Color::Reset), "{word}");
}

#[test]
fn what_needs_an_eye_stands_out_with_colours_and_without() {
    let alarm = Modifier::BOLD | Modifier::REVERSED;
    for (word, colour, modifier) in [
        ("OPEN", Color::Red, alarm),
        ("no answer", Color::Red, alarm),
        ("not ready", Color::Red, Modifier::BOLD),
        ("ready", Color::Green, Modifier::empty()),
        ("restoring 12,300", Color::Red, Modifier::BOLD),
        ("75 s", Color::Red, Modifier::BOLD),
        ("7 min", Color::Red, Modifier::BOLD),
        ("closed", Color::Reset, Modifier::empty()),
        // The column by which rows are sorted, and another.
        ("PART", Color::Reset, alarm),
        ("LATE", Color::Reset, Modifier::BOLD),
    ] {
        check_style(word, true, (colour, modifier));
        check_style(word, false, (Color::Reset, modifier));
    }
}
