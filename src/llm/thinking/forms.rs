//! How reasoning is marked in the text of a reply, by the models that do so.

/// Where a mark may stand that opens reasoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opens {
    /// At the start of a line.
    Line,
    /// At the start of the reply.
    Reply,
    /// Anywhere: nobody writes it by chance.
    Anywhere,
}

/// One form.
#[derive(Debug)]
pub(super) struct Form {
    pub open: &'static str,
    /// Any of these ends it.
    pub close: &'static [&'static str],
    pub opens: Opens,
    /// Whether it is reasoning without a mark at its end, too: words that people use as well are not.
    pub needs_no_end: bool,
    /// Whether its end says by itself that what came before it was reasoning. Some templates open it in the prompt.
    pub ends_alone: bool,
}

const fn tag(open: &'static str, close: &'static [&'static str]) -> Form {
    Form { open, close, opens: Opens::Line, needs_no_end: true, ends_alone: true }
}

const fn words(open: &'static str, close: &'static [&'static str]) -> Form {
    Form { open, close, opens: Opens::Reply, needs_no_end: false, ends_alone: false }
}

const fn channel(open: &'static str, close: &'static [&'static str]) -> Form {
    Form { open, close, opens: Opens::Anywhere, needs_no_end: true, ends_alone: false }
}

pub(super) const FORMS: [Form; 22] = [
    tag("<think>", &["</think>", "</thinking>"]),
    tag("<thinking>", &["</thinking>", "</think>"]),
    tag("<reasoning>", &["</reasoning>"]),
    tag("<thought>", &["</thought>"]),
    tag("<thoughts>", &["</thoughts>"]),
    tag("<scratchpad>", &["</scratchpad>"]),
    tag("<reflection>", &["</reflection>"]),
    tag("[THINK]", &["[/THINK]"]),
    tag("[THINKING]", &["[/THINKING]"]),
    tag("◁think▷", &["◁/think▷"]),
    tag("<seed:think>", &["</seed:think>"]),
    tag("<longcat_think>", &["</longcat_think>"]),
    tag("<mm:think>", &["</mm:think>"]),
    tag("<|begin_of_thought|>", &["<|end_of_thought|>"]),
    tag("<|START_THINKING|>", &["<|END_THINKING|>"]),
    tag("<|inner_prefix|>", &["<|inner_suffix|>"]),
    tag("<unused94>", &["<unused95>"]),
    channel("<|channel>thought", &["<channel|>"]),
    // Harmony. What follows in the channel `final` is the text.
    channel("<|channel|>analysis<|message|>", &["<|end|>", "<|return|>", "<|start|>assistant", "<|channel|>final"]),
    // The same after a tokenizer has taken the marks out.
    words("analysis", &["assistantfinal", "assistantcommentary"]),
    words("Here is my thought process:", &["Here is my response:"]),
    words("Here's my thought process:", &["Here's my response:"]),
];

/// Marks of templates that say nothing.
pub(super) const IDLE: [&str; 15] = [
    "<|channel|>commentary<|message|>",
    "<|constrain|>json<|message|>",
    "<|start|>assistant",
    "<|channel|>final",
    "<|constrain|>",
    "<|message|>",
    "<|end|>",
    "<|return|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "<end_of_turn>",
    "<｜end▁of▁sentence｜>",
];
