//! Which place a block is quoted from.

use crate::engine::cite::{
    claims::{
        Claim, Claims, OTHERS, Weight,
        marks::{Mark, Marks, is_all},
        sentence,
        words::Kind,
    },
    files::{Files, Place},
    page::{Block, Passage, has_words},
    quote::Quote,
};

/// Languages of blocks that are most often no part of a file that is cited: commands and changes.
const ASIDE: [&str; 10] =
    ["sh", "bash", "shell", "zsh", "console", "shellsession", "diff", "patch", "mermaid", "text-output"];

/// What remarks in code and headers of files begin with.
const REMARKS: [&str; 8] = ["//", "#", "--", "/*", "<!--", ";", "%", "==>"];

/// How far from its place an introduction may go on, in passages.
const INTRODUCTIONS: usize = 2;

/// The longest introduction, in bytes.
const LONGEST_INTRODUCTION: usize = 200;

/// The most words besides a place that still name a block before it.
const NAMING_WORDS: usize = 3;

/// The place that what follows belongs to.
pub struct Lead {
    place: usize,
    others: Vec<usize>,
    /// Whether a quotation must follow: the passage ends with the place, or with a colon.
    is_open: bool,
    weight: Weight,
    introductions: usize,
    is_heading: bool,
}

impl Lead {
    /// The lead after a passage. One that holds nothing but quotations quotes from the place before it.
    pub fn after(
        before: Option<Self>,
        text: &str,
        passage: &Passage,
        marks: &Marks,
        claims: &mut Claims<'_>,
    ) -> Option<Self> {
        let said = text[passage.range.clone()].trim();
        if let Some(at) = marks.all.iter().rposition(super::marks::Marked::is_place) {
            let behind = &text[marks.all[at].range.end..passage.range.end];
            let ends_with_place = !behind.contains(char::is_alphanumeric);
            let is_open = ends_with_place || opens(said);
            let quotes_itself = at + 1 < marks.all.len() && !is_open;
            let weight = match quotes_itself || sentence::is_proposal(last_sentence(said)) && !ends_with_place {
                true => Weight::Light,
                false => Weight::Full,
            };
            let others = marks.chain(text, at, true, OTHERS);
            let place = marks.all[at].place()?;
            return Some(Self { place, others, is_open, weight, introductions: 0, is_heading: passage.is_heading });
        }
        let mut lead = before?;
        if !has_words(said) {
            return Some(lead);
        }
        if lead.is_open && holds_only_quotes(text, passage, marks) {
            for marked in &marks.all {
                let Mark::Quote(quoted) = &marked.mark else { continue };
                let weight = if quoted.kind == Kind::Name { Weight::Middling } else { lead.weight };
                let quote = Quote::inline(quoted.text.clone(), quoted.is_prose);
                quote.into_iter().for_each(|quote| claims.add(lead.claim(quote, weight)));
            }
            return Some(lead);
        }
        if lead.weight > Weight::Light
            && (lead.is_open || lead.is_heading)
            && lead.quote_statements(text, passage, marks, claims)
        {
            return Some(lead);
        }
        let is_introduction = said.len() <= LONGEST_INTRODUCTION && opens(said);
        if is_introduction && lead.introductions < INTRODUCTIONS {
            lead.introductions += 1;
            if sentence::is_proposal(said) {
                lead.weight = Weight::Light;
            }
            return Some(lead);
        }
        lead.weight = Weight::Light;
        lead.is_heading.then_some(lead)
    }

    /// Takes what a passage without a place quotes among other words; tells whether there is something.
    fn quote_statements(&self, text: &str, passage: &Passage, marks: &Marks, claims: &mut Claims<'_>) -> bool {
        let quoted = marks.all.iter().filter_map(|it| match &it.mark {
            Mark::Quote(quoted) if quoted.kind == Kind::Statement => Some(quoted),
            _ => None,
        });
        let quotes = quoted.filter_map(|quoted| Quote::inline(quoted.text.clone(), quoted.is_prose));
        let is_proposal = sentence::is_proposal(&text[passage.range.clone()]);
        let before = claims.quotes.len();
        quotes.filter(|_| !is_proposal).for_each(|quote| claims.add(self.claim(quote, Weight::Middling)));
        claims.quotes.len() > before
    }

    fn claim(&self, quote: Quote, weight: Weight) -> Claim {
        Claim { quote, place: self.place, others: self.others.clone(), weight }
    }
}

/// Gives a block to the place that heads it or leads to it; tells whether there is one.
pub fn head_block<'a>(
    block: &Block,
    text: &str,
    files: &Files<'a>,
    lead: &mut Option<Lead>,
    claims: &mut Claims<'a>,
) -> bool {
    let mut heads: Vec<Place<'a>> = files.places(text, block.info.clone()).collect();
    let (header, body, footer) = parts(block, files);
    heads.extend(header.into_iter().chain(footer));
    // A header that names another file than what leads to the block is a part of what is quoted.
    let led = lead.as_ref().filter(|lead| lead.is_open).map(|lead| claims.places[lead.place].path.clone());
    let is_quoted = led.is_some_and(|path| heads.iter().any(|head| head.path != path));
    let quote = |body: String| Quote::block(body, block.is_prose);
    if let Some(head) = heads.pop().filter(|_| !is_quoted) {
        let place = claims.places.len();
        claims.places.push(head);
        let weight = weight(block, text, Weight::Full);
        claims.quotes.extend(quote(body).map(|quote| Claim { quote, place, others: Vec::new(), weight }));
        return true;
    }
    let Some(lead) = lead else { return false };
    let weight = weight(block, text, lead.weight);
    claims.quotes.extend(quote(block.text.clone()).map(|quote| lead.claim(quote, weight)));
    // A further block is perhaps of another kind.
    lead.weight = lead.weight.min(Weight::Middling);
    true
}

/// Gives a block to the place that stands behind it by itself.
pub fn name_block(block: &Block, text: &str, passage: &Passage, marks: &Marks, claims: &mut Claims<'_>) {
    let [marked] = marks.all.as_slice() else { return };
    let Some(place) = marked.place() else { return };
    let (before, behind) = (&text[passage.range.start..marked.range.start], &text[marked.range.end..passage.range.end]);
    let words = |text: &str| text.split_whitespace().filter(|it| it.contains(char::is_alphanumeric)).take(9).count();
    let refers = before.to_ascii_lowercase();
    let is_reference = ["see", "cf", "compare", "also"].iter().any(|word| refers.contains(word));
    if words(before) + words(behind) <= NAMING_WORDS && !is_reference {
        let weight = weight(block, text, Weight::Full);
        let quote = Quote::block(block.text.clone(), block.is_prose);
        claims.quotes.extend(quote.map(|quote| Claim { quote, place, others: Vec::new(), weight }));
    }
}

fn weight(block: &Block, text: &str, weight: Weight) -> Weight {
    let info = text[block.info.clone()].trim_start_matches([' ', '`', '~']);
    let language = info.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    if ASIDE.contains(&language.as_str()) { Weight::Light } else { weight }
}

/// The place that the first line of a block names as its header, the rest of it, and the place that its last line
/// names as where it is from.
fn parts<'a>(block: &Block, files: &Files<'a>) -> (Option<Place<'a>>, String, Option<Place<'a>>) {
    let named = |line: &str| {
        let line = line.trim();
        let is_marked = block.is_prose || REMARKS.iter().any(|it| line.starts_with(it));
        let places: Vec<Place<'a>> = files.places(line, 0..line.len()).take(2).collect();
        (is_marked && places.len() == 1 && is_all(line, &(0..line.len()), &places))
            .then(|| places.into_iter().next())?
    };
    let body = block.text.trim_start_matches('\n');
    let (first, rest) = body.split_once('\n').unwrap_or((body, ""));
    if let Some(header) = named(first).filter(|_| !rest.trim().is_empty()) {
        return (Some(header), rest.to_owned(), None);
    }
    let kept = body.trim_end();
    if let Some((rest, last)) = kept.rsplit_once('\n').filter(|_| block.is_prose)
        && let Some(footer) = named(last)
    {
        return (None, rest.to_owned(), Some(footer));
    }
    (None, block.text.clone(), None)
}

/// Whether a text leads to what follows.
fn opens(said: &str) -> bool {
    said.trim_end_matches(['*', '_', '`', ' ']).ends_with(':')
}

/// The end of a text, from where its last sentence but a short one begins.
fn last_sentence(said: &str) -> &str {
    let said = &said[said.ceil_char_boundary(said.len().saturating_sub(LONGEST_INTRODUCTION))..];
    said.rfind(". ").map_or(said, |at| &said[at + 2..])
}

/// Whether nothing is said outside of what is set apart.
fn holds_only_quotes(text: &str, passage: &Passage, marks: &Marks) -> bool {
    let starts = std::iter::once(passage.range.start).chain(marks.all.iter().map(|it| it.range.end));
    let ends = marks.all.iter().map(|it| it.range.start).chain([passage.range.end]);
    !marks.all.is_empty() && starts.zip(ends).all(|(start, end)| !text[start..end].contains(char::is_alphanumeric))
}
