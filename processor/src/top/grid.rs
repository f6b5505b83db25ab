//! A table of short texts in columns as wide as what is in them. What does not fit is left out, whole columns from the
//! right.

/// Between two columns.
const GAP: &str = "  ";

/// A column: its title, and on which side its cells stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Title {
    pub(super) text: &'static str,
    pub(super) is_number: bool,
}

/// A table.
#[derive(Debug)]
pub(super) struct Grid {
    titles: Vec<Title>,
    rows: Vec<Vec<String>>,
    widths: Vec<usize>,
}

impl Grid {
    /// Of these rows, each with a cell for each column.
    pub(super) fn new(titles: Vec<Title>, rows: Vec<Vec<String>>) -> Self {
        let widest = |(column, title): (usize, &Title)| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.fold(title.text.chars().count(), usize::max)
        };
        let widths = titles.iter().enumerate().map(widest).collect();
        Self { titles, rows, widths }
    }

    /// How many columns fit into this width: the first always does.
    fn fitting(&self, width: usize) -> usize {
        let mut used = 0_usize;
        let fits = self.widths.iter().enumerate().take_while(|(column, wide)| {
            let gap = if *column > 0 { GAP.len() } else { 0 };
            used = used.saturating_add(gap).saturating_add(**wide);
            *column == 0 || used <= width
        });
        fits.count()
    }

    /// The titles of the columns that do not fit into this width.
    pub(super) fn left_out(&self, width: usize) -> Vec<&'static str> {
        self.titles.iter().skip(self.fitting(width)).map(|title| title.text).collect()
    }

    /// The line of titles, each as wide as its column, with the gap before it.
    pub(super) fn head(&self, width: usize) -> Vec<String> {
        let texts: Vec<_> = self.titles.iter().map(|title| title.text).collect();
        self.padded(&texts, width)
    }

    /// The rows, each cell as wide as its column, with the gap before it.
    pub(super) fn body(&self, width: usize) -> Vec<Vec<String>> {
        self.rows.iter().map(|row| self.padded(row, width)).collect()
    }

    fn padded<T: AsRef<str>>(&self, cells: &[T], width: usize) -> Vec<String> {
        let columns = self.titles.iter().zip(&self.widths).take(self.fitting(width)).enumerate();
        let padded = columns.zip(cells).map(|((column, (title, wide)), cell)| {
            let (gap, cell, wide) = (if column > 0 { GAP } else { "" }, cell.as_ref(), *wide);
            if title.is_number { format!("{gap}{cell:>wide$}") } else { format!("{gap}{cell:<wide$}") }
        });
        padded.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(width: usize, expected: &[&str], left_out: &[&str]) {
        let title = |text, is_number| Title { text, is_number };
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let grid = Grid::new(
            vec![title("A", false), title("COUNT", true), title("Z", false)],
            vec![row(["one", "1,000,000", "x"]), row(["zwölf", "2", "yy"])],
        );
        let lines: Vec<String> =
            std::iter::once(grid.head(width)).chain(grid.body(width)).map(|cells| cells.concat()).collect();
        assert_eq!(lines, expected);
        assert_eq!(grid.left_out(width), left_out);
    }

    #[test]
    fn columns_are_as_wide_as_what_is_in_them_and_those_that_do_not_fit_are_left_out() {
        let whole = ["A          COUNT  Z ", "one    1,000,000  x ", "zwölf          2  yy"];
        check(80, &whole, &[]);
        check(20, &whole, &[]);
        check(19, &["A          COUNT", "one    1,000,000", "zwölf          2"], &["Z"]);
        check(3, &["A    ", "one  ", "zwölf"], &["COUNT", "Z"]);
    }
}
