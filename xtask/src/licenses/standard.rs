//! The texts that stand in where a package has none.

use anyhow::{Result, bail};

/// Licences whose text is kept here, those first that we would rather have.
const TEXTS: [(&str, &str); 3] = [
    ("Apache-2.0", include_str!("../../../LICENSE")),
    ("MIT", include_str!("MIT.txt")),
    ("BSD-3-Clause", include_str!("BSD-3-Clause.txt")),
];

/// Where the authors are named in a text.
const AUTHORS: &str = "[AUTHORS]";

/// The text of a licence that the expression lets us choose.
///
/// # Errors
/// None of those that it names is kept here.
pub(super) fn texts(expression: &str, authors: &str) -> Result<Vec<String>> {
    let choices: Vec<&str> = expression.split(" OR ").flat_map(|each| each.split('/')).collect();
    match TEXTS.into_iter().find(|(name, _)| choices.contains(name)) {
        Some((_, text)) => Ok(vec![text.trim().replace(AUTHORS, authors)]),
        None => bail!("the licence {expression:?} is none of those whose text is kept here"),
    }
}
