//! The sandboxed Python interpreter in which the model's programs run.

pub mod worker;
