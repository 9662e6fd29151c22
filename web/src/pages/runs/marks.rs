//! How a run is marked: by a glyph and a word, and its code and settings, tinted where they are new.

use leptos::prelude::*;
use stateloft_core::api::Session;

use crate::model::runs::lanes::Kind;
use crate::model::runs::{Fresh, code, config};
use crate::parts::{Icon, Pic, theirs};

/// The glyph that stands for how a run is, and its word, if it is to stand there.
#[component]
pub(crate) fn KindMark(
    /// How it is.
    kind: Kind,
    /// The word.
    #[prop(optional, into)]
    word: String,
) -> impl IntoView {
    let glyph = match kind {
        Kind::Live => view! { <i class="dot"></i> }.into_any(),
        Kind::Late | Kind::Unknown => view! { <i class="dot open"></i> }.into_any(),
        Kind::Completed => view! { <Pic icon=Icon::Check size=14/> }.into_any(),
        Kind::Stopped => view! { <i class="square"></i> }.into_any(),
        Kind::Crashed => view! { <Pic icon=Icon::Close size=14/> }.into_any(),
        Kind::Replaced => view! { <Pic icon=Icon::Swap size=14/> }.into_any(),
    };
    view! { <span class=format!("run-mark {}", kind.class())>{glyph}{word}</span> }
}

/// Code and settings of a run.
#[component]
pub(crate) fn CodeWords(
    /// Of this.
    run: Session,
    /// What of them is new.
    fresh: Fresh,
) -> impl IntoView {
    let word = |text: Option<String>, new: bool| {
        text.map(|text| view! { <span class="word" class:new=new>{theirs(&text)}</span>" " })
    };
    view! { <span class="code-words mono">{word(code(&run), fresh.code)}{word(config(&run), fresh.config)}</span> }
}
