//! The walk over two documents that writes down what differs. Equal subtrees are passed over by comparing their bytes.
use std::borrow::Cow;

use super::effort::Effort;
use super::matching::{self, Matching, Step};
use super::pairing::{self, Anywhere, Label, Pairing, Stretch};
use super::paths::Paths;
use super::record::Recorder;
use super::scalar::compare;
use super::sequence::{Budget, Gap};
use super::series::{self, Moved};
use super::types::Place;
use crate::json::{Kind, Member, Node};
use crate::schema::RulesAt;

/// Where the walk stands, and what it has found.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) paths: Paths,
    pub(super) found: Recorder,
    budget: Budget,
    effort: Effort,
    /// Children of the containers that are being compared now, on both sides.
    open: usize,
}

impl Walk {
    pub(super) fn within(effort: Effort) -> Self {
        Self { effort, found: Recorder::within(effort), ..Self::default() }
    }

    /// Compares two values.
    pub(super) fn value(&mut self, old: Node<'_>, new: Node<'_>, rules: RulesAt<'_>) {
        if !old.same_text(new) {
            self.unequal(old, new, rules);
        }
    }

    /// Compares two values whose texts differ.
    fn unequal(&mut self, old: Node<'_>, new: Node<'_>, rules: RulesAt<'_>) {
        if self.found.is_spent() {
            return;
        }
        let children = old.len() + new.len();
        if self.open.saturating_add(children) > self.effort.children {
            return self.found.spend();
        }
        self.open += children;
        self.differing(old, new, rules);
        self.open -= children;
    }

    fn differing(&mut self, old: Node<'_>, new: Node<'_>, rules: RulesAt<'_>) {
        match (old.kind(), new.kind()) {
            (Kind::Object, Kind::Object) => self.objects(old, new, rules),
            (Kind::Array, Kind::Array) => self.arrays(old, new, rules),
            _ => {
                let said = compare(old, new, rules.is_identifier());
                self.found.compared(&self.paths, rules, (old, new), said);
            }
        }
    }

    fn objects(&mut self, old: Node<'_>, new: Node<'_>, rules: RulesAt<'_>) {
        let moved = series::moved(old, new);
        if let Some(moved) = &moved {
            self.series(moved, new, rules);
        }
        let told =
            |member: &Member<'_>| moved.is_some() && (member.key.is("index") || member.key.is("values"));
        if matching::same_keys(old, new) {
            for (old, new) in old.members().zip(new.members()) {
                self.member(old, new, told(&old), rules);
            }
            return;
        }
        let (old, new): (Vec<_>, Vec<_>) = (old.members().collect(), new.members().collect());
        let Matching { steps, order } = matching::members(&old, &new).matching();
        if let Some(order) = order {
            let keys = |members: &[Member<'_>]| list(members.iter().map(|member| member.key.text()));
            let place = Place { order: Some(order), ..Place::default() };
            self.found.reordered(&self.paths, rules, (keys(&old), keys(&new)), place);
        }
        for step in steps {
            match step {
                Step::Pair { old: o, new: n } => self.member(old[o], new[n], told(&old[o]), rules),
                Step::Removed { old: o } => {
                    let key = old[o].key.decoded();
                    let mark = self.paths.member(&key);
                    self.found.removed(&self.paths, rules.member(&key), old[o].value);
                    self.paths.back(mark);
                }
                Step::Added { new: n, after } => {
                    let key = new[n].key.decoded();
                    let mark = self.paths.member(&key);
                    self.found.added_member(&self.paths, rules.member(&key), new[n], after);
                    self.paths.back(mark);
                }
            }
        }
    }

    /// A member of both; `told`: what its value became has been said already.
    fn member(&mut self, old: Member<'_>, new: Member<'_>, told: bool, rules: RulesAt<'_>) {
        let same_key = old.key.text() == new.key.text();
        let told = told || old.value.same_text(new.value);
        if same_key && told {
            return;
        }
        let key = new.key.decoded();
        let rules = rules.member(&key);
        let mark = self.paths.member(&key);
        if !same_key {
            self.found.key_spelling(&self.paths, rules, old.key.text(), new.key.text());
        }
        if !told {
            self.unequal(old.value, new.value, rules);
        }
        self.paths.back(mark);
    }

    fn arrays(&mut self, old: Node<'_>, new: Node<'_>, rules: RulesAt<'_>) {
        let (old, new): (Vec<_>, Vec<_>) = (old.elements().collect(), new.elements().collect());
        match pairing::pair(&old, &new, rules.identity(), &mut self.budget) {
            Pairing::Anywhere(found) => self.anywhere(&old, &new, &found, rules),
            Pairing::InOrder(stretches) => {
                for stretch in &stretches {
                    self.stretch(&old, &new, stretch, rules);
                }
            }
        }
    }

    fn anywhere(&mut self, old: &[Node<'_>], new: &[Node<'_>], found: &Anywhere<'_>, rules: RulesAt<'_>) {
        let Matching { steps, order } = found.partners.matching();
        if let Some(order) = order {
            let labels =
                |elements: &[Node<'_>]| list(elements.iter().filter_map(|element| found.label.of(*element)));
            let place = Place {
                order: Some(order),
                elements: true,
                identity: found.label.member(),
                ..Place::default()
            };
            self.found.reordered(&self.paths, rules, (labels(old), labels(new)), place);
        }
        let name = |side: usize, element: Node<'_>, at: usize| match found.label {
            Label::Identity(identity) if found.nameless[side].binary_search(&at).is_err() => {
                matching::name_of(element, identity).map(Cow::into_owned)
            }
            _ => None,
        };
        let inside = rules.element();
        for step in steps {
            match step {
                Step::Pair { old: o, new: n } if old[o].same_text(new[n]) => {}
                Step::Pair { old: o, new: n } => {
                    let mark = self.paths.element(o, n, name(1, new[n], n).as_deref());
                    let by_place = found.by_place.binary_search(&n).is_ok();
                    self.pair(old[o], new[n], by_place, inside);
                    self.paths.back(mark);
                }
                Step::Removed { old: o } => {
                    let mark = self.paths.element(o, o, name(0, old[o], o).as_deref());
                    self.found.removed(&self.paths, inside, old[o]);
                    self.paths.back(mark);
                }
                Step::Added { new: n, after } => {
                    let mark = self.paths.element(after, n, name(1, new[n], n).as_deref());
                    self.found.added_element(&self.paths, inside, new[n], after);
                    self.paths.back(mark);
                }
            }
        }
    }

    /// Compares two elements that belong together, and whose texts differ.
    fn pair(&mut self, old: Node<'_>, new: Node<'_>, by_place: bool, rules: RulesAt<'_>) {
        let outer = self.found.by_place;
        self.found.by_place |= by_place;
        self.unequal(old, new, rules);
        self.found.by_place = outer;
    }

    /// One stretch where two arrays differ: as many elements on both sides are compared one by one.
    fn stretch(&mut self, old: &[Node<'_>], new: &[Node<'_>], stretch: &Stretch, rules: RulesAt<'_>) {
        let inside = rules.element();
        let Stretch { gap, by_place } = stretch;
        if gap.old.len() == gap.new.len() {
            for (o, n) in gap.old.clone().zip(gap.new.clone()) {
                if !old[o].same_text(new[n]) {
                    let mark = self.paths.element(o, n, None);
                    self.pair(old[o], new[n], *by_place, inside);
                    self.paths.back(mark);
                }
            }
            return;
        }
        self.gap(old, new, gap, rules);
    }

    /// A stretch that is longer on one side.
    fn gap(&mut self, old: &[Node<'_>], new: &[Node<'_>], gap: &Gap, rules: RulesAt<'_>) {
        let inside = rules.element();
        let (gone, come) = (&old[gap.old.clone()], &new[gap.new.clone()]);
        if come.is_empty() && one_by_one(gone) {
            for (o, element) in gap.old.clone().zip(gone) {
                let mark = self.paths.element(o, o, None);
                self.found.removed(&self.paths, inside, *element);
                self.paths.back(mark);
            }
        } else if gone.is_empty() && one_by_one(come) {
            for (n, element) in gap.new.clone().zip(come) {
                let mark = self.paths.element(gap.old.start, n, None);
                self.found.added_element(&self.paths, inside, *element, gap.old.start);
                self.paths.back(mark);
            }
        } else {
            let mark = self.paths.element(gap.old.start, gap.new.start, None);
            self.found.spliced(&self.paths, rules, (gone, come), gap.old.start);
            self.paths.back(mark);
        }
    }

    /// A series: one change if it moved on, and one for each point of the common stretch with another value or spelling.
    fn series(&mut self, moved: &Moved<'_>, new: Node<'_>, rules: RulesAt<'_>) {
        if !moved.stands_still() {
            self.found.series(&self.paths, rules, moved, new);
        }
        if moved.respelled {
            self.points("index", &moved.old_index, &moved.new_index, moved, rules);
        }
        self.points("values", &moved.old_values, &moved.new_values, moved, rules);
    }

    /// The common stretch of one side of a series.
    fn points(
        &mut self,
        member: &str,
        old: &[Node<'_>],
        new: &[Node<'_>],
        moved: &Moved<'_>,
        rules: RulesAt<'_>,
    ) {
        let mark = self.paths.member(member);
        let inside = rules.member(member).element();
        for (o, n) in (moved.old_start..moved.old_end()).zip(moved.new_start..) {
            if !old[o].same_text(new[n]) {
                let mark = self.paths.element(o, n, None);
                self.unequal(old[o], new[n], inside);
                self.paths.back(mark);
            }
        }
        self.paths.back(mark);
    }
}

/// Whether elements that came or went are worth a row each: containers are, of plain values only a single one.
fn one_by_one(elements: &[Node<'_>]) -> bool {
    elements.len() == 1 || elements.iter().all(|element| matches!(element.kind(), Kind::Object | Kind::Array))
}

/// A JSON array of these texts.
pub(super) fn list(texts: impl Iterator<Item = impl AsRef<str>>) -> String {
    let mut out = String::from("[");
    for (at, text) in texts.enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(text.as_ref());
    }
    out.push(']');
    out
}
