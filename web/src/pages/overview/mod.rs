//! Overview: how the store is, what changed last, what is open, what needs a look.

mod activity;
mod changes;
mod health;
mod look;
mod positions;
mod types;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::later::Later;
use super::lazy::{self, DrawAlive};
use crate::model::address::Page;
use crate::model::{age, number};
use crate::parts::{FaultNote, Icon, Pic};
use crate::shell::desk;

/// The first page.
#[component]
pub(crate) fn Overview() -> impl IntoView {
    let desk = desk();
    let live = crate::live::live();
    let empty = Memo::new(move |_| {
        live.seq.get() == 0
            && desk
                .status
                .value
                .with(|status| status.as_ref().and_then(|s| s.seq).is_some_and(|seq| seq.0 == 0))
    });
    move || {
        if empty.get() {
            view! { <Later page=Page::Overview/> }.into_any()
        } else {
            view! { <Board/> }.into_any()
        }
    }
}

#[component]
fn Board() -> impl IntoView {
    let desk = desk();
    let about = move || {
        desk.status.value.with(|status| {
            status.as_ref().and_then(|status| {
                let as_of = age::clock(status.counts_as_of.unwrap_or(status.now));
                Some(format!(
                    "{}, {} live, {} deleted · {} · as of {as_of}",
                    number::counted(status.states()?, "state", "states"),
                    number::count(status.states_live?),
                    number::count(status.states_deleted?),
                    number::counted(status.seq?.0, "version", "versions"),
                ))
            })
        })
    };
    view! {
        <div class="page overview">
            <div class="page-head wide-only">
                <h1>"Overview"</h1>
                <span class="about">{about}</span>
                <div class="acts">
                    <a class="btn" href="/view/snapshots?new=1"><Pic icon=Icon::Snapshot/>"Take a snapshot"</a>
                    <a class="btn" href="/view/restore"><Pic icon=Icon::Restore/>"Plan a restore"</a>
                </div>
            </div>
            <FaultNote remote=desk.status/>
            <health::Health/>
            <div class="board">
                <div class="column left">
                    <activity::DayStrip/>
                    <changes::LastChanges/>
                    <positions::OpenPositions/>
                </div>
                <div class="column right">
                    <look::NeedsALook/>
                    <Programs/>
                    <activity::ByAuthor/>
                    <types::ByType/>
                </div>
            </div>
        </div>
    }
}

/// Who is alive, once the code of that is here; the overview waits for nothing of it.
#[component]
fn Programs() -> impl IntoView {
    let code = RwSignal::new(None::<DrawAlive>);
    spawn_local(async move {
        code.try_set(lazy::alive().await);
    });
    move || code.get().map(|draw| draw())
}
