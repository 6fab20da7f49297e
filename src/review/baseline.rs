//! Findings that were there before: those of an earlier review, as `rlm review --format json` has printed it.

use crate::{
    failure::{Failure, FailureKind},
    text::visible_path,
};
use rustc_hash::FxHashSet;
use serde::Deserialize;
use std::{fs::File, io::Read, path::Path};

/// The most bytes of such a file.
const MOST_BYTES: u64 = 64 << 20;

/// The identities of earlier findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline(FxHashSet<String>);

/// What is read of an earlier review.
#[derive(Deserialize)]
#[serde(expecting = "the JSON of a review")]
struct Earlier {
    findings: Vec<EarlierFinding>,
}

#[derive(Deserialize)]
struct EarlierFinding {
    id: String,
}

impl Baseline {
    /// Reads a file that a person has named. Blocks.
    ///
    /// # Errors
    /// It cannot be read, or is no review.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let bad = |why: String| Failure {
            kind: FailureKind::BadFindings,
            message: format!("cannot use {} as a baseline: {why}", visible_path(path)),
            hint: Some("make one: rlm review --format json --max-findings 10000 > FILE".to_owned()),
        };
        let mut text = String::new();
        let file = File::open(path).map_err(|error| bad(error.to_string()))?;
        file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(|error| bad(error.to_string()))?;
        if text.len() as u64 > MOST_BYTES {
            return Err(bad(format!("it has more than {} MiB", MOST_BYTES >> 20)));
        }
        let earlier: Earlier = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
        Ok(Self(earlier.findings.into_iter().map(|it| it.id).collect()))
    }

    pub fn has(&self, id: &str) -> bool {
        self.0.contains(id)
    }
}
