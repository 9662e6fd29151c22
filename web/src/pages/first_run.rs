//! The empty store: what to do, with this server's own address.

use leptos::prelude::*;

use crate::live::live;
use crate::model::age;
use crate::model::contact::Contact;
use crate::model::hello::{self, Language};
use crate::model::link::Link;
use crate::parts::{CopyButton, Icon, Mark, Pic};
use crate::shell::{clock, desk};

/// The first page of a store that has nothing.
#[component]
pub(crate) fn FirstRun() -> impl IntoView {
    let (live, clock, desk) = (live(), clock(), desk());
    let language = RwSignal::new(Language::Curl);
    let origin = window().location().origin().unwrap_or_default();
    let key =
        move || desk.status.value.with(|status| status.as_ref().is_some_and(|status| status.key_required));
    let now = clock.read();
    let code = Memo::new(move |_| hello::example(language.get(), &origin, key(), now));
    let since = RwSignal::new(clock.read());
    let is_live = move || live.link.get() == Link::Live && live.contact.get() == Contact::Fresh;
    Effect::new(move |before: Option<bool>| {
        let connected = is_live();
        if connected && before != Some(true) {
            since.set(clock.read());
        }
        connected
    });
    let listening = move || {
        if is_live() {
            let seconds = age::seconds_between(since.get(), clock.now.get());
            ("Listening for the first version", format!("connected for {}", age::short(seconds)))
        } else {
            ("Not connected", format!("as of {}", age::clock(live.seen())))
        }
    };
    let about = move || {
        if live.contact.get().is_stale() {
            "The store was empty when it was heard last. Save one state, once it is back, and it shows up here."
        } else {
            "The store is up and empty. Save one state and it shows up here at once."
        }
    };
    view! {
        <div class="page first-run">
            <div class="first">
                <div class="hello">
                    <Mark size=40/>
                    <div>
                        <h1>"No state yet"</h1>
                        <p class="ink2">{about}</p>
                    </div>
                </div>
                <section class="panel" aria-label="How to save a first state">
                    <div class="head">
                        <div class="tabs" role="tablist">
                            {Language::ALL.iter().map(|own| view! {
                                <button
                                    role="tab" aria-selected=move || if language.get() == *own { "true" } else { "false" }
                                    on:click=move |_| language.set(*own)
                                >{own.name()}</button>
                            }).collect_view()}
                        </div>
                        <div class="end"><CopyButton text=code what="the example" words="Copy"/></div>
                    </div>
                    <pre class="code mono" role="tabpanel" tabindex="0">{move || code.get()}</pre>
                    <div class="foot">
                        <span class="c-accent listen"><Pic icon=Icon::Listen/></span>
                        <b class="strong">{move || listening().0}</b>
                        <span>{move || listening().1}</span>
                        <span class="keys">{move || if key() { "this address needs your key" } else { "no key needed on this address" }}</span>
                    </div>
                </section>
            </div>
        </div>
    }
}
