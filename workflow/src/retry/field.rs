//! What documents call the fields of a class.

use super::class::{Class, PerClass};

/// What is said of a class.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    /// How often it was tried again.
    Retries,
    /// How often it may be.
    Limit,
    /// The first wait, or each of them.
    Base,
    /// How waits grow.
    Exponent,
    /// The longest wait.
    WaitLimit,
}

impl Field {
    /// The name of the field.
    pub(super) fn of(self, class: Class) -> &'static str {
        let [error, platform, timeout] = match self {
            Self::Retries => ["error_retries", "platform_retries", "timeout_retries"],
            Self::Limit => ["error_retry_limit", "platform_retry_limit", "timeout_retry_limit"],
            Self::Base => {
                ["error_retry_backoff_in_secs", "platform_retry_backoff_in_secs", "timeout_retry_backoff_in_secs"]
            }
            Self::Exponent => ["error_retry_exponent", "platform_retry_exponent", "timeout_retry_exponent"],
            Self::WaitLimit => {
                ["error_retry_limit_in_secs", "platform_retry_limit_in_secs", "timeout_retry_limit_in_secs"]
            }
        };
        PerClass { error, platform, timeout }.of(class)
    }
}
