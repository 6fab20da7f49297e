//! What is in a store, counted for people.

use super::{
    database::{Bounds, DAY, Database},
    tables::TABLES,
};
use rusqlite::Error;

/// What is in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many bytes the database may have.
    pub most_bytes: u64,
    /// How many days something is kept.
    pub most_days: u64,
    pub tables: Vec<Table>,
}

impl Summary {
    /// Of a store in which there is nothing.
    pub fn of(bounds: Bounds) -> Self {
        let most_days = (bounds.age / DAY).cast_unsigned();
        Self { most_bytes: bounds.bytes, most_days, tables: Vec::new() }
    }
}

/// What is in one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: &'static str,
    /// What it holds, for people.
    pub holds: &'static str,
    pub entries: u64,
    /// When the oldest and the newest entry were written, in seconds since 1970.
    pub oldest: Option<i64>,
    pub newest: Option<i64>,
}

impl Database {
    pub fn summary(&self) -> Result<Summary, Error> {
        let table = |(name, time, holds)| {
            let count = format!("SELECT count(*), min({time}), max({time}) FROM {name}");
            self.connection().query_row(&count, [], |row| {
                let entries = row.get::<_, i64>(0)?.cast_unsigned();
                Ok(Table { name, holds, entries, oldest: row.get(1)?, newest: row.get(2)? })
            })
        };
        let tables = TABLES.into_iter().map(table).collect::<Result<_, _>>()?;
        Ok(Summary { tables, ..Summary::of(self.bounds()) })
    }
}
