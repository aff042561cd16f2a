//! Every guard, provoked in a run that trains.

mod guards {
    mod learning;
    mod rollout;
    mod spy;
    mod steps;
    mod warnings;
}
