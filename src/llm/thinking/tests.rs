//! What is reasoning and what is text, however the reply is cut.

use super::*;

/// The reasoning and the text of a reply that comes in these parts.
fn read<'a>(parts: impl Iterator<Item = &'a str>) -> (String, String) {
    let (mut thinking, mut reasoning, mut text) = (Thinking::default(), String::new(), String::new());
    let mut take = |split: Split| {
        if split.was_reasoning {
            reasoning.push_str(&std::mem::take(&mut text));
        }
        reasoning.push_str(&split.reasoning);
        text.push_str(&split.text);
    };
    parts.for_each(|part| take(thinking.split(part)));
    take(thinking.rest());
    assert_eq!(thinking.held(), 0);
    (reasoning, text)
}

fn cut(reply: &str, size: usize) -> (String, String) {
    let letters: Vec<char> = reply.chars().collect();
    let parts: Vec<String> = letters.chunks(size).map(|part| part.iter().collect()).collect();
    read(parts.iter().map(String::as_str))
}

#[track_caller]
fn is_split(reply: &str, reasoning: &str, text: &str) {
    let expected = (reasoning.to_owned(), text.to_owned());
    assert_eq!(read(std::iter::once(reply)), expected, "{reply:?} at once");
    for size in [1, 2, 5] {
        assert_eq!(cut(reply, size), expected, "{reply:?} by {size}");
    }
}

#[test]
fn every_form_is_reasoning_at_the_start_and_later() {
    for form in &FORMS {
        for close in form.close {
            let thought = if form.open == "analysis" { "We look." } else { "a < b" };
            let reply = format!("\n{}{thought}{close}\n\nyes", form.open);
            is_split(&reply, thought, "yes");
            if form.opens != Opens::Reply {
                is_split(&format!("Sure.\n{}\nhm {close}\nyes", form.open), "\nhm ", "Sure.\nyes");
            }
            if form.ends_alone {
                is_split(&format!("hm\n```py\nx\n```\n{close}\n\nyes"), "hm\n```py\nx\n```\n", "yes");
                is_split(&format!("hm{}yes", close.to_uppercase()), "hm", "yes");
            }
        }
    }
}

#[test]
fn what_is_no_reasoning_stays_text() {
    for text in [
        "plain",
        "",
        "  indented",
        "<thi",
        "<thinker>x",
        "yes <think>no</think>",
        "The tag `<think>` opens it and `</think>` ends it.",
        "It looks for \"</think>\" in the text (</thinking>).",
        "So:\n```xml\n<think>\nhm\n</think>\n```\nand so on",
        "Here is my thought process: I have none.",
        "analysis of the text",
        "Analysis\nThe text",
        "Sure.\n<think>x</thin",
    ] {
        is_split(text, "", text);
    }
    let space = " ".repeat(2 * MOST_SPACE);
    is_split(&space, "", &space);
}

#[test]
fn reasoning_may_lack_its_end_or_its_beginning() {
    for (reply, reasoning, text) in [
        ("<think>never closed </thi", "never closed </thi", ""),
        ("Sure.\n<think>\nnever closed", "\nnever closed", "Sure.\n"),
        ("It is 42.\n</think>\n", "", "It is 42.\n"),
        ("</think>\n\nyes", "", "yes"),
        ("a</think>b\n</think>\nc", "ab\n", "c"),
        ("<think>漢</think>字", "漢", "字"),
        ("<think>it writes `</think>` here</think>yes", "it writes `</think>` here", "yes"),
        ("<think>`x`</think>", "`x`", ""),
        ("```py\nopen\n</think>\nyes", "```py\nopen\n", "yes"),
    ] {
        is_split(reply, reasoning, text);
    }
}

#[test]
fn channels_of_harmony_are_told_apart() {
    for (reply, reasoning, text) in [
        (
            "<|channel|>analysis<|message|>abc 41<|end|><|start|>assistant<|channel|>final<|message|>It is 42.<|return|>",
            "abc 41",
            "It is 42.",
        ),
        ("<|channel|>final <|constrain|>json<|message|>{}<|return|>", "", "{}"),
        ("<|channel|>commentary<|message|>I look.<|end|>", "", "I look."),
        (
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary to=functions.grep \
             <|constrain|>json<|message|>{}<|call|>",
            "hm",
            "<|channel|>commentary to=functions.grep {}<|call|>",
        ),
        ("analysisWe look.assistantfinalIt is 42.", "We look.", "It is 42."),
    ] {
        let (found, said) = cut(reply, 3);
        assert_eq!((found.as_str(), said.trim()), (reasoning, text), "{reply}");
        is_split(reply, &found, &said);
    }
}

#[test]
fn long_reasoning_that_may_be_text_takes_time_in_proportion() {
    let part = "Let me see. ";
    let mut thinking = Thinking::default();
    thinking.split("Sure.\n<think>");
    for _ in 0..200_000 {
        assert_eq!(thinking.split(part), Split::default());
    }
    assert_eq!(thinking.held(), 200_000 * part.len() + "<think>".len());
}

proptest::proptest! {
    #[test]
    fn a_reply_is_split_the_same_however_it_is_cut(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "<think>", "</think>", "</Think>", "[THINK]", "[/THINK]", "◁think▷", "◁/think▷", "<|channel|>analysis<|message|>",
                "<|message|>", "<|end|>", "<|start|>assistant", "<|channel|>final", "analysis", "assistantfinal", "We",
                "Here is my thought process:", "Here is my response:", "```", "```py", "~~~", "`", "``", "\n", " ", "é",
                "<", "[", "x", "\"", "<thi", "</", "`</think>`",
            ]),
            0..14,
        ),
    ) {
        let reply = parts.concat();
        let (reasoning, text) = read(std::iter::once(reply.as_str()));
        for size in [1, 2, 3, 7] {
            let (found, said) = cut(&reply, size);
            // What turns out to be reasoning may come behind other reasoning.
            proptest::prop_assert_eq!((found.len(), said), (reasoning.len(), text.clone()), "{:?} by {}", reply, size);
        }
    }
}
