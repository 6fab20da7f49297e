//! A client of the language server for tests: the real program over its standard input and output.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// How long a test waits for a message that must come. Generous, since machines are slow at times.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server, and what it has sent that was not asked for yet.
pub struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    unread: Vec<Value>,
    last_id: i64,
}

impl Client {
    /// Starts a server with nothing but these variables in its environment.
    fn start_in<const N: usize>(environment: [(&str, String); N]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rlm"));
        command
            .arg("lsp")
            .env_clear()
            // What other tests were told is no answer here.
            .env("RLM_STORE", "off")
            .envs(environment)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            // Where no Ollama answers.
            .env("OLLAMA_HOST", "127.0.0.1:9");
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("the output is piped"));
        Self { child, input, output, unread: Vec::new(), last_id: 0 }
    }

    /// Starts a server and initializes it with a workspace folder.
    pub async fn in_folder(folder: &Path, capabilities: Value, options: Value) -> Self {
        Self::with_environment([], folder, capabilities, options).await
    }

    /// The same with these variables of its environment.
    pub async fn with_environment<const N: usize>(
        environment: [(&str, String); N],
        folder: &Path,
        capabilities: Value,
        options: Value,
    ) -> Self {
        Self::start_in(environment).initialized(folder, capabilities, options).await
    }

    /// The same for a command that starts a server.
    pub async fn of_command(command: Command, folder: &Path, capabilities: Value, options: Value) -> Self {
        Self::start(command).initialized(folder, capabilities, options).await
    }

    async fn initialized(mut self, folder: &Path, capabilities: Value, options: Value) -> Self {
        let uri = uri(folder);
        let folders = json!([{"uri": uri, "name": "folder"}]);
        let params = json!({"capabilities": capabilities, "processId": null, "rootUri": uri,
                            "workspaceFolders": folders, "initializationOptions": options});
        let result = self.request("initialize", params).await.expect("the server initializes");
        assert_eq!(result["capabilities"]["experimental"]["rlm"]["version"], 1);
        self.notify("initialized", json!({})).await;
        self
    }

    /// The number of the server's process.
    pub fn id(&self) -> u32 {
        self.child.id().expect("the server runs")
    }

    pub async fn send_raw(&mut self, text: &str) {
        let input = self.input.as_mut().expect("the input is open");
        input.write_all(text.as_bytes()).await.expect("the server reads");
    }

    pub async fn send(&mut self, message: Value) {
        let body = message.to_string();
        self.send_raw(&format!("Content-Length: {}\r\n\r\n{body}", body.len())).await;
    }

    pub async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    /// Sends a request and returns its id.
    pub async fn begin(&mut self, method: &str, params: Value) -> i64 {
        self.last_id += 1;
        self.send(json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params})).await;
        self.last_id
    }

    /// The result of a request, or its error.
    pub async fn request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.begin(method, params).await;
        self.response(id).await
    }

    /// The response to a request that was begun.
    pub async fn response(&mut self, id: i64) -> Result<Value, Value> {
        let mut message = self.message(|it| it["id"] == id && it.get("method").is_none()).await;
        match message.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(message["result"].take()),
        }
    }

    /// The params of the next notification or request of this method for which `holds` is true.
    pub async fn next(&mut self, method: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut message = self.message(|it| it["method"] == method && holds(&it["params"])).await;
        if let Some(id) = message.get("id").cloned() {
            self.send(json!({"jsonrpc": "2.0", "id": id, "result": null})).await;
        }
        message["params"].take()
    }

    /// Takes the first message for which `holds` is true; others stay for later.
    pub async fn message(&mut self, holds: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.unread.iter().position(&holds) {
            return self.unread.remove(at);
        }
        let search = async {
            loop {
                let message = self.read().await.expect("the server is still there");
                if holds(&message) {
                    return message;
                }
                self.unread.push(message);
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the message comes in time")
    }

    /// Messages that nobody has asked for.
    pub fn unread(&self, method: &str) -> Vec<&Value> {
        self.unread.iter().filter(|message| message["method"] == method).collect()
    }

    /// Forgets what nobody has asked for.
    pub fn forget(&mut self) {
        self.unread.clear();
    }

    /// The next message; `None` when the server has closed its output.
    pub async fn read(&mut self) -> Option<Value> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).await.expect("the output is text") == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().expect("a length");
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).await.expect("the body is whole");
        Some(serde_json::from_slice(&body).expect("the body is JSON"))
    }

    /// Opens a document.
    pub async fn open(&mut self, uri: &str, version: i32, text: &str) {
        let document = json!({"uri": uri, "languageId": "text", "version": version, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    }

    /// Ends the server as the protocol asks for, and returns the status of its process.
    pub async fn shut_down(mut self) -> i32 {
        self.request("shutdown", Value::Null).await.expect("the server shuts down");
        self.notify("exit", Value::Null).await;
        self.status().await
    }

    /// Closes the server's input and returns the status of its process.
    pub async fn hang_up(mut self) -> i32 {
        self.input = None;
        self.status().await
    }

    /// Sends the server's process a signal.
    pub fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("the server runs");
        kill_process(id, signal).expect("it can be signalled");
    }

    /// Waits for the end of the server's process and returns its status.
    pub async fn status(&mut self) -> i32 {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("the process ends in time");
        status.expect("the process can be waited for").code().expect("no signal ended it")
    }
}

/// The `file:` URI of a path without characters that need escaping.
pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}
