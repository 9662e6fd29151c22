//! What will be saved, who is asked, why, and the button.

use leptos::prelude::*;
use stateloft_core::diff::Change;

use super::form::Hand;
use crate::model::{age, number};
use crate::pages::restore::Holding;
use crate::parts::{AuthorField, ChangeRow, Counts, Icon, Kbd, Notice, NoticeKind, Pic, WriteNote, theirs};
use crate::shell::clock;

/// The column.
#[component]
pub(super) fn Aside(hand: Hand) -> impl IntoView {
    view! {
        <aside class="by-hand-aside">
            <WhatIsSaved hand/>
            <Stays hand/>
            <Held hand/>
            <Notice kind=NoticeKind::Warn head="No order is sent.">"This says what the broker has already done."</Notice>
            <Write hand/>
        </aside>
    }
}

#[component]
fn WhatIsSaved(hand: Hand) -> impl IntoView {
    let counts =
        move || hand.checking.checked.with(|checked| checked.as_ref().map(|checked| checked.diff.counts));
    let versions = move || {
        let now = hand.head.value.with(|head| head.as_ref().map(|head| head.version.version.0))?;
        Some(format!("v{now} to v{}", hand.next_version().unwrap_or(now + 1)))
    };
    let rows = move || {
        let diff =
            hand.checking.checked.with(|checked| checked.as_ref().map(|checked| checked.diff.clone()))?;
        let written = |change: &&Change| !change.volatile;
        Some(
            diff.changes
                .iter()
                .filter(written)
                .map(|change| view! { <ChangeRow change=change.clone()/> })
                .collect_view(),
        )
    };
    let why = move || {
        hand.judged.with(|judged| judged.as_ref()?.done.as_ref().err().map(|lack| lack.words.clone()))
    };
    let noise = move || {
        hand.checking
            .checked
            .with(|checked| checked.as_ref().map(|checked| checked.noise.clone()).unwrap_or_default())
    };
    let foot = move || {
        let noise = noise();
        let words = number::counted(
            noise.len() as u64,
            "volatile path left to the program",
            "volatile paths left to the program",
        );
        (!noise.is_empty()).then(|| view! { <span class="row"><Pic icon=Icon::Funnel size=14/>{words}</span><span class="mono cut">{theirs(&noise.join(" "))}</span> })
    };
    let equal = move || {
        hand.checking.checked.with(|checked| {
            checked.as_ref().map(|checked| number::counted(checked.equal, "path equal", "paths equal"))
        })
    };
    view! {
        <section class="panel by-hand-saved" aria-labelledby="saved">
            <div class="head"><h2 id="saved">"What will be saved"</h2>{move || counts().map(|counts| view! { <Counts counts/> })}<span class="end mono">{versions}</span></div>
            <div class="body">
                <Show when=move || hand.checking.checked.with(Option::is_some)>
                    <div class="change change-head" aria-hidden="true">
                        <span></span><span>"Path"</span><span>"Now"</span><span></span><span>"After"</span><span>"Delta"</span><span>"Percent"</span>
                    </div>
                </Show>
                {rows}
                <Show when=move || hand.checking.checked.with(Option::is_none)>
                    <p class="loading">{move || why().unwrap_or_else(|| "Being checked.".to_owned())}</p>
                </Show>
                {move || hand.checking.broken().into_iter().map(|violation| view! {
                    <div class="broken-row" role="note"><Pic icon=Icon::Warn/><b class="mono">{theirs(&violation.pointer)}</b><span>{theirs(&violation.message)}</span></div>
                }).collect_view()}
            </div>
            <div class="foot">{foot}<span class="end">{equal}</span></div>
        </section>
    }
}

/// What depends on the change and is left as it is.
#[component]
fn Stays(hand: Hand) -> impl IntoView {
    let stays = move || {
        hand.judged.with(|judged| {
            judged
                .as_ref()
                .and_then(|judged| judged.done.as_ref().ok())
                .map(|done| done.stays.clone())
                .unwrap_or_default()
        })
    };
    let still =
        move || hand.checking.checked.with(|checked| checked.as_ref().map_or(0, |checked| checked.still));
    view! {
        <Show when=move || !stays().is_empty()>
            <div class="notice warn" role="note"><Pic icon=Icon::Warn/><div>
                {move || stays().into_iter().map(|stays| view! { <p><b class="mono">{theirs(&stays.path)}</b>" "{stays.why}"."</p> }).collect_view()}
            </div></div>
        </Show>
        <Show when=move || { still() > 0 }>
            <Notice kind=NoticeKind::Warn head=Signal::derive(move || number::counted(still() as u64, "rule is broken already", "rules are broken already"))>
                "They stay so; what you write breaks none."
            </Notice>
        </Show>
    }
}

/// The live programs that hold it.
#[component]
fn Held(hand: Hand) -> impl IntoView {
    let clock = clock();
    let held = move || {
        hand.checking
            .planned
            .with(|planned| planned.as_ref().map(|planned| planned.plan.held_by.clone()).unwrap_or_default())
    };
    move || {
        held().into_iter().map(|run| {
            let renewed = run.last_renewal.map(|at| format!(", renewed {}", age::ago(at, clock.now.get()))).unwrap_or_default();
            let head = format!("{} is live{renewed}.", crate::model::hidden::told(&run.run_id));
            view! {
                <Notice head=head>"It is asked to pause, and told to reload after the write. If it saves this lot first, nothing is written and you see both."</Notice>
            }
        }).collect_view()
    }
}

#[component]
fn Write(hand: Hand) -> impl IntoView {
    let sending = hand.sending;
    let lacks = Memo::new(move |_| hand.lacks());
    let words = move || hand.button(lacks.get());
    let holders = Memo::new(move |_| hand.holders());
    let kept = move || {
        hand.next_version().map_or_else(
            || "Reason, required".to_owned(),
            |next| format!("Reason, required, kept with v{next}"),
        )
    };
    let failure = move || {
        hand.checking.fault.get().map(|failure| {
            view! {
                <Notice kind=NoticeKind::Error head=failure.sentence()>
                    {failure.detail()}" "<button type="button" class="link" on:click=move |_| hand.checking.again()>"Try again"</button>
                </Notice>
            }
        })
    };
    let undo = move || {
        let from = hand.head.value.with(|head| head.as_ref().map(|head| head.version.version.0))?;
        Some(format!("Undo writes v{from}’s paths back, where nothing moved since."))
    };
    view! {
        <section class="panel padded apply">
            <label class="labelled">
                <span>{kept}</span>
                <textarea class="field" rows="2" maxlength="4000" id="by-hand-why" prop:value=move || sending.form.with(|form| form.reason.clone())
                    on:input=move |event| sending.form.update(|form| form.reason = event_target_value(&event))></textarea>
            </label>
            <AuthorField author=sending.author/>
            {failure}
            <WriteNote writing=sending.restoring.writing/>
            {move || sending.refused.get().then(|| view! {
                <Notice kind=NoticeKind::Error head="Nothing was written.">"The position moved while it was written. It is read anew; what you typed is kept."</Notice>
            })}
            {move || holders.get().map(|runs| view! { <Holding runs form=sending.form/> })}
            <button type="submit" class="btn main act" disabled=move || sending.restoring.writing.busy.get() || lacks.with(Option::is_some)>{words}</button>
            <p class="note row"><Kbd name="Ctrl"/><Kbd name="Enter"/>{undo}</p>
        </section>
    }
}
