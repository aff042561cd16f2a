//! Networks that lag behind another one.

use crate::Error;
use crate::capabilities::Parameters;
use crate::optim::average;
use crate::ranges::within;
use crate::roles::Learner;
use alloc::vec;

/// The rule by which a copy of a network lags behind it.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Follow {
    /// A copy every so many iterations: NLPO's mask policy (Ramamurthy et al., arXiv:2210.01241), a
    /// target network (Mnih et al., 2015).
    Every {
        /// From one catching up to the next.
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        iterations: u32,
    },
    /// A moving average of the weights: ILQL's target action values (see [`average`]).
    Average {
        /// The share of the gap that stays.
        #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
        decay: f64,
    },
}

impl Follow {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        match *self {
            Self::Every { iterations } => within("iterations", f64::from(iterations), 1.0, u32::MAX.into()),
            Self::Average { decay } => within("decay", decay, 0.0, 1.0),
        }
    }

    /// Lets `lagging` follow `network` at the end of an iteration, counted from 1. Says whether it moved.
    ///
    /// # Errors
    /// The networks'; [`Error::Range`] for a setting; [`Error::Shape`] for networks of different sizes.
    pub async fn follow<N, L>(
        &self,
        iteration: u32,
        network: &mut N,
        lagging: &mut L,
    ) -> Result<bool, <N as Learner>::Error>
    where
        N: Parameters,
        L: Parameters + Learner<Error = <N as Learner>::Error>,
    {
        self.validate()?;
        let decay = match *self {
            Self::Every { iterations } if !iteration.is_multiple_of(iterations) => return Ok(false),
            Self::Every { .. } => 0.0,
            Self::Average { decay } => decay,
        };
        let mut ahead = vec![0.0; network.parameters()];
        let mut behind = vec![0.0; lagging.parameters()];
        network.read(&mut ahead).await?;
        lagging.read(&mut behind).await?;
        average(&mut behind, &ahead, decay)?;
        lagging.write(if decay == 0.0 { &ahead } else { &behind }).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
