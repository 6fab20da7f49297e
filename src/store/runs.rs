//! Runs that were begun: when, what was asked and how, and how they have ended.

use super::database::Database;
use rusqlite::{Error, OptionalExtension, Row, params};

/// The most runs that are kept.
const MOST_RUNS: i64 = 1000;

/// A run that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunRun {
    /// For people.
    pub question: String,
    /// What makes it again, in the form of whoever began it.
    pub request: String,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct EndedRun {
    /// Why it has ended, in a word.
    pub state: String,
    pub model: String,
    /// Calls that were made, and those that were not, since their replies were known.
    pub calls: u64,
    pub cached_calls: u64,
    pub tokens: u64,
    /// US dollars, if the prices are known.
    pub cost: Option<f64>,
}

/// A run, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptRun {
    pub number: i64,
    pub begun: BegunRun,
    /// In seconds since 1970.
    pub started: i64,
    /// When it has ended, and how. Nothing if it is under way, or was killed.
    pub ended: Option<(i64, EndedRun)>,
}

const SELECT: &str =
    "SELECT id, question, request, started, ended, state, model, calls, cached_calls, tokens, cost FROM runs";

impl Database {
    /// Notes a run that begins. Returns its number.
    pub fn begin_run(&mut self, begun: &BegunRun, now: i64) -> Result<i64, Error> {
        let connection = self.connection();
        connection.execute(
            "INSERT INTO runs (question, request, started) VALUES (?1, ?2, ?3)",
            params![begun.question, begun.request, now],
        )?;
        let number = connection.last_insert_rowid();
        connection.execute("DELETE FROM runs WHERE id <= ?1", [number - MOST_RUNS])?;
        Ok(number)
    }

    pub fn end_run(&mut self, number: i64, ended: &EndedRun, now: i64) -> Result<(), Error> {
        let [calls, cached, tokens] = [ended.calls, ended.cached_calls, ended.tokens].map(u64::cast_signed);
        let connection = self.connection();
        let updated = connection.execute(
            "UPDATE runs SET ended = ?2, state = ?3, model = ?4, calls = ?5, cached_calls = ?6, tokens = ?7, cost = ?8
             WHERE id = ?1",
            params![number, now, ended.state, ended.model, calls, cached, tokens, ended.cost],
        );
        updated.map(drop)
    }

    /// All runs, the newest first.
    pub fn runs(&self) -> Result<Vec<KeptRun>, Error> {
        let mut select = self.connection().prepare(&format!("{SELECT} ORDER BY id DESC"))?;
        select.query_map([], kept)?.collect()
    }

    pub fn run(&self, number: i64) -> Result<Option<KeptRun>, Error> {
        self.connection().query_row(&format!("{SELECT} WHERE id = ?1"), [number], kept).optional()
    }
}

fn kept(row: &Row<'_>) -> Result<KeptRun, Error> {
    let count = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let ended = match row.get::<_, Option<i64>>(4)? {
        Some(at) => Some((
            at,
            EndedRun {
                state: row.get(5)?,
                model: row.get(6)?,
                calls: count(7)?,
                cached_calls: count(8)?,
                tokens: count(9)?,
                cost: row.get(10)?,
            },
        )),
        None => None,
    };
    let begun = BegunRun { question: row.get(1)?, request: row.get(2)? };
    Ok(KeptRun { number: row.get(0)?, begun, started: row.get(3)?, ended })
}
