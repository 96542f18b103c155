//! What the leaf iterations of a step amount to: counts by status, the one that most deserves a look, values of the loop variables.

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::{
    Flow,
    walk::{Leaf, View, Way},
};
use crate::{
    life::{Order, read::Found},
    port::{Reason, Refusal},
    status::StepStatus,
};

/// Iterations whose loop variables are looked at for values.
const SAMPLES: usize = 100;

/// Values shown of each loop variable where the caller does not say.
const VALUES_DEFAULT: i64 = 5;

pub(super) fn answer<'q>(view: &View<'_>, asked: &dyn Fn(&str) -> Option<&'q str>) -> Found {
    let is_on =
        |name: &str, default: bool| asked(name).map_or(default, |word| !matches!(word, "false" | "off" | "no" | "0"));
    let values_max = asked("valueCount").map_or(Ok(VALUES_DEFAULT), |text| {
        text.trim().parse().map_err(|_| Refusal::new(Reason::BadRequest, "`valueCount` is a number".to_owned()))
    })?;
    let values_max = usize::try_from(values_max).unwrap_or_default();
    let (counts, representative) = (is_on("statusCount", false), is_on("representative", true));
    let mut by_status: IndexMap<String, i64> = IndexMap::new();
    let mut values: IndexMap<String, Vec<String>> = IndexMap::new();
    let mut first: Option<(u8, Leaf)> = None;
    let mut seen = 0;
    view.each(Way { order: Order::Ascending, after: None }, &mut |leaf| {
        seen += 1;
        if seen <= SAMPLES {
            for (name, value) in leaf.variables.iter().filter(|_| values_max > 0) {
                let known = values.entry(name.clone()).or_default();
                if known.len() < values_max && !known.contains(value) {
                    known.push(value.clone());
                }
            }
        }
        if let Some(status) = leaf.status() {
            *by_status.entry(status.as_str().to_owned()).or_default() += 1;
            let priority = priority(status);
            if first.as_ref().is_none_or(|(known, _)| priority > *known) {
                first = Some((priority, leaf));
            }
        }
        let has_enough = seen >= SAMPLES && !counts && !representative;
        Ok(if has_enough { Flow::Break(()) } else { Flow::Continue(()) })
    })?;
    let mut summary = Map::new();
    if let Some((_, leaf)) = first.filter(|_| representative) {
        summary.insert("representative_iteration".to_owned(), leaf.document(view));
    }
    if counts {
        by_status.sort_keys();
        let counts = by_status.into_iter().map(|(status, count)| (status, count.into()));
        summary.insert("count_by_status".to_owned(), Json::Object(counts.collect()));
    }
    if values_max > 0 {
        let values = values.into_iter().map(|(name, values)| (name, values.into()));
        summary.insert("loop_param_values".to_owned(), Json::Object(values.collect()));
    }
    Ok(Json::Object(summary))
}

/// How much an iteration deserves a look (rest-api.md §14).
fn priority(status: StepStatus) -> u8 {
    match status {
        StepStatus::Succeeded => 10,
        StepStatus::Unsatisfied => 20,
        StepStatus::NotCreated => 30,
        StepStatus::Disabled => 40,
        StepStatus::Skipped => 50,
        StepStatus::Finishing => 60,
        StepStatus::Starting => 70,
        StepStatus::Initialized => 80,
        StepStatus::Created => 90,
        StepStatus::CompletedWithError => 100,
        StepStatus::Stopped => 110,
        StepStatus::Running => 120,
        StepStatus::WaitingForPermits => 130,
        StepStatus::EvaluatingParams => 140,
        StepStatus::WaitingForSignals => 150,
        StepStatus::TimedOut => 160,
        StepStatus::InternallyFailed => 170,
        StepStatus::FatallyFailed => 180,
        StepStatus::PlatformFailed => 190,
        StepStatus::UserFailed => 200,
        StepStatus::TimeoutFailed => 201,
        StepStatus::Paused => 210,
    }
}
