//! Reading samples from a corpus and adding to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value as Json;

use super::{
    Entry, Error, Location, Manifest,
    folder::Intent,
    key,
    store::{Condition, Store, Written},
    stored,
};
use crate::sample::{DefinitionRef, Kept, Sample};

/// Requests under way at once: enough to hide a server's latency, few enough not to be throttled.
const REQUESTS: usize = 16;

/// How often a manifest is merged anew when others write it at the same time.
const MERGES_MAX: u32 = 20;

/// The wait before another merge, times the number of merges so far.
const MERGE_WAIT: Duration = Duration::from_millis(5);

/// A set of samples and the definitions that they need.
#[derive(Clone, Debug)]
pub struct Corpus {
    store: Store,
}

/// The manifest as it was at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    /// What is there.
    pub manifest: Manifest,
    /// The hash of the stored manifest: names these contents exactly. Empty for a corpus without a manifest.
    pub sha256: String,
}

/// Something to add: a sample and the definitions that it names, in the same order.
#[derive(Clone, Debug, PartialEq)]
pub struct Addition {
    /// The sample.
    pub sample: Sample,
    /// Create requests.
    pub definitions: Vec<Json>,
}

/// The reference by which a sample names a definition.
pub fn definition_ref(workflow: &str, version: i64, body: &Json) -> DefinitionRef {
    stored::definition(workflow, version, body).0
}

impl Corpus {
    /// A corpus to read; a folder must exist.
    pub async fn open(location: &Location) -> Result<Self, Error> {
        Ok(Self { store: Store::open(location, Intent::Read).await? })
    }

    /// A corpus to add to; a folder is made where there is none, a bucket is not.
    pub async fn open_or_create(location: &Location) -> Result<Self, Error> {
        Ok(Self { store: Store::open(location, Intent::Write).await? })
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        self.store.location()
    }

    /// What it holds now.
    pub async fn contents(&self) -> Result<Contents, Error> {
        let Some(object) = self.store.get(key::MANIFEST).await? else {
            return Ok(Contents { manifest: Manifest::default(), sha256: String::new() });
        };
        let manifest = stored::read_manifest(key::MANIFEST, &object.bytes)?;
        Ok(Contents { manifest, sha256: key::sha256(&object.bytes) })
    }

    /// Adds samples; gives how many were new. Objects first, then the manifest, so that it never names what is not there.
    pub async fn add(&self, additions: &[Addition]) -> Result<usize, Error> {
        let mut news = Manifest::default();
        let mut objects: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for Addition { sample, definitions } in additions {
            for (named, body) in sample.definitions.iter().zip(definitions) {
                let (found, bytes) = stored::definition(&named.workflow, named.version, body);
                objects.insert(key::definition(&found.workflow, &found.sha256), bytes);
                news.definitions.push(found);
            }
            let (id, bytes) = stored::sample(sample);
            objects.insert(key::sample(&id), bytes);
            news.samples.insert(id, Entry::of(sample));
        }
        let puts = objects
            .into_iter()
            .map(|(key, bytes)| async move { self.store.put(&key, bytes, Condition::Always).await.map(|_| ()) });
        stream::iter(puts).buffer_unordered(REQUESTS).try_collect::<()>().await?;
        self.merge(&news).await
    }

    /// Puts the news into the manifest, whoever else is doing the same.
    async fn merge(&self, news: &Manifest) -> Result<usize, Error> {
        for merges in 0..MERGES_MAX {
            tokio::time::sleep(MERGE_WAIT * merges).await;
            let known = self.store.get(key::MANIFEST).await?;
            let mut manifest = match &known {
                Some(object) => stored::read_manifest(key::MANIFEST, &object.bytes)?,
                None => Manifest::default(),
            };
            if known.is_some() && manifest.holds(news) {
                return Ok(0);
            }
            let added = manifest.merge(news);
            let condition =
                known.as_ref().map_or(Condition::IfAbsent, |object| Condition::IfUnchanged(object.etag.as_str()));
            if self.store.put(key::MANIFEST, stored::manifest(&manifest), condition).await? == Written::Yes {
                return Ok(added);
            }
        }
        Err(Error::Contended { location: self.location().to_string(), tries: MERGES_MAX })
    }

    /// Reads samples with their definitions, in the order of `ids`.
    pub async fn load<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Result<Vec<Kept>, Error> {
        let samples = ids.into_iter().map(|id| async move { Ok((id.to_owned(), self.sample(id).await?)) });
        let samples: Vec<(String, Sample)> = stream::iter(samples).buffered(REQUESTS).try_collect().await?;
        let needed: BTreeSet<&DefinitionRef> = samples.iter().flat_map(|(_, sample)| &sample.definitions).collect();
        let reads = needed.into_iter().map(|one| async move { Ok::<_, Error>((one, self.definition(one).await?)) });
        let definitions: BTreeMap<&DefinitionRef, Json> =
            stream::iter(reads).buffer_unordered(REQUESTS).try_collect().await?;
        let bodies =
            |sample: &Sample| sample.definitions.iter().filter_map(|one| definitions.get(one).cloned()).collect();
        let bodies: Vec<Vec<Json>> = samples.iter().map(|(_, sample)| bodies(sample)).collect();
        let kept = samples.into_iter().zip(bodies);
        Ok(kept.map(|((id, sample), definitions)| Kept { id, sample, definitions }).collect())
    }

    /// Reads one sample.
    pub async fn sample(&self, id: &str) -> Result<Sample, Error> {
        let key = key::sample(id);
        stored::read_sample(&key, &self.content(&key, id).await?)
    }

    /// Reads one definition: a create request.
    pub async fn definition(&self, one: &DefinitionRef) -> Result<Json, Error> {
        let key = key::definition(&one.workflow, &one.sha256);
        stored::read_definition(&key, &self.content(&key, &one.sha256).await?)
    }

    /// Content that must be what its name says.
    async fn content(&self, key: &str, sha256: &str) -> Result<Vec<u8>, Error> {
        let object = self.store.get(key).await?.ok_or_else(|| Error::Missing { key: key.to_owned() })?;
        if key::sha256(&object.bytes) == sha256 {
            Ok(object.bytes)
        } else {
            Err(Error::Damaged { key: key.to_owned(), because: "its content does not match its name".to_owned() })
        }
    }
}
