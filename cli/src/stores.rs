//! Where state is kept, as a person names it, and how it is opened.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use engine::store::{self, Postgres, Sqlite, Store, portable::Portable, sqlite};

use crate::exit::{Exit, Failure};

/// The file of the embedded store in its folder.
const FILE: &str = "segue.db";

/// Where state is kept.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Place {
    /// Folder for what must survive.
    #[arg(long, value_name = "DIR", default_value = "segue-data", env = "SEGUE_DATA")]
    pub(crate) data: PathBuf,

    /// A PostgreSQL or CockroachDB database in place of the folder, which many nodes may share: `postgres://user:password@host/name`.
    /// `?sslmode=verify-full&sslrootcert=FILE` and the like mean what they mean to `psql`.
    #[arg(long, value_name = "URL", env = "SEGUE_STORE", hide_env_values = true)]
    pub(crate) store: Option<String>,
}

/// A store that is open.
#[derive(Clone)]
pub(crate) enum Opened {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Place {
    /// Opens it, making or migrating it where needed.
    pub(crate) fn open(&self) -> Result<Opened, Failure> {
        match &self.store {
            Some(url) => Ok(Opened::Postgres(database(url, Duration::ZERO)?)),
            None => Ok(Opened::Sqlite(folder(&self.data)?)),
        }
    }

    /// Opens what must be there already.
    pub(crate) fn open_existing(&self) -> Result<Opened, Failure> {
        let file = file(&self.data);
        if self.store.is_none() && !file.exists() {
            return Err(Failure::new(Exit::BadInput, anyhow::anyhow!("there is no store at {}", file.display()))
                .with_hint("name its folder with `--data` or its database with `--store`"));
        }
        self.open()
    }
}

impl Opened {
    /// As engines know it.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => Arc::clone(store) as Arc<dyn Store>,
            Self::Postgres(store) => Arc::clone(store) as Arc<dyn Store>,
        }
    }

    /// As backups know it.
    pub(crate) fn portable(&self) -> &dyn Portable {
        match self {
            Self::Sqlite(store) => &**store,
            Self::Postgres(store) => &**store,
        }
    }
}

/// Opens the store in a folder, making or migrating it where needed.
pub(crate) fn folder(data: &Path) -> Result<Arc<Sqlite>, Failure> {
    let options = sqlite::Options { path: file(data), size_max_bytes: None };
    Ok(Arc::new(Sqlite::open(&options).map_err(failure)?))
}

/// Opens the store in a database, making or migrating it where needed, and waits so long for one that does not answer yet.
pub(crate) fn database(url: &str, away_max: Duration) -> Result<Arc<Postgres>, Failure> {
    Ok(Arc::new(Postgres::open_within(url, away_max).map_err(failure)?))
}

/// The same on a thread where it may block.
pub(crate) async fn database_apart(url: &str, away_max: Duration) -> Result<Arc<Postgres>, Failure> {
    let url = url.to_owned();
    let opened = tokio::task::spawn_blocking(move || database(&url, away_max)).await;
    opened.map_err(|fault| Failure::new(Exit::Defect, fault))?
}

fn file(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// A failure of a store, with what to do next.
pub(crate) fn failure(error: store::Error) -> Failure {
    let (exit, hint) = match &error {
        store::Error::Unreachable { .. } => (Exit::Unreachable, "is the database up, and may this user connect to it?"),
        store::Error::Address { .. } => (Exit::Usage, "`--store` takes `postgres://user:password@host:port/name`"),
        store::Error::Foreign { .. } => {
            (Exit::Storage, "choose an empty folder, or an empty database or schema, for segue alone")
        }
        store::Error::Newer { .. } | store::Error::Altered { .. } => {
            (Exit::Storage, "use the version of segue that wrote it, or restore a backup from before")
        }
        _ => (Exit::Storage, "`--data` names a folder on a disk with room; what was acknowledged is safe"),
    };
    Failure::new(exit, error).with_hint(hint)
}
