//! Tooltips for everything that carries `data-tip`: on hover, and on focus of it or of the row it stands in.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget};

#[derive(Clone, PartialEq)]
struct Shown {
    text: String,
    left: f64,
    top: f64,
}

/// The tooltip; one for the whole console.
#[component]
pub(crate) fn Tip() -> impl IntoView {
    let shown = RwSignal::new(None::<Shown>);
    let over = move |target: Option<EventTarget>| {
        let element = target.and_then(|target| target.dyn_into::<Element>().ok());
        let next = element.and_then(|element| element.closest("[data-tip]").ok().flatten()).and_then(place);
        if shown.try_with_untracked(|present| *present != next) == Some(true) {
            shown.try_set(next);
        }
    };
    let over = window_event_listener(ev::mouseover, move |event| over(event.target()));
    let scroll = window_event_listener(ev::scroll, move |_| {
        shown.try_set(None);
    });
    let focus = window_event_listener(ev::focusin, move |event| {
        let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let by_keys =
            element.as_ref().is_some_and(|element| element.matches(":focus-visible").unwrap_or(false));
        let tipped = element.filter(|_| by_keys).and_then(|element| {
            let own = element.closest("[data-tip]").ok().flatten();
            own.or_else(|| element.query_selector("[data-tip]").ok().flatten())
        });
        shown.try_set(tipped.and_then(place));
    });
    on_cleanup(move || {
        over.remove();
        scroll.remove();
        focus.remove();
    });
    move || {
        shown.get().map(|tip| {
            view! {
                <div class="tip" role="tooltip" style:left=format!("{}px", tip.left) style:top=format!("{}px", tip.top)>
                    {tip.text}
                </div>
            }
        })
    }
}

fn place(element: Element) -> Option<Shown> {
    let text = element.get_attribute("data-tip").filter(|text| !text.is_empty())?;
    let rect = element.get_bounding_client_rect();
    let width = window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or(0.0);
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0);
    let (columns, lines) = (text.lines().map(|line| line.chars().count()).max()?, text.lines().count());
    #[allow(clippy::cast_precision_loss, reason = "a few dozen characters")]
    let (wide, tall) = (columns as f64 * 7.3 + 16.0, lines as f64 * 16.0 + 10.0);
    let left = rect.left().min(width - wide - 8.0).max(8.0);
    let below = rect.bottom() + 6.0;
    let top = if below + tall > height { rect.top() - tall - 6.0 } else { below };
    Some(Shown { text, left, top })
}
