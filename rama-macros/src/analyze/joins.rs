//! Where a body is cut, so that no code stands in too many segments.
//!
//! A segment is the rest of the body ([`crate::codegen`]), so what several segments lead to stands in each of them. Behind a
//! statement that hops on some of its ways only, that is all the rest: k such statements in a row would make k² / 2 copies.
//! There the body is *cut*: the ways into the join end with a jump to a segment of its own, in the same event. A cut is an
//! await point without an operation, and everything behind this pass treats it as one.
//!
//! A cut moves the variables into a scope, as a hop does. It must not refuse what duplication accepts, so it is made only where
//! everything that is live
//! - travels as a whole anyway, across each await of the statement that leads to the join, or across one that the code behind
//!   the join leads to: so it can travel, and, as one variable has one type, it never holds a borrow in that code (but of what is lent, which is copied before
//!   its owner moves);
//! - has its value for sure: it is read behind the join, or the statement does not touch it. (Liveness errs on the side of "live",
//!   and a variable that is not read may have been moved away on a way without an await.)
//!
//! `let x = if .. { ..await .. } else { .. }; f(x);` is cut behind `f(x)` if `x` does not travel.
//!
//! One thing is not seen: a value whose destructor uses a borrow of a local variable, and which no await sees, as it was dropped in
//! front of each on the way, or its block ends before the next. rustc then reports the borrow at the variable.

use super::liveness::{self, Mode};
use crate::ir::{Await, AwaitId, BindingId, Block, Body, Facts, Node, Set, Stmt, TargetId};
use crate::ops;
use std::collections::{BTreeMap, BTreeSet};

/// How many awaits the code behind a join must lead to, to be worth a cut. Measured: from 4 on, rustc's time does not depend on it
/// (with 2, it takes half as long again); a jump costs an event about 40 instructions.
const WORTH_A_CUT: usize = 4;

/// Cuts a body whose names are resolved.
pub(crate) fn cut(body: &mut Body) {
    cut_from(body, WORTH_A_CUT);
}

/// Cuts where the code behind a join leads to `worth` awaits or more.
pub(crate) fn cut_from(body: &mut Body, worth: usize) {
    let own = body.awaits.len();
    if own < worth {
        return;
    }
    let joins = Insert::into(body);
    if joins.is_empty() {
        return;
    }
    liveness::fill(body);
    let allowed = allowed(body, own, &joins);
    let mut ways = Ways::new(
        &body.awaits,
        Choose {
            awaits: &body.awaits,
            allowed: &allowed,
            own,
            worth,
            chosen: Points::new(),
        },
    );
    ways.block(&body.block, Points::new());
    let chosen = ways.visit.chosen;
    keep(body, own, &joins, &chosen);
}

/// For each join that may be cut: what must travel at one of the next awaits, too.
fn allowed(body: &Body, own: usize, joins: &[Join]) -> Vec<Option<Set>> {
    let read = liveness::found(body, Mode::Read);
    let moves = liveness::moves(body);
    let travels_somewhere = |binding: &BindingId| body.awaits[..own].iter().any(|point| travels(*binding, point));
    let allowed = |at: usize, join: &Join| {
        let (point, read) = (&body.awaits[own + at], &read[own + at].after);
        let has_value = |binding: &BindingId| {
            let part_is_read = |part: &String| read.contains(&(*binding, Some(part.clone())));
            let mut moved = moves.iter().filter(|(other, _)| other == binding);
            let untouched = !join.mentions.contains(binding) && !join.between.contains(binding);
            untouched
                || read.contains(&(*binding, None))
                || read.iter().any(|(other, _)| other == binding) && moved.all(|(_, part)| part_is_read(part))
        };
        let before = || join.before.iter().map(|before| &body.awaits[*before]);
        let same_type = |binding: &BindingId| {
            before().all(|before| before.live.contains(binding) || before.witnessed.contains(binding))
        };
        // What would be dropped at the jump may hold a borrow until the end of its block, which may come before the next await.
        if !join.between.is_subset(&point.live) {
            return None;
        }
        if !point.parts.is_empty() || !point.live.iter().all(has_value) || !point.witnessed.iter().all(same_type) {
            return None;
        }
        let travels_on = |binding: &&BindingId| !before().all(|before| travels(**binding, before));
        Some(point.live.iter().filter(travels_on).copied().collect::<Set>())
    };
    // An earlier place behind the same statement will do.
    let mut settled = false;
    let choose = |(at, join): (usize, &Join)| {
        settled &= join.is_later;
        let found = if settled { None } else { allowed(at, join) };
        settled |= found.as_ref().is_some_and(|on| on.iter().all(travels_somewhere));
        found
    };
    joins.iter().enumerate().map(choose).collect()
}

/// Whether a variable travels across an await as a whole.
fn travels(binding: BindingId, point: &Await) -> bool {
    point.call.operation.ends_event() && point.live.contains(&binding) && !point.parts.contains_key(&binding)
}

/// Takes the joins that are not `chosen` out again.
fn keep(body: &mut Body, own: usize, joins: &[Join], chosen: &Points) {
    let numbers: BTreeMap<AwaitId, AwaitId> = chosen.iter().copied().zip(own..).collect();
    let mut remove = Remove { own, joins, numbers };
    remove.block(&mut body.block);
    let mut at = 0;
    body.awaits.retain(|_| {
        at += 1;
        at <= own || chosen.contains(&(at - 1))
    });
}

type Points = BTreeSet<AwaitId>;

/// How many plain statements are passed by to get rid of a variable that does not travel.
const PASSED_BY: usize = 4;

/// A place behind a statement with awaits, which several ways lead to.
#[derive(Clone)]
struct Join {
    /// The awaits in the statement that can lead to the join.
    before: Points,
    /// What the statement, and the plain ones passed by, name.
    mentions: Set,
    /// What the plain ones declare.
    between: Set,
    /// Plain statements were passed by.
    is_later: bool,
    /// The statement was the value of a loop's body.
    was_tail: bool,
}

/// Puts an await point at every join. The points of the joins come behind those of the body.
struct Insert<'a> {
    awaits: &'a mut Vec<Await>,
    visible: Vec<BindingId>,
    joins: Vec<Join>,
}

impl Insert<'_> {
    fn into(body: &mut Body) -> Vec<Join> {
        let mut insert = Insert {
            awaits: &mut body.awaits,
            visible: body.parameter_bindings.clone(),
            joins: Vec::new(),
        };
        insert.block(&mut body.block, false);
        insert.joins
    }

    fn block(&mut self, block: &mut Block, is_loop: bool) {
        let outside = self.visible.len();
        self.visible.extend(&block.prelude);
        // The value of a loop's body is `()`; behind it is the next iteration.
        let was_tail = is_loop && block.tail.as_ref().is_some_and(|tail| is_compound(tail));
        if was_tail && let Some(node) = block.tail.take() {
            block.stmts.push(Stmt::Eval { node: *node });
        }
        let count = block.stmts.len();
        let mut stmts = Vec::with_capacity(count);
        // The join behind the statement before, and how many plain ones were passed by.
        let mut open: Option<(Join, usize)> = None;
        for (at, mut stmt) in std::mem::take(&mut block.stmts).into_iter().enumerate() {
            match &mut stmt {
                Stmt::Plain(_, declares) => self.visible.extend(declares.iter()),
                Stmt::Let {
                    node,
                    diverge,
                    declares,
                    ..
                } => {
                    self.node(node);
                    if let Some(diverge) = diverge {
                        self.block(diverge, false);
                    }
                    self.visible.extend(declares.iter());
                }
                Stmt::Assign { node, .. } | Stmt::Eval { node } => self.node(node),
                Stmt::Fork { block, .. } => self.block(block, false),
            }
            let is_last = at + 1 == count;
            open = match &stmt {
                Stmt::Plain(plain, declares) => open
                    .filter(|(_, passed)| *passed < PASSED_BY && !plain.facts.diverges)
                    .map(|(mut join, passed)| {
                        join.mentions.extend(&plain.facts.mentions);
                        join.between.extend(declares);
                        join.is_later = true;
                        (join, passed + 1)
                    }),
                stmt => self.join(stmt, is_last && was_tail).map(|join| (join, 0)),
            };
            // What is behind a block's end is another join.
            let ends = is_last && block.tail.is_none() && !is_loop;
            let point = match &open {
                Some((join, _)) if !ends => Some(self.point(join.clone())),
                _ => None,
            };
            match (stmt, point) {
                (Stmt::Eval { node }, None) if is_last && was_tail => block.tail = Some(Box::new(node)),
                (stmt, point) => {
                    stmts.push(stmt);
                    stmts.extend(point);
                }
            }
        }
        block.stmts = stmts;
        if let Some(tail) = &mut block.tail
            && !was_tail
        {
            self.node(tail);
        }
        self.visible.truncate(outside);
    }

    /// The join behind `stmt`, if several ways lead to it.
    fn join(&self, stmt: &Stmt, was_tail: bool) -> Option<Join> {
        let (node, place) = match stmt {
            Stmt::Assign { node, place } => (node, Some(place)),
            Stmt::Let { node, .. } | Stmt::Eval { node } => (node, None),
            Stmt::Plain(..) | Stmt::Fork { .. } => return None,
        };
        if !is_compound(node) {
            return None;
        }
        let own = self.awaits.len() - self.joins.len();
        let leads = |directly: bool| {
            let found = Points::new();
            let mut ways = Ways::new(self.awaits, Leads { own, directly, found });
            let without = ways.node(node, Points::from([BEHIND])).contains(&BEHIND);
            (ways.visit.found, without)
        };
        let (directly, without) = leads(true);
        let (before, _) = leads(false);
        if before.is_empty() || directly.len() + usize::from(without) < 2 {
            return None;
        }
        let mut mentions = Set::new();
        let mut see = |facts: &Facts| mentions.extend(&facts.mentions);
        node.each_facts(&mut see);
        place.iter().for_each(|place| see(&place.facts));
        // All awaits in the statement, not just those that lead on.
        points_in(node).iter().for_each(|point| see(&self.awaits[*point].facts));
        Some(Join {
            before,
            mentions,
            between: Set::new(),
            is_later: false,
            was_tail,
        })
    }

    /// An await point for a join.
    fn point(&mut self, join: Join) -> Stmt {
        self.joins.push(join);
        self.awaits.push(Await {
            call: ops::jump_call(),
            facts: Facts::default(),
            span: proc_macro2::Span::call_site(),
            live: Set::new(),
            parts: BTreeMap::new(),
            witnessed: Set::new(),
            kept: Set::new(),
            makes: None,
            lent: None,
            visible: self.visible.clone(),
            here: String::new(),
        });
        Stmt::Eval {
            node: Node::Await(self.awaits.len() - 1),
        }
    }

    fn node(&mut self, node: &mut Node) {
        match node {
            Node::Plain(_) | Node::Await(_) => {}
            Node::Block(block) => self.block(block, false),
            Node::If { then, otherwise, .. } => {
                self.block(then, false);
                if let Some(otherwise) = otherwise {
                    self.node(otherwise);
                }
            }
            Node::Match { arms, .. } => arms.iter_mut().for_each(|arm| self.block(&mut arm.body, false)),
            Node::Loop { body, .. } | Node::While { body, .. } => self.block(body, true),
        }
    }
}

fn is_compound(node: &Node) -> bool {
    !matches!(node, Node::Plain(_) | Node::Await(_))
}

/// Every await point in a node.
fn points_in(node: &Node) -> Points {
    struct All(Points);
    impl Visit for All {
        fn at(&mut self, point: AwaitId, after: Points) -> Points {
            self.0.insert(point);
            after
        }
    }
    let mut ways = Ways::new(&[], All(Points::new()));
    ways.node(node, Points::new());
    ways.visit.0
}

/// Stands for the join among the points.
const BEHIND: AwaitId = AwaitId::MAX;

/// Which awaits lead to a join.
struct Leads {
    own: usize,
    /// Without another await between.
    directly: bool,
    found: Points,
}

impl Visit for Leads {
    fn at(&mut self, point: AwaitId, after: Points) -> Points {
        if point >= self.own {
            return after;
        }
        if after.contains(&BEHIND) {
            self.found.insert(point);
        }
        if self.directly { Points::new() } else { after }
    }
}

/// Decides from the end of the body on, so that a cut spares what is in front of it.
struct Choose<'a> {
    awaits: &'a [Await],
    allowed: &'a [Option<Set>],
    own: usize,
    worth: usize,
    chosen: Points,
}

impl Visit for Choose<'_> {
    fn at(&mut self, point: AwaitId, after: Points) -> Points {
        if point >= self.own && !self.chosen.contains(&point) {
            if after.len() < self.worth || !self.is_allowed(point, &after) {
                return after;
            }
            self.chosen.insert(point);
        }
        Points::from([point])
    }

    fn fork(&mut self, point: AwaitId) -> Option<AwaitId> {
        Some(point)
    }

    fn decided(&self) -> usize {
        self.chosen.len()
    }
}

impl Choose<'_> {
    fn is_allowed(&self, point: AwaitId, after: &Points) -> bool {
        let Some(on) = &self.allowed[point - self.own] else {
            return false;
        };
        on.iter()
            .all(|binding| after.iter().any(|next| travels(*binding, &self.awaits[*next])))
    }
}

/// What is asked at the awaits on the ways through a body, from its end to its start.
trait Visit {
    /// The points that code in front of an await leads to, given those that the code behind it does.
    fn at(&mut self, point: AwaitId, after: Points) -> Points;

    /// The point of a `fork`, if it counts.
    fn fork(&mut self, _point: AwaitId) -> Option<AwaitId> {
        None
    }

    /// Grows with every decision that changes what code leads to.
    fn decided(&self) -> usize {
        0
    }
}

/// The points that each piece of code leads to. (The structure is that of [`liveness`].)
struct Ways<'a, V> {
    awaits: &'a [Await],
    visit: V,
    breaks: BTreeMap<TargetId, Points>,
    continues: BTreeMap<TargetId, Points>,
}

impl<'a, V: Visit> Ways<'a, V> {
    fn new(awaits: &'a [Await], visit: V) -> Self {
        Ways {
            awaits,
            visit,
            breaks: BTreeMap::new(),
            continues: BTreeMap::new(),
        }
    }

    fn plain(&self, facts: &Facts, after: Points) -> Points {
        let mut before = if facts.diverges { Points::new() } else { after };
        for target in &facts.breaks {
            before.extend(self.breaks.get(target).into_iter().flatten());
        }
        for target in &facts.continues {
            before.extend(self.continues.get(target).into_iter().flatten());
        }
        before
    }

    fn block(&mut self, block: &Block, after: Points) -> Points {
        if let Some(target) = block.target {
            self.breaks.insert(target, after.clone());
        }
        let mut points = match &block.tail {
            Some(tail) => self.node(tail, after),
            None => after,
        };
        for stmt in block.stmts.iter().rev() {
            points = self.stmt(stmt, points);
        }
        points
    }

    fn stmt(&mut self, stmt: &Stmt, mut after: Points) -> Points {
        match stmt {
            Stmt::Plain(plain, _) => self.plain(&plain.facts, after),
            Stmt::Let { node, diverge, .. } => {
                if let Some(diverge) = diverge {
                    after.extend(self.block(diverge, Points::new()));
                }
                self.node(node, after)
            }
            Stmt::Assign { place, node } => {
                let after = self.plain(&place.facts, after);
                self.node(node, after)
            }
            Stmt::Eval { node } => self.node(node, after),
            Stmt::Fork { point, block } => {
                self.block(block, Points::new());
                after.extend(self.visit.fork(*point));
                after
            }
        }
    }

    fn node(&mut self, node: &Node, after: Points) -> Points {
        match node {
            Node::Plain(plain) => self.plain(&plain.facts, after),
            Node::Await(point) => {
                let before = self.visit.at(*point, after);
                match self.awaits.get(*point) {
                    Some(awaited) => self.plain(&awaited.facts, before),
                    None => before,
                }
            }
            Node::Block(block) => self.block(block, after),
            Node::If {
                condition,
                then,
                otherwise,
            } => {
                let mut points = match otherwise {
                    Some(otherwise) => self.node(otherwise, after.clone()),
                    None => after.clone(),
                };
                points.extend(self.block(then, after));
                self.plain(&condition.facts, points)
            }
            Node::Match { scrutinee, arms } => {
                let mut points = if arms.is_empty() { after.clone() } else { Points::new() };
                for arm in arms {
                    let before = self.block(&arm.body, after.clone());
                    points.extend(self.plain(&arm.pat.facts, before));
                }
                self.plain(&scrutinee.facts, points)
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
                    let mut points = this.block(body, head);
                    points.extend(&after);
                    this.plain(&condition.facts, points)
                })
            }
        }
    }

    /// The least set at a loop's head. A decision begins it anew: there are finitely many.
    fn until_stable(&mut self, target: TargetId, mut once: impl FnMut(&mut Self, Points) -> Points) -> Points {
        let mut head = Points::new();
        loop {
            self.continues.insert(target, head.clone());
            let decided = self.visit.decided();
            let mut next = once(self, head.clone());
            if self.visit.decided() != decided {
                head.clear();
                continue;
            }
            next.extend(&head);
            if next == head {
                return head;
            }
            head = next;
        }
    }
}

/// Takes joins out, and numbers those that stay.
struct Remove<'a> {
    own: usize,
    joins: &'a [Join],
    numbers: BTreeMap<AwaitId, AwaitId>,
}

impl Remove<'_> {
    fn block(&mut self, block: &mut Block) {
        // First: a statement may become the value again, and nothing is to be numbered twice.
        if let Some(tail) = &mut block.tail {
            self.node(tail);
        }
        let mut stmts: Vec<Stmt> = Vec::with_capacity(block.stmts.len());
        for mut stmt in std::mem::take(&mut block.stmts) {
            match &mut stmt {
                Stmt::Plain(..) => {}
                Stmt::Eval {
                    node: Node::Await(point),
                } if *point >= self.own => match self.numbers.get(point) {
                    Some(number) => *point = *number,
                    None => {
                        if self.joins[*point - self.own].was_tail
                            && let Some(Stmt::Eval { node }) = stmts.pop()
                        {
                            block.tail = Some(Box::new(node));
                        }
                        continue;
                    }
                },
                Stmt::Let { node, diverge, .. } => {
                    self.node(node);
                    if let Some(diverge) = diverge {
                        self.block(diverge);
                    }
                }
                Stmt::Assign { node, .. } | Stmt::Eval { node } => self.node(node),
                Stmt::Fork { block, .. } => self.block(block),
            }
            stmts.push(stmt);
        }
        block.stmts = stmts;
    }

    fn node(&mut self, node: &mut Node) {
        match node {
            Node::Plain(_) | Node::Await(_) => {}
            Node::Block(block) => self.block(block),
            Node::If { then, otherwise, .. } => {
                self.block(then);
                if let Some(otherwise) = otherwise {
                    self.node(otherwise);
                }
            }
            Node::Match { arms, .. } => arms.iter_mut().for_each(|arm| self.block(&mut arm.body)),
            Node::Loop { body, .. } | Node::While { body, .. } => self.block(body),
        }
    }
}
