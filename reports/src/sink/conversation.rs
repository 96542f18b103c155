//! One SMTP conversation, as a machine: a line in, what to do out.
//!
//! Invariant: it reads and writes nothing; the server does, and asks here.

use super::fault::{Act, Faults, Stage};

/// Recipients of one mail; more are refused one by one, as RFC 5321 asks for (its least is 100).
const RECIPIENTS_MAX: usize = 100;

/// Characters of an address.
const ADDRESS_MAX_BYTES: usize = 320;

/// Whether the server asks for a name and a password. A sink believes everybody; refusing is a [`Stage::Auth`] fault.
const EXTENSIONS: &str = "250-segue\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-AUTH PLAIN\r\n250 SIZE";

/// Who a mail is from and for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) from: String,
    pub(super) to: Vec<String>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Say this.
    Say(String),
    /// Say this, then read a mail.
    ReadMail(String),
    /// Say this, then close.
    Close(String),
    /// Do what a fault asks for.
    Fail(Act),
}

/// Where a conversation is.
#[derive(Debug)]
pub(super) struct Conversation<'a> {
    faults: &'a Faults,
    size_max_bytes: usize,
    envelope: Option<Envelope>,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(faults: &'a Faults, size_max_bytes: usize) -> Self {
        Self { faults, size_max_bytes, envelope: None }
    }

    /// What to say to somebody who connects.
    pub(super) fn greeting(&self) -> Reaction {
        self.unless_faulty(Stage::Greeting, None, || say("220 segue takes mail"))
    }

    /// What to do about a line, which ends before its line break.
    pub(super) fn on_line(&mut self, line: &str) -> Reaction {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.envelope = None;
                let size = self.size_max_bytes;
                self.unless_faulty(Stage::Hello, None, || Reaction::Say(format!("{EXTENSIONS} {size}")))
            }
            "HELO" => {
                self.envelope = None;
                self.unless_faulty(Stage::Hello, None, || say("250 segue"))
            }
            "AUTH" => self.unless_faulty(Stage::Auth, None, || say("235 2.7.0 welcome")),
            "MAIL" => self.on_mail(rest),
            "RCPT" => self.on_recipient(rest),
            "DATA" => self.on_data(),
            "RSET" => {
                self.envelope = None;
                say("250 2.0.0 forgotten")
            }
            "NOOP" => say("250 2.0.0 nothing done"),
            "QUIT" => Reaction::Close("221 2.0.0 bye".to_owned()),
            _ => say("500 5.5.1 no such command"),
        }
    }

    /// Takes the envelope of a mail that was read, and says what goes wrong with it.
    pub(super) fn mail_ended(&mut self) -> Result<Envelope, Act> {
        let envelope = self.envelope.take().unwrap_or_default();
        match self.faults.next(Stage::Kept, None) {
            None => Ok(envelope),
            Some(act) => Err(act),
        }
    }

    fn on_mail(&mut self, rest: &str) -> Reaction {
        let Some(from) = address(rest, "FROM:") else { return say("501 5.5.4 `MAIL FROM:<address>` is needed") };
        if self.envelope.is_some() {
            return say("503 5.5.1 a mail has begun already");
        }
        if let Some(act) = self.faults.next(Stage::Mail, None) {
            return Reaction::Fail(act);
        }
        self.envelope = Some(Envelope { from: from.to_owned(), to: Vec::new() });
        say("250 2.1.0 sender taken")
    }

    fn on_recipient(&mut self, rest: &str) -> Reaction {
        let Some(to) = address(rest, "TO:").filter(|to| !to.is_empty()) else {
            return say("501 5.5.4 `RCPT TO:<address>` is needed");
        };
        let Some(envelope) = &mut self.envelope else { return say("503 5.5.1 `MAIL` comes first") };
        if let Some(act) = self.faults.next(Stage::Recipient, Some(to)) {
            return Reaction::Fail(act);
        }
        if envelope.to.len() >= RECIPIENTS_MAX {
            return say("452 4.5.3 too many recipients");
        }
        envelope.to.push(to.to_owned());
        say("250 2.1.5 recipient taken")
    }

    fn on_data(&mut self) -> Reaction {
        if self.envelope.as_ref().is_none_or(|envelope| envelope.to.is_empty()) {
            return say("503 5.5.1 `RCPT` comes first");
        }
        let go_on = || Reaction::ReadMail("354 go on, end with a line that is a dot".to_owned());
        self.unless_faulty(Stage::Data, None, go_on)
    }

    fn unless_faulty(&self, at: Stage, recipient: Option<&str>, usual: impl FnOnce() -> Reaction) -> Reaction {
        self.faults.next(at, recipient).map_or_else(usual, Reaction::Fail)
    }
}

fn say(text: &str) -> Reaction {
    Reaction::Say(text.to_owned())
}

/// The address in `FROM:<address> PARAMETERS`, which may be empty (a bounce has no sender).
fn address<'a>(rest: &'a str, keyword: &str) -> Option<&'a str> {
    let (head, tail) = rest.split_at_checked(keyword.len())?;
    let tail = tail.trim_start().strip_prefix('<')?;
    let (address, _) = tail.split_once('>')?;
    let is_clean = !address.contains(|c: char| c.is_control() || c == '<');
    (head.eq_ignore_ascii_case(keyword) && is_clean && address.len() <= ADDRESS_MAX_BYTES).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], codes: &str) {
        let faults = Faults::none();
        let mut conversation = Conversation::new(&faults, 1_000);
        let told = lines.iter().map(|line| match conversation.on_line(line) {
            Reaction::Say(text) | Reaction::ReadMail(text) | Reaction::Close(text) => text[..3].to_owned(),
            Reaction::Fail(act) => format!("{act:?}"),
        });
        assert_eq!(told.collect::<Vec<_>>().join(" "), codes);
    }

    #[test]
    fn commands_are_taken_in_the_order_of_the_protocol() {
        check(&["EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA"], "250 250 250 354");
        check(&["DATA"], "503");
        check(&["RCPT TO:<c@d>"], "503");
        check(&["MAIL FROM:<a@b>", "MAIL FROM:<a@b>"], "250 503");
        check(&["MAIL FROM:<a@b>", "RSET", "RCPT TO:<c@d>"], "250 250 503");
        check(&["mail from:<> SIZE=3", "rcpt to: <c@d>", "quit"], "250 250 221");
    }

    #[test]
    fn what_is_no_command_is_refused() {
        check(&["", "é", "MAIL", "MAIL FROM:", "MAIL FROM:a@b", "MAIL FRÖM:<a>"], "500 500 501 501 501 501");
        check(&["MAIL FROM:<a@b>", "RCPT TO:<>", "RCPT TO:<a\u{7}@b>", "VRFY a"], "250 501 501 500");
    }

    #[test]
    fn recipients_beyond_the_bound_are_refused_for_now() {
        let faults = Faults::none();
        let mut conversation = Conversation::new(&faults, 1_000);
        conversation.on_line("MAIL FROM:<a@b>");
        for n in 0..RECIPIENTS_MAX {
            assert_eq!(conversation.on_line(&format!("RCPT TO:<{n}@b>")), say("250 2.1.5 recipient taken"));
        }
        assert_eq!(conversation.on_line("RCPT TO:<one@more>"), say("452 4.5.3 too many recipients"));
    }
}
