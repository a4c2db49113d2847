//! All blocks of a program, in the order of the text; and the smallest program that still fails.

use super::program::*;

/// What is done with each list of statements, and with each statement.
trait Visit {
    fn list(&mut self, _stmts: &mut Vec<Stmt>) {}

    fn stmt(&mut self, _stmt: &mut Stmt) {}
}

impl<F: FnMut(&mut Vec<Stmt>)> Visit for F {
    fn list(&mut self, stmts: &mut Vec<Stmt>) {
        self(stmts);
    }
}

/// Numbers the calls of each operation.
struct Number(Vec<usize>);

impl Visit for Number {
    fn stmt(&mut self, stmt: &mut Stmt) {
        if let Stmt::Call { operation, copy, .. } = stmt {
            *copy = self.0[*operation];
            self.0[*operation] += 1;
        }
    }
}

fn each(block: &mut Block, see: &mut dyn Visit) {
    see.list(&mut block.stmts);
    for stmt in &mut block.stmts {
        see.stmt(stmt);
        in_stmt(stmt, see);
    }
    if let Some(tail) = &mut block.tail {
        in_expr(tail, see);
    }
}

fn in_stmt(stmt: &mut Stmt, see: &mut dyn Visit) {
    match stmt {
        Stmt::Let { value, otherwise, .. } => {
            in_expr(value, see);
            if let Some(otherwise) = otherwise {
                each(otherwise, see);
            }
        }
        Stmt::Late(_, left, right) => {
            in_expr(left, see);
            in_expr(right, see);
        }
        Stmt::Assign(_, value)
        | Stmt::Bind(_, value)
        | Stmt::Expr(value)
        | Stmt::Leave(_, value)
        | Stmt::Return(Some(value))
        | Stmt::Access { key: value, .. }
        | Stmt::Hop(Hop::Hash(value) | Hop::Path(_, value) | Hop::DirectTo(value))
        | Stmt::Explode(_, value)
        | Stmt::External(_, value)
        | Stmt::Append(value) => in_expr(value, see),
        Stmt::For { items, body, .. } => {
            in_expr(items, see);
            each(body, see);
        }
        Stmt::While { conditions, body, .. } => {
            in_conditions(conditions, see);
            each(body, see);
        }
        Stmt::Loop { body, .. } | Stmt::Closure { body, .. } | Stmt::Fork(body) => each(body, see),
        Stmt::Call { arguments, .. } => arguments.iter_mut().for_each(|argument| in_expr(argument, see)),
        Stmt::Edit(..)
        | Stmt::Look(..)
        | Stmt::Break(_)
        | Stmt::Continue(_)
        | Stmt::Return(None)
        | Stmt::Hop(_)
        | Stmt::Yield => {}
    }
}

fn in_conditions(conditions: &mut [Condition], see: &mut dyn Visit) {
    for condition in conditions {
        match condition {
            Condition::Any => {}
            Condition::Let(_, value) => in_expr(value, see),
            Condition::Does(stmts) | Condition::Or(stmts) => see.list(stmts),
        }
    }
}

fn in_expr(expr: &mut Expr, see: &mut dyn Visit) {
    match expr {
        Expr::Place(_) | Expr::Literal(_) | Expr::Constant | Expr::Here(_) => {}
        Expr::Same(_, value) | Expr::Unwrap(value) | Expr::Words(value) => in_expr(value, see),
        Expr::Opaque(_, _, all) | Expr::Tuple(all) | Expr::List(_, all) => {
            all.iter_mut().for_each(|value| in_expr(value, see));
        }
        Expr::Struct(_, fields, _) | Expr::Variant(_, fields) => {
            fields.iter_mut().for_each(|(_, value)| in_expr(value, see));
        }
        Expr::If(conditions, then, otherwise) => {
            in_conditions(conditions, see);
            each(then, see);
            if let Some(otherwise) = otherwise {
                each(otherwise, see);
            }
        }
        Expr::Block(_, block) | Expr::Once(block) => each(block, see),
        Expr::Match(value, arms) => {
            in_expr(value, see);
            for arm in arms {
                if let Some(guard) = &mut arm.guard {
                    see.list(guard);
                }
                each(&mut arm.body, see);
            }
        }
    }
}

impl Program {
    fn each(&mut self, see: &mut dyn Visit) {
        each(&mut self.body, see);
        for operation in &mut self.operations {
            each(&mut operation.body, see);
        }
    }

    /// Numbers the calls of each operation in the order of the text.
    pub(super) fn number(&mut self) {
        let mut number = Number(vec![0; self.operations.len()]);
        each(&mut self.body, &mut number);
    }

    /// The program without the statement of that number. `None`: there is none.
    fn without(&self, number: usize) -> Option<Program> {
        let mut smaller = self.clone();
        let (mut at, mut found) = (0, false);
        smaller.each(&mut |stmts: &mut Vec<Stmt>| {
            if !found && number < at + stmts.len() {
                stmts.remove(number - at);
                found = true;
            }
            at += stmts.len();
        });
        smaller.number();
        found.then_some(smaller)
    }

    /// The program with a construct replaced by what stands in it.
    fn unwrapped(&self, number: usize) -> Option<Program> {
        let mut smaller = self.clone();
        let (mut at, mut found) = (0, false);
        smaller.each(&mut |stmts: &mut Vec<Stmt>| {
            if !found && number < at + stmts.len() {
                found = true;
                let place = number - at;
                let inner: Block = match &mut stmts[place] {
                    Stmt::Loop { body, .. } | Stmt::While { body, .. } | Stmt::Fork(body) => std::mem::take(body),
                    Stmt::Expr(Expr::Block(_, block) | Expr::If(_, block, _)) => std::mem::take(&mut *block),
                    _ => return,
                };
                stmts.splice(place..=place, inner.stmts);
            }
            at += stmts.len();
        });
        smaller.number();
        found.then_some(smaller)
    }

    /// The smallest program found that `fails`, by leaving out one statement after the other.
    pub(super) fn smallest(self, fails: &dyn Fn(&Program) -> bool) -> Program {
        let mut best = self;
        loop {
            let mut improved = false;
            let mut at = 0;
            while let Some(smaller) = best.without(at) {
                if fails(&smaller) {
                    best = smaller;
                    improved = true;
                } else {
                    match best.unwrapped(at) {
                        Some(smaller) if smaller.count() < best.count() && fails(&smaller) => {
                            best = smaller;
                            improved = true;
                        }
                        _ => at += 1,
                    }
                }
            }
            if !improved {
                return best;
            }
        }
    }

    fn count(&self) -> usize {
        let mut count = 0;
        self.clone().each(&mut |stmts: &mut Vec<Stmt>| count += stmts.len());
        count
    }
}
