//! The report by mail: to the server that was named, or to a sink in process.

use std::net::{Ipv4Addr, SocketAddr};

use replay::campaign::Report;
use reports::{
    Occasion,
    email::{self, Letter, Security, Server},
    sink::{Faults, Sink},
};

use super::Plan;
use crate::{
    command::report::{mail_failure, server_at},
    exit::{Exit, Failure},
    output::Output,
};

/// Sends it; with the sink, says where the mail lies.
pub(super) async fn send(
    plan: &Plan,
    report: &Report,
    occasion: &Occasion,
    output: &mut Output,
) -> Result<(), Failure> {
    let id = format!("{:016x}", rand::random::<u64>());
    let to = [plan.mail_to.clone()];
    let letter = Letter::of(report, occasion, "segue@localhost.localdomain", &to, &id).map_err(mail_failure)?;
    if let Some(address) = &plan.smtp {
        let receipt = email::send(&server_at(address, Security::Plain)?, &letter).await.map_err(mail_failure)?;
        output.line(format_args!("  mailed to {} by {address}", receipt.delivered.join(", ")));
        return Ok(());
    }
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let sink = Sink::start(anywhere, plan.folder.join("mail"), Faults::none());
    let sink = sink.await.map_err(|error| Failure::new(Exit::Storage, error))?;
    let server = Server::at(sink.address().ip().to_string(), sink.address().port(), Security::Plain);
    let sent = email::send(&server, &letter).await.map_err(mail_failure);
    let mails = sink.folder().mails().unwrap_or_default();
    sink.stop().await;
    let receipt = sent?;
    output.line(format_args!(
        "  mailed to {} by SMTP; {} in the sink's folder:",
        receipt.delivered.join(", "),
        mails.len()
    ));
    if let Some(mail) = mails.last() {
        output.line(format_args!("  {}", mail.display()));
    }
    Ok(())
}
