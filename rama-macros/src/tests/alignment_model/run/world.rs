//! What is around a program: records, code that is not looked into, and where depots and PStates keep things.

use super::super::program::*;
use super::{Machine, Value};

impl Machine<'_> {
    pub(super) fn fresh(&mut self) -> Value {
        self.next += 1;
        Value::Atom(self.next)
    }

    /// A record of strings that are all different.
    pub(super) fn fresh_record(&mut self) -> Value {
        let record = self.fresh_of(Type::Record);
        self.know(&record);
        record
    }

    pub(super) fn fresh_of(&mut self, of: Type) -> Value {
        match of {
            Type::Text => self.fresh(),
            Type::Pair => Value::Tuple(vec![self.fresh(), self.fresh()]),
            Type::Inner | Type::Record => {
                let fields = fields(of).iter().map(|(name, of)| (*name, self.fresh_of(*of)));
                Value::Struct(fields.collect())
            }
            Type::Maybe => match self.random.below(4) {
                0 => Value::Variant("None", Vec::new()),
                _ => Value::Variant("Some", vec![("0", self.fresh())]),
            },
            Type::Kind => match self.random.below(3) {
                0 => Value::Variant("Kind::One", vec![("0", self.fresh())]),
                1 => Value::Variant("Kind::Two", vec![("a", self.fresh()), ("b", self.fresh())]),
                _ => Value::Variant("Kind::Nil", Vec::new()),
            },
            Type::List => Value::Many,
        }
    }

    pub(super) fn know(&mut self, value: &Value) {
        match value {
            Value::Atom(_) => self.known.push(value.clone()),
            Value::Tuple(elements) => elements.iter().for_each(|element| self.know(element)),
            Value::Struct(fields) | Value::Variant(_, fields) => fields.iter().for_each(|(_, value)| self.know(value)),
            _ => {}
        }
    }

    /// Any value of a type.
    pub(super) fn any(&mut self, of: Type, given: &[Value]) -> Value {
        let fresh = self.fresh_of(of);
        self.scrambled(fresh, given)
    }

    /// A value of the same type, of which strings may be others.
    pub(super) fn scrambled(&mut self, value: Value, given: &[Value]) -> Value {
        match value {
            Value::Atom(_) | Value::Local(..) => match self.random.below(10) {
                0..4 => {
                    let fresh = self.fresh();
                    self.known.push(fresh.clone());
                    fresh
                }
                4..6 => value,
                6..8 => {
                    let texts: Vec<_> = given.iter().filter(|value| matches!(value, Value::Atom(_))).collect();
                    if texts.is_empty() {
                        value
                    } else {
                        self.random.of(&texts).clone()
                    }
                }
                _ => self.random.of(&self.known),
            },
            Value::Tuple(elements) => Value::Tuple(
                elements
                    .into_iter()
                    .map(|element| self.scrambled(element, given))
                    .collect(),
            ),
            Value::Struct(fields) => {
                let fields = fields.into_iter();
                Value::Struct(
                    fields
                        .map(|(name, value)| (name, self.scrambled(value, given)))
                        .collect(),
                )
            }
            Value::Variant(name, fields) => {
                let fields = fields.into_iter();
                Value::Variant(
                    name,
                    fields
                        .map(|(name, value)| (name, self.scrambled(value, given)))
                        .collect(),
                )
            }
            Value::List(items) => Value::List(items.into_iter().map(|item| self.scrambled(item, given)).collect()),
            other => other,
        }
    }

    pub(super) fn maybe(&mut self) -> bool {
        self.random.percent(50)
    }

    /// A task that nothing is known of.
    pub(super) fn some_task(&mut self) -> u64 {
        match self.random.below(3) {
            0 => 0,
            1 => self.random.of(&self.known).owner(),
            _ => self.random.next(),
        }
    }

    /// Where the depot puts a record.
    pub(super) fn start(&mut self, record: &Value) -> u64 {
        let field = |path: &[Name]| {
            path.iter()
                .try_fold(record, |value, member| value.field(member))
                .cloned()
                .unwrap_or(Value::Unit)
        };
        match self.program.input {
            Input::Random => self.random.next(),
            Input::Global => 0,
            Input::Custom => self.some_task(),
            Input::ByField => field(&["a"]).owner(),
            Input::ByTwo => Value::Tuple(vec![field(&["a"]), field(&["inner", "b"])]).owner(),
            Input::ByPath => field(&["inner", "a"]).owner(),
            Input::ByCode => field(&["a"]).made("region").owner(),
            Input::ByFunction => record.clone().made("key_of").owner(),
            Input::ByMatch => match field(&["kind"]) {
                Value::Variant("Kind::One", fields) => fields[0].1.owner(),
                _ => field(&["a"]).owner(),
            },
            Input::ByReturn if record.is_odd() => field(&["a"]).owner(),
            Input::ByReturn => field(&["b"]).owner(),
        }
    }

    /// The task that a PState keeps a key on.
    pub(super) fn home(&self, pstate: usize, key: &Value) -> Option<u64> {
        Some(match self.program.pstates[pstate] {
            Partition::ByKey => key.owner(),
            Partition::ByFirst => key.field("0")?.owner(),
            Partition::BySecond => key.field("1")?.owner(),
            Partition::Swapped => Value::Tuple(vec![key.field("1")?.clone(), key.field("0")?.clone()]).owner(),
            Partition::ByFunction => key.clone().made("region_of").owner(),
            Partition::ByCode => key.clone().made("region").owner(),
            Partition::ByReturn => key.field(if key.is_odd() { "0" } else { "1" })?.owner(),
            Partition::Global => 0,
        })
    }
}
