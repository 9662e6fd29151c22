//! A file of series and tables as pandas writes them, by name, or a single one.

use super::super::draft::{Draft, Placed};
use super::super::flags::Flags;
use super::super::said::Said;
use super::super::table::Table;
use super::kind_of;
use crate::api::Shape;
use crate::json::{Kind, Node, Pointer};

pub(super) fn is_one(root: Node<'_>) -> bool {
    let all = kind_of(root) == Kind::Object && !root.is_empty();
    Table::is_like(root) || all && root.members().all(|member| Table::is_like(member.value))
}

pub(super) fn take(draft: &mut Draft<'_>, root: Node<'_>) -> Shape {
    if Table::is_like(root) {
        let name = draft.stem().to_owned();
        one(draft, &name, root, &Pointer::root());
    } else {
        for member in root.members() {
            let key = member.key.decoded();
            one(draft, &key, member.value, &Pointer::root().join(&key));
        }
    }
    Shape::Tables
}

/// A series says of which symbol it is; what else there is only has the name of its place.
fn one(draft: &mut Draft<'_>, place: &str, table: Node<'_>, at: &Pointer) {
    let name = table.get("name").and_then(Node::as_str).filter(|name| !name.is_empty());
    let name = name.map_or_else(|| place.to_owned(), std::borrow::Cow::into_owned);
    let state = Placed {
        state_type: "market_data",
        state_id: format!("market_{name}"),
        description: format!("Migrated market data for {name}"),
        said: &Said::default(),
        flags: Flags::default(),
    };
    draft.state(state, at, table);
}
