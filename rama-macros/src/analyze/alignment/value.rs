//! Values, as far as the compiler can name them: two equal names of a value are one value.

use std::collections::BTreeMap;
use std::rc::Rc;

/// What an expression's value is known to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    /// Anything: equal to nothing, not even to itself.
    Unknown,
    /// Whatever came to be at one place of the code, the last time that control passed there.
    Origin(Origin),
    /// `"be"`, `7u64`, `LIMIT`: its text.
    Literal(String),
    /// `7`, at a site: what follows decides whether it is an `i32` or a `u64`, which have other hashes.
    Number(String, usize),
    /// A field of a struct or a tuple, or the payload of an enum's variant (`0`). A name that no field has, as `as_str()`, is a form
    /// of the value.
    Field(Rc<Value>, String),
    Tuple(Vec<Value>),
    /// `Name { field: value }`, `Name(value)`.
    Built(String, BTreeMap<String, Value>),
    /// A value of which some fields were assigned since.
    Updated(Rc<Value>, BTreeMap<String, Value>),
    /// The result of a function that is known to depend on its argument only: a partitioner.
    Applied(String, Rc<Value>),
    /// `self`.
    Module,
    /// `self.p`: the PState of that number.
    PState(usize),
    /// `self.p.unaligned()`
    Unaligned(usize),
    /// A cursor behind an access of that number.
    Cursor(usize),
}

/// A place in the code where a value comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    pub(super) site: usize,
    pub(super) kind: Kind,
}

/// What is known of a value besides where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The record, or an item of a collection: no other variable's value.
    Distinct,
    /// An item of a collection that code made: no other variable's value, but of what it is made is not known.
    Made,
    /// An id that `next()` made: nobody's value so far.
    New,
    /// The same, of an earlier iteration of a loop.
    Past,
    /// The result of code that may have computed any value, from what it was given.
    Computed,
    /// The same, that may be a collection of values which have other names too: `vec![a, b]`.
    Holding,
    /// The same, from what this task's partitions hold: it may well be a key that lives here.
    FromHere,
}

/// What two values are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Relation {
    Same,
    /// Two values that nothing makes equal.
    Different,
    Undecided,
}

impl Value {
    pub(super) fn origin(site: usize, kind: Kind) -> Self {
        Value::Origin(Origin { site, kind })
    }

    /// `self.member`
    pub(super) fn field(self, member: &str) -> Value {
        match self {
            Value::Tuple(elements) => member
                .parse::<usize>()
                .ok()
                .and_then(|at| elements.into_iter().nth(at))
                .unwrap_or(Value::Unknown),
            Value::Built(name, mut fields) => {
                let is_payload = member == PAYLOAD && (name == "Some" || name == "Ok");
                let member = if is_payload { "0" } else { member };
                fields.remove(member).unwrap_or(Value::Unknown)
            }
            Value::Updated(base, mut fields) => match fields.remove(member) {
                Some(value) => value,
                // A form of all of it; or a field of what it derefs to, which may hold what was assigned.
                None if is_form(member) || fields.keys().any(|known| is_index(known) != is_index(member)) => {
                    Value::Unknown
                }
                None => Rc::unwrap_or_clone(base).field(member),
            },
            // Nothing is known of what it holds, but two reads of one unknown field would look the same.
            Value::Unknown | Value::Module | Value::PState(_) | Value::Unaligned(_) | Value::Cursor(_) => {
                Value::Unknown
            }
            other => Value::Field(Rc::new(other), member.to_owned()),
        }
    }

    /// The value after an assignment to a field of it.
    pub(super) fn updated(self, path: &[String], value: Value) -> Value {
        let Some((member, rest)) = path.split_first() else {
            return value;
        };
        let inner = self.clone().field(member).updated(rest, value);
        match self {
            Value::Updated(base, mut fields) => {
                fields.insert(member.clone(), inner);
                Value::Updated(base, fields)
            }
            other => Value::Updated(Rc::new(other), BTreeMap::from([(member.clone(), inner)])),
        }
    }

    /// The values that it is made of.
    fn parts(&self) -> Vec<&Value> {
        match self {
            Value::Tuple(elements) => elements.iter().collect(),
            Value::Built(_, fields) => fields.values().collect(),
            Value::Updated(base, fields) => std::iter::once(&**base).chain(fields.values()).collect(),
            Value::Field(base, _) | Value::Applied(_, base) => vec![base],
            _ => Vec::new(),
        }
    }

    /// Whether `found` is true of it or of anything that it is made of.
    pub(super) fn any(&self, found: &dyn Fn(&Value) -> bool) -> bool {
        found(self) || self.parts().into_iter().any(|part| part.any(found))
    }

    /// Whether it may be a key that this task's own partitions hold.
    pub(super) fn may_be_from_here(&self) -> bool {
        self.any(&|value| {
            matches!(
                value,
                Value::Unknown
                    | Value::Module
                    | Value::PState(_)
                    | Value::Unaligned(_)
                    | Value::Cursor(_)
                    | Value::Origin(Origin {
                        kind: Kind::FromHere,
                        ..
                    })
            )
        })
    }

    /// Whether it may be a collection of values that have other names.
    pub(super) fn may_hold_names(&self) -> bool {
        self.any(&|value| {
            matches!(
                value,
                Value::Tuple(_)
                    | Value::Built(..)
                    | Value::Updated(..)
                    | Value::Origin(Origin {
                        kind: Kind::Holding,
                        ..
                    })
            )
        })
    }

    /// Whether two mentions of it are one value.
    fn is_certain(&self) -> bool {
        !self.any(&|value| {
            matches!(
                value,
                Value::Unknown | Value::Origin(Origin { kind: Kind::Past, .. }) | Value::Cursor(_)
            )
        })
    }

    /// The fields that lead from the value of `site` to it.
    pub(super) fn path_from(&self, site: usize) -> Option<Vec<&str>> {
        match self {
            Value::Origin(origin) if origin.site == site => Some(Vec::new()),
            Value::Field(base, member) => {
                let mut path = base.path_from(site)?;
                path.push(member);
                Some(path)
            }
            _ => None,
        }
    }

    /// Whether it is known how it came to be, so that it is none of the other values that are known so.
    pub(super) fn is_transparent(&self) -> bool {
        match self {
            Value::Origin(origin) => matches!(origin.kind, Kind::Distinct | Kind::Made | Kind::New | Kind::Past),
            Value::Literal(text) => !is_case(text),
            Value::Number(..) => true,
            Value::Field(base, _) => {
                let is_made = matches!(**base, Value::Origin(Origin { kind: Kind::Made, .. }));
                !is_made && base.is_transparent()
            }
            Value::Tuple(elements) => elements.iter().all(Value::is_transparent),
            Value::Built(_, fields) => fields.values().all(Value::is_transparent),
            _ => false,
        }
    }

    /// The value that it is a form of: `(*record).user.as_ref()` is the user of the record.
    fn plain(&self) -> Value {
        match self {
            Value::Field(base, member) if member == PAYLOAD => Value::Field(base.plain().into(), "0".to_owned()),
            Value::Field(base, member) if is_form(member) => base.plain(),
            Value::Field(base, member) => Value::Field(base.plain().into(), member.clone()),
            Value::Tuple(elements) => Value::Tuple(elements.iter().map(Value::plain).collect()),
            Value::Built(name, fields) => {
                let fields = fields.iter().map(|(field, value)| (field.clone(), value.plain()));
                Value::Built(name.clone(), fields.collect())
            }
            other => other.clone(),
        }
    }

    /// Whether it is `other`, or a field of it, at any depth.
    fn is_within(&self, other: &Value) -> bool {
        self == other || matches!(self, Value::Field(base, _) if base.is_within(other))
    }

    /// The values that its encoding is put together from.
    pub(super) fn leaves(&self) -> Vec<&Value> {
        match self {
            Value::Tuple(elements) => elements.iter().flat_map(Value::leaves).collect(),
            Value::Built(_, fields) => fields.values().flat_map(Value::leaves).collect(),
            other => vec![other],
        }
    }

    /// The same value once the loop that the sites of `inside` stand in has begun another iteration.
    pub(super) fn aged(&self, inside: &dyn Fn(usize) -> bool) -> Value {
        let aged = |value: &Rc<Value>| Rc::new(value.aged(inside));
        match self {
            Value::Origin(origin) if inside(origin.site) => match origin.kind {
                Kind::Distinct | Kind::Made | Kind::New | Kind::Past => Value::origin(origin.site, Kind::Past),
                Kind::Computed | Kind::Holding | Kind::FromHere => Value::Unknown,
            },
            Value::Field(base, member) => Value::Field(aged(base), member.clone()),
            Value::Applied(function, argument) => Value::Applied(function.clone(), aged(argument)),
            Value::Tuple(elements) => Value::Tuple(elements.iter().map(|value| value.aged(inside)).collect()),
            Value::Built(name, fields) => Value::Built(name.clone(), aged_fields(fields, inside)),
            Value::Updated(base, fields) => Value::Updated(aged(base), aged_fields(fields, inside)),
            other => other.clone(),
        }
    }

    /// Whether a key and what the computation is partitioned by have one owner, as far as can be told.
    ///
    /// *Different* is never claimed of values of which one is a part of the other: a struct of one field is encoded as its
    /// field.
    pub(super) fn relation(&self, other: &Value) -> Relation {
        if self == other && self.is_certain() {
            return Relation::Same;
        }
        match (self, other) {
            (Value::Tuple(left), Value::Tuple(right)) if left.len() == right.len() => {
                return all(left.iter().zip(right));
            }
            (Value::Built(name, left), Value::Built(other, right)) if name == other && left.len() == right.len() => {
                return all(left.values().zip(right.values()));
            }
            (Value::Literal(left) | Value::Number(left, _), Value::Literal(right) | Value::Number(right, _)) => {
                return literals(left, right);
            }
            _ => {}
        }
        if !self.is_transparent() || !other.is_transparent() {
            return Relation::Undecided;
        }
        let (left, right) = (self.plain(), other.plain());
        let (left, right) = (left.leaves(), right.leaves());
        // A struct without fields is encoded as nothing, and may be all that the other one is.
        if left.is_empty() || right.is_empty() {
            return Relation::Undecided;
        }
        let composed = |leaves: &[&Value]| leaves.len() > 1;
        let related = |a: &Value, b: &Value| match (composed(&left), composed(&right)) {
            // `(a, b)` is not `a`, but may be all of `a`'s fields.
            (true, false) => a.is_within(b) && a != b,
            (false, true) => b.is_within(a) && a != b,
            _ => a.is_within(b) || b.is_within(a),
        };
        if left.iter().any(|a| right.iter().any(|b| related(a, b))) {
            return Relation::Undecided;
        }
        Relation::Different
    }
}

/// The member that `unwrap()` takes out.
pub(super) const PAYLOAD: &str = "unwrap()";

/// Whether a member is a form of the whole value, rather than a field of it.
fn is_form(member: &str) -> bool {
    !member.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Whether a constant is one of a few cases, as `true`, `None` and `Kind::Nil` are: any value may well be it.
fn is_case(text: &str) -> bool {
    let is_name = text.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let name = text.rsplit("::").next().unwrap_or_default();
    is_name && !text.contains(['"', '\'']) && name.contains(char::is_lowercase)
}

/// Whether a member is one of a tuple.
fn is_index(member: &str) -> bool {
    member.starts_with(|first: char| first.is_ascii_digit())
}

fn aged_fields(fields: &BTreeMap<String, Value>, inside: &dyn Fn(usize) -> bool) -> BTreeMap<String, Value> {
    fields
        .iter()
        .map(|(name, value)| (name.clone(), value.aged(inside)))
        .collect()
}

/// Values of several parts: the same if all parts are, different if one is.
fn all<'v>(pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Relation {
    let mut whole = Relation::Same;
    for (left, right) in pairs {
        match left.relation(right) {
            Relation::Different => return Relation::Different,
            Relation::Undecided => whole = Relation::Undecided,
            Relation::Same => {}
        }
    }
    whole
}

/// Two literals of different text: `7` and `7u64` may be one value, `"a"` and `"b"` are not.
fn literals(left: &str, right: &str) -> Relation {
    let decided = |text: &str| match syn::parse_str::<syn::Lit>(text) {
        Ok(syn::Lit::Str(text)) => Some(text.value()),
        Ok(syn::Lit::Int(number)) => Some(number.base10_digits().to_owned()),
        _ => None,
    };
    match (decided(left), decided(right)) {
        (Some(left), Some(right)) if left != right => Relation::Different,
        _ => Relation::Undecided,
    }
}
