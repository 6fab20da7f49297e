//! What the client has set.
//!
//! One layer counts at a time, taken whole from a message. It begins with the `initializationOptions`. The first
//! configuration that the client gives takes their place in every field, and each further one that of the one before:
//! so an option that was removed from the client's settings is gone, and no text goes to an endpoint that somebody has
//! deleted. A client gives its configuration by itself, or when it is asked (the section `rlm`); only one that never
//! does lives by its `initializationOptions`.
//!
//! A reply comes some time after the message that made the server ask, and others may come first. So the layer may be
//! one that is still awaited: a query behind that message waits for this reply and for no other, and one before it does
//! not see it.

use crate::config::{Options, SettingsError};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::watch;

/// One layer, or why it was refused.
type Layer = Result<Options, SettingsError>;

/// Unknown option names.
pub type UnknownOptions = Vec<String>;

/// What counts as of one message. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct ClientSettings {
    current: Current,
}

#[derive(Debug, Clone)]
enum Current {
    Known(Settled),
    Asked(watch::Receiver<Option<Settled>>),
}

/// A layer and where it comes from.
#[derive(Debug, Clone)]
struct Settled {
    layer: Arc<Layer>,
    origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The `initializationOptions`, or nothing at all.
    Initial,
    /// The section `rlm` alone, or options alone.
    Section,
    /// The section `rlm` among others: the client sends its whole configuration.
    Whole,
}

impl Default for Settled {
    fn default() -> Self {
        Self::new(Ok(Options::default()), Origin::Initial)
    }
}

impl Settled {
    fn new(layer: Layer, origin: Origin) -> Self {
        Self { layer: Arc::new(layer), origin }
    }

    /// Nothing is set any more.
    fn cleared(origin: Origin) -> Self {
        Self::new(Ok(Options::default()), origin)
    }
}

impl Default for Current {
    fn default() -> Self {
        Self::Known(Settled::default())
    }
}

impl ClientSettings {
    /// Takes the `initializationOptions`: the section `rlm`, alone or inside an object.
    pub fn initialize(&mut self, options: &Value) -> UnknownOptions {
        let (layer, unknown) = read(options.get("rlm").unwrap_or(options));
        self.current = Current::Known(Settled::new(layer, Origin::Initial));
        unknown
    }

    /// Takes a configuration that the client gives by itself. `None` if it does not say what holds for this server:
    /// then a client that can be asked is to be asked, and otherwise everything stays as it was.
    pub fn tell(&mut self, settings: &Value, can_be_asked: bool) -> Option<UnknownOptions> {
        if let Some((section, origin)) = section(settings) {
            let (layer, unknown) = read(section);
            self.current = Current::Known(Settled::new(layer, origin));
            return Some(unknown);
        }
        if !can_be_asked
            && let Current::Known(Settled { origin, .. }) = self.current
            && is_removal(settings, origin)
        {
            self.current = Current::Known(Settled::cleared(origin));
            return Some(UnknownOptions::new());
        }
        None
    }

    /// The client is asked for its configuration: from here on its reply counts.
    pub fn ask(&mut self) -> Inquiry {
        let (reply, receiver) = watch::channel(None);
        Inquiry { before: std::mem::replace(&mut self.current, Current::Asked(receiver)), reply }
    }

    /// The layer that counts, once the client has replied.
    ///
    /// # Errors
    /// It makes no sense.
    pub async fn options(&self) -> Result<Options, SettingsError> {
        (*self.current.settled().await.layer).clone()
    }
}

impl Current {
    async fn settled(&self) -> Settled {
        match self {
            Self::Known(settled) => settled.clone(),
            Self::Asked(reply) => match reply.clone().wait_for(Option::is_some).await {
                Ok(settled) => settled.clone().unwrap_or_default(),
                // The connection has ended, and with it whoever wanted to know.
                Err(_) => Settled::default(),
            },
        }
    }
}

/// A question to the client that has no reply yet.
#[derive(Debug)]
pub struct Inquiry {
    before: Current,
    reply: watch::Sender<Option<Settled>>,
}

impl Inquiry {
    /// Takes the reply, which is the section or null; without one everything stays as it was. Null says that there is
    /// no such section: of a client that has given one before, that it was removed, and of any other, that it has none
    /// to give.
    pub async fn settle(self, reply: Option<&Value>) -> UnknownOptions {
        let (settled, unknown) = match reply {
            Some(reply) if !reply.is_null() => {
                let (layer, unknown) = read(reply.get("rlm").unwrap_or(reply));
                (Settled::new(layer, Origin::Section), unknown)
            }
            reply => {
                let before = self.before.settled().await;
                let is_removed = reply.is_some() && before.origin != Origin::Initial;
                (if is_removed { Settled::cleared(Origin::Section) } else { before }, UnknownOptions::new())
            }
        };
        self.reply.send_replace(Some(settled));
        unknown
    }
}

/// The part of a client's configuration that is meant for this server: the section `rlm`, or all of it if it holds
/// nothing but options. Many clients send their whole configuration to every server.
fn section(settings: &Value) -> Option<(&Value, Origin)> {
    let fields = settings.as_object()?;
    if let Some(section) = fields.get("rlm") {
        return Some((section, if fields.len() > 1 { Origin::Whole } else { Origin::Section }));
    }
    let is_own = !fields.is_empty() && fields.keys().all(|name| Options::knows(name));
    is_own.then_some((settings, Origin::Section))
}

/// Whether settings without a word on this server mean that what was given before was removed: there is nothing in them
/// at all, or they are a whole configuration. The settings of another server, alone, are neither.
fn is_removal(settings: &Value, before: Origin) -> bool {
    match before {
        Origin::Initial => false,
        Origin::Section => settings.is_null() || settings.as_object().is_some_and(serde_json::Map::is_empty),
        Origin::Whole => settings.is_null() || settings.is_object(),
    }
}

fn read(section: &Value) -> (Layer, UnknownOptions) {
    match Options::from_json(section) {
        Ok(mut options) => {
            let unknown = std::mem::take(&mut options.unknown);
            (options.clone().resolve().map(|_| options), unknown)
        }
        Err(error) => (Err(error), UnknownOptions::new()),
    }
}

/// What the client's user is told of names that are no options.
pub fn complaint(unknown: &[String]) -> String {
    let named = unknown.iter().map(|name| match Options::nearest(name) {
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

    /// Tells these settings one after the other; `expected` is what is seen after each.
    fn check(mut settings: ClientSettings, can_be_asked: bool, told: &[(Value, (&str, u64))]) {
        for (told, expected) in told {
            settings.tell(told, can_be_asked);
            assert_eq!(seen(&settings), Ok((expected.0.to_owned(), expected.1)), "{told}");
        }
    }

    #[test]
    fn the_first_configuration_takes_the_place_of_the_initial_options_in_every_field() {
        for (told, expected) in [
            (json!({"rlm": {"model": "a"}}), ("a", 0)),
            (json!({"rlm": {"maxCalls": 6}}), ("", 6)),
            (json!({"model": "bare"}), ("bare", 0)),
            (json!({"rlm": {"model": null, "maxCalls": 7}}), ("", 7)),
            (json!({"rlm": {}}), ("", 0)),
            (json!({"rlm": null}), ("", 0)),
            (json!({"rlm": null, "python": {}}), ("", 0)),
        ] {
            check(initialized(), false, &[(told.clone(), expected)]);
            check(initialized(), true, &[(told, expected)]);
        }
    }

    #[test]
    fn a_configuration_takes_the_place_of_the_one_before() {
        let both = (json!({"rlm": {"model": "a", "maxCalls": 6}}), ("a", 6));
        for (told, expected) in [
            (json!({"rlm": {"maxCalls": 7}}), ("", 7)),
            (json!({"maxCalls": 7}), ("", 7)),
            (json!({"rlm": {}}), ("", 0)),
            (json!({"rlm": null}), ("", 0)),
            // Nothing is configured any more.
            (json!({}), ("", 0)),
            (json!(null), ("", 0)),
            // The settings of another server.
            (json!({"python": {"model": "b"}}), ("a", 6)),
            (json!({"model": "b", "x": 1}), ("a", 6)),
            (json!(3), ("a", 6)),
        ] {
            check(initialized(), false, &[both.clone(), (told, expected)]);
        }
    }

    #[test]
    fn of_a_whole_configuration_the_section_is_gone_when_it_is_not_there() {
        let whole = (json!({"rlm": {"model": "a"}, "python": {"x": 1}}), ("a", 0));
        for (told, expected) in [
            (json!({"python": {"x": 1}}), ""),
            (json!({"python": {"x": 1}, "rlm": {}}), ""),
            (json!({}), ""),
            (json!([]), "a"),
        ] {
            check(initialized(), false, &[whole.clone(), (told, (expected, 0))]);
        }
    }

    #[test]
    fn before_there_is_a_configuration_what_is_not_about_rlm_changes_nothing() {
        for foreign in
            [json!(null), json!({}), json!({"python": {"model": "b"}}), json!({"model": "b", "x": 1}), json!(3)]
        {
            check(initialized(), false, &[(foreign, ("initial", 5))]);
        }
    }

    #[test]
    fn a_client_that_can_be_asked_is_asked_about_what_is_not_about_rlm() {
        let mut settings = initialized();
        settings.tell(&json!({"rlm": {"model": "a"}}), true);
        for foreign in [json!(null), json!({}), json!({"python": {"model": "b"}})] {
            assert_eq!(settings.tell(&foreign, true), None, "{foreign}");
            assert_eq!(seen(&settings), Ok(("a".to_owned(), 0)), "{foreign}");
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_told_until_others_come() {
        let mut settings = ClientSettings::default();
        settings.initialize(&json!({"maxCalls": 0}));
        assert!(seen(&settings).is_err_and(|error| error.starts_with("maxCalls: ")));
        settings.tell(&json!({"rlm": {"model": 3}}), false);
        assert!(seen(&settings).is_err_and(|error| error.starts_with("model: ")));
        settings.tell(&json!({"rlm": {"model": "a"}}), false);
        assert_eq!(seen(&settings), Ok(("a".to_owned(), 0)));
    }

    #[test]
    fn names_that_are_no_options_are_returned_and_the_rest_counts() {
        let mut settings = ClientSettings::default();
        assert_eq!(settings.initialize(&json!({"model": "a", "maxCall": 3})), ["maxCall"]);
        let told = settings.tell(&json!({"rlm": {"maxCalls": 3, "zzz": 1}}), false);
        assert_eq!(told, Some(vec!["zzz".to_owned()]));
        assert_eq!(seen(&settings), Ok((String::new(), 3)));
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
        settings.tell(&json!({"rlm": {"model": "told"}}), true);

        second.settle(Some(&json!({"model": "second"}))).await;
        assert!(behind_first.options().now_or_never().is_none(), "it waits for its own reply");
        first.settle(Some(&json!({"model": "first"}))).await;
        for (settings, model) in [(behind_first, "first"), (behind_second, "second"), (settings, "told")] {
            assert_eq!(seen(&settings), Ok((model.to_owned(), 0)));
        }
    }

    #[tokio::test]
    async fn null_says_that_there_is_no_section_and_without_a_reply_nothing_changes() {
        let replies = [
            (json!({"maxCalls": 6}), ("", 6)),
            (json!({"rlm": {"model": "nested"}}), ("nested", 0)),
            (json!({"rlm": null}), ("", 0)),
            (json!({}), ("", 0)),
        ];
        for (reply, expected) in replies {
            let mut settings = initialized();
            // It has none to give.
            settings.ask().settle(Some(&Value::Null)).await;
            assert_eq!(seen(&settings), Ok(("initial".to_owned(), 5)));
            settings.ask().settle(Some(&reply)).await;
            assert_eq!(seen(&settings), Ok((expected.0.to_owned(), expected.1)), "{reply}");
            settings.ask().settle(None).await;
            assert_eq!(seen(&settings), Ok((expected.0.to_owned(), expected.1)), "{reply}");
            settings.ask().settle(Some(&Value::Null)).await;
            assert_eq!(seen(&settings), Ok((String::new(), 0)), "it was removed");
        }
    }
}
