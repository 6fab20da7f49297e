//! The words in which servers say what is wrong, in lower case, as their sources, their documentation and reports of
//! people have them.

pub(super) const TOO_LONG: &[&str] = &[
    "maximum context length",
    "context_length_exceeded",
    "exceed_context_size_error",
    "context size has been exceeded",
    "available context size",
    "exceeds the context window",
    "context window exceeds",
    "exceed context limit",
    "prompt is too long",
    "prompt too long",
    "prompt_too_long",
    "input is too long",
    "input token count",
    "input tokens exceed",
    "exceeds the context length",
    "context length exceeded",
    "context window exceeded",
    "contextwindowexceeded",
    "contextlengthexceeded",
    "longer than the model's context",
    "loaded with context length",
    "context overflow",
    "tokens in the prompt cannot exceed",
    "tokens_limit_reached",
    "too large for the model",
    "too large for model with",
    "messages is too long",
    "greater than max_seq_len",
    "`inputs` tokens + `max_new_tokens`",
    "prompt exceeds max length",
    "request too large",
    "maximum prompt length",
    "exceeded model token limit",
    "token length exceed model limit",
    "range of input length should be",
    "larger than the context",
];

/// What means the same, unless it is said of a rate.
pub(super) const LIKELY_TOO_LONG: &[&str] = &[
    "context length",
    "context window",
    "context size",
    "context limit",
    "maximum context",
    "max_model_len",
    "n_ctx",
    "input too long",
    "input length",
    "input is too large",
    "too many input tokens",
    "too many tokens",
    "token limit",
    "token count exceeds",
    "tokens exceed",
    "exceeds max tokens",
    "exceeds the maximum number of tokens",
    "maximum number of tokens allowed",
    "maximum number of input tokens",
    "maximum allowed number of input tokens",
    "prompt length",
    "prompt exceeds",
    "prompt has too many",
    "sequence length",
    "string_above_max_length",
    "string too long",
    "reduce the length of the",
    "\u{8d85}\u{957f}",
    "\u{8fc7}\u{957f}",
];

pub(super) const UNKNOWN_MODEL: &[&str] = &[
    "model_not_found",
    "model not found",
    "model not exist",
    "model does not exist",
    "not a valid model",
    "unknown model",
    "invalid model",
    "no such model",
    "unsupported model",
];

pub(super) const BAD_KEY: &[&str] = &[
    "invalid_api_key",
    "invalid api key",
    "incorrect api key",
    "api key not valid",
    "invalid x-api-key",
    "authentication_error",
    "unauthenticated",
    "\u{65e0}\u{6548}\u{7684}\u{4ee4}\u{724c}",
    "\u{8eab}\u{4efd}\u{9a8c}\u{8bc1}\u{5931}\u{8d25}",
];

pub(super) const NO_CREDIT: &[&str] = &[
    "insufficient_quota",
    "credit balance is too low",
    "insufficient balance",
    "insufficient credits",
    "requires more credits",
    "billing_hard_limit",
    "\u{4f59}\u{989d}\u{4e0d}\u{8db3}",
    "\u{6b20}\u{8d39}",
];

pub(super) const RATE: &[&str] = &[
    "rate limit",
    "rate_limit",
    "ratelimit",
    "rate-limit",
    "too many requests",
    "too_many_requests",
    "too many concurrent",
    "resource_exhausted",
    "throttl",
    "slow down",
    "wait before trying",
    "wait before retrying",
    "requests per minute",
    "tokens per minute",
    "\u{901f}\u{7387}\u{9650}\u{5236}",
    "\u{8fc7}\u{4e8e}\u{9891}\u{7e41}",
    "\u{9891}\u{7387}\u{8fc7}\u{9ad8}",
    "\u{8bf7}\u{6c42}\u{9891}\u{7387}",
    "\u{5e76}\u{53d1}\u{6570}\u{8fc7}\u{9ad8}",
    "\u{9650}\u{6d41}",
];

/// That a server has enough to do.
pub(super) const BUSY: &[&str] = &[
    "overloaded",
    "busy",
    "at capacity",
    "no capacity",
    "over capacity",
    "out of capacity",
    "no available slot",
    "no slot",
    "no available server",
    "no healthy upstream",
    "queue is full",
    "queue full",
    "high demand",
    "high load",
    "\u{7e41}\u{5fd9}",
    "\u{8fc7}\u{8f7d}",
    "\u{8bbf}\u{95ee}\u{91cf}\u{8fc7}\u{5927}",
    "\u{8d1f}\u{8f7d}\u{8fc7}\u{9ad8}",
];

/// That a server is not ready yet.
const LOADING: &[&str] =
    &["loading", "warming up", "warm up", "starting up", "is starting", "cold start", "not ready", "scaling up"];

/// That a server cannot do what it was asked.
pub(super) const CANNOT: &[&str] = &[
    "jinja",
    "chat template",
    "must alternate",
    "not supported",
    "n't support",
    "not support",
    "unsupported",
    "not implemented",
    "tools param",
    "\u{4e0d}\u{652f}\u{6301}",
];

const REJECTED: &[&str] =
    &["invalid_request", "invalid request", "badrequest", "bad request", "invalid_argument", "validation"];

/// The status that has the meaning of an error's words, where it comes without one.
pub(super) fn status_of(text: &str) -> u16 {
    let meanings: [(&[&[&str]], u16); 8] = [
        (&[NO_CREDIT], 402),
        (&[BAD_KEY], 401),
        (&[TOO_LONG], 400),
        (&[RATE], 429),
        (&[LIKELY_TOO_LONG], 400),
        (&[UNKNOWN_MODEL], 404),
        (&[BUSY, LOADING], 503),
        (&[REJECTED, CANNOT], 400),
    ];
    let says = |lists: &[&[&str]]| lists.iter().any(|phrases| any_in(phrases, text));
    meanings.iter().find(|(lists, _)| says(lists)).map_or(500, |(_, status)| *status)
}

/// Whether a server says that it has enough to do, or is not ready.
pub(in crate::llm) fn is_busy(said: &str) -> bool {
    any_in(BUSY, &said.to_lowercase()) || is_loading(said)
}

pub(in crate::llm) fn is_loading(said: &str) -> bool {
    any_in(LOADING, &said.to_lowercase())
}

pub(super) fn any_in(phrases: &[&str], text: &str) -> bool {
    phrases.iter().any(|phrase| text.contains(phrase))
}
