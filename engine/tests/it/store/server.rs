//! A throwaway PostgreSQL for the tests of this binary: in a folder of its own, reached through a socket there, gone when the process ends in
//! whatever way.

use std::{
    fs,
    io::ErrorKind,
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio_postgres::NoTls;

/// Another database to use instead of starting one, e.g. a CockroachDB: a URL whose user may create databases.
const OTHER: &str = "SEGUE_TEST_POSTGRES";

/// Serves until its standard input ends, which it does with the process that holds the other end. Then it removes what it wrote.
const SERVE: &str = r#"bin=$1 folder=$2; shift 2
    "$bin/postgres" -D "$folder/data" -k "$folder" -c fsync=off -c max_connections=200 "$@" >"$folder/log" 2>&1 &
    server=$!; cat >/dev/null; kill -QUIT $server; wait $server; rm -rf "$folder""#;

/// A server that is reached by nothing but its socket.
const BY_SOCKET: [&str; 2] = ["-c", "listen_addresses="];

/// What proves who the encrypted server is, and the authority that vouches for it.
pub(crate) const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/tls");

/// A database server.
pub(crate) struct Server {
    folder: PathBuf,
    /// Its standard input stays open as long as this.
    _child: Child,
}

static SERVER: OnceLock<Server> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The URL of a new empty database.
pub(crate) fn database() -> String {
    let Ok(url) = std::env::var(OTHER) else { return own_database() };
    let (front, _) = url.rsplit_once('/').expect("the URL ends in a database");
    let name = name();
    create(&url, &name);
    format!("{front}/{name}")
}

/// The same on the server of this process, whichever other one is to be used.
pub(crate) fn own_database() -> String {
    let (server, name) = (own(), name());
    create(&server.url("postgres"), &name);
    server.url(&name)
}

fn name() -> String {
    format!("test_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed))
}

/// The socket through which the server of [`own_database`] is reached.
pub(crate) fn socket() -> PathBuf {
    own().socket()
}

fn own() -> &'static Server {
    SERVER.get_or_init(|| Server::start(&BY_SOCKET, |_| {}))
}

fn create(url: &str, name: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        let serve = tokio::spawn(connection);
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        drop(client);
        serve.await.unwrap().unwrap();
    });
}

impl Server {
    /// One that is reached by TCP as well, as `localhost` and by encrypted connections if the client wants that; with its port.
    pub(crate) fn encrypted() -> (Self, u16) {
        // Free a moment ago, which is all that can be known.
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let port_line = format!("port={port}");
        let options = ["-c", "listen_addresses=127.0.0.1", "-c", "ssl=on", "-c", &port_line];
        let server = Self::start(&options, |data| {
            for (from, to) in [("server.pem", "server.crt"), ("server.key", "server.key")] {
                let to = data.join(to);
                fs::copy(Path::new(CERTIFICATES).join(from), &to).unwrap();
                fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
                let owner = fs::metadata(data).unwrap();
                chown(&to, Some(owner.uid()), Some(owner.gid())).unwrap();
            }
        });
        (server, port)
    }

    fn start(options: &[&str], prepare: impl FnOnce(&Path)) -> Self {
        let binaries = binaries();
        // Removed by the server's own process, which outlives this one for a moment.
        let folder = TempDir::with_prefix("pg").unwrap().keep();
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        if is_root {
            run(Command::new("chown").arg("postgres").arg(&folder));
        }
        let init = ["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"];
        run(command(&binaries.join("initdb"), is_root).args(init).current_dir(&folder).stdout(Stdio::null()));
        prepare(&folder.join("data"));
        let mut serve = command(Path::new("sh"), is_root);
        serve.args(["-c", SERVE, "sh"]).arg(&binaries).arg(&folder).args(options).current_dir(&folder);
        let child = serve.stdin(Stdio::piped()).spawn().unwrap();
        let server = Self { folder, _child: child };
        server.wait();
        server
    }

    fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    fn url(&self, database: &str) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{folder}/{database}")
    }

    fn wait(&self) {
        let start = Instant::now();
        while !fs::read_to_string(self.folder.join("log")).is_ok_and(|log| log.contains("ready to accept connections"))
        {
            let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(start.elapsed() < Duration::from_secs(30), "PostgreSQL did not start: {}", log());
            thread::sleep(Duration::from_millis(10));
        }
    }
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

#[track_caller]
fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

/// Where the binaries of the newest installed server are.
fn binaries() -> PathBuf {
    let installed = match fs::read_dir("/usr/lib/postgresql") {
        Ok(versions) => versions.flatten().map(|version| version.path().join("bin")).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => panic!("/usr/lib/postgresql: {error}"),
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = installed.into_iter().chain(std::env::split_paths(&path)).collect();
    candidates.retain(|folder| folder.join("postgres").exists() && folder.join("initdb").exists());
    let found = candidates.into_iter().next();
    found.expect("these tests need a PostgreSQL: run them by `./test`, which installs one, or set SEGUE_TEST_POSTGRES")
}
