//! Every guard, provoked in a run that trains.

mod learning;
mod rollout;
mod spy;
mod steps;
mod warnings;
