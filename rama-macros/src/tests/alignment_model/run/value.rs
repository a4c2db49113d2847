//! Values.

use super::super::program::*;
use super::super::random::Random;

/// A value. Two strings are equal if they are one atom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Unit,
    Atom(u64),
    /// A string that lives on a task.
    Local(u64, u64),
    Tuple(Vec<Value>),
    Struct(Vec<(Name, Value)>),
    Variant(Name, Vec<(Name, Value)>),
    List(Vec<Value>),
    /// A list of strings that nothing else holds: each look at it gives others.
    Many,
    /// What a known function makes of a value.
    Made(Name, Box<Value>),
}
impl Value {
    pub(super) fn encode(&self, to: &mut Vec<u8>) {
        match self {
            Value::Unit | Value::Many => {}
            Value::Atom(atom) | Value::Local(atom, _) => to.extend(atom.to_le_bytes()),
            Value::Tuple(elements) => elements.iter().for_each(|element| element.encode(to)),
            Value::Struct(fields) => fields.iter().for_each(|(_, value)| value.encode(to)),
            Value::Variant(name, fields) => {
                to.extend(name.as_bytes());
                fields.iter().for_each(|(_, value)| value.encode(to));
            }
            Value::List(items) => {
                to.push(items.len() as u8);
                items.iter().for_each(|item| item.encode(to));
            }
            Value::Made(name, value) => {
                to.extend(name.as_bytes());
                value.encode(to);
            }
        }
    }

    /// The task that owns it.
    pub(super) fn owner(&self) -> u64 {
        if let Value::Local(_, task) = self {
            return *task;
        }
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        let hash = bytes.into_iter().fold(0xCBF2_9CE4_8422_2325, hash);
        Random::new(hash).next()
    }

    pub(super) fn is_odd(&self) -> bool {
        self.owner() % 2 == 1
    }

    pub(super) fn field(&self, member: Name) -> Option<&Value> {
        match self {
            Value::Tuple(elements) => elements.get(member.parse::<usize>().ok()?),
            Value::Struct(fields) => Some(&fields.iter().find(|(name, _)| *name == member)?.1),
            _ => None,
        }
    }

    pub(super) fn field_mut(&mut self, member: Name) -> Option<&mut Value> {
        match self {
            Value::Tuple(elements) => elements.get_mut(member.parse::<usize>().ok()?),
            Value::Struct(fields) => Some(&mut fields.iter_mut().find(|(name, _)| *name == member)?.1),
            _ => None,
        }
    }

    pub(super) fn made(self, name: Name) -> Value {
        Value::Made(name, Box::new(self))
    }
}
