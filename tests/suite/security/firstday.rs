//! A first day of use, with nothing configured and everything tried: follow-ups, settings that change, answers that are
//! cut off, output that nobody takes, input that is too long.

mod answers;
mod cut_off;
mod follow_ups;
mod huge_logs;
mod names;
mod output;
mod settings;
