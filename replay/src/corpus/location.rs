//! Where a corpus is.

use std::{fmt, path::PathBuf};

use aws_sdk_s3::config::Credentials;

use super::Error;

/// Where a corpus is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub(super) place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On a server; with no endpoint it is AWS.
    Bucket {
        bucket: String,
        prefix: String,
        endpoint: Option<String>,
        /// `None` for those of the environment.
        credentials: Option<Credentials>,
    },
    /// In a folder, served as S3 in process.
    Folder(PathBuf),
}

impl Location {
    /// Reads `s3://bucket/prefix` or a folder's path; `endpoint` is the URL of a server other than AWS.
    pub fn parse(text: &str, endpoint: Option<&str>) -> Result<Self, Error> {
        let Some(rest) = text.strip_prefix("s3://") else {
            let is_path = !text.trim().is_empty() && !text.contains("://");
            let place = is_path.then(|| Place::Folder(PathBuf::from(text)));
            return place.map(|place| Self { place }).ok_or_else(|| Error::Location(text.to_owned()));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        if bucket.is_empty() || prefix.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(Error::Location(text.to_owned()));
        }
        let (bucket, prefix, endpoint) = (bucket.to_owned(), prefix.to_owned(), endpoint.map(str::to_owned));
        Ok(Self { place: Place::Bucket { bucket, prefix, endpoint, credentials: None } })
    }

    /// The same place, opened with this key instead of what the environment, a profile or the machine provides.
    #[must_use]
    pub fn with_credentials(mut self, key_id: &str, secret: &str) -> Self {
        if let Place::Bucket { credentials, .. } = &mut self.place {
            *credentials = Some(Credentials::new(key_id, secret, None, None, "configuration"));
        }
        self
    }

    /// A folder.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::Folder(path.into()) }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Folder(path) => path.display().fmt(f),
            Place::Bucket { bucket, prefix, endpoint, .. } => {
                write!(f, "s3://{bucket}")?;
                if !prefix.is_empty() {
                    write!(f, "/{prefix}")?;
                }
                endpoint.as_ref().map_or(Ok(()), |endpoint| write!(f, " at {endpoint}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let location = Location::parse(text, Some("http://localhost:9000")).ok();
        assert_eq!(location.map(|location| location.to_string()).as_deref(), expected);
    }

    #[test]
    fn a_bucket_or_a_folder_is_a_location() {
        check("s3://runs", Some("s3://runs at http://localhost:9000"));
        check("s3://runs/etl/2026/", Some("s3://runs/etl/2026 at http://localhost:9000"));
        check("./runs", Some("./runs"));
        check("s3://", None);
        check("s3://runs/../x", None);
        check("https://runs", None);
        check(" ", None);
    }
}
