//! Sizes as people write them.

/// A number of bytes: `65536`, `64K`, `4M`, `4MiB`.
pub fn parse(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        _ => return Err("a size is a number of bytes, or one with K or M behind it".to_owned()),
    };
    let number: usize = digits.parse().map_err(|_| "a size is a number of bytes, such as 4194304 or 4M".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "it is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        assert_eq!(parse("65536"), Ok(65536));
        assert_eq!(parse("64K"), Ok(65536));
        assert_eq!(parse("4MiB"), Ok(4 << 20));
        assert!(["", "K", "4G", "-1", "4.5M", "99999999999999M"].iter().all(|it| parse(it).is_err()));
    }
}
