//! How the name of an option is spelled on the wire and in the terminal.

/// `max-calls` for `maxCalls`.
pub(super) fn kebab_case(name: &str) -> String {
    name.chars().fold(String::new(), |mut kebab, letter| {
        if letter.is_ascii_uppercase() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
        kebab
    })
}

/// `maxCalls` for `max-calls`.
pub(super) fn camel_case(name: &str) -> String {
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut camel, word| {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|it| it.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
        camel
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_from_the_wire_to_the_terminal_and_back() {
        for (wire, terminal) in [("model", "model"), ("maxCalls", "max-calls"), ("aBC", "a-b-c")] {
            assert_eq!(kebab_case(wire), terminal);
            assert_eq!(camel_case(terminal), wire);
        }
    }
}
