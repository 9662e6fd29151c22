//! Where to go back to: a version, a time, a snapshot or a seq.

use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::{Moment, SnapshotView};
use stateloft_core::model::{Seq, SnapshotKind, Timestamp};

use super::planning::Planning;
use crate::api;
use crate::live::{live, remote};
use crate::model::address::Query;
use crate::model::plan_address::{self, Ask};
use crate::model::{age, number};
use crate::parts::{Icon, Menu, Pic};
use crate::shell::{clock, router};

/// How the target is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Version,
    Time,
    Snapshot,
    Seq,
}

impl Way {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Version, "Version"), (Self::Time, "Time"), (Self::Snapshot, "Snapshot"), (Self::Seq, "Seq")];
}

/// The target in few words.
pub(super) fn words(planning: Planning) -> String {
    planning.ask.with(|ask| match &ask.target {
        Some(Moment::Snapshot(name)) => name.to_string(),
        Some(Moment::Seq(seq)) => format!("seq {}", number::count(seq.0)),
        Some(Moment::Time(time)) => age::full(*time),
        Some(Moment::Now) | None => "no target".to_owned(),
    })
}

/// The target resolved: `seq 15,877, 20 Nov 22:00:00` and `11 h 46 m ago`.
pub(super) fn resolved(planning: Planning, now: Timestamp) -> Option<(String, String)> {
    let plan = planning.plan.get()?;
    let seq = format!("seq {}", number::count(plan.target_seq.0));
    Some(match plan.target_time {
        Some(time) => {
            let seconds = age::seconds_between(time, now);
            (format!("{seq}, {}", age::to_second(time)), format!("{} ago", age::long(seconds)))
        }
        None => (seq, "before the first version".to_owned()),
    })
}

/// The controls.
#[component]
pub(super) fn TargetBox(planning: Planning) -> impl IntoView {
    let (router, clock) = (router(), clock());
    let single = Memo::new(move |_| planning.ask.with(|ask| ask.scope.states.len() == 1));
    let of_address = Memo::new(move |_| {
        planning.ask.with(|ask| match ask.target {
            Some(Moment::Time(_)) => Way::Time,
            Some(Moment::Seq(_)) if ask.scope.states.len() == 1 => Way::Version,
            Some(Moment::Seq(_)) => Way::Seq,
            _ => Way::Snapshot,
        })
    });
    let chosen = RwSignal::new(None::<Way>);
    Effect::new(move || {
        of_address.track();
        chosen.set(None);
    });
    let way = Memo::new(move |_| chosen.get().unwrap_or_else(|| of_address.get()));
    let go = Callback::new(move |target: Moment| {
        let ask = Ask { target: Some(target), ..planning.ask.get_untracked() };
        router.go(&format!("/view/restore{}", plan_address::query(&ask)));
    });
    let segment = move |(this, words): (Way, &'static str)| {
        let disabled = move || this == Way::Version && !single.get();
        view! {
            <button
                class:on=move || way.get() == this aria-pressed=move || (way.get() == this).to_string()
                disabled=disabled data-tip=move || disabled().then_some("for a plan of one state")
                on:click=move |_| chosen.set(Some(this))
            >{words}</button>
        }
    };
    view! {
        <div class="asked-part">
            <span class="label">"Target"</span>
            <div class="segments" role="group" aria-label="Kind of target">{Way::ALL.map(segment).collect_view()}</div>
        </div>
        <div class="asked-part target">
            {move || match way.get() {
                Way::Version => view! { <VersionField planning go/> }.into_any(),
                Way::Time => view! { <TimeField planning go/> }.into_any(),
                Way::Snapshot => view! { <SnapshotMenu planning go/> }.into_any(),
                Way::Seq => view! { <SeqField planning go/> }.into_any(),
            }}
        </div>
        <div class="asked-part when ink2">
            {move || resolved(planning, clock.now.get()).map(|(seq, ago)| view! { <div>{seq}</div><div>{ago}</div> })}
        </div>
    }
}

/// A field that acts when it is left or Enter is pressed.
#[component]
fn Typed(
    label: &'static str,
    kind: &'static str,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] wrong: Signal<Option<String>>,
    enter: Callback<String>,
) -> impl IntoView {
    view! {
        <label class="labelled">
            <span class="label">{label}</span>
            <input
                class="field mono" type=kind step="1" prop:value=move || value.get() autocomplete="off"
                class:broken=move || wrong.with(Option::is_some)
                on:change=move |event| enter.run(event_target_value(&event))
            />
        </label>
        {move || wrong.get().map(|why| view! { <p class="note c-warn" role="alert">{why}</p> })}
    }
}

#[component]
fn SeqField(planning: Planning, go: Callback<Moment>) -> impl IntoView {
    let wrong = RwSignal::new(None);
    let value = move || planning.plan.get().map(|plan| plan.target_seq.to_string()).unwrap_or_default();
    let enter = move |text: String| match text.trim().replace(',', "").parse() {
        Ok(seq) => go.run(Moment::Seq(Seq(seq))),
        Err(_) => wrong.set(Some("A seq is a whole number.".to_owned())),
    };
    view! { <Typed label="Seq" kind="text" value=Signal::derive(value) wrong enter=Callback::new(enter)/> }
}

#[component]
fn TimeField(planning: Planning, go: Callback<Moment>) -> impl IntoView {
    let wrong = RwSignal::new(None);
    let value = move || {
        let time = planning.ask.with(|ask| match ask.target {
            Some(Moment::Time(time)) => Some(time),
            _ => None,
        });
        let time = time.or_else(|| planning.plan.get()?.target_time);
        time.map(|time| time.to_string().chars().take(19).collect::<String>()).unwrap_or_default()
    };
    let enter = move |text: String| match Timestamp::parse(&format!("{}Z", text.trim().trim_end_matches('Z')))
    {
        Ok(time) => go.run(Moment::Time(time)),
        Err(_) => match Timestamp::parse(&format!("{}:00Z", text.trim())) {
            Ok(time) => go.run(Moment::Time(time)),
            Err(error) => wrong.set(Some(error.to_string())),
        },
    };
    view! { <Typed label="Time, UTC" kind="datetime-local" value=Signal::derive(value) wrong enter=Callback::new(enter)/> }
}

#[component]
fn VersionField(planning: Planning, go: Callback<Moment>) -> impl IntoView {
    let wrong = RwSignal::new(None);
    let value = move || {
        let plan = planning.plan.get();
        let target = plan
            .and_then(|plan| plan.states.first().and_then(|state| state.target.as_ref().map(|t| t.version)));
        target.map(|version| version.to_string()).unwrap_or_default()
    };
    let enter = move |text: String| {
        let number = text.trim().trim_start_matches('v').parse::<u64>().ok().filter(|number| *number > 0);
        let key = planning.ask.with_untracked(|ask| ask.scope.states.first().cloned());
        let (Some(number), Some(key)) = (number, key) else {
            wrong.set(Some("A version is a whole number from 1 on.".to_owned()));
            return;
        };
        // A version is where the store was right after it.
        spawn_local(async move {
            let query = Query::default().with("version", Some(&number.to_string()));
            match api::state(&key, &query).await {
                Ok(found) => go.run(Moment::Seq(found.version.seq)),
                Err(error) => {
                    wrong.try_set(Some({
                        let (head, rest) = error.of_read();
                        format!("{head} {rest}")
                    }));
                }
            }
        });
    };
    view! { <Typed label="Version" kind="text" value=Signal::derive(value) wrong enter=Callback::new(enter)/> }
}

#[component]
fn SnapshotMenu(planning: Planning, go: Callback<Moment>) -> impl IntoView {
    let words = move || {
        planning.ask.with(|ask| match &ask.target {
            Some(Moment::Snapshot(name)) => name.to_string(),
            _ => "choose a snapshot".to_owned(),
        })
    };
    view! {
        <span class="label">"Snapshot"</span>
        <Menu words=Signal::derive(words) button="btn snapshot-btn" class="wide"><SnapshotChoices go/></Menu>
    }
}

#[component]
fn SnapshotChoices(go: Callback<Moment>) -> impl IntoView {
    let (live, clock) = (live(), clock());
    let list = remote(
        move || Some(live.lists.get()),
        |_| async { api::snapshots(&Query::default().with("limit", Some("200"))).await },
    );
    let snapshots = move || list.value.with(|list| list.as_ref().map(|list| list.snapshots.clone()));
    let one = move |snapshot: SnapshotView| {
        let id = snapshot.snapshot_id.clone();
        let icon = if snapshot.kind == SnapshotKind::Manual { Icon::Snapshot } else { Icon::Restore };
        view! {
            <button type="button" on:click=move |_| go.run(Moment::Snapshot(id.clone()))>
                <Pic icon size=14/>
                <span class="mono">{snapshot.snapshot_id.to_string()}</span>
                <span class="n">{age::moment(snapshot.timestamp, clock.read())}</span>
            </button>
        }
    };
    move || match snapshots() {
        None => view! { <p class="loading">"Reading the snapshots."</p> }.into_any(),
        Some(list) if list.is_empty() => {
            view! { <p class="loading">"No snapshot yet. "<a href="/view/snapshots">"Make one"</a></p> }
                .into_any()
        }
        Some(list) => list.into_iter().map(one).collect_view().into_any(),
    }
}
