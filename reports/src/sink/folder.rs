//! Where mails are kept: a folder of `.eml` files, each written whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Mutex,
};

use super::conversation::Envelope;

/// A folder of mails, numbered in the order in which they came.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    next: Mutex<u64>,
}

impl Folder {
    /// Opens or makes a folder; numbering goes on behind what is there.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        fs::create_dir_all(&path)?;
        let last = mails(&path)?.iter().filter_map(|mail| mail.file_stem()?.to_str()?.parse().ok()).max();
        Ok(Self { path, next: Mutex::new(last.unwrap_or(0_u64) + 1) })
    }

    /// The mails, oldest first.
    pub fn mails(&self) -> io::Result<Vec<PathBuf>> {
        mails(&self.path)
    }

    /// Keeps a mail behind lines that say who it was really from and for; it is on disk when this returns.
    pub(super) fn keep(&self, envelope: &Envelope, mail: &[u8]) -> io::Result<PathBuf> {
        let number = {
            let mut next = self.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let number = *next;
            *next += 1;
            number
        };
        let part = self.path.join(format!(".{number:06}.part"));
        let whole = self.path.join(format!("{number:06}.eml"));
        let mut file = File::create(&part)?;
        write!(file, "Return-Path: <{}>\r\n", envelope.from)?;
        for to in &envelope.to {
            write!(file, "Delivered-To: {to}\r\n")?;
        }
        file.write_all(mail)?;
        file.sync_all()?;
        fs::rename(&part, &whole)?;
        File::open(&self.path)?.sync_all()?;
        Ok(whole)
    }
}

fn mails(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut mails = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "eml") {
            mails.push(path);
        }
    }
    mails.sort();
    Ok(mails)
}
