//! Children of a document's containers, for the tree.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use futures::lock::Mutex;
use serde::Deserialize;
use wasm_bindgen::JsValue;

use super::client::{Lane, WorkerError, read, start_in};
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

/// The document's handle, and the start of the worker that knows it.
type Handle = (u32, String);

thread_local! {
    /// Handles of documents that the component has read, by version id. Who asks first sends the text; who asks
    /// meanwhile waits for the handle, so that a large text is sent and read once.
    static HANDLES: RefCell<HashMap<String, Rc<Mutex<Option<Handle>>>>> = RefCell::default();
}

/// Some of the children of a container. `name` names the document's text for later calls.
pub(crate) async fn outline(
    name: &str,
    text: &JsValue,
    pointer: &str,
    offset: u32,
    limit: u32,
) -> Result<Listing, WorkerError> {
    let outline = ask(name, text, pointer, offset, limit).await?;
    let in_array = outline.node.kind == "array";
    Ok(Listing {
        shape: shape(&outline.node.kind),
        total: outline.node.count,
        children: outline.children.into_iter().map(|node| child(node, in_array)).collect(),
    })
}

/// All of the text of a value that is no container.
pub(crate) async fn whole(name: &str, text: &JsValue, pointer: &str) -> Result<String, WorkerError> {
    Ok(ask(name, text, pointer, 0, 0).await?.node.text)
}

async fn ask(
    name: &str,
    text: &JsValue,
    pointer: &str,
    offset: u32,
    limit: u32,
) -> Result<Outline, WorkerError> {
    let lane = Lane::for_all([text]);
    let call = async |only: Option<u32>, document: JsValue| {
        let args = [document, JsValue::from_str(pointer), offset.into(), limit.into()];
        let reply = start_in(lane, only, "outline", &args).await?;
        let start = reply.start;
        Ok::<_, WorkerError>((start, read::<Outline>(reply)?))
    };
    let slot = HANDLES.with_borrow_mut(|handles| Rc::clone(handles.entry(name.to_owned()).or_default()));
    loop {
        let mut kept = slot.lock().await;
        let Some((start, handle)) = kept.clone() else {
            let (start, outline) = call(None, text.clone()).await?;
            *kept = Some((start, outline.document.clone()));
            return Ok(outline);
        };
        drop(kept);
        match call(Some(start), JsValue::from_str(&handle)).await {
            Ok((_, outline)) => return Ok(outline),
            // The component has forgotten the document: it gets the text again.
            Err(WorkerError::Refused(_)) => {
                let mut kept = slot.lock().await;
                if *kept == Some((start, handle)) {
                    *kept = None;
                }
            }
            Err(error) => return Err(error),
        }
    }
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
