//! Query parameters that calls share.

use crate::api::route::{Kind, Query};

const fn optional(name: &'static str, kind: Kind) -> Query {
    Query { name, kind, is_required: false }
}

const fn required(name: &'static str, kind: Kind) -> Query {
    Query { name, kind, is_required: true }
}

const FIRST: Query = optional("first", Kind::PageSize);
const LAST: Query = optional("last", Kind::PageSize);
const CURSOR: Query = optional("cursor", Kind::Text);
const WORKFLOW_ID: Query = required("workflowId", Kind::Text);
const STEP_ID: Query = required("stepId", Kind::Text);

pub(super) const NONE: &[Query] = &[];
pub(super) const ENRICHED: Query = optional("enriched", Kind::Boolean);
pub(super) const AGGREGATED: Query = optional("aggregated", Kind::Boolean);
pub(super) const BLOCKING: Query = optional("blocking", Kind::Boolean);
pub(super) const VERSION: Query = optional("version", Kind::Text);
pub(super) const PAGE: &[Query] = &[FIRST, LAST, CURSOR];
pub(super) const PAGE_AGGREGATED: &[Query] = &[FIRST, LAST, CURSOR, AGGREGATED];
pub(super) const BREAKPOINT: &[Query] = &[WORKFLOW_ID, STEP_ID];
pub(super) const BREAKPOINT_RESUME: &[Query] = &[WORKFLOW_ID, STEP_ID, optional("resume", Kind::Boolean)];
pub(super) const FLATTENED: &[Query] =
    &[FIRST, LAST, CURSOR, optional("statuses", Kind::Text), optional("loopParams", Kind::Text)];
pub(super) const SUMMARY: &[Query] = &[
    optional("statusCount", Kind::Boolean),
    optional("representative", Kind::Boolean),
    optional("valueCount", Kind::Integer),
];
pub(super) const INLINE: &[Query] = &[
    optional("workflowId", Kind::Text),
    optional("instanceId", Kind::Text),
    optional("stepId", Kind::Text),
    optional("stepType", Kind::Text),
];
