//! Statements.

use super::super::program::*;
use super::{Leave, Machine, Value};

impl Machine<'_> {
    /// One iteration's end: whether the loop goes on.
    pub(super) fn goes_on(label: usize, result: Result<Value, Leave>) -> Result<bool, Leave> {
        let is_mine = |to: Option<usize>| to.is_none_or(|to| to == label);
        match result {
            Ok(_) => Ok(true),
            Err(Leave::Break(to, _)) if is_mine(to) => Ok(false),
            Err(Leave::Continue(to)) if is_mine(to) => Ok(true),
            Err(other) => Err(other),
        }
    }

    pub(super) fn declare(&mut self, pat: &Pat, value: &Value) -> Result<bool, Leave> {
        let mut bound = Vec::new();
        let matches = self.matches(pat, value, &mut bound)?;
        if matches {
            self.variables.extend(bound);
        }
        Ok(matches)
    }

    pub(super) fn stmt(&mut self, stmt: &Stmt) -> Result<(), Leave> {
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

    pub(super) fn hop(&mut self, hop: &Hop) -> Result<(), Leave> {
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
