//! Children of a document's containers, for the tree.

use std::cell::RefCell;
use std::collections::HashMap;

use serde::Deserialize;
use wasm_bindgen::JsValue;

use super::client::{WorkerError, call};
use crate::model::tree::{Child, Listing, Shape};

#[derive(Deserialize)]
struct Outline {
    document: String,
    node: Node,
    children: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    key: String,
    pointer: String,
    kind: String,
    count: u32,
    size: usize,
    text: String,
}

thread_local! {
    /// Handles of documents that the component has read, by version id.
    static HANDLES: RefCell<HashMap<String, String>> = RefCell::default();
}

/// Some of the children of a container. `name` names the document's text for later calls.
pub(crate) async fn outline(
    name: &str,
    text: &JsValue,
    pointer: &str,
    offset: u32,
    limit: u32,
) -> Result<Listing, WorkerError> {
    let ask = async |document: JsValue| {
        call::<Outline>("outline", &[document, JsValue::from_str(pointer), offset.into(), limit.into()]).await
    };
    let handle = HANDLES.with_borrow(|handles| handles.get(name).cloned());
    let known = match handle {
        Some(handle) => ask(JsValue::from_str(&handle)).await.ok(),
        None => None,
    };
    // Without a handle, or when the component has forgotten the document, it gets the text again.
    let outline = match known {
        Some(outline) => outline,
        None => ask(text.clone()).await?,
    };
    HANDLES.with_borrow_mut(|handles| handles.insert(name.to_owned(), outline.document.clone()));
    let in_array = outline.node.kind == "array";
    Ok(Listing {
        shape: shape(&outline.node.kind),
        total: outline.node.count,
        children: outline.children.into_iter().map(|node| child(node, in_array)).collect(),
    })
}

fn child(node: Node, in_array: bool) -> Child {
    let cut = node.text.len() < node.size;
    let shape = shape(&node.kind);
    Child {
        key: if in_array { format!("[{}]", node.key) } else { node.key },
        pointer: node.pointer,
        len: node.count,
        text: if shape == Shape::Scalar && cut { format!("{}…", node.text) } else { node.text },
        shape,
    }
}

fn shape(kind: &str) -> Shape {
    match kind {
        "object" => Shape::Object,
        "array" => Shape::Array,
        _ => Shape::Scalar,
    }
}
