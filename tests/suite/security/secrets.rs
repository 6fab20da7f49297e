//! What looks like a secret stays out, by name and by how it begins, on the disk and in an editor, unless it is named.

use crate::{
    client::{Client, uri},
    query::{ask, file, scripted},
    scripted::ScriptedServer,
    terminal::{rlm, run},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path, process::Command};
use tempfile::TempDir;

async fn preview(folder: &Path, more: &[&str]) -> Value {
    let path = folder.to_str().expect("the path is text");
    run(rlm(["preview", "q", path, "--json", "--model", "extractive"].iter().chain(more))).await.json()
}

fn left_out(preview: &Value) -> BTreeSet<String> {
    let paths = preview["leftOut"].as_array().expect("a list").iter().filter_map(|it| it["path"].as_str());
    paths.map(str::to_owned).collect()
}

#[tokio::test]
async fn secrets_stay_out_by_their_names_in_every_form_and_their_neighbours_do_not() {
    let folder = TempDir::new().expect("a folder can be made");
    let secret = "shop.PEM Shop.KEY ID_DSA LIVE.ENV CREDENTIALS.JSON KubeConfig shop.key.bak shop.pem.orig live.env.old \
        shop.key~ shop.pem.txt firebase-adminsdk-q.json my-service-account.json kube.config local.settings.json netrc htpasswd \
        office.ovpn private.asc gcp-key.json accessKeys.csv secrets.properties sftp-config.json pgpass";
    let open = "keypad.py donkey.txt environments.md netrc.rs secrets_test.md tokenizer.json credentials.rs";
    for name in secret.split_whitespace().chain(open.split_whitespace()) {
        file(&folder, name, b"x\n");
    }
    let preview = preview(folder.path(), &[]).await;
    let expected: BTreeSet<String> = secret.split_whitespace().map(str::to_owned).collect();
    assert_eq!(left_out(&preview), expected);
    assert_eq!(preview["context"]["files"], open.split_whitespace().count());
}

const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n";

#[tokio::test]
async fn what_begins_as_a_key_stays_out_unless_it_is_named() {
    let folder = TempDir::new().expect("a folder can be made");
    fs::create_dir(folder.path().join("keys")).expect("a folder can be made");
    let utf16: Vec<u8> = ['\u{feff}'].into_iter().chain(KEY.chars()).flat_map(|it| (it as u16).to_le_bytes()).collect();
    // One that is read in pieces.
    let large = KEY.to_owned() + &"filler\n".repeat(1_400_000);
    for (name, text) in [
        ("keys/deploy", KEY.as_bytes()),
        ("keys/notes.md", format!("\u{feff}\n\n  {KEY}").as_bytes()),
        ("keys/main.rs", KEY.replace("OPENSSH ", "").as_bytes()),
        ("utf16.dat", &utf16),
        ("large.log", large.as_bytes()),
        ("putty", b"PuTTY-User-Key-File-2: ssh-rsa\n"),
        ("age", b"# created: 2024-01-31\n# public key: age1\nAGE-SECRET-KEY-1Q\n"),
        ("gpg", b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ==\n"),
        ("page.md", format!("# Keys\n\nA key looks like this:\n\n{KEY}").as_bytes()),
        ("test.rs", format!("const KEY: &str = \"{KEY}\";").as_bytes()),
    ] {
        file(&folder, name, text);
    }
    let server = ScriptedServer::start(scripted(&["FINAL(str(sorted(files)))"], |_| String::new())).await;
    let ran = ask(&server, folder.path(), &["--max-iterations", "2"]).await;
    assert_eq!(ran.json()["answer"], "['page.md', 'test.rs']", "{ran:?}");
    fs::remove_file(folder.path().join("large.log")).expect("it can be removed");
    let seen = preview(folder.path(), &[]).await;
    let expected = ["age", "gpg", "keys/deploy", "keys/main.rs", "keys/notes.md", "putty", "utf16.dat"];
    assert_eq!(left_out(&seen), expected.map(str::to_owned).into());
    // Named by a glob without wildcards, and by itself.
    let named = preview(folder.path(), &["--include", "keys/deploy", "--include", "page.md"]).await;
    assert_eq!(named["context"]["files"], 2, "{named}");
    assert_eq!(preview(&folder.path().join("keys/deploy"), &[]).await["context"]["files"], 1);
}

#[tokio::test]
async fn an_open_key_stays_out_too() {
    let folder = TempDir::new().expect("a folder can be made");
    let outside = TempDir::new().expect("a folder can be made");
    file(&folder, "a.txt", b"the saffron ration\n");
    file(&folder, "keys.txt", b"nothing yet\n");
    file(&folder, ".env", b"nothing yet\n");
    let mut client = Client::in_folder(folder.path(), json!({}), json!({"model": "extractive"})).await;
    let marked = |text: &str| format!("{text}SAFFRON-SECRET ration\n");
    let place = |name: &str| uri(&folder.path().join(name));
    client.open(&place("keys.txt"), 1, &marked(KEY)).await;
    client.open(&place("unsaved-keys"), 1, &marked(KEY)).await;
    client.open(&place(".env"), 1, &marked("")).await;
    client.open(&place("NEW.PEM.bak"), 1, &marked("")).await;
    client.open(&uri(&outside.path().join("other.txt")), 1, &marked("")).await;
    let query = json!({"query": "what is the saffron ration?"});
    let result = client.request("rlm/query", query).await.expect("there is a result");
    assert!(!result.to_string().contains("SAFFRON-SECRET"), "{result}");
    assert!(result["answer"].as_str().expect("a text").contains("a.txt:1"), "{result}");
    // Asked about by itself it is read.
    let scope = json!({"kind": "file", "uri": place("keys.txt")});
    let query = json!({"query": "what is the saffron ration?", "scope": scope});
    let result = client.request("rlm/query", query).await.expect("there is a result");
    assert!(result.to_string().contains("SAFFRON-SECRET"), "{result}");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn bare_repositories_stay_out_as_those_with_files_do() {
    let folder = TempDir::new().expect("a folder can be made");
    let place = folder.path();
    file(&folder, "a.txt", b"x\n");
    for (name, more) in [("copy.git", "--bare"), ("mirror", "--bare"), ("work", "")] {
        let mut git = Command::new("git");
        git.args(["init", "-q"]).args(Some(more).filter(|it| !it.is_empty())).arg(place.join(name));
        assert!(git.status().expect("git is installed").success());
        let configuration = if more.is_empty() { "work/.git/config".to_owned() } else { format!("{name}/config") };
        let remote = "[remote \"origin\"]\n\turl = https://user:TOKEN-VALUE@example.org/x.git\n";
        fs::write(place.join(configuration), remote).expect("a file can be written");
    }
    // Other folders may have some of these names.
    for name in ["objects/refs", "objects/objects", "docs/refs"] {
        fs::create_dir_all(place.join(name)).expect("a folder can be made");
        file(&folder, &format!("{name}/config"), b"x\n");
    }
    let seen = preview(place, &[]).await;
    let expected = ["copy.git/", "mirror/", "work/.git/"];
    assert_eq!(left_out(&seen), expected.map(str::to_owned).into(), "{seen}");
    assert_eq!(seen["context"]["files"], 4);
    let globs = ["--include", "copy.git/config", "--include", "*.txt", "--include", "mirror"];
    assert_eq!(preview(place, &globs).await["context"]["files"], 1, "no glob lets them in");
}
