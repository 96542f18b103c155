//! The ids themselves: text ids are cheap to clone (`Arc<str>`); numbers start at 1 and 0 means "none", as in Maestro's API.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// The first one that is ever given out.
            pub const FIRST: Self = Self(1);

            /// The one after this.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

text_id! {
    /// A workflow, unique in the store; loop bodies have derived ids (`maestro_foreach_…`, `maestro_while_…`).
    WorkflowId
}
text_id! {
    /// A step, unique among all nesting levels of one definition.
    StepId
}
number_id! {
    /// The n-th version of a workflow's definition.
    VersionId
}
number_id! {
    /// The n-th instance of a workflow; for loop bodies, the iteration, from 1.
    InstanceId
}
number_id! {
    /// The n-th (re)start of an instance.
    RunId
}
number_id! {
    /// The n-th try of a step within one run.
    AttemptId
}

/// One instance of one workflow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstanceKey {
    /// The workflow.
    pub workflow: WorkflowId,
    /// Its instance.
    pub instance: InstanceId,
}

/// One run of one instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunKey {
    /// The workflow.
    pub workflow: WorkflowId,
    /// Its instance.
    pub instance: InstanceId,
    /// The run of that instance.
    pub run: RunId,
}

impl RunKey {
    /// The instance that this is a run of.
    pub fn instance_key(&self) -> InstanceKey {
        InstanceKey { workflow: self.workflow.clone(), instance: self.instance }
    }
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.workflow, self.instance, self.run)
    }
}

/// One try of one step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptKey {
    /// The run that the step belongs to.
    pub run: RunKey,
    /// The step.
    pub step: StepId,
    /// Which try.
    pub attempt: AttemptId,
}

impl fmt::Display for AttemptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.run, self.step, self.attempt)
    }
}

/// Where new uuids and numbers come from; seeded in replay and simulation, random in production.
pub trait Ids: Send {
    /// A fresh random (v4 shaped) uuid.
    fn uuid(&mut self) -> uuid::Uuid;
    /// A fresh positive 64-bit number.
    fn number(&mut self) -> i64;
}
