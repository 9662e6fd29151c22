//! What stands in an address that its page cannot read. It is said, never dropped: a page that shows more than was asked for
//! looks just like one that shows what was asked for.

use stateloft_core::api::Moment;
use stateloft_core::model::{StateType, Timestamp};

use super::address::{Page, Query, decode};
use super::pick::Pick;
use super::plan_address::state_named;
use super::runs::between::Pair;

/// One thing in an address that means nothing there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// As it stands there: `states=position/A`.
    pub said: String,
    /// Why it means nothing, and what would.
    pub why: String,
}

/// How the value of a parameter is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    Text,
    Words(&'static [&'static str]),
    /// Several of them, with commas.
    List(&'static [&'static str]),
    Types,
    Type,
    Seq,
    Time,
    Pick,
    Target,
    State,
    SkippedState,
    Tick,
    Checkpoints,
}

/// A parameter of a page, and whether it may be there several times.
type Parameter = (&'static str, Reads, bool);

const TABS: Reads = Reads::Words(&["changes", "tree", "text", "patch"]);
const COMPARISON: [Parameter; 9] = [
    ("type", Reads::Type, false),
    ("id", Reads::Text, false),
    ("a", Reads::Pick, false),
    ("b", Reads::Pick, false),
    ("tab", TABS, false),
    ("only", Reads::Words(&["added", "changed", "removed"]), false),
    ("volatile", Reads::Words(&["show"]), false),
    ("path", Reads::Text, false),
    ("all", Reads::Words(&["show"]), false),
];
const STATE: [Parameter; 2] = [("from", Reads::Time, false), ("to", Reads::Time, false)];
const BY_HAND: [Parameter; 4] = [
    ("type", Reads::Type, false),
    ("id", Reads::Text, false),
    ("lot", Reads::Text, false),
    ("mode", Reads::Words(&["close", "all", "adjust", "add"]), false),
];
const COMPARE: [Parameter; 1] = [("q", Reads::Text, false)];
const STATES: [Parameter; 7] = [
    ("q", Reads::Text, false),
    ("type", Reads::Types, false),
    ("validity", Reads::Words(&["valid", "invalid", "not_checked"]), false),
    ("deleted", Reads::Words(&["include", "only"]), false),
    ("since", Reads::Time, false),
    ("author", Reads::Text, false),
    ("sort", Reads::Words(&["id"]), false),
];
const ACTIVITY: [Parameter; 9] = [
    ("q", Reads::Text, false),
    ("author", Reads::Text, false),
    ("type", Reads::Types, false),
    ("run", Reads::Text, false),
    ("correlation", Reads::Text, false),
    ("kind", Reads::List(&["create", "update", "delete", "restore"]), false),
    ("invalid", Reads::Words(&["1"]), false),
    ("fold", Reads::Words(&["off"]), false),
    ("sel", Reads::Seq, false),
];
const RUNS: [Parameter; 8] = [
    ("q", Reads::Text, false),
    ("show", Reads::Words(&["live", "crashed", "completed", "stopped", "replaced"]), false),
    ("program", Reads::Text, false),
    ("last", Reads::Words(&["15", "60", "480", "1440", "10080", "43200"]), false),
    ("from", Reads::Time, false),
    ("to", Reads::Time, false),
    ("sel", Reads::Text, false),
    ("gap", Reads::Text, false),
];
const RUN: [Parameter; 3] =
    [("id", Reads::Text, false), ("with", Reads::Text, false), ("compare", Reads::Checkpoints, false)];
const RECONCILE: [Parameter; 5] = [
    ("id", Reads::Text, false),
    (
        "show",
        Reads::Words(&["matched", "quantity", "price", "missing_here", "missing_there", "unknown"]),
        false,
    ),
    ("policy", Reads::Words(&["adopt"]), false),
    ("row", Reads::Text, false),
    ("done", Reads::Seq, false),
];
const SNAPSHOTS: [Parameter; 2] = [("compare", Reads::Text, false), ("new", Reads::Words(&["1"]), false)];
const RESTORE: [Parameter; 9] = [
    ("target", Reads::Target, false),
    ("state", Reads::State, true),
    ("type", Reads::Type, true),
    ("prefix", Reads::Text, false),
    ("exact", Reads::Words(&["1"]), false),
    ("skip", Reads::SkippedState, true),
    ("left", Reads::Tick, true),
    ("unlock", Reads::Tick, true),
    ("show", Reads::Words(&["changed", "recreated", "deleted", "equal", "damaged", "unseen"]), false),
];
const IMPORT: [Parameter; 5] = [
    ("show", Reads::Words(&["new", "changed", "unchanged", "quarantine", "invalid"]), false),
    ("tab", Reads::Words(&["quarantine"]), false),
    ("held", Reads::Text, false),
    ("done", Reads::Text, false),
    ("after", Reads::Seq, false),
];

const OPENED: [Parameter; 4] = [
    ("q", Reads::Text, false),
    ("seq", Reads::Seq, false),
    ("deleted", Reads::Words(&["include"]), false),
    ("sort", Reads::Words(&["id"]), false),
];

fn parameters(page: &Page) -> Vec<Parameter> {
    match page {
        Page::State => [&COMPARISON[..], &STATE].concat(),
        Page::Compare => [&COMPARISON[..], &COMPARE].concat(),
        Page::ByHand => BY_HAND.to_vec(),
        Page::States => STATES.to_vec(),
        Page::Activity => ACTIVITY.to_vec(),
        Page::Runs => RUNS.to_vec(),
        Page::Run => RUN.to_vec(),
        Page::Reconcile => RECONCILE.to_vec(),
        Page::Snapshots => SNAPSHOTS.to_vec(),
        Page::Restore => RESTORE.to_vec(),
        Page::Import => IMPORT.to_vec(),
        Page::Opened => [&COMPARISON[..], &OPENED].concat(),
        Page::Overview
        | Page::Restored(_)
        | Page::Handshake(_)
        | Page::Handshakes
        | Page::Health
        | Page::Unknown => Vec::new(),
    }
}

/// Everything in the address of a page that it cannot read.
#[must_use]
pub fn misread(page: &Page, query: &Query) -> Vec<Misread> {
    if *page == Page::Unknown {
        return Vec::new();
    }
    let known = parameters(page);
    let pairs = query.pairs().enumerate().filter(|(_, (_, value))| !value.is_empty());
    pairs
        .filter_map(|(at, (name, value))| {
            let why = match known.iter().find(|(known, ..)| *known == name) {
                None => unknown(page, name, &known),
                Some((_, _, false)) if query.pairs().take(at).any(|(before, _)| before == name) => {
                    format!("{name} is there more than once, and only the first is used.")
                }
                Some((_, reads, _)) => wrong(*reads, value)?,
            };
            Some(Misread { said: format!("{name}={value}"), why })
        })
        .collect()
}

fn unknown(page: &Page, name: &str, known: &[Parameter]) -> String {
    if name == "at" {
        return match page {
            Page::State | Page::Compare => {
                "A past moment is chosen by b here: b=seq:9, b=snapshot:NAME or b with a time.".to_owned()
            }
            _ => "This page cannot show a past moment: what you see is now.".to_owned(),
        };
    }
    let alike = known.iter().find(|(known, ..)| known.starts_with(name) || name.starts_with(known));
    if let Some((alike, ..)) = alike {
        return format!("{name} means nothing on this page; is {alike} meant?");
    }
    match known.iter().map(|(known, ..)| *known).collect::<Vec<_>>().join(", ") {
        names if names.is_empty() => format!("{name} means nothing on this page, which takes nothing."),
        names => format!("{name} means nothing on this page, which takes {names}."),
    }
}

/// What is wrong with a value, if something is.
fn wrong(reads: Reads, value: &str) -> Option<String> {
    let words = |words: &[&str]| format!("It must be {}.", words.join(" or "));
    match reads {
        _ if value.contains(char::REPLACEMENT_CHARACTER) => {
            Some("It is not UTF-8, percent-encoded.".to_owned())
        }
        Reads::Text => None,
        Reads::Words(all) => (!all.contains(&value)).then(|| words(all)),
        Reads::List(all) => value.split(',').any(|part| !all.contains(&part.trim())).then(|| words(all)),
        Reads::Types => value.split(',').find_map(|part| wrong(Reads::Type, part.trim())),
        Reads::Type => StateType::new(value).err().map(|error| format!("{error}.")),
        Reads::Seq => value.parse::<u64>().is_err().then(|| "It must be the seq of a version.".to_owned()),
        Reads::Time => Timestamp::parse(value).is_err().then(|| {
            lost_plus(value)
                .unwrap_or_else(|| "It must be a time with its zone: 2026-03-01T10:00:00Z.".to_owned())
        }),
        Reads::Pick => Pick::parse(value).is_none().then(|| {
            lost_plus(value).unwrap_or_else(|| {
                "It must be head, the number of a version, seq:N, snapshot:NAME or a time with its zone."
                    .to_owned()
            })
        }),
        Reads::Target => match value.parse::<Moment>() {
            Ok(Moment::Now) => Some("There is nothing to go back to in what is now.".to_owned()),
            Ok(_) => None,
            Err(_) => Some(
                lost_plus(value)
                    .unwrap_or_else(|| "It must be seq:N, snapshot:NAME or a time with its zone.".to_owned()),
            ),
        },
        Reads::State => state_named(value).is_none().then(|| "It must be a type, / and an id.".to_owned()),
        Reads::Checkpoints => {
            Pair::parse(value).is_none().then(|| "It must be the numbers of two checkpoints: 3,7.".to_owned())
        }
        Reads::SkippedState => wrong(Reads::State, &decode(value)),
        Reads::Tick => {
            let (state, path) = value.split_once(' ').unwrap_or((value, ""));
            (state_named(&decode(state)).is_none() || !path.starts_with('/')).then(|| {
                "It must be a state (type, / and id, percent-encoded once more), a space, and the pointer of a path."
                    .to_owned()
            })
        }
    }
}

/// A time whose `+` was read as the space that it stands for in an address.
fn lost_plus(value: &str) -> Option<String> {
    let mended = value.replacen(' ', "+", 1);
    let lost = value.contains(' ') && Timestamp::parse(&mended).is_ok();
    lost.then(|| "A + in an address means a space: write %2B in its place.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whys(page: &Page, query: &str) -> Vec<String> {
        misread(page, &Query::parse(query)).into_iter().map(|misread| misread.why).collect()
    }

    #[test]
    fn what_the_console_writes_is_read() {
        for (page, query) in [
            (Page::Overview, ""),
            (
                Page::States,
                "?q=a%20b&type=position,order&validity=invalid&deleted=only&since=2026-03-01T10:00:00Z&sort=id",
            ),
            (
                Page::State,
                "?type=position&id=A/B%20c&a=3&b=snapshot:eod&tab=tree&only=added&volatile=show&path=/a&all=show",
            ),
            (Page::State, "?type=position&id=x&from=2026-03-01T10:00:00Z&to=2026-03-02T10:00:00%2B02:00"),
            (Page::Compare, "?q=btc"),
            (Page::Activity, "?q=path:/a&author=ops,bot&kind=delete,restore&invalid=1&fold=off&sel=12"),
            (Page::Snapshots, "?compare=night%2F&new=1"),
            (
                Page::Runs,
                "?q=btc&show=crashed&program=grid&last=60&from=2026-03-01T10:00:00Z&to=2026-03-01T11:00:00Z&sel=a.b.1&gap=a.b.2",
            ),
            (Page::Run, "?id=a.b.2&with=a.b.1&compare=3,7"),
            (Page::Reconcile, "?id=a.b.2&show=missing_here&policy=adopt&row=5c0d&done=12"),
            (
                Page::Restore,
                "?target=seq:9&state=position/A&state=position/B&type=order&type=strategy&prefix=x&exact=1\
                 &skip=position%252FA&left=position%252FA%20/a%20b&unlock=position%252FA%20/t&show=equal",
            ),
            (Page::Unknown, "?anything=1"),
        ] {
            assert_eq!(whys(&page, query), Vec::<String>::new(), "{query}");
        }
    }

    #[test]
    fn a_name_that_means_nothing_is_said_with_what_is_meant() {
        for (page, query, says) in [
            (Page::Restore, "?states=position/A", "is state meant?"),
            (Page::States, "?types=position", "is type meant?"),
            (Page::Activity, "?user=bot", "which takes q, author,"),
            (Page::Health, "?q=x", "takes nothing"),
            (Page::Overview, "?at=2026-03-01T10:00:00Z", "what you see is now"),
            (Page::State, "?type=position&id=x&at=seq:9", "b=seq:9"),
            (Page::States, "?sort=id&sort=id", "more than once"),
        ] {
            let whys = whys(&page, query);
            assert!(whys.len() == 1 && whys[0].contains(says), "{query}: {whys:?}");
        }
    }

    #[test]
    fn a_value_that_cannot_be_read_is_said_with_what_can() {
        for (page, query, says) in [
            (Page::Restore, "?target=2026-03-01T10:00:00+02:00", "%2B"),
            (Page::Restore, "?target=yesterday", "seq:N"),
            (Page::Restore, "?target=now", "nothing to go back to"),
            (Page::Restore, "?state=nothing", "a type, / and an id"),
            (Page::Restore, "?left=position/A", "the pointer of a path"),
            (Page::Restore, "?left=position%252FA%20stop_loss", "the pointer of a path"),
            (Page::Restore, "?skip=x", "a type, / and an id"),
            (Page::State, "?type=position&id=x&b=2026-03-01T10:00:00+02:00", "%2B"),
            (Page::State, "?type=position&id=x&from=10:00", "with its zone"),
            (Page::State, "?type=position&id=x&tab=diff", "changes or tree"),
            (Page::States, "?type=position,Order", "a-z"),
            (Page::States, "?since=2026-03-01T10:00:00", "with its zone"),
            (Page::Activity, "?kind=create,made", "create or update"),
            (Page::Activity, "?sel=last", "the seq"),
            (Page::Run, "?id=a.b.2&compare=3", "two checkpoints"),
            (Page::States, "?q=%ff", "not UTF-8"),
        ] {
            let whys = whys(&page, query);
            assert!(whys.len() == 1 && whys[0].contains(says), "{query}: {whys:?}");
        }
    }
}
