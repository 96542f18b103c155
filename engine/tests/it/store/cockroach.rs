//! What CockroachDB does otherwise, shown on a PostgreSQL that answers as it does.

use engine::store::{Error, Postgres, Store as _, portable::Portable as _};
use workflow::life::Table;

use super::{
    batch, key,
    postgres::{open_at_once, sql},
    row, save, server,
};

/// It says what it is, and does not know how large it is.
const LIKE: &str = "DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database());
    END $$;
    CREATE FUNCTION public.version() RETURNS text LANGUAGE sql
        AS $$ SELECT 'CockroachDB CCL v25.2.0 (x86_64-pc-linux-gnu)' $$;
    CREATE FUNCTION public.pg_database_size(name) RETURNS int8 LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'unknown function' USING ERRCODE = 'undefined_function'; END $$;";

fn database() -> String {
    let url = server::own_database();
    sql(&url, LIKE);
    url
}

#[test]
fn a_store_works_where_columns_cannot_say_how_they_are_ordered_and_sizes_are_not_known() {
    let store = Postgres::open(&database()).unwrap();
    let fence = store.claim(1).unwrap()[0];
    let at = key(Table::Run, "w", 1, "");
    store.commit(&batch(fence, [(at.clone(), save("{}", Some(0)))])).unwrap();
    assert_eq!(row(&store, &at).as_deref(), Some("{}"));
    let described = store.describe().unwrap();
    assert_eq!((described.schema, described.size_bytes, described.records()), (2, None, 2), "the row and its group");
}

#[test]
fn a_schema_that_was_left_half_made_is_made_whole() {
    let url = database();
    drop(Postgres::open(&url).unwrap());
    sql(&url, "DELETE FROM migration WHERE number = 2; DROP TABLE attempt_archive; DROP INDEX run_ended");
    let store = Postgres::open(&url).unwrap();
    assert_eq!(store.describe().unwrap().schema, 2);
    assert_eq!(store.archive(10).unwrap(), 0);
    sql(&url, "SELECT 'run_ended'::regclass");
    let other = server::own_database();
    drop(Postgres::open(&other).unwrap());
    sql(&other, "DELETE FROM migration WHERE number = 2");
    assert!(matches!(Postgres::open(&other), Err(Error::Broken { .. })), "elsewhere all of it is made at once");
}

#[test]
fn nodes_that_start_at_once_all_find_the_tables() {
    open_at_once(&database());
}
