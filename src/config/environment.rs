//! The environment as a value.

use std::{collections::BTreeMap, fmt, sync::Arc};

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Looks variables up. A variable that is empty counts as unset.
#[derive(Clone)]
pub struct Environment(Arc<Lookup>);

impl Environment {
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    /// The environment that this process was started with. A value that is not Unicode counts as unset.
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// Exactly these variables.
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let variables: BTreeMap<String, String> = variables.map(|(name, value)| (name.into(), value.into())).into();
        Self::new(move |name| variables.get(name).cloned())
    }

    pub fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }
}

/// Values are secrets as often as not, so none is shown.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Options, Price};

    #[test]
    fn options_come_from_their_variables_and_empty_ones_count_as_unset() {
        let environment = Environment::of([
            ("RLM_MODEL", "m"),
            ("RLM_WORKER_MODEL", " "),
            ("RLM_ENDPOINT", "http://a/v1, http://b\n  http://c,"),
            ("RLM_PRICE", "openai/gpt-x:free=1/2.5, a=b=0/0"),
        ]);
        let options = Options::from_environment(&environment).unwrap();
        assert_eq!(options.model.as_deref(), Some("m"));
        assert_eq!(options.worker, None);
        assert_eq!(options.endpoint.unwrap(), ["http://a/v1", "http://b", "http://c"]);
        let prices = options.price.unwrap();
        assert_eq!(prices["openai/gpt-x:free"], Price { input: 1.0, output: 2.5 });
        assert_eq!(prices["a=b"], Price { input: 0.0, output: 0.0 });
    }

    #[test]
    fn an_empty_environment_sets_nothing() {
        assert_eq!(Options::from_environment(&Environment::of([])).unwrap(), Options::default());
    }

    #[test]
    fn a_price_that_cannot_be_read_is_shown() {
        for entry in ["m", "m=1", "m=1/x", "=1/2"] {
            let environment = Environment::of([("RLM_PRICE", entry)]);
            let error = Options::from_environment(&environment).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("RLM_PRICE: expected `model=input/output` with two numbers, got `{entry}`")
            );
        }
    }

    #[test]
    fn debug_output_shows_no_values() {
        assert_eq!(format!("{:?}", Environment::of([("OPENAI_API_KEY", "sk-123")])), "Environment");
    }
}
