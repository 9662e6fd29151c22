//! The mirror of numbers in an InfluxDB, where there is one.

use leptos::prelude::*;
use stateloft_core::api::{MirrorState, MirrorStatus};

use super::cards::{Card, Line};
use super::ctx;
use crate::model::health::Mood;
use crate::model::number;

/// The card; nothing where nothing is mirrored.
#[component]
pub(super) fn Mirror() -> impl IntoView {
    let ctx = ctx();
    let mirror = Memo::new(move |_| {
        ctx.status.with(|status| status.as_ref().and_then(|status| status.mirror.clone()))
    });
    let there = Memo::new(move |_| mirror.with(Option::is_some));
    let chip = Signal::derive(move || {
        Some(match mirror.get()?.state {
            MirrorState::Following => (Mood::Good, "follows".to_owned()),
            MirrorState::Starting => (Mood::Plain, "starting".to_owned()),
            MirrorState::Away => (Mood::Bad, "away".to_owned()),
        })
    });
    view! {
        <Show when=move || there.get()>
            <Card name="Mirror of numbers" chip>{move || mirror.get().map(|mirror| figures(&mirror))}</Card>
        </Show>
    }
}

fn figures(mirror: &MirrorStatus) -> impl IntoView + use<> {
    let fault = mirror.fault.clone().or_else(|| mirror.refusal.clone());
    view! {
        <Line
            name="Fields" figure=number::count(mirror.fields)
            about=format!("of {}", number::counted(mirror.types, "type", "types"))
        />
        <Line
            name="Versions behind" figure=number::count(mirror.behind)
            about=format!("{} at most", number::count(mirror.queue_size))
        />
        <Line name="Points written" figure=number::count(mirror.points) about="since the start"/>
        <Line name="Points missing" figure=number::count(mirror.lost)/>
        {fault.map(|fault| view! { <p class="fault">{fault}</p> })}
        <p class="hint">{mirror.target.clone()}</p>
    }
}
