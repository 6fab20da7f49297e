//! The environment as a value, and the options that it carries.

use super::{Options, Price, SettingsError};
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

impl Options {
    /// `RLM_MODEL`, `RLM_WORKER_MODEL`, `RLM_ENDPOINT` (several divided by white space or commas) and `RLM_PRICE`
    /// (`model=input/output,…` in US dollars per million tokens).
    ///
    /// # Errors
    /// `RLM_PRICE` is not of that form.
    pub fn from_environment(environment: &Environment) -> Result<Self, SettingsError> {
        let list = |value: String| {
            value
                .split(|it: char| it == ',' || it.is_whitespace())
                .filter(|it| !it.is_empty())
                .map(Into::into)
                .collect()
        };
        Ok(Self {
            model: environment.get("RLM_MODEL"),
            worker: environment.get("RLM_WORKER_MODEL"),
            endpoint: environment.get("RLM_ENDPOINT").map(list),
            price: environment.get("RLM_PRICE").map(|value| prices(&value)).transpose()?,
            ..Self::default()
        })
    }
}

fn prices(list: &str) -> Result<BTreeMap<String, Price>, SettingsError> {
    let price = |entry: &str| {
        // Names may hold any of `=`, `/` and `:`, prices none of them, so the price is what follows the last `=`.
        let (model, pair) = entry.rsplit_once('=')?;
        let (input, output) = pair.split_once('/')?;
        let price = Price { input: input.trim().parse().ok()?, output: output.trim().parse().ok()? };
        (!model.trim().is_empty()).then(|| (model.trim().to_owned(), price))
    };
    let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let read = entries.map(|entry| {
        price(entry).ok_or_else(|| {
            SettingsError::new("RLM_PRICE", format!("expected `model=input/output` with two numbers, got `{entry}`"))
        })
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let error = Options::from_environment(&Environment::new(move |_| Some(entry.to_owned()))).unwrap_err();
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
