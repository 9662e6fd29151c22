//! What the paths of a type's data mean: which arrays have identities, what is noise, what is protected.

use super::condition::Condition;
use super::rules::Rule;
use crate::json::pointer::{array_index, tokens};

/// The meaning of every path that a schema speaks of, as a tree that is walked beside the data.
#[derive(Debug, Clone, Default)]
pub struct PathRules {
    places: Vec<Place>,
    /// How many conditions there are, over all places.
    conditions: usize,
}

/// The branches that something was said in: the numbers of their conditions, and what each of them must have been.
pub(super) type Branches = Box<[(usize, bool)]>;

/// A rule, and the branches of the schema that it stands in.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) rule: Rule,
    pub(super) branches: Branches,
}

/// What is known of one place. What alternatives of a schema (`if`, `anyOf`, ...) say of how to show and compare it is
/// taken together; what is right and wrong is as the branch says that was chosen.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a keyword of its own, and any of them go together")]
pub(super) struct Place {
    /// Sorted by name.
    members: Vec<(Box<str>, usize)>,
    any_member: Option<usize>,
    element: Option<usize>,
    pub(super) identity: Option<Box<str>>,
    pub(super) unit: Option<Box<str>>,
    pub(super) volatile: bool,
    pub(super) protected: Option<Box<str>>,
    pub(super) identifier: bool,
    /// The branches that say that it is a time.
    pub(super) times: Vec<Branches>,
    pub(super) rules: Vec<Held>,
    /// What decides here which branches are chosen, here and below; with their numbers.
    pub(super) conditions: Vec<(usize, Condition)>,
    /// Where a document may break a rule.
    pub(super) breaks: Within,
    /// Where something of a document may be worth a notice: a time, or a rule that says no more than that.
    pub(super) notes: Within,
}

/// Whether a document need be looked at here.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Within {
    pub(super) here: bool,
    pub(super) below: bool,
}

impl Within {
    pub(super) fn any(self) -> bool {
        self.here || self.below
    }
}

/// A step from one place of the data to the next.
pub(super) enum Step<'a> {
    Member(&'a str),
    AnyMember,
    Element,
}

impl PathRules {
    /// What is known of the whole document.
    #[must_use]
    pub fn root(&self) -> RulesAt<'_> {
        RulesAt {
            rules: self,
            place: (!self.places.is_empty()).then_some(0),
            volatile: false,
            protected: None,
        }
    }

    /// How many conditions there are: their numbers are less than this.
    pub(super) fn conditions(&self) -> usize {
        self.conditions
    }

    /// Adds a condition that decides at a place. Answers its number.
    pub(super) fn add_condition(&mut self, place: usize, condition: Condition) -> usize {
        let number = self.conditions;
        self.conditions += 1;
        self.place_mut(place).conditions.push((number, condition));
        number
    }

    pub(super) fn place_mut(&mut self, place: usize) -> &mut Place {
        if self.places.is_empty() {
            self.places.push(Place::default());
        }
        &mut self.places[place]
    }

    /// The place one step from `from`, made if it is new.
    pub(super) fn step(&mut self, from: usize, step: &Step<'_>) -> usize {
        let new = self.places.len().max(1);
        let place = self.place_mut(from);
        let found = match step {
            Step::Member(name) => match place.members.binary_search_by(|(known, _)| (**known).cmp(name)) {
                Ok(at) => place.members[at].1,
                Err(at) => {
                    place.members.insert(at, ((*name).into(), new));
                    new
                }
            },
            Step::AnyMember => *place.any_member.get_or_insert(new),
            Step::Element => *place.element.get_or_insert(new),
        };
        if found == new {
            self.places.push(Place::default());
        }
        found
    }

    /// Marks every place that has something to check there or below it.
    pub(super) fn mark_checked(&mut self) {
        for index in (0..self.places.len()).rev() {
            // Children come after their parents, so they are marked already.
            let place = &self.places[index];
            let mut breaks = Within { here: place.rules.iter().any(|held| !held.rule.notice), below: false };
            let mut notes = Within {
                here: !place.times.is_empty() || place.rules.iter().any(|held| held.rule.notice),
                below: false,
            };
            let children =
                place.members.iter().map(|(_, at)| *at).chain(place.any_member).chain(place.element);
            for child in children.map(|at| &self.places[at]) {
                breaks.below |= child.breaks.any();
                notes.below |= child.notes.any();
            }
            self.places[index].breaks = breaks;
            self.places[index].notes = notes;
        }
    }
}

/// What is known of one path. Volatile and protected hold for everything inside, too.
#[derive(Debug, Clone, Copy)]
pub struct RulesAt<'a> {
    rules: &'a PathRules,
    place: Option<usize>,
    volatile: bool,
    protected: Option<&'a str>,
}

impl<'a> RulesAt<'a> {
    /// What is known of a member of the object here.
    #[must_use]
    pub fn member(self, name: &str) -> Self {
        let next = self.place().and_then(|place| {
            let named = place.members.binary_search_by(|(known, _)| (**known).cmp(name)).ok();
            named.map(|at| place.members[at].1).or(place.any_member)
        });
        self.down(next)
    }

    /// What is known of the elements of the array here.
    #[must_use]
    pub fn element(self) -> Self {
        self.down(self.place().and_then(|place| place.element))
    }

    /// What is known of the child that one decoded token of a JSON pointer names.
    #[must_use]
    pub fn child(self, token: &str) -> Self {
        let element = self.element();
        if element.place.is_some() && array_index(token).is_some() { element } else { self.member(token) }
    }

    /// What is known of the place that an RFC 6901 pointer leads to from here.
    #[must_use]
    pub fn at(self, pointer: &str) -> Self {
        tokens(pointer).fold(self, |at, token| at.child(&token))
    }

    /// The member that names the elements of the array here.
    #[must_use]
    pub fn identity(self) -> Option<&'a str> {
        self.place()?.identity.as_deref()
    }

    /// The unit of the number here.
    #[must_use]
    pub fn unit(self) -> Option<&'a str> {
        self.place()?.unit.as_deref()
    }

    /// Whether what is here is noise.
    #[must_use]
    pub fn is_volatile(self) -> bool {
        self.volatile || self.place().is_some_and(|place| place.volatile)
    }

    /// Whether what is here is not restored unless unlocked.
    #[must_use]
    pub fn is_protected(self) -> bool {
        self.protected_because().is_some()
    }

    /// Why what is here is not restored unless unlocked.
    #[must_use]
    pub fn protected_because(self) -> Option<&'a str> {
        self.place().and_then(|place| place.protected.as_deref()).or(self.protected)
    }

    /// Whether the value here names something, so that a difference of two such numbers means nothing.
    #[must_use]
    pub fn is_identifier(self) -> bool {
        self.place().is_some_and(|place| place.identifier)
    }

    pub(super) fn place(self) -> Option<&'a Place> {
        self.place.map(|index| &self.rules.places[index])
    }

    fn down(self, place: Option<usize>) -> Self {
        Self { rules: self.rules, place, volatile: self.is_volatile(), protected: self.protected_because() }
    }
}
