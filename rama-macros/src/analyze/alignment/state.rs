//! What is known at one point of a body: the variables' values, and where the computation is.

use super::place::Here;
use super::value::Value;

/// What a key decided in the iteration before.
const EARLIER: &str = " of an earlier iteration";

/// A variable in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    /// `let mut`, or `let x;`: its value may change.
    pub(super) mutable: bool,
    pub(super) value: Value,
}

/// What is known at one point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    /// Innermost last.
    pub(super) variables: Vec<Variable>,
    /// Where the computation may be, one for each way that leads here; sorted.
    pub(super) here: Vec<Here>,
    /// Whether any way leads here.
    pub(super) reachable: bool,
}

impl State {
    pub(super) fn new(here: Here) -> Self {
        State {
            variables: Vec::new(),
            here: vec![here],
            reachable: true,
        }
    }

    /// The innermost variable of that name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.variables.iter().rposition(|variable| variable.name == name)
    }

    /// What is known where this state and `other` come together. `differing` names the value of a variable that is one
    /// thing here and another there.
    pub(super) fn join(self, other: State, differing: &mut dyn FnMut(usize, &Value, &Value) -> Value) -> State {
        if !other.reachable {
            return self;
        }
        if !self.reachable {
            return other;
        }
        let variables = self
            .variables
            .into_iter()
            .zip(other.variables)
            .enumerate()
            .map(|(at, (left, right))| {
                let value = if left.value == right.value {
                    left.value
                } else {
                    differing(at, &left.value, &right.value)
                };
                Variable { value, ..left }
            });
        let mut here = self.here;
        here.extend(other.here);
        here.sort();
        here.dedup();
        State {
            variables: variables.collect(),
            here,
            reachable: true,
        }
    }

    /// The same, once the loop that the sites of `inside` stand in has begun another iteration.
    pub(super) fn age(&mut self, inside: &dyn Fn(usize) -> bool) {
        for variable in &mut self.variables {
            variable.value = variable.value.aged(inside);
        }
        for here in &mut self.here {
            if let super::place::Place::Keyed(value) = &mut here.place {
                let aged = value.aged(inside);
                if aged != *value && !here.because.ends_with(EARLIER) {
                    here.because.push_str(EARLIER);
                }
                *value = aged;
            }
        }
        self.here.sort();
        self.here.dedup();
    }
}
