//! Every code of a problem: what it means, what it looks like, and what to do about it.

use super::Stage;

/// What is known about a code.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The code.
    pub code: &'static str,
    /// How far a definition with it gets.
    pub stage: Stage,
    /// In a few words.
    pub title: &'static str,
    /// Why it is a problem.
    pub explanation: &'static str,
    /// Something that has it.
    pub example: &'static str,
    /// How to get rid of it.
    pub remedy: &'static str,
}

/// The entry of a code, in any case.
pub fn entry(code: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.code.eq_ignore_ascii_case(code))
}

macro_rules! catalogue {
    ($($name:ident $code:literal $stage:ident $title:literal
        explanation $explanation:literal example $example:literal remedy $remedy:literal)*) => {
        /// The codes by name.
        pub mod code {
            $(#[doc = $title] pub const $name: &str = $code;)*
        }

        /// All entries, in the order of their codes.
        pub const ENTRIES: &[Entry] = &[$(Entry {
            code: $code,
            stage: Stage::$stage,
            title: $title,
            explanation: $explanation,
            example: $example,
            remedy: $remedy,
        },)*];
    };
}

catalogue! {
    JSON_SYNTAX "E0001" Syntax "The text is not JSON"
        explanation "The text stops being JSON at the place shown, so nothing in it can be read."
        example r#"{"workflow": {"id": "a",}}"#
        remedy "Look just before the place shown: a comma too many or too few, a quote or a bracket that is not closed."
    YAML_SYNTAX "E0002" Syntax "The text is not one YAML document"
        explanation "The text stops being YAML at the place shown, or holds no document, more than one, or an alias that repeats too much."
        example "workflow:\n  id: a\n jobs: []"
        remedy "Look at the indentation and the quotes around the place shown; write one document per file."
    TOO_DEEP "E0003" Syntax "The document is nested too deeply"
        explanation "A definition never needs that many levels; the limit protects the reader."
        example "[[[[[[[[[[…]]]]]]]]]]"
        remedy "Take levels away; loops nest at most nine deep."

    WRONG_TYPE "E0101" Parse "A value has the wrong type"
        explanation "The field holds another kind of value. Numbers and booleans are also read from text, and text from scalars, but nothing else is converted."
        example r#""steps": {"a": 1}"#
        remedy "Write a value of the type that the message names."
    UNKNOWN_FIELD "E0102" Parse "A field is not known here"
        explanation "Only the create request itself, metadata, parameters, tags and users take further fields; everywhere else an unknown field is refused, because it would be ignored in silence."
        example r#"{"step": {"id": "a", "type": "NoOp", "colour": "red"}}"#
        remedy "Correct the name or remove the field; names are snake case and case matters."
    UNKNOWN_WORD "E0103" Parse "A word is not one of the known ones"
        explanation "The field takes one of a few words, in any case."
        example r#""failure_mode": "PANIC""#
        remedy "Use one of the words that the hint lists."
    MISSING_TYPE "E0104" Parse "The `type` that says what it is is missing"
        explanation "Time triggers, back-offs and params come in kinds; `type` says which one, and cannot be guessed."
        example r#"{"cron": "0 3 * * *"}"#
        remedy "Add `type`, e.g. `\"type\": \"CRON\"`."
    UNKNOWN_TYPE "E0105" Parse "The `type` is not known here"
        explanation "Time triggers, back-offs and params come in kinds; `type` names one that does not exist."
        example r#"{"type": "FLOAT", "value": 1.5}"#
        remedy "Use one of the types that the message lists."
    STEP_WRAPPER "E0106" Parse "A step is not wrapped in exactly one key"
        explanation "Each element of `steps` is an object with one key that says the kind of step: `step`, `foreach`, `while`, `subworkflow` or `template`."
        example r#""steps": [{"id": "a", "type": "NoOp"}]"#
        remedy "Write `{\"step\": {…}}`, and one element for each step."
    NULL_VALUE "E0107" Parse "A value cannot be null here"
        explanation "Most fields may be null, which means unset; a transition and an element of `steps` may not."
        example r#""transition": null"#
        remedy "Leave the field out or give it a value."
    DUPLICATE_TAG "E0108" Parse "Two tags have the same name"
        explanation "A tag is known by its name, in its short form and as an object."
        example r#""tags": ["a", {"name": "a"}]"#
        remedy "Keep one of them."
    DUPLICATE_PREDECESSOR "E0109" Parse "A step is listed twice as a predecessor"
        explanation "Predecessors are a set; they are derived from the successors of other steps anyway."
        example r#""predecessors": ["a", "a"]"#
        remedy "Remove `predecessors`, or list each step once."
    RUN_STRATEGY "E0110" Parse "The run strategy is not of a known form"
        explanation "A run strategy is a rule, a number (PARALLEL with that many), or an object with a `rule`; only PARALLEL runs more than one instance at once."
        example r#""run_strategy": {"rule": "SEQUENTIAL", "workflow_concurrency": 2}"#
        remedy "Write e.g. `\"sequential\"`, `7`, or `{\"rule\": \"PARALLEL\", \"workflow_concurrency\": 7}`."
    TARGET_TIME "E0111" Rules "The target completion time is not clear"
        explanation "Exactly one of `completed_by_hour`, `duration_minutes` and `completed_by_ts` says when a run should be complete."
        example r#""tct": {"tz": "UTC"}"#
        remedy "Set one of the three."
    PARSABLE "E0112" Parse "A number is negative or of another type"
        explanation "Timeouts, limits and waits are non-negative numbers, or texts that become one."
        example r#""error_retry_limit": -1"#
        remedy "Write a number from 0 on, or a text such as `\"5 min\"` or `\"${limit}\"`."
    SIGNAL_MATCH "E0113" Parse "A condition on a signal is incomplete"
        explanation "A match param of a step's dependency has both a `param` of type LONG or STRING and an `operator`; one of a trigger has a LONG or STRING `value`."
        example r#""match_params": {"dt": {"param": {"type": "LONG", "value": 1}}}"#
        remedy "Set both."
    OPERATOR "E0114" Parse "The operator is not known"
        explanation "Signals are compared with `=`, `>`, `>=`, `<` or `<=`."
        example r#""operator": "==""#
        remedy "Use one of the five."
    SET_AND_RESET "E0115" Parse "A property is set and reset at once"
        explanation "One request cannot both give a property a value and take it away."
        example r#"{"step_concurrency": 3, "reset_step_concurrency": true}"#
        remedy "Decide for one of the two."
    ACCESS_CONTROL "E0116" Parse "Access control cannot be read"
        explanation "`access_control` belongs to installations with their own access rules; the plain engine has no form for it."
        example r#""access_control": {"admins": ["ann"]}"#
        remedy "Remove it."
    USER "E0117" Parse "The user has no name"
        explanation "A user is a text, or an object with a text `name` and whatever else is known."
        example r#""owner": {"team": "etl"}"#
        remedy "Write `\"owner\": \"ann\"`."
    RESERVED_METADATA "E0118" Parse "An extra field has a reserved name"
        explanation "Extra fields of a request are stored beside the metadata that the engine sets, and cannot replace it."
        example r#"{"workflow": {…}, "version_author": "ann"}"#
        remedy "Rename or remove the field."
    PARAM_BODY "E0119" Parse "A param needs a value or an expression"
        explanation "Exactly one of `value` and `expression` says what a param is."
        example r#""n": {"type": "LONG", "value": 1, "expression": "2"}"#
        remedy "Keep one of the two."

    DSL_TRANSITION "E0201" Parse "A transition is not understood"
        explanation "An entry is `next`, `IF condition THEN next`, or, as the last one, `OTHERWISE next`."
        example "transition: ['WHEN x THEN b']"
        remedy "Write one of the three forms."
    DSL_DAG "E0202" Parse "The DAG is not understood"
        explanation "`dag` is `sequential`, `parallel`, or a map from the ids of jobs to lists of transitions."
        example "dag: ordered"
        remedy "Write one of the three forms; check the ids."
    DSL_JOB_TYPE "E0203" Parse "The type of a job is not known"
        explanation "A job's `type` is a step type or the name of a job template."
        example "job: {id: a, type: Spork}"
        remedy "Correct the type, or store the template first."
    DSL_PARAM_NAME "E0204" Parse "The key of a param is not understood"
        explanation "A key is a name with an optional `!` before it and `<type>` and `(mode)` after it."
        example "'<long>': 5"
        remedy "Write e.g. `'limit<long>(constant)': 5`."
    DSL_PARAM_TYPE "E0205" Parse "The value of a param does not have its type"
        explanation "The type of a param follows from its value; a declared type must be the same. Lists have elements of one type, and null is no value."
        example "'x<double>': 5"
        remedy "Write the value so that it has the type (`5.0`), or drop the declared type."

    ID "E0301" Rules "An id or a param's name breaks the rules"
        explanation "Ids are letters, digits, `_`, `-` and `.`, at most 128 of them, do not start with `maestro_`, and do not contain `__` where it separates a step from its param."
        example r#""id": "a__b""#
        remedy "Rename it."
    NAME "E0302" Rules "A name breaks the rules"
        explanation "Names of workflows and steps have at most 256 characters; tags moreover use a set of harmless characters and no reserved prefix or suffix."
        example r#""tags": ["~mine"]"#
        remedy "Rename it."
    TEXT_TOO_LONG "E0303" Rules "A text is too long"
        explanation "Descriptions have at most 16384 characters."
        example r#""description": "…""#
        remedy "Shorten it, or link to the long form."
    TOO_LARGE "E0304" Rules "The request is too large"
        explanation "A request has at most 262144 bytes as JSON."
        example "300 steps with long expressions"
        remedy "Split the workflow with sub-workflow steps, or move data out of params."
    MISSING_FIELD "E0305" Rules "A required field is missing"
        explanation "The field has no default."
        example r#"{"step": {"id": "a"}}"#
        remedy "Add the field."
    NO_STEPS "E0306" Rules "There are no steps"
        explanation "A workflow has at least one step."
        example r#""steps": []"#
        remedy "Add a step; `NoOp` does nothing."
    TOO_MANY_STEPS "E0307" Rules "There are too many steps"
        explanation "A definition has at most 300 steps, those of loop bodies included."
        example "301 steps"
        remedy "Split the workflow with sub-workflow steps, or use a foreach."
    DUPLICATE_STEP "E0308" Rules "Two steps have the same id"
        explanation "Step ids are unique across all nesting levels, because params refer to steps by id."
        example r#"[{"step": {"id": "a", …}}, {"step": {"id": "a", …}}]"#
        remedy "Rename one of them."
    UNKNOWN_SUCCESSOR "E0309" Rules "A successor does not exist"
        explanation "A transition names a step that is not among the steps of the same level."
        example r#""successors": {"missing": "true"}"#
        remedy "Correct the id, or add the step to the same list."
    PREDECESSORS "E0310" Rules "The predecessors do not match the successors"
        explanation "Edges are written as successors; a list of predecessors, where written, must say the same."
        example r#""predecessors": ["x"]"#
        remedy "Remove `predecessors`; it is derived."
    INSTANCE_STEP_CONCURRENCY "E0311" Rules "The limit of steps of an instance is out of range"
        explanation "`instance_step_concurrency` is 1 to 999; without it there is no such limit."
        example r#""instance_step_concurrency": 0"#
        remedy "Choose a number in range or leave it out."
    LOOP_NAME "E0312" Rules "A loop param has the name of an outer loop's"
        explanation "In the body of the inner loop one name would mean two things."
        example "foreach over `i` inside a foreach over `i`"
        remedy "Rename one of them."
    LOOP_PARAMS "E0313" Rules "A loop has no loop params"
        explanation "foreach and while need `params.loop_params`, a MAP written as a value: arrays for foreach, scalars for while."
        example r#"{"foreach": {"id": "f", "steps": […]}}"#
        remedy "Add `\"loop_params\": {\"type\": \"MAP\", \"value\": {…}}`."
    FOREACH_CONCURRENCY "E0314" Rules "The concurrency of a foreach is too large"
        explanation "At most 500 iterations of a foreach run at once."
        example r#""concurrency": 501"#
        remedy "Choose a number up to 500."
    TIMEOUT "E0315" Rules "A timeout is out of range"
        explanation "A timeout is more than nothing and at most 120 days: a number of seconds or a text such as `1h 30min`. Text that is no duration counts as nothing."
        example r#""timeout": "soon""#
        remedy "Write e.g. `3600` or `\"1 hour\"`."
    RETRY_POLICY "E0316" Rules "A retry policy is out of range"
        explanation "Limits are 0 to 99, waits 1 second to 1 day, exponents from 0 on."
        example r#""error_retry_limit": 100"#
        remedy "Choose a number in range."
    STEP_CONCURRENCY "E0317" Rules "The limit of steps of a workflow is out of range"
        explanation "`step_concurrency` is 1 to 1000."
        example r#""step_concurrency": 0"#
        remedy "Choose a number in range or leave it out."
    WORKFLOW_CONCURRENCY "E0318" Rules "The limit of instances of a workflow is out of range"
        explanation "`workflow_concurrency` is 1 to 1000."
        example r#""run_strategy": 0"#
        remedy "Choose a number in range."
    SIGNAL_DEPENDENCY "E0319" Rules "A signal dependency breaks the rules"
        explanation "The list is not empty and holds no null; each dependency has a name and at most one range condition."
        example r#""signal_dependencies": [{}]"#
        remedy "Name the signal; keep one of `>`, `>=`, `<`, `<=` and make the others `=`."
    SIGNAL_OUTPUT "E0320" Rules "A signal output breaks the rules"
        explanation "The list is not empty and holds no null; each output has a name, and params of type LONG or STRING."
        example r#""signal_outputs": []"#
        remedy "Name the signal; move params of other types to `payload`."
    SIGNAL_TRIGGER "E0321" Rules "A signal trigger breaks the rules"
        explanation "A trigger joins at most 8 signals by equally many join keys, and a join key is no match param."
        example r#"{"definitions": {"a": {"join_keys": ["x"]}, "b": {}}}"#
        remedy "Give each signal as many join keys as the others."
    CRON "E0322" Rules "A cron line is not valid"
        explanation "Cron lines are Unix (5 fields) or Quartz (6 or 7 fields)."
        example r#""cron": "every day""#
        remedy "Write e.g. `0 3 * * *`."
    TIME_ZONE "E0323" Rules "A time zone is not known"
        explanation "Time zones are ISO ids or offsets."
        example r#""timezone": "US/Nowhere""#
        remedy "Write e.g. `UTC`, `Europe/Berlin` or `+02:00`."
    TIME_TRIGGER "E0324" Rules "A time trigger breaks the rules"
        explanation "Time triggers fire at least two minutes apart; INTERVAL triggers are not implemented."
        example r#"{"type": "CRON", "cron": "* * * * *"}"#
        remedy "Fire less often, or use CRON instead of INTERVAL."
    PROPERTY_TAGS "E0325" Rules "Tags are not set with the properties"
        explanation "Tags of a workflow, as opposed to those of a version, are set one by one through the tag endpoint."
        example r#""properties": {"tags": ["a"]}"#
        remedy "Move them to `workflow.tags`, or use the tag endpoint."
    RUN_PARAMS "E0326" Rules "The params of a run break the rules"
        explanation "A run takes at most 128 params, none with a reserved name and none with a `source`."
        example r#""run_params": {"util": {…}}"#
        remedy "Rename or remove the param."
    NO_OWNER "E0327" Rules "The first version of a workflow needs an owner"
        explanation "Properties and their owner are stored with the first version."
        example r#"{"workflow": {…}}"#
        remedy "Add `\"properties\": {\"owner\": \"ann\"}`."
    JOB_TEMPLATE "E0328" Rules "A job template breaks the rules"
        explanation "A job template has a type and a version that are ids, a step type, an owner, a status and a support contact."
        example r#"{"definition": {"job_type": "shell"}}"#
        remedy "Add what the message asks for."

    CYCLE "E0401" DryRun "The steps depend on each other in a circle"
        explanation "Each step of the circle would wait for the others forever, or there is no step to begin with."
        example "a → b → a"
        remedy "Remove one of the edges; loops are written as `foreach` or `while`."
    UNSUPPORTED_STEP "E0402" DryRun "A step of this kind cannot run"
        explanation "The type is known to the language, but there is no runtime for it."
        example r#"{"template": {"id": "a"}}"#
        remedy "Use a type that has a runtime."
    DRY_RUN "E0403" DryRun "A simulated start fails"
        explanation "The params of the workflow were merged and evaluated, and those of its steps merged, as a start would do it."
        example r#""a": {"type": "LONG", "expression": "b + 1"}, "b": {"type": "LONG", "expression": "a + 1"}"#
        remedy "The message says which param fails and why."

    NESTED_DAG "W0501" Warning "The body of a loop has a broken DAG"
        explanation "Bodies are not checked when they are pushed: the loop's first iteration will fail."
        example "a foreach whose body has a → b → a"
        remedy "Correct the transitions of the body."
    EMPTY_BODY "W0502" Warning "A loop has no steps"
        explanation "Its first iteration will fail."
        example r#"{"foreach": {"id": "f", "params": {…}, "steps": []}}"#
        remedy "Add a step to the body."
    NEVER_LAUNCHES "W0503" Warning "A foreach launches nothing"
        explanation "With a concurrency below 1 no iteration starts, and the step waits until its timeout."
        example r#""concurrency": 0"#
        remedy "Choose a number from 1 on, or leave it out."
    IGNORED_TEXT "W0504" Warning "A part of a duration is ignored"
        explanation "A duration sums up what looks like `N unit` and ignores the rest: `1.5 hours` is 5 hours."
        example r#""timeout": "1.5 hours""#
        remedy "Write whole numbers with units: `1 hour 30 min`."
    CONDITION "W0505" Warning "A condition or an expression cannot be read"
        explanation "Conditions, and the params of steps and signals, are only evaluated in a run; this one will fail there."
        example r#""successors": {"b": "x >"}"#
        remedy "Correct the expression at the place shown."
    LOOKS_LIKE_FIELD "W0506" Warning "A key became a param"
        explanation "In YAML any unknown key of a workflow or a job is a param; this one looks like a field that YAML definitions do not have, or like a slip of the finger."
        example "retry_policy: {error_retry_limit: 5}"
        remedy "Write the definition as JSON where the field is needed; otherwise rename the param."
    DUPLICATE_KEY "W0507" Warning "A key stands twice in one object"
        explanation "Only the last one counts."
        example r#"{"id": "a", "id": "b"}"#
        remedy "Remove one of them."
    NO_JITTER "W0508" Warning "A delay has no effect"
        explanation "`fuzzy_max_delay` is read as milliseconds when it is a number and not at all when it is a text without units."
        example r#""fuzzy_max_delay": "3600""#
        remedy "Write a text with units: `\"1 hour\"`."
    LOOKS_LIKE_REFERENCE "W0509" Warning "A text only looks like a reference"
        explanation "`${name}` is replaced by the param of that name. Anything else between the braces, such as blanks, an expression or a name that begins with `_`, leaves the text as it is written."
        example r#""value": "s3://bucket/${ day }""#
        remedy "Write the name alone; for more than a name, use an expression, and for a literal `${` write `$${`."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(ENTRIES.windows(2).all(|pair| pair[0].code[1..] < pair[1].code[1..]), "a code is out of order");
    }

    #[test]
    fn a_code_tells_whether_it_refuses() {
        for entry in ENTRIES {
            assert_eq!(entry.code.starts_with('W'), entry.stage == Stage::Warning, "{}", entry.code);
        }
    }

    #[test]
    fn every_entry_says_something() {
        for entry in ENTRIES {
            for text in [entry.title, entry.explanation, entry.example, entry.remedy] {
                assert!(!text.trim().is_empty(), "{}", entry.code);
            }
            assert!(!entry.title.ends_with('.') && entry.explanation.ends_with('.'), "{}", entry.code);
        }
    }

    #[test]
    fn a_code_is_found_in_any_case() {
        assert_eq!(entry("e0102").map(|entry| entry.code), Some(code::UNKNOWN_FIELD));
        assert!(entry("E9999").is_none());
    }
}
