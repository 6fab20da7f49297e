//! Figures that a change may claim to make better, counted before and after.

use super::kept_tests::is_test;
use crate::{
    corpus::{Language, Measures, StopFlag, measures_in},
    edit::ChangedFile,
};

/// A figure of which less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Lines of code that are not blank.
    Lines,
    /// The complexity of the hardest function.
    Complexity,
    /// Public items without documentation.
    Undocumented,
    /// Links and cited places that lead nowhere.
    DeadLinks,
}

impl Figure {
    pub const ALL: [Self; 4] = [Self::Lines, Self::Complexity, Self::Undocumented, Self::DeadLinks];

    /// As models write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Complexity => "complexity",
            Self::Undocumented => "undocumented",
            Self::DeadLinks => "dead-links",
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// What is counted.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Lines => "lines of code",
            Self::Complexity => "branches of the hardest function, by cognitive complexity",
            Self::Undocumented => "public items without documentation",
            Self::DeadLinks => "links and cited places that lead nowhere",
        }
    }

    pub fn is_of_code(self) -> bool {
        matches!(self, Self::Lines | Self::Complexity)
    }
}

/// A figure of the changed files but for tests, before and after. What is counted on a whole tree is nothing here.
pub fn of(figure: Figure, files: &[ChangedFile]) -> (usize, usize) {
    let count = |text: &dyn Fn(&ChangedFile) -> Option<&str>| {
        let counts = files.iter().filter_map(|file| {
            let text = text(file)?;
            (!is_test(&file.path, text)).then(|| of_text(figure, &file.path, text))
        });
        match figure {
            Figure::Complexity => counts.max().unwrap_or_default(),
            _ => counts.sum(),
        }
    };
    (count(&|it| it.old.as_deref()), count(&|it| it.new.as_deref()))
}

fn of_text(figure: Figure, path: &str, text: &str) -> usize {
    let measures = || -> Measures {
        let language = Language::of_path(path);
        language.and_then(|language| measures_in(text, language, &StopFlag::default())).unwrap_or_default()
    };
    match figure {
        Figure::Lines => text.lines().filter(|it| !it.trim().is_empty()).count(),
        Figure::Complexity => measures().functions.iter().map(|it| it.complexity).max().unwrap_or_default(),
        Figure::Undocumented => measures().public.iter().filter(|it| !it.is_documented).count(),
        Figure::DeadLinks => 0,
    }
}
