//! `segue top`: a server at a glance, each second.

use std::time::Duration;

use serde_json::json;

use crate::{
    exit::{Exit, Failure},
    output::Output,
    top::{Figures, Look, Server, View, quit},
};

/// Watch a running server: runs, steps a second, commits, queues, memory.
///
/// Asks `/readyz` and `/metrics` of the server once a second; rates and times are those of the time between two answers. On a terminal it
/// draws the figures anew until `q` or Ctrl-C; elsewhere, or with `--once`, it prints one table.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue top
  segue top http://10.0.0.7:8080 --every 5
  segue top --once --json")]
pub(crate) struct Args {
    /// Where the server listens.
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8080", env = "SEGUE_URL")]
    url: String,

    /// Seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3600))]
    every: u32,

    /// Look twice, print one table and end.
    #[arg(long)]
    once: bool,

    /// Look twice and print JSON.
    #[arg(long)]
    json: bool,
}

/// Watches.
pub(crate) async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let server = Server::new(&args.url).map_err(|error| Failure::new(Exit::Usage, error))?;
    let every = Duration::from_secs(u64::from(args.every));
    let first = look(&server).await?;
    if args.once || args.json || !output.is_terminal() {
        tokio::time::sleep(every).await;
        let second = look(&server).await?;
        let figures = between(&first, &second);
        if args.json {
            output.json(&json!({ "server": server.url(), "is_ready": second.is_ready, "figures": figures }));
        } else {
            output.line(format_args!("{} {}", server.url(), state(&second)));
            output.table(&["WHAT", "NOW", "MORE"], figures.rows());
        }
        return Ok(Exit::Success);
    }
    let mut view = View::open(output);
    tokio::select! {
        () = watch(&server, first, every, &mut view) => {}
        () = quit() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(Exit::Success)
}

/// Draws for ever; a server that goes away may come back.
async fn watch(server: &Server, first: Look, every: Duration, view: &mut View<'_>) {
    let mut before = first;
    view.draw(server.url(), state(&before), None);
    loop {
        tokio::time::sleep(every).await;
        match server.look().await {
            Ok(now) => {
                view.draw(server.url(), state(&now), Some(&between(&before, &now)));
                before = now;
            }
            Err(error) => view.draw(server.url(), &format!("{error:#}"), None),
        }
    }
}

async fn look(server: &Server) -> Result<Look, Failure> {
    server.look().await.map_err(|error| {
        Failure::new(Exit::Unreachable, error)
            .with_hint("is `segue serve` running there? `segue top URL` names another place")
    })
}

fn between(before: &Look, now: &Look) -> Figures {
    Figures::between(&before.metrics, &now.metrics, now.at - before.at)
}

fn state(look: &Look) -> &'static str {
    if look.is_ready { "is ready" } else { "takes no calls" }
}
