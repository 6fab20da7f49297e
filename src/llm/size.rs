//! How large a model is, as far as its name tells: `qwen2.5:0.5b`, `SmolLM2-135M-Instruct`.

/// Parameters below which a model chats, but writes no programs that work.
const WRITES_PROGRAMS: u64 = 4_000_000_000;

/// Whether a model with so many parameters is too small to write programs. One of unknown size is not.
pub fn is_too_small_for_programs(parameters: Option<u64>) -> bool {
    parameters.is_some_and(|count| count < WRITES_PROGRAMS)
}

/// The number of parameters that a name tells, such as `7b`, `1.7B`, `360m` or `8x7b`; the first one, since what follows are
/// the active ones of a mixture (`30b-a3b`).
pub fn in_name(name: &str) -> Option<u64> {
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '.';
    // A path's folders tell nothing.
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.split(|it| !is_part(it)).find_map(count)
}

/// `0.5b`, `135M`, `8x7b`, `e2b`.
pub fn count(part: &str) -> Option<u64> {
    let part = part.to_ascii_lowercase();
    let part = part.trim();
    // `SmolLM2-135M.Q4.gguf` is parted by full stops as well.
    let number = |text: &str| {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let unit = match unit {
            "b" => 1e9,
            "m" => 1e6,
            _ => return None,
        };
        let number = number.strip_prefix('e').unwrap_or(number);
        let (copies, number) = number.split_once('x').unwrap_or(("1", number));
        let is_number =
            |it: &str| it.starts_with(|it: char| it.is_ascii_digit()) && it.ends_with(|it: char| it.is_ascii_digit());
        if !is_number(number) || !is_number(copies) {
            return None;
        }
        let count = copies.parse::<f64>().ok()? * number.parse::<f64>().ok()? * unit;
        (count > 0.0).then_some(count as u64)
    };
    number(part).or_else(|| part.split('.').find_map(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_sizes() {
        for (name, expected) in [
            ("qwen2.5:0.5b", Some(500_000_000)),
            ("ollama::llama3.2:1b", Some(1_000_000_000)),
            ("v/lib/SmolLM2-135M-Instruct.Q4_1.gguf", Some(135_000_000)),
            ("SmolLM2-360M.Q4.gguf", Some(360_000_000)),
            ("Qwen/Qwen3-30B-A3B-Instruct", Some(30_000_000_000)),
            ("mixtral:8x7b", Some(56_000_000_000)),
            ("gemma3n:e2b", Some(2_000_000_000)),
            ("Qwen3-1.7B", Some(1_700_000_000)),
            ("anthropic::claude-haiku-4-5", None),
            ("gpt-4.1-nano", None),
            ("m1", None),
            ("b", None),
            ("3b/model", None),
            ("", None),
        ] {
            assert_eq!(in_name(name), expected, "{name}");
        }
    }

    #[test]
    fn a_model_of_unknown_size_is_not_small() {
        let small = [Some(135_000_000), Some(7_000_000_000), None].map(is_too_small_for_programs);
        assert_eq!(small, [true, false, false]);
    }
}
