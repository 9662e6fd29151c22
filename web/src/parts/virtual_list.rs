//! A list that keeps only the rows near the window in the document.

use std::hash::Hash;

use leptos::html;
use leptos::prelude::*;

use super::Stand;
use crate::model::window::Heights;

/// Rows drawn above and below what is visible, in px.
const MARGIN: f64 = 400.0;

/// A scrolling list of rows of known heights. It scrolls in itself, so its box must have a height.
#[component]
pub(crate) fn VirtualList<T, K, N, F>(
    /// The rows.
    #[prop(into)]
    rows: Signal<Vec<T>>,
    /// A row's identity.
    key: fn(&T) -> K,
    /// A row's height in px; must be what CSS gives it.
    height: Callback<T, u32>,
    /// Draws a row.
    row: F,
    /// Called when the end comes near.
    #[prop(optional)]
    near_end: Option<Callback<()>>,
    /// The scroll position in px, for those who want to know it.
    #[prop(optional)]
    scrolled: Option<RwSignal<f64>>,
    /// Where to scroll to, in px, as soon as the rows reach that far.
    #[prop(optional)]
    jump: Option<RwSignal<Option<f64>>>,
    /// What holds the list still while somebody points at its rows.
    #[prop(optional)]
    stand: Option<Stand>,
    /// Which rows are drawn (the first, and the one after the last), for those who want to know it.
    #[prop(optional)]
    sight: Option<RwSignal<(usize, usize)>>,
    /// A row to bring into view when it changes.
    #[prop(optional, into)]
    reveal: Option<Signal<Option<usize>>>,
    /// Height in px of what stands before the first row and stays at the top.
    #[prop(optional)]
    head_height: u32,
    /// What stands before the first row and stays at the top.
    #[prop(optional, into)]
    head: Option<ViewFn>,
    /// What stands after the last row.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    K: Eq + Hash + Clone + Send + 'static,
    N: IntoView + 'static,
    F: Fn(T) -> N + Clone + Send + 'static,
{
    let area = NodeRef::<html::Div>::new();
    let top = RwSignal::new(0.0_f64);
    let tall = RwSignal::new(800.0_f64);
    let heights =
        Memo::new(move |_| rows.with(|rows| Heights::of(rows.iter().map(|row| height.run(row.clone())))));
    let span = Memo::new(move |_| {
        heights.with(|heights| heights.window(top.get() - MARGIN, tall.get() + 2.0 * MARGIN))
    });
    if let Some(sight) = sight {
        Effect::new(move || sight.set(span.get()));
    }
    let measure = move || {
        let Some(area) = area.get_untracked() else { return };
        let now = f64::from(area.scroll_top());
        top.set(now);
        tall.set(f64::from(area.client_height().max(1)));
        if let Some(scrolled) = scrolled {
            scrolled.set(now);
        }
    };
    let check_end = move || {
        let total = heights.with_untracked(Heights::total);
        if let Some(near_end) = near_end
            && top.get_untracked() + tall.get_untracked() + 2.0 * MARGIN > f64::from(total)
        {
            near_end.run(());
        }
    };
    let go_to_the_place = move || {
        let (Some(jump), Some(area)) = (jump, area.get_untracked()) else { return };
        let total = heights.with_untracked(Heights::total) + head_height;
        if let Some(place) = jump.get_untracked().filter(|place| *place < f64::from(total)) {
            #[allow(clippy::cast_possible_truncation, reason = "a place on the screen")]
            area.set_scroll_top(place as i32);
            jump.set(None);
        }
    };
    Effect::new(move || {
        heights.track();
        // More rows may fold into as many as before, with the end still in sight.
        rows.track();
        area.track();
        if let Some(jump) = jump {
            jump.track();
        }
        request_animation_frame(move || {
            if area.try_get_untracked().flatten().is_some() {
                go_to_the_place();
                measure();
                check_end();
            }
        });
    });
    let resized = window_event_listener(leptos::ev::resize, move |_| measure());
    on_cleanup(move || {
        resized.remove();
        if let Some(stand) = stand {
            stand.leaves();
            stand.exits();
        }
    });
    Effect::new(move || {
        let Some(at) = reveal.and_then(|reveal| reveal.get()) else { return };
        let Some(area) = area.get_untracked() else { return };
        let (start, end) =
            heights.with_untracked(|heights| (heights.start_of(at), heights.start_of(at + 1) + head_height));
        let (from, room) = (f64::from(area.scroll_top()), f64::from(area.client_height()));
        if f64::from(start) < from {
            area.set_scroll_top(i32::try_from(start).unwrap_or(i32::MAX));
        } else if f64::from(end) > from + room {
            #[allow(clippy::cast_possible_truncation, reason = "a place on the screen")]
            area.set_scroll_top((f64::from(end) - room) as i32);
        }
    });
    let shown = move || {
        let (from, to) = span.get();
        rows.with(|rows| rows.get(from..to.min(rows.len())).map(<[T]>::to_vec).unwrap_or_default())
    };
    let before = move || format!("{}px", heights.with(|heights| heights.start_of(span.get().0)));
    let after =
        move || format!("{}px", heights.with(|heights| heights.total() - heights.start_of(span.get().1)));
    view! {
        <div
            class="body virtual" node_ref=area on:scroll=move |_| { measure(); check_end(); }
            on:pointerenter=move |event| { if let Some(stand) = stand { stand.comes(&event); } }
            on:pointerleave=move |_| { if let Some(stand) = stand { stand.leaves(); } }
            on:focusin=move |event| { if let Some(stand) = stand { stand.enters(&event); } }
            on:focusout=move |_| { if let Some(stand) = stand { stand.exits(); } }
        >
            {head.map(|head| head.run())}
            <div style:height=before></div>
            <For each=shown key=key children=row/>
            <div style:height=after></div>
            {children.map(|children| children())}
        </div>
    }
}
