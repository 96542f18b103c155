//! What the samples cover, pair by pair of dimensions, and the cells left empty.

use serde::{Deserialize, Serialize};
use workflow::{definition::StepType, param::Type};

use super::{Motif, Shape, Size};

/// The step types that a run can meet.
const KINDS: [StepType; 8] = [
    StepType::NoOp,
    StepType::Sleep,
    StepType::Http,
    StepType::Kubernetes,
    StepType::Notebook,
    StepType::Subworkflow,
    StepType::Foreach,
    StepType::While,
];

/// What a run can come to.
const STATUSES: [&str; 4] = ["SUCCEEDED", "FAILED", "STOPPED", "TIMED_OUT"];

/// How a run can have been restarted.
const RESTARTS: [&str; 4] = ["NONE", "RESTART_FROM_INCOMPLETE", "RESTART_FROM_BEGINNING", "RESTART_FROM_SPECIFIC"];

/// What the samples of a campaign cover.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// One table a pair of dimensions.
    pub tables: Vec<Table>,
}

/// Samples by two dimensions; a sample with several kinds of steps counts for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// What the rows are.
    pub row: String,
    /// What the columns are.
    pub column: String,
    /// The rows' names.
    pub rows: Vec<String>,
    /// The columns' names.
    pub columns: Vec<String>,
    /// Samples by row and column.
    pub cells: Vec<Vec<u64>>,
}

/// A way to look at a sample: its name, the values that exist, and the values that a sample has.
struct Dimension {
    name: &'static str,
    values: Vec<String>,
    of: fn(&Shape) -> Vec<String>,
}

impl Coverage {
    /// Of these samples.
    pub fn of<'a>(shapes: impl IntoIterator<Item = &'a Shape> + Clone) -> Self {
        let pairs = [
            (kinds(), motifs()),
            (kinds(), statuses()),
            (kinds(), restarts()),
            (kinds(), sizes()),
            (motifs(), statuses()),
            (param_types(), statuses()),
        ];
        Self { tables: pairs.into_iter().map(|(row, column)| Table::of(&row, &column, shapes.clone())).collect() }
    }

    /// The cells that no sample fills: table, row and column.
    pub fn empty(&self) -> impl Iterator<Item = (&Table, &str, &str)> {
        self.tables.iter().flat_map(|table| {
            let cells = table.rows.iter().zip(&table.cells);
            cells.flat_map(move |(row, counts)| {
                let empty = table.columns.iter().zip(counts).filter(|(_, count)| **count == 0);
                empty.map(move |(column, _)| (table, row.as_str(), column.as_str()))
            })
        })
    }
}

impl Table {
    fn of<'a>(row: &Dimension, column: &Dimension, shapes: impl IntoIterator<Item = &'a Shape>) -> Self {
        let mut cells = vec![vec![0; column.values.len()]; row.values.len()];
        for shape in shapes {
            let columns = column.places(shape);
            for at in row.places(shape) {
                for &column in &columns {
                    cells[at][column] += 1;
                }
            }
        }
        Self {
            row: row.name.to_owned(),
            column: column.name.to_owned(),
            rows: row.values.clone(),
            columns: column.values.clone(),
            cells,
        }
    }
}

impl Dimension {
    fn places(&self, shape: &Shape) -> Vec<usize> {
        let place = |value: &String| self.values.iter().position(|known| known == value);
        (self.of)(shape).iter().filter_map(place).collect()
    }
}

fn kinds() -> Dimension {
    let values = KINDS.iter().map(|kind| kind.word().to_owned()).collect();
    Dimension { name: "step kind", values, of: |shape| shape.kinds.clone() }
}

fn motifs() -> Dimension {
    let values = Motif::ALL.iter().map(Motif::to_string).collect();
    Dimension { name: "topology", values, of: |shape| vec![shape.motif.to_string()] }
}

fn statuses() -> Dimension {
    let values = STATUSES.map(str::to_owned).to_vec();
    Dimension { name: "terminal status", values, of: |shape| vec![shape.status.clone()] }
}

fn restarts() -> Dimension {
    let values = RESTARTS.map(str::to_owned).to_vec();
    Dimension { name: "restart policy", values, of: |shape| vec![shape.restart.clone()] }
}

fn sizes() -> Dimension {
    let values = Size::ALL.iter().map(Size::to_string).collect();
    Dimension { name: "attempts", values, of: |shape| vec![shape.size.to_string()] }
}

fn param_types() -> Dimension {
    let values = Type::WORDS.iter().map(|&word| word.to_owned()).collect();
    Dimension { name: "param type", values, of: |shape| shape.param_types.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_counts_in_every_row_that_it_belongs_to_and_leaves_the_others_empty() {
        let shape = Shape {
            kinds: vec!["NoOp".to_owned(), "foreach".to_owned()],
            motif: Motif::Diamond,
            status: "FAILED".to_owned(),
            param_types: vec!["LONG".to_owned()],
            restart: "NONE".to_owned(),
            size: Size::Few,
        };
        let coverage = Coverage::of([&shape]);
        let table = &coverage.tables[1];
        assert_eq!((table.row.as_str(), table.column.as_str()), ("step kind", "terminal status"));
        let filled: Vec<_> = table.cells.iter().map(|counts| counts.iter().sum::<u64>()).collect();
        assert_eq!(filled, [1, 0, 0, 0, 0, 0, 1, 0]);
        assert_eq!(table.cells[0], [0, 1, 0, 0]);
        assert!(coverage.empty().any(|(_, row, column)| (row, column) == ("Sleep", "FAILED")));
        assert!(!coverage.empty().any(|(_, row, column)| (row, column) == ("foreach", "FAILED")));
    }
}
