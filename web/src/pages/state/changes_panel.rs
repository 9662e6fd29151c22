//! The tabs of a state's page, and what is compared with what.

use leptos::prelude::*;

use super::View;
use crate::model::age;
use crate::model::pick::Pick;
use crate::pages::compare::{BarFilters, CompareBody, PickMenu, Tabs, side_words};
use crate::parts::{Icon, Pic};
use crate::shell::router;

/// The panel.
#[component]
pub(super) fn ChangesPanel(view: View) -> impl IntoView {
    let a_words = move || {
        let side = view.a.side.get();
        side_words('A', !view.a.pinned.get(), view.a.pick.get().as_ref(), side.as_ref())
    };
    let b_words = move || side_words('B', false, view.b.pick.get().as_ref(), view.b.side.get().as_ref());
    let between = move || {
        let (a, b) = (view.a.side.get()?, view.b.side.get()?);
        let seconds = (b.effective_at().micros() - a.effective_at().micros()) / 1_000_000;
        let words = age::long(seconds.abs());
        Some(if seconds < 0 {
            format!("A is {words} newer than B")
        } else {
            format!("{words} between A and B")
        })
    };
    view! {
        <section class="panel changes" aria-label="What changed">
            <div class="head">
                <Tabs tab=view.tab comparison=view.comparison choose=Callback::new(move |tab| view.show_as(tab))/>
                <div class="end against">
                    <span class="word">"against"</span>
                    <PickMenu name="a" words=Signal::derive(a_words) versions=view.all default="the version before B"/>
                    <button class="btn icon small" aria-label="Swap A and B" data-tip="Swap A and B" on:click=move |_| view.swap()>
                        <Pic icon=Icon::Swap/>
                    </button>
                    <PickMenu name="b" words=Signal::derive(b_words) versions=view.all default="head, as it moves"/>
                </div>
            </div>
            <div class="bar">
                <BarFilters comparison=view.comparison shown=view.shown tab=view.tab/>
                <Following view/>
                <span class="about">{between}</span>
            </div>
            <CompareBody comparison=view.comparison shown=view.shown tab=view.tab/>
        </section>
    }
}

/// Says whether B follows the head, and how to make it.
#[component]
fn Following(view: View) -> impl IntoView {
    let router = router();
    let follows = move || view.b.pick.get() == Some(Pick::Head);
    let newer = move || {
        let b = view.b.side.with(|b| b.as_ref().map(|b| b.version.0))?;
        view.newest.get()?.checked_sub(b).filter(|newer| *newer > 0)
    };
    move || {
        if follows() {
            return view! { <span class="note" data-tip="A version saved elsewhere shows here at once.\nChoose a version in the history to stay with it.">"B follows the head"</span> }
                .into_any();
        }
        match newer() {
            Some(count) => view! {
                <span class="note">{format!("{count} newer, ")}
                    <button class="link" on:click=move |_| router.set(&[("b", None), ("a", None)])>"go to the head"</button>
                </span>
            }
            .into_any(),
            None => view! {
                <span class="note">"B stays at this version, "
                    <button class="link" on:click=move |_| router.set(&[("b", None)])>"follow the head"</button>
                </span>
            }
            .into_any(),
        }
    }
}
