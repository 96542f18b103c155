//! What the database notes by itself (`witness.sql`), and what it holds in the end.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use tokio::time::{Instant, sleep};
use tokio_postgres::{Client, NoTls};
use workflow::status::{InstanceStatus, StepStatus};

use crate::{
    exit::{Exit, Failure},
    stores,
};

const WITNESS: &str = include_str!("witness.sql");

const STEP_STATUS: &str = "INSERT INTO chaos.step_status (name, code, is_terminal) VALUES ($1, $2, $3)";
const RUN_STATUS: &str = "INSERT INTO chaos.run_status (name, is_terminal) VALUES ($1, $2)";

const VIOLATIONS: &str = "SELECT rule, what FROM chaos.violation ORDER BY number";

const TAKEN: &str = "SELECT count(*) FROM chaos.holder";

/// A run that was written again after it was archived counts as it is now.
const RUNS: &str = "SELECT workflow, instance, body::json ->> 'status' FROM run
    UNION ALL
    SELECT workflow, instance, body::json ->> 'status' FROM run_archive AS kept
    WHERE NOT EXISTS (SELECT 1 FROM run
        WHERE (run.workflow, run.instance, run.run) = (kept.workflow, kept.instance, kept.run))";

const ATTEMPTS: &str = "SELECT workflow, instance, count(*) FROM (
        SELECT workflow, instance, run, step, attempt FROM attempt
        UNION SELECT workflow, instance, run, step, attempt FROM attempt_archive
    ) AS made GROUP BY workflow, instance";

/// Which instance a request made.
const REQUESTS: &str = "SELECT body::json ->> 'workflow_uuid', instance FROM seed
    UNION SELECT body::json ->> 'workflow_uuid', instance FROM seed_archive";

const LIVE: &str = "SELECT count(*) FROM run WHERE live IS NOT NULL";

/// How long a look may be tried again when the database is only away.
const TRY_MAX: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_millis(200);

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Violation {
    pub(super) rule: String,
    pub(super) what: String,
}

/// What the database holds in the end.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    /// Statuses by workflow and instance.
    pub(super) runs: BTreeMap<(String, i64), String>,
    /// Numbers of attempts by workflow and instance.
    pub(super) attempts: BTreeMap<(String, i64), usize>,
    /// Instances by the request that made them.
    pub(super) requests: BTreeMap<String, i64>,
    pub(super) violations: Vec<Violation>,
    /// Times that some node took some group.
    pub(super) taken: usize,
}

/// Makes the schema of the store, and what notes every change of it.
pub(super) async fn install(url: &str) -> Result<(), Failure> {
    let own = url.to_owned();
    let opened = tokio::task::spawn_blocking(move || stores::database(&own, Duration::ZERO).map(drop)).await;
    opened.map_err(|fault| Failure::new(Exit::Defect, fault))??;
    let client = connect(url).await?;
    client.batch_execute(WITNESS).await.map_err(failed)?;
    for status in StepStatus::all() {
        let values = (status.as_str(), status.code(), status.is_terminal());
        client.execute(STEP_STATUS, &[&values.0, &values.1, &values.2]).await.map_err(failed)?;
    }
    for status in InstanceStatus::ALL {
        client.execute(RUN_STATUS, &[&status.as_str(), &status.is_terminal()]).await.map_err(failed)?;
    }
    Ok(())
}

/// Waits until no run goes on any more, but not for ever; says how many still do.
pub(super) async fn rest(url: &str, within: Duration) -> Result<i64, Failure> {
    let start = Instant::now();
    let client = connect(url).await?;
    loop {
        let live: i64 = client.query_one(LIVE, &[]).await.map_err(failed)?.get(0);
        if live == 0 || start.elapsed() > within {
            return Ok(live);
        }
        sleep(AGAIN).await;
    }
}

/// Reads everything.
pub(super) async fn read(url: &str) -> Result<Held, Failure> {
    let client = connect(url).await?;
    let mut held = Held::default();
    for row in client.query(RUNS, &[]).await.map_err(failed)? {
        held.runs.insert((row.get(0), row.get(1)), row.get::<_, Option<String>>(2).unwrap_or_default());
    }
    for row in client.query(ATTEMPTS, &[]).await.map_err(failed)? {
        let count = usize::try_from(row.get::<_, i64>(2)).unwrap_or(0);
        held.attempts.insert((row.get(0), row.get(1)), count);
    }
    for row in client.query(REQUESTS, &[]).await.map_err(failed)? {
        held.requests.insert(row.get::<_, Option<String>>(0).unwrap_or_default(), row.get(1));
    }
    let violations = client.query(VIOLATIONS, &[]).await.map_err(failed)?;
    held.violations = violations.iter().map(|row| Violation { rule: row.get(0), what: row.get(1) }).collect();
    let taken = client.query_one(TAKEN, &[]).await.map_err(failed)?.get::<_, i64>(0);
    held.taken = usize::try_from(taken).unwrap_or(0);
    Ok(held)
}

async fn connect(url: &str) -> Result<Client, Failure> {
    let start = Instant::now();
    loop {
        match tokio_postgres::connect(url, NoTls).await {
            Ok((client, connection)) => {
                // Ends with the client.
                tokio::spawn(connection);
                return Ok(client);
            }
            Err(error) if start.elapsed() > TRY_MAX => return Err(failed(error)),
            Err(_) => sleep(AGAIN).await,
        }
    }
}

fn failed(error: tokio_postgres::Error) -> Failure {
    Failure::new(Exit::Unreachable, anyhow::Error::new(error).context("the database of the nodes could not be asked"))
}
