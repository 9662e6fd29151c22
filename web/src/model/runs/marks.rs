//! Marks on the lanes: ticks for checkpoints, a ring where a restore wrote what a run of the instance had written, live or not, or
//! asked one because it held that. And flags on the axis for snapshots, which are of the whole store.

use std::collections::BTreeMap;

use stateloft_core::api::{HandshakeStatus, HandshakeView, RunRestore, SnapshotView, VersionView};
use stateloft_core::model::{RunId, SnapshotKind, Timestamp};

use super::window::Window;
use crate::model::{address, age, number};

/// Parts of a lane of which each has one tick at most: the eye tells no more apart.
const PARTS: f64 = 400.0;

/// A checkpoint that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// By this run.
    pub run_id: String,
    /// Its number in the run.
    pub number: u64,
    /// When.
    pub at: Timestamp,
}

impl Taken {
    /// The checkpoint that a version is, if it is one: what else is kept of checkpoints has other ids.
    #[must_use]
    pub fn of(version: &VersionView) -> Option<Self> {
        let id = version.state_id.as_str();
        (version.state_type.as_str() == "checkpoint" && id.parse::<RunId>().is_ok()).then(|| Self {
            run_id: id.to_owned(),
            number: version.version.0,
            at: version.timestamp,
        })
    }
}

/// A mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Where: 0 is the start of what is shown, 1 its end.
    pub at: f64,
    /// What it stands for.
    pub tip: String,
    /// Where that is shown.
    pub href: String,
}

/// Marks of the instances' lanes, by the lanes' names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Marks {
    /// Checkpoints, those that are close together as one.
    pub ticks: BTreeMap<String, Vec<Mark>>,
    /// Restores.
    pub rings: BTreeMap<String, Vec<Mark>>,
    /// Snapshots.
    pub flags: Vec<Mark>,
}

/// The name of the lane of a run.
fn lane(run_id: &str) -> Option<String> {
    let id: RunId = run_id.parse().ok()?;
    Some(match id.instance().as_str() {
        "main" => id.program().to_string(),
        other => format!("{}.{other}", id.program()),
    })
}

fn is_in(window: Window, time: Timestamp) -> bool {
    window.from <= time && time <= window.to
}

/// The marks within a stretch of time.
#[must_use]
pub fn marks(
    window: Window,
    taken: &[Taken],
    restores: &[RunRestore],
    handshakes: &[HandshakeView],
    snapshots: &[SnapshotView],
) -> Marks {
    let mut marks = Marks { flags: flags(window, snapshots), ..Marks::default() };
    for (lane, all) in by_place(window, taken) {
        marks.ticks.insert(lane, all.into_values().filter_map(|all| tick(window, &all)).collect());
    }
    for (lane, restores) in rings(window, restores, handshakes) {
        marks.rings.insert(lane, restores.into_values().collect());
    }
    marks
}

/// The rings of each lane, by the restores' ids: one each, however many runs of the instance it touched. A handshake has its
/// restore's id, and says more.
fn rings(
    window: Window,
    restores: &[RunRestore],
    handshakes: &[HandshakeView],
) -> BTreeMap<String, BTreeMap<String, Mark>> {
    let mut rings: BTreeMap<String, BTreeMap<String, Mark>> = BTreeMap::new();
    let mut ring = |run_id: &str, restore: &str, at: Timestamp, states: String, href: String| {
        let Some(lane) = lane(run_id) else { return };
        let tip = format!("Restore, {}\n{states}", age::to_second(at));
        rings.entry(lane).or_default().insert(restore.to_owned(), Mark { at: window.place(at), tip, href });
    };
    for restore in restores.iter().filter(|restore| is_in(window, restore.timestamp)) {
        for run in &restore.runs {
            let states = number::counted(run.states, "state", "states");
            let states = format!("{states} that {} had written", run.run_id);
            ring(
                &run.run_id,
                &restore.restore_id,
                restore.timestamp,
                states,
                address::restored(&restore.restore_id),
            );
        }
    }
    for view in handshakes.iter().filter(|view| view.handshake.status == HandshakeStatus::Written) {
        let handshake = &view.handshake;
        let Some(at) = handshake.ended_at.filter(|at| is_in(window, *at)) else { continue };
        for run in &handshake.runs {
            let states = number::counted(run.states.len() as u64 + run.more, "state", "states");
            let states = format!("{states} that {} held", run.run_id);
            ring(&run.run_id, &handshake.handshake, at, states, address::handshake(&handshake.handshake));
        }
    }
    rings
}

type Places<'a> = BTreeMap<u32, Vec<&'a Taken>>;

fn by_place(window: Window, taken: &[Taken]) -> BTreeMap<String, Places<'_>> {
    let mut lanes: BTreeMap<String, Places<'_>> = BTreeMap::new();
    for one in taken.iter().filter(|one| is_in(window, one.at)) {
        let Some(lane) = lane(&one.run_id) else { continue };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place on the screen")]
        let place = (window.place(one.at) * PARTS) as u32;
        lanes.entry(lane).or_default().entry(place).or_default().push(one);
    }
    lanes
}

/// One tick for checkpoints that are close together.
fn tick(window: Window, all: &[&Taken]) -> Option<Mark> {
    let last = all.iter().max_by_key(|one| one.at)?;
    let one = format!("Checkpoint {} of {}\n{}", last.number, last.run_id, age::to_second(last.at));
    let tip = match all.len() {
        1 => one,
        more => format!("{more} checkpoints, the last:\n{one}"),
    };
    Some(Mark { at: window.place(last.at), tip, href: address::run(&last.run_id) })
}

fn flags(window: Window, snapshots: &[SnapshotView]) -> Vec<Mark> {
    // What the server takes before a restore says no more than the restore.
    let shown =
        |snapshot: &&SnapshotView| snapshot.kind == SnapshotKind::Manual && is_in(window, snapshot.timestamp);
    let flag = |snapshot: &SnapshotView| {
        let name = snapshot.snapshot_id.as_str();
        Mark {
            at: window.place(snapshot.timestamp),
            tip: format!(
                "Snapshot {}\n{}",
                crate::model::hidden::told(name),
                age::to_second(snapshot.timestamp)
            ),
            href: format!("/view/snapshots{}", address::Query::default().with("compare", Some(name))),
        }
    };
    snapshots.iter().filter(shown).map(flag).collect()
}

#[cfg(test)]
mod tests {
    use stateloft_core::api::TouchedRun;
    use stateloft_core::model::Seq;

    use super::super::sample::at;
    use super::*;
    use crate::model::sample::Sample;

    fn hour() -> Window {
        Window { from: at("09:00:00"), to: at("10:00:00") }
    }

    fn taken(run: &str, number: u64, time: &str) -> Taken {
        Taken { run_id: run.into(), number, at: at(time) }
    }

    fn handshake(id: &str, status: &str, ended: &str) -> HandshakeView {
        let text = format!(
            r#"{{"handshake":"{id}","plan":"p","target":"seq:1","writes":1,"reason":"r","status":"{status}","asked_at":"2026-11-21T09:29:59Z",
            "wait_seconds":10,"until":"2026-11-21T09:30:09Z","ended_at":"2026-11-21T{ended}Z","waits_for":[],
            "runs":[{{"run_id":"grid.main.1","asked_at":"2026-11-21T09:29:59Z","states":[{{"state_type":"position","state_id":"a"}}]}}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn checkpoints_are_ticks_on_the_lane_of_their_instance_and_close_ones_are_one() {
        let all = [
            taken("grid.main.1", 1, "09:30:00"),
            taken("grid.main.2", 1, "09:45:00"),
            taken("grid.main.2", 2, "09:45:01"),
            taken("grid.eu.7", 1, "09:15:00"),
            taken("grid.main.1", 9, "08:59:00"),
        ];
        let marks = marks(hour(), &all, &[], &[], &[]);
        let main: Vec<_> =
            marks.ticks["grid"].iter().map(|mark| (mark.at, mark.tip.lines().next().unwrap())).collect();
        assert_eq!(main[0], (0.5, "Checkpoint 1 of grid.main.1"));
        assert_eq!((main.len(), main[1].1), (2, "2 checkpoints, the last:"));
        assert_eq!(marks.ticks["grid.eu"].len(), 1);
        assert!(marks.rings.is_empty() && marks.flags.is_empty());
    }

    #[test]
    fn what_else_is_kept_of_checkpoints_is_none() {
        let of = |state_type: &str, id: &str| {
            Taken::of(&Sample::at(7, "2026-11-21T09:30:00Z").of(state_type, id).version(4).0)
        };
        assert_eq!(of("checkpoint", "grid.main.1"), Some(taken("grid.main.1", 4, "09:30:00")));
        assert_eq!(of("checkpoint", "grid.main.1/pins"), None);
        assert_eq!(of("checkpoint", "mine"), None);
        assert_eq!(of("position", "grid.main.1"), None);
    }

    #[test]
    fn a_restore_that_was_written_rings_where_it_asked_and_one_that_was_not_does_not() {
        let view = |status: &str, ended: &str| handshake("h", status, ended);
        let all = [view("written", "09:30:00"), view("no_word", "09:40:00"), view("written", "08:00:00")];
        let marks = marks(hour(), &[], &[], &all, &[]);
        let [ring] = marks.rings["grid"].as_slice() else { panic!("{marks:?}") };
        assert_eq!((ring.at, ring.href.as_str()), (0.5, "/view/handshake/h"));
        assert!(ring.tip.ends_with("1 state that grid.main.1 held"), "{}", ring.tip);
    }

    #[test]
    fn a_restore_rings_on_the_lane_of_each_instance_whose_states_it_wrote_also_where_none_was_live() {
        let restore = |id: &str, time: &str, runs: &[&str]| RunRestore {
            restore_id: id.into(),
            timestamp: at(time),
            seq: Seq(9),
            reason: "r".into(),
            runs: runs.iter().map(|run| TouchedRun { run_id: (*run).into(), states: 2 }).collect(),
            not_looked_at: 0,
        };
        let restores = [
            restore("one", "09:30:00", &["grid.main.1", "grid.main.2", "grid.eu.7"]),
            restore("two", "08:00:00", &["grid.main.1"]),
        ];
        let alone = marks(hour(), &[], &restores, &[], &[]);
        let [ring] = alone.rings["grid"].as_slice() else { panic!("{alone:?}") };
        assert_eq!((ring.at, ring.href.as_str()), (0.5, "/view/restore/one"));
        assert!(alone.rings["grid.eu"][0].tip.ends_with("2 states that grid.eu.7 had written"));
        // Where the run was asked, that says more, and is no second ring.
        let asked = handshake("one", "written", "09:30:00");
        let both = marks(hour(), &[], &restores, &[asked], &[]);
        let [ring] = both.rings["grid"].as_slice() else { panic!("{both:?}") };
        assert_eq!(ring.href, "/view/handshake/one");
    }

    #[test]
    fn snapshots_are_flags_but_those_taken_before_a_restore() {
        let view = |kind: &str| {
            let text = format!(
                r#"{{"snapshot_id":"eod","success":true,"message":"","timestamp":"2026-11-21T09:30:00Z","seq":4,"description":null,"user_id":null,"kind":"{kind}"}}"#
            );
            serde_json::from_str::<SnapshotView>(&text).unwrap()
        };
        let flags = marks(hour(), &[], &[], &[], &[view("manual"), view("before_restore")]).flags;
        assert_eq!((flags.len(), flags[0].href.as_str()), (1, "/view/snapshots?compare=eod"));
    }
}
