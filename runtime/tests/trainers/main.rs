//! Trainers beyond PPO and policy gradients: each learns what it is to, and does not learn where there is
//! nothing.

mod distillation;
mod expert_iteration;
mod nlpo;
mod reward;
mod trust_region;
mod values;
mod world;
