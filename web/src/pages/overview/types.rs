//! How many states of each type there are.

use leptos::prelude::*;
use stateloft_core::model::Mode;

use crate::model::type_marks::marked;
use crate::model::{address, number};
use crate::parts::SlipMark;
use crate::shell::desk;

/// The panel.
#[component]
pub(crate) fn ByType() -> impl IntoView {
    let desk = desk();
    let rows =
        move || desk.overview.value.with(|day| day.as_ref().map(|day| day.types.clone()).unwrap_or_default());
    let no_data = move || desk.overview.value.with(Option::is_none).then_some("no data");
    view! {
        <section class="panel by-type" aria-labelledby="by-type">
            <div class="head"><h2 id="by-type">"States by type"</h2><span class="end">{no_data}</span></div>
            <div class="body">
                <div class="cells thead">
                    <span>"Type"</span>
                    <span class="num">"States"</span>
                    <span class="num">"Invalid"</span>
                    <span class="num">"Versions, 24 h"</span>
                    <span class="num">"Mode"</span>
                </div>
                {move || marked(rows()).into_iter().map(|(kind, slip)| view! {
                    <a class="trow cells" href=address::states_of(&kind.state_type)>
                        <span>{kind.state_type.clone()}" "<SlipMark slip/></span>
                        <span class="num">{number::count(kind.live + kind.deleted)}</span>
                        <span class="num" class:bad={kind.invalid > 0}>{number::count(kind.invalid)}</span>
                        <span class="num">{number::count(kind.versions)}</span>
                        <span class="num ink2">{mode(kind.mode)}</span>
                    </a>
                }).collect_view()}
            </div>
        </section>
    }
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Off => "off",
        Mode::Warn => "warn",
        Mode::Strict => "strict",
    }
}
