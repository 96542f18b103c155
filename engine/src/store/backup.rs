//! A backup: one compressed file of records, one a line, that ends in its own checksum. Any store restores what any other has saved.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Cause,
    migration::hex,
    portable::{Portable, Record, Stop},
};

/// The newest form of backups that is known here.
const FORM: u32 = 1;
/// The longest line; a row of a machine is far shorter.
const LINE_MAX_BYTES: u64 = 1 << 30;

/// Why a backup could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store ended it.
    #[error(transparent)]
    Store(#[from] Stop),
    /// The file could not be written or read.
    #[error("the backup {} could not be {act}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `written` or `read`.
        act: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// There is a file of this name already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It is not a backup, was cut off, or was changed since it was made.
    #[error("{} is not a whole backup: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Head {
    segue_backup: u32,
}

#[derive(Serialize, Deserialize)]
struct Foot {
    records: u64,
    sha256: String,
}

/// Saves a store to a file that must not exist yet; `progress` hears of each record. The file has its name only once it is whole.
pub fn save(store: &dyn Portable, path: &Path, progress: &mut dyn FnMut()) -> Result<u64, Error> {
    if path.exists() {
        return Err(Error::Exists { path: path.to_owned() });
    }
    let part = path.with_added_extension("part");
    let failed = |source| Error::File { path: path.to_owned(), act: "written", source };
    let file = File::create(&part).map_err(failed)?;
    let mut lines = Lines { file: GzEncoder::new(BufWriter::new(file), Compression::fast()), sum: Sha256::new() };
    let mut records = 0;
    let mut saved = || {
        lines.put(&Head { segue_backup: FORM }).map_err(failed)?;
        store.dump(&mut |record| {
            records += 1;
            progress();
            Ok(lines.put(&record)?)
        })?;
        let sha256 = hex(&lines.sum.clone().finalize());
        lines.put(&Foot { records, sha256 }).map_err(failed)
    };
    let saved = saved().and_then(|()| {
        let file = lines.file.finish().and_then(|file| Ok(file.into_inner()?)).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&part, path).map_err(failed)
    });
    if saved.is_err() {
        // What is left of it is of no use; that it cannot be removed is less important than why it was not finished.
        let _removed = std::fs::remove_file(&part);
    }
    saved.map(|()| records)
}

/// Fills an empty store from a file, after the whole file was found to be as it was saved. `progress` hears of each record.
pub fn restore(store: &dyn Portable, path: &Path, progress: &mut dyn FnMut()) -> Result<u64, Error> {
    let expected = verify(path)?;
    let mut reader = Reader::open(path)?;
    let mut records = std::iter::from_fn(|| match reader.next() {
        Ok(Some(Line::Record(record))) => {
            progress();
            Some(Ok(record))
        }
        Ok(Some(Line::Foot(_)) | None) => None,
        Err(error) => Some(Err(Cause::from(error))),
    });
    let restored = store.load(&mut records)?;
    if restored == expected {
        Ok(restored)
    } else {
        Err(damaged(path, format!("{restored} of {expected} records were there the second time")))
    }
}

/// Reads a whole backup and says how many records it holds.
pub fn verify(path: &Path) -> Result<u64, Error> {
    let mut reader = Reader::open(path)?;
    let mut records = 0;
    loop {
        match reader.next()? {
            Some(Line::Record(_)) => records += 1,
            Some(Line::Foot(foot)) if foot.records != records => {
                return Err(damaged(path, format!("it holds {records} records and speaks of {}", foot.records)));
            }
            Some(Line::Foot(foot)) if foot.sha256 != reader.sum_before => {
                return Err(damaged(path, "its checksum is another one".to_owned()));
            }
            // The compression has an end of its own, which is read as well.
            Some(Line::Foot(_)) if reader.advance()? > 0 => {
                return Err(damaged(path, "something follows its end".to_owned()));
            }
            Some(Line::Foot(_)) => return Ok(records),
            None => return Err(damaged(path, "its end is missing".to_owned())),
        }
    }
}

struct Lines<W: Write> {
    file: GzEncoder<W>,
    sum: Sha256,
}

impl<W: Write> Lines<W> {
    fn put(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.sum.update(&text);
        self.file.write_all(&text)
    }
}

struct Reader {
    path: PathBuf,
    lines: BufReader<GzDecoder<BufReader<File>>>,
    sum: Sha256,
    /// Of everything before the line that was read last.
    sum_before: String,
    line: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Record(Record),
    Foot(Foot),
}

impl Reader {
    fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| Error::File { path: path.to_owned(), act: "read", source })?;
        let lines = BufReader::new(GzDecoder::new(BufReader::new(file)));
        let (sum, sum_before) = (Sha256::new(), String::new());
        let mut reader = Self { path: path.to_owned(), lines, sum, sum_before, line: Vec::new() };
        reader.advance()?;
        match serde_json::from_slice(&reader.line) {
            Ok(Head { segue_backup: FORM }) => Ok(reader),
            Ok(Head { segue_backup }) => Err(damaged(
                path,
                format!(
                    "it is of form {segue_backup}, this program knows {FORM}: restore it with the program that saved it"
                ),
            )),
            Err(_) => Err(damaged(path, "it does not begin as one".to_owned())),
        }
    }

    fn next(&mut self) -> Result<Option<Line>, Error> {
        if self.advance()? == 0 {
            return Ok(None);
        }
        let line = serde_json::from_slice(&self.line);
        line.map(Some).map_err(|error| damaged(&self.path, format!("a line cannot be read: {error}")))
    }

    /// Reads the next line and says how long it is.
    fn advance(&mut self) -> Result<usize, Error> {
        self.line.clear();
        let read = (&mut self.lines).take(LINE_MAX_BYTES).read_until(b'\n', &mut self.line);
        let count = read.map_err(|error| match error.kind() {
            // Not compressed, or cut off.
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                damaged(&self.path, error.to_string())
            }
            _ => Error::File { path: self.path.clone(), act: "read", source: error },
        })?;
        if self.line.starts_with(b"{\"records\":") {
            self.sum_before = hex(&self.sum.clone().finalize());
        }
        self.sum.update(&self.line);
        Ok(count)
    }
}

fn damaged(path: &Path, what: String) -> Error {
    Error::Damaged { path: path.to_owned(), what }
}
