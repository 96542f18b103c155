//! The Python client that Maestro's users have, unchanged, against the real server.
//!
//! The client comes from PyPI in a pinned version, into a virtual environment in the target folder, once. What it does and what it must
//! see stands in `drive.py`.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Mutex,
};

use tempfile::TempDir;

use crate::server::Server;

/// The version of `maestro-sdk`, which is the client's name on PyPI.
const CLIENT: &str = "0.1.4";

/// Versions of Python, best first. The command of the client is not written for those before 3.12, so they come last.
const PYTHONS: [&str; 4] = ["python3.14", "python3.13", "python3.12", "python3"];

/// What to do where there is none.
const INSTALL: &str = "the test of the Python client needs Python 3.10 or later with venv: \
    `apt-get install python3 python3-venv`, or name one by SEGUE_PYTHON";

/// Makes the environment once, however many tests want it.
static MAKING: Mutex<()> = Mutex::new(());

#[test]
fn the_python_client_works_with_the_actor_engine() {
    drive(&[]);
}

#[test]
fn the_python_client_works_with_the_polling_engine() {
    drive(&["--engine", "legacy", "--pace", "0.02"]);
}

#[track_caller]
fn drive(arguments: &[&str]) {
    let bin = environment().join("bin");
    let folder = TempDir::new().unwrap();
    let mut server = Server::start(folder.path(), arguments);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/python/drive.py");
    let mut drive = Command::new(bin.join("python"));
    drive.arg(script).args([server.url.as_str()]).args([bin.join("maestro"), folder.path().to_owned()]);
    let output = drive.output().expect("the environment has a Python");
    assert!(output.status.success(), "{}\nthe server said:\n{}", told(&output), server.end());
}

/// The folder of the virtual environment with the client in it.
fn environment() -> PathBuf {
    let _alone = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (python, version) = python();
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("maestro-sdk-{CLIENT}-python-{}.{}", version.0, version.1));
    // Written last: a half-made environment is made again.
    let made = folder.join("made");
    if made.exists() {
        return folder;
    }
    let _none_before = std::fs::remove_dir_all(&folder);
    must(Command::new(&python).args(["-m", "venv"]).arg(&folder), INSTALL);
    let client = format!("maestro-sdk=={CLIENT}");
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &client];
    must(
        Command::new(folder.join("bin/python")).args(install),
        "the client is installed from PyPI, which must be reachable",
    );
    if version < (3, 12) {
        mend(&folder, version);
    }
    std::fs::write(made, "").unwrap();
    folder
}

/// One line of the client is a syntax error before Python 3.12: quotes within the same quotes.
fn mend(environment: &Path, version: (u32, u32)) {
    let (major, minor) = version;
    let path = environment.join(format!("lib/python{major}.{minor}/site-packages/maestro/client/watch.py"));
    let text = std::fs::read_to_string(&path).unwrap();
    let mended = text.replace("strftime(\"%H:%M:%S\")", "strftime('%H:%M:%S')");
    assert_ne!(text, mended, "{} has no longer the line that Python {major}.{minor} cannot read", path.display());
    std::fs::write(path, mended).unwrap();
}

/// The best Python there is, and its version.
fn python() -> (PathBuf, (u32, u32)) {
    let named = std::env::var_os("SEGUE_PYTHON").map(PathBuf::from);
    let all = named.into_iter().chain(PYTHONS.map(PathBuf::from));
    all.filter_map(|python| version(&python).map(|version| (python, version)))
        .find(|(_, version)| *version >= (3, 10))
        .unwrap_or_else(|| panic!("{INSTALL}"))
}

fn version(python: &Path) -> Option<(u32, u32)> {
    let asked = Command::new(python).args(["-c", "import sys; print(*sys.version_info[:2])"]).output().ok()?;
    let told = String::from_utf8(asked.stdout).ok().filter(|_| asked.status.success())?;
    let (major, minor) = told.trim().split_once(' ')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[track_caller]
fn must(command: &mut Command, otherwise: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}; {otherwise}"));
    assert!(output.status.success(), "{command:?} failed: {}\n{otherwise}", told(&output));
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
