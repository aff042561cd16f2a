//! The quickstart: the one pipeline on the data of its own world, with gold beside it.

use super::gold::GoldHook;
use super::stories::StoryGenerator;
use super::world::World;
use super::{Settings, Summary};
use rlhf::engine::Device;
use rlhf::record::Progress;
use rlhf::run::{Finished, RunError, RunOptions, train};

/// Runs the quickstart. `None` where it was to end before the last stage.
///
/// # Errors
/// A setting out of range, training that diverged, or a run that was stopped.
pub fn run(
    settings: &Settings,
    device: &Device,
    manner: &RunOptions<'_>,
    progress: &mut Progress<'_>,
) -> Result<Option<(Summary, Finished)>, RunError> {
    let config = &settings.config;
    let world = World::new(config.seed);
    let mut stories = StoryGenerator::new(settings, &world);
    let mut gold = GoldHook::new(&world, config.ppo.iterations, settings.best_of);
    let finished = train(config, device, Some(&mut stories), Some(&mut gold), manner, progress)?;
    let both = finished.zip(gold.found);
    Ok(both.map(|(finished, found)| (Summary::new(&finished, found, stories.agreement), finished)))
}
