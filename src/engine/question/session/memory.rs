//! What a session is made of that outlives its process: questions with their answers, and the programs of their models with
//! what calls in these came to, so that running them again makes the variables that there were.

use crate::{
    repl::Raised,
    store::Key,
    text::{cut_head, one_line, with_omission},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Exchanges that are kept, the latest.
const MOST_EXCHANGES: usize = 50;

/// Characters of one question, and of one answer, that are kept.
const MOST_CHARS: usize = 100_000;

/// Characters of a title.
const TITLE_CHARS: usize = 70;

/// Bytes of programs, with what their calls came to, and how many programs. With more of them none is kept.
const MOST_PROGRAM_BYTES: usize = 4 << 20;
const MOST_PROGRAMS: usize = 500;

/// Bytes of all of it as it is written.
const MOST_BYTES: usize = 6 << 20;

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub question: String,
    pub answer: String,
}

/// The programs of one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionPrograms {
    pub text: TextOfPrograms,
    /// How many exchanges there were before.
    pub exchanges: usize,
    /// The question, if programs had it as a variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<PlaceOfSelection>,
    pub programs: Vec<Program>,
    /// Whether there were more than are kept.
    #[serde(skip)]
    is_too_much: bool,
}

/// Which text programs have looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextOfPrograms {
    /// Nobody has looked which.
    Open,
    /// One that cannot be known again: it is too large, or was not read as a whole.
    Unknown,
    Is(Key),
}

/// Where a selection is in its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceOfSelection {
    /// Bytes.
    pub start: usize,
    pub end: usize,
}

/// A program that has run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    pub code: String,
    /// A hash of what it printed.
    pub printed: Key,
    pub has_failed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<RecordedCall>,
}

/// A call that a program made and that is not made again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedCall {
    /// A hash of the function and its arguments.
    pub asked: Key,
    pub came_to: CameTo,
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CameTo {
    Value(Value),
    Raised(Raised),
}

impl QuestionPrograms {
    /// Those of a question that begins, none yet.
    pub fn new(exchanges: usize, question: Option<String>) -> Self {
        let (text, programs) = (TextOfPrograms::Open, Vec::new());
        Self { text, exchanges, question, selection: None, programs, is_too_much: false }
    }

    /// Adds a program that has run.
    pub fn push(&mut self, program: Program) {
        self.programs.push(program);
        if self.programs.len() > MOST_PROGRAMS || self.bytes() > MOST_PROGRAM_BYTES {
            self.programs.clear();
            self.is_too_much = true;
        }
    }

    /// What they have made is gone.
    pub fn clear(&mut self) {
        self.programs.clear();
        self.is_too_much = false;
    }

    fn bytes(&self) -> usize {
        let calls = |program: &Program| program.calls.iter().map(|it| it.came_to.bytes()).sum::<usize>();
        self.programs.iter().map(|it| it.code.len() + calls(it)).sum()
    }
}

impl CameTo {
    fn bytes(&self) -> usize {
        match self {
            Self::Value(value) => value.to_string().len(),
            Self::Raised(raised) => raised.message.len(),
        }
    }
}

/// What a session is made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// For people: the first question.
    pub title: String,
    /// How many questions were answered.
    pub questions: u64,
    pub exchanges: Vec<Exchange>,
    /// Whether the model has failed at programs, so that it is given passages to read.
    pub fails_at_programs: bool,
    /// Since the interpreter was begun in which the variables are.
    pub programs: Vec<QuestionPrograms>,
    /// Names and types of the variables as they were last.
    pub variables: Vec<(String, String)>,
    /// Whether there were more programs than are kept.
    pub is_too_much: bool,
}

impl Memory {
    /// Notes a question that was answered.
    pub fn note(&mut self, question: &str, answer: &str) {
        let kept = |text: &str| {
            let cut = cut_head(text, MOST_CHARS);
            with_omission(cut.shown, cut.omitted)
        };
        if self.title.is_empty() {
            self.title = one_line(question, TITLE_CHARS);
        }
        self.questions += 1;
        self.exchanges.push(Exchange { question: kept(question), answer: kept(answer) });
        self.keep_latest(MOST_EXCHANGES);
    }

    fn keep_latest(&mut self, most: usize) {
        let surplus = self.exchanges.len().saturating_sub(most);
        self.exchanges.drain(..surplus);
        for programs in &mut self.programs {
            programs.exchanges = programs.exchanges.saturating_sub(surplus);
        }
    }

    /// Adds the programs of a question.
    pub fn add(&mut self, programs: QuestionPrograms) {
        if programs.is_too_much {
            self.drop_programs();
        }
        if self.is_too_much || programs.programs.is_empty() {
            return;
        }
        self.programs.push(programs);
        let count: usize = self.programs.iter().map(|it| it.programs.len()).sum();
        let bytes: usize = self.programs.iter().map(QuestionPrograms::bytes).sum();
        if count > MOST_PROGRAMS || bytes > MOST_PROGRAM_BYTES {
            self.drop_programs();
        }
    }

    fn drop_programs(&mut self) {
        self.programs.clear();
        self.is_too_much = true;
    }

    /// The variables are gone, and what has made them is of no more use.
    pub fn lose_variables(&mut self) {
        self.programs.clear();
        self.variables.clear();
        self.is_too_much = false;
    }

    /// Says which text the programs have looked into of which nobody has said so.
    pub fn sign(&mut self, text: Option<Key>) {
        let open = self.programs.iter_mut().filter(|it| it.text == TextOfPrograms::Open);
        open.for_each(|it| it.text = text.map_or(TextOfPrograms::Unknown, TextOfPrograms::Is));
    }

    /// All of it as a text of bounded length. What does not fit is left out, here as well: first programs, then the oldest
    /// exchanges.
    pub fn written(&mut self) -> String {
        loop {
            // Texts, numbers and JSON can be written as JSON.
            let written = serde_json::to_string(self).unwrap_or_default();
            match self.exchanges.len() {
                _ if written.len() <= MOST_BYTES => return written,
                _ if !self.programs.is_empty() => self.drop_programs(),
                0 => return String::new(),
                count => self.keep_latest(count / 2),
            }
        }
    }

    /// What was written; nothing if it is no such text.
    pub fn read(written: &str) -> Option<Self> {
        serde_json::from_str(written).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn program(code: &str, value: Value) -> Program {
        let asked = Key::of(&code);
        let calls = vec![RecordedCall { asked, came_to: CameTo::Value(value) }];
        Program { code: code.to_owned(), printed: Key::of(&""), has_failed: false, calls }
    }

    fn programs(exchanges: usize, programs: Vec<Program>) -> QuestionPrograms {
        let mut noted = QuestionPrograms::new(exchanges, None);
        programs.into_iter().for_each(|program| noted.push(program));
        noted
    }

    #[test]
    fn the_latest_exchanges_are_kept_and_none_without_end() {
        let mut memory = Memory::default();
        memory.add(programs(55, vec![program("x = 1", json!(1))]));
        for number in 0..60 {
            memory.note(&format!("q{number}"), &"a".repeat(200_000));
        }
        let exchanges = &memory.exchanges;
        assert_eq!((exchanges.len(), exchanges[0].question.as_str()), (50, "q10"));
        assert!(exchanges[0].answer.ends_with("aaa\n… [100000 characters left out]"), "what was cut is told");
        assert_eq!((memory.title.as_str(), memory.questions, memory.programs[0].exchanges), ("q0", 60, 45));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut memory = Memory::default();
        memory.note("q", "a");
        memory.add(programs(0, vec![program("x = 1", json!(["a", null, 1.5]))]));
        memory.variables = vec![("x".to_owned(), "int".to_owned())];
        memory.sign(Some(Key::of(&"text")));
        assert_eq!(memory.programs[0].text, TextOfPrograms::Is(Key::of(&"text")));
        let written = memory.written();
        assert_eq!(Memory::read(&written), Some(memory));
        assert_eq!((Memory::read(""), Memory::read("{}")), (None, Some(Memory::default())));
    }

    #[test]
    fn programs_that_are_too_much_are_not_kept_and_long_histories_get_shorter() {
        let mut memory = Memory::default();
        memory.add(programs(0, vec![program("x = 1", json!("v".repeat(3 << 20)))]));
        assert_eq!((memory.programs.len(), memory.is_too_much), (1, false));
        memory.add(programs(1, vec![program("y = 1", json!("v".repeat(2 << 20)))]));
        assert_eq!((memory.programs.len(), memory.is_too_much), (0, true));
        memory.lose_variables();
        assert!(!memory.is_too_much, "another interpreter has begun");
        memory.add(programs(1, vec![program("z = 1", json!("v".repeat(5 << 20)))]));
        assert_eq!((memory.programs.len(), memory.is_too_much), (0, true));
        for number in 0..50 {
            memory.note(&number.to_string(), &"\u{1F980}".repeat(100_000));
        }
        let written = memory.written();
        assert!(written.len() <= MOST_BYTES && memory.exchanges.len() >= 12, "{}", memory.exchanges.len());
        assert_eq!(memory.exchanges.last().map(|it| it.question.as_str()), Some("49"));
    }
}
