//! Objects on S3: reading, writing, and writing only if nobody else has.

use aws_sdk_s3::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{get_object::GetObjectError, put_object::PutObjectError},
    primitives::ByteStream,
};

use super::{
    Error, Location,
    folder::{self, Folder, Intent},
    location::Place,
    server,
};

/// An object larger than this is none of ours.
const OBJECT_MAX_BYTES: i64 = 1 << 30;

/// One bucket and prefix.
#[derive(Clone, Debug)]
pub(super) struct Store {
    client: Client,
    bucket: String,
    prefix: String,
    location: Location,
    folder: Option<Folder>,
}

/// An object and the mark of this state of it.
#[derive(Debug)]
pub(super) struct Object {
    pub bytes: Vec<u8>,
    pub etag: String,
}

/// When a write counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Condition<'a> {
    /// Always: the key is the content's hash.
    Always,
    /// If there is no such object.
    IfAbsent,
    /// If the object still has this mark.
    IfUnchanged(&'a str),
}

/// What became of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Yes,
    /// Somebody else wrote in between; nothing happened.
    Raced,
}

impl Store {
    pub(super) async fn open(location: &Location, intent: Intent) -> Result<Self, Error> {
        let location = location.clone();
        match &location.place {
            Place::Folder(path) => {
                let folder = match intent {
                    Intent::Read => Folder::existing(path)?,
                    Intent::Write => Folder::writable(path)?,
                };
                let client = folder.client().await?;
                let bucket = folder::BUCKET.to_owned();
                Ok(Self { client, bucket, prefix: String::new(), location, folder: Some(folder) })
            }
            Place::Bucket { bucket, prefix, endpoint, credentials } => {
                let client = server::client(endpoint.as_deref(), credentials.clone()).await;
                let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
                let store = Self { client, bucket: bucket.clone(), prefix, location, folder: None };
                store.check().await?;
                Ok(store)
            }
        }
    }

    /// Whether the bucket is there, so that a mistake shows before work is done.
    async fn check(&self) -> Result<(), Error> {
        let Err(error) = self.client.head_bucket().bucket(&self.bucket).send().await else { return Ok(()) };
        match status(&error) {
            Some(404) => Err(Error::BucketMissing { location: self.location.to_string() }),
            // Some keys may use a bucket's objects and not look at the bucket: the objects will tell.
            Some(403) => Ok(()),
            _ => Err(self.failed("find", &self.bucket, error)),
        }
    }

    /// The object; `None` if there is none.
    pub(super) async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        let _guard = match &self.folder {
            Some(folder) => Some(folder.guard(Intent::Read).await?),
            None => None,
        };
        let sent = self.client.get_object().bucket(&self.bucket).key(self.key(key)).send().await;
        let output = match sent {
            Ok(output) => output,
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => return Ok(None),
            Err(error) => return Err(self.failed("read", key, error)),
        };
        if output.content_length().is_some_and(|length| length > OBJECT_MAX_BYTES) {
            let because = format!("it is larger than {OBJECT_MAX_BYTES} bytes");
            return Err(Error::Damaged { key: key.to_owned(), because });
        }
        let etag = output.e_tag().unwrap_or_default().to_owned();
        let body = output.body.collect().await;
        let body = body.map_err(|error| self.unreachable(error.into()))?;
        Ok(Some(Object { bytes: body.to_vec(), etag }))
    }

    /// Writes the object if the condition holds.
    pub(super) async fn put(&self, key: &str, bytes: Vec<u8>, condition: Condition<'_>) -> Result<Written, Error> {
        let _guard = match &self.folder {
            Some(folder) => Some(folder.guard(Intent::Write).await?),
            None => None,
        };
        let size = bytes.len();
        let put = self.client.put_object().bucket(&self.bucket).key(self.key(key)).body(ByteStream::from(bytes));
        let put = match condition {
            Condition::Always => put,
            Condition::IfAbsent => put.if_none_match("*"),
            Condition::IfUnchanged(etag) => put.if_match(etag),
        };
        let Err(error) = put.content_type("application/json").send().await else { return Ok(Written::Yes) };
        match status(&error) {
            // 404: the object that was to be replaced is gone.
            Some(409 | 412) => Ok(Written::Raced),
            Some(404) if is_key_missing(&error) && matches!(condition, Condition::IfUnchanged(_)) => Ok(Written::Raced),
            Some(501) if !matches!(condition, Condition::Always) => {
                Err(Error::NoConditionalWrites { location: self.location.to_string() })
            }
            _ => {
                let diagnosed = self.folder.as_ref().and_then(|folder| folder.diagnose(size));
                Err(diagnosed.unwrap_or_else(|| self.failed("write", key, error)))
            }
        }
    }

    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn unreachable(&self, source: super::error::Cause) -> Error {
        Error::Unreachable { location: self.location.to_string(), source }
    }

    fn failed<E>(&self, verb: &'static str, key: &str, error: SdkError<E>) -> Error
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let location = self.location.to_string();
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default().to_owned();
        match (&error, code.as_str(), status(&error)) {
            (SdkError::DispatchFailure(_) | SdkError::TimeoutError(_), ..) => self.unreachable(Box::new(error)),
            // No credentials were found: the request was never sent.
            (SdkError::ConstructionFailure(_), ..) | (_, "AccessDenied", _) | (_, _, Some(401 | 403)) => {
                Error::AccessDenied { location, source: Box::new(error) }
            }
            (_, "NoSuchBucket", _) => Error::BucketMissing { location },
            _ => Error::Server { verb, key: key.to_owned(), source: Box::new(error) },
        }
    }
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn is_key_missing(error: &SdkError<PutObjectError>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("NoSuchKey")
}
