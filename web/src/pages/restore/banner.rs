//! Said when heads have moved under a plan: nothing is lost, a fresh one is there.

use leptos::prelude::*;

use super::difference::Difference;
use super::planning::{Fresh, Planning};
use crate::model::hidden::told;
use crate::model::{age, number};
use crate::parts::{Notice, NoticeKind};
use crate::shell::clock;

/// The banner.
#[component]
pub(super) fn Banner(planning: Planning) -> impl IntoView {
    move || {
        planning.fresh.get().map(|fresh| {
            if fresh.refused && fresh.said.iter().any(|state| state.counts) {
                return view! { <Difference planning fresh/> }.into_any();
            }
            let (kind, head) = if fresh.refused {
                (NoticeKind::Error, "Nothing was written.")
            } else {
                (NoticeKind::Warn, "The plan is out of date.")
            };
            view! { <Notice kind head=head><Words planning fresh/></Notice> }.into_any()
        })
    }
}

#[component]
fn Words(planning: Planning, fresh: Fresh) -> impl IntoView {
    let clock = clock();
    let moved = moved_words(&fresh, clock.read());
    let differ = number::counted(fresh.moved.len().max(1) as u64, "state differs", "states differ");
    let ready = if fresh.refused {
        format!("A fresh plan is here: {differ}. Your ticks and your reason are kept. ")
    } else {
        format!("It would be refused. A fresh plan is ready: {differ}. Your ticks and your reason are kept. ")
    };
    view! {
        {moved}" "{ready}
        <button class="link" on:click=move |_| planning.adopt()>"Look at the fresh plan"</button>
    }
}

/// `EURUSD/GBPUSD moved from v58 to v59 (pairs-fx-1, 2 s ago) and 2 more states moved.`
fn moved_words(fresh: &Fresh, now: stateloft_core::model::Timestamp) -> String {
    let Some((key, from)) = fresh.moved.first() else {
        return "What the target names has changed.".to_owned();
    };
    let head = fresh.plan.states.iter().find(|state| state.key == *key).map(|state| &state.now);
    let to = head.map_or_else(String::new, |head| {
        let author = told(head.user_id.as_deref().unwrap_or("no author"));
        format!(" to v{} ({author}, {})", head.version, age::ago(head.effective_at(), now))
    });
    let first = match from {
        Some(from) => format!("{} moved from v{from}{to}", told(key.state_id.as_str())),
        None => {
            format!("{} came into the plan{}", told(key.state_id.as_str()), to.replacen(" to ", " at ", 1))
        }
    };
    match fresh.moved.len() - 1 {
        0 => format!("{first}."),
        more => format!(
            "{first}, and {} moved as well.",
            number::counted(more as u64, "state more", "states more")
        ),
    }
}
