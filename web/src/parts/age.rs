//! How long ago.

use leptos::prelude::*;
use stateloft_core::api::VersionView;
use stateloft_core::model::{Seq, Timestamp};

use crate::model::{age, number};
use crate::shell::clock;

/// How old a version is; the tip says since when, whether it was imported, and the seq.
pub(crate) fn age_of(version: &VersionView) -> impl IntoView + use<> {
    view! { <Age time=version.effective_at() tip=age::of_version(version)/> }
}

/// A relative time that keeps up; its tip says UTC to the microsecond, and the seq.
#[component]
pub(crate) fn Age(
    /// The moment.
    time: Timestamp,
    /// The version's seq, for the tip.
    #[prop(optional)]
    seq: Option<Seq>,
    /// Another tip.
    #[prop(optional)]
    tip: Option<String>,
    /// `4 s` instead of `4 s ago`, for a column that says it in its head.
    #[prop(optional)]
    bare: bool,
) -> impl IntoView {
    let clock = clock();
    let words = Memo::new(move |_| {
        let seconds = age::seconds_between(time, clock.now.get());
        if bare { age::narrow(seconds) } else { format!("{} ago", age::short(seconds)) }
    });
    let tip = tip.unwrap_or_else(|| match seq {
        Some(seq) => format!("{}\nseq {}", age::full(time), number::count(seq.0)),
        None => age::full(time),
    });
    view! { <time class="age" datetime=time.to_string() data-tip=tip>{move || words.get()}</time> }
}
