//! One interpreter, from the first cell to the last.

use super::{
    Error, HostCalls,
    process::{Launch, Process},
    wire::{Cause, CellReport, FromWorker, Raised, Run, ToWorker, Walls},
};
use crate::text::cut_head;
use futures::{StreamExt, stream::FuturesUnordered};
use rustix::process::Pid;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How much longer than its own limit a cell is waited for before its process is killed from outside. The process ends
/// such a cell itself long before, unless a program has got hold of it.
const BACKSTOP: Duration = Duration::from_secs(5);

/// How many calls of a cell may be open before nothing more is taken from its process; each has a thread that waits.
const MOST_OPEN_CALLS: usize = 1024;

/// How many variables of a cell are listed at most.
const MOST_VARIABLES: usize = 500;

/// What one cell may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time that the program itself takes; waiting for host calls does not count.
    pub cell_time: Duration,
    /// Characters of output that are kept.
    pub output_chars: usize,
}

/// What came of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct CellOutcome {
    pub report: CellReport,
    pub ended: Ended,
}

/// How the process of a cell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself: with a result or with an exception.
    Normally,
    /// It was ended; the variables are those from before the cell.
    RolledBack(Cause),
    /// It was ended and its checkpoint with it; the variables are gone, and a new interpreter has begun.
    Lost(Cause),
}

/// An interpreter with its variables.
pub struct Session {
    launch: Launch,
    limits: Limits,
    /// Absent after the process was lost, until the next cell.
    process: Option<Process>,
    /// What stands around the process, once it is ready.
    walls: Option<Walls>,
    cells: u64,
}

impl Session {
    /// Starts an interpreter. It gets ready by itself; a long list of files reaches it while [`Self::prepare`] waits.
    pub async fn start(launch: Launch, limits: Limits) -> Result<Self, Error> {
        let process = Process::start(&launch).await?;
        Ok(Self { launch, limits, process: Some(process), walls: None, cells: 0 })
    }

    /// Waits until the interpreter is ready for a cell, and says which walls stand around it. Running a cell waits as well;
    /// this finds out earlier.
    pub async fn prepare(&mut self) -> Result<Walls, Error> {
        self.ready_process().await.map(|(_, walls)| walls)
    }

    /// Runs a cell and answers its host calls. After dropping this future in the middle the session is of no use any
    /// more; drop it as well, which ends the process.
    pub async fn run_cell(&mut self, code: &str, host: &dyn HostCalls) -> Result<CellOutcome, Error> {
        self.cells += 1;
        let cell = self.cells;
        let limits = self.limits;
        let (process, _) = self.ready_process().await?;
        let run = Run {
            cell,
            code: code.to_owned(),
            time_limit_ms: u64::try_from(limits.cell_time.as_millis()).unwrap_or(u64::MAX),
            output_limit: limits.output_chars,
        };
        process.queue(&ToWorker::Run(run))?;
        let mut outcome = supervise(process, cell, limits.cell_time + BACKSTOP, host).await?;
        bound(&mut outcome.report, limits.output_chars);
        if let Ended::Lost(cause) = &mut outcome.ended
            && let Some(process) = self.process.take()
        {
            self.walls = None;
            *cause = process.end().await.unwrap_or(*cause);
        }
        Ok(outcome)
    }

    /// The group of the interpreter's processes, if they run.
    pub fn process_group(&self) -> Option<Pid> {
        self.process.as_ref()?.group()
    }

    /// Ends the interpreter and waits until its process is gone.
    pub async fn close(self) {
        if let Some(process) = self.process {
            // Why it ended is known: nobody needs it any more.
            let _ = process.end().await;
        }
    }

    async fn ready_process(&mut self) -> Result<(&mut Process, Walls), Error> {
        let process = match self.process.take() {
            Some(process) => process,
            None => Process::start(&self.launch).await?,
        };
        let process = self.process.insert(process);
        loop {
            if let Some(walls) = self.walls {
                return Ok((process, walls));
            }
            match process.receive().await? {
                Some(FromWorker::Ready { walls }) => self.walls = Some(walls),
                Some(FromWorker::Refused { reason }) => return Err(Error::Refused(reason)),
                Some(_) => {}
                None => return Err(Error::EndedEarly),
            }
        }
    }
}

/// Cuts what a report may have too much of. The process does so itself, unless a program has got hold of it.
fn bound(report: &mut CellReport, output_chars: usize) {
    let cut = cut_head(&report.output, output_chars);
    if cut.omitted > 0 {
        report.output_omitted = report.output_omitted.saturating_add(cut.omitted);
        report.output = cut.shown.to_owned();
    }
    report.variables.truncate(MOST_VARIABLES);
}

/// Serves a cell until it ends. `limit` bounds the time during which no host call is open and no part of the text is waited
/// for.
async fn supervise(
    process: &mut Process,
    cell: u64,
    limit: Duration,
    host: &dyn HostCalls,
) -> Result<CellOutcome, Error> {
    let mut calls = FuturesUnordered::new();
    let mut left = limit;
    let ended = |ended| CellOutcome { report: CellReport { cell, ..CellReport::default() }, ended };
    loop {
        let (since, waited) = (Instant::now(), process.waited_for_text());
        let idle = calls.is_empty();
        tokio::select! {
            frame = process.receive(), if calls.len() < MOST_OPEN_CALLS => match frame? {
                Some(FromWorker::Call(call)) => {
                    let id = call.id;
                    let answer = host.call(call);
                    calls.push(async move { (id, answer.await) });
                }
                Some(FromWorker::Done(report)) if report.cell == cell => {
                    return Ok(CellOutcome { report, ended: Ended::Normally });
                }
                Some(FromWorker::Recovered { cell: dead, cause }) if dead == cell => {
                    return Ok(ended(Ended::RolledBack(cause)));
                }
                Some(_) => {}
                None => return Ok(ended(Ended::Lost(Cause::Crash))),
            },
            Some((id, result)) = calls.next() => {
                let reply = ToWorker::Reply { id, result };
                if process.queue(&reply).is_err() {
                    process.queue(&ToWorker::Reply { id, result: Err(Raised::too_long("the result")) })?;
                }
            }
            () = sleep_until(since + left), if idle => {}
        }
        if idle {
            let own = since.elapsed().saturating_sub(process.waited_for_text().saturating_sub(waited));
            left = left.saturating_sub(own);
            if left.is_zero() {
                return Ok(ended(Ended::Lost(Cause::Time)));
            }
        }
    }
}
