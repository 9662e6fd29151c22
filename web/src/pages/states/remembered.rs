//! While the store is away, the list is of what the server remembers.

use std::time::Duration;

use leptos::prelude::*;
use stateloft_core::model::Timestamp;

use super::Ctx;
use crate::live::live;
use crate::model::age;
use crate::parts::{Notice, NoticeKind};
use crate::shell::clock;

/// How often what is only remembered is read again at the top of the list, should the return of the store go unheard.
const AGAIN: Duration = Duration::from_secs(10);

/// Says that the rows are not all there are.
#[component]
pub(super) fn Remembered(ctx: Ctx) -> impl IntoView {
    ctx.leave_what_is_remembered();
    let clock = clock();
    let since = move || {
        let since = ctx.stale_since()?;
        Some(format!("As they were last seen, the oldest {}", age::ago(since, clock.now.get())))
    };
    view! {
        <Show when=move || since().is_some()>
            <Notice kind=NoticeKind::Warn head="The store is away: these are the states that the server remembers.">
                {move || since().unwrap_or_default()}". There may be others, and these may have changed."
            </Notice>
        </Show>
    }
}

impl Ctx {
    /// Since when the rows may have changed, where they are what the server remembers.
    pub(super) fn stale_since(self) -> Option<Timestamp> {
        self.list.value.with(|list| list.as_ref().and_then(|list| list.stale_since))
    }

    fn is_remembered(self) -> bool {
        self.list
            .value
            .try_with_untracked(|list| list.as_ref().is_some_and(|list| list.stale_since.is_some()))
            .unwrap_or(false)
    }

    /// Reads the list again as soon as the store is heard again, and now and then.
    fn leave_what_is_remembered(self) {
        let back = live().back;
        Effect::new(move |_| {
            back.track();
            if self.is_remembered() {
                self.list.reload();
            }
        });
        let due = StoredValue::new(false);
        Effect::new(move |_| {
            self.list.value.track();
            if !self.is_remembered() || due.get_value() {
                return;
            }
            due.set_value(true);
            set_timeout(
                move || {
                    due.try_set_value(false);
                    let at_the_top = self.scrolled.try_get_untracked().is_some_and(|at| at <= 0.0);
                    if at_the_top && self.is_remembered() {
                        self.list.refresh();
                    }
                },
                AGAIN,
            );
        });
    }
}
