//! Trainers beyond PPO and policy gradients: each learns what it is to, and does not learn where there is
//! nothing. What a configuration says of step 3 arrives there.

mod distillation;
mod expert_iteration;
mod mixture;
mod nlpo;
mod reward;
mod settings;
mod trust_region;
mod values;
mod world;
