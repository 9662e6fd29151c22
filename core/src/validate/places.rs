//! Where several pointers point, found in one walk: one after the other, each would walk its arrays from their beginnings.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::{Kind, Node, Pointer};
use crate::schema::Steps;
use crate::tagged::meant;

/// The value at each of these places, as the validator sees them, and where it stands in the document: a tagged value is in the way
/// there, and not in the validator's. The root for one that is not there.
pub(super) fn places<'a>(root: Node<'a>, pointers: &[Pointer], steps: &Steps) -> Vec<(Node<'a>, Pointer)> {
    let paths: Vec<Vec<_>> = pointers.iter().map(|pointer| pointer.tokens().collect()).collect();
    let found = vec![(root, Pointer::root()); pointers.len()];
    let mut search = Search { paths: &paths, steps, here: Pointer::root(), found };
    search.below(root, 0, (0..paths.len()).collect());
    search.found
}

struct Search<'a, 's> {
    paths: &'s [Vec<Cow<'s, str>>],
    steps: &'s Steps,
    /// Where the search is in the document.
    here: Pointer,
    found: Vec<(Node<'a>, Pointer)>,
}

impl<'a> Search<'a, '_> {
    /// Goes on from a value that lies on the way, at this depth, to some places.
    fn below(&mut self, node: Node<'a>, depth: usize, wanted: Vec<usize>) {
        let (node, way) = meant(node);
        let mut children: HashMap<&str, Vec<usize>> = HashMap::new();
        let paths = self.paths;
        for which in wanted {
            match paths[which].get(depth) {
                Some(token) => children.entry(token).or_default().push(which),
                None => self.found[which] = (node, self.here.clone()),
            }
        }
        for token in way {
            self.here.push(token);
        }
        self.children(node, depth, children);
        for _ in way {
            self.here.pop();
        }
    }

    fn children(&mut self, node: Node<'a>, depth: usize, children: HashMap<&str, Vec<usize>>) {
        if node.kind() == Kind::Array {
            let index = |(token, wanted): (&str, _)| Some((token.parse::<usize>().ok()?, wanted));
            let mut children: HashMap<_, _> = children.into_iter().filter_map(index).collect();
            for (index, element) in node.elements().enumerate() {
                if children.is_empty() || self.steps.are_spent() {
                    return;
                }
                self.steps.take(1);
                if let Some(wanted) = children.remove(&index) {
                    self.here.push_index(index);
                    self.below(element, depth + 1, wanted);
                    self.here.pop();
                }
            }
            return;
        }
        let mut children = children;
        for member in node.members() {
            if children.is_empty() || self.steps.are_spent() {
                return;
            }
            self.steps.take(1);
            let name = member.key.decoded();
            if let Some(wanted) = children.remove(&*name) {
                self.here.push(&name);
                self.below(member.value, depth + 1, wanted);
                self.here.pop();
            }
        }
    }
}
