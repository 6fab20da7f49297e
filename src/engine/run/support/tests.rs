//! Replies of the kind that models of one to four billion parameters write, and what is left of them.

use super::*;
use crate::corpus::Snapshot;

const TEXT: &str = r#"def backoff(attempt):
    """Seconds to wait before the next attempt, at most 30."""
    return min(30, 2 ** attempt)

# The port that the server listens on.
PORT = 8080
MAX_CONNECTIONS = 256
TIMEOUT_MS = 1500

class Sessions:
    """Sessions are kept in memory. They are not written to disk, so a restart loses them."""
    def expire(self, now):
        """Ends a session that has been idle for longer than the limit, and closes its socket."""
        self.all = [it for it in self.all if now - it.last_seen < self.idle_limit]
"#;

const WAIT: &str = "How long does it wait?";
const PORT: &str = "Which port does the server listen on?";
const IDLE: &str = "What happens to idle sessions?";
const KEPT: &str = "Where are sessions kept?";
const SETTINGS: &str = "Which settings are there?";

async fn judged(question: &str, reply: &str, is_small: bool) -> Judged {
    let snapshot = Snapshot::of_text(Some("server.py"), TEXT.to_owned());
    let context = snapshot.context().unwrap();
    let place = |(first_line, last_line)| Place { path: "server.py".to_owned(), first_line, last_line };
    let places = [(1, 3), (5, 8), (10, 14)].map(place);
    judge(reply, TEXT, &places, question, context, is_small).await.unwrap()
}

#[tokio::test]
async fn true_answers_with_their_places_survive_as_they_are() {
    for (question, reply) in [
        (
            WAIT,
            "The `backoff` function waits 2 to the power of the attempt number, but at most 30 seconds (server.py:1-3).",
        ),
        (WAIT, "It waits up to thirty seconds before the next attempt (server.py:2)."),
        (WAIT, "The wait never exceeds 30 seconds (`server.py:2`)."),
        (WAIT, "Based on the provided passages, the wait is at most 30 seconds [server.py:2]."),
        (WAIT, "According to server.py:2, it waits no more than 30 seconds before the next attempt."),
        (WAIT, "The docstring says \"Seconds to wait before the next atempt, at most 30\" (server.py:2)."),
        (PORT, "The server listens on port 8080 (server.py:6)."),
        (PORT, "Port: 8080 (server.py:6)"),
        (KEPT, "Sessions are kept in memory (server.py:11)."),
        (KEPT, "They are not saved to disk, so sessions are lost after a restart (server.py:11)."),
        (
            IDLE,
            "The `expire` method keeps only those sessions whose `last_seen` is within the `idle_limit` (server.py:12-14).",
        ),
        (IDLE, "When a session is idle for longer than the limit, it ends and its socket is closed (server.py:13)."),
        (
            SETTINGS,
            "1. **Port**: 8080 (server.py:6)\n2. **Max connections**: 256 (server.py:7)\n3. **Timeout**: 1500 ms (server.py:8)",
        ),
        (SETTINGS, "- `PORT` is 8080 (server.py:6)\n- `MAX_CONNECTIONS` is 256 (server.py:7)"),
    ] {
        assert_eq!(judged(question, reply, true).await, Judged { text: reply.to_owned(), left_out: 0 }, "{reply}");
    }
}

#[tokio::test]
async fn what_is_true_gets_its_place() {
    for (question, reply, expected) in [
        (
            WAIT,
            "It waits at most 30 seconds before the next attempt. Bananas are yellow.",
            "It waits at most 30 seconds before the next attempt (`server.py:2`).",
        ),
        (
            WAIT,
            "It waits at most 30 seconds before the next attempt (`server.py:99`).",
            "It waits at most 30 seconds before the next attempt (`server.py:2`).",
        ),
        (
            IDLE,
            "An idle session ends, and its socket closes (server.py:2).",
            "An idle session ends, and its socket closes (`server.py:13`).",
        ),
        (PORT, "8080", "8080 (`server.py:6`)."),
        (PORT, "The answer:\n\nPort 8080", "Port 8080 (`server.py:6`)."),
    ] {
        assert_eq!(judged(question, reply, true).await.text, expected, "{reply}");
    }
}

#[tokio::test]
async fn of_a_sentence_what_holds_up_to_a_falsehood_is_kept() {
    let first = "The server listens on port 8080 (server.py:6).";
    for reply in [
        "The server listens on port 8080 (server.py:6) and stores its sessions in Redis (server.py:11).",
        "The server listens on port 8080 (server.py:6), and it restarts every night at 3.",
        "The server listens on port 8080 (server.py:6). It was written in 1999 (server.py:7).",
    ] {
        assert_eq!(judged(PORT, reply, true).await, Judged { text: first.to_owned(), left_out: 1 }, "{reply}");
    }
}

#[tokio::test]
async fn what_the_text_does_not_say_is_not_believed() {
    for (question, reply) in [
        (WAIT, "It waits at most 45 seconds before the next attempt (`server.py:2`)."),
        (WAIT, "It waits at least 30 seconds before the next attempt (`server.py:2`)."),
        (WAIT, "The wait before the next attempt is in `max_retries` (server.py:2)."),
        (WAIT, "The capital of France is Paris (`server.py:2`)."),
        (WAIT, "The `expire` function waits at most 30 seconds (server.py:2)."),
        (WAIT, "It does not wait 30 seconds before the next attempt (`server.py:2`)."),
        (WAIT, WAIT),
        (WAIT, "return attempt"),
        (WAIT, "`return attempt;`"),
        (PORT, "PORT = 8080"),
        (
            WAIT,
            "It waits at most 30 seconds before the next attempt. Bananas are yellow. Apples are red. Plums are blue.",
        ),
        (PORT, "The server listens on port 9090 (server.py:6)."),
        (PORT, "The server listens on port 256 (server.py:7)."),
        (KEPT, "Sessions are stored in a Redis database (server.py:11)."),
        (KEPT, "Sessions are written to disk (server.py:11)."),
        (IDLE, "A session is never closed (server.py:13)."),
        (IDLE, ""),
    ] {
        assert_eq!(judged(question, reply, true).await.text, "", "{reply}");
    }
}

#[tokio::test]
async fn a_larger_model_that_cites_is_believed_as_elsewhere() {
    let reply = "In short:\n\n- it doubles, up to 30 s (`server.py:3`)\n- nothing else";
    assert_eq!(judged(WAIT, reply, false).await, Judged { text: reply.to_owned(), left_out: 0 });
}
