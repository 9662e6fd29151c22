//! Icons: one path each, drawn with the colour of the text.

use leptos::prelude::*;

/// The icons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named after what they stand for")]
pub(crate) enum Icon {
    Activity,
    Author,
    Check,
    Clock,
    Close,
    Compare,
    Copy,
    Down,
    Eye,
    File,
    Funnel,
    Heart,
    Help,
    Import,
    Left,
    Link,
    Listen,
    Lock,
    Moon,
    More,
    Overview,
    Pause,
    Play,
    Plus,
    Restore,
    Right,
    Runs,
    Search,
    Snapshot,
    States,
    Sun,
    Swap,
    Trash,
    Up,
    Warn,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::Activity => "M1.5 8h3l2-5 3 10 2-5h3",
            Self::Author => "M3 6.5h10v6H3zM8 6.5V3.8M8 3.5v.1M6 9.3v.4M10 9.3v.4",
            Self::Left => "M9.8 3.5 5.3 8l4.5 4.5",
            Self::Snapshot => "M4 2.2h8v11.6l-4-3.3-4 3.3z",
            Self::Check => "m3 8.5 3.2 3.2L13 4.8",
            Self::Clock => "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 4.8V8l2.2 1.6",
            Self::Close => "m4 4 8 8M12 4l-8 8",
            Self::Compare => "M2.5 3h4.2v10H2.5zM9.3 3h4.2v10H9.3z",
            Self::Copy => "M5.5 5.5h7.8v7.8H5.5zM3 10.3V2.7h7.6",
            Self::Down => "m4 6.2 4 4 4-4",
            Self::Eye => {
                "M1.5 8s2.4-4.2 6.5-4.2S14.5 8 14.5 8 12.1 12.2 8 12.2 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6"
            }
            Self::File => "M3.8 1.8h5l3.4 3.4v9H3.8zM8.6 2v3.4H12",
            Self::Funnel => "M2 3h12L9.5 8.4v4.8l-3-1.6V8.4z",
            Self::Heart => "M8 13.3 2.9 8.2a3.2 3.2 0 0 1 4.5-4.6l.6.6.6-.6a3.2 3.2 0 0 1 4.5 4.6z",
            Self::Help => "M5.8 5.6c0-1.4 1-2.3 2.3-2.3s2.3.9 2.3 2.1c0 1.9-2.4 1.9-2.4 3.9M8 12.4v.3",
            Self::Import => "M8 2.5v7.2M4.8 6.8 8 10l3.2-3.2M2.5 10.2v3.3h11v-3.3",
            Self::Link => {
                "M6.8 9.2 9.2 6.8M7.4 4.7l1.4-1.4a2.75 2.75 0 0 1 3.9 3.9l-1.4 1.4M8.6 11.3l-1.4 1.4a2.75 2.75 0 0 1-3.9-3.9l1.4-1.4"
            }
            Self::Listen => {
                "M8 7.2a.8.8 0 1 1 0 1.6.8.8 0 0 1 0-1.6M8 2.2A5.8 5.8 0 0 1 13.8 8M8 13.8A5.8 5.8 0 0 1 2.2 8M4 4a5.6 5.6 0 0 1 1.4-1M12 12a5.6 5.6 0 0 1-1.4 1"
            }
            Self::Lock => "M3.5 7.2h9v6.3h-9zM5.4 7.2V5a2.6 2.6 0 0 1 5.2 0v2.2",
            Self::Moon => "M13.3 9.6A5.8 5.8 0 0 1 6.4 2.7a5.6 5.6 0 1 0 6.9 6.9z",
            Self::More => "M8 3.2v.2M8 7.9v.2M8 12.6v.2",
            Self::Overview => {
                "M2.5 2.5h4.3v5.8H2.5zM9.2 2.5h4.3v3H9.2zM9.2 7.9h4.3v5.6H9.2zM2.5 10.7h4.3v2.8H2.5z"
            }
            Self::Pause => "M5.5 3.5v9M10.5 3.5v9",
            Self::Play => "m4.5 3 8 5-8 5z",
            Self::Plus => "M8 3v10M3 8h10",
            Self::Restore => "M2.8 2.8v3.7h3.7M3 6.3A5.6 5.6 0 1 1 2.4 9",
            Self::Right => "M6.2 3.5 10.7 8l-4.5 4.5",
            Self::Runs => "M2 3.2h6.5v2.6H2zM6 6.7h8v2.6H6zM3.8 10.2h6v2.6h-6z",
            Self::Search => "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3l3.4 3.4",
            Self::States => "M8 2 14 5.2 8 8.4 2 5.2zM2.3 8.2 8 11.2l5.7-3M2.3 11 8 14l5.7-3",
            Self::Sun => {
                "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7"
            }
            Self::Swap => "M2.5 5.5h11l-2.6-2.6M13.5 10.5h-11l2.6 2.6",
            Self::Trash => "M2.8 4.3h10.4M6.2 4.2V2.6h3.6v1.6M4 4.5l.6 9h6.8l.6-9M6.7 7v4M9.3 7v4",
            Self::Up => "m4 9.8 4-4 4 4",
            Self::Warn => "M8 2.3 14.4 13.4H1.6zM8 6.4v3.4M8 11.6v.2",
        }
    }
}

/// An icon, 16 px unless told; says nothing to screen readers.
#[component]
pub(crate) fn Pic(
    /// Which.
    icon: Icon,
    /// Edge length in px.
    #[prop(default = 16)]
    size: u32,
) -> impl IntoView {
    view! {
        <svg
            width=size height=size viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"
        >
            <path d=icon.path()/>
        </svg>
    }
}

/// The mark: a roof over three strata.
#[component]
pub(crate) fn Mark(
    /// Width in px.
    size: u32,
) -> impl IntoView {
    view! {
        <svg class="logo" width=size height=size viewBox="0 0 20 20" fill="currentColor" aria-hidden="true">
            <path d="M10 1.6 18.8 7.4H1.2z"/>
            <path opacity="0.55" d="M2.8 9h14.4v2H2.8z"/>
            <path opacity="0.75" d="M2.8 12.4h14.4v2H2.8z"/>
            <path d="M2.8 15.8h14.4v2.4H2.8z"/>
        </svg>
    }
}
