//! Addresses in the browser: reads them, changes them, follows links, back and forward.
//!
//! A router of our own, because ids in queries must survive exactly and because every filter, tab and pair is an
//! entry of the history: the published one (0.8) loses entries after going back and forth.

use std::any::Any;
use std::rc::Rc;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlAnchorElement, MouseEvent};

use crate::model::address::{Page, Query};
use crate::model::places::Places;

/// What is kept of an entry of the history.
type Kept = Rc<dyn Any>;
/// Says what is to be kept.
type Keeper = Rc<dyn Fn() -> Option<Kept>>;

/// The entries of the history, and who keeps something of them.
#[derive(Default)]
struct Entries {
    /// The number of the one that is shown.
    present: u64,
    /// The number of the one that was made last.
    last: u64,
    places: Places<Kept>,
    keepers: Vec<(u64, &'static str, Keeper)>,
}

/// Where the console is.
#[derive(Debug, Clone, PartialEq)]
struct Address {
    path: String,
    search: String,
}

impl Address {
    fn current() -> Self {
        let location = window().location();
        Self { path: location.pathname().unwrap_or_default(), search: location.search().unwrap_or_default() }
    }
}

/// The address, as signals, and the ways to change it.
#[derive(Clone, Copy)]
pub(crate) struct Router {
    at: RwSignal<Address>,
    /// The page shown.
    pub(crate) page: Memo<Page>,
    /// The query of the address.
    pub(crate) query: Memo<Query>,
    entries: StoredValue<Entries, LocalStorage>,
}

/// The router.
pub(crate) fn router() -> Router {
    expect_context()
}

impl Router {
    /// Reads the address and listens to the browser.
    pub(crate) fn install() -> Self {
        let at = RwSignal::new(Address::current());
        let router = Self {
            at,
            page: Memo::new(move |_| at.with(|address| Page::at(&address.path))),
            query: Memo::new(move |_| at.with(|address| Query::parse(&address.search))),
            entries: StoredValue::new_local(Entries::default()),
        };
        router.begin();
        // Both live as long as the page.
        let _ = window_event_listener(ev::popstate, move |event| {
            router.leave();
            router.arrive(number_of(&event.state()));
            at.try_set(Address::current());
        });
        let _ = window_event_listener(ev::click, move |event| router.follow(&event));
        provide_context(router);
        router
    }

    /// One value of the query; follows the address.
    pub(crate) fn param(self, name: &str) -> Option<String> {
        self.query.with(|query| query.get(name).map(str::to_owned))
    }

    /// Goes to an address of the console; a new entry of the history.
    pub(crate) fn go(self, href: &str) {
        self.enter(href, false);
    }

    /// Goes to an address of the console in place of the present one.
    pub(crate) fn replace(self, href: &str) {
        self.enter(href, true);
    }

    /// Changes values of the query; a new entry of the history.
    pub(crate) fn set(self, changes: &[(&str, Option<&str>)]) {
        self.go(&self.href_with(changes));
    }

    /// Changes values of the query without a new entry: for what changes while typing or moving a cursor.
    pub(crate) fn adjust(self, changes: &[(&str, Option<&str>)]) {
        self.replace(&self.href_with(changes));
    }

    /// The present address with other values in its query; does not follow the address.
    pub(crate) fn href_with(self, changes: &[(&str, Option<&str>)]) -> String {
        self.at.with_untracked(|address| {
            let query = changes
                .iter()
                .fold(Query::parse(&address.search), |query, (name, value)| query.with(name, *value));
            format!("{}{query}", address.path)
        })
    }

    /// The whole address, for `Copy link`.
    pub(crate) fn link(self) -> String {
        let origin = window().location().origin().unwrap_or_default();
        self.at.with_untracked(|address| format!("{origin}{}{}", address.path, address.search))
    }

    fn enter(self, href: &str, replace: bool) {
        let (path, search) = match href.find('?') {
            Some(at) => href.split_at(at),
            None => (href, ""),
        };
        let address = Address { path: path.to_owned(), search: search.to_owned() };
        if self.at.with_untracked(|present| *present == address) {
            return;
        }
        let Ok(history) = window().history() else { return };
        let done = if replace {
            history.replace_state_with_url(&self.present(), "", Some(href))
        } else {
            self.leave();
            self.arrive(None);
            history.push_state_with_url(&self.present(), "", Some(href))
        };
        if done.is_ok() {
            self.at.set(address);
        }
    }

    /// Asks `what` for what is to be kept of an entry of the history whenever one is left, as long as the present owner
    /// lives. It is given back by [`Router::take`] when Back or Forward returns to the entry.
    pub(crate) fn keep(self, name: &'static str, what: impl Fn() -> Option<Kept> + 'static) {
        let id = self.entries.try_update_value(|entries| {
            let id = entries.keepers.last().map_or(0, |(id, ..)| id + 1);
            entries.keepers.push((id, name, Rc::new(what)));
            id
        });
        on_cleanup(move || {
            self.entries.try_update_value(|entries| entries.keepers.retain(|(have, ..)| Some(*have) != id));
        });
    }

    /// What was kept of this entry; it is given back once.
    pub(crate) fn take<T: Clone + 'static>(self, name: &str) -> Option<T> {
        self.entries
            .try_update_value(|entries| entries.places.take(entries.present, name))
            .flatten()
            .and_then(|kept| kept.downcast_ref::<T>().cloned())
    }

    /// What was kept of this entry, without taking it.
    pub(crate) fn peek<T: Clone + 'static>(self, name: &str) -> Option<T> {
        self.entries
            .try_with_value(|entries| entries.places.peek(entries.present, name).cloned())
            .flatten()
            .and_then(|kept| kept.downcast_ref::<T>().cloned())
    }

    /// Numbers the first entry, or takes the number that it has from before the page was loaded again.
    fn begin(self) {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "milliseconds of this century"
        )]
        let first = js_sys::Date::now() as u64;
        self.entries.update_value(|entries| entries.last = first);
        let Ok(history) = window().history() else { return };
        self.arrive(history.state().ok().as_ref().and_then(number_of));
        let _ = history.replace_state(&self.present(), "");
    }

    /// Gathers what is to be kept of the entry that is about to be left.
    fn leave(self) {
        let keepers = self.entries.try_with_value(|entries| entries.keepers.clone()).unwrap_or_default();
        let what = keepers.into_iter().filter_map(|(_, name, what)| Some((name, what()?))).collect();
        self.entries.try_update_value(|entries| entries.places.leave(entries.present, what));
    }

    /// Another entry is shown: a known one, or a new one.
    fn arrive(self, number: Option<u64>) {
        self.entries.try_update_value(|entries| {
            entries.present = number.unwrap_or(entries.last + 1);
            entries.last = entries.last.max(entries.present);
        });
    }

    fn present(self) -> JsValue {
        #[allow(clippy::cast_precision_loss, reason = "far below where numbers lose their last digit")]
        let number = self.entries.with_value(|entries| entries.present as f64);
        JsValue::from_f64(number)
    }

    /// Follows a click on a link of the console; leaves every other click to the browser.
    fn follow(self, event: &MouseEvent) {
        let modified = event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key();
        if event.default_prevented() || event.button() != 0 || modified {
            return;
        }
        let anchor = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .and_then(|element| element.closest("a[href]").ok().flatten())
            .and_then(|element| element.dyn_into::<HtmlAnchorElement>().ok());
        let Some(anchor) = anchor else { return };
        if !anchor.target().is_empty() || anchor.has_attribute("download") {
            return;
        }
        let ours = anchor.pathname() == "/" || anchor.pathname().starts_with("/view/");
        let here = window().location().origin().is_ok_and(|origin| origin == anchor.origin());
        if ours && here && anchor.hash().is_empty() {
            event.prevent_default();
            self.go(&format!("{}{}", anchor.pathname(), anchor.search()));
        }
    }
}

/// The number of an entry, as the browser keeps it.
fn number_of(state: &JsValue) -> Option<u64> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "our own number comes back")]
    let number = state.as_f64().map(|number| number as u64);
    number
}
