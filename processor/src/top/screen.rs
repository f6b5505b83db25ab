//! The overview as a screen: the instances above, the partitions below, the keys at the foot.
//!
//! Colours are the terminal's own, in front of its own background: both may be dark or light. What is to be seen is
//! told by words as well, where there are no colours.

use super::columns::{self, Column};
use super::grid::Grid;
use super::overview::{Overview, PartitionRow, Standing};
use super::view::View;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

/// The keys, at the foot.
const KEYS: &str = "q quit  ←→ sort by  r reverse  f not well  p pause  ↑↓ scroll";

/// How things are marked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    /// Whether the terminal shows colours, and they are wanted.
    pub(super) has_colours: bool,
}

impl Marks {
    /// What needs an eye.
    fn bad(self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// What needs a person now.
    fn alarm(self) -> Style {
        self.bad().add_modifier(Modifier::REVERSED)
    }

    fn good(self) -> Style {
        self.coloured(Color::Green)
    }

    fn coloured(self, colour: Color) -> Style {
        if self.has_colours { Style::new().fg(colour) } else { Style::new() }
    }
}

/// Draws all of it; what is chosen is kept within what there is.
pub(super) fn draw(frame: &mut Frame<'_>, overview: &Overview, view: &mut View, marks: Marks) {
    let area = frame.area();
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let mut lines = vec![title(overview, view)];
    // A half of the screen is for the partitions, however many instances there are.
    lines.extend(of_instances(overview, marks, width, height / 2));
    lines.push(Line::default());
    let room = height.saturating_sub(lines.len()).saturating_sub(1);
    lines.extend(of_partitions(overview, view, marks, (width, room)));
    lines.truncate(height.saturating_sub(1));
    lines.resize(height.saturating_sub(1), Line::default());
    lines.push(Line::styled(KEYS, Style::new().add_modifier(Modifier::DIM)));
    for (row, line) in (area.y..area.bottom()).zip(lines) {
        frame.render_widget(line, Rect { y: row, height: 1, ..area });
    }
}

fn title(overview: &Overview, view: &View) -> Line<'static> {
    let instances = match overview.instances.len() {
        1 => "1 instance".to_owned(),
        count => format!("{count} instances"),
    };
    let (at_work, all) = (overview.total.at_work, overview.different_partitions());
    let unwell = overview.partitions.iter().filter(|row| !row.is_well()).count();
    let mut words = format!("weir top  {instances}, {at_work} of {all} partitions at work");
    if unwell > 0 {
        words += &format!(", {unwell} not well");
    }
    if view.is_paused {
        words += "  PAUSED";
    }
    Line::styled(words, Style::new().add_modifier(Modifier::BOLD))
}

fn of_instances(overview: &Overview, marks: Marks, width: usize, most: usize) -> Vec<Line<'static>> {
    let grid = columns::of_instances(overview);
    let rows = grid.body(width);
    let mut lines = vec![head(&grid, width, None)];
    for (index, cells) in rows.into_iter().enumerate() {
        let style = match overview.instances.get(index).map(|row| &row.standing) {
            Some(Standing::Ready) => marks.good(),
            Some(Standing::Waits(_)) => marks.bad(),
            Some(Standing::NoAnswer(_)) => marks.alarm(),
            Some(Standing::Asked) | None => Style::new(),
        };
        let of_cell = |column| if column == 1 { style } else { Style::new() };
        lines.push(line(cells, of_cell));
    }
    let remarks = overview.instances.iter().flat_map(columns::remarks);
    lines.extend(remarks.map(|remark| Line::styled(remark, marks.bad())));
    if lines.len() > most {
        let left_out = lines.len().saturating_sub(most.saturating_sub(1));
        lines.truncate(most.saturating_sub(1));
        lines.push(Line::raw(format!("… {left_out} more lines of instances")));
    }
    lines
}

/// The partitions in a room of so many columns and lines.
fn of_partitions(
    overview: &Overview,
    view: &mut View,
    marks: Marks,
    (width, height): (usize, usize),
) -> Vec<Line<'static>> {
    let rows = view.rows(overview);
    if rows.is_empty() {
        let all_well = view.only_unwell && !overview.partitions.is_empty();
        let words =
            if all_well { "All partitions are well: f shows them." } else { "No partitions are shown." };
        return vec![Line::raw(words)];
    }
    let grid = columns::of_partitions(&rows);
    let left_out = grid.left_out(width);
    let has_a_foot = rows.len() >= height || !left_out.is_empty();
    let room = height.saturating_sub(1).saturating_sub(usize::from(has_a_foot)).max(1);
    view.offset = view.offset.min(rows.len().saturating_sub(room));
    let shown = grid.body(width).into_iter().zip(&rows).skip(view.offset).take(room);
    let mut lines = vec![head(&grid, width, Some(view))];
    lines.extend(shown.map(|(cells, row)| line(cells, |column| of_cell(row, column, marks))));
    if has_a_foot {
        lines.push(foot(rows.len(), view.offset, room, &left_out));
    }
    lines
}

/// What is not on the screen.
fn foot(count: usize, offset: usize, room: usize, left_out: &[&str]) -> Line<'static> {
    let (first, last) = (offset.saturating_add(1), offset.saturating_add(room).min(count));
    let mut words = format!("{first}–{last} of {count}");
    if !left_out.is_empty() {
        words += &format!("; no room for {}", left_out.join(", "));
    }
    Line::styled(words, Style::new().add_modifier(Modifier::DIM))
}

fn of_cell(row: &PartitionRow, column: usize, marks: Marks) -> Style {
    match Column::ALL.get(column) {
        Some(Column::Breaker) if row.shown.is_breaker_open() => marks.alarm(),
        Some(column) if column.needs_an_eye(row) => marks.bad(),
        Some(_) | None => Style::new(),
    }
}

/// The titles; the one by which rows are sorted stands out.
fn head(grid: &Grid, width: usize, view: Option<&View>) -> Line<'static> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    line(grid.head(width), |column| match view {
        Some(view) if Column::ALL.get(column) == Some(&view.sort) => bold.add_modifier(Modifier::REVERSED),
        Some(_) | None => bold,
    })
}

/// Cells in a line, each in its style, which does not reach into the room around its text.
fn line(cells: Vec<String>, style: impl Fn(usize) -> Style) -> Line<'static> {
    let mut spans = Vec::new();
    for (column, cell) in cells.into_iter().enumerate() {
        let text = cell.trim();
        let before = cell.len().saturating_sub(cell.trim_start().len());
        let after = cell.len().saturating_sub(before).saturating_sub(text.len());
        spans.push(Span::raw(" ".repeat(before)));
        spans.push(Span::styled(text.to_owned(), style(column)));
        spans.push(Span::raw(" ".repeat(after)));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests;
