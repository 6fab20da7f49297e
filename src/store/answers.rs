//! Answers: what was asked, of which text, what came of it and what that took.

use super::{Key, database::Database};
use rusqlite::{Error, OptionalExtension, Row, params};

/// The most answers that are kept. The oldest go first.
const MOST: i64 = 2000;

/// One that takes more than this part of the store is not kept; all together take at most that part.
const LARGEST_PART: u64 = 128;
const PART_OF_ALL: u64 = 8;

/// The most that are looked at: answers to a question, questions about a text, and questions that say what one takes.
const MOST_TO_A_QUESTION: i64 = 16;
const MOST_QUESTIONS: i64 = 300;
const MOST_SPENT: i64 = 100;

/// What an answer is kept under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerKey {
    /// The question, with all but the text that its answer depends on.
    pub asked: Key,
    /// The text.
    pub text: Key,
    /// Where the text lies.
    pub scope: Key,
}

/// What a question took.
#[derive(Debug, Clone, PartialEq)]
pub struct Spent {
    /// The root model, the one of sub-calls, and how the question was answered.
    pub model: String,
    pub worker: String,
    pub strategy: String,
    /// The size of the text.
    pub bytes: u64,
    /// All calls, and their tokens, also those that were not made since their replies were known.
    pub calls: u64,
    pub tokens: u64,
    /// US dollars, if the prices are known.
    pub cost: Option<f64>,
}

/// An answer that ends a question.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAnswer {
    pub key: AnswerKey,
    pub question: String,
    /// In the form of whoever keeps it.
    pub answer: String,
    pub spent: Spent,
}

/// An answer, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    pub number: i64,
    pub question: String,
    pub answer: String,
    /// In seconds since 1970.
    pub stored: i64,
    text: Vec<u8>,
    scope: Vec<u8>,
}

impl KeptAnswer {
    /// Whether it is about this text.
    pub fn is_about(&self, text: Key) -> bool {
        self.text == text.bytes()
    }

    /// Whether its text lies there.
    pub fn is_in(&self, scope: Key) -> bool {
        self.scope == scope.bytes()
    }
}

/// A question that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredQuestion {
    pub number: i64,
    pub question: String,
    /// In seconds since 1970.
    pub stored: i64,
}

const SELECT: &str = "SELECT id, question, answer, stored, text, scope FROM answers";

impl Database {
    /// Keeps an answer, in the place of an earlier one to the same question about the same text.
    pub fn keep_answer(&mut self, new: &NewAnswer, now: i64) -> Result<(), Error> {
        let most = self.bounds().bytes;
        let NewAnswer { key, question, answer, spent } = new;
        if (answer.len() + question.len()) as u64 > most / LARGEST_PART {
            return Ok(());
        }
        let [bytes, calls, tokens] = [spent.bytes, spent.calls, spent.tokens].map(u64::cast_signed);
        self.with_room(now, |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO answers
                 (asked, text, scope, question, answer, model, worker, strategy, bytes, calls, tokens, cost, stored)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                params![
                    key.asked.bytes(),
                    key.text.bytes(),
                    key.scope.bytes(),
                    question,
                    answer,
                    spent.model,
                    spent.worker,
                    spent.strategy,
                    bytes,
                    calls,
                    tokens,
                    spent.cost,
                    now
                ],
            )?;
            connection.execute(
                "DELETE FROM answers WHERE id IN
                 (SELECT id FROM (SELECT id, row_number() OVER latest AS number, sum(length(answer)) OVER latest AS size
                  FROM answers WINDOW latest AS (ORDER BY id DESC)) WHERE number > ?1 OR size > ?2)",
                params![MOST, (most / PART_OF_ALL).cast_signed()],
            )?;
            Ok(())
        })
    }

    /// The answers to a question, whatever text they are about, the newest first.
    pub fn answers_to(&self, asked: Key) -> Result<Vec<KeptAnswer>, Error> {
        let select = format!("{SELECT} WHERE asked = ?1 ORDER BY id DESC LIMIT ?2");
        let mut select = self.connection().prepare_cached(&select)?;
        select.query_map(params![asked.bytes(), MOST_TO_A_QUESTION], kept)?.collect()
    }

    /// The answer of that number.
    pub fn answer(&self, number: i64) -> Result<Option<KeptAnswer>, Error> {
        self.connection().query_row(&format!("{SELECT} WHERE id = ?1"), [number], kept).optional()
    }

    /// The questions that were answered about the texts that lie there, the newest first.
    pub fn answered_questions(&self, scope: Key) -> Result<Vec<AnsweredQuestion>, Error> {
        let mut select = self
            .connection()
            .prepare_cached("SELECT id, question, stored FROM answers WHERE scope = ?1 ORDER BY id DESC LIMIT ?2")?;
        let answered =
            |row: &Row<'_>| Ok(AnsweredQuestion { number: row.get(0)?, question: row.get(1)?, stored: row.get(2)? });
        select.query_map(params![scope.bytes(), MOST_QUESTIONS], answered)?.collect()
    }

    /// What questions took that these models have answered in this way, the latest first.
    pub fn spent(&self, model: &str, worker: &str, strategy: &str) -> Result<Vec<Spent>, Error> {
        let mut select = self.connection().prepare_cached(
            "SELECT bytes, calls, tokens, cost FROM answers WHERE model = ?1 AND worker = ?2 AND strategy = ?3
             ORDER BY id DESC LIMIT ?4",
        )?;
        let spent = |row: &Row<'_>| {
            let count = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
            Ok(Spent {
                model: model.to_owned(),
                worker: worker.to_owned(),
                strategy: strategy.to_owned(),
                bytes: count(0)?,
                calls: count(1)?,
                tokens: count(2)?,
                cost: row.get(3)?,
            })
        };
        select.query_map(params![model, worker, strategy, MOST_SPENT], spent)?.collect()
    }
}

fn kept(row: &Row<'_>) -> Result<KeptAnswer, Error> {
    Ok(KeptAnswer {
        number: row.get(0)?,
        question: row.get(1)?,
        answer: row.get(2)?,
        stored: row.get(3)?,
        text: row.get(4)?,
        scope: row.get(5)?,
    })
}
