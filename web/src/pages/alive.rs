//! Who is alive, whose lease is late, and what has crashed since somebody looked; a part of the overview whose code comes with
//! that of the runs. Where no program begins runs there is nothing to say.

use leptos::prelude::*;
use stateloft_core::api::RunRow;
use stateloft_core::model::Timestamp;

use super::runs::{KindMark, lease, leases, looked, when_runs_change, within};
use crate::live::remote;
use crate::model::runs::alive::{Row, rows};
use crate::model::runs::lease::Lease;
use crate::model::{address, age};
use crate::parts::{FaultNote, Icon, Pic, Stand, theirs};
use crate::shell::clock;

const SHOWN: usize = 8;
/// Who never looked is told of crashes of the last day (microseconds).
const A_DAY: i64 = 24 * 3_600 * 1_000_000;

/// The panel.
#[component]
pub(crate) fn Alive() -> impl IntoView {
    let clock = clock();
    let since =
        looked().map_or_else(|| Timestamp::from_micros(clock.read().micros() - A_DAY), |looked| looked.last);
    let live = leases();
    let recent = remote(move || Some(since), within);
    when_runs_change(move || recent.reload());
    let all = Memo::new(move |_| {
        let asked = live.read_at.get();
        let failed = live.fault.with(Option::is_some);
        let held = |row: &RunRow| match asked {
            Some(asked) if !failed => lease(row, asked),
            _ => Lease::Unknown,
        };
        let of =
            |value: Option<&super::runs::RunsRead>| value.map(|read| read.rows.clone()).unwrap_or_default();
        live.value.with(|live| {
            recent.value.with(|recent| rows(&of(live.as_ref()), &of(recent.as_ref()), since, held))
        })
    });
    let stand = Stand::new(|| false);
    let shown = stand.steady(
        move || all.with(|rows| rows.iter().take(SHOWN).cloned().collect()),
        |row: &Row| row.run_id.clone(),
    );
    let summary = move || all.with(|rows| crate::model::runs::alive::summary(rows));
    let any = Memo::new(move |_| all.with(|rows| !rows.is_empty()));
    let bad = move || all.with(|rows| rows.iter().any(Row::needs_a_look));
    let more = move || all.with(|rows| rows.len().saturating_sub(SHOWN));
    let words = if looked().is_some() {
        format!("crashes since {}", age::to_second(since))
    } else {
        "crashes of 24 h".to_owned()
    };
    view! {
        <Show when=move || any.get()>
            <section class="panel alive" aria-labelledby="alive">
                <div class="head">
                    <Show when=bad><span class="c-warn"><Pic icon=Icon::Warn/></span></Show>
                    <h2 id="alive">"Programs"</h2>
                    <span class="note cut">{words.clone()}</span>
                    <span class="end">{summary}</span>
                </div>
                <FaultNote remote=live/>
                <div class="body" {..stand.held()}>
                    <For each=move || shown.get() key=|row| (row.run_id.clone(), row.words.clone()) let:row>
                        <a class="look-row alive-row" href=address::run(&row.run_id)>
                            <span class="row">
                                <span class="id mono cut">{theirs(&row.name)}</span>
                                <span class="note cut">{theirs(row.host.as_deref().unwrap_or_default())}</span>
                                <span class="end"><KindMark kind=row.kind word=row.words.clone()/></span>
                            </span>
                        </a>
                    </For>
                    <Show when=move || { more() > 0 }>
                        <a class="look-row more-row" href="/view/runs">{move || format!("{} more", more())}</a>
                    </Show>
                </div>
            </section>
        </Show>
    }
}
