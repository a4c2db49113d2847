//! Statements.

use super::super::program::*;
use super::{Around, Generator, NAMES, Returns, block, field, named};

impl Generator {
    pub(super) fn stmt(&mut self, stmts: &mut Vec<Stmt>) {
        self.left = self.left.saturating_sub(1);
        let is_deep = self.labels > 40;
        let stmt = match self.random.below(100) {
            0..16 => self.access(),
            16..28 if self.hops => {
                let hop = self.hop();
                stmts.push(hop);
                if self.random.percent(60) { self.access() } else { return }
            }
            28..42 => self.binding(),
            42..52 => match self.changed() {
                Some(stmt) => stmt,
                None => self.binding(),
            },
            52..55 => match self.places(None, false) {
                places if places.is_empty() => self.access(),
                places => {
                    let place = self.random.of(&places).0;
                    Stmt::Look(
                        self.random
                            .of(&[Look::Print, Look::Captured, Look::Length, Look::Compare]),
                        place,
                    )
                }
            },
            55..63 if !is_deep => {
                let hops = self.hop_chance();
                let (conditions, then) = self.scope(|this| (this.conditions(), this.block(3, hops, None)));
                let otherwise = if self.random.percent(50) {
                    Some(self.block(3, hops, None))
                } else {
                    None
                };
                Stmt::Expr(Expr::If(conditions, then, otherwise))
            }
            63..66 if !is_deep => {
                let hops = self.hop_chance();
                let value = self.expr(Type::Kind, 1, false);
                Stmt::Expr(self.choice(value, hops, None))
            }
            66..75 if !is_deep => self.repeated(),
            75..78 => match self.leaving() {
                Some(stmt) if self.random.percent(20) => stmt,
                Some(stmt) => {
                    // A way that is left early, with another place or another value.
                    let mut inner = Vec::new();
                    if self.hops && self.random.percent(40) {
                        let witness = self.witness.clone();
                        inner.push(self.hop());
                        self.witness = witness;
                    } else if self.random.percent(60) {
                        inner.extend(self.changed());
                    }
                    inner.push(stmt);
                    Stmt::Expr(Expr::If(vec![Condition::Any], block(inner), None))
                }
                None => self.access(),
            },
            78..82 if !is_deep => self.closure(),
            82..85 => {
                let hops = self.hop_chance();
                let label = self.label();
                self.around.push(Around::Statements(label));
                let block = self.block(4, hops, None);
                self.around.pop();
                Stmt::Expr(Expr::Block(Some(label), block))
            }
            85..96 if self.hops => match self.moved() {
                Some(stmt) => stmt,
                None => self.hop(),
            },
            _ => self.access(),
        };
        let is_construct = matches!(
            stmt,
            Stmt::Expr(_)
                | Stmt::For { .. }
                | Stmt::While { .. }
                | Stmt::Loop { .. }
                | Stmt::Closure { .. }
                | Stmt::Edit(..)
                | Stmt::Assign(..)
        );
        stmts.push(stmt);
        if is_construct && self.random.percent(50) {
            let stmt = self.access();
            stmts.push(stmt);
        }
    }

    /// `let mut k = ..`: a variable to follow.
    pub(super) fn followed(&mut self) -> Stmt {
        let of = self.random.of(&[Type::Text, Type::Text, Type::Pair, Type::Inner]);
        let value = self.expr(of, 0, false);
        let name = self.name();
        self.declare(name, of, true);
        Stmt::Let {
            pat: named(name, true),
            value,
            otherwise: None,
        }
    }

    pub(super) fn binding(&mut self) -> Stmt {
        let types = [
            Type::Text,
            Type::Text,
            Type::Text,
            Type::Pair,
            Type::Pair,
            Type::Inner,
            Type::Record,
            Type::Record,
            Type::Maybe,
            Type::Kind,
            Type::List,
        ];
        let of = self.random.of(&types);
        match self.random.below(12) {
            0 => {
                // A name that the values cannot mention.
                let is_known = |name: &Name| self.variables.iter().any(|variable| variable.name == *name);
                let Some(name) = NAMES.iter().copied().find(|name| !is_known(name)) else {
                    return self.access();
                };
                let (left, right) = (self.expr(Type::Text, 1, false), self.expr(Type::Text, 1, false));
                self.declare(name, Type::Text, true);
                Stmt::Late(name, left, right)
            }
            1 => {
                // With the type that it has, as it may stay what it was.
                let texts: Vec<_> = NAMES
                    .iter()
                    .copied()
                    .filter(|name| {
                        let known = self.variables.iter().rev().find(|variable| variable.name == *name);
                        known.is_none_or(|known| known.of == Type::Text)
                    })
                    .collect();
                if texts.is_empty() {
                    return self.access();
                }
                let name = self.random.of(&texts);
                let value = self.expr(Type::Text, 1, false);
                self.declare(name, Type::Text, false);
                Stmt::Bind(name, value)
            }
            2 if self.returns != Returns::Not => {
                let value = self.expr(Type::Maybe, 1, true);
                let otherwise = self.scope(|this| {
                    let mut stmts = this.does();
                    stmts.push(this.leaving().unwrap_or_else(|| this.return_stmt()));
                    block(stmts)
                });
                let (name, mutable) = (self.name(), self.random.percent(30));
                self.declare(name, Type::Text, mutable);
                Stmt::Let {
                    pat: Pat::Variant("Some", vec![("0", named(name, mutable))]),
                    value,
                    otherwise: Some(otherwise),
                }
            }
            _ => {
                let (value, of) = match self.around_witness() {
                    Some((place, of)) if self.random.percent(30) => (Expr::Place(place), of),
                    _ => (self.expr(of, 2, true), of),
                };
                let before = self.variables.len();
                let pat = self.pat(of, &mut Vec::new(), 2);
                if self.variables.len() > before {
                    let bound = before + self.random.below(self.variables.len() - before);
                    self.recent = Some(field(self.variables[bound].name, &[]));
                }
                Stmt::Let {
                    pat,
                    value,
                    otherwise: None,
                }
            }
        }
    }

    pub(super) fn changed(&mut self) -> Option<Stmt> {
        let mut places = self.places(None, true);
        places.retain(|(_, of)| *of != Type::List);
        // Mostly what the computation is partitioned by.
        if let Some((witness, _)) = &self.witness
            && self.random.percent(60)
        {
            let root = witness.root;
            let near: Vec<_> = places.iter().filter(|(place, _)| place.root == root).cloned().collect();
            if !near.is_empty() {
                places = near;
            }
        }
        if places.is_empty() {
            return None;
        }
        let (place, of) = self.random.of(&places);
        if self.random.percent(55) {
            if self.random.percent(30) {
                let of = self.random.of(&[Type::Pair, Type::Inner]);
                let target = self.target(of)?;
                return Some(Stmt::Assign(target, self.expr(of, 1, true)));
            }
            let value = self.expr(of, 1, true);
            self.recent = Some(place.clone());
            return Some(Stmt::Assign(Target::Place(place), value));
        }
        use Edit::*;
        let edit = self.random.of(&[
            Method,
            Add,
            Lend,
            Macro,
            LocalMacro,
            RefMut,
            MatchRefMut,
            Deref,
            Replace,
            Asynchronous,
        ]);
        Some(Stmt::Edit(edit, place))
    }

    /// An operation that moves the computation in another way than a hop.
    pub(super) fn moved(&mut self) -> Option<Stmt> {
        Some(match self.random.below(10) {
            0..3 => {
                let items = self.list(1);
                let pat = self.pat(Type::Text, &mut Vec::new(), 0);
                Stmt::Explode(pat, items)
            }
            3 => {
                let value = self.expr(Type::Text, 1, false);
                let name = self.name();
                self.declare(name, Type::Text, false);
                Stmt::External(name, value)
            }
            4 => Stmt::Yield,
            5 => {
                let around = std::mem::take(&mut self.around);
                let returns = std::mem::replace(&mut self.returns, Returns::Nothing);
                let body = self.block(4, true, None);
                self.around = around;
                self.returns = returns;
                Stmt::Fork(body)
            }
            6..9 if !self.in_operation && !self.operations.is_empty() => {
                let operation = self.random.below(self.operations.len());
                let types: Vec<Type> = self.operations[operation]
                    .parameters
                    .iter()
                    .map(|(_, of)| *of)
                    .collect();
                let returns = self.operations[operation].returns;
                let mut arguments = Vec::new();
                for of in types {
                    arguments.push(self.expr(of, 1, false));
                }
                let into = if returns && self.random.percent(80) {
                    Some(self.name())
                } else {
                    None
                };
                if let Some(name) = into {
                    self.declare(name, Type::Text, false);
                }
                Stmt::Call {
                    operation,
                    arguments,
                    into,
                    copy: 0,
                }
            }
            9 if !self.in_operation => Stmt::Append(self.expr(Type::Record, 1, false)),
            _ => return None,
        })
    }
}
