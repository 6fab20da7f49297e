//! Names of secrets and of their harmless neighbours.

use super::*;

/// One name or several on a line, apart by two spaces.
fn names(lines: &str) -> Vec<&str> {
    lines.lines().flat_map(|line| line.trim().split("  ")).filter(|name| !name.is_empty()).collect()
}

const SECRET: &str = "
    .env  a/.env.local  prod.env  LIVE.ENV  .ENV  .env.production.local  .env1  .env_old  .envrc  .dev.vars
    tls/server.pem  shop.PEM  Shop.KEY  a.key  certs/client.p12  a.pfx  a.ppk  AuthKey_ABC.p8  a.jks  debug.keystore
    krb5.keytab  sign.snk  age.agekey  private.jwk  vault.kdbx  old.kdb  export.1pux  login.keychain-db  secring.gpg
    home/id_rsa  ID_DSA  id_ecdsa_sk  id_ed25519  id_ed25519_work  deploy_rsa  github-ed25519  ssh_host_rsa_key
    private.asc  my-secret-key.asc  .ssh/identity  sops/age/keys.txt
    bitwarden_export_20240131.json  lastpass_export.csv  Chrome Passwords.csv  passwords.csv  logins.json  key4.db
    cookies.txt  wallet.dat  UTC--2016-03-22T12-57-55.920751759Z--0011aabb  mnemonic.txt  seed-phrase.txt  .bash_history
    .netrc  _netrc  netrc  .npmrc  npmrc  .pypirc  .pgpass  pgpass  pgpass.conf  .htpasswd  htpasswd  sites.htpasswd
    .git-credentials  git-credentials  .dockercfg  .s3cfg  .my.cnf  mylogin.cnf  .pg_service.conf  .boto
    .gem/credentials  .cargo/credentials.toml  .m2/settings.xml  .gradle/gradle.properties  auth.json
    .composer/auth.json
    gh/hosts.yml  .authinfo.plain  .msmtprc  chap-secrets  ipsec.secrets  tomcat-users.xml  etc/shadow
    sftp-config.json  .ftpconfig  sitemanager.xml  WinSCP.ini  rclone.conf  office.ovpn  wg0.conf  wpa_supplicant.conf
    home.nmconnection  work.rdp
    application_default_credentials.json  gha-creds-0011.json  firebase-adminsdk-q.json
    shop-firebase-adminsdk-x1-0a.json
    my-service-account.json  service_account.json  serviceAccountKey.json  gcp-key.json  GCP_KEY.json  sa-key.json
    gcloud-service-key.json  google-credentials.json  client_secret_123.apps.json  client_secrets.json
    x/.aws/credentials  .aws/config  .oci/config  .azure/accessTokens.json  local.settings.json  azureauth.json
    shop.publishsettings  accessKeys.csv  me_accessKeys.csv  rootkey.csv  new_user_credentials.csv  oauth_creds.json
    token.json  github_token.txt  npm-token  api_key.txt  apikeys.json  api-keys.yml  stripeApiKey.properties
    .docker/config.json  .kube/config  KubeConfig  kube.config  kube_config.yml  admin-kubeconfig.yaml  prod.kubeconfig
    kubeconfig-prod  kubernetes/admin.conf  k3s.yaml  talosconfig
    infra/terraform.tfstate  terraform.tfstate.backup  prod.tfvars  prod.auto.tfvars.json  .terraformrc
    credentials.tfrc.json
    .vault-token  .vault_pass  vault_pass.txt  vault-password.txt  group_vars/all/vault.yml  host_vars/db/vault.yml
    config/master.key  config/credentials.yml.enc  config/secrets.yml  secret_token.rb  wp-config.php  LocalSettings.php
    config/parameters.yml  key.properties  keystore.properties  secrets.properties  credentials.xml  buildkite-agent.cfg
    credentials  Credentials.json  CREDENTIALS.JSON  credentials.toml  credentials.ini  db-credentials.json
    credentials-prod.yml  creds.json  secrets.json5  secrets.production.yml  app-secrets.yaml  db_secret.yaml
    jwt_secret.txt
    db_password  db_password.txt  root.passwd  admin.password  passphrase.txt  .secrets  act.secrets  private_key
    private-key.txt  deploy_key  ssh_key.txt  signingKey.dat
    shop.key.bak  shop.pem.orig  live.env.old  shop.key~  shop.pem.txt  server.key.bak  prod.env.bak  backup.pem~
    id_rsa.bak  id_rsa copy  id_rsa (1)  .server.key.swp  #server.key#  .env.1  prod.env.2024-01-31  prod.env_20240131
    credentials (2).json  credentials copy.json  credentials-backup.json  Copy of secrets.yml  old_credentials.json
    kubeconfig.orig  netrc.save  .pgpass.old  terraform.tfvars.bak  htpasswd~  wg0.conf.bak  server.key.b64  .npmrc.txt
    credentials.sync-conflict-20240131-120000-ABCDEFG.json  prod.env.~3~  secrets.yml.dpkg-old
";

const OPEN_NAMES: &str = "
    .env.example  .env.sample  .env.template  .env.dist  .env.example~  example.env  sample.env  prod.env.example
    environments.md  environment.env.md  src/env.rs  env.d.ts  environment.ts  env.py  envelope.json  environment.yml
    id_rsa.pub  id_ed25519.pub  id_rsa_test.go  id_rsa.md  server.crt  ca.cer  request.csr  public.asc  SHA256SUMS.asc
    keypad.py  donkey.txt  monkey.md  keyboard.json  turkey.csv  hockey.yml  keys.md  keys.json  key  keyframes.css
    keymap.toml
    pem.rs  pem_reader.go  key.rs  keystore.java  KeyStore.kt  jks.py  ppk.c  pkcs12.h  gpg.sh  keychain.swift  kdbx.ts
    netrc.rs  netrc.md  npmrc.ts  pgpass.c  htpasswd.go  dockercfg.go  pypirc.py  test_netrc.py  git-credentials.md
    credentials.rs  credential_store.go  credentials.py  credentials.md  CredentialsProvider.java  credentials_test.rb
    secrets_test.md  src/secrets.rs  secret.go  secretary.txt  secretion.csv  SecretManager.kt  secrets.tf
    secrets.proto
    password.rs  passwords_test.go  password_reset.html  PasswordField.tsx  passwordless.json  password-policy.md
    tokenizer.json  token.rs  tokens.css  tokens.json  tokenize.py  design-tokens.yml  Tokenizer.cs
    special_tokens_map.json
    auth.rs  auth.ts  locales/en/auth.json  oauth.md  authors.txt  authentication.yml  authorized_keys  known_hosts
    config.json  settings.json  package.json  package-lock.json  tsconfig.json  composer.json  Cargo.toml
    pyproject.toml
    appsettings.json  settings.local.md  local.properties  gradle.properties  application.yml  config.yml  database.yml
    main.tf  variables.tf  outputs.tf  terraform.tfvars.example  vault.rs  vault.tf  vault.md  default.json  vault.json
    kube.rs  kubeconfig.go  kubeconfig.md  kubernetes.yaml  deployment.yaml  service-account.yaml  sealed-secrets.yaml
    external-secret.yaml  service_account.py  serviceaccount.go  service.json  accounts.json  firebase.json
    google-services.json
    Dockerfile  docker-compose.yml  .dockerignore  .gitignore  Makefile  LICENSE  README.md  CHANGELOG.md  AUTHORS
    NOTICE
    ovpn.py  wireguard.md  wg.rs  vpn.txt  sftp.rs  ftp_client.py  rclone.md  winscp.cs  cookies.js  cookie.txt
    cookiecutter.json
    wallet.rs  wallet.ts  mnemonic.py  seed.sql  seeds.rb  history.md  shell_history.rs  logins.html  login.php
    login_data.py
    api_key.rs  api-keys.md  ApiKeys.vue  apikey.go  access_key.py  client_secret.py  private_key.rs  PrivateKey.java
    master.css  masterkey.rs  wp-config-sample.php  wp-settings.php  secrets.yml.example  secrets.example.yml
    credentials.schema.json
    kubeconfig.example  credentials.json.dist  config.sample.yml  htpasswd.template  rsa.c  dsa.go  ecdsa_test.py
    crypto.txt
    copy.txt  backup.sh  old.md  notes.bak  main.rs.orig  index.html~  photo (1).txt  todo copy.txt  2024-01-31.md
    log.1
    shadow.css  shadow.glsl  passwd.c  etc.md  accounts.csv  users.csv  keywords.txt  monkeys.txt  public_key.txt
";

#[test]
fn keys_and_credentials_look_secret_and_their_neighbours_do_not() {
    let (secret, open) = (names(SECRET), names(OPEN_NAMES));
    assert!(secret.len() >= 150 && open.len() >= 150, "{} {}", secret.len(), open.len());
    let hidden: Vec<_> = secret.into_iter().filter(|name| !looks_secret(Path::new(name))).collect();
    let shown: Vec<_> = open.into_iter().filter(|name| looks_secret(Path::new(name))).collect();
    assert!(hidden.is_empty() && shown.is_empty(), "not secret: {hidden:?}; secret: {shown:?}");
}

#[test]
fn every_secret_is_one_in_capital_letters_and_as_a_copy() {
    for name in names(SECRET) {
        for other in [name.to_uppercase(), format!("{name}.bak"), format!("{name}~"), format!("{name}.OLD")] {
            // What a program looks for in a folder of a given name is told by that, too.
            assert!(looks_secret(Path::new(&other)), "{other}");
        }
        assert!(looks_secret(&Path::new("some/folder").join(name)) || name == "auth.json", "{name}");
    }
}

#[test]
fn lists_are_in_order() {
    assert!(OPEN.is_sorted());
    assert!(NAMES.len() > 200);
    let names = std::str::from_utf8(NAMES.text()).unwrap();
    assert!(names.lines().all(|line| line == line.to_lowercase() && !line.contains(['{', '}'])));
}

#[test]
fn no_name_is_too_odd() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    for name in [
        &b""[..],
        b".",
        b"..",
        b"~",
        b"#",
        b"()",
        b" (",
        b".key.",
        b"\xff\xfe.KEY",
        b"-_-_-_-",
        b"copy",
        b"a/",
        b"t.t-1",
    ] {
        let _ = looks_secret(Path::new(OsStr::from_bytes(name)));
    }
    assert!(looks_secret(Path::new(OsStr::from_bytes(b"\xff\xfe.KEY"))));
    assert!(looks_secret(Path::new(&("a.key".to_owned() + &".bak".repeat(60)))));
}
