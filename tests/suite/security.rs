//! What a hostile repository, model, server or program may try, through the whole program.

mod memory;
mod sessions;
mod threads;
mod walls;
