//! `rlhf run`: all three steps on files of the public formats.

mod real {
    mod config;
    mod data;
    mod figures;
    mod methods;
    mod resume;
    mod rewards;
    mod runs;
}
