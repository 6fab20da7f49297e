//! The tables of each version of the store.

/// By which the file is known as one of ours: "rlm" and a byte of its own.
pub const APPLICATION: i32 = 0x726c_6d53;

/// What makes each version of the tables of the one before, from an empty file on. Nothing here is ever changed; what is
/// new is a further entry.
pub const MIGRATIONS: [&str; 3] = [
    "
    CREATE TABLE replies (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        reply TEXT NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cached_input_tokens INTEGER NOT NULL,
        stored INTEGER NOT NULL,
        used INTEGER NOT NULL
    );
    CREATE INDEX replies_by_use ON replies (used, id);
    CREATE INDEX replies_by_age ON replies (stored);
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        question TEXT NOT NULL,
        request TEXT NOT NULL,
        started INTEGER NOT NULL,
        ended INTEGER,
        state TEXT,
        model TEXT,
        calls INTEGER,
        cached_calls INTEGER,
        tokens INTEGER,
        cost REAL
    );
",
    "
    CREATE TABLE conversations (
        id INTEGER PRIMARY KEY,
        client TEXT NOT NULL,
        place TEXT NOT NULL,
        name TEXT NOT NULL,
        title TEXT NOT NULL,
        request TEXT NOT NULL,
        questions INTEGER NOT NULL,
        state TEXT NOT NULL,
        started INTEGER NOT NULL,
        used INTEGER NOT NULL,
        UNIQUE (client, place, name)
    );
    CREATE INDEX conversations_by_use ON conversations (used, id);
    CREATE TABLE answers (
        id INTEGER PRIMARY KEY,
        asked BLOB NOT NULL,
        text BLOB NOT NULL,
        scope BLOB NOT NULL,
        question TEXT NOT NULL,
        answer TEXT NOT NULL,
        model TEXT NOT NULL,
        worker TEXT NOT NULL,
        strategy TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        calls INTEGER NOT NULL,
        tokens INTEGER NOT NULL,
        cost REAL,
        stored INTEGER NOT NULL,
        UNIQUE (asked, text)
    );
    CREATE INDEX answers_by_scope ON answers (scope, id);
    CREATE INDEX answers_by_models ON answers (model, worker, strategy, id);
    CREATE INDEX answers_by_age ON answers (stored);
",
    "
    CREATE TABLE proposals (
        id INTEGER PRIMARY KEY,
        place TEXT NOT NULL,
        cycle INTEGER NOT NULL,
        number INTEGER NOT NULL,
        title TEXT NOT NULL,
        kind TEXT NOT NULL,
        digest TEXT NOT NULL,
        state TEXT NOT NULL,
        why TEXT NOT NULL,
        content TEXT NOT NULL,
        base TEXT NOT NULL,
        made TEXT,
        stored INTEGER NOT NULL
    );
    CREATE INDEX proposals_by_place ON proposals (place, cycle, number);
    CREATE TABLE trusted (
        place TEXT NOT NULL,
        digest TEXT NOT NULL,
        stored INTEGER NOT NULL,
        UNIQUE (place, digest)
    );
",
];

/// The tables with what they hold, for people, and the column that says when an entry was written or last used.
pub const TABLES: [(&str, &str, &str); 6] = [
    (
        "replies",
        "stored",
        "what models have replied, and how many tokens that took, under a hash of what they were asked; what they were \
         asked is not in it",
    ),
    (
        "runs",
        "started",
        "questions, reviews, changes and cycles: when they began, how they have ended, and what they took; of those of the terminal the words of the \
         command line and the folder",
    ),
    (
        "conversations",
        "used",
        "questions that may be followed up, with their answers, the folder, the words of a command line, the programs of \
         models, and what calls of models and of own tools in them came to",
    ),
    (
        "answers",
        "stored",
        "questions with their answers, the programs that led to them, what they took, and hashes of the text and of the \
         lines that they cite",
    ),
    (
        "proposals",
        "stored",
        "what cycles of dogfooding have proposed, with the texts of the changed files, and why it was not taken",
    ),
    ("trusted", "stored", "in which repositories which checks may be run, as a hash"),
];
