//! Before there is any file: where to drop them, what is known, and the command for a terminal.

use leptos::prelude::*;

use super::importing::Importing;
use super::page::Pickers;
use crate::model::import::{Choices, command, shape_words};
use crate::model::number;
use crate::parts::{CopyButton, Icon, Pic};
use stateloft_core::api::Shape;

/// The shapes that are known, in the order in which they are said.
const SHAPES: [Shape; 9] = [
    Shape::TypedState,
    Shape::UntypedState,
    Shape::FlatState,
    Shape::Backup,
    Shape::PositionFallback,
    Shape::BrokerSummary,
    Shape::Tables,
    Shape::Sessions,
    Shape::StateloftFile,
];

/// The drop ground.
#[component]
pub(super) fn Ground(importing: Importing) -> impl IntoView {
    let example = command(
        &["trading_state.json".to_owned(), "state_fallback/".to_owned()],
        None,
        &Choices::default(),
        None,
    );
    let copied = example.clone();
    let most = number::bytes(crate::model::import::FILES_MAX);
    view! {
        <section class="panel ground" aria-label="Files">
            <div class="ground-drop">
                <Pic icon=Icon::Import size=32/>
                <h2>"Drop files or a folder anywhere on this page"</h2>
                <p class="ink2">"or paste JSON. It is read and judged in this browser; your files are not touched."</p>
                <div class="row"><Pickers importing/></div>
            </div>
            <p class="ground-file"><Pic icon=Icon::File size=14/>"To look into a bundle, as stateloft export writes it, without taking it in: "<a href="/view/opened">"open it as a file"</a></p>
            <div class="ground-about">
                <div>
                    <h2>"Known by what is in them"</h2>
                    <ul>{SHAPES.map(|shape| view! { <li>{shape_words(shape)}</li> }).into_iter().collect_view()}</ul>
                    <p class="note">"JSON as Python writes it, with NaN and Infinity, one document or one a line. What is none of these goes to quarantine with its bytes."</p>
                </div>
                <div>
                    <h2>"In a terminal"</h2>
                    <pre class="mono" tabindex="0">{example}</pre>
                    <CopyButton text=Signal::stored(copied) what="the command" words="Copy as command"/>
                    <p class="note">{format!("Up to {most} are looked at here; the command takes more.")}</p>
                </div>
            </div>
        </section>
    }
}
