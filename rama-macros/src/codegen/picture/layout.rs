//! Where everything stands.
//!
//! ```text
//!   lanes  spine           lanes  stores
//!    .--( depot )
//!          |  line: String
//!   .->[ segment ]------------.
//!   |      |  hash_partition  |
//!   '--[ segment ]----------. '-->( counts )
//!                           '---->
//! ```
//!
//! Boxes stand below each other, so they never overlap; a label has the gap above its box for itself. An arrow that does not
//! just go to the next box runs in a lane, and two arrows share a lane only where they do not meet. What arrives at a box or a
//! store shares one lane. Boxes and their rows stand on multiples of 8, ports between: no two arrows lie on each other.

use super::drawing::{Drawing, Item, Line, Store, width};

/// A picture: shapes in the order in which they are painted.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) shapes: Vec<Shape>,
}

/// Pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
}

/// What kind of thing a shape belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Segment,
    Depot,
    PState,
}

/// One shape.
#[derive(Debug)]
pub(super) enum Shape {
    Box(Rect, Role),
    /// From its left end, in the middle of its height.
    Text(i32, i32, TextLine),
    /// Lines with round corners, each through its points; the arrows of stores have the colour of what they lead to.
    Ways {
        ways: Vec<Vec<(i32, i32)>>,
        role: Role,
        dashed: bool,
    },
    /// The tip of an arrow, and where it points.
    Tip(i32, i32, Direction, Role),
}

/// The text of a shape.
#[derive(Debug)]
pub(super) struct TextLine {
    pub(super) shown: String,
    pub(super) whole: Option<String>,
    pub(super) style: super::drawing::Style,
}

/// Where an arrow points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Down,
    Left,
    Right,
}

pub(super) const LINE: i32 = 16;
const PAD: i32 = 8;
const LANE: i32 = 10;
/// Between lanes and boxes: room for a tip.
const MARGIN: i32 = 16;
/// Between the sources of a topology.
const BETWEEN: i32 = 32;
/// The straight arrows' distance from the left of the spine, and their labels'.
const ARROW: i32 = 16;
const LABEL: i32 = 28;
/// The top of a PState's cylinder.
pub(super) const CAP: i32 = 8;

/// How wide a text is at most. Columns of common monospaced fonts of 12 pixels are up to 7.3 wide.
pub(super) fn text_width(text: &str) -> i32 {
    (i32::try_from(width(text)).unwrap_or(i32::MAX / 100) * 73 + 9) / 10
}

/// A box of the spine, placed.
struct Placed {
    top: i32,
    bottom: i32,
    label: i32,
}

impl Placed {
    /// Where arrows from lanes arrive, and where they leave.
    fn entry(&self) -> i32 {
        self.top + 12
    }

    fn exit(&self) -> i32 {
        self.bottom - 12
    }
}

/// Several arrows that share their end, and a lane to it.
struct Bus {
    end: i32,
    starts: Vec<i32>,
}

/// Places everything.
pub(super) fn lay_out(drawing: &Drawing) -> Picture {
    let placed = spine(&drawing.items);
    let mut shapes = Vec::new();

    let arcs: Vec<(usize, Bus)> = arcs(&drawing.items, &placed);
    let (arc_lanes, lanes_left) = lanes(arcs.iter().map(|(_, bus)| bus));
    let left = PAD + if lanes_left > 0 { lanes_left * LANE + MARGIN } else { 0 };
    let right = left + spine_width(&drawing.items);

    let stores = place_stores(drawing, &placed);
    let buses = store_buses(drawing, &placed, &stores);
    let (bus_lanes, lanes_right) = lanes(buses.iter().map(|(_, _, bus)| bus));
    let store_left = right + MARGIN + lanes_right * LANE + MARGIN;
    let store_right = store_left + store_width(&drawing.stores);

    for ((_, bus), lane) in arcs.iter().zip(arc_lanes) {
        let x = left - MARGIN - lane * LANE;
        shapes.push(ways(bus, left, x, left, Role::Segment, false));
        shapes.push(Shape::Tip(left, bus.end, Direction::Right, Role::Segment));
    }
    for ((store, reads, bus), lane) in buses.iter().zip(bus_lanes) {
        let x = right + MARGIN + lane * LANE;
        let role = store_role(&drawing.stores[*store]);
        shapes.push(ways(bus, store_left, x, right, role, *reads));
        if *reads {
            let tips = bus
                .starts
                .iter()
                .map(|start| Shape::Tip(right, *start, Direction::Left, role));
            shapes.extend(tips);
        } else {
            shapes.push(Shape::Tip(store_left, bus.end, Direction::Right, role));
        }
    }
    for (at, (item, place)) in drawing.items.iter().zip(&placed).enumerate() {
        if let Some(above) = at.checked_sub(1)
            && item.from.contains(&above)
        {
            let x = left + ARROW;
            shapes.push(Shape::Ways {
                ways: vec![vec![(x, placed[above].bottom), (x, place.top)]],
                role: Role::Segment,
                dashed: false,
            });
            shapes.push(Shape::Tip(x, place.top, Direction::Down, Role::Segment));
        }
        let role = if item.depot { Role::Depot } else { Role::Segment };
        let rect = Rect {
            left,
            top: place.top,
            right,
            bottom: place.bottom,
        };
        shapes.push(Shape::Box(rect, role));
        write(&mut shapes, left + LABEL, place.label, &item.label);
        write(&mut shapes, left + PAD, place.top + PAD, &item.lines);
        let below = place.top + PAD + height(item.lines.len());
        for (row, y) in item.rows.iter().zip((below..).step_by(LINE as usize)) {
            write(&mut shapes, left + PAD, y, std::slice::from_ref(&row.line));
        }
    }
    for (store, rect) in drawing.stores.iter().zip(&stores) {
        let rect = Rect {
            left: store_left,
            right: store_right,
            ..*rect
        };
        shapes.push(Shape::Box(rect, store_role(store)));
        // Between the lid and the bottom, which is round too.
        let cap = if store.depot { 0 } else { CAP + CAP / 2 };
        write(&mut shapes, store_left + PAD, rect.top + PAD + cap, &store.lines);
    }
    let bottom = placed.last().map_or(0, |place| place.bottom);
    let lowest = stores.iter().map(|rect| rect.bottom).max().unwrap_or(0);
    Picture {
        width: if stores.is_empty() { right } else { store_right } + PAD,
        height: bottom.max(lowest) + PAD,
        shapes,
    }
}

fn store_role(store: &Store) -> Role {
    if store.depot { Role::Depot } else { Role::PState }
}

/// How high so many lines are.
fn height(lines: usize) -> i32 {
    i32::try_from(lines).unwrap_or(0) * LINE
}

/// The boxes below each other, each with its label above it.
fn spine(items: &[Item]) -> Vec<Placed> {
    let mut placed = Vec::with_capacity(items.len());
    let mut y = PAD;
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            y += if item.depot { BETWEEN } else { PAD };
        }
        let label = y;
        if at > 0 && !item.depot {
            y += height(item.label.len()).max(LINE) + PAD;
        }
        let top = y;
        y += 2 * PAD + height(item.lines.len() + item.rows.len());
        placed.push(Placed { top, bottom: y, label });
    }
    placed
}

fn spine_width(items: &[Item]) -> i32 {
    let widths = items.iter().flat_map(|item| {
        let rows = item.rows.iter().map(|row| &row.line);
        let inside = item
            .lines
            .iter()
            .chain(rows)
            .map(|line| text_width(&line.shown) + 2 * PAD);
        let labels = item.label.iter().map(|line| text_width(&line.shown) + LABEL);
        inside.chain(labels)
    });
    widths.max().unwrap_or(0)
}

fn store_width(stores: &[Store]) -> i32 {
    let lines = stores.iter().flat_map(|store| &store.lines);
    lines.map(|line| text_width(&line.shown) + 2 * PAD).max().unwrap_or(0)
}

/// The arrows that do not just go to the next box, by the box that they lead to.
fn arcs(items: &[Item], placed: &[Placed]) -> Vec<(usize, Bus)> {
    let arcs = items.iter().enumerate().filter_map(|(at, item)| {
        let from = item.from.iter().filter(|from| **from + 1 != at);
        let starts: Vec<i32> = from.map(|from| placed[*from].exit()).collect();
        (!starts.is_empty()).then(|| {
            let end = placed[at].entry();
            (at, Bus { end, starts })
        })
    });
    arcs.collect()
}

/// Each store as near as can be to what touches it; left and right are not known yet.
fn place_stores(drawing: &Drawing, placed: &[Placed]) -> Vec<Rect> {
    let mut wanted: Vec<(i32, usize)> = (0..drawing.stores.len())
        .map(|store| {
            let rows = rows(drawing, placed).filter(|(_, other, _)| *other == store);
            let rows: Vec<i32> = rows.map(|(y, _, _)| y).collect();
            (middle(&rows), store)
        })
        .collect();
    wanted.sort_unstable();
    let nowhere = Rect {
        left: 0,
        top: 0,
        right: 0,
        bottom: 0,
    };
    let mut rects = vec![nowhere; drawing.stores.len()];
    let mut free = PAD;
    for (middle, at) in wanted {
        let store = &drawing.stores[at];
        let cap = if store.depot { 0 } else { 2 * CAP };
        let high = 2 * PAD + cap + height(store.lines.len());
        let top = free.max((middle - high / 2) / 8 * 8);
        rects[at] = Rect {
            top,
            bottom: top + high,
            ..nowhere
        };
        free = top + high + 2 * PAD;
    }
    rects
}

/// Each row's height, store and direction.
fn rows<'a>(drawing: &'a Drawing, placed: &'a [Placed]) -> impl Iterator<Item = (i32, usize, bool)> + 'a {
    drawing.items.iter().zip(placed).flat_map(|(item, place)| {
        let first = place.top + PAD + height(item.lines.len()) + LINE / 2;
        let ys = (first..).step_by(LINE as usize);
        item.rows.iter().zip(ys).map(|(row, y)| (y, row.store, row.reads))
    })
}

/// The arrows of each store: what goes there, and what comes from there. The upper of the two stands higher.
fn store_buses(drawing: &Drawing, placed: &[Placed], stores: &[Rect]) -> Vec<(usize, bool, Bus)> {
    let mut buses = Vec::new();
    for (at, rect) in stores.iter().enumerate() {
        let starts = |reads: bool| -> Vec<i32> {
            rows(drawing, placed)
                .filter(|(_, store, direction)| *store == at && *direction == reads)
                .map(|(y, _, _)| y)
                .collect()
        };
        let (writing, reading) = (starts(false), starts(true));
        let third = (rect.bottom - rect.top) / 3;
        let reads_above = middle(&reading) < middle(&writing);
        for (reads, starts) in [(false, writing), (true, reading)] {
            if !starts.is_empty() {
                let end = rect.top + if reads == reads_above { third } else { 2 * third };
                // Between the rows, which stand on multiples of 8.
                let end = end / 8 * 8 + 4;
                buses.push((at, reads, Bus { end, starts }));
            }
        }
    }
    buses
}

/// The mean.
fn middle(heights: &[i32]) -> i32 {
    let sum: i64 = heights.iter().copied().map(i64::from).sum();
    let count = i64::try_from(heights.len()).unwrap_or(1).max(1);
    i32::try_from(sum / count).unwrap_or(0)
}

/// A lane for each bus, the nearest for the shortest, and how many lanes there are.
fn lanes<'a>(buses: impl Iterator<Item = &'a Bus>) -> (Vec<i32>, i32) {
    let spans: Vec<(i32, i32)> = buses
        .map(|bus| {
            let (low, high) = (bus.starts.iter().min(), bus.starts.iter().max());
            (
                low.map_or(bus.end, |low| bus.end.min(*low)),
                high.map_or(bus.end, |high| bus.end.max(*high)),
            )
        })
        .collect();
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|at| (spans[*at].1 - spans[*at].0, spans[*at].0));
    let mut taken: Vec<Vec<(i32, i32)>> = Vec::new();
    let mut lanes = vec![0; spans.len()];
    for at in order {
        let (low, high) = spans[at];
        let free = |lane: &Vec<(i32, i32)>| {
            lane.iter()
                .all(|(other_low, other_high)| high < *other_low || low > *other_high)
        };
        let lane = taken.iter().position(free).unwrap_or(taken.len());
        if lane == taken.len() {
            taken.push(Vec::new());
        }
        taken[lane].push((low, high));
        lanes[at] = i32::try_from(lane).unwrap_or(0);
    }
    (lanes, i32::try_from(taken.len()).unwrap_or(0))
}

/// The ways of a bus. Each begins at the shared end, so that the dashes of those that run together do too.
fn ways(bus: &Bus, end: i32, lane: i32, start: i32, role: Role, dashed: bool) -> Shape {
    let way = |y: &i32| vec![(end, bus.end), (lane, bus.end), (lane, *y), (start, *y)];
    Shape::Ways {
        ways: bus.starts.iter().map(way).collect(),
        role,
        dashed,
    }
}

fn write(shapes: &mut Vec<Shape>, x: i32, top: i32, lines: &[Line]) {
    for (line, y) in lines.iter().zip((top + LINE / 2..).step_by(LINE as usize)) {
        let text = TextLine {
            shown: line.shown.clone(),
            whole: line.whole.clone(),
            style: line.style,
        };
        shapes.push(Shape::Text(x, y, text));
    }
}
