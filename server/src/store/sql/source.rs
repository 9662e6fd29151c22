//! Where the rows of a list of states come from.

use stateloft_core::api::Sort;
use stateloft_core::model::Seq;

use super::rows::{self, sql};
use super::{Dialect, Statement};
use crate::store::ListQuery;

/// Up to so many versions back it is cheaper to sort what has changed than to walk over all states in order.
pub(super) const FEW: u64 = 20_000;

/// Which states are walked over, and so in what order they come cheaply.
///
/// Moving a state's place in an index with every save would cost more than the save. So a state keeps its place in the
/// lists by change (`states.listed_seq`) until the writer brings up to date what has not moved for a while: a state
/// without versions after the seq `meta.seq` is where it belongs. What moved later is found at the end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// All, by key.
    All,
    /// Those that moved after this seq, by change.
    Recent(Seq),
    /// Those that did not, by change.
    Listed(Seq),
}

/// Which version of a state is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// The head.
    Now,
    /// The head, where it was the head already at this seq.
    Still(Seq),
    /// Of states that have moved since this seq, the last version then.
    Moved(Seq),
}

/// Where a row of the list comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) walk: Walk,
    pub(super) when: When,
}

impl Source {
    /// The sources of a list. No two have a state in common.
    pub(super) fn of(query: &ListQuery, tip: Seq, listed: Seq) -> Vec<Self> {
        let by_change = |since: Option<Seq>| {
            query.sort == Sort::Changed || since.is_some_and(|since| tip.0.saturating_sub(since.0) <= FEW)
        };
        let walks = |when: When, since: Option<Seq>| {
            let walks = if by_change(since) {
                vec![Walk::Recent(listed), Walk::Listed(listed)]
            } else {
                vec![Walk::All]
            };
            walks.into_iter().map(move |walk| Self { walk, when })
        };
        match query.at.filter(|at| *at < tip) {
            None => walks(When::Now, query.changed_since).collect(),
            Some(at) => {
                let still = walks(When::Still(at), query.changed_since);
                still.chain(walks(When::Moved(at), Some(at))).collect()
            }
        }
    }

    /// The seq of the head, as it is ordered.
    pub(super) fn head(self) -> &'static str {
        match self.walk {
            Walk::All => rows::head!(),
            Walk::Recent(_) => "h.seq",
            Walk::Listed(_) => "s.listed_seq",
        }
    }

    /// The seq of the version that is shown.
    pub(super) fn seq(self) -> &'static str {
        match self.when {
            When::Now | When::Still(_) => self.head(),
            When::Moved(_) => "v.seq",
        }
    }

    /// The same, where versions are joined.
    pub(super) fn column(self) -> &'static str {
        match self.walk {
            Walk::All => "v.seq",
            // Not the equal `v.seq`, so that an index gives the order.
            Walk::Recent(_) | Walk::Listed(_) => self.seq(),
        }
    }

    /// Whether the version that is shown is the head.
    pub(super) fn is_head(self) -> bool {
        !matches!(self.when, When::Moved(_))
    }

    pub(super) fn author(self) -> &'static str {
        if self.is_head() { "s.author" } else { "v.author" }
    }
}

/// The tables of a source.
pub(super) fn from(builder: &mut Statement, dialect: &Dialect, source: Source, with_versions: bool) {
    let join = dialect.join;
    if matches!(source.walk, Walk::Recent(_)) {
        builder.push(format_args!(
            " FROM versions AS h {join} states AS s ON s.state_pk = h.state_pk AND h.seq = {}",
            rows::head!("h")
        ));
    } else {
        builder.push(" FROM states AS s");
    }
    match source.when {
        When::Now | When::Still(_) if with_versions => {
            builder.push(format_args!(" {join} versions AS v ON v.seq = {}", source.head()));
        }
        When::Now | When::Still(_) => {}
        When::Moved(at) => {
            builder.push(format_args!(
                " {join} versions AS v ON v.seq = (SELECT max(w.seq) FROM versions AS w \
                 WHERE w.state_pk = s.state_pk AND w.seq <= "
            ));
            builder.push_bind(sql(at.0)).push(")");
        }
    }
}
