use super::drawing::{Drawing, Item, Line, Row, Store, Style};
use super::layout::{Picture, Rect, Shape, lay_out, text_width};
use super::svg;
use crate::codegen::tests::{mark_body, parsed};
use std::collections::BTreeSet;

/// The documentation of the topology of `body`.
fn docs(body: &str) -> String {
    let (module, declared, machine) = parsed(body, mark_body);
    super::docs(&module, &declared.topologies[0], &machine)
}

/// What is written in the picture, line by line.
fn texts(docs: &str) -> Vec<String> {
    let texts = docs.lines().filter(|line| line.starts_with("<text"));
    let inner = texts.map(|line| {
        let line = line.strip_suffix("</text>").unwrap();
        let text = line.rsplit_once('>').unwrap().1;
        text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    });
    inner.collect()
}

#[test]
fn a_picture_says_what_is_carried_where_and_what_is_touched() {
    let body = "for x in items(record) { hash_partition(&x).await; at_x(); } self.output.append(1).await;";
    assert_eq!(
        texts(&docs(body)),
        [
            "input",
            "Depot<Record>",
            "random",
            "record: Record",
            "f",
            "appends to output",
            "hash_partition(&x)",
            "carries the loop",
            "segment 1",
            "reads counts[x] (checked)",
            "appends to output",
            "self.output.append(1)",
            "segment 2",
            "output",
            "Depot<Record>",
            "disallow",
            "counts",
            "Map<String, u64>",
        ]
    );
}

#[test]
fn docs_have_the_summary_of_each_source_and_no_code_that_rustdoc_might_run() {
    let docs = docs("hash_partition(&1).await;");
    assert!(
        docs.starts_with("Topology `t`, a stream:\n\n- `f` of depot `input`: Does it. Well.\n\n<div "),
        "{docs}"
    );
    assert!(!docs.contains("```"), "{docs}");
}

#[test]
fn the_block_of_html_has_no_empty_line_and_all_its_tags_are_closed() {
    let docs = docs("let a = \"</svg>\n\n<b> & 'c'\"; hash_partition(&\"</div>\n\n<i>\").await; at_x();");
    let html = docs.split_once("\n\n<div").unwrap().1;
    assert!(html.lines().all(|line| !line.trim().is_empty()), "{html}");
    for tag in ["div", "svg", "g", "style", "text", "title"] {
        let opened = docs.matches(&format!("<{tag} ")).count() + docs.matches(&format!("<{tag}>")).count();
        assert_eq!(opened, docs.matches(&format!("</{tag}>")).count(), "{tag} in {docs}");
    }
    assert!(docs.contains("&quot;&lt;/div&gt;"), "{docs}");
}

#[test]
fn a_long_label_is_shortened_and_has_its_whole_text_as_title() {
    let key = format!("a{}", ".long_name_indeed()".repeat(4));
    let docs = docs(&format!("hash_partition(&{key}).await;"));
    assert!(docs.contains("…</text>"), "{docs}");
    let whole = format!("<title>hash_partition(&amp;{key})</title>");
    assert!(docs.contains(&whole), "{docs}");
}

#[test]
fn wide_letters_count_twice() {
    assert_eq!(Line::new("京都東京", Style::Plain, 8).shown, "京都東京");
    assert_eq!(Line::new("京都東京", Style::Plain, 7).shown, "京都東…");
}

/// A small generator of numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn lines(&mut self, least: usize, most: usize) -> Vec<Line> {
        (0..least + self.below(most - least + 1))
            .map(|_| Line::new(&"text".repeat(1 + self.below(20)), Style::Plain, 46))
            .collect()
    }

    fn drawing(&mut self) -> Drawing {
        let count = 1 + self.below(12);
        let stores: Vec<Store> = (0..self.below(6))
            .map(|_| Store {
                depot: self.below(2) == 0,
                lines: self.lines(1, 3),
            })
            .collect();
        let items = (0..count)
            .map(|at| {
                let depot = at == 0 || self.below(6) == 0;
                let touched = if depot || stores.is_empty() { 0 } else { self.below(5) };
                let arrows = if depot { 0 } else { self.below(4) };
                Item {
                    depot,
                    label: self.lines(0, if depot { 0 } else { 2 }),
                    lines: self.lines(1, 3),
                    rows: (0..touched)
                        .map(|_| Row {
                            line: Line::new("row", Style::Plain, 46),
                            store: self.below(stores.len()),
                            reads: self.below(2) == 0,
                        })
                        .collect(),
                    from: (0..arrows).map(|_| self.below(count)).collect(),
                }
            })
            .collect();
        Drawing { items, stores }
    }
}

fn pictures() -> impl Iterator<Item = (u64, Picture)> {
    (0..500).map(|seed| (seed, lay_out(&Random(seed).drawing())))
}

fn boxes(picture: &Picture) -> Vec<Rect> {
    let boxes = picture.shapes.iter().filter_map(|shape| match shape {
        Shape::Box(rect, _) => Some(*rect),
        _ => None,
    });
    boxes.collect()
}

fn text_rects(picture: &Picture) -> Vec<Rect> {
    let rects = picture.shapes.iter().filter_map(|shape| match shape {
        Shape::Text(x, y, text) => Some(Rect {
            left: *x,
            top: y - 7,
            right: x + text_width(&text.shown),
            bottom: y + 7,
        }),
        _ => None,
    });
    rects.collect()
}

/// The straight pieces of each arrow, by the shape that they belong to.
fn pieces(picture: &Picture) -> Vec<(usize, Rect)> {
    let mut pieces = Vec::new();
    for (at, shape) in picture.shapes.iter().enumerate() {
        if let Shape::Ways { ways, .. } = shape {
            for way in ways {
                for pair in way.windows(2) {
                    let ((x, y), (to_x, to_y)) = (pair[0], pair[1]);
                    pieces.push((
                        at,
                        Rect {
                            left: x.min(to_x),
                            top: y.min(to_y),
                            right: x.max(to_x),
                            bottom: y.max(to_y),
                        },
                    ));
                }
            }
        }
    }
    pieces
}

fn meet(one: Rect, other: Rect) -> bool {
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}

fn inside(inner: Rect, outer: Rect) -> bool {
    inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom
}

#[test]
fn boxes_and_texts_never_overlap() {
    for (seed, picture) in pictures() {
        let (boxes, texts) = (boxes(&picture), text_rects(&picture));
        for (at, one) in boxes.iter().enumerate() {
            assert!(boxes[..at].iter().all(|other| !meet(*one, *other)), "seed {seed}");
        }
        for (at, text) in texts.iter().enumerate() {
            assert!(texts[..at].iter().all(|other| !meet(*text, *other)), "seed {seed}");
            assert!(
                boxes.iter().all(|rect| !meet(*text, *rect) || inside(*text, *rect)),
                "seed {seed}"
            );
        }
    }
}

#[test]
fn arrows_run_around_boxes_and_texts_and_inside_the_picture() {
    for (seed, picture) in pictures() {
        let all = Rect {
            left: 0,
            top: 0,
            right: picture.width,
            bottom: picture.height,
        };
        let obstacles: Vec<Rect> = boxes(&picture).into_iter().chain(text_rects(&picture)).collect();
        assert!(obstacles.iter().all(|rect| inside(*rect, all)), "seed {seed}");
        for (_, piece) in pieces(&picture) {
            assert!(inside(piece, all), "seed {seed}");
            // A line has no breadth; it touches the boxes that it joins.
            let broad = Rect {
                right: piece.right.max(piece.left + 1),
                bottom: piece.bottom.max(piece.top + 1),
                ..piece
            };
            let narrow = |rect: &Rect| Rect {
                left: rect.left + 1,
                right: rect.right - 1,
                ..*rect
            };
            assert!(
                obstacles.iter().all(|rect| !meet(broad, narrow(rect))),
                "seed {seed}: {piece:?}"
            );
        }
    }
}

#[test]
fn arrows_to_different_places_never_run_along_each_other() {
    for (seed, picture) in pictures() {
        let pieces = pieces(&picture);
        let along = |one: Rect, other: Rect| {
            let upright = |piece: Rect| piece.left == piece.right;
            if upright(one) != upright(other) {
                return false;
            }
            if upright(one) {
                one.left == other.left && one.top < other.bottom && other.top < one.bottom
            } else {
                one.top == other.top && one.left < other.right && other.left < one.right
            }
        };
        for (at, (shape, one)) in pieces.iter().enumerate() {
            for (other_shape, other) in &pieces[..at] {
                // What leaves one box for several others has its way to the lanes in common.
                let leaves = one.top == one.bottom && one.right == other.right && one.right < picture.width;
                assert!(
                    shape == other_shape || !along(*one, *other) || leaves,
                    "seed {seed}: {one:?} {other:?}"
                );
            }
        }
    }
}

#[test]
fn one_drawing_makes_one_picture() {
    let print = |seed| svg::print(&lay_out(&Random(seed).drawing()), "t");
    let different: BTreeSet<String> = (0..20).map(print).collect();
    assert!(different.len() > 15);
    assert!((0..20).map(print).all(|picture| different.contains(&picture)));
}
