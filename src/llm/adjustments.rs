//! What a server wants to be asked in another way, read from its refusals.
//!
//! Servers say in words what they do not take of a request: a field that they do not know, a reply that is longer than
//! they allow, a message with instructions. A refusal that says so is acted upon, once for each such thing, and what was
//! learnt holds for all further calls of that model on that server. Nobody has tried to answer such a request, so
//! asking anew is no second attempt.

mod numbers;

use super::{
    Message, Request, Role,
    error_mapping::{message_in, sentences_in},
};
use crate::config::Effort;
use numbers::{Numbers, reply_limit, window};
use std::{
    borrow::Cow,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A reply for which less room is left is none; the prompt is too long then.
const SHORTEST_REPLY: u64 = 64;

/// How often one request may be asked anew at most.
pub(super) const MOST_TIMES: usize = 6;

/// The field with the most tokens that a reply may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LimitField {
    MaxTokens,
    MaxCompletionTokens,
    /// The server takes neither.
    Absent,
}

/// How a server wants to be asked, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Adjusted {
    pub(super) limit_field: LimitField,
    pub(super) asks_for_usage: bool,
    pub(super) streams: bool,
    /// Whether the model can be held to the shape of a reply.
    pub(super) takes_shapes: bool,
    /// How much the model is to reason.
    pub(super) effort: Option<Effort>,
    /// Whether the template of the model is told as well that it is not to reason.
    pub(super) sets_template: bool,
    /// Whether instructions have a message of their own.
    has_system: bool,
    /// The most tokens of a reply.
    most_reply: Option<u32>,
    /// Tokens of the window.
    window: Option<usize>,
}

/// The same for a request that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) adjusted: Adjusted,
    /// What the window leaves for this reply, if that is less than was asked for.
    room: Option<u32>,
}

/// What is known of a server, shared by all calls.
#[derive(Debug)]
pub(super) struct Adjustments {
    known: Mutex<Adjusted>,
    /// How much the model was wished to reason, whether the server takes that or not.
    wished_effort: Effort,
    /// Whether the fields of requests are written here; else only what a request says can be changed.
    owns_fields: bool,
}

impl Adjustments {
    pub(super) fn new(limit_field: LimitField, most_reply: Option<u32>, effort: Effort, owns_fields: bool) -> Self {
        let known = Adjusted {
            limit_field,
            asks_for_usage: true,
            streams: true,
            takes_shapes: true,
            effort: Some(effort).filter(|it| *it != Effort::Auto),
            sets_template: effort == Effort::None,
            has_system: true,
            most_reply,
            window: None,
        };
        Self { known: Mutex::new(known), wished_effort: effort, owns_fields }
    }

    pub(super) fn wished_effort(&self) -> Effort {
        self.wished_effort
    }

    /// Whether no shape was refused so far.
    pub(super) fn takes_shapes(&self) -> bool {
        self.lock().takes_shapes
    }

    pub(super) fn begin(&self) -> Asked {
        Asked { adjusted: *self.lock(), room: None }
    }

    /// The window that a refusal has told.
    pub(super) fn window(&self) -> Option<usize> {
        self.lock().window
    }

    /// How to ask anew after a refusal; nothing if it says nothing that can be done.
    pub(super) fn learn(&self, said: &str, request: &Request, asked: Asked) -> Option<Asked> {
        if said.is_empty() {
            return None;
        }
        let mut known = self.lock();
        if let Some(window) = window(&Numbers::of(&message_in(said).to_lowercase())) {
            known.window = Some(known.window.map_or(window, |before| before.min(window)));
        }
        let without_window = |it: Adjusted| Adjusted { window: None, ..it };
        if without_window(*known) != without_window(asked.adjusted) {
            // Another call has learnt something meanwhile.
            return Some(Asked { adjusted: *known, ..asked });
        }
        let demand = Demand::of(said, request, asked, self.owns_fields)?;
        let room = match demand {
            Demand::ShorterReply { tokens, .. } => Some(tokens),
            _ => asked.room,
        };
        match demand {
            Demand::Limit(field) => known.limit_field = field,
            Demand::NoUsage => known.asks_for_usage = false,
            Demand::NoStream => (known.streams, known.asks_for_usage) = (false, false),
            Demand::NoShape => known.takes_shapes = false,
            Demand::NoTemplate => known.sets_template = false,
            Demand::NoEffort => known.effort = None,
            Demand::NoSystem => known.has_system = false,
            Demand::ShorterReply { tokens, always: true } => known.most_reply = Some(tokens),
            Demand::ShorterReply { .. } => {}
        }
        Some(Asked { adjusted: *known, room })
    }

    fn lock(&self) -> MutexGuard<'_, Adjusted> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    /// The request as the server wants it.
    pub(super) fn request<'a>(&self, request: &'a Request) -> Cow<'a, Request> {
        let most = [self.adjusted.most_reply, self.room].into_iter().flatten().min();
        let shortened = |limit: u32| most.map_or(limit, |most| most.min(limit));
        let limit = request.max_output_tokens.map(shortened);
        let folds = !self.adjusted.has_system && has_system(request);
        let drops_shape = !self.adjusted.takes_shapes && request.shape.is_some();
        if limit == request.max_output_tokens && !folds && !drops_shape {
            return Cow::Borrowed(request);
        }
        let messages = if folds { without_system(&request.messages) } else { request.messages.clone() };
        let shape = request.shape.clone().filter(|_| !drops_shape);
        Cow::Owned(Request { messages, max_output_tokens: limit, shape, ..request.clone() })
    }
}

fn has_system(request: &Request) -> bool {
    request.messages.iter().any(|message| message.role == Role::System)
}

/// The messages with the instructions in front of what the user says first.
fn without_system(messages: &[Message]) -> Vec<Message> {
    let is_system = |message: &&Message| message.role == Role::System;
    let instructions: Vec<&str> = messages.iter().filter(is_system).map(|it| it.content.as_str()).collect();
    let instructions = instructions.join("\n\n");
    let mut others: Vec<Message> = messages.iter().filter(|it| !is_system(it)).cloned().collect();
    match others.first_mut() {
        Some(first) if first.role == Role::User => first.content = format!("{instructions}\n\n{}", first.content),
        _ => others.insert(0, Message::user(instructions)),
    }
    others
}

/// What a refusal demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Demand {
    Limit(LimitField),
    NoUsage,
    NoStream,
    NoShape,
    NoTemplate,
    NoEffort,
    NoSystem,
    /// A reply of fewer tokens: this one, or every one.
    ShorterReply {
        tokens: u32,
        always: bool,
    },
}

/// That a thing is not taken at all, whatever its value.
const UNKNOWN: &[&str] = &[
    "unsupported",
    "not supported",
    "n't supported",
    "not support",
    "n't support",
    "unrecognized",
    "unrecognised",
    "unknown",
    "unexpected",
    "extra input",
    "extra field",
    "extra_forbidden",
    "not permitted",
    "not allowed",
    "not accepted",
    "not enabled",
    "not implemented",
    "not available",
    "additional propert",
    "does not exist",
    "no such",
    "invalid argument",
    "invalid parameter",
    "invalid field",
    "deprecated",
    "instead",
    "must be verified",
    "extraneous",
    "not recognized",
    "not recognised",
    "\u{4e0d}\u{652f}\u{6301}",
];

/// Names of the limit on replies, without underscores.
const REPLY_LIMITS: &[&str] = &[
    "maxtokens",
    "max tokens",
    "maxcompletiontokens",
    "maxoutputtokens",
    "maxnewtokens",
    "maximum tokens",
    "maximum number of tokens",
    "completion tokens",
    "output tokens",
    "numpredict",
    "max completion",
    "in the completion",
    "reply tokens",
];

/// That a number is a bound.
const BOUNDS: &[&str] = &[
    "at most",
    "maximum",
    "less than",
    "lower than",
    "range",
    "exceed",
    "must be",
    "should be",
    "limit",
    "afford",
    "greater",
    "up to",
    "large",
    "high",
    "between",
    "supports",
    ">",
    "\u{975e}\u{6cd5}",
    "\u{4e0d}\u{5408}\u{6cd5}",
    "\u{65e0}\u{6548}",
    "\u{8d85}\u{51fa}",
    "\u{8d85}\u{8fc7}",
    "\u{8303}\u{56f4}",
    "\u{5927}\u{4e8e}",
    "\u{6700}\u{5927}",
];

/// That a number is not taken, whatever would be.
const UNBOUNDED: &[&str] = &[
    "too large",
    "too high",
    "\u{975e}\u{6cd5}",
    "\u{4e0d}\u{5408}\u{6cd5}",
    "\u{65e0}\u{6548}",
    "\u{8d85}\u{51fa}",
    "\u{8d85}\u{8fc7}",
];

/// Names of what holds a model to a shape, without underscores. Only a request that asks for it is refused for it.
const SHAPES: &[&str] = &["format", "schema", "grammar", "structured", "guided", "constrained"];

/// Names of the field that speaks to the model's template, and of what it is told.
const TEMPLATES: &[&str] = &["chattemplatekwargs", "enablethinking", "chat template"];

/// Names of how much a model reasons.
const EFFORTS: &[&str] = &["effort", "think", "reasoning"];

/// That a template or a server has no place for instructions.
const NO_SYSTEM: &[&str] = &[
    "system role",
    "role system",
    "role: system",
    "role 'system'",
    "role \"system\"",
    "role `system`",
    "role=system",
    "'system' role",
    "\"system\" role",
    "`system` role",
    "support 'system'",
    "support \"system\"",
    "system message",
    "system prompt",
    "system instruction",
    "systeminstruction",
    "developer instruction",
    "developer role",
    "developer message",
    "'developer'",
    "got system",
    "got 'system'",
    "system \u{89d2}\u{8272}",
    "system\u{89d2}\u{8272}",
    "\u{7cfb}\u{7edf}\u{89d2}\u{8272}",
    "\u{7cfb}\u{7edf}\u{6d88}\u{606f}",
];

/// That user and assistant must take turns, which an instruction in front of them disturbs in some templates.
const ROLES: &[&str] = &["alternat", "only user and assistant", "only user and model", "only 'user' and 'assistant'"];

impl Demand {
    fn of(said: &str, request: &Request, asked: Asked, owns_fields: bool) -> Option<Self> {
        // What another server has said may stand in it as JSON within JSON.
        let squeezed = said.to_lowercase().replace(['_', '\\'], "");
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| squeezed.contains(&phrase.replace('_', "")));
        let known = asked.adjusted;
        let of_sentence = |text: String| shorter(&text.to_lowercase(), request, asked);
        // Some servers say it in another field than the one for sentences.
        if let Some((tokens, always)) = of_sentence(message_in(said)).or_else(|| of_sentence(sentences_in(said))) {
            return Some(Self::ShorterReply { tokens, always });
        }
        if known.takes_shapes && request.shape.is_some() && says(SHAPES) {
            return Some(Self::NoShape);
        }
        if known.effort.is_some() {
            if owns_fields && known.sets_template && says(TEMPLATES) {
                return Some(Self::NoTemplate);
            }
            if says(EFFORTS) {
                return Some(Self::NoEffort);
            }
        }
        // Nobody misses it.
        if owns_fields && known.asks_for_usage && says(&["streamoptions", "includeusage"]) {
            return Some(Self::NoUsage);
        }
        if owns_fields
            && says(UNKNOWN)
            && let Some(field) = other_limit(&squeezed, known.limit_field)
        {
            return Some(Self::Limit(field));
        }
        let refuses = says(UNKNOWN) || says(&["invalid", "must be", "not one of", "should be"]);
        let lists_roles = ["role", "user", "assistant"].iter().all(|word| squeezed.contains(word));
        let has_no_system = says(ROLES) || refuses && (says(NO_SYSTEM) || lists_roles && !squeezed.contains("system"));
        if known.has_system && has_system(request) && has_no_system {
            return Some(Self::NoSystem);
        }
        let is_about_streams =
            says(&["'stream'", "\"stream\"", "`stream`", "streaming", "stream mode", "to stream", "\u{6d41}\u{5f0f}"]);
        (owns_fields && known.streams && is_about_streams && says(UNKNOWN)).then_some(Self::NoStream)
    }
}

/// The field to try in place of the one that was refused by its name.
fn other_limit(squeezed: &str, sent: LimitField) -> Option<LimitField> {
    let (old, new) = (squeezed.contains("maxtokens"), squeezed.contains("maxcompletiontokens"));
    match sent {
        LimitField::MaxTokens if new => Some(LimitField::MaxCompletionTokens),
        LimitField::MaxTokens if old => Some(LimitField::MaxCompletionTokens),
        LimitField::MaxCompletionTokens if old && squeezed.contains("instead") => Some(LimitField::MaxTokens),
        LimitField::MaxCompletionTokens if new || old => Some(LimitField::Absent),
        _ => None,
    }
}

/// The longest reply that a refusal leaves, and whether it holds for all replies.
fn shorter(text: &str, request: &Request, asked: Asked) -> Option<(u32, bool)> {
    let sent = u64::from(asked.request(request).max_output_tokens?);
    let squeezed = text.replace('_', "");
    let numbers = Numbers::of(text);
    let fits = |tokens: u64| u32::try_from(tokens).ok().filter(|_| (SHORTEST_REPLY..sent).contains(&tokens));
    if let Some(left) = numbers.left_by_window(sent, Request::tokens_of(request.bytes())) {
        return fits(left).map(|tokens| (tokens, false));
    }
    let is_about_replies = REPLY_LIMITS.iter().any(|name| squeezed.contains(name));
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    // In a language that is not known here, a number beside the name is what there may be at most.
    if !is_about_replies || !says(BOUNDS) && says(UNKNOWN) {
        return None;
    }
    match reply_limit(&numbers, sent) {
        Some(limit) => fits(limit).map(|tokens| (tokens, true)),
        None if UNBOUNDED.iter().any(|words| text.contains(words)) => fits(sent / 2).map(|tokens| (tokens, true)),
        None => None,
    }
}

#[cfg(test)]
mod tests;
