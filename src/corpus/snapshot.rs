//! A frozen view of what a question is about.

use super::{
    collect::{self, PendingRescan, SourceList},
    context::ContextText,
    error::Error,
    exclusion::{Exclusion, Incomplete},
    language::Language,
    segment::Segment,
    shards::{ShardStore, ShardText},
    source::{Content, Source},
    stop::StopFlag,
    text_cache::Texts,
    value,
};
use crate::text::visible_line;
use serde_json::Value;
use std::sync::{Arc, LazyLock, OnceLock};

/// Bytes that are read in some ten milliseconds.
pub(super) const QUICK_BYTES: u64 = 8 << 20;

/// Which files there are, and the text they make. It does not change: what happens to the files and buffers later shows
/// in the next snapshot. (Files are read when the text is first asked for, each exactly once.)
///
/// A snapshot of what was walked before begins with what the former walk has found, so that a model can be told about
/// it at once, and looks at the disk when its text is read, or when it is [settled](Self::settle). From then on it does
/// not change.
#[derive(Debug)]
pub struct Snapshot {
    /// What a former walk has found, with the look that is still to be taken.
    predicted: Option<(SourceList, PendingRescan)>,
    settled: OnceLock<Result<SourceList, Error>>,
    context: OnceLock<Result<Arc<ContextText>, Error>>,
    texts: Arc<Texts>,
    /// What will be searched for, as far as that is known.
    expected: OnceLock<String>,
    stop: StopFlag,
    /// The shard store that the text lies in, as people name it.
    store: Option<String>,
}

impl Snapshot {
    pub(super) fn settled(gathered: SourceList, texts: Arc<Texts>, stop: StopFlag) -> Arc<Self> {
        let (settled, context) = (OnceLock::from(Ok(gathered)), OnceLock::new());
        let expected = OnceLock::new();
        Arc::new(Self { predicted: None, settled, context, texts, expected, stop, store: None })
    }

    pub(super) fn predicted(
        gathered: SourceList,
        later: PendingRescan,
        texts: Arc<Texts>,
        stop: StopFlag,
    ) -> Arc<Self> {
        let (predicted, settled, context) = (Some((gathered, later)), OnceLock::new(), OnceLock::new());
        let expected = OnceLock::new();
        Arc::new(Self { predicted, settled, context, texts, expected, stop, store: None })
    }

    /// A snapshot of nothing but `text`, under the name `label` if it has one.
    pub fn of_text(label: Option<&str>, text: String) -> Arc<Self> {
        let path = label.map(|label| visible_line(label).into_owned());
        let language = label.and_then(Language::of_path);
        let source = |bytes, content| Arc::new(Source { path: path.clone(), language, bytes, content });
        let (bytes, stop) = (text.len() as u64, StopFlag::default());
        // Stored at once, so that a long text is not kept twice.
        let context = ContextText::build(&[source(bytes, Content::Text(text))], None, None, &stop);
        Self::stored(vec![source(bytes, Content::Stored)], context, None)
    }

    /// A snapshot of a list, a mapping or messages, of which programs get the value itself.
    pub fn of_value(value: Value) -> Result<Arc<Self>, Error> {
        let (sources, shape) = value::lay_out(value);
        if sources.is_empty() {
            return Err(Error::empty(&[], &[]));
        }
        let context = ContextText::of_value(&sources, shape)?;
        let kept = sources.iter().map(|source| {
            let (path, language, bytes) = (source.path.clone(), source.language, source.bytes);
            Arc::new(Source { path, language, bytes, content: Content::Stored })
        });
        Ok(Self::stored(kept.collect(), Ok(context), None))
    }

    /// A snapshot of the text in a store. Nothing of its shards is fetched until somebody looks there.
    pub fn of_store(store: ShardStore) -> Arc<Self> {
        let source = |segment: &Segment| {
            let (path, language, bytes) = (segment.path.clone(), segment.language, segment.text.len() as u64);
            Arc::new(Source { path, language, bytes, content: Content::Stored })
        };
        let sources = store.segments().iter().map(source).collect();
        let location = store.location().to_owned();
        let (segments, changed) = (store.segments().to_vec(), store.changed().to_vec());
        let context = ContextText::of_source(Box::new(ShardText::new(store)), segments, changed);
        Self::stored(sources, Ok(context), Some(location))
    }

    fn stored(sources: Vec<Arc<Source>>, context: Result<Arc<ContextText>, Error>, store: Option<String>) -> Arc<Self> {
        let gathered = SourceList { sources: Arc::new(sources), left_out: Vec::new() };
        Arc::new(Self {
            predicted: None,
            settled: OnceLock::from(Ok(gathered)),
            context: OnceLock::from(context),
            texts: Arc::default(),
            expected: OnceLock::new(),
            stop: StopFlag::default(),
            store,
        })
    }

    /// The shard store that the text lies in, if it does.
    pub fn store(&self) -> Option<&str> {
        self.store.as_deref()
    }

    /// Looks at the disk, unless that was done. This blocks.
    pub fn settle(&self) -> Result<(), Error> {
        self.gather().map(|_| ())
    }

    fn gather(&self) -> Result<&SourceList, Error> {
        let settled = self.settled.get_or_init(|| match &self.predicted {
            Some((_, later)) => {
                let gathered = later.gather(&self.stop)?;
                if gathered.sources.is_empty() { Err(later.nothing(&gathered)) } else { Ok(gathered) }
            }
            None => Ok(SourceList::default()),
        });
        settled.as_ref().map_err(Clone::clone)
    }

    /// What there is, as far as is known.
    fn known(&self) -> &SourceList {
        static NOTHING: LazyLock<SourceList> = LazyLock::new(SourceList::default);
        let predicted = || self.predicted.as_ref().map_or(&*NOTHING, |(gathered, _)| gathered);
        self.settled.get().and_then(|settled| settled.as_ref().ok()).unwrap_or_else(predicted)
    }

    /// The files in the order of their shown paths, byte by byte.
    pub fn files(&self) -> &[Arc<Source>] {
        &self.known().sources
    }

    /// What was left out, in the order of shown paths. What shows only when files are read joins once
    /// [`Self::context`] was asked for.
    pub fn exclusions(&self) -> Vec<Exclusion> {
        let mut all = self.known().left_out.clone();
        if let Some(Ok(context)) = self.context.get() {
            all.extend_from_slice(context.exclusions());
            all.sort_by(|a, b| a.path.cmp(&b.path));
        }
        all
    }

    /// What was read only in part, or while it changed; known when the text was read.
    pub fn incomplete(&self) -> Vec<Incomplete> {
        self.context_if_built().map(|context| context.incomplete().to_vec()).unwrap_or_default()
    }

    /// Says what will be searched for, before the text is asked for: in a large one it is found while that is read.
    pub fn expect(&self, question: &str) {
        // Of two questions about one snapshot the first is expected.
        let _ = self.expected.set(question.trim().to_owned());
    }

    /// The text of all files, read when it is first asked for. This blocks.
    pub fn context(&self) -> Result<Arc<ContextText>, Error> {
        let built = self.context.get_or_init(|| {
            let SourceList { sources, left_out } = self.gather()?;
            let earlier = self.texts.nearest(sources);
            let context =
                ContextText::build(sources, earlier.as_ref(), self.expected.get().map(String::as_str), &self.stop)?;
            if context.segments().is_empty() {
                return Err(Error::empty(&[left_out, context.exclusions()].concat(), &[]));
            }
            // What an editor has open is there to be written.
            let is_on_disk = sources.iter().all(|source| source.version().is_none());
            if is_on_disk && context.segments().iter().all(|segment| segment.text.is_empty()) {
                let paths: Vec<&str> = context.segments().iter().filter_map(|it| it.path.as_deref()).collect();
                return Err(Error::empty_files(&paths));
            }
            self.texts.keep(&context, earlier.as_ref());
            Ok(context)
        });
        built.clone()
    }

    /// The text, if it was asked for already.
    pub fn context_if_built(&self) -> Option<Arc<ContextText>> {
        self.context.get()?.clone().ok()
    }

    /// The size of all files, as the walk found it.
    pub fn bytes(&self) -> u64 {
        self.known().bytes()
    }

    /// The text of a file that an editor has open, by the path it is shown by.
    pub fn buffer(&self, path: &str) -> Option<&ropey::Rope> {
        let sources = &self.known().sources;
        match &sources[collect::find(sources, path).ok()?].content {
            Content::Buffer { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether reading takes no time that a person would notice; also if only reading tells how much there is.
    pub fn is_quick_to_read(&self) -> bool {
        let is_stream = |source: &Arc<Source>| matches!(source.content, Content::Stream(_));
        self.context.get().is_some() || self.bytes() <= QUICK_BYTES || self.known().sources.iter().any(is_stream)
    }
}

#[cfg(test)]
mod tests;
