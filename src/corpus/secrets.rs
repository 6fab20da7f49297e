//! Which files look like secrets. They are left out unless they were asked for by name, since whatever is read may be
//! sent to a model on another machine.

use super::rules::Matcher;
use std::{os::unix::ffi::OsStrExt, path::Path, sync::LazyLock};

/// In the syntax of `.gitignore`: later lines win, `!` takes back.
const PATTERNS: &str = "
.env*
*.env
!.env.example
!.env.sample
!.env.template
!.env.dist

*.pem
*.key
*.ppk
*.p8
*.p12
*.pfx
*.jks
*.keystore
*.kdbx
*.gpg
id_rsa*
id_dsa*
id_ecdsa*
id_ed25519*
!*.pub

.netrc
_netrc
.npmrc
.pypirc
.pgpass
.my.cnf
.htpasswd
*.htpasswd
.git-credentials
.dockercfg
**/.docker/config.json
**/.kube/config
kubeconfig
*.kubeconfig
**/.aws/config
credentials
credentials.json
credentials.toml
credentials.yml
credentials.yml.enc
credentials.yaml
application_default_credentials.json
client_secret*.json
service-account*.json
service_account*.json
secrets.json
secrets.toml
secrets.yml
secrets.yaml
secret.json
secret.yml
secret.yaml
*.secret
*.secrets
.secrets

*.tfstate
*.tfstate.*
*.tfvars
*.tfvars.json
.terraformrc
terraform.rc
.vault-token
.vault_pass*
rclone.conf
.s3cfg
.boto
";

static MATCHER: LazyLock<Matcher> = LazyLock::new(|| Matcher::new(PATTERNS.lines()));

/// Whether a file of this path, relative to its root, looks like a secret.
pub(super) fn looks_secret(path: &Path) -> bool {
    MATCHER.matched(path.as_os_str().as_bytes(), false).is_ignore()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_credentials_look_secret_and_their_neighbours_do_not() {
        let secret = [
            ".env",
            "a/.env.local",
            "prod.env",
            "tls/server.pem",
            "a.key",
            "home/id_rsa",
            "id_ed25519",
            "id_ecdsa_sk",
            ".npmrc",
            ".netrc",
            ".pypirc",
            "store.p12",
            "a.jks",
            "debug.keystore",
            "x/.aws/credentials",
            ".kube/config",
            ".docker/config.json",
            "infra/terraform.tfstate",
            "prod.tfvars",
            ".htpasswd",
            "config/secrets.yml",
            "client_secret_123.json",
        ];
        for path in secret {
            assert!(looks_secret(Path::new(path)), "{path}");
        }
        let open = [
            ".env.example",
            "id_rsa.pub",
            "src/env.rs",
            "credentials.rs",
            "src/secrets.rs",
            "keys.md",
            "config.json",
            "main.tf",
            "key",
            "environment.env.md",
            "tokenizer.json",
        ];
        for path in open {
            assert!(!looks_secret(Path::new(path)), "{path}");
        }
    }
}
