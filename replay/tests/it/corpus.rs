//! One contract for corpora, held over a folder and over a server on a socket.

use std::path::Path;

use replay::corpus::{Corpus, Error, Location};

use crate::{sample::addition, server::Server};

const KEY: (&str, &str) = ("tester", "not-a-secret");

/// A corpus on a server, at a prefix of a bucket.
fn on(server: &Server, place: &str) -> Location {
    let location = Location::parse(place, Some(&server.endpoint)).expect("the place is well formed");
    location.with_credentials(KEY.0, KEY.1)
}

async fn server(folder: &Path) -> Server {
    std::fs::create_dir_all(folder.join("runs")).expect("the folder is writable");
    Server::over(folder, KEY).await
}

/// What every corpus does, wherever it is.
async fn contract(location: &Location) {
    let corpus = Corpus::open_or_create(location).await.expect("the place is writable");
    let empty = corpus.contents().await.expect("a corpus without a manifest is empty");
    assert!(empty.manifest.samples.is_empty() && empty.sha256.is_empty());

    // Ids that are no file names, no URLs, or too long for either.
    let long = "x".repeat(128);
    let ids = ["plain.id-1", "a/b c+d", "..", "ünïcode %41", "", &long];
    let additions: Vec<_> = ids.iter().zip(1..).map(|(id, number)| addition(id, number)).collect();
    assert_eq!(corpus.add(&additions).await.expect("all ids can be kept"), ids.len());
    assert_eq!(corpus.add(&additions).await.expect("the same can be added twice"), 0);

    let again = Corpus::open(location).await.expect("it is there now");
    let contents = again.contents().await.expect("the manifest is readable");
    let found: Vec<&String> = contents.manifest.samples.keys().collect();
    let kept = again.load(found.iter().map(|id| id.as_str())).await.expect("all objects are there");
    assert_eq!(kept.iter().map(|kept| &kept.id).collect::<Vec<_>>(), found);
    for addition in &additions {
        let same = kept.iter().find(|kept| kept.sample == addition.sample).expect("every sample comes back");
        assert_eq!(same.definitions, addition.definitions);
    }
    assert_eq!(corpus.contents().await.expect("the manifest is readable").sha256, contents.sha256);
    let missing = corpus.sample(&"0".repeat(64)).await.expect_err("there is no such sample");
    assert!(matches!(missing, Error::Missing { .. }), "{missing}");
}

/// Writers that add at the same time lose nothing of each other.
async fn races(location: &Location) {
    const WRITERS: i64 = 8;
    let writers = (1..=WRITERS).map(|number| async move {
        let corpus = Corpus::open_or_create(location).await?;
        corpus.add(&[addition("etl", number)]).await
    });
    for added in futures::future::join_all(writers).await {
        assert_eq!(added.expect("every writer gets its turn"), 1);
    }
    let corpus = Corpus::open(location).await.expect("it is there");
    let contents = corpus.contents().await.expect("the manifest is readable");
    assert_eq!(contents.manifest.samples.len(), usize::try_from(WRITERS).expect("it is small"));
}

#[tokio::test]
async fn a_folder_keeps_the_contract() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    contract(&Location::folder(folder.path().join("new/corpus"))).await;
}

#[tokio::test]
async fn a_bucket_keeps_the_contract() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let server = server(folder.path()).await;
    contract(&on(&server, "s3://runs/team a/2026")).await;
    contract(&on(&server, "s3://runs")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_to_one_folder_lose_nothing() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    races(&Location::folder(folder.path())).await;
}

#[tokio::test]
async fn writers_to_one_bucket_lose_nothing() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    // The server's own check and write are not one step, so its requests are handled by one thread.
    let server = server(folder.path()).await;
    let one = on(&server, "s3://runs/race");
    let corpus = Corpus::open_or_create(&one).await.expect("the bucket is there");
    let other = Corpus::open_or_create(&one).await.expect("the bucket is there");
    for round in 0..5 {
        // Both know the same manifest; the second write finds it changed and merges.
        corpus.add(&[addition("etl", 2 * round)]).await.expect("the first writer wins");
        other.add(&[addition("etl", 2 * round + 1)]).await.expect("the second one merges");
    }
    assert_eq!(corpus.contents().await.expect("the manifest is readable").manifest.samples.len(), 10);
}

#[tokio::test]
async fn what_is_wrong_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let server = server(folder.path()).await;
    let stranger = Location::parse("s3://runs", Some(&server.endpoint)).expect("the place is well formed");
    let nobody = Location::parse("s3://runs", Some("http://127.0.0.1:9")).expect("the place is well formed");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("the folder is writable");
    let cases = [
        (on(&server, "s3://missing"), "the bucket of s3://missing"),
        (stranger.with_credentials(KEY.0, "wrong"), "access to s3://runs"),
        (nobody.with_credentials(KEY.0, KEY.1), "the corpus at s3://runs at http://127.0.0.1:9 could not be reached"),
        (Location::folder(&file), "is not writable"),
    ];
    for (location, expected) in cases {
        let error = match Corpus::open_or_create(&location).await {
            Ok(corpus) => corpus.add(&[addition("etl", 1)]).await.expect_err("nothing can be added there"),
            Err(error) => error,
        };
        assert!(error.to_string().contains(expected), "{error}: {error:?}");
        assert!(!error.hint().is_empty());
    }
    let missing = Corpus::open(&Location::folder(folder.path().join("none"))).await.expect_err("there is no folder");
    assert!(matches!(missing, Error::FolderMissing(_)));
}

#[tokio::test]
async fn what_is_damaged_or_too_new_is_not_read() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let corpus = Corpus::open_or_create(&Location::folder(folder.path())).await.expect("the folder is writable");
    corpus.add(&[addition("etl", 1)]).await.expect("there is room");
    let contents = corpus.contents().await.expect("the manifest is readable");
    let id = contents.manifest.samples.keys().next().expect("there is one").clone();

    let sample = folder.path().join(format!("corpus/samples/{id}.json"));
    std::fs::write(&sample, "{}").expect("the folder is writable");
    let error = corpus.sample(&id).await.expect_err("the content is not what the name says");
    assert!(matches!(error, Error::Damaged { .. }), "{error}");

    let manifest = folder.path().join("corpus/manifest.json");
    std::fs::write(&manifest, r#"{"format":2,"content":{}}"#).expect("the folder is writable");
    let error = corpus.contents().await.expect_err("the format is of tomorrow");
    assert_eq!(error.to_string(), "manifest.json has format 2, and this version reads formats up to 1");
    let error = corpus.add(&[addition("etl", 2)]).await.expect_err("it would lose what it cannot read");
    assert!(matches!(error, Error::Newer { .. }), "{error}");
}
