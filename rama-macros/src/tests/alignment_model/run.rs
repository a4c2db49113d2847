//! One run of a program, with values: what the analysis says of a program must hold in each of its runs.

use super::program::*;
use super::random::Random;
use std::collections::BTreeMap;

/// A value. Two strings are equal if they are one atom.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
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

/// Why a block is left before its end.
enum Leave {
    Break(Option<usize>, Value),
    Continue(Option<usize>),
    Return(Value),
    /// This branch of the computation has ended.
    Stop,
    /// The program means nothing: a variable or field of it does not exist.
    Invalid,
}

/// How often an access ran with a key that lived elsewhere, and with one that lived on the task.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) away: usize,
    /// In the event of a record whose strings are all different.
    pub(super) at_home: usize,
}

/// By the number of the PState, and of the call of the operation that it stands in.
pub(super) type Accesses = BTreeMap<(usize, usize), Seen>;

const CONSTANT: u64 = 1;
const LITERALS: u64 = 10;
/// Statements of one run.
const STEPS: usize = 300;

/// Runs `program` once. `None`: it means nothing.
pub(super) fn run(program: &Program, seed: u64, accesses: &mut Accesses) -> Option<()> {
    let mut machine = Machine {
        program,
        random: Random::new(seed),
        variables: Vec::new(),
        task: 0,
        steps: STEPS,
        next: 1000,
        copy: 0,
        known: vec![Value::Atom(CONSTANT), Value::Atom(LITERALS), Value::Atom(LITERALS + 1)],
        appended: Vec::new(),
        is_appended: false,
        accesses,
    };
    let record = machine.fresh_record();
    machine.task = machine.start(&record);
    machine.record(record)?;
    // What was appended is where it was appended.
    machine.is_appended = true;
    for _ in 0..2 {
        if let Some((record, task)) = machine.appended.pop() {
            machine.task = task;
            machine.record(record)?;
        }
    }
    Some(())
}

struct Machine<'p> {
    program: &'p Program,
    random: Random,
    variables: Vec<(Name, Value)>,
    /// Where the computation is.
    task: u64,
    steps: usize,
    next: u64,
    copy: usize,
    /// Strings that any code may come up with.
    known: Vec<Value>,
    appended: Vec<(Value, u64)>,
    /// In the event of a record that was appended, which may hold anything.
    is_appended: bool,
    accesses: &'p mut Accesses,
}

impl Value {
    fn encode(&self, to: &mut Vec<u8>) {
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
    fn owner(&self) -> u64 {
        if let Value::Local(_, task) = self {
            return *task;
        }
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        let hash = bytes.into_iter().fold(0xCBF2_9CE4_8422_2325, hash);
        Random::new(hash).next()
    }

    fn is_odd(&self) -> bool {
        self.owner() % 2 == 1
    }

    fn field(&self, member: Name) -> Option<&Value> {
        match self {
            Value::Tuple(elements) => elements.get(member.parse::<usize>().ok()?),
            Value::Struct(fields) => Some(&fields.iter().find(|(name, _)| *name == member)?.1),
            _ => None,
        }
    }

    fn field_mut(&mut self, member: Name) -> Option<&mut Value> {
        match self {
            Value::Tuple(elements) => elements.get_mut(member.parse::<usize>().ok()?),
            Value::Struct(fields) => Some(&mut fields.iter_mut().find(|(name, _)| *name == member)?.1),
            _ => None,
        }
    }

    fn made(self, name: Name) -> Value {
        Value::Made(name, Box::new(self))
    }
}

impl Machine<'_> {
    fn fresh(&mut self) -> Value {
        self.next += 1;
        Value::Atom(self.next)
    }

    /// A record of strings that are all different.
    fn fresh_record(&mut self) -> Value {
        let record = self.fresh_of(Type::Record);
        self.know(&record);
        record
    }

    fn fresh_of(&mut self, of: Type) -> Value {
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

    fn know(&mut self, value: &Value) {
        match value {
            Value::Atom(_) => self.known.push(value.clone()),
            Value::Tuple(elements) => elements.iter().for_each(|element| self.know(element)),
            Value::Struct(fields) | Value::Variant(_, fields) => fields.iter().for_each(|(_, value)| self.know(value)),
            _ => {}
        }
    }

    /// Any value of a type.
    fn any(&mut self, of: Type, given: &[Value]) -> Value {
        let fresh = self.fresh_of(of);
        self.scrambled(fresh, given)
    }

    /// A value of the same type, of which strings may be others.
    fn scrambled(&mut self, value: Value, given: &[Value]) -> Value {
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

    fn maybe(&mut self) -> bool {
        self.random.percent(50)
    }

    /// A task that nothing is known of.
    fn some_task(&mut self) -> u64 {
        match self.random.below(3) {
            0 => 0,
            1 => self.random.of(&self.known).owner(),
            _ => self.random.next(),
        }
    }

    /// Where the depot puts a record.
    fn start(&mut self, record: &Value) -> u64 {
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
    fn home(&self, pstate: usize, key: &Value) -> Option<u64> {
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

    /// The event of one record.
    fn record(&mut self, record: Value) -> Option<()> {
        self.variables = vec![("record", record)];
        self.copy = 0;
        let program = self.program;
        match self.block(&program.body) {
            Ok(_) | Err(Leave::Return(_) | Leave::Stop) => Some(()),
            Err(_) => None,
        }
    }

    fn find(&mut self, place: &Place) -> Result<&mut Value, Leave> {
        let found = self.variables.iter_mut().rev().find(|(name, _)| *name == place.root);
        let mut value = &mut found.ok_or(Leave::Invalid)?.1;
        for member in &place.path {
            value = value.field_mut(member).ok_or(Leave::Invalid)?;
        }
        Ok(value)
    }

    /// Runs `inner`; what it declares ends with it.
    fn scope<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Leave>) -> Result<T, Leave> {
        let outside = self.variables.len();
        let result = inner(self);
        self.variables.truncate(outside);
        result
    }

    fn block(&mut self, block: &Block) -> Result<Value, Leave> {
        self.scope(|this| {
            for stmt in &block.stmts {
                this.stmt(stmt)?;
            }
            match &block.tail {
                Some(tail) => this.expr(tail),
                None => Ok(Value::Unit),
            }
        })
    }

    fn stmts(&mut self, stmts: &[Stmt]) -> Result<(), Leave> {
        self.scope(|this| stmts.iter().try_for_each(|stmt| this.stmt(stmt)))
    }

    fn exprs(&mut self, all: &[Expr]) -> Result<Vec<Value>, Leave> {
        all.iter().map(|value| self.expr(value)).collect()
    }

    fn fields(&mut self, all: &[(Name, Expr)]) -> Result<Vec<(Name, Value)>, Leave> {
        all.iter().map(|(name, value)| Ok((*name, self.expr(value)?))).collect()
    }

    fn expr(&mut self, expr: &Expr) -> Result<Value, Leave> {
        Ok(match expr {
            Expr::Place(place) => self.find(place)?.clone(),
            Expr::Same(_, value) => self.expr(value)?,
            Expr::Literal(number) => Value::Atom(LITERALS + u64::from(*number)),
            Expr::Constant => Value::Atom(CONSTANT),
            Expr::Opaque(_, of, arguments) => {
                let given = self.exprs(arguments)?;
                self.any(*of, &given)
            }
            Expr::Tuple(elements) => Value::Tuple(self.exprs(elements)?),
            Expr::Struct(_, fields, rest) => {
                let given = self.fields(fields)?;
                match rest {
                    None => Value::Struct(given),
                    Some(rest) => {
                        let mut value = self.find(rest)?.clone();
                        for (name, given) in given {
                            *value.field_mut(name).ok_or(Leave::Invalid)? = given;
                        }
                        value
                    }
                }
            }
            Expr::Variant(name, fields) => Value::Variant(name, self.fields(fields)?),
            Expr::If(conditions, then, otherwise) => {
                let taken = self.scope(|this| match this.conditions(conditions)? {
                    true => this.block(then).map(Some),
                    false => Ok(None),
                })?;
                match (taken, otherwise) {
                    (Some(value), _) => value,
                    (None, Some(otherwise)) => self.block(otherwise)?,
                    (None, None) => Value::Unit,
                }
            }
            Expr::Block(label, block) => match (self.block(block), label) {
                (Err(Leave::Break(Some(to), value)), Some(label)) if to == *label => value,
                (result, _) => result?,
            },
            Expr::Match(value, arms) => {
                let value = self.expr(value)?;
                for arm in arms {
                    let mut bound = Vec::new();
                    if !self.matches(&arm.pat, &value, &mut bound)? {
                        continue;
                    }
                    let result = self.scope(|this| {
                        this.variables.extend(bound);
                        if let Some(guard) = &arm.guard {
                            this.stmts(guard)?;
                            if this.maybe() {
                                return Ok(None);
                            }
                        }
                        this.block(&arm.body).map(Some)
                    })?;
                    if let Some(result) = result {
                        return Ok(result);
                    }
                }
                return Err(Leave::Stop);
            }
            Expr::Unwrap(value) => match self.expr(value)? {
                Value::Variant("Some", mut fields) => fields.pop().ok_or(Leave::Invalid)?.1,
                _ => return Err(Leave::Stop),
            },
            Expr::Once(block) => self.block(block)?,
            Expr::List(_, items) => Value::List(self.exprs(items)?),
            Expr::Words(value) => {
                self.expr(value)?;
                Value::Many
            }
            Expr::Here(_) => {
                let task = self.task;
                // A key of task 0 would by chance be where all `global` ones are.
                let count = if task == 0 { 0 } else { self.random.below(3) };
                let mut here: Vec<Value> = Vec::new();
                for _ in 0..count {
                    self.next += 1;
                    here.push(Value::Local(self.next, task));
                }
                let mine = self.known.iter().filter(|known| known.owner() == task);
                here.extend(mine.cloned());
                Value::List(here)
            }
        })
    }

    fn conditions(&mut self, all: &[Condition]) -> Result<bool, Leave> {
        for condition in all {
            let holds = match condition {
                Condition::Any => self.maybe(),
                Condition::Let(pat, value) => {
                    let value = self.expr(value)?;
                    let mut bound = Vec::new();
                    let matches = self.matches(pat, &value, &mut bound)?;
                    self.variables.extend(bound);
                    matches
                }
                Condition::Does(stmts) => {
                    self.stmts(stmts)?;
                    self.maybe()
                }
                Condition::Or(stmts) => {
                    self.maybe() || {
                        self.stmts(stmts)?;
                        self.maybe()
                    }
                }
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn matches(&mut self, pat: &Pat, value: &Value, bound: &mut Vec<(Name, Value)>) -> Result<bool, Leave> {
        match pat {
            Pat::Wild => Ok(true),
            Pat::Name { name, whole, .. } => {
                let matches = match whole {
                    Some(whole) => self.matches(whole, value, bound)?,
                    None => true,
                };
                bound.push((name, value.clone()));
                Ok(matches)
            }
            Pat::Tuple(elements) => {
                let Value::Tuple(values) = value else {
                    return Err(Leave::Invalid);
                };
                for (element, value) in spread(elements, values.len()) {
                    if !self.matches(element, &values[value], bound)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Pat::Struct(_, fields) => self.all_match(fields, value, bound),
            Pat::Variant(name, fields) => match value {
                Value::Variant(made, values) if made == name => {
                    self.all_match(fields, &Value::Struct(values.clone()), bound)
                }
                Value::Variant(..) => Ok(false),
                _ => Err(Leave::Invalid),
            },
            Pat::Or(cases) => {
                for case in cases {
                    let mut inner = Vec::new();
                    if self.matches(case, value, &mut inner)? {
                        bound.extend(inner);
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    fn all_match(
        &mut self,
        fields: &[(Name, Pat)],
        value: &Value,
        bound: &mut Vec<(Name, Value)>,
    ) -> Result<bool, Leave> {
        for (name, pat) in fields {
            let value = value.field(name).ok_or(Leave::Invalid)?;
            if !self.matches(pat, value, bound)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn assign(&mut self, target: &Target, value: Value) -> Result<(), Leave> {
        match target {
            Target::Skip => {}
            Target::Place(place) => *self.find(place)? = value,
            Target::Tuple(elements) => {
                let Value::Tuple(values) = value else {
                    return Err(Leave::Invalid);
                };
                for (element, at) in spread(elements, values.len()) {
                    self.assign(element, values[at].clone())?;
                }
            }
            Target::Slice(elements) => {
                let Value::Tuple(values) = value else {
                    return Err(Leave::Invalid);
                };
                for (element, value) in elements.iter().zip(values) {
                    self.assign(element, value)?;
                }
            }
            Target::Struct(_, fields) => {
                for (name, target) in fields {
                    self.assign(target, value.field(name).ok_or(Leave::Invalid)?.clone())?;
                }
            }
        }
        Ok(())
    }

    fn items(&mut self, items: &Expr) -> Result<Vec<Value>, Leave> {
        match self.expr(items)? {
            Value::List(items) => Ok(items),
            Value::Many => Ok((0..self.random.below(3)).map(|_| self.fresh()).collect()),
            _ => Err(Leave::Invalid),
        }
    }

    /// One iteration's end: whether the loop goes on.
    fn goes_on(label: usize, result: Result<Value, Leave>) -> Result<bool, Leave> {
        let is_mine = |to: Option<usize>| to.is_none_or(|to| to == label);
        match result {
            Ok(_) => Ok(true),
            Err(Leave::Break(to, _)) if is_mine(to) => Ok(false),
            Err(Leave::Continue(to)) if is_mine(to) => Ok(true),
            Err(other) => Err(other),
        }
    }

    fn declare(&mut self, pat: &Pat, value: &Value) -> Result<bool, Leave> {
        let mut bound = Vec::new();
        let matches = self.matches(pat, value, &mut bound)?;
        if matches {
            self.variables.extend(bound);
        }
        Ok(matches)
    }

    fn stmt(&mut self, stmt: &Stmt) -> Result<(), Leave> {
        self.steps = self.steps.checked_sub(1).ok_or(Leave::Stop)?;
        match stmt {
            Stmt::Let { pat, value, otherwise } => {
                let value = self.expr(value)?;
                if !self.declare(pat, &value)? {
                    let otherwise = otherwise.as_ref().ok_or(Leave::Invalid)?;
                    self.block(otherwise)?;
                    return Err(Leave::Invalid);
                }
            }
            Stmt::Late(name, left, right) => {
                let value = if self.maybe() {
                    self.expr(left)?
                } else {
                    self.expr(right)?
                };
                self.variables.push((name, value));
            }
            Stmt::Assign(target, value) => {
                let value = self.expr(value)?;
                self.assign(target, value)?;
            }
            Stmt::Edit(edit, place) => {
                let value = self.find(place)?.clone();
                if !matches!(edit, Edit::Asynchronous) || self.maybe() {
                    *self.find(place)? = self.scrambled(value, &[]);
                }
            }
            Stmt::Look(_, place) => {
                self.find(place)?;
            }
            Stmt::Bind(name, value) => {
                let value = self.expr(value)?;
                let is_known = self.variables.iter().any(|(known, _)| known == name);
                if !is_known || self.maybe() {
                    let value = self.scrambled(value, &[]);
                    self.variables.push((name, value));
                }
            }
            Stmt::Expr(value) => {
                self.expr(value)?;
            }
            Stmt::For {
                label,
                pat,
                items,
                body,
            } => {
                for item in self.items(items)? {
                    let result = self.scope(|this| {
                        this.declare(pat, &item)?;
                        this.block(body)
                    });
                    if !Self::goes_on(*label, result)? {
                        break;
                    }
                }
            }
            Stmt::While {
                label,
                conditions,
                body,
            } => loop {
                self.steps = self.steps.checked_sub(1).ok_or(Leave::Stop)?;
                let result = self.scope(|this| match this.conditions(conditions)? {
                    true => this.block(body),
                    false => Err(Leave::Break(Some(*label), Value::Unit)),
                });
                if !Self::goes_on(*label, result)? {
                    break;
                }
            },
            Stmt::Loop { label, body } => loop {
                self.steps = self.steps.checked_sub(1).ok_or(Leave::Stop)?;
                let result = self.block(body);
                if !Self::goes_on(*label, result)? {
                    break;
                }
            },
            Stmt::Break(label) => return Err(Leave::Break(*label, Value::Unit)),
            Stmt::Leave(label, value) => {
                let value = self.expr(value)?;
                return Err(Leave::Break(Some(*label), value));
            }
            Stmt::Continue(label) => return Err(Leave::Continue(*label)),
            Stmt::Return(value) => {
                let value = match value {
                    Some(value) => self.expr(value)?,
                    None => Value::Unit,
                };
                return Err(Leave::Return(value));
            }
            Stmt::Closure {
                parameter,
                body,
                called,
            } => {
                let times = match called {
                    Called::Times(times) => *times,
                    Called::Given => self.random.below(4),
                };
                for _ in 0..times {
                    let given = self.any(Type::Text, &[]);
                    let result = self.scope(|this| {
                        this.variables.push((parameter, given));
                        this.block(body)
                    });
                    match result {
                        Ok(_) | Err(Leave::Return(_)) => {}
                        Err(other) => return Err(other),
                    }
                }
            }
            Stmt::Access { site, key, touch } => {
                let times = if matches!(touch, Touch::InMacro) {
                    self.random.below(3)
                } else {
                    1
                };
                for _ in 0..times {
                    let key = self.expr(key)?;
                    let home = self.home(*site, &key).ok_or(Leave::Invalid)?;
                    let seen = self.accesses.entry((*site, self.copy)).or_default();
                    seen.away += usize::from(home != self.task);
                    seen.at_home += usize::from(home == self.task && !self.is_appended);
                }
            }
            Stmt::Hop(hop) => self.hop(hop)?,
            Stmt::Explode(pat, items) => {
                let items = self.items(items)?;
                if items.is_empty() {
                    return Err(Leave::Stop);
                }
                // The branches do not know of each other: this run is one of them.
                let item = self.random.of(&items);
                self.declare(pat, &item)?;
            }
            Stmt::External(name, value) => {
                let value = self.expr(value)?;
                let value = self.scrambled(value, &[]);
                self.variables.push((name, value));
            }
            Stmt::Yield => {}
            Stmt::Fork(body) => {
                // This run is the branch, or the code after it.
                if self.maybe() {
                    return match self.block(body) {
                        Err(Leave::Invalid) => Err(Leave::Invalid),
                        _ => Err(Leave::Stop),
                    };
                }
            }
            Stmt::Call {
                operation,
                arguments,
                into,
                copy,
            } => {
                let arguments = self.exprs(arguments)?;
                let declared = &self.program.operations[*operation];
                let names = declared.parameters.iter().map(|(name, _)| *name);
                let inner = names.zip(arguments).collect();
                let outer = std::mem::replace(&mut self.variables, inner);
                self.copy = *copy;
                let result = self.block(&declared.body);
                self.variables = outer;
                self.copy = 0;
                let value = match result {
                    Ok(value) | Err(Leave::Return(value)) => value,
                    Err(other) => return Err(other),
                };
                if let Some(name) = into {
                    self.variables.push((name, value));
                }
            }
            Stmt::Append(value) => {
                let record = self.expr(value)?;
                self.appended.push((record, self.task));
            }
        }
        Ok(())
    }

    fn hop(&mut self, hop: &Hop) -> Result<(), Leave> {
        self.task = match hop {
            Hop::Hash(key) => self.expr(key)?.owner(),
            Hop::Path(pstate, key) => {
                let key = self.expr(key)?;
                self.home(*pstate, &key).ok_or(Leave::Invalid)?
            }
            Hop::Global => 0,
            Hop::Shuffle | Hop::All => self.random.next(),
            Hop::Direct(task) => u64::from(*task),
            Hop::DirectTo(task) => {
                self.expr(task)?;
                self.some_task()
            }
            Hop::Custom => self.some_task(),
        };
        Ok(())
    }
}

/// The elements of a tuple's pattern with their positions, where `..` stands for as many as are missing.
fn spread<T>(elements: &[Option<T>], count: usize) -> Vec<(&T, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    for element in elements {
        match element {
            Some(element) => {
                found.push((element, at));
                at += 1;
            }
            None => at += (count + 1).saturating_sub(elements.len()),
        }
    }
    found.retain(|(_, at)| *at < count);
    found
}
