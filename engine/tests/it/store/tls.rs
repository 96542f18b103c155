//! Encrypted connections to the shared store.

use engine::store::{Postgres, Store as _, chain};
use tokio_postgres::NoTls;

use super::server::{CERTIFICATES, Server};

/// Whether the connections of a program are encrypted.
async fn is_encrypted(url: &str, program: &str) -> bool {
    let (client, connection) = tokio_postgres::connect(&format!("{url}?sslmode=disable"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = $1";
    client.query_one(sql, &[&program]).await.unwrap().get(0)
}

#[test]
fn a_connection_is_encrypted_and_its_server_checked_as_far_as_the_url_says() {
    let (_server, port) = Server::encrypted();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let [named, numbered] =
        ["localhost", "127.0.0.1"].map(|host| format!("postgres://postgres@{host}:{port}/postgres"));
    let root = format!("sslrootcert={CERTIFICATES}/authority.pem");
    let stranger = format!("sslrootcert={CERTIFICATES}/server.pem");
    let cases = [
        (&numbered, "", Ok(true)),
        (&numbered, "&sslmode=disable", Ok(false)),
        (&numbered, "&sslmode=require", Ok(true)),
        (&numbered, &format!("&sslmode=require&{root}"), Ok(true)),
        (&numbered, &format!("&sslmode=require&{stranger}"), Err("invalid peer certificate")),
        (&numbered, "&sslmode=verify-ca", Err("invalid peer certificate")),
        (&numbered, &format!("&sslmode=verify-ca&{root}"), Ok(true)),
        (&named, &format!("&sslmode=verify-full&{root}"), Ok(true)),
        (&numbered, &format!("&sslmode=verify-full&{root}"), Err("not valid for name")),
        (
            &named,
            "&sslmode=verify-full&sslrootcert=%2Fnowhere%2Fca.pem",
            Err("`sslrootcert=/nowhere/ca.pem` could not be read"),
        ),
        (&named, "&sslcert=own.pem", Err("`sslcert` and `sslkey` belong together")),
        (
            &named,
            "&sslmode=perhaps",
            Err("`sslmode=perhaps` is none of disable, allow, prefer, require, verify-ca, verify-full"),
        ),
    ];
    for (number, (url, wishes, expected)) in cases.into_iter().enumerate() {
        let program = format!("case-{number}");
        let opened = Postgres::open(&format!("{url}?application_name={program}{wishes}"));
        match (opened, expected) {
            (Ok(store), Ok(encrypted)) => {
                store.claim(1).unwrap();
                assert_eq!(runtime.block_on(is_encrypted(&numbered, &program)), encrypted, "{wishes}");
            }
            (Err(error), Err(said)) => assert!(chain(&error).contains(said), "{wishes}: {}", chain(&error)),
            (opened, _) => panic!("{wishes}: {:?}", opened.map(|_| "opened")),
        }
    }
}
