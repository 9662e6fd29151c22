//! Texts of others: ids, keys, values, names, reasons.

use leptos::prelude::*;

use crate::model::hidden::{Run, is_plain, mixed, name, number, runs};

/// A text that somebody else chose, isolated from what stands around it: it cannot turn the line round, and what it hides is
/// shown.
pub(crate) fn theirs(text: &str) -> AnyView {
    if text.is_ascii() && is_plain(text) {
        // Nothing to isolate: letters and digits run in one direction.
        return text.to_owned().into_any();
    }
    let warning = mixed(text).map(|mixed| {
        let title = format!("A text {mixed}: it is not what it looks like");
        view! { <span class="look-alike" role="img" title=title.clone() aria-label=title>"≠"</span> }
    });
    let shown = runs(text).into_iter().map(|run| match run {
        Run::Plain(text) => text.into_any(),
        Run::Hidden(c) => {
            let title = format!("{} {}", number(c), name(c));
            view! { <span class="hidden-char" role="img" title=title.clone() aria-label=title>{number(c)}</span> }
                .into_any()
        }
    });
    view! { <bdi>{shown.collect_view()}</bdi>{warning} }.into_any()
}
