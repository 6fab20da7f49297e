//! Secrets that tell by the words of their names: `db-credentials.json`, `apiKeys.yml`, `GCP_KEY.json`.

/// Endings of files that hold data. Source code about credentials is not a secret, and neither is a page.
const DATA: [&str; 25] = [
    "",
    "json",
    "json5",
    "jsonc",
    "yml",
    "yaml",
    "toml",
    "ini",
    "cfg",
    "conf",
    "config",
    "cnf",
    "properties",
    "props",
    "xml",
    "plist",
    "csv",
    "tsv",
    "env",
    "txt",
    "hcl",
    "dat",
    "data",
    "list",
    "kv",
];

/// Words that say it all at the end of a name.
const LAST: [&str; 13] = [
    "credential",
    "credentials",
    "cred",
    "creds",
    "secret",
    "secrets",
    "password",
    "passwords",
    "passwd",
    "passwds",
    "passphrase",
    "kubeconfig",
    "htpasswd",
];

/// Words that say it all at the beginning.
const FIRST: [&str; 4] = ["credential", "credentials", "creds", "secrets"];

/// Names that say it, however their words are joined.
const ANYWHERE: [&str; 24] = [
    "privatekey",
    "accesskey",
    "secretkey",
    "apikey",
    "apisecret",
    "apitoken",
    "clientsecret",
    "appsecret",
    "sharedsecret",
    "jwtsecret",
    "webhooksecret",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "bearertoken",
    "bottoken",
    "serviceprincipal",
    "servicekey",
    "deploykey",
    "sshkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "rootkey",
];

/// Whose key or account it is, if one of these words is in the name.
const CLOUDS: [&str; 16] = [
    "gcp",
    "gcloud",
    "gke",
    "gcs",
    "google",
    "bigquery",
    "vertex",
    "firebase",
    "firestore",
    "aws",
    "s3",
    "azure",
    "sa",
    "service",
    "cloud",
    "iam",
];

/// Whether a file of this name looks like a secret; `extension` is its own in small letters.
pub(super) fn tells_secret(name: &[u8], extension: &str) -> bool {
    if !DATA.contains(&extension) {
        return false;
    }
    let stem = match extension.is_empty() {
        true => name,
        false => &name[..name.len() - extension.len() - 1],
    };
    let words = words(stem);
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return false };
    let joined = words.concat();
    // What holds no secret but refers to one, or holds one that is encrypted.
    if ["sealed", "external", "encrypted"].contains(&first.as_str()) {
        return false;
    }
    let is_account = joined.contains("serviceaccount") && matches!(extension, "" | "json" | "txt");
    let is_of_cloud = matches!(last.as_str(), "key" | "keys" | "auth" | "token") && is_data_of_accounts(extension);
    is_account
        || LAST.contains(&last.as_str())
        || FIRST.contains(&first.as_str())
        || ANYWHERE.iter().any(|known| joined.contains(known))
        || is_of_cloud && words.iter().any(|word| CLOUDS.contains(&word.as_str()))
        || last == "token" && matches!(extension, "" | "txt")
}

fn is_data_of_accounts(extension: &str) -> bool {
    matches!(extension, "" | "json" | "yml" | "yaml" | "csv" | "txt")
}

/// The words of a name in small letters: between other characters, and where capital letters begin.
fn words(name: &[u8]) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = b' ';
    for &byte in name {
        let begins = before.is_ascii_lowercase() && byte.is_ascii_uppercase();
        if begins || !byte.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (byte.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
        before = byte;
    }
    words.retain(|word| !word.is_empty());
    words
}
