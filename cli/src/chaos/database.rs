//! A throwaway PostgreSQL in a folder of its own, reached through a socket there; it can be pulled away at any moment.
//!
//! Invariant: it ends with this process, in whatever way that ends: a shell that waits for words of ours stops it when there can be none.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::anyhow;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::exit::{Exit, Failure};

/// Where Debian keeps the binaries of every version.
const INSTALLED: &str = "/usr/lib/postgresql";

/// Starts the server, restarts it at every line of its input (a number of seconds to stay away), and stops it when its input ends.
const KEEPER: &str = r#"bin=$1 folder=$2
    start() { "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -t 60 -w -s start >/dev/null; }
    stop() { "$bin/pg_ctl" -D "$folder/data" -m immediate -s stop >/dev/null; }
    start && echo up || echo down
    while read -r away; do stop; sleep "$away"; start && echo up || echo down; done
    stop"#;

/// A database server.
#[derive(Debug)]
pub(super) struct Database {
    folder: PathBuf,
    keeper: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Database {
    /// Makes a server in a folder that is not there yet, and waits until it can be asked.
    pub(super) async fn start(folder: &Path) -> Result<Self, Failure> {
        let binaries = binaries()?;
        fs::create_dir_all(folder).map_err(|error| could_not("make", folder, &error))?;
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        if is_root {
            must(Command::new("chown").arg("postgres").arg(folder)).await?;
        }
        let mut init = command(&binaries.join("initdb"), is_root);
        init.args(["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"]);
        must(init.current_dir(folder)).await?;
        configure(folder).map_err(|error| could_not("configure", folder, &error))?;
        let narration =
            File::create(folder.join("keeper.log")).map_err(|error| could_not("write to", folder, &error))?;
        let mut keeper = command(Path::new("sh"), is_root);
        keeper.args(["-c", KEEPER, "sh"]).arg(&binaries).arg(folder).current_dir(folder);
        // Its own group: Ctrl-C is for us, and ends it by the end of its input.
        keeper.process_group(0);
        keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(narration);
        let mut keeper = keeper.spawn().map_err(|error| could_not("start a server in", folder, &error))?;
        let (Some(orders), Some(answers)) = (keeper.stdin.take(), keeper.stdout.take()) else {
            return Err(Failure::new(Exit::Defect, anyhow!("the keeper of the database has no pipes")));
        };
        let answers = BufReader::new(answers).lines();
        let mut database = Self { folder: folder.to_owned(), keeper, orders, answers };
        database.is_up().await?;
        Ok(database)
    }

    /// The URL by which a program of this name is known to the server.
    pub(super) fn url(&self, program: &str) -> String {
        let folder = self.folder.display().to_string().replace('%', "%25").replace('/', "%2F").replace(' ', "%20");
        format!("postgres://postgres@{folder}/postgres?application_name={program}")
    }

    /// Ends the server as a crash does, and starts it again after a while.
    pub(super) async fn restart(&mut self, away: Duration) -> Result<(), Failure> {
        let order = format!("{}\n", away.as_secs_f64());
        self.orders.write_all(order.as_bytes()).await.map_err(|error| could_not("restart", &self.folder, &error))?;
        self.is_up().await
    }

    async fn is_up(&mut self) -> Result<(), Failure> {
        match self.answers.next_line().await {
            Ok(Some(answer)) if answer == "up" => Ok(()),
            _ => {
                let log = self.log();
                let last = log.lines().next_back().unwrap_or("it said nothing");
                Err(Failure::new(Exit::Unreachable, anyhow!("PostgreSQL did not start: {last}"))
                    .with_hint("its whole log is kept with `--keep DIR`"))
            }
        }
    }

    /// What the server has said so far.
    pub(super) fn log(&self) -> String {
        let text = |name| fs::read(self.folder.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&[text("log"), text("keeper.log")].concat()).into_owned()
    }

    /// Stops the server.
    pub(super) async fn stop(self) {
        let Self { mut keeper, orders, .. } = self;
        drop(orders);
        // However it ended, it is gone.
        let _status = keeper.wait().await;
    }
}

fn configure(folder: &Path) -> io::Result<()> {
    let path = folder.join("data/postgresql.conf");
    let socket = folder.display().to_string().replace('\'', "''");
    // Only the server dies, never the system under it, so nothing has to reach the disk; recovery then takes no seconds.
    let more =
        format!("unix_socket_directories = '{socket}'\nlisten_addresses = ''\nmax_connections = 200\nfsync = off\n");
    fs::write(&path, fs::read_to_string(&path)? + more.as_str())
}

/// A server refuses to run as root.
fn command(program: &Path, is_root: bool) -> Command {
    if is_root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

async fn must(command: &mut Command) -> Result<(), Failure> {
    let program = format!("{:?}", command.as_std());
    let output = command.output().await;
    let output = output.map_err(|error| Failure::new(Exit::Unreachable, anyhow!("{program}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(Exit::Unreachable, anyhow!("{program} failed: {}", said.trim())))
}

/// Where the binaries of a server are: those in `PATH`, or the newest that is installed.
fn binaries() -> Result<PathBuf, Failure> {
    let versions = fs::read_dir(INSTALLED).into_iter().flatten().flatten();
    let mut installed: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .collect();
    installed.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = std::env::split_paths(&path).chain(installed.into_iter().rev().map(|(_, folder)| folder));
    let is_whole = |folder: &PathBuf| ["postgres", "initdb", "pg_ctl"].iter().all(|name| folder.join(name).exists());
    candidates.find(is_whole).ok_or_else(|| {
        Failure::new(Exit::Unreachable, anyhow!("no PostgreSQL is installed: neither in PATH nor in {INSTALLED}"))
            .with_hint("`apt-get install postgresql` brings one; a running server is not needed")
    })
}

fn could_not(what: &str, folder: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Storage, anyhow!("could not {what} {}: {error}", folder.display()))
}
