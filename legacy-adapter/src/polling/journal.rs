//! The old stack's store on disk: an append-only file of rows.
//!
//! Like the stack it stands for, it promises little: a line is written when its row changes and reaches the disk when the
//! operating system sees fit. A torn last line, as a crash leaves it, is dropped when the file is read again.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use workflow::life::{Body, MemoryRows, Row, RowKey, Table};

/// Layout of a line; a file with another number is refused.
const FORMAT: u32 = 1;

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    file: BufWriter<File>,
}

/// Why a journal could not be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk refused.
    #[error("the journal {} could not be used", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is not one of ours, or of a newer version.
    #[error("line {line} of {} is not a journal entry of version {FORMAT}: {why}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// 1-based.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

/// One line: a row's key and what it became.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    v: u32,
    table: String,
    key: (String, i64, i64, String, i64),
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    live: bool,
    /// `None` removes the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<serde_json::Value>,
}

impl Journal {
    /// Reads the rows of `path` (none if it does not exist), rewrites it without what is out of date, and opens it for appending.
    pub fn open(path: &Path) -> Result<(Self, MemoryRows), JournalError> {
        let broken = |source| JournalError::Io { path: path.to_owned(), source };
        let rows = read(path)?;
        let fresh = path.with_extension("compacting");
        let mut journal = Self { file: BufWriter::new(File::create(&fresh).map_err(broken)?) };
        for row in rows.iter() {
            journal.save(&row).map_err(broken)?;
        }
        journal.flush().map_err(broken)?;
        fs::rename(&fresh, path).map_err(broken)?;
        let file = OpenOptions::new().append(true).open(path).map_err(broken)?;
        Ok((Self { file: BufWriter::new(file) }, rows))
    }

    /// Notes a written row.
    pub fn save(&mut self, row: &Row) -> io::Result<()> {
        let body = serde_json::from_slice(&row.body).map_err(io::Error::other)?;
        self.append(&Line {
            v: FORMAT,
            table: name(row.key.table).to_owned(),
            key: columns(&row.key),
            live: row.is_live,
            body: Some(body),
        })
    }

    /// Notes a removed row.
    pub fn forget(&mut self, key: &RowKey) -> io::Result<()> {
        self.append(&Line { v: FORMAT, table: name(key.table).to_owned(), key: columns(key), live: false, body: None })
    }

    /// Hands what was noted to the operating system.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    fn append(&mut self, line: &Line) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, line).map_err(io::Error::other)?;
        self.file.write_all(b"\n")
    }
}

fn read(path: &Path) -> Result<MemoryRows, JournalError> {
    let mut rows = MemoryRows::default();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(rows),
        Err(source) => return Err(JournalError::Io { path: path.to_owned(), source }),
    };
    let mut reader = BufReader::new(file);
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let length = reader.read_until(b'\n', &mut text);
        let length = length.map_err(|source| JournalError::Io { path: path.to_owned(), source })?;
        // Only a whole line counts: what a crash tore off was never promised to anybody.
        if length == 0 || text.last() != Some(&b'\n') {
            break;
        }
        let parsed = serde_json::from_slice::<Line>(&text).map_err(|error| error.to_string());
        let applied = parsed.and_then(|entry| apply(entry, &mut rows));
        applied.map_err(|why| JournalError::Unreadable { path: path.to_owned(), line, why })?;
    }
    Ok(rows)
}

fn apply(line: Line, rows: &mut MemoryRows) -> Result<(), String> {
    if line.v != FORMAT {
        return Err(format!("it says version {}", line.v));
    }
    let table = table(&line.table).ok_or_else(|| format!("there is no table `{}`", line.table))?;
    let (name, first, second, part, third) = line.key;
    let key = RowKey { first, second, third, part: part.into(), ..RowKey::named(table, &name) };
    match line.body {
        None => rows.forget(&key),
        Some(body) => {
            let body = Body::from(body.to_string().into_bytes());
            rows.save(Row { key, body, is_live: line.live });
        }
    }
    Ok(())
}

fn columns(key: &RowKey) -> (String, i64, i64, String, i64) {
    (key.name.to_string(), key.first, key.second, key.part.to_string(), key.third)
}

fn name(table: Table) -> &'static str {
    table.as_str()
}

fn table(name: &str) -> Option<Table> {
    Table::ALL.into_iter().find(|table| table.as_str() == name)
}
