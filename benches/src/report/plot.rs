//! Bars on a logarithmic scale, as SVG.

use std::fmt::Write;

/// Something with one bar for each series.
pub(crate) struct Row {
    pub(crate) title: String,
    pub(crate) values: Vec<f64>,
    pub(crate) is_ours: bool,
}

pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) series: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

const WIDTH: f64 = 860.0;
const LEFT: f64 = 250.0;
const RIGHT: f64 = 80.0;
const TOP: f64 = 64.0;
const BAR: f64 = 13.0;
const BETWEEN: f64 = 12.0;
const BOTTOM: f64 = 30.0;

/// Of our functions and of others; the first series is the darkest.
const OURS: [&str; 4] = ["#0b5394", "#4a86c5", "#8fb8de", "#c4dbf0"];
const OTHERS: [&str; 4] = ["#666666", "#949494", "#bdbdbd", "#dedede"];

impl Plot {
    /// The values are times in milliseconds.
    pub(crate) fn svg(&self) -> String {
        let scale = Scale::of(self.rows.iter().flat_map(|row| row.values.iter().copied()));
        let row_height = count(self.series.len()) * BAR + BETWEEN;
        let height = TOP + row_height * count(self.rows.len()) + BOTTOM;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <title>{0}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text x=\"12\" y=\"22\" font-size=\"15\">{0}</text>\n",
            self.title
        );
        svg.push_str(&self.legend());
        svg.push_str(&scale.lines(height - BOTTOM));
        let mut top = TOP;
        for row in &self.rows {
            svg.push_str(&row.bars(&scale, top, row_height));
            top += row_height;
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn legend(&self) -> String {
        let mut legend = String::new();
        let mut left = 12.0;
        for (series, colour) in self.series.iter().zip(OURS) {
            let text = left + 16.0;
            let _ = writeln!(
                legend,
                "<rect x=\"{left}\" y=\"34\" width=\"11\" height=\"11\" fill=\"{colour}\"/>\
                 <text x=\"{text}\" y=\"44\">{series}</text>"
            );
            left += 40.0 + 6.5 * count(series.len());
        }
        legend
    }
}

impl Row {
    fn bars(&self, scale: &Scale, top: f64, height: f64) -> String {
        let middle = top + (height - BETWEEN) / 2.0 + 4.0;
        let mut bars = format!(
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>\n",
            LEFT - 8.0,
            self.title
        );
        let colours = if self.is_ours { OURS } else { OTHERS };
        let mut y = top;
        for (value, colour) in self.values.iter().zip(colours) {
            let end = scale.place(*value);
            let (width, text, base) = (end - LEFT, end + 5.0, y + BAR - 3.0);
            let _ = writeln!(
                bars,
                "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{colour}\"/>\
                 <text x=\"{text:.1}\" y=\"{base:.1}\" font-size=\"10\">{}</text>",
                BAR - 1.0,
                milliseconds(*value)
            );
            y += BAR;
        }
        bars
    }
}

/// From a power of ten to a power of ten.
struct Scale {
    from: i32,
    to: i32,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, f64::MIN_POSITIVE);
        for value in values.filter(|value| *value > 0.0) {
            least = least.min(value);
            most = most.max(value);
        }
        let (mut from, mut to) = (0, 1);
        while 10_f64.powi(from) > least {
            from -= 1;
        }
        while 10_f64.powi(from + 1) <= least.min(most) {
            from += 1;
        }
        while 10_f64.powi(to) < most {
            to += 1;
        }
        Self { from, to }
    }

    fn place(&self, value: f64) -> f64 {
        let part = (value.log10() - f64::from(self.from)) / f64::from(self.to - self.from);
        LEFT + (WIDTH - LEFT - RIGHT) * part.clamp(0.0, 1.0)
    }

    fn lines(&self, bottom: f64) -> String {
        let mut lines = String::new();
        for power in self.from..=self.to {
            let value = 10_f64.powi(power);
            let (x, base) = (self.place(value), bottom + 16.0);
            let _ = writeln!(
                lines,
                "<path d=\"M{x:.1} {} V{bottom:.1}\" stroke=\"#e4e4e4\"/>\
                 <text x=\"{x:.1}\" y=\"{base:.1}\" text-anchor=\"middle\" fill=\"#555555\">{value} ms</text>",
                TOP - 6.0
            );
        }
        lines
    }
}

/// With three digits that count.
pub(crate) fn milliseconds(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_begins_and_ends_at_a_power_of_ten_around_every_value() {
        let of = |values: &[f64]| {
            let scale = Scale::of(values.iter().copied());
            (scale.from, scale.to)
        };
        assert_eq!(of(&[3.5, 420.0]), (0, 3));
        assert_eq!(of(&[0.4, 6.0]), (-1, 1));
        assert_eq!(of(&[10.0, 100.0]), (1, 2));
    }

    #[test]
    fn each_power_of_ten_is_as_far_from_the_next() {
        let scale = Scale { from: 0, to: 2 };
        let [one, ten, hundred] = [1.0, 10.0, 100.0].map(|value| scale.place(value));
        assert!((one - LEFT).abs() < 1e-9);
        assert!((ten - one - (hundred - ten)).abs() < 1e-9);
    }

    #[test]
    fn a_plot_has_a_bar_and_its_value_for_each_value() {
        let plot = Plot {
            title: "cold start".to_owned(),
            series: vec!["one CPU".to_owned(), "0.145 CPU".to_owned()],
            rows: vec![Row {
                title: "ours".to_owned(),
                values: vec![4.2, 41.0],
                is_ours: true,
            }],
        };
        let svg = plot.svg();
        assert!(svg.contains(">4.20<") && svg.contains(">41.0<"), "{svg}");
        // The ground, one of each series in the legend, and one of each value.
        assert_eq!(svg.matches("<rect").count(), 5);
    }
}
