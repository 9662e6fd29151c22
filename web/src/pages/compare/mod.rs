//! Two versions of a state, compared.

#![allow(
    clippy::large_types_passed_by_value,
    reason = "a comparison is a bundle of handles, made to be copied"
)]

mod body;
mod changes;
mod choose;
mod comparison;
mod page;
mod paths;
mod pick_menu;
mod sides;
mod text;
mod tree;

use leptos::prelude::*;

pub(crate) use body::{BarFilters, CompareBody, Tabs, Working};
pub(crate) use changes::{Cursor, Shown};
pub(crate) use comparison::{Comparison, Failure, Side};
pub(crate) use pick_menu::{PickMenu, side_words};
pub(crate) use sides::{Chosen, newer_side, older_side};

use crate::shell::router;

/// Compare.
#[component]
pub(crate) fn Compare() -> impl IntoView {
    let router = router();
    let key = Memo::new(move |_| router.query.with(super::state::key_of));
    move || match key.get() {
        Some(key) => view! { <page::Pair key/> }.into_any(),
        None => view! { <choose::Choose/> }.into_any(),
    }
}
