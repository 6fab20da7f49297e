//! What calls cost, by the prices that the person configured.
//!
//! There is no built-in list: prices change faster than releases, and a wrong sum is worse than none.

use crate::config::Price;
use std::collections::BTreeMap;

/// The price of a model, if it is known.
///
/// It may be given under the model's full name (`anthropic::claude-x`) or without its provider (`claude-x`). Tokens
/// served from the provider's prompt cache count in full: how much less they cost is the provider's secret, and a limit
/// on cost must not be overrun. What is built in costs nothing.
pub fn price(prices: &BTreeMap<String, Price>, model: &str) -> Option<Price> {
    let bare = model.split_once("::").map_or(model, |(_, bare)| bare);
    let free = (model == super::EXTRACTIVE).then_some(Price { input: 0.0, output: 0.0 });
    prices.get(model).or_else(|| prices.get(bare)).copied().or(free)
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
        for (model, expected) in cases {
            assert_eq!(price(&prices, model), expected, "{model}");
        }
        assert_eq!(claude.of(1_000_000, 200_000), 6.0);
    }
}
