//! Giving the broker's list: a file or a paste, or the words of a call that failed.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::json::Document;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::board::Board;
use super::close::Field;
use super::page::shown;
use crate::model::number;
use crate::model::reconcile::{
    Asked, LIST_MAX, ListForm, Look, SHAPES, Source, Was, look, read_list, shape_words,
};
use crate::parts::{Ask, Icon, Pic, theirs};
use crate::shell::{Clock, clock};

/// A text that was given, and what it is.
#[derive(Clone)]
struct Given {
    name: String,
    bytes: u64,
    read: Result<Document, String>,
}

/// The dialog.
#[component]
pub(super) fn ListDialog(board: Board) -> impl IntoView {
    let (shown, clock) = (shown(board), clock());
    let options = board.asked.get_untracked().map(|asked| asked.options.clone());
    let form = RwSignal::new(ListForm::after(options.as_ref(), clock.read()));
    let given = RwSignal::new(None::<Given>);
    // Looked at once, for what is said and for what is sent.
    let looked = Memo::new(move |_| {
        let Given { read, .. } = given.get()?;
        Some(read.and_then(|list| look(&list, &form.with(ListForm::options)?)))
    });
    let ready = Memo::new(move |_| ready(&form.get(), given.get(), looked.get()));
    let act = move |()| {
        let Ok(asked) = ready.get_untracked() else { return };
        board.ask(Arc::new(asked));
        shown.set(false);
    };
    let wrong = Signal::derive(move || ready.with(Result::is_err));
    let about = move || ready.with(|ready| ready.as_ref().err().cloned());
    let failed = Memo::new(move |_| form.with(|form| form.failed));
    let which = move |is_failure: bool| form.update(|form| form.failed = is_failure);
    view! {
        <Ask open=shown title="The broker\u{2019}s list" confirm="Hold it against ours" wrong act=Callback::new(act)>
            <div class="segments wide" role="group" aria-label="What there is">
                <button type="button" class:on=move || !failed.get() aria-pressed=move || (!failed.get()).to_string() on:click=move |_| which(false)>"A list"</button>
                <button type="button" class:on=move || failed.get() aria-pressed=move || failed.get().to_string() on:click=move |_| which(true)>"The call failed"</button>
            </div>
            <Show when=move || !failed.get() fallback=move || view! {
                <Field words="What it failed with" value=Signal::derive(move || form.with(|form| form.failure.clone()))
                    put=Callback::new(move |text| form.update(|form| form.failure = text))/>
                <p class="note">"No answer is no list: nothing is closed because of it."</p>
            }>
                <ListText form given clock/>
                <Reading given looked/>
            </Show>
            <Moment form/>
            <Show when=move || !failed.get()><More form/></Show>
            <p class="note lacks" aria-live="polite">{about}</p>
        </Ask>
    }
}

/// What is asked, as it stands.
fn ready(
    form: &ListForm,
    given: Option<Given>,
    looked: Option<Result<Look, String>>,
) -> Result<Asked, String> {
    let options = form.options()?;
    if form.failed {
        let source = Source::Given("a call that failed".to_owned());
        return Ok(Asked { list: None, options, source });
    }
    let (given, looked) = given.zip(looked).ok_or_else(|| "Give a file, or paste the list.".to_owned())?;
    let _ = looked?;
    Ok(Asked { list: Some(given.read?), options, source: Source::Given(given.name) })
}

/// The text: a file, or what is pasted.
#[component]
fn ListText(form: RwSignal<ListForm>, given: RwSignal<Option<Given>>, clock: Clock) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let pick = move |_| {
        if let Some(field) = field.get_untracked() {
            field.click();
        }
    };
    let picked = move |_| {
        let file = field.get_untracked().and_then(|field| field.files()?.get(0));
        if let Some(file) = file {
            spawn_local(take(file, form, given, clock));
        }
    };
    let pasted = move |event: leptos::ev::Event| {
        let text = event_target_value(&event);
        let now = clock.read();
        form.update(|form| {
            if form.was != Was::Typed {
                (form.as_of, form.was) = (now.to_string(), Was::Now);
            }
        });
        given.set((!text.trim().is_empty()).then(|| read("what was pasted", text.as_bytes())));
    };
    view! {
        <div class="row">
            <button type="button" class="btn" on:click=pick><Pic icon=Icon::File/>"Choose a file"</button>
            <input class="picker" id="broker-file" type="file" accept=".json,application/json,text/plain" tabindex="-1" aria-hidden="true" node_ref=field on:change=picked/>
            <span class="note">"JSON, as the broker answered it"</span>
        </div>
        <label class="labelled">
            <span>"or paste it"</span>
            <textarea class="field mono" name="list" rows="5" spellcheck="false" on:input=pasted></textarea>
        </label>
    }
}

async fn take(file: File, form: RwSignal<ListForm>, given: RwSignal<Option<Given>>, clock: Clock) {
    let name = file.name();
    #[allow(clippy::cast_precision_loss, reason = "far below where numbers lose their last digit")]
    let too_large = file.size() > LIST_MAX as f64;
    let read = if too_large {
        let most = number::bytes(LIST_MAX as u64);
        let words = format!(
            "{name} has more than the {most} that are kept with what is written. Give a part, and say that it is not whole."
        );
        Given { name, bytes: LIST_MAX as u64 + 1, read: Err(words) }
    } else {
        match JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string()) {
            Some(text) => read(&name, text.as_bytes()),
            None => Given { name, bytes: 0, read: Err("The file could not be read.".to_owned()) },
        }
    };
    // When it was written, by the server's clock; a file of tomorrow was written now at the latest.
    let written = clock.at(file.last_modified()).min(clock.read());
    form.try_update(|form| {
        if form.was != Was::Typed {
            (form.as_of, form.was) = (written.to_string(), Was::File);
        }
    });
    given.try_set(Some(read));
}

fn read(name: &str, text: &[u8]) -> Given {
    Given { name: name.to_owned(), bytes: text.len() as u64, read: read_list(text) }
}

/// What the text is: its shape and how much, or what is wrong with it, by line and column.
#[component]
fn Reading(given: RwSignal<Option<Given>>, looked: Memo<Option<Result<Look, String>>>) -> impl IntoView {
    move || {
        given.get().zip(looked.get()).map(|(Given { name, bytes, .. }, looked)| match looked {
            Ok(look) => {
                let first =
                    look.unread.first().map(|unread| format!(" {}: {}", unread.pointer, unread.reason));
                let words = format!("{}, {}.", look.words(), number::bytes(bytes));
                view! { <p class="list-read" aria-live="polite"><b>{theirs(&name)}</b>": "{words}{first.map(|first| theirs(&first))}</p> }.into_any()
            }
            Err(words) => view! { <p class="list-read c-del" role="alert"><b>{theirs(&name)}</b>": "{theirs(&words)}</p> }.into_any(),
        })
    }
}

/// When the broker was asked.
#[component]
fn Moment(form: RwSignal<ListForm>) -> impl IntoView {
    let put = move |text: String| form.update(|form| (form.as_of, form.was) = (text, Was::Typed));
    view! {
        <Field words="Taken at" value=Signal::derive(move || form.with(|form| form.as_of.clone())) put=Callback::new(put)/>
        <small class="note">{move || form.with(|form| form.was.words())}</small>
    }
}

/// How it is to be read, where that is not as usual.
#[component]
fn More(form: RwSignal<ListForm>) -> impl IntoView {
    let shape = move |event: leptos::ev::Event| {
        let word = event_target_value(&event);
        form.update(|form| form.shape = SHAPES.into_iter().find(|shape| shape_words(*shape) == word));
    };
    let options = SHAPES.map(|shape| {
        view! { <option value=shape_words(shape) prop:selected=move || form.with(|form| form.shape == Some(shape))>{shape_words(shape)}</option> }
    });
    view! {
        <label class="row">
            <input class="check" type="checkbox" name="partial" prop:checked=move || form.with(|form| form.partial)
                on:change=move |event| form.update(|form| form.partial = event_target_checked(&event))/>
            "It is not whole, such as one page of two"
        </label>
        <details class="more-fields">
            <summary>"Shape, tolerance, names of symbols"</summary>
            <label class="labelled">
                <span>"In whose words"</span>
                <select class="field" on:change=shape>
                    <option value="" prop:selected=move || form.with(|form| form.shape.is_none())>"recognised"</option>
                    {options.into_iter().collect_view()}
                </select>
            </label>
            <Field words="Quantities may be apart by" value=Signal::derive(move || form.with(|form| form.quantity.clone()))
                put=Callback::new(move |text| form.update(|form| form.quantity = text))/>
            <Field words="Prices may be apart by" value=Signal::derive(move || form.with(|form| form.price.clone()))
                put=Callback::new(move |text| form.update(|form| form.price = text))/>
            <label class="labelled">
                <span>"The broker\u{2019}s names and ours, EUR/USD = EURUSD, one a line"</span>
                <textarea class="field mono" rows="3" spellcheck="false" prop:value=move || form.with(|form| form.symbols.clone())
                    on:input=move |event| form.update(|form| form.symbols = event_target_value(&event))></textarea>
            </label>
        </details>
    }
}
