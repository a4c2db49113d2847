//! What a topology's picture shows, without positions.

use crate::codegen::machine::{HopText, Machine, Segment};
use crate::ir::{Access, Alignment};
use crate::model::function_text;
use crate::model::{DepotDecl, ModuleDecl, OnFailure, Partitioner, TopologyDecl, text};

/// A line of text, shortened to fit; the whole text if it was.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) shown: String,
    pub(super) whole: Option<String>,
    pub(super) style: Style,
}

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Title,
    Plain,
    Dim,
}

/// A box of the spine.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) depot: bool,
    /// On the arrows that lead to it.
    pub(super) label: Vec<Line>,
    pub(super) lines: Vec<Line>,
    /// Below the lines: what it touches.
    pub(super) rows: Vec<Row>,
    /// The boxes that lead to it.
    pub(super) from: Vec<usize>,
}

/// One way in which a box touches a store.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: Line,
    /// Index of the store.
    pub(super) store: usize,
    /// Whether something comes from the store, rather than going there.
    pub(super) reads: bool,
}

/// A PState, or a depot that is appended to, beside the spine.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) depot: bool,
    pub(super) lines: Vec<Line>,
}

/// A topology: for each source its depot, its entry and its other segments in order of the text.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    pub(super) items: Vec<Item>,
    pub(super) stores: Vec<Store>,
}

/// Columns of text in a box of the spine, and in a store.
const SPINE: usize = 56;
const STORE: usize = 32;

impl Line {
    /// Shortens `text` to `columns`.
    pub(super) fn new(text: &str, style: Style, columns: usize) -> Self {
        let whole = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if width(&whole) <= columns {
            return Line {
                shown: whole,
                whole: None,
                style,
            };
        }
        let mut shown = String::new();
        let mut used = 1;
        for character in whole.chars() {
            used += character_width(character);
            if used > columns {
                break;
            }
            shown.push(character);
        }
        shown.push('…');
        Line {
            shown,
            whole: Some(whole),
            style,
        }
    }
}

/// How many columns of a monospaced font a text takes, at most.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(character_width).sum()
}

/// Scripts from the Hangul letters on may be two columns wide.
fn character_width(character: char) -> usize {
    1 + usize::from(character >= '\u{1100}' && character != '…')
}

impl Drawing {
    pub(super) fn new(module: &ModuleDecl, topology: &TopologyDecl, machine: &Machine) -> Self {
        let mut drawing = Drawing::default();
        let mut stores = Stores {
            module,
            found: Vec::new(),
        };
        // Where each segment stands in the spine.
        let mut places: Vec<(usize, usize)> = Vec::new();
        for (at, source) in topology.sources.iter().enumerate() {
            if let Some(depot) = module.depots.iter().find(|depot| depot.ident == source.depot) {
                drawing.items.push(depot_item(depot));
            }
            for &number in &machine.live {
                let segment = &machine.segments[number];
                if segment.source != at {
                    continue;
                }
                let entry = number == at;
                let title = if entry {
                    source.ident.to_string()
                } else {
                    format!("segment {number}")
                };
                let mut item = item(&title, segment, &mut stores);
                if entry {
                    let record = format!("{}: {}", text(&source.parameter), text(&source.record));
                    item.label.push(Line::new(&record, Style::Plain, SPINE - 4));
                    item.from = drawing.items.len().checked_sub(1).into_iter().collect();
                    if let OnFailure::DeadLetter(letters) = &source.on_failure {
                        item.rows
                            .extend(stores.depot_row("dead letters to", |depot| depot.ident == *letters));
                    }
                }
                places.push((number, drawing.items.len()));
                drawing.items.push(item);
            }
        }
        for &(number, from) in &places {
            for hop in &machine.segments[number].hops {
                let Some((_, to)) = places.iter().find(|(number, _)| *number == hop.to) else {
                    continue;
                };
                let scope = &machine.segments[hop.to].scope;
                let item = &mut drawing.items[*to];
                if item.from.is_empty() {
                    item.label = hop_label(hop, scope);
                }
                item.from.push(from);
            }
        }
        drawing.stores = stores.found.into_iter().map(|(_, store)| store).collect();
        drawing
    }
}

fn depot_item(depot: &DepotDecl) -> Item {
    Item {
        depot: true,
        label: Vec::new(),
        lines: depot_lines(depot, SPINE),
        rows: Vec::new(),
        from: Vec::new(),
    }
}

fn depot_lines(depot: &DepotDecl, columns: usize) -> Vec<Line> {
    let partitioner = match &depot.partitioner {
        Partitioner::Random => "random".to_owned(),
        Partitioner::Global => "global".to_owned(),
        Partitioner::Disallow => "disallow".to_owned(),
        Partitioner::HashBy(key) => format!("hash_by = {}", function_text(key)),
        Partitioner::Tick { millis } => format!("tick = \"{millis}ms\""),
        Partitioner::Custom(path) => format!("partitioner = {}", text(path)),
    };
    let record = format!("Depot<{}>", text(&depot.record));
    vec![
        Line::new(&depot.ident.to_string(), Style::Title, columns),
        Line::new(&record, Style::Plain, columns),
        Line::new(&partitioner, Style::Dim, columns),
    ]
}

fn item(title: &str, segment: &Segment, stores: &mut Stores<'_>) -> Item {
    let mut lines = vec![Line::new(title, Style::Title, SPINE)];
    if !segment.partitioned_by.is_empty() {
        let here = format!("partition: {}", segment.partitioned_by);
        lines.push(Line::new(&here, Style::Dim, SPINE));
    }
    let mut rows: Vec<Row> = segment
        .accesses
        .iter()
        .filter_map(|access| stores.pstate_row(access))
        .collect();
    let mut appended: Vec<usize> = segment.hops.iter().filter_map(|hop| hop.appends).collect();
    appended.sort_unstable();
    appended.dedup();
    for depot in appended {
        let ident = &stores.module.depots[depot].ident;
        rows.extend(stores.depot_row("appends to", |depot| depot.ident == *ident));
    }
    Item {
        depot: false,
        label: Vec::new(),
        lines,
        rows,
        from: Vec::new(),
    }
}

/// `hash_partition(&word)`, `carries word, total`
fn hop_label(hop: &HopText, scope: &[String]) -> Vec<Line> {
    let (operation, arguments) = (hop.operation, &hop.arguments);
    let call = match operation {
        // Its argument is all of the call.
        "append" => arguments.clone(),
        "before_external" => "before external".to_owned(),
        _ => format!("{operation}({arguments})"),
    };
    let explode = hop.each.iter().map(|items| format!("explode({items})"));
    let calls = explode.chain(std::iter::once(call));
    let mut label: Vec<Line> = calls.map(|call| Line::new(&call, Style::Plain, SPINE - 4)).collect();
    let names = scope.iter().map(|name| match name.as_str() {
        "__value" if operation == "explode" => "the item",
        "__value" => "the result",
        name if name.starts_with("__rama_iter") => "the loop",
        name if name.starts_with("__") => "a temporary",
        name => name,
    });
    let names: Vec<&str> = names.collect();
    if !names.is_empty() {
        let carries = format!("carries {}", names.join(", "));
        label.push(Line::new(&carries, Style::Dim, SPINE - 4));
    }
    label
}

/// The stores that something touches, in order of the first touch.
struct Stores<'a> {
    module: &'a ModuleDecl,
    found: Vec<(String, Store)>,
}

impl<'a> Stores<'a> {
    fn pstate_row(&mut self, access: &Access) -> Option<Row> {
        let pstate = self.module.pstates.get(access.pstate)?;
        let name = pstate.ident.to_string();
        let verb = if access.writes { "writes" } else { "reads" };
        let key = access
            .key
            .as_deref()
            .map(|key| format!("[{}]", key.trim_start_matches('&')));
        let alignment = match access.alignment {
            Alignment::Whole | Alignment::Proven => "",
            Alignment::Checked => " (checked)",
            Alignment::Unaligned => " (unaligned)",
        };
        let row = format!("{verb} {name}{}{alignment}", key.unwrap_or_default());
        let store = self.place(name.clone(), || {
            let mut lines = vec![
                Line::new(&name, Style::Title, STORE),
                Line::new(&text(&pstate.schema), Style::Plain, STORE),
            ];
            if pstate.global {
                lines.push(Line::new("global", Style::Dim, STORE));
            }
            Store { depot: false, lines }
        });
        Some(Row {
            line: Line::new(&row, Style::Plain, SPINE),
            store,
            reads: !access.writes,
        })
    }

    fn depot_row(&mut self, verb: &str, is: impl Fn(&DepotDecl) -> bool) -> Option<Row> {
        let depot = self.module.depots.iter().find(|depot| is(depot))?;
        let name = depot.ident.to_string();
        let row = format!("{verb} {name}");
        let store = self.place(name, || Store {
            depot: true,
            lines: depot_lines(depot, STORE),
        });
        Some(Row {
            line: Line::new(&row, Style::Plain, SPINE),
            store,
            reads: false,
        })
    }

    fn place(&mut self, name: String, store: impl FnOnce() -> Store) -> usize {
        // Fields of one struct have different names.
        match self.found.iter().position(|(other, _)| *other == name) {
            Some(at) => at,
            None => {
                self.found.push((name, store()));
                self.found.len() - 1
            }
        }
    }
}
