//! Which version of which state: id, type, verdict, who, when, why, hash.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::api::VersionView;
use stateloft_core::model::{Operation, StateKey};

use super::View;
use super::broken::{BrokenNote, known_of};
use super::menu::MoreMenu;
use crate::model::address::{self, Query};
use crate::model::{age, number};
use crate::pages::compare::Side;
use crate::pages::origin::origin_parts;
use crate::parts::{Chip, CopyButton, Icon, Kbd, Pic, Tone, Verdict, age_of, theirs};

/// The page's head.
#[component]
pub(super) fn Header(view: View) -> impl IntoView {
    let key = view.key.get_value();
    let types = address::states_of(key.state_type.as_str());
    let id = key.state_id.to_string();
    let by_hand = (key.state_type.as_str() == "position").then(|| address::by_hand(&key, None));
    let side = view.b.side;
    view! {
        <div class="state-head">
            <div class="crumbs"><a href="/view/states">"States"</a>" / "<a href=types>{key.state_type.to_string()}</a></div>
            <div class="page-head">
                <h1 class="state-id">{theirs(&id)}</h1>
                <Chip>{key.state_type.to_string()}</Chip>
                {move || side.get().map(|side| view! { <Chips view side/> })}
                <div class="acts">
                    <a class="btn" href=move || compare_href(view)>
                        <Pic icon=Icon::Compare/>"Compare"<Kbd name="c"/>
                    </a>
                    <a class="btn" href=move || plan_href(view) data-tip=move || plan_tip(view)>
                        <Pic icon=Icon::Restore/>"Plan a restore"<Kbd name="r"/>
                    </a>
                    {by_hand.map(|href| view! {
                        <a class="btn by-hand-link" href=href>"By hand"<Kbd name="h"/></a>
                    })}
                    <MoreMenu view/>
                </div>
            </div>
            {move || side.get().map(|side| view! { <About version=(*side).clone()/> })}
            <BrokenNote key=Signal::derive(move || view.key.try_get_value()) side=side since=view.broken/>
        </div>
    }
}

#[component]
fn Chips(view: View, side: Side) -> impl IntoView {
    let number = side.version.0;
    let head = move || view.newest.get() == Some(number);
    let total = move || view.newest.get().unwrap_or(number);
    let words = move || if head() { format!("v{number}, head") } else { format!("v{number} of {}", total()) };
    let tone = if side.operation == Operation::Delete { Tone::Del } else { Tone::Accent };
    view! {
        <Chip tone>{words}</Chip>
        {(side.operation == Operation::Delete).then(|| view! { <Chip tone=Tone::Del>"− deleted"</Chip> })}
        {(side.operation == Operation::Restore).then(|| view! {
            <Chip tone=Tone::Accent icon=Icon::Restore>"restore"</Chip>
        })}
        <Verdict verdict=side.verdict.clone() chip=true/>
    }
}

/// Who, when, why, and what proves it.
#[component]
fn About(version: VersionView) -> impl IntoView {
    let author = version.user_id.as_deref().unwrap_or("no author given").to_owned();
    let hash = version.content_hash.map(|hash| hash.to_string());
    let size = number::count(version.size as u64);
    view! {
        <div class="about-line">
            <span class="row"><Pic icon=Icon::Author size=14/>{theirs(&author)}</span>
            <span>{age::full(version.effective_at())}", "{age_of(&version)}</span>
            {age::imported(&version).map(|words| view! { <span class="ink3">{words}</span> })}
            {version.description.as_deref().filter(|text| !text.is_empty()).map(|why| view! {
                <span class="cut why" data-tip=why.to_owned()>"“"{theirs(why)}"”"</span>
            })}
            <span class="mono ink3">{format!("seq {}", number::count(version.seq.0))}</span>
            {hash.map(|hash| {
                let short = format!("sha256 {}…{}", &hash[..8], &hash[hash.len() - 8..]);
                view! { <span class="mono ink3 row">{short}<CopyButton text=hash what="the hash"/></span> }
            })}
            <span class="mono ink3">{format!("{size} bytes")}</span>
            {origin_parts(&version)}
        </div>
    }
}

/// The comparison on its own page.
pub(super) fn compare_href(view: View) -> String {
    let key = view.key.get_value();
    let number = |side: Option<Side>| side.map(|side| side.version.0);
    if let (Some(a), Some(b)) = (number(view.a.side.get()), number(view.b.side.get())) {
        return address::compare(&key, a, b);
    }
    let query = Query::default().with("type", Some(key.state_type.as_str()));
    format!("/view/compare{}", query.with("id", Some(key.state_id.as_str())))
}

/// Which version a plan from here goes back to: the one looked at, or from the head the one it is compared with; where that
/// breaks rules, the last one before it that keeps them.
fn plan_target(view: View) -> Option<Side> {
    let b = view.b.side.get()?;
    let target = if view.newest.get() == Some(b.version.0) { view.a.side.get()? } else { Arc::clone(&b) };
    if !target.verdict.is_invalid() {
        return Some(target);
    }
    known_of(view.broken, &b)?.before.map(Arc::new)
}

/// A plan to bring this state back.
pub(super) fn plan_href(view: View) -> String {
    plan_of(&view.key.get_value(), plan_target(view).as_ref())
}

/// A plan to bring one state back to a version.
pub(crate) fn plan_of(key: &StateKey, to: Option<&Side>) -> String {
    let query = match to {
        Some(to) => Query::default().with("target", Some(&format!("seq:{}", to.seq))),
        None => Query::default(),
    };
    format!("/view/restore{}", query.and("state", &format!("{}/{}", key.state_type, key.state_id)))
}

fn plan_tip(view: View) -> String {
    match plan_target(view) {
        Some(to) => format!("back to v{}; nothing is written until you say so", to.version),
        None => "nothing is written until you say so".to_owned(),
    }
}
