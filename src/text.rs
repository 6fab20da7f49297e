//! Lines and characters of a text. No dependencies.
