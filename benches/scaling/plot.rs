//! The pictures: throughput on the left, memory on the right, both by logarithmic axes.

use crate::point::Measured;
use crate::report::megabytes;
use crate::series::{Axis, Series};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;
use std::error::Error;
use std::path::Path;

const COLOURS: [RGBColor; 4] = [
    RGBColor(0x1f, 0x77, 0xb4),
    RGBColor(0xd6, 0x2c, 0x28),
    RGBColor(0x2c, 0xa0, 0x2c),
    RGBColor(0x80, 0x60, 0xb0),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// Its name, and its points.
type Line = (String, Vec<(f64, f64)>);

/// Draws a series into the file `path`.
pub(crate) fn draw(path: &Path, series: &Series, measured: &[Measured]) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, (1000, 400)).into_drawing_area();
    root.fill(&WHITE)?;
    let (left, right) = root.split_horizontally(500);
    let rates = lines(series, measured, |measured| measured.rate / 1e6);
    let memory = lines(series, measured, |measured| megabytes(measured.peak));
    for (area, name, lines) in [
        (&left, "M records/s", &rates),
        (&right, "MB resident, at most", &memory),
    ] {
        let xs = series.points.iter().map(|point| point.x as f64);
        let (first, last) = (xs.clone().fold(f64::MAX, f64::min), xs.fold(0.0, f64::max));
        match series.axis {
            Axis::Linear => panel(area, series.x, first..last, name, lines)?,
            Axis::Log(base) => {
                let range = (first..last).log_scale().base(f64::from(base));
                panel(area, series.x, range, name, lines)?;
            }
        }
    }
    root.present()?;
    Ok(())
}

/// What `of` says of each point, a line each that the series has.
fn lines(series: &Series, measured: &[Measured], of: fn(&Measured) -> f64) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (point, measured) in series.points.iter().zip(measured) {
        let place = (point.x as f64, of(measured));
        match lines.iter_mut().find(|(name, _)| *name == point.line) {
            Some((_, places)) => places.push(place),
            None => lines.push((point.line.clone(), vec![place])),
        }
    }
    lines
}

/// One diagram.
fn panel<X>(area: &Area<'_>, x: &str, xs: X, y: &str, lines: &[Line]) -> Result<(), Box<dyn Error>>
where
    X: AsRangedCoord<Value = f64>,
    X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let values = || lines.iter().flat_map(|(_, places)| places).map(|&(_, y)| y);
    // Whole decades, so that there are numbers at the axis, and the height of a step means the same in all pictures.
    let bottom = 10f64.powf(values().fold(f64::MAX, f64::min).max(1e-6).log10().floor());
    let top = 10f64
        .powf(values().fold(0.0, f64::max).max(1e-6).log10().ceil())
        .max(bottom * 10.0);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(60)
        // A little more, so that the first decade is on the axis, however it is rounded.
        .build_cartesian_2d(xs, (bottom * 0.9999..top).log_scale())?;
    chart
        .configure_mesh()
        .x_desc(x)
        .y_desc(y)
        .x_label_formatter(&|x| number(*x))
        .y_label_formatter(&|y| number(*y))
        .x_max_light_lines(0)
        .light_line_style(RGBColor(0xee, 0xee, 0xee))
        .draw()?;
    for ((name, places), colour) in lines.iter().zip(COLOURS) {
        let line = LineSeries::new(places.iter().copied(), colour.stroke_width(2)).point_size(3);
        let drawn = chart.draw_series(line)?;
        if !name.is_empty() {
            drawn
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
        }
    }
    if lines.iter().any(|(name, _)| !name.is_empty()) {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(RGBColor(0xbb, 0xbb, 0xbb))
            .draw()?;
    }
    Ok(())
}

/// A number at an axis.
fn number(value: f64) -> String {
    match value {
        _ if value >= 1e6 => format!("{} M", value / 1e6),
        _ if value >= 1e4 => format!("{} k", value / 1e3),
        _ => format!("{}", (value * 1e6).round() / 1e6),
    }
}
