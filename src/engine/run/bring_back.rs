//! The variables of a session that another process has begun: its programs run once more.
//!
//! The programs of a question are run again if the text is the one that they have looked into. Their looks see it as before;
//! what their calls of models and of tools came to is known. So they make the variables that there were, and nothing is asked,
//! paid for or done twice. What could not be brought back is told to the model and to the person.

use super::{
    context::Context,
    names::{beside, blocking, names},
    notes,
};
use crate::{
    corpus::ContextText,
    engine::{
        error::RunError,
        host::{dispatch::HostFunctions, recorded::Replaying},
        origin::Origin,
        prompt::inputs::output_chars,
        query_context::QueryContext,
        question::{
            Question,
            session::{
                Loss, Session,
                memory::{Exchange, Memory, QuestionPrograms, TextOfPrograms},
            },
        },
        text_key,
    },
    repl::{self, Ended, Interpreter, Resting, wire::Names},
};
use std::sync::Arc;

/// What came of running programs again.
struct Made {
    interpreter: Option<Box<dyn Interpreter>>,
    variables: Vec<(String, String)>,
    /// Why not all is as it was, if it is not.
    why: Option<&'static str>,
}

const OTHER_TEXT: &str = "the text has changed since";
const UNKNOWN_TEXT: &str = "the text is too large to be known again";
const TOO_MUCH: &str = "their programs did too much to be run again";
const FAILED: &str = "their programs came to another end when they were run again";
const ENDED: &str = "the interpreter ended while their programs were run again";
const PRINTED: &str =
    "programs of earlier questions printed something else when they were run again, so that variables may differ";

/// Brings the variables of a question's session back, if they are those of another process.
///
/// # Errors
/// The text cannot be read, or there is no interpreter.
pub async fn variables(tree: &QueryContext, question: &Question, context: &Context) -> Result<(), RunError> {
    let Some((session, memory)) = question.session.as_ref().and_then(|it| Some((it, it.elsewhere()?))) else {
        return Ok(());
    };
    tree.say("bringing back the variables of earlier questions".to_owned());
    let text = context.text().await?;
    let key = text_key::of(text.clone()).await.map(TextOfPrograms::Is);
    let (same, others): (Vec<_>, Vec<_>) = memory.programs.iter().cloned().partition(|it| Some(it.text) == key);
    let why = match () {
        () if memory.is_too_much => Some(TOO_MUCH),
        () if others.iter().any(|it| it.text == TextOfPrograms::Unknown) => Some(UNKNOWN_TEXT),
        () if others.is_empty() => None,
        () => Some(OTHER_TEXT),
    };
    let made = run_again(tree, question, &memory, &same, &text).await?;
    conclude(session, memory.variables, same, Made { why: why.or(made.why), ..made });
    Ok(())
}

fn conclude(session: &Session, before: Vec<(String, String)>, programs: Vec<QuestionPrograms>, made: Made) {
    let Made { interpreter, variables, why } = made;
    let resting = interpreter.and_then(|interpreter| interpreter.rest());
    let missing = before.into_iter().map(|(name, _)| name);
    let missing: Vec<String> = missing.filter(|name| variables.iter().all(|(there, _)| there != name)).collect();
    let loss = match (missing.is_empty(), why) {
        (true, Some(PRINTED)) => Some(Loss { names: missing, why: PRINTED.to_owned() }),
        (true, _) => None,
        (false, why) => {
            Some(Loss { names: missing, why: why.filter(|it| *it != PRINTED).unwrap_or(FAILED).to_owned() })
        }
    };
    match resting {
        Some(resting) => {
            session.keep(resting, variables, None);
            session.note_brought_back(programs, loss);
        }
        None => {
            session.lose_variables();
            session.note_brought_back(Vec::new(), loss);
        }
    }
}

async fn run_again(
    tree: &QueryContext,
    question: &Question,
    memory: &Memory,
    questions: &[QuestionPrograms],
    text: &Arc<ContextText>,
) -> Result<Made, RunError> {
    let limits =
        repl::Limits { cell_time: tree.limits.cell_timeout, output_chars: output_chars(tree.choice.root.window()) };
    let interpreters = &tree.backend.interpreters;
    let mut made = Made { interpreter: None, variables: Vec::new(), why: None };
    for asked in questions {
        let (beside, context) = (beside_then(tree, question, memory, asked, text), text.clone());
        let names = blocking(move || names(&context, beside)).await?;
        let interpreter = match made.interpreter.take() {
            None => interpreters.start(text.clone(), names, limits).await?,
            Some(before) => {
                let repl = before.rest().and_then(Resting::wake);
                let renewed = match repl {
                    Some(repl) => interpreters.renew(repl, text.clone(), names, limits).await,
                    None => None,
                };
                match renewed {
                    Some(renewed) => renewed,
                    None => return Ok(Made { interpreter: None, variables: Vec::new(), why: Some(ENDED) }),
                }
            }
        };
        let interpreter = made.interpreter.insert(interpreter);
        for program in &asked.programs {
            let host =
                HostFunctions { tree, context: text, origin: Origin { run: 0, depth: 0, iteration: 0, cell: 0 } };
            let host = Replaying::new(host, program.calls.clone());
            let outcome = interpreter.run_cell(&program.code, &host).await?;
            match outcome.ended {
                Ended::Normally => {
                    if outcome.report.error.is_some() != program.has_failed {
                        made.why = Some(FAILED);
                    } else if notes::printed(&outcome.report.output) != program.printed {
                        made.why = made.why.or(Some(PRINTED));
                    }
                    made.variables = outcome.report.variables;
                }
                Ended::RolledBack(_) => made.why = Some(FAILED),
                Ended::Lost(_) => return Ok(Made { interpreter: None, variables: Vec::new(), why: Some(ENDED) }),
            }
        }
    }
    Ok(made)
}

/// What the programs of an earlier question found beside the text.
fn beside_then(
    tree: &QueryContext,
    question: &Question,
    memory: &Memory,
    asked: &QuestionPrograms,
    text: &ContextText,
) -> Names {
    let mut variables: Vec<(String, String)> = Vec::new();
    let selection = asked.selection.as_ref().and_then(|it| text.read(it.start..it.end).ok());
    variables.extend(selection.map(|it| ("selection".to_owned(), it.into_owned())));
    variables.extend(asked.question.iter().map(|it| ("question".to_owned(), it.clone())));
    let history = memory.exchanges.iter().take(asked.exchanges);
    let history = history.map(|Exchange { question, answer }| (question.clone(), answer.clone())).collect();
    Names { variables, history, ..beside(tree, question, 0) }
}
