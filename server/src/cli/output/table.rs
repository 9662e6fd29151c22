//! Rows in columns: aligned for people on a terminal, separated by tabs for programs.

use unicode_width::UnicodeWidthStr as _;

use super::style::{HEAD, is_terminal, styled, theirs};
use crate::cli::say::answer;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Column {
    title: &'static str,
    /// Figures stand at the right, so that their digits stand under each other.
    is_figure: bool,
}

impl Column {
    pub(in crate::cli) const fn text(title: &'static str) -> Self {
        Self { title, is_figure: false }
    }

    pub(in crate::cli) const fn figure(title: &'static str) -> Self {
        Self { title, is_figure: true }
    }
}

/// A table that is printed page by page. On a terminal the columns of a page are as wide as they must be, under titles; elsewhere
/// there are no titles and one tab between two cells.
pub(in crate::cli) struct Table {
    columns: &'static [Column],
    /// The widths so far, so that the next page does not look different without need.
    widths: Vec<usize>,
    titled: bool,
}

impl Table {
    pub(in crate::cli) fn new(columns: &'static [Column]) -> Self {
        let widths = columns.iter().map(|column| column.title.width()).collect();
        Self { columns, widths, titled: false }
    }

    /// Prints rows of as many cells as there are columns. The cells may be other people's texts.
    pub(in crate::cli) fn print(&mut self, rows: impl IntoIterator<Item = Vec<String>>) {
        let rows = rows.into_iter().map(|row| row.iter().map(|cell| theirs(cell)).collect::<Vec<_>>());
        if !is_terminal() {
            for row in rows {
                answer!("{}", row.join("\t"));
            }
            return;
        }
        let rows: Vec<_> = rows.collect();
        for row in &rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        if !rows.is_empty() && !std::mem::replace(&mut self.titled, true) {
            let titles: Vec<_> = self.columns.iter().map(|column| column.title.to_owned()).collect();
            answer!("{}", styled(HEAD, &self.line(&titles)));
        }
        for row in &rows {
            answer!("{}", self.line(row));
        }
    }

    fn line(&self, cells: &[String]) -> String {
        let mut line = String::new();
        for ((column, cell), width) in self.columns.iter().zip(cells).zip(&self.widths) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            let room = " ".repeat(width.saturating_sub(cell.width()));
            let [first, second] = if column.is_figure {
                [room.as_str(), cell.as_str()]
            } else {
                [cell.as_str(), room.as_str()]
            };
            line.push_str(first);
            line.push_str(second);
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_at_the_right_and_wide_letters_are_counted_as_they_are_seen() {
        const COLUMNS: [Column; 3] = [Column::text("ID"), Column::figure("SIZE"), Column::text("BY")];
        let mut table = Table::new(&COLUMNS);
        table.widths = vec![6, 4, 2];
        let line = |cells: [&str; 3]| table.line(&cells.map(str::to_owned));
        assert_eq!(line(["名前", "7", "ann"]), "名前       7  ann");
        assert_eq!(line(["EURUSD", "1310", ""]), "EURUSD  1310");
    }
}
