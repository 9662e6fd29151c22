//! Snapshots: names for moments. Taken, listed, compared with now, forgotten.

mod since;
mod take;

use leptos::prelude::*;
use stateloft_core::api::{SnapshotList, SnapshotView};
use stateloft_core::model::SnapshotKind;

use crate::api;
use crate::live::{Remote, live, remote};
use crate::model::address::Query;
use crate::model::hidden::told;
use crate::model::{found, number};
use crate::parts::{Age, Ask, Chip, CopyLink, Empty, FaultNote, Icon, Pic, Tone, Writing, or_none, theirs};
use crate::shell::{router, toasts};

const PAGE: &str = "100";

/// The page.
#[component]
pub(crate) fn Snapshots() -> impl IntoView {
    let (router, live) = (router(), live());
    let limit = RwSignal::new(PAGE.to_owned());
    let list = remote(
        move || Some((live.lists.get(), limit.get())),
        |(_, limit)| async move { api::snapshots(&Query::default().with("limit", Some(&limit))).await },
    );
    let about = move || {
        let total = list.value.with(|list| list.as_ref().map(|list| list.total));
        total.map(|total| {
            format!(
                "{}, each names a moment of the whole store",
                number::counted(total, "snapshot", "snapshots")
            )
        })
    };
    let compared = Memo::new(move |_| router.param("compare"));
    let taking = Memo::new(move |_| router.param("new").is_some());
    view! {
        <div class="page snapshots">
            <div class="page-head">
                <h1>"Snapshots"</h1>
                <span class="about">{about}</span>
                <div class="acts">
                    <CopyLink/>
                    <button class="btn main" on:click=move |_| router.set(&[("new", Some("1"))])>
                        <Pic icon=Icon::Snapshot/>"Take a snapshot"
                    </button>
                </div>
            </div>
            <Show when=move || taking.get()><take::TakeDialog/></Show>
            <FaultNote remote=list/>
            {move || compared.get().map(|id| view! { <since::Since id/> })}
            <List list limit/>
        </div>
    }
}

#[component]
fn List(list: Remote<SnapshotList>, limit: RwSignal<String>) -> impl IntoView {
    let forgetting = RwSignal::new(None::<SnapshotView>);
    let none = move || list.value.with(|list| list.as_ref().is_some_and(|list| list.snapshots.is_empty()));
    let rows = move || list.value.with(|list| list.as_ref().map(|l| l.snapshots.clone()).unwrap_or_default());
    let more = move || list.value.with(|list| list.as_ref().is_some_and(|list| list.next_cursor.is_some()));
    view! {
        <section class="panel snapshot-table" aria-label="Snapshots">
            <div class="thead cells snapshot">
                <span>"Name"</span><span class="num">"Seq"</span><span>"Taken"</span><span>"By"</span>
                <span>"Description"</span><span></span>
            </div>
            <div class="body">
                <Show when=none>
                    <Empty icon=Icon::Snapshot head="No snapshot yet">
                        <p>"A snapshot names this moment, costs nothing, and can be compared with now and restored."</p>
                    </Empty>
                </Show>
                // What a row shows never changes once it is there.
                <For each=rows key=|row| (row.snapshot_id.clone(), row.seq) let:row>
                    <Row row forgetting/>
                </For>
                // The server gives at most 1,000 at a time.
                <Show when=move || more() && limit.with(|limit| limit == PAGE)>
                    <p class="loading">
                        <button class="link" on:click=move |_| limit.set("1000".to_owned())>"Show more"</button>
                    </p>
                </Show>
            </div>
        </section>
        {move || forgetting.get().map(|snapshot| view! { <ForgetDialog snapshot forgetting/> })}
    }
}

#[component]
fn Row(row: SnapshotView, forgetting: RwSignal<Option<SnapshotView>>) -> impl IntoView {
    let router = router();
    let id = row.snapshot_id.to_string();
    let target = Query::default().with("target", Some(&format!("snapshot:{id}")));
    let compare = Query::default().with("compare", Some(&id));
    let on = {
        let id = id.clone();
        move || router.param("compare").as_deref() == Some(id.as_str())
    };
    let automatic = (row.kind == SnapshotKind::BeforeRestore)
        .then(|| view! { <Chip tone=Tone::Accent icon=Icon::Restore>"before a restore"</Chip> });
    let label = format!("Forget {}", told(&id));
    let (seq, time) = (row.seq, row.timestamp);
    let author = row.user_id.as_deref().unwrap_or_default().to_owned();
    let description = row.description.as_deref().unwrap_or_default().to_owned();
    let forget = row.clone();
    view! {
        <div class="trow cells snapshot" class:selected=on>
            <a class="id" href=format!("/view/snapshots{compare}") data-tip="What changed since">{theirs(&id)}</a>
            <span class="mono num">{number::count(seq.0)}</span>
            <span class="when"><Age time seq/></span>
            <span class="by ink2">{theirs(&author)}</span>
            <span class="why ink2">{automatic}{theirs(&description)}</span>
            <span class="acts">
                <a class="btn small" href=format!("/view/snapshots{compare}")><Pic icon=Icon::Compare/>"Compare with now"</a>
                <a class="btn small" href=format!("/view/restore{target}")><Pic icon=Icon::Restore/>"Plan a restore"</a>
                <button class="btn icon small" aria-label=label on:click=move |_| forgetting.set(Some(forget.clone()))>
                    <Pic icon=Icon::Trash/>
                </button>
            </span>
        </div>
    }
}

/// The snapshot that has a name now.
async fn named(id: String) -> Result<Option<SnapshotView>, api::ApiError> {
    or_none(api::snapshot(&id).await)
}

#[component]
fn ForgetDialog(snapshot: SnapshotView, forgetting: RwSignal<Option<SnapshotView>>) -> impl IntoView {
    let (toasts, live) = (toasts(), live());
    let open = RwSignal::new(true);
    let writing = Writing::of("forgotten");
    let id = snapshot.snapshot_id.to_string();
    let seq = snapshot.seq;
    Effect::new(move || {
        if !open.get() {
            forgetting.set(None);
        }
    });
    let act = {
        let id = id.clone();
        move |()| {
            let (own, snapshot) = (id.clone(), snapshot.clone());
            let send = async move {
                api::forget_snapshot(&own).await?;
                open.try_set(false);
                toasts.done(
                    format!("Forgot the name {}.", told(&own)),
                    format!("seq {seq} can still be restored."),
                );
                Ok(())
            };
            let look = move |_| {
                let (named, snapshot) = (named(snapshot.snapshot_id.to_string()), snapshot.clone());
                Box::pin(async move { Ok(found::forgotten(named.await?.as_ref(), &snapshot)) }) as _
            };
            writing.run((None, None), send, look, move || {
                open.try_set(false);
                live.lists.update(|lists| *lists += 1);
            });
        }
    };
    view! {
        <Ask
            open title=format!("Forget {}?", told(&id)) confirm=format!("Forget {}", told(&id)) danger=true writing act=Callback::new(act)
        >
            <p>{format!("Only the name goes. The moment it names, seq {seq}, stays in the history and can be restored by its seq.")}</p>
        </Ask>
    }
}
