//! Tag permits: how many steps with a tag may run at once.
//!
//! Grants are kept in memory only. After a crash every step that holds or waits for permits asks again, with the time at which it
//! began to wait; for a moment nothing is granted, and then in the order of those times: so who held a permit gets it back first.
//!
//! A crash soon after a recovery makes the next such moment half as long, and in the end there is none, so that work goes on
//! however often crashes come. Without it a limit may be exceeded for a moment: by who waited and asks before who held.
//!
//! Invariant: what is stored is what operators set, and during the moment after a recovery how long it is; nothing else.

mod ledger;
mod tag;

use std::{collections::BTreeMap, sync::Arc};

use self::ledger::Ledger;
pub(crate) use self::tag::TagPermit;
use super::{Address, Machine, Message, Note, Row, RowKey, Rows, Scan, Table, Turn, Unreadable, Wake, row};
use crate::{
    id::AttemptKey,
    life::author,
    port::{Answer, Caller, Reason, Refusal, Request},
    time::{Millis, Timestamp},
};

/// How long wishes are only collected after a recovery, so that those who held permits are among them.
const RECOVERY_GRACE: Millis = Millis(2_000);

/// The shortest such wait; where even that was cut short, nothing is collected any more.
const RECOVERY_GRACE_MIN: Millis = Millis(50);

/// The timer that says that nothing crashed for a while after a recovery.
const QUIET: Wake = Wake::Other(1);

/// A wish that came during the grace after a recovery.
#[derive(Debug)]
struct Wish {
    tags: Vec<(Arc<str>, Option<i64>)>,
    since: Timestamp,
}

/// The machine of tag permits.
#[derive(Debug, Default)]
pub struct Permits {
    tags: BTreeMap<Arc<str>, TagPermit>,
    ledger: Ledger,
    /// Wishes of the grace after a recovery; `None` outside of it.
    collecting: Option<BTreeMap<AttemptKey, Wish>>,
    /// How long the grace was after which a crash came too soon.
    interrupted: Option<Millis>,
}

fn grace_key() -> RowKey {
    RowKey::named(Table::Other, "permits/grace")
}

impl Permits {
    /// The machine with the limits that are stored.
    pub fn load(rows: &dyn Rows) -> Result<Self, Unreadable> {
        let mut permits = Self::default();
        let key = grace_key();
        let interrupted: Option<i64> = rows.row(&key)?.map(|body| row::parse(&key, &body)).transpose()?;
        permits.interrupted = interrupted.map(Millis);
        Scan::table(Table::Permit).each(rows, |key, body| {
            let permit: TagPermit = row::parse(&key, body)?;
            permits.ledger.limit(&permit.tag, Some(permit.max_allowed));
            permits.tags.insert(Arc::clone(&permit.tag), permit);
            Ok(())
        })?;
        Ok(permits)
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

    fn want(&mut self, attempt: AttemptKey, wish: Wish, turn: &mut Turn<'_>) {
        if let Some(collected) = &mut self.collecting {
            collected.insert(attempt, wish);
        } else if self.ledger.want(attempt.clone(), wish.tags, wish.since) {
            tell(vec![attempt], turn);
        }
    }

    /// Collects wishes for a moment, a shorter one the sooner the crash came after the last recovery.
    fn recover(&mut self, turn: &mut Turn<'_>) {
        let grace = self.interrupted.map_or(RECOVERY_GRACE, |cut| Millis(cut.0 / 2));
        turn.save(Row::settled(grace_key(), &grace.0));
        if grace >= RECOVERY_GRACE_MIN {
            self.collecting.get_or_insert_default();
            turn.wake_at(turn.now + grace, Wake::Other(0));
        } else {
            turn.wake_at(turn.now + RECOVERY_GRACE, QUIET);
        }
    }

    fn on_note(&mut self, note: Note, turn: &mut Turn<'_>) {
        match note {
            Note::WantPermits { attempt, tags, since } => self.want(attempt, Wish { tags, since }, turn),
            Note::ReleasePermits { attempt } => {
                if let Some(collected) = &mut self.collecting {
                    collected.remove(&attempt);
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
            Message::Recovered => self.recover(turn),
            Message::Woken(QUIET) => {
                self.interrupted = None;
                turn.forget(grace_key());
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
                let collected = self.collecting.take().unwrap_or_default();
                let mut collected: Vec<_> = collected.into_iter().collect();
                collected.sort_by_key(|(_, wish)| wish.since);
                for (attempt, wish) in collected {
                    self.want(attempt, wish, turn);
                }
                turn.wake_at(turn.now + RECOVERY_GRACE, QUIET);
            }
            Message::Continue(_) | Message::Executed { .. } | Message::Found { .. } => {}
        }
    }

    fn flush(&mut self, _turn: &mut Turn<'_>) {}

    fn is_settled(&self) -> bool {
        self.ledger.is_empty() && self.collecting.is_none()
    }
}
