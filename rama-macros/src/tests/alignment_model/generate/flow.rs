//! Loops, jumps and closures.

use super::super::program::*;
use super::{Around, Generator, NAMES, Returns, block, field, named};

impl Generator {
    /// A loop's body in which what one iteration makes is used in the next one.
    pub(super) fn carried(&mut self) -> Block {
        let outer = self.places(Some(Type::Text), true);
        if outer.is_empty() {
            return self.block(4, true, None);
        }
        let kept = self.random.of(&outer).0;
        let outer_hops = self.hops;
        let made = self.scope(|this| {
            let mut stmts = Vec::new();
            let names: Vec<Name> = NAMES.iter().copied().filter(|name| *name != kept.root).collect();
            let name = this.random.of(&names);
            let value = if this.random.percent(70) {
                this.opaque(Type::Text, 0)
            } else {
                this.expr(Type::Text, 1, true)
            };
            let (new, old) = (field(name, &[]), kept);
            this.declare(name, Type::Text, false);
            let mut steps = vec![0, 1, 2, 3, 4];
            while !steps.is_empty() {
                let (key, other) = if this.random.percent(50) {
                    (&new, &old)
                } else {
                    (&old, &new)
                };
                match steps.remove(this.random.below(steps.len())) {
                    0 if this.hops => {
                        this.witness = Some((key.clone(), Type::Text));
                        stmts.push(Stmt::Hop(Hop::Hash(Expr::Place(key.clone()))));
                    }
                    1 => stmts.push(Stmt::Assign(Target::Place(old.clone()), Expr::Place(new.clone()))),
                    2 => {
                        // What it declares must not hide the two.
                        let inner = this.block(2, true, None);
                        stmts.push(Stmt::Expr(Expr::Block(None, inner)));
                    }
                    _ => {
                        let site = this.pstate(Partition::ByKey);
                        let key = Expr::Place(other.clone());
                        let touch = Touch::Set;
                        stmts.push(Stmt::Access { site, key, touch });
                    }
                }
            }
            stmts.insert(
                0,
                Stmt::Let {
                    pat: named(name, false),
                    value,
                    otherwise: None,
                },
            );
            stmts
        });
        self.hops = outer_hops;
        block(made)
    }

    pub(super) fn repeated(&mut self) -> Stmt {
        let label = self.label();
        let hops = self.hop_chance();
        self.scope(|this| match this.random.below(4) {
            0 => {
                let conditions = this.conditions();
                this.around.push(Around::Loop(label));
                let body = this.loop_body(hops);
                this.around.pop();
                Stmt::While {
                    label,
                    conditions,
                    body,
                }
            }
            1 => {
                this.around.push(Around::Loop(label));
                let mut body = this.loop_body(hops);
                this.around.pop();
                let at = this.random.below(body.stmts.len() + 1);
                let leave = block(vec![Stmt::Break(None)]);
                body.stmts
                    .insert(at, Stmt::Expr(Expr::If(vec![Condition::Any], leave, None)));
                Stmt::Loop { label, body }
            }
            _ => {
                let items = this.list(1);
                let (name, mutable) = (this.name(), this.random.percent(30));
                this.declare(name, Type::Text, mutable);
                this.around.push(Around::Loop(label));
                let body = this.loop_body(hops);
                this.around.pop();
                Stmt::For {
                    label,
                    pat: named(name, mutable),
                    items,
                    body,
                }
            }
        })
    }

    pub(super) fn loop_body(&mut self, hops: bool) -> Block {
        if self.random.percent(35) {
            self.carried()
        } else {
            self.block(4, hops, None)
        }
    }

    pub(super) fn return_stmt(&mut self) -> Stmt {
        match self.returns {
            Returns::Text => Stmt::Return(Some(self.expr(Type::Text, 1, false))),
            _ => Stmt::Return(None),
        }
    }

    /// A jump, of those that are possible.
    pub(super) fn leaving(&mut self) -> Option<Stmt> {
        if self.returns == Returns::Not {
            return None;
        }
        if self.around.is_empty() || self.random.percent(25) {
            return Some(self.return_stmt());
        }
        if let Some(Around::Loop(_)) = self
            .around
            .iter()
            .rev()
            .find(|around| !matches!(around, Around::Block(..) | Around::Statements(_)))
            && self.random.percent(50)
        {
            return Some(if self.random.percent(50) {
                Stmt::Break(None)
            } else {
                Stmt::Continue(None)
            });
        }
        match self.random.of(&self.around) {
            Around::Once => None,
            Around::Block(label, of) => {
                let value = self.expr(of, 1, false);
                Some(Stmt::Leave(label, value))
            }
            Around::Statements(label) => Some(Stmt::Break(Some(label))),
            Around::Loop(label) if self.random.percent(50) => Some(Stmt::Break(Some(label))),
            Around::Loop(label) => Some(Stmt::Continue(Some(label))),
        }
    }

    pub(super) fn closure(&mut self) -> Stmt {
        let around = std::mem::take(&mut self.around);
        let returns = std::mem::replace(&mut self.returns, Returns::Nothing);
        let name = self.name();
        let body = self.scope(|this| {
            this.declare(name, Type::Text, false);
            let mut body = this.block(3, false, None);
            if this.random.percent(40) {
                let mut stmts = this.does();
                stmts.push(Stmt::Return(None));
                let at = this.random.below(body.stmts.len() + 1);
                // Nothing that the block declares is in scope at its beginning.
                body.stmts.insert(
                    if stmts.len() > 1 { 0 } else { at },
                    Stmt::Expr(Expr::If(vec![Condition::Any], block(stmts), None)),
                );
            }
            body
        });
        self.around = around;
        self.returns = returns;
        let called = match self.random.below(3) {
            0 => Called::Given,
            _ => Called::Times(self.random.below(4)),
        };
        Stmt::Closure {
            parameter: name,
            body,
            called,
        }
    }
}
