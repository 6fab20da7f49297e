//! What calls cost, by the prices that the person configured.
//!
//! There is no built-in list: prices change faster than releases, and a wrong sum is worse than none.

use super::TokenUsage;
use crate::config::Price;
use std::collections::BTreeMap;

/// US dollars for the tokens, or nothing if the price of the model is not known.
///
/// A price may be given under the model's full name (`anthropic::claude-x`) or without its provider (`claude-x`).
/// Tokens served from the provider's prompt cache count in full: how much less they cost is the provider's secret, and
/// a limit on cost must not be overrun. What runs on this machine alone costs nothing.
pub fn cost(prices: &BTreeMap<String, Price>, model: &str, usage: TokenUsage) -> Option<f64> {
    let bare = model.split_once("::").map_or(model, |(_, bare)| bare);
    let price = match prices.get(model).or_else(|| prices.get(bare)) {
        Some(price) => *price,
        None if model == "extractive" => Price { input: 0.0, output: 0.0 },
        None => return None,
    };
    Some((usage.input as f64 * price.input + usage.output as f64 * price.output) / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_follows_the_price_of_the_model_under_either_name() {
        let prices = [
            ("claude-x".to_owned(), Price { input: 3.0, output: 15.0 }),
            ("open_router::a/b".to_owned(), Price { input: 1.0, output: 0.0 }),
        ]
        .into();
        let usage = TokenUsage { input: 1_000_000, output: 200_000, cached_input: 900_000 };
        let cases = [
            ("claude-x", Some(6.0)),
            ("anthropic::claude-x", Some(6.0)),
            ("open_router::a/b", Some(1.0)),
            ("a/b", None),
            ("extractive", Some(0.0)),
        ];
        for (model, expected) in cases {
            assert_eq!(cost(&prices, model, usage), expected, "{model}");
        }
    }
}
