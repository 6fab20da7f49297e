//! Which model is taken, and why. No test here opens a connection that leaves this machine.

use super::*;
use crate::{
    config::Options,
    llm::{Finish, PieceSink, Reply, Request, TokenUsage},
};
use futures::{FutureExt, future::BoxFuture};

#[derive(Debug)]
struct Extractive;

impl Model for Extractive {
    fn name(&self) -> &str {
        "extractive"
    }
    fn window(&self) -> Option<usize> {
        None
    }
    fn call<'a>(&'a self, _: &'a Request, _: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        let (text, usage) = ("passages".to_owned(), TokenUsage::default());
        async move { Ok(Reply { text, calls: Vec::new(), reasoning: String::new(), finish: Finish::Complete, usage }) }
            .boxed()
    }
}

/// Ollama's port is one where nothing listens, lest a real one be found.
fn models<const N: usize>(options: Options, variables: [(&'static str, &'static str); N]) -> Models {
    let environment = Environment::new(move |name| {
        let own = variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned());
        own.or_else(|| (name == "OLLAMA_HOST").then(|| "127.0.0.1:9".to_owned()))
    });
    Models::new(&options.resolve().unwrap(), environment, Arc::new(Extractive))
}

fn named(model: &str) -> Options {
    Options { model: Some(model.to_owned()), ..Options::default() }
}

#[tokio::test]
async fn with_nothing_configured_the_first_key_decides_and_without_any_the_extractive_model() {
    type Variables<'a> = &'a [(&'static str, &'static str)];
    let cases: [(Variables<'_>, &str, &str); 6] = [
        (&[], "extractive", "nothing is configured"),
        (&[("GEMINI_API_KEY", "k")], "gemini::gemini-3.8-flash", "GEMINI_API_KEY is set"),
        (
            &[("GEMINI_API_KEY", "k"), ("OPENROUTER_API_KEY", "k")],
            "open_router::anthropic/claude-sonnet-4-5",
            "OPENROUTER_API_KEY is set",
        ),
        (&[("OPEN_ROUTER_API_KEY", "k")], "open_router::anthropic/claude-sonnet-4-5", "OPEN_ROUTER_API_KEY is set"),
        (
            &[("OPENAI_API_KEY", "k"), ("ANTHROPIC_API_KEY", "k")],
            "anthropic::claude-sonnet-5-5",
            "ANTHROPIC_API_KEY is set",
        ),
        (&[("ANTHROPIC_API_KEY", " "), ("OPENAI_API_KEY", "k")], "openai_resp::gpt-6-luna", "OPENAI_API_KEY is set"),
    ];
    for (variables, model, why) in cases {
        let environment = {
            let variables = variables.to_vec();
            Environment::new(move |name| {
                let own = variables.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned());
                own.or_else(|| (name == "OLLAMA_HOST").then(|| "127.0.0.1:9".to_owned()))
            })
        };
        let models = Models::new(&Settings::default(), environment, Arc::new(Extractive));
        let choice = models.choose().await.unwrap();
        assert_eq!((choice.root.name(), choice.worker.name(), choice.why.as_str()), (model, model, why));
    }
}

#[tokio::test]
async fn what_is_named_is_taken_and_the_worker_is_the_root_unless_it_is_named() {
    let models = models(named("cli:cat -"), [("OPENAI_API_KEY", "k")]);
    let choice = models.choose().await.unwrap();
    assert_eq!((choice.root.name(), choice.worker.name()), ("cli:cat -", "cli:cat -"));
    assert_eq!(choice.why, "it is configured");
    assert!(Arc::ptr_eq(&choice.root, &choice.worker));
    let options = Options { worker: Some("extractive".to_owned()), ..named("openai::gpt-4o") };
    let choice = self::models(options, [("OPENAI_API_KEY", "k")]).choose().await.unwrap();
    assert_eq!((choice.root.name(), choice.worker.name()), ("openai::gpt-4o", "extractive"));
}

#[tokio::test]
async fn a_missing_key_is_named_before_any_call() {
    let cases = [
        ("claude-x", "anthropic::claude-x needs an API key, and ANTHROPIC_API_KEY is not set"),
        ("openrouter::a/b", "open_router::a/b needs an API key, and OPENROUTER_API_KEY is not set"),
        ("groq::x", "groq::x needs an API key, and GROQ_API_KEY is not set"),
    ];
    for (model, expected) in cases {
        assert_eq!(models(named(model), []).choose().await.unwrap_err().to_string(), expected);
    }
    assert!(models(named("ollama::x"), []).choose().await.is_ok());
}

#[tokio::test]
async fn a_program_may_name_models_only_where_text_goes_already() {
    let keys = [("OPENAI_API_KEY", "k"), ("ANTHROPIC_API_KEY", "k")];
    let models = self::models(named("anthropic::claude-x"), keys);
    let choice = models.choose().await.unwrap();
    for allowed in ["anthropic::claude-x", "claude-y", "extractive"] {
        models.for_program(&choice, allowed).await.unwrap();
    }
    for refused in ["gpt-4o", "openai::gpt-4o", "cli:cat", "some-local-model"] {
        let error = models.for_program(&choice, refused).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{refused}: a program may not call it; the models of this run are anthropic::claude-x and \
                 anthropic::claude-x"
            )
        );
    }
    let endpoint = Some(vec!["http://127.0.0.1:9".to_owned()]);
    let models = self::models(Options { endpoint, ..named("qwen") }, keys);
    let choice = models.choose().await.unwrap();
    models.for_program(&choice, "another").await.unwrap();
    assert!(models.for_program(&choice, "openai::gpt-4o").await.is_err());
}

#[tokio::test]
async fn a_command_is_a_programs_model_only_if_it_is_the_runs_own() {
    let models = models(named("cli:cat"), []);
    let choice = models.choose().await.unwrap();
    models.for_program(&choice, "cli:cat").await.unwrap();
    assert!(models.for_program(&choice, "cli:rm -rf /").await.is_err());
}

#[tokio::test]
async fn no_key_stands_in_any_debug_output() {
    let models =
        models(named("anthropic::claude-x"), [("ANTHROPIC_API_KEY", "sk-hidden"), ("RLM_API_KEY", "sk-hidden")]);
    let choice = models.choose().await.unwrap();
    let shown = format!("{models:?} {choice:?} {:?}", models.describe_without_asking());
    assert!(!shown.contains("sk-hidden"), "{shown}");
}

impl Models {
    fn describe_without_asking(&self) -> Option<(String, Secret)> {
        self.provider_key(AdapterKind::Anthropic)
    }
}

#[tokio::test]
async fn the_survey_tells_which_keys_are_set_and_whether_commands_exist() {
    let options = Options { worker: Some("cli:no-such-program".to_owned()), ..named("cli:sh -c true") };
    let detected = models(options, [("PATH", "/usr/bin:/bin"), ("GEMINI_API_KEY", "sk-hidden")]).describe().await;
    assert_eq!(detected.keys, [KeyFound { variable: "GEMINI_API_KEY", model: "gemini::gemini-3.8-flash" }]);
    assert_eq!(detected.ollama, None);
    let [root, worker] = &detected.checks[..] else { panic!("{:?}", detected.checks) };
    assert!(root.result.as_ref().unwrap().note.ends_with("bin/sh"), "{root:?}");
    let error = worker.result.as_ref().unwrap_err().to_string();
    assert_eq!(error, "cli:no-such-program failed: no-such-program is not on the PATH");
    assert!(!format!("{detected:?}").contains("sk-hidden"));
}

#[test]
fn a_gateway_of_another_network_that_is_called_by_plain_http_is_told_once() {
    const PUBLIC: &str = "http://gate.example.org/v1";
    for (model, variables, expected) in [
        (Some("anthropic::claude-x"), [("ANTHROPIC_BASE_URL", PUBLIC), ("ANTHROPIC_API_KEY", "k")], 1),
        (None, [("ANTHROPIC_BASE_URL", PUBLIC), ("ANTHROPIC_API_KEY", "k")], 1),
        (Some("openai::gpt-4o"), [("ANTHROPIC_BASE_URL", PUBLIC), ("OPENAI_API_KEY", "k")], 0),
        (Some("azure::my"), [("AZURE_OPENAI_ENDPOINT", PUBLIC), ("AZURE_OPENAI_API_KEY", "k")], 1),
        (Some("openai::gpt-4o"), [("OPENAI_BASE_URL", "https://gate.example.org"), ("OPENAI_API_KEY", "k")], 0),
        (Some("openai::gpt-4o"), [("OPENAI_BASE_URL", "http://127.0.0.1:9"), ("OPENAI_API_KEY", "k")], 0),
        (Some("openai::gpt-4o"), [("OPENAI_BASE_URL", "http://litellm:4000"), ("OPENAI_API_KEY", "k")], 0),
    ] {
        let models = models(model.map(named).unwrap_or_default(), variables);
        let warnings = models.take_warnings();
        assert_eq!(warnings.len(), expected, "{variables:?}: {warnings:?}");
        assert!(
            warnings.iter().all(|it| it.starts_with(variables[0].0) && it.contains("gate.example.org")),
            "{warnings:?}"
        );
        assert!(models.take_warnings().is_empty());
    }
}
