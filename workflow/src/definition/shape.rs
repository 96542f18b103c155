//! What a create request looks like: every object with its fields, once, for the reader and for the JSON Schema.

use serde_json::{Map, Value as Json};

/// An object of the language.
#[derive(Debug)]
pub struct Shape {
    /// Its name in the schema.
    pub name: &'static str,
    /// Its name in the API's messages.
    pub class: &'static str,
    /// What it is.
    pub says: &'static str,
    /// What becomes of fields that are not listed.
    pub others: Others,
    /// Its fields, in the order in which they are written.
    pub fields: &'static [Field],
}

/// What becomes of unknown fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// They are refused.
    Refused,
    /// They are kept.
    Kept,
}

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Whether it must be there.
    pub need: Need,
    /// What it means.
    pub says: &'static str,
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must.
    Required,
    /// It has a default, or unset means something.
    Optional,
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// Any JSON.
    Anything,
    /// Text.
    Text,
    /// Text with a pattern.
    Matching(&'static str),
    /// A 64-bit integer in a range.
    Integer(i64, i64),
    /// True or false.
    Boolean,
    /// A non-negative number, or text that becomes one.
    Parsable,
    /// A static text or integer.
    TextOrInteger,
    /// One of some words, in any case.
    Word(&'static [&'static str]),
    /// A list.
    List(&'static Holds),
    /// An object of values by free names.
    Map(&'static Holds),
    /// An object of this shape.
    Object(&'static Shape),
    /// A text, or an object of this shape.
    TextOr(&'static Shape),
    /// A rule, a number, or an object of this shape.
    RunStrategy(&'static Shape),
    /// A step: an object with exactly one key of `WRAPPERS`.
    Step,
    /// An object whose `type` is one of these words.
    Tagged(&'static [(&'static str, &'static Shape)]),
    /// A param definition.
    Param,
}

impl Shape {
    /// Whether a field of this name is listed.
    pub fn knows(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// The listed names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.name)
    }

    /// The same fields in the order in which they are written.
    pub fn in_order(&self, mut object: Map<String, Json>) -> Map<String, Json> {
        let listed: Vec<_> = self.names().filter_map(|name| object.shift_remove_entry(name)).collect();
        listed.into_iter().chain(object).collect()
    }
}

const fn optional(name: &'static str, holds: Holds, says: &'static str) -> Field {
    Field { name, holds, need: Need::Optional, says }
}

const fn required(name: &'static str, holds: Holds, says: &'static str) -> Field {
    Field { name, holds, need: Need::Required, says }
}

const fn refusing(name: &'static str, class: &'static str, says: &'static str, fields: &'static [Field]) -> Shape {
    Shape { name, class, says, others: Others::Refused, fields }
}

const ANY: (i64, i64) = (i64::MIN, i64::MAX);
const TEXTS: Holds = Holds::List(&Holds::Text);
const TAGS: Holds = Holds::List(&Holds::TextOr(&TAG));
const PARAMS: Holds = Holds::Map(&Holds::Param);
const STEPS: Holds = Holds::List(&Holds::Step);
const FAILURE_MODE: Holds = Holds::Word(&["FAIL_IMMEDIATELY", "FAIL_AFTER_RUNNING", "IGNORE_FAILURE"]);
const OPERATOR: Holds = Holds::Word(&["=", ">", ">=", "<", "<="]);
const WORKFLOW_ID: Holds = Holds::Matching("^[_a-zA-Z0-9][.\\-_a-zA-Z0-9]*$");
const STEP_ID: Holds = Holds::Matching("^[_a-zA-Z][.\\-_a-zA-Z0-9]*$");

/// The words of run strategy rules.
pub const RULES: &[&str] =
    &["SEQUENTIAL", "STRICT_SEQUENTIAL", "FIRST_ONLY", "LAST_ONLY", "PARALLEL", "SERIAL_LATEST_ONLY"];

/// The words of step types of typed steps.
pub const STEP_TYPES: &[&str] = &[
    "NoOp",
    "Sleep",
    "Http",
    "Kubernetes",
    "Notebook",
    "Titus",
    "Join",
    "foreach",
    "while",
    "subworkflow",
    "template",
];

/// The kinds of steps by the key that wraps them.
pub static WRAPPERS: [(&str, &Shape); 5] = [
    ("step", &TYPED_STEP),
    ("subworkflow", &SUBWORKFLOW_STEP),
    ("foreach", &FOREACH_STEP),
    ("while", &WHILE_STEP),
    ("template", &TEMPLATE_STEP),
];

/// A push.
pub static CREATE_REQUEST: Shape = Shape {
    name: "create_request",
    class: "com.netflix.maestro.models.api.WorkflowCreateRequest",
    says: "A push: properties for all versions of a workflow, and one new version. Further fields are kept as metadata.",
    others: Others::Kept,
    fields: &[
        optional(
            "properties",
            Holds::Object(&PROPERTIES),
            "What applies to all versions; needed, with an owner, for the first.",
        ),
        required("workflow", Holds::Object(&WORKFLOW), "The new version."),
        optional("is_active", Holds::Boolean, "Whether the new version becomes the active one; true when unset."),
        optional("git_info", Holds::Object(&GIT_INFO), "Where the source lies."),
    ],
};

/// Where the source of a definition lies.
pub static GIT_INFO: Shape = refusing(
    "git_info",
    "com.netflix.maestro.models.definition.GitInfo",
    "Where the source of the definition lies.",
    &[
        optional("origin", Holds::Text, "The repository."),
        optional("branch", Holds::Text, "The branch."),
        optional("sha", Holds::Text, "The commit."),
        optional("path", Holds::Text, "The file."),
        optional("author", Holds::Text, "Who committed it."),
        optional("timestamp", Holds::Integer(ANY.0, ANY.1), "When it was committed."),
        optional("uncommitted_changes", Holds::Boolean, "Whether the working copy differed from the commit."),
    ],
);

/// What applies to all versions.
pub static PROPERTIES: Shape = refusing(
    "properties",
    "com.netflix.maestro.models.definition.Properties",
    "What applies to all versions of a workflow.",
    &[
        optional("owner", Holds::TextOr(&USER), "Who answers for it."),
        optional("access_control", Holds::Anything, "For installations with their own access rules."),
        optional("run_strategy", Holds::RunStrategy(&RUN_STRATEGY), "How instances queue; SEQUENTIAL when unset."),
        optional("step_concurrency", Holds::Integer(1, 1000), "How many of its steps run at once; 20 when unset."),
        optional("alerting", Holds::Object(&ALERTING), "Who is told about what."),
        optional("alerting_disabled", Holds::Boolean, "Nobody is told."),
        optional("signal_trigger_disabled", Holds::Boolean, "Signal triggers are off."),
        optional("time_trigger_disabled", Holds::Boolean, "Time triggers are off."),
        optional("description", Holds::Text, "Free text, at most 16384 characters."),
        optional("tags", TAGS, "Refused in requests: set through the tag endpoint."),
    ],
);

/// A person or a service.
pub static USER: Shape = Shape {
    name: "user",
    class: "com.netflix.maestro.models.definition.User",
    says: "A person or a service.",
    others: Others::Kept,
    fields: &[required("name", Holds::Text, "The name.")],
};

/// How instances queue.
pub static RUN_STRATEGY: Shape = refusing(
    "run_strategy",
    "com.netflix.maestro.models.definition.RunStrategy",
    "How instances of a workflow queue.",
    &[
        required("rule", Holds::Word(RULES), "Which instance runs next."),
        optional(
            "workflow_concurrency",
            Holds::Integer(1, 1000),
            "How many run at once; more than 1 only with PARALLEL.",
        ),
    ],
);

/// Who is told about what.
pub static ALERTING: Shape = refusing(
    "alerting",
    "com.netflix.maestro.models.definition.alerting.DefaultAlerting",
    "Who is told about what.",
    &[
        optional("emails", TEXTS, "Addresses; may refer to params."),
        optional("pagerduties", TEXTS, "Pager services."),
        optional("slack", Holds::Object(&SLACK), "Slack."),
        optional(
            "bypass_digest_config",
            Holds::Object(&BYPASS_DIGEST),
            "What is told at once rather than in a digest.",
        ),
        optional("pagerduty_config", Holds::Object(&PAGERDUTY), "How pagers ring."),
        optional("type_configs", Holds::Map(&Holds::Object(&ALERT_TYPE)), "Settings by alert type, in upper case."),
        optional("tct", Holds::Object(&TCT), "When a run should be complete."),
    ],
);

/// Slack targets.
pub static SLACK: Shape = refusing(
    "slack",
    "com.netflix.maestro.models.definition.alerting.SlackConfig",
    "Slack targets.",
    &[
        optional("users", TEXTS, "Users."),
        optional("channels", TEXTS, "Channels."),
        optional("mention_users", TEXTS, "Users to mention."),
    ],
);

/// What is told at once.
pub static BYPASS_DIGEST: Shape = refusing(
    "bypass_digest_config",
    "com.netflix.maestro.models.definition.alerting.BypassDigestConfig",
    "What is told at once rather than in a digest.",
    &[optional("workflow", Holds::Boolean, "The workflow."), optional("steps", TEXTS, "These steps.")],
);

/// How pagers ring.
pub static PAGERDUTY: Shape = refusing(
    "pagerduty_config",
    "com.netflix.maestro.models.definition.alerting.PagerdutyConfig",
    "How pagers ring.",
    &[
        optional("severity", Holds::Word(&["critical", "error", "warning", "info"]), "How urgent it is."),
        optional("always_page", Holds::Boolean, "Also outside of office hours."),
    ],
);

/// The types of alerts; keys of `type_configs`, in exactly this case.
pub const ALERT_TYPES: &[&str] = &[
    "STEP_FAILURE",
    "TCT_VIOLATION",
    "LONG_RUNNING",
    "DEPENDENCY_LATE",
    "BREAKPOINT_HIT",
    "DEFINITION_CHANGE",
    "RUN_SUCCESS",
    "SUCCESS_WITHIN",
];

/// Settings of one alert type.
pub static ALERT_TYPE: Shape = refusing(
    "alert_type_config",
    "com.netflix.maestro.models.definition.alerting.AlertTypeConfig",
    "Settings of one alert type.",
    &[
        optional("actions", Holds::List(&Holds::Word(&["email", "page", "slack", "cancel"])), "What is done."),
        optional("disabled", Holds::Boolean, "Nothing is done; false when unset."),
        optional("duration_minutes", Holds::Integer(ANY.0, ANY.1), "After how long."),
        optional("emails", TEXTS, "Addresses."),
        optional("granularity", Holds::Word(&["WORKFLOW", "STEP", "ALL"]), "For what."),
        optional("pagerduties", TEXTS, "Pager services."),
        optional("slack", Holds::Object(&SLACK), "Slack."),
    ],
);

/// When a run should be complete.
pub static TCT: Shape = refusing(
    "tct",
    "com.netflix.maestro.models.definition.Tct",
    "When a run should be complete; exactly one of the three times.",
    &[
        optional("completed_by_ts", Holds::Integer(ANY.0, ANY.1), "A moment, epoch milliseconds."),
        optional(
            "completed_by_hour",
            Holds::Integer(ANY.0, ANY.1),
            "Hours after the local midnight of the run's target date.",
        ),
        optional("duration_minutes", Holds::Integer(ANY.0, ANY.1), "Minutes after the run's start."),
        optional("tz", Holds::Text, "The time zone of that midnight."),
    ],
);

/// One version of a workflow.
pub static WORKFLOW: Shape = refusing(
    "workflow",
    "com.netflix.maestro.models.definition.Workflow",
    "One version of a workflow.",
    &[
        required("id", WORKFLOW_ID, "Its id, at most 128 characters."),
        optional("name", Holds::Text, "Shown to people; the id when unset."),
        optional("description", Holds::Text, "Free text, at most 16384 characters."),
        optional("tags", TAGS, "Labels of every run."),
        optional(
            "timeout",
            Holds::Parsable,
            "How long a run may take: seconds, or text such as `1h 30min`; ten days when unset.",
        ),
        optional("time_triggers", Holds::List(&Holds::Tagged(TIME_TRIGGERS)), "When runs start by the clock."),
        optional("signal_triggers", Holds::List(&Holds::Object(&SIGNAL_TRIGGER)), "When runs start by signals."),
        optional("criticality", Holds::Word(&["CRITICAL", "HIGH", "MEDIUM", "LOW"]), "How much it matters."),
        optional(
            "instance_step_concurrency",
            Holds::Integer(1, 999),
            "How many leaf steps of one run and its children run at once.",
        ),
        optional("params", PARAMS, "Params of the workflow, in evaluation order."),
        required("steps", STEPS, "The steps; their order means nothing."),
    ],
);

/// A label.
pub static TAG: Shape = Shape {
    name: "tag",
    class: "com.netflix.maestro.models.definition.Tag",
    says: "A label with free attributes.",
    others: Others::Kept,
    fields: &[
        required("name", Holds::Text, "The label."),
        optional(
            "namespace",
            Holds::Word(&["SYSTEM", "RUNTIME", "JOB_TEMPLATE", "NOTEBOOK_TEMPLATE", "USER_DEFINED", "PLATFORM"]),
            "Who it comes from.",
        ),
        optional("permit", Holds::Integer(ANY.0, ANY.1), "Set by the engine, ignored on input."),
    ],
};

macro_rules! step_fields {
    ($($own:expr),* $(,)?) => {
        &[
            required("id", STEP_ID, "Its id, unique among all levels."),
            optional("name", Holds::Text, "Shown to people; the id when unset."),
            optional("description", Holds::Text, "Free text, at most 16384 characters."),
            optional("transition", Holds::Object(&TRANSITION), "Edges to siblings; a root without successors when unset."),
            optional("failure_mode", FAILURE_MODE, "What a fatal failure does to the run; FAIL_AFTER_RUNNING when unset."),
            optional("tags", TAGS, "Labels; each is a permit to hold while running."),
            optional("timeout", Holds::Parsable, "How long an attempt may take; ten days when unset."),
            optional("signal_dependencies", Holds::List(&Holds::Object(&SIGNAL_DEPENDENCY)), "Signals to wait for."),
            optional("signal_outputs", Holds::List(&Holds::Object(&SIGNAL_OUTPUT)), "Signals to send on success."),
            optional("params", PARAMS, "Params of the step, in evaluation order."),
            $($own),*
        ]
    };
}

/// A typed step.
pub static TYPED_STEP: Shape = refusing(
    "step",
    "com.netflix.maestro.models.definition.TypedStep",
    "A step that a runtime executes.",
    step_fields![
        required("type", Holds::Word(STEP_TYPES), "Which runtime executes it."),
        optional("sub_type", Holds::Text, "A job template's name."),
        optional("sub_type_version", Holds::Text, "A job template's version."),
        optional("retry_policy", Holds::Object(&RETRY_POLICY), "How failures are tried again."),
    ],
);

/// A step that runs another workflow.
pub static SUBWORKFLOW_STEP: Shape = refusing(
    "subworkflow",
    "com.netflix.maestro.models.definition.SubworkflowStep",
    "A step that runs another workflow.",
    step_fields![
        optional("sync", Holds::Boolean, "Whether the step follows the child to its end; true when unset."),
        optional(
            "explicit_params",
            Holds::Boolean,
            "Whether the child gets the step's own params only; false when unset."
        ),
        optional("type", Holds::Anything, "Ignored."),
    ],
);

/// A data-parallel loop.
pub static FOREACH_STEP: Shape = refusing(
    "foreach",
    "com.netflix.maestro.models.definition.ForeachStep",
    "A data-parallel loop over an inline workflow; `params.loop_params` says over what.",
    step_fields![
        optional("concurrency", Holds::Integer(1, 500), "How many iterations run at once."),
        optional("strict_ordering", Holds::Boolean, "Whether iterations start in index order; false when unset."),
        optional("steps", STEPS, "The body."),
        optional("type", Holds::Anything, "Ignored."),
    ],
);

/// A sequential loop.
pub static WHILE_STEP: Shape = refusing(
    "while",
    "com.netflix.maestro.models.definition.WhileStep",
    "A sequential loop over an inline workflow; `params.loop_params` holds the initial values.",
    step_fields![
        required("condition", Holds::Text, "SEL, evaluated before each iteration."),
        optional("steps", STEPS, "The body."),
        optional("type", Holds::Anything, "Ignored."),
    ],
);

/// A placeholder.
pub static TEMPLATE_STEP: Shape = refusing(
    "template",
    "com.netflix.maestro.models.definition.TemplateStep",
    "A placeholder that parses and cannot run.",
    step_fields![
        optional("sub_type", Holds::Text, "The template's name."),
        optional("type", Holds::Anything, "Ignored."),
    ],
);

/// Edges of a step.
pub static TRANSITION: Shape = refusing(
    "transition",
    "com.netflix.maestro.models.definition.StepTransition",
    "Edges of a step to its siblings.",
    &[
        optional("predecessors", TEXTS, "Derived from successors; must say the same where written."),
        optional("successors", Holds::Map(&Holds::Text), "Next steps with their SEL conditions."),
    ],
);

/// How failures are tried again.
pub static RETRY_POLICY: Shape = refusing(
    "retry_policy",
    "com.netflix.maestro.models.definition.RetryPolicy",
    "How often and how soon a failed attempt is tried again.",
    &[
        optional("error_retry_limit", Holds::Parsable, "Retries after user errors, 0 to 99; 2 when unset."),
        optional("platform_retry_limit", Holds::Parsable, "Retries after platform errors, 0 to 99; 10 when unset."),
        optional("timeout_retry_limit", Holds::Parsable, "Retries after timeouts, 0 to 99; 0 when unset."),
        optional("backoff", Holds::Tagged(BACKOFFS), "How long to wait; exponential when unset."),
    ],
);

/// The kinds of back-offs by `type`.
pub const BACKOFFS: &[(&str, &Shape)] = &[("EXPONENTIAL_BACKOFF", &EXPONENTIAL), ("FIXED_BACKOFF", &FIXED)];

/// A growing wait.
pub static EXPONENTIAL: Shape = refusing(
    "exponential_backoff",
    "com.netflix.maestro.models.definition.RetryPolicy$ExponentialBackoff",
    "A wait of base × exponent^n seconds, at most the limit.",
    &[
        optional("error_retry_backoff_in_secs", Holds::Parsable, "Base after user errors; 60 when unset."),
        optional("error_retry_exponent", Holds::Parsable, "Exponent after user errors; 2 when unset."),
        optional("error_retry_limit_in_secs", Holds::Parsable, "Longest wait after user errors; 600 when unset."),
        optional("platform_retry_backoff_in_secs", Holds::Parsable, "Base after platform errors; 60 when unset."),
        optional("platform_retry_exponent", Holds::Parsable, "Exponent after platform errors; 2 when unset."),
        optional(
            "platform_retry_limit_in_secs",
            Holds::Parsable,
            "Longest wait after platform errors; 3600 when unset.",
        ),
        optional("timeout_retry_backoff_in_secs", Holds::Parsable, "Base after timeouts; 60 when unset."),
        optional("timeout_retry_exponent", Holds::Parsable, "Exponent after timeouts; 2 when unset."),
        optional("timeout_retry_limit_in_secs", Holds::Parsable, "Longest wait after timeouts; 3600 when unset."),
        required("type", Holds::Word(&["EXPONENTIAL_BACKOFF"]), "The kind."),
    ],
);

/// The same wait each time.
pub static FIXED: Shape = refusing(
    "fixed_backoff",
    "com.netflix.maestro.models.definition.RetryPolicy$FixedBackoff",
    "The same wait each time.",
    &[
        optional("error_retry_backoff_in_secs", Holds::Parsable, "After user errors; 60 when unset."),
        optional("platform_retry_backoff_in_secs", Holds::Parsable, "After platform errors; 60 when unset."),
        optional("timeout_retry_backoff_in_secs", Holds::Parsable, "After timeouts; 60 when unset."),
        required("type", Holds::Word(&["FIXED_BACKOFF"]), "The kind."),
    ],
);

/// A signal that a step waits for.
pub static SIGNAL_DEPENDENCY: Shape = refusing(
    "signal_dependency",
    "com.netflix.maestro.models.signal.SignalDependenciesDefinition$SignalDependencyDefinition",
    "A signal that a step waits for.",
    &[
        required("name", Holds::Text, "The signal; may refer to params."),
        optional("match_params", Holds::Map(&Holds::Object(&SIGNAL_MATCH)), "Conditions by param of the signal."),
    ],
);

/// A condition on a signal's param.
pub static SIGNAL_MATCH: Shape = refusing(
    "signal_match",
    "com.netflix.maestro.models.signal.SignalMatchParamDef",
    "A condition on a param of a signal.",
    &[
        required("param", Holds::Param, "What to compare with; LONG or STRING."),
        required("operator", OPERATOR, "How to compare."),
    ],
);

/// A signal that a step sends.
pub static SIGNAL_OUTPUT: Shape = refusing(
    "signal_output",
    "com.netflix.maestro.models.signal.SignalOutputsDefinition$SignalOutputDefinition",
    "A signal that a step sends when it succeeds.",
    &[
        required("name", Holds::Text, "The signal; may refer to params."),
        optional("params", PARAMS, "LONG and STRING params that others match on."),
        optional("payload", PARAMS, "Params kept on the step, not delivered."),
    ],
);

/// The kinds of time triggers by `type`.
pub const TIME_TRIGGERS: &[(&str, &Shape)] =
    &[("CRON", &CRON_TRIGGER), ("INTERVAL", &INTERVAL_TRIGGER), ("PREDEFINED", &PREDEFINED_TRIGGER)];

/// A cron line.
pub static CRON_TRIGGER: Shape = refusing(
    "cron_trigger",
    "com.netflix.maestro.models.trigger.CronTimeTrigger",
    "Fires when a cron line says so.",
    &[
        required("cron", Holds::Text, "Unix (5 fields) or Quartz (6 or 7 fields)."),
        optional("fuzzy_max_delay", Holds::Parsable, "Deterministic jitter below this; a text with units."),
        optional("timezone", Holds::Text, "Zone id or offset; UTC when unset."),
        required("type", Holds::Word(&["CRON"]), "The kind."),
    ],
);

/// A named cron line.
pub static PREDEFINED_TRIGGER: Shape = refusing(
    "predefined_trigger",
    "com.netflix.maestro.models.trigger.PredefinedTimeTrigger",
    "Fires hourly, daily, weekly, monthly or yearly.",
    &[
        required("expression", Holds::Text, "`@hourly`, `@daily`, `@weekly`, `@monthly` or `@yearly`."),
        optional("fuzzy_max_delay", Holds::Parsable, "Deterministic jitter below this; a text with units."),
        optional("timezone", Holds::Text, "Zone id or offset; UTC when unset."),
        required("type", Holds::Word(&["PREDEFINED"]), "The kind."),
    ],
);

/// Parses, never valid.
pub static INTERVAL_TRIGGER: Shape = refusing(
    "interval_trigger",
    "com.netflix.maestro.models.trigger.IntervalTimeTrigger",
    "Not implemented: always refused.",
    &[
        optional("start", Holds::Anything, "From when."),
        optional("interval", Holds::Anything, "How far apart."),
        optional("fuzzy_max_delay", Holds::Parsable, "Deterministic jitter below this; a text with units."),
        optional("timezone", Holds::Text, "Zone id or offset; UTC when unset."),
        required("type", Holds::Word(&["INTERVAL"]), "The kind."),
    ],
);

/// When a run starts by signals.
pub static SIGNAL_TRIGGER: Shape = refusing(
    "signal_trigger",
    "com.netflix.maestro.models.trigger.SignalTrigger",
    "Starts a run when all its signals have come.",
    &[
        optional(
            "definitions",
            Holds::Map(&Holds::Object(&SIGNAL_TRIGGER_ENTRY)),
            "What each signal must look like, at most 8.",
        ),
        optional("params", PARAMS, "Evaluated when all signals match."),
        optional("condition", Holds::Text, "SEL boolean over the params."),
        optional("dedup_expr", Holds::Text, "SEL text over the params; equal texts start one run."),
    ],
);

/// What one signal of a trigger must look like.
pub static SIGNAL_TRIGGER_ENTRY: Shape = refusing(
    "signal_trigger_entry",
    "com.netflix.maestro.models.signal.SignalTriggerEntry",
    "What one signal of a trigger must look like.",
    &[
        optional("match_params", Holds::Map(&Holds::Object(&STATIC_MATCH)), "Static conditions by param."),
        optional("join_keys", TEXTS, "Params that must be equal to the others' by position."),
    ],
);

/// A static condition on a signal's param.
pub static STATIC_MATCH: Shape = refusing(
    "static_match",
    "com.netflix.maestro.models.signal.SignalMatchParam",
    "A static condition on a param of a signal.",
    &[
        required("value", Holds::TextOrInteger, "What to compare with."),
        required("operator", OPERATOR, "How to compare."),
    ],
);

/// Params that steps of a sub type start from.
pub static JOB_TEMPLATE: Shape = refusing(
    "job_template",
    "com.netflix.maestro.models.stepruntime.JobTemplate$Definition",
    "Params that steps of a sub type start from.",
    &[
        required("job_type", STEP_ID, "Its name: the `sub_type` of steps."),
        required("step_type", Holds::Word(STEP_TYPES), "Which runtime executes its steps."),
        required("version", Holds::Text, "Its version."),
        optional("description", Holds::Text, "Free text."),
        optional("tags", TAGS, "Labels of every attempt."),
        optional("inherit_from", Holds::Map(&Holds::Text), "Parents with their versions."),
        optional("params", PARAMS, "What it brings."),
    ],
);
