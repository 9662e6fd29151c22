//! Walking both documents line by line.
use std::ops::Range;

use super::rows::{Rows, Source};
use crate::diff::matching::{self, Step};
use crate::diff::pairing::{self, Pairing, Stretch};
use crate::diff::sequence::{Budget, Gap};
use crate::json::{Key, Kind, Node};
use crate::schema::RulesAt;

pub(super) struct Lines<'a> {
    pub(super) rows: Rows<'a>,
    budget: Budget,
}

/// A value with what stands around it on its lines.
#[derive(Clone, Copy)]
struct Item<'a> {
    key: Option<Key<'a>>,
    node: Node<'a>,
    comma: bool,
}

impl<'a> Item<'a> {
    /// The children of a container.
    fn children(node: Node<'a>) -> Vec<Self> {
        let last = node.len().saturating_sub(1);
        let members = node.members().map(|member| (Some(member.key), member.value));
        let children = members.chain(node.elements().map(|element| (None, element)));
        children.enumerate().map(|(at, (key, node))| Self { key, node, comma: at < last }).collect()
    }

    /// The line with all of the value, or with its opening bracket.
    fn opening(self, level: usize) -> Source<'a> {
        let text = if self.node.is_empty() { self.node.text() } else { &self.node.text()[..1] };
        Source {
            node: self.node,
            level,
            key: self.key.map(Key::text),
            text,
            comma: self.comma && self.node.is_empty(),
        }
    }

    fn closing(self, level: usize) -> Source<'a> {
        let text = self.node.text();
        Source { node: self.node, level, key: None, text: &text[text.len() - 1..], comma: self.comma }
    }
}

impl<'a> Lines<'a> {
    pub(super) fn new(rows: Rows<'a>) -> Self {
        Self { rows, budget: Budget::default() }
    }

    pub(super) fn documents(&mut self, rules: RulesAt<'_>) {
        let whole = |node| Item { key: None, node, comma: false };
        self.pair(whole(self.rows.old), whole(self.rows.new), 0, rules);
    }

    fn pair(&mut self, old: Item<'a>, new: Item<'a>, level: usize, rules: RulesAt<'_>) {
        let same_key = old.key.map(Key::text) == new.key.map(Key::text);
        let alike = old.node.kind() == new.node.kind() && !old.node.is_empty() && !new.node.is_empty();
        if same_key && old.node.same_text(new.node) {
            self.same(old, new, level);
        } else if alike {
            let (opening, opening_new) = (old.opening(level), new.opening(level));
            if same_key {
                self.rows.equal(opening, opening_new);
            } else {
                self.rows.changed(opening, opening_new);
            }
            self.inside(old.node, new.node, level + 1, rules);
            self.rows.equal(old.closing(level), new.closing(level));
        } else if old.node.is_empty() && new.node.is_empty() {
            self.rows.changed(old.opening(level), new.opening(level));
        } else {
            self.removed(old, level);
            self.added(new, level);
        }
    }

    /// The lines of two values with one text.
    fn same(&mut self, old: Item<'a>, new: Item<'a>, level: usize) {
        self.rows.equal(old.opening(level), new.opening(level));
        if new.node.is_empty() {
            return;
        }
        for (old, new) in Item::children(old.node).into_iter().zip(Item::children(new.node)) {
            self.same(old, new, level + 1);
        }
        self.rows.equal(old.closing(level), new.closing(level));
    }

    fn removed(&mut self, item: Item<'a>, level: usize) {
        self.rows.removed(item.opening(level));
        if !item.node.is_empty() {
            for child in Item::children(item.node) {
                self.removed(child, level + 1);
            }
            self.rows.removed(item.closing(level));
        }
    }

    fn added(&mut self, item: Item<'a>, level: usize) {
        self.rows.added(item.opening(level));
        if !item.node.is_empty() {
            for child in Item::children(item.node) {
                self.added(child, level + 1);
            }
            self.rows.added(item.closing(level));
        }
    }

    fn inside(&mut self, old: Node<'a>, new: Node<'a>, level: usize, rules: RulesAt<'_>) {
        let (old_items, new_items) = (Item::children(old), Item::children(new));
        for step in self.steps(old, new, rules) {
            match step {
                Step::Pair { old: o, new: n } => {
                    let inside = match new_items[n].key {
                        Some(key) => rules.member(&key.decoded()),
                        None => rules.element(),
                    };
                    self.pair(old_items[o], new_items[n], level, inside);
                }
                Step::Removed { old: o } => self.removed(old_items[o], level),
                Step::Added { new: n, .. } => self.added(new_items[n], level),
            }
        }
    }

    fn steps(&mut self, old: Node<'a>, new: Node<'a>, rules: RulesAt<'_>) -> Vec<Step> {
        if old.kind() == Kind::Object {
            let (old, new): (Vec<_>, Vec<_>) = (old.members().collect(), new.members().collect());
            return matching::members(&old, &new).in_order().matching().steps;
        }
        let (old, new): (Vec<_>, Vec<_>) = (old.elements().collect(), new.elements().collect());
        match pairing::pair(&old, &new, rules.identity(), &mut self.budget) {
            Pairing::Anywhere(found) => found.partners.in_order().matching().steps,
            Pairing::InOrder(stretches) => in_order(old.len(), new.len(), stretches),
        }
    }
}

/// Equal elements, and between them as many on both sides one by one, or all that went before all that came.
fn in_order(old_len: usize, new_len: usize, stretches: Vec<Stretch>) -> Vec<Step> {
    let mut steps = Vec::with_capacity(old_len.max(new_len));
    let (mut old_at, mut new_at) = (0, 0);
    for Gap { old, new } in stretches.into_iter().map(|stretch| stretch.gap) {
        pairs(&mut steps, old_at..old.start, new_at..new.start);
        (old_at, new_at) = (old.end, new.end);
        if old.len() == new.len() {
            pairs(&mut steps, old, new);
        } else {
            steps.extend(old.map(|old| Step::Removed { old }));
            steps.extend(new.map(|new| Step::Added { new, after: old_at }));
        }
    }
    pairs(&mut steps, old_at..old_len, new_at..new_len);
    steps
}

fn pairs(steps: &mut Vec<Step>, old: Range<usize>, new: Range<usize>) {
    steps.extend(old.zip(new).map(|(old, new)| Step::Pair { old, new }));
}
