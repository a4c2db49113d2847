//! Which variables are needed after each await: classic backward liveness, on the structured IR.
//!
//! It runs twice. *Live* variables (used before they are overwritten) travel. *Mentioned* ones (used or assigned, in
//! whatever order) must at least be declared where the body goes on.

use crate::ir::{BindingId, Block, Body, Facts, Node, Parts, Stmt, TargetId};
use std::collections::{BTreeMap, BTreeSet};

/// Variables, each as a whole or by some of its fields.
pub(super) type Set = BTreeSet<(BindingId, Option<String>)>;

/// Fills in `live`, `mentioned` and `kept` of every await, and which variables need a name of their own at one.
pub(crate) fn analyze(body: &mut Body) {
    fill(body);
    mark_hidden(body);
}

/// Fills in `live`, `mentioned` and `kept` of every await.
pub(super) fn fill(body: &mut Body) {
    let (live, mentioned) = (found(body, Mode::Live), found(body, Mode::Mentioned));
    let moves = moves(body);
    for (at, point) in body.awaits.iter_mut().enumerate() {
        let names = |set: &Set| {
            set.iter()
                .map(|(binding, _)| *binding)
                .filter(|binding| point.visible.contains(binding))
                .collect()
        };
        point.live = names(&live[at].after);
        point.kept = names(&live[at].kept);
        point.witnessed = names(&mentioned[at].after);
        point.witnessed.retain(|binding| !point.live.contains(binding));
        point.parts.clear();
        for &binding in &point.live {
            if let Some(parts) = parts(binding, &live[at].after, &moves) {
                point.parts.insert(binding, parts);
            }
        }
    }
}

/// What holds behind each await.
pub(super) fn found(body: &Body, mode: Mode) -> Vec<Found> {
    let facts: Vec<Facts> = body.awaits.iter().map(|point| point.facts.clone()).collect();
    let mut flow = Flow::new(mode, &facts, facts.len());
    flow.block(&body.block, Set::new());
    flow.found
}

/// The fields of `binding` that travel instead of all of it. Rust lets a field be moved out of a variable while others stay
/// in use; then there is no whole left to move. Where no field may have been moved, or the moved one is used later (so that
/// it was copied), the whole travels.
fn parts(binding: BindingId, live: &Set, moves: &Parts) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    for (_, part) in live.iter().filter(|(other, _)| *other == binding) {
        parts.push(part.clone()?);
    }
    moves
        .iter()
        .any(|(other, moved)| *other == binding && !parts.contains(moved))
        .then_some(parts)
}

/// All that the body may move out of its variables.
pub(super) fn moves(body: &Body) -> Parts {
    let mut all = Parts::new();
    body.each_facts(&mut |facts| all.extend(facts.moves.iter().cloned()));
    all
}

/// A live variable that an inner one of the same name hides at the await.
fn mark_hidden(body: &mut Body) {
    for point in &body.awaits {
        for &binding in point.live.union(&point.witnessed) {
            let name = body.bindings[binding].ident.clone();
            let innermost = point
                .visible
                .iter()
                .rev()
                .find(|other| body.bindings[**other].ident == name);
            if innermost != Some(&binding) {
                body.bindings[binding].needs_outer = true;
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mode {
    Live,
    Mentioned,
    /// What is surely read before it is overwritten: less than what is live.
    Read,
}

#[derive(Default, Clone)]
pub(super) struct Found {
    pub(super) after: Set,
    pub(super) kept: Set,
}

struct Flow<'a> {
    mode: Mode,
    facts: &'a [Facts],
    found: Vec<Found>,
    /// What is live where a `break` out of a target lands, and where a `continue` does.
    breaks: BTreeMap<TargetId, Set>,
    continues: BTreeMap<TargetId, Set>,
}

impl<'a> Flow<'a> {
    fn new(mode: Mode, facts: &'a [Facts], points: usize) -> Self {
        Flow {
            mode,
            facts,
            found: vec![Found::default(); points],
            breaks: BTreeMap::new(),
            continues: BTreeMap::new(),
        }
    }

    /// What is live before plain code.
    fn plain(&self, facts: &Facts, after: Set) -> Set {
        let mut before = if facts.diverges { Set::new() } else { after };
        match self.mode {
            Mode::Live => before.retain(|(binding, _)| !facts.assigns.contains(binding)),
            Mode::Mentioned => {}
            Mode::Read => before.retain(|(binding, _)| !facts.changes.contains(binding)),
        }
        // A jump leaves before the code has assigned anything.
        for target in &facts.breaks {
            before.extend(self.breaks.get(target).into_iter().flatten().cloned());
        }
        for target in &facts.continues {
            before.extend(self.continues.get(target).into_iter().flatten().cloned());
        }
        match self.mode {
            Mode::Live => {
                before.extend(facts.uses.iter().map(|binding| (*binding, None)));
                before.extend(facts.parts.iter().map(|(binding, part)| (*binding, Some(part.clone()))));
            }
            Mode::Read => {
                before.extend(facts.reads.iter().map(|binding| (*binding, None)));
                before.extend(
                    facts
                        .reads_parts
                        .iter()
                        .map(|(binding, part)| (*binding, Some(part.clone()))),
                );
            }
            Mode::Mentioned => before.extend(facts.mentions.iter().map(|binding| (*binding, None))),
        }
        before
    }

    fn block(&mut self, block: &Block, after: Set) -> Set {
        if let Some(target) = block.target {
            self.breaks.insert(target, after.clone());
        }
        let mut live = match &block.tail {
            Some(tail) => self.node(tail, after),
            None => after,
        };
        for stmt in block.stmts.iter().rev() {
            live = self.stmt(stmt, live);
        }
        live.retain(|(binding, _)| !block.prelude.contains(binding));
        live
    }

    fn stmt(&mut self, stmt: &Stmt, after: Set) -> Set {
        match stmt {
            Stmt::Plain(plain, declares) => {
                let mut live = after;
                live.retain(|(binding, _)| !declares.contains(binding));
                self.plain(&plain.facts, live)
            }
            Stmt::Let {
                node,
                diverge,
                declares,
                ..
            } => {
                let mut live = after;
                live.retain(|(binding, _)| !declares.contains(binding));
                if let Some(diverge) = diverge {
                    live.extend(self.block(diverge, Set::new()));
                }
                self.node(node, live)
            }
            Stmt::Assign { place, node } => {
                let live = self.plain(&place.facts, after);
                self.node(node, live)
            }
            Stmt::Eval { node, .. } => self.node(node, after),
            Stmt::Fork { point, block } => {
                let branch = self.block(block, Set::new());
                let found = &mut self.found[*point];
                found.after.extend(branch.iter().cloned());
                found.kept.extend(after.iter().cloned());
                let mut live = after;
                live.extend(branch);
                live
            }
        }
    }

    fn node(&mut self, node: &Node, after: Set) -> Set {
        match node {
            Node::Plain(plain) => self.plain(&plain.facts, after),
            Node::Await(point) => {
                self.found[*point].after.extend(after.iter().cloned());
                let facts = &self.facts[*point];
                self.plain(facts, after)
            }
            Node::Block(block) => self.block(block, after),
            Node::If {
                condition,
                then,
                otherwise,
            } => {
                let mut live = match otherwise {
                    Some(otherwise) => self.node(otherwise, after.clone()),
                    None => after.clone(),
                };
                live.extend(self.block(then, after));
                self.plain(&condition.facts, live)
            }
            Node::Match { scrutinee, arms } => {
                let mut live = if arms.is_empty() { after.clone() } else { Set::new() };
                for arm in arms {
                    let before = self.block(&arm.body, after.clone());
                    live.extend(self.plain(&arm.pat.facts, before));
                }
                self.plain(&scrutinee.facts, live)
            }
            Node::Loop { target, body } => {
                self.breaks.insert(*target, after);
                self.until_stable(*target, |this, head| this.block(body, head))
            }
            Node::While {
                target,
                condition,
                body,
            } => {
                self.breaks.insert(*target, after.clone());
                self.until_stable(*target, |this, head| {
                    let mut live = this.block(body, head);
                    live.extend(after.iter().cloned());
                    this.plain(&condition.facts, live)
                })
            }
        }
    }

    /// The least set that is live at a loop's head. Sets only grow, and there are finitely many variables.
    fn until_stable(&mut self, target: TargetId, mut once: impl FnMut(&mut Self, Set) -> Set) -> Set {
        let mut head = Set::new();
        loop {
            self.continues.insert(target, head.clone());
            let mut next = once(self, head.clone());
            next.extend(head.iter().cloned());
            if next == head {
                return head;
            }
            head = next;
        }
    }
}
