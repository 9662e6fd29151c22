//! Walking over the lanes with the keyboard: from lane to lane, and along one from bar to gap to bar.

use super::lanes::Lane;

/// Something on a lane, by which an address names it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// A run.
    Bar(String),
    /// What lay behind a run that crashed.
    Gap(String),
}

impl Spot {
    /// What an address names with `sel` or `gap`.
    #[must_use]
    pub fn named(sel: Option<String>, gap: Option<String>) -> Option<Self> {
        gap.map(Self::Gap).or(sel.map(Self::Bar))
    }
}

/// What stands on a lane, from left to right.
fn spots(lane: &Lane) -> Vec<Spot> {
    let bar = |bar: &super::lanes::Bar| {
        let gap = lane.gaps.iter().find(|gap| gap.left == bar.run_id).map(|gap| Spot::Gap(gap.left.clone()));
        [Some(Spot::Bar(bar.run_id.clone())), gap]
    };
    lane.bars.iter().flat_map(bar).flatten().collect()
}

/// Which lane it is on.
#[must_use]
pub fn lane_of(lanes: &[Lane], spot: &Spot) -> Option<usize> {
    let (Spot::Bar(id) | Spot::Gap(id)) = spot;
    lanes.iter().position(|lane| lane.bars.iter().any(|bar| bar.run_id == *id))
}

/// So many lanes down (or up): its last run.
#[must_use]
pub fn to_lane(lanes: &[Lane], from: Option<&Spot>, by: isize) -> Option<Spot> {
    let last = lanes.len().checked_sub(1)?;
    let at = match from.and_then(|spot| lane_of(lanes, spot)) {
        Some(at) => at.saturating_add_signed(by).min(last),
        None => 0,
    };
    lanes[at].bars.last().map(|bar| Spot::Bar(bar.run_id.clone()))
}

/// To the right (or left) on the same lane; the first lane's last run where nothing is chosen.
#[must_use]
pub fn along(lanes: &[Lane], from: Option<&Spot>, by: isize) -> Option<Spot> {
    let Some((spot, at)) = from.and_then(|spot| Some((spot, lane_of(lanes, spot)?))) else {
        return to_lane(lanes, None, 0);
    };
    let spots = spots(&lanes[at]);
    let place = spots.iter().position(|one| one == spot)?;
    spots.get(place.saturating_add_signed(by).min(spots.len() - 1)).cloned()
}

/// The pair of runs to compare at a spot: of a gap the run that crashed and the one after it, of a run the one before and it.
#[must_use]
pub fn pair(lanes: &[Lane], spot: &Spot) -> Option<(String, String)> {
    let lane = &lanes[lane_of(lanes, spot)?];
    match spot {
        Spot::Gap(left) => {
            let gap = lane.gaps.iter().find(|gap| gap.left == *left)?;
            Some((left.clone(), gap.found.clone()?))
        }
        Spot::Bar(id) => {
            let at = lane.bars.iter().position(|bar| bar.run_id == *id)?;
            Some((lane.bars.get(at.checked_sub(1)?)?.run_id.clone(), id.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use stateloft_core::api::RunStatus;

    use super::super::lanes::lanes;
    use super::super::sample::{at, ended, row};
    use super::super::window::Window;
    use super::*;

    #[test]
    fn keys_walk_over_lanes_bars_and_gaps() {
        let rows = [
            row("a.main.3", "09:50:00", None),
            row("a.main.2", "09:30:00", Some("09:40:00")),
            ended(row("a.main.1", "09:00:00", Some("09:10:00")), RunStatus::Crashed),
            ended(row("b.main.1", "09:00:00", Some("09:10:00")), RunStatus::Crashed),
        ];
        let window = Window { from: at("09:00:00"), to: at("10:00:00") };
        let lanes = lanes(&rows, window, at("10:00:00"), |_| None);
        let bar = |id: &str| Spot::Bar(id.to_owned());
        let gap = |id: &str| Spot::Gap(id.to_owned());
        assert_eq!(to_lane(&lanes, None, 1), Some(bar("a.main.3")));
        assert_eq!(to_lane(&lanes, Some(&bar("a.main.3")), 1), Some(bar("b.main.1")));
        assert_eq!(to_lane(&lanes, Some(&gap("b.main.1")), 1), Some(bar("b.main.1")));
        let mut walked = vec![bar("a.main.3")];
        while let Some(next) = along(&lanes, walked.last(), -1).filter(|next| Some(next) != walked.last()) {
            walked.push(next);
        }
        assert_eq!(walked, [bar("a.main.3"), bar("a.main.2"), gap("a.main.1"), bar("a.main.1")]);
        assert_eq!(along(&lanes, Some(&bar("b.main.1")), 1), Some(gap("b.main.1")));
        assert_eq!(along(&lanes, None, 1), Some(bar("a.main.3")));
        assert_eq!(along(&[], None, 1), None);
        let both = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(pair(&lanes, &gap("a.main.1")), both("a.main.1", "a.main.2"));
        assert_eq!(pair(&lanes, &bar("a.main.3")), both("a.main.2", "a.main.3"));
        assert_eq!(pair(&lanes, &bar("a.main.1")), None);
        assert_eq!(pair(&lanes, &gap("b.main.1")), None, "nothing has found it yet");
    }
}
