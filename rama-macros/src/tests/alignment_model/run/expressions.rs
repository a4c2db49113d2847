//! Expressions, patterns and assignments.

use super::super::program::*;
use super::{CONSTANT, LITERALS, Leave, Machine, Value};

impl Machine<'_> {
    pub(super) fn exprs(&mut self, all: &[Expr]) -> Result<Vec<Value>, Leave> {
        all.iter().map(|value| self.expr(value)).collect()
    }

    pub(super) fn fields(&mut self, all: &[(Name, Expr)]) -> Result<Vec<(Name, Value)>, Leave> {
        all.iter().map(|(name, value)| Ok((*name, self.expr(value)?))).collect()
    }

    pub(super) fn expr(&mut self, expr: &Expr) -> Result<Value, Leave> {
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

    pub(super) fn conditions(&mut self, all: &[Condition]) -> Result<bool, Leave> {
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

    pub(super) fn matches(&mut self, pat: &Pat, value: &Value, bound: &mut Vec<(Name, Value)>) -> Result<bool, Leave> {
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

    pub(super) fn all_match(
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

    pub(super) fn assign(&mut self, target: &Target, value: Value) -> Result<(), Leave> {
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

    pub(super) fn items(&mut self, items: &Expr) -> Result<Vec<Value>, Leave> {
        match self.expr(items)? {
            Value::List(items) => Ok(items),
            Value::Many => Ok((0..self.random.below(3)).map(|_| self.fresh()).collect()),
            _ => Err(Leave::Invalid),
        }
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
