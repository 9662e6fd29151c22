//! Laying the tree out, row by row.

use stateloft_core::diff::{Change, ChangeKind};

use super::index::{Children, Index, Touched};
use super::words::{elements, is_container, moved_words, words_of};
use super::{
    Child, Kind, Laid, Listing, MOST_OPEN, PAGE, SMALL, Shape, Source, Tree, TreeRow, Value, Wanted,
    container_words,
};
use crate::model::change::Glyph;
use crate::model::changes::change_row;

pub(super) struct Layout<'a> {
    tree: &'a Tree<'a>,
    index: &'a Index,
    laid: Laid,
}

/// Where in the tree a row goes.
#[derive(Clone, Copy)]
struct At {
    depth: u32,
    source: Source,
    /// New or gone as a whole: so is everything below.
    mark: Option<Glyph>,
}

impl At {
    fn below(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

impl<'a> Layout<'a> {
    pub(super) fn new(tree: &'a Tree<'a>) -> Self {
        Self { tree, index: tree.index, laid: Laid::default() }
    }

    pub(super) fn run(mut self) -> Laid {
        let root = At { depth: 0, source: Source::B, mark: None };
        if let Some(at) = self.index.own("").first() {
            self.row(root, "", "whole document", Some(&self.tree.diff.changes[*at]), None);
        }
        let words =
            self.listing(root, "").map_or_else(String::new, |root| container_words(root.shape, root.total));
        let open = self.open("", true);
        self.push(root, "", String::new(), None, Some(open), node("{ }", Value::Container(words)));
        if open {
            self.children(root.below(), "");
        }
        self.laid
    }

    /// Reads a listing, or says that it is wanted.
    fn listing(&mut self, at: At, pointer: &str) -> Option<&'a Listing> {
        let found = self.tree.listings.get(&(at.source, pointer.to_owned()));
        if found.is_none() {
            let wanted = Wanted { source: at.source, pointer: pointer.to_owned(), offset: 0 };
            if self.laid.wanted.last().is_none_or(|(_, last)| *last != wanted) {
                self.laid.wanted.push((self.laid.rows.len(), wanted));
            }
        }
        found
    }

    /// Whether something is open: as it is by default, unless the user has turned it over.
    fn open(&self, name: &str, default: bool) -> bool {
        let by_itself = default && self.laid.rows.len() < MOST_OPEN;
        self.tree.turned.get(name).copied().unwrap_or(by_itself)
    }

    fn push(
        &mut self,
        at: At,
        pointer: &str,
        name: String,
        mark: Option<Glyph>,
        open: Option<bool>,
        kind: Kind,
    ) {
        let (mark, tinted) =
            (mark.or(at.mark), at.mark.is_some() || matches!(mark, Some(Glyph::Added | Glyph::Removed)));
        self.laid.rows.push(TreeRow {
            depth: at.depth,
            source: at.source,
            name,
            pointer: pointer.to_owned(),
            mark,
            tinted: tinted && !matches!(kind, Kind::Fold { .. } | Kind::More { .. }),
            open,
            kind,
        });
    }

    /// Everything inside a container that both documents have: of very many changes the first ones.
    fn children(&mut self, at: At, pointer: &str) {
        let touched = self.index.children(pointer);
        let list = touched.map_or(&[][..], |touched| &touched.list);
        let end = self.limit(pointer, touched).min(list.len());
        let listed = self.listing(at, pointer);
        let mut equal: Vec<&'a Child> = Vec::new();
        let children = listed.map_or(&[][..], |listing| &listing.children);
        let muted = self.index.muted(pointer);
        let mut next = 0;
        for child in children {
            let token = child.pointer.rsplit('/').next().unwrap_or_default();
            match touched.and_then(|touched| touched.place_of(token)) {
                Some(place) if place >= end => break,
                Some(place) => {
                    self.equal(at, pointer, &mut equal);
                    // What was removed stands before what follows it in the diff.
                    while next <= place {
                        let own = Some(child).filter(|_| list[next].token == token);
                        self.touched(at, pointer, &list[next], own);
                        next += 1;
                    }
                }
                None if muted.contains(&child.key) => {}
                None => equal.push(child),
            }
        }
        self.equal(at, pointer, &mut equal);
        for touched in &list[next..end.max(next)] {
            self.touched(at, pointer, touched, None);
        }
        if end < list.len() {
            let (shown, left) = (count_of(end), count_of(list.len() - end));
            self.push(
                at,
                pointer,
                format!("{pointer}#changes"),
                None,
                None,
                Kind::MoreChanges { shown, left },
            );
        } else if let Some(listing) = listed {
            self.rest(at, pointer, listing);
        }
        if !muted.is_empty() {
            self.fold(at, pointer, "volatile, muted", muted.iter().map(String::as_str), muted.len());
        }
    }

    /// How many of a container's changes are laid out: as far as the user has asked, and as far as the path that is shown.
    fn limit(&self, pointer: &str, touched: Option<&Children>) -> usize {
        let asked = self.tree.extended.get(pointer).copied().unwrap_or(PAGE) as usize;
        let inside = self.tree.path.and_then(|path| path.strip_prefix(pointer)?.strip_prefix('/'));
        let token = inside.and_then(|inside| inside.split('/').next());
        let place = token.zip(touched).and_then(|(token, touched)| {
            touched.place_of(token).or_else(|| touched.list.iter().position(|child| child.token == token))
        });
        asked.max(place.map_or(0, |place| place + 1))
    }

    /// Equal siblings: folded, or listed when everything is shown.
    fn equal(&mut self, at: At, pointer: &str, equal: &mut Vec<&'a Child>) {
        let Some(first) = equal.first() else { return };
        if self.tree.everything {
            for child in equal.drain(..) {
                self.plain(at, child);
            }
            return;
        }
        let fold = format!("{pointer}#{}", first.key);
        let open = self.open(&fold, false);
        let names =
            words_of(equal.iter().map(|child| child.key.as_str()).filter(|key| !key.starts_with('[')));
        let count = count_of(equal.len());
        self.push(at, pointer, fold, None, Some(open), Kind::Fold { count, why: "equal", names });
        for child in equal.drain(..) {
            if open {
                self.plain(at.below(), child);
            }
        }
    }

    fn fold<'n>(
        &mut self,
        at: At,
        pointer: &str,
        why: &'static str,
        names: impl Iterator<Item = &'n str>,
        count: usize,
    ) {
        let kind = Kind::Fold { count: count_of(count), why, names: words_of(names) };
        self.push(at, pointer, format!("{pointer}#{why}"), None, None, kind);
    }

    /// Children that are not read yet.
    fn rest(&mut self, at: At, pointer: &str, listing: &Listing) {
        let offset = count_of(listing.children.len());
        let left = listing.total.saturating_sub(offset);
        if left > 0 {
            let wanted = Wanted { source: at.source, pointer: pointer.to_owned(), offset };
            self.push(at, pointer, format!("{pointer}#more"), None, None, Kind::More { wanted, left });
        }
    }

    /// A child in which something changed.
    fn touched(&mut self, at: At, parent: &str, touched: &Touched, child: Option<&Child>) {
        let pointer = format!("{parent}/{}", touched.token);
        let own = self.index.own(&pointer).iter().map(|at| &self.tree.diff.changes[*at]);
        let change = own.into_iter().find(|change| (change.kind == ChangeKind::Removed) == touched.removed);
        let source = if touched.removed { Source::A } else { Source::B };
        self.row(At { source, ..at }, &pointer, &touched.name, change, child);
    }

    /// A changed place and what is below it.
    fn row(&mut self, at: At, pointer: &str, key: &str, change: Option<&Change>, child: Option<&Child>) {
        let prefix = if at.source == Source::A { "a:" } else { "" };
        let name = format!("{prefix}{pointer}");
        let Some(change) = change else {
            let open = self.open(&name, true);
            let words = child.map_or_else(String::new, |child| container_words(child.shape, child.len));
            self.push(
                at,
                pointer,
                name,
                Some(Glyph::Changed),
                Some(open),
                node(key, Value::Container(words)),
            );
            if open {
                self.children(at.below(), pointer);
            }
            return;
        };
        let mark = Glyph::of_change(change);
        match change.kind {
            ChangeKind::Added | ChangeKind::Removed if is_container(change) => {
                let text = change.new.as_deref().or(change.old.as_deref()).unwrap_or_default();
                let shape = if text.starts_with('{') { Shape::Object } else { Shape::Array };
                let whole = At { mark: Some(mark), ..at };
                let known = child.filter(|child| child.len > SMALL).map(|child| child.len);
                let len = known.or_else(|| self.listing(whole, pointer).map(|listing| listing.total));
                let open = self.open(&name, len.is_none_or(|len| len <= SMALL));
                let words = len.map_or_else(String::new, |len| container_words(shape, len));
                self.push(whole, pointer, name, None, Some(open), node(key, Value::Container(words)));
                if open {
                    self.whole(whole.below(), pointer);
                }
            }
            ChangeKind::Splice => self.moved(at, pointer, name, key, change),
            _ => {
                let below = self.index.children(pointer).is_some();
                let open = below.then(|| self.open(&name, true));
                let value = Value::Change(Box::new(change_row(change)));
                self.push(at, pointer, name, Some(mark), open, node(key, value));
                if open == Some(true) {
                    self.children(at.below(), pointer);
                }
            }
        }
    }

    /// A container that is new or gone, or equal, with everything in it.
    fn whole(&mut self, at: At, pointer: &str) {
        let Some(listing) = self.listing(at, pointer) else { return };
        for child in &listing.children {
            self.plain(at, child);
        }
        self.rest(at, pointer, listing);
    }

    fn plain(&mut self, at: At, child: &Child) {
        let prefix = if at.source == Source::A { "a:" } else { "" };
        let name = format!("{prefix}{}", child.pointer);
        if child.shape == Shape::Scalar || child.len == 0 {
            let text = match child.shape {
                Shape::Object => "{}".to_owned(),
                Shape::Array => "[]".to_owned(),
                Shape::Scalar => child.text.clone(),
            };
            self.push(at, &child.pointer, name, None, None, node(&child.key, Value::Plain(text)));
            return;
        }
        let open = self.open(&name, at.mark.is_some() && child.len <= SMALL);
        let words = container_words(child.shape, child.len);
        self.push(at, &child.pointer, name, None, Some(open), node(&child.key, Value::Container(words)));
        if open {
            self.whole(at.below(), &child.pointer);
        }
    }

    /// A series or list of which elements went and came.
    fn moved(&mut self, at: At, pointer: &str, name: String, key: &str, change: &Change) {
        let open = self.open(&name, false);
        self.push(
            at,
            pointer,
            name,
            Some(Glyph::of_change(change)),
            Some(open),
            node(key, moved_words(change)),
        );
        if !open {
            return;
        }
        for (mark, text) in [(Glyph::Removed, &change.old), (Glyph::Added, &change.new)] {
            let whole = At { mark: Some(mark), ..at.below() };
            for (place, value) in elements(text.as_deref()).into_iter().enumerate() {
                let name = format!("{pointer}#{}{place}", mark.class());
                self.push(whole, pointer, name, None, None, node("", Value::Plain(value)));
            }
        }
        self.children(at.below(), pointer);
    }
}

fn node(key: &str, value: Value) -> Kind {
    Kind::Node { key: key.to_owned(), value }
}

fn count_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
