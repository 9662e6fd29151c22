//! Writing the text of an edited document.
use super::branch::{Branch, Child, Edit, Root};
use crate::json::{Kind, Node};

/// The text after all edits.
pub(super) fn document(root: &Root<'_>, about: usize) -> String {
    let mut out = String::with_capacity(about + about / 8 + 16);
    value(&mut out, root.node, &root.edit);
    out
}

fn value(out: &mut String, node: Node<'_>, edit: &Edit<'_>) {
    match edit {
        Edit::Keep | Edit::Remove => out.push_str(node.text()),
        Edit::Replace(text) => out.push_str(text),
        Edit::Inside(branch) => container(out, branch),
    }
}

fn container(out: &mut String, branch: &Branch<'_>) {
    let object = branch.kind == Kind::Object;
    out.push(if object { '{' } else { '[' });
    let open = out.len();
    let order = places(branch);
    let mut inserts: Vec<Vec<usize>> = vec![Vec::new(); order.len() + 1];
    for (insert, (after, _)) in branch.inserts.iter().enumerate() {
        inserts[*after].push(insert);
    }
    let put = |out: &mut String, after: usize| {
        for insert in inserts[after].iter().map(|at| &branch.inserts[*at].1) {
            separate(out, open);
            if let Some(key) = &insert.key {
                out.extend([key, ":"]);
            }
            out.push_str(&insert.value);
        }
    };
    put(out, 0);
    for at in order {
        child(out, &branch.children[at], open);
        put(out, at + 1);
    }
    out.push(if object { '}' } else { ']' });
}

fn child(out: &mut String, child: &Child<'_>, open: usize) {
    if matches!(child.edit, Edit::Remove) {
        return;
    }
    separate(out, open);
    if let Some(key) = child.spelling.or_else(|| child.key.map(crate::json::Key::text)) {
        out.extend([key, ":"]);
    }
    value(out, child.node, &child.edit);
}

fn separate(out: &mut String, open: usize) {
    if out.len() > open {
        out.push(',');
    }
}

/// The old children's positions in the order in which they are written: those that change places stand where others
/// of them stood.
fn places(branch: &Branch<'_>) -> Vec<usize> {
    let mut places: Vec<usize> = (0..branch.children.len()).collect();
    let Some(order) = branch.order else { return places };
    let mut slots: Vec<usize> = order.iter().map(|at| *at as usize).collect();
    slots.sort_unstable();
    for (slot, at) in slots.into_iter().zip(order) {
        places[slot] = *at as usize;
    }
    places
}
