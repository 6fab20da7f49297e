//! What a hostile repository, model, server or program may try, through the whole program.

mod leaks;
mod names;
mod rules;
mod secrets;
mod terminals;
