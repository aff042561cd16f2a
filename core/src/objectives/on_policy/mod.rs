//! Policy gradients without a critic of their own, as an [`crate::Objective`].
//!
//! One objective, [`PolicyGradient`], is REINFORCE, A2C, RLOO, GRPO, Dr. GRPO, DAPO, GSPO and CISPO: they
//! differ in their [`Surrogate`] and in the columns it is given, see [`crate::maths::on_policy`].

mod policy_gradient;

pub use policy_gradient::PolicyGradient;

#[cfg(doc)]
use crate::maths::on_policy::Surrogate;
