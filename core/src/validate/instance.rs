//! A document's tape as the validator sees it.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use jsonschema::JsonType;
use jsonschema::json::{self, Json, JsonNumber, NodeIdentity};
use serde_json::{Number, Value};

use crate::json::{Decimal, Elements, Kind, Members, Node};
use crate::schema::{Steps, equal};
use crate::tagged::meant;

/// The tape, as one of the validator's representations of JSON.
pub(super) struct TapeJson;

impl Json for TapeJson {
    type Node<'a> = Instance<'a>;
    type PreparedKey = String;
    type StringBuffer = Budget;

    // A look-up walks the members, so one pass over them is cheaper than two look-ups.
    const KEYS_PER_LOOKUP: usize = 64;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(buffer: &mut Budget, string: &str, f: impl FnOnce(Instance<'_>) -> T) -> T {
        *buffer = Budget::default();
        f(Instance { value: Place::Name(string), budget: buffer })
    }
}

/// How many errors may still be made, and steps taken, before arrays and objects seem to end. Once the errors that are wanted
/// are there, the rest of a large document need not be walked.
pub(super) struct Budget {
    errors: Cell<usize>,
    steps: Rc<Steps>,
}

impl Budget {
    pub(super) fn of(errors: usize, steps: &Rc<Steps>) -> Self {
        Self { errors: Cell::new(errors), steps: Rc::clone(steps) }
    }

    fn spend(&self) {
        self.errors.set(self.errors.get().saturating_sub(1));
    }

    fn is_spent(&self) -> bool {
        self.errors.get() == 0 || self.steps.are_spent()
    }
}

/// A name, which is checked as a text of its own, is short.
impl Default for Budget {
    fn default() -> Self {
        Self::of(usize::MAX, &Rc::new(Steps::unlimited()))
    }
}

/// One value of the document.
#[derive(Clone, Copy)]
pub(super) struct Instance<'a> {
    value: Place<'a>,
    budget: &'a Budget,
}

#[derive(Clone, Copy)]
enum Place<'a> {
    Node(Node<'a>),
    /// The name of a member, checked as a text of its own.
    Name(&'a str),
}

impl<'a> Instance<'a> {
    /// The value that is meant: the validator does not see tags.
    pub(super) fn new(node: Node<'a>, budget: &'a Budget) -> Self {
        Self { value: Place::Node(meant(node).0), budget }
    }

    pub(super) fn node(self) -> Option<Node<'a>> {
        match self.value {
            Place::Node(node) => Some(node),
            Place::Name(_) => None,
        }
    }

    fn of_kind(self, kind: Kind) -> Option<Node<'a>> {
        self.node().filter(|node| node.kind() == kind)
    }
}

impl<'a> json::Node<'a, TapeJson> for Instance<'a> {
    type Object = Object<'a>;
    type Array = Array<'a>;
    type Number = Spelled<'a>;

    fn as_object(&self) -> Option<Object<'a>> {
        self.of_kind(Kind::Object).map(|node| Object { node, budget: self.budget })
    }

    fn as_array(&self) -> Option<Array<'a>> {
        self.of_kind(Kind::Array).map(|node| Array { node, budget: self.budget })
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self.value {
            Place::Node(node) => node.as_str(),
            Place::Name(name) => Some(Cow::Borrowed(name)),
        }
    }

    fn as_number(&self) -> Option<Spelled<'a>> {
        self.of_kind(Kind::Number).map(|node| Spelled(node.text()))
    }

    fn as_boolean(&self) -> Option<bool> {
        self.node()?.as_bool()
    }

    fn is_null(&self) -> bool {
        self.node().is_some_and(Node::is_null)
    }

    fn json_type(&self) -> JsonType {
        match self.node().map_or(Kind::String, Node::kind) {
            Kind::Null => JsonType::Null,
            Kind::Bool => JsonType::Boolean,
            Kind::Number => JsonType::Number,
            Kind::String => JsonType::String,
            Kind::Array => JsonType::Array,
            Kind::Object => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (self.value, expected) {
            (Place::Node(node), expected) => equal(node, expected),
            (Place::Name(name), Value::String(text)) => name == text,
            (Place::Name(_), _) => false,
        }
    }

    /// Only errors ask for the value, to quote it; ours are told from the tape, so none is built.
    fn to_value(&self) -> Cow<'a, Value> {
        self.budget.spend();
        Cow::Owned(Value::Null)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        let node = self.node()?;
        let document = node.text().as_ptr() as usize - node.span().start;
        Some(NodeIdentity::tagged(document, node.index()))
    }
}

/// An object of the document.
pub(super) struct Object<'a> {
    node: Node<'a>,
    budget: &'a Budget,
}

impl<'a> json::Object<'a, TapeJson> for Object<'a> {
    type Node = Instance<'a>;
    type MemberName = Cow<'a, str>;
    type MembersIter = MembersWithin<'a>;

    fn len(&self) -> usize {
        self.node.len()
    }

    fn get(&self, key: &String) -> Option<Instance<'a>> {
        self.budget.steps.get(self.node, key).map(|node| Instance::new(node, self.budget))
    }

    fn members(&self) -> MembersWithin<'a> {
        MembersWithin { members: self.node.members(), budget: self.budget }
    }
}

/// Members, as long as the budget lasts.
pub(super) struct MembersWithin<'a> {
    members: Members<'a>,
    budget: &'a Budget,
}

impl<'a> Iterator for MembersWithin<'a> {
    type Item = (Cow<'a, str>, Instance<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.budget.is_spent() {
            return None;
        }
        self.budget.steps.take(1);
        let member = self.members.next()?;
        Some((member.key.decoded(), Instance::new(member.value, self.budget)))
    }
}

/// An array of the document.
pub(super) struct Array<'a> {
    node: Node<'a>,
    budget: &'a Budget,
}

impl<'a> json::Array<'a, TapeJson> for Array<'a> {
    type Node = Instance<'a>;
    type ElementsIter = ElementsWithin<'a>;

    fn len(&self) -> usize {
        self.node.len()
    }

    fn elements(&self) -> ElementsWithin<'a> {
        ElementsWithin { elements: self.node.elements(), budget: self.budget }
    }
}

/// Elements, as long as the budget lasts.
pub(super) struct ElementsWithin<'a> {
    elements: Elements<'a>,
    budget: &'a Budget,
}

impl<'a> Iterator for ElementsWithin<'a> {
    type Item = Instance<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.budget.is_spent() {
            return None;
        }
        self.budget.steps.take(1);
        self.elements.next().map(|node| Instance::new(node, self.budget))
    }
}

/// A number as it is spelled. Bounds are held by [`super::bounds`], exactly; what the validator asks for here is an
/// approximation that it uses for no keyword of ours.
pub(super) struct Spelled<'a>(&'a str);

impl JsonNumber for Spelled<'_> {
    fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok().filter(|number: &f64| number.is_finite())
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0)
    }

    fn to_number(&self) -> Cow<'_, Number> {
        let number = self.as_u64().map(Number::from).or_else(|| self.as_i64().map(Number::from));
        let number = number.or_else(|| self.as_f64().and_then(Number::from_f64));
        Cow::Owned(number.unwrap_or_else(|| Number::from(0)))
    }

    fn is_integer(&self) -> bool {
        Decimal::parse(self.0).is_some_and(Decimal::is_integer)
    }
}
