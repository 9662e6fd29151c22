//! A version that breaks rules: since when, by whom, and a plan back to before that.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::api::History;
use stateloft_core::model::StateKey;

use super::header::plan_of;
use crate::api::{self, ApiError};
use crate::live::{Remote, remote};
use crate::model::address::{self, Query};
use crate::model::broken::Broken;
use crate::pages::compare::Side;
use crate::parts::{FaultNote, Notice, NoticeKind};

/// Versions on one page.
const PAGE: &str = "1000";

/// Since when one version breaks rules.
#[derive(Clone)]
pub(crate) struct Since {
    /// Of which version.
    of: String,
    broken: Broken,
}

/// Reads backwards from the version that `of` gives, if that breaks rules, until it is known since when.
pub(crate) fn broken_since(of: impl Fn() -> Option<(StateKey, Side)> + 'static) -> Remote<Since> {
    let wanted = move || of().filter(|(_, side)| side.verdict.is_invalid());
    remote(wanted, |(key, side): (StateKey, Side)| async move { read(&key, &side).await })
}

/// The version itself where it keeps the rules; else the last one before that does, once that is known.
pub(crate) fn right_one(since: Remote<Since>, side: Side) -> Option<Side> {
    if !side.verdict.is_invalid() {
        return Some(side);
    }
    known_of(since, &side)?.before.map(Arc::new)
}

/// What was read of just this version.
pub(super) fn known_of(since: Remote<Since>, side: &Side) -> Option<Broken> {
    since.value.with(|since| since.as_ref().filter(|s| s.of == side.version_id).map(|s| s.broken.clone()))
}

async fn read(key: &StateKey, side: &Side) -> Result<Since, ApiError> {
    let of = side.version_id.clone();
    let alone = Broken { first: (**side).clone(), count: 1, before: None };
    let mut broken = Broken::beginning_at(side).unwrap_or(alone);
    let mut cursor = None;
    loop {
        let query = Query::default()
            .with("data", Some("false"))
            .with("limit", Some(PAGE))
            .with("end_time", Some(&side.effective_at().to_string()))
            .with("cursor", cursor.as_deref());
        let page: History = api::get_of(key, "/history", &query).await?;
        let older = page.versions.iter().map(|row| &row.version).filter(|older| older.version < side.version);
        let found = older.into_iter().any(|older| broken.add(older));
        cursor = page.next_cursor;
        if found || cursor.is_none() {
            return Ok(Since { of, broken });
        }
    }
}

/// Says it, with the way back.
#[component]
pub(crate) fn BrokenNote(
    /// Of which state.
    #[prop(into)]
    key: Signal<Option<StateKey>>,
    /// The version that is looked at.
    #[prop(into)]
    side: Signal<Option<Side>>,
    /// What is known of it.
    since: Remote<Since>,
) -> impl IntoView {
    let known = move || {
        let side = side.get().filter(|side| side.verdict.is_invalid())?;
        Some((key.get()?, known_of(since, &side)?, side))
    };
    let bad = move || side.with(|side| side.as_ref().is_some_and(|side| side.verdict.is_invalid()));
    view! {
        {move || known().map(|(key, broken, side)| {
            let first = (broken.first.version != side.version).then(|| {
                let href = address::version(&key, broken.first.version.0);
                view! { <a href=href>{format!("See v{}", broken.first.version)}</a>" · " }
            });
            let back = match &broken.before {
                Some(before) => {
                    let href = plan_of(&key, Some(&Arc::new(before.clone())));
                    view! { <a href=href>{format!("Plan a restore to v{}, before this", before.version)}</a> }.into_any()
                }
                None => "No version before it keeps the rules.".into_any(),
            };
            view! { <Notice kind=NoticeKind::Warn head=broken.sentence()>{first}{back}</Notice> }
        })}
        <Show when=bad><FaultNote remote=since/></Show>
    }
}
