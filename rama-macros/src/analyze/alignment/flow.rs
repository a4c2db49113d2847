//! Control flow: what is known where ways part and come together.
//!
//! A loop is gone through until what is known at its head does not change any more. What an earlier iteration made is
//! then another value than what this one makes, though both come from one place of the code.

use super::Analysis;
use super::place::{Here, Place};
use super::sites::Node as Spot;
use super::state::State;
use super::value::{Kind, Value};
use crate::ir::{self, TargetId};
use crate::lower::target_of;
use std::collections::BTreeSet;
use syn::Expr;

/// Rounds after which a loop's head is taken for unknown. It grows by one fact a round; this many are never needed.
const ROUNDS: usize = 64;

/// What a jump can aim at.
#[derive(Debug, Clone, Default)]
pub(super) struct Label {
    target: Option<TargetId>,
    name: Option<String>,
    is_loop: bool,
}

impl Label {
    pub(super) fn closure() -> Self {
        Label::default()
    }

    pub(super) fn target(target: Option<TargetId>, is_loop: bool) -> Self {
        Label {
            target,
            name: None,
            is_loop,
        }
    }

    fn plain(label: Option<&syn::Label>, is_loop: bool) -> Self {
        Label {
            target: label.and_then(|label| target_of(&label.name)),
            name: label.map(|label| label.name.ident.to_string()),
            is_loop,
        }
    }
}

/// A loop or labelled block around the current place.
#[derive(Debug)]
pub(super) struct Around {
    label: Label,
    node: Spot,
    /// The variables that were in scope in front of it.
    variables: usize,
    breaks: Option<State>,
    continues: Option<State>,
}

impl Analysis<'_> {
    /// Goes through a loop. `once` runs one iteration, and says where the loop may be left ([`leave_loop`](Self::leave_loop)).
    pub(super) fn repeat<T>(&mut self, node: &T, label: Label, once: &mut dyn FnMut(&mut Self)) {
        let node = Spot::of(node);
        if !self.state.reachable {
            return;
        }
        let entry = self.state.clone();
        let variables = entry.variables.len();
        // From what an earlier round of an outer loop found: so nested loops do not multiply.
        let mut head = match self.heads.remove(&node) {
            Some(known) => known.join(entry, &mut |at, left, right| self.at_head(node, at, &[left, right])),
            None => entry,
        };
        for round in 0.. {
            let mark = self.passed.len();
            self.pass_head(node, variables);
            self.state = head.clone();
            self.around.push(Around {
                label: label.clone(),
                node,
                variables,
                breaks: None,
                continues: None,
            });
            once(self);
            self.state.variables.truncate(variables);
            let around = self.around.pop();
            let (breaks, continues) = around.map_or((None, None), |around| (around.breaks, around.continues));
            if let Some(continues) = continues {
                self.join_at(node, "continue", continues);
            }
            let inside: BTreeSet<usize> = self.passed[mark..].iter().copied().collect();
            let mut back = self.state.clone();
            back.age(&|site| inside.contains(&site));
            let mut next = head
                .clone()
                .join(back, &mut |at, left, right| self.at_head(node, at, &[left, right]));
            if round >= ROUNDS {
                next.here = vec![Here::unknown("partitioned in a loop")];
            }
            if next == head || round > ROUNDS {
                let mut after = breaks.unwrap_or_else(|| State {
                    reachable: false,
                    ..head.clone()
                });
                after.variables.truncate(variables);
                self.state = after;
                self.heads.insert(node, head);
                return;
            }
            head = next;
        }
    }

    /// The innermost loop may be left here.
    pub(super) fn leave_loop(&mut self) {
        let at = self.around.len().checked_sub(1);
        self.jump(at, true);
    }

    fn jump(&mut self, around: Option<usize>, leaves: bool) {
        let Some(at) = around else { return };
        let mut state = self.state.clone();
        let (node, variables) = (self.around[at].node, self.around[at].variables);
        state.variables.truncate(variables);
        let known = if leaves {
            self.around[at].breaks.take()
        } else {
            self.around[at].continues.take()
        };
        let role = if leaves { "break" } else { "continued" };
        let joined = match known {
            Some(known) => known.join(state, &mut |at, left, right| {
                self.computed_at(node, (role, at), &[left, right])
            }),
            None => state,
        };
        if leaves {
            self.around[at].breaks = Some(joined);
        } else {
            self.around[at].continues = Some(joined);
        }
    }

    fn aimed_at(&self, label: Option<&syn::Lifetime>) -> Option<usize> {
        let is_target = |around: &Around| match label {
            None => around.label.is_loop,
            Some(label) => match target_of(label) {
                Some(target) => around.label.target == Some(target),
                None => around.label.name.as_deref() == Some(&*label.ident.to_string()),
            },
        };
        self.around.iter().rposition(is_target)
    }

    fn join_at(&mut self, node: Spot, role: &'static str, other: State) {
        let here = std::mem::replace(&mut self.state, other.clone());
        self.state = here.join(other, &mut |at, left, right| {
            self.computed_at(node, (role, at), &[left, right])
        });
    }

    /// A block that `break` can leave.
    fn labelled<T>(&mut self, node: &T, label: Label, run: impl FnOnce(&mut Self) -> Value) -> Value {
        let node = Spot::of(node);
        self.around.push(Around {
            label,
            node,
            variables: self.state.variables.len(),
            breaks: None,
            continues: None,
        });
        let value = run(self);
        let breaks = self.around.pop().and_then(|around| around.breaks);
        match breaks {
            Some(breaks) => {
                self.join_at(node, "block", breaks);
                self.computed_at(node, "block value", &[&value, &Value::Unknown])
            }
            None => value,
        }
    }

    /// Several ways from here, of which one is taken. Each runs from the state here, with what it binds gone behind it.
    fn choice<T>(&mut self, node: &T, ways: &mut [&mut dyn FnMut(&mut Self) -> Value]) -> Value {
        let before = self.state.clone();
        let variables = before.variables.len();
        let mut result: Option<(State, Value)> = None;
        for way in ways {
            self.state = before.clone();
            let value = way(self);
            self.state.variables.truncate(variables);
            result = Some(match result.take() {
                None => (self.state.clone(), value),
                Some((state, known)) => {
                    let value = match (state.reachable, self.state.reachable) {
                        (false, _) => value,
                        (true, false) => known,
                        (true, true) if value == known => value,
                        (true, true) => self.computed(node, "chosen", &[&value, &known]),
                    };
                    self.merge(node, state);
                    (self.state.clone(), value)
                }
            });
        }
        match result {
            Some((state, value)) => {
                self.state = state;
                value
            }
            None => Value::Unknown,
        }
    }

    /// Control flow in plain code.
    pub(super) fn control(&mut self, expr: &Expr) -> Value {
        match expr {
            Expr::Block(block) if block.label.is_some() => {
                let label = Label::plain(block.label.as_ref(), false);
                self.labelled(block, label, |this| this.body(&block.block))
            }
            Expr::Block(block) => self.body(&block.block),
            Expr::Unsafe(block) => self.body(&block.block),
            Expr::If(conditional) => {
                let outside = self.state.variables.len();
                self.value(&conditional.cond);
                let bound = self.state.variables.split_off(outside);
                self.choice(
                    conditional,
                    &mut [
                        &mut |this| {
                            this.state.variables.extend(bound.iter().cloned());
                            this.body(&conditional.then_branch)
                        },
                        &mut |this| match &conditional.else_branch {
                            Some((_, otherwise)) => this.value(otherwise),
                            None => Value::Tuple(Vec::new()),
                        },
                    ],
                )
            }
            Expr::Match(choice) => {
                let value = self.value(&choice.expr);
                for arm in &choice.arms {
                    self.lend(&arm.pat, &choice.expr, &value);
                }
                let mut ways: Vec<_> = choice
                    .arms
                    .iter()
                    .map(|arm| {
                        let value = value.clone();
                        move |this: &mut Self| {
                            this.bind(&arm.pat, value.clone());
                            this.value(&arm.body)
                        }
                    })
                    .collect();
                let mut ways: Vec<&mut dyn FnMut(&mut Self) -> Value> = ways
                    .iter_mut()
                    .map(|way| way as &mut dyn FnMut(&mut Self) -> Value)
                    .collect();
                self.choice(choice, &mut ways)
            }
            Expr::Loop(repeat) => {
                self.repeat(repeat, Label::plain(repeat.label.as_ref(), true), &mut |this| {
                    this.body(&repeat.body);
                });
                self.origin(repeat, "value", Kind::FromHere)
            }
            Expr::While(repeat) => {
                self.repeat(repeat, Label::plain(repeat.label.as_ref(), true), &mut |this| {
                    this.value(&repeat.cond);
                    this.leave_loop();
                    this.body(&repeat.body);
                });
                Value::Tuple(Vec::new())
            }
            Expr::ForLoop(repeat) => {
                let items = self.value(&repeat.expr);
                self.repeat(repeat, Label::plain(repeat.label.as_ref(), true), &mut |this| {
                    this.leave_loop();
                    let item = this.item(&repeat.pat, &items);
                    this.bind(&repeat.pat, item);
                    this.body(&repeat.body);
                });
                Value::Tuple(Vec::new())
            }
            Expr::Return(leave) => {
                if let Some(value) = &leave.expr {
                    self.value(value);
                }
                self.state.reachable = false;
                Value::Unknown
            }
            Expr::Break(jump) => {
                if let Some(value) = &jump.expr {
                    self.value(value);
                }
                let around = self.aimed_at(jump.label.as_ref());
                self.jump(around, true);
                self.state.reachable = false;
                Value::Unknown
            }
            Expr::Continue(jump) => {
                let around = self.aimed_at(jump.label.as_ref());
                self.jump(around, false);
                self.state.reachable = false;
                Value::Unknown
            }
            other => self.origin(other, "value", Kind::FromHere),
        }
    }

    /// A block of the IR, and its value.
    pub(super) fn block(&mut self, block: &ir::Block) -> Value {
        match block.target {
            Some(target) => self.labelled(block, Label::target(Some(target), false), |this| this.statements(block)),
            None => self.statements(block),
        }
    }

    fn statements(&mut self, block: &ir::Block) -> Value {
        let outside = self.state.variables.len();
        for stmt in &block.stmts {
            self.stmt(stmt);
        }
        let value = match &block.tail {
            Some(tail) => self.node(tail),
            None => Value::Tuple(Vec::new()),
        };
        self.state.variables.truncate(outside);
        value
    }

    fn stmt(&mut self, stmt: &ir::Stmt) {
        match stmt {
            ir::Stmt::Plain(plain, _) => {
                self.plain_stmt(&plain.code);
            }
            ir::Stmt::Let {
                local, node, diverge, ..
            } => {
                let value = self.node(node);
                if let ir::Node::Plain(plain) = node {
                    self.lend(&local.pat, &plain.code, &value);
                }
                if let Some(diverge) = diverge {
                    let before = self.state.clone();
                    self.block(diverge);
                    self.state = before;
                }
                self.bind(&local.pat, value);
            }
            ir::Stmt::Assign { place, node } => {
                let value = self.node(node);
                self.assign(&place.code, value);
            }
            ir::Stmt::Eval { node } => {
                self.node(node);
            }
            ir::Stmt::Fork { point, block } => {
                self.arrived(*point);
                let before = self.state.clone();
                // A branch of its own cannot jump out.
                let around = std::mem::take(&mut self.around);
                self.block(block);
                self.around = around;
                self.state = before;
            }
        }
    }

    fn node(&mut self, node: &ir::Node) -> Value {
        match node {
            ir::Node::Plain(plain) => self.value(&plain.code),
            ir::Node::Await(point) => self.awaited(*point),
            ir::Node::Block(block) => self.block(block),
            ir::Node::If {
                condition,
                then,
                otherwise,
            } => {
                let outside = self.state.variables.len();
                self.value(&condition.code);
                let bound = self.state.variables.split_off(outside);
                self.choice(
                    node,
                    &mut [
                        &mut |this| {
                            this.state.variables.extend(bound.iter().cloned());
                            this.block(then)
                        },
                        &mut |this| match otherwise {
                            Some(otherwise) => this.node(otherwise),
                            None => Value::Tuple(Vec::new()),
                        },
                    ],
                )
            }
            ir::Node::Match { scrutinee, arms } => {
                let value = self.value(&scrutinee.code);
                for arm in arms {
                    self.lend(&arm.pat.code, &scrutinee.code, &value);
                }
                let mut ways: Vec<_> = arms
                    .iter()
                    .map(|arm| {
                        let value = value.clone();
                        move |this: &mut Self| {
                            this.bind(&arm.pat.code, value.clone());
                            this.block(&arm.body)
                        }
                    })
                    .collect();
                let mut ways: Vec<&mut dyn FnMut(&mut Self) -> Value> = ways
                    .iter_mut()
                    .map(|way| way as &mut dyn FnMut(&mut Self) -> Value)
                    .collect();
                self.choice(node, &mut ways)
            }
            ir::Node::Loop { target, body } => {
                self.repeat(node, Label::target(Some(*target), true), &mut |this| {
                    this.block(body);
                });
                self.origin(node, "value", Kind::FromHere)
            }
            ir::Node::While {
                target,
                condition,
                body,
            } => {
                self.repeat(node, Label::target(Some(*target), true), &mut |this| {
                    this.value(&condition.code);
                    this.leave_loop();
                    this.block(body);
                });
                Value::Tuple(Vec::new())
            }
        }
    }

    /// The computation is now at `here`, on each way that leads here.
    pub(super) fn go(&mut self, place: Place, text: String, because: String) {
        self.state.here = vec![Here { place, text, because }];
    }
}
