//! What a person should know about the models before text goes to them: who else can read it on the way.

use super::{ENDPOINT_KEY, Models, gateway::Gateway, hosted::AZURE_ENDPOINT, model_name::ModelName};
use crate::{config::Endpoint, llm::secret::Secret};
use std::sync::atomic::Ordering;

impl Models {
    /// What a person should know about these models before text goes to them. It is said once, so that nobody learns to
    /// look past it.
    pub fn take_warnings(&self) -> Vec<String> {
        match self.has_warned.swap(true, Ordering::Relaxed) {
            true => Vec::new(),
            false => self.warnings(),
        }
    }

    /// The same, however often it was said.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = self.endpoint_warnings();
        warnings.extend(self.gateway_warnings());
        warnings
    }

    /// Of providers in use that variables place behind a gateway of another network, by plain HTTP.
    fn gateway_warnings(&self) -> Vec<String> {
        let named = [&self.model, &self.worker].into_iter().flatten().map(String::as_str);
        let offered = self.offer().filter(|_| self.model.is_none()).map(|offer| offer.model);
        let mut variables: Vec<(&'static str, String)> = Vec::new();
        for name in named.chain(offered) {
            let found = match self.name(name) {
                Ok(ModelName::AtAzure(_)) => self.environment.get(AZURE_ENDPOINT).map(|base| (AZURE_ENDPOINT, base)),
                Ok(ModelName::OfProvider(kind, _)) => {
                    let Gateway { variable, base, .. } = Gateway::of(kind, &self.environment);
                    variable.zip(base)
                }
                _ => None,
            };
            variables.extend(found.filter(|(variable, _)| variables.iter().all(|(known, _)| known != variable)));
        }
        let readable = variables.into_iter().filter_map(|(variable, base)| {
            let place = Endpoint::parse(&base).ok().filter(|it| it.is_readable_on_the_way() && !it.is_private())?;
            Some(format!(
                "{variable} leads to {place} by plain HTTP: the key and all text can be read on the way; use https, or a \
                 tunnel"
            ))
        });
        readable.collect()
    }

    fn endpoint_warnings(&self) -> Vec<String> {
        let readable = self.endpoints.iter().map(|(endpoint, _)| endpoint).filter(|it| it.is_readable_on_the_way());
        let warning = |endpoint: &Endpoint| {
            let key = match self.endpoint_key() {
                Some(_) => format!("the key in {ENDPOINT_KEY}"),
                None if !endpoint.keys().is_empty() => "the key in its address".to_owned(),
                None => return None,
            };
            Some(format!(
                "{endpoint} is called by plain HTTP: {key} and all text can be read on the way; use https, or a tunnel"
            ))
        };
        readable.filter_map(warning).collect()
    }

    fn endpoint_key(&self) -> Option<Secret> {
        self.environment.get(ENDPOINT_KEY).and_then(|key| Secret::new(&key))
    }
}
