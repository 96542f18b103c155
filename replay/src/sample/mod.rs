//! Samples: kept past runs, what they are like, and which of them to replay.

mod coverage;
mod deed;
mod model;
mod select;
mod shape;

pub use coverage::{Coverage, Table};
pub use deed::Deed;
pub use model::{DefinitionRef, Kept, Lineage, RecordedAct, RecordedResult, Redaction, Sample};
pub use select::select;
pub use shape::{Motif, Shape, Size};
