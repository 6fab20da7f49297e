//! What a hostile repository, model, server or program may try. Each file has one side that nobody needs to trust.
//!
//! Where a test needs no process and no server it stands beside the code.

mod keys;
mod servers;
