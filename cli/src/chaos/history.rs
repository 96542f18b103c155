//! What has happened, and whether it may.
//!
//! Invariant: a pure function of what callers, the called server, the database and the supervisor saw.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use workflow::status::InstanceStatus;

use super::{
    callers::Started,
    calls::{Attempt, Call},
    load::{CHILDREN, ORDER},
    nodes::Cut,
    witness::{Held, Violation},
};

/// How long a process that stood still may go on before it sees that its time was over: what it had decided before may still go out.
const AFTERMATH: Duration = Duration::from_secs(2);
/// The server may see the end of a call so much later than the next call: they come on two connections.
const GRACE: Duration = Duration::from_millis(250);

/// Everything that was seen.
#[derive(Debug)]
pub(super) struct History<'a> {
    pub(super) started: &'a [Started],
    pub(super) calls: &'a [Call],
    pub(super) held: &'a Held,
    /// When processes were killed or stood still.
    pub(super) cuts: &'a [Cut],
    /// When the database was away.
    pub(super) outages: &'a [Cut],
}

/// What it comes to.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    pub(super) violations: Vec<Violation>,
    /// Runs whose start was answered and that did not end as they must.
    pub(super) lost: usize,
    /// Completed steps that were called again.
    pub(super) repeated: usize,
    /// Calls that processes made right after they had stood still, for what others had already taken over. Nobody outside of a process
    /// can keep it from that; what they come to is refused.
    pub(super) late_calls: usize,
}

impl History<'_> {
    pub(super) fn judge(&self) -> Judgement {
        let mut judgement = Judgement { violations: self.held.violations.clone(), ..Judgement::default() };
        self.judge_ends(&mut judgement);
        self.judge_children(&mut judgement);
        self.judge_order(&mut judgement);
        self.judge_overlaps(&mut judgement);
        judgement
    }

    /// Every run that was accepted ended as its definition says, after as many attempts.
    fn judge_ends(&self, judgement: &mut Judgement) {
        let mut seen = BTreeSet::new();
        for Started { kind, request, is_answered, instance, is_to_stop, .. } in self.started {
            if !is_answered {
                judgement.lose(format!("the start {request} of {} was never answered", kind.id));
            }
            let Some(instance) = instance.or_else(|| self.held.requests.get(request).copied()) else {
                judgement.lose(format!("the start {request} of {} made no run", kind.id));
                continue;
            };
            let key = (kind.id.to_owned(), instance);
            if !seen.insert(key.clone()) {
                judgement.lose(format!("{}/{instance} was given to two starts", kind.id));
            }
            let status = self.held.runs.get(&key).map_or("nothing", String::as_str);
            let attempts = self.held.attempts.get(&key).copied().unwrap_or(0);
            let is_as_expected = status == kind.end.as_str() && attempts == kind.attempts;
            let is_stopped = *is_to_stop && status == InstanceStatus::Stopped.as_str() && attempts <= kind.attempts;
            if !is_as_expected && !is_stopped {
                judgement.lose(format!(
                    "{}/{instance} came to {status} after {attempts} attempts instead of {} after {}",
                    kind.id,
                    kind.end.as_str(),
                    kind.attempts
                ));
            }
        }
        let kinds: BTreeSet<&str> = self.started.iter().map(|started| started.kind.id).collect();
        for (workflow, instance) in self.held.runs.keys() {
            let is_known = seen.contains(&(workflow.clone(), *instance));
            if kinds.contains(workflow.as_str()) && !is_known {
                judgement.add("started twice", format!("{workflow}/{instance} is of no start that was answered"));
            }
        }
    }

    /// Whoever was not stopped had each child once; a stopped one had each at most once.
    fn judge_children(&self, judgement: &mut Judgement) {
        for (parent, child, each) in CHILDREN {
            let parents = self.started.iter().filter(|started| started.kind.id == parent).count();
            let whole =
                self.held.runs.iter().filter(|((workflow, _), status)| {
                    workflow == parent && *status == InstanceStatus::Succeeded.as_str()
                });
            let (least, most) = (whole.count() * each, parents * each);
            let made = self.held.runs.keys().filter(|(workflow, _)| workflow.starts_with(child)).count();
            if !(least..=most).contains(&made) {
                judgement.add("started twice", format!("{parents} runs of {parent} made {made} of {child}"));
            }
        }
    }

    /// A step that is complete is not called again: nothing is called after what comes behind it.
    fn judge_order(&self, judgement: &mut Judgement) {
        /// The latest attempt of a step that was called, and when.
        type Latest<'a> = BTreeMap<(&'a str, i64, i64, &'a str), (i64, Duration)>;
        let mut called = Latest::new();
        for call in self.calls {
            let Attempt { workflow, instance, run, step, number: attempt } = &call.attempt;
            let key = |step: &'static str| (workflow.as_str(), *instance, *run, step);
            let own = (workflow.as_str(), *instance, *run, step.as_str());
            let later = ORDER.iter().filter(|(before, _)| before == step).flat_map(|(_, behind)| *behind);
            let behind = later.filter_map(|behind| called.get(&key(behind)).map(|(_, at)| (*behind, *at)));
            let retried = called.get(&own).filter(|(latest, _)| latest > attempt).map(|(_, at)| (&**step, *at));
            if let Some((behind, at)) = behind.chain(retried).next() {
                if self.is_aftermath(call) {
                    judgement.late_calls += 1;
                } else {
                    judgement.repeated += 1;
                    let late = call.from.saturating_sub(at).as_millis();
                    let what =
                        format!("{workflow}/{instance}/{run}/{step}/{attempt} called {late} ms after {behind} was");
                    judgement.add("completed step repeated", what);
                }
                continue;
            }
            let latest = called.entry(own).or_insert((*attempt, call.from));
            if latest.0 < *attempt {
                *latest = (*attempt, call.from);
            }
        }
    }

    /// One worker executes a step at a time.
    fn judge_overlaps(&self, judgement: &mut Judgement) {
        let mut open: BTreeMap<&Attempt, Vec<&Call>> = BTreeMap::new();
        for call in self.calls {
            let earlier = open.entry(&call.attempt).or_default();
            for before in earlier.iter().filter(|before| before.process != call.process) {
                let is_over = before.to.is_some_and(|to| to <= call.from + GRACE);
                if is_over || self.is_excused(before, call) {
                    continue;
                }
                if self.is_aftermath(call) {
                    judgement.late_calls += 1;
                    continue;
                }
                let Attempt { workflow, instance, run, step, number: attempt } = &call.attempt;
                let what = format!(
                    "{workflow}/{instance}/{run}/{step}/{attempt} called by {} while {} called it",
                    call.process, before.process
                );
                judgement.add("two workers at once", what);
            }
            earlier.push(call);
        }
    }

    /// Whether the earlier caller was cut off, or the database was away, before another took over.
    fn is_excused(&self, before: &Call, call: &Call) -> bool {
        let overlaps = |cut: &Cut| cut.from <= call.from && cut.to + AFTERMATH >= before.from;
        self.cuts.iter().any(|cut| cut.process == before.process && overlaps(cut)) || self.outages.iter().any(overlaps)
    }

    /// Whether a process made a call right after it had stood still, or when it was already dead and only its words were on the way.
    fn is_aftermath(&self, call: &Call) -> bool {
        let is_after = |cut: &Cut| cut.from <= call.from && call.from <= cut.to + AFTERMATH;
        self.cuts.iter().any(|cut| cut.process == call.process && is_after(cut))
    }
}

impl Judgement {
    fn add(&mut self, rule: &str, what: String) {
        self.violations.push(Violation { rule: rule.to_owned(), what });
    }

    fn lose(&mut self, what: String) {
        self.lost += 1;
        self.add("lost", what);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::load::{KINDS, Kind},
        *,
    };

    const CHAIN: &Kind = &KINDS[0];

    fn started(instance: i64) -> Started {
        Started {
            kind: CHAIN,
            request: instance.to_string(),
            is_answered: true,
            instance: Some(instance),
            is_to_stop: false,
            waited: Duration::ZERO,
        }
    }

    /// One run of the chain that ended well.
    fn held() -> Held {
        let key = (CHAIN.id.to_owned(), 1);
        Held {
            runs: [(key.clone(), CHAIN.end.as_str().to_owned())].into(),
            attempts: [(key, CHAIN.attempts)].into(),
            ..Held::default()
        }
    }

    /// `step process from to`, in milliseconds.
    fn calls(lines: &[&str]) -> Vec<Call> {
        let call = |line: &&str| {
            let words: Vec<&str> = line.split(' ').collect();
            let at = |word: &str| Duration::from_millis(word.parse().unwrap());
            let (workflow, step) = (CHAIN.id.to_owned(), words[0].to_owned());
            let attempt = Attempt { workflow, instance: 1, run: 1, step, number: 1 };
            Call {
                attempt,
                process: words[1].parse().unwrap(),
                from: at(words[2]),
                to: words.get(3).map(|word| at(word)),
            }
        };
        lines.iter().map(call).collect()
    }

    fn cut(process: u32, from: u64, to: u64) -> Cut {
        Cut { process, from: Duration::from_millis(from), to: Duration::from_millis(to) }
    }

    #[track_caller]
    fn check(started: &[Started], held: &Held, lines: &[&str], cuts: &[Cut], expected: &[&str]) {
        let calls = calls(lines);
        let judgement = History { started, calls: &calls, held, cuts, outages: &[] }.judge();
        let rules: Vec<&str> = judgement.violations.iter().map(|violation| &*violation.rule).collect();
        assert_eq!(rules, expected, "{:?}", judgement.violations);
    }

    #[test]
    fn a_run_that_ended_as_it_must_is_well() {
        check(&[started(1)], &held(), &["chain1 7 0 10", "chain2 7 12 20"], &[], &[]);
    }

    #[test]
    fn runs_that_are_missing_unfinished_or_made_twice_are_found() {
        check(&[started(1), started(2)], &held(), &[], &[], &["lost"]);
        check(&[started(1), started(1)], &held(), &[], &[], &["lost"]);
        check(&[Started { instance: None, ..started(1) }], &held(), &[], &[], &["lost", "started twice"]);
        check(&[Started { is_answered: false, ..started(1) }], &held(), &[], &[], &["lost"]);
        let mut by_request = held();
        by_request.requests.insert("1".to_owned(), 1);
        check(&[Started { instance: None, ..started(1) }], &by_request, &[], &[], &[]);
        let mut more_attempts = held();
        more_attempts.attempts.values_mut().for_each(|attempts| *attempts += 1);
        check(&[started(1)], &more_attempts, &[], &[], &["lost"]);
        let mut stopped = held();
        stopped.runs.values_mut().for_each(|status| "STOPPED".clone_into(status));
        check(&[started(1)], &stopped, &[], &[], &["lost"]);
        check(&[Started { is_to_stop: true, ..started(1) }], &stopped, &[], &[], &[]);
    }

    #[test]
    fn a_step_that_is_called_after_the_next_one_was_repeated() {
        let lines = ["chain1 7 0 10", "chain2 7 12 20", "chain1 8 3000 3010"];
        check(&[started(1)], &held(), &lines, &[], &["completed step repeated"]);
        // Its process stood still from before the other step was called.
        check(&[started(1)], &held(), &lines, &[cut(8, 5, 2_990)], &[]);
        check(&[started(1)], &held(), &lines, &[cut(7, 5, 2_990)], &["completed step repeated"]);
    }

    #[test]
    fn two_processes_that_call_at_once_are_found_unless_the_first_was_cut_off() {
        let lines = ["chain3 7 0 9000", "chain3 8 7000 7600"];
        check(&[started(1)], &held(), &lines, &[], &["two workers at once"]);
        check(&[started(1)], &held(), &lines, &[cut(7, 100, 8_900)], &[]);
        check(&[started(1)], &held(), &lines, &[cut(8, 100, 200)], &["two workers at once"]);
        check(&[started(1)], &held(), &["chain3 7 0 600", "chain3 8 500 1100"], &[], &[]);
        check(&[started(1)], &held(), &["chain3 7 0 9000", "chain3 7 7000 7600"], &[], &[]);
    }
}
