//! Chips say what something is; filter chips say what a list is limited to.

use leptos::prelude::*;

use super::{Icon, Pic};

/// The colour of a chip; its words say the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A plain fact.
    #[default]
    Plain,
    /// Current, selected, restored.
    Accent,
    /// Added.
    Add,
    /// Removed.
    Del,
    /// Changed.
    Chg,
    /// A broken rule.
    Warn,
    /// A or B.
    Ab,
}

impl Tone {
    /// The CSS class.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Accent => "accent",
            Self::Add => "add",
            Self::Del => "del",
            Self::Chg => "chg",
            Self::Warn => "warn",
            Self::Ab => "ab",
        }
    }
}

/// A chip.
#[component]
pub(crate) fn Chip(
    /// Its colour.
    #[prop(optional)]
    tone: Tone,
    /// Its icon.
    #[prop(optional)]
    icon: Option<Icon>,
    /// Its words.
    children: Children,
) -> impl IntoView {
    view! {
        <span class=format!("chip {}", tone.class())>
            {icon.map(|icon| view! { <Pic icon size=14/> })}
            {children()}
        </span>
    }
}

/// A filter that is on or off. When on, `×` (or a press) takes it away.
#[component]
pub(crate) fn FilterChip(
    /// Whether it limits the list.
    #[prop(into)]
    on: Signal<bool>,
    /// What a press does.
    press: Callback<()>,
    /// Its icon.
    #[prop(optional)]
    icon: Option<Icon>,
    /// Its words.
    children: Children,
) -> impl IntoView {
    view! {
        <button
            class="filter" class:on=move || on.get() aria-pressed=move || if on.get() { "true" } else { "false" }
            on:click=move |_| press.run(())
        >
            {icon.map(|icon| view! { <Pic icon size=14/> })}
            {children()}
            <Show when=move || on.get()><Pic icon=Icon::Close size=14/></Show>
        </button>
    }
}

/// That a type looks like a slip of the finger: the type that was most likely meant.
#[component]
pub(crate) fn SlipMark(
    /// It.
    slip: Option<String>,
) -> impl IntoView {
    slip.map(|meant| view! { <Chip tone=Tone::Warn>{format!("{meant}?")}</Chip> })
}
