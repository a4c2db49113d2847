//! Where bodies are cut.

use super::{cut_body, expand};
use crate::ir::{Block, Body, Node, Stmt};

/// The awaits of a body in their structure: `if(hash_partition) jump explode`.
fn shape(text: &str, worth: usize) -> String {
    let body = cut_body(text, Some(worth));
    block(&body, &body.block)
}

fn block(body: &Body, of: &Block) -> String {
    let stmts = of.stmts.iter().map(|stmt| match stmt {
        Stmt::Plain(..) => String::new(),
        Stmt::Let { node: value, .. } | Stmt::Assign { node: value, .. } | Stmt::Eval { node: value } => {
            node(body, value)
        }
        Stmt::Fork { block: branch, .. } => format!("fork({})", block(body, branch)),
    });
    let tail = of.tail.iter().map(|tail| node(body, tail));
    let parts: Vec<String> = stmts.chain(tail).filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

fn node(body: &Body, of: &Node) -> String {
    let (name, inner) = match of {
        Node::Plain(_) => return String::new(),
        Node::Await(point) => {
            return match body.awaits[*point].call.operation.name() {
                "hash_partition" => "hop".to_owned(),
                other => other.to_owned(),
            };
        }
        Node::Block(inner) => return block(body, inner),
        Node::If { then, otherwise, .. } => {
            let otherwise = otherwise.iter().map(|other| node(body, other));
            let ways: Vec<String> = std::iter::once(block(body, then)).chain(otherwise).collect();
            ("if", ways.join(", "))
        }
        Node::Match { arms, .. } => {
            let ways: Vec<String> = arms.iter().map(|arm| block(body, &arm.body)).collect();
            ("match", ways.join(", "))
        }
        Node::Loop { body: inner, .. } => ("loop", block(body, inner)),
        Node::While { body: inner, .. } => ("while", block(body, inner)),
    };
    format!("{name}({inner})")
}

const HOP: &str = "if c() { hash_partition(&k).await; }";

#[test]
fn a_body_is_cut_where_the_rest_leads_to_so_many_awaits() {
    let chain = |hops: usize| format!("let k = 1; {} use_it(k);", HOP.repeat(hops));
    assert_eq!(shape(&chain(4), 4), "if(hop) if(hop) if(hop) if(hop)");
    assert_eq!(shape(&chain(5), 4), "if(hop) jump if(hop) if(hop) if(hop) if(hop)");
    assert_eq!(
        shape(&chain(9), 4),
        "if(hop) if(hop) jump if(hop) if(hop) if(hop) jump if(hop) if(hop) if(hop) if(hop)"
    );
    assert_eq!(shape(&chain(2), 1), "if(hop) jump if(hop)");
}

#[test]
fn straight_hops_and_joins_with_one_way_in_are_not_cut() {
    let hops = "hash_partition(&k).await; ".repeat(9);
    assert!(!shape(&format!("let k = 1; {hops}"), 1).contains("jump"));
    let left = "if c() { hash_partition(&k).await; return; } ".repeat(3);
    assert_eq!(
        shape(&format!("let k = 1; {left} use_it(k);"), 1),
        "if(hop) if(hop) if(hop)"
    );
}

#[test]
fn a_cut_carries_what_is_live_there() {
    let body = cut_body(
        "let a = 1; let b = 2; if c() { hash_partition(&a).await; } hash_partition(&b).await;",
        Some(1),
    );
    let names = |point: &crate::ir::Await| -> Vec<String> {
        let names = point
            .live
            .iter()
            .map(|binding| body.bindings[*binding].ident.to_string());
        names.collect()
    };
    let carried: Vec<Vec<String>> = body.awaits.iter().map(names).collect();
    assert_eq!(carried, [vec!["b".to_owned()], vec![], vec!["b".to_owned()]]);
}

#[test]
fn a_variable_that_may_have_been_moved_away_forbids_a_cut() {
    // On the other way `a` has no value, and the loop gives it one.
    let moved = "let mut a = f(); if c() { hash_partition(&1).await; } else { consume(a); }";
    // (`w` keeps the places further on from being taken: see below.)
    let rest = "let w = 1; for x in y() { a = f(); use_it(a); } hash_partition(&2).await; use_it(1);";
    assert_eq!(shape(&format!("{moved} {rest}"), 1), "if(hop, ) hop");
    // A macro's tokens may be no use.
    assert_eq!(
        shape(&format!("{moved} let w = 1; own!(a); hash_partition(&2).await;"), 1),
        "if(hop, ) hop"
    );
    // A plain use is one, so it has a value.
    assert_eq!(
        shape(&format!("{moved} use_it(a); hash_partition(&2).await;"), 1),
        "if(hop, ) jump hop"
    );
    assert_eq!(
        shape(&format!("{moved} println!(\"{{a}}\"); hash_partition(&2).await;"), 1),
        "if(hop, ) jump hop"
    );
    // What the statement does not touch has one if it has one at its await.
    assert_eq!(
        shape(
            "let a = f(); if c() { hash_partition(&1).await; } own!(a); hash_partition(&2).await;",
            1
        ),
        "if(hop) jump hop"
    );
}

#[test]
fn what_travels_by_its_fields_forbids_a_cut() {
    let rest = "let w = 1; use_it(record.place); hash_partition(&2).await;";
    assert_eq!(
        shape(
            &format!("consume(record.name); if c() {{ hash_partition(&1).await; }} {rest}"),
            1
        ),
        "if(hop) hop"
    );
    assert_eq!(
        shape(
            &format!("look(&record.name); if c() {{ hash_partition(&1).await; }} {rest}"),
            1
        ),
        "if(hop) jump hop"
    );
}

#[test]
fn a_value_that_does_not_travel_is_passed_by() {
    let value = "let v = if c() { hash_partition(&1).await; f() } else { g() };";
    // `v` may hold what cannot travel, and is gone behind its use.
    let (placed, _) = places(&format!("{value} use_it(v); hash_partition(&2).await;"));
    assert_eq!(placed, ["let", "plain", "jump", "hop"]);
    let (placed, _) = places(&format!("{value} use_it(&v); hash_partition(&2).await; use_it(v);"));
    assert_eq!(placed, ["let", "jump", "plain", "hop", "plain"]);
    // What is made in between would be dropped at the jump.
    let (placed, _) = places(&format!("{value} let w = h(v); use_it(&w); hash_partition(&2).await;"));
    assert_eq!(placed, ["let", "plain", "plain", "hop"]);
}

/// The statements of a body's block, cut wherever it can be.
fn places(text: &str) -> (Vec<&'static str>, Body) {
    let body = cut_body(text, Some(1));
    let place = |stmt: &Stmt| match stmt {
        Stmt::Eval {
            node: Node::Await(point),
        } => match body.awaits[*point].call.operation.ends_event() {
            true => "hop",
            false => "jump",
        },
        Stmt::Plain(..) => "plain",
        _ => "let",
    };
    (body.block.stmts.iter().map(place).collect(), body)
}

#[test]
fn loops_are_cut_inside_and_behind() {
    assert_eq!(
        shape(
            "let k = 1; while c() { match d() { 1 => hash_partition(&k).await, _ => {} } } hash_partition(&k).await;",
            1
        ),
        "while(match(hop, ) jump) jump hop"
    );
    // As it was, where no cut is worth it.
    assert_eq!(
        shape(
            "let k = 1; while c() { match d() { 1 => hash_partition(&k).await, _ => {} } } hash_partition(&k).await;",
            9
        ),
        "while(match(hop, )) hop"
    );
    assert_eq!(
        shape(
            "let k = 1; fork(async { if c() { hash_partition(&k).await; } hash_partition(&k).await; }); use_it(k);",
            1
        ),
        "fork(if(hop) jump hop)"
    );
}

#[test]
fn the_expansion_grows_linearly_with_the_number_of_conditional_hops() {
    let module = "pub struct M { #[depot(random)] input: Depot<u64>, }";
    let size = |hops: usize| {
        let hops = HOP.repeat(hops);
        let block = format!("impl M {{ #[stream(source = input)] async fn f(&mut self, k: u64) {{ {hops} }} }}");
        expand(module, &block).matches("__rama_sink").count()
    };
    let (small, large) = (size(20), size(80));
    assert!(large < 5 * small, "{small} and {large}");
}
