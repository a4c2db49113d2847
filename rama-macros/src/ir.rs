//! A body between parsing and code: ordinary Rust, in which every await has its own statement.
//!
//! Code without an await stays what the user wrote ([`Plain`]). A construct that contains one is taken apart just as far
//! as needed to resume in its middle. Every field says what code it becomes.

use crate::ops::Call;
use proc_macro2::{Ident, Span};
use std::collections::{BTreeMap, BTreeSet};
use syn::{Expr, Local, Pat, Type};

/// Number of a variable in [`Body::bindings`]. Two variables of one name have two numbers.
pub(crate) type BindingId = usize;
/// Number of a resumption point in [`Body::awaits`].
pub(crate) type AwaitId = usize;
/// Number of a loop or labelled block that `break` and `continue` can aim at.
pub(crate) type TargetId = usize;
/// Variables.
pub(crate) type Set = BTreeSet<BindingId>;
/// Fields of variables, one level deep: `record.user`, `pair.0`.
pub(crate) type Parts = BTreeSet<(BindingId, String)>;

/// One source's body.
#[derive(Debug)]
pub(crate) struct Body {
    /// `fn f(&mut self, THIS: Record)`, as a `let` in front of the block.
    pub(crate) parameter: Pat,
    pub(crate) parameter_bindings: Vec<BindingId>,
    pub(crate) block: Block,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) awaits: Vec<Await>,
    /// Items declared inside the body. They stand beside the segments, once: each copy of a type would be another type, and each
    /// copy of a `static` another variable. (A `macro_rules!` stays, as it may name the variables around it.)
    pub(crate) items: Vec<syn::Item>,
    /// What the computation is partitioned by where the body starts, in words.
    pub(crate) here: String,
    /// Nothing is missing: a partitioner that was refused would leave keys that look misaligned.
    pub(crate) is_whole: bool,
}

/// A variable.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) ident: Ident,
    /// `let mut x = scope.x`, rather than `let x = ..`, where it is restored.
    pub(crate) mutable: bool,
    /// An inner variable of the same name hides it at a hop that carries it: it gets a `macro_rules!` that still names it.
    pub(crate) needs_outer: bool,
    /// It is borrowed: what it refers to travels.
    pub(crate) lent: Option<Lent>,
}

/// What a variable may refer to across a hop. Only where its type is written: code is made before types are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lent {
    /// `&str`
    Text,
    /// `&[u8]`
    Bytes,
}

impl Lent {
    /// What a variable of that type is.
    pub(crate) fn of(ty: &Type) -> Option<Lent> {
        match ty {
            Type::Group(ty) => Lent::of(&ty.elem),
            Type::Paren(ty) => Lent::of(&ty.elem),
            // What is for ever travels no further than what is not: then it is not what was written.
            Type::Reference(reference)
                if reference.mutability.is_none()
                    && reference.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident == "_") =>
            {
                match &*reference.elem {
                    Type::Path(path) if path.path.is_ident("str") => Some(Lent::Text),
                    Type::Slice(slice) => match &*slice.elem {
                        Type::Path(path) if path.path.is_ident("u8") => Some(Lent::Bytes),
                        _ => None,
                    },
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// A point where a body is suspended and resumed. Becomes a scope struct, a variant of the hop enum, and a segment.
#[derive(Debug)]
pub(crate) struct Await {
    /// What is awaited: decides the code that emits the scope.
    pub(crate) call: Call,
    /// What the operation's arguments do.
    pub(crate) facts: Facts,
    pub(crate) span: Span,
    /// The variables used after it: the scope's fields.
    pub(crate) live: Set,
    /// Live variables of which only these fields travel, as another one may have been moved out of them before.
    pub(crate) parts: BTreeMap<BindingId, Vec<String>>,
    /// Variables that are not live, but assigned after it: they are declared again, without a value. Their *type* travels, in a
    /// witness without size, as only the code before the await may determine it.
    pub(crate) witnessed: Set,
    /// The awaited value is borrowed: what it refers to travels.
    pub(crate) lent: Option<Lent>,
    /// Of a `fork`: the live variables that the code after it needs too, so that the branch gets copies.
    pub(crate) kept: Set,
    /// Of the cut in front of a future: the await of the future, which the segment behind the cut comes to first.
    pub(crate) makes: Option<AwaitId>,
    /// The variables in scope at it, innermost last.
    pub(crate) visible: Vec<BindingId>,
    /// What the computation is partitioned by where it goes on behind this await, in words.
    pub(crate) here: String,
}

/// `{ .. }`.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// `'label: { .. }`.
    pub(crate) target: Option<TargetId>,
    /// Variables that the construct around the block binds in front of it: a match arm's, an `if let`'s.
    pub(crate) prelude: Vec<BindingId>,
    pub(crate) stmts: Vec<Stmt>,
    /// It is the body of an operation, in which names of the caller's variables mean something else.
    pub(crate) operation: Option<Inlined>,
    /// The value of the block.
    pub(crate) tail: Option<Box<Node>>,
}

/// An operation's body in the body of its caller.
#[derive(Debug, Clone)]
pub(crate) struct Inlined {
    pub(crate) name: Ident,
    /// The names in it that mean items.
    pub(crate) free: BTreeSet<String>,
}

/// One statement.
#[derive(Debug)]
pub(crate) enum Stmt {
    /// Without an await: emitted as it is (with `self`, `return` and jumps translated).
    Plain(Plain<syn::Stmt>, Vec<BindingId>),
    /// `let PAT: TYPE = NODE else { .. };` (the initialiser inside `local` is unused).
    Let {
        local: Local,
        node: Node,
        diverge: Option<Block>,
        declares: Vec<BindingId>,
    },
    /// `PLACE = NODE;`
    Assign { place: Plain<Expr>, node: Node },
    /// `NODE;`
    Eval { node: Node },
    /// `fork(async { .. });`: emits the scope of `point`, whose segment is `block`; the code after it goes on.
    Fork { point: AwaitId, block: Block },
}

/// An expression, taken apart as far as its awaits require.
#[derive(Debug)]
pub(crate) enum Node {
    Plain(Plain<Expr>),
    /// Ends the segment; a resumed segment begins with its value.
    Await(AwaitId),
    Block(Block),
    If {
        condition: Plain<Expr>,
        then: Block,
        otherwise: Option<Box<Node>>,
    },
    Match {
        scrutinee: Plain<Expr>,
        arms: Vec<Arm>,
    },
    Loop {
        target: TargetId,
        body: Block,
    },
    While {
        target: TargetId,
        condition: Plain<Expr>,
        body: Block,
    },
}

/// `PAT => BODY`
#[derive(Debug)]
pub(crate) struct Arm {
    /// In front of the arm.
    pub(crate) attrs: Vec<syn::Attribute>,
    /// With its guard.
    pub(crate) pat: Plain<Pat>,
    pub(crate) body: Block,
}

/// Code without an await, with what the analyses know of it.
#[derive(Debug)]
pub(crate) struct Plain<T> {
    pub(crate) code: T,
    pub(crate) facts: Facts,
}

/// What a piece of plain code does to the variables and jump targets around it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Facts {
    /// Variables whose value it may use.
    pub(crate) uses: Set,
    /// Fields that it may use, of variables that it does not use as a whole.
    pub(crate) parts: Parts,
    /// Fields that it may move out of their variable.
    pub(crate) moves: Parts,
    /// Variables that it overwrites as a whole, whatever happens.
    pub(crate) assigns: Set,
    /// Variables whose value from before it surely reads: not one that it may assign first, or that only looks like a use.
    pub(crate) reads: Set,
    /// The same of fields.
    pub(crate) reads_parts: Parts,
    /// Variables that it may overwrite as a whole.
    pub(crate) changes: Set,
    /// Variables that it names in any way.
    pub(crate) mentions: Set,
    /// Where it may jump, other than to what follows it.
    pub(crate) breaks: BTreeSet<TargetId>,
    pub(crate) continues: BTreeSet<TargetId>,
    /// It never falls through: it is a `return`, `break` or `continue`.
    pub(crate) diverges: bool,
    /// The PStates that it touches, in order of the text.
    pub(crate) accesses: Vec<Access>,
}

/// One touch of a PState's partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    /// Number of the PState in the module's declaration.
    pub(crate) pstate: usize,
    /// The code of the key that decides the partition; `None` where it is about the whole partition.
    pub(crate) key: Option<String>,
    pub(crate) writes: bool,
    pub(crate) alignment: Alignment,
}

/// Whether the partition that an access touches is the one that the computation is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alignment {
    /// Whatever is here is meant.
    Whole,
    /// Its key is what the computation was partitioned by.
    Proven,
    /// It is looked at when it runs.
    Checked,
    /// The user says that it is meant.
    Unaligned,
}

impl<T> Plain<T> {
    /// Code whose facts are not known yet.
    pub(crate) fn new(code: T) -> Self {
        Plain {
            code,
            facts: Facts::default(),
        }
    }
}

impl Body {
    /// Calls `see` with the facts of every piece of plain code and every await.
    pub(crate) fn each_facts(&self, see: &mut dyn FnMut(&Facts)) {
        for point in &self.awaits {
            see(&point.facts);
        }
        self.block.each_facts(see);
    }
}

impl Block {
    fn each_facts(&self, see: &mut dyn FnMut(&Facts)) {
        for stmt in &self.stmts {
            match stmt {
                Stmt::Plain(plain, _) => see(&plain.facts),
                Stmt::Let { node, diverge, .. } => {
                    node.each_facts(see);
                    if let Some(diverge) = diverge {
                        diverge.each_facts(see);
                    }
                }
                Stmt::Assign { place, node } => {
                    see(&place.facts);
                    node.each_facts(see);
                }
                Stmt::Eval { node } => node.each_facts(see),
                Stmt::Fork { block, .. } => block.each_facts(see),
            }
        }
        if let Some(tail) = &self.tail {
            tail.each_facts(see);
        }
    }
}

impl Node {
    pub(crate) fn each_facts(&self, see: &mut dyn FnMut(&Facts)) {
        match self {
            Node::Plain(plain) => see(&plain.facts),
            Node::Await(_) => {}
            Node::Block(block) => block.each_facts(see),
            Node::If {
                condition,
                then,
                otherwise,
            } => {
                see(&condition.facts);
                then.each_facts(see);
                if let Some(otherwise) = otherwise {
                    otherwise.each_facts(see);
                }
            }
            Node::Match { scrutinee, arms } => {
                see(&scrutinee.facts);
                for arm in arms {
                    see(&arm.pat.facts);
                    arm.body.each_facts(see);
                }
            }
            Node::Loop { body, .. } => body.each_facts(see),
            Node::While { condition, body, .. } => {
                see(&condition.facts);
                body.each_facts(see);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_lent_unless_they_are_for_ever_or_mutable() {
        let lent = |ty: &str| syn::parse_str::<Type>(ty).ok().and_then(|ty| Lent::of(&ty));
        for ty in ["&str", "&'_ str", "(&str)"] {
            assert_eq!(lent(ty), Some(Lent::Text), "{ty}");
        }
        assert_eq!(lent("&[u8]"), Some(Lent::Bytes));
        for ty in [
            "&'static str",
            "&'a [u8]",
            "&mut str",
            "&[u16]",
            "&String",
            "&[u8; 4]",
            "String",
        ] {
            assert_eq!(lent(ty), None, "{ty}");
        }
    }
}
