//! How a text comes about: from its sources, from an earlier text, or as a huge file where it lies.

use super::{ContextText, Origin, RankedSearch};
use crate::{
    corpus::{
        assemble::{self, Assembled, Earlier, EarlierSurvey, Outcome, Surveyed},
        decode::Changes,
        error::Error,
        exclusion::Exclusion,
        in_place::{self, InPlaceText},
        search::QuestionScan,
        segment::{Changed, Segment},
        source::Source,
        stop::StopFlag,
        text_source::TextSource,
        value::Shape,
    },
    text::Bytes,
};
use std::sync::{Arc, OnceLock};

/// Files of more bytes together need not be copied into one text, but can be read where somebody looks.
const COPIED: u64 = 256 << 20;

impl ContextText {
    /// Reads all sources, unless it is stopped. What has not changed since is taken from an earlier text, and if nothing has,
    /// that is the text. A large tree is not copied if a question is `expected`, since it will hardly be looked through
    /// again: its words are found on the way.
    pub(in crate::corpus) fn build(
        sources: &[Arc<Source>],
        earlier: Option<&Arc<Self>>,
        expected: Option<&str>,
        stop: &StopFlag,
    ) -> Result<Arc<Self>, Error> {
        let kept = earlier.map(|earlier| earlier.kept(sources));
        if let (Some(earlier), Some(kept)) = (earlier, &kept)
            && kept.len() == earlier.origin.sources.len()
            && kept.iter().all(Option::is_some)
            && earlier.check().is_ok()
        {
            return Ok(earlier.clone());
        }
        if let [source] = sources
            && let Some(path) = source.huge_file()
        {
            match in_place::scan(source, path.to_owned(), stop) {
                Ok(Some(scanned)) => return Ok(Arc::new(Self::in_place(source, scanned))),
                Ok(None) => {}
                Err(reason) => {
                    let exclusion = Exclusion { path: source.path.clone().unwrap_or_default(), reason };
                    return Err(Error::empty(&[exclusion], &[]));
                }
            }
        }
        if let Some(question) = expected.filter(|_| is_large(sources)) {
            return Self::on_demand(sources, earlier.zip(kept.as_deref()), question, stop);
        }
        let ranked_search = earlier.map(|earlier| earlier.ranked_search.next()).unwrap_or_default();
        let earlier = earlier.zip(kept.as_deref()).and_then(|(earlier, kept)| {
            let (segments, outcomes) = (&earlier.segments, &earlier.origin.outcomes);
            // What does not lie in memory is read anew as well from where it came from.
            Some(Earlier { text: earlier.in_memory()?, segments, outcomes, kept })
        });
        let Assembled { text, segments, outcomes } = assemble::assemble(sources, earlier, stop)?;
        let origin = Origin::new(sources.to_vec(), outcomes);
        Ok(Arc::new(Self { origin, ranked_search, ..Self::new(Box::new(text), segments) }))
    }

    fn new(text: Box<dyn TextSource>, segments: Vec<Segment>) -> Self {
        let (parts, origin, ranked_search) = (OnceLock::new(), Origin::default(), RankedSearch::default());
        Self { text, segments, parts, origin, shape: None, ranked_search }
    }

    fn in_place(source: &Arc<Source>, text: InPlaceText) -> Self {
        let (path, language) = (source.path.clone(), source.language);
        let segment = Segment { path, header: 0..0, text: 0..text.byte_len(), language };
        let changes = Changes { had_mark: text.had_mark, ..Changes::default() };
        let outcome = Outcome { reading: text.reading(), segment: Ok(0), changes, flaw: None };
        let origin = Origin::new(vec![source.clone()], vec![outcome]);
        Self { origin, ..Self::new(Box::new(text), vec![segment]) }
    }

    /// The text of a large tree, about which this will be asked.
    pub(in crate::corpus) fn on_demand(
        sources: &[Arc<Source>],
        earlier: Option<(&Arc<Self>, &[Option<usize>])>,
        expected: &str,
        stop: &StopFlag,
    ) -> Result<Arc<Self>, Error> {
        let earlier = earlier.and_then(|(earlier, kept)| {
            let Origin { measured, outcomes, .. } = &earlier.origin;
            Some(EarlierSurvey { measured: measured.as_deref()?, outcomes, kept })
        });
        let bytes = sources.iter().fold(0, |sum: u64, source| sum.saturating_add(source.bytes));
        // Of what is not read anew nothing would be found.
        let is_read = earlier.is_none();
        let scan = is_read.then(|| QuestionScan::new(expected, usize::try_from(bytes).unwrap_or(usize::MAX)));
        let Surveyed { text, segments, outcomes, measured, hits } =
            assemble::survey(sources, earlier, scan.as_ref(), stop)?;
        let origin = Origin { measured: Some(measured), ..Origin::new(sources.to_vec(), outcomes) };
        let ranked_search = scan.map(|scan| RankedSearch::of_expected(scan, hits)).unwrap_or_default();
        Ok(Arc::new(Self { origin, ranked_search, ..Self::new(Box::new(text), segments) }))
    }

    /// The texts of a value.
    pub(in crate::corpus) fn of_value(sources: &[Arc<Source>], shape: Option<Shape>) -> Result<Arc<Self>, Error> {
        // The texts lie in the file then, and nobody asks for what they came from again.
        let Assembled { text, segments, .. } = assemble::assemble(sources, None, &StopFlag::default())?;
        Ok(Arc::new(Self { shape, ..Self::new(Box::new(text), segments) }))
    }

    /// A text that was put together elsewhere, of which nothing is looked at yet.
    pub(in crate::corpus) fn of_source(
        text: Box<dyn TextSource>,
        segments: Vec<Segment>,
        changed: Vec<Changed>,
    ) -> Arc<Self> {
        let origin = Origin { changed, ..Origin::default() };
        Arc::new(Self { origin, ..Self::new(text, segments) })
    }

    /// For each of these sources the number of its outcome in this text, if it has not changed since.
    pub(in crate::corpus) fn kept(&self, sources: &[Arc<Source>]) -> Vec<Option<usize>> {
        let mut own = self.origin.sources.iter().zip(&self.origin.outcomes).enumerate().peekable();
        // Both are in the order of the paths.
        let number = |source: &Arc<Source>| {
            while own.next_if(|(_, (known, _))| known.path < source.path).is_some() {}
            let (number, (_, outcome)) = own.next_if(|(_, (known, _))| known.path == source.path)?;
            source.is_as(&outcome.reading).then_some(number)
        };
        sources.iter().map(number).collect()
    }

    /// How much room it takes that nobody else needs.
    pub(in crate::corpus) fn stored_bytes(&self) -> usize {
        self.in_memory().map_or(0, str::len)
    }
}

/// Whether files are so large together that they are not copied. What can be read only once must be.
fn is_large(sources: &[Arc<Source>]) -> bool {
    let bytes = sources.iter().fold(0, |sum: u64, source| sum.saturating_add(source.bytes));
    bytes > COPIED && !sources.iter().any(|source| source.is_stream())
}

impl Origin {
    fn new(sources: Vec<Arc<Source>>, outcomes: Vec<Outcome>) -> Self {
        Self {
            changed: assemble::changed(&sources, &outcomes),
            exclusions: assemble::exclusions(&sources, &outcomes),
            incomplete: assemble::incomplete(&sources, &outcomes),
            sources,
            outcomes,
            measured: None,
        }
    }
}
