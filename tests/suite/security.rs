//! What hostile repositories, stores, servers and programs may try, what must never be lost, and what a first day of use
//! found, through the real program.

mod firstday;
mod killed;
mod named;
mod place;
mod reading;
mod redirects;
mod stores;
mod traces;
