//! Parts of the traffic.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A part of the traffic, in ten-thousandths, so that 0.01 % can be said exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Share(u16);

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self(10_000);

    /// So many ten-thousandths; `None` beyond all.
    pub fn per_ten_thousand(n: u16) -> Option<Self> {
        (n <= Self::ALL.0).then_some(Self(n))
    }

    /// In ten-thousandths.
    pub fn ten_thousandths(self) -> u16 {
        self.0
    }
}

/// A number of ten-thousandths is more than all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a share has at most 10000 ten-thousandths, not {0}")]
pub struct TooLarge(u16);

impl TryFrom<u16> for Share {
    type Error = TooLarge;
    fn try_from(n: u16) -> Result<Self, TooLarge> {
        Self::per_ten_thousand(n).ok_or(TooLarge(n))
    }
}

impl From<Share> for u16 {
    fn from(share: Share) -> u16 {
        share.0
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 100, self.0 % 100);
        if part == 0 { write!(f, "{whole} %") } else { write!(f, "{whole}.{part:02} %") }
    }
}
