use crate::Error;
use crate::capabilities::Parameters;
use crate::maths::average;
use crate::ranges::within;
use crate::roles::Learner;
use alloc::vec;

/// How a copy of a network lags behind it.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Follow {
    /// It catches up every so many iterations: NLPO's mask policy (Ramamurthy et al., arXiv:2210.01241), a
    /// target network (Mnih et al., 2015).
    Every {
        /// From one catching up to the next.
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        iterations: u32,
    },
    /// It closes a part of the gap at each iteration: ILQL's target action values (see [`average`]).
    Average {
        /// What stays of the gap.
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
mod tests {
    use super::*;
    use crate::ready;
    use crate::testing::Table;

    #[test]
    fn catches_up_at_times_or_a_little_at_a_time() {
        let (mut network, mut lagging) = (Table::random(3, 1), Table::new(3, 3));
        let now = |how: Follow, i, network: &mut Table, lagging: &mut Table| {
            ready(how.follow(i, network, lagging)).unwrap()
        };
        let every = Follow::Every { iterations: 2 };
        assert_eq!(now(every, 1, &mut network, &mut lagging), Ok(false));
        assert_eq!(lagging.weights, [0.0; 9]);
        assert_eq!(now(every, 2, &mut network, &mut lagging), Ok(true));
        assert_eq!(lagging.weights, network.weights);
        let mut lagging = Table::new(3, 3);
        let slowly = Follow::Average { decay: 0.75 };
        assert_eq!(now(slowly, 1, &mut network, &mut lagging), Ok(true));
        assert_eq!(lagging.weights[4], 0.25 * network.weights[4]);
        let other = now(slowly, 1, &mut network, &mut Table::new(2, 3));
        assert!(matches!(other, Err(Error::Shape { .. })));
        assert!(now(Follow::Every { iterations: 0 }, 1, &mut network, &mut lagging).is_err());
        assert!(now(Follow::Average { decay: 1.5 }, 1, &mut network, &mut lagging).is_err());
    }
}
