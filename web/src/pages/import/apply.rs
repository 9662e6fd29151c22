//! The form under what will happen: reason, acceptance, and the button that states its effect.

use leptos::prelude::*;

use super::importing::{Importing, Work};
use super::reading::Stage;
use crate::model::hidden::told;
use crate::model::import::{BODY_MAX, TOO_MUCH, button, command, missing};
use crate::model::number;
use crate::parts::{Author, AuthorField, CopyButton, ReasonField, WriteNote};
use crate::shell::router;

/// The form.
#[component]
pub(super) fn Apply(importing: Importing) -> impl IntoView {
    let router = router();
    let author = Author::remembered();
    let (writing, tally) = (importing.writing, importing.tally);
    let compared = Memo::new(move |_| {
        importing.shown.with(Option::is_some)
            && matches!(importing.work.get(), Work::Idle | Work::LookingAgain)
    });
    let size = Memo::new(move |_| {
        importing.files.with(|files| {
            files.iter().filter(|file| file.bytes().is_some()).map(|file| file.size).sum::<u64>()
        })
    });
    let too_large = Memo::new(move |_| size.get() > BODY_MAX);
    let lacks = Memo::new(move |_| {
        if too_large.get() {
            let (size, most) = (number::bytes(size.get()), number::bytes(BODY_MAX));
            return Some(format!("{size} are more than the {most} that can be sent from here. {TOO_MUCH}"));
        }
        tally.with(|tally| missing(tally, importing.accept.get(), compared.get()))
    });
    let words = Memo::new(move |_| tally.with(button));
    let accepted = move || tally.with(|tally| tally.accepted);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if !writing.busy.get_untracked() && lacks.with_untracked(Option::is_none) {
            importing.write(author.value(), router);
        }
    };
    view! {
        <form class="panel padded apply" on:submit=submit>
            <Show when=move || words.with(Option::is_some)>
                <ReasonField reason=importing.reason words="Reason, kept with every version"/>
                <AuthorField author/>
                <Show when=move || { accepted() > 0 }>
                    <label class="row">
                        <input
                            class="check" type="checkbox" prop:checked=move || importing.accept.get()
                            on:change=move |event| importing.accept.set(event_target_checked(&event))
                        />
                        {move || format!("I accept {} invalid, stored with what is wrong", number::count(accepted()))}
                    </label>
                </Show>
            </Show>
            <WriteNote writing/>
            <Show
                when=move || words.with(Option::is_some)
                fallback=move || view! { <Show when=move || compared.get()><p class="ink2 nothing">{move || nothing(importing)}</p></Show> }
            >
                <button
                    type="submit" class="btn main act"
                    disabled=move || writing.busy.get() || lacks.with(Option::is_some)
                >
                    {move || if writing.busy.get() { "Writing…".to_owned() } else { words.get().unwrap_or_default() }}
                </button>
                <p class="note lacks" aria-live="polite">{move || lacks.get().or_else(|| unread(importing))}</p>
            </Show>
            <div class="row ends">
                <button type="button" class="btn plain" on:click=move |_| importing.discard()>"Discard all"</button>
                <CopyButton text=Signal::derive(move || as_command(importing, author.value())) what="the command" words="Copy as command"/>
            </div>
        </form>
    }
}

/// Why there is no button.
fn nothing(importing: Importing) -> &'static str {
    let tally = importing.tally.get();
    if tally.boxes > 0 {
        "Nothing is ticked, so there is nothing to write."
    } else if tally.all > 0 {
        "The store has all of this already: there is nothing to write."
    } else {
        "No state was found in these files."
    }
}

/// `prices.json is still being read and is not in this write.`
fn unread(importing: Importing) -> Option<String> {
    importing.files.with(|files| {
        let unread = files.iter().filter(|file| matches!(file.stage, Stage::Waiting | Stage::Reading(_)));
        let names: Vec<String> = unread.map(|file| told(&file.name)).collect();
        match names.as_slice() {
            [] => None,
            [one] => Some(format!("{one} is still being read and is not in this write.")),
            more => Some(format!("{} files are still being read and are not in this write.", more.len())),
        }
    })
}

fn as_command(importing: Importing, user_id: Option<String>) -> String {
    let files: Vec<String> = importing.files.with_untracked(|files| {
        files.iter().filter(|file| !file.pasted).map(|file| file.name.clone()).collect()
    });
    let chosen = importing.shown.with_untracked(|shown| {
        let shown = shown.as_ref()?;
        Some(importing.ticks.with_untracked(|ticks| ticks.order(&shown.found, &shown.stood)))
    });
    let zone = importing.zone.get_untracked();
    command(&files, zone.as_deref(), &chosen.unwrap_or_default(), user_id.as_deref())
}
