//! What cycles of dogfooding have proposed, and which checks of repositories the person trusts.

use super::database::Database;
use rusqlite::{Error, Row, TransactionBehavior, params};

/// The most proposals that are kept.
const MOST: i64 = 2000;

/// The longest content of one; a longer one is not kept.
const LONGEST: usize = 4 << 20;

/// A proposal with what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptProposal {
    /// The top of the repository.
    pub place: String,
    pub cycle: i64,
    /// In its cycle, from 1.
    pub number: i64,
    pub title: String,
    pub kind: String,
    /// Of what it changes.
    pub digest: String,
    /// `offered`, `accepted` or `rejected`.
    pub state: String,
    /// Why it was rejected.
    pub why: String,
    /// What it changes, and the proof, in the form of whoever keeps it.
    pub content: String,
    /// The commit that it was made for.
    pub base: String,
    /// The commit that it became.
    pub commit: Option<String>,
    /// In seconds since 1970.
    pub stored: i64,
}

impl Database {
    /// Keeps the proposals of a cycle.
    pub fn keep_proposals(&mut self, proposals: &[KeptProposal], now: i64) -> Result<(), Error> {
        self.with_room(now, |connection| {
            let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            for it in proposals.iter().filter(|it| it.content.len() <= LONGEST) {
                transaction.execute(
                    "INSERT INTO proposals (place, cycle, number, title, kind, digest, state, why, content, base, made, stored)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                    params![
                        it.place, it.cycle, it.number, it.title, it.kind, it.digest, it.state, it.why, it.content, it.base,
                        it.commit, now
                    ],
                )?;
            }
            let last: i64 = transaction.query_row("SELECT coalesce(max(id), 0) FROM proposals", [], |row| row.get(0))?;
            transaction.execute("DELETE FROM proposals WHERE id <= ?1", [last - MOST])?;
            transaction.commit()
        })
    }

    /// The proposals for a repository, the latest cycle first, and in each by their numbers.
    pub fn proposals(&self, place: &str) -> Result<Vec<KeptProposal>, Error> {
        let mut select = self.connection().prepare(
            "SELECT place, cycle, number, title, kind, digest, state, why, content, base, made, stored FROM proposals
             WHERE place = ?1 ORDER BY cycle DESC, number",
        )?;
        select.query_map([place], kept)?.collect()
    }

    /// Notes that these proposals of a cycle were accepted, and as which commit.
    pub fn accept_proposals(&mut self, place: &str, cycle: i64, numbers: &[i64], commit: &str) -> Result<(), Error> {
        for number in numbers {
            self.connection().execute(
                "UPDATE proposals SET state = 'accepted', made = ?4 WHERE place = ?1 AND cycle = ?2 AND number = ?3",
                params![place, cycle, number, commit],
            )?;
        }
        Ok(())
    }

    /// Notes that the person trusts the checks of a repository, which have this digest.
    pub fn trust(&mut self, place: &str, digest: &str, now: i64) -> Result<(), Error> {
        let insert = "INSERT OR REPLACE INTO trusted (place, digest, stored) VALUES (?1, ?2, ?3)";
        self.connection().execute(insert, params![place, digest, now]).map(drop)
    }

    /// Whether the person does.
    pub fn trusts(&self, place: &str, digest: &str) -> Result<bool, Error> {
        let count = "SELECT count(*) FROM trusted WHERE place = ?1 AND digest = ?2";
        let count: i64 = self.connection().query_row(count, params![place, digest], |row| row.get(0))?;
        Ok(count > 0)
    }
}

fn kept(row: &Row<'_>) -> Result<KeptProposal, Error> {
    Ok(KeptProposal {
        place: row.get(0)?,
        cycle: row.get(1)?,
        number: row.get(2)?,
        title: row.get(3)?,
        kind: row.get(4)?,
        digest: row.get(5)?,
        state: row.get(6)?,
        why: row.get(7)?,
        content: row.get(8)?,
        base: row.get(9)?,
        commit: row.get(10)?,
        stored: row.get(11)?,
    })
}
