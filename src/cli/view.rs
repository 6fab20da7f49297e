//! How an answer appears: rendered or as it is written, as it comes or in a pager.

use super::{
    output::{self, print_part, print_rendered, to_terminal},
    render::{Links, Look},
    terminal::for_output,
};
use crate::config::Environment;
use clap::{Args, ValueEnum};
use std::{
    io::{self, Write},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

#[derive(Debug, Args)]
pub struct ViewOptions {
    /// Render the answer's Markdown: on a terminal unless NO_COLOR is set or CLICOLOR_FORCE asks for it elsewhere too,
    /// or always, or never
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", help_heading = "Output")]
    color: Color,
    /// Show an answer that is longer than the terminal in RLM_PAGER or PAGER, or in `less -R`, when it is whole
    #[arg(long, help_heading = "Output")]
    pager: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// How an answer appears.
#[derive(Debug)]
pub struct View {
    /// How it is rendered; nothing if it is shown as it is written.
    pub look: Option<Look>,
    /// Whether it is printed as it comes.
    pub streams: bool,
    /// The command of the pager, if one is asked for and there is a terminal.
    pager: Option<Vec<String>>,
}

impl View {
    /// # Errors
    /// The command of the pager cannot be read.
    pub fn of(options: &ViewOptions, is_markdown: bool, environment: &Environment) -> Result<Self, String> {
        let is_rendered = is_markdown && is_rendered(options.color, to_terminal(), environment);
        let pager = if options.pager && to_terminal() { Some(pager(environment)?) } else { None };
        let columns = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        let is_dumb = environment.get("TERM").is_some_and(|term| term == "dumb");
        let has_links = to_terminal() && !is_dumb && supports_hyperlinks::supports_hyperlinks();
        let look = || Look::new(columns.filter(|&columns| columns > 0), Links::new(has_links));
        Ok(Self { look: is_rendered.then(look), streams: to_terminal() && pager.is_none(), pager })
    }

    /// Prints the answer, or the rest of it.
    pub fn show(&self, text: &str) {
        let fits = terminal_size::terminal_size_of(io::stdout())
            .is_some_and(|(_, height)| text.lines().count() < usize::from(height.0));
        if let Some(pager) = self.pager.as_ref().filter(|_| !fits) {
            let shown = if self.look.is_some() { text.into() } else { for_output(text) };
            match show_in(pager, &shown) {
                Ok(()) => return,
                // The answer is not lost with its pager.
                Err(error) => output::failure(format!("cannot run the pager {}: {error}", pager[0])),
            }
        }
        if self.look.is_some() { print_rendered(text) } else { print_part(text) }
    }
}

fn is_rendered(color: Color, is_terminal: bool, environment: &Environment) -> bool {
    let is_forced = environment.get("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    let is_dumb = environment.get("TERM").is_some_and(|term| term == "dumb");
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if environment.get("NO_COLOR").is_some() => false,
        Color::Auto => is_forced || is_terminal && !is_dumb,
    }
}

/// The pager's command: the program and its arguments.
fn pager(environment: &Environment) -> Result<Vec<String>, String> {
    let set = ["RLM_PAGER", "PAGER"].into_iter().find_map(|variable| Some((variable, environment.get(variable)?)));
    let Some((variable, command)) = set else { return Ok(vec!["less".to_owned(), "-R".to_owned()]) };
    shell_words::split(&command).map_err(|error| format!("{variable}: not a command: {error}"))
}

/// Held while a pager is open.
static PAGER: Mutex<()> = Mutex::new(());

/// Waits until no pager is open.
pub fn wait_for_pager() {
    drop(PAGER.lock().unwrap_or_else(PoisonError::into_inner));
}

fn show_in(pager: &[String], text: &str) -> io::Result<()> {
    let _open = PAGER.lock().unwrap_or_else(PoisonError::into_inner);
    let mut command = Command::new(&pager[0]);
    command.args(&pager[1..]).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // A pager that is set as `less` alone shows styles, too.
        command.env("LESS", "R");
    }
    let mut child = command.spawn()?;
    let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(text.as_bytes()));
    child.wait()?;
    // A reader may close the pager before the end.
    written.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_rendered_where_a_person_sees_it_or_asks_for_it() {
        for (color, is_terminal, variables, expected) in [
            (Color::Auto, true, [("TERM", "xterm"), ("", "")], true),
            (Color::Auto, false, [("TERM", "xterm"), ("", "")], false),
            (Color::Auto, true, [("TERM", "dumb"), ("", "")], false),
            (Color::Auto, true, [("NO_COLOR", "1"), ("", "")], false),
            (Color::Auto, true, [("NO_COLOR", ""), ("", "")], true),
            (Color::Auto, false, [("CLICOLOR_FORCE", "1"), ("", "")], true),
            (Color::Auto, false, [("CLICOLOR_FORCE", "0"), ("", "")], false),
            (Color::Auto, true, [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
            (Color::Always, false, [("NO_COLOR", "1"), ("TERM", "dumb")], true),
            (Color::Never, true, [("CLICOLOR_FORCE", "1"), ("", "")], false),
        ] {
            let rendered = is_rendered(color, is_terminal, &Environment::of(variables));
            assert_eq!(rendered, expected, "{color:?} {is_terminal} {variables:?}");
        }
    }

    #[test]
    fn the_pager_is_the_one_that_is_set_for_us_or_for_all() {
        for (variables, expected) in [
            ([("", ""), ("", "")], &["less", "-R"][..]),
            ([("PAGER", "more"), ("", "")], &["more"]),
            ([("PAGER", "more"), ("RLM_PAGER", "most 'a b'")], &["most", "a b"]),
        ] {
            assert_eq!(pager(&Environment::of(variables)).unwrap(), expected, "{variables:?}");
        }
        let error = pager(&Environment::of([("PAGER", "less 'x")])).unwrap_err();
        assert!(error.starts_with("PAGER: not a command"), "{error}");
    }
}
