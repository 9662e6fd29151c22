//! The last incident and how it ended.

use leptos::prelude::*;

use super::about::known_since;
use super::ctx;
use crate::model::incident::sentences;
use crate::model::number;
use crate::parts::{Icon, Pic};
use crate::shell::clock;

/// The note; nothing where the server has known no incident.
#[component]
pub(super) fn LastIncident() -> impl IntoView {
    let ctx = ctx();
    let clock = clock();
    let incident = Memo::new(move |_| {
        ctx.details.value.with(|details| details.as_ref().and_then(|details| details.incident.clone()))
    });
    let known = Memo::new(move |_| ctx.details.value.with(|details| details.as_ref().map(known_since)));
    let more = Memo::new(move |_| {
        let all = ctx.details.value.with(|details| details.as_ref().map_or(0, |details| details.incidents));
        (all > 1)
            .then(|| format!(" The last of {}, {}.", number::count(all), known.get().unwrap_or_default()))
    });
    move || {
        incident.get().map(|incident| {
            let (head, rest) = sentences(&incident, clock.read());
            let link = incident.last_seq.zip(incident.first_seq).map(|(last, _)| {
                let words = match incident.replayed {
                    1 => "See the version".to_owned(),
                    many => format!("See the {} versions", number::count(many)),
                };
                view! { <a class="see" href=format!("/view/activity?sel={}", last.0)>{words}</a> }
            });
            view! {
                <div class="notice warn incident" role="note" title=move || known.get()>
                    <Pic icon=Icon::Warn/>
                    <p><b>{head}</b>" "{rest}{move || more.get()}</p>
                    {link}
                </div>
            }
        })
    }
}
