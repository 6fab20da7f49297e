//! What questions are taken for.

use super::*;

fn ask(text: &str) -> Ask {
    Question::new(text).ask
}

#[test]
fn what_is_named_is_told_from_the_words_around_it() {
    // names | words | files | literals
    for (text, expected) in [
        ("explain CartAdapter.carry", "CartAdapter.carry|||"),
        ("what calls `corpus::grep` in src/a.rs?", "corpus::grep||src/a.rs|"),
        ("what is frost.py used for?", "||frost.py|"),
        ("what is in Makefile?", "||Makefile|"),
        ("What does src/pkg/pages.py do?", "||src/pkg/pages.py|"),
        ("what does package.json say about engines?", "||package.json|"),
        ("which Node.js version is required?", "|||"),
        ("What happened to barrel 61538274?", "|||61538274"),
        ("what does K44012 mean?", "|||K44012"),
        ("what does error E0308 mean, and 0x80071234?", "|||E0308,0x80071234"),
        ("What changed in v7.1.1?", "|||v7.1.1"),
        ("what happened at 2026-07-19T10:00:01Z on 10.0.0.7?", "|||2026-07-19T10:00:01Z,10.0.0.7"),
        ("see commit 1f2e3d4c5b6a", "|||1f2e3d4c5b6a"),
        ("which code returns \"not today\"?", "|||not today"),
        ("where is the user's 'dark mode' kept, isn't it?", "|||dark mode"),
        ("What does it do with ORCHARD_TRACE?", "ORCHARD_TRACE|||"),
        ("how does HTTPServer use makeRoom?", "HTTPServer,makeRoom|||"),
        ("where is send() defined", "send|||"),
        ("where is ripen defined?", "|ripen||"),
        ("what does the ripen function do?", "|ripen||"),
        ("How are IPv6 and UTF-16 handled by 3 threads?", "|||"),
        ("read/write access, and/or e.g. this", "|||"),
        ("Where is a picture on disk turned into bytes?", "|||"),
        ("self.send(body) or this.x", "self.send,this.x|||"),
    ] {
        let Named { names, words, files, literals, .. } = Question::new(text).named;
        let found = [names, words, files, literals].map(|list| list.join(",")).join("|");
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn what_a_question_names_is_bounded() {
    let names: String = (0..1000).map(|number| format!("name_{number}{} \"a b {number}\" ", "x".repeat(250))).collect();
    assert!(Question::new(&format!("{names}?")).to_python(4000).len() <= 4000);
}

#[test]
fn lines_of_files_are_places() {
    for (text, expected) in [
        ("what happens at src/pump.c:17?", ("src/pump.c", 17, 17)),
        ("explain a.py:3-9", ("a.py", 3, 9)),
        ("show me lines 7-12 of pump.c", ("pump.c", 7, 12)),
        ("what is in line 4 of `a.md`?", ("a.md", 4, 4)),
        ("why a.go, line 8?", ("a.go", 8, 8)),
    ] {
        let named = Question::new(text).named;
        let (path, first, last) = expected;
        assert_eq!(named.places, [(path.to_owned(), first, last)], "{text}");
        assert!(named.files.is_empty() && named.literals.is_empty(), "{text}: {named:?}");
    }
}

#[test]
fn questions_about_uses_name_what_is_used() {
    for (text, name, calls) in [
        ("what calls parse_line?", "parse_line", true),
        ("Who uses `Budget`?", "Budget", false),
        ("where is HttpClient::connect called from?", "HttpClient::connect", true),
        ("find all usages of makeRoom", "makeRoom", false),
        ("list the callers of reserve()", "reserve", true),
        ("which functions call `corpus::grep`", "corpus::grep", true),
        ("What depends on LineIndex?", "LineIndex", false),
        ("who calls ripen?", "ripen", true),
        ("what calls the function send", "send", true),
        ("where is send used?", "send", false),
        ("how often is chime called?", "chime", true),
        ("who calls CartAdapter?", "CartAdapter", true),
        ("is grow still used?", "grow", false),
        ("which classes implement Shape", "Shape", false),
        ("who calls prune-tree?", "prune-tree", true),
        ("where is RopeError raised?", "RopeError", false),
    ] {
        let question = Question::new(text);
        let names = [question.named.names, question.named.words].concat();
        assert_eq!((&question.ask, names.first().map(String::as_str)), (&Ask::Uses { calls }, Some(name)), "{text}");
    }
}

#[test]
fn summaries_are_of_the_whole() {
    for text in [
        "Summarise this repository",
        "summary",
        "what is this project about?",
        "What's it about?",
        "give me an overview of the code",
        "Describe the architecture.",
        "what does this crate do?",
        "How is the codebase organised?",
        "what is this?",
        "What does the library do?",
        "explain this project in two sentences",
        "tell me about this repo",
    ] {
        assert_eq!(ask(text), Ask::Summary, "{text}");
    }
}

#[test]
fn what_a_package_says_of_itself_is_asked_of_its_manifest() {
    for (text, about) in [
        ("list all dependencies and their versions", "dependency"),
        ("what does it depend on?", "dependency"),
        ("which libraries does this project need?", "dependency"),
        ("which licence is this under?", "licence"),
        ("Is this MIT licensed?", "licence"),
        ("what changed in the last release?", "release"),
        ("what's new?", "release"),
        ("What changed in 7.1.1?", "release"),
        ("which Node.js version is required?", "runtime"),
        ("what is the minimum supported Rust version", "runtime"),
        ("Does it run on Python 3.8? Which Python versions are supported?", "runtime"),
        ("what version is this?", "version"),
        ("which features are there?", "feature"),
        ("what optional extras does it have?", "feature"),
        ("which npm scripts are there?", "command"),
        ("is it MIT?", "licence"),
    ] {
        assert_eq!(ask(text), Ask::Manifest { about }, "{text}");
    }
}

#[test]
fn counts_times_and_kinds_are_told_apart() {
    let count = |of: &str, by: Option<&str>| Ask::Count { of: of.to_owned(), by: by.map(str::to_owned) };
    for (text, expected) in [
        ("how many ERROR lines are there?", count("ERROR lines are there", None)),
        ("How many errors per day?", count("errors", Some("day"))),
        ("how many files are there", count("files are there", None)),
        ("count the functions in a.py", count("functions in a.py", None)),
        ("how many times does `x y` occur?", count("does `x y` occur", None)),
        ("number of commits by author", count("commits", Some("author"))),
        ("when was the first label that could not be printed?", Ask::When { last: false }),
        ("when did the last timeout happen", Ask::When { last: true }),
        ("which errors repeat, and when did they begin?", Ask::Repeats { of: "error".to_owned() }),
        ("what are the most common warnings?", Ask::Repeats { of: "warning".to_owned() }),
        ("what is in Makefile?", Ask::List { of: String::new() }),
        ("what is set in config.yml?", Ask::List { of: String::new() }),
        ("which functions are in a.py?", Ask::List { of: "functions".to_owned() }),
        ("which files are there?", Ask::List { of: "files".to_owned() }),
        ("list all classes", Ask::List { of: "classes".to_owned() }),
        ("where is CartAdapter defined?", Ask::Definition),
        ("explain ripen", Ask::Definition),
        ("what does grow do?", Ask::Definition),
    ] {
        assert_eq!(ask(text), expected, "{text}");
    }
}

#[test]
fn everything_else_is_answered_by_passages() {
    for text in [
        "where are retries decided?",
        "how does the walk treat hidden files",
        "What calls the server back?",
        "describe how tokens are counted",
        "which code uses a semaphore?",
        "Why is memory sealed",
        "What does the library do when frost comes before the harvest?",
        "What is the file name of the secrets file?",
        "what does the code 0x80071234 mean?",
        "What does the code in names.py do with ORCHARD_TRACE?",
        "Where is the licence key checked?",
        "How are versions of a dependency compared?",
        "Where is the template with its placeholders parsed?",
        "Where is it checked that a message claims the right version of the remote procedure call protocol?",
    ] {
        assert_eq!(ask(text), Ask::Passages, "{text}");
    }
}

#[test]
fn messages_and_traces_are_taken_out_of_what_was_pasted() {
    for (text, messages, frames) in [
        ("guest was turned away by the night ferry", &["guest was turned away by the night ferry"][..], &[][..]),
        ("where does this come from: guest was turned away", &["guest was turned away"], &[]),
        ("why do I get the error \"no rope around it\"?", &["no rope around it"], &[]),
        ("what does \"the seal of it is broken\" mean?", &["the seal of it is broken"], &[]),
        ("which event says linnet cage unlatched?", &["linnet cage unlatched"], &[]),
        ("TypeError: cannot read the rope of undefined", &["cannot read the rope of undefined"], &[]),
        (
            "Traceback (most recent call last):\n  File \"road.py\", line 3, in <module>\n    toll.collect(d, 5)\nRuntimeError: the gate refused driver 77",
            &["the gate refused driver 77"],
            &[("road.py", 3)],
        ),
        (
            "TypeError: rope is not a function\n    at tie (/srv/app/lib/rope.js:10:5)\n    at node:internal/main:1:1",
            &["rope is not a function"],
            &[("/srv/app/lib/rope.js", 10)],
        ),
        (
            "why?\njava.lang.IllegalStateException: no ladder left\n\tat a.b.Barn.open(Barn.java:12)\nCaused by: a.b.LadderException: too short\n\tat a.b.C.d(C.java:3)",
            &["too short", "no ladder left"],
            &[("Barn.java", 12), ("C.java", 3)],
        ),
        (
            "thread 'main' panicked at src/barn.rs:7:9:\nthe barn is locked\nnote: run with `RUST_BACKTRACE=1`",
            &["the barn is locked"],
            &[("src/barn.rs", 7)],
        ),
        (
            "panic: no hay in here\n\ngoroutine 1 [running]:\nmain.feed(...)\n\t/src/barn.go:12 +0x1d",
            &["no hay in here"],
            &[("/src/barn.go", 12)],
        ),
        (
            "error[E0308]: mismatched types of hay\n --> src/hay.rs:4:5",
            &["mismatched types of hay"],
            &[("src/hay.rs", 4)],
        ),
        ("2026-04-01T10:00:00Z ERROR [rope] knot slipped after 3 ms", &["[rope] knot slipped after 3 ms"], &[]),
        ("where is the limit of retries?", &[], &[]),
    ] {
        let question = Question::new(text);
        assert_eq!(
            question.messages.iter().take(messages.len().max(1)).collect::<Vec<_>>(),
            messages.iter().collect::<Vec<_>>(),
            "{text}"
        );
        let expected: Vec<(String, usize)> = frames.iter().map(|&(path, line)| (path.to_owned(), line)).collect();
        assert_eq!(question.frames, expected, "{text}");
    }
}
