//! `segue report`: a stored report, told again: as text, HTML, JUnit or mail.

use std::path::PathBuf;

use anyhow::Context;
use reports::{
    email::{self, Letter, Security, Server},
    text::{self, Colour},
};

use crate::{
    exit::{Exit, Failure},
    output::Output,
};

/// Tell a stored report (`report.json`) to people and machines; without options, to this terminal.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue report segue-demo/report/report.json
  segue report report.json --html report.html --junit report.junit.xml
  segue report report.json --mail-to team@example.org --smtp mail.example.org:587 --security starttls")]
pub(crate) struct Args {
    /// The report, as `segue replay --out` writes it.
    file: PathBuf,

    /// Write one self-contained HTML page.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Write JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Send it by mail to this address; repeatable.
    #[arg(long, value_name = "ADDRESS", requires = "smtp")]
    mail_to: Vec<String>,

    /// Sender of the mail.
    #[arg(long, value_name = "ADDRESS", default_value = "segue@localhost.localdomain")]
    mail_from: String,

    /// Mail server, `host:port`.
    #[arg(long, value_name = "HOST:PORT")]
    smtp: Option<String>,

    /// How the connection is protected.
    #[arg(long, value_enum, default_value_t = Protection::Starttls)]
    security: Protection,
}

/// How a mail connection is protected.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Protection {
    Plain,
    Starttls,
    Tls,
}

/// Tells it.
pub(crate) async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let text =
        std::fs::read_to_string(&args.file).with_context(|| format!("{} could not be read", args.file.display()));
    let text = text.map_err(|error| Failure::new(Exit::BadInput, error))?;
    let (report, occasion) = reports::json::read(&text).map_err(|error| Failure::new(Exit::BadInput, error))?;
    let is_quiet = args.html.is_some() || args.junit.is_some() || !args.mail_to.is_empty();
    if !is_quiet {
        let colour = if output.is_terminal() { Colour::Always } else { Colour::Never };
        output.line(text::write(&report, &occasion, colour));
    }
    for (path, text) in [
        (&args.html, reports::html::write as fn(&_, &_) -> String),
        (&args.junit, reports::junit::write as fn(&_, &_) -> String),
    ] {
        if let Some(path) = path {
            let written = std::fs::write(path, text(&report, &occasion));
            written
                .with_context(|| format!("{} could not be written", path.display()))
                .map_err(|error| Failure::new(Exit::Storage, error))?;
            output.say(format_args!("wrote {}", path.display()));
        }
    }
    if let (false, Some(smtp)) = (args.mail_to.is_empty(), &args.smtp) {
        let server = server(smtp, args.security)?;
        let id = format!("{:016x}", rand::random::<u64>());
        let letter = Letter::of(&report, &occasion, &args.mail_from, &args.mail_to, &id).map_err(mail_failure)?;
        let receipt = email::send(&server, &letter).await.map_err(mail_failure)?;
        output.say(format_args!("sent {} to {}", receipt.message_id, receipt.delivered.join(", ")));
    }
    Ok(Exit::Success)
}

fn server(address: &str, protection: Protection) -> Result<Server, Failure> {
    let security = match protection {
        Protection::Plain => Security::Plain,
        Protection::Starttls => Security::StartTls,
        Protection::Tls => Security::Tls,
    };
    server_at(address, security)
}

/// The server of an address `HOST:PORT`.
pub(crate) fn server_at(address: &str, security: Security) -> Result<Server, Failure> {
    let parts = address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) =
        parts.ok_or_else(|| Failure::new(Exit::Usage, anyhow::anyhow!("`{address}` is not of the form HOST:PORT")))?;
    Ok(Server::at(host, port, security))
}

/// A failure of the mail, with what to do next.
pub(crate) fn mail_failure(error: email::Error) -> Failure {
    let hint = error.hint();
    Failure::new(Exit::Unreachable, error).with_hint(hint)
}
