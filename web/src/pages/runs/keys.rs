//! The page's keys.

use leptos::prelude::*;

use super::Ctx;
use crate::model::address;
use crate::model::runs::walk::{Spot, along, pair, to_lane};
use crate::shell::{Router, keys, router};

/// Takes the keys while the page is shown.
pub(super) fn take(ctx: Ctx) {
    let router = router();
    keys().on_key(move |key| {
        let spot = ctx.spot.get_untracked();
        let go = |found: Option<Spot>| {
            if let Some(found) = found {
                choose(router, Some(&found));
            }
        };
        match key {
            "j" | "ArrowDown" => go(ctx.lanes.with_untracked(|lanes| to_lane(lanes, spot.as_ref(), 1))),
            "k" | "ArrowUp" => go(ctx.lanes.with_untracked(|lanes| to_lane(lanes, spot.as_ref(), -1))),
            "ArrowRight" => go(ctx.lanes.with_untracked(|lanes| along(lanes, spot.as_ref(), 1))),
            "ArrowLeft" => go(ctx.lanes.with_untracked(|lanes| along(lanes, spot.as_ref(), -1))),
            "Enter" => match (&spot, pair_at(ctx)) {
                (Some(Spot::Bar(id)), _) => router.go(&address::run(id)),
                (Some(Spot::Gap(_)), Some((_, found))) => router.go(&address::run(&found)),
                _ => return false,
            },
            "c" => match pair_at(ctx) {
                Some((a, b)) => router.go(&address::runs_compared(&a, &b)),
                None => return false,
            },
            "Escape" if spot.is_some() => choose(router, None),
            _ => return false,
        }
        true
    });
}

/// The runs that are compared at what is chosen.
pub(super) fn pair_at(ctx: Ctx) -> Option<(String, String)> {
    let spot = ctx.spot.get_untracked()?;
    ctx.lanes.with_untracked(|lanes| pair(lanes, &spot))
}

/// Chooses something on the lanes, or nothing. Walking makes no entries of the history.
pub(super) fn choose(router: Router, spot: Option<&Spot>) {
    let (sel, gap) = match spot {
        Some(Spot::Bar(id)) => (Some(id.as_str()), None),
        Some(Spot::Gap(id)) => (None, Some(id.as_str())),
        None => (None, None),
    };
    router.adjust(&[("sel", sel), ("gap", gap)]);
}
