//! Where values come to be: a number for each place of the code that makes one.

use super::Analysis;
use super::value::{Kind, Value};

/// What a place of the code makes: several things may come to be at one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Role(&'static str, usize);

impl From<&'static str> for Role {
    fn from(name: &'static str) -> Self {
        Role(name, 0)
    }
}

impl From<(&'static str, usize)> for Role {
    fn from((name, at): (&'static str, usize)) -> Self {
        Role(name, at)
    }
}

/// What tells a node of the syntax tree from all others: its address, as the tree is neither moved nor changed while it is
/// analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node(usize);

impl Node {
    pub(super) fn of<T>(node: &T) -> Self {
        Node(std::ptr::from_ref(node).addr())
    }
}

impl Analysis<'_> {
    /// Something that code computed from `given`, at this node.
    pub(super) fn computed<T>(&mut self, node: &T, role: impl Into<Role>, given: &[&Value]) -> Value {
        self.computed_at(Node::of(node), role, given)
    }

    pub(super) fn computed_at(&mut self, node: Node, role: impl Into<Role>, given: &[&Value]) -> Value {
        let kind = if given.iter().any(|value| value.may_be_from_here()) {
            Kind::FromHere
        } else if given.iter().any(|value| value.may_hold_names()) {
            Kind::Holding
        } else {
            Kind::Computed
        };
        self.origin_at(node, role, kind)
    }

    /// The same, of code that may have put what it was given into a collection.
    pub(super) fn holding<T>(&mut self, node: &T, role: impl Into<Role>, given: &[&Value]) -> Value {
        match self.computed(node, role, given) {
            Value::Origin(origin) if origin.kind == Kind::Computed => Value::origin(origin.site, Kind::Holding),
            other => other,
        }
    }

    /// The value that comes to be at this node.
    pub(super) fn origin<T>(&mut self, node: &T, role: impl Into<Role>, kind: Kind) -> Value {
        self.origin_at(Node::of(node), role, kind)
    }

    fn origin_at(&mut self, node: Node, role: impl Into<Role>, kind: Kind) -> Value {
        let site = self.site(node, role);
        self.passed.push(site);
        Value::origin(site, kind)
    }

    /// The number of a site.
    pub(super) fn site(&mut self, node: Node, role: impl Into<Role>) -> usize {
        let next = self.sites.len();
        *self.sites.entry((node, role.into())).or_insert(next)
    }

    /// The value of a variable that differs between the ways that lead to a loop's head.
    pub(super) fn at_head(&mut self, node: Node, variable: usize, given: &[&Value]) -> Value {
        self.computed_at(node, ("head", variable), given)
    }

    /// The loop at `node` begins an iteration: what its head made is made anew.
    pub(super) fn pass_head(&mut self, node: Node, variables: usize) {
        let known = (0..variables).filter_map(|variable| self.sites.get(&(node, Role("head", variable))));
        let known: Vec<usize> = known.copied().collect();
        self.passed.extend(known);
    }
}
