//! Entering one change into the tree of edits, after checking that it fits the document.
use std::borrow::Cow;

use super::ApplyError;
use super::branch::{Branch, Edit, Insert, Root};
use crate::diff::{Change, ChangeKind, SeriesChange};
use crate::json::pointer::tokens;
use crate::json::writer::quote;
use crate::json::{Document, Kind, Node};

type Entered = Result<(), ApplyError>;

pub(super) fn enter<'a>(root: &mut Root<'a>, change: &'a Change) -> Entered {
    match change.kind {
        ChangeKind::Spelling if change.place.key.is_some() => spell_key(root, change),
        ChangeKind::Changed | ChangeKind::Spelling => replace(root, change),
        ChangeKind::Removed => remove(root, change),
        ChangeKind::Added => add(root, change),
        ChangeKind::Reordered => reorder(root, change),
        ChangeKind::Splice => match &change.series {
            Some(series) => move_series(root, change, series),
            None => splice(root, change),
        },
    }
}

fn replace<'a>(root: &mut Root<'a>, change: &'a Change) -> Entered {
    let (node, edit) = root.find(from(change)).ok_or_else(|| no_place(change))?;
    if change.old.as_deref() != Some(node.text()) {
        return Err(differs(change));
    }
    let new = change.new.as_deref().ok_or_else(|| malformed(change))?;
    set(edit, Edit::Replace(new), change)
}

fn remove<'a>(root: &mut Root<'a>, change: &'a Change) -> Entered {
    if change.path.is_empty() {
        return Err(malformed(change));
    }
    let (node, edit) = root.find(from(change)).ok_or_else(|| no_place(change))?;
    if change.old.as_deref() != Some(node.text()) {
        return Err(differs(change));
    }
    set(edit, Edit::Remove, change)
}

fn spell_key<'a>(root: &mut Root<'a>, change: &'a Change) -> Entered {
    let (parent, key) = split(from(change)).ok_or_else(|| malformed(change))?;
    let branch = root.branch(parent).ok_or_else(|| no_place(change))?;
    let at = branch.position(&key).ok_or_else(|| no_place(change))?;
    let child = &mut branch.children[at];
    if change.old.as_deref() != child.key.map(crate::json::Key::text) {
        return Err(differs(change));
    }
    child.spelling = change.place.key.as_deref();
    Ok(())
}

fn add<'a>(root: &mut Root<'a>, change: &'a Change) -> Entered {
    let (branch, after) = container(root, change)?;
    let (_, token) = split(&change.path).ok_or_else(|| malformed(change))?;
    let value = Cow::Borrowed(change.new.as_deref().ok_or_else(|| malformed(change))?);
    let mut key = None;
    if branch.kind == Kind::Object {
        if branch.position(&token).is_some() {
            return Err(differs(change));
        }
        let spelling = change.place.key.as_deref().map(Cow::Borrowed);
        key = Some(spelling.unwrap_or_else(|| Cow::Owned(quote(&token))));
    }
    branch.inserts.push((after, Insert { key, value }));
    Ok(())
}

fn splice<'a>(root: &mut Root<'a>, change: &'a Change) -> Entered {
    let (branch, after) = container(root, change)?;
    let counts = change.splice.ok_or_else(|| malformed(change))?;
    let end = after + counts.removed as usize;
    let gone = elements(change.old.as_deref(), change)?;
    let come = elements(change.new.as_deref(), change)?;
    if branch.kind != Kind::Array || gone.len() != counts.removed as usize {
        return Err(malformed(change));
    }
    take_out(branch, after..end, &gone, change)?;
    put_in(branch, after, come);
    Ok(())
}

fn reorder<'a>(root: &mut Root<'a>, change: &'a Change) -> Entered {
    let branch = root.branch(from(change)).ok_or_else(|| no_place(change))?;
    let order = change.place.order.as_deref().ok_or_else(|| malformed(change))?;
    let mut seen = vec![false; branch.children.len()];
    for at in order {
        match seen.get_mut(*at as usize) {
            Some(seen) if !*seen => *seen = true,
            _ => return Err(malformed(change)),
        }
    }
    branch.order = Some(order);
    Ok(())
}

fn move_series<'a>(root: &mut Root<'a>, change: &'a Change, series: &SeriesChange) -> Entered {
    for member in ["index", "values"] {
        let branch = root.branch(&format!("{}/{member}", from(change))).ok_or_else(|| no_place(change))?;
        let gone = points(change.old.as_deref(), member, change)?;
        let come = points(change.new.as_deref(), member, change)?;
        let (gone_head, come_head) = (series.removed_head as usize, series.added_head as usize);
        let tail = branch.children.len().checked_sub(series.removed_tail as usize);
        let tail = tail.filter(|tail| *tail >= gone_head).ok_or_else(|| differs(change))?;
        let counts_fit = gone.len() == gone_head + series.removed_tail as usize
            && come.len() == come_head + series.added_tail as usize;
        if branch.kind != Kind::Array || !counts_fit {
            return Err(malformed(change));
        }
        take_out(branch, 0..gone_head, &gone[..gone_head], change)?;
        take_out(branch, tail..tail + gone.len() - gone_head, &gone[gone_head..], change)?;
        let mut come = come;
        let come_tail = come.split_off(come_head);
        put_in(branch, 0, come);
        put_in(branch, tail, come_tail);
    }
    Ok(())
}

fn take_out(
    branch: &mut Branch<'_>,
    places: std::ops::Range<usize>,
    gone: &[String],
    change: &Change,
) -> Entered {
    let children = branch.children.get_mut(places).ok_or_else(|| no_place(change))?;
    for (child, gone) in children.iter_mut().zip(gone) {
        if child.node.text() != gone {
            return Err(differs(change));
        }
        set(&mut child.edit, Edit::Remove, change)?;
    }
    Ok(())
}

fn put_in(branch: &mut Branch<'_>, after: usize, come: Vec<String>) {
    branch
        .inserts
        .extend(come.into_iter().map(|value| (after, Insert { key: None, value: Cow::Owned(value) })));
}

/// The container that something is put into, and after how many of its children.
fn container<'r, 'a>(
    root: &'r mut Root<'a>,
    change: &'a Change,
) -> Result<(&'r mut Branch<'a>, usize), ApplyError> {
    let parent = match &change.place.from {
        Some(from) => from,
        None => split(&change.path).ok_or_else(|| malformed(change))?.0,
    };
    let branch = root.branch(parent).ok_or_else(|| no_place(change))?;
    let after = change.place.at.ok_or_else(|| malformed(change))? as usize;
    if after > branch.children.len() { Err(no_place(change)) } else { Ok((branch, after)) }
}

/// Two changes of one value contradict each other.
fn set<'a>(edit: &mut Edit<'a>, to: Edit<'a>, change: &Change) -> Entered {
    if !matches!(edit, Edit::Keep) {
        return Err(malformed(change));
    }
    *edit = to;
    Ok(())
}

fn points(text: Option<&str>, member: &str, change: &Change) -> Result<Vec<String>, ApplyError> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let document: Document = text.parse().map_err(|_| malformed(change))?;
    document.root().get(member).map(texts).ok_or_else(|| malformed(change))
}

fn elements(text: Option<&str>, change: &Change) -> Result<Vec<String>, ApplyError> {
    let document: Document = text.unwrap_or("[]").parse().map_err(|_| malformed(change))?;
    Ok(texts(document.root()))
}

fn texts(array: Node<'_>) -> Vec<String> {
    array.elements().map(|element| element.text().to_owned()).collect()
}

/// The pointer to the changed value in the old document.
fn from(change: &Change) -> &str {
    change.place.from.as_deref().unwrap_or(&change.path)
}

/// A pointer's parent and its last token.
fn split(pointer: &str) -> Option<(&str, Cow<'_, str>)> {
    let at = pointer.rfind('/')?;
    Some((&pointer[..at], tokens(&pointer[at..]).next()?))
}

fn no_place(change: &Change) -> ApplyError {
    ApplyError::NoSuchPlace(change.path.clone())
}

fn differs(change: &Change) -> ApplyError {
    ApplyError::Differs(change.path.clone())
}

fn malformed(change: &Change) -> ApplyError {
    ApplyError::Malformed(change.path.clone())
}
