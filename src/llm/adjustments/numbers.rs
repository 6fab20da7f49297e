//! The numbers of a refusal, and what they say about a window and a reply.

/// The smallest and the largest number of tokens that can be a window.
const WINDOWS: std::ops::RangeInclusive<u64> = 128..=20_000_000;

/// A smaller number is no limit on a reply, but part of a name, a count or a version.
const LEAST: u64 = 16;

/// The numbers of a text, with what stands before and behind each.
pub(super) struct Numbers<'a> {
    text: &'a str,
    /// Where each begins and ends.
    found: Vec<(u64, usize, usize)>,
}

impl<'a> Numbers<'a> {
    /// Those of a text in lower case. What is part of a name is none.
    pub(super) fn of(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let mut found = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            if !is_digit(at) {
                at += 1;
                continue;
            }
            let start = at;
            while is_digit(at) || (bytes.get(at).is_some_and(|it| matches!(it, b',' | b'_')) && is_digit(at + 1)) {
                at += 1;
            }
            let of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/');
            let begins = start == 0 || !of_name(bytes[start - 1]);
            let ends = match bytes.get(at) {
                Some(b'.') => !is_digit(at + 1),
                Some(byte) => !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/')),
                None => true,
            };
            let digits: String = text[start..at].chars().filter(char::is_ascii_digit).collect();
            if let (true, true, Ok(number)) = (begins, ends, digits.parse()) {
                found.push((number, start, at));
            }
        }
        Self { text, found }
    }

    fn has(&self, number: u64) -> bool {
        self.found.iter().any(|it| it.0 == number)
    }

    /// What stands between a number and the one before it.
    fn before(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.found[before].2);
        &self.text[start..self.found[at].1]
    }

    /// What stands between a number and the next one.
    fn behind(&self, at: usize) -> &str {
        let end = self.found.get(at + 1).map_or(self.text.len(), |next| next.1);
        &self.text[self.found[at].2..end]
    }

    /// The tokens that the window leaves for a reply, if a text says that prompt and reply of `sent` tokens exceed it
    /// together. `estimate` is about how many tokens the prompt has.
    pub(super) fn left_by_window(&self, sent: u64, estimate: u64) -> Option<u64> {
        let numbers: Vec<u64> = self.found.iter().map(|it| it.0).collect();
        // `prompt + reply > window`, `reply > window - prompt`
        for (at, triple) in numbers.windows(3).enumerate() {
            let signs = [self.behind(at).trim(), self.behind(at + 1).trim()];
            match (signs, triple) {
                (["+", ">"], &[prompt, _, window]) => return window.checked_sub(prompt),
                ([">", "-"], &[_, window, prompt]) => return window.checked_sub(prompt),
                _ => {}
            }
        }
        let window = window(self)? as u64;
        let of_prompt = |at: &usize| {
            let (number, behind) = (numbers[*at], self.behind(*at).trim_start_matches([' ', '`']));
            let is_named = ["in the messages", "in your prompt", "in the prompt", "from the input", "of text input"]
                .into_iter()
                .chain(["input tokens", "inputs`", "prompt tokens", "tokens from the input", "tokens in the messages"])
                .any(|words| behind.trim_start_matches("tokens ").starts_with(words) || behind.starts_with(words));
            is_named || (number != window && number != sent && self.has(number + sent))
        };
        match (0..numbers.len()).find(of_prompt) {
            Some(at) => Some(window.saturating_sub(numbers[at])),
            // Nobody says how long the prompt is: it may be a quarter longer than it seems.
            None if self.has(sent) && sent != window => Some(window.saturating_sub(estimate + estimate / 4)),
            None => None,
        }
    }
}

/// The window that a refusal tells.
pub(super) fn window(numbers: &Numbers<'_>) -> Option<usize> {
    const NAMES: [&str; 7] = [
        "context",
        "window",
        "max_model_len",
        "max_seq_len",
        "n_ctx",
        "`max_new_tokens` must be",
        "configured limit of",
    ];
    // A sum stands in the place of the window in some.
    let is_summed = |at: usize| numbers.behind(at).trim() == "+";
    let named = |at: &usize| {
        let before = numbers.before(*at);
        NAMES.iter().any(|name| before.contains(name)) && WINDOWS.contains(&numbers.found[*at].0) && !is_summed(*at)
    };
    let at = (0..numbers.found.len()).find(named)?;
    usize::try_from(numbers.found[at].0).ok()
}

/// The most tokens of a reply that a refusal allows: the largest of its numbers that is below what was sent.
pub(super) fn reply_limit(numbers: &Numbers<'_>, sent: u64) -> Option<u64> {
    let text = numbers.text;
    let limit = numbers.found.iter().map(|it| it.0).filter(|it| (LEAST..sent).contains(it)).max()?;
    let is_strict = text.contains("exclusive")
        || ((text.contains("less than") || text.contains("lower than")) && !text.contains("equal"));
    Some(if is_strict { limit - 1 } else { limit })
}
