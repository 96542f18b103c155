//! Classes of failures; each has its own limit, counter and wait.

use crate::status::StepStatus;

/// What an attempt that is tried again failed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The step's own code.
    Error,
    /// The platform.
    Platform,
    /// The clock.
    Timeout,
}

impl Class {
    /// Every class, in the order of documents.
    pub const ALL: [Self; 3] = [Self::Error, Self::Platform, Self::Timeout];

    /// The class of a failed attempt that the system tries again.
    pub fn of(status: StepStatus) -> Option<Self> {
        match status {
            StepStatus::UserFailed => Some(Self::Error),
            StepStatus::PlatformFailed => Some(Self::Platform),
            StepStatus::TimeoutFailed => Some(Self::Timeout),
            _ => None,
        }
    }
}

/// One value a class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerClass<T> {
    /// User errors.
    pub error: T,
    /// Platform errors.
    pub platform: T,
    /// Timeouts.
    pub timeout: T,
}

impl<T> PerClass<T> {
    /// The value of one class.
    pub fn of(&self, class: Class) -> &T {
        match class {
            Class::Error => &self.error,
            Class::Platform => &self.platform,
            Class::Timeout => &self.timeout,
        }
    }

    /// The value of one class, to change.
    pub fn of_mut(&mut self, class: Class) -> &mut T {
        match class {
            Class::Error => &mut self.error,
            Class::Platform => &mut self.platform,
            Class::Timeout => &mut self.timeout,
        }
    }

    /// Every value with its class, in the order of documents.
    pub fn iter(&self) -> impl Iterator<Item = (Class, &T)> {
        Class::ALL.into_iter().map(|class| (class, self.of(class)))
    }

    /// What a function makes of every value; the first failure ends it.
    pub fn try_map<U, E>(&self, mut make: impl FnMut(Class, &T) -> Result<U, E>) -> Result<PerClass<U>, E> {
        let error = make(Class::Error, &self.error)?;
        let platform = make(Class::Platform, &self.platform)?;
        Ok(PerClass { error, platform, timeout: make(Class::Timeout, &self.timeout)? })
    }

    /// What a function makes of every value.
    pub fn map<U>(&self, mut make: impl FnMut(Class, &T) -> U) -> PerClass<U> {
        PerClass {
            error: make(Class::Error, &self.error),
            platform: make(Class::Platform, &self.platform),
            timeout: make(Class::Timeout, &self.timeout),
        }
    }
}
