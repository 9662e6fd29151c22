//! The table that goes into `docs/BENCHMARKS.md`.

/// Rows of a Markdown table.
pub(crate) struct Table(Vec<[String; 3]>);

impl Table {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// One measured figure; `ratio` is to the baseline that the row's words or the page name.
    pub(crate) fn row(&mut self, what: &str, figure: f64, unit: &str, ratio: Option<f64>) {
        let digits = usize::from(figure < 100.0) * 2;
        let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        eprintln!("  {what}: {figure:.digits$} {unit} {ratio}");
        self.0.push([what.to_owned(), format!("{figure:.digits$} {unit}"), ratio]);
    }

    /// Prints the table for copying.
    pub(crate) fn print(&self) {
        println!("| what | measured | ratio |\n|---|---:|---:|");
        for [what, figure, ratio] in &self.0 {
            println!("| {what} | {figure} | {ratio} |");
        }
    }
}
