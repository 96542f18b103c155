//! The figures as a page: a plot of latency over load, and the table.

use askama::Template;

use super::{
    Figures,
    figure::{Figure, short},
    load::Point,
};

/// The plot's size, small enough that its text can be read on a phone.
const SIZE: (f64, f64) = (420.0, 300.0);
/// Room for the axes: left, right, top, bottom.
const MARGIN: (f64, f64, f64, f64) = (52.0, 44.0, 16.0, 46.0);
/// Lines across the plot.
const LINES: usize = 5;

#[derive(Template)]
#[template(path = "bench.html")]
struct Page<'a> {
    fsync: String,
    store: &'a str,
    plot: Plot,
    head: [&'static str; 9],
    rows: Vec<Vec<String>>,
}

/// Everything with its place.
struct Plot {
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    bottom: f64,
    /// Lines across: how high, and what they stand for.
    levels: Vec<(f64, String)>,
    /// Numbers of runs: where.
    loads: Vec<(f64, usize)>,
    curves: Vec<Curve>,
}

/// One line through all points.
struct Curve {
    name: &'static str,
    points: Vec<(f64, f64)>,
    path: String,
    end: (f64, f64),
}

/// The page.
pub(super) fn html(figures: &Figures) -> Result<String, askama::Error> {
    let fsync = &figures.fsync_before;
    Page {
        fsync: format!("p50 {} ms, p99 {} ms", short(fsync.p50_ms), short(fsync.p99_ms)),
        store: figures.store.name(),
        plot: Plot::of(&figures.load),
        head: Figure::HEAD,
        rows: figures.workloads.iter().map(|figure| figure.row(fsync)).collect(),
    }
    .render()
}

impl Plot {
    fn of(points: &[Point]) -> Self {
        let ((width, height), (left, right, top, bottom)) = (SIZE, MARGIN);
        let (right, bottom) = (width - right, height - bottom);
        let most = points.iter().map(|point| point.launch_ms.p99).fold(0.0, f64::max);
        let step = step(most);
        let full = step * real(LINES);
        // A tenth of a unit is less than anybody sees.
        let place = |at: f64| (at * 10.0).round() / 10.0;
        let y = |ms: f64| place(bottom - (bottom - top) * ms / full);
        // Each number of runs is as far from the next as any other: they grow by the same factor.
        let x = |index: usize| place(left + (right - left) * (real(index) + 0.5) / real(points.len().max(1)));
        let curve = |name, read: fn(&Point) -> f64| {
            let points: Vec<_> = points.iter().enumerate().map(|(index, point)| (x(index), y(read(point)))).collect();
            let path = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ");
            let end = points.last().copied().unwrap_or((left, bottom));
            Curve { name, points, path, end }
        };
        Self {
            width,
            height,
            left,
            right,
            bottom,
            levels: (0..=LINES).map(|line| (y(step * real(line)), label(step * real(line)))).collect(),
            loads: points.iter().enumerate().map(|(index, point)| (x(index), point.runs)).collect(),
            curves: vec![curve("p50", |point| point.launch_ms.p50), curve("p99", |point| point.launch_ms.p99)],
        }
    }
}

/// The round distance of lines by which a value lies below the last one: 1, 2 or 5 times a power of ten.
fn step(most: f64) -> f64 {
    let least = (most / real(LINES)).max(1e-3);
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].map(|times| times * power).into_iter().find(|step| *step >= least).unwrap_or(10.0 * power)
}

fn label(ms: f64) -> String {
    let text = format!("{ms:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[expect(clippy::cast_precision_loss, reason = "a handful of points")]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{bound::Kind, disk::Fsync, figure::Spread};

    #[test]
    fn lines_lie_at_round_values_and_the_last_one_above_all() {
        for (most, expected) in [(0.9, 0.2), (1.0, 0.2), (1.1, 0.5), (4.0, 1.0), (37.0, 10.0), (0.0, 0.001)] {
            let found = step(most);
            assert!((found - expected).abs() < 1e-9, "{most}: {found}");
            assert!(found * real(LINES) >= most, "{most}");
        }
    }

    #[test]
    fn a_page_shows_every_point_within_its_axes() {
        let point = |runs, ms| Point { runs, steps_per_s: 1.0, launch_ms: Spread::of(vec![ms, 2.0 * ms]) };
        let plot = Plot::of(&[point(1, 0.2), point(4, 0.4), point(16, 1.0), point(64, 3.0)]);
        for (x, y) in plot.curves.iter().flat_map(|curve| &curve.points) {
            assert!((plot.left..=plot.right).contains(x) && (0.0..=plot.bottom).contains(y), "{x} {y}");
        }
        let fsync = Fsync { p50_ms: 0.1, p99_ms: 0.2 };
        let figures = Figures {
            store: Kind::Sqlite,
            fsync_before: fsync,
            fsync_after: fsync,
            workloads: vec![Figure::new("chain", "50 <steps>", "ms/step", vec![0.5])],
            load: vec![point(1, 0.2), point(64, 3.0)],
        };
        let page = html(&figures).expect("it can be rendered");
        for part in ["50 &#60;steps&#62;", "runs at once", "milliseconds", ">64<", "prefers-color-scheme: dark"] {
            assert!(page.contains(part), "{part} is missing in {page}");
        }
    }
}
