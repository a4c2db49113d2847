//! A picture as SVG inside HTML inside Markdown, in the colours of rustdoc's theme, whichever it is.

use super::drawing::Style;
use super::layout::{CAP, Direction, Picture, Rect, Role, Shape};
use std::fmt::Write;

/// The `<svg>` element in a block that scrolls. It has no empty line, which would end Markdown's HTML block.
pub(super) fn print(picture: &Picture, title: &str) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_picture(&mut out, picture, title);
    out
}

fn write_picture(out: &mut String, picture: &Picture, title: &str) -> std::fmt::Result {
    let Picture { width, height, .. } = picture;
    writeln!(out, "<div class=\"rama-topology\" style=\"overflow-x:auto\">")?;
    // What the block holds is hidden, but it is not empty.
    writeln!(
        out,
        "<style>.impl:has(+.docblock .rama-topology) .empty-impl{{display:none}}</style>"
    )?;
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"{}\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" style=\"font:12px 'Source Code Pro',monospace;fill:none;stroke:currentColor;max-width:none\">",
        escaped(title)
    )?;
    // Lines one pixel wide fill pixels, rather than halves of two.
    writeln!(out, "<g transform=\"translate(.5 .5)\">")?;
    for shape in &picture.shapes {
        match shape {
            Shape::Box(rect, role) => write_box(out, *rect, *role)?,
            Shape::Text(x, y, text) => {
                let style = match text.style {
                    Style::Title => ";font-weight:600",
                    Style::Plain => "",
                    Style::Dim => ";opacity:.75",
                };
                write!(
                    out,
                    "<text x=\"{x}\" y=\"{}\" style=\"fill:currentColor;stroke:none{style}\">",
                    y + 4
                )?;
                if let Some(whole) = &text.whole {
                    write!(out, "<title>{}</title>", escaped(whole))?;
                }
                writeln!(out, "{}</text>", escaped(&text.shown))?;
            }
            Shape::Ways { ways, role, dashed } => {
                let dashes = if *dashed { ";stroke-dasharray:4 3" } else { "" };
                let ways: String = ways.iter().map(|way| rounded(way)).collect();
                writeln!(out, "<path d=\"{ways}\" style=\"stroke:{}{dashes}\"/>", colour(*role))?;
            }
            Shape::Tip(x, y, direction, role) => {
                let (back, side) = (8, 4);
                let corners = match direction {
                    Direction::Down => format!("M{x} {y}l-{side} -{back}h{}z", 2 * side),
                    Direction::Left => format!("M{x} {y}l{back} -{side}v{}z", 2 * side),
                    Direction::Right => format!("M{x} {y}l-{back} -{side}v{}z", 2 * side),
                };
                writeln!(
                    out,
                    "<path d=\"{corners}\" style=\"fill:{};stroke:none\"/>",
                    colour(*role)
                )?;
            }
        }
    }
    writeln!(out, "</g>")?;
    writeln!(out, "</svg>")?;
    writeln!(out, "</div>")
}

/// Rustdoc's colours of its theme; elsewhere, the text's.
fn colour(role: Role) -> &'static str {
    match role {
        Role::Segment => "currentColor",
        Role::Depot => "var(--function-link-color,currentColor)",
        Role::PState => "var(--type-link-color,currentColor)",
    }
}

fn write_box(out: &mut String, rect: Rect, role: Role) -> std::fmt::Result {
    let Rect { left, top, .. } = rect;
    let (width, height) = (rect.right - left, rect.bottom - top);
    let style = format!("fill:var(--code-block-background-color,none);stroke:{}", colour(role));
    match role {
        Role::Segment | Role::Depot => {
            let round = if role == Role::Depot { 14 } else { 3 };
            writeln!(
                out,
                "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\" style=\"{style}\"/>"
            )
        }
        Role::PState => {
            let (half, side) = (width / 2, height - 2 * CAP);
            let right = left + 2 * half;
            let y = top + CAP;
            // The cylinder, and the front of its lid.
            writeln!(
                out,
                "<path d=\"M{left} {y}a{half} {CAP} 0 0 1 {} 0v{side}a{half} {CAP} 0 0 1 -{} 0zM{left} {y}a{half} {CAP} 0 0 0 {} 0\" style=\"{style}\"/>",
                right - left,
                right - left,
                right - left,
            )
        }
    }
}

/// A way through points, whose corners are round as far as there is room.
fn rounded(points: &[(i32, i32)]) -> String {
    let mut way = String::new();
    for (at, &(x, y)) in points.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = match (
            at.checked_sub(1).and_then(|before| points.get(before)),
            points.get(at + 1),
        ) {
            (None, _) => write!(way, "M{x} {y}"),
            (Some(_), None) => write!(way, "L{x} {y}"),
            (Some(&before), Some(&after)) => {
                let (from, to) = (towards((x, y), before), towards((x, y), after));
                write!(way, "L{} {}Q{x} {y} {} {}", from.0, from.1, to.0, to.1)
            }
        };
    }
    way
}

/// The point a corner's radius away from `from`, on the way to `to`; they have one coordinate in common.
fn towards(from: (i32, i32), to: (i32, i32)) -> (i32, i32) {
    let (across, down) = (to.0 - from.0, to.1 - from.1);
    let radius = 6.min((across.abs() + down.abs()) / 2);
    (from.0 + across.signum() * radius, from.1 + down.signum() * radius)
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            character if character.is_control() => out.push(' '),
            character => out.push(character),
        }
    }
    out
}
