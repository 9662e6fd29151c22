//! The chain of hashes, what the store promises, and versions of everything.

use leptos::prelude::*;
use stateloft_core::api::StatusDetails;

use super::cards::{Card, Line};
use super::ctx;
use crate::model::health::Mood;
use crate::model::{age, number};
use crate::shell::clock;

/// The chain of hashes.
#[component]
pub(super) fn Chain() -> impl IntoView {
    let ctx = ctx();
    let status = ctx.status;
    let chip = Signal::derive(move || {
        status.with(|status| {
            status.as_ref().map(|status| match status.verified_seq {
                _ if status.chain_fault.is_some() => (Mood::Bad, "damaged".to_owned()),
                None if status.seq.is_none() => (Mood::Plain, "no data".to_owned()),
                Some(seq) if Some(seq) >= status.seq => (Mood::Good, "verified".to_owned()),
                _ => (Mood::Plain, "verifying".to_owned()),
            })
        })
    });
    let figures = move || {
        status.with(|status| {
            status.as_ref().map(|status| {
                let to =
                    status.verified_seq.map_or_else(|| "nothing yet".to_owned(), |seq| number::count(seq.0));
                let broken = if status.chain_fault.is_some() { "1" } else { "0" };
                let key = if status.key_required { "wanted" } else { "not wanted on this address" };
                let of = status.seq.map(|seq| format!("of {}", number::count(seq.0))).unwrap_or_default();
                view! {
                    <Line name="Verified to seq" figure=to about=of/>
                    <Line name="Breaks found" figure=broken/>
                    <Line name="API key" figure=key/>
                    {status.chain_fault.clone().map(|fault| view! { <p class="fault">{fault}</p> })}
                }
            })
        })
    };
    view! {
        <Card name="Chain" chip>
            {figures}
            <p class="hint">"Each version's hash covers the one before it. The server checks all of them from its start on."</p>
        </Card>
    }
}

/// What the store promises.
#[component]
pub(super) fn Promises() -> impl IntoView {
    let ctx = ctx();
    let promises = Memo::new(move |_| {
        ctx.status.with(|status| status.as_ref().map(|s| s.store.promises.clone()).unwrap_or_default())
    });
    view! {
        <Card name="What this store promises" class="panel card wide" chip=Signal::stored(None)>
            <ul class="promises">
                {move || promises.get().into_iter().map(|promise| view! { <li>{promise}</li> }).collect_view()}
            </ul>
        </Card>
    }
}

/// Versions of everything.
#[component]
pub(super) fn Versions() -> impl IntoView {
    let ctx = ctx();
    let clock = clock();
    let details = ctx.details.value;
    let versions = Memo::new(move |_| details.with(|details| details.as_ref().map(|d| d.versions.clone())));
    let started = Memo::new(move |_| details.with(|details| details.as_ref().map(|d| d.known_since)));
    let running = move || {
        let since = started.get()?;
        let long = age::long(age::seconds_between(since, clock.now.get()));
        Some(
            view! { <Line name="Running for" figure=long about=format!("since {}", age::to_second(since))/> },
        )
    };
    let figures = move || {
        versions.get().map(|versions| {
            let layout = versions.layout.map_or("no data".to_owned(), |layout| layout.to_string());
            let served = versions.console.unwrap_or_else(|| "none in the program".to_owned());
            view! {
                <Line name="Server" figure=versions.program/>
                <Line name="Store engine" figure=versions.engine/>
                <Line name="Layout of its tables" figure=layout/>
                <Line name="API" figure=versions.api/>
                <Line name="Console" figure=concat!("console ", env!("CARGO_PKG_VERSION")) about=served/>
            }
        })
    };
    view! { <Card name="Versions" chip=Signal::derive(move || ctx.unread())>{figures}{running}</Card> }
}

/// Whether what is shown of the past is all there is.
pub(super) fn known_since(details: &StatusDetails) -> String {
    format!("known since {}", age::to_second(details.known_since))
}
