//! One interpreter, from the first cell to the last.

use super::{
    Error, HostCalls,
    budget::Budget,
    fork_server::ProcessEnd,
    process::{Launch, Process},
    wire::{Cause, CellReport, FromWorker, Run, SandboxLevel, ToWorker},
    worker,
};
use crate::text::cut_head;
use futures::{StreamExt, stream::FuturesUnordered};
use rustix::process::Pid;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until};

/// How much longer than its own limit a cell is waited for before its process is killed from outside. The process ends
/// such a cell itself long before, unless a program has got hold of it.
const BACKSTOP: Duration = Duration::from_secs(5);

/// How long an interpreter may take to turn to another text. It takes milliseconds; this is for one that a program has
/// got hold of.
const RENEWAL: Duration = Duration::from_secs(60);

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ended {
    /// By itself: with a result or with an exception.
    #[default]
    Normally,
    /// It was ended; the variables are those from before the cell.
    RolledBack(Cause),
    /// It was ended and its checkpoint with it; the variables are gone, and a new interpreter has begun.
    Lost(Cause),
}

/// A process that is ready for a cell.
#[derive(Debug, Clone, Copy)]
struct Ready {
    level: SandboxLevel,
    group: Option<Pid>,
}

/// An interpreter with its variables.
pub struct ReplSession {
    launch: Launch,
    limits: Limits,
    /// Absent after the process was lost, until the next cell.
    process: Option<Process>,
    /// What is known of the process once it is ready.
    ready: Option<Ready>,
    cells: u64,
    /// Whether no cell is under way.
    is_idle: bool,
}

impl ReplSession {
    /// Starts an interpreter. It gets ready by itself; a long list of files reaches it while [`Self::prepare`] waits.
    pub async fn start(launch: Launch, limits: Limits) -> Result<Self, Error> {
        let process = Process::start(&launch).await?;
        Ok(Self { launch, limits, process: Some(process), ready: None, cells: 0, is_idle: true })
    }

    /// Waits until the interpreter is ready for a cell, and says which walls stand around it. Running a cell waits as
    /// well; this finds out earlier.
    pub async fn prepare(&mut self) -> Result<SandboxLevel, Error> {
        self.ready_process().await.map(|(_, ready)| ready.level)
    }

    /// Gives the programs another context and other names; their variables stay. Says whether that could be done: a
    /// text that is fetched in parts has its place in a process from the beginning, and threads that a program has left
    /// behind may hold what there was.
    pub async fn renew(&mut self, launch: Launch, limits: Limits) -> Result<bool, Error> {
        let is_mapped = |launch: &Launch| !launch.context.is_in_parts();
        if self.process.is_none() || !is_mapped(&launch) || !is_mapped(&self.launch) {
            return Ok(false);
        }
        let renewed = tokio::time::timeout(RENEWAL, self.hand_over(&launch)).await.unwrap_or(Ok(false))?;
        if renewed {
            (self.launch, self.limits) = (launch, limits);
        }
        Ok(renewed)
    }

    async fn hand_over(&mut self, launch: &Launch) -> Result<bool, Error> {
        // The question before may have ended while the process still got ready.
        let (process, _) = self.ready_process().await?;
        process.queue(&ToWorker::Renew)?;
        loop {
            match process.receive().await? {
                Some(FromWorker::Renewing) => process.send_start(launch)?,
                Some(FromWorker::Ready { .. }) => return Ok(true),
                Some(FromWorker::Refused { .. }) | None => return Ok(false),
                Some(_) => {}
            }
        }
    }

    /// Runs a cell and answers its host calls. After dropping this future in the middle the session is of no use any
    /// more; drop it as well, which ends the process.
    pub async fn run_cell(&mut self, code: &str, host: &dyn HostCalls) -> Result<CellOutcome, Error> {
        self.cells += 1;
        let cell = self.cells;
        let limits = self.limits;
        self.is_idle = false;
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
            self.ready = None;
            // Later generations are no children of the fork server from the beginning, and their status goes to nobody.
            let is_first = process.is_first();
            if let ProcessEnd::Gone { status: Some(worker::ENDED_BY_DEADLINE) } = process.end().await
                && is_first
            {
                *cause = Cause::Time;
            }
        }
        self.is_idle = true;
        Ok(outcome)
    }

    pub(super) fn budget(&self) -> &Arc<Budget> {
        self.launch.fork_server.budget()
    }

    /// Has the process give back the memory that it does not need, and get no more. Says whether there is a process.
    pub(super) fn begin_rest(&mut self) -> bool {
        let Some(process) = &mut self.process else { return false };
        process.reservation().set_resting(true);
        // A process that is gone shows when it is needed.
        let _ = process.send(&ToWorker::Rest);
        true
    }

    pub(super) fn end_rest(&mut self) {
        self.process.iter().for_each(|process| process.reservation().set_resting(false));
    }

    /// The bytes of the budget that it has.
    pub(super) fn reserved(&self) -> u64 {
        self.process.as_ref().map_or(0, |process| process.reservation().bytes())
    }

    /// Whether it can go on: no cell is under way, and none was left in the middle.
    pub fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// The group of the interpreter's processes, if they are ready.
    pub fn process_group(&self) -> Option<Pid> {
        self.ready?.group
    }

    /// Ends the interpreter and waits until its process is gone.
    pub async fn close(self) {
        if let Some(process) = self.process {
            // Why it ended is known: nobody needs it any more.
            process.end().await;
        }
    }

    async fn ready_process(&mut self) -> Result<(&mut Process, Ready), Error> {
        let ready = self.get_ready().await?;
        let process = self.process.as_mut().ok_or(Error::EndedEarly)?;
        Ok((process, ready))
    }

    /// Waits until the process is ready. If its fork server ends before, it is replaced once.
    async fn get_ready(&mut self) -> Result<Ready, Error> {
        let mut is_replaced = false;
        loop {
            if let Some(ready) = self.ready {
                return Ok(ready);
            }
            let process = match self.process.take() {
                Some(process) => process,
                None => Process::start(&self.launch).await?,
            };
            let process = self.process.insert(process);
            match process.receive().await? {
                Some(FromWorker::Ready { level }) => {
                    let group = process.group().await;
                    self.ready = Some(Ready { level, group });
                }
                Some(FromWorker::Refused { reason }) => return Err(Error::Refused(reason)),
                Some(_) => {}
                None => {
                    let process = self.process.take().ok_or(Error::EndedEarly)?;
                    match process.end().await {
                        ProcessEnd::NotSpawned(error) => return Err(self.launch.fork_server.failed(error)),
                        ProcessEnd::Unknown if !is_replaced => is_replaced = true,
                        ProcessEnd::Unknown | ProcessEnd::Gone { .. } => return Err(Error::EndedEarly),
                    }
                }
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

/// Serves a cell until it ends. `limit` bounds the time during which no host call is open and no part of the text is
/// waited for.
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
                // A thread may call between two cells: it has lost its answer already, and its call belongs to neither.
                Some(FromWorker::Call(call)) if call.cell == cell => {
                    let (id, counted) = (call.id, process.traffic().count(&call));
                    calls.push(async move {
                        match counted {
                            Ok(_counted) => (id, host.call(call).await),
                            Err(refused) => (id, Err(refused)),
                        }
                    });
                }
                Some(FromWorker::Done(report)) if report.cell == cell => {
                    return Ok(CellOutcome { report, ended: Ended::Normally });
                }
                Some(FromWorker::Recovered { cause }) => return Ok(ended(Ended::RolledBack(cause))),
                Some(_) => {}
                None => return Ok(ended(Ended::Lost(Cause::Crash))),
            },
            Some((id, result)) = calls.next() => {
                process.reply(id, result)?;
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
