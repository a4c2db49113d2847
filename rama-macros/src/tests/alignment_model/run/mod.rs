//! One run of a program, with values: what the analysis says of a program must hold in each of its runs.

mod expressions;
mod statements;
mod value;
mod world;

use super::program::*;
use super::random::Random;
use std::collections::BTreeMap;
use value::Value;
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
impl Machine<'_> {
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
}
