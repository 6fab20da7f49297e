//! The base URL of an OpenAI-compatible server, in the one form that the rest of the program uses, with the settings that
//! are its own.

mod addresses;
mod own;

use std::{borrow::Cow, fmt, net::IpAddr};
use url::Url;

pub use addresses::Addresses;
pub use own::EndpointSettings;

/// A base URL that ends with a slash, so that `chat/completions` and `models` can be joined to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
    own: EndpointSettings,
}

/// Parameters of a query that say which version or which part of a service is meant: their values are no secrets.
const OPEN_PARAMETERS: [&str; 8] =
    ["api-version", "api_version", "version", "deployment", "model", "project", "region", "location"];

/// Domains that no public name lies in.
const OWN_DOMAINS: [&str; 5] = [".local", ".internal", ".lan", ".home.arpa", ".localhost"];

/// A shorter value in a query is no key.
const SHORTEST_KEY: usize = 6;

impl Endpoint {
    /// Reads what a person wrote: with or without a slash at the end, and for a server that is named by its host alone
    /// with or without `/v1`. A whole `…/chat/completions` is taken back to its base.
    ///
    /// # Errors
    /// What is wrong with it. The text itself is not repeated, since a URL may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim_start().starts_with('{') {
            let (url, own) = own::read(text)?;
            return Ok(Self { own, ..Self::parse(&url)? });
        }
        let mut url = Url::parse(text.trim()).map_err(|error| format!("not a URL ({error}); {EXAMPLE}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(format!("not an http or https URL; {EXAMPLE}"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a URL with a user name or a password is not accepted; put the key into RLM_API_KEY".to_owned());
        }
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix("/chat/completions").unwrap_or(path).to_owned();
        url.set_path(&if path.is_empty() { "/v1/".to_owned() } else { format!("{path}/") });
        Ok(Self { url, own: EndpointSettings::default() })
    }

    /// What was set for this server alone.
    pub fn own(&self) -> &EndpointSettings {
        &self.own
    }

    /// The URL of one of the server's resources, e.g. `models`; a query of the base is kept.
    pub fn join(&self, resource: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{resource}", self.url.path()));
        url
    }

    /// The server itself, for what lies beside its OpenAI-compatible part.
    pub fn at_root(mut self) -> Self {
        self.url.set_path("/");
        self
    }

    /// What may be a key in the query.
    pub fn keys(&self) -> Vec<String> {
        let key = |(name, value): (Cow<'_, str>, Cow<'_, str>)| {
            let is_open = OPEN_PARAMETERS.contains(&name.to_lowercase().as_str());
            let key = if value.is_empty() { name } else { value };
            (!is_open && key.len() >= SHORTEST_KEY).then(|| key.into_owned())
        };
        // A plus sign stands for itself in a key: not everyone encodes it.
        let query = self.url.query().unwrap_or_default().replace('+', "%2B");
        url::form_urlencoded::parse(query.as_bytes()).filter_map(key).collect()
    }

    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether everyone on the way to the server can read what is sent to it.
    pub fn is_readable_on_the_way(&self) -> bool {
        !self.is_encrypted() && !self.is_loopback()
    }

    /// Whether the server is in a network of the person's own, as far as its address tells: by a private address, or by a
    /// name that only such a network knows.
    pub fn is_private(&self) -> bool {
        match self.url.host() {
            Some(url::Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                !name.contains('.') || OWN_DOMAINS.iter().any(|domain| name.ends_with(domain))
            }
            Some(url::Host::Ipv4(address)) => address.is_private() || address.is_link_local(),
            Some(url::Host::Ipv6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
            None => false,
        }
    }

    /// Whether the server runs on this machine, where a proxy has no business.
    pub fn is_loopback(&self) -> bool {
        // Connections to the unspecified address reach this machine as well.
        let is_local = |address: IpAddr| address.is_loopback() || address.is_unspecified();
        match self.url.host() {
            Some(url::Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                name == "localhost" || name.ends_with(".localhost")
            }
            Some(url::Host::Ipv4(address)) => is_local(address.into()),
            Some(url::Host::Ipv6(address)) => is_local(IpAddr::from(address).to_canonical()),
            None => false,
        }
    }
}

const EXAMPLE: &str = "expected a base URL such as http://127.0.0.1:8000/v1";

/// As people write it: without the slash at the end, and without the query, which may hold a key.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.url.clone();
        shown.set_query(None);
        f.write_str(shown.as_str().trim_end_matches('/'))
    }
}

/// As it is shown to people: settings are logged and compared in tests, keys are not.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_base_url_reaches_the_same_resources() {
        let cases = [
            ("http://h:8000", "http://h:8000/v1/chat/completions"),
            ("http://h:8000/", "http://h:8000/v1/chat/completions"),
            ("http://h:8000/v1", "http://h:8000/v1/chat/completions"),
            (" http://h:8000/v1/ ", "http://h:8000/v1/chat/completions"),
            ("http://h:8000/v1/chat/completions", "http://h:8000/v1/chat/completions"),
            ("https://h/api/paas/v4", "https://h/api/paas/v4/chat/completions"),
            ("https://h/v1beta/openai/", "https://h/v1beta/openai/chat/completions"),
            ("https://h/x?api-version=2", "https://h/x/chat/completions?api-version=2"),
            ("http://[::1]:1", "http://[::1]:1/v1/chat/completions"),
        ];
        for (text, expected) in cases {
            assert_eq!(Endpoint::parse(text).unwrap().join("chat/completions").as_str(), expected, "{text}");
        }
    }

    #[test]
    fn it_is_shown_without_slash_and_query() {
        assert_eq!(Endpoint::parse("https://h/x/?key=secret").unwrap().to_string(), "https://h/x");
        assert_eq!(Endpoint::parse("http://h:1").unwrap().to_string(), "http://h:1/v1");
        assert_eq!(format!("{:?}", Endpoint::parse("https://h/x?key=secret").unwrap()), "Endpoint(https://h/x)");
    }

    #[test]
    fn keys_are_found_in_the_query_and_versions_are_none() {
        let cases: [(&str, &[&str]); 6] = [
            ("https://h/x", &[]),
            ("https://h/x?api-key=PEARKEY9", &["PEARKEY9"]),
            ("https://h/x?api-version=2026-10-01&code=a%2Fb+c%3D%3D", &["a/b+c=="]),
            ("https://h/x?PEARKEY9", &["PEARKEY9"]),
            ("https://h/x?stream=1&Region=eu-north-1", &[]),
            ("https://h/x?a=PEARKEY8&a=PEARKEY9", &["PEARKEY8", "PEARKEY9"]),
        ];
        for (text, expected) in cases {
            assert_eq!(Endpoint::parse(text).unwrap().keys(), expected, "{text}");
        }
    }

    #[test]
    fn only_plain_http_to_another_machine_can_be_read_on_the_way() {
        for (text, expected) in [
            ("http://box:8000", true),
            ("http://192.168.0.7/v1", true),
            ("http://[2001:db8::1]/v1", true),
            ("http://localhost.example.org", true),
            ("https://box:8000", false),
            ("http://localhost:1", false),
            ("http://127.3.2.1", false),
            ("http://0.0.0.0:1", false),
            ("http://[::1]:1", false),
            ("http://[::ffff:127.0.0.1]:1", false),
            ("http://LOCALHOST.:1", false),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().is_readable_on_the_way(), expected, "{text}");
        }
    }

    #[test]
    fn networks_of_ones_own_are_known_by_name_and_address() {
        for (text, expected) in [
            ("http://litellm:4000", true),
            ("http://gate.corp.internal", true),
            ("http://10.1.2.3", true),
            ("http://192.168.0.7:8000", true),
            ("http://[fd00::1]", true),
            ("http://gate.example.org", false),
            ("http://8.8.8.8", false),
            ("http://[2001:db8::1]", false),
            ("http://internal.example.org", false),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().is_private(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_base_url_is_refused_without_repeating_it() {
        for text in ["", "localhost:8000", "ftp://h/v1", "h", "http://", "http://user:sk-pass@h/v1", "http://sk-pass@h"]
        {
            let problem = Endpoint::parse(text).unwrap_err();
            assert!(!problem.contains("sk-pass"), "{problem}");
        }
    }

    #[test]
    fn loopback_is_known_by_name_and_address() {
        let local = |text| Endpoint::parse(text).unwrap().is_loopback();
        assert!(local("http://localhost:1") && local("http://127.0.0.2") && local("http://[::1]"));
        assert!(!local("http://10.0.0.1") && !local("https://example.org") && !local("http://localhost.example.org"));
    }
}
