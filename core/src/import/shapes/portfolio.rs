//! The portfolio: everything at the top of a file that is no position and no pair state.

use std::collections::HashSet;

use super::super::draft::{Draft, Placed};
use super::super::flags::{FlagCode, Flags};
use super::super::said::Said;
use super::kind_of;
use crate::json::{Document, Kind, Limits, Node, Pointer};

/// Takes the members of `root` that `others` do not name as the portfolio; nothing if there are none.
pub(super) fn take(draft: &mut Draft<'_>, root: Node<'_>, at: &Pointer, said: &Said, others: &[&str]) {
    let rest = root.members().filter(|member| !others.iter().any(|other| member.key.is(other)));
    let rest: Vec<_> = rest.collect();
    if rest.is_empty() {
        return;
    }
    let mut source = draft.source(at);
    source.members = rest.iter().map(|member| member.key.decoded().into_owned()).collect();
    let texts: Vec<String> = rest.iter().map(|m| format!("{}:{}", m.key.text(), m.value.text())).collect();
    let text = format!("{{{}}}", texts.join(","));
    let limits = Limits { max_bytes: text.len(), ..Limits::default() };
    // The members are those of a document, so they make one.
    let Ok(data) = Document::parse(&text, &limits) else { return };
    let flags = flags(data.root(), root);
    let state = Placed {
        state_type: "portfolio",
        state_id: "portfolio_main".to_owned(),
        description: "Migrated portfolio data".to_owned(),
        said,
        flags,
    };
    draft.state_of(state, source, data, root);
}

fn flags(portfolio: Node<'_>, file: Node<'_>) -> Flags {
    let mut flags = Flags::default();
    let peaks = Pointer::root().join("pair_peak_values");
    if let Some(positions) = file.get("active_positions").filter(|node| kind_of(*node) == Kind::Object) {
        let positions: HashSet<_> = positions.members().map(|member| member.key.decoded()).collect();
        for peak in portfolio.get("pair_peak_values").into_iter().flat_map(Node::members) {
            let pair = peak.key.decoded();
            if !positions.contains(&pair) {
                let message = format!("{pair} holds no position in the same file");
                flags.add(FlagCode::PeakWithoutPosition, &peaks.join(&pair), message);
            }
        }
    }
    let inner = portfolio.get("metadata").and_then(|metadata| metadata.get("portfolio_summary"));
    if inner.is_some_and(|summary| summary.get("metadata").is_some()) {
        let message =
            "an earlier portfolio lies inside this one: a program that saved it back grew it with each save";
        flags.member(FlagCode::NestedPortfolio, "metadata", message);
    }
    flags
}
