//! Where several pointers point, found in one walk: one after the other, each would walk its arrays from their beginnings.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::{Kind, Node, Pointer};
use crate::schema::Steps;

/// The value at each of these places; the root for one that is not there.
pub(super) fn places<'a>(root: Node<'a>, pointers: &[Pointer], steps: &Steps) -> Vec<Node<'a>> {
    let paths: Vec<Vec<_>> = pointers.iter().map(|pointer| pointer.tokens().collect()).collect();
    let mut search = Search { paths: &paths, steps, found: vec![root; pointers.len()] };
    search.below(root, 0, (0..paths.len()).collect());
    search.found
}

struct Search<'a, 's> {
    paths: &'s [Vec<Cow<'s, str>>],
    steps: &'s Steps,
    found: Vec<Node<'a>>,
}

impl<'a> Search<'a, '_> {
    /// Goes on from a value that lies on the way, at this depth, to some places.
    fn below(&mut self, node: Node<'a>, depth: usize, wanted: Vec<usize>) {
        let mut children: HashMap<&str, Vec<usize>> = HashMap::new();
        let paths = self.paths;
        for which in wanted {
            match paths[which].get(depth) {
                Some(token) => children.entry(token).or_default().push(which),
                None => self.found[which] = node,
            }
        }
        if node.kind() == Kind::Array {
            let index = |(token, wanted): (&str, _)| Some((token.parse::<usize>().ok()?, wanted));
            let mut children: HashMap<_, _> = children.into_iter().filter_map(index).collect();
            for (index, element) in node.elements().enumerate() {
                if children.is_empty() || self.steps.are_spent() {
                    return;
                }
                self.steps.take(1);
                if let Some(wanted) = children.remove(&index) {
                    self.below(element, depth + 1, wanted);
                }
            }
            return;
        }
        for member in node.members() {
            if children.is_empty() || self.steps.are_spent() {
                return;
            }
            self.steps.take(1);
            if let Some(wanted) = children.remove(&*member.key.decoded()) {
                self.below(member.value, depth + 1, wanted);
            }
        }
    }
}
