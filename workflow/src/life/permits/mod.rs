//! Tag permits: how many steps with a tag may run at once.
//!
//! Grants are kept in memory only. After a crash every step that holds or waits for permits asks again, with the time at which it
//! began to wait; for a moment nothing is granted, and then in the order of those times: so who held a permit gets it back first.
//!
//! Invariant: what is stored is what operators set, nothing else.

mod ledger;
mod tag;

use std::{collections::BTreeMap, sync::Arc};

use self::ledger::Ledger;
pub(crate) use self::tag::TagPermit;
use super::{Address, Bound, Machine, Message, Note, Order, Row, Rows, Scan, Table, Turn, Unreadable, Wake, row};
use crate::{
    id::AttemptKey,
    life::author,
    port::{Answer, Caller, Reason, Refusal, Request},
    time::{Millis, Timestamp},
};

/// How long wishes are only collected after a recovery, so that those who held permits are among them.
const RECOVERY_GRACE: Millis = Millis(2_000);

/// Tags read in one scan while loading.
const SCAN: usize = 1_000;

/// A wish that came during the grace after a recovery.
#[derive(Debug)]
struct Wish {
    attempt: AttemptKey,
    tags: Vec<(Arc<str>, Option<i64>)>,
    since: Timestamp,
}

/// The machine of tag permits.
#[derive(Debug, Default)]
pub struct Permits {
    tags: BTreeMap<Arc<str>, TagPermit>,
    ledger: Ledger,
    /// Wishes of the grace after a recovery; `None` outside of it.
    collecting: Option<Vec<Wish>>,
}

impl Permits {
    /// The machine with the limits that are stored.
    pub fn load(rows: &dyn Rows) -> Result<Self, Unreadable> {
        let mut permits = Self::default();
        let mut from = Bound::Unbounded;
        loop {
            let scan = Scan { table: Table::Permit, from, to: Bound::Unbounded, order: Order::Ascending, limit: SCAN };
            let page = rows.scan(&scan)?;
            for (key, body) in &page {
                let permit: TagPermit = row::parse(key, body)?;
                permits.ledger.limit(&permit.tag, Some(permit.max_allowed));
                permits.tags.insert(Arc::clone(&permit.tag), permit);
            }
            match page.last() {
                Some((last, _)) if page.len() == SCAN => from = Bound::Excluded(last.clone()),
                _ => return Ok(permits),
            }
        }
    }

    fn answer(&mut self, caller: &Caller, request: &Request, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        match request {
            Request::AddTagPermit { body } => {
                let author = author(caller)?;
                let tag = body.get("tag").and_then(serde_json::Value::as_str).unwrap_or_default();
                let permit = TagPermit::read(body, self.tags.get(tag), &author, turn.now)?;
                turn.save(Row::settled(TagPermit::key(&permit.tag), &permit));
                let granted = self.ledger.limit(&permit.tag, Some(permit.max_allowed));
                self.tags.insert(Arc::clone(&permit.tag), permit);
                tell(granted, turn);
            }
            Request::DeleteTagPermit { tag } => {
                if let Some((tag, _)) = self.tags.remove_entry(&**tag) {
                    turn.forget(TagPermit::key(&tag));
                    let granted = self.ledger.limit(&tag, None);
                    tell(granted, turn);
                }
            }
            _ => return Err(Refusal::new(Reason::InternalError, "this request is not about tag permits")),
        }
        Ok(Answer { status: 200, body: None })
    }

    fn want(&mut self, wish: Wish, turn: &mut Turn<'_>) {
        if let Some(collected) = &mut self.collecting {
            collected.retain(|earlier| earlier.attempt != wish.attempt);
            collected.push(wish);
        } else if self.ledger.want(wish.attempt.clone(), wish.tags, wish.since) {
            tell(vec![wish.attempt], turn);
        }
    }

    fn on_note(&mut self, note: Note, turn: &mut Turn<'_>) {
        match note {
            Note::WantPermits { attempt, tags, since } => self.want(Wish { attempt, tags, since }, turn),
            Note::ReleasePermits { attempt } => {
                if let Some(collected) = &mut self.collecting {
                    collected.retain(|wish| wish.attempt != attempt);
                }
                let granted = self.ledger.release(&attempt);
                tell(granted, turn);
            }
            // Notes to other machines never come here.
            _ => {}
        }
    }
}

/// Tells attempts that they hold all their permits.
fn tell(granted: Vec<AttemptKey>, turn: &mut Turn<'_>) {
    for attempt in granted {
        turn.send(Address::Run(attempt.run.clone()), Note::PermitsGranted { attempt });
    }
}

impl Machine for Permits {
    fn on(&mut self, message: Message, turn: &mut Turn<'_>) {
        match message {
            Message::Request { ticket, caller, request } => {
                let answer = self.answer(&caller, &request, turn);
                turn.reply(ticket, answer);
            }
            Message::Note(note) => self.on_note(note, turn),
            Message::Recovered => {
                self.collecting.get_or_insert_default();
                turn.wake_at(turn.now + RECOVERY_GRACE, Wake::Other(0));
            }
            // Some may have ended whose words were lost.
            Message::AskAgain => {
                let mut attempts: Vec<AttemptKey> = self.ledger.attempts().cloned().collect();
                attempts.sort();
                for attempt in attempts {
                    turn.send(Address::Run(attempt.run.clone()), Note::StillWants { attempt });
                }
            }
            Message::Woken(_) => {
                let mut collected = self.collecting.take().unwrap_or_default();
                collected.sort_by_key(|wish| wish.since);
                for wish in collected {
                    self.want(wish, turn);
                }
            }
            Message::Continue(_) | Message::Executed { .. } | Message::Found { .. } => {}
        }
    }

    fn flush(&mut self, _turn: &mut Turn<'_>) {}

    fn is_settled(&self) -> bool {
        self.ledger.is_empty() && self.collecting.is_none()
    }
}
