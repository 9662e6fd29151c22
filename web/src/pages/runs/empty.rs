//! No run yet: how a program begins one.

use leptos::prelude::*;

use super::Ctx;
use crate::model::runs::window::Asked;
use crate::parts::{CopyButton, Empty, Icon};
use crate::shell::router;

const LINES: &str = r#"import stateloft
with stateloft.run("my-bot", lease="30s") as run:
    run.save("position", "BTCUSD", {"symbol": "BTCUSD", "side": "long", "quantity": 0.5})"#;

/// In place of lanes and list.
#[component]
pub(super) fn NoRuns(ctx: Ctx) -> impl IntoView {
    let router = router();
    let wider = move || matches!(ctx.asked.get(), Asked::Usual(_) | Asked::Last(_));
    view! {
        <section class="panel no-runs">
            <Empty icon=Icon::Play head="No program has begun a run here">
                <p>{move || format!("{}: nothing ran.", ctx.asked.get().words())}</p>
                <Show when=wider>
                    <p><button class="link" on:click=move |_| router.set(&[("last", Some("43200"))])>"Look at the last 30 days"</button></p>
                </Show>
                <p>"A run says who is writing: one is live at a time, a crash is noticed, and the next start learns what it left."</p>
                <pre class="mono" tabindex="0">{LINES}</pre>
                <CopyButton text=LINES.to_owned() what="the lines" words="Copy the lines"/>
            </Empty>
        </section>
    }
}
