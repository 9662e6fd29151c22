//! The page: always under the words that say that this is a file.

use std::sync::Arc;

use leptos::prelude::*;

use super::banner::{Banner, Checked};
use super::file::{Book, Stage, close, open_file, stage};
use super::ground::{Ground, Reading, Refused};
use super::{list, state};
use crate::pages::state::key_of;
use crate::parts::{DropOver, on_drop};
use crate::shell::router;

/// A bundle as a file.
#[component]
pub(crate) fn Opened() -> impl IntoView {
    let stage = stage();
    let over = RwSignal::new(false);
    on_drop(over, |data| {
        if let Some(file) = data.files().and_then(|files| files.get(0)) {
            open_file(file.name(), file.into());
        }
    });
    // Not each step of the reading draws the page anew.
    let shown = Memo::new_with_compare(
        {
            let stage = stage.clone();
            move |_| stage.get()
        },
        |old, new| match (old, new) {
            (Some(Stage::Open(old)), Some(Stage::Open(new))) => !Arc::ptr_eq(old, new),
            (Some(Stage::Reading(..)), Some(Stage::Reading(..))) | (Some(Stage::None), Some(Stage::None)) => {
                false
            }
            _ => true,
        },
    );
    let body = move || match shown.get() {
        Stage::None => view! { <Ground/> }.into_any(),
        Stage::Reading(file, ..) => view! { <Reading file/> }.into_any(),
        Stage::Failed(file, head, rest) => view! { <Refused file head rest/> }.into_any(),
        Stage::Open(book) => view! { <Look book/> }.into_any(),
    };
    view! {
        <div class="page opened-page">
            {body}
            <DropOver over words="Drop to open it here"/>
        </div>
    }
}

#[component]
fn Look(book: Arc<Book>) -> impl IntoView {
    let router = router();
    let key = Memo::new(move |_| router.query.with(key_of));
    let body = {
        let book = Arc::clone(&book);
        move || match key.get() {
            Some(key) => view! { <state::FileState key book=Arc::clone(&book)/> }.into_any(),
            None => view! { <list::FileStates book=Arc::clone(&book)/> }.into_any(),
        }
    };
    let leave = Callback::new(move |()| {
        close();
        router.go("/view/opened");
    });
    view! {
        <Banner book=Arc::clone(&book) leave/>
        <Checked book/>
        {body}
    }
}
