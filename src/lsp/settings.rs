//! What the client has set.
//!
//! There are two layers, each taken whole from a message: the `initializationOptions`, and over them the section `rlm` of
//! the client's configuration, which the client tells by itself or when it is asked. A reply comes some time after the
//! message that made the server ask, and others may come first. So the upper layer may be one that is still awaited: a
//! query behind that message waits for this reply and for no other, and one before it does not see it.

use crate::config::{Options, SettingsError};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::watch;

/// One layer, or why it was refused.
type Layer = Result<Options, SettingsError>;

/// The upper layer; nothing if the client has never told one.
type Configured = Option<Arc<Layer>>;

/// Names in a section that are no options.
pub type Strangers = Vec<String>;

/// Both layers as of one message. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    initial: Arc<Layer>,
    configured: Upper,
}

#[derive(Debug, Clone)]
enum Upper {
    Told(Configured),
    Asked(watch::Receiver<Option<Configured>>),
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self { initial: Arc::new(Ok(Options::default())), configured: Upper::Told(None) }
    }
}

impl ClientSettings {
    /// Takes the `initializationOptions`: the section `rlm`, alone or inside an object.
    pub fn initialize(&mut self, options: &Value) -> Strangers {
        let (layer, strangers) = read(options.get("rlm").unwrap_or(options));
        self.initial = Arc::new(layer);
        strangers
    }

    /// Takes a configuration that the client tells by itself. One that says nothing of `rlm` changes nothing, which is
    /// what `None` says.
    pub fn tell(&mut self, settings: &Value) -> Option<Strangers> {
        let (layer, strangers) = read(section(settings)?);
        self.configured = Upper::Told(Some(Arc::new(layer)));
        Some(strangers)
    }

    /// The client is asked for its configuration: from here on its reply counts.
    pub fn ask(&mut self) -> Inquiry {
        let (reply, receiver) = watch::channel(None);
        Inquiry { before: std::mem::replace(&mut self.configured, Upper::Asked(receiver)), reply }
    }

    /// Both layers together, once the client has replied.
    ///
    /// # Errors
    /// A layer makes no sense. A configuration that does makes up for initial options that do not.
    pub async fn options(&self) -> Result<Options, SettingsError> {
        match (&*self.initial, self.configured.settled().await.as_deref()) {
            (Ok(initial), None) => Ok(initial.clone()),
            (Ok(initial), Some(Ok(configured))) => Ok(configured.clone().merged_over(initial.clone())),
            (Err(_), Some(Ok(configured))) => Ok(configured.clone()),
            (_, Some(Err(error))) | (Err(error), None) => Err(error.clone()),
        }
    }
}

impl Upper {
    async fn settled(&self) -> Configured {
        match self {
            Self::Told(configured) => configured.clone(),
            Self::Asked(reply) => match reply.clone().wait_for(Option::is_some).await {
                Ok(configured) => configured.clone().flatten(),
                // The connection has ended, and with it whoever wanted to know.
                Err(_) => None,
            },
        }
    }
}

/// A question to the client that has no reply yet.
#[derive(Debug)]
pub struct Inquiry {
    before: Upper,
    reply: watch::Sender<Option<Configured>>,
}

impl Inquiry {
    /// Takes the reply, which is the section or null; without one everything stays as it was.
    pub async fn settle(self, reply: Option<&Value>) -> Strangers {
        let (configured, strangers) = match reply {
            Some(reply) => {
                let (layer, strangers) = read(reply.get("rlm").unwrap_or(reply));
                (Some(Arc::new(layer)), strangers)
            }
            None => (self.before.settled().await, Strangers::new()),
        };
        self.reply.send_replace(Some(configured));
        strangers
    }
}

/// The part of a client's configuration that is meant for this server: the section `rlm`, or all of it if it holds
/// nothing but options. Clients send their whole configuration to every server.
fn section(settings: &Value) -> Option<&Value> {
    if let Some(section) = settings.get("rlm") {
        return Some(section);
    }
    let fields = settings.as_object()?;
    let is_own = !fields.is_empty() && fields.keys().all(|name| Options::knows(name));
    is_own.then_some(settings)
}

fn read(section: &Value) -> (Layer, Strangers) {
    match Options::from_json(section) {
        Ok(mut options) => {
            let strangers = std::mem::take(&mut options.unknown);
            (options.clone().resolve().map(|_| options), strangers)
        }
        Err(error) => (Err(error), Strangers::new()),
    }
}

/// What the client's user is told of names that are no options.
pub fn complaint(strangers: &[String]) -> String {
    let named = strangers.iter().map(|name| match Options::nearest(name) {
        Some(nearest) => format!("{name} (did you mean {nearest}?)"),
        None => name.clone(),
    });
    format!("RLM does not know these settings and leaves them aside: {}", named.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use serde_json::json;

    /// The model and the limit on calls that a query would see now.
    fn seen(settings: &ClientSettings) -> Result<(String, u64), String> {
        let options = settings.options().now_or_never().expect("nothing is awaited").map_err(|it| it.to_string())?;
        Ok((options.model.unwrap_or_default(), options.max_calls.unwrap_or_default()))
    }

    fn initialized() -> ClientSettings {
        let mut settings = ClientSettings::default();
        assert!(settings.initialize(&json!({"model": "initial", "maxCalls": 5})).is_empty());
        settings
    }

    #[test]
    fn a_configuration_replaces_the_one_before_and_lies_over_the_initial_options() {
        let mut settings = initialized();
        for (told, seen_then) in [
            (json!({"rlm": {"model": "a"}}), ("a", 5)),
            (json!({"rlm": {"maxCalls": 6}}), ("initial", 6)),
            (json!({"model": "bare"}), ("bare", 5)),
            (json!({"rlm": null}), ("initial", 5)),
        ] {
            assert_eq!(settings.tell(&told), Some(vec![]), "{told}");
            assert_eq!(seen(&settings), Ok((seen_then.0.to_owned(), seen_then.1)), "{told}");
        }
    }

    #[test]
    fn what_is_not_about_rlm_changes_nothing() {
        let mut settings = initialized();
        settings.tell(&json!({"rlm": {"model": "a"}}));
        for foreign in
            [json!(null), json!({}), json!({"python": {"model": "b"}}), json!({"model": "b", "x": 1}), json!(3)]
        {
            assert_eq!(settings.tell(&foreign), None, "{foreign}");
            assert_eq!(seen(&settings), Ok(("a".to_owned(), 5)), "{foreign}");
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_told_until_others_come() {
        let mut settings = ClientSettings::default();
        settings.initialize(&json!({"maxCalls": 0}));
        assert!(seen(&settings).is_err_and(|error| error.starts_with("maxCalls: ")));
        settings.tell(&json!({"rlm": {"model": 3}}));
        assert!(seen(&settings).is_err_and(|error| error.starts_with("model: ")));
        settings.tell(&json!({"rlm": {"model": "a"}}));
        assert_eq!(seen(&settings), Ok(("a".to_owned(), 0)));
    }

    #[test]
    fn names_that_are_no_options_are_returned_and_the_rest_counts() {
        let mut settings = ClientSettings::default();
        assert_eq!(settings.initialize(&json!({"model": "a", "maxCall": 3})), ["maxCall"]);
        assert_eq!(settings.tell(&json!({"rlm": {"maxCalls": 3, "zzz": 1}})), Some(vec!["zzz".to_owned()]));
        assert_eq!(seen(&settings), Ok(("a".to_owned(), 3)));
        let complaint = complaint(&["maxCall".to_owned(), "zzz".to_owned()]);
        assert!(complaint.ends_with(": maxCall (did you mean maxCalls?), zzz"), "{complaint}");
    }

    #[tokio::test]
    async fn a_reply_counts_from_its_question_on_however_late_it_comes() {
        let mut settings = initialized();
        let first = settings.ask();
        let behind_first = settings.clone();
        let second = settings.ask();
        let behind_second = settings.clone();
        settings.tell(&json!({"rlm": {"model": "told"}}));

        second.settle(Some(&json!({"model": "second"}))).await;
        assert!(behind_first.options().now_or_never().is_none(), "it waits for its own reply");
        first.settle(Some(&json!({"model": "first"}))).await;
        for (settings, model) in [(behind_first, "first"), (behind_second, "second"), (settings, "told")] {
            assert_eq!(seen(&settings), Ok((model.to_owned(), 5)));
        }
    }

    #[tokio::test]
    async fn without_a_reply_what_was_before_counts_and_an_empty_one_is_a_reply() {
        let mut settings = initialized();
        settings.tell(&json!({"rlm": {"model": "told"}}));
        settings.ask().settle(None).await;
        assert_eq!(seen(&settings), Ok(("told".to_owned(), 5)));
        settings.ask().settle(Some(&Value::Null)).await;
        assert_eq!(seen(&settings), Ok(("initial".to_owned(), 5)));
    }
}
