//! Writing down what a walk finds, as changes.
use super::Counts;
use super::effort::Effort;
use super::paths::Paths;
use super::scalar::Comparison;
use super::series::Moved;
use super::types::{Change, ChangeKind, Diff, Place, SeriesChange, SpliceCounts};
use super::walk::list;
use crate::json::number::{delta, percent};
use crate::json::writer::quote;
use crate::json::{Document, Member, Node};
use crate::schema::RulesAt;

/// What has been found so far.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    effort: Effort,
    /// Bytes of all changes but the last.
    bytes: usize,
    spent: bool,
    pub(super) changes: Vec<Change>,
    /// Leaves of the new document that are not as they were.
    pub(super) touched: u32,
    /// Whether what is compared now belongs together by place only.
    pub(super) by_place: bool,
}

impl Recorder {
    pub(super) fn within(effort: Effort) -> Self {
        Self { effort, ..Self::default() }
    }

    /// Whether more was found than may be: then what was found is not everything, and worth nothing.
    pub(super) fn is_spent(&self) -> bool {
        self.spent || self.bytes + self.changes.last().map_or(0, weight) > self.effort.bytes
    }

    /// What may not be looked at: more was found than may be.
    pub(super) fn spend(&mut self) {
        self.spent = true;
    }

    pub(super) fn into_diff(self, new: &Document) -> Diff {
        Diff {
            equal_paths: new.leaves().saturating_sub(self.touched),
            counts: Counts::of(&self.changes),
            changes: self.changes,
        }
    }

    pub(super) fn compared(
        &mut self,
        paths: &Paths,
        rules: RulesAt<'_>,
        (old, new): (Node<'_>, Node<'_>),
        said: Comparison,
    ) {
        self.touched += new.leaves();
        let change = self.push(said.kind, paths, rules);
        change.old = Some(old.text().to_owned());
        change.new = Some(new.text().to_owned());
        change.delta = said.delta;
        change.percent = said.percent;
    }

    pub(super) fn removed(&mut self, paths: &Paths, rules: RulesAt<'_>, old: Node<'_>) {
        let change = self.push(ChangeKind::Removed, paths, rules);
        change.path.clone_from(&paths.old);
        change.place.from = None;
        change.old = Some(old.text().to_owned());
    }

    pub(super) fn added_member(&mut self, paths: &Paths, rules: RulesAt<'_>, new: Member<'_>, after: usize) {
        let plainly = quote(&new.key.decoded());
        let key = (plainly != new.key.text()).then(|| new.key.text().to_owned());
        self.added(paths, rules, new.value, after).place.key = key;
    }

    pub(super) fn added_element(&mut self, paths: &Paths, rules: RulesAt<'_>, new: Node<'_>, after: usize) {
        self.added(paths, rules, new, after);
    }

    fn added(&mut self, paths: &Paths, rules: RulesAt<'_>, new: Node<'_>, after: usize) -> &mut Change {
        self.touched += new.leaves();
        let change = self.push(ChangeKind::Added, paths, rules);
        change.new = Some(new.text().to_owned());
        change.place.from = parent_from(paths);
        change.place.at = Some(count(after));
        change
    }

    pub(super) fn key_spelling(&mut self, paths: &Paths, rules: RulesAt<'_>, old: &str, new: &str) {
        let change = self.push(ChangeKind::Spelling, paths, rules);
        change.old = Some(old.to_owned());
        change.new = Some(new.to_owned());
        change.place.key = Some(new.to_owned());
    }

    pub(super) fn reordered(
        &mut self,
        paths: &Paths,
        rules: RulesAt<'_>,
        (old, new): (String, String),
        place: Place,
    ) {
        let change = self.push(ChangeKind::Reordered, paths, rules);
        change.old = Some(old);
        change.new = Some(new);
        change.place = Place { from: change.place.from.take(), ..place };
    }

    /// `paths` stand on the first element that differs, `rules` on the array.
    pub(super) fn spliced(
        &mut self,
        paths: &Paths,
        rules: RulesAt<'_>,
        (gone, come): (&[Node<'_>], &[Node<'_>]),
        after: usize,
    ) {
        self.touched += come.iter().map(|node| node.leaves()).sum::<u32>();
        let text = |nodes: &[Node<'_>]| list(nodes.iter().map(|node| node.text()));
        let change = self.push(ChangeKind::Splice, paths, rules);
        change.old = Some(text(gone));
        change.new = Some(text(come));
        change.splice = Some(SpliceCounts { removed: count(gone.len()), added: count(come.len()) });
        change.place = Place { from: parent_from(paths), at: Some(count(after)), ..Place::default() };
    }

    pub(super) fn series(&mut self, paths: &Paths, rules: RulesAt<'_>, moved: &Moved<'_>, new: Node<'_>) {
        let outside = |index: &[Node<'_>], values: &[Node<'_>], start: usize, end: usize| {
            let side =
                |nodes: &[Node<'_>]| list(nodes[..start].iter().chain(&nodes[end..]).map(|node| node.text()));
            let some = start > 0 || end < index.len();
            some.then(|| format!("{{\"index\":{},\"values\":{}}}", side(index), side(values)))
        };
        let last = |values: &[Node<'_>]| values.last().map(|node| node.text().to_owned());
        let (old_last, new_last) = (moved.old_values.last(), moved.new_values.last());
        let numbers =
            old_last.and_then(|node| node.as_decimal()).zip(new_last.and_then(|node| node.as_decimal()));
        self.touched += 2 * count(moved.new_index.len() - moved.len);
        let change = self.push(ChangeKind::Splice, paths, rules);
        change.old = outside(&moved.old_index, &moved.old_values, moved.old_start, moved.old_end());
        change.new = outside(&moved.new_index, &moved.new_values, moved.new_start, moved.new_end());
        change.delta = numbers.and_then(|(old, new)| delta(old, new));
        change.percent = numbers.and_then(|(old, new)| percent(old, new));
        change.series = Some(SeriesChange {
            removed_head: count(moved.old_start),
            added_head: count(moved.new_start),
            removed_tail: count(moved.old_index.len() - moved.old_end()),
            added_tail: count(moved.new_index.len() - moved.new_end()),
            points: count(moved.new_index.len()),
            values: new.get("values").map(|values| values.text().to_owned()).unwrap_or_default(),
            old_last: last(&moved.old_values),
            new_last: last(&moved.new_values),
        });
    }

    fn push(&mut self, kind: ChangeKind, paths: &Paths, rules: RulesAt<'_>) -> &mut Change {
        self.bytes += self.changes.last().map_or(0, weight);
        if self.changes.len() >= self.effort.changes || self.bytes > self.effort.bytes {
            self.spent = true;
            self.changes.clear();
            self.bytes = 0;
        }
        let at = self.changes.len();
        self.changes.push(Change {
            kind,
            path: paths.new.clone(),
            display: paths.display.clone(),
            old: None,
            new: None,
            delta: None,
            percent: None,
            unit: rules.unit().map(str::to_owned),
            volatile: rules.is_volatile(),
            protected: rules.protected_because().map(str::to_owned),
            by_place: self.by_place,
            splice: None,
            series: None,
            place: Place { from: paths.from(), ..Place::default() },
        });
        &mut self.changes[at]
    }
}

/// Bytes of a change's texts, about.
fn weight(change: &Change) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    change.path.len() + change.display.len() + text(&change.old) + text(&change.new)
}

/// The old container, where it is not the parent of the new path.
fn parent_from(paths: &Paths) -> Option<String> {
    let parent = |path: &str| path.rfind('/').map_or(0, |at| at);
    let (old, new) = (&paths.old[..parent(&paths.old)], &paths.new[..parent(&paths.new)]);
    (old != new).then(|| old.to_owned())
}

/// Documents have fewer than 2^31 values.
#[allow(clippy::cast_possible_truncation)]
fn count(number: usize) -> u32 {
    number as u32
}
