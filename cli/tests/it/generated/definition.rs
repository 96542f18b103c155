//! Random definitions: graphs with conditions, loops, sub-workflows, failures, retries, time-outs, signals and tags.
//!
//! Whatever takes time takes quarters of an hour, and time-outs and callers come at odd minutes: what the old stack is late by (seconds, a minute at worst)
//! then changes no order, and what is left is a disagreement.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::dice::Dice;

/// Seconds in an hour.
const HOUR: i64 = 3_600;

/// Loops and sub-workflows within each other.
const DEPTH_MAX: usize = 2;

/// Signals that steps wait for and send.
pub(super) const SIGNALS: [&str; 2] = ["rain", "sun"];

/// A signal that starts workflows. Callers alone send it: a workflow that starts itself again never comes to rest.
pub(super) const TRIGGER: &str = "dawn";

/// Tags that operators limit.
pub(super) const TAGS: [&str; 2] = ["cluster", "licence"];

/// Run strategies, in the words of definitions.
pub(super) const STRATEGIES: [&str; 6] =
    ["SEQUENTIAL", "STRICT_SEQUENTIAL", "FIRST_ONLY", "LAST_ONLY", "PARALLEL", "SERIAL_LATEST_ONLY"];

/// A definition, and what the script and the results are about.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// Its id.
    pub id: String,
    /// The create request.
    pub body: Json,
    /// Where its jobs stand, as paths below its run.
    pub jobs: Vec<Job>,
    /// Whether it matters which of two runs comes first: here, or in a workflow that it runs.
    is_touchy: bool,
}

/// A step whose result is made up.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// The path from the run.
    pub path: String,
    /// Whether it publishes its param `p`.
    pub publishes: bool,
}

/// Writes one definition after the other; later ones may run earlier ones.
#[derive(Debug)]
pub(super) struct Author<'a> {
    dice: &'a mut Dice,
    written: Vec<Written>,
    /// Steps of the definition that is being written.
    steps: usize,
    /// Time-outs of the case so far.
    odd: i64,
    /// Workflows so far that only end in the end when nobody ends them.
    days: i64,
    /// Whether it runs a touchy workflow.
    runs_touchy: bool,
    /// Touchy workflows that some step runs already.
    taken: Vec<String>,
}

/// A step that stands already, as later ones see it.
struct Placed {
    id: String,
    /// Whether it has a param `p`.
    has_param: bool,
}

impl<'a> Author<'a> {
    pub(super) fn new(dice: &'a mut Dice) -> Self {
        Self { dice, written: Vec::new(), steps: 0, odd: 0, days: 0, runs_touchy: false, taken: Vec::new() }
    }

    /// One to three workflows; the last is the root.
    pub(super) fn write(mut self) -> Vec<Written> {
        for number in 1..=*self.dice.pick(&[1, 1, 2, 2, 3]) {
            self.workflow(&format!("w{number}"));
        }
        self.written
    }

    fn workflow(&mut self, id: &str) {
        (self.steps, self.runs_touchy) = (0, false);
        // Small ones find more than large ones in the same time.
        let count = *self.dice.pick(&[1, 1, 2, 2, 3, 3, 4, 6]);
        let (steps, jobs) = self.graph(count, 0, &mut Vec::new());
        let mut workflow = Map::new();
        workflow.insert("id".to_owned(), id.into());
        workflow.insert("params".to_owned(), self.workflow_params());
        // Who gets one of few permits first is a matter of seconds; with time-outs, it would also decide how the run ends.
        let is_narrow = self.dice.chance(10);
        if is_narrow {
            workflow.insert("instance_step_concurrency".to_owned(), self.dice.between(1, 3).into());
        }
        // What nobody ends would end at the same moment in a child and in its parent: the default is the same for both.
        let timeout = if !is_narrow && self.dice.chance(8) {
            self.odd_seconds(0, 8)
        } else {
            self.days += 1;
            self.odd_seconds(0, 0) + (4 + self.days) * 24 * HOUR
        };
        workflow.insert("timeout".to_owned(), timeout.into());
        if self.dice.chance(4) {
            workflow.insert("signal_triggers".to_owned(), self.signal_triggers());
        }
        workflow.insert("steps".to_owned(), steps);
        let mut properties = json!({ "owner": "ann" });
        let mut is_touchy = self.runs_touchy;
        if self.dice.chance(50) {
            let strategy = *self.dice.pick(&STRATEGIES);
            is_touchy |= !matches!(strategy, "SEQUENTIAL" | "PARALLEL");
            properties["run_strategy"] = strategy.into();
        }
        if self.dice.chance(12) {
            properties["step_concurrency"] = self.dice.between(1, 3).into();
        }
        let body = json!({ "properties": properties, "workflow": workflow, "is_active": true });
        self.written.push(Written { id: id.to_owned(), body, jobs, is_touchy });
    }

    fn workflow_params(&mut self) -> Json {
        let mut params = json!({
            "n": { "type": "LONG", "value": self.dice.between(0, 9) },
            "word": { "type": "STRING", "value": "blue" },
        });
        if self.dice.chance(40) {
            params["m"] = json!({ "type": "LONG", "expression": "n * 2 + 1" });
        }
        if self.dice.chance(20) {
            params["text"] = json!({ "type": "STRING", "value": "${word}-${n}" });
        }
        params
    }

    fn signal_triggers(&mut self) -> Json {
        json!([{
            "definitions": { TRIGGER: { "match_params": { "k": { "value": self.dice.between(0, 2), "operator": ">=" } } } },
            "params": { "n": { "type": "LONG", "expression": format!("params.getFromSignal('{TRIGGER}', 'k')") } },
            "condition": *self.dice.pick(&["true", "n > 0"]),
        }])
    }

    /// So many steps that point forwards, and their jobs.
    fn graph(&mut self, count: usize, depth: usize, around: &mut Vec<String>) -> (Json, Vec<Job>) {
        let mut placed: Vec<Placed> = Vec::new();
        let (mut steps, mut jobs) = (Vec::new(), Vec::new());
        let (mut edges, mut behind) = (Vec::new(), Vec::new());
        for at in 0..count {
            let before: Vec<usize> = (0..at).filter(|_| self.dice.chance(35)).collect();
            let all: BTreeSet<usize> = before.iter().flat_map(|&one| behind_of(one, &behind)).collect();
            self.steps += 1;
            let id = format!("s{}", self.steps);
            let upstream: Vec<&Placed> = all.iter().map(|&one| &placed[one]).collect();
            let (step, has_param, below) = self.step(&id, depth, around, &upstream);
            steps.push(step);
            jobs.extend(below);
            placed.push(Placed { id, has_param });
            edges.extend(before.into_iter().map(|from| (from, at)));
            behind.push(all);
        }
        for (from, to) in edges {
            let condition = self.condition(&placed[from], around);
            let step = steps[from].as_object_mut().and_then(|step| step.values_mut().next());
            if let Some(fields) = step {
                fields["transition"]["successors"][&placed[to].id] = condition.into();
            }
        }
        (Json::Array(steps), jobs)
    }

    fn condition(&mut self, of: &Placed, around: &[String]) -> String {
        let number = self.dice.between(0, 9);
        match self.dice.between(0, 99) {
            0..55 => "true".to_owned(),
            55..62 => "false".to_owned(),
            62..80 => format!("n > {number}"),
            80..90 if of.has_param => format!("p > {number}"),
            80..90 => format!("n != {number}"),
            90..98 => match around.last() {
                Some(variable) => format!("{variable} > 1"),
                None => "word == 'blue'".to_owned(),
            },
            _ => "nobody > 1".to_owned(),
        }
    }

    /// A step, whether it has a param `p`, and the jobs in it. It may use params of the steps upstream: any other may or may not have
    /// ended by then.
    fn step(
        &mut self,
        id: &str,
        depth: usize,
        around: &mut Vec<String>,
        upstream: &[&Placed],
    ) -> (Json, bool, Vec<Job>) {
        let kind = self.dice.between(0, 99);
        let is_deep = depth >= DEPTH_MAX;
        match kind {
            80..86 if !is_deep => self.foreach(id, depth, around),
            86..91 if !is_deep => self.while_loop(id, depth, around),
            91.. if !is_deep => match self.child(depth) {
                Some(child) => self.subworkflow(id, &child),
                None => self.typed(id, kind, around, upstream),
            },
            _ => self.typed(id, kind, around, upstream),
        }
    }

    /// A workflow to run. A touchy one has one step that runs it, and no loop around that: two that come at the same moment would
    /// come in either order.
    fn child(&mut self, depth: usize) -> Option<Written> {
        let fits = |one: &&Written| !one.is_touchy || (depth == 0 && !self.taken.contains(&one.id));
        let fitting: Vec<&Written> = self.written.iter().filter(fits).collect();
        if fitting.is_empty() {
            return None;
        }
        let child = (*self.dice.pick(&fitting)).clone();
        if child.is_touchy {
            self.runs_touchy = true;
            self.taken.push(child.id.clone());
        }
        Some(child)
    }

    fn typed(&mut self, id: &str, kind: i64, around: &[String], upstream: &[&Placed]) -> (Json, bool, Vec<Job>) {
        let mut fields = self.base(id);
        let mut params = self.step_params(around, upstream);
        let has_param = params.contains_key("p");
        let (step_type, jobs) = match kind {
            0..30 => ("NoOp", Vec::new()),
            30..38 => {
                params.insert("sleep_seconds".to_owned(), self.sleep());
                ("Sleep", Vec::new())
            }
            _ => {
                params.insert("kubernetes".to_owned(), image());
                ("Kubernetes", vec![Job { path: id.to_owned(), publishes: has_param }])
            }
        };
        fields.insert("type".to_owned(), step_type.into());
        fields.insert("params".to_owned(), Json::Object(params));
        if self.dice.chance(60) {
            fields.insert("retry_policy".to_owned(), self.retry_policy());
        }
        (json!({ "step": fields }), has_param, jobs)
    }

    /// What steps of all kinds may have.
    fn base(&mut self, id: &str) -> Map<String, Json> {
        let mut fields = Map::new();
        fields.insert("id".to_owned(), id.into());
        if self.dice.chance(35) {
            let modes = ["FAIL_AFTER_RUNNING", "FAIL_IMMEDIATELY", "IGNORE_FAILURE"];
            fields.insert("failure_mode".to_owned(), (*self.dice.pick(&modes)).into());
        }
        if self.dice.chance(8) {
            fields.insert("timeout".to_owned(), self.odd_seconds(0, 4).into());
        }
        if self.dice.chance(6) {
            fields.insert("tags".to_owned(), json!([*self.dice.pick(&TAGS)]));
        }
        if self.dice.chance(4) {
            fields.insert("signal_dependencies".to_owned(), self.signal_dependencies());
        }
        if self.dice.chance(5) {
            let param = json!({ "type": "LONG", "expression": "n % 3" });
            let output = json!([{ "name": *self.dice.pick(&SIGNALS), "params": { "k": param } }]);
            fields.insert("signal_outputs".to_owned(), output);
        }
        fields
    }

    fn signal_dependencies(&mut self) -> Json {
        let name = *self.dice.pick(&SIGNALS);
        if self.dice.chance(50) {
            return json!([{ "name": name }]);
        }
        let param = json!({ "type": "LONG", "value": self.dice.between(0, 2) });
        json!([{ "name": name, "match_params": { "k": { "param": param, "operator": ">=" } } }])
    }

    fn step_params(&mut self, around: &[String], upstream: &[&Placed]) -> Map<String, Json> {
        let mut params = Map::new();
        if !self.dice.chance(40) {
            return params;
        }
        let earlier: Vec<&&Placed> = upstream.iter().filter(|step| step.has_param).collect();
        let expression = match self.dice.between(0, 9) {
            0..4 => "n + 1".to_owned(),
            4..6 => around.last().map_or_else(|| "n * 3".to_owned(), |variable| format!("{variable} + n")),
            6..9 if !earlier.is_empty() => format!("{}__p + 1", self.dice.pick(&earlier).id),
            6..9 => "n - 1".to_owned(),
            _ => "10 / (n - 5)".to_owned(),
        };
        params.insert("p".to_owned(), json!({ "type": "LONG", "expression": expression }));
        params
    }

    /// At once, or hours.
    fn sleep(&mut self) -> Json {
        let seconds = if self.dice.chance(50) { self.dice.between(0, 5) } else { self.dice.between(1, 20) * HOUR };
        json!({ "type": "LONG", "value": seconds })
    }

    /// Some hours and twenty minutes or a little more: no moment at which work ends, nor that of another time-out.
    fn odd_seconds(&mut self, hours_min: i64, hours_max: i64) -> i64 {
        self.odd += 1;
        self.dice.between(hours_min, hours_max) * HOUR + 1_200 + self.odd * 60
    }

    fn retry_policy(&mut self) -> Json {
        let mut policy = json!({
            "error_retry_limit": self.dice.between(0, 2),
            "platform_retry_limit": self.dice.between(0, 2),
            "timeout_retry_limit": self.dice.between(0, 1),
        });
        let pause = *self.dice.pick(&[HOUR / 4, HOUR / 2, 2 * HOUR]);
        match self.dice.between(0, 9) {
            0..=2 => {
                policy["backoff"] = json!({
                    "type": "FIXED_BACKOFF", "error_retry_backoff_in_secs": pause, "platform_retry_backoff_in_secs": pause,
                });
            }
            3..=4 => {
                policy["backoff"] = json!({
                    "type": "EXPONENTIAL_BACKOFF", "error_retry_backoff_in_secs": pause, "error_retry_exponent": 3,
                    "error_retry_limit_in_secs": 5 * HOUR,
                });
            }
            _ => {}
        }
        policy
    }

    fn foreach(&mut self, id: &str, depth: usize, around: &mut Vec<String>) -> (Json, bool, Vec<Job>) {
        let (mut fields, variable) = (self.base(id), format!("v{id}"));
        let values: Vec<i64> = (0..self.dice.count(0, 3)).map(|_| self.dice.between(0, 9)).collect();
        let (mut loop_params, mut iterations) = (Map::new(), values.len());
        loop_params.insert(variable.clone(), json!({ "type": "LONG_ARRAY", "value": values }));
        if self.dice.chance(15) {
            iterations *= 2;
            loop_params.insert(format!("u{id}"), json!({ "type": "STRING_ARRAY", "value": ["x", "y"] }));
        }
        if self.dice.chance(40) {
            fields.insert("concurrency".to_owned(), self.dice.between(1, 3).into());
        }
        if self.dice.chance(25) {
            fields.insert("strict_ordering".to_owned(), true.into());
        }
        let jobs = self.body(&mut fields, loop_params, variable, depth, around);
        let jobs = below(id, iterations, &jobs);
        (json!({ "foreach": fields }), false, jobs)
    }

    fn while_loop(&mut self, id: &str, depth: usize, around: &mut Vec<String>) -> (Json, bool, Vec<Job>) {
        let (mut fields, variable) = (self.base(id), format!("v{id}"));
        let iterations = self.dice.count(0, 3);
        let mut loop_params = Map::new();
        loop_params.insert(variable.clone(), json!({ "type": "LONG", "value": 0 }));
        fields.insert("condition".to_owned(), format!("{variable} < {iterations}").into());
        let jobs = self.body(&mut fields, loop_params, variable.clone(), depth, around);
        // What counts; nothing before it means that it comes whatever becomes of the others.
        self.steps += 1;
        let next = json!({ "type": "LONG", "expression": format!("{variable} + 1") });
        let count =
            json!({ "step": { "id": format!("s{}", self.steps), "type": "NoOp", "params": { variable: next } } });
        if let Some(steps) = fields.get_mut("steps").and_then(Json::as_array_mut) {
            steps.push(count);
        }
        let jobs = below(id, iterations, &jobs);
        (json!({ "while": fields }), false, jobs)
    }

    fn body(
        &mut self,
        fields: &mut Map<String, Json>,
        loop_params: Map<String, Json>,
        variable: String,
        depth: usize,
        around: &mut Vec<String>,
    ) -> Vec<Job> {
        fields.insert("params".to_owned(), json!({ "loop_params": { "type": "MAP", "value": loop_params } }));
        around.push(variable);
        let count = self.dice.count(1, 3);
        let (steps, jobs) = self.graph(count, depth + 1, around);
        around.pop();
        fields.insert("steps".to_owned(), steps);
        jobs
    }

    fn subworkflow(&mut self, id: &str, child: &Written) -> (Json, bool, Vec<Job>) {
        let mut fields = self.base(id);
        let mut params = json!({ "subworkflow_id": { "type": "STRING", "value": child.id } });
        if self.dice.chance(40) {
            params["n"] = json!({ "type": "LONG", "value": self.dice.between(0, 9) });
        }
        fields.insert("params".to_owned(), params);
        if self.dice.chance(20) {
            fields.insert("sync".to_owned(), false.into());
        }
        if self.dice.chance(30) {
            fields.insert("explicit_params".to_owned(), true.into());
        }
        let jobs = child.jobs.iter().map(|job| Job { path: format!("{id}/{}", job.path), ..job.clone() });
        (json!({ "subworkflow": fields }), false, jobs.collect())
    }
}

/// A step and all that is upstream of it.
fn behind_of(step: usize, behind: &[BTreeSet<usize>]) -> impl Iterator<Item = usize> + '_ {
    std::iter::once(step).chain(behind[step].iter().copied())
}

/// The jobs of a loop's body, for each iteration.
fn below(id: &str, iterations: usize, jobs: &[Job]) -> Vec<Job> {
    let of = |iteration: usize| {
        jobs.iter().map(move |job| Job { path: format!("{id}[{iteration}]/{}", job.path), ..job.clone() })
    };
    (1..=iterations).flat_map(of).collect()
}

/// What a job cannot do without.
fn image() -> Json {
    json!({ "type": "MAP", "value": { "image": { "type": "STRING", "value": "jobs:1" } } })
}
