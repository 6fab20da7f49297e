//! Which variables of the environment hold keys, and so are not handed on to programs.
//!
//! What a tool prints goes to a model, and a program that answers as a model is free to send on what it finds. Neither
//! needs the keys that lie in the environment for somebody else. They are told by the names of their variables, since
//! all who define such variables choose among few words, by what the values look like, and by values that stand in
//! another such variable.

use std::{collections::HashSet, ffi::OsString};
use url::{Url, form_urlencoded};

/// Words that mean a secret wherever they stand in a part of a name.
const INSIDE: [&str; 8] =
    ["APIKEY", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "ACCESSKEY", "PRIVATEKEY"];

/// Words that mean a secret at the end of a part of a name, and words that end so and mean none.
const AT_END: [&str; 3] = ["KEY", "TOKEN", "PASS"];
const HARMLESS: [&str; 8] = ["MONKEY", "DONKEY", "TURKEY", "HOTKEY", "LESSKEY", "ASKPASS", "BYPASS", "COMPASS"];

/// Words that mean a secret as a whole part of a name.
const PARTS: [&str; 9] = ["KEYS", "TOKENS", "CREDS", "PAT", "SAS", "JWT", "BEARER", "COOKIE", "DSN"];

/// Words that mean a secret, or what holds one, as the last of several parts of a name. Alone they are a folder, or a switch.
const LAST_PARTS: [&str; 4] = ["PWD", "AUTH", "AUTHORIZATION", "HEADERS"];

/// Names whose parts say nothing.
const NAMES: [&str; 1] = ["DOCKER_AUTH_CONFIG"];

/// What stands before a secret in a header, in a connection string, or in JSON.
const BEFORE_SECRET: [&str; 10] = [
    "authorization:",
    "bearer ",
    "api-key:",
    "accountkey=",
    "accesskey=",
    "password=",
    "pwd=",
    "secret=",
    "\"private_key\"",
    "client_secret",
];

/// How keys of well-known services begin.
const BEGINNINGS: [&str; 13] =
    ["sk-", "sk_", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "hf_", "AKIA", "ASIA", "AIza"];

/// A shorter value is no key of a service, whatever it begins with.
const SHORTEST_KEY: usize = 16;

/// A shorter secret may be a word that another variable has as its value by chance, or holds.
const SHORTEST_COPY: usize = 8;
const SHORTEST_HELD: usize = 16;

/// What programs cannot do without; their values are asked for nothing.
const NEEDED: [&str; 9] = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "LANG", "TERM", "TMPDIR"];

/// The variables of this process that a program is not given, unless it is lent them.
pub(super) fn withheld(lent: &[String]) -> Vec<OsString> {
    let all: Vec<(OsString, String, String)> = std::env::vars_os()
        .map(|(name, value)| {
            let text = |it: &OsString| it.to_string_lossy().into_owned();
            (name.clone(), text(&name), text(&value))
        })
        .collect();
    let variables = all.iter().map(|(_, name, value)| (name.as_str(), value.as_str()));
    let secret = secret_among(variables.collect());
    let is_withheld = |name: &String| secret.contains(name.as_str()) && !lent.contains(name);
    all.iter().filter(|(_, name, _)| is_withheld(name)).map(|(raw, ..)| raw.clone()).collect()
}

/// The names of those variables that hold keys.
fn secret_among<'a>(variables: Vec<(&'a str, &'a str)>) -> HashSet<&'a str> {
    let may_go = |&(name, _): &(&str, &str)| !NEEDED.contains(&name);
    let (found, others): (Vec<_>, Vec<_>) = variables
        .into_iter()
        .filter(may_go)
        .partition(|&(name, value)| names_secret(name, value) || holds_secret(name, value));
    let is_copy = |(_, value): &&(&str, &str)| {
        let mut secrets = found.iter().map(|(_, secret)| secret.trim());
        secrets.any(|secret| match secret.len() {
            SHORTEST_HELD.. => value.contains(secret),
            SHORTEST_COPY.. => value.trim() == secret,
            _ => false,
        })
    };
    found.iter().chain(others.iter().filter(is_copy)).map(|(name, _)| *name).collect()
}

/// Whether a variable of that name is there to hold a secret.
pub fn names_secret(name: &str, value: &str) -> bool {
    let name = name.to_uppercase();
    let parts: Vec<&str> = name.split(|it: char| !it.is_ascii_alphanumeric()).collect();
    // How many tokens or keys there may be is no secret.
    let is_number = !value.trim().is_empty() && value.trim().parse::<f64>().is_ok();
    let means_secret = |part: &&str| match *part {
        "TOKENS" | "KEYS" => !is_number,
        part if HARMLESS.contains(&part) => false,
        part => {
            PARTS.contains(&part)
                || AT_END.iter().any(|word| part.ends_with(word))
                || INSIDE.iter().any(|word| part.contains(word))
        }
    };
    let ends_in_secret = parts.len() > 1 && parts.last().is_some_and(|last| LAST_PARTS.contains(last));
    NAMES.contains(&name.as_str()) || ends_in_secret || parts.iter().any(means_secret)
}

/// Whether a value looks like a key, or holds one.
fn holds_secret(name: &str, value: &str) -> bool {
    let lower = value.to_lowercase();
    let is_proxy = name.to_lowercase().ends_with("_proxy");
    let is_key = value.len() >= SHORTEST_KEY
        && !value.contains(char::is_whitespace)
        && BEGINNINGS.iter().any(|start| value.starts_with(start));
    let is_text_with_key = BEFORE_SECRET.iter().any(|word| lower.contains(word));
    let is_private_key = lower.contains("-----begin") && lower.contains("private key");
    // What is a key in the query of an endpoint has no name that is known.
    let is_endpoint = name == "RLM_ENDPOINT" && value.contains('?');
    let is_address = !is_proxy && value.split_whitespace().any(is_address_with_key);
    is_key || is_text_with_key || is_private_key || is_endpoint || is_address
}

/// Whether an address holds a password, or a key in its query. A program behind a proxy cannot do without such an
/// address, so those of proxies are not asked.
fn is_address_with_key(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let query = url.query().unwrap_or_default();
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    let is_key = |name: &str, value: &str| names_secret(name, value) || matches!(name, "sig" | "signature" | "code");
    url.password().is_some() || parameters.any(|(name, value)| is_key(&name, &value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_by_their_names() {
        for name in [
            "RLM_API_KEY",
            "ANTHROPIC_API_KEY",
            "OPENAI_API_KEY",
            "openai_api_key",
            "OpenAIApiKey",
            "GITHUB_TOKEN",
            "GH_TOKEN",
            "HF_TOKEN",
            "NPM_TOKEN",
            "npm_config_//registry.npmjs.org/:_authToken",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_BEARER_TOKEN_BEDROCK",
            "AZURE_CLIENT_SECRET",
            "AZURE_STORAGE_ACCOUNT_KEY",
            "AZURE_STORAGE_SAS_TOKEN",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "SECRET_SAUCE",
            "MY_SECRETS_2",
            "DB_PASSWORD",
            "PGPASSWORD",
            "MYSQL_PWD",
            "SSHPASS",
            "DB_PWD",
            "REDIS_AUTH",
            "OTEL_EXPORTER_OTLP_HEADERS",
            "NPM_CONFIG__AUTH",
            "licenseKey",
            "SENTRY_DSN",
            "GITLAB_PAT",
            "SIGNING_KEY",
            "KEY",
            "TOKEN",
            "SESSION_COOKIE",
            "API_TOKENS",
        ] {
            assert!(names_secret(name, "value"), "{name}");
        }
        for name in [
            "PATH",
            "HOME",
            "USER",
            "LANG",
            "TERM",
            "SHELL",
            "PWD",
            "OLDPWD",
            "EDITOR",
            "KEYBOARD_LAYOUT",
            "MONKEY",
            "TOKENIZERS_PARALLELISM",
            "SSH_AUTH_SOCK",
            "XAUTHORITY",
            "GPG_TTY",
            "AWS_REGION",
            "AWS_PROFILE",
            "GIT_ASKPASS",
            "COMPASS",
            "AUTH",
            "HEADERS",
            "GIT_MONKEY",
            "RLM_MODEL",
            "OLLAMA_HOST",
            "HTTPS_PROXY",
            "PATTERN",
            "DBUS_SESSION_BUS_ADDRESS",
        ] {
            assert!(!names_secret(name, "value"), "{name}");
        }
        assert!(!names_secret("MAX_OUTPUT_TOKENS", "32000") && names_secret("MAX_OUTPUT_TOKENS", ""));
    }

    #[test]
    fn keys_are_known_by_their_values() {
        let holds = |value| holds_secret("SOMETHING", value);
        for value in [
            "sk-ant-api03-abcdefgh",
            "ghp_0123456789abcdef",
            "Authorization: Basic dTpw",
            "x: Bearer abc",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "postgres://user:pass@db/x",
            "http://h/v1?api-key=PEARKEY",
            "http://a/v1 http://b/v1?api_key=x",
            "https://store/x?sv=1&sig=abc",
            "https://h/f?code=abc",
            "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=abc==",
            "{\"type\": \"service_account\", \"private_key\": \"x\"}",
        ] {
            assert!(holds(value), "{value}");
        }
        for value in ["", "/usr/bin:/bin", "sk-short", "https://h/v1?api-version=1", "ssh://git@h/x", "a sk-is no key"]
        {
            assert!(!holds(value), "{value}");
        }
        assert!(!holds_secret("https_proxy", "http://user:pass@proxy:3128"));
        assert!(holds_secret("RLM_ENDPOINT", "http://h/v1?PEARKEY") && !holds_secret("RLM_ENDPOINT", "http://h/v1"));
    }

    #[test]
    fn copies_of_a_key_are_found() {
        let variables = vec![
            ("A_TOKEN", "abcdefgh"),
            ("SAME", "abcdefgh"),
            ("LONGER", "x=abcdefgh;y=1"),
            ("B_TOKEN", "abc"),
            ("OTHER", "abc"),
            ("C_KEY", "0123456789abcdef"),
            ("HEADERS", "{x: 0123456789abcdef}"),
            ("PATH", "0123456789abcdef"),
        ];
        let mut found: Vec<&str> = secret_among(variables).into_iter().collect();
        found.sort_unstable();
        assert_eq!(found, ["A_TOKEN", "B_TOKEN", "C_KEY", "HEADERS", "SAME"]);
    }
}
