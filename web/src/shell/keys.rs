//! The keyboard: one listener; pages add their keys while they are shown. Off in fields; can be switched off.

use std::rc::Rc;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

const NAME: &str = "stateloft-keys";

type Handler = Rc<dyn Fn(&str) -> bool>;

#[derive(Default)]
struct Inner {
    handlers: Vec<(u64, Handler)>,
    next_id: u64,
    /// The last key was `g`: the next one says where to go.
    going: bool,
}

/// The keyboard.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    /// Whether single keys do anything.
    pub(crate) on: RwSignal<bool>,
    inner: StoredValue<Inner, LocalStorage>,
}

/// The keyboard.
pub(crate) fn keys() -> Keys {
    expect_context()
}

impl Keys {
    /// Listens from now on.
    pub(crate) fn install() -> Self {
        let off = window().local_storage().ok().flatten().and_then(|store| store.get_item(NAME).ok()?);
        let keys = Self {
            on: RwSignal::new(off.as_deref() != Some("off")),
            inner: StoredValue::new_local(Inner::default()),
        };
        // Lives as long as the page.
        let _ = window_event_listener(ev::keydown, move |event| keys.pressed(&event));
        provide_context(keys);
        keys
    }

    /// Calls `handler` with each key (`j`, `Enter`, `Escape`, `Shift+x`, `g o`) while the present owner lives; true
    /// from it means that the key is used up. The newest handler comes first.
    pub(crate) fn on_key(self, handler: impl Fn(&str) -> bool + 'static) {
        let id = self.inner.try_update_value(|inner| {
            inner.next_id += 1;
            inner.handlers.push((inner.next_id, Rc::new(handler)));
            inner.next_id
        });
        let Some(id) = id else { return };
        on_cleanup(move || {
            self.inner.try_update_value(|inner| inner.handlers.retain(|(have, _)| *have != id));
        });
    }

    /// Switches single keys off or on, and remembers it.
    pub(crate) fn switch(self, on: bool) {
        self.on.set(on);
        if let Ok(Some(store)) = window().local_storage() {
            let _ = store.set_item(NAME, if on { "on" } else { "off" });
        }
    }

    fn pressed(self, event: &KeyboardEvent) {
        let plain = event.key();
        let escape = plain == "Escape";
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.is_composing() {
            return;
        }
        if !escape && (!self.on.get_untracked() || in_field(event) || dialog_open()) {
            return;
        }
        // A focused button or link answers Enter and Space itself, a box Space.
        if (plain == "Enter" && on_control(event)) || (plain == " " && (on_control(event) || on_box(event))) {
            return;
        }
        let name = if event.shift_key()
            && (plain.len() > 1 || plain.bytes().all(|byte| byte.is_ascii_alphabetic()))
        {
            format!("Shift+{}", plain.to_ascii_lowercase())
        } else {
            plain
        };
        let going = self.inner.try_update_value(|inner| std::mem::replace(&mut inner.going, name == "g"));
        let name = if going == Some(true) && name != "g" { format!("g {name}") } else { name };
        let handlers = self.inner.try_with_value(|inner| {
            inner.handlers.iter().rev().map(|(_, handler)| Rc::clone(handler)).collect::<Vec<_>>()
        });
        if handlers.unwrap_or_default().iter().any(|handler| handler(&name)) {
            event.prevent_default();
        }
    }
}

fn target(event: &KeyboardEvent) -> Option<HtmlElement> {
    event.target()?.dyn_into().ok()
}

fn in_field(event: &KeyboardEvent) -> bool {
    target(event).is_some_and(|element| {
        let tag = element.tag_name();
        let typed = tag == "INPUT"
            && !matches!(element.get_attribute("type").as_deref(), Some("checkbox" | "radio" | "button"));
        typed || tag == "TEXTAREA" || tag == "SELECT" || element.is_content_editable()
    })
}

fn on_control(event: &KeyboardEvent) -> bool {
    target(event).is_some_and(|element| matches!(element.tag_name().as_str(), "A" | "BUTTON" | "SUMMARY"))
}

fn on_box(event: &KeyboardEvent) -> bool {
    target(event).is_some_and(|element| element.tag_name() == "INPUT")
}

fn dialog_open() -> bool {
    document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some())
}
