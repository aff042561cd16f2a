//! Trainers of preferences learn what they say, on a policy so small that what is to be learnt is known.

mod closed_form;
mod faults;
mod feedback;
mod offline;
mod online;
mod resume;
mod splits;
mod world;
