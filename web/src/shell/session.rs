//! The sign-in field, shown when the server wants a key.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use crate::api;
use crate::live::live;
use crate::parts::Mark;

/// Whether the server wants a key that this tab does not have.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    wanted: RwSignal<bool>,
}

/// The session.
pub(crate) fn session() -> Session {
    expect_context()
}

impl Session {
    /// Makes the session known to all pages.
    pub(crate) fn install() -> Self {
        let session = Self { wanted: RwSignal::new(false) };
        provide_context(session);
        session
    }

    /// Asks for a key.
    pub(crate) fn ask(self) {
        self.wanted.try_set(true);
    }

    /// Whether a key is asked for.
    pub(crate) fn is_asking(self) -> bool {
        self.wanted.get()
    }
}

/// The field for the key.
#[component]
pub(crate) fn SignIn() -> impl IntoView {
    let (session, live) = (session(), live());
    let field = NodeRef::<html::Input>::new();
    let refused = api::key().is_some();
    Effect::new(move || {
        if let Some(input) = field.get() {
            let _ = input.focus();
        }
    });
    let enter = move |event: SubmitEvent| {
        event.prevent_default();
        let key = field.get_untracked().map(|input| input.value()).unwrap_or_default();
        if !key.is_empty() {
            api::set_key(Some(&key));
            session.wanted.set(false);
            live.reload();
            live.try_now();
        }
    };
    view! {
        <main class="sign-in">
            <form on:submit=enter>
                <Mark size=38/>
                <h1>"This store needs a key"</h1>
                <p class="ink2">"It is kept in this tab until you close it."</p>
                <label for="key">"API key"</label>
                <input id="key" class="field" type="password" autocomplete="off" node_ref=field/>
                <Show when=move || refused>
                    <p class="c-del" role="alert">"The server did not accept the key given before."</p>
                </Show>
                <button class="btn main" type="submit">"Sign in"</button>
            </form>
        </main>
    }
}
