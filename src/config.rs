//! Options and settings.
