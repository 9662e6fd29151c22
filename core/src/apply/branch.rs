//! The edits of a document as a tree beside it, grown only where something is edited.
use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::pointer::{array_index, tokens};
use crate::json::{Key, Kind, Node};

/// What becomes of a value.
#[derive(Debug, Default)]
pub(super) enum Edit<'a> {
    /// It stays.
    #[default]
    Keep,
    /// It goes.
    Remove,
    /// Another text takes its place.
    Replace(&'a str),
    /// Something inside it changes.
    Inside(Box<Branch<'a>>),
}

/// The whole document.
#[derive(Debug)]
pub(super) struct Root<'a> {
    pub(super) node: Node<'a>,
    pub(super) edit: Edit<'a>,
}

/// A container in which something changes.
#[derive(Debug)]
pub(super) struct Branch<'a> {
    pub(super) kind: Kind,
    pub(super) children: Vec<Child<'a>>,
    /// What is put in: after how many old children, in order.
    pub(super) inserts: Vec<(usize, Insert<'a>)>,
    /// Old positions of the children that change places, in their new order.
    pub(super) order: Option<&'a [u32]>,
    by_key: Option<HashMap<Cow<'a, str>, usize>>,
}

/// A child of such a container.
#[derive(Debug)]
pub(super) struct Child<'a> {
    pub(super) key: Option<Key<'a>>,
    pub(super) node: Node<'a>,
    pub(super) edit: Edit<'a>,
    /// Another spelling of the key.
    pub(super) spelling: Option<&'a str>,
}

/// A new child.
#[derive(Debug)]
pub(super) struct Insert<'a> {
    /// The key as JSON text, in an object.
    pub(super) key: Option<Cow<'a, str>>,
    pub(super) value: Cow<'a, str>,
}

impl<'a> Root<'a> {
    pub(super) fn new(node: Node<'a>) -> Self {
        Self { node, edit: Edit::Keep }
    }

    /// The value at `pointer` and its edit.
    pub(super) fn find(&mut self, pointer: &str) -> Option<(Node<'a>, &mut Edit<'a>)> {
        tokens(pointer).try_fold((self.node, &mut self.edit), |(node, edit), token| {
            let branch = Branch::grow(node, edit)?;
            let at = branch.position(&token)?;
            let child = &mut branch.children[at];
            Some((child.node, &mut child.edit))
        })
    }

    /// The container at `pointer`, ready for edits.
    pub(super) fn branch(&mut self, pointer: &str) -> Option<&mut Branch<'a>> {
        let (node, edit) = self.find(pointer)?;
        Branch::grow(node, edit)
    }
}

impl<'a> Branch<'a> {
    fn grow<'e>(node: Node<'a>, edit: &'e mut Edit<'a>) -> Option<&'e mut Self> {
        if !matches!(node.kind(), Kind::Object | Kind::Array) {
            return None;
        }
        if matches!(edit, Edit::Keep) {
            *edit = Edit::Inside(Box::new(Self::of(node)));
        }
        match edit {
            Edit::Inside(branch) => Some(branch),
            _ => None,
        }
    }

    fn of(node: Node<'a>) -> Self {
        let child = |key, node| Child { key, node, edit: Edit::Keep, spelling: None };
        let members = node.members().map(|member| child(Some(member.key), member.value));
        let children = members.chain(node.elements().map(|element| child(None, element))).collect();
        Self { kind: node.kind(), children, inserts: Vec::new(), order: None, by_key: None }
    }

    /// Where the child stands that a pointer's token names.
    pub(super) fn position(&mut self, token: &str) -> Option<usize> {
        if self.kind == Kind::Array {
            return array_index(token).filter(|at| *at < self.children.len());
        }
        let children = &self.children;
        let by_key = self.by_key.get_or_insert_with(|| {
            let keys = children.iter().enumerate();
            keys.filter_map(|(at, child)| Some((child.key?.decoded(), at))).collect()
        });
        by_key.get(token).copied()
    }
}
