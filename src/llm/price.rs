//! What calls cost: by the prices that the person configured, else by those that the providers told on a certain day.

use crate::config::Price;
use std::collections::BTreeMap;

/// US dollars for a million tokens, read and written, of models that their own makers serve, as of 9 October 2026. Where a
/// price depends on the length of the prompt, or sources differ, the higher one stands here, since a limit on cost must not
/// be overrun. What others serve costs what they say.
const LISTED: &[(&str, f64, f64)] = &[
    ("claude-fable-5-1", 10.0, 50.0),
    ("claude-fable-5", 10.0, 50.0),
    ("claude-opus-5-5", 4.0, 20.0),
    ("claude-opus-5", 5.0, 25.0),
    ("claude-opus-4-8", 5.0, 25.0),
    ("claude-opus-4-7", 5.0, 25.0),
    ("claude-opus-4-6", 5.0, 25.0),
    ("claude-opus-4-5", 5.0, 25.0),
    ("claude-opus-4-1", 15.0, 75.0),
    ("claude-opus-4", 15.0, 75.0),
    ("claude-sonnet-5-5", 2.0, 10.0),
    ("claude-sonnet-5", 3.0, 15.0),
    ("claude-sonnet-4-6", 3.0, 15.0),
    ("claude-sonnet-4-5", 3.0, 15.0),
    ("claude-sonnet-4", 3.0, 15.0),
    ("claude-haiku-5-5", 0.5, 2.5),
    ("claude-haiku-4-5", 1.0, 5.0),
    ("claude-3-5-haiku", 0.8, 4.0),
    ("gpt-6-astra", 10.0, 50.0),
    ("gpt-6.1-sol", 4.0, 15.0),
    ("gpt-6-sol", 4.0, 15.0),
    ("gpt-6-luna", 0.1, 0.5),
    ("gpt-5.6-sol", 5.0, 30.0),
    ("gpt-5.6-terra", 2.5, 15.0),
    ("gpt-5.6-luna", 1.0, 6.0),
    ("gpt-5.4", 2.5, 15.0),
    ("gpt-5.4-mini", 0.75, 4.5),
    ("gpt-5", 1.25, 10.0),
    ("gpt-5-mini", 0.25, 2.0),
    ("gpt-5-nano", 0.05, 0.4),
    ("gpt-4.1", 2.0, 8.0),
    ("gpt-4.1-mini", 0.4, 1.6),
    ("gpt-4.1-nano", 0.1, 0.4),
    ("gpt-4o", 2.5, 10.0),
    ("gpt-4o-mini", 0.15, 0.6),
    ("o3", 2.0, 8.0),
    ("o4-mini", 1.1, 4.4),
    ("gemini-3.8-flash", 0.75, 3.75),
    ("gemini-3.7-flash", 0.75, 3.75),
    ("gemini-3.6-flash", 0.75, 3.75),
    ("gemini-3.5-flash", 1.5, 9.0),
    ("gemini-3.5-flash-lite", 0.3, 2.5),
    ("gemini-3.1-pro-preview", 4.0, 18.0),
    ("gemini-2.5-pro", 2.5, 15.0),
    ("gemini-2.5-flash", 0.3, 2.5),
    ("gemini-2.5-flash-lite", 0.1, 0.4),
    ("grok-4.6", 2.0, 6.0),
    ("grok-4.5", 2.0, 6.0),
    ("grok-4.3", 1.25, 2.5),
];

/// The providers whose own prices these are, by the name that stands before `::`.
const MAKERS: [&str; 7] = ["anthropic", "openai", "openai_resp", "gemini", "gemini_ix", "vertex", "xai"];

/// The price of a model, if it is known.
///
/// It may be given under the model's full name (`anthropic::claude-x`) or without its provider (`claude-x`). Tokens
/// served from the provider's prompt cache count in full: how much less they cost is the provider's secret, and a limit
/// on cost must not be overrun. What is built in costs nothing.
pub fn price(prices: &BTreeMap<String, Price>, model: &str) -> Option<Price> {
    let bare = model.split_once("::").map_or(model, |(_, bare)| bare);
    let free = (model == super::EXTRACTIVE).then_some(Price { input: 0.0, output: 0.0 });
    prices.get(model).or_else(|| prices.get(bare)).copied().or(free).or_else(|| listed(model))
}

fn listed(model: &str) -> Option<Price> {
    let (provider, name) = model.split_once("::")?;
    if !MAKERS.contains(&provider) {
        return None;
    }
    let is_it = |listed: &str| {
        let version = name.strip_prefix(listed).map(|rest| rest.trim_start_matches(['-', '@']));
        version.is_some_and(|it| it.is_empty() || it == "latest" || is_date(it))
    };
    LISTED.iter().find(|(listed, ..)| is_it(listed)).map(|&(_, input, output)| Price { input, output })
}

/// Whether the rest of a name is the day on which the model was made, such as `20251001` or `2026-03-17`.
fn is_date(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    digits == 8 && text.chars().all(|it| it.is_ascii_digit() || it == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_found_under_either_name() {
        let claude = Price { input: 3.0, output: 15.0 };
        let routed = Price { input: 1.0, output: 0.0 };
        let prices = [("claude-x".to_owned(), claude), ("open_router::a/b".to_owned(), routed)].into();
        let cases = [
            ("claude-x", Some(claude)),
            ("anthropic::claude-x", Some(claude)),
            ("open_router::a/b", Some(routed)),
            ("a/b", None),
            ("extractive", Some(Price { input: 0.0, output: 0.0 })),
        ];
        let listed = [
            ("anthropic::claude-haiku-4-5", Some(1.0)),
            ("anthropic::claude-haiku-4-5-20251001", Some(1.0)),
            ("vertex::claude-haiku-4-5@20251001", Some(1.0)),
            ("openai::gpt-5.4-2026-03-05", Some(2.5)),
            ("openai::gpt-5.4-pro", None),
            ("openai::gpt-5.4-mini", Some(0.75)),
            ("open_router::gpt-4o", None),
            ("gpt-4o", None),
        ];
        for (model, expected) in listed {
            assert_eq!(price(&prices, model).map(|price| price.input), expected, "{model}");
        }
        for (model, expected) in cases {
            assert_eq!(price(&prices, model), expected, "{model}");
        }
        assert_eq!(claude.of(1_000_000, 200_000), 6.0);
    }
}
