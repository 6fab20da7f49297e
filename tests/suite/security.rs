//! What hostile repositories, stores, models, servers and programs may try, what must never be lost, and what a first
//! day of use found, through the real program.
//!
//! Where a test needs no process and no server it stands beside the code.

mod bounds;
mod cites;
mod clients;
mod firstday;
mod keys;
mod killed;
mod leaks;
mod memory;
mod named;
mod names;
mod place;
mod reading;
mod redirects;
mod rules;
mod secrets;
mod servers;
mod sessions;
mod stores;
mod terminals;
mod threads;
mod traces;
mod walls;
