//! The database: how it is opened, its bounds, and the replies in it.

use super::{
    Key,
    problem::Problem,
    tables::{APPLICATION, MIGRATIONS, TABLES},
};
use rusqlite::{
    Connection, Error, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, config::DbConfig, params,
};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// How long another process that writes is waited for.
const BUSY: Duration = Duration::from_secs(5);

/// How long the beginning may take, when several processes make the same file.
const OPENING: Duration = Duration::from_secs(10);
const OPENING_PAUSE: Duration = Duration::from_millis(10);

/// Seconds after which the use of a reply is noted anew. To the hour it says well enough which is the oldest, and most looks
/// write nothing.
const USE_SECONDS: i64 = 3600;

/// Seconds after which old replies are looked for again.
const EXPIRY_SECONDS: i64 = DAY;

pub const DAY: i64 = 86_400;

/// A reply that takes more than this part of the store is not kept.
const LARGEST_PART: u64 = 16;

/// How many bytes of a write-ahead log stay when it has been taken over.
const LOG_BYTES: i64 = 4 << 20;

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub bytes: u64,
    /// In seconds.
    pub age: i64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bytes: 256 << 20, age: 90 * DAY }
    }
}

/// A reply, in the form of whoever keeps it, and what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReply {
    pub reply: String,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cached_input_tokens: u64,
}

/// The open database.
pub struct Database {
    connection: Connection,
    bounds: Bounds,
    expired: i64,
}

impl Database {
    /// Opens a file that is there; an empty one becomes a store. Nothing is written to a file of which this is not sure.
    pub fn open(path: &Path, bounds: Bounds, now: i64) -> Result<Self, Problem> {
        let began = Instant::now();
        loop {
            match Self::open_once(path, bounds, now) {
                // SQLite waits for others, but not where they make the file what it is to be.
                Err(Problem::Busy) if began.elapsed() < OPENING => std::thread::sleep(OPENING_PAUSE),
                result => return result,
            }
        }
    }

    fn open_once(path: &Path, bounds: Bounds, now: i64) -> Result<Self, Problem> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        // All of it at one moment: another process may be making the tables.
        let look = connection.transaction()?;
        let version = known_version(&look)?;
        drop(look);
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // What was committed survives the process; the last of it may be lost with the machine, and is asked anew.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
        let page: u64 = pragma(&connection, "page_size")?;
        connection.pragma_update(None, "max_page_count", (bounds.bytes / page).max(1) as i64)?;
        if version < MIGRATIONS.len() {
            migrate(&mut connection)?;
        }
        let mut database = Self { connection, bounds, expired: i64::MIN };
        database.expire(now)?;
        Ok(database)
    }

    /// The reply under a key, if it is not too old.
    pub fn reply(&mut self, key: Key, now: i64) -> Result<Option<KeptReply>, Error> {
        let mut select = self.connection.prepare_cached(
            "SELECT reply, input_tokens, output_tokens, cached_input_tokens, used FROM replies
             WHERE key = ?1 AND stored > ?2",
        )?;
        let row = select.query_row(params![key.bytes(), now - self.bounds.age], |row| {
            let reply = KeptReply {
                reply: row.get(0)?,
                input_tokens: row.get::<_, i64>(1)?.cast_unsigned(),
                output_tokens: row.get::<_, i64>(2)?.cast_unsigned(),
                cached_input_tokens: row.get::<_, i64>(3)?.cast_unsigned(),
            };
            Ok((reply, row.get::<_, i64>(4)?))
        });
        drop(select);
        let Some((reply, used)) = row.optional()? else { return Ok(None) };
        if now - used > USE_SECONDS {
            let mut update = self.connection.prepare_cached("UPDATE replies SET used = ?1 WHERE key = ?2")?;
            // The reply is there, whether that can be noted or not.
            let _ = update.execute(params![now, key.bytes()]);
        }
        Ok(Some(reply))
    }

    /// Keeps a reply, in the place of an earlier one. Where there is no room those that were not used for the longest time
    /// go.
    pub fn keep(&mut self, key: Key, reply: &KeptReply, now: i64) -> Result<(), Error> {
        if reply.reply.len() as u64 > self.bounds.bytes / LARGEST_PART {
            return Ok(());
        }
        self.with_room(now, |connection| {
            let KeptReply { reply, input_tokens, output_tokens, cached_input_tokens } = reply;
            let mut insert = connection.prepare_cached(
                "INSERT OR REPLACE INTO replies
                 (key, reply, input_tokens, output_tokens, cached_input_tokens, stored, used)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
            )?;
            let [input, output, cached] = [*input_tokens, *output_tokens, *cached_input_tokens].map(u64::cast_signed);
            insert.execute(params![key.bytes(), reply, input, output, cached, now]).map(drop)
        })
    }

    /// Writes something for which there is room, or for which replies make room.
    pub(super) fn with_room<T>(
        &mut self,
        now: i64,
        write: impl Fn(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if now - self.expired > EXPIRY_SECONDS {
            self.expire(now)?;
        }
        self.make_room(self.bounds.bytes / LARGEST_PART * (LARGEST_PART - 1))?;
        match write(&self.connection) {
            // The disk may be full, or others may have filled the store meanwhile.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                self.make_room(self.bounds.bytes / 2)?;
                write(&self.connection)
            }
            result => result,
        }
    }

    pub fn forget(&mut self, keys: &[Key]) -> Result<(), Error> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut delete = transaction.prepare_cached("DELETE FROM replies WHERE key = ?1")?;
            for key in keys {
                delete.execute([key.bytes()])?;
            }
        }
        transaction.commit()
    }

    /// Takes out what is too old.
    fn expire(&mut self, now: i64) -> Result<(), Error> {
        self.expired = now;
        let before = now - self.bounds.age;
        for (table, time, _) in TABLES {
            let oldest = format!("SELECT min({time}) FROM {table}");
            let oldest: Option<i64> = self.connection.query_row(&oldest, [], |row| row.get(0))?;
            if oldest.is_some_and(|oldest| oldest <= before) {
                self.connection.execute(&format!("DELETE FROM {table} WHERE {time} <= ?1"), [before])?;
            }
        }
        Ok(())
    }

    /// Takes out replies, an eighth of them at a time, until what is left takes no more than these bytes.
    fn make_room(&mut self, most: u64) -> Result<(), Error> {
        while self.bytes_used()? > most {
            let taken = self.connection.execute(
                "DELETE FROM replies WHERE id IN
                 (SELECT id FROM replies ORDER BY used, id LIMIT (SELECT count(*) / 8 + 1 FROM replies))",
                [],
            )?;
            if taken == 0 {
                break;
            }
        }
        Ok(())
    }

    fn bytes_used(&self) -> Result<u64, Error> {
        let [page, pages, free] = ["page_size", "page_count", "freelist_count"].map(|it| pragma(&self.connection, it));
        Ok(page? * pages?.saturating_sub(free?))
    }

    /// For what other tables need.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Takes everything out, and gives the room back.
    pub fn clear(&mut self) -> Result<(), Problem> {
        let deletes: String = TABLES.iter().map(|(table, ..)| format!("DELETE FROM {table}; ")).collect();
        self.connection.execute_batch(&format!("{deletes}VACUUM;"))?;
        // Until the log is taken over, it has what was there.
        let blocked: i64 = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if blocked == 0 { Ok(()) } else { Err(Problem::Busy) }
    }
}

fn pragma(connection: &Connection, name: &str) -> Result<u64, Error> {
    connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
}

/// The version of a store, and 0 for an empty file.
fn known_version(connection: &Connection) -> Result<usize, Problem> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, usize::try_from(version)) {
        (0, Ok(0)) if tables == 0 => Ok(0),
        (APPLICATION, Ok(known)) if known <= MIGRATIONS.len() => Ok(known),
        (APPLICATION, _) => Err(Problem::Later(version)),
        _ => Err(Problem::Foreign),
    }
}

/// Brings the tables to the version of this program. Another process may do so at the same time.
fn migrate(connection: &mut Connection) -> Result<(), Problem> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = known_version(&transaction)?;
    for migration in &MIGRATIONS[version..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    Ok(transaction.commit()?)
}
