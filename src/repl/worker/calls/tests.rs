//! The hand-over between threads, in all orders in which they can run. `loom` finds these orders, and fails where all
//! threads sleep and nobody is left to wake one.

use super::*;
use loom::{model::Builder, thread};
use serde_json::json;
use std::collections::VecDeque;

/// The orders in which up to three threads run differ in at most so many places from one in which each runs as long as
/// it can. More take minutes.
const PREEMPTIONS: usize = 3;

/// A server, and the socket to it.
#[derive(Default)]
struct Server {
    sent: Mutex<VecDeque<Sent>>,
    more: Condvar,
}

enum Sent {
    Message(ToWorker),
    /// From then on nothing comes but this.
    End,
    Nonsense,
}

impl Server {
    fn send(&self, sent: Sent) {
        self.sent.lock().unwrap().push_back(sent);
        self.more.notify_one();
    }

    fn reply(&self, id: u64) {
        self.send(Sent::Message(ToWorker::Reply { id, result: Ok(json!(id)) }));
    }

    fn read(&self) -> io::Result<Option<ToWorker>> {
        let mut sent = self.sent.lock().unwrap();
        loop {
            match sent.front() {
                Some(Sent::Message(_)) => {
                    let Some(Sent::Message(message)) = sent.pop_front() else { unreachable!() };
                    return Ok(Some(message));
                }
                Some(Sent::End) => return Ok(None),
                Some(Sent::Nonsense) => return Err(io::Errno::PROTO),
                None => sent = self.more.wait(sent).unwrap(),
            }
        }
    }
}

/// The process: what its threads share.
struct Process {
    calls: Calls<()>,
    server: Server,
}

impl Process {
    fn open(&self) -> u64 {
        self.calls.open().0
    }

    /// The answer to a call, which is its number, or why there is none.
    fn answer(&self, id: u64) -> io::Result<u64> {
        let answer = self.calls.answer(id, |()| self.server.read())?;
        Ok(answer.ok().and_then(|answer| answer.as_u64()).unwrap_or_default())
    }

    fn receive(&self) -> io::Result<Option<ToWorker>> {
        self.calls.receive(|()| self.server.read())
    }
}

fn explore(program: impl Fn(Arc<Process>) + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(move || program(Arc::new(Process { calls: Calls::new(()), server: Server::default() })));
}

fn start<T: 'static>(process: &Arc<Process>, work: impl FnOnce(&Process) -> T + 'static) -> thread::JoinHandle<T> {
    let process = Arc::clone(process);
    thread::spawn(move || work(&process))
}

fn join(threads: [thread::JoinHandle<()>; 2]) {
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn call(process: &Process) {
    let id = process.open();
    process.server.reply(id);
    assert_eq!(process.answer(id), Ok(id));
}

#[test]
fn every_thread_gets_its_own_answer() {
    explore(|process| {
        let others = [start(&process, call), start(&process, call)];
        call(&process);
        join(others);
    });
}

#[test]
fn who_waits_is_answered_when_the_reader_leaves_first_or_last() {
    for is_reversed in [false, true] {
        explore(move |process| {
            let mut ids = [process.open(), process.open()];
            let others = ids.map(|id| start(&process, move |process| assert_eq!(process.answer(id), Ok(id))));
            if is_reversed {
                ids.reverse();
            }
            ids.into_iter().for_each(|id| process.server.reply(id));
            join(others);
        });
    }
}

#[test]
fn a_call_that_is_not_sent_leaves_the_others_alone() {
    explore(|process| {
        let unsent = process.open();
        let others = [start(&process, call), start(&process, call)];
        process.calls.close(unsent);
        join(others);
        assert!(process.calls.state().waiting.is_empty());
    });
}

#[test]
fn the_loop_and_a_thread_that_was_left_behind_both_get_what_is_theirs() {
    explore(|process| {
        process.server.send(Sent::Message(ToWorker::Rest));
        process.server.send(Sent::Message(ToWorker::Renew));
        let other = start(&process, |process| {
            call(process);
            process.server.send(Sent::End);
        });
        assert_eq!(process.receive(), Ok(Some(ToWorker::Rest)));
        assert_eq!(process.receive(), Ok(Some(ToWorker::Renew)));
        assert_eq!(process.receive(), Ok(None));
        other.join().unwrap();
    });
}

#[test]
fn a_new_cell_ends_the_calls_of_the_one_before() {
    explore(|process| {
        let old = process.open();
        let other = start(&process, move |process| assert_eq!(process.answer(old), Err(io::Errno::PIPE)));
        process.calls.begin_cell(2);
        call(&process);
        other.join().unwrap();
    });
}

#[test]
fn the_end_of_the_server_reaches_all() {
    explore(|process| {
        let others = [(); 2].map(|()| {
            let id = process.open();
            start(&process, move |process| assert_eq!(process.answer(id), Err(io::Errno::PIPE)))
        });
        process.server.send(Sent::End);
        assert_eq!(process.receive(), Ok(None));
        join(others);
    });
}

#[test]
fn nonsense_of_the_server_ends_all_calls() {
    explore(|process| {
        let others = [(); 2].map(|()| {
            let id = process.open();
            start(&process, move |process| process.answer(id).unwrap_err())
        });
        process.server.send(Sent::Nonsense);
        assert_eq!(process.receive(), Err(io::Errno::PROTO));
        let errors = others.map(|other| other.join().unwrap());
        assert!(errors.iter().all(|error| [io::Errno::PROTO, io::Errno::PIPE].contains(error)), "{errors:?}");
    });
}
