//! The capabilities that step 3 needs of its networks.

use crate::engine::Capability;
use rlhf_train::profile::{Method, OnlineMethod, Opponent};

/// The capabilities that a method needs of its networks beyond the roles.
pub fn capabilities(method: &Method) -> &'static [Capability] {
    match method {
        Method::Trpo(_) => &[Capability::Parameters],
        Method::Nlpo(_) | Method::Ilql(_) => &[Capability::Rows, Capability::Parameters],
        Method::Distillation(settings) if settings.top.is_some() => &[Capability::Candidates],
        Method::Distillation(_) => &[Capability::Rows],
        Method::Online(settings) => match settings.method {
            OnlineMethod::NashMd { opponent: Opponent::Mixture { .. }, .. } => &[Capability::Rows],
            _ => &[],
        },
        _ => &[],
    }
}
