//! A report as a mail: text and HTML beside each other, the full report attached.

use std::time::{Duration, SystemTime};

use lettre::{
    Message,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
};
use replay::campaign::Report;

use super::{Error, layout};
use crate::{
    Occasion, Summary, html,
    text::{self, Colour},
    visible,
};

/// Characters of a subject: more is cut off by mail programs, too.
const SUBJECT_MAX_CHARS: usize = 120;

/// A mail, ready to be sent.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Who it is from.
    pub from: Mailbox,
    /// Who it is for.
    pub to: Vec<Mailbox>,
    /// Its own id: the same mail sent twice can be told by it.
    pub message_id: String,
    /// The mail as it goes over the wire.
    pub(super) bytes: Vec<u8>,
}

impl Letter {
    /// Puts a report into a mail. `id` makes the mail unique, e.g. a UUID.
    pub fn of(report: &Report, occasion: &Occasion, from: &str, to: &[String], id: &str) -> Result<Self, Error> {
        let from = mailbox(from)?;
        let to = to.iter().map(|one| mailbox(one)).collect::<Result<Vec<_>, _>>()?;
        let summary = Summary::of(report, occasion);
        let message_id = format!("<{id}@{}>", from.email.domain());
        let mut mail = Message::builder()
            .from(from.clone())
            .subject(subject(&summary))
            .date(sent_at(occasion))
            .message_id(Some(message_id.clone()))
            .header(AutoSubmitted);
        for one in &to {
            mail = mail.to(one.clone());
        }
        let told = MultiPart::alternative()
            .boundary(format!("told-{id}"))
            .singlepart(SinglePart::plain(text::write(report, occasion, Colour::Never)))
            .singlepart(SinglePart::html(layout(report, &summary)?));
        let full =
            Attachment::new("report.html".to_owned()).body(html::write(report, occasion), ContentType::TEXT_HTML);
        let parts = MultiPart::mixed().boundary(format!("mixed-{id}")).multipart(told).singlepart(full);
        let bytes = mail.multipart(parts).map_err(Error::Compose)?.formatted();
        Ok(Self { from, to, message_id, bytes })
    }

    /// The mail as it goes over the wire, for a dry run.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The subject: the verdict first.
pub fn subject(summary: &Summary) -> String {
    let subject = format!("[{}] {}: {}", summary.verdict, summary.title, summary.headline);
    visible::bounded(&subject, SUBJECT_MAX_CHARS).into_owned()
}

fn mailbox(text: &str) -> Result<Mailbox, Error> {
    text.trim().parse().map_err(|source| Error::Address { text: visible::line(text).into_owned(), source })
}

fn sent_at(occasion: &Occasion) -> SystemTime {
    let ms = u64::try_from(occasion.at.0).unwrap_or(0);
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(ms)).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Says that a program wrote the mail, so that nobody's holiday notice answers it (RFC 3834).
#[derive(Clone, Copy, Debug)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
