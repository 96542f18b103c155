//! `segue`: can this workflow move today, how do you know, and how do we get back?
//!
//! One binary, one file a command. Standard output is data, standard error is narration.

mod bench;
mod campaign;
mod chaos;
mod clock;
mod cluster;
mod command;
mod demo;
mod engines;
mod exit;
mod output;
mod process;
mod signal;
mod stores;
mod top;
mod webhook;

use std::process::ExitCode;

use clap::Parser;

use crate::{command::Command, output::Output};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Move workflows from a polling orchestrator to a fast engine, with evidence and a way back.
#[derive(Debug, Parser)]
#[command(name = "segue", version, propagate_version = true, max_term_width = 110)]
#[command(after_help = "\
Begin with `segue demo`: it runs a small production on the old engine, replays it on the new one, shows the \
report and shifts traffic, all on this machine and without any service.

Exit codes: 0 all well, 1 findings, 2 usage, 3 bad input, 4 a service could not be reached, 5 storage, 70 a defect of ours.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// Log more to standard error; twice for every step.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    output::log_to_stderr(arguments.verbose);
    // One TLS provider for the process; ring, because it needs no C toolchain beyond cc.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed before");
    }
    let mut output = Output::standard();
    // The runtime of the process; engines and servers spawn onto it.
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output.failure(&exit::Failure::new(exit::Exit::Defect, error));
            return exit::Exit::Defect.into();
        }
    };
    match runtime.block_on(arguments.command.run(&mut output)) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output.failure(&failure);
            failure.exit.into()
        }
    }
}
