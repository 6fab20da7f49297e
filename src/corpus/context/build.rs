//! How a text comes about: from its sources, from an earlier text, or as a huge file where it lies.

use super::{Body, ContextText};
use crate::corpus::{
    assemble::{self, Assembled, Earlier, Outcome, Segment},
    decode::Changes,
    error::Error,
    exclusion::Exclusion,
    in_place::{self, Scanned},
    search::SharedIndex,
    shards::{ShardStore, ShardText},
    source::Source,
    stop::StopFlag,
    value::Shape,
};
use std::sync::{Arc, OnceLock};

impl ContextText {
    /// Reads all sources, unless it is stopped. What has not changed since is taken from an earlier text, and if nothing has,
    /// that is the text.
    pub(in crate::corpus) fn build(
        sources: &[Arc<Source>],
        earlier: Option<&Arc<Self>>,
        stop: &StopFlag,
    ) -> Result<Arc<Self>, Error> {
        let kept = earlier.map(|earlier| earlier.kept(sources));
        if let (Some(earlier), Some(kept)) = (earlier, &kept)
            && kept.len() == earlier.sources.len()
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
        let earlier_index = earlier.and_then(|it| it.index.get().or(it.earlier_index.as_ref())).cloned();
        let earlier = earlier.zip(kept.as_deref()).and_then(|(earlier, kept)| match &earlier.body {
            Body::Stored(text) => {
                let (segments, outcomes) = (&earlier.segments, &earlier.outcomes);
                Some(Earlier { text: text.as_str(), segments, outcomes, kept })
            }
            Body::InPlace(_) | Body::Shards(_) => None,
        });
        let Assembled { text, segments, outcomes } = assemble::assemble(sources, earlier, stop)?;
        let new = Self::new(Body::Stored(text), sources.to_vec(), segments, outcomes);
        Ok(Arc::new(Self { earlier_index, ..new }))
    }

    fn new(body: Body, sources: Vec<Arc<Source>>, segments: Vec<Segment>, outcomes: Vec<Outcome>) -> Self {
        Self {
            body,
            changed: assemble::changed(&sources, &outcomes),
            exclusions: assemble::exclusions(&sources, &outcomes),
            incomplete: assemble::incomplete(&sources, &outcomes),
            sources,
            outcomes,
            segments,
            chars: OnceLock::new(),
            lines: OnceLock::new(),
            parts: OnceLock::new(),
            shape: None,
            index: SharedIndex::default(),
            earlier_index: None,
        }
    }

    fn in_place(source: &Arc<Source>, scanned: Scanned) -> Self {
        let Scanned { text, chars, lines, had_mark } = scanned;
        let segment =
            Segment { path: source.path.clone(), header: 0..0, text: 0..text.len(), language: source.language };
        let changes = Changes { had_mark, ..Changes::default() };
        let outcome = Outcome { reading: text.reading(), segment: Ok(0), changes, flaw: None };
        Self {
            chars: OnceLock::from(chars),
            lines: OnceLock::from(lines),
            ..Self::new(Body::InPlace(text), vec![source.clone()], vec![segment], vec![outcome])
        }
    }

    /// The texts of a value.
    pub(in crate::corpus) fn of_value(sources: &[Arc<Source>], shape: Option<Shape>) -> Result<Arc<Self>, Error> {
        let Assembled { text, segments, outcomes } = assemble::assemble(sources, None, &StopFlag::default())?;
        // The texts lie in the file now, and nobody asks for them again.
        drop(outcomes);
        Ok(Arc::new(Self { shape, ..Self::new(Body::Stored(text), Vec::new(), segments, Vec::new()) }))
    }

    /// The text of a store. Of its shards nothing is fetched yet.
    pub(in crate::corpus) fn of_store(store: ShardStore) -> Arc<Self> {
        let text = ShardText::new(store);
        let (segments, changed) = (text.segments().to_vec(), text.changed().to_vec());
        let (chars, lines) = text.indexes();
        Arc::new(Self {
            changed,
            chars: OnceLock::from(chars),
            lines: OnceLock::from(lines),
            ..Self::new(Body::Shards(Box::new(text)), Vec::new(), segments, Vec::new())
        })
    }

    /// For each of these sources the number of its outcome in this text, if it has not changed since.
    pub(in crate::corpus) fn kept(&self, sources: &[Arc<Source>]) -> Vec<Option<usize>> {
        let mut own = self.sources.iter().zip(&self.outcomes).enumerate().peekable();
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
        match &self.body {
            Body::Stored(text) => text.as_str().len(),
            Body::InPlace(_) | Body::Shards(_) => 0,
        }
    }
}
