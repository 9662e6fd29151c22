//! What the run said of itself.

use leptos::prelude::*;
use stateloft_core::api::{RunView, Session};
use stateloft_core::json::Document;

use crate::live::Remote;
use crate::model::{address, age, position};
use crate::pages::runs::found;
use crate::parts::theirs;

/// Symbols that are named; the rest is counted.
const SYMBOLS: usize = 6;

/// The panel.
#[component]
pub(super) fn Facts(run: Remote<RunView>) -> impl IntoView {
    let known = super::of(run, |view| (view.run.clone(), super::session(view), view.version.version.0));
    view! {
        <section class="panel run-facts" aria-labelledby="facts">
            <div class="head">
                <h2 id="facts">"Facts"</h2>
                {move || known.get().map(|(_, session, version)| view! {
                    <span class="end"><a href=session>{format!("session v{version}")}</a></span>
                })}
            </div>
            <div class="body">{move || known.get().map(|(run, ..)| facts(&run))}</div>
        </section>
    }
}

fn text(document: Option<&Document>) -> Option<String> {
    document.map(|document| document.text().to_owned())
}

fn facts(run: &Session) -> AnyView {
    let more = run.symbols.len().saturating_sub(SYMBOLS);
    let named = run.symbols.iter().take(SYMBOLS).cloned().collect::<Vec<_>>().join(" ");
    let symbols = if more > 0 { format!("{named}, {more} more") } else { named };
    let seconds = |document: Option<&Document>| text(document).map(|text| format!("{text} s"));
    let host = match (&run.host, run.pid) {
        (Some(host), Some(pid)) => Some(format!("{host}, {pid}")),
        (Some(host), None) => Some(host.clone()),
        (None, pid) => pid.map(|pid| format!("process {pid}")),
    };
    let rows = [
        ("program", Some(run.program.to_string())),
        ("instance", Some(run.instance.to_string())),
        ("code", run.code.clone()),
        ("config", run.config_hash.map(|hash| hash.to_string().chars().take(12).collect())),
        ("host, pid", host),
        ("symbols", (!symbols.is_empty()).then_some(symbols)),
        ("strategy", run.strategy.clone()),
        ("looks every", seconds(run.interval_seconds.as_ref())),
        ("planned for", seconds(run.planned_seconds.as_ref())),
        ("lease", Some(format!("{} s", run.lease_seconds))),
        ("began", Some(format!("{}, {}", age::to_second(run.started_at), found(run.outcome)))),
        ("started with", text(run.capital.as_ref())),
        ("ended with", text(run.final_value.as_ref())),
    ];
    let rows = rows
        .into_iter()
        .filter_map(|(name, words)| Some(view! { <dt>{name}</dt><dd class="mono">{theirs(&words?)}</dd> }));
    let pnl = text(run.pnl.as_ref()).map(|pnl| {
        let class = match position::sign(&pnl) {
            std::cmp::Ordering::Less => "mono c-del",
            std::cmp::Ordering::Equal => "mono",
            std::cmp::Ordering::Greater => "mono c-add",
        };
        let plus = if class == "mono c-add" { "+" } else { "" };
        view! { <dt>"P&L"</dt><dd class=class>{format!("{plus}{pnl}")}</dd> }
    });
    let before = run.previous.clone().map(
        |id| view! { <dt>"run before"</dt><dd><a class="mono" href=address::run(&id)>{theirs(&id)}</a></dd> },
    );
    view! { <dl class="facts">{rows.collect_view()}{pnl}{before}</dl> }.into_any()
}
