//! `rlhf run`: all three steps on files of the public formats.

mod bounds;
mod config;
mod figures;
mod methods;
mod resume;
mod rewards;
mod runs;
