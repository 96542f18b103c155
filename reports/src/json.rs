//! A report for machines: the words of the summary and the whole campaign, under a version.

use replay::campaign::Report;
use serde::{Deserialize, Serialize};

use crate::{Occasion, Summary};

/// The form that this code writes; it changes when a field goes or changes its meaning, not when one is added.
pub const FORMAT: u32 = 1;

/// Why a stored report cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no report.
    #[error("this is no report of a campaign")]
    Malformed(#[source] serde_json::Error),
    /// A newer program wrote it.
    #[error("the report has format {found}; this program reads formats up to {FORMAT}")]
    Newer {
        /// Its format.
        found: u32,
    },
}

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    summary: Summary,
    occasion: &'a Occasion,
    report: &'a Report,
}

#[derive(Deserialize)]
struct Read {
    occasion: Occasion,
    report: Report,
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// The report as JSON.
pub fn write(report: &Report, occasion: &Occasion) -> String {
    let written = Written { format: FORMAT, summary: Summary::of(report, occasion), occasion, report };
    // All maps in it have texts as keys, and a number that is not finite is written as null.
    serde_json::to_string_pretty(&written).expect("a report is plain data")
}

/// A report that was written as JSON, to be told in another format.
pub fn read(text: &str) -> Result<(Report, Occasion), Error> {
    let Format { format: found } = serde_json::from_str(text).map_err(Error::Malformed)?;
    if found > FORMAT {
        return Err(Error::Newer { found });
    }
    let Read { occasion, report } = serde_json::from_str(text).map_err(Error::Malformed)?;
    Ok((report, occasion))
}
