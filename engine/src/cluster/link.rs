//! The way from one node to another: letters in order, each handled once, for as long as both live.
//!
//! A batch is sent again until it is acknowledged, under the same number, and whoever has handled that number does not handle it
//! again. When a node dies, or letters had to be dropped, machines ask again for what they wait for; so nothing here needs to be
//! durable.
//!
//! Invariant: no IO and no waiting, so the nodes and their simulation share it.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::store::NodeId;

/// Bytes of letters that may wait for one node; more, and it is treated as one that forgets.
const WAITING_MAX: usize = 64 << 20;
/// Bytes of a batch, unless a single letter is larger.
const BATCH_MAX: usize = 1 << 20;

/// Letters on their way together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) cover: Cover,
    /// Letters as JSON, in order.
    pub(crate) letters: Vec<Arc<str>>,
}

/// What stands on a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cover {
    /// Who sends it.
    pub(crate) from: NodeId,
    /// For whom: a process that has started again is another node.
    pub(crate) to: NodeId,
    /// Counts the links that the sender has opened: a node that was taken for dead and came back gets a new one.
    pub(crate) opening: u64,
    /// Counts the batches of this link.
    pub(crate) number: u64,
}

impl Batch {
    /// A line for the cover and one for each letter: JSON has no line breaks of its own.
    pub(crate) fn encode(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string(&self.cover)?;
        for letter in &self.letters {
            text.push('\n');
            text.push_str(letter);
        }
        Ok(text)
    }

    /// Reads what `encode` writes.
    pub(crate) fn decode(text: &str) -> Result<Self, serde_json::Error> {
        let mut lines = text.lines();
        let cover = serde_json::from_str(lines.next().unwrap_or_default())?;
        Ok(Self { cover, letters: lines.map(Arc::from).collect() })
    }
}

/// The sending end.
#[derive(Debug)]
pub(crate) struct Outgoing {
    from: NodeId,
    to: NodeId,
    opening: u64,
    waiting: VecDeque<Arc<str>>,
    bytes: usize,
    sent: Option<Batch>,
    number: u64,
    /// Letters that were ever pushed, and how many of them need not be waited for any more.
    pushed: u64,
    settled: u64,
    has_dropped: bool,
}

/// A moment in the life of a link: how many letters had been pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    opening: u64,
    pushed: u64,
}

impl Outgoing {
    /// A link; `opening` is higher than that of every link before.
    pub(crate) fn new(from: NodeId, to: NodeId, opening: u64) -> Self {
        Self {
            from,
            to,
            opening,
            waiting: VecDeque::new(),
            bytes: 0,
            sent: None,
            number: 0,
            pushed: 0,
            settled: 0,
            has_dropped: false,
        }
    }

    /// Puts a letter behind the others. If that is too much, all that wait are dropped, and `ask_again` takes their place.
    pub(crate) fn push(&mut self, letter: Arc<str>, ask_again: impl FnOnce() -> Arc<str>) {
        self.bytes += letter.len();
        self.waiting.push_back(letter);
        self.pushed += 1;
        if self.bytes > WAITING_MAX {
            let only = ask_again();
            self.settled += self.waiting.len() as u64 - 1;
            self.bytes = only.len();
            self.waiting = VecDeque::from([only]);
            self.has_dropped = true;
        }
    }

    /// Whether something has to be sent.
    #[cfg(test)]
    pub(crate) fn has_news(&self) -> bool {
        self.sent.is_some() || !self.waiting.is_empty()
    }

    /// Letters that are not acknowledged, and the bytes of those that were not sent yet.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let sent = self.sent.as_ref().map_or(0, |sent| sent.letters.len());
        (self.waiting.len() + sent, self.bytes)
    }

    /// The present moment.
    pub(crate) fn mark(&self) -> Mark {
        Mark { opening: self.opening, pushed: self.pushed }
    }

    /// Whether everything that was pushed up to a moment has been handled, or never will be.
    pub(crate) fn has_settled(&self, mark: Mark) -> bool {
        mark.opening != self.opening || mark.pushed <= self.settled
    }

    /// What has to be sent now: the batch before, until it is acknowledged.
    pub(crate) fn batch(&mut self) -> Option<Batch> {
        if self.sent.is_none() && !self.waiting.is_empty() {
            let mut letters = Vec::new();
            let mut bytes = 0;
            while let Some(letter) = self.waiting.front()
                && (letters.is_empty() || bytes + letter.len() <= BATCH_MAX)
            {
                bytes += letter.len();
                letters.extend(self.waiting.pop_front());
            }
            self.bytes -= bytes;
            self.number += 1;
            let cover =
                Cover { from: self.from.clone(), to: self.to.clone(), opening: self.opening, number: self.number };
            self.sent = Some(Batch { cover, letters });
        }
        self.sent.clone()
    }

    /// The other end has handled a batch. True if letters had been dropped before it: then machines must ask again.
    pub(crate) fn acknowledged(&mut self, cover: &Cover) -> bool {
        if let Some(sent) = self.sent.take_if(|sent| sent.cover == *cover) {
            self.settled += sent.letters.len() as u64;
            return std::mem::take(&mut self.has_dropped);
        }
        false
    }
}

/// The receiving end, for all senders that are known to live: what comes late from a dead one no longer counts.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    last: HashMap<NodeId, (u64, u64)>,
}

impl Incoming {
    /// Takes letters from these nodes, and forgets all others.
    pub(crate) fn follow(&mut self, living: &BTreeSet<NodeId>) {
        self.last.retain(|node, _| living.contains(node));
        for node in living {
            self.last.entry(node.clone()).or_default();
        }
    }

    /// Whether letters of a node are taken.
    pub(crate) fn knows(&self, node: &NodeId) -> bool {
        self.last.contains_key(node)
    }

    /// Whether a batch has not been handled yet; from now on it has.
    pub(crate) fn is_new(&mut self, cover: &Cover) -> bool {
        let place = (cover.opening, cover.number);
        let last = self.last.entry(cover.from.clone()).or_default();
        let is_new = place > *last;
        *last = place.max(*last);
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Outgoing {
        Outgoing::new(NodeId("a".into()), NodeId("b".into()), 1)
    }

    fn push(link: &mut Outgoing, letter: &str) {
        link.push(letter.into(), || "ask again".into());
    }

    #[test]
    fn a_batch_is_sent_again_until_it_is_acknowledged_and_handled_once() {
        let (mut out, mut incoming) = (link(), Incoming::default());
        push(&mut out, "1");
        let first = out.batch().expect("a letter waits");
        push(&mut out, "2");
        assert_eq!(out.batch().as_ref(), Some(&first), "nothing overtakes it");
        assert!(incoming.is_new(&first.cover));
        assert!(!incoming.is_new(&first.cover));
        assert!(!out.acknowledged(&first.cover));
        let second = out.batch().expect("the next letter waits");
        assert_eq!(second.letters, ["2".into()]);
        assert!(incoming.is_new(&second.cover));
        assert!(!incoming.is_new(&first.cover), "a late copy of an older batch");
    }

    #[test]
    fn a_link_that_is_opened_again_begins_anew_and_what_is_late_of_the_one_before_counts_no_more() {
        let mut incoming = Incoming::default();
        let mut old = link();
        push(&mut old, "1");
        let first = old.batch().expect("a letter waits");
        let mut new = Outgoing::new(NodeId("a".into()), NodeId("b".into()), 2);
        push(&mut new, "2");
        assert!(incoming.is_new(&new.batch().expect("a letter waits").cover));
        assert!(!incoming.is_new(&first.cover));
    }

    #[test]
    fn too_many_letters_are_dropped_and_both_ends_learn_of_it() {
        let mut out = link();
        let large = "x".repeat(BATCH_MAX);
        for _ in 0..=WAITING_MAX / BATCH_MAX {
            push(&mut out, &large);
        }
        let batch = out.batch().expect("the other end must ask again");
        assert_eq!(batch.letters, ["ask again".into()]);
        let mark = out.mark();
        assert!(!out.has_settled(mark));
        assert!(out.acknowledged(&batch.cover), "this end must ask again");
        assert!(out.has_settled(mark));
        assert!(!out.acknowledged(&batch.cover), "once");
    }

    #[test]
    fn a_letter_larger_than_a_batch_travels_alone() {
        let mut out = link();
        for letter in ["small", &"x".repeat(2 * BATCH_MAX), "last"] {
            push(&mut out, letter);
        }
        let mut sizes = Vec::new();
        while let Some(batch) = out.batch() {
            sizes.push(batch.letters.len());
            out.acknowledged(&batch.cover);
        }
        assert_eq!(sizes, [1, 1, 1]);
    }

    #[test]
    fn a_batch_reads_back_as_it_was_written() {
        let mut out = link();
        for letter in [r#""AskAgain""#, r#"{"text":"two\nlines"}"#] {
            push(&mut out, letter);
        }
        let batch = out.batch().expect("two letters wait");
        let text = batch.encode().expect("a cover can be written");
        assert_eq!(Batch::decode(&text).expect("it was written by us"), batch);
        assert!(Batch::decode("").is_err());
    }
}
