//! What hostile repositories, stores, servers and programs may try, and what must never be lost, through the real program.

mod killed;
mod named;
mod place;
mod reading;
mod redirects;
mod stores;
mod traces;
