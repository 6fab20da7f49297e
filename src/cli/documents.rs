//! What shells and manuals are told of the commands: `rlm completions` and `rlm man`.

use super::output::note;
use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// What the exit status of a question tells.
pub const STATUSES: [(u8, &str); 5] = [
    (0, "answered"),
    (1, "nothing found; or failed, or the output could not be written"),
    (2, "the options make no sense"),
    (3, "a limit ended the run, or a part of the text was not read: the answer is partial"),
    (130, "interrupted by Ctrl-C; the answer so far is printed"),
];

/// The statuses for a help text.
pub fn statuses() -> String {
    let lines = STATUSES.map(|(status, meaning)| format!("{status:>5}  {meaning}"));
    format!("Exit status:\n{}", lines.join("\n"))
}

#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell that reads them
    shell: Shell,
}

/// Prints the completions for a shell.
pub fn completions(arguments: CompletionsArguments, mut command: Command) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "rlm", &mut script);
    write(Ok(script))
}

/// Prints the manual page of the program and all its commands.
pub fn man(command: Command) -> ExitCode {
    write(page(command))
}

fn write(text: io::Result<Vec<u8>>) -> ExitCode {
    let mut output = io::stdout().lock();
    note(text.and_then(|text| output.write_all(&text)).and_then(|()| output.flush()));
    ExitCode::SUCCESS
}

/// One page for the program and what it can do.
fn page(mut command: Command) -> io::Result<Vec<u8>> {
    command.build();
    let mut page = Vec::new();
    let whole = Man::new(command.clone());
    whole.render_title(&mut page)?;
    whole.render_name_section(&mut page)?;
    whole.render_synopsis_section(&mut page)?;
    whole.render_description_section(&mut page)?;
    for command in below(&command) {
        let name = command.get_bin_name().unwrap_or(command.get_name()).to_uppercase();
        Roff::new().control("SH", [name.as_str()]).to_writer(&mut page)?;
        let part = Man::new(command.clone());
        let mut sections = Vec::new();
        part.render_synopsis_section(&mut sections)?;
        part.render_description_section(&mut sections)?;
        part.render_options_section(&mut sections)?;
        // What is a section of a page of its own is a part of one here.
        page.extend(String::from_utf8_lossy(&sections).replace("\n.SH ", "\n.SS ").bytes());
    }
    let mut statuses = Roff::new();
    statuses.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in STATUSES {
        statuses.control("TP", []).text([bold(status.to_string())]).text([roman(meaning)]);
    }
    statuses.to_writer(&mut page)?;
    whole.render_version_section(&mut page)?;
    Ok(page)
}

/// The commands that do something, with those of commands.
fn below(command: &Command) -> Vec<&Command> {
    let own = command.get_subcommands().filter(|it| it.get_name() != "help");
    own.flat_map(|it| if it.has_subcommands() { below(it) } else { vec![it] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, ValueEnum};

    fn command() -> Command {
        super::super::Arguments::command()
    }

    #[test]
    fn the_manual_has_every_command_and_every_option() {
        let page = String::from_utf8(page(command()).unwrap()).unwrap();
        let mut command = command();
        command.build();
        for command in below(&command) {
            let name = command.get_bin_name().unwrap().to_uppercase();
            assert!(page.contains(&format!(".SH \"{name}\"")), "{name}");
            for long in command.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(page.contains(&long.replace('-', "\\-")), "{name} --{long}");
            }
        }
    }

    #[test]
    fn statuses_are_in_the_manual_and_in_the_help_of_a_query() {
        let page = String::from_utf8(page(command()).unwrap()).unwrap();
        let help = command().find_subcommand_mut("query").unwrap().render_long_help().to_string();
        for (status, meaning) in STATUSES {
            let in_page = format!("\\fB{status}\\fR\n{}", meaning.replace('-', "\\-"));
            assert!(page.contains(&in_page), "{status} in {page}");
            assert!(help.contains(&format!("{status:>5}  {meaning}")), "{status} in {help}");
        }
    }

    #[test]
    fn every_shell_completes_commands_and_options() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut command(), "rlm", &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("doctor") && script.contains("max-calls"), "{shell}");
        }
    }
}
